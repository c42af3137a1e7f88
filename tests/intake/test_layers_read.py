"""What happens to rows after reading: mended, completed, checked, identified."""

from __future__ import annotations

import random

import geopandas as gpd
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from configs.facilities import facility_classes
from pipeline.stages.load import LOAD

from .conftest import E0, N0, Bench


def square(x: float, y: float, side: float = 100.0) -> Polygon:
    return box(E0 + x, N0 + y, E0 + x + side, N0 + y + side)


def test_small_knot_is_mended_and_reported(bench: Bench) -> None:
    knot = Polygon(
        [(E0, N0), (E0 + 100, N0), (E0 + 100, N0 + 100), (E0 + 50, N0 + 100), (E0 + 50.5, N0 + 100.5), (E0 + 49.5, N0 + 100.5), (E0 + 50, N0 + 100), (E0, N0 + 100)]
    )  # fmt: skip
    assert not knot.is_valid
    bench.vector("用地.gpkg", [knot], {"landuse_code": ["1401"]})
    bench.add("parcel", "用地.gpkg")
    frame = bench.load()["parcel"]
    (fault,) = bench.find("HSQ-G02")
    assert fault.severity == "警告" and "10000" in fault.value and "修复" in fault.action
    assert frame.geometry[0].is_valid and frame["area_m2"][0] == pytest.approx(10_000.5, abs=0.6)


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (None, "HSQ-G01"),
        (Polygon(), "HSQ-G01"),
        (Point(E0, N0), "HSQ-G03"),
        (LineString([(E0, N0), (E0 + 1, N0)]), "HSQ-G03"),
        (Polygon([(E0, N0), (E0 + 10, N0), (E0 + 20, N0), (E0, N0)]), "HSQ-G06"),
    ],
)
def test_shapes_that_cannot_be_parcels(bench: Bench, shape: object, code: str) -> None:
    bench.vector("用地.gpkg", [square(0, 0), shape], {"landuse_code": ["1401", "1401"]})
    bench.add("parcel", "用地.gpkg")
    (fault,) = bench.fail()
    assert (fault.code, fault.row) == (code, "2")


def test_heights_and_single_part_shells_are_flattened(bench: Bench) -> None:
    solid = Polygon([(E0, N0, 5), (E0 + 10, N0, 5), (E0, N0 + 10, 5)])
    bench.vector("用地.gpkg", [MultiPolygon([solid])], {"landuse_code": ["1401"]})
    bench.add("parcel", "用地.gpkg")
    shape = bench.load()["parcel"].geometry[0]
    assert shape.geom_type == "Polygon" and not shape.has_z


def test_repeated_features_are_kept_once_with_a_row_each(bench: Bench) -> None:
    bench.vector(
        "楼.gpkg",
        [square(0, 0), square(200, 0), square(0, 0), square(0, 0)],
        {"name": list("aaab"), "id": list("1234")},
    )
    bench.add("building", "楼.gpkg")
    assert sorted(bench.load()["building"]["id"]) == ["1", "2", "4"]
    same, near = bench.find("HSQ-G04")
    assert (same.row, same.value, same.action) == ("3", "3", "只保留第一个")
    assert (near.row, near.value, near.action) == ("4", "4", "两个都保留") and "重合 100.0%" in near.problem


def test_overlap_and_hole_between_parcels_have_size_and_place(bench: Bench) -> None:
    ring = Polygon(square(0, 0, 300).exterior, [square(100, 100, 100).exterior])
    filler = box(E0 + 100, N0 + 100, E0 + 200, N0 + 190)  # leaves 100 m x 10 m
    over = box(E0 + 290, N0, E0 + 400, N0 + 100)  # 10 m x 100 m on top of the ring
    bench.vector("用地.gpkg", [ring, filler, over], {"landuse_code": ["1401"] * 3, "number": ["A", "B", "C"]})
    bench.add("parcel", "用地.gpkg")
    (overlap,) = bench.fail()
    assert overlap.code == "HSQ-G05" and "“A”与“C”重叠 1000.00 ㎡" in overlap.problem
    assert overlap.x == pytest.approx(E0 + 295) and shapely.from_wkb(overlap.ground).area == pytest.approx(
        1000
    )
    (gap,) = (fault for fault in bench.find("HSQ-G05") if "1000.00 ㎡ 的缝隙" in fault.problem)
    assert "“A”与“B”之间" in gap.problem and gap.y == pytest.approx(N0 + 195) and gap.severity == "警告"


