"""Place the services on the ground and write them the way two different sources hold them."""

from __future__ import annotations

import numpy as np
import services as sv
from frame import CRS, make_rng, place, shift_to_gcj02
from planted import PARKING
from pyproj import Transformer
from shapely import Point
from town import Town, find_building, find_community, find_parcel

LEDGER_HEADER = [
    ("序号", []),
    ("设施名称", []),
    ("设施类型", []),
    ("所属社区", []),
    ("坐标(CGCS2000)", ["X(北)", "Y(东)"]),
    ("建设规模", ["建筑面积", "服务能力"]),
    ("可共享性", []),
    ("备注", []),
]
POI_COLUMNS = ["id", "name", "type", "address", "lon", "lat"]


def locate(town: Town, anchor: str) -> Point:
    """Turn an anchor of :mod:`services` into a point."""
    if anchor.startswith("@"):
        return find_parcel(town, anchor[1:])["geometry"].representative_point()
    if "," in anchor:
        return Point(place([float(v) for v in anchor.split(",")]))
    return find_building(town, anchor)["geometry"].representative_point()


def make_facilities(town: Town) -> list[dict]:
    """All services with key, place, community and the source that holds them."""
    rng = make_rng("facilities")
    rows = [*sv.PLACED]
    for key, stem, capacity, area, share, anchors in sv.BRANCHES:
        for at in anchors:
            label = at.lstrip("@").rstrip("0123456789号楼")
            rows.append((key, label + stem, at, capacity, area, share, "L"))
    rows += [("bus_stop", n + "站", f"{x},{y}", "", 0, "可开放", "W") for n, x, y in sv.BUS]
    for i, at in enumerate(sv.TRADE_AT):
        key, stem = sv.TRADE[i % len(sv.TRADE)]
        label = at.rstrip("0123456789号楼栋")
        rows.append((key, label + stem, at, "", 0, "", "W"))
    for at in sv.OFFICES:
        rows.append(
            (
                "property_office",
                at.split("号楼")[0].rstrip("0123456789") + "物业服务中心",
                at,
                "",
                float(rng.integers(60, 180)),
                "不可",
                "L",
            )
        )
    out = []
    for i, (key, name, anchor, capacity, area, share, source) in enumerate(rows):
        spot = locate(town, anchor)
        jitter = rng.normal(0, 0.8, 2)
        spot = Point(np.round([spot.x + jitter[0], spot.y + jitter[1]], 3))
        out.append(
            {
                "uid": f"F{i + 1:03d}",
                "key": key,
                "name": name,
                "capacity": capacity,
                "floor_area": area,
                "share": share,
                "source": source,
                "geometry": spot,
                "community": find_community(town, spot),
                "anchor": anchor,
            }
        )
    for key, name, xy, home in sv.OUTSIDE:
        out.append(
            {
                "uid": f"F{len(out) + 1:03d}",
                "key": key,
                "name": name,
                "capacity": "",
                "floor_area": 0,
                "share": "可开放" if home else "",
                "source": "L" if home else "W",
                "geometry": Point(np.round(place(xy), 3)),
                "community": home,
                "anchor": "",
            }
        )
    return out


def make_ledger(facilities: list[dict]) -> tuple[list[list], list]:
    """Rows of the ledger and its totals row: units inside numbers, X to the north."""
    mine = [f for f in facilities if f["source"] == "L"]
    rows = []
    for i, f in enumerate(mine):
        area = (
            "" if not f["floor_area"] else (f"{f['floor_area']:,.0f}㎡" if i % 3 else float(f["floor_area"]))
        )
        note = "与社区服务站合设" if f["key"] == "culture_station" and i % 2 else ""
        note = PARKING[f["name"]][0] if f["name"] in PARKING else note
        rows.append(
            [
                i + 1,
                f["name"],
                sv.TYPES[f["key"]][0],
                f["community"],
                f["geometry"].y,
                f["geometry"].x,
                area or None,
                f["capacity"] or None,
                f["share"],
                note or None,
            ]
        )
    total = sum(f["floor_area"] for f in mine)
    return rows, [
        "合计",
        f"{len(mine)}处",
        None,
        None,
        None,
        None,
        f"{total:,.0f}㎡",
        None,
        None,
        None,
    ]


def make_poi_csv(town: Town, facilities: list[dict], *, flawed: bool = True) -> str:
    """The web-map export: GCJ-02 degrees, type strings of three levels, some entries twice."""
    rows = [(f["name"], sv.TYPES[f["key"]][1], f["geometry"]) for f in facilities if f["source"] == "W"]
    by = {f["name"]: f for f in facilities}
    for name, other in sv.TWICE if flawed else []:
        p = by[name]["geometry"]
        rows.append((other, sv.TYPES[by[name]["key"]][1], Point(p.x + 6.0, p.y - 4.0)))
    rows += [(n, t, locate(town, a)) for n, t, a in sv.OTHER_POI if flawed]
    lon, lat = Transformer.from_crs(CRS, "EPSG:4490", always_xy=True).transform(
        [p.x for *_, p in rows], [p.y for *_, p in rows]
    )
    lon, lat = shift_to_gcj02(np.asarray(lon), np.asarray(lat))
    lines = [",".join(POI_COLUMNS)]
    for i, ((name, kind, _), x, y) in enumerate(zip(rows, lon, lat, strict=True)):
        lines.append(f"B0FICT{i + 1:04d},{name},{kind},虚构区云溪街道,{x:.6f},{y:.6f}")
    return "﻿" + "\r\n".join(lines) + "\r\n"
