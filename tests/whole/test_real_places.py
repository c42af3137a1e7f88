"""Two real places from nothing but open data; the figures are those of the extracts' own notes."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pandas as pd
import pyogrio
import pytest

from layers.faults import Fault
from layers.planned import Need, Resource
from layers.reachable import Edge, Home, Scope, ScopeCut, Served, Unit
from pipeline.engine.run import Outcome
from tests.handin import check_handin
from tests.whole.conftest import Whole, ask, run_real

pytestmark = pytest.mark.usefixtures("real_places")
SHEETS = ("1-01", "1-02", "6-06")
Run = tuple[Whole, Outcome]


@pytest.fixture(scope="module")
def guixi(tmp_path_factory: pytest.TempPathFactory, real_places: None) -> Run:
    return run_real("guixi", tmp_path_factory.mktemp("贵溪"), only=SHEETS)


@pytest.fixture(scope="module")
def tsinghua(tmp_path_factory: pytest.TempPathFactory, real_places: None) -> Run:
    return run_real("tsinghua", tmp_path_factory.mktemp("清华"), only=SHEETS)


@pytest.fixture(params=["guixi", "tsinghua"])
def place(request: pytest.FixtureRequest) -> Run:
    return request.getfixturevalue(request.param)


def told(outcome: Outcome, code: str) -> list[str]:
    assert outcome.quality is not None
    rows = outcome.quality[outcome.quality["code"] == code]
    return (rows["severity"] + " " + rows["problem"]).tolist()


def tables(folder: Path) -> list[tuple[str, list[tuple]]]:
    """Return every table's file name and rows."""
    return [
        (p.name, list(openpyxl.load_workbook(p, data_only=True).worksheets[0].iter_rows(values_only=True)))
        for p in sorted((folder / "表格").glob("*.xlsx"))
    ]


def test_hand_in_is_whole_with_the_sheets_asked_for(place: Run) -> None:
    run, outcome = place
    assert check_handin(run.handin) == []
    assert {p.name[:4] for p in (run.handin / "图件/JPG").iterdir()} == set(SHEETS)
    assert outcome.handin is not None and outcome.handin.swapped.done
    assert outcome.quality is not None and not outcome.quality["severity"].eq("错误").any()


def test_no_person_is_printed_where_nobody_was_counted(place: Run) -> None:
    run, _ = place
    home, served, need = run.frame(Home), run.frame(Served), run.frame(Need)
    assert home[[Home.population, Home.elders, Home.infants, Home.children]].isna().all(axis=None)
    counts = [c for c in Served.columns() if c.spec.unit == "人"]
    assert len(counts) == 6 and served[counts].isna().all(axis=None)
    assert need[Need.target_people].isna().all()
    for name, rows in tables(run.handin):
        texts = [str(cell) for row in rows for cell in row if cell is not None]
        assert not [t for t in texts if re.search(r"\d\s*(人|户)(?!口)", t)], name
    coverage = dict(tables(run.handin))[next(n for n, _ in tables(run.handin) if n.startswith("附表3-6"))]
    data = [row for row in coverage[3:] if row[1]]
    assert len(data) == len(served)
    assert {cell for row in data for cell in (*row[11:14], *row[15:18])} == {None}
    assert all(isinstance(row[7], int) for row in data), "homes are counted all the same"
    for path in (run.handin / "数据库/SHP").glob("*.shp"):
        frame = pyogrio.read_dataframe(path, read_geometry=False)
        for column in {"RK", "HS", "XZRK"} & set(frame.columns):
            assert frame[column].isna().all(), f"{path.name}.{column}"


def test_nothing_idle_is_invented(place: Run) -> None:
    run, _ = place
    resources = run.frame(Resource)
    assert not resources[Resource.certainty].eq("确认").any()


