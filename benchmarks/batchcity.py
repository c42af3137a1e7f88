"""A seeded city of many small communities as city-wide files, and the config that makes a plan of each."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

CRS = "EPSG:4548"
SIDE_M = 240.0  # of a community
_X0, _Y0 = 452_000.0, 3_135_000.0
_FICTIONAL = "369901"
_TYPES = (
    "社区服务站",
    "幼儿园",
    "文化活动站",
    "室外健身场地",
    "便利店",
    "公共厕所",
    "老年人日间照料中心",
    "社区卫生服务站",
)

CONFIG = """city:
  id: 全市汇总
  title: 虚构市好社区更新
  folder: 社区方案
plan:
  compiler: 虚构规划设计院
  compiled: 2026-11-23
  data_year: 2025
  first_year: 2027
  region_code: "369901"
  region_name: 虚构区
divisions:
  fictional: ["369901"]
inputs:
  community_given: [{path: 全市.gpkg, layer: 社区边界}]
  parcel: [{path: 全市.gpkg, layer: 现状用地}]
  building: [{path: 全市.gpkg, layer: 现状建筑}]
  road: [{path: 全市.gpkg, layer: 道路}]
  facility: [{path: 全市.gpkg, layer: 设施}]
  ledger: [{path: 全市.gpkg, layer: 资源}]
# Profile bench: tables and three sheets; no CAD, no documents, no public edition; areas drawn on a 20 m grid.
walking: {cell_m: 20}
sheets: {only: ["1-02", "3-01", "6-06"]}
delivery: {folder: output, cad: false, documents: false, public: false}
"""


def write_city(folder: Path, count: int, *, seed: int = 20261123) -> Path:
    """Write the files and the config of a city; return the config.

    Parameters
    ----------
    count : communities, in rows of ten; each a square with four blocks, a dozen houses, a few facilities.
    """
    rng = np.random.default_rng(seed)
    number = np.arange(count)
    corner = np.stack([_X0 + number % 10 * SIDE_M, _Y0 + number // 10 * SIDE_M], 1)
    names = [f"第{n + 1:03}社区" for n in number]
    layers = {
        "社区边界": _draw_communities(corner, names),
        "现状用地": _draw_parcels(corner, rng),
        "现状建筑": _draw_houses(corner, rng),
        "道路": _draw_roads(corner, rng),
        "设施": _draw_facilities(corner, rng),
        "资源": _draw_resources(corner, rng),
    }
    folder.mkdir(parents=True, exist_ok=True)
    base = folder / "全市.gpkg"
    base.unlink(missing_ok=True)
    for name, frame in layers.items():
        frame.to_file(base, layer=name, driver="GPKG", engine="pyogrio")
    config = folder / "全市.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    return config


def _boxes(corner: np.ndarray, x: object, y: object, wide: object, high: object) -> np.ndarray:
    west, south = corner[:, 0] + x, corner[:, 1] + y
    return shapely.box(west, south, west + wide, south + high)


def _frame(data: dict[str, object], geometry: np.ndarray) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.DataFrame(data), geometry=geometry, crs=CRS)


def _draw_communities(corner: np.ndarray, names: list[str]) -> gpd.GeoDataFrame:
    codes = [f"{_FICTIONAL}{1 + n // 50:03}{1 + n % 50:03}" for n in range(len(names))]
    streets = [f"第{1 + n // 50}街道" for n in range(len(names))]
    data: dict[str, object] = {"社区名称": names, "社区代码": codes, "街道名称": streets}
    return _frame(data, _boxes(corner, 0, 0, SIDE_M, SIDE_M))


def _draw_parcels(corner: np.ndarray, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Four quarters a community, parted by nothing: homes, homes, services and open or idle land."""
    half = SIDE_M / 2
    parts, codes = [], []
    for quarter, choices in enumerate((("0701",), ("0701", "0901"), ("0702", "0901"), ("1401", "0801"))):
        parts.append(_boxes(corner, quarter % 2 * half, quarter // 2 * half, half, half))
        codes.append(rng.choice(choices, len(corner)))
    code = np.concatenate(codes)
    number = [f"{n + 1:05}" for n in range(len(code))]
    return _frame({"图斑编号": number, "用地用海分类代码": code}, np.concatenate(parts))


def _draw_houses(corner: np.ndarray, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Twelve houses a community in rows, with the people in them."""
    places = [(x, y) for y in (18.0, 62.0, 138.0, 182.0) for x in (14.0, 62.0, 134.0)]
    shapes = np.concatenate([_boxes(corner, x, y, 40.0, 13.0) for x, y in places])
    count = len(shapes)
    homes = rng.integers(20, 60, count)
    data: dict[str, object] = {
        "要素编号": [f"JZ{n + 1:05}" for n in range(count)],
        "建筑功能": np.where(rng.uniform(size=count) < 0.85, "住宅", "商业"),
        "层数": rng.integers(2, 12, count),
        "建成年代": rng.integers(1980, 2015, count).astype(str),
        "户数": homes,
        "居住人口": homes * 3,
        "60岁及以上人口": homes // 2,
        "0-3岁人口": homes // 10,
        "3-6岁人口": homes // 8,
    }
    return _frame(data, shapes)


def _draw_roads(corner: np.ndarray, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """A street along the south and west of every community and two lanes through it; some lanes are missing."""
    ends = [
        ((0.0, 0.0), (SIDE_M, 0.0)), ((0.0, 0.0), (0.0, SIDE_M)), ((0.0, 120.0), (SIDE_M, 120.0)), ((120.0, 0.0), (120.0, SIDE_M)),
    ]  # fmt: skip
    kinds = ("支路", "支路", "小区路", "小区路")
    lines, kind = [], []
    for (start, end), name in zip(ends, kinds, strict=True):
        made = shapely.linestrings(np.stack([corner + start, corner + end], 1))
        kept = np.ones(len(made), dtype=bool) if name == "支路" else rng.uniform(size=len(made)) > 0.15
        lines.append(made[kept])
        kind += [name] * int(kept.sum())
    return _frame({"道路等级": kind}, np.concatenate(lines))


def _draw_facilities(corner: np.ndarray, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Six facilities a community of random classes, so that every community lacks some."""
    owner = np.repeat(np.arange(len(corner)), 6)
    kind = rng.choice(_TYPES, len(owner))
    xy = corner[owner] + rng.uniform(10, SIDE_M - 10, (len(owner), 2))
    data: dict[str, object] = {
        "设施名称": [f"{name}{n + 1}" for n, name in enumerate(kind)],
        "设施类型代码": kind,
        "建筑面积": rng.integers(60, 900, len(owner)).astype(float),
        "可共享性": rng.choice(("可开放", "可错时", "不可"), len(owner)),
    }
    return _frame(data, shapely.points(xy))


def _draw_resources(corner: np.ndarray, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """A plot a community that the ledger calls idle."""
    count = len(corner)
    data: dict[str, object] = {
        "要素编号": [f"ZY{n + 1:04}" for n in range(count)],
        "资源类别": "用地",
        "资源名称": [f"闲置地块{n + 1}" for n in range(count)],
        "产权性质": "国有",
        "权利人": "虚构区土地储备中心",
        "使用状况": "闲置",
    }
    return _frame(data, _boxes(corner, 186.0, 140.0, rng.uniform(20, 44, count), rng.uniform(20, 60, count)))
