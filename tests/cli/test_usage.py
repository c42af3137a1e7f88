"""What a mistyped command line says."""

from __future__ import annotations

import sys

import pytest

from pipeline.cli import main

FILES = ["reach", "--roads", "r.shp", "--origins", "o.csv", "--destinations", "d.csv", "--output", "a.csv"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*FILES, "--limt", "3"], "没有选项 --limt，是否想用 --limit？"),
        ([*FILES, "--limit", "-3"], "参数 --limit 的值不对：应不小于 0"),
        ([*FILES, "--limit", "abc"], "参数 --limit 的值不对：应为数字"),
        ([*FILES, "--tolerance", "9"], "参数 --tolerance 的值不对：应不大于 2"),
        ([*FILES, "--max-access", "inf"], "参数 --max-access 的值不对：应不大于 10000"),
        (FILES[:3], "缺少参数 --origins"),
        (
            ["area", "--roads", "r.shp", "--origins", "o.csv", "-o", "a.gpkg", "--limits", "300;5"],
            "应为逗号分隔的米数",
        ),
        (
            ["area", "--roads", "r.shp", "--origins", "o.csv", "-o", "a.gpkg", "--limits", "300,1e300"],
            "应为正数，不大于 1000000",
        ),
        (
            ["access", "o.csv", "-o", "a.csv", "--measure", "gravity", "--limit", "inf"],
            "须给出大于 0 的 --limit",
        ),
        (
            ["access", "o.csv", "-o", "a.csv", "--measure", "gravity", "--limit", "9", "--parameter", "nan"],
            "--parameter 须大于 0",
        ),
        (["site", "o.csv", "-o", "a.csv", "--model", "best"], "没有“best”，可用 cover-all、cover-most"),
        (["reech"], "没有命令 reech，是否想用 reach？"),
    ],
)
def test_usage_errors_are_chinese_and_name_the_option(words, said, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["haoshequ", *words])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("command", ["reach", "area"])
def test_help_has_an_example(command, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["haoshequ", command, "--help"])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    assert f"例：haoshequ {command} --roads" in capsys.readouterr().out
