"""The survey's need list and the resource ledger, both as offices keep them."""

from __future__ import annotations

import numpy as np
import shapely
import streets as st
from frame import COUNTY, STREET, place
from shapely import LineString, Point, Polygon
from town import Town, find_building, find_community, find_parcel

NEED_HEADER = [
    ("需求编号", []), ("任务分类", ["维度", "所属工程", "对应板块"]),
    ("需求内容", ["需求描述", "紧迫程度", "缺配类型", "需求来源"]), ("实施类型", []), ("设施类型", []),
    ("建设规模(㎡)", []), ("需求位置", ["社区", "位置描述", "X(北)", "Y(东)"]),
]
W = {"韧": ("韧性安全", "韧性增强工程"), "舒": ("舒适宜居", "设施提升工程"), "绿": ("绿色低碳", "绿色发展工程"),
     "智": ("智慧赋能", "智慧赋能工程"), "治": ("治理高效", "治理强基工程")}
PLATE = {"a": "补齐便民设施短板", "b": "完善公共服务配套", "c": "推进既有设施升级改造", "d": "健全房屋安全管理机制",
         "e": "提升设施安全保障能力", "f": "提升应急处突能力", "g": "有序推进公园绿地建设", "h": "推进雨污分流改造",
         "i": "社区基础设施智能化改造", "j": "推动社区智慧服务升级", "k": "融入社区文化底蕴", "l": "促进物业服务提质",
         "m": "建立健全参与平台渠道", "n": "提升生活垃圾分类成效", "o": "城市管理融入社区治理"}
# id, dimension, section, text, urgent, gap, source, management?, facility type, scale, community, where, anchor
NEEDS: list[tuple] = [
    ("XQ01", "舒", "b", "增设社区食堂，解决老年人就餐难", 1, "漏配", "专项体检", 0, "社区食堂", 200, "清源社区", "新华小区周边", "新华小区6号楼"),
    ("XQ02", "舒", "b", "建设老年人日间照料中心", 1, "漏配", "专项体检", 0, "老年人日间照料中心", 350, "清源社区", "西园小区一带", "西园小区3号楼"),
    ("XQ03", "舒", "b", "增设普惠托育点，解决婴幼儿照护难", 1, "漏配", "居民问卷", 0, "托儿所", 200, "桂苑社区", "桂苑小区周边", "桂苑小区1号楼"),
    ("XQ04", "舒", "a", "建设标准化儿童活动场地", 0, "漏配", "居民议事会", 0, "儿童老年人活动场地", 300, "清源社区", "机修一村北侧", "机修一村8号楼"),
    ("XQ05", "舒", "a", "增设公共停车场，缓解停车难", 1, "少配", "12345热线", 0, "停车场", 2500, "梧桐社区", "东兴苑周边", "东兴苑2号楼"),
    ("XQ06", "舒", "a", "合理选址，增设电动自行车集中停放充电场所", 1, "少配", "专项体检", 0, "非机动车停车充电", 120, "桂苑社区", "供销社宿舍内", "供销社宿舍5号楼"),
    ("XQ07", "治", "k", "增设城市书房", 0, "漏配", "居民问卷", 0, "文化活动站", 150, "望江社区", "江湾一号商街", "江湾商街5栋"),
    ("XQ08", "韧", "f", "增加老城应急避难场所", 1, "漏配", "专项体检", 0, "紧急避难场所", 900, "桂苑社区", "双井坊片区", "双井坊15号"),
    ("XQ09", "舒", "a", "增设小型多功能球类场地", 0, "漏配", "居民议事会", 0, "小型多功能运动场地", 800, "桂苑社区", "桂香苑北侧", "桂香苑2号楼"),
    ("XQ10", "绿", "g", "改造提升口袋公园", 0, "", "居民问卷", 0, "公园绿地", 1500, "清源社区", "机修游园", "@机修游园"),
    ("XQ11", "舒", "b", "建设区域性综合为老服务中心", 1, "少配", "专项体检", 0, "综合为老服务中心", 3500, "清源社区", "机修厂一带", "机修厂家属院2号楼"),
    ("XQ12", "舒", "c", "学校运动场地错时向居民开放", 0, "错配", "居民议事会", 0, "大型多功能运动场地", 1500, "清源社区", "清源小学", "清源小学食堂"),
    ("XQ13", "绿", "h", "老街雨污合流管改造", 1, "", "排水普查", 0, "", None, "桂苑社区", "老街（西园路至清源路）", "255,338"),
    ("XQ14", "绿", "h", "双井巷排水管网修复", 1, "", "排水普查", 0, "", None, "桂苑社区", "双井巷北段", "208,470"),
    ("XQ15", "韧", "e", "机修路污水管破损修复并补建燃气管道", 1, "", "排水普查", 0, "", None, "清源社区", "机修路全线", "505,1014"),
    ("XQ16", "韧", "d", "机修厂家属院房屋安全鉴定与加固", 1, "", "房屋普查", 0, "", None, "清源社区", "机修厂家属院", "机修厂家属院1号楼"),
    ("XQ17", "韧", "e", "双井坊打通消防通道并增设消火栓", 1, "", "消防检查", 0, "", None, "桂苑社区", "双井坊内", "双井坊25号"),
    ("XQ18", "韧", "e", "上埠坊增设路灯", 0, "", "12345热线", 0, "", None, "桂苑社区", "上埠坊内", "上埠坊20号"),
    ("XQ19", "智", "i", "加装高空抛物监测与智能门禁", 0, "", "物业反映", 0, "", None, "梧桐社区", "梧桐雅居", "梧桐雅居2号楼"),
    ("XQ20", "智", "j", "建设街道智慧社区服务平台", 0, "", "街道办事处", 0, "", None, "", "", None),
    ("XQ21", "智", "i", "停车泊位错时共享信息化", 0, "", "街道办事处", 0, "", None, "梧桐社区", "", None),
    ("XQ22", "治", "l", "无物业小区选聘物业服务企业", 0, "", "居民议事会", 1, "", None, "桂苑社区", "西园里", "西园里4号楼"),
    ("XQ23", "治", "m", "完善社区议事协商机制，设立社区议事厅", 0, "", "党群中心", 1, "", 80, "望江社区", "", None),
    ("XQ24", "绿", "n", "健全生活垃圾分类督导制度", 0, "", "专项体检", 1, "", None, "", "", None),
    ("XQ25", "治", "o", "农贸市场周边流动摊贩规范管理", 0, "", "城管部门", 1, "", None, "桂苑社区", "桂苑农贸市场东侧", "桂苑农贸市场管理用房"),
    ("XQ26", "舒", "b", "增设社区卫生服务站", 1, "漏配", "专项体检", 0, "社区卫生服务站", 150, "梧桐社区", "溪岸名邸周边", "溪岸名邸4号楼"),
]
DRAINS = {"XQ13": ("老街", "桂苑社区"), "XQ14": ("双井巷", "桂苑社区"), "XQ15": ("机修路", "清源社区")}


