from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from shapely import Point, box

from layers.areas import measure_area
from layers.claims import judge_claim
from layers.crs import Zone, choose_zone, datum_of, to_plan
from layers.datum import shift_from_wgs84, shift_to_wgs84
from layers.faults import FaultLog
from layers.ground import Ground

from .conftest import E0, N0, Bench

NEAR = (116.858, 28.346)
GEOD = Geod(ellps="WGS84")


@pytest.mark.parametrize(("lon", "meridian"), [(115.499, 114), (115.501, 117), (113.57, 114), (118.47, 117)])
def test_zone_by_longitude(lon: float, meridian: int) -> None:
    assert choose_zone(lon).meridian == meridian


def test_zone_codes() -> None:
    assert [(Zone(n).plain, Zone(n).prefixed) for n in (38, 39)] == [(4547, 4526), (4548, 4527)]


@pytest.mark.parametrize(
    ("code", "datum"),
    [
        (4548, "cgcs2000"),
        (4490, "cgcs2000"),
        (4326, "wgs84"),
        (3857, "wgs84"),
        (2384, "xian80"),
        (2436, "beijing54"),
    ],
)
def test_datum_of(code: int, datum: str) -> None:
    assert datum_of(CRS.from_epsg(code)) == datum
    assert datum_of(CRS.from_wkt(CRS.from_epsg(code).to_wkt("WKT1_ESRI"))) == datum


# The same place under every wrong label, and the line that mends it (values: crs.md section 2).
PLACE = {"plain": (E0, N0), "prefixed": (39_000_000 + E0, N0), "swapped": (N0, E0)}


@pytest.mark.parametrize(
    ("xy", "claim", "near", "first"),
    [
        (PLACE["plain"], 4490, None, "crs: EPSG:4548"),  # metres labelled degrees
        (PLACE["prefixed"], 4548, None, "crs: EPSG:4527"),
        (PLACE["plain"], 4527, None, "crs: EPSG:4548"),
        (PLACE["swapped"], 4548, NEAR, "对调"),
        (PLACE["plain"], 4547, NEAR, "crs: EPSG:4548"),  # neighbouring zone
        (NEAR, 4548, NEAR, "crs: EPSG:4490"),  # degrees labelled metres
        (NEAR[::-1], 4490, NEAR, "对调"),
        (PLACE["plain"], None, NEAR, "crs: EPSG:4548"),
    ],
)
def test_wrong_claims_are_refused_with_the_right_suggestion(xy, claim, near, first) -> None:
    crs = CRS.from_epsg(claim) if claim else None
    verdict = judge_claim(np.array([xy]), crs, ground=near and Ground(near))
    assert verdict.problem
    if near:
        assert first in verdict.guesses[0].line
    else:
        assert any(first in guess.line for guess in verdict.guesses)


@pytest.mark.parametrize(
    ("xy", "said"),
    [
        ((3136871.6, 486008.6), "(3136872, 486009)"),
        ((39486008.6, 3136871.6), "(39486009, 3136872)"),
        ((116.85, 28.0), "(116.85, 28)"),
    ],
)
def test_a_place_is_told_in_plain_figures(xy: tuple[float, float], said: str) -> None:
    assert said in judge_claim(np.array([xy]), None).problem


@pytest.mark.parametrize("claim", [4548, 4527, 4490, 4326, 3857, 4509])
def test_true_claims_are_accepted(claim: int) -> None:
    xy = gpd.GeoSeries([Point(E0, N0)], crs=4548).to_crs(claim)
    assert not judge_claim(np.array([[xy[0].x, xy[0].y]]), CRS.from_epsg(claim), ground=Ground(NEAR)).problem


@pytest.mark.parametrize(
    ("crs", "offset", "declared", "code"),
    [
        ("EPSG:4548", 39e6, None, "HSQ-X02"),
        ("EPSG:4527", 0.0, None, "HSQ-X02"),
        ("EPSG:4548", 39e6, "EPSG:4527", None),
    ],
)
def test_prefix_error_in_a_file(
    bench: Bench, crs: str, offset: float, declared: str | None, code: str | None
) -> None:
    bench.vector("门.gpkg", [Point(E0 + 100 + offset, N0)], {"name": ["东门"]}, crs=crs)
    bench.add("gate", "门.gpkg", **({"crs": declared} if declared else {}))
    if code:
        (fault,) = bench.fail()
        assert fault.code == code and "带号" in fault.remedy
        return
    spot = bench.load()["gate"].geometry[0]
    assert (spot.x, spot.y) == pytest.approx((E0 + 100, N0), abs=1e-6)


def test_every_declared_system_lands_on_the_same_spot(bench: Bench) -> None:
    here = gpd.GeoSeries([Point(E0 + 100, N0 + 100)], crs=4548)
    for code in (4547, 4526, 4527, 4490, 4326, 3857):
        bench.vector(f"{code}.gpkg", list(here.to_crs(code)), {"name": [str(code)]}, crs=code)
        bench.add("gate", f"{code}.gpkg")
    gates = bench.load()["gate"]
    assert len(gates) == 6 and gates.distance(here[0]).max() < 1e-3
    assert len([f for f in bench.find("HSQ-X03") if "WGS84" in f.problem]) == 2


def test_xian80_is_refused_unless_the_config_says_so(bench: Bench) -> None:
    bench.vector("门.gpkg", [Point(E0, N0)], {"name": ["东门"]}, crs=2384)
    bench.add("gate", "门.gpkg")
    (fault,) = bench.fail()
    assert fault.code == "HSQ-X03" and "西安" in fault.problem


