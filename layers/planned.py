"""Result layers of needs, resources, matching, layout and projects: from a gap to a project row."""

from __future__ import annotations

from layers import codes
from layers import model as m
from layers.decisions import Judged
from layers.model import Layer
from layers.source import Identified, Placed


class Need(
    Judged,
    Placed,
    key="need",
    alias="需求分布",
    shape="any",
    onemap={"point": "HSQ_XQFB", "line": "HSQ_XQFX", "polygon": "HSQ_XQFM"},
):
    """One 需求清单: survey rows joined with computed gaps (2.2, L-01)."""

    number = m.text("需求编号", "XQBH", 10, required=True, unique=True)
    dimension = m.text("维度", "WD", 20, codes=codes.DIMENSION, required=True)
    works = m.text("所属工程", "SSGC", 20, codes=codes.WORKS, required=True)
    block = m.text("对应板块", "DYBK", 50)
    description = m.text("需求描述", "XQMS", 254, required=True)
    origin = m.text("需求来源", "XQLY", 100, required=True)
    gap = m.text("缺配类型", "QPLX", 6, codes=codes.GAP)
    urgency = m.text("紧迫程度", "JPCD", 6, codes=codes.URGENCY, required=True)
    note = m.text("备注", "BZ", 254)
    urgency_rule = m.text("紧迫程度判定依据")
    method = m.text("来源方式", codes=codes.ORIGIN, required=True)
    problem = m.text("问题类别", codes=codes.PROBLEM, required=True)
    type_key = m.text("设施类型代码")
    type_name = m.text("设施类型名称")
    required_m2 = m.number("所需规模", unit="㎡")
    scale_key = m.text("规模所依标准的设施类型")  # missing where the survey itself states the scale
    target = m.text("服务人群")
    target_people = m.number("服务人数", unit="人")
    place = m.text("位置")
    safety = m.flag("底线安全类")


class Resource(
    Judged, Placed, key="resource", alias="更新资源分布", shape="any", onemap={"polygon": "HSQ_ZYFB"}
):
    """One 资源台账: ledger rows joined with detected idle space (2.3, 3.3, L-04)."""

    number = m.text("资源编号", "ZYBH", 10, required=True, unique=True)
    category = m.text("资源类别", "ZYLB", 8, codes=codes.RESOURCE, required=True)
    name = m.text("资源名称", "ZYMC", 100, required=True)
    place = m.text("空间位置", "ZYWZ", 200, required=True)
    area_m2 = m.number("面积", "MJ", 16, 2, unit="㎡", minimum=0)
    owner = m.text("产权人", "CQR", 100, private=True)
    tenure = m.text("产权性质", "CQXZ", 20)
    matched = m.text("匹配需求编号", "PPXQ", 100)
    level = m.integer("匹配度", "PPDJ", 1)
    note = m.text("备注", "BZ", 254)
    floor_area_m2 = m.number("建筑面积", unit="㎡", minimum=0)
    usable_m2 = m.number("可用面积", unit="㎡", minimum=0)
    width_m = m.number("最大内接宽度", unit="m", minimum=0)
    compactness = m.number("紧凑度")  # 4πA/P², 1 for a circle
    landuse_code = m.text("现状用地代码")
    building = m.text("建筑编号")
    use_status = m.text("使用状况")
    condition = m.text("现状条件")
    evidence = m.text("认定依据", required=True)
    certainty = m.text("确定性", codes=codes.CERTAINTY, required=True)
    method = m.text("来源方式", codes=codes.ORIGIN, required=True)
    amount_wan = m.number("金额", unit="万元", minimum=0)
    clause = m.text("政策条款或文号")
    support = m.text("支持单位及事项")
    serves = m.text("支持方向")
    tenure_clear = m.flag("产权清晰")


class Inventory(Resource, key="inventory", alias="资源台账（匹配前）", shape="any"):
    """The resources as found, before matching says which need each one serves."""


class Pair(Judged, Identified, key="pair", alias="需求资源匹配表"):
    """A need and a candidate resource with the level of the pair and the factors that decided it."""

    need = m.text("需求编号", required=True)
    resource = m.text("资源编号", required=True)
    level = m.integer("匹配度", required=True)
    reason = m.text("理由", required=True)
    area_ratio = m.number("面积满足率")
    distance_m = m.number("步行距离", unit="m")
    chosen = m.flag("采用")
    used_m2 = m.number("占用面积", unit="㎡")


class Match(Judged, Identified, key="match", alias="需求资源匹配结果表"):
    """A need's chosen resources, level, reason, gap paths and readiness (3.6, 3.7)."""

    need = m.text("需求编号", required=True)
    level = m.integer("匹配度", required=True)
    level_name = m.text("匹配度评估等级", required=True)
    reason = m.text("理由", required=True)
    resources = m.text("关联资源编号")  # ids in order, joined by 、
    resource_text = m.text("关联资源项", required=True)
    gap = m.text("资源缺口", codes=codes.YES_NO, required=True)
    paths = m.text("资源创造路径")
    listed = m.text("列入资源清单", codes=codes.YES_NO, required=True)
    space_text = m.text("空间资源")
    money_text = m.text("资金保障")
    people_text = m.text("工作力量")
    ready = m.text("是否具备实施条件", codes=codes.YES_NO, required=True)
    missing = m.text("尚缺条件")


