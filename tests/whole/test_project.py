"""The QGIS project of whole runs: complete and movable as written; opened in QGIS, where it is installed, like the sheets."""

from __future__ import annotations

import re
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as Tree

import openpyxl
import pyogrio
import pytest

from benchmarks.qgis_project import compare_handin, list_faults, open_copy
from benchmarks.qgis_styles import find_qgis
from pipeline.deliver.geopackage import PATH as DATABASE
from pipeline.deliver.qgis import PATH
from styles.frame import load_frame
from tests.whole.conftest import Whole

_DPI = 150  # of the test's pictures: half the sheet's


def read_project(folder: Path) -> Tree.Element:
    with zipfile.ZipFile(folder / PATH) as archive:
        (name,) = archive.namelist()
        return Tree.fromstring(archive.read(name).decode().split("\n", 1)[1])


@pytest.fixture(scope="module")
def project(tiny: Whole) -> Tree.Element:
    return read_project(tiny.handin)


@pytest.fixture(scope="module")
def large(sample: Whole) -> Tree.Element:
    return read_project(sample.handin)


def numbers_of(handin: Path) -> list[str]:
    """图号 of the drawings handed in."""
    return sorted(path.name.split("_")[0] for path in (handin / "图件/JPG").glob("*.jpg"))


@pytest.mark.parametrize("which", ["tiny", "sample"])
def test_there_is_a_layout_and_a_theme_for_every_sheet(which: str, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(which)
    root = read_project(run.handin)
    layouts = [node.get("name") for node in root.iter("Layout")]
    assert sorted(name.split()[0] for name in layouts) == numbers_of(run.handin)
    themes = {node.get("name") for node in root.iter("visibility-preset")}
    assert set(layouts) <= themes
    for layout in root.iter("Layout"):
        (main,) = [item for item in layout.iter("LayoutItem") if item.get("id") == "主图"]
        assert main.get("followPresetName") == layout.get("name")


def test_every_layer_of_the_database_is_in_the_tree(sample: Whole, large: Tree.Element) -> None:
    there = {name for name, kind in pyogrio.list_layers(sample.handin / DATABASE) if kind is not None}
    with closing(sqlite3.connect(sample.handin / DATABASE)) as base:
        tables = {name for (name,) in base.execute("SELECT mapping_table_name FROM gpkgext_relations")}
    sources = {node.text for node in large.iter("datasource")}
    assert {re.search(r"layername=(\w+)", source)[1] for source in sources} == there
    assert {source.rpartition(" FROM ")[2] for source in sources if "subset=SELECT" in source} == tables
    tree = large.find("layer-tree-group")
    shown = {node.get("source") for node in tree.iter("layer-tree-layer")}
    assert shown == sources
    assert all(source.startswith("./一张图.gpkg|") for source in sources)


def test_themes_name_layers_and_styles_that_are_there(large: Tree.Element) -> None:
    styles = {
        node.findtext("id"): {style.get("name") for style in node.iter("map-layer-style")}
        for node in large.iter("maplayer")
    }
    for preset in large.iter("visibility-preset"):
        layers = preset.findall("layer")
        assert layers, preset.get("name")
        assert [
            layer.get("style") for layer in layers if layer.get("style") not in styles[layer.get("id")]
        ] == []


def test_maps_have_the_scale_and_the_place_of_their_sheets(sample: Whole, large: Tree.Element) -> None:
    rows = openpyxl.load_workbook(sample.handin / "成果目录.xlsx")["成果目录"].iter_rows(values_only=True)
    scales = {row[2]: int(row[5].rpartition("1:")[2]) for row in rows if row[1] == "图件" and row[2]}
    assert scales
    for layout in large.iter("Layout"):
        number = layout.get("name").split()[0]
        (main,) = [item for item in layout.iter("LayoutItem") if item.get("id") == "主图"]
        width, height = (float(part) for part in main.get("size").split(",")[:2])
        extent = {key: float(value) for key, value in main.find("Extent").attrib.items()}
        scale = scales[number]
        assert (extent["xmax"] - extent["xmin"]) * 1000 / width == pytest.approx(scale, rel=1e-6)
        assert (extent["ymax"] - extent["ymin"]) * 1000 / height == pytest.approx(scale, rel=1e-6)
        boxes = [load_frame(name).map for name in ("standard", "wide")]
        assert (round(width, 3), round(height, 3)) in {(round(b.width, 3), round(b.height, 3)) for b in boxes}


def test_every_layout_has_the_furniture_of_a_sheet(large: Tree.Element) -> None:
    for layout in large.iter("Layout"):
        items = {item.get("id") for item in layout.iter("LayoutItem")}
        wanted = {
            "主图",
            "区位图",
            "图例",
            "指北针",
            "比例尺",
            "图名",
            "图号",
            "项目名称",
            "编制单位",
            "坐标系",
            "图框",
        }
        assert wanted <= items, layout.get("name")
        texts = [item.get("labelText") for item in layout.iter("LayoutItem")]
        assert layout.get("name").split()[0] in texts
        keys = [item.get("uuid") for item in layout.iter("LayoutItem")]
        assert len(keys) == len(set(keys))
        assert any(leaf.get("id") for leaf in layout.iter("layer-tree-layer")), "an empty legend"


def test_what_the_database_does_not_hold_is_told_on_the_layout(large: Tree.Element) -> None:
    told = {
        layout.get("name").split()[0]: item.get("labelText")
        for layout in large.iter("Layout")
        for item in layout.iter("LayoutItem")
        if item.get("id") == "与图件的差别"
    }
    assert "站点至住宅的连线未入库" in told["1-17"].replace("\n", "")
    assert "相邻社区未入库" in told["1-02"].replace("\n", "")


def test_no_owner_and_no_place_of_this_machine_is_in_the_project(sample: Whole) -> None:
    with zipfile.ZipFile(sample.handin / PATH) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    assert str(sample.home) not in text
    owners, said = set(), ""
    for layer, kind in pyogrio.list_layers(sample.handin / DATABASE):
        if kind is None:
            continue
        frame = pyogrio.read_dataframe(sample.handin / DATABASE, layer=layer, read_geometry=False)
        owners |= {name for column in ("QLR", "CQR") if column in frame for name in frame[column].dropna()}
        rest = frame.drop(columns=["QLR", "CQR"], errors="ignore").select_dtypes(["str", "object"])
        said += " ".join(rest.fillna("").to_numpy().ravel())
    # An owner may be a place of the plan too, such as a street office that is a facility.
    alone = {name for name in owners if name not in said}
    assert len(alone) > 3 and not [name for name in alone if name in text]
    assert not list((sample.handin / "公示版").rglob("*.qgz"))


QGIS = find_qgis()
needs_qgis = pytest.mark.skipif(
    QGIS is None, reason="SKIPPED: QGIS is not installed; the project was not opened in it"
)


@needs_qgis
def test_layouts_in_qgis_look_like_the_sheets(tiny: Whole) -> None:
    told, results = compare_handin(tiny.handin, QGIS, dpi=_DPI)
    assert list_faults(told) == []
    assert [result.sheet for result in results] == numbers_of(tiny.handin)
    for result in results:
        assert result.good, result
    for number, layout in told["layouts"].items():
        assert layout["legend"], number
    plain = [layer for key, layer in told["layers"].items() if key.startswith("onemap_layer_HSQ_")]
    there = [name for name, kind in pyogrio.list_layers(tiny.handin / DATABASE) if kind is not None]
    # The layers keep their own ids, aliases and styles.
    assert len(plain) == len(there)
    assert all("标识码" in layer["aliases"] and layer["styles"] for layer in plain)


@needs_qgis
def test_the_project_opens_after_a_move_and_not_without_its_database(tiny: Whole, tmp_path: Path) -> None:
    moved = tmp_path / "别处 移动"
    (moved / "数据库").mkdir(parents=True)
    for path in (PATH, DATABASE):
        shutil.copy(tiny.handin / path, moved / path)
    told = open_copy(moved, QGIS, tmp_path / "开", sheets=())
    assert list_faults(told) == []
    assert all(told["relations"].values()) and told["relations"]
    assert sorted(told["layouts"]) == numbers_of(tiny.handin)
    (moved / DATABASE).unlink()
    (moved / DATABASE).write_bytes(b"")
    told = open_copy(moved, QGIS, tmp_path / "缺", sheets=())
    assert list_faults(told), "a project without its data is said to be whole"
