"""A seeded town as the files a bureau sends: 100,000 parcels and as many places of a web map, some rows of them wrong.

Every wrong row is planted on purpose and known by file, key and the code of the fault that must be told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import yaml
from numpy.typing import NDArray

from benchmarks.geometry import E0, N0, build_parcels
from tests.coordinates.towns import shift

CRS = "EPSG:4548"
SIDE = 317  # squared, the parcels; as many places
_BLOCKS = 4  # communities a side
# Widths of parcels in metres and parcels between streets: not the same everywhere, or the town fits upon itself.
_WIDTHS, _APART = (14, 26), (5, 12)
_LANDUSE = {"070102": "二类城镇住宅用地", "090101": "零售商业用地", "1401": "公园绿地", "080404": "幼儿园用地",
            "1207": "城镇村道路用地", "100101": "一类工业用地"}  # fmt: skip
# Categories of a web map; most of them are no facility of a life circle.
_TYPES = ("购物服务;便民商店/便利店;便民商店/便利店", "医疗保健服务;医药保健销售店;药房",
          "交通设施服务;公交车站;公交车站相关", "体育休闲服务;运动场馆;健身中心", "餐饮服务;中餐厅;中餐厅",
          "餐饮服务;快餐厅;快餐厅", "购物服务;服装鞋帽皮具店;服装鞋帽皮具店", "公司企业;公司;公司")  # fmt: skip
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GARBLED = "便民小卖部房".encode().decode("gb18030")
Row = dict[str, Any]
Lines = list[NDArray[np.float64]]


class Kind(NamedTuple):
    """One way a row is wrong.

    Attributes
    ----------
    name : in the table of results.
    file : file whose rows are spoilt.
    code : fault that every such row must have.
    spoil : changes a row's cells and returns its shape; a row that must stand twice says so under ``twice``.
    """

    name: str
    file: str
    code: str
    spoil: Callable[[Row, NDArray[np.float64]], NDArray[np.float64] | None]


@dataclass(frozen=True)
class Town:
    """Where the plan is, and what is wrong in it.

    Attributes
    ----------
    plan : the plan config.
    planted : name of each kind of fault, file, code and the keys of the rows that have it.
    counts : rows of each file.
    """

    plan: Path
    planted: list[tuple[str, str, str, list[str]]]
    counts: dict[str, int]


def _set(column: str, value: object) -> Callable[[Row, NDArray[np.float64]], None]:
    """Return what writes a wrong value into a cell; a text with braces is filled in with the cell's own."""

    def spoil(row: Row, _: NDArray[np.float64]) -> None:
        row[column] = value.format(row[column]) if isinstance(value, str) else value

    return spoil


