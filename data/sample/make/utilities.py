"""Lamps, hydrants, waste points, the substation and four kinds of pipe along the streets."""

from __future__ import annotations

import numpy as np
import shapely
import streets as st
from frame import make_rng, place
from shapely import LineString, Point
from town import Town, find_parcel

# kind: offset from the centre line as share of the half width, diameter mm by street class, years
PIPES = {
    "雨水": (0.30, {"主干路": 1000, "次干路": 800, "支路": 500}, "钢筋混凝土"),
    "污水": (-0.30, {"主干路": 600, "次干路": 500, "支路": 400}, "HDPE"),
    "给水": (0.62, {"主干路": 400, "次干路": 300, "支路": 200}, "球墨铸铁"),
    "燃气": (-0.62, {"主干路": 250, "次干路": 200, "支路": 110}, "PE"),
}

# Local points: where the old town's lanes have their bins, and the box transformers.
SPOTS = {
    "垃圾收集点": [
        (120, 520),
        (240, 520),
        (250, 400),
        (130, 160),
        (290, 150),
        (520, 380),
        (470, 150),
    ],
    "箱式变电站": [
        (420, 1060),
        (60, 1030),
        (330, 690),
        (1130, 950),
        (1250, 700),
        (60, 290),
        (700, 420),
        (1000, 180),
        (1290, 560),
    ],
}


def make_pipes(town: Town) -> list[dict]:
    """One pipe of every kind along every street piece inside the region."""
    rng = make_rng("pipes")
    region = shapely.union_all(list(town.communities.values())).buffer(15)
    out = []
    for r in town.streets:
        line = r["geometry"].intersection(region)
        if line.geom_type != "LineString" or line.length < 25:
            continue
        middle = line.interpolate(0.5, normalized=True)
        home = next((n for n, a in town.communities.items() if a.buffer(1).covers(middle)), "")
        aged = home == "桂苑社区" or r["name"] in ("机修路", "学前路")
        for kind, (share, size, stuff) in PIPES.items():
            if kind == "燃气" and r["name"] in ("双井巷", "机修路"):
                continue  # not yet laid there
            pipe = line.offset_curve(share * r["width"] / 2)
            if pipe.geom_type != "LineString":
                continue
            year = int(rng.integers(1984, 1998) if aged else rng.integers(2000, 2019))
            old = 2025 - year > 28
            if old and kind in ("污水", "给水"):
                stuff = {"污水": "钢筋混凝土", "给水": "灰口铸铁"}[kind]
            state = str(rng.choice(["良好", "一般", "破损"], p=[0.1, 0.5, 0.4] if old else [0.7, 0.27, 0.03]))
            mixed = kind == "雨水" and r["name"] in ("双井巷", "老街")
            out.append(
                {
                    "GXLX": kind,
                    "GJ": size[r["kind"]],
                    "CZ": stuff,
                    "GK": state,
                    "JSND": year,
                    "DL": r["name"],
                    "BZ": "雨污合流" if mixed else None,
                    "geometry": LineString(np.round(pipe.coords, 3)),
                }
            )
    for i, row in enumerate(out):
        row["BH"] = f"GX{i + 1:04d}"
    return out


