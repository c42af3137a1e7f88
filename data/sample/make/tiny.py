"""The tiny plan: one community of twelve buildings, one of every kind, in clean files."""

from __future__ import annotations

from pathlib import Path

import export as ex
import facilities as fc
import ledgers as lg
import numpy as np
import parcels as pc
import rasters
import shapely
import streets as st
import writers as wr
from frame import COMMUNITIES, CRS, place
from shapely import LineString, Point, Polygon
from town import Town, mark_bridges

NAME = "小样社区"
SHIFT = np.array([2600.0, 300.0])  # well away from the sample


def at(xy: object) -> np.ndarray:
    return np.round(place(np.asarray(xy, dtype=float) + SHIFT), 3)


def box(x0: float, y0: float, x1: float, y1: float) -> Polygon:
    return Polygon(at([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]))


# kind, name, box, year, floors
PARCELS = [
    ("slab", "小样一村", (6, 6, 124, 130), 1992, 6), ("kg", "小样幼儿园", (136, 96, 190, 174), 2005, 3),
    ("shops", "小样商铺", (6, 130, 124, 174), 1996, 2), ("park", "小样游园", (190, 96, 234, 174), 0, 0),
    ("vacant", "小样空地", (190, 6, 234, 84), 0, 0), ("office", "小样办公院", (136, 6, 190, 84), 1988, 3),
    ("road", "小样路", (-12, -12, 252, 192), 0, 0),
]
# parcel, name, use, box, floors, year, residents, households, state
BUILDINGS = [
    ("小样一村", "小样一村1号楼", "住宅", (14, 14, 58, 26), 6, 1992, 92, 36, "在用"),
    ("小样一村", "小样一村2号楼", "住宅", (72, 14, 116, 26), 6, 1992, 88, 36, "在用"),
    ("小样一村", "小样一村3号楼", "住宅", (14, 44, 58, 56), 6, 1993, 95, 36, "在用"),
    ("小样一村", "小样一村4号楼", "住宅", (72, 44, 116, 56), 6, 1993, 90, 36, "在用"),
    ("小样一村", "小样一村5号楼", "住宅", (14, 74, 58, 86), 6, 1994, 84, 36, "在用"),
    ("小样一村", "小样一村6号楼", "住宅", (72, 74, 116, 86), 6, 1994, 97, 36, "在用"),
    ("小样一村", "小样一村7号楼", "住宅", (14, 104, 58, 116), 5, 1994, 70, 30, "在用"),
    ("小样商铺", "小样商铺1栋", "商业", (12, 150, 60, 166), 2, 1996, 0, 0, "在用"),
    ("小样商铺", "小样商铺2栋", "商业", (68, 150, 116, 166), 2, 1996, 0, 0, "闲置"),
    ("小样幼儿园", "小样幼儿园教学楼", "教育", (144, 132, 184, 148), 3, 2005, 0, 0, "在用"),
    ("小样办公院", "小样办公院主楼", "办公", (142, 50, 184, 64), 3, 1988, 0, 0, "在用"),
    ("小样办公院", "小样办公院平房", "办公", (142, 20, 172, 30), 1, 1985, 0, 0, "闲置"),
]
# name, class, grade, line
ROADS = [
    ("小样北街", "支路", 0, [(-60, 180), (240, 180)]), ("小样南街", "支路", 0, [(-60, 0), (300, 0)]),
    ("小样西街", "支路", 0, [(0, -40), (0, 220)]), ("小样东街", "次干路", 0, [(240, -40), (240, 220)]),
    ("小样中街", "支路", 0, [(130, 0), (130, 180)]), ("小样横街", "支路", 0, [(130, 90), (240, 90)]),
    ("", "小区路", 0, [(65, 0), (65, 122)]), ("", "小区路", 0, [(10, 31), (120, 31)]),
    ("", "小区路", 0, [(10, 61), (130, 61)]), ("", "小区路", 0, [(10, 91), (120, 91)]),
    ("", "小区路", 0, [(10, 122), (120, 122)]), ("小样游园步道", "步行道", 0, [(212, 90), (212, 160)]),
    ("", "步行道", 0, [(212, 160), (212, 180)]), ("小样台阶", "台阶", 0, [(190, 90), (190, 70)]),
    ("小样天桥梯道", "台阶", 0, [(204, 130), (212, 130)]),
    ("小样天桥", "步行道", 1, [(212, 130), (262, 130)]), ("", "台阶", 0, [(262, 130), (262, 60)]),
    ("", "步行道", 0, [(262, 60), (240, 60)]),
]
GATES = [("小样一村主出入口", "小样一村", (65, 6)), ("小样一村次出入口", "小样一村", (124, 61)),
         ("小样幼儿园大门", "小样幼儿园", (136, 140))]
