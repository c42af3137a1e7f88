"""The tiny plan: one community of twelve buildings, one of every kind, in clean files."""

from __future__ import annotations

from pathlib import Path

import export as ex
import facilities as fc
import numpy as np
import office
import parcels as pc
import rasters
import streets as st
import survey
import writers as wr
from frame import COMMUNITIES, CRS, place
from shapely import LineString, Point, Polygon
from tinyplan import BUILDINGS, FACILITIES, GATES, NAME, NEEDS, PARCELS, RESOURCES, ROADS
from town import Town, mark_bridges

SHIFT = np.array([2600.0, 300.0])  # well away from the sample


def at(xy: object) -> np.ndarray:
    return np.round(place(np.asarray(xy, dtype=float) + SHIFT), 3)


def box(x0: float, y0: float, x1: float, y1: float) -> Polygon:
    return Polygon(at([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]))


def make_tiny_town() -> Town:
    """Put the tiny community together with the sample's own partition and noding."""
    raw = [
        {
            "name": n,
            "kind": k,
            "grade": g,
            "bridge": "是" if g else "否",
            "width": st.WIDTH[k],
            "estate": "",
            "keep": True,
            "geometry": LineString(at(c)),
        }
        for n, k, g, c in ROADS
    ]
    area = {NAME: box(0, 0, 240, 180)}
    surfaces = [({"kind": k, "name": n, "year": y, "floors": f}, box(*b)) for k, n, b, y, f in PARCELS]
    # make_parcels treats the last surface as crumbs to hand out, so a never-met one stands last.
    parcels, area = pc.make_parcels(
        [*surfaces, ({"kind": "road", "name": "路口"}, box(900, 900, 901, 901))], area
    )
    buildings = []
    for parcel, name, use, b, floors, year, heads, homes, state in BUILDINGS:
        home = next(p for p in parcels if p["name"] == parcel)
        buildings.append(
            {
                "name": name,
                "use": use,
                "geometry": box(*b),
                "floors": floors,
                "year": year,
                "residents": heads,
                "households": homes,
                "old": round(heads * 0.25),
                "infant": round(heads * 0.03),
                "child": round(heads * 0.04),
                "state": state,
                "quality": "差" if year < 1990 else "一般",
                "parcel": home,
                "community": NAME,
                "tenure": "私有" if use == "住宅" else "国有",
                "owner": "多户共有" if use == "住宅" else "虚构区国有资产管理中心",
            }
        )
    network = st.node_network(raw)
    far = LineString(at([(900, 900), (901, 901)]))
    mark_bridges(network, far)
    gates = [{"name": n, "estate": e, "geometry": Point(at(xy))} for n, e, xy in GATES]
    land = next(p["geometry"] for p in parcels if p["kind"] == "road")
    return Town(
        area,
        parcels,
        buildings,
        network,
        gates,
        [r for r in network if r["kind"] in ("次干路", "支路")],
        [],
        far,
        [],
        land,
    )


