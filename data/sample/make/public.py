"""Fill every parcel that is not housing: schools, shops, works, parks; their paths and gates."""

from __future__ import annotations

import numpy as np
import shapely
from frame import make_rng
from gates import nearest_link, reach_out
from shapely import LineString, MultiLineString, Point, Polygon
from shapes import Frame, find_angle, make_track

# kind: list of (name, use, floors as share of the parcel's, rectangles in unit coordinates)
E_SHAPE = [
    (0.44, 0.1, 0.52, 0.9),
    (0.44, 0.1, 0.96, 0.22),
    (0.44, 0.45, 0.9, 0.56),
    (0.44, 0.78, 0.96, 0.9),
]
TEMPLATES: dict[str, list[tuple[str, str, float, list[tuple[float, float, float, float]]]]] = {
    "school": [
        ("教学楼", "教育", 1.0, E_SHAPE),
        ("食堂", "教育", 0.5, [(0.0, 0.86, 0.22, 1.0)]),
        ("风雨操场", "体育", 0.4, [(0.26, 0.86, 0.4, 1.0)]),
    ],
    "kg": [
        (
            "教学楼",
            "教育",
            1.0,
            [(0.1, 0.6, 0.95, 0.82), (0.1, 0.25, 0.28, 0.82), (0.78, 0.3, 0.95, 0.82)],
        ),
        ("门卫", "教育", 0.3, [(0.45, 0.02, 0.55, 0.09)]),
    ],
    "factory": [
        ("一号车间", "工业", 1, [(0.02, 0.55, 0.4, 0.95)]),
        ("二号车间", "工业", 1, [(0.44, 0.6, 0.78, 0.95)]),
        ("铸造车间", "工业", 1, [(0.02, 0.08, 0.3, 0.42)]),
        ("办公楼", "办公", 3, [(0.84, 0.5, 0.97, 0.95)]),
        ("仓库", "仓储", 1, [(0.36, 0.1, 0.58, 0.38)]),
        ("锅炉房", "工业", 1, [(0.64, 0.12, 0.72, 0.34)]),
    ],
    "store": [
        (f"{n}号仓", "仓储", 1, [(0.04, y, 0.7, y + 0.15)])
        for n, y in ((1, 0.05), (2, 0.28), (3, 0.51), (4, 0.74))
    ]
    + [("过磅房", "办公", 1, [(0.82, 0.1, 0.95, 0.25)])],
    "market": [
        ("交易大厅", "商业", 1, [(0.08, 0.2, 0.78, 0.9)]),
        ("管理用房", "办公", 2, [(0.84, 0.3, 0.97, 0.8)]),
    ],
    "mall": [("商场", "商业", 1, [(0.04, 0.1, 0.96, 0.72), (0.04, 0.1, 0.5, 0.95)])],
    "biz": [
        ("主楼", "办公", 1, [(0.3, 0.25, 0.75, 0.85)]),
        ("裙楼", "商业", 0.25, [(0.04, 0.2, 0.28, 0.85)]),
    ],
    "hotel": [("主楼", "商业", 1, [(0.06, 0.55, 0.94, 0.85), (0.06, 0.15, 0.26, 0.85)])],
    "office": [
        ("办公楼", "办公", 1, [(0.08, 0.55, 0.92, 0.82), (0.4, 0.35, 0.6, 0.82)]),
        ("便民服务大厅", "社区服务", 0.4, [(0.1, 0.06, 0.45, 0.28)]),
    ],
    "culture": [
        ("主馆", "文化", 1, [(0.1, 0.3, 0.75, 0.9), (0.1, 0.12, 0.45, 0.9)]),
        ("书吧", "文化", 0.4, [(0.82, 0.5, 0.97, 0.8)]),
    ],
    "sport": [
        ("体育馆", "体育", 1, [(0.06, 0.42, 0.62, 0.95)]),
        ("游泳馆", "体育", 0.5, [(0.68, 0.5, 0.96, 0.92)]),
    ],
    "health": [
        ("门诊楼", "医疗", 1, [(0.05, 0.55, 0.8, 0.85), (0.05, 0.1, 0.28, 0.85)]),
        ("后勤楼", "医疗", 0.4, [(0.6, 0.12, 0.85, 0.32)]),
    ],
    "bus": [("站务楼", "交通", 2, [(0.1, 0.75, 0.8, 0.92)])],
    "power": [
        ("主控楼", "市政", 2, [(0.15, 0.55, 0.7, 0.85)]),
        ("配电室", "市政", 1, [(0.2, 0.15, 0.6, 0.35)]),
    ],
    "waste": [("收集站房", "市政", 1, [(0.15, 0.4, 0.75, 0.7)])],
    "heritage": [
        ("前厅", "文化", 0.5, [(0.1, 0.05, 0.9, 0.28)]),
        ("正殿", "文化", 1, [(0.1, 0.42, 0.9, 0.68)]),
        ("后堂", "文化", 0.5, [(0.15, 0.8, 0.85, 0.97)]),
    ],
}


