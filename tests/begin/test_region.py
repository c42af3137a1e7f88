"""``init`` on codes: division lists of either form, counties of nowhere, land-use classifications."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from shapely import box

from layers.source import Parcel
from pipeline.begin.config import list_doubts
from pipeline.begin.start import begin_plan, look_through
from pipeline.plan import load_plan

from .conftest import DAY
from .test_begin import E0, N0

LIST = "code,name\n36,江西省\n3601,南昌市\n360102,东湖区\n360102001,丙街道\n360102001001,甲社区居委会\n360102001002,乙社区居委会\n"


def make_communities(path: Path, prefix: str = "360102001") -> None:
    frame = gpd.GeoDataFrame(
        {"SQMC": ["甲社区", "乙社区"], "SQDM": [f"{prefix}001", f"{prefix}002"], "JDMC": ["丙街道"] * 2},
        geometry=[box(E0, N0, E0 + 900, N0 + 900), box(E0 + 900, N0, E0 + 1800, N0 + 900)],
        crs=4548,
    )
    frame.to_file(path)


def test_a_single_list_is_recognised_as_check_takes_it(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    (tmp_path / "代码表.csv").write_text(LIST, encoding="utf-8")
    begun = begin_plan(tmp_path / "方案", day=DAY, source=tmp_path)
    plan = load_plan(begun.config)
    assert plan.divisions is not None and plan.resolve(plan.divisions.path) == tmp_path / "代码表.csv"
    assert (plan.plan.region_code, plan.plan.region_name) == ("360102", "东湖区")
    assert plan.divisions.fictional == [] and list_doubts_of(begun) == []
    assert [left.reason for left in begun.findings.left] == ["区划代码表（已写入 divisions.path）"]


def list_doubts_of(begun: object) -> list[str]:
    return [text for _, text in list_doubts(begun.findings) if "代码" in text]  # type: ignore[attr-defined]


def test_a_table_of_communities_is_no_division_list(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    rows = "code,name\n360102001001,甲社区\n360102001002,乙社区\n"
    (tmp_path / "社区名录.csv").write_text(rows, encoding="utf-8")
    assert look_through(tmp_path).divisions is None


def test_the_list_that_travels_along_names_the_county(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    begun = begin_plan(tmp_path / "方案", day=DAY, source=tmp_path)
    plan = load_plan(begun.config)
    assert plan.plan.region_name == "东湖区" and plan.divisions is None


@pytest.mark.parametrize(("prefix", "fictional"), [("369901001", ["369901"]), ("360199001", None)])
def test_codes_of_nowhere(tmp_path: Path, prefix: str, fictional: list[str] | None):
    """A prefecture 99 is a sample's; an unknown county of a real prefecture may be new, so it is only doubted."""
    make_communities(tmp_path / "社区.gpkg", prefix)
    begun = begin_plan(tmp_path / "方案", day=DAY, source=tmp_path)
    plan = load_plan(begun.config)
    assert (plan.divisions.fictional if plan.divisions else None) == fictional
    (doubt,) = list_doubts_of(begun)
    assert prefix[:6] in doubt
    assert "不在区划代码表内" in begun.config.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("columns", "key", "doubted"),
    [
        ({"YDYHFLDM": ["0701", "1401"], "YDYHFLMC": ["城镇住宅用地", "公园绿地"]}, "2023", False),
        ({"DLBM": ["0701", "0810"], "DLMC": ["城镇住宅用地", "公园与绿地"]}, "sandiao", False),
        ({"YDDM": ["R21", "A33"], "YDMC": ["住宅用地", "中小学用地"]}, "gb50137", False),
        ({"用地代码": ["0601", "0601"], "BZ": ["甲", "乙"]}, None, True),
    ],
)
def test_the_classification_is_written_where_it_is_sure(
    tmp_path: Path, columns: dict[str, list[str]], key: str | None, doubted: bool
):
    make_communities(tmp_path / "社区.gpkg")
    shapes = [box(E0, N0, E0 + 100, N0 + 100), box(E0 + 100, N0, E0 + 200, N0 + 100)]
    frame = gpd.GeoDataFrame({"TBBH": ["T1", "T2"], **columns}, geometry=shapes, crs=4548)
    frame.to_file(tmp_path / "现状用地.gpkg")
    (entry,) = look_through(tmp_path).of(Parcel)
    assert entry.source.get("classification") == key
    doubts = [text for where, text in entry.doubts if where == "classification"]
    assert bool(doubts) == doubted and all("classification: " in text for text in doubts)
