"""Canonical source layers: what a technician brings, after reading, mending and reprojection.

Geometry is in the plan's CGCS2000 3-degree zone, metres. A ``shape`` of None is a table. Field order
and widths of delivered layers follow ``configs/standards/onemap_layers.csv`` where it names them.
"""

from __future__ import annotations

from layers import codes
from layers import model as m
from layers.model import Layer


class Identified(Layer):
    """Fields every row of every layer has."""

    id = m.text(
        "要素编号",
        required=True,
        filled=True,
        unique=True,
        form="serial",
        hint="每行不同；可以没有，程序按内容生成",
    )
    # File (and sheet or layer) the row came from, for messages and metadata.
    source = m.text("来源文件", derived=True)


class Placed(Identified):
    """Rows that belong to a community; filled by position where the source is silent."""

    community = m.text("社区名称", hint="有图形的可留空，按位置判定", example="甲社区")


class Outline(Identified, key="outline", alias="规划外轮廓", shape="polygon"):
    """Given outline of the plan when communities come as points (1.4)."""

    name = m.text("名称", example="规划范围")


class DataExtent(Identified, key="data_extent", alias="数据范围", shape="polygon"):
    """Ground the open data cover; 研究范围 that meets its edge is 截断. Empty for surveyed files."""


class Community(Identified, key="community_given", alias="社区边界（输入）", shape="any"):
    """Communities as given: polygons, or points that a network Voronoi turns into areas (1.2, 1.4)."""

    name = m.text("社区名称", required=True, unique=True, example="甲社区")
    code = m.text("社区代码", form="code", hint="12 位统计用区划代码，按文本填写", example="360000001001")
    street = m.text("街道名称", example="甲街道")
    households = m.integer("户数", minimum=0)
    population = m.integer("常住人口", minimum=0)
    boundary = m.text("边界性质", codes=codes.BOUNDARY, hint="留空按法定边界")


class Parcel(Placed, key="parcel", alias="现状用地分布", shape="polygon", onemap={"polygon": "HSQ_XZYD"}):
    """Land-use parcels with codes of the 2023 classification (catalogue G-02)."""

    number = m.text(
        "图斑编号",
        "TBBH",
        8,
        required=True,
        form="serial",
        filled=True,
        hint="可以没有，程序生成",
        example="0001",
    )
    landuse_code = m.text(
        "用地用海分类代码",
        "YDYHFLDM",
        10,
        required=True,
        form="code",
        hint="2023 年分类代码，按文本填写，保留前导零；其他分类的代码会对照转换",
        example="070102",
    )
    landuse_name = m.text(
        "用地用海分类名称",
        "YDYHFLMC",
        50,
        required=True,
        filled=True,
        hint="可留空，按代码填写",
        example="二类城镇住宅用地",
    )
    area_m2 = m.number(
        "面积", "MJ", 16, 2, unit="㎡", minimum=0, required=True, filled=True, hint="可留空，按图形量算"
    )
    tenure_code = m.text("权属性质", "QSXZ", 2, form="code", hint="10 国有、30 集体等两位代码", example="10")
    year = m.integer(
        "数据年份", "SJNF", 4, required=True, filled=True, hint="可留空，取配置的 data_year", example="2025"
    )
    note = m.text("备注", "BZ", 254)
    use_status = m.text("使用状况", codes=codes.USE_STATUS)


class Building(Placed, key="building", alias="现状建筑", shape="polygon", onemap={"polygon": "HSQ_XZJZ"}):
    """Buildings with use, floors, age, owner and the people living in them."""

    name = m.text("建筑名称", "JZMC", 60, example="甲小区1号楼")
    use = m.text("建筑功能", "JZGN", 40, hint="住宅、商业、办公、教育等；住户点取自住宅", example="住宅")
    floors = m.integer("层数", "CS", 3, minimum=0, example="6")
    floor_area_m2 = m.number(
        "建筑面积", "JZMJ", 12, 2, unit="㎡", minimum=0, hint="可留空，按基底面积×层数推算"
    )
    built = m.text(
        "建成年代", "JCND", 10, form="year", hint="四位年份或年代，如 1998、1990年代", example="1998"
    )
    tenure = m.text("产权性质", "CQXZ", 20, example="私有")
    owner = m.text("权利人", "QLR", 100, private=True, example="多户共有")
    use_status = m.text("使用状况", "SYZK", 20, codes=codes.USE_STATUS)
    note = m.text("备注", "BZ", 254)
    quality = m.text("建筑质量", hint="好、一般、差", example="一般")
    population = m.integer("居住人口", minimum=0)
    elders = m.integer("60岁及以上人口", minimum=0)
    infants = m.integer("0-3岁人口", minimum=0)
    children = m.integer("3-6岁人口", minimum=0)
    households = m.integer("户数", minimum=0)
    disused = m.flag("有闲置标记", derived=True)  # a tag that says so: disused=*, abandoned=*


