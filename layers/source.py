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

    id = m.text("要素编号", required=True, unique=True, form="serial")
    source = m.text("来源文件")  # file (and sheet or layer) the row came from, for messages and metadata


class Placed(Identified):
    """Rows that belong to a community; filled by position where the source is silent."""

    community = m.text("社区名称")


class Outline(Identified, key="outline", alias="规划外轮廓", shape="polygon"):
    """Given outline of the plan when communities come as points (1.4)."""

    name = m.text("名称")


class DataExtent(Identified, key="data_extent", alias="数据范围", shape="polygon"):
    """Ground the open data cover; 研究范围 that meets its edge is 截断. Empty for surveyed files."""


class Community(Identified, key="community_given", alias="社区边界（输入）", shape="any"):
    """Communities as given: polygons, or points that a network Voronoi turns into areas (1.2, 1.4)."""

    name = m.text("社区名称", required=True, unique=True)
    code = m.text("社区代码", form="code")
    street = m.text("街道名称")
    households = m.integer("户数", minimum=0)
    population = m.integer("常住人口", minimum=0)
    boundary = m.text("边界性质", codes=codes.BOUNDARY)  # 法定边界 where the source does not say


class Parcel(Placed, key="parcel", alias="现状用地分布", shape="polygon", onemap={"polygon": "HSQ_XZYD"}):
    """Land-use parcels with codes of the 2023 classification (catalogue G-02)."""

    number = m.text("图斑编号", "TBBH", 8, required=True, form="serial")
    landuse_code = m.text("用地用海分类代码", "YDYHFLDM", 10, required=True, form="code")
    landuse_name = m.text("用地用海分类名称", "YDYHFLMC", 50, required=True)
    area_m2 = m.number("面积", "MJ", 16, 2, unit="㎡", minimum=0, required=True)
    tenure_code = m.text("权属性质", "QSXZ", 2, form="code")
    year = m.integer("数据年份", "SJNF", 4, required=True)
    note = m.text("备注", "BZ", 254)
    use_status = m.text("使用状况", codes=codes.USE_STATUS)


class Building(Placed, key="building", alias="现状建筑", shape="polygon", onemap={"polygon": "HSQ_XZJZ"}):
    """Buildings with use, floors, age, owner and the people living in them."""

    name = m.text("建筑名称", "JZMC", 60)
    use = m.text("建筑功能", "JZGN", 40)
    floors = m.integer("层数", "CS", 3, minimum=0)
    floor_area_m2 = m.number("建筑面积", "JZMJ", 12, 2, unit="㎡", minimum=0)
    built = m.text("建成年代", "JCND", 10, form="year")
    tenure = m.text("产权性质", "CQXZ", 20)
    owner = m.text("权利人", "QLR", 100, private=True)
    use_status = m.text("使用状况", "SYZK", 20, codes=codes.USE_STATUS)
    note = m.text("备注", "BZ", 254)
    quality = m.text("建筑质量")
    population = m.integer("居住人口", minimum=0)
    elders = m.integer("60岁及以上人口", minimum=0)
    infants = m.integer("0-3岁人口", minimum=0)
    children = m.integer("3-6岁人口", minimum=0)
    households = m.integer("户数", minimum=0)
    disused = m.flag("有闲置标记")  # a tag that says so: disused=*, abandoned=*


class Road(Placed, key="road", alias="道路", shape="line", onemap={"line": "HSQ_DL"}):
    """Road and path centre lines; the walk network is built from the walkable ones."""

    name = m.text("道路名称", "DLMC", 100)
    kind = m.text("道路等级", "DLDJ", 20, codes=codes.ROAD, required=True)
    width_m = m.number("宽度", "KD", 6, 2, unit="m", minimum=0)
    length_m = m.number("长度", "CD", 12, 2, unit="m", minimum=0)
    note = m.text("备注", "BZ", 254)
    level = m.integer("层级", required=True)  # 0 at grade, +1 bridge, -1 tunnel; never joins another level
    walkable = m.flag("可步行", required=True)


class Gate(Placed, key="gate", alias="出入口", shape="point", onemap={"point": "HSQ_CRK"}):
    """Gates of estates and parks."""

    name = m.text("名称", "CRKMC", 100)
    estate = m.text("所属小区", "SSXQ", 100)
    note = m.text("备注", "BZ", 254)


class Barrier(Identified, key="barrier", alias="步行障碍", shape="line"):
    """Walls, fences, rivers, railways: nobody steps across, except at a gate or on another level."""

    kind = m.text("障碍类型", codes=codes.BARRIER, required=True)
    name = m.text("名称")
    # 是: a walkable line across it is cut. 否: a street drawn across a river is a bridge nobody tagged.
    cuts = m.text("是否截断道路", codes=codes.YES_NO, required=True)
    level = m.integer("层级", required=True)  # as of Road: a railway on a viaduct (+1) bars nothing at grade


class Relief(Layer, key="relief", alias="地面高程"):
    """Ground heights on a regular grid of the plan's CRS, one row a cell; unknown cells have no row."""

    row = m.integer("行", required=True)  # 0 is the southernmost
    column = m.integer("列", required=True)
    x_m = m.number("东坐标", unit="m", required=True)  # centre of the cell
    y_m = m.number("北坐标", unit="m", required=True)
    height_m = m.number("高程", unit="m", required=True)


