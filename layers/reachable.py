"""Result layers of scope, network, coverage and sharing: who reaches what, in how many metres."""

from __future__ import annotations

from layers import codes
from layers import model as m
from layers.model import Layer
from layers.source import Identified, Placed


class Unit(Identified, key="community", alias="社区边界", shape="polygon", onemap={"polygon": "HSQ_SQBJ"}):
    """Communities of the plan as areas; every other layer's community name refers to these (S-01)."""

    name = m.text("社区名称", required=True, unique=True)  # delivered as SQMC by the common prefix
    code = m.text("社区代码", "SQDM", 12)
    street = m.text("街道名称", "JDMC", 60)
    boundary = m.text("边界性质", "BJXZ", 12, codes=codes.BOUNDARY, required=True)
    households = m.integer("户数", "HS", 8, minimum=0)
    population = m.integer("常住人口", "RK", 8, minimum=0)
    area_m2 = m.number("面积", "MJ", 16, 2, unit="㎡", minimum=0, required=True)
    note = m.text("备注", "BZ", 254)


class Scope(Placed, key="scope", alias="更新范围/研究范围", shape="polygon", onemap={"polygon": "HSQ_GXFW"}):
    """规划(更新)范围 = communities; 研究范围 = 15-minute reach of them, plus themselves (1.4)."""

    kind = m.text("范围类型", "FWLX", 12, codes=codes.SCOPE, required=True)
    area_m2 = m.number("面积", "MJ", 16, 2, unit="㎡", minimum=0, required=True)
    note = m.text("备注", "BZ", 254)
    truncated = m.flag("截断")  # the 15-minute reach meets the edge of the data


class ScopeCut(Identified, key="scope_cut", alias="研究范围截断线", shape="line", onemap={"line": "HSQ_JDX"}):
    """Where 研究范围 ends because the data end, not because the walk does."""

    length_m = m.number("长度", "CD", 12, 2, unit="m", minimum=0)
    note = m.text("备注", "BZ", 254)


class Edge(Identified, key="edge", alias="步行网络", shape="line"):
    """Edges of the walk network; ``id`` is the row position the link table refers to."""

    road = m.text("道路编号")
    u = m.integer("起点节点", required=True)
    v = m.integer("终点节点", required=True)
    length_m = m.number("长度", unit="m", required=True)
    effort_m = m.number("坡度折算长度", unit="m")  # what the graph counts; missing where slope is not counted
    component = m.integer("连通分量", required=True)


class Obstacle(Identified, key="obstacle", alias="障碍（扣除出入口）", shape="line"):
    """What bars the way: barriers less their openings at gates."""

    barrier = m.text("障碍编号", required=True)
    cuts = m.text("是否截断道路", codes=codes.YES_NO, required=True)
    level = m.integer("层级", required=True)


class Precinct(Identified, key="precinct", alias="凭出入口进出的小区、公园", shape="polygon"):
    """Estates and parks that are entered by their gates only: one row a gate, with the ground it leads to."""

    precinct = m.text("小区公园编号", required=True)
    kind = m.text("类型", required=True)  # as configs/network.yaml names it
    name = m.text("名称")
    gate = m.text("出入口编号", required=True)
    gate_x_m = m.number("出入口东坐标", unit="m", required=True)
    gate_y_m = m.number("出入口北坐标", unit="m", required=True)


class NetworkMark(Placed, key="network_mark", alias="路网疑点", shape="point", onemap={"point": "HSQ_LWYD"}):
    """Places of the walk network worth a look: gaps, dead ends, islands, cuts."""

    kind = m.text("疑点类型", "YDLX", 20, codes=codes.NETWORK_MARK, required=True)
    distance_m = m.number("相距", "XJ", 8, 2, unit="m", minimum=0)  # of a gap
    length_m = m.number("路段长度", "LDCD", 12, 2, unit="m", minimum=0)  # of an island
    road = m.text("道路编号", "DLBH", 40)
    note = m.text("备注", "BZ", 254)


class NetworkFigure(Identified, key="network_figure", alias="步行网络统计表"):
    """What the walk network amounts to, and what a standard asks of it."""

    item = m.text("指标", required=True)
    value = m.number("数值", required=True)
    unit = m.text("单位", required=True)
    requirement = m.text("标准要求")
    verdict = m.text("判定", codes=codes.VERDICT)
    standard = m.text("标准依据")
    note = m.text("说明")


