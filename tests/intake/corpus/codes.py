"""Codes: land use of other lists, facility types nobody knows, communities the division list does not have."""

from __future__ import annotations

from shapely import box

from tests.intake.corpus.case import case, error, remark, warning
from tests.intake.corpus.desk import Desk

A, B = box(0, 0, 20, 20), box(20, 0, 40, 20)


@case(
    error("HSQ-V07", "用地.gpkg", "1", field="landuse_code", value="140199", advice="1401 公园绿地"),
    notes="HSQ-V07 HSQ-G13",
)
def land_use_nobody_knows(desk: Desk) -> None:
    """A code that is in no list."""
    desk.parcels(A, codes=["140199"])


@case(error("HSQ-V07", "用地.gpkg", "1", field="landuse_name", says="无法对应"), notes="HSQ-V07 HSQ-G13")
def land_use_by_a_name_nobody_knows(desk: Desk) -> None:
    """Only a name, and none of the list."""
    desk.parcels(A, codes=[""], landuse_name=["晒谷场和杂物间"])


@case(
    warning("HSQ-V07", "用地.gpkg", "1", value="701", says="丢失前导零", mended="读作"),
    notes="HSQ-V07 HSQ-G13",
)
def land_use_without_its_zero(desk: Desk) -> None:
    """701 where 0701 was meant."""
    desk.parcels(A, B, codes=["701", "0701"])


@case(
    warning("HSQ-V07", "用地.gpkg", "1", value="070102", says="不一致", mended="以代码为准"),
    notes="HSQ-V07 HSQ-G13",
)
def name_against_its_code(desk: Desk) -> None:
    """A code of housing with the name of a park."""
    desk.parcels(A, codes=["070102"], landuse_name=["公园绿地"])


@case(
    remark("HSQ-V07", "用地.gpkg", says="三调", mended="译为 2023 版"),
    warning("HSQ-V07", "用地.gpkg", "2", value="0810", says="三调代码", mended="改为 1401 公园绿地"),
    notes="HSQ-V07 HSQ-G13",
)
def land_survey_codes(desk: Desk) -> None:
    """Codes of the third land survey, with their names."""
    desk.parcels(A, B, codes=["0701", "0810"], landuse_name=["城镇住宅用地", "公园与绿地"])


@case(
    warning("HSQ-V08", "设施.csv", "3", field="type_key", value="棋牌麻将大会所", mended="不参与分析"),
    notes="HSQ-V09",
)
def facility_nobody_knows(desk: Desk) -> None:
    """A type that is no class; the row is left out and named."""
    desk.facilities(["甲超市,超市", "乙会所,棋牌麻将大会所"])


@case(
    remark("HSQ-V08", "设施.csv", "3", value="餐饮服务;中餐厅;中餐厅", mended="不参与分析"), notes="HSQ-V09"
)
def category_of_a_web_map(desk: Desk) -> None:
    """A category of Amap that no standard counts."""
    desk.facilities(["甲超市,超市", "乙饭店,餐饮服务;中餐厅;中餐厅"])


@case(warning("HSQ-A06", "社区边界.shp", "0", field="code", says="不属于县"), notes="HSQ-A06")
def community_of_another_county(desk: Desk) -> None:
    """The plan is in another county than its community."""
    desk.blocks["divisions"] = {"fictional": ["369902"]}
    desk.identity["region_code"] = "369902"


@case(warning("HSQ-A06", "社区边界.shp", "0", field="code", says="不以省级代码 37 开头"), notes="HSQ-A06")
def community_of_another_province(desk: Desk) -> None:
    """Another province prefix than the codes have."""
    desk.blocks["divisions"] = {"fictional": ["379901"]}
    desk.identity |= {"region_code": "379901", "province_prefix": "37"}


@case(warning("HSQ-A06", "", field="plan.region_code", value="369901", says="不在代码表内"), notes="HSQ-A06")
def county_nobody_declared(desk: Desk) -> None:
    """A fictional county that the plan does not declare as one."""
    del desk.blocks["divisions"]


@case(warning("HSQ-A06", "社区.gpkg", "1", value="5", says="不是 12 位数字"))
def code_that_lost_its_beginning(desk: Desk) -> None:
    """A code of one digit."""
    desk.inputs["community_given"].clear()
    desk.vector("社区.gpkg", [*_ground()], name=["小样社区"], code=["5"])
    desk.add("community_given", "社区.gpkg")


@case(error("HSQ-F01", "代码表.csv", field="divisions.path"))
def division_list_that_is_not_there(desk: Desk) -> None:
    """The plan names a list of its own, which is missing."""
    desk.blocks["divisions"]["path"] = "代码表.csv"


def _ground() -> list[object]:
    from tests.intake.corpus.desk import near

    return near(box(-100, -80, 100, 80))
