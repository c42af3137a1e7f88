# ruff: noqa: RUF007
"""A believable piece of town for sheet tests: bent streets, blocks, parcels, houses, facilities."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

CRS_TEXT = "2000国家大地坐标系（CGCS2000），高斯-克吕格3°带，中央经线117°E；1985国家高程基准"
CRS_117 = CRS.from_epsg(4548)
CENTRE = np.array([500_000.0 + 19_000, 3_130_000.0])
SIZE = (900.0, 760.0)
_USES = [
    "0701",
    "070102",
    "0702",
    "080403",
    "080602",
    "0901",
    "1401",
    "1403",
    "1207",
    "2301",
    "1208",
    "0803",
]
_WEIGHTS = np.array([30, 26, 4, 5, 2, 12, 7, 3, 0, 4, 2, 3]) / 98
_GROUPS = [
    "教育",
    "医疗",
    "养老",
    "文体-文化",
    "文体-体育",
    "社区服务",
    "便民商业",
    "停车充电",
    "环卫市政",
    "绿地活动",
]
_KINDS = [
    "幼儿园",
    "卫生服务站",
    "日间照料中心",
    "图书室",
    "健身场",
    "社区居委会",
    "菜市场",
    "停车场",
    "垃圾收集站",
    "口袋公园",
]
_NAMES = ["枫林", "东溪", "青石", "桥头", "西津", "南塘", "仓前", "文昌", "柳岸", "白鹭"]


def _bend(xy: np.ndarray) -> np.ndarray:
    """Warp a square grid into streets that look grown: waves of several lengths and a slight turn."""
    x, y = xy[:, 0], xy[:, 1]
    dx = 34 * np.sin(y / 170 + 0.4) + 13 * np.sin(x / 95 + y / 140)
    dy = 26 * np.sin(x / 210 - 0.8) + 10 * np.cos(y / 88 + x / 170)
    out = np.column_stack([x + dx, y + dy])
    turn = np.deg2rad(8)
    return out @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + CENTRE


def _frame(geometries, **columns) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(geometries), crs=CRS_117)


def build_town(seed: int = 7) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of the town by plain names; metres in EPSG:4548."""
    rng = np.random.default_rng(seed)
    xs = np.cumsum(np.r_[-SIZE[0], rng.uniform(95, 175, 13)])
    ys = np.cumsum(np.r_[-SIZE[1], rng.uniform(85, 150, 13)])
    road_names = [
        "建设路",
        "环城东路",
        "胜利巷",
        "解放路",
        "人民路",
        "工农街",
        "象山路",
        "信江路",
        "沿河路",
        "文化路",
        "站前路",
        "中心街",
        "朝阳路",
        "新华路",
    ]
    roads, classes, names = [], [], []
    for i, x in enumerate(xs):
        roads.append(
            shapely.linestrings(_bend(np.column_stack([np.full(80, x), np.linspace(ys[0], ys[-1], 80)])))
        )
        classes.append(["支路", "次干路", "小区路", "主干路"][i * 7 % 4])
        names.append(road_names[i % 14] if i * 7 % 4 != 2 else "")
    for i, y in enumerate(ys):
        roads.append(
            shapely.linestrings(_bend(np.column_stack([np.linspace(xs[0], xs[-1], 80), np.full(80, y)])))
        )
        classes.append(["支路", "小区路", "次干路", "支路"][i * 5 % 4])
        names.append(road_names[(i + 7) % 14] + "北段" if i * 5 % 4 != 1 else "")
    blocks = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(np.array(roads)))))
    blocks = shapely.buffer(blocks, -5.0, join_style="round")
    blocks = blocks[shapely.area(blocks) > 1500]
    parcels, parcel_use, houses = [], [], []
    for block in blocks:
        minx, miny, maxx, maxy = block.bounds
        cuts = np.sort(rng.uniform(minx + 30, maxx - 30, rng.integers(0, 3)))
        edges = np.r_[minx - 5, cuts, maxx + 5]
        for left, right in zip(edges[:-1], edges[1:], strict=True):
            slant = rng.uniform(-12, 12)
            strip = shapely.Polygon(
                [
                    (left - slant, miny - 9),
                    (right + slant, miny - 9),
                    (right - slant, maxy + 9),
                    (left + slant, maxy + 9),
                ]
            )
            part = block.intersection(shapely.make_valid(strip))
            if part.area < 700 or part.geom_type != "Polygon":
                continue
            parcels.append(part)
            use = rng.choice(_USES, p=_WEIGHTS)
            parcel_use.append(use)
            if use in {"1401", "1403", "2301"}:
                continue
            x0, y0, x1, y1 = part.bounds
            turn = rng.uniform(-9, 14)
            for yy in np.arange(y0 + 10, y1 - 8, 21):
                for xx in np.arange(x0 + 12, x1 - 10, rng.uniform(26, 42)):
                    w, h = rng.uniform(16, 30), rng.uniform(9, 13)
                    house = shapely.affinity.rotate(
                        shapely.box(xx - w / 2, yy - h / 2, xx + w / 2, yy + h / 2),
                        turn,
                        origin=part.centroid,
                    )
                    if part.buffer(-2).contains(house):
                        houses.append(house)
    n = len(houses)
    house_xy = np.array([(h.centroid.x, h.centroid.y) for h in houses])
    hubs = CENTRE + rng.uniform(-380, 380, (6, 2))
    distance = np.min(np.hypot(*(house_xy[:, None] - hubs[None]).transpose(2, 0, 1)), axis=1)
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = 330 + 45 * np.sin(3 * angle + 1) + 25 * np.cos(5 * angle)
    plan = shapely.Polygon(
        CENTRE + [40, -20] + np.column_stack([np.cos(angle) * radius * 1.12, np.sin(angle) * radius * 0.95])
    ).simplify(9)
    study = plan.buffer(210).simplify(12)
    m = 42
    spots = CENTRE + rng.uniform(-330, 330, (m, 2))
    kind = rng.integers(0, len(_GROUPS), m)
    facilities = _frame(
        shapely.points(spots), group=[_GROUPS[k] for k in kind],
        name=[_NAMES[rng.integers(0, 10)] + _KINDS[k] for k in kind], number=[str(i + 1) for i in range(m)],
    )  # fmt: skip
    river = shapely.LineString(
        _bend(np.column_stack([np.linspace(-900, 900, 60), np.full(60, 505.0)]))
    ).buffer(34)
    halves = CENTRE[0] + 60
    west, east = (
        plan.intersection(shapely.box(halves - 3000 * s, 0, halves + 3000 * (1 - s), 9e6)) for s in (1, 0)
    )
    voronoi = [
        shapely.box(*(CENTRE - [1000, 800]), *(CENTRE + [-330, 800])),
        shapely.box(*(CENTRE + [420, -800]), *(CENTRE + [1150, 800])),
    ]
    return {
        "roads": _frame(roads, cls=classes, name=names),
        "parcels": _frame(parcels, code=parcel_use),
        "buildings": _frame(houses, floors=rng.choice(["1-3", "4-6", "7-9", "10-18", "19+"], n, p=[0.3, 0.42, 0.18, 0.08, 0.02]), reach=np.where(distance < 210, "已覆盖", np.where(distance < 270, "共享后覆盖", "未覆盖"))),
        "facilities": facilities,
        "hubs": _frame(shapely.points(hubs), group=["养老"] * 6, name=[f"{_NAMES[i]}社区养老服务站" for i in range(6)]),
        "plan": _frame([plan]), "study": _frame([study]), "river": _frame([river], name=["信江"]),
        "communities": _frame([west, east], name=["枫林社区", "东溪社区"]),
        "neighbours": _frame([v.difference(plan) for v in voronoi], name=["青石社区", "白鹭社区"]),
        "bands": _bands(hubs, study),
    }  # fmt: skip