class Home(Placed, key="home", alias="住户点", shape="point"):
    """Where people live: one point a residential building, or indicative points along streets."""

    building = m.text("建筑编号")
    basis = m.text("住户点依据", codes=codes.HOME_BASIS, required=True)
    # Without counted residents these stay missing and nothing about persons is printed.
    population = m.number("居住人口", unit="人", minimum=0)
    elders = m.number("60岁及以上人口", unit="人", minimum=0)
    infants = m.number("0-3岁人口", unit="人", minimum=0)
    children = m.number("3-6岁人口", unit="人", minimum=0)


class Link(Placed, key="link", alias="接入状态", shape="point", onemap={"point": "HSQ_JRZT"}):
    """How each home, facility, gate, need and resource joins the walk network."""

    layer = m.text("对象图层", "DXTC", 20, codes=codes.LINKED, required=True)
    object_id = m.text("对象编号", "DXBH", 40, required=True)
    status = m.text("接入状态", "JRZT", 20, codes=codes.SNAP, required=True)
    access_m = m.number("接入距离", "JRJL", 10, 2, unit="m", minimum=0)
    edge = m.integer("网络边序号")
    offset_m = m.number("沿边距离", unit="m", minimum=0)
    component = m.integer("连通分量", "LTFL", 6)
    note = m.text("备注", "BZ", 254)


class Coverage(Placed, key="coverage", alias="住户设施可达表"):
    """A home and a facility class: the nearest own facility, the nearest of all, and what is covered."""

    home = m.text("住户点编号", required=True)
    type_key = m.text("设施类型代码", required=True)
    limit_m = m.number("标准距离", unit="m", required=True)
    own_facility = m.text("最近本社区设施")
    own_m = m.number("至最近本社区设施距离", unit="m")
    any_facility = m.text("最近设施")
    any_m = m.number("至最近设施距离", unit="m")
    own = m.flag("本社区设施覆盖")
    shared = m.flag("共享后覆盖")


class Served(Placed, key="served", alias="社区设施覆盖统计表"):
    """Per community and class: homes and people covered by own facilities, with sharing, gained."""

    type_key = m.text("设施类型代码", required=True)
    type_name = m.text("设施类型名称", required=True)
    tier = m.text("服务层级")
    limit_m = m.number("标准距离", unit="m", required=True)
    target = m.text("服务人群")
    facilities = m.integer("本社区设施数", required=True)
    homes = m.integer("住户点数", required=True)
    homes_own = m.integer("本社区设施覆盖住户点", required=True)
    homes_shared = m.integer("共享后覆盖住户点", required=True)
    homes_gained = m.integer("共享新增住户点", required=True)
    people = m.number("居住人口", unit="人")
    people_own = m.number("本社区设施覆盖人口", unit="人")
    people_shared = m.number("共享后覆盖人口", unit="人")
    target_people = m.number("目标人群人口", unit="人")
    target_own = m.number("本社区设施覆盖目标人群", unit="人")
    target_shared = m.number("共享后覆盖目标人群", unit="人")
    required = m.flag("应配建")


class CoverArea(
    Identified, key="cover_area", alias="设施覆盖区", shape="polygon", onemap={"polygon": "HSQ_FGQ"}
):
    """Bands drawn from the cell table; an illustration that never decides a number."""

    type_key = m.text("设施类型代码", "SSLXDM", 32, required=True)
    type_name = m.text("设施类型名称", "SSLXMC", 90, required=True)
    band_m = m.integer("距离", "JL", 6, unit="m", required=True)
    minutes = m.integer("步行时间", "SJ", 4, unit="min", required=True)
    area_m2 = m.number("面积", "MJ", 16, 2, unit="㎡", minimum=0)
    note = m.text("备注", "BZ", 254)


class Blind(Placed, key="blind", alias="覆盖盲区住户点", shape="point", onemap={"point": "HSQ_MQ"}):
    """Homes that no facility of a class reaches within its limit, even with sharing."""

    home = m.text("住户点编号", "ZHBH", 40, required=True)
    type_key = m.text("设施类型代码", "SSLXDM", 32, required=True)
    type_name = m.text("设施类型名称", "SSLXMC", 90, required=True)
    nearest_m = m.number("最近设施距离", "ZJJL", 10, 2, unit="m")
    population = m.number("居住人口", "RK", 10, 0, unit="人")
    note = m.text("备注", "BZ", 254)


class Reach(Layer, key="reach", alias="设施住户可达表"):
    """A facility and a home of the plan within the class limit, door to door; other pairs have no row."""

    facility = m.text("设施编号", required=True)
    home = m.text("住户点编号", required=True)
    metres = m.number("步行距离", unit="m", required=True)  # to 0.01 m; membership is decided before rounding