class Road(Placed, key="road", alias="道路", shape="line", onemap={"line": "HSQ_DL"}):
    """Road and path centre lines; the walk network is built from the walkable ones."""

    name = m.text("道路名称", "DLMC", 100, example="甲路")
    kind = m.text("道路等级", "DLDJ", 20, codes=codes.ROAD, required=True)
    width_m = m.number("宽度", "KD", 6, 2, unit="m", minimum=0)
    length_m = m.number("长度", "CD", 12, 2, unit="m", minimum=0, derived=True)
    note = m.text("备注", "BZ", 254)
    # 0 at grade, +1 bridge, -1 tunnel; never joins another level.
    level = m.integer(
        "层级",
        required=True,
        filled=True,
        hint="0 地面、1 桥、-1 隧道；不同层级交叉不相通；留空按 0",
        example="0",
    )
    walkable = m.flag(
        "可步行", required=True, filled=True, hint="是或否；留空时除快速路外都可步行", example="是"
    )


class Gate(Placed, key="gate", alias="出入口", shape="point", onemap={"point": "HSQ_CRK"}):
    """Gates of estates and parks."""

    name = m.text("名称", "CRKMC", 100, example="甲小区东门")
    estate = m.text("所属小区", "SSXQ", 100, example="甲小区")
    note = m.text("备注", "BZ", 254)


class Barrier(Identified, key="barrier", alias="步行障碍", shape="line"):
    """Walls, fences, rivers, railways: nobody steps across, except at a gate or on another level."""

    kind = m.text("障碍类型", codes=codes.BARRIER, required=True)
    name = m.text("名称", example="甲小区围墙")
    # 是: a walkable line across it is cut. 否: a street drawn across a river is a bridge nobody tagged.
    cuts = m.text("是否截断道路", codes=codes.YES_NO, required=True, filled=True, hint="留空按是")
    # As of Road: a railway on a viaduct (+1) bars nothing at grade.
    level = m.integer("层级", required=True, filled=True, hint="0 地面、1 高架；留空按 0", example="0")


class Facility(Placed, key="facility", alias="各类设施现状点", shape="point", onemap={"point": "HSQ_SSD"}):
    """Facilities by type key of ``configs/facility_classes.yaml`` (G-03, B-02)."""

    type_key = m.text(
        "设施类型代码",
        "SSLXDM",
        32,
        required=True,
        filled=True,
        hint="设施类型的名称或代码，如 幼儿园、社区食堂；可留空，按名称识别",
        example="社区食堂",
    )
    type_name = m.text("设施类型名称", "SSLXMC", 90, required=True, derived=True)
    name = m.text("设施名称", "SSMC", 100, example="甲社区食堂")
    tier = m.text("服务层级", "SSJB", 4, derived=True)
    floor_area_m2 = m.number("建筑面积", "JZMJ", 12, 2, unit="㎡", minimum=0)
    land_area_m2 = m.number("用地面积", "YDMJ", 12, 2, unit="㎡", minimum=0)
    radius_m = m.integer("服务半径", "FWBJ", 6, unit="m", minimum=0, hint="可留空，按标准取值", example="300")
    capacity = m.number(
        "服务能力", "FWNL", 10, 0, minimum=0, hint="可带单位，如 120人、24班、60床", example="120人"
    )
    capacity_unit = m.text("能力单位", "NLDW", 10, example="人")
    sharing = m.text("可共享性", "KGXX", 20, codes=codes.SHARING, hint="能否向周边社区居民开放（指南 3.2）")
    note = m.text("备注", "BZ", 254)


class UtilityPoint(
    Placed, key="utility_point", alias="市政设施点", shape="point", onemap={"point": "HSQ_SZSSD"}
):
    """Lamps, waste points, substations and the like (G-03)."""

    kind = m.text("设施类型", "SSLX", 30, codes=codes.UTILITY_POINT, required=True)
    name = m.text("名称", "SSMC", 100, example="甲路路灯")
    note = m.text("备注", "BZ", 254)


class UtilityLine(Placed, key="utility_line", alias="市政管线", shape="line", onemap={"line": "HSQ_SZGX"}):
    """Pipes and cables (G-03)."""

    kind = m.text("管线类型", "GXLX", 30, codes=codes.UTILITY_LINE, required=True)
    diameter_mm = m.integer("管径", "GJ", 6, unit="mm", minimum=0, example="400")
    material = m.text("材质", "CZ", 20, example="HDPE")
    built = m.text("建设年代", "JSND", 10, form="year", example="2004")
    condition = m.text("状况", "ZK", 40, example="一般")
    length_m = m.number("长度", "CD", 12, 2, unit="m", minimum=0, derived=True)
    note = m.text("备注", "BZ", 254)


