"""Every trap of ``standards/crs.md``: refused with the line that mends it, and the line mends it.

Places are worked out by pyproj and by the published formulas, never by the code under test.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from layers.datum import shift_from_wgs84, shift_to_wgs84
from layers.faults import FaultLog
from layers.plain import Spot
from layers.read.inspection import Inspection, inspect_raw
from layers.read.locate import locate_rows
from layers.read.raw import Place, Raw
from pipeline.plan.sources import Source

from .oracle import WEB_MAPS
from .towns import MIDDLE, build_houses, build_town, frame_of

GEOD = Geod(ellps="GRS80")
TOWN = build_town(4, 250)
HOUSES = build_houses(TOWN, 4, 200)
OUTLINE = shapely.box(*shapely.total_bounds([*TOWN.lines, *HOUSES])).buffer(1)
GROUND = TOWN.ground.with_areas([frame_of(np.array([OUTLINE]))])


def look(
    shapes: object, claim: int | CRS | None, *, ground: object = GROUND, **said: str
) -> tuple[Inspection, FaultLog]:
    """Inspect shapes stored under a claim."""
    values = np.asarray(shapes, dtype=object)
    table = pd.DataFrame(index=range(len(values)))
    crs = CRS.from_user_input(claim) if claim is not None else None
    raw = Raw(table, pd.Series(values, dtype=object), crs)
    log = FaultLog()
    found = inspect_raw(
        raw, Source.model_validate({"path": "x.shp", **said}), Place("x.shp", "", log), ground=ground
    )
    return found, log


def land(shapes: object, claim: int | CRS | None, **said: str) -> gpd.GeoDataFrame | None:
    """Take shapes the way a plan does; in the town's CRS."""
    values = np.asarray(shapes, dtype=object)
    table = pd.DataFrame(index=range(len(values)))
    crs = CRS.from_user_input(claim) if claim is not None else None
    raw = Raw(table, pd.Series(values, dtype=object), crs)
    source = Source.model_validate({"path": "x.shp", **said})
    frame = locate_rows(source, Spot, table.copy(), raw, Place("x.shp", "", FaultLog()), ground=GROUND)
    return None if frame is None else frame.to_crs(4548)


def project(shapes: np.ndarray, code: int | str) -> np.ndarray:
    """Transform shapes of the town by pyproj alone."""
    made = Transformer.from_crs(4548, code, always_xy=True)
    return shapely.transform(shapes, lambda xy: np.column_stack(made.transform(xy[:, 0], xy[:, 1])))


def swap(shapes: np.ndarray) -> np.ndarray:
    return shapely.transform(shapes, lambda xy: xy[:, ::-1])


def move_by_web_map(shapes: np.ndarray, datum: str) -> np.ndarray:
    """Shift shapes of the town by the published formulas; degrees."""
    formula = WEB_MAPS[datum]
    return shapely.transform(project(shapes, 4490), lambda xy: np.array([formula(*spot) for spot in xy]))


def lie_apart(left: gpd.GeoDataFrame, right: np.ndarray) -> float:
    """Longest way between a vertex and where it should be, metres."""
    xy = shapely.get_coordinates(left.geometry.to_numpy()) - shapely.get_coordinates(right)
    return float(np.hypot(*xy.T).max())