def fit_box(area: Polygon) -> tuple[Frame, tuple[float, float, float, float]]:
    """A large rectangle inside the parcel, in its own frame."""
    frame = Frame(area.centroid.coords[0], find_angle(area))
    inner = frame.turn_in(area).buffer(-4)
    u0, v0, u1, v1 = inner.bounds
    best = (0.0, (0, 0, 0, 0))
    for a in np.linspace(0, 0.4, 9):
        for b in np.linspace(0, 0.4, 9):
            for c in np.linspace(0, 0.4, 9):
                for d in np.linspace(0, 0.4, 9):
                    size = (1 - a - c) * (1 - b - d)
                    if size > best[0]:
                        box = (
                            u0 + a * (u1 - u0),
                            v0 + b * (v1 - v0),
                            u1 - c * (u1 - u0),
                            v1 - d * (v1 - v0),
                        )
                        if inner.contains(shapely.box(*box)):
                            best = (size, box)
    if not best[0]:  # a thin or bent parcel: the square in its largest inscribed circle
        circle = shapely.maximum_inscribed_circle(inner)
        (u, v), r = circle.coords[0], circle.length * 0.7
        return frame, (u - r, v - r, u + r, v + r)
    return frame, best[1]


def build_public(parcel: dict, context: dict) -> dict:
    """Build what stands on a public, commercial, industrial or green parcel."""
    rng = make_rng("public " + parcel["tbbh"] + parcel["name"])
    kind = parcel["kind"]
    out: dict = {"buildings": [], "paths": [], "gates": [], "spaces": []}
    if kind == "shops":
        build_shops(parcel, context, rng, out)
    elif kind in TEMPLATES:
        frame, (u0, v0, u1, v1) = fit_box(parcel["geometry"])
        w, h = u1 - u0, v1 - v0
        for name, use, factor, boxes in TEMPLATES[kind]:
            shape = shapely.union_all(
                [shapely.box(u0 + a * w, v0 + b * h, u0 + c * w, v0 + d * h) for a, b, c, d in boxes]
            )
            out["buildings"].append(
                {
                    "geometry": frame.turn_out(shape),
                    "use": use,
                    "floors": max(1, round(parcel["floors"] * factor)),
                    "name": parcel["name"] + name,
                    "year": parcel["year"],
                    "parcel": parcel,
                }
            )
        if kind == "school":
            tall = h * 0.8 > w * 0.4
            r = min(w * 0.38, h * 0.72) / 2 * (1.0 if tall else 0.9)
            straight = max(20.0, (h * 0.76 - 2 * r) if tall else (w * 0.38 - 2 * r))
            straight = min(straight, 3.4 * r)
            centre = frame.to_world([u0 + w * 0.2, v0 + h * 0.42])
            track = make_track(centre, frame.angle + (90 if tall else 0), straight, r)
            out["spaces"].append(
                {
                    "name": parcel["name"] + "操场",
                    "kind": "学校操场",
                    "geometry": track.intersection(parcel["geometry"].buffer(-1)),
                }
            )
        if kind == "sport":
            court = shapely.box(u0 + 0.1 * w, v0 + 0.03 * h, u0 + 0.6 * w, v0 + 0.34 * h)
            out["spaces"].append(
                {
                    "name": parcel["name"] + "室外球场",
                    "kind": "体育场地",
                    "geometry": frame.turn_out(court),
                }
            )
    if kind in TEMPLATES and kind not in ("power",):
        door = out["buildings"][0]["geometry"].representative_point()
        stem = LineString([door, Point(door.x + 0.5, door.y)])
        link = nearest_link(parcel, [stem], context, avoid=[s["geometry"] for s in out["spaces"]])
        out["paths"].append({"kind": "小区路", "name": "", "geometry": link, "estate": parcel["name"]})
        spot = shapely.get_coordinates(link.intersection(parcel["geometry"].exterior))
        if len(spot):
            out["gates"].append(
                {
                    "name": parcel["name"] + "大门",
                    "estate": parcel["name"],
                    "geometry": Point(spot[0]),
                }
            )
    elif kind in ("park", "square") and parcel["name"] not in (
        "滨江公园",
        "滨江湿地公园",
        "清溪绿道",
    ):
        build_park(parcel, context, out)
    return out