def make_needs(town: Town) -> list[dict]:
    """Survey needs; ``geometry`` is None where nobody wrote a place down."""
    from facilities import locate

    out = []
    for n in NEEDS:
        spot = locate(town, n[12]) if n[12] else None
        out.append(dict(id=n[0], row=n, geometry=spot))
    return out


def list_needs(needs: list[dict]) -> list[list]:
    rows = []
    for need in needs:
        i, dim, plate, text, urgent, gap, source, manage, kind, scale, home, where, _ = need["row"]
        p = need["geometry"]
        rows.append([i, *W[dim], PLATE[plate], text, "紧迫" if urgent else "一般", gap or None, source,
                     "管理类" if manage else "建设类", kind or None, scale, home or None, where or None,
                     round(p.y, 2) if p else None, round(p.x, 2) if p else None])
    return rows


def make_drains(town: Town) -> list[dict]:
    """The line-shaped drainage needs: stretches of streets, keyed by 需求编号."""
    out = []
    for need, (street, home) in DRAINS.items():
        pieces = [r["geometry"] for r in town.streets if r["name"] == street]
        line = shapely.line_merge(shapely.union_all(pieces)).intersection(town.communities[home])
        line = max(shapely.get_parts(line), key=lambda g: g.length)
        line = LineString(np.round(line.coords, 3))
        out.append(dict(XQBH=need, GXLX="污水" if need == "XQ15" else "雨污合流", CD=round(line.length, 2),
                        MS=next(n[3] for n in NEEDS if n[0] == need), geometry=line))
    return out


