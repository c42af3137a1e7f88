"""The survey's need list and the resource ledger, both as offices keep them."""

from __future__ import annotations

import numpy as np
import shapely
import streets as st
from frame import place
from shapely import LineString, Point, Polygon
from survey import DRAINS, NEEDS, OTHERS, PLACES, PLATE, W
from town import Town, find_building, find_community, find_parcel


def make_needs(town: Town) -> list[dict]:
    """Survey needs; ``geometry`` is None where nobody wrote a place down."""
    from facilities import locate

    out = []
    for n in NEEDS:
        spot = locate(town, n[12]) if n[12] else None
        out.append({"id": n[0], "row": n, "geometry": spot})
    return out


def list_needs(needs: list[dict]) -> list[list]:
    rows = []
    for need in needs:
        i, dim, plate, text, urgent, gap, source, manage, kind, scale, home, where, _ = need["row"]
        p = need["geometry"]
        rows.append(
            [
                i,
                *W[dim],
                PLATE[plate],
                text,
                "紧迫" if urgent else "一般",
                gap or None,
                source,
                "管理类" if manage else "建设类",
                kind or None,
                scale,
                home or None,
                where or None,
                round(p.y, 2) if p else None,
                round(p.x, 2) if p else None,
            ]
        )
    return rows


def make_drains(town: Town) -> list[dict]:
    """The line-shaped drainage needs: stretches of streets, keyed by 需求编号."""
    out = []
    for need, (street, home) in DRAINS.items():
        pieces = [r["geometry"] for r in town.streets if r["name"] == street]
        line = shapely.line_merge(shapely.union_all(pieces)).intersection(town.communities[home])
        line = max(shapely.get_parts(line), key=lambda g: g.length)
        line = LineString(np.round(line.coords, 3))
        out.append(
            {
                "XQBH": need,
                "GXLX": "污水" if need == "XQ15" else "雨污合流",
                "CD": round(line.length, 2),
                "MS": next(n[3] for n in NEEDS if n[0] == need),
                "geometry": line,
            }
        )
    return out


def shape_place(town: Town, anchor: str) -> Polygon:
    """The ground of a resource with a place."""
    if anchor == "#操场":
        return next(s["geometry"] for s in town.spaces if s["name"] == "清源小学操场")
    if anchor == "#边角":  # a sliver 3.4 m deep along the estate's north wall
        home = find_parcel(town, "机修一村")["geometry"]
        band = (
            town.land.buffer(3.4)
            .intersection(home)
            .intersection(Polygon(place([(18, 1060), (165, 1060), (165, 1140), (18, 1140)])))
        )
        return max(shapely.get_parts(band), key=lambda g: g.area)
    if anchor == "#三角":
        home = find_parcel(town, "邮电小区")["geometry"].buffer(-0.5)
        corner = Polygon(place([(655, 846), (740, 862), (664, 826)])).intersection(home)
        return max(shapely.get_parts(corner), key=lambda g: g.area)
    if anchor == "#空地":
        home = find_parcel(town, "供销社宿舍")["geometry"].buffer(-3)
        taken = shapely.union_all(
            [b["geometry"].buffer(2.5) for b in town.buildings if b["parcel"]["name"] == "供销社宿舍"]
            + [r["geometry"].buffer(3) for r in town.network]
        )
        circle = shapely.maximum_inscribed_circle(home.difference(taken))
        centre, r = Point(circle.coords[0]), min(circle.length, 12)
        return shapely.box(centre.x - r * 0.85, centre.y - r * 0.5, centre.x + r * 0.85, centre.y + r * 0.5)
    if anchor.startswith("@"):
        return find_parcel(town, anchor[1:])["geometry"]
    return find_building(town, anchor)["geometry"]


def make_resources(town: Town) -> tuple[list[list], list[dict]]:
    """Ledger rows, and the polygons keyed by 资源编号."""
    rows, shapes = [], []
    for i, kind, name, anchor, where, tenure, owner, state, note in PLACES:
        geom = shapely.set_precision(shape_place(town, anchor), st.GRID_M)
        home = find_community(town, geom.representative_point())
        built = round(find_building(town, anchor)["area"], 1) if kind == "建筑" else None
        rows.append(
            [
                i,
                kind,
                name,
                home,
                where,
                round(geom.area, 1),
                built,
                tenure,
                owner,
                state,
                None,
                None,
                None,
                None,
                None,
                note,
            ]
        )
        shapes.append({"ZYBH": i, "ZYMC": name, "ZYLB": kind, "MJ": round(geom.area, 2), "geometry": geom})
    for i, kind, name, money, source, clause, who, what in OTHERS:
        rows.append(
            [
                i,
                kind,
                name,
                None,
                None,
                None,
                None,
                None,
                None,
                None,
                money,
                source,
                clause,
                who,
                what,
                None,
            ]
        )
    return rows, shapes
