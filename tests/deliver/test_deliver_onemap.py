"""The database's schema against the agreed one, and the common fields of its rows."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from shapely.geometry import GeometryCollection, LineString, Point

from configs import read_rows
from configs.facilities import facility_classes
from layers.faults import FaultLog, PlanFaults
from layers.onemap import delivered_layers, schema_of
from layers.planned import Need, Resource
from layers.reachable import Link
from layers.source import Facility, Parcel
from pipeline.deliver import onemap
from pipeline.deliver.handin import place_frames

AGREED = pd.DataFrame(read_rows("standards/onemap_layers.csv"))
DECLARED = {code: (layer, kind) for code, layer, kind in delivered_layers()}


def by_code(delivered, code):
    return next(layer for layer in delivered if layer.code == code)


@pytest.mark.parametrize("code", sorted(AGREED["layer"].unique()))
def test_schema_is_the_agreed_one(code):
    layer, kind = DECLARED[code]
    declared = [
        (c.spec.onemap, "C" if c.spec.kind == "text" else "N", c.spec.width, c.spec.decimals)
        for c in schema_of(layer, kind)
    ]
    rows = AGREED[AGREED["layer"] == code].sort_values("order", key=lambda s: s.astype(int))
    agreed = [(r.field, r.dbf_type, int(r.width), int(r.decimals)) for r in rows.itertuples(index=False)]
    assert declared == agreed
    assert kind == rows["geometry"].iloc[0]


def test_names_within_a_layer_are_distinct():
    for code, (layer, kind) in DECLARED.items():
        columns = schema_of(layer, kind)
        for form in ([c.spec.onemap for c in columns], [c.spec.alias for c in columns]):
            assert len(set(form)) == len(form), code


def test_every_listed_value_fits_its_field():
    too_long = [
        (code, column.spec.onemap, value)
        for code, (layer, kind) in DECLARED.items()
        for column in schema_of(layer, kind)
        if column.spec.codes is not None
        for value in column.spec.codes.values
        if len(value.encode()) > column.spec.width
    ]
    assert too_long == []


def test_every_standard_name_fits_its_field():
    def longest(values):
        return max(len(value.encode()) for value in values)

    classes = facility_classes()
    landuse = read_rows("standards/landuse_2023.csv")
    assert longest(classes) <= Facility.type_key.spec.width
    assert longest(item.name for item in classes.values()) <= Facility.type_name.spec.width
    assert longest(row["code"] for row in landuse) <= Parcel.landuse_code.spec.width
    assert longest(row["name_zh"] for row in landuse) <= Parcel.landuse_name.spec.width


def test_bsm_counts_over_the_whole_database(delivered):
    numbers = pd.concat([layer.frame["BSM"] for layer in delivered])
    assert numbers.tolist() == [f"3699812026007{n:05d}" for n in range(1, len(numbers) + 1)]


def test_bsm_does_not_depend_on_row_order(frames, plan, delivered):
    turned = {key: frame.iloc[::-1].reset_index(drop=True) for key, frame in frames.items()}
    again = onemap.collect_layers(place_frames(turned, plan), plan, FaultLog())
    for before, after in zip(delivered, again, strict=True):
        pd.testing.assert_frame_equal(before.frame, after.frame)


def test_community_comes_from_position_name_or_plan(delivered):
    assert by_code(delivered, "HSQ_XZYD").frame["SQMC"].tolist() == ["西社区", "东社区"]
    assert by_code(delivered, "HSQ_SSD").frame["SQMC"].tolist() == ["西社区", "社区范围外"]
    assert by_code(delivered, "HSQ_SQBJ").frame["SQMC"].tolist() == ["西社区", "东社区"]
    assert by_code(delivered, "HSQ_GXFW").frame["SQMC"].tolist() == ["云溪街道二社区"]


def test_projects_split_by_kind_and_only_areas_have_an_area(delivered):
    kinds = {code: by_code(delivered, code).frame for code in ("HSQ_XMFBD", "HSQ_XMFBX", "HSQ_XMFBM")}
    assert [frame["XMBH"].tolist() for frame in kinds.values()] == [["C01"], ["A02"], ["A01"]]
    assert ["MJ" in frame.columns for frame in kinds.values()] == [False, False, True]


def test_layers_of_the_guideline_are_there_without_features(frames, plan):
    empty = {key: frame.iloc[:0] for key, frame in frames.items()}
    codes = [layer.code for layer in onemap.collect_layers(empty, plan, FaultLog())]
    assert codes == ["HSQ_GHYD", "HSQ_XMFBD", "HSQ_XMFBM", "HSQ_XMFBX", "HSQ_XZYD"]


def test_ysdm_is_what_the_plan_says(frames, plan):
    delivery = plan.delivery.model_copy(update={"ysdm": {"HSQ_XZYD": "2003010100"}})
    layers = onemap.collect_layers(frames, plan.model_copy(update={"delivery": delivery}), FaultLog())
    assert by_code(layers, "HSQ_XZYD").frame["YSDM"].tolist() == ["2003010100"] * 2
    assert by_code(layers, "HSQ_GHYD").frame["YSDM"].isna().all()


def test_zone_prefix_shifts_eastings_exactly(frames, plan, delivered):
    crs = plan.crs.model_copy(update={"prefix": True})
    shifted = onemap.collect_layers(frames, plan.model_copy(update={"crs": crs}), FaultLog())
    for before, after in zip(delivered, shifted, strict=True):
        assert after.frame.crs.to_epsg() == 4527
        assert (after.frame.bounds.minx - before.frame.bounds.minx == 39_000_000).all()
        assert (after.frame.bounds.miny == before.frame.bounds.miny).all()


def test_rows_left_out_are_counted(frames, plan, make_frame):
    point = {"id": "r3", "number": "Z003", "category": "空间", "name": "屋顶", "place": "A栋屋顶"}
    extra = make_frame(Resource, [point], [Point(400_000, 3_100_000)])
    frames["resource"] = pd.concat([frames["resource"], extra], ignore_index=True)
    log = FaultLog()
    onemap.collect_layers(frames, plan, log)
    found = {(fault.code, fault.layer, fault.severity) for fault in log.faults}
    assert found == {
        ("HSQ-A03", Need.alias, "提示"),
        ("HSQ-A03", Resource.alias, "提示"),
        ("HSQ-G03", Resource.alias, "提示"),
    }


def test_empty_and_mixed_geometries_are_counted_not_written(frames, plan, make_frame):
    rows = [{"id": f"f{n}", "type_key": "canteen", "type_name": "社区食堂"} for n in range(3)]
    mixed = GeometryCollection([Point(400_000, 3_100_000), LineString([(0, 0), (1, 1)])])
    frames["facility"] = make_frame(Facility, rows, [Point(400_000, 3_100_000), Point(), mixed])
    log = FaultLog()
    layers = onemap.collect_layers(frames, plan, log)
    assert len(by_code(layers, "HSQ_SSD").frame) == 1
    found = [(fault.code, fault.problem) for fault in log.faults if fault.layer == Facility.alias]
    assert found == [
        ("HSQ-A03", "各类设施现状点有 1 条没有空间位置"),
        ("HSQ-G03", "各类设施现状点有 1 个混合几何的要素，数据库没有对应的图层"),
    ]


def test_more_features_than_numbers_is_refused(make_frame, plan):
    row = {"layer": "住户点", "object_id": "h", "status": "已接入"}
    one = make_frame(Link, [row | {"id": "k"}], [Point(400_000, 3_100_000)])
    many = one.iloc[[0] * 100_000].reset_index(drop=True)
    with pytest.raises(PlanFaults) as caught:
        onemap.collect_layers({Link.key: many}, plan, FaultLog())
    assert re.match("数据库共有 100000 个要素", caught.value.faults[0].problem)


def test_another_coordinate_system_is_refused(frames, plan):
    frames["parcel"] = frames["parcel"].to_crs(4490)
    with pytest.raises(ValueError, match="3-degree zone"):
        onemap.collect_layers(frames, plan, FaultLog())