class Facility(Placed, key="facility", alias="各类设施现状点", shape="point", onemap={"point": "HSQ_SSD"}):
    """Facilities by type key of ``configs/facility_classes.yaml`` (G-03, B-02)."""

    type_key = m.text("设施类型代码", "SSLXDM", 32, required=True)
    type_name = m.text("设施类型名称", "SSLXMC", 90, required=True)
    name = m.text("设施名称", "SSMC", 100)
    tier = m.text("服务层级", "SSJB", 4)
    floor_area_m2 = m.number("建筑面积", "JZMJ", 12, 2, unit="㎡", minimum=0)
    land_area_m2 = m.number("用地面积", "YDMJ", 12, 2, unit="㎡", minimum=0)
    radius_m = m.integer("服务半径", "FWBJ", 6, unit="m", minimum=0)
    capacity = m.number("服务能力", "FWNL", 10, 0, minimum=0)
    capacity_unit = m.text("能力单位", "NLDW", 10)
    sharing = m.text("可共享性", "KGXX", 20, codes=codes.SHARING)
    note = m.text("备注", "BZ", 254)


class UtilityPoint(
    Placed, key="utility_point", alias="市政设施点", shape="point", onemap={"point": "HSQ_SZSSD"}
):
    """Lamps, waste points, substations and the like (G-03)."""

    kind = m.text("设施类型", "SSLX", 30, codes=codes.UTILITY_POINT, required=True)
    name = m.text("名称", "SSMC", 100)
    note = m.text("备注", "BZ", 254)


class UtilityLine(Placed, key="utility_line", alias="市政管线", shape="line", onemap={"line": "HSQ_SZGX"}):
    """Pipes and cables (G-03)."""

    kind = m.text("管线类型", "GXLX", 30, codes=codes.UTILITY_LINE, required=True)
    diameter_mm = m.integer("管径", "GJ", 6, unit="mm", minimum=0)
    material = m.text("材质", "CZ", 20)
    built = m.text("建设年代", "JSND", 10, form="year")
    condition = m.text("状况", "ZK", 40)
    length_m = m.number("长度", "CD", 12, 2, unit="m", minimum=0)
    note = m.text("备注", "BZ", 254)


class OpenSpace(
    Placed, key="open_space", alias="公共活动空间", shape="polygon", onemap={"polygon": "HSQ_GGKJ"}
):
    """Parks, squares, activity grounds and water (G-03)."""

    kind = m.text("空间类型", "KJLX", 30, codes=codes.OPEN_SPACE, required=True)
    name = m.text("名称", "MC", 100)
    area_m2 = m.number("面积", "MJ", 16, 2, unit="㎡", minimum=0)
    note = m.text("备注", "BZ", 254)


class Heritage(
    Placed, key="heritage", alias="历史文化保护范围", shape="polygon", onemap={"polygon": "HSQ_BHFW"}
):
    """Protection ranges (4.5, D-08)."""

    kind = m.text("保护对象类型", "BHLX", 30, codes=codes.HERITAGE, required=True)
    name = m.text("名称", "BHMC", 100, required=True)
    area_m2 = m.number("面积", "MJ", 16, 2, unit="㎡", minimum=0)
    note = m.text("备注", "BZ", 254)


class Context(Identified, key="context", alias="底图要素", shape="line"):
    """Railways and watercourses that help to recognise the place; drawn underneath, never measured."""

    kind = m.text("要素类型", codes=codes.CONTEXT, required=True)
    name = m.text("名称")
    level = m.integer("层级")


class Survey(Placed, key="survey", alias="需求清单（调查）", shape="any"):
    """Rows of the check-up's 需求清单 (2.2, L-01); the place may be a point, a line, an area or unknown."""

    dimension = m.text("维度", codes=codes.DIMENSION, required=True)
    works = m.text("所属工程", codes=codes.WORKS, required=True)
    block = m.text("对应板块")
    description = m.text("需求描述", required=True)
    urgency = m.text("紧迫程度", codes=codes.URGENCY, required=True)
    origin = m.text("需求来源", required=True)
    gap = m.text("缺配类型", codes=codes.GAP)
    problem = m.text("问题类别", codes=codes.PROBLEM, required=True)
    type_key = m.text("设施类型代码")
    required_m2 = m.number("建设规模", unit="㎡", minimum=0)  # floor area, or land where the class is land
    place = m.text("位置描述")


class Ledger(Placed, key="ledger", alias="资源台账（调查）", shape="any"):
    """Rows of the check-up's 本底资源台账 (3.3, L-04); money, policy and people have no geometry."""

    category = m.text("资源类别", codes=codes.RESOURCE, required=True)
    name = m.text("资源名称", required=True)
    place = m.text("空间位置")
    area_m2 = m.number("用地面积", unit="㎡", minimum=0)
    floor_area_m2 = m.number("建筑面积", unit="㎡", minimum=0)
    tenure = m.text("产权性质")
    owner = m.text("权利人", private=True)
    use_status = m.text("使用状况", codes=codes.USE_STATUS)
    condition = m.text("现状条件")
    amount_wan = m.number("金额", unit="万元", minimum=0)
    clause = m.text("政策条款或文号")
    support = m.text("支持单位及事项")
    serves = m.text("支持方向")  # facility types, dimensions or works the resource is meant for; ';' between
    note = m.text("备注")
