"""The command line, mostly in processes of its own: what it says in Chinese, and the three exit codes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from configs import read_settings
from pipeline.engine.run import STEPS
from tests.whole.conftest import ENTRY, ROOT, ask, call, place_plan

ENGLISH = re.compile(r"Usage:|Error|Traceback|No such (option|command)|Missing|Invalid|Got unexpected")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return place_plan(tmp_path_factory.mktemp("cli"), "tiny", inputs=("tiny",))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["ran", "x.yaml"], ["没有命令 ran", "run"]),
        (["run", "x.yaml", "--form", "load"], ["没有选项 --form", "--from"]),
        (["run"], ["缺少参数", "PLAN.yaml"]),
        (["run", "x.yaml", "y.yaml"], ["多余的参数", "y.yaml"]),
        (["run", "x.yaml", "--until"], ["选项 --until 缺少取值"]),
    ],
    ids=["command", "option", "argument", "extra", "value"],
)
def test_wrong_usage_is_two(tmp_path: Path, args: list[str], words: list[str]) -> None:
    code, said = call(*args, cwd=tmp_path)
    assert code == 2
    assert all(word in said for word in words), said
    assert "用法有误" in said and not ENGLISH.search(said)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--until", "matchin"], ["没有这个阶段", "matching"]),
        (["--from", "网络"], ["没有这个阶段", "可用：load"]),
        (["--from", "layout", "--until", "load"], ["--from layout 在 --until load 之后"]),
    ],
    ids=["near", "far", "order"],
)
def test_unknown_stage_is_wrong_usage(config: Path, args: list[str], words: list[str]) -> None:
    code, said = ask("run", config, *args)
    assert code == 2
    assert all(word in said for word in words), said
    assert not ENGLISH.search(said)
    assert not (config.parents[1] / "output").exists()


def test_nothing_asked_shows_the_help(tmp_path: Path) -> None:
    code, said = call(cwd=tmp_path)
    assert code == 2
    assert "命令" in said and "run" in said and "check" in said


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["HSQ-C01", "不存在", "无.yaml"]),
        ("plan: [1, 2\n", ["HSQ-C02", "不是合法的 YAML"]),
        ("- 一\n- 二\n", ["HSQ-C02", "应为键值表"]),
        ("", ["HSQ-C02"]),
        ("plan:\n  id: a\n  titel: b\n", ["HSQ-C03", "titel", "是否想写 title", "缺少必填项"]),
    ],
    ids=["missing", "broken", "list", "empty", "typo"],
)
def test_unusable_config_is_one(tmp_path: Path, command: str, content: str | None, words: list[str]) -> None:
    path = tmp_path / "无.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    code, said = ask(command, path)
    assert code == 1
    assert all(word in said for word in words), said
    assert "Traceback" not in said
    assert [p.name for p in tmp_path.iterdir()] == ([] if content is None else [path.name])


def test_every_fault_of_a_bad_plan_is_told_in_one_go(tmp_path: Path) -> None:
    path = place_plan(tmp_path, "tiny", inputs=("tiny",))
    text = path.read_text(encoding="utf-8")
    text = text.replace("tiny/建筑.shp", "tiny/房屋.shp").replace(
        "landuse_code: YDYHFLDM", "landuse_code: YDDM"
    )
    path.write_text(text.replace("datum: gcj02", "crs: EPSG:999999"), encoding="utf-8")
    code, said = call("check", path, cwd=tmp_path)
    assert code == 1
    assert all(c in said for c in ("HSQ-F01", "HSQ-V01", "HSQ-X01")), said
    assert "方案有错误" in said and "Traceback" not in said
    book = openpyxl.load_workbook(tmp_path / "output/tiny/质检/数据质检.xlsx")
    told = {cell for row in book["错误"].iter_rows(values_only=True) for cell in row}
    assert {"HSQ-F01", "HSQ-V01", "HSQ-X01"} <= told


def test_check_writes_the_report_and_nothing_else(tmp_path: Path) -> None:
    path = place_plan(tmp_path, "tiny", inputs=("tiny",))
    code, said = call("check", path, cwd=tmp_path)
    assert code == 0 and "可以运行" in said and "错误 0 条" in said
    files = {
        p.relative_to(tmp_path / "output").as_posix() for p in (tmp_path / "output").rglob("*") if p.is_file()
    }
    assert files == {"tiny/质检/数据质检.xlsx", "tiny/质检/数据质检.gpkg"}
    assert str(tmp_path / "output/tiny/质检/数据质检.xlsx") in said


def test_stages_are_listed_in_order(tmp_path: Path) -> None:
    code, said = call("stages", cwd=tmp_path)
    assert code == 0
    places = [re.search(rf"[│┃]\s*{name}\b", said).start() for name, _ in STEPS]
    assert places == sorted(places)
    assert all(title in said for _, title in STEPS)


def test_catalogue_lists_every_drawing(tmp_path: Path) -> None:
    code, said = call("catalogue", cwd=tmp_path)
    assert code == 0
    numbers = re.findall(r"\b[\dZ]-\d\d\b", said)
    assert len(numbers) == len(set(numbers)) == len(read_settings("catalogue.yaml")["sheets"])
    assert "更新范围图" in said and "更新项目分布汇总图" in said


@pytest.mark.parametrize("args", [["--help"], ["run", "--help"], ["check", "-h"]], ids=" ".join)
def test_help_is_chinese(tmp_path: Path, args: list[str]) -> None:
    code, said = call(*args, cwd=tmp_path)
    assert code == 0
    assert "显示用法并退出" in said
    assert "Show this message" not in said and "Options" not in said and "Commands" not in said


def test_help_loads_no_heavy_package() -> None:
    script = (
        "import sys, json, contextlib, io\n"
        "from pipeline.cli import main\n"
        "sys.argv = ['haoshequ', '--help']\n"
        "with contextlib.suppress(SystemExit):\n"
        "    main()\n"
        "print(json.dumps(sorted(m for m in sys.modules if '.' not in m)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8", check=True,
        env={"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
    )  # fmt: skip
    loaded = set(re.findall(r'"(\w+)"', done.stderr))
    assert "pipeline" in loaded and "typer" in loaded
    heavy = {
        "geopandas",
        "pandas",
        "numpy",
        "shapely",
        "matplotlib",
        "numba",
        "scipy",
        "fiona",
        "pyproj",
        "osmnx",
        "ezdxf",
    }
    assert not loaded & heavy
    assert "haoshequ" in done.stdout


def test_narrow_and_colourless_consoles_get_the_same_words(tmp_path: Path) -> None:
    wide = call("run", "无.yaml", cwd=tmp_path)[1]
    narrow = call("run", "无.yaml", cwd=tmp_path, COLUMNS="60", NO_COLOR="1")[1]
    plain = [re.sub(r"[\s─━│┃┏┓┗┛┡┩└┘├┤┬┴┼┳┻╇╈]", "", text) for text in (wide, narrow)]
    assert sorted(plain[0]) == sorted(plain[1])


def test_console_that_is_not_utf8_does_not_crash(tmp_path: Path) -> None:
    code, said = call(
        "run", "none.yaml", cwd=tmp_path, PYTHONUTF8="0", PYTHONIOENCODING="ascii:replace", LC_ALL="C"
    )
    assert code == 1 and "HSQ-C01" in said and "Traceback" not in said


def test_entry_is_the_one_that_gets_installed() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'haoshequ = "pipeline.cli:main"' in text
    assert "from pipeline.cli import main" in ENTRY[2]