def write_tiny(out: Path) -> None:
    """Write the tiny plan: the sample's file, layer and column names, without its flaws."""
    town, s = make_tiny_town(), ex.SCHEMAS
    wr.write_shp(out / "社区边界.shp", ex.list_communities(town), s["社区边界"], CRS)
    wr.write_shp(out / "现状用地.shp", ex.list_parcels(town, flawed=False), s["现状用地"], CRS)
    wr.write_shp(out / "建筑.shp", ex.list_buildings(town, flawed=False), s["建筑"], CRS)
    gates = [{"MC": g["name"], "XQ": g["estate"], "geometry": g["geometry"]} for g in town.gates]
    wr.write_gpkg(
        out / "道路.gpkg",
        {"道路": (ex.list_roads(town, flawed=False), s["道路"]), "出入口": (gates, s["出入口"])},
        CRS,
    )
    services = [
        {
            "key": k,
            "name": n,
            "geometry": Point(at(xy)),
            "capacity": c,
            "floor_area": a,
            "share": h,
            "source": w,
            "community": NAME,
        }
        for k, n, xy, c, a, h, w in FACILITIES
    ]
    rows, totals = fc.make_ledger(services)
    wr.write_xlsx(
        out / "设施台账.xlsx",
        "设施台账",
        fc.LEDGER_HEADER,
        rows,
        totals=totals,
        title="小样社区公共服务设施台账（虚构数据）",
    )
    wr.write_text(out / "地图POI.csv", fc.make_poi_csv(town, services, flawed=False))
    points = [
        {"BH": f"SZ{i + 1:04d}", "SSLX": k, "MC": None, "ZT": z, "geometry": Point(at(xy))}
        for i, (k, xy, z) in enumerate(
            [
                ("路灯", (100, 174), "正常"),
                ("路灯", (124, 40), "损坏"),
                ("消火栓", (136, 10), "正常"),
                ("垃圾收集点", (70, 8), "正常"),
                ("箱式变电站", (12, 128), "正常"),
                ("变电站", (186, 12), "正常"),
            ]
        )
    ]
    pipes = [
        {
            "BH": f"GX{i + 1:04d}",
            "GXLX": k,
            "GJ": d,
            "CZ": c,
            "GK": g,
            "JSND": y,
            "DL": "小样中街",
            "BZ": z,
            "geometry": LineString(at([(130 + o, 0), (130 + o, 180)])),
        }
        for i, (k, o, d, c, g, y, z) in enumerate(
            [
                ("雨水", 2, 500, "钢筋混凝土", "破损", 1990, "雨污合流"),
                ("污水", -2, 400, "HDPE", "一般", 2004, None),
                ("给水", 4, 200, "球墨铸铁", "良好", 2010, None),
                ("燃气", -4, 110, "PE", "良好", 2012, None),
            ]
        )
    ]
    wr.write_gpkg(out / "市政.gpkg", {"市政点": (points, s["市政点"]), "管线": (pipes, s["管线"])}, CRS)
    pond = box(-110, 40, -40, 110)
    tree, park = Point(at((225, 165))).buffer(6), box(*PARCELS[3][2])
    kept = [
        {
            "BHLX": "古树名木",
            "BHMC": "小样古樟",
            "JB": "二级",
            "MJ": round(tree.area, 2),
            "geometry": tree,
        },
        {
            "BHLX": "历史建筑",
            "BHMC": "小样老办公楼",
            "JB": "市级",
            "MJ": round(box(140, 48, 186, 66).area, 2),
            "geometry": box(140, 48, 186, 66),
        },
    ]
    wr.write_gpkg(
        out / "绿地与保护.gpkg",
        {
            "历史文化保护": (kept, s["历史文化保护"]),
            "公共活动空间": (
                [
                    {
                        "MC": "小样游园",
                        "LX": "公园绿地",
                        "KFSJ": "全天",
                        "MJ": round(park.area, 2),
                        "geometry": park,
                    }
                ],
                s["公共活动空间"],
            ),
            "水系": (
                [{"MC": "小样塘", "LX": "水域", "MJ": round(pond.area, 2), "geometry": pond}],
                s["水系"],
            ),
        },
        CRS,
    )
    rows = [
        [
            *n[:13],
            *((round(float(at(n[13])[1]), 2), round(float(at(n[13])[0]), 2)) if n[13] else (None, None)),
        ]
        for n in NEEDS
    ]
    wr.write_xlsx(out / "需求清单.xlsx", "需求清单", survey.NEED_HEADER, rows)
    drain = LineString(at([(130, 0), (130, 90), (130, 180)]))
    wr.write_gpkg(
        out / "排水需求.gpkg",
        {
            "排水需求": (
                [
                    {
                        "XQBH": "XQ03",
                        "GXLX": "雨污合流",
                        "MS": NEEDS[2][4],
                        "CD": round(drain.length, 2),
                        "geometry": drain,
                    }
                ],
                s["排水需求"],
            )
        },
        CRS,
    )
    wr.write_xlsx(out / "资源台账.xlsx", "资源台账", survey.RESOURCE_HEADER, RESOURCES)
    shapes = [
        {
            "ZYBH": "ZY01",
            "ZYMC": "小样商铺2栋",
            "ZYLB": "建筑",
            "MJ": 768.0,
            "geometry": box(*BUILDINGS[8][3]),
        },
        {
            "ZYBH": "ZY02",
            "ZYMC": "小样空地",
            "ZYLB": "用地",
            "MJ": 3432.0,
            "geometry": box(*PARCELS[4][2]),
        },
    ]
    wr.write_shp(out / "资源范围.shp", shapes, s["资源范围"], CRS)
    rasters.write_rasters(out, town, CRS, step=2, jpeg_quality=75)
    ex.write_office(
        out,
        people=office.list_people_by_building(town.buildings),
        totals=None,
        plans=office.TINY_PLANS,
        works=[(office.TINY_WORKS[0], box(*PARCELS[0][2]))],
        pipes=[(office.TINY_PIPES[0], LineString(at([(0, 0), (0, 180)])))],
        targets=office.TINY_TARGETS,
        steps=office.TINY_STEPS,
        delegates=office.list_delegates([NAME], each=5),
    )
    assert NAME in COMMUNITIES
