"""What is planted in the sample: gaps, sharing across borders, matches, repeated works, and the tiers they use."""

from __future__ import annotations

# Walking tier in minutes of the classes used below, and what a tier reaches in metres. The product
# reads its own copy (configs/facility_classes.yaml); the two must agree.
TIER_MIN = {
    "nursery": 5,
    "elder_daycare": 5,
    "canteen": 5,
    "health_station": 5,
    "sports_field_small": 5,
    "kindergarten": 5,
    "culture_station": 5,
    "wet_market": 10,
    "shelter_emergency": 10,
    "fitness_center": 15,
    "health_center": 15,
    "culture_center": 15,
    "service_center_street": 15,
    "police_station": 15,
}
TIER_M = {5: 300, 10: 500, 15: 1000}
LEAST_SHARE = {5: 0.1, 10: 0.1, 15: 0.6}  # of the homes a shared facility must reach, by tier
# A reader may take these for the class beside them, so they count as it wherever it matters.
ALIKE = {
    "outpatient": ("health_station", "health_center"),
    "subdistrict_office": ("service_center_street",),
}
GAPS = [
    ("清源社区", "elder_daycare"),
    ("清源社区", "canteen"),
    ("清源社区", "sports_field_small"),
    ("桂苑社区", "nursery"),
    ("桂苑社区", "kindergarten"),
    ("桂苑社区", "sports_field_small"),
    ("梧桐社区", "health_station"),
    ("梧桐社区", "canteen"),
    ("梧桐社区", "culture_station"),
    ("梧桐社区", "wet_market"),
    ("梧桐社区", "shelter_emergency"),
]
SHARED = [
    ("梧桐社区", "elder_daycare"),
    ("清源社区", "wet_market"),
    ("梧桐社区", "fitness_center"),
    ("桂苑社区", "health_center"),
    ("梧桐社区", "health_center"),
    ("望江社区", "health_center"),
    ("梧桐社区", "culture_center"),
    ("清源社区", "service_center_street"),
]
# need, resource, level, reason. Distances are straight lines on the plan.
MATCHES = [
    ("XQ01", "ZY01", 3, "同社区、近、国有闲置商铺，面积足够，简单装修即可"),
    ("XQ03", "ZY02", 3, "同社区、国有闲置用房，面积足够，装修即可"),
    ("XQ07", "ZY04", 3, "同社区、街道办产权配套用房，已移交"),
    ("XQ12", "ZY11", 3, "学校操场错时开放，不需建设"),
    ("XQ02", "ZY03", 2, "闲置宾馆需加固与适老化改造"),
    ("XQ08", "ZY10", 2, "广场需增设应急设施与预案"),
    ("XQ09", "ZY07", 2, "面积足够，但权属待核，需协调"),
    ("XQ10", "ZY12", 3, "既有游园就地提升"),
    ("XQ11", "ZY05", 2, "厂区面积足够，需调整规划用途"),
    ("XQ06", "ZY15", 3, "同院空地，街道产权，面积够"),
    ("XQ04", "ZY13", 1, "边角地狭长不规则，不宜建标准化场地"),
    ("XQ26", "ZY04", 2, "本社区无闲置用房，邻社区配套用房须跨社区统筹"),
]
# need -> building name or resource, level, reason: what serves the need better than the resource above,
# so that a planner who only looks at the nearest ledger row is wrong.
BETTER = {
    "XQ02": ("西园商业街2栋", 3, "台账未列的国有闲置商铺，不需加固"),
    "XQ07": ("云溪文化中心书吧", 3, "同级且步行更近，面积更相称：配套用房背靠小区围墙，须绕到大道一侧进出"),
    "XQ04": ("ZY05", 2, "闲置厂区，面积和形状合适，需调整规划用途；近处操场的余地不足"),
}
# past work, need on the same ground: a project for it may build the same thing twice.
REPEATS = [("机修游园一期整治", "XQ10"), ("双井巷排水管网修复一期", "XQ14")]
# 错配: the community has children enough and a kindergarten that most people reach, but the children live elsewhere.
# Estates whose 3-6 year olds moved, and the estates they live in now, by community and class.
MISPLACED = [("望江社区", "kindergarten")]
MOVED = {"望江社区": (("江湾一号", "观澜苑", "长堤小区", "江湾新村"), ("滨江花园", "望江小区"))}
WRONG_SHARE = 0.5  # of the people's share reached, below which the group's is 错配 (configs/needs.yaml)
# Bare soil in parcels that are in use: only the picture shows it. Squares in the widest open spot of each.
BARE = ["云溪变电站", "桂苑农贸市场", "溪岸商街", "云溪文化中心"]
# Public roofs, large and low; a car park half empty by the survey's own note; a forecourt far too deep.
ROOFS = ["云溪百货商场", "桂苑农贸市场交易大厅"]
PARKING = {"健身中心停车场": ("调查日间利用率约45%", 49)}  # note, bays to spare of its 90
SETBACKS = ["云溪文化中心"]
# resource, parcel of the protected thing whose range (2 m round it) the resource's ground meets.
PROTECTED = [("ZY10", "云溪会馆")]
# resource, clause of another plan that names it, what it says: a limit of the floor-area ratio, or a change of use.
NAMED = [("ZY08", "YX-03图则", 1.2), ("ZY05", "第二十八条", None)]
# need, subject and action of the cost ledger, total in 万元, who pays all of it (resource), 必建类?
# What the ledger gives no unit cost for is priced by the product's examples and has no total here; "/" builds nothing.
PROJECTS = [
    ("XQ01", ("社区食堂", "改造"), 42.0, None, True),
    ("XQ06", None, None, "ZY18", True),
    ("XQ16", None, None, None, True),
    ("XQ22", None, "/", None, False),
]