def test_csv_without_crs_is_refused_with_the_config_line(bench: Bench) -> None:
    (bench.folder / "门.csv").write_text("name,lon,lat\n东门,116.858,28.346\n", encoding="utf-8")
    bench.add("gate", "门.csv", x="lon", y="lat")
    (fault,) = bench.fail()
    assert fault.code == "HSQ-X01" and "EPSG:4490" in fault.remedy


def test_one_wild_row_is_a_fault_of_that_row(bench: Bench) -> None:
    rows = "name,x,y\n" + "".join(f"门{i},{E0 + i},{N0}\n" for i in range(5)) + f"坏,1e308,{N0}\n零,0,0\n"
    (bench.folder / "门.csv").write_text(rows, encoding="utf-8")
    bench.add("gate", "门.csv", x="x", y="y", crs="EPSG:4548")
    faults = bench.fail()
    assert [(f.code, f.row) for f in faults] == [("HSQ-G11", "7"), ("HSQ-X02", "8")]


def test_areas_are_never_measured_in_degrees() -> None:
    square = gpd.GeoSeries([box(E0, N0, E0 + 100, N0 + 100)], crs=4548)
    assert measure_area(square, rule="planar")[0] == pytest.approx(10_000)
    # 14 km west of the meridian the planar area is larger by 2 * (14e3)^2 / (2 R^2).
    assert measure_area(square, rule="ellipsoidal")[0] == pytest.approx(
        10_000 * (1 - (14e3 / 6.37e6) ** 2), rel=1e-6
    )
    with pytest.raises(ValueError, match="projected"):
        measure_area(square.to_crs(4490), rule="planar")


def test_wgs84_is_shifted_by_nothing() -> None:
    spot = gpd.GeoDataFrame(geometry=[Point(115.858, 28.683)], crs=4326)
    moved = to_plan(spot, CRS.from_epsg(4548)).geometry[0]
    assert (moved.x, moved.y) == pytest.approx((388_382.945, 3_174_669.149), abs=1e-3)


lons, lats = st.floats(73.6, 134.9), st.floats(18.2, 53.5)


@given(lons, lats, st.sampled_from(["gcj02", "bd09"]))
def test_datum_round_trip_is_below_a_millimetre(lon: float, lat: float, datum: str) -> None:
    there = shift_from_wgs84(lon, lat, datum=datum)
    back = shift_to_wgs84(*there, datum=datum)
    assert abs(back[0][0] - lon) < 1e-9 and abs(back[1][0] - lat) < 1e-9
    assert GEOD.inv(lon, lat, back[0][0], back[1][0])[2] < 0.001


@pytest.mark.parametrize(
    ("lon", "lat", "gcj", "bd"),  # measured with another implementation, crs.md section 5
    [(115.858, 28.683, 604, 1151), (114.99, 25.83, 591, 1171), (117.94, 28.45, 617, 1162)],
)
def test_size_of_the_offsets(lon: float, lat: float, gcj: float, bd: float) -> None:
    for datum, size in (("gcj02", gcj), ("bd09", bd)):
        x, y = shift_from_wgs84(lon, lat, datum=datum)
        assert GEOD.inv(lon, lat, x[0], y[0])[2] == pytest.approx(size, abs=25)


def test_outside_china_nothing_moves() -> None:
    x, y = shift_from_wgs84([2.35, 116.4], [48.86, 39.9], datum="gcj02")
    assert (x[0], y[0]) == (2.35, 48.86) and x[1] != 116.4


def test_file_of_a_whole_province_is_not_another_system(bench: Bench) -> None:
    far = [Point(E0 + 100_000 + i, N0 + 200_000) for i in range(5)]
    bench.vector("门.gpkg", [*far, Point(E0, N0)], {"name": [str(i) for i in range(6)]})
    bench.add("gate", "门.gpkg")
    assert len(bench.load()["gate"]) == 6


def test_shapefile_without_prj_and_with_a_local_one(bench: Bench) -> None:
    path = bench.vector("门.shp", [Point(E0, N0)], {"MC": ["东门"]})
    path.with_suffix(".prj").unlink()
    bench.add("gate", "门.shp", columns={"name": "MC"})
    local = bench.vector("路.shp", [Point(E0, N0)], {"MC": ["东门"]})
    local.with_suffix(".prj").write_text('LOCAL_CS["CAD",UNIT["Meter",1.0]]')
    bench.add("gate", "路.shp", columns={"name": "MC"})
    absent, strange = bench.fail()
    assert absent.code == "HSQ-X01" and "EPSG:4548" in absent.remedy
    assert strange.code == "HSQ-X02" and "EPSG:4548" in strange.remedy


def test_both_coordinates_in_one_column(bench: Bench) -> None:
    text = 'name,type_key,place\n甲,幼儿园,"116.860,28.340"\n乙,幼儿园,东门\n丙,幼儿园,\n'
    (bench.folder / "点.csv").write_text(text, encoding="utf-8")
    bench.add("facility", "点.csv", x="place", y="place", crs="EPSG:4490", datum="cgcs2000")
    faults = bench.fail()
    assert [(f.row, f.value) for f in faults if f.code == "HSQ-V03"] == [("3", "东门")]
    (bench.folder / "点.csv").write_text(text.replace("乙,幼儿园,东门\n丙,幼儿园,\n", ""), encoding="utf-8")
    bench.log = FaultLog()
    (place,) = bench.load()["facility"].geometry
    lon, lat = Transformer.from_crs(4548, 4490, always_xy=True).transform(place.x, place.y)
    assert (lon, lat) == (pytest.approx(116.860), pytest.approx(28.340))
