"""Streets, stream and river of the invented place, and the network noding they share."""

from __future__ import annotations

import numpy as np
import shapely
from frame import place, smooth
from shapely import LineString, Polygon, unary_union
from shapely.ops import polygonize

GRID_M = 0.001
WIDTH = {"主干路": 38.0, "次干路": 24.0, "支路": 14.0, "小区路": 5.0, "步行道": 2.5, "台阶": 2.0}

# name, class, local control points. Ends run a little past the street they meet; the overshoot is
# cut after noding, so a T-junction always has one shared vertex.
STREETS: list[tuple[str, str, list[tuple[float, float]]]] = [
    (
        "云溪大道",
        "主干路",
        [
            (-1290, 572),
            (-1020, 548),
            (-780, 545),
            (-350, 585),
            (0, 590),
            (340, 618),
            (690, 588),
            (1030, 622),
            (1415, 672),
            (1800, 690),
            (2150, 690),
            (2500, 702),
            (2790, 690),
        ],
    ),
    (
        "北环路",
        "次干路",
        [
            (-1290, 1078),
            (-1020, 1062),
            (-700, 1040),
            (-300, 1085),
            (0, 1092),
            (360, 1128),
            (820, 1096),
            (1110, 1135),
            (1432, 1102),
            (1900, 1130),
            (2280, 1142),
            (2560, 1140),
            (2790, 1156),
        ],
    ),
    (
        "滨江路",
        "次干路",
        [
            (-1290, -42),
            (-1000, -18),
            (-650, -10),
            (10, 48),
            (420, 82),
            (760, 52),
            (1060, 112),
            (1290, 235),
            (1395, 430),
            (1418, 690),
        ],
    ),
    (
        "西园路",
        "次干路",
        [(-74, 2400), (-98, 2070), (-60, 1700), (-8, 1092), (22, 840), (0, 590), (30, 330), (6, 30)],
    ),
    (
        "清源路",
        "次干路",
        [
            (318, 2400),
            (300, 2060),
            (330, 1750),
            (360, 1128),
            (392, 960),
            (352, 780),
            (340, 618),
            (398, 430),
            (378, 250),
            (418, 66),
        ],
    ),
    (
        "梧桐路",
        "次干路",
        [
            (1106, 2400),
            (1130, 2080),
            (1090, 1760),
            (1110, 1135),
            (1082, 930),
            (1060, 770),
            (1030, 622),
            (1068, 450),
            (1080, 300),
            (1062, 98),
        ],
    ),
    (
        "东兴路",
        "次干路",
        [(1418, 655), (1452, 860), (1425, 1090), (1445, 1650), (1420, 2040), (1440, 2400)],
    ),
    (
        "书院路",
        "支路",
        [
            (0, 845),
            (180, 872),
            (386, 912),
            (620, 846),
            (815, 872),
            (1072, 852),
            (1265, 902),
            (1466, 880),
        ],
    ),
    (
        "老街",
        "支路",
        [
            (14, 322),
            (110, 346),
            (205, 330),
            (300, 350),
            (392, 322),
            (600, 352),
            (800, 330),
            (1074, 372),
            (1230, 350),
            (1385, 372),
        ],
    ),
    ("柳荫路", "支路", [(648, 1122), (628, 980), (652, 846), (668, 720), (690, 575)]),
    ("桂苑路", "支路", [(690, 602), (652, 480), (618, 345), (642, 200), (596, 52)]),
    ("学前路", "支路", [(182, 1124), (204, 1000), (178, 872), (200, 740), (172, 590)]),
    ("双井巷", "支路", [(196, 620), (214, 480), (196, 334), (222, 200), (206, 50)]),
    ("新村路", "支路", [(1262, 1132), (1280, 1010), (1262, 900), (1240, 770), (1232, 632)]),
    ("江湾路", "支路", [(1246, 665), (1226, 500), (1226, 350), (1180, 150)]),
    ("机修路", "支路", [(372, 1020), (490, 1012), (560, 1024), (640, 1012)]),
    ("南浦路", "支路", [(-380, 1110), (-420, 830), (-380, 560), (-400, 0)]),  # outside, for reach
]
STREAM = [
    (960, 2450),
    (880, 2120),
    (925, 1740),
    (900, 1250),
    (872, 1105),
    (842, 980),
    (876, 850),
    (850, 720),
    (842, 605),
    (878, 480),
    (832, 335),
    (858, 180),
    (846, 70),
    (868, -90),
]
STREAM_HALF_M = 8.0
RIVER_M = 205.0
BANK = [
    (-1320, -128),
    (-1000, -108),
    (-700, -90),
    (10, -45),
    (420, -8),
    (760, -42),
    (1090, 14),
    (1375, 140),
    (1535, 370),
    (1600, 660),
    (1680, 1000),
    (1750, 1750),
    (1772, 2120),
    (1748, 2480),
]
RIVER_MID = [
    (-700, -160),
    (10, -105),
    (420, -68),
    (760, -102),
    (1110, -45),
    (1420, 90),
    (1592, 350),
    (1655, 655),
    (1740, 1000),
]
SEEDS = {
    "清源社区": (400, 850),
    "梧桐社区": (1150, 900),
    "桂苑社区": (300, 350),
    "望江社区": (950, 250),
}