class PlannedParcel(
    Judged,
    Placed,
    key="planned_parcel",
    alias="更新总体布局用地",
    shape="polygon",
    onemap={"polygon": "HSQ_GHYD"},
):
    """Land use after renewal (4.3, G-08); parcels are the present ones, split where a site cuts them."""

    number = m.text("图斑编号", "TBBH", 8, required=True)
    landuse_code = m.text("用地用海分类代码", "YDYHFLDM", 10, required=True)
    landuse_name = m.text("用地用海分类名称", "YDYHFLMC", 50, required=True)
    area_m2 = m.number("面积", "MJ", 16, 2, unit="㎡", minimum=0, required=True)
    base_code = m.text("基期地类编码", "JQDLBM", 10, required=True)
    floor_area_ratio = m.number("容积率", "RJL", 6, 2)
    note = m.text("备注", "BZ", 254)
    changed = m.flag("用途改变")


class Site(Judged, Placed, key="site", alias="更新布局", shape="polygon", onemap={"polygon": "HSQ_GXBJ"}):
    """What is kept, rebuilt, removed or newly built, where and how large (4.3, D-05)."""

    action = m.text("更新方式", "GXFS", 8, codes=codes.ACTION, required=True)
    name = m.text("名称", "MC", 100, required=True)
    function = m.text("规划功能", "GHGN", 60)
    area_m2 = m.number("用地面积", "MJ", 16, 2, unit="㎡", minimum=0, required=True)
    floor_area_m2 = m.number("建筑面积", "JZMJ", 12, 2, unit="㎡", minimum=0)
    measure = m.text("改造措施", "GZCS", 254)
    tenure_change = m.text("产权变更情况", "CQBG", 100)
    need = m.text("需求编号", "XQBH", 10)
    resource = m.text("资源编号", "ZYBH", 10)
    note = m.text("备注", "BZ", 254)


class Business(Judged, Placed, key="business", alias="功能业态", shape="point", onemap={"point": "HSQ_YT"}):
    """Functions kept, improved or brought in (3.5.1, B-09)."""

    action = m.text("业态动作", "YTDZ", 8, codes=codes.BUSINESS, required=True)
    kind = m.text("业态类型", "YTLX", 60, required=True)
    name = m.text("名称", "MC", 100)
    area_m2 = m.number("建筑面积", "JZMJ", 12, 2, unit="㎡", minimum=0)
    object_id = m.text("关联编号", "GLBH", 40)
    note = m.text("备注", "BZ", 254)


class Project(
    Judged,
    Placed,
    key="project",
    alias="更新项目分布",
    shape="any",
    onemap={"point": "HSQ_XMFBD", "line": "HSQ_XMFBX", "polygon": "HSQ_XMFBM"},
):
    """One 项目清单 (4.8, table 2): money adds up, the phase follows the one rule table (4.9)."""

    number = m.text("项目编号", "XMBH", 10, required=True, unique=True)
    name = m.text("项目名称", "XMMC", 100, required=True)
    works = m.text("所属工程", "SSGC", 20, codes=codes.WORKS, required=True)
    block = m.text("对应板块", "DYBK", 50, required=True)
    description = m.text("需求描述", "XQMS", 254, required=True)
    urgency = m.text("需求程度", "XQCD", 6, codes=codes.URGENCY, required=True)
    place = m.text("项目位置", "XMWZ", 200, required=True)
    content = m.text("建设内容", "JSNR", 254, required=True)
    action = m.text("更新方式", "GXFS", 8, codes=codes.ACTION)
    floor_area_m2 = m.number("建筑面积", "JZMJ", 12, 2, unit="㎡", minimum=0)
    measure = m.text("改造措施", "GZCS", 254)
    tenure_change = m.text("产权变更情况", "CQBG", 100)
    total_wan = m.number("项目总投资", "TZE", 14, 4, unit="万元", minimum=0)
    fiscal_wan = m.number("财政资金", "CZZJ", 14, 4, unit="万元", minimum=0)
    social_wan = m.number("社会资金", "SHZJ", 14, 4, unit="万元", minimum=0)
    schedule = m.text("建设时序", "JSSX", 40, required=True)
    start = m.text("开始年月", "KSNY", 7, required=True)
    end = m.text("结束年月", "JSNY", 7, required=True)
    phase = m.text("时序阶段", "SXJD", 10, required=True)
    year_share = m.number("年度投资比例", "NDTZBL", 6, 2, unit="%", minimum=0)
    priority = m.text("项目类别", "XMLB", 9, codes=codes.PRIORITY)
    level = m.integer("匹配度", "PPDJ", 1)
    department = m.text("责任部门", "ZRBM", 100, required=True)
    area_m2 = m.number("面积", "MJ", 16, 2, unit="㎡", minimum=0)  # areas only
    note = m.text("备注", "BZ", 254)
    need = m.text("需求编号", required=True)
    resources = m.text("资源编号")
    problem = m.text("问题类别", codes=codes.PROBLEM, required=True)
    phase_index = m.integer("阶段序号", required=True)
    phase_rule = m.text("分期依据", required=True)
    principle = m.text("划分原则", required=True)
    cost_basis = m.text("造价依据")
    funding = m.text("资金来源")
    operator = m.text("运营模式")


class Quality(Layer, key="quality", alias="数据质检记录", shape="point"):
    """Every fault, repair and remark, with where it is and how to mend it. Nothing is dropped without one."""

    code = m.text("代码", required=True)
    severity = m.text("级别", codes=codes.SEVERITY, required=True)
    stage = m.text("阶段")
    file = m.text("文件")
    layer = m.text("图层")
    row = m.text("行号或要素编号")
    field = m.text("字段")
    value = m.text("值")
    problem = m.text("问题", required=True)
    action = m.text("处理")
    remedy = m.text("修改建议")
    ground = m.text("范围")  # WKB in hexadecimal digits of the ground or line concerned; the map shows it
