"""The project library read back: every project once, a point where there is a place, a slash where nothing is built."""

from __future__ import annotations

import openpyxl
import pyogrio
import pytest

from layers.faults import FaultLog
from layers.ledgers import Delegate, Step
from layers.planned import Project
from pipeline.deliver.handin import place_frames
from pipeline.deliver.items import Absent, Item
from pipeline.deliver.library import Entry, head_of, write_library
from pipeline.review.lists import find_library, read_list
from tests.deliver.conftest import frame


@pytest.fixture
def library(frames, plan, tmp_path):
    """The files written, their items and the log."""
    frames[Project.key]["way"] = ["整治", "改造", "管理"]
    frames[Project.key].loc[2, "geometry"] = None
    frames[Delegate.key] = frame(Delegate, [
        {"id": "1", "community": "东社区", "name": "张三", "registered": 10, "signed": 3},
        {"id": "2", "community": "西社区", "name": "李四", "registered": 5, "signed": None},
    ])  # fmt: skip
    frames[Step.key] = frame(Step, [{"id": "s", "step": "公示", "date": "2026-04-07"}])
    log = FaultLog()
    return tmp_path, write_library(place_frames(frames, plan), plan, tmp_path, log), log


def test_the_two_files_hold_the_projects(library):
    root, made, log = library
    table, points = made
    assert (root / table.path).is_file() and table.note == "3 个项目"
    assert points.note == "2 个点；1 个项目没有空间位置，只在 xlsx 中" and not log.faults
    there = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}
    assert there == {table.path, points.path, *points.companions}
    shp = pyogrio.read_dataframe(root / points.path)
    assert list(shp.columns) == [c.spec.onemap for c in Entry.columns()] + ["geometry"]
    assert shp["XMBH"].tolist() == ["A01", "A02"] and shp["TZE"].tolist() == [80.1, 0.2]
    assert (shp.geom_type == "Point").all() and shp.crs.to_epsg() == 4548
    degrees = shp.to_crs(4490).geometry
    assert (
        degrees.x.round(6).tolist() == shp["JD"].tolist()
        and degrees.y.round(6).tolist() == shp["WD"].tolist()
    )


def test_widths_hold_what_the_fields_of_projects_hold():
    wide = {str(c): c.spec.width for c in Project.columns()}
    for column in Entry.columns():
        assert column.spec.onemap and len(column.spec.onemap) <= 10
        assert column.spec.width >= wide.get(str(column), 0) or column.spec.kind != "text"
    assert {str(c) for c in Entry.columns()} - set(wide) == {"ready", "longitude", "latitude"}


def test_the_workbook_is_what_review_reads(library):
    root, made, _ = library
    sheet = openpyxl.load_workbook(root / made[0].path)["项目库"]
    heads = [cell.value for cell in sheet[2]]
    assert heads == [head_of(c) for c in Entry.columns()]
    rows = {
        row[1].value: dict(zip(heads, (c.value for c in row), strict=True))
        for row in sheet.iter_rows(min_row=3, max_row=5)
    }
    assert rows["C01"]["项目总投资（万元）"] == "/" and rows["C01"]["经度"] is None
    assert rows["A01"]["项目总投资（万元）"] == 80.1 and rows["A01"]["项目标识"] == "j1"
    assert sheet["A6"].value.startswith("说明：1.非施工项目")
    found = read_list(find_library(root))
    assert [p.tell(Entry.number) for p in found.projects.values()] == ["A01", "A02", "C01"]
    assert [p.grains for p in found.projects.values()] == [8010, 20, None] and found.total() == 8030
    assert (found.registered, found.signed, found.steps) == (15, 3, (("公示", "2026-04-07"),))
    book = openpyxl.load_workbook(root / made[0].path)
    assert not [
        c for page in book for row in page.iter_rows(values_only=True) for c in row if c and "张三" in str(c)
    ]


def test_a_text_of_the_inputs_is_no_formula(library):
    root, made, _ = library
    book = openpyxl.load_workbook(root / made[0].path)
    assert not [c for page in book for row in page.iter_rows() for c in row if c.data_type == "f"]


def test_same_bytes_twice(frames, plan, tmp_path):
    placed = place_frames(frames, plan)
    first, second = (write_library(placed, plan, tmp_path / name, FaultLog()) for name in "ab")
    for one, two in zip(first, second, strict=True):
        for path in (one.path, *one.companions):
            assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
        assert isinstance(two, Item)


def test_no_projects_and_no_places(frames, plan, tmp_path):
    placed = place_frames(frames, plan)
    nothing = {**placed, Project.key: placed[Project.key].iloc[:0]}
    (entry,) = write_library(nothing, plan, tmp_path / "a", FaultLog())
    assert isinstance(entry, Absent)
    placed[Project.key]["geometry"] = None
    table, absent = write_library(placed, plan, tmp_path / "b", FaultLog())
    assert isinstance(table, Item) and isinstance(absent, Absent)