class FacilityLoad(Identified, key="facility_load", alias="设施服务统计表"):
    """People a facility reaches against what it can hold (B-02)."""

    facility = m.text("设施编号", required=True)
    type_key = m.text("设施类型代码", required=True)
    community = m.text("社区名称")
    homes = m.integer("服务住户点", required=True)
    people = m.number("服务人口", unit="人")
    target_people = m.number("服务目标人群", unit="人")
    capacity = m.number("服务能力")
    capacity_unit = m.text("能力单位")
    spare = m.number("富余能力")


class Sharing(Identified, key="sharing", alias="设施共享关系", shape="line", onemap={"line": "HSQ_GXGX"}):
    """A facility that can serve another community: distance, gain, mode and how to run it (3.2, B-03)."""

    facility = m.text("设施编号", "SSBH", 40, required=True)
    facility_name = m.text("设施名称", "SSMC", 100)
    type_key = m.text("设施类型代码", "SSLXDM", 32, required=True)
    type_name = m.text("设施类型名称", "SSLXMC", 90, required=True)
    owner_community = m.text("所在社区", "SZSQ", 60, required=True)
    community = m.text("受益社区", "SYSQ", 60, required=True)
    distance_m = m.number("最近步行距离", "BXJL", 10, 2, unit="m", required=True)
    gate = m.text("最近出入口", "JJCRK", 100)
    homes_served = m.integer("可服务住户点", "FWZH", 8, required=True)
    homes_gained = m.integer("新增覆盖住户点", "XZZH", 8, required=True)
    people_gained = m.number("新增覆盖人口", "XZRK", 10, 0, unit="人")
    spare = m.number("富余能力", "FYNL", 10, 0)
    mode = m.text("共享方式", "GXFS", 30, codes=codes.SHARING_MODE, required=True)
    suggestion = m.text("操作建议", "CZJY", 254)
    duties = m.text("权责分配", "QZFP", 254)
    cost_split = m.text("成本分摊", "CBFT", 254)


class Neighbour(Placed, key="neighbour", alias="生活圈相邻社区表"):
    """A community and another of the plan that falls in its 15-minute walk (1.4, S-04)."""

    neighbour = m.text("相邻社区", required=True)
    homes = m.integer("相邻社区住户点", required=True)
    homes_within = m.integer("十五分钟内住户点", required=True)
    nearest_m = m.number("最近步行距离", unit="m", required=True)


class Access(Placed, key="access", alias="设施可达性表"):
    """Places per thousand of the target group, by floating catchments: own facilities only, and shared (3.2).

    The mean over the residents of a community; sharing can lower it, where neighbours come in.
    """

    type_key = m.text("设施类型代码", required=True)
    type_name = m.text("设施类型名称", required=True)
    target = m.text("服务人群", required=True)
    target_people = m.number("目标人群人口", unit="人", required=True)
    limit_m = m.number("标准距离", unit="m", required=True)
    facilities = m.integer("计入设施数", required=True)  # of the community, with a capacity in places
    places = m.number("计入服务能力")
    own = m.number("共享前可达性（2SFCA）", decimals=2)
    shared = m.number("共享后可达性（2SFCA）", decimals=2)
    change = m.number("共享增减（2SFCA）", decimals=2)
    own_decay = m.number("共享前可达性（E2SFCA）", decimals=2)
    shared_decay = m.number("共享后可达性（E2SFCA）", decimals=2)
    change_decay = m.number("共享增减（E2SFCA）", decimals=2)
    formula = m.text("计算方法", required=True)
    note = m.text("备注")


class Block(Identified, key="block", alias="街区测绘完整度", shape="polygon", onemap={"polygon": "HSQ_JQCH"}):
    """Street blocks with how completely they are mapped; leftover land counts only where this is high."""

    completeness = m.number("测绘完整度", "WZD", 6, 4, required=True)
    status = m.text("判定", "PD", 12, required=True)
    area_m2 = m.number("面积", "MJ", 16, 2, unit="㎡", required=True)


class Whereabouts(Identified, key="whereabouts", alias="要素所在社区表"):
    """Which community each source object lies in, decided once, by position."""

    layer = m.text("对象图层", required=True)
    object_id = m.text("对象编号", required=True)
    community = m.text("社区名称")  # missing outside the plan's communities
    in_study = m.flag("位于研究范围内")