class OpenSpace(
    Placed, key="open_space", alias="公共活动空间", shape="polygon", onemap={"polygon": "HSQ_GGKJ"}
):
    """Parks, squares, activity grounds and water (G-03)."""

    kind = m.text("空间类型", "KJLX", 30, codes=codes.OPEN_SPACE, required=True)
    name = m.text("名称", "MC", 100, example="甲游园")
    area_m2 = m.number("面积", "MJ", 16, 2, unit="㎡", minimum=0)
    note = m.text("备注", "BZ", 254)


class Heritage(
    Placed, key="heritage", alias="历史文化保护范围", shape="polygon", onemap={"polygon": "HSQ_BHFW"}
):
    """Protection ranges (4.5, D-08)."""

    kind = m.text("保护对象类型", "BHLX", 30, codes=codes.HERITAGE, required=True)
    name = m.text("名称", "BHMC", 100, required=True, example="甲会馆")
    area_m2 = m.number("面积", "MJ", 16, 2, unit="㎡", minimum=0)
    note = m.text("备注", "BZ", 254)


class Context(Identified, key="context", alias="底图要素", shape="line"):
    """Railways and watercourses that help to recognise the place; drawn underneath, never measured."""

    kind = m.text("要素类型", codes=codes.CONTEXT, required=True)
    name = m.text("名称")
    level = m.integer("层级")


class Adjoining(Identified, key="adjoining", alias="相邻社区", shape="any"):
    """Communities round the plan, as areas or points: named in grey on the sheets, never measured (1.4, G-01)."""

    name = m.text("社区名称", required=True, example="乙社区")


class Survey(Placed, key="survey", alias="需求清单（调查）", shape="any"):
    """Rows of the check-up's 需求清单 (2.2, L-01); the place may be a point, a line, an area or unknown."""

    dimension = m.text(
        "维度", codes=codes.DIMENSION, required=True, filled=True, hint="与所属工程填一个即可，另一个可留空"
    )
    works = m.text(
        "所属工程", codes=codes.WORKS, required=True, filled=True, hint="与维度填一个即可，另一个可留空"
    )
    block = m.text("对应板块", hint="留空时按所属工程取常用板块", example="完善公共服务配套")
    description = m.text("需求描述", required=True, example="增设社区食堂，解决老年人就餐难")
    urgency = m.text("紧迫程度", codes=codes.URGENCY, required=True)
    origin = m.text("需求来源", required=True, hint="专项体检、居民问卷、12345 热线等", example="专项体检")
    gap = m.text("缺配类型", codes=codes.GAP, hint="与设施配置无关的需求留空")
    problem = m.text("问题类别", codes=codes.PROBLEM, required=True)
    type_key = m.text("设施类型代码", hint="设施类型的名称或代码；与设施无关的需求留空", example="社区食堂")
    required_m2 = m.number("建设规模", unit="㎡", minimum=0)  # floor area, or land where the class is land
    place = m.text("位置描述", example="甲小区周边")


class Ledger(Placed, key="ledger", alias="资源台账（调查）", shape="any"):
    """Rows of the check-up's 本底资源台账 (3.3, L-04); money, policy and people have no geometry."""

    category = m.text("资源类别", codes=codes.RESOURCE, required=True)
    name = m.text("资源名称", required=True, example="甲商铺2栋闲置商铺")
    place = m.text("空间位置", example="甲路北侧临街")
    area_m2 = m.number("用地面积", unit="㎡", minimum=0)
    floor_area_m2 = m.number("建筑面积", unit="㎡", minimum=0)
    tenure = m.text("产权性质", example="国有")
    owner = m.text("权利人", private=True, example="甲区国有资产公司")
    use_status = m.text("使用状况", codes=codes.USE_STATUS)
    condition = m.text("现状条件", example="简单装修可用")
    amount_wan = m.number("金额", unit="万元", minimum=0)
    fund_source = m.text("资金来源", hint="资金、政策类填写", example="上级财政专项")
    funding = m.text("资金筹措方式", codes=codes.FUNDING)  # 4.6
    # The two columns of table 2.
    fund_kind = m.text("资金性质", codes=codes.FUND, hint="留空时按资金来源判定")
    clause = m.text("政策条款或文号", hint="政策类必须写明文号和条款", example="甲府办〔2024〕12号第三条")
    support = m.text("支持单位及事项", hint="支持单位，可加支持事项", example="甲区住建局")
    serves = m.text(
        "支持方向", hint="设施类型、维度或工程，多个用分号隔开", example="社区食堂"
    )  # facility types, dimensions or works the resource is meant for; ';' between
    note = m.text("备注")
