"""Web-map offsets and other shifts found by the ground: on random towns, and on open data nobody here drew."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS
from shapely import affinity

from layers.faults import FaultLog
from layers.ground import Ground
from layers.offset_evidence import Offset
from layers.offsets import judge_offset
from layers.read.osm import TAGS, Extract, read_osm
from tests.real import NAMED, REAL, is_there

from .towns import E0, MIDDLE, N0, Town, build_grid, build_houses, build_town, frame_of, shift

DEGREES = CRS.from_epsg(4490)
PLANE = CRS.from_epsg(4548)
SIZES = (20, 50, 200, 1000)
TOWNS = 10


def judge(town: Town, shapes: gpd.GeoSeries) -> Offset:
    return judge_offset(shapes, DEGREES, town.ground)


@pytest.fixture(scope="module")
def verdicts() -> dict[tuple[int, str], list[Offset]]:
    """Verdicts on forty towns, ten a sample size: as they are, shifted either way, and points anywhere.

    Fifty towns a size, other kinds of data and samples of open data: ``benchmarks.coordinates``.
    """
    found: dict[tuple[int, str], list[Offset]] = {}
    for seed in range(TOWNS * len(SIZES)):
        count = SIZES[seed % 4]
        town = build_town(seed // 4 + 1000 * (seed % 4), count)
        ground = town.ground
        anywhere = np.random.default_rng(seed).random((count, 2)) * 2000 + (E0, N0)
        cases = {
            "as_is": shift(town.points, None),
            "gcj02": shift(town.points, "gcj02"),
            "bd09": shift(town.points, "bd09"),
            "anywhere": shift(shapely.points(anywhere), None),
        }
        for truth, shapes in cases.items():
            found.setdefault((count, truth), []).append(judge_offset(shapes, DEGREES, ground))
    return found


@pytest.mark.parametrize("truth", ["as_is", "anywhere"])
def test_what_is_not_shifted_is_never_called_shifted(verdicts, truth):
    states = Counter(
        offset.state for (_, name), items in verdicts.items() if name == truth for offset in items
    )
    assert sum(states.values()) == TOWNS * len(SIZES)
    assert set(states) <= {"as_is", "unclear", "few"}


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_shift_is_never_taken_for_another(verdicts, datum):
    found = [offset for (_, name), items in verdicts.items() if name == datum for offset in items]
    assert {offset.reading for offset in found if offset.state in {"shifted", "suspect"}} == {datum}
    assert not [offset for offset in found if offset.state in {"as_is", "ground", "displaced"}]


def test_too_few_points_are_never_judged(verdicts):
    assert {offset.state for (count, _), items in verdicts.items() if count == 20 for offset in items} == {
        "few"
    }


# Measured on 50 towns a size (benchmarks/README.md): shops beside roads 50 of them 2 %, 200 55 %, 1,000 96 % applied.
@pytest.mark.parametrize(("count", "applied", "noticed"), [(200, 0.4, 0.5), (1000, 0.9, 0.9)])
@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_enough_points_show_their_shift(verdicts, datum, count, applied, noticed):
    states = Counter(offset.state for offset in verdicts[count, datum])
    assert states["shifted"] / TOWNS >= applied
    assert (states["shifted"] + states["suspect"]) / TOWNS >= noticed


def test_the_size_of_the_shift_is_told(verdicts):
    for datum, size in (("gcj02", 607), ("bd09", 1148)):
        sure = [offset for offset in verdicts[1000, datum] if offset.state == "shifted"]
        assert all(abs(offset.offset_m - size) < 15 for offset in sure)
        assert (
            "提高" in sure[0].evidence
            and "阈值" in sure[0].evidence
            and "样本 1000 个要素" in sure[0].evidence
        )


@pytest.mark.parametrize(("count", "applied"), [(40, 0.15), (200, 1.0)])
def test_houses_show_their_shift(count, applied):
    """No road runs through a house; measured on 16 towns: 40 houses 38 %, 80 63 %, 120 97 %, 200 all."""
    states: Counter[str] = Counter()
    for seed in range(8):
        town = build_town(seed, 30)
        ground, houses = town.ground, build_houses(town, seed, count)
        assert judge_offset(shift(houses, None), DEGREES, ground).state in {"as_is", "unclear"}
        for datum in ("gcj02", "bd09"):
            offset = judge_offset(shift(houses, datum), DEGREES, ground)
            assert offset.state in {"shifted", "suspect", "unclear"} and offset.reading in {datum, ""}
            states[offset.state] += 1
    assert states["shifted"] / 16 >= applied


@pytest.mark.parametrize("seed", range(5))
def test_houses_make_points_speak(seed):
    """Points in houses show their shift where roads alone leave it open, however far back from the road."""
    town = build_town(seed, 30)
    houses = build_houses(town, seed, 300)
    ground = town.ground.with_buildings([frame_of(houses)])
    spots = shapely.centroid(np.random.default_rng(seed).choice(houses, 50, replace=False))
    assert judge_offset(shift(spots, None), DEGREES, ground).state == "as_is"
    for datum in ("gcj02", "bd09"):
        offset = judge_offset(shift(spots, datum), DEGREES, ground)
        assert (offset.state, offset.reading) == ("shifted", datum)


def test_projected_from_shifted_degrees():
    """A file in honest metres can come from web-map degrees."""
    town = build_town(5, 30)
    shapes = shift(build_houses(town, 5, 150), "gcj02").to_crs(4548)
    offset = judge_offset(shapes, PLANE, town.ground)
    assert (offset.state, offset.reading) == ("shifted", "gcj02")


@pytest.mark.parametrize(("code", "claim", "reading"), [(32650, 4548, "utm"), (4548, 32650, "gk")])
def test_utm_and_gauss_krueger_are_told_apart(code, claim, reading):
    """Both have six-digit eastings; they lie 1.25 km apart in northing here."""
    town = build_town(6, 30)
    shapes = gpd.GeoSeries(build_houses(town, 6, 150), crs=4548).to_crs(4490)
    shapes = shapes.set_crs(4326 if code == 32650 else 4490, allow_override=True).to_crs(code)
    offset = judge_offset(shapes.set_crs(claim, allow_override=True), CRS.from_epsg(claim), town.ground)
    assert (offset.state, offset.reading) == ("shifted", reading)
    assert abs(offset.north_m) == pytest.approx(1255, abs=10)


@pytest.mark.parametrize(("east", "north"), [(90, -60), (-45, 110), (25, 15)])
def test_a_datum_mistaken_for_another_is_a_shift_as_a_whole(east, north):
    """Xian 1980 or Beijing 1954 read as CGCS2000: tens of metres to a hundred and more."""
    town = build_town(8, 30)
    houses = gpd.GeoSeries(build_houses(town, 8, 200), crs=4548).translate(east, north)
    offset = judge_offset(houses, PLANE, town.ground)
    assert offset.state == "displaced"
    assert np.hypot(offset.east_m - east, offset.north_m - north) < 12


@pytest.mark.parametrize(("east", "north"), [(-115, 5), (83, -31), (0, 0), (12, 3)])
def test_streets_moved_by_a_block_still_show_it(east, north):
    """They meet other streets there, which is a fit; it is nothing to the fit they could have."""
    folder = Path(__file__).parents[2] / "data/sample/输入"
    streets = gpd.read_file(folder / "道路.gpkg", layer="道路")
    ground = Ground(MIDDLE).with_areas([gpd.read_file(folder / "社区边界.shp")]).with_roads([streets])
    offset = judge_offset(streets.geometry.translate(east, north), PLANE, ground)
    if np.hypot(east, north) < 25:
        assert offset.state == "as_is"
    else:
        assert offset.state == "displaced"
        assert np.hypot(offset.east_m - east, offset.north_m - north) < 4


@pytest.mark.parametrize("apart", [None, 150.0])
@pytest.mark.parametrize("seed", range(3))
def test_parcels_set_back_from_a_grid_of_streets_are_not_displaced(seed, apart):
    """They fit the streets once half a street is taken off, to whichever side."""
    lines, parcels = build_grid(seed, apart=apart)
    ground = Ground(MIDDLE).with_roads([frame_of(lines)])
    for shapes in (parcels, shapely.boundary(parcels)):
        assert judge_offset(gpd.GeoSeries(shapes), PLANE, ground).state in {"as_is", "unclear"}
    if apart is None:
        moved = judge_offset(gpd.GeoSeries(parcels).translate(-110, 40), PLANE, ground)
        assert moved.state == "displaced"


def test_a_shifted_network_is_to_blame():
    town = build_town(9, 30)
    ground = Ground(MIDDLE).with_roads([gpd.GeoDataFrame(geometry=shift(town.lines, "gcj02"))])
    offset = judge_offset(shift(build_houses(town, 9, 150), None), DEGREES, ground)
    assert (offset.state, offset.reading) == ("ground", "gcj02")
    assert offset.offset_m == pytest.approx(607, abs=15)


def test_the_network_is_judged_by_the_boundary():
    """Communities end at streets: eight blocks of a town give the roads away."""
    town = build_town(2, 30)
    blocks = shapely.get_parts(shapely.polygonize(town.lines))
    blocks = blocks[np.argsort(shapely.distance(blocks, shapely.Point(E0 + 1000, N0 + 1000)))][:60]
    ground = Ground(MIDDLE).with_areas([frame_of(blocks)])
    assert judge_offset(shift(town.lines, None), DEGREES, ground).state == "as_is"
    for datum in ("gcj02", "bd09"):
        offset = judge_offset(shift(town.lines, datum), DEGREES, ground)
        assert (offset.state, offset.reading) == ("shifted", datum)


def test_points_clipped_to_the_outline_show_their_shift():
    outline = shapely.Point(E0 + 1000, N0 + 1000).buffer(800)
    ground = Ground(MIDDLE).with_areas([frame_of(np.array([outline]))])
    rng = np.random.default_rng(1)
    spots = shapely.points(rng.random((1500, 2)) * 2000 + (E0, N0))
    inside = spots[shapely.contains(outline, spots)][:300]
    assert judge_offset(shift(inside, None), DEGREES, ground).state == "as_is"
    assert judge_offset(shift(inside, "gcj02"), DEGREES, ground).reading == "gcj02"
    # Data of a wider area have no edge to go by.
    assert judge_offset(shift(spots, "gcj02"), DEGREES, ground).state == "unclear"


def test_too_little_to_judge():
    town = build_town(1, 40)
    assert judge(town, shift(town.points[:29], "gcj02")).state == "few"
    assert judge_offset(shift(town.points, None), DEGREES, None).state == "no_ground"
    assert judge_offset(shift(town.points, None), DEGREES, Ground(MIDDLE)).state == "no_ground"
    assert judge(town, gpd.GeoSeries([None, shapely.Point()], crs=4490)).state == "few"
    far = gpd.GeoSeries(town.points, crs=4548).translate(500_000)
    assert judge_offset(far, PLANE, town.ground).state == "few"


def test_a_shape_fallen_in_on_one_point_is_no_outline_to_compare():
    """GEOS subdivides no line without length; beside other parcels or alone, whole or as a part."""
    outline = shapely.box(E0, N0, E0 + 500, N0 + 500)
    ground = Ground(MIDDLE).with_areas([frame_of(np.array([outline]))])
    spot = shapely.Polygon([(E0 + 9, N0 + 9)] * 4)
    parcels = shapely.box(E0 + np.arange(40) * 10, N0, E0 + np.arange(40) * 10 + 10, N0 + 20)
    mixed = shapely.MultiPolygon([spot, parcels[0]])
    for shapes in ([*parcels, spot], [*parcels, mixed], [spot] * 40):
        assert judge_offset(gpd.GeoSeries(shapes, crs=4548), PLANE, ground).state in {"as_is", "unclear"}


def test_the_verdict_does_not_depend_on_the_run():
    town = build_town(11, 250)
    first, second = (judge(town, shift(town.points, "gcj02")) for _ in range(2))
    assert first == second


def test_a_hundred_thousand_points_are_sampled():
    town = build_town(12, 250)
    rng = np.random.default_rng(0)
    many = rng.choice(town.points, 100_000)
    many = shapely.transform(many, lambda xy: xy + rng.normal(0, 2, xy.shape))
    offset = judge(town, shift(many, "gcj02"))
    assert (offset.state, offset.sample, offset.features) == ("shifted", 1000, 100_000)


@pytest.fixture(scope="module")
def places() -> dict[str, Extract]:
    """Two towns of open data."""
    if not is_there():
        pytest.skip(f"SKIPPED: HAOSHEQU_REAL={NAMED!r} names no folder: no open data at hand")
    names = {"guixi": "guixi_20241118.osm.bz2", "tsinghua": "beijing_tsinghua_2017.osm.bz2"}
    return {key: read_osm(REAL / key / name, FaultLog()) for key, name in names.items()}


def pick(frame: gpd.GeoDataFrame, *keys: str) -> gpd.GeoDataFrame:
    return frame[[any(key in tags for key in keys) for tags in frame[TAGS]]]


def put(shapes: gpd.GeoSeries, datum: str | None) -> gpd.GeoSeries:
    return shift(shapes.to_crs(4548).to_numpy(), datum)


def ground_of(extract: Extract, *, buildings: bool = False) -> Ground:
    roads = pick(extract.ways, "highway")
    west, south, east, north = roads.total_bounds
    ground = Ground(((west + east) / 2, (south + north) / 2)).with_roads([roads])
    return ground.with_buildings([pick(extract.areas, "building")]) if buildings else ground


@pytest.mark.parametrize("town", ["guixi", "tsinghua"])
@pytest.mark.parametrize("datum", [None, "gcj02", "bd09"])
def test_real_buildings_against_real_roads(places, town, datum):
    buildings = pick(places[town].areas, "building").geometry
    offset = judge_offset(put(buildings, datum), DEGREES, ground_of(places[town]))
    assert offset.state == ("shifted" if datum else "as_is") or (
        offset.state == "suspect" and town == "guixi"
    )
    assert offset.reading == (datum or "")


@pytest.mark.parametrize("datum", [None, "gcj02", "bd09"])
def test_real_places_against_real_roads_and_buildings(places, datum):
    extract = places["tsinghua"]
    spots = pick(extract.nodes, "amenity", "shop", "tourism", "office", "leisure").geometry
    assert len(spots) == 242
    offset = judge_offset(put(spots, datum), DEGREES, ground_of(extract, buildings=True))
    assert (offset.state, offset.reading) == ("shifted" if datum else "as_is", datum or "")
    # Roads alone leave 242 points in a campus full of paths without certainty, yet never mistaken.
    alone = judge_offset(put(spots, datum), DEGREES, ground_of(extract))
    assert alone.reading in {datum or "", ""} and alone.state in {"as_is", "shifted", "suspect", "unclear"}
    assert datum is not None or alone.state == "as_is"


@pytest.mark.parametrize(("count", "least"), [(20, 0), (50, 0.8), (200, 1.0)])
def test_samples_of_real_buildings(places, count, least):
    """Five samples a size; measured on ten: 20 buildings 5 %, 50 90 %, 200 all applied."""
    extract = places["tsinghua"]
    ground, buildings = ground_of(extract), pick(extract.areas, "building").geometry
    rng = np.random.default_rng(count)
    applied = 0
    for _ in range(5):
        some = buildings.iloc[rng.choice(len(buildings), count, replace=False)]
        assert judge_offset(put(some, None), DEGREES, ground).state in {"as_is", "unclear"}
        for datum in ("gcj02", "bd09"):
            offset = judge_offset(put(some, datum), DEGREES, ground)
            assert offset.reading in {datum, ""} and offset.state in {"shifted", "suspect", "unclear"}
            applied += offset.state == "shifted"
    assert applied / 10 >= least


@pytest.mark.parametrize("datum", [None, "gcj02", "bd09"])
def test_real_roads_against_a_real_boundary(places, datum):
    extract = places["guixi"]
    ring = extract.areas[[tags.get("boundary") == "administrative" for tags in extract.areas[TAGS]]]
    middle = ring.geometry.iloc[0].centroid
    ground = Ground((middle.x, middle.y)).with_areas([ring])
    offset = judge_offset(put(pick(extract.ways, "highway").geometry, datum), DEGREES, ground)
    assert (offset.state, offset.reading) == ("shifted" if datum else "as_is", datum or "")


def test_real_data_moved_anywhere_are_no_web_map(places):
    """Moves that are no web map's: found as what they are where they are small, else left open."""
    extract = places["tsinghua"]
    buildings = pick(extract.areas, "building").geometry.to_crs(4548)
    ground = ground_of(extract)
    rng = np.random.default_rng(3)
    for angle, length in zip(rng.uniform(0, 2 * np.pi, 12), rng.uniform(280, 1400, 12), strict=True):
        east, north = length * np.cos(angle), length * np.sin(angle)
        moved = gpd.GeoSeries([affinity.translate(shape, east, north) for shape in buildings], crs=4548)
        assert judge_offset(moved, PLANE, ground).state in {"unclear", "displaced"}
