"""Facility types of ledgers and web maps: recognised by table, words and names; the rest listed, none lost."""

from __future__ import annotations

import pytest
from shapely import Point

from configs import read_rows
from configs.facilities import facility_classes, recognise_text, recognise_type, suggest_class
from layers.facility_types import recognise_facility

from .conftest import E0, N0, Bench


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("购物服务;超级市场;超市", "supermarket"),
        ("060400", "supermarket"),
        ("60400", "supermarket"),
        ("060402", "supermarket"),
        ("060411", None),
        ("060200|050000", "convenience_store"),
        ("050000|060200", "convenience_store"),
        ("购物服务；便民商店/便利店；便民商店/便利店", "convenience_store"),
        ("购物服务;综合市场;农副产品市场", "wet_market"),
        ("购物服务;综合市场;小商品市场", None),
        ("科教文化服务;学校;幼儿园", "kindergarten"),
        ("141203", "primary_school"),
        ("科教文化服务;学校;高等院校", None),
        ("科教文化服务;培训机构;培训机构", None),
        ("科教文化服务;图书馆;图书馆", "culture_center"),
        ("医疗保健服务;诊所;诊所", "health_station"),
        ("医疗保健服务;综合医院;卫生院", "health_center"),
        ("医疗保健服务;专科医院;口腔医院", None),
        ("医疗保健服务;医药保健销售店;药房", "shop_cluster"),
        ("医疗保健服务;医疗保健服务场所;日间照料", "elder_daycare"),
        ("生活服务;生活服务场所;托育服务", "nursery"),
        ("交通设施服务;停车场;公共停车场", "car_parking"),
        ("交通设施服务;停车场;停车场出入口", None),
        ("交通设施服务;公交车站;公交车站相关", "bus_stop"),
        ("公共设施;公共厕所;公共厕所", "public_toilet"),
        ("体育休闲服务;运动场馆;篮球场馆", "sports_field_small"),
        ("风景名胜;公园广场;公园", "community_park"),
        ("政府机构及社会团体;公检法机构;公安警察", "police_station"),
        ("政府机构及社会团体;公检法机构;法院", None),
        ("餐饮服务;中餐厅;学校食堂", None),
        ("汽车服务;充电站;充电站", "ev_charging"),
        ("011100", "ev_charging"),
        ("教育培训;幼儿园", "kindergarten"),
        ("购物;超市", "supermarket"),
        ("政府机构;居民委员会", "service_station"),
        ("教育学校:幼儿园", "kindergarten"),
        ("基础设施:公共厕所", "public_toilet"),
        ("医疗保健:诊所", "health_station"),
        ("社区卫生服务站", "health_station"),
        ("supermarket", "supermarket"),
        ("职业技术学校", None),
        ("儿童医院", "health_center"),
        ("宠物医院", None),
        ("庙宇", None),
        ("999999", None),
    ],
)
def test_types_of_maps_and_ledgers(text: str, key: str | None) -> None:
    assert recognise_text(text) == key


@pytest.mark.parametrize(
    ("kind", "name", "key"),
    [
        ("政府机构及社会团体;政府机关;乡镇级政府及事业单位", "东门街道办事处", "service_center_street"),
        ("政府机构及社会团体;政府机关;乡镇以下级政府及事业单位", "信江社区居委会", "service_station"),
        ("130106", "信江社区居委会", "service_station"),
        ("政府机构及社会团体;政府机关;乡镇以下级政府及事业单位", "退役军人事务处", None),
        ("医疗保健服务;诊所;诊所", "桂苑社区卫生服务中心", "health_center"),
        ("医疗保健服务;综合医院;卫生院", "桂苑社区卫生服务站", "health_station"),
        ("医疗保健服务;诊所;诊所", "康宁口腔诊所", None),
        ("生活服务;生活服务场所;生活服务场所", "云溪长者食堂", "canteen"),
        ("餐饮服务;中餐厅;中餐厅", "老学校饭店", None),
        ("科教文化服务;学校;小学", "第一中学附属小学", "primary_school"),
        ("", "云溪幼儿园", "kindergarten"),
        ("其他", "云溪幼儿园", "kindergarten"),
    ],
)
def test_the_name_decides_only_where_the_type_leaves_it_open(kind: str, name: str, key: str | None) -> None:
    assert recognise_facility(kind, name=name).key == key


def test_every_category_leads_to_a_class_or_a_rule() -> None:
    rows = read_rows("poi_types.csv")
    assert {row["key"] for row in rows} <= {"", "name", "word", *facility_classes()}
    assert len({row["path"] for row in rows}) == len(rows)
    codes = [row["code"] for row in rows if row["code"]]
    assert len(set(codes)) == len(codes) and all(code.isdigit() and len(code) in (2, 6) for code in codes)
    for row in rows:
        if len(row["code"]) == 6 and row["key"] in facility_classes():
            assert recognise_type(row["code"]).key == recognise_type(row["path"]).key == row["key"]
    for key, item in facility_classes().items():
        assert recognise_text(item.name) == key


def test_near_words_are_suggested() -> None:
    assert suggest_class("卫生服务占") == "health_station"
    assert suggest_class("庙宇") is None
    assert suggest_class("商场") is None  # shares one character with 球场


def test_what_is_left_out_is_listed_by_row_or_category_and_summed(bench: Bench) -> None:
    kinds = [
        "庙宇",
        "餐饮服务;中餐厅;中餐厅",
        "卫生服务占",
        "餐饮服务;中餐厅;中餐厅",
        "庙宇",
        "超市",
        "餐饮服务;快餐厅;快餐厅",
    ]
    bench.vector(
        "点.gpkg",
        [Point(E0 + 50 * i, N0) for i in range(7)],
        {"LX": kinds, "name": [f"店{i}" for i in range(7)]},
    )
    bench.add("facility", "点.gpkg", columns={"type_key": "LX"})
    assert bench.load()["facility"]["name"].tolist() == ["店5"]
    told = [(f.severity, f.row, f.value, f.x) for f in bench.find("HSQ-V08")]
    assert told == [
        ("警告", "1", "庙宇", E0),
        ("警告", "3", "卫生服务占", E0 + 100),
        ("警告", "5", "庙宇", E0 + 200),
        ("提示", "2、4", "餐饮服务;中餐厅;中餐厅", None),
        ("提示", "7", "餐饮服务;快餐厅;快餐厅", None),
    ]
    assert "社区卫生服务站（health_station）" in bench.find("HSQ-V08")[1].remedy
    (total,) = bench.find("HSQ-V09")
    assert "7 行设施中有 6 行" in total.problem and total.value.startswith(
        "庙宇 2 行、餐饮服务;中餐厅;中餐厅 2 行"
    )


def test_typecodes_stored_as_numbers_are_read(bench: Bench) -> None:
    bench.sheet(
        "点.xlsx", [["name", "type_key", "x", "y"], ["a", 60400, E0, N0], ["b", 141204.0, E0 + 90, N0]]
    )
    bench.add("facility", "点.xlsx", x="x", y="y", crs="EPSG:4548")
    frame = bench.load()["facility"].set_index("name")
    assert frame["type_key"].to_dict() == {"a": "supermarket", "b": "kindergarten"}
