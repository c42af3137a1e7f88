"""Shapefiles edited elsewhere: blank areas are no right areas, and encodings under another name stop nothing."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import box

from layers.onemap import OUTSIDE
from pipeline.audit.findings import BROKEN, MET, PERSON, run_check
from pipeline.audit.folder import SHAPES, HandIn
from pipeline.audit.geodata import find_codec

SQUARE = box(500_000, 3_000_000, 500_100, 3_000_100)


def write_layer(root: Path, code: str, **columns: list) -> None:
    frame = gpd.GeoDataFrame(columns, geometry=[SQUARE] * len(next(iter(columns.values()))), crs=4547)
    folder = root / SHAPES
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_file(folder / f"甲区_{code}.shp", encoding="UTF-8")


@pytest.mark.parametrize(("area", "verdict"), [(10_000.0, MET), (9_000.0, BROKEN), (None, BROKEN)])
def test_a_blank_area_is_no_right_area(tmp_path: Path, area: float | None, verdict: str) -> None:
    write_layer(tmp_path, "HSQ_SQBJ", MJ=[10_000.0, area], SQMC=["甲", "乙"])
    assert run_check("shp_areas", HandIn(tmp_path, parameters={}), {}).verdict == verdict


def test_no_facility_of_a_class_is_no_proof(tmp_path: Path) -> None:
    blank: dict[str, list] = {key: [1.0] for key in ("JZMJ", "YDMJ", "FWNL", "FWBJ")}
    texts = {key: ["字"] for key in ("KGXX", "BSM", "SSMC", "SSLXMC", "SSLXDM")}
    write_layer(tmp_path, "HSQ_SSD", SQMC=[OUTSIDE], **blank, **texts)
    found = run_check("facility_facts", HandIn(tmp_path, parameters={}), {"classes": ["nursery"]})
    assert found.verdict == PERSON


def test_a_field_that_was_removed_is_told(tmp_path: Path) -> None:
    write_layer(tmp_path, "HSQ_SSD", SQMC=["甲"], SSLXDM=["nursery"])
    found = run_check("facility_facts", HandIn(tmp_path, parameters={}), {"classes": ["nursery"]})
    assert found.verdict == BROKEN
    assert "缺少字段" in found.wrong[0].said


@pytest.mark.parametrize(("cpg", "codec"), [("GBK", "gbk"), ("936", "gbk"), ("OEM", "utf-8"), ("", "utf-8")])
def test_codecs_of_other_programs(cpg: str, codec: str) -> None:
    assert find_codec(cpg) == codec
