"""Community names and codes against the division list that travels with the program."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from configs import read_rows, read_settings
from layers.communities import Rules, check_region, settle_communities
from layers.divisions import Divisions, read_divisions, read_shipped
from layers.faults import FaultLog, PlanFaults
from layers.ledgers import Population
from layers.mentions import settle_mentions
from layers.placenames import is_alike, is_village, stem_of
from layers.read.raw import Place
from pipeline.plan import load_plan

from .conftest import E0, N0, Bench

GUIXI = "360681"


@pytest.fixture(scope="module")
def shipped() -> Divisions:
    found = read_shipped("36")
    assert found is not None
    return found


def settle(
    rows: list[tuple[str | None, ...]], divisions: Divisions | None, **more: object
) -> tuple[list[str], FaultLog]:
    log = FaultLog()
    frame = pd.DataFrame(rows, columns=["name", "code", "street"], dtype="str")
    frame.index += 1
    rules = Rules(**{"region": GUIXI, "province": "36", "divisions": divisions, **more})  # type: ignore[arg-type]
    made = settle_communities(frame, Place("社区.xlsx", "社区", log), rules)
    return made["code"].fillna("").tolist(), log


def test_the_shipped_list_is_what_its_declaration_says(shipped: Divisions) -> None:
    declared = read_settings("standards/divisions.yaml")["36"]
    codes = [row["code"] for row in read_rows("standards/divisions_36.csv")]
    assert len(codes) == len(set(codes)) and all(code.isdigit() and code.startswith("36") for code in codes)
    counts = {length: sum(len(code) == length for code in codes) for length in (6, 9, 12)}
    assert list(counts.values()) == list(declared["counts"].values())
    assert len(shipped.streets) == counts[9] and len(shipped.villages) == counts[12]
    assert len(shipped.counties) == counts[6] and "2023-06-30" in shipped.title
    assert set(shipped.villages["streetCode"]) <= set(shipped.streets["code"])
    assert declared["licence"] and declared["source"]


def test_no_list_travels_for_other_provinces() -> None:
    assert read_shipped("11") is None


def test_right_codes_pass_and_missing_ones_are_found(shipped: Divisions) -> None:
    codes, log = settle(
        [("信江社区", "360681003001", "东门街道"), ("雄石社区居委会", None, "东门街道"), ("江边居委会", "/", "东门街道办事处")],
        shipped,
    )  # fmt: skip
    assert codes[:2] == ["360681003001", "360681003002"]
    assert (log.faults[0].severity, log.faults[0].row) == ("提示", "2")


def test_street_spelt_otherwise_is_found_and_told(shipped: Divisions) -> None:
    codes, log = settle(
        [("信江社区", None, "东门街道办"), ("信江社区", None, "东们街道"), ("信江社区", None, "东门镇")],
        shipped,
    )
    assert codes == ["360681003001", "", "360681003001"]
    streets = [f for f in log.faults if f.field == "street"]
    assert [("东门街道" in f.problem, f.row) for f in streets] == [(True, "1"), (True, "2"), (True, "3")]
    assert "相近的有：东门街道" in streets[1].problem


def test_near_misses_are_suggested_never_adopted(shipped: Divisions) -> None:
    codes, log = settle([("烧箕山社区", None, "东门街道"), ("炼铁社区", None, "东门街道")], shipped)
    assert codes == ["", ""]
    near, none = log.faults
    assert "筲箕山居民委员会（360681003010）" in near.problem and "相近" in near.problem
    assert "没有同名条目" in none.problem


def test_type_is_part_of_the_key(shipped: Divisions) -> None:
    codes, log = settle([("信江社区", "360681004202", "")], shipped)
    assert codes == ["360681004202"]
    (fault,) = log.faults
    assert "信江村民委员会" in fault.problem and "类型" in fault.problem


def test_a_name_without_its_street_is_only_suggested(shipped: Divisions) -> None:
    codes, log = settle([("信江社区", None, "")], shipped)
    assert codes == [""] and "360681003001，东门街道" in log.faults[0].problem


@pytest.mark.parametrize(
    ("name", "code", "street", "words"),
    [
        ("信江社区", "360681003999", "东门街道", "不在代码表内（国家统计局 2023 年"),
        ("信江社区", "360681003002", "东门街道", "是“雄石居民委员会”，不是“信江社区”"),
        ("筲其山社区", "360681003010", "东门街道", "一字之差"),
        ("信江社区", "360681003001", "花园街道", "属“东门街道”，不属“花园街道”"),
        ("信江社区", "360681003", "", "是街道 东门街道 的代码"),
        ("信江社区", "3606810030010", "", "不是 12 位"),
        ("信江社区", "110108001001", "", "不以省级代码 36 开头"),
        ("信江社区", "360102002001", "", "不属于县"),
    ],
)
def test_codes_in_doubt(shipped: Divisions, name: str, code: str, street: str, words: str) -> None:
    codes, log = settle([(name, code, street)], shipped)
    assert codes == [code] and len(log.faults) == 1
    assert words in log.faults[0].problem and log.faults[0].severity == "警告" and log.faults[0].row == "1"


def test_the_end_of_a_code_is_completed_by_name_and_list(shipped: Divisions) -> None:
    codes, log = settle(
        [("信江社区", "001", "东门街道"), ("信江社区", "1", "东门街道"), ("雄石社区", "001", "东门街道")],
        shipped,
    )
    assert codes == ["360681003001", "360681003001", "001"]
    assert log.faults[0].action == "按名称和代码表补全为 360681003001"


def test_confirmed_codes_outweigh_everything(shipped: Divisions) -> None:
    codes, log = settle(
        [("发电厂社区", None, "东门街道"), ("烧箕山社区", "360681003001", "")], shipped,
        confirmed={"发电厂社区": "360681003008", "烧箕山社区": "360681003010"},
    )  # fmt: skip
    assert codes == ["360681003008", "360681003010"]
    (fault,) = log.faults
    assert "人工核实" in fault.problem and fault.row == "2"


def test_declared_fictional_codes_are_accepted_as_such(shipped: Divisions) -> None:
    codes, log = settle(
        [("甲社区", "369901001001", "云溪街道"), ("乙社区", None, "云溪街道")],
        shipped,
        region="369901",
        fictional=("369901",),
    )
    assert codes == ["369901001001", ""]
    (fault,) = log.faults
    assert fault.severity == "提示" and "虚构" in fault.problem


def test_a_county_nobody_knows_is_told_once(shipped: Divisions) -> None:
    for fictional, expected in (((), 1), (("3699",), 0)):
        log = FaultLog()
        check_region(Rules("369901", "36", shipped, fictional), log)
        assert len(log.faults) == expected
    assert "fictional" in log.faults[0].remedy if log.faults else True


def test_a_countys_own_list_is_one_csv(tmp_path: Path, bench: Bench) -> None:
    rows = [("369901", "虚构区"), ("369901001", "云溪街道"), ("369901001001", "甲社区居民委员会")]
    path = bench.folder / "代码.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([("code", "name"), *rows])
    bench.plan["divisions"] = {"path": "代码.csv"}
    bench.vector("社区2.gpkg", [box(E0, N0, E0 + 9, N0 + 9)], {"name": ["甲社区"], "street": ["云溪街道"]})
    bench.inputs["community_given"] = [{"path": "社区2.gpkg"}]
    assert bench.load()["community_given"]["code"].tolist() == ["369901001001"]
    (note,) = bench.find("HSQ-A06")
    assert note.severity == "提示" and "代码.csv" in note.action


def test_a_list_without_its_columns_or_no_text_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "a.csv"
    bad.write_text("代码,名称\n1,2\n", encoding="utf-8")
    with pytest.raises(PlanFaults) as caught:
        read_divisions(bad, province="36")
    assert [f.field for f in caught.value.faults] == ["code", "name"]
    bad.write_bytes(b"\xff\xfe\x00code")
    with pytest.raises(PlanFaults) as caught:
        read_divisions(bad, province="36")
    assert caught.value.faults[0].code in {"HSQ-F02", "HSQ-V01"}


def test_plans_of_the_sample_declare_their_fiction() -> None:
    for name in ("sample", "tiny"):
        plan = load_plan(Path(__file__).parents[2] / f"configs/{name}.yaml")
        assert plan.divisions is not None and plan.divisions.fictional == [plan.plan.region_code]


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [("桂溪", "贵溪", True), ("烧箕山", "筲箕山", True), ("城北", "城南", False), ("城南一", "城南二", False), ("木丝岭", "木丝", False),
     ("木丝岭路", "木丝岭", True), ("丝木岭", "木丝岭", True), ("云溪", "云溪", False), ("云溪", "望江", False), ("新桥头", "桥头", False),
     ("东门口", "西门口", False), ("石林", "石琳", True), ("", "云", False)],
)  # fmt: skip
def test_likeness_of_names(a: str, b: str, alike: bool) -> None:
    assert is_alike(a, b) is alike and is_alike(b, a) is alike


@pytest.mark.parametrize(
    ("name", "stem", "village"),
    [("信江社区", "信江", False), ("信江居民委员会", "信江", False), ("信江社区居委会", "信江", False), ("信江村", "信江", True),
     ("信江村民委员会", "信江", True), ("社区", "社区", False), (" 信江社区 ", "信江", False)],
)  # fmt: skip
def test_stems_and_types(name: str, stem: str, village: bool) -> None:
    assert (stem_of(name), is_village(name)) == (stem, village)


NAMES = st.text(alphabet="云溪桂贵木丝岭箕筲山林石", min_size=2, max_size=5)


@given(NAMES, st.data())
def test_one_slip_is_always_near_and_never_the_same(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    other = data.draw(st.sampled_from("桥湖江村苑"))
    slips = [name[:at] + other + name[at + 1 :]]
    if len(name) >= 3:
        slips += [name[:at] + other + name[at:]]
    for slip in slips:
        assert is_alike(name, slip) and is_alike(slip, name)


def test_communities_are_mentioned_as_they_are_named() -> None:
    log = FaultLog()
    names = ["清源社区", "桂苑社区", "城北社区"]
    said = ["清源社区", "清源居委会", "桂园社区", "城南社区", None, "清源", "望江社区"]
    frame = pd.DataFrame({str(Population.community): said}, dtype="str")
    frame.index += 2
    made = settle_mentions(frame, Population.community, Place("人口.xlsx", "人口", log), names=names)
    assert made[Population.community].fillna("").tolist() == [
        "清源社区", "清源社区", "桂园社区", "城南社区", "", "清源社区", "望江社区",
    ]  # fmt: skip
    assert frame[Population.community].fillna("").tolist() == [word or "" for word in said]
    told = {fault.value: (fault.severity, fault.row) for fault in log.faults}
    assert told == {"清源居委会": ("提示", "3"), "清源": ("提示", "7"), "桂园社区": ("警告", "4")}
    assert "桂苑社区" in next(fault.problem for fault in log.faults if fault.severity == "警告")


def test_people_of_a_community_under_another_name_are_counted(bench: Bench) -> None:
    bench.inputs["community_given"] = []
    bench.vector("边界.gpkg", [box(E0, N0, E0 + 1000, N0 + 1000)], {"name": ["清源社区"]})
    bench.add("community_given", "边界.gpkg")
    bench.sheet("人口.xlsx", [["社区", "人口"], ["清源居委会", 4210]])
    bench.add("population", "人口.xlsx", columns={"community": "社区", "population": "人口"})
    frames = bench.load()
    assert frames["community_given"]["population"].tolist() == [4210]
    assert not bench.find("HSQ-V10")