def draw(points: object) -> LineString:
    """Draw a smooth world line through local control points, snapped to the grid."""
    return shapely.set_precision(LineString(place(smooth(points))), GRID_M)


def make_water() -> tuple[LineString, Polygon, Polygon]:
    """Return stream centre line, stream surface and river surface (within the map frame)."""
    stream = draw(STREAM)
    bank = draw(BANK)
    far = bank.offset_curve(-RIVER_M)
    river = Polygon([*bank.coords, *reversed(far.coords)]).buffer(0)
    river = shapely.set_precision(river, GRID_M)
    width = STREAM_HALF_M
    return stream, stream.buffer(width, cap_style="flat").difference(river), river


def make_streets() -> list[dict]:
    """Draw all streets as unnoded records ``name, kind, geometry``."""
    return [
        {"name": n, "kind": k, "width": WIDTH[k], "grade": 0, "geometry": draw(p)}
        for n, k, p in STREETS
    ]


def node_network(records: list[dict], *, stub_m: float = 40.0) -> list[dict]:
    """Cut records of grade 0 at every shared point and drop the overshooting stubs.

    Records of another grade (bridges over a street) keep their own ends and join nothing between.
    """
    flat = [r for r in records if r["grade"] == 0]
    lines = [r["geometry"] for r in flat]
    merged = shapely.get_parts(shapely.unary_union(lines, grid_size=GRID_M))
    ends = shapely.get_point(merged, 0), shapely.get_point(merged, -1)
    xy = np.vstack([shapely.get_coordinates(e) for e in ends]).round(4)
    _, inverse, count = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    degree = count[inverse].reshape(2, -1)
    mid = shapely.line_interpolate_point(merged, 0.5, normalized=True)
    tree = shapely.STRtree(lines)
    owner = tree.query_nearest(mid, all_matches=False)[1]
    parts: dict[int, list] = {}
    for seg, own, d0, d1 in zip(merged, owner, *degree, strict=True):
        stub = flat[own].get(
            "stub", stub_m if flat[own]["kind"] in ("主干路", "次干路", "支路") else 1.5
        )
        if min(d0, d1) == 1 and seg.length < stub and not flat[own].get("keep"):
            continue
        parts.setdefault(int(own), []).append(seg)
    # Junction points of what is left decide where segments stay cut.
    rest = [s for p in parts.values() for s in p]
    xy = np.vstack([np.array([s.coords[0], s.coords[-1]]) for s in rest]).round(4)
    uniq, count = np.unique(xy, axis=0, return_counts=True)
    joints = {tuple(u) for u, c in zip(uniq, count, strict=True) if c >= 3}
    out = []
    for own in sorted(parts):
        out += [{**flat[own], "geometry": line} for line in chain(parts[own], joints)]
    return out + [r for r in records if r["grade"] != 0]


def chain(segments: list[LineString], joints: set[tuple[float, float]]) -> list[LineString]:
    """Join consecutive segments of one street across points that are no junction."""
    out: list[list] = []
    for seg in segments:
        c = [tuple(p) for p in seg.coords]
        key = tuple(np.round(c[0], 4))
        if out and key == tuple(np.round(out[-1][-1], 4)) and key not in joints:
            out[-1].extend(c[1:])
        else:
            out.append(c)
    return [LineString(c) for c in out]


def make_communities(streets: list[dict], stream: LineString) -> dict[str, Polygon]:
    """Communities bounded by centre lines of streets, the stream and the middle of the river."""
    by = {r["name"]: r["geometry"] for r in streets}
    # Two streets end at the embankment; from there the boundary runs straight into the river.
    south = [
        LineString([by[n].coords[-1], place([x, -200])])
        for n, x in (("西园路", 4), ("桂苑路", 585))
    ]
    lines = [
        by["西园路"],
        by["北环路"],
        by["东兴路"],
        by["云溪大道"],
        by["桂苑路"],
        stream,
        draw(RIVER_MID),
        *south,
    ]
    faces = list(polygonize(shapely.get_parts(unary_union(lines, grid_size=GRID_M))))
    found = {}
    for name, seed in SEEDS.items():
        spot = shapely.Point(place(seed))
        found[name] = [f for f in faces if f.covers(spot)]
    taken = {n: f[0] for n, f in found.items()}
    # The stream cuts 望江 in two below the avenue; it is one community on both banks.
    other = [f for f in faces if f.covers(shapely.Point(place((740, 300))))]
    taken["望江社区"] = unary_union([taken["望江社区"], *other], grid_size=GRID_M)
    return taken


def merge_streets(network: list[dict]) -> list[dict]:
    """Join the noded pieces of every street again, stubs gone, for widening."""
    out = []
    for name in dict.fromkeys(r["name"] for r in network):
        mine = [r for r in network if r["name"] == name]
        line = shapely.line_merge(shapely.union_all([r["geometry"] for r in mine]))
        out.append({**mine[0], "geometry": line})
    return out


def make_road_land(streets: list[dict]) -> Polygon:
    """Road land: every street widened to its red line, corners rounded."""
    bands = [r["geometry"].buffer(r["width"] / 2, cap_style="flat") for r in streets]
    land = unary_union(bands, grid_size=GRID_M)
    return land.buffer(9).buffer(-9).union(land, grid_size=GRID_M)