FACILITIES = [
    ("service_station", "小样社区服务站", (150, 57), "60人次/日", 320, "可开放", "L"),
    ("kindergarten", "小样幼儿园", (160, 140), "180人", 1900, "不可", "L"),
    ("outdoor_fitness", "小样游园健身点", (212, 150), "30人", 0, "可开放", "L"),
    ("car_parking", "小样办公院停车场", (160, 75), "24车位", 0, "可错时", "L"),
    ("public_toilet", "小样游园公厕", (200, 170), "4蹲位", 36, "可开放", "L"),
    ("culture_station", "小样文化活动站", (175, 57), "40人", 260, "可错时", "L"),
    ("shelter_emergency", "小样游园避难场所", (212, 120), "200人", 0, "可开放", "L"),
    ("convenience_store", "小样便利店", (30, 158), "", 0, "", "W"),
    ("bus_stop", "小样东街站", (246, 95), "", 0, "可开放", "W"),
    ("shop_cluster", "小样药房", (50, 158), "", 0, "", "W"),
]
NEEDS = [
    ["XQ01", "舒适宜居", "设施提升工程", "完善公共服务配套", "增设社区食堂", "紧迫", "漏配", "专项体检", "建设类", "社区食堂", 150,
     NAME, "小样一村", (90, 50)],
    ["XQ02", "韧性安全", "韧性增强工程", "提升应急处突能力", "增设小型球类场地兼避难", "一般", "漏配", "居民问卷", "建设类",
     "小型多功能运动场地", 800, NAME, "小样空地", (205, 60)],
    ["XQ03", "绿色低碳", "绿色发展工程", "推进雨污分流改造", "小样中街雨污合流改造", "紧迫", None, "排水普查", "建设类", None, None,
     NAME, "小样中街", (130, 90)],
    ["XQ04", "治理高效", "治理强基工程", "促进物业服务提质", "无物业小区选聘物业", "一般", None, "居民议事会", "管理类", None, None,
     NAME, None, None],
]
RESOURCES = [
    ["ZY01", "建筑", "小样商铺2栋", NAME, "小样北街南侧", 768.0, 1536.0, "国有", "虚构区商贸国有资产公司", "闲置", None, None, None, None, None, None],
    ["ZY02", "用地", "小样空地", NAME, "小样东街西侧", 3432.0, None, "国有", "虚构区土地储备中心", "闲置", None, None, None, None, None, "手续齐全"],
    ["ZY03", "资金", "老旧小区改造专项资金", None, None, None, None, None, None, None, 120, "上级财政专项", None, "虚构区住建局", "资金拨付与监管", None],
    ["ZY04", "人力", "小样志愿服务队", None, None, None, None, None, None, None, None, None, None, "小样社区居委会", "助餐配送", None],
]


def make_tiny_town() -> Town:
    """Put the tiny community together with the sample's own partition and noding."""
    raw = [dict(name=n, kind=k, grade=g, bridge="是" if g else "否", width=st.WIDTH[k], estate="",
                keep=True, geometry=LineString(at(c))) for n, k, g, c in ROADS]
    area = {NAME: box(0, 0, 240, 180)}
    surfaces = [(dict(kind=k, name=n, year=y, floors=f), box(*b)) for k, n, b, y, f in PARCELS]
    # make_parcels treats the last surface as crumbs to hand out, so a never-met one stands last.
    parcels, area = pc.make_parcels([*surfaces, (dict(kind="road", name="路口"), box(900, 900, 901, 901))], area)
    buildings = []
    for parcel, name, use, b, floors, year, heads, homes, state in BUILDINGS:
        home = next(p for p in parcels if p["name"] == parcel)
        buildings.append(dict(
            name=name, use=use, geometry=box(*b), floors=floors, year=year, residents=heads, households=homes,
            old=round(heads * 0.25), infant=round(heads * 0.03), child=round(heads * 0.04), state=state,
            quality="差" if year < 1990 else "一般", parcel=home, community=NAME,
            tenure="私有" if use == "住宅" else "国有", owner="多户共有" if use == "住宅" else "虚构区国有资产管理中心"))
    network = st.node_network(raw)
    far = LineString(at([(900, 900), (901, 901)]))
    mark_bridges(network, far)
    gates = [dict(name=n, estate=e, geometry=Point(at(xy))) for n, e, xy in GATES]
    land = next(p["geometry"] for p in parcels if p["kind"] == "road")
    return Town(area, parcels, buildings, network, gates, [r for r in network if r["kind"] in ("次干路", "支路")],
                [], far, [], land)


