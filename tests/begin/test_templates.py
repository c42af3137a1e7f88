"""Templates: every field of every layer, lists, notes, domains; filled with a row each they pass the checks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
from shapely import LineString, Point, box

from layers import ledgers, source
from layers.faults import FaultLog
from layers.source import Community, Facility, Parcel, Survey
from pipeline.begin import base, book
from pipeline.begin.fields import EAST, LAYERS, NORTH, PLACED, SHEETS, choices_of, example_of, sheet_name
from pipeline.begin.start import CONFIG, DATA, Begun, begin_plan
from pipeline.plan import load_plan
from pipeline.stages.base import Given
from pipeline.stages.load import LOAD

from .conftest import DAY

# A square kilometre east of Nanchang, degrees of CGCS2000.
LON, LAT, SIZE = 116.855, 28.335, 0.01


@pytest.fixture
def begun(tmp_path: Path) -> Begun:
    return begin_plan(tmp_path / "新方案", day=DAY)


def test_every_layer_has_a_template():
    tables = {layer for _, layer, _ in base.list_tables()}
    assert {*SHEETS, *tables} == set(LAYERS)
    declared = {item for room in (source, ledgers) for item in vars(room).values() if isinstance(item, type)}
    assert set(LAYERS) <= declared


def test_workbook_has_lists_notes_widths_and_no_rows(begun: Begun):
    pages = openpyxl.load_workbook(begun.config.parent / DATA / book.NAME)
    assert pages.sheetnames == [*map(sheet_name, SHEETS), "填写说明", "代码表"]
    for layer in SHEETS:
        page = pages[sheet_name(layer)]
        heads = book.list_heads(layer)
        assert [cell.value for cell in page[1]] == [head for head, _ in heads]
        assert page.max_row == 1, "a sample row would be read as data"
        assert all(cell.comment is not None for cell in page[1])
        listed = {
            str(r).split(":")[0].rstrip("0123456789")
            for v in page.data_validations.dataValidation
            for r in v.sqref.ranges
        }
        wanted = {
            page.cell(1, at).column_letter
            for at, (_, c) in enumerate(heads, 1)
            if c is not None and choices_of(layer, c)
        }
        assert listed == wanted
        for at, (head, _) in enumerate(heads, 1):
            assert page.column_dimensions[page.cell(1, at).column_letter].width >= 2 * len(head)


def test_notes_say_what_unit_whether_and_how(begun: Begun):
    page = openpyxl.load_workbook(begun.config.parent / DATA / book.NAME)[sheet_name(Survey)]
    notes = {cell.value: cell.comment.text for cell in page[1]}
    assert "必填" in notes["需求描述"] and "示例：增设社区食堂" in notes["需求描述"]
    assert "选填" in notes["建设规模（㎡）"] and "单位 ㎡" in notes["建设规模（㎡）"]
    assert "取值：紧迫、一般" in notes["紧迫程度"]
    assert "选填" in notes["要素编号"], "the program makes ids where there are none"


def test_lists_reach_the_drop_downs_whole(begun: Begun):
    pages = openpyxl.load_workbook(begun.config.parent / DATA / book.NAME)
    lists = {
        column[0].value: [cell.value for cell in column[1:] if cell.value]
        for column in pages["代码表"].iter_cols()
    }
    for layer in SHEETS:
        for column in layer.asked():
            choices = choices_of(layer, column)
            if choices is not None:
                assert lists[choices.name] == [value for value, _ in choices.values]


def test_geopackage_has_domains_and_aliases(begun: Begun):
    path = begun.config.parent / DATA / base.NAME
    assert {name for name, _ in pyogrio.list_layers(path)} == {name for name, *_ in base.list_tables()}
    with closing(sqlite3.connect(path)) as opened:
        rows = opened.execute(
            "SELECT table_name, column_name, name, constraint_name FROM gpkg_data_columns"
        ).fetchall()
        domains = opened.execute(
            "SELECT constraint_name, value, description FROM gpkg_data_column_constraints"
        ).fetchall()
        kinds = dict(
            opened.execute("SELECT table_name, geometry_type_name FROM gpkg_geometry_columns").fetchall()
        )
    said = {(table, column): (alias, domain) for table, column, alias, domain in rows}
    for name, layer, columns in base.list_tables():
        for column in columns:
            choices = choices_of(layer, column)
            domain = choices.name if choices is not None and choices.closed else None
            assert said[name, str(column)] == (column.spec.alias, domain)
    assert ("用地用海分类", "1401", "公园绿地") in domains
    assert [v for n, v, _ in domains if n == "保护对象类型"] == list(source.Heritage.kind.spec.codes.values)
    assert (
        kinds["现状用地分布"] == "MULTIPOLYGON"
        and kinds["出入口"] == "POINT"
        and kinds["需求清单_图形"] == "GEOMETRY"
    )


def test_the_same_day_gives_the_same_bytes(tmp_path: Path):
    one, two = (begin_plan(tmp_path / name / "方案", day=DAY) for name in ("甲", "乙"))
    for name in (f"{DATA}/{book.NAME}", f"{DATA}/{base.NAME}", CONFIG):
        assert (one.config.parent / name).read_bytes() == (two.config.parent / name).read_bytes(), name


def test_empty_templates_are_a_plan_that_only_lacks_a_place_and_roads(begun: Begun):
    log = FaultLog()
    with pytest.raises(Exception, match="HSQ-A05"):
        LOAD(Given(load_plan(begun.config), {}, log))
    assert {(f.code, f.layer) for f in log.errors} == {("HSQ-A05", "社区边界（输入）"), ("HSQ-A05", "道路")}
    empty = {f.layer for f in log.faults if "没有任何行" in f.problem}
    assert empty >= {layer.alias for layer in SHEETS}


def fill_base(path: Path) -> None:
    """Draw one feature in every layer, attributes as the declarations' examples have them."""
    ground = box(LON, LAT, LON + SIZE, LAT + SIZE)
    shapes = {
        "point": Point(LON + SIZE / 3, LAT + SIZE / 3),
        "line": LineString([(LON, LAT + SIZE / 2), (LON + SIZE, LAT + SIZE / 2)]),
        "polygon": box(LON + SIZE / 4, LAT + SIZE / 4, LON + SIZE / 2, LAT + SIZE / 2),
        "any": Point(LON + SIZE / 5, LAT + SIZE / 5),
    }
    for name, layer, columns in base.list_tables():
        shape = ground if layer in (Community, source.Outline) else shapes[str(layer.shape)]
        row = {str(c): [convert(c.spec.kind, example_of(layer, c))] for c in columns}
        if layer is Facility:
            row[str(Facility.id)] = ["SS002"]
            row[str(Facility.name)] = ["甲社区食堂二店"]
        frame = gpd.GeoDataFrame(row, geometry=[shape], crs=pyogrio.read_info(path, layer=name)["crs"])
        kind = pyogrio.read_info(path, layer=name)["geometry_type"]
        pyogrio.write_dataframe(
            frame,
            path,
            layer=name,
            driver="GPKG",
            append=True,
            promote_to_multi=str(kind).startswith("Multi"),
        )