def test_landuse_codes_of_2020_and_lost_zeros(bench: Bench) -> None:
    codes = [701, 1401, 90301, 1313, 1207, None]
    names = [None, None, None, None, "公园绿地", "广场用地"]
    bench.vector(
        "用地.gpkg",
        [square(i * 100, 0) for i in range(6)],
        {"landuse_code": codes, "landuse_name": names, "number": list("abcdef")},
    )
    bench.add("parcel", "用地.gpkg")
    frame = bench.load()["parcel"].set_index("number")
    assert frame["landuse_code"][list("abcdef")].tolist() == ["0701", "1401", "0903", "1312", "1207", "1403"]
    assert frame["landuse_name"]["a"] == "城镇住宅用地" and frame["landuse_name"]["e"] == "城镇村道路用地"
    told = " ".join(f.problem + f.remedy for f in bench.find("HSQ-V07"))
    assert "090301" not in frame["landuse_code"].tolist()
    assert "1313 是 2020 版代码" in told and "不一致" in told and "1401" in told and "前导零" in told


def test_a_stated_area_that_is_not_the_drawn_one(bench: Bench) -> None:
    bench.vector(
        "用地.gpkg",
        [square(0, 0), square(200, 0)],
        {"landuse_code": ["1401"] * 2, "area_m2": [9_000.0, 10_000.4]},
    )
    bench.add("parcel", "用地.gpkg")
    assert bench.load()["parcel"]["area_m2"].tolist() == [10_000.0, 10_000.0]
    (fault,) = bench.find("HSQ-V04")
    assert fault.severity == "警告" and fault.row == "1"


def test_floor_area_is_footprint_times_floors_only_where_absent(bench: Bench) -> None:
    bench.vector(
        "楼.gpkg",
        [square(0, 0), square(200, 0), square(400, 0)],
        {"floors": ["6层", "2", "/"], "floor_area_m2": [None, "1,500㎡", None], "name": list("abc")},
    )
    bench.add("building", "楼.gpkg")
    frame = bench.load()["building"].set_index("name")
    assert frame["floor_area_m2"][list("abc")].fillna(-1).tolist() == [60_000.0, 1_500.0, -1.0]
    assert [f for f in bench.find("HSQ-V02") if "1 栋" in f.problem]


def test_ids_come_from_what_a_row_is(bench: Bench) -> None:
    rows = [[f"店{i}", "超市", E0 + 7 * i, N0] for i in range(20)]

    def ids(order: list[list[object]]) -> dict[str, str]:
        bench.sheet("设施.xlsx", [["name", "type_key", "x", "y"], *order])
        bench.inputs["facility"] = [{"path": "设施.xlsx", "x": "x", "y": "y", "crs": "EPSG:4548"}]
        frame = bench.load()["facility"]
        assert frame["id"].is_unique
        return dict(zip(frame["name"], frame["id"], strict=True))

    first = ids(rows)
    shuffled = rows[:]
    random.Random(3).shuffle(shuffled)
    more = ids([["新店", "超市", E0 - 9, N0], *shuffled])
    assert {name: more[name] for name in first} == first


def test_repeated_keys_are_errors_with_their_rows(bench: Bench) -> None:
    bench.vector("门.gpkg", [Point(E0, N0), Point(E0 + 1, N0), Point(E0 + 2, N0)], {"id": ["1", "2", "1"]})
    bench.add("gate", "门.gpkg")
    (fault,) = bench.fail()
    assert (fault.code, fault.row, fault.value) == ("HSQ-V06", "1、3", "1")


def test_code_lists_closed_and_advisory(bench: Bench) -> None:
    head = ["dimension", "works", "description", "urgency", "origin", "problem"]
    bench.sheet(
        "需求.xlsx",
        [
            head,
            ["舒适宜居", None, "甲", "很急", "问卷", "建设类"],
            [None, "绿色发展工程", "乙", "一般", "问卷", None],
        ],
    )
    bench.add("survey", "需求.xlsx")
    bench.vector("路.gpkg", [LineString([(E0, N0), (E0 + 10, N0)])], {"kind": ["城市支路"]})
    bench.add("road", "路.gpkg")
    faults = bench.fail()
    assert {(f.code, f.row, f.field) for f in faults} == {
        ("HSQ-V05", "2", "urgency"),
        ("HSQ-V02", "3", "problem"),
    }
    advice = [f for f in bench.find("HSQ-V05") if f.severity == "警告"]
    assert advice[0].value == "城市支路" and "支路" in advice[0].remedy


