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
    gap_rule = m.text("缺配判定依据")
    method = m.text("来源方式", codes=codes.ORIGIN, required=True)
    problem = m.text("问题类别", codes=codes.PROBLEM, required=True)
    type_key = m.text("设施类型代码")
    type_name = m.text("设施类型名称")
    required_m2 = m.number("所需规模", unit="㎡")
    scale_key = m.text("规模所依标准的设施类型")  # missing where the survey itself states the scale
    scale_rule = m.text("规模依据")
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
    spatial = m.text("空间类资源", codes=codes.YES_NO, required=True)
    found_by = m.text("识别方法", codes=codes.FOUND_BY, required=True)
    sureness = m.text("把握程度", codes=codes.SURENESS, required=True)
    frontage_m = m.number("临路长度", unit="m", minimum=0)
    gate_m = m.number("至最近出入口直线距离", unit="m", minimum=0)
    gates = m.integer("临近出入口数")
    heritage = m.text("历史文化保护限制")
    walk_m = m.number("至最近住户点步行距离", unit="m", minimum=0)
    homes_5 = m.integer("五分钟步行可达住户点")
    people_5 = m.number("五分钟步行可达居民", unit="人")
    homes_15 = m.integer("十五分钟步行可达住户点")
    people_15 = m.number("十五分钟步行可达居民", unit="人")
    fund_source = m.text("资金来源")
    funding = m.text("资金筹措方式", codes=codes.FUNDING)
    fund_kind = m.text("资金性质", codes=codes.FUND)


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
    rank = m.integer("候选名次")  # 1 the best of the need's candidates
    factors = m.text("评定因子")  # every factor with its level
    compactness = m.number("形状指数")
    cost_wan = m.number("改造投入", unit="万元")
    why_not = m.text("未采用原因")


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
    statement = m.text("匹配度评估等级及理由")  # as the table prints it, with what was not taken
    why_not = m.text("未采用更优资源的原因")
    path_clear = m.text("资源创造路径是否清晰", codes=codes.YES_NO)


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
    parcel = m.text("原图斑编号", required=True)
    resource = m.text("资源编号")  # of the site that cuts it
    needs = m.text("需求编号")  # joined by 、
    place = m.text("位置")
    far_now = m.number("现状容积率", decimals=2)
    far_limit = m.number("规划容积率上限", decimals=2)  # other plans' (3.1.1)
    far_basis = m.text("容积率上限依据")


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
    kind = m.text("对象类型", codes=codes.SITE_KIND, required=True)
    place = m.text("位置")
    base_code = m.text("现状用地代码")
    landuse_code = m.text("规划用地代码")  # what a new building makes of its ground
    origin = m.text("所属资源编号")  # also of ground held open beside a site
    needs = m.text("满足的需求编号")  # joined by 、
    rule = m.text("更新方式判定依据", required=True)
    conflict = m.text("冲突核查")  # joined by ；
    heritage = m.text("涉及的保护对象")  # joined by 、


class Adjustment(Placed, key="adjustment", alias="详细规划调整建议表"):
    """A parcel whose indicators the detailed plan would have to change, and why (5.2.2)."""

    number = m.text("图斑编号", required=True)
    parcel = m.text("原图斑编号", required=True)
    place = m.text("位置")
    kind = m.text("调整内容", required=True)  # joined by 、
    area_m2 = m.number("用地面积", unit="㎡", decimals=2, required=True)
    code_now = m.text("现状用地代码", required=True)
    name_now = m.text("现状用地名称", required=True)
    code_then = m.text("建议用地代码", required=True)
    name_then = m.text("建议用地名称", required=True)
    far_now = m.number("现状容积率", decimals=2)
    far_then = m.number("建议容积率", decimals=2)
    far_limit = m.number("规划容积率上限", decimals=2)
    facilities = m.text("公共服务设施")
    reason = m.text("调整理由", required=True)
    basis = m.text("相关规划要求")
    resource = m.text("资源编号")
    needs = m.text("需求编号")


class Business(Judged, Placed, key="business", alias="功能业态", shape="point", onemap={"point": "HSQ_YT"}):
    """Functions kept, improved or brought in (3.5.1, B-09)."""

    action = m.text("业态动作", "YTDZ", 8, codes=codes.BUSINESS, required=True)
    kind = m.text("业态类型", "YTLX", 60, required=True)
    name = m.text("名称", "MC", 100)
    area_m2 = m.number("建筑面积", "JZMJ", 12, 2, unit="㎡", minimum=0)
    object_id = m.text("关联编号", "GLBH", 40)
    note = m.text("备注", "BZ", 254)
    place = m.text("位置")
    target = m.text("服务人群")
    operator = m.text("运营模式")
    need = m.text("需求编号")
    rule = m.text("判定依据", required=True)


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
    rank = m.integer("阶段内次序")  # 4.9.1 (2)-(6), see configs/phasing.yaml
    rank_rule = m.text("次序依据")
    way = m.text("实施方式", codes=codes.WAY)
    type_key = m.text("设施类型代码")
    scale = m.number("建设规模", minimum=0)
    scale_unit = m.text("规模单位", codes=codes.COST_UNIT)
    low_wan = m.number("投资下限", unit="万元", minimum=0)
    high_wan = m.number("投资上限", unit="万元", minimum=0)
    cost_basis = m.text("造价依据")
    open_wan = m.number("待落实资金", unit="万元", minimum=0)  # part of the total nobody backs yet
    funding = m.text("资金来源")
    operator = m.text("运营模式", codes=codes.OPERATION)
    operator_body = m.text("运营主体")
    implementer = m.text("实施主体", codes=codes.IMPLEMENTER)


class Strategy(Placed, key="strategy", alias="更新策略与更新目标"):
    """An editable skeleton: what a dimension sets out to do, and a target in numbers or words (3.4, 4.1; B-08, D-01)."""

    dimension = m.text("维度", codes=codes.DIMENSION, required=True)
    kind = m.text("类别", codes=codes.STRATEGY, required=True)
    works = m.text("所属工程", codes=codes.WORKS)
    range = m.text("适用范围", required=True)  # a community, or the whole plan (分区分策)
    indicator = m.text("策略或指标", required=True)
    text = m.text("内容")
    now = m.text("现状值")
    goal = m.text("目标值")
    unit = m.text("单位")
    basis = m.text("依据", required=True)
    origin = m.text("来源", required=True)
    needs = m.text("相关需求编号")


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
