"""Options of ``haoshequ batch`` that do not go together, and what is said instead of starting."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli.app import app


def call(*words: str) -> tuple[object, str]:
    result = CliRunner().invoke(app, ["batch", *words], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "请给出方案配置"),
        (["a.yaml", "--from-communities", "city.yaml"], "只能给一种"),
        (["a.yaml", "--prepare-only"], "--from-communities"),
        (["a.yaml", "--summary-only"], "--from-communities"),
        (["a.yaml", "--scheduler", "tcp://127.0.0.1:9", "--slurm"], "只能给一种"),
    ],
)
def test_options_that_do_not_go_together(words, said):
    with pytest.raises(typer.BadParameter, match=said):
        call(*words)


def test_plans_that_are_not_there_are_said_and_nothing_is_started(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    code, said = call("没有的/*.yaml")
    assert code == 1 and "HSQ-C01" in said and "没有方案配置" in said
    code, said = call("没有的.yaml", "--quiet")
    assert code == 1 and "HSQ-C01" in said and "失败 1" in said
    assert (tmp_path / "批量运行.json").is_file(), "the report stands where the command was given"
    code, said = call("没有的/*.yaml", "--json")
    (event,) = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert code == 1 and event["event"] == "refused" and event["faults"][0]["code"] == "HSQ-C01"