def test_values_and_constants_of_the_config(bench: Bench) -> None:
    bench.vector("路.gpkg", [LineString([(E0, N0), (E0 + 30, N0 + 40)])] * 1, {"DJ": ["巷道"]})
    bench.add(
        "road",
        "路.gpkg",
        columns={"kind": "DJ"},
        values={"kind": {"巷道": "小区路"}},
        constants={"width_m": "4.5m", "walkable": "否"},
    )
    row = bench.load()["road"].iloc[0]
    assert (row["kind"], row["width_m"], row["walkable"], row["length_m"], row["level"]) == (
        "小区路",
        4.5,
        False,
        50.0,
        0,
    )


def test_unrecognised_facility_is_kept_out_and_reported_with_its_place(bench: Bench) -> None:
    rows = [["name", "type_key", "x", "y"], ["老街诊所", "诊所", E0, N0], ["土地庙", "庙宇", E0 + 5, N0]]
    bench.sheet("设施.xlsx", rows)
    bench.add("facility", "设施.xlsx", x="x", y="y", crs="EPSG:4548")
    frame = bench.load()["facility"]
    assert frame["type_key"].tolist() == ["health_station"]
    assert frame["type_name"].tolist() == [facility_classes()["health_station"].name]
    (fault,) = bench.find("HSQ-V08")
    assert (fault.severity, fault.row, fault.value, fault.x) == ("警告", "3", "庙宇", E0 + 5)


def test_the_same_facility_in_two_files_counts_once(bench: Bench) -> None:
    head = ["name", "type_key", "x", "y"]
    bench.sheet("台账.xlsx", [head, ["江湾超市", "超市", E0, N0], ["桥头超市", "超市", E0 + 200, N0]])
    bench.sheet(
        "地图.xlsx",
        [
            head,
            ["江湾生活超市(总店)", "超市", E0 + 8, N0],
            ["江湾超市", "超市", E0 + 300, N0],
            ["江湾超市站", "公交站", E0 + 2, N0],
        ],
    )
    for name in ("台账.xlsx", "地图.xlsx"):
        bench.add("facility", name, x="x", y="y", crs="EPSG:4548")
    assert len(bench.load()["facility"]) == 4
    (fault,) = bench.find("HSQ-G04")
    assert (fault.file, fault.row) == ("地图.xlsx", "2") and "台账.xlsx 第 2 行" in fault.problem


def test_gcj02_file_lands_within_a_decimetre(bench: Bench) -> None:
    from layers.datum import shift_from_wgs84

    true = gpd.GeoSeries([Point(E0 + 100, N0 + 100)], crs=4548)
    degrees = true.to_crs(4490)[0]
    x, y = shift_from_wgs84(degrees.x, degrees.y, datum="gcj02")
    (bench.folder / "点.csv").write_text(
        f"name,type_key,lon,lat\n店,超市,{x[0]:.9f},{y[0]:.9f}\n", encoding="utf-8"
    )
    bench.add("facility", "点.csv", x="lon", y="lat", datum="gcj02")
    assert bench.load()["facility"].distance(true[0])[0] < 0.1
    assert bench.find("HSQ-X05")


def test_every_layer_of_the_stage_is_there_in_one_crs(bench: Bench) -> None:
    frames = bench.load()
    assert set(frames) == {layer.key for layer in LOAD.gives}
    placed = [frames[layer.key] for layer in LOAD.gives if isinstance(frames[layer.key], gpd.GeoDataFrame)]
    assert {str(frame.crs) for frame in placed if len(frame)} == {"EPSG:4548"}


def test_zone_of_the_config_wins_and_is_reported(bench: Bench) -> None:
    bench.plan["crs"] = {"zone": 38}
    frame = bench.load()["community_given"]
    assert frame.crs == "EPSG:4547"
    assert [f for f in bench.find("HSQ-X03") if f.severity == "警告"]