def _move(*offset: float) -> Callable[[Row, NDArray[np.float64]], NDArray[np.float64]]:
    """Return what moves a vertex in the middle of an edge."""

    def spoil(_: Row, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        xy[3] += offset
        return xy

    return spoil


def _swap(one: int, two: int) -> Callable[[Row, NDArray[np.float64]], NDArray[np.float64]]:
    """Return what makes a ring cross itself: two vertices change places."""

    def spoil(_: Row, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        xy[[one, two]] = xy[[two, one]]
        return xy

    return spoil


def _repeat_vertex(_: Row, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.insert(xy, 3, xy[3], axis=0)


def _twice(row: Row, _: NDArray[np.float64]) -> None:
    row["twice"] = True


PARCELS, PLACES, BUILDINGS, ROADS = "用地.shp", "地图点.csv", "建筑.gpkg", "道路.gpkg"
KINDS = (
    Kind("boundary 36 mm off", PARCELS, "HSQ-G05", _move(0.02, 0.03)),
    Kind("boundary 1 m off", PARCELS, "HSQ-G05", _move(0.7, 0.7)),
    Kind("ring crosses itself", PARCELS, "HSQ-G02", _swap(3, 8)),
    Kind("vertex twice", PARCELS, "HSQ-G10", _repeat_vertex),
    Kind("row twice", PARCELS, "HSQ-G04", _twice),
    Kind("unknown land-use code", PARCELS, "HSQ-V07", _set("YDDM", "9988")),
    Kind("code against name", PARCELS, "HSQ-V07", _set("YDMC", "水田")),
    Kind("no land use", PARCELS, "HSQ-V02", lambda row, _: row.update(YDDM="", YDMC="")),
    Kind("stated area wrong", PARCELS, "HSQ-V04", _set("MJ", 5000.0)),
    Kind("unknown type", PLACES, "HSQ-V08", _set("type", "某某某")),
    Kind("no place", PLACES, "HSQ-G01", _set("lon", "")),
    Kind("no number", PLACES, "HSQ-V03", _set("lat", "约二十八度")),
    Kind("zero coordinates", PLACES, "HSQ-X02", lambda row, _: row.update(lon="0", lat="0")),
    Kind("garbled name", PLACES, "HSQ-F05", lambda row, _: row.update(name=_GARBLED + row["id"])),
    Kind("name no font has", PLACES, "HSQ-D03", lambda row, _: row.update(name="便利店🏪", type=_TYPES[0])),
    Kind("row twice", PLACES, "HSQ-G04", _twice),
    Kind("no count of floors", BUILDINGS, "HSQ-V03", _set("CS", "若干")),
    Kind("no year", BUILDINGS, "HSQ-V11", _set("ND", "很久以前")),
    Kind("ring crosses itself", BUILDINGS, "HSQ-G02", _swap(3, 6)),
    Kind("no kind of road", ROADS, "HSQ-V02", _set("DJ", None)),
)
_KEYS = {PARCELS: "BH", PLACES: "id", BUILDINGS: "BH", ROADS: "BH"}


def build_town(folder: Path, *, side: int, share: float, seed: int = 7) -> Town:
    """Write the files of a town and its plan.

    Parameters
    ----------
    side : parcels a side; as many places as parcels.
    share : part of the rows of each file that are wrong.
    """
    rng = np.random.default_rng(seed)
    lines = [np.concatenate([[0.0], np.cumsum(rng.uniform(*_WIDTHS, side))]) for _ in range(2)]
    middles = [(axis[1:] + axis[:-1]) / 2 for axis in lines]
    # A street runs in the middle of its parcels, and all others keep clear of it.
    streets = [axis[np.cumsum(rng.integers(*_APART, side // _APART[1]))] for axis in middles]
    yards = [np.setdiff1d(axis, street) for axis, street in zip(middles, streets, strict=True)]
    parcels = build_parcels(side, lines=lines)
    frames = {
        PARCELS: _make_parcels(parcels, rng),
        BUILDINGS: _make_buildings(yards, rng),
        ROADS: _make_roads(streets),
        PLACES: _make_places(side, streets, rng),
    }
    planted = []
    for name, frame in frames.items():
        frames[name], kinds = _plant(frame, name, share, rng)
        planted += kinds
    _make_communities(parcels, side).to_file(folder / "社区.gpkg")
    frames[PARCELS].to_file(folder / PARCELS, encoding="GBK", engine="pyogrio")
    (folder / PARCELS).with_suffix(".cpg").unlink()  # as most programs leave it
    frames[BUILDINGS].to_file(folder / BUILDINGS)
    frames[ROADS].to_file(folder / ROADS)
    places = frames[PLACES]
    pd.DataFrame(places.drop(columns="geometry")).to_csv(folder / PLACES, index=False, encoding="utf-8-sig")
    plan = folder / "plan.yaml"
    plan.write_text(yaml.safe_dump(_describe_plan(), allow_unicode=True), encoding="utf-8")
    return Town(plan, planted, {name: len(frame) for name, frame in frames.items()})


def _make_parcels(shapes: NDArray[np.object_], rng: np.random.Generator) -> gpd.GeoDataFrame:
    n = len(shapes)
    codes = rng.choice(list(_LANDUSE), n)
    columns = {
        "BH": [f"P{at:07d}" for at in range(n)],
        "YDDM": codes,
        "YDMC": [_LANDUSE[code] for code in codes],
        "MJ": np.round(shapely.area(shapes), 2),
        "QSXZ": rng.choice(["10", "30"], n),
        "BZ": [f"{a}家村{b}组" for a, b in zip(rng.choice(list(_SURNAMES), n), rng.integers(1, 99, n), strict=True)],
    }  # fmt: skip
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def _make_buildings(yards: Lines, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return a house of eight corners in every third parcel that is no street."""
    middles = np.stack(np.meshgrid(*yards), axis=-1).reshape(-1, 2)
    n = len(middles) // 3
    turn = rng.uniform(0, np.pi, n)
    across = np.stack(
        [np.stack([np.cos(turn), np.sin(turn)], -1), np.stack([-np.sin(turn), np.cos(turn)], -1)], 1
    )
    ring = np.array([[-4, -4], [0, -4], [0, -3], [4, -3], [4, 4], [1, 4], [1, 3], [-4, 3], [-4, -4]])
    places = rng.permutation(middles)[:n] + rng.uniform(-4, 4, (n, 2))
    shapes = shapely.polygons((E0, N0) + places[:, None] + ring @ across)
    columns = {
        "BH": [f"J{at:06d}" for at in range(n)],
        "GN": rng.choice(["住宅", "商业", "办公"], n),
        "CS": rng.integers(1, 18, n).astype(str),
        "ND": rng.integers(1970, 2024, n).astype(str),
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def _make_roads(streets: Lines) -> gpd.GeoDataFrame:
    """Return one row from crossing to crossing."""
    x, y = np.meshgrid(*streets, indexing="ij")
    nodes = np.stack([x, y], axis=-1) + (E0, N0)
    east = np.stack([nodes[:-1], nodes[1:]], axis=2).reshape(-1, 2, 2)
    north = np.stack([nodes[:, :-1], nodes[:, 1:]], axis=2).reshape(-1, 2, 2)
    lines = shapely.linestrings(np.concatenate([east, north]))
    columns = {"BH": [f"R{at:05d}" for at in range(len(lines))], "DJ": "支路"}
    return gpd.GeoDataFrame(columns, geometry=lines, crs=CRS)


def _make_places(side: int, streets: Lines, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return shops beside the streets, where a web map shows them."""
    n = side * side
    along, beside = (
        rng.uniform(0, min(axis[-1] for axis in streets), n),
        rng.choice([-1, 1], n) * rng.uniform(8, 16, n),
    )
    north = np.column_stack([rng.choice(streets[0], n) + beside, along])
    east = np.column_stack([along, rng.choice(streets[1], n) + beside])
    xy = np.where(rng.random((n, 1)) < 0.5, north, east)
    shown = shapely.get_coordinates(shift(shapely.points(xy + (E0, N0)), "gcj02").to_numpy())
    names = zip(*(rng.choice(list(_SURNAMES), n) for _ in range(3)), rng.integers(1, 400, n), strict=True)
    columns = {
        "id": [f"B{at:07d}" for at in range(n)],
        "name": [f"{a}{b}{c}记{number}号店" for a, b, c, number in names],
        "type": rng.choice(_TYPES, n),
        "lon": [f"{lon:.6f}" for lon in shown[:, 0]],
        "lat": [f"{lat:.6f}" for lat in shown[:, 1]],
    }
    return gpd.GeoDataFrame(columns, geometry=shapely.points(xy), crs=CRS)


def _make_communities(parcels: NDArray[np.object_], side: int) -> gpd.GeoDataFrame:
    """Return communities whose boundaries run along parcels."""
    i, j = (index.ravel() * _BLOCKS // side for index in np.indices((side, side)))
    block = i * _BLOCKS + j
    shapes = [shapely.coverage_union_all(parcels[block == at]) for at in range(_BLOCKS**2)]
    columns = {
        "name": [f"第{at + 1}社区" for at in range(_BLOCKS**2)],
        "code": [f"369901001{at + 1:03d}" for at in range(_BLOCKS**2)],
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def _plant(
    frame: gpd.GeoDataFrame, file: str, share: float, rng: np.random.Generator
) -> tuple[gpd.GeoDataFrame, list[tuple[str, str, str, list[str]]]]:
    """Spoil rows of a file, as many of each kind, no row in two ways; rows that stand twice come again at the end."""
    kinds = [kind for kind in KINDS if kind.file == file]
    each = round(len(frame) * share / len(kinds))
    chosen = rng.choice(len(frame), each * len(kinds), replace=False).reshape(len(kinds), each)
    columns = frame.columns.drop("geometry")
    rows = frame[columns].to_dict("records")
    shapes = frame.geometry.to_numpy().copy()
    planted, again = [], []
    for kind, positions in zip(kinds, chosen, strict=True):
        for at in positions:
            xy = kind.spoil(rows[at], shapely.get_coordinates(shapes[at]))
            if xy is not None:
                shapes[at] = shapely.polygons(xy)
            if rows[at].pop("twice", False):
                again.append(at)
        planted.append((kind.name, file, kind.code, [rows[at][_KEYS[file]] for at in positions]))
    order = np.concatenate([np.arange(len(frame)), np.array(again, dtype=int)])
    table = pd.DataFrame([rows[at] for at in order], columns=columns)
    return gpd.GeoDataFrame(table, geometry=shapes[order], crs=frame.crs), planted


def _describe_plan() -> Mapping[str, object]:
    plan = {"id": "bench", "title": "基准方案", "area": "基准社区", "compiler": "基准院", "compiled": "2026-11-23",
            "data_year": 2025, "first_year": 2027, "region_code": "369901", "region_name": "虚构区"}  # fmt: skip
    inputs = {
        "community_given": [{"path": "社区.gpkg"}],
        "parcel": [
            {"path": PARCELS,
             "columns": {"id": "BH", "number": "BH", "landuse_code": "YDDM", "landuse_name": "YDMC",
                                          "area_m2": "MJ", "tenure_code": "QSXZ", "note": "BZ"}}
        ],
        "building": [{"path": BUILDINGS, "columns": {"id": "BH", "use": "GN", "floors": "CS", "built": "ND"}}],
        "road": [{"path": ROADS, "columns": {"id": "BH", "kind": "DJ"}}],
        "facility": [
            {"path": PLACES, "datum": "gcj02", "x": "lon", "y": "lat",
             "columns": {"id": "id", "name": "name", "type_key": "type"}}
        ],
    }  # fmt: skip
    return {
        "plan": plan,
        "delivery": {"folder": "output"},
        "divisions": {"fictional": ["369901"]},
        "inputs": inputs,
    }
