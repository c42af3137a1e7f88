"""Two communities of the city run for real, through the command line: done, skipped, resumed, summed up; same bytes as alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
from PIL import Image
from typer.testing import CliRunner

from layers.cityrank import Ranked
from layers.reachable import Served
from pipeline.cli.app import app
from pipeline.engine.run import run_plan
from pipeline.plan import load_plan
from tests.batch.conftest import Made

ONE, TWO = "第001社区", "第002社区"


@pytest.fixture(scope="module")
def ran(made_once: Made, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict]]:
    """The city of two of its communities, beside a plan that cannot be read, run as a batch with two workers."""
    home = tmp_path_factory.mktemp("ran") / "全市"
    shutil.copytree(made_once.config.parent, home)
    config = home / made_once.config.name
    text = config.read_text(encoding="utf-8")
    text = text.replace("  folder: 社区方案\n", f"  folder: 社区方案\n  only: [{ONE}, {TWO}]\n")
    config.write_text(text.replace('only: ["1-02", "3-01", "6-06"]', 'only: ["1-02"]'), encoding="utf-8")
    code, events = call("--from-communities", config, "--workers", 2, "--json")
    assert code == 0, events
    return home, events


def call(*words: object) -> tuple[int, list[dict]]:
    result = CliRunner().invoke(app, ["batch", *map(str, words)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    lines = [line for line in result.output.splitlines() if line.startswith("{")]
    return result.return_value, [json.loads(line) for line in lines]


def list_bytes(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_events_tell_the_whole_story(ran):
    _, events = ran
    assert [event["event"] for event in events][:2] == ["split", "start"] and events[0]["plans"] == 2
    ends = [event for event in events if event["event"] == "finish"]
    assert sorted(event["id"] for event in ends) == [ONE, TWO] and {event["state"] for event in ends} == {
        "完成"
    }
    assert ends[-1]["ended"] == ends[-1]["total"] == 2
    (end,) = [event for event in events if event["event"] == "end"]
    assert end["counts"]["完成"] == 2 and all(Path(path).is_file() for path in end["files"])
    assert all(plan["files"] > 20 and plan["seconds"] > 0 for plan in end["plans"])
    assert events[-1]["event"] == "summary" and events[-1]["missing"] == []


def test_a_plan_of_a_batch_has_the_bytes_of_the_plan_alone(ran, tmp_path):
    home, _ = ran
    folder = home / "社区方案" / ONE
    alone = tmp_path / "社区方案" / ONE
    shutil.copytree(folder, alone)
    outcome = run_plan(load_plan(alone / "方案.yaml"))
    assert outcome.handin is not None
    assert list_bytes(tmp_path / "output" / ONE / "成果") == list_bytes(home / "output" / ONE / "成果")


def test_again_all_are_skipped_and_a_bad_one_beside_them_is_told(ran):
    home, _ = ran
    bad = home / "社区方案/坏.yaml"
    bad.write_text("plan: [\n", encoding="utf-8")
    try:
        code, events = call(home / "社区方案" / ONE, home / "社区方案" / TWO, bad, "--json")
    finally:
        bad.unlink()
    (end,) = [event for event in events if event["event"] == "end"]
    assert code == 1 and end["counts"] == {"完成": 0, "跳过": 2, "失败": 1, "中断": 0, "未运行": 0}
    assert end["plans"][0]["codes"] == ["HSQ-C02"]


def test_the_summary_says_what_the_plans_say(ran):
    home, _ = ran
    folder = home / "output/全市汇总"
    ranked = gpd.read_file(folder / "全市汇总.gpkg", layer=Ranked.key, engine="pyogrio")
    assert sorted(ranked[Ranked.community]) == [ONE, TWO] and set(ranked[Ranked.state]) == {"最新"}
    assert sorted(ranked[Ranked.rank_gap]) in ([1, 2], [1, 1])
    for name in (ONE, TWO):
        row = ranked.set_index(Ranked.community).loc[name]
        tables = home / "output" / name / "成果/表格"
        (path,) = tables.glob("附表3-21_*缺配类型统计表.xlsx")
        cells = [cell.value for cell in openpyxl.load_workbook(path).active[4]]
        assert cells[0] == name
        classes, *before, missing, solved, short, wrong, partly, _ = map(int, cells[1:])
        assert row[Ranked.classes] == classes and row[Ranked.gaps_before] == sum(before[:3])
        assert row[Ranked.gaps_after] == missing + short + wrong
        assert (row[Ranked.solved], row[Ranked.partly]) == (solved, partly)
        served = gpd.pd.read_parquet(home / "output" / name / "work/coverage/served.parquet")
        asked = served[served[Served.required]]
        gain = (
            100
            * (asked[Served.homes_shared].sum() - asked[Served.homes_own].sum())
            / asked[Served.homes].sum()
        )
        assert row[Ranked.gain] == pytest.approx(gain, abs=0.11)
    book = openpyxl.load_workbook(folder / "全市汇总.xlsx")
    assert book.sheetnames == ["缺口排名", "共享增益排名", "设施类型"]
    with Image.open(folder / "全市总览图.jpg") as picture:
        assert picture.size == (4961, 3508)


def test_a_plan_without_results_is_listed_as_missing(ran):
    home, _ = ran
    output = home / "output" / TWO
    aside = output.with_name("aside")
    output.rename(aside)
    try:
        code, events = call("--from-communities", home / "全市.yaml", "--summary-only", "--json")
        book = openpyxl.load_workbook(home / "output/全市汇总/全市汇总.xlsx")
    finally:
        shutil.rmtree(output, ignore_errors=True)
        aside.rename(output)
    assert code == 0 and events[-1]["missing"] == [TWO]
    assert [cell.value for cell in book["未计入的方案"][3]][:1] == [TWO]
    shown = [row[1].value for row in book["缺口排名"].iter_rows(min_row=3)]
    assert ONE in shown and TWO not in shown
