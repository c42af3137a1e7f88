"""What the product writes it reads again as it was; what it mends stays mended and takes no ground in silence."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely import Polygon, box

from layers.cells import fold_text
from layers.crs import to_plan
from layers.evidence import everyday_characters
from layers.faults import FaultLog
from layers.model import Layer
from layers.read.raw import Place
from layers.read.source import read_source
from layers.repair import mend_shapes
from layers.source import Building, Facility, Parcel
from pipeline.cli.anyout import write_any
from pipeline.plan.sources import Source

PLANE, PREFIXED, DEGREES = 4548, 4527, 4490
WORDS = st.lists(st.sampled_from(sorted(everyday_characters())), min_size=2, max_size=20).map("".join)
# Serials of one width, so that none is taken for one that lost its zeros.
SERIALS = st.integers(0, 9999).map(lambda number: f"{number:04d}")
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.none() | WORDS,
            "capacity": st.none() | st.integers(0, 9999),
            "floor_area_m2": st.none() | st.integers(0, 10**8).map(lambda cents: cents / 100),
            "east": st.floats(-900, 900),
            "north": st.floats(-900, 900),
        }
    ),
    min_size=1,
    max_size=8,
)
E0, N0 = 487_000.0, 3_137_000.0
QUICK = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def make_frame(rows: list[dict[str, object]]) -> gpd.GeoDataFrame:
    """Return typed rows with points near the middle of the sample."""
    table = pd.DataFrame(rows)
    frame = pd.DataFrame(
        {
            "id": pd.Series([f"F{at:03d}" for at in range(len(rows))], dtype="str"),
            "name": table["name"].astype("str").where(table["name"].notna()),
            "floor_area_m2": table["floor_area_m2"].astype("float64"),
            "capacity": table["capacity"].astype("float64"),
        }
    )
    points = shapely.points(E0 + table["east"], N0 + table["north"])
    return gpd.GeoDataFrame(frame, geometry=points, crs=PLANE)


def read_again(path: Path, layer: type[Layer], **source: object) -> tuple[gpd.GeoDataFrame, FaultLog]:
    """Read a file as rows of a layer, in the plan's system."""
    log = FaultLog()
    given_source = Source.model_validate({"path": path, **source})
    taken = read_source(given_source, layer, resolve=lambda item: item, log=log)
    assert taken is not None, log.faults
    return to_plan(taken.frame, CRS.from_epsg(PLANE)), log


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".geojson", ".csv", ".xlsx"])
@QUICK
@given(rows=ROWS)
def test_rows_come_back_from_every_format(
    suffix: str, rows: list[dict[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    frame = make_frame(rows)
    names = frame["name"].dropna()
    assume(fold_text(names).equals(names))  # 不详 and the like mean blank
    path = tmp_path_factory.mktemp("往返") / f"设施{suffix}"
    log = FaultLog()
    write_any(frame, path, log)
    columns = {"floor_area_m2": "floor_area"} if suffix == ".shp" else {}
    places = {"x": "东坐标", "y": "北坐标", "crs": f"EPSG:{PLANE}"} if suffix in (".csv", ".xlsx") else {}
    if suffix == ".geojson":
        places = {"datum": "cgcs2000"}
    made, said = read_again(path, Facility, columns=columns, **places)
    assert not said.errors and not [fault for fault in said.faults if fault.severity == "警告"]
    assert made["id"].tolist() == frame["id"].tolist()
    for name in ("name", "floor_area_m2", "capacity"):
        assert made[name].isna().tolist() == frame[name].isna().tolist(), name
        assert made[name].dropna().tolist() == frame[name].dropna().tolist(), name
    away = shapely.distance(made.geometry.to_numpy(), frame.geometry.to_numpy())
    assert away.max() < 1e-3


@QUICK
@given(rows=ROWS, way=st.permutations([PLANE, PREFIXED, DEGREES]))
def test_coordinates_there_and_back(
    rows: list[dict[str, object]], way: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Plain, with the zone's number, in degrees, in any order: less than a millimetre is lost on the whole way."""
    frame = make_frame(rows)
    folder = tmp_path_factory.mktemp("坐标")
    for at, code in enumerate([*way, PLANE]):
        path = folder / f"{at}.gpkg"
        moved = frame.to_crs(code)
        write_any(moved, path, FaultLog())
        again = gpd.read_file(path)
        assert again.crs.to_epsg() == code
        made, said = read_again(path, Facility, datum="cgcs2000")
        assert not said.errors
        limit = 1e-9 if code == DEGREES else 1e-3
        gap = shapely.get_coordinates(again.geometry) - shapely.get_coordinates(moved.geometry)
        assert np.abs(gap).max() < limit
        assert shapely.distance(made.geometry.to_numpy(), frame.geometry.to_numpy()).max() < 1e-3
        frame = frame.set_geometry(gpd.GeoSeries(made.geometry.to_numpy(), crs=PLANE))


@QUICK
@given(
    serials=st.lists(SERIALS, min_size=2, max_size=8, unique=True),
    suffix=st.sampled_from([".csv", ".xlsx", ".shp"]),
)
def test_leading_zeros_come_back(
    serials: list[str], suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shapes = [box(E0 + 20 * at, N0, E0 + 20 * at + 20, N0 + 20) for at in range(len(serials))]
    frame = gpd.GeoDataFrame({"number": serials, "landuse_code": "070102"}, geometry=shapes, crs=PLANE)
    path = tmp_path_factory.mktemp("编号") / f"用地{suffix}"
    write_any(frame, path, FaultLog())
    columns = {} if suffix != ".shp" else {"landuse_code": "landuse_co"}
    places = {"wkt": "WKT", "crs": f"EPSG:{PLANE}"} if suffix != ".shp" else {}
    made, said = read_again(path, Parcel, columns=columns, **places)
    assert not said.errors and made["number"].tolist() == serials
    assert made["landuse_code"].tolist() == ["070102"] * len(serials)
    assert made.geometry.area.sum() == pytest.approx(400 * len(serials), abs=0.02)


KNOTS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda xy: (xy[0] / 2, xy[1] / 2)),
    min_size=4,
    max_size=9,
)


@settings(QUICK, max_examples=30)
@given(rings=st.lists(KNOTS, min_size=1, max_size=5))
def test_mending_twice_is_mending_once_and_no_ground_goes_in_silence(
    rings: list[list[tuple[float, float]]],
) -> None:
    shapes = [Polygon([(E0 + 30 * at + x, N0 + y) for x, y in ring]) for at, ring in enumerate(rings)]
    frame = gpd.GeoDataFrame({"id": [f"J{at}" for at in range(len(shapes))]}, geometry=shapes, crs=PLANE)
    frame.index = range(1, len(frame) + 1)
    log = FaultLog()
    once = mend_shapes(frame, Building, Place("楼.gpkg", Building.alias, log))
    told = {row for fault in log.faults for row in fault.row.split("、")}
    for row in frame.index:
        before = frame.geometry[row].area
        after = once.geometry[row].area if row in once.index else None
        if after is None or abs(after - before) > 1e-6:
            assert str(row) in told, (row, before, after)
    assert once.geometry.is_valid.all()
    second = FaultLog()
    twice = mend_shapes(once, Building, Place("楼.gpkg", Building.alias, second))
    assert twice.index.tolist() == once.index.tolist()
    assert shapely.equals_exact(twice.geometry.to_numpy(), once.geometry.to_numpy()).all()
    assert not [
        fault for fault in second.faults if fault.severity != "提示" and "近似重复" not in fault.problem
    ]
