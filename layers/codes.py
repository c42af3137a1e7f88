"""Code lists of the guideline and of this product, each declared once.

Clauses are of 《江西省“好社区”更新实施方案编制指南（试行）》; decisions on its contradictions are in
``configs/standards/requirements.csv``.
"""

from __future__ import annotations

from layers.model import CodeList

# 3.1.3: the five dimensions of the check-up. The catalogue's sheet writes 治理服务, data write 治理高效.
DIMENSION = CodeList("维度", ("韧性安全", "舒适宜居", "绿色低碳", "智慧赋能", "治理高效"))
# 4.2: the six works; 机制改革工程 has no distribution map.
WORKS = CodeList(
    "所属工程",
    ("机制改革工程", "韧性增强工程", "设施提升工程", "绿色发展工程", "智慧赋能工程", "治理强基工程"),
)
URGENCY = CodeList("紧迫程度", ("紧迫", "一般"))
# 2.2; 共享可解 is no gap of the list but the answer sharing gives, see Sharing.
GAP = CodeList("缺配类型", ("漏配", "少配", "错配"))
PROBLEM = CodeList("问题类别", ("建设类", "管理类"))  # 3.3(4)
RESOURCE = CodeList("资源类别", ("空间", "用地", "建筑", "资金", "政策", "人力"))  # 3.6.1, 2.3
SPATIAL_RESOURCE = ("空间", "用地", "建筑")
ORIGIN = CodeList("来源方式", ("调查", "测算", "调查+测算"))
CERTAINTY = CodeList("确定性", ("确认", "疑似"))
LEVEL = {3: "强匹配", 2: "中匹配", 1: "弱匹配", 0: "无匹配"}  # 3.6.1
ACTION = CodeList("更新方式", ("保留", "改造", "拆除", "新建", "弹性"))  # 4.3
SITE_KIND = CodeList("布局对象类型", ("用地", "建筑"))  # 4.3: parcels and buildings
STRATEGY = CodeList("策略目标类别", ("更新策略", "更新目标"))  # 3.4, 4.1
BUSINESS = CodeList("业态动作", ("保留", "改善", "植入"))  # 3.5.1
PRIORITY = CodeList("项目类别", ("必建类", "提升类"))  # 4.9.2
YES_NO = CodeList("是否", ("是", "否"))
SCOPE = CodeList("范围类型", ("更新范围", "研究范围"))  # 1.4
SHARING = CodeList("可共享性", ("可开放", "可错时", "不可"))  # 3.2
SHARING_MODE = CodeList("共享方式", ("跨社区统筹布局", "错时共享", "协同运营"))  # 3.2
PATH = CodeList("资源创造路径", ("空间资源创造", "政策资源创造", "资金资源创造", "人力资源创造"))  # 3.6.2
SITE_ROLE = CodeList("网络层级", ("中心", "站点"))  # 3.2 “中心+站点”
SITE_ORIGIN = CodeList("站点来源", ("现有设施", "空间资源"))
SITE_REACH = CodeList("站点服务情况", ("站点服务", "能力不足", "距离之外"))
HERITAGE = CodeList(  # 4.5
    "保护对象类型", ("文物保护单位", "未定级不可移动文物", "历史建筑", "历史风貌区", "古树名木")
)
ROAD = CodeList("道路等级", ("快速路", "主干路", "次干路", "支路", "小区路", "步行道", "台阶"), closed=False)
SNAP = CodeList("接入状态", ("已接入", "过远", "不同连通分量", "范围外", "被隔断"))
LINKED = CodeList("接入对象", ("住户点", "设施", "出入口", "需求", "资源"))
BARRIER = CodeList("障碍类型", ("围墙", "栅栏", "绿篱", "河流", "铁路", "高差"), closed=False)
NETWORK_MARK = CodeList("路网疑点类型", ("疑似未相接", "断头路", "孤立路段", "障碍截断", "社区无道路"))
VERDICT = CodeList("判定", ("符合", "不符合"))
BOUNDARY = CodeList("边界性质", ("法定边界", "示意边界"))
SEVERITY = CodeList("级别", ("错误", "警告", "提示"))
USE_STATUS = CodeList("使用状况", ("在用", "部分闲置", "闲置", "废弃", "待核"), closed=False)
HOME_BASIS = CodeList("住户点依据", ("住宅建筑", "沿路示意点"))
UTILITY_POINT = CodeList(
    "市政设施类型",
    (
        "路灯",
        "垃圾收集点",
        "变电站",
        "配电箱",
        "电力杆塔",
        "消火栓",
        "雨水口",
        "污水井",
        "调压箱",
        "通信基站",
    ),
    closed=False,
)
UTILITY_LINE = CodeList("管线类型", ("雨水", "污水", "给水", "燃气", "电力", "通信"), closed=False)
CONTEXT = CodeList("底图要素类型", ("铁路", "水系"), closed=False)
OPEN_SPACE = CodeList(
    "空间类型", ("公园绿地", "广场", "活动场地", "防护绿地", "水域", "附属绿地"), closed=False
)
# 3.1.1: plans whose demands on the community are gathered, what they speak of, and how far they bind.
PLAN_KIND = CodeList(
    "规划类型",
    ("国土空间总体规划", "城市更新专项规划", "城市更新片区策划", "其他专项规划", "城镇详细规划"),
    closed=False,
)
PLAN_SUBJECT = CodeList("涉及方面", ("用地布局", "规模指标", "公共设施", "历史文化"), closed=False)
FORCE = CodeList("要求类型", ("强制性要求", "引导性要求", "潜在政策空间"))
# 3.1.2: works done or under way, so that nothing is built twice.
PAST_WORK = CodeList(
    "工作类型",
    (
        "老旧小区改造",
        "海绵城市建设",
        "完整社区建设",
        "城市社区嵌入式服务设施",
        "城市一刻钟便民生活圈",
        "文明城市创建",
    ),
    closed=False,
)
PAST_STATE = CodeList("实施状态", ("已实施", "在实施"))
# 1.5(3)-(5), 5.2.1; which comes before which is in configs/process.yaml.
STEP = CodeList("编制阶段", ("征求意见", "修改", "公示", "专家论证", "审查", "审定"))
PAPER = CodeList("附件类别", ("体检报告", "协商情况", "评审意见", "其他"))  # 6.1(3), outline 附件
FUND = CodeList("资金性质", ("财政资金", "社会资金"))  # table 2: the two columns of money
FUNDING = CodeList(  # 4.6
    "资金筹措方式",
    (
        "中央预算内投资",
        "中央财政专项资金",
        "地方财政资金",
        "专项债券",
        "专项借款",
        "政策性贷款",
        "自有资金",
        "社会资金",
        # 3.5.2 names more than 4.6 does.
        "超长期特别国债",
        "产权房出资",
        "民众自筹",
        "运营收入反哺",
    ),
    closed=False,
)
FUND_STATE = CodeList("落实情况", ("已有台账资金", "待落实"))
COST_ACTION = CodeList("造价工程类型", ("新建", "改造", "整治", "拆除"))
COST_UNIT = CodeList("计价单位", ("㎡", "m", "处"))
# 2.2 and requirements.md §7.16: what a class of facility amounts to in a community, before and after sharing.
PROVISION = CodeList("配置判定", ("满足", "部分可达", "漏配", "共享可解", "少配", "错配"))
# 2.3, 3.6.2: how a resource came into the 资源台账, and how far what was found on paper may be trusted.
FOUND_BY = CodeList(
    "识别方法",
    (
        "台账登记",
        "闲置地块",
        "闲置建筑",
        "剩余空地",
        "退让空地",
        "可用屋顶",
        "富余停车",
        "影像裸地",
    ),
)
SURENESS = CodeList("把握程度", ("高", "中", "低"))
# How a project is done; what is not built (管理) has no money of its own (requirements.md §7.14).
WAY = CodeList("实施方式", ("改造", "新建", "拆除", "整治", "管理"))
EARNING = CodeList("收益来源", ("商业租金", "停车费", "服务收费", "政府运营补贴"))  # 3.5.2
OPERATION = CodeList(
    "运营模式", ("政府主导型", "委托运营型", "社区自持型", "居民自治型"), closed=False
)  # 4.7
IMPLEMENTER = CodeList(  # 5.2.3
    "实施主体",
    (
        "街道办事处",
        "区级政府指定的平台公司",
        "房地产开发企业",
        "社会资本方",
        "居民自治组织",
        "社区居委会+平台公司+运营单位",
    ),
    closed=False,
)
JUDGED_BY = CodeList("认定方式", ("自动", "人工"))
DECISION_STATE = CodeList("决策状态", ("采用", "失效", "无此编号", "未生效"))
