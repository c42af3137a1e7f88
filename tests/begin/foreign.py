"""Tables under column names of other offices, as such files are commonly made; nothing of the sample.

Every entry: names the table goes by, kind of geometry, columns with a few values, the layer it is, and which
column is which field. Columns not named in ``fields`` belong to no field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Foreign:
    names: tuple[str, ...]
    shape: str | None
    columns: dict[str, list[Any]]
    layer: str
    fields: dict[str, str] = field(default_factory=dict)


TABLES = (
    # The third land survey's parcels.
    Foreign(
        ("DLTB",),
        "polygon",
        {
            "BSM": ["360102211000000001", "360102211000000002", "360102211000000003"],
            "YSDM": ["2001010100"] * 3,
            "TBYBH": ["", "", ""],
            "TBBH": ["1001", "1002", "1003"],
            "DLBM": ["0701", "1006", "0810"],
            "DLMC": ["城镇住宅用地", "农村道路", "公园与绿地"],
            "QSXZ": ["20", "20", "30"],
            "QSDWDM": ["3601020010010000000"] * 3,
            "QSDWMC": ["甲街道"] * 3,
            "TBMJ": [1200.5, 800.25, 310.0],
        },
        "parcel",
        {"id": "BSM", "number": "TBBH", "landuse_code": "DLBM", "landuse_name": "DLMC", "tenure_code": "QSXZ", "area_m2": "TBMJ"},
    ),
    # A housing census.
    Foreign(
        ("房屋普查", "FW"),
        "polygon",
        {
            "FWBH": ["F001", "F002", "F003"],
            "LDMC": ["甲小区1栋", "甲小区2栋", "甲小区3栋"],
            "FWYT": ["成套住宅", "商业", "办公"],
            "DSCS": [6, 6, 2],
            "FWJG": ["砖混", "钢混", "砖混"],
            "JZMJ": [2400.0, 2400.0, 600.0],
            "JCNF": [1996, 1998, 2003],
            "JZRK": [86, 90, 0],
        },
        "building",
        {"id": "FWBH", "name": "LDMC", "use": "FWYT", "floors": "DSCS", "floor_area_m2": "JZMJ", "built": "JCNF",
         "population": "JZRK"},
    ),
    # OpenStreetMap as shapefiles (Geofabrik).
    Foreign(
        ("gis_osm_roads_free_1",),
        "line",
        {
            "osm_id": ["101", "102", "103"],
            "code": [5113, 5122, 5154],
            "fclass": ["primary", "residential", "footway"],
            "name": ["甲路", "乙巷", None],
            "ref": [None, None, None],
            "oneway": ["B", "B", "F"],
            "maxspeed": [60, 30, 0],
            "layer": [0, 0, 1],
            "bridge": ["F", "F", "T"],
            "tunnel": ["F", "F", "F"],
        },
        "road",
        {"id": "osm_id", "name": "name", "kind": "fclass", "level": "layer"},
    ),
    Foreign(
        ("gis_osm_buildings_a_free_1",),
        "polygon",
        {
            "osm_id": ["201", "202", "203"],
            "code": [1500, 1500, 1500],
            "fclass": ["building"] * 3,
            "name": [None, "甲中学教学楼", None],
            "type": ["apartments", "school", "retail"],
        },
        "building",
        {"id": "osm_id", "name": "name", "use": "type"},
    ),
    # Points of two web maps.
    Foreign(
        ("poi_export",),
        "point",
        {
            "id": ["B0FFG12345", "B0FFG12346", "B0FFG12347"],
            "name": ["甲诊所", "甲幼儿园", "甲超市"],
            "type": ["医疗保健服务;诊所;诊所", "科教文化服务;学校;幼儿园", "购物服务;超级市场;超市"],
            "typecode": ["090300", "141204", "060400"],
            "address": ["甲路1号", "甲路2号", "甲路3号"],
            "pname": ["江西省"] * 3,
            "cityname": ["南昌市"] * 3,
            "adname": ["甲区"] * 3,
        },
        "facility",
        {"id": "id", "name": "name", "type_key": "type"},
    ),
    Foreign(
        ("百度POI",),
        "point",
        {
            "uid": ["0a1b2c3d4e5f60718293a4b5", "1a1b2c3d4e5f60718293a4b5", "2a1b2c3d4e5f60718293a4b5"],
            "name": ["甲菜市场", "甲社区卫生服务站", "甲公厕"],
            "tag": ["购物;农贸市场", "医疗;社区卫生服务站", "生活服务;公厕"],
            "address": ["甲路1号", "甲路2号", "甲路3号"],
        },
        "facility",
        {"id": "uid", "name": "name", "type_key": "tag"},
    ),
    # A street office's list of what residents ask for.
    Foreign(
        ("居民诉求台账", "诉求"),
        None,
        {
            "序号": [1, 2, 3],
            "所在社区": ["甲社区", "乙社区", "甲社区"],
            "诉求内容": ["增设充电桩", "修补路面", "增加路灯"],
            "诉求来源": ["12345热线", "走访", "问卷"],
            "所属维度": ["智慧赋能", "舒适宜居", "韧性安全"],
            "紧急程度": ["紧迫", "一般", "一般"],
            "建设类/管理类": ["建设类", "建设类", "建设类"],
            "地点": ["甲小区", "乙路", "丙巷"],
        },
        "survey",
        {"community": "所在社区", "description": "诉求内容", "origin": "诉求来源", "dimension": "所属维度",
         "urgency": "紧急程度", "problem": "建设类/管理类", "place": "地点"},
    ),
    # A state-owned company's list of idle property.
    Foreign(
        ("闲置资产清单",),
        None,
        {
            "资产编号": ["GZ-01", "GZ-02", "GZ-03"],
            "资产名称": ["旧粮库", "临街店面", "空地"],
            "资产类型": ["建筑", "建筑", "用地"],
            "坐落": ["甲路1号", "甲路2号", "甲路3号"],
            "产权单位": ["甲区国资公司"] * 3,
            "建筑面积(平方米)": [800, 120, None],
            "土地面积(平方米)": [1500, None, 900],
            "使用现状": ["闲置", "闲置", "闲置"],
        },
        "ledger",
        {"id": "资产编号", "name": "资产名称", "category": "资产类型", "place": "坐落", "owner": "产权单位",
         "floor_area_m2": "建筑面积(平方米)", "area_m2": "土地面积(平方米)", "use_status": "使用现状"},
    ),
    # An underground pipe survey.
    Foreign(
        ("排水管线普查", "PSGX"),
        "line",
        {
            "QDDH": ["W1", "W2", "W3"],
            "ZDDH": ["W2", "W3", "W4"],
            "GXZL": ["雨水", "污水", "污水"],
            "GXCZ": ["砼", "PVC", "HDPE"],
            "GJ": ["DN300", "DN400", "DN400"],
            "MSNF": ["1998", "2005", "2005"],
        },
        "utility_line",
        {"kind": "GXZL", "material": "GXCZ", "diameter_mm": "GJ", "built": "MSNF"},
    ),
    Foreign(
        ("XZQ_社区", "行政区"),
        "polygon",
        {
            "XZQDM": ["360102001001", "360102001002"],
            "XZQMC": ["甲社区居民委员会", "乙社区居民委员会"],
            "JSMJ": [350000.0, 410000.0],
        },
        "community_given",
        {"code": "XZQDM", "name": "XZQMC"},
    ),
    Foreign(
        ("各社区人口",),
        None,
        {
            "社区名称": ["甲社区", "乙社区"],
            "总人口": [5200, 4100],
            "总户数": [1900, 1500],
            "60岁以上": [1100, 900],
            "65岁以上": [800, 640],
            "3岁以下": [150, 120],
        },
        "population",
        {"community": "社区名称", "population": "总人口", "households": "总户数", "elders": "60岁以上", "infants": "3岁以下"},
    ),
    # Layers named after the one thing they hold.
    Foreign(
        ("公交站",),
        "point",
        {"name": ["甲路站", "乙路站"], "线路": ["1路、2路", "3路"]},
        "facility",
        {"name": "name"},
    ),
    Foreign(("路灯",), "point", {"编号": ["D1", "D2"], "功率": [60, 60]}, "utility_point", {"id": "编号"}),
    Foreign(
        ("文物保护单位",),
        "polygon",
        {"名称": ["甲祠堂", "乙书院"], "级别": ["省级", "市级"], "公布批次": ["第三批", "第二批"]},
        "heritage",
        {"name": "名称"},
    ),
    Foreign(
        ("城市公园绿地",),
        "polygon",
        {"公园名称": ["甲公园", "乙游园"], "绿地面积": [12000.0, 900.0], "类型": ["公园绿地", "公园绿地"]},
        "open_space",
        {"name": "公园名称", "area_m2": "绿地面积", "kind": "类型"},
    ),
    Foreign(
        ("2021-2025年已完成改造项目",),
        None,
        {
            "项目名称": ["甲小区改造", "乙路海绵化"],
            "项目类型": ["老旧小区改造", "海绵城市建设"],
            "完成情况": ["已实施", "在实施"],
            "建设内容": ["屋面防水", "透水铺装"],
            "开工时间": ["2022年3月", "2023年5月"],
            "竣工时间": ["2022年11月", "2024年6月"],
            "总投资(万元)": [420, 310],
            "建设单位": ["甲区住建局", "甲区城投"],
        },
        "past_work",
        {"name": "项目名称", "kind": "项目类型", "state": "完成情况", "content": "建设内容", "start": "开工时间",
         "end": "竣工时间", "cost_wan": "总投资(万元)", "owner": "建设单位"},
    ),
    Foreign(
        ("上位规划要求梳理",),
        None,
        {
            "规划名称": ["国土空间总体规划", "控制性详细规划"],
            "章节条款": ["第28条", "YX-03"],
            "具体要求": ["保留工业遗存", "容积率不大于1.2"],
            "约束性质": ["引导性要求", "强制性要求"],
        },
        "plan_demand",
        {"plan": "规划名称", "clause": "章节条款", "content": "具体要求", "force": "约束性质"},
    ),
)  # fmt: skip

# What lies beside the data in such folders and is none of it.
STRAY = (
    (("会议签到表",), None, {"姓名": ["甲", "乙"], "单位": ["甲局", "乙局"], "电话": ["1", "2"], "签名": ["", ""]}),
    (("记账",), None, {"日期": ["2026-01-02", "2026-01-03"], "摘要": ["打印", "用车"], "金额": [120, 300]}),
    (("等高线", "DGX"), "line", {"ELEV": [20.0, 25.0], "LENGTH": [130.2, 99.1]}),
    (("格网",), "polygon", {"GRID_ID": ["A1", "A2"], "PageName": ["A1", "A2"], "Shape_Area": [1.0, 1.0]}),
    (("气温",), None, {"月份": ["1月", "2月"], "平均气温": [5.2, 7.9], "降水量": [60, 90]}),
    (("乔木调查",), "point", {"树种": ["樟", "桂"], "胸径": [35, 20], "冠幅": [6, 4]}),
    (("图廓", "TK"), "line", {"Layer": ["TK", "TK"], "Linetype": ["CONTINUOUS", "CONTINUOUS"]}),
    (("Sheet1",), None, {"列1": ["甲", "乙"], "列2": [1, 2], "列3": [3, 4]}),
    (("工资表",), None, {"序号": [1, 2], "姓名": ["甲", "乙"], "部门": ["一科", "二科"], "应发": [1.0, 2.0], "实发": [1.0, 2.0]}),
    (("公交线路",), "line", {"线路名称": ["1路", "2路"], "起点": ["甲", "乙"], "终点": ["丙", "丁"], "长度": [5200.0, 8100.0]}),
)  # fmt: skip

# Written after the guesses were settled, and never tuned to.
HELD_OUT = (
    Foreign(
        ("楼栋信息采集表",),
        "polygon",
        {
            "楼栋编码": ["L01", "L02", "L03"],
            "小区名称": ["甲小区"] * 3,
            "楼号": ["1号楼", "2号楼", "3号楼"],
            "房屋性质": ["商品房", "房改房", "公房"],
            "总楼层": [18, 18, 6],
            "单元数": [2, 2, 3],
            "建筑年份": [2010, 2010, 1988],
            "常住人数": [120, 130, 60],
            "60岁以上人数": [20, 30, 22],
            "空置情况": ["在用", "在用", "闲置"],
        },
        "building",
        {"id": "楼栋编码", "name": "楼号", "tenure": "房屋性质", "floors": "总楼层", "built": "建筑年份",
         "population": "常住人数", "elders": "60岁以上人数", "use_status": "空置情况"},
    ),
    Foreign(
        ("养老设施一览",),
        "point",
        {
            "机构名": ["甲日间照料中心", "乙养老院"],
            "设施类别": ["日间照料中心", "养老院"],
            "核定床位": ["30床", "120床"],
            "使用面积（㎡）": [350, 3600],
            "是否对外": ["可开放", "不可"],
            "属地": ["甲社区", "乙社区"],
        },
        "facility",
        {"name": "机构名", "type_key": "设施类别", "capacity": "核定床位", "floor_area_m2": "使用面积（㎡）",
         "sharing": "是否对外", "community": "属地"},
    ),
    Foreign(
        ("road_centerline",),
        "line",
        {"ROADNAME": ["甲路", "乙路"], "ROADCLASS": ["主干路", "支路"], "WIDTH": [24.0, 7.0], "LANES": [6, 2]},
        "road",
        {"name": "ROADNAME", "kind": "ROADCLASS", "width_m": "WIDTH"},
    ),
    Foreign(
        ("LD_绿地",),
        "polygon",
        {"LDMC": ["甲公园", "乙绿带"], "LDLX": ["公园绿地", "防护绿地"], "LDMJ": [3200.0, 800.0]},
        "open_space",
        {"name": "LDMC", "kind": "LDLX", "area_m2": "LDMJ"},
    ),
    Foreign(
        ("体检问题清单",),
        None,
        {
            "问题编号": ["T1", "T2", "T3"],
            "指标维度": ["韧性安全", "舒适宜居", "绿色低碳"],
            "问题表述": ["缺少消火栓", "无托育点", "雨污混流"],
            "涉及社区": ["甲社区", "乙社区", "甲社区"],
            "整治紧迫性": ["紧迫", "一般", "紧迫"],
            "发现途径": ["现场踏勘", "问卷", "现场踏勘"],
            "问题属性": ["建设类", "建设类", "管理类"],
        },
        "survey",
        {"id": "问题编号", "dimension": "指标维度", "description": "问题表述", "community": "涉及社区",
         "urgency": "整治紧迫性", "origin": "发现途径", "problem": "问题属性"},
    ),
    Foreign(
        ("宗地",),
        "polygon",
        {"ZDDM": ["JB00001", "JB00002"], "TDYT": ["城镇住宅用地", "商业用地"], "QLRMC": ["甲公司", "乙厂"], "ZDMJ": [900.0, 1200.0]},
        "parcel",
        {"id": "ZDDM", "landuse_name": "TDYT", "area_m2": "ZDMJ"},
    ),
    Foreign(
        ("文保紫线",),
        "polygon",
        {"WBMC": ["甲塔", "乙桥"], "WBLB": ["文物保护单位", "历史建筑"], "BHJB": ["省级", "区级"]},
        "heritage",
        {"name": "WBMC", "kind": "WBLB", "note": "BHJB"},
    ),
    Foreign(
        ("公示征求意见情况",),
        None,
        {"工作环节": ["征求意见", "公示"], "起始时间": ["2026年3月2日", "2026年4月7日"], "截止时间": ["2026年3月16日", "2026年4月21日"],
         "组织部门": ["甲街道", "甲街道"], "情况说明": ["收到63条", "无异议"]},
        "step",
        {"step": "工作环节", "date": "起始时间", "end": "截止时间", "unit": "组织部门", "result": "情况说明"},
    ),
)  # fmt: skip