# What is stored, what the file claims, and the line that is right.
TRAPS = {
    "metres labelled degrees": (4548, 4490, "crs: EPSG:4548"),
    "degrees labelled metres": (4490, 4548, "crs: EPSG:4490"),
    "prefixed easting under an unprefixed claim": (4527, 4548, "crs: EPSG:4527"),
    "unprefixed easting under a prefixed claim": (4548, 4527, "crs: EPSG:4548"),
    "neighbouring zone": (4548, 4547, "crs: EPSG:4548"),
    "its own zone is the neighbour": (4547, 4548, "crs: EPSG:4547"),
    "neighbouring zone, prefixed": (4526, 4527, "crs: EPSG:4526"),
    "Web Mercator under a zone": (3857, 4548, "crs: EPSG:3857"),
    "zone under Web Mercator": (4548, 3857, "crs: EPSG:4548"),
    "Web Mercator labelled degrees": (3857, 4326, "crs: EPSG:3857"),
    "6-degree zone with prefix": (4498, 4548, "crs: EPSG:4498"),
    "nothing claimed": (4548, None, "crs: EPSG:4548"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_wrong_label_is_refused_and_its_first_suggestion_is_right(trap):
    stored, claim, line = TRAPS[trap]
    shapes = project(HOUSES, stored)
    assert land(shapes, claim) is None
    found, log = look(shapes, claim)
    assert found.state == "refused" and log.errors[0].code in {"HSQ-X01", "HSQ-X02"}
    first = found.suggestions[0]
    assert first.line.startswith(line) and "EPSG" in log.errors[0].remedy
    assert first.inside == 1.0 and first.distance_m == 0.0
    # Whoever writes the line has the town where it is.
    landed = land(shapes, claim, crs=line.removeprefix("crs: "))
    assert landed is not None and lie_apart(landed, HOUSES) < 0.01


@pytest.mark.parametrize("stored", [4548, 4527, 4490])
def test_swapped_axes_are_refused_and_named(stored):
    shapes = swap(project(HOUSES, stored))
    assert land(shapes, stored) is None
    found, _ = look(shapes, stored)
    assert found.state == "refused" and "对调" in found.look
    assert "对调" in found.suggestions[0].label and f"EPSG:{stored}" in found.suggestions[0].line


def test_swapped_columns_of_a_table_are_named_the_other_way_round():
    spots = shapely.get_coordinates(shapely.centroid(HOUSES))
    table = pd.DataFrame({"X": spots[:, 1], "Y": spots[:, 0]})  # surveyors' X is north
    log = FaultLog()
    source = Source.model_validate({"path": "t.csv", "x": "X", "y": "Y", "crs": "EPSG:4548"})
    found = inspect_raw(Raw(table), source, Place("t.csv", "", log), ground=GROUND)
    assert found.state == "refused"
    assert found.suggestions[0].line == "crs: EPSG:4548，x: Y、y: X"
    turned = Source.model_validate({"path": "t.csv", "x": "Y", "y": "X", "crs": "EPSG:4548"})
    assert inspect_raw(Raw(table), turned, Place("t.csv", "", FaultLog()), ground=GROUND).state == "good"


@pytest.mark.parametrize("code", [4548, 4527, 4547, 4526, 4498, 4509, 4490, 4326, 3857])
def test_true_labels_are_taken_and_land_on_the_spot(code):
    landed = land(project(HOUSES, code), code)
    assert landed is not None
    assert lie_apart(landed, HOUSES) < 0.01


@pytest.mark.parametrize(
    ("code", "word"), [(2384, "1980 西安"), (2436, "1954 北京"), (4610, "1980 西安"), (4214, "1954 北京")]
)
def test_old_datums_are_refused_unless_the_config_takes_them(code, word):
    shapes = project(HOUSES, CRS.from_epsg(code))
    found, log = look(shapes, code)
    assert found.state == "refused" and found.suggestions[0].line == f"crs: EPSG:{code}"
    assert log.errors[0].code == "HSQ-X03" and word in log.errors[0].problem
    taken, log = look(shapes, code, crs=f"EPSG:{code}")
    assert taken.state == "good"
    assert any(fault.severity == "警告" and fault.code == "HSQ-X03" for fault in log.faults)


@pytest.mark.parametrize(
    ("ellipsoid", "towgs84"),
    [("IAU76", "24,-123,-94,0.02,-0.25,0.13,1.1"), ("krass", "15.8,-154.4,-82.3,0,0,0,0")],
)
def test_an_old_datum_under_a_new_label_is_seen_as_a_shift(ellipsoid, towgs84):
    """Numbers of Xian 1980 or Beijing 1954 (parameters of some place) with a .prj of CGCS2000."""
    text = f"+proj=tmerc +lat_0=0 +lon_0=117 +k=1 +x_0=500000 +ellps={ellipsoid} +towgs84={towgs84} +type=crs"
    made = Transformer.from_crs("EPSG:32650", text, always_xy=True)
    utm = project(HOUSES, 32650)
    shapes = shapely.transform(utm, lambda xy: np.column_stack(made.transform(xy[:, 0], xy[:, 1])))
    apart = shapely.get_coordinates(shapes) - shapely.get_coordinates(HOUSES)
    length = np.hypot(*apart.T).mean()
    assert 30 < length < 240  # what pyproj says, and what such a mistake costs
    found, log = look(shapes, 4548)
    assert found.state == "refused" and log.errors[0].code == "HSQ-X02"
    assert "1980西安" in log.errors[0].problem
    best = max(found.suggestions, key=lambda item: item.strength or 0)
    assert best.offset_m == pytest.approx(length, abs=12)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_web_map_is_found_reported_and_taken_out_once(datum):
    stored = move_by_web_map(HOUSES, datum)
    landed = land(stored, 4326)
    assert landed is not None and lie_apart(landed, HOUSES) < 0.1
    found, log = look(stored, 4326)
    assert found.state == "mended" and found.suggestions[0].line == f"datum: {datum}"
    lon, lat = MIDDLE
    size = GEOD.inv(lon, lat, *WEB_MAPS[datum](lon, lat))[2]
    assert found.suggestions[0].offset_m == pytest.approx(size, abs=15)
    assert found.sample == len(HOUSES) and (found.suggestions[0].gain or 0) > 1
    (warning,) = [fault for fault in log.faults if fault.severity == "警告"]
    assert f"datum: {datum}" in warning.remedy and "样本" in warning.problem and "提高" in warning.problem
    # Declared, the same comes out, and only once.
    declared = land(stored, 4326, datum=datum)
    assert declared is not None and lie_apart(declared, HOUSES) < 0.1


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_an_offset_is_never_taken_out_twice(datum):
    mended = land(move_by_web_map(HOUSES, datum), 4326)
    assert mended is not None
    for code in (4548, 4490):
        again = mended.to_crs(code).geometry.to_numpy()
        kept = land(again, code)
        assert kept is not None and lie_apart(kept, HOUSES) < 0.1
        assert land(again, code, datum=datum) is None
        found, log = look(again, code, datum=datum)
        assert found.state == "refused"
        assert "没有偏移" in log.errors[0].problem and "datum: cgcs2000" in log.errors[0].remedy


@pytest.mark.parametrize("code", [4326, 4490, 3857, 32650, 4548])
def test_what_is_not_shifted_is_not_shifted(code):
    for shapes in (HOUSES, TOWN.points):
        found, _ = look(project(shapes, code), code)
        assert found.state == "good"
        landed = land(project(shapes, code), code)
        assert landed is not None and lie_apart(landed, shapes) < 0.01


def test_a_declared_wgs84_is_obeyed_and_doubted():
    stored = move_by_web_map(HOUSES, "gcj02")
    landed = land(stored, 4326, datum="wgs84")
    assert landed is not None and lie_apart(landed, HOUSES) > 500
    found, log = look(stored, 4326, datum="wgs84")
    assert found.state == "good" and "不合" in found.verdict
    assert any("gcj02" in fault.remedy for fault in log.faults)


def test_the_wrong_web_map_is_refused_with_the_right_one():
    found, log = look(move_by_web_map(HOUSES, "bd09"), 4326, datum="gcj02")
    assert found.state == "refused" and "datum: bd09" in log.errors[0].remedy


def test_unclaimed_degrees_are_taken_only_where_the_ground_proves_them():
    stored = move_by_web_map(HOUSES, "gcj02")
    found, _ = look(stored, None)
    assert found.state == "good" and found.suggestions[0].line == "crs: EPSG:4490，datum: gcj02"
    landed = land(stored, None)
    assert landed is not None and lie_apart(landed, HOUSES) < 0.1
    few, log = look(stored[:8], None)
    assert few.state == "refused" and "datum" in log.errors[0].remedy


def test_rows_of_another_zone_among_the_rest_are_named():
    mixed = np.concatenate([HOUSES[:100], project(HOUSES[100:130], 4527), HOUSES[130:]])
    found, log = look(mixed, 4548)
    (fault,) = log.errors
    assert found.state == "refused" and "30 行" in fault.problem and "EPSG:4527" in fault.remedy


def test_without_anything_to_compare_the_numbers_must_still_agree():
    assert look(HOUSES, 4490, ground=None)[0].state == "refused"
    found, _ = look(project(HOUSES, 4490), 4326, ground=None)
    assert found.state == "good" and "无法判断" in found.verdict


def test_nothing_with_a_place():
    found, log = look([None, shapely.Point()], 4548)
    assert (found.state, found.rows, found.placed) == ("refused", 2, 0)
    assert log.errors[0].code == "HSQ-G01"


lons, lats = st.floats(73.6, 134.9), st.floats(18.2, 53.5)


@given(lons, lats, st.sampled_from(["gcj02", "bd09"]))
def test_the_published_formulas_agree_and_are_inverted_below_ten_centimetres(lon, lat, datum):
    x, y = WEB_MAPS[datum](lon, lat)
    ours = shift_from_wgs84(lon, lat, datum=datum)
    assert GEOD.inv(x, y, ours[0][0], ours[1][0])[2] < 1e-5
    back = shift_to_wgs84(x, y, datum=datum)
    assert GEOD.inv(lon, lat, back[0][0], back[1][0])[2] < 0.1
    # The published inverse of one step is off by up to a metre or two; ours is not that one.
    assert GEOD.inv(x, y, *WEB_MAPS[datum](back[0][0], back[1][0]))[2] < 1e-4