def _bands(hubs: np.ndarray, study: shapely.Geometry) -> gpd.GeoDataFrame:
    circles = [
        shapely.union_all(shapely.buffer(shapely.points(hubs), r)).intersection(study)
        for r in (110, 200, 290)
    ]
    rings = [
        circles[0],
        circles[1].difference(circles[0]),
        circles[2].difference(circles[1]),
        study.difference(circles[2]),
    ]
    return _frame(rings, band=["5", "10", "15", "盲区"])


def build_projects(town: dict[str, gpd.GeoDataFrame], seed: int = 3) -> gpd.GeoDataFrame:
    """Return projects of all three geometry kinds with a number each."""
    rng = np.random.default_rng(seed)
    inside = town["parcels"][town["parcels"].within(town["plan"].geometry.iloc[0])]
    areas = inside.sample(12, random_state=seed).geometry.tolist()
    lines = [g.intersection(town["plan"].geometry.iloc[0]) for g in town["roads"].geometry]
    lines = [g for g in lines if g.length > 250][:3]
    points = list(town["facilities"].geometry[:5])
    families = ["韧性增强工程", "设施提升工程", "绿色发展工程", "智慧赋能工程", "治理强基工程"]
    count = len(areas) + len(lines) + len(points)
    works = [
        "危旧房屋加固",
        "社区食堂改造",
        "口袋公园建设",
        "雨污分流改造",
        "智慧安防点位",
        "议事厅提升",
        "充电设施建设",
        "适老化改造",
    ]
    table = pd.DataFrame({
        "family": rng.choice(families, count), "number": [f"{i + 1:02d}" for i in range(count)],
        "name": [_NAMES[i % 10] + works[i % 8] for i in range(count)],
    })  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=areas + lines + points, crs=CRS_117)
