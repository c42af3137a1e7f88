"""The help of every command: Chinese, whole at any width, and there at once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from pipeline.cli import main
from pipeline.cli.app import app
from pipeline.cli.helptext import wrap_text

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = [command.name or "" for command in app.registered_commands]


def show(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str, width: int = 80
) -> str:
    """Return what a call for help prints."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "argv", ["haoshequ", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_whole_and_chinese(command: str, width: int, monkeypatch, capsys):
    said = show(monkeypatch, capsys, command, "--help", width=width)
    assert max(cell_len(line) for line in said.splitlines()) <= width
    words = set(re.findall(r"[A-Za-z]+", said))
    assert not words & {"Usage", "OPTIONS", "Options", "Arguments", "default", "required", "bool", "path"}
    assert "用法：" in said and "选项" in said and "显示用法并退出" in said
    (registered,) = (item for item in app.registered_commands if item.name == command)
    plain = re.sub(r"\s", "", said)
    assert re.sub(r"\s", "", registered.help or "") in plain, "a line was cut"


def test_the_list_of_commands_begins_with_what_a_newcomer_needs(monkeypatch, capsys):
    said = show(monkeypatch, capsys, "--help")
    at = [said.index(f"\n  {name} ") for name in ("init", "inspect", "convert", "check", "run")]
    assert at == sorted(at)
    assert all(f"\n  {name} " in said for name in COMMANDS)


def test_choices_ranges_and_defaults_are_told(monkeypatch, capsys):
    said = re.sub(
        r"\s", "", show(monkeypatch, capsys, "area", "--help") + show(monkeypatch, capsys, "site", "--help")
    )
    assert "格网边长（米）〔1至50；缺省10〕" in said
    assert "--count N".replace(" ", "") in said and "不小于1" in said
    for choice in ("cover-all", "cover-most", "median", "center", "必填"):
        assert choice in said


def test_chinese_breaks_before_no_closing_mark_and_words_stay_whole():
    assert wrap_text("坐标系用 EPSG:4548，如此。", 12) == ["坐标系用", "EPSG:4548，", "如此。"]
    assert wrap_text("一二三四，五六", 8) == ["一二三", "四，五六"]
    assert wrap_text("（说明）一二三", 8) == ["（说明）", "一二三"]
    assert wrap_text("", 10) == [""]


def test_nothing_heavy_is_loaded_before_help():
    code = (
        "import sys; from pipeline.cli import main\n"
        "heavy = {'numpy', 'pandas', 'geopandas', 'matplotlib', 'numba', 'scipy', 'pyproj', 'shapely', 'yaml',"
        " 'pydantic', 'rich.markdown', 'rich.console'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readmes_list_every_command_with_options_that_exist(name: str):
    import typer

    group = typer.main.get_command(app)
    rows = [
        line
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if line.startswith("| `haoshequ ")
    ]
    listed = {row.split("`")[1].split()[1]: row.split("`")[1] for row in rows}
    assert list(listed) == COMMANDS
    for command, usage in listed.items():
        known = {name for param in group.commands[command].params for name in param.opts}
        assert set(re.findall(r"--[a-z-]+", usage)) <= known, command
        needed = {
            param.opts[0]
            for param in group.commands[command].params
            if param.required and param.opts[0][0] == "-"
        }
        assert needed <= set(re.findall(r"--[a-z-]+", usage)), command
