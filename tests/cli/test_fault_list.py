"""Faults on the console and the check command, in this process."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from shapely import Polygon, box

from layers.faults import Fault, PlanFaults
from pipeline.cli.check import check
from pipeline.cli.faultlist import print_faults
from pipeline.engine.run import run_plan
from pipeline.plan import load_plan
from tests.intake.conftest import E0, N0, Bench

MANY = [
    *(Fault("HSQ-V02", f"第 {n} 个缺值", file="a.csv", row=str(n), remedy="补填") for n in range(40)),
    *(Fault("HSQ-G05", "重叠", severity="警告", file=f"{n % 3}.shp", row=str(n)) for n in range(30)),
    *(Fault("HSQ-X03", "转换", severity="提示") for _ in range(9)),
]


def shown(faults: list[Fault], *, width: int = 100, **options: object) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_faults(console, faults, **options)  # type: ignore[arg-type]
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_many_faults_are_counted_and_the_first_of_each_kind_shown() -> None:
    text = shown(MANY, severities=("错误", "警告", "提示"))
    assert text.index("错误") < text.index("警告") < text.index("提示")
    assert "错误 HSQ-V02 必填值为空（40 条）" in text and "另有 30 条" in text
    assert "第 9 个缺值" in text and "第 10 个缺值" not in text
    assert text.count("修改：补填") == 1  # what all have in common is said once
    counts = next(line for line in text.splitlines() if "HSQ-G05" in line)
    assert "30" in counts and "3" in counts


def test_all_lists_every_one() -> None:
    text = shown(MANY, every=True)
    assert all(f"第 {n} 个缺值" in text for n in range(40)) and "另有" not in text
    assert "HSQ-X03" not in text


@pytest.mark.parametrize("width", [40, 60, 200])
def test_no_line_is_wider_than_the_console(width: int) -> None:
    long = [Fault("HSQ-F01", "很长的问题" * 40, file="很深/" * 30 + "a.shp", remedy="很长的建议" * 30)] * 8
    from rich.cells import cell_len

    lines = shown(long + MANY, width=width).splitlines()
    assert max(cell_len(line) for line in lines) <= width


def test_without_a_report_the_console_shows_what_it_can_and_does_not_point_to_one() -> None:
    text = shown([*MANY, *MANY], report=False)
    assert text.count("个缺值") == 60 and "另有 20 条，改正以上各条后重新运行可见" in text
    assert "质检报告" not in text and "另有 30 条，见质检报告" in shown(MANY)


def test_texts_are_never_markup() -> None:
    assert "[red]x[/red]" in shown([Fault("HSQ-V02", "[red]x[/red]", file="[b].csv")])


def plan_of(folder: Path, *shapes: Polygon) -> Path:
    bench = Bench(folder)
    bench.add_community()
    bench.vector("用地.gpkg", list(shapes), {"landuse_code": ["1401"] * len(shapes), "number": list("ABCDE")[: len(shapes)]})  # fmt: skip
    bench.add("parcel", "用地.gpkg")
    with contextlib.suppress(PlanFaults):
        bench.load()
    return folder / "plan.yaml"


OVERLAP = (box(E0, N0, E0 + 500, N0 + 1000), box(E0 + 490, N0, E0 + 1000, N0 + 1000))


def test_check_in_json_says_what_was_found_and_where_the_report_is(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "configs").mkdir()
    config = plan_of(tmp_path / "configs", *OVERLAP)
    assert check(config, as_json=True) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["sound"] is False and Path(said["report"]).is_file()
    (fault,) = (f for f in said["faults"] if f["severity"] == "错误")
    assert fault["code"] == "HSQ-G05" and fault["x"] == pytest.approx(E0 + 495) and fault["ground"]
    account = next(item for item in said["files"] if item["file"] == "用地.gpkg")
    assert (account["read"], account["kept"]) == (2, 2)


def read_console(capsys: pytest.CaptureFixture) -> str:
    """What was printed, lines joined: where the console breaks them is not asked."""
    return capsys.readouterr().out.replace("\n", "")


def test_check_says_what_is_wrong_and_writes_the_report_only(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "configs").mkdir()
    config = plan_of(tmp_path / "configs", *OVERLAP)
    before = {path: path.read_bytes() for path in (tmp_path / "configs").iterdir()}
    assert check(config) == 1
    text = read_console(capsys)
    assert "错误 HSQ-G05" in text and "重叠 10000.00 ㎡" in text and text.endswith("修改后再运行。")
    output = load_plan(config).output
    assert sorted(path.name for path in output.rglob("*")) == ["数据质检.gpkg", "数据质检.xlsx", "质检"]
    assert f"质检报告：{output / '质检/数据质检.xlsx'}" in text
    assert before == {path: path.read_bytes() for path in (tmp_path / "configs").iterdir()}


def test_check_of_a_sound_plan_exits_with_nothing_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "configs").mkdir()
    config = plan_of(tmp_path / "configs", box(E0, N0, E0 + 1000, N0 + 1000))
    assert check(config) == 0
    text = read_console(capsys)
    assert "错误 0 条" in text and text.endswith("可以运行。")
    assert load_plan(config).output.joinpath("质检/数据质检.xlsx").is_file()


def test_check_where_nothing_can_be_written_says_so(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "configs").mkdir()
    config = plan_of(tmp_path / "configs", *OVERLAP)
    (tmp_path / "output").write_text("x")
    assert check(config) == 1
    text = read_console(capsys)
    assert "HSQ-D05" in text and "没有写出质检报告" in text and "质检报告：" not in text
    assert (tmp_path / "output").read_text() == "x"


def test_check_of_a_bad_config_in_json(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert check(tmp_path / "无.yaml", as_json=True) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["report"] is None and said["faults"][0]["code"] == "HSQ-C01" and said["files"] == []


def test_a_run_that_fails_leaves_the_report_and_no_half_hand_in(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    plan = load_plan(plan_of(tmp_path / "configs", *OVERLAP))
    with pytest.raises(PlanFaults) as caught:
        run_plan(plan)
    report = caught.value.report
    assert report == plan.output / "质检/数据质检.xlsx"
    assert report.is_file() and report.with_suffix(".gpkg").is_file()
    assert sorted(p.name for p in plan.output.iterdir()) == [".run.lock", "run.log", "质检"]


def test_a_run_that_stops_early_on_request_has_its_report_too(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    plan = load_plan(plan_of(tmp_path / "configs", box(E0, N0, E0 + 1000, N0 + 1000)))
    outcome = run_plan(plan, until="load")
    assert outcome.report is not None and outcome.report.is_file()
