"""Shapefiles read back by three readers: the raw DBF header, Fiona and pyogrio."""

from __future__ import annotations

import logging
import struct

import fiona
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPoint, Point

from layers.faults import FaultLog, PlanFaults
from layers.source import Facility, Parcel
from pipeline.deliver.geopackage import PATH, write_geopackage
from pipeline.deliver.handin import place_frames
from pipeline.deliver.onemap import collect_layers
from pipeline.deliver.shapefile import FOLDER, cut_text, write_shapefiles


def with_delivery(plan, **changes):
    return plan.model_copy(update={"delivery": plan.delivery.model_copy(update=changes)})


def dbf_fields(path):
    """Name, type, width and decimals of each field, straight from the file's header (dBASE III)."""
    data = path.read_bytes()
    length = struct.unpack("<H", data[8:10])[0]
    return [
        (data[i : i + 11].split(b"\0")[0].decode("ascii"), chr(data[i + 11]), data[i + 16], data[i + 17])
        for i in range(32, length - 1, 32)
    ]


def test_the_dbf_header_is_the_schema(delivered, plan, tmp_path):
    items = write_shapefiles(delivered, plan, tmp_path, FaultLog())
    assert len(items) == len(delivered)
    for item, layer in zip(items, delivered, strict=True):
        path = (tmp_path / item.path).with_suffix(".dbf")
        declared = [
            (c.spec.onemap, "C" if c.spec.kind == "text" else "N", c.spec.width, c.spec.decimals)
            for c in layer.columns
        ]
        assert dbf_fields(path) == declared
        assert tuple(path.read_bytes()[1:4]) == (126, 3, 5), "last update is 编制日期"


def test_every_reader_gets_the_values_without_a_word(delivered, plan, tmp_path, caplog):
    items = write_shapefiles(delivered, plan, tmp_path, FaultLog())
    caplog.set_level(logging.WARNING)
    for item, layer in zip(items, delivered, strict=True):
        frame = pyogrio.read_dataframe(tmp_path / item.path)
        assert frame["BSM"].tolist() == layer.frame["BSM"].tolist()
        assert frame["SQMC"].tolist() == layer.frame["SQMC"].tolist()
        assert frame.crs.to_epsg() == 4548
        assert frame.geometry.geom_equals(layer.frame.geometry).all()
        with fiona.open(tmp_path / item.path) as file:
            assert [f["properties"]["SQMC"] for f in file] == layer.frame["SQMC"].tolist()
            assert list(file.schema["properties"]) == [c.spec.onemap for c in layer.columns]
    assert caplog.records == []


def test_companions(delivered, plan, tmp_path):
    item = write_shapefiles(delivered[:1], plan, tmp_path, FaultLog())[0]
    stem = "369981云溪街道二社区_HSQ_GHYD"
    assert item.path == f"{FOLDER}/{stem}.shp"
    assert item.companions == tuple(
        f"{FOLDER}/{stem}.{end}" for end in ("cpg", "dbf", "prj", "qml", "shx", "sld")
    )
    projection = (tmp_path / FOLDER / f"{stem}.prj").read_text()
    assert projection.startswith('PROJCS["CGCS2000_3_Degree_GK_CM_117E"')
    assert pyproj.CRS.from_wkt(projection).to_epsg() == 4548
    assert (tmp_path / FOLDER / f"{stem}.cpg").read_text() == "UTF-8"


@pytest.mark.parametrize(("deliver", "code"), [("plain", 4548), ("prefixed", 4527), ("degrees", 4490)])
def test_every_form_of_coordinates_is_read_back_to_the_same_place(deliver, code, frames, plan, tmp_path):
    plan = plan.model_copy(update={"crs": plan.crs.model_copy(update={"deliver": deliver})})
    layers, log = collect_layers(frames, plan, FaultLog()), FaultLog()
    items = write_shapefiles(layers, plan, tmp_path, log)
    assert not [fault for fault in log.faults if fault.code == "HSQ-D06"]
    write_geopackage(layers, plan, tmp_path)
    for layer, item in zip(layers, items, strict=True):
        projection = (tmp_path / item.path).with_suffix(".prj").read_text()
        assert pyproj.CRS.from_wkt(projection).to_epsg() == code
        table = pyogrio.read_dataframe(tmp_path / PATH, layer=layer.code)
        assert table.crs.to_epsg() == code
        for back in (pyogrio.read_dataframe(tmp_path / item.path), table):
            there = frames[layer.layer.key]
            rows = there[there.geom_type.str.contains(layer.kind.replace("line", "Line"), case=False)]
            moved = shapely.union_all(back.to_crs(4548).geometry.to_numpy())
            given = shapely.union_all(rows.geometry.to_numpy())
            assert shapely.hausdorff_distance(moved, given) < 1e-4 if len(rows) else shapely.is_empty(moved)


def test_areas_are_those_of_the_zone_whatever_is_handed_in(frames, plan):
    areas = []
    for deliver in ("plain", "prefixed", "degrees"):
        crs = plan.crs.model_copy(update={"deliver": deliver})
        layers = collect_layers(frames, plan.model_copy(update={"crs": crs}), FaultLog())
        areas.append(next(layer for layer in layers if layer.code == "HSQ_GHYD").frame["MJ"].tolist())
    assert areas[0] == areas[1] == areas[2] == [10_000.0, 3333.33, 6666.67]