def write_tiny(out: Path) -> None:
    """Write the tiny plan's files: the same names, layers and columns as the sample's, without flaws."""
    town, s = make_tiny_town(), ex.SCHEMAS
    wr.write_shp(out / "社区边界.shp", ex.list_communities(town), s["社区边界"], CRS)
    wr.write_shp(out / "现状用地.shp", ex.list_parcels(town, flawed=False), s["现状用地"], CRS)
    wr.write_shp(out / "建筑.shp", ex.list_buildings(town, flawed=False), s["建筑"], CRS)
    gates = [dict(MC=g["name"], XQ=g["estate"], geometry=g["geometry"]) for g in town.gates]
    wr.write_gpkg(out / "道路.gpkg", {"道路": (ex.list_roads(town, flawed=False), s["道路"]),
                                    "出入口": (gates, s["出入口"])}, CRS)
    services = [dict(key=k, name=n, geometry=Point(at(xy)), capacity=c, floor_area=a, share=h, source=w, community=NAME)
                for k, n, xy, c, a, h, w in FACILITIES]
    rows, totals = fc.make_ledger(services)
    wr.write_xlsx(out / "设施台账.xlsx", "设施台账", fc.LEDGER_HEADER, rows, totals=totals,
                  title="小样社区公共服务设施台账（虚构数据）")
    wr.write_text(out / "地图POI.csv", fc.make_poi_csv(town, services, flawed=False))
    points = [dict(BH=f"SZ{i + 1:04d}", SSLX=k, MC=None, ZT=z, geometry=Point(at(xy))) for i, (k, xy, z) in enumerate([
        ("路灯", (100, 174), "正常"), ("路灯", (124, 40), "损坏"), ("消火栓", (136, 10), "正常"), ("垃圾收集点", (70, 8), "正常"),
        ("箱式变电站", (12, 128), "正常"), ("变电站", (186, 12), "正常")])]
    pipes = [dict(BH=f"GX{i + 1:04d}", GXLX=k, GJ=d, CZ=c, GK=g, JSND=y, DL="小样中街", BZ=z,
                  geometry=LineString(at([(130 + o, 0), (130 + o, 180)])))
             for i, (k, o, d, c, g, y, z) in enumerate([
                 ("雨水", 2, 500, "钢筋混凝土", "破损", 1990, "雨污合流"), ("污水", -2, 400, "HDPE", "一般", 2004, None),
                 ("给水", 4, 200, "球墨铸铁", "良好", 2010, None), ("燃气", -4, 110, "PE", "良好", 2012, None)])]
    wr.write_gpkg(out / "市政.gpkg", {"市政点": (points, s["市政点"]), "管线": (pipes, s["管线"])}, CRS)
    tree, park = Point(at((225, 165))).buffer(6), box(*PARCELS[3][2])
    kept = [dict(BHLX="古树名木", BHMC="小样古樟", JB="二级", MJ=round(tree.area, 2), geometry=tree),
            dict(BHLX="历史建筑", BHMC="小样老办公楼", JB="市级", MJ=round(box(140, 48, 186, 66).area, 2),
                 geometry=box(140, 48, 186, 66))]
    wr.write_gpkg(out / "绿地与保护.gpkg", {
        "历史文化保护": (kept, s["历史文化保护"]),
        "公共活动空间": ([dict(MC="小样游园", LX="公园绿地", KFSJ="全天", MJ=round(park.area, 2), geometry=park)],
                   s["公共活动空间"])}, CRS)
    rows = [[*n[:13], *((round(float(at(n[13])[1]), 2), round(float(at(n[13])[0]), 2)) if n[13] else (None, None))]
            for n in NEEDS]
    wr.write_xlsx(out / "需求清单.xlsx", "需求清单", lg.NEED_HEADER, rows)
    drain = LineString(at([(130, 0), (130, 90), (130, 180)]))
    wr.write_gpkg(out / "排水需求.gpkg", {"排水需求": ([dict(XQBH="XQ03", GXLX="雨污合流", MS=NEEDS[2][4],
                                                     CD=round(drain.length, 2), geometry=drain)], s["排水需求"])}, CRS)
    wr.write_xlsx(out / "资源台账.xlsx", "资源台账", lg.RESOURCE_HEADER, RESOURCES)
    shapes = [dict(ZYBH="ZY01", ZYMC="小样商铺2栋", ZYLB="建筑", MJ=768.0, geometry=box(*BUILDINGS[8][3])),
              dict(ZYBH="ZY02", ZYMC="小样空地", ZYLB="用地", MJ=3432.0, geometry=box(*PARCELS[4][2]))]
    wr.write_shp(out / "资源范围.shp", shapes, s["资源范围"], CRS)
    grid, west, north = rasters.make_population(town)
    wr.write_raster(out / "人口.tif", grid, west, north, rasters.POP_CELL_M, CRS, nodata=-1.0, compress="deflate")
    photo, west, north = rasters.make_photo(town)
    wr.write_raster(out / "正射影像.tif", photo[:, ::2, ::2], west, north, rasters.PHOTO_CELL_M * 2, CRS,
                    compress="jpeg", jpeg_quality=75, photometric="ycbcr")
    assert NAME in COMMUNITIES