def build_shops(parcel: dict, context: dict, rng: np.random.Generator, out: dict) -> None:
    """Terraces of shops along the street side, cut where alleys pass."""
    area = parcel["geometry"]
    front = area.boundary.intersection(context["land"].buffer(0.05))
    strip = front.buffer(19, cap_style="flat").intersection(area.buffer(-5)).difference(context["clear"])
    frame = Frame(area.centroid.coords[0], find_angle(area))
    flat = frame.turn_in(strip)
    u0, v0, u1, v1 = flat.bounds
    axis_u = (u1 - u0) >= (v1 - v0)
    lo, hi = (u0, u1) if axis_u else (v0, v1)
    n, k = lo, 0
    while n < hi - 8:
        size = rng.uniform(26, 44)
        cell = shapely.box(n, v0, n + size, v1) if axis_u else shapely.box(u0, n, u1, n + size)
        n += size + (5 if rng.random() < 0.35 else 0.0)
        for part in shapely.get_parts(flat.intersection(cell)):
            if part.geom_type == "Polygon" and part.area > 180:
                k += 1
                shape = frame.turn_out(part.simplify(0.4).buffer(-0.02))
                out["buildings"].append(
                    {
                        "geometry": shape,
                        "use": "商业",
                        "floors": max(1, parcel["floors"] + int(rng.integers(-1, 2))),
                        "name": f"{parcel['name']}{k}栋",
                        "year": parcel["year"],
                        "parcel": parcel,
                    }
                )


def build_park(parcel: dict, context: dict, out: dict) -> None:
    """A small park: a loop walk and ways in from the street."""
    inner = parcel["geometry"].buffer(-12).buffer(-10).buffer(10)
    parts = [p for p in shapely.get_parts(inner) if p.geom_type == "Polygon" and p.area > 300]
    if not parts:
        out["paths"].append(
            {
                "kind": "步行道",
                "name": "",
                "estate": parcel["name"],
                "geometry": nearest_link(
                    parcel,
                    [
                        LineString(
                            [
                                parcel["geometry"].centroid,
                                Point(parcel["geometry"].centroid.x + 1, parcel["geometry"].centroid.y),
                            ]
                        )
                    ],
                    context,
                ),
            }
        )
        return
    loop = LineString(max(parts, key=lambda p: p.area).simplify(0.5).exterior.coords)
    out["paths"].append(
        {
            "kind": "步行道",
            "name": parcel["name"] + "步道",
            "geometry": loop,
            "estate": parcel["name"],
        }
    )
    front = parcel["geometry"].boundary.intersection(context["land"].buffer(0.05))
    sides = [g for g in shapely.get_parts(front) if g.geom_type == "LineString" and g.length > 1]
    sides = sorted(shapely.get_parts(shapely.line_merge(MultiLineString(sides))), key=lambda g: -g.length)
    at = (0.25, 0.75) if len(sides) == 1 else (0.5,)
    spots = [side.interpolate(t, normalized=True) for side in sides if side.length > 15 for t in at]
    for spot in spots[:3]:
        street = shapely.shortest_line(spot, context["streets"]).coords[1]
        inn = shapely.shortest_line(spot, MultiLineString([loop])).coords[1]
        out["paths"].append(
            {
                "kind": "步行道",
                "name": "",
                "estate": parcel["name"],
                "geometry": reach_out(LineString([inn, spot.coords[0], street]), 0.5),
            }
        )
        out["gates"].append({"name": parcel["name"] + "入口", "estate": parcel["name"], "geometry": spot})