def make_points(town: Town) -> list[dict]:
    """Lamps, hydrants, waste points, box transformers and the substation."""
    rng = make_rng("points")
    region = shapely.union_all(list(town.communities.values()))
    streets = st.merge_streets(town.streets)
    out = []

    def along(kind: str, line: LineString, step: float, by: float, both: bool) -> None:
        for k, d in enumerate(np.arange(step / 2, line.length, step)):
            a, b = line.interpolate(d), line.interpolate(min(d + 1, line.length))
            n = np.array([-(b.y - a.y), b.x - a.x])
            n = n / max(np.hypot(*n), 1e-9) * by * (1 if not both or k % 2 else -1)
            p = Point(np.round([a.x + n[0], a.y + n[1]], 3))
            if region.covers(p):
                out.append({"SSLX": kind, "ZT": "正常" if rng.random() > 0.06 else "损坏", "geometry": p})

    for r in streets:
        for part in shapely.get_parts(r["geometry"]):
            along("路灯", part, 34 if r["kind"] != "主干路" else 20, r["width"] / 2 - 1.5, True)
            along("消火栓", part, 118, r["width"] / 2 - 2.2, False)
    dark = ("双井坊", "上埠坊", "搬运社宿舍", "机修厂家属院")  # planted: no lamp inside these
    for r in town.network:
        if r["kind"] == "小区路" and r["geometry"].length > 38 and r.get("estate") not in dark:
            along("路灯", r["geometry"], 46, 2.4, True)
    for g in town.gates:
        if g["name"].endswith("主出入口"):
            p = Point(np.round([g["geometry"].x + 7, g["geometry"].y + 5], 3))
            out.append({"SSLX": "垃圾收集点", "ZT": "正常", "geometry": p})
    for kind, places in SPOTS.items():
        spots = [Point(np.round(place(xy), 3)) for xy in places]
        out += [{"SSLX": kind, "ZT": "正常", "geometry": p} for p in spots]
    power = find_parcel(town, "云溪变电站")["geometry"].representative_point()
    out.append(
        {
            "SSLX": "变电站",
            "ZT": "正常",
            "geometry": Point(np.round([power.x, power.y], 3)),
            "MC": "110kV云溪变电站",
        }
    )
    for i, row in enumerate(out):
        row["BH"] = f"SZ{i + 1:04d}"
        row.setdefault("MC", None)
    return out


def make_waters(town: Town) -> list[dict]:
    """Open water of the whole map, past the communities where land use ends."""
    names = ("清溪", "云江", "东湖")
    rows = [
        {"MC": n, "LX": "水域", "geometry": shapely.set_precision(w, st.GRID_M)}
        for n, w in zip(names, [*town.water, town.lake], strict=True)
    ]
    for row in rows:
        row["MJ"] = round(row["geometry"].area, 2)
    return rows


def make_green(town: Town) -> tuple[list[dict], list[dict]]:
    """Heritage ranges, and public open spaces (parks, squares, school fields, courts)."""
    hall = find_parcel(town, "云溪会馆")["geometry"]
    core = shapely.union_all([find_parcel(town, n)["geometry"] for n in ("双井坊", "云溪会馆", "会馆里")])
    quarter = core.buffer(-3).buffer(3).union(hall)
    quarter = max(shapely.get_parts(quarter), key=lambda g: g.area)
    house = next(b for b in town.buildings if b["name"] == "桂花坊8号")["geometry"]
    trees = [
        ("古樟一号", (330, 800), 9.0),
        ("井头古樟", (120, 420), 11.0),
        ("溪畔古枫", (818, 640), 8.0),
    ]
    kept = [
        {"BHLX": "历史建筑", "BHMC": "云溪会馆", "JB": "市级", "geometry": hall.buffer(2)},
        {
            "BHLX": "历史建筑",
            "BHMC": "桂花坊八号民居",
            "JB": "市级",
            "geometry": house.buffer(5, join_style="mitre"),
        },
        {"BHLX": "历史风貌区", "BHMC": "双井坊历史风貌区", "JB": "区级", "geometry": quarter},
    ]
    kept += [
        {"BHLX": "古树名木", "BHMC": n, "JB": "二级", "geometry": Point(place(xy)).buffer(r)}
        for n, xy, r in trees
    ]
    rows = [
        {
            "MC": s["name"],
            "LX": s["kind"],
            "KFSJ": "周末及节假日" if "学校" in s["kind"] else "全天",
            "geometry": s["geometry"],
        }
        for s in town.spaces
    ]
    kinds = {"square": "广场", "park": "公园绿地"}
    rows += [
        {"MC": p["name"], "LX": kinds[p["kind"]], "KFSJ": "全天", "geometry": p["geometry"]}
        for p in town.parcels
        if p["kind"] in kinds and p["geometry"].area > 700
    ]
    for row in kept + rows:
        row["geometry"] = shapely.set_precision(row["geometry"], st.GRID_M)
        row["MJ"] = round(row["geometry"].area, 2)
    return kept, rows
