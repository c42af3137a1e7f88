"""Real extracts nobody on this project wrote; their NOTES.md files give the figures.

The folder stays outside the project: ``HAOSHEQU_REAL`` names it, and without it these tests are skipped.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest

from layers.faults import FaultLog
from layers.source import Building, Community, DataExtent, Facility, Outline, Parcel, Road
from pipeline.plan import load_plan
from pipeline.reach.noding import node_lines
from pipeline.stages.opendata import load_open_data
from pipeline.stages.walknet import open_walknet
from tests.builders import make_plan
from tests.real import NAMED, REAL, is_there

_ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not is_there(),
    reason=f"SKIPPED: HAOSHEQU_REAL={NAMED!r} names no folder; real extracts were not tested",
)


def _load(name, folder):
    text = (_ROOT / "configs" / f"{name}.yaml").read_text(encoding="utf-8")
    config = folder / f"{name}.yaml"
    config.write_text(text.replace("../data/real", str(REAL)), encoding="utf-8")
    log = FaultLog()
    return load_open_data(load_plan(config), log), log


@pytest.fixture(scope="module")
def guixi(tmp_path_factory):
    return _load("guixi", tmp_path_factory.mktemp("guixi"))


@pytest.fixture(scope="module")
def tsinghua(tmp_path_factory):
    return _load("tsinghua", tmp_path_factory.mktemp("tsinghua"))


def test_guixi_outline_has_its_area(guixi):
    frames, _ = guixi
    outline = frames[Outline.key]
    assert outline.crs.to_epsg() == 4548
    assert outline[Outline.name].tolist() == ["东门街道"]
    assert outline.area.iloc[0] / 1e6 == pytest.approx(5.6571, abs=1e-4)


def test_guixi_communities_get_the_codes_of_their_street(guixi):
    frames, log = guixi
    found = frames[Community.key].set_index(Community.name)[Community.code]
    assert found.dropna().to_dict() == {
        "信江社区": "360681003001",
        "雄石社区": "360681003002",
        "江边社区": "360681003003",
        "城北社区": "360681003005",
        "木丝岭社区": "360681003006",
    }
    doubts = {f.row: f.value for f in log.faults if f.code == "HSQ-A06"}
    assert found.index[found.isna()].tolist() == list(doubts) == ["发电厂社区", "烧箕山社区"]
    assert doubts["烧箕山社区"] == "筲箕山居民委员会（360681003010）"
    assert "贵电居民委员会（360681003008）" in doubts["发电厂社区"]
    assert "信江" not in doubts["发电厂社区"]


def test_guixi_walks_115_kilometres(guixi):
    roads = guixi[0][Road.key]
    assert roads.loc[roads[Road.walkable], Road.length_m].sum() / 1000 == pytest.approx(115.5, abs=0.05)
    assert set(roads[Road.level]) == {-1, 0, 1}


def test_guixi_network_is_one_component(guixi):
    roads = guixi[0][Road.key]
    walkable = roads[roads[Road.walkable]]
    noded = node_lines(walkable.geometry.to_numpy(), level=walkable[Road.level].to_numpy(dtype="int64"))
    net = open_walknet(gpd.GeoDataFrame(geometry=noded.geometry, crs=roads.crs), make_plan())
    assert len(net.graph.component_m) == 1


def test_guixi_counts(guixi):
    frames, log = guixi
    assert len(frames[Building.key]) == 165
    broken = [f.row for f in log.faults if f.code == "HSQ-G07"]
    # The province, four cities and counties, six streets and towns, and the river.
    assert len(broken) == 12
    assert {"r6662715", "r6662717", "r6662726", "r18084206"} <= set(broken)
    assert "r6662718" not in broken


@pytest.mark.parametrize("name", ["guixi", "tsinghua"])
def test_parcels_share_no_ground(name, request):
    parcels = request.getfixturevalue(name)[0][Parcel.key]
    assert parcels.area.sum() == pytest.approx(parcels.union_all().area, rel=1e-9)


def test_neither_place_has_evidence_of_idleness(guixi, tsinghua):
    # Nothing is tagged so in either extract: a run that finds idle land there has invented it.
    for frames, _ in (guixi, tsinghua):
        assert frames[Parcel.key][Parcel.use_status].isna().all()
        assert not frames[Building.key][Building.disused].any()


def test_tsinghua_estate_is_the_community(tsinghua):
    frames, log = tsinghua
    found = frames[Community.key]
    assert found.crs.to_epsg() == 4548
    assert found[Community.name].tolist() == ["清华大学西北小区"]
    assert frames[Outline.key].empty
    assert found.within(frames[DataExtent.key].union_all()).all()
    assert frames[Building.key].representative_point().within(found.union_all()).sum() == 24
    assert not log.errors


def test_tsinghua_facilities_are_many_and_named(tsinghua):
    facilities = tsinghua[0][Facility.key]
    assert facilities[Facility.type_key].nunique() >= 19
    stops = facilities[facilities[Facility.type_key] == "bus_stop"]
    assert len(stops) == 68
