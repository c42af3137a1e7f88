"""What the data dictionary and the metadata of a whole run say, against the files that lie beside them."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import openpyxl
import pyogrio
import pytest

from pipeline.deliver.dictionary import PATH as DICTIONARY
from pipeline.deliver.metadata import PATH as METADATA
from pipeline.deliver.shapefile import FOLDER
from tests.schemas import list_breaches, open_schema
from tests.whole.conftest import Whole

GMD = "{http://www.isotc211.org/2005/gmd}"


@pytest.fixture(scope="module")
def document(tiny: Whole) -> bytes:
    """The metadata of the tiny plan."""
    return (tiny.handin / METADATA).read_bytes()


def list_texts(document: bytes, name: str) -> list[str]:
    """Return the texts below every ``gmd`` element of a name, in order."""
    return ["".join(found.itertext()).strip() for found in ET.fromstring(document).iter(GMD + name)]


def test_the_dictionary_counts_the_features_of_the_files(tiny: Whole) -> None:
    sheet = openpyxl.load_workbook(tiny.handin / DICTIONARY)["图层总表"]
    head, *rows = list(sheet.iter_rows(min_row=2, values_only=True))
    count, file = head.index("本次要素数"), head.index("shp 文件")
    said = {row[file]: row[count] for row in rows if row[file]}
    listed = json.loads((tiny.handin / "manifest.json").read_text(encoding="utf-8"))["files"]
    shapes = [
        item["path"] for item in listed if item["path"].startswith(FOLDER) and item["path"].endswith(".shp")
    ]
    assert said == {path: pyogrio.read_info(tiny.handin / path)["features"] for path in shapes}
    gpkg = tiny.handin / "数据库/一张图.gpkg"
    layers = {row[0]: row[count] for row in rows if row[file]}
    assert layers == {code: pyogrio.read_info(gpkg, layer=code)["features"] for code in layers}


def test_the_metadata_counts_what_the_quality_report_counts(tiny: Whole, document: bytes) -> None:
    report = openpyxl.load_workbook(tiny.handin / "质检/数据质检.xlsx")["汇总"]
    rows = report.iter_rows(min_row=3, values_only=True)
    said = {row[0].removesuffix("合计"): row[4] for row in rows if str(row[0]).endswith("合计")}
    names = [name.removeprefix("数据质检：") for name in list_texts(document, "nameOfMeasure")]
    counts = map(int, list_texts(document, "value"))
    assert dict(zip(names, counts, strict=True)) == said
    assert said["提示"] > 0


def test_the_metadata_lists_the_scales_of_the_catalogue(tiny: Whole, document: bytes) -> None:
    sheet = openpyxl.load_workbook(tiny.handin / "成果目录.xlsx")["成果目录"]
    notes = [str(row[5]) for row in sheet.iter_rows(min_row=3, values_only=True)]
    scales = {int(number) for note in notes for number in re.findall(r"；1:(\d+)", note)}
    assert sorted(scales) == [int(text) for text in list_texts(document, "denominator")] != []


def test_both_are_in_the_catalogue_and_the_manifest(tiny: Whole) -> None:
    sheet = openpyxl.load_workbook(tiny.handin / "成果目录.xlsx")["成果目录"]
    paths = [row[4] for row in sheet.iter_rows(min_row=3, values_only=True)]
    listed = json.loads((tiny.handin / "manifest.json").read_text(encoding="utf-8"))["files"]
    for path in (DICTIONARY, METADATA):
        assert path in paths and path in [item["path"] for item in listed]


def test_every_input_is_told_of_without_its_folder(tiny: Whole, document: bytes) -> None:
    sources = list_texts(document, "LI_Source")
    accounts = openpyxl.load_workbook(tiny.handin / "质检/数据质检.xlsx")["数据账"]
    files = [row[0] for row in accounts.iter_rows(min_row=3, values_only=True) if row[1]]
    told = [re.split("[（。]", text)[0] for text in sources]
    # The photograph is not counted row by row.
    assert told == [*(name.rpartition("/")[2] for name in files), "正射影像.tif"]
    assert str(tiny.home) not in document.decode()


def test_a_whole_run_s_metadata_keeps_the_published_schema(document: bytes) -> None:
    assert list_breaches(open_schema(), document) == []