def test_study_area_is_cut_where_the_extract_ends(place: Run) -> None:
    run, outcome = place
    scope = run.frame(Scope).set_index(Scope.kind)
    assert scope.loc["研究范围", Scope.truncated] and not scope.loc["更新范围", Scope.truncated]
    assert "截断" in scope.loc["研究范围", Scope.note]
    cuts = run.frame(ScopeCut)
    assert len(cuts) and cuts[ScopeCut.length_m].sum() > 500
    assert any("截断" in text for text in told(outcome, "HSQ-N03"))
    (path,) = (run.handin / "数据库/SHP").glob("*_HSQ_JDX.shp")
    assert pyogrio.read_info(path)["features"] == len(cuts)


def test_guixi_covers_its_street(guixi: Run) -> None:
    run, _ = guixi
    scope = run.frame(Scope).set_index(Scope.kind)
    assert scope.crs.to_epsg() == 4548
    assert scope.loc["更新范围", Scope.area_m2] / 1e6 == pytest.approx(5.6571, abs=1e-4)
    assert run.frame(Unit)[Unit.area_m2].sum() == pytest.approx(scope.loc["更新范围", Scope.area_m2], abs=1)


def test_guixi_walks_on_one_component(guixi: Run) -> None:
    run, outcome = guixi
    edges = run.frame(Edge)
    assert edges[Edge.length_m].sum() / 1000 == pytest.approx(115.5, abs=0.05)
    assert set(edges[Edge.component]) == {0}
    assert any("连通分量 1 个" in text for text in told(outcome, "HSQ-N02"))


def test_guixi_communities_are_indicative_and_coded(guixi: Run) -> None:
    run, outcome = guixi
    units = run.frame(Unit).set_index(Unit.name)
    assert set(units.index) == {
        f"{n}社区" for n in ("发电厂", "木丝岭", "城北", "烧箕山", "江边", "雄石", "信江")
    }
    assert units[Unit.boundary].eq("示意边界").all() and units[Unit.street].eq("东门街道").all()
    codes = units[Unit.code].dropna()
    assert len(codes) == 5 and codes.str.fullmatch("360681003[0-9]{3}").all()
    doubts = [text for text in told(outcome, "HSQ-A06") if "代码表" in text]
    assert len(doubts) == 2 and all("发电厂" in t or "烧箕山" in t for t in doubts)
    overlap = units.geometry.area.sum() - units.union_all().area
    assert overlap == pytest.approx(0, abs=1)


def test_guixi_homes_stand_for_unmapped_buildings(guixi: Run) -> None:
    run, _ = guixi
    home = run.frame(Home)
    assert home[Home.basis].eq("沿路示意点").all() and len(home) > 50
    assert run.frame(Need)[Need.description].str.contains("示意住户点").any()


def test_guixi_land_use_that_does_not_cover_is_said(guixi: Run) -> None:
    _, outcome = guixi
    (text,) = told(outcome, "HSQ-A01")
    assert "不符合" in text and "84.7%" in text and text.startswith("警告")


def test_tsinghua_takes_one_estate_for_its_community(tsinghua: Run) -> None:
    run, _ = tsinghua
    units = run.frame(Unit)
    assert units[Unit.name].tolist() == ["清华大学西北小区"]
    assert units.crs.to_epsg() == 4548
    served = run.frame(Served)
    assert set(served[Served.community]) == {"清华大学西北小区"} and set(served[Served.homes]) == {22}
    assert run.frame(Home)[Home.basis].eq("住宅建筑").all(), (
        "buildings are mapped here: no home is indicative"
    )
    assert pd.isna(units[Unit.population].iloc[0])


def test_missing_extract_is_one_clear_message(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "configs/guixi.yaml").read_text(encoding="utf-8")
    config = tmp_path / "configs" / "guixi.yaml"
    config.parent.mkdir()
    config.write_text(text, encoding="utf-8")
    code, said = ask("run", config)
    assert code == 1 and "HSQ-F01" in said and "Traceback" not in said
    assert not (tmp_path / "output" / "guixi_dongmen" / "成果").exists()


def test_remarks_are_declared(place: Run) -> None:
    _, outcome = place
    assert outcome.quality is not None
    for row in outcome.quality.to_dict("records"):
        assert Fault(row["code"], row["problem"]).problem.strip()