RESOURCE_HEADER = [
    ("资源编号", []), ("资源类别", []), ("资源名称", []), ("资源位置", ["社区", "位置描述"]),
    ("资源规模", ["用地面积(㎡)", "建筑面积(㎡)"]), ("权属情况", ["产权性质", "权利人"]), ("使用状况", []),
    ("资金", ["金额(万元)", "资金来源"]), ("政策条款/文号", []), ("支持力量", ["支持单位", "支持事项"]), ("备注", []),
]
GOV = f"{COUNTY}国有资产管理中心"
# id, kind, name, anchor, where, tenure, owner, state, remark. Anchor: building, "@parcel" or "#drawn".
PLACES = [
    ("ZY01", "建筑", "新华商铺2栋闲置商铺", "新华商铺2栋", "云溪大道北侧新华小区临街", "国有", f"{COUNTY}商贸国有资产公司", "闲置", None),
    ("ZY02", "建筑", "农贸市场闲置管理用房", "桂苑农贸市场管理用房", "桂苑农贸市场东侧", "国有", f"{COUNTY}商贸国有资产公司", "闲置", None),
    ("ZY03", "建筑", "云溪宾馆旧楼", "云溪宾馆主楼", "云溪大道北侧学前路口", "国有", f"{COUNTY}商贸国有资产公司", "闲置", "结构老旧，改造需加固"),
    ("ZY04", "建筑", "江湾商街1栋社区配套用房", "江湾商街1栋", "云溪大道南侧江湾一号", "国有", f"{STREET}办事处", "闲置", "开发企业已移交"),
    ("ZY05", "用地", "云溪机修厂厂区", "@云溪机修厂", "北环路南侧、机修路北侧", "国有", "云溪机修厂清算组", "闲置", "规划用途待调整"),
    ("ZY06", "建筑", "老粮库3号仓", "老粮库3号仓", "滨江路北侧桂苑路西侧", "待核", "待核", "闲置", "产权材料缺失"),
    ("ZY07", "用地", "粮站空地", "@粮站空地", "老街南侧桂苑路西侧", "待核", "待核", "闲置", "粮食系统改制遗留，权属待核"),
    ("ZY08", "用地", "长堤储备地块", "@长堤地块", "滨江路西侧长堤小区南", "国有", f"{COUNTY}土地储备中心", "闲置", "手续齐全"),
    ("ZY09", "用地", "江东留白地块", "@江东留白地块", "滨江路东侧", "国有", f"{COUNTY}土地储备中心", "在用", "规划留白"),
    ("ZY10", "空间", "会馆广场", "@会馆广场", "双井巷东侧", "国有", f"{COUNTY}文化旅游局", "在用", "可增设应急设施"),
    ("ZY11", "空间", "清源小学操场", "#操场", "学前路东侧", "国有", f"{COUNTY}教育局", "在用", "寒暑假及周末可错时开放"),
    ("ZY12", "空间", "机修游园", "@机修游园", "机修路南侧", "国有", f"{COUNTY}园林所", "在用", "设施陈旧"),
    ("ZY13", "用地", "北环路边角地", "#边角", "北环路南侧机修一村北", "国有", f"{STREET}办事处", "闲置", "狭长不规则"),
    ("ZY14", "用地", "柳荫三角地", "#三角", "书院路柳荫路口", "待核", "待核", "闲置", "权属不清，形状尖窄"),
    ("ZY15", "空间", "供销社宿舍旁空地", "#空地", "供销社宿舍院内", "国有", f"{STREET}办事处", "闲置", None),
]
OTHERS = [
    ("ZY16", "资金", "老旧小区改造专项资金", 480, "上级财政专项", None, f"{COUNTY}住建局", "资金拨付与监管"),
    ("ZY17", "资金", "社区嵌入式养老服务专项资金", 260, "上级财政专项", None, f"{COUNTY}发改委", "资金申报"),
    ("ZY18", "资金", "充电设施运营单位垫资", 60, "社会资金", None, "虚构充电运营有限公司", "建设运营充电车棚"),
    ("ZY19", "政策", "存量建筑功能转换支持政策", None, None, "虚府办〔2024〕12号第三条：闲置国有房屋转作社区服务设施，五年内可保持原用途", f"{COUNTY}自然资源局", "功能转换审批"),
    ("ZY20", "政策", "无物业小区物业补贴", 18, "区级财政", "虚府办〔2024〕20号第六条", f"{COUNTY}住建局", "协调召开业主大会"),
    ("ZY21", "人力", "云溪餐饮企业", None, None, None, "虚构味道餐饮公司", "社区食堂运营"),
    ("ZY22", "人力", "退休医护志愿队", None, None, None, "云溪街道志愿者协会", "助老助医服务"),
]


def shape_place(town: Town, anchor: str) -> Polygon:
    """The ground of a resource with a place."""
    if anchor == "#操场":
        return next(s["geometry"] for s in town.spaces if s["name"] == "清源小学操场")
    if anchor == "#边角":  # a sliver 3.4 m deep along the estate's north wall
        home = find_parcel(town, "机修一村")["geometry"]
        band = town.land.buffer(3.4).intersection(home).intersection(
            Polygon(place([(18, 1060), (165, 1060), (165, 1140), (18, 1140)])))
        return max(shapely.get_parts(band), key=lambda g: g.area)
    if anchor == "#三角":
        home = find_parcel(town, "邮电小区")["geometry"].buffer(-0.5)
        corner = Polygon(place([(655, 846), (740, 862), (664, 826)])).intersection(home)
        return max(shapely.get_parts(corner), key=lambda g: g.area)
    if anchor == "#空地":
        home = find_parcel(town, "供销社宿舍")["geometry"].buffer(-3)
        taken = shapely.union_all([b["geometry"].buffer(2.5) for b in town.buildings if b["parcel"]["name"] == "供销社宿舍"]
                                  + [r["geometry"].buffer(3) for r in town.network])
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
        rows.append([i, kind, name, home, where, round(geom.area, 1), built, tenure, owner, state, None, None, None,
                     None, None, note])
        shapes.append(dict(ZYBH=i, ZYMC=name, ZYLB=kind, MJ=round(geom.area, 2), geometry=geom))
    for i, kind, name, money, source, clause, who, what in OTHERS:
        rows.append([i, kind, name, None, None, None, None, None, None, None, money, source, clause, who, what, None])
    return rows, shapes
