"""The metadata parsed again: each value against the plan and the frames, the whole against the published XSDs."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from layers.account import FileAccount
from layers.faults import Fault, FaultLog
from pipeline.deliver.credit import OPEN_DATA_NOTE
from pipeline.deliver.handin import place_frames
from pipeline.deliver.items import Absent, Check, Item
from pipeline.deliver.metadata import PATH, STEP_DEG, write_metadata
from pipeline.deliver.onemap import collect_layers
from pipeline.deliver.quality import quality_rows
from pipeline.plan.sources import OpenData
from tests.schemas import list_breaches, open_schema

NAMES = {
    "gmd": "http://www.isotc211.org/2005/gmd",
    "gco": "http://www.isotc211.org/2005/gco",
    "gml": "http://www.opengis.net/gml/3.2",
}
MADE = [
    Item("数据库/SHP/a.shp", "数据库", "a", "x"),
    Item("数据库/一张图.gpkg", "数据库", "b", "x"),
    Item("表格/c.xlsx", "表格", "c", "x"),
    Absent("图件", "d", "没有"),
    Item(
        "图件/JPG/e.jpg", "图件", "e", "x", checks=(Check("比例尺", "1:2000", ""), Check("图例", "1:7", ""))
    ),
    Item("图件/JPG/f.jpg", "图件", "f", "x", checks=(Check("比例尺", "1:500", ""),)),
    Item("图件/JPG/g.jpg", "图件", "g", "x", checks=(Check("比例尺", "1:2000", ""),)),
]
FAULTS = [
    Fault(
        "HSQ-X03",
        "东坐标带带号 39",
        severity="提示",
        file="../数据/建筑.shp",
        layer="现状建筑",
        action="去掉带号",
    ),
    Fault("HSQ-X03", "别的图层", severity="提示", file="../数据/建筑.shp", layer="别的"),
    Fault("HSQ-G02", "自相交", severity="警告", file="../数据/建筑.shp", layer="现状建筑"),
    Fault("HSQ-X03", "规划坐标系为 EPSG:4548", severity="提示"),
]


@pytest.fixture
def accounts():
    numbers = [c for c in FileAccount.columns() if c not in (FileAccount.file, FileAccount.layer)]
    rows = [
        ("../数据/建筑.shp", "现状建筑", 9, 7, 2, 1, 1, 3, 10),
        (r"C:\用户\张三\需求.xlsx", "需求", 5, 5, 0, 0, 0, 0, 5),
    ]
    return pd.DataFrame(rows, columns=[FileAccount.file, FileAccount.layer, *numbers])


@pytest.fixture
def rows():
    return quality_rows(FAULTS, stage="读取", crs="EPSG:4548")


@pytest.fixture
def write(frames, rows, accounts, tmp_path):
    """Writes the metadata of a plan and returns its bytes and the layers."""

    def run(plan, *, accounts=accounts, rows=rows, made=MADE, folder="."):
        layers = collect_layers(place_frames(frames, plan), plan, FaultLog())
        root = tmp_path / folder
        write_metadata(layers, plan, root, rows=rows, accounts=accounts, made=made)
        return (root / PATH).read_bytes(), layers

    return run


def texts(document: bytes, path: str) -> list[str]:
    """Every text at the end of a path of ``gmd`` names."""
    steps = "/".join(step if ":" in step else f"gmd:{step}" for step in path.split("/"))
    return [found.text or "" for found in ET.fromstring(document).findall(f".//{steps}", NAMES)]


def test_each_value_is_the_plan_s(write, plan):
    document, layers = write(plan)
    identity = plan.plan
    assert texts(document, "fileIdentifier/gco:CharacterString") == ["3699812026007"]
    assert layers[0].frame["BSM"].str.startswith("3699812026007").all()
    data = "MD_DataIdentification"
    assert texts(document, f"{data}/citation/CI_Citation/title/gco:CharacterString") == [
        f"{identity.title}数据库"
    ]
    days = texts(document, "dateStamp/gco:Date") + texts(document, "CI_Date/date/gco:Date")
    assert set(days) == {identity.compiled.isoformat()}
    assert set(texts(document, "organisationName/gco:CharacterString")) == {identity.compiler}
    assert texts(document, "LanguageCode") == ["zho", "zho"]
    assert texts(document, f"{data}/characterSet/MD_CharacterSetCode") == ["utf8"]
    assert texts(document, "MD_SpatialRepresentationTypeCode") == ["vector"]
    assert texts(document, "gml:timePosition") == [str(identity.data_year)]
    assert texts(document, "denominator/gco:Integer") == ["500", "2000"]
    assert texts(document, "MD_Format/name/gco:CharacterString") == ["ESRI Shapefile", "GeoPackage"]
    (abstract,) = texts(document, "abstract/gco:CharacterString")
    total = sum(len(layer.frame) for layer in layers)
    for part in (identity.area, f"{len(layers)} 个图层、{total} 个要素", "2025 年", "EPSG:4548", "平面面积"):
        assert part in abstract


def test_geometry_and_feature_types_are_the_layers(write, plan):
    document, layers = write(plan)
    kinds = texts(document, "MD_GeometricObjectTypeCode")
    counts = map(int, texts(document, "geometricObjectCount/gco:Integer"))
    found = dict(zip(kinds, counts, strict=True))
    wanted = {"point": "point", "line": "curve", "polygon": "surface"}
    assert found == {
        name: sum(len(x.frame) for x in layers if x.kind == kind) for kind, name in wanted.items()
    }
    assert texts(document, "featureTypes/gco:LocalName") == [layer.code for layer in layers]


@pytest.mark.parametrize(("deliver", "epsg"), [("plain", 4548), ("prefixed", 4527), ("degrees", 4490)])
def test_the_box_holds_every_vertex_and_no_more(write, plan, deliver, epsg):
    plan = plan.model_copy(update={"crs": plan.crs.model_copy(update={"deliver": deliver})})
    document, layers = write(plan)
    assert texts(document, "RS_Identifier/code/gco:CharacterString") == [str(epsg)]
    sides = ("westBoundLongitude", "eastBoundLongitude", "southBoundLatitude", "northBoundLatitude")
    words = [texts(document, f"{side}/gco:Decimal")[0] for side in sides]
    assert all(len(word.partition(".")[2]) == 3 for word in words)
    west, east, south, north = map(float, words)
    turn = Transformer.from_crs(epsg, 4490, always_xy=True)
    lon, lat = np.hstack([turn.transform(*x.frame.get_coordinates().to_numpy().T) for x in layers])
    for low, high, values in ((west, east, lon), (south, north, lat)):
        assert low <= values.min() < low + STEP_DEG * 1.01
        assert high - STEP_DEG * 1.01 < values.max() <= high


def test_quality_counts_and_what_became_of_each_input(write, plan):
    document, _ = write(plan)
    names = texts(document, "nameOfMeasure/gco:CharacterString")
    values = texts(document, "DQ_QuantitativeResult/value/gco:Record")
    assert dict(zip(names, values, strict=True)) == {
        "数据质检：错误": "0", "数据质检：警告": "1", "数据质检：提示": "3"
    }  # fmt: skip
    sources = texts(document, "LI_Source/description/gco:CharacterString")
    assert sources == [
        "建筑.shp（现状建筑）：读入 9，采用 7，其中修复 2，合并 1，剔除 1，拆分增加 3，图层要素 10。坐标：东坐标带带号 39，去掉带号",
        "需求.xlsx（需求）：读入 5，采用 5，其中修复 0，合并 0，剔除 0，拆分增加 0，图层要素 5。坐标：无坐标方面的修正或提示",
    ]
    assert "张三" not in document.decode()


def test_open_data_are_named_and_credited(write, plan):
    assert OPEN_DATA_NOTE not in write(plan)[0].decode()
    pick = {"path": "osm/map.osm.pbf", "communities": {"tags": {"place": "quarter"}}}
    plan = plan.model_copy(update={"open_data": OpenData.model_validate(pick)})
    said = [Fault("HSQ-X03", "坐标为 WGS84", severity="提示", file="map.osm.pbf", action="已投影")]
    rows = quality_rows(said, stage="读取", crs="EPSG:4548")
    document, _ = write(plan, accounts=None, rows=rows)
    assert OPEN_DATA_NOTE in texts(document, "MD_LegalConstraints/otherConstraints/gco:CharacterString")
    assert texts(document, "LI_Source/description/gco:CharacterString") == [
        "map.osm.pbf。坐标：坐标为 WGS84，已投影"
    ]


def test_gbk_and_private_fields_are_stated(write, plan):
    plan = plan.model_copy(update={"delivery": plan.delivery.model_copy(update={"shp_encoding": "GBK"})})
    document, layers = write(plan)
    sets = texts(document, "MD_DataIdentification/characterSet/MD_CharacterSetCode")
    assert sets == ["utf8", "GB2312"]
    private = [f"{x.code}.{c.spec.onemap}" for x in layers for c in x.columns if c.spec.private]
    limits = "".join(texts(document, "useLimitation/gco:CharacterString"))
    assert private and all(name in limits for name in private)


def test_no_clock_and_the_same_bytes(write, plan):
    first, second = write(plan, folder="a")[0], write(plan, folder="b")[0]
    assert first == second
    assert date.today().isoformat() not in first.decode()


def test_the_document_keeps_the_published_schema(write, plan):
    schema = open_schema()
    assert list_breaches(schema, write(plan)[0]) == []
    assert list_breaches(schema, write(plan, accounts=None, made=[])[0]) == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("gmd:abstract", "gmd:summary"),
        (
            "<gco:Date>2026-03-05</gco:Date>\n </gmd:dateStamp>",
            "<gco:Date>2026年3月</gco:Date>\n </gmd:dateStamp>",
        ),
        ("<gco:Integer>2000</gco:Integer>", "<gco:Integer>1:2000</gco:Integer>"),
        ("gmd:southBoundLatitude", "gmd:minimumLatitude"),
        (' codeListValue="dataset"', ""),
        ("<gco:Boolean>true</gco:Boolean>", "<gco:Boolean>是</gco:Boolean>"),
        ("gmd:LI_Lineage", "gmd:LI_Source"),
        ("<gco:Record>", "<gco:Tape>0</gco:Tape><gco:Record>"),
        ('gml:id="data-year"', 'gml:id="2025"'),
    ],
)
def test_a_document_that_breaks_the_schema_is_found(write, plan, good, bad):
    schema = open_schema()
    document = write(plan)[0].decode()
    assert good in document
    assert list_breaches(schema, document.replace(good, bad).encode())


def test_an_element_left_out_or_out_of_order_is_found(write, plan):
    schema = open_schema()
    document = write(plan)[0]
    for name in ("contact", "identificationInfo", "dateStamp"):
        root = ET.fromstring(document)
        root.remove(root.find(f"gmd:{name}", NAMES))
        assert list_breaches(schema, ET.tostring(root)), name
    root = ET.fromstring(document)
    root.append(root[0])
    root.remove(root[0])
    assert list_breaches(schema, ET.tostring(root))