def convert(kind: str, text: str):
    if not text:
        return None
    number = "".join(char for char in text if char.isdigit() or char == ".")
    return {"int": lambda: int(number), "float": lambda: float(number)}.get(kind, lambda: text)()


def fill_book(path: Path) -> None:
    """Write one row into every sheet, cells as the notes' examples have them."""
    pages = openpyxl.load_workbook(path)
    for layer in SHEETS:
        page = pages[sheet_name(layer)]
        for at, (head, column) in enumerate(book.list_heads(layer), 1):
            page.cell(2, at).value = (
                book.EXAMPLE_PLACE[head] if column is None else example_of(layer, column) or None
            )
    pages.save(path)


def test_templates_filled_with_a_row_each_pass_the_checks(begun: Begun):
    data = begun.config.parent / DATA
    fill_base(data / base.NAME)
    fill_book(data / book.NAME)
    (data / "附件").mkdir()
    for name in ("专项体检报告.pdf", "协商会议纪要.docx"):
        (data / "附件" / name).write_bytes(b"x")
    log = FaultLog()
    frames = LOAD(Given(load_plan(begun.config), {}, log))
    assert log.errors == []
    assert {key for key in (layer.key for layer in LAYERS) if not len(frames[key])} == set()
    assert len(frames[Facility.key]) == 2, "from the sheet and from the drawing"
    for layer in PLACED:
        assert frames[layer.key].geometry.notna().all(), layer
    told = frames[Survey.key].iloc[0]
    assert told[Survey.type_key] == "canteen" and told[Survey.required_m2] == 350
    parcel = frames[Parcel.key].iloc[0]
    assert parcel[Parcel.landuse_code] == "070102"


def test_every_required_field_has_an_example():
    bare = [
        f"{layer.key}.{column}"
        for layer in LAYERS
        for column in layer.asked()
        if column.spec.required and not example_of(layer, column)
    ]
    assert bare == []


def test_coordinates_have_one_name_everywhere(begun: Begun):
    plan = load_plan(begun.config)
    for layer in PLACED:
        first = getattr(plan.inputs, layer.key)[0]
        assert (first.x, first.y) == (EAST, NORTH)