def test_a_wrong_prj_is_told(delivered, plan, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.deliver.shapefile.find_epsg", lambda text: 4547)
    log = FaultLog()
    write_shapefiles(delivered[:1], plan, tmp_path, log)
    assert [(fault.code, fault.severity) for fault in log.faults if fault.field == "crs.deliver"] == [
        ("HSQ-D06", "错误")
    ]


def test_long_text_is_cut_between_characters_and_said(delivered, plan, tmp_path):
    log = FaultLog()
    parcels = next(layer for layer in delivered if layer.code == "HSQ_XZYD")
    item = write_shapefiles([parcels], plan, tmp_path, log)[0]
    assert pyogrio.read_dataframe(tmp_path / item.path)["BZ"][0] == "长" * 84
    fault = log.faults[0]
    assert (fault.code, fault.severity, fault.field) == ("HSQ-D02", "提示", "BZ")
    assert fault.row == parcels.frame["BSM"].iloc[0]
    assert parcels.frame["BZ"].iloc[0] == "长" * 100, "the writer leaves the frame alone"


def test_gbk(frames, plan, tmp_path, make_frame):
    frames["parcel"] = make_frame(
        Parcel,
        [{"id": "p", "number": "1", "landuse_code": "1403", "landuse_name": "广场用地", "area_m2": 1.0,
          "year": 2025, "note": "彭㑇" + "长" * 130}],
        list(frames["parcel"].geometry[:1]),
    )  # fmt: skip
    plan = with_delivery(plan, shp_encoding="GBK")
    log = FaultLog()
    layers = [x for x in collect_layers(frames, plan, FaultLog()) if x.code == "HSQ_XZYD"]
    path = tmp_path / write_shapefiles(layers, plan, tmp_path, log)[0].path
    assert path.with_suffix(".cpg").read_text() == "GBK"
    assert "广场用地".encode("gbk") in path.with_suffix(".dbf").read_bytes()
    # 254 bytes are 127 characters; 㑇 (U+3447) has no place in GBK.
    assert pyogrio.read_dataframe(path)["BZ"][0] == "彭〓" + "长" * 125
    assert [fault.code for fault in log.faults] == ["HSQ-F05", "HSQ-D02"]


def test_a_number_too_wide_is_left_blank_and_said(frames, plan, tmp_path, make_frame):
    rows = [
        {
            "id": f"f{n}",
            "type_key": "canteen",
            "type_name": "社区食堂",
            "radius_m": radius,
            "floor_area_m2": area,
        }
        for n, (radius, area) in enumerate([(999_999, 999_999_999.99), (1_000_000, 1e9), (None, None)])
    ]
    frames["facility"] = make_frame(Facility, rows, [Point(400_000 + n, 3_100_000) for n in range(3)])
    log = FaultLog()
    layers = [x for x in collect_layers(frames, plan, FaultLog()) if x.code == "HSQ_SSD"]
    path = tmp_path / write_shapefiles(layers, plan, tmp_path, log)[0].path
    with fiona.open(path) as file:
        values = [(f["properties"]["FWBJ"], f["properties"]["JZMJ"]) for f in file]
    assert values == [(999_999, 999_999_999.99), (None, None), (None, None)]
    assert sorted((f.code, f.field) for f in log.faults) == [("HSQ-V04", "FWBJ"), ("HSQ-V04", "JZMJ")]


def test_a_point_layer_takes_one_point_a_row(frames, plan, tmp_path, make_frame):
    places = [MultiPoint([(400_001, 3_100_000), (400_002, 3_100_000)]), MultiPoint([(400_003, 3_100_000)])]
    rows = [{"id": f"f{n}", "type_key": "canteen", "type_name": "社区食堂"} for n in range(2)]
    frames["facility"] = make_frame(Facility, rows, places)
    log = FaultLog()
    layers = [x for x in collect_layers(frames, plan, FaultLog()) if x.code == "HSQ_SSD"]
    path = tmp_path / write_shapefiles(layers, plan, tmp_path, log)[0].path
    assert pyogrio.read_dataframe(path).geometry.x.tolist() == [400_001, 400_003]
    assert [fault.code for fault in log.faults] == ["HSQ-G03"]


def test_same_bytes_twice(frames, plan, tmp_path):
    for name in ("a", "b"):
        layers = collect_layers(place_frames(frames, plan), plan, FaultLog())
        write_shapefiles(layers, plan, tmp_path / name, FaultLog())
    files = sorted(p.name for p in (tmp_path / "a" / FOLDER).iterdir())
    assert len(files) == 13 * 7
    for name in files:
        assert (tmp_path / "a" / FOLDER / name).read_bytes() == (tmp_path / "b" / FOLDER / name).read_bytes()


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("{area}", "重名"),
        ("{region}/{layer}", "不允许的字符"),
        ("{town}_{layer}", "用了没有的项：town"),
        ("{layer", "花括号不成对"),
        ("{}_{layer}", "空花括号"),
        ("{layer}" + "长" * 80, "过长"),
    ],
)
def test_patterns_that_cannot_work_are_refused(delivered, plan, tmp_path, pattern, problem):
    with pytest.raises(PlanFaults, match=problem) as caught:
        write_shapefiles(delivered, with_delivery(plan, shp_pattern=pattern), tmp_path, FaultLog())
    assert {fault.code for fault in caught.value.faults} == {"HSQ-C04"}
    assert list((tmp_path / FOLDER).iterdir()) == []


@given(st.text(), st.integers(0, 30), st.sampled_from(["UTF-8", "GBK"]))
def test_cut_text_is_a_start_that_fits(text, width, encoding):
    text = text.encode(encoding, "ignore").decode(encoding)
    cut = cut_text(text, width, encoding)
    assert text.startswith(cut)
    assert len(cut.encode(encoding)) <= width
    following = text[len(cut) : len(cut) + 1]
    assert not following or len((cut + following).encode(encoding)) > width
