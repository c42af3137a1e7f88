"""The sample's hand-in is whole and finds everything that was planted; what it finds beyond is listed."""

from __future__ import annotations

import json
from collections import Counter

import openpyxl
import pandas as pd
import pytest
import shapely

from configs import read_settings
from configs.facilities import facility_classes
from layers.faults import Fault
from layers.ledgers import Delegate, Target
from layers.planned import (
    Adjustment,
    Inventory,
    Match,
    Need,
    Pair,
    PlannedParcel,
    Project,
    Resource,
    Site,
    Strategy,
)
from layers.reachable import Edge, Served, Sharing
from layers.source import Building, Facility, Parcel, Road, Survey
from tests.handin import check_handin
from tests.whole.conftest import TRUTH, Whole

# Which code tells of a planted flaw, and what the row says. Flaws without a code are handled as they are
# read and proven by the values they end up with.
TOLD = {
    ("现状用地.shp", "编码未声明"): ("HSQ-F05", "GB18030"),
    ("现状用地.shp", "自相交"): ("HSQ-G02", "自相交"),
    ("建筑.shp", "带号坐标"): ("HSQ-X03", "带号"),
    ("建筑.shp", "重复要素"): ("HSQ-G04", "完全相同"),
    ("建筑.shp", "年代缺失"): ("HSQ-V02", "建成年代"),
    ("道路.gpkg", "重复线"): ("HSQ-G04", "完全相同"),
    ("设施台账.xlsx", "合并表头与合计行"): ("HSQ-V09", "合计"),
    ("地图POI.csv", "GCJ-02 偏移"): ("HSQ-X05", "GCJ-02"),
    ("地图POI.csv", "与台账重复"): ("HSQ-G04", "相距"),
    ("地图POI.csv", "非生活圈类别"): ("HSQ-V08", "无法识别"),
    ("需求清单.xlsx", "无位置需求"): ("HSQ-A03", "没有位置"),
    ("资源范围.shp", "自相交"): ("HSQ-G02", "自相交"),
    ("过程记录.xlsx", "次序颠倒"): ("HSQ-A10", "次序应相反"),
}
# Whose rows of the report name the table the shapes are joined to, not the file of the shapes.
JOINED = {"资源范围.shp": "资源台账.xlsx"}
HANDLED = {
    ("道路.gpkg", "假交叉"),
    ("设施台账.xlsx", "数值带单位"),
    ("设施台账.xlsx", "坐标次序"),
    ("资源台账.xlsx", "权利人待核"),
    ("资源范围.shp", "形状狭长"),
}


def planted(file: str, flaw: str) -> dict:
    return next(item for item in TRUTH["埋设缺陷"] if (item["文件"], item["缺陷"]) == (file, flaw))


def key_of(item: dict) -> str:
    return "-".join(str(item[k]) for k in ("社区", "设施") if k in item) or str(item.get("编号"))


@pytest.fixture(scope="module")
def remarks(sample: Whole) -> list[Fault]:
    """Every remark of every stage, as the run stored them."""
    records = [
        json.loads(p.read_text(encoding="utf-8")) for p in sorted(sample.folder.glob("work/*/stage.json"))
    ]
    return [Fault(**remark) for record in records for remark in record["remarks"]]


def find_place(resources: pd.DataFrame, item: dict) -> pd.DataFrame:
    """Return the spatial resources at a planted idle site, of its kind."""
    shapes = (
        shapely.from_wkb(resources["geometry"])
        if resources["geometry"].dtype == object
        else resources.geometry
    )
    there = resources[shapely.covers(shapes.to_numpy(), shapely.Point(item["Y东"], item["X北"]))]
    kinds = {"闲置建筑": ["建筑"], "闲置地块": ["用地"], "剩余空地": ["空间"]}[item["类型"]]
    return there[there[Resource.category].isin(kinds)]


def test_run_succeeds_and_says_so(sample: Whole) -> None:
    assert sample.code == 0
    assert "完成" in sample.said and "错误 0 条" in sample.said
    assert str(sample.handin) in sample.said
    assert "Traceback" not in sample.said and "Warning" not in sample.said


def test_hand_in_is_whole(sample: Whole) -> None:
    assert check_handin(sample.handin) == []
    assert sorted(p.name for p in sample.folder.iterdir()) == ["run.log", "work", "成果"]


def test_peak_memory_stays_below_one_and_a_half_gigabytes(sample: Whole) -> None:
    run = json.loads((sample.folder / "work/run.json").read_text(encoding="utf-8"))
    assert 100 < run["peak_memory_mb"] <= 1500


@pytest.mark.parametrize("item", TRUTH["闲置空间"], ids=key_of)
def test_planted_idle_space_is_a_resource(sample: Whole, item: dict) -> None:
    found = find_place(sample.frame(Resource), item)
    assert len(found) == 1, "the place is one resource, neither missed nor listed twice"
    row = found.iloc[0]
    leftover = item["类型"] == "剩余空地"
    assert row[Resource.certainty] == ("疑似" if leftover else "确认")
    if leftover:
        assert row[Resource.area_m2] > 0.5 * item["面积_m2"]
        return
    if item["台账编号"]:
        assert row[Resource.number] == item["台账编号"]
    else:
        assert item["编号"] in row[Resource.evidence]
    assert row[Resource.area_m2] == pytest.approx(item["面积_m2"], rel=0.01)


@pytest.mark.parametrize("item", TRUTH["漏配"], ids=key_of)
def test_planted_gap_is_a_need(sample: Whole, item: dict) -> None:
    needs = sample.frame(Need)
    mine = needs[(needs[Need.community] == item["社区"]) & (needs[Need.type_key] == item["设施"])]
    assert "漏配" in mine[Need.gap].tolist()
    assert mine[Need.method].str.contains("测算").any(), "computed, not only believed from the survey"
    served = sample.frame(Served)
    row = served[(served[Served.community] == item["社区"]) & (served[Served.type_key] == item["设施"])].iloc[
        0
    ]
    assert row[Served.homes_shared] == 0 < row[Served.homes]
    assert row[Served.limit_m] == item["半径_m"]


@pytest.mark.parametrize("item", TRUTH["共享可解"], ids=key_of)
def test_planted_sharing_pair_is_shared_and_no_gap(sample: Whole, item: dict) -> None:
    served = sample.frame(Served)
    row = served[(served[Served.community] == item["社区"]) & (served[Served.type_key] == item["设施"])].iloc[
        0
    ]
    assert row[Served.facilities] == row[Served.homes_own] == 0
    # A street office may or may not count as the street's service centre: the truth gives both shares. Homes
    # nobody lives in are counted by the product and not by the truth, hence the hundredth.
    share = row[Served.homes_shared] / row[Served.homes]
    assert item["共享后覆盖率"] - 0.01 <= share <= item["含相近类覆盖率"] + 0.01
    needs = sample.frame(Need)
    mine = needs[(needs[Need.community] == item["社区"]) & (needs[Need.type_key] == item["设施"])]
    assert not mine[Need.gap].eq("漏配").any()

    facilities = sample.frame(Facility)
    given = facilities[
        facilities[Facility.name].isin([s["名称"] for s in item["供给"]])
        & (facilities[Facility.type_key] == item["设施"])
    ]
    assert len(given), "the supplier is known by its class"
    # Where it is all a community has, even what is open to everybody is listed, unless it refuses sharing.
    refused = item["设施"] in read_settings("sharing.yaml")["never"]
    expected = set() if refused else set(given[Facility.name][given[Facility.sharing] != "不可"])
    pairs = sample.frame(Sharing)
    pairs = pairs[(pairs[Sharing.community] == item["社区"]) & (pairs[Sharing.type_key] == item["设施"])]
    assert expected <= set(pairs[Sharing.facility_name])
    assert bool(expected) == (len(pairs) > 0)
    assert (pairs[Sharing.homes_gained] > 0).all() and (pairs[Sharing.distance_m] <= item["半径_m"]).all()


def test_every_planted_sharing_pair_is_listed(sample: Whole) -> None:
    pairs = set(
        sample.frame(Sharing)[[Sharing.community, Sharing.type_key]].itertuples(index=False, name=None)
    )
    missing = {(i["社区"], i["设施"]) for i in TRUTH["共享可解"]} - pairs
    assert missing == set()


@pytest.mark.parametrize("item", TRUTH["预期匹配"], ids=lambda item: item["需求编号"])
def test_planted_match_has_its_level(sample: Whole, item: dict) -> None:
    pairs = sample.frame(Pair).set_index([Pair.need, Pair.resource])
    assert pairs.loc[(item["需求编号"], item["资源编号"]), Pair.level] == item["预期等级"]


@pytest.mark.parametrize("item", TRUTH["预期匹配"], ids=lambda item: item["需求编号"])
def test_best_match_is_chosen(sample: Whole, item: dict) -> None:
    best = item.get("更优", {"编号": item["资源编号"], "等级": item["预期等级"]})
    pairs = sample.frame(Pair)
    chosen = pairs[(pairs[Pair.need] == item["需求编号"]) & pairs[Pair.chosen]].iloc[0]
    assert chosen[Pair.resource].removeprefix("B-") == best["编号"]
    assert chosen[Pair.level] == best["等级"] >= item["预期等级"]
    match = sample.frame(Match).set_index(Match.need).loc[item["需求编号"]]
    assert match[Match.resources].split("、")[0] == chosen[Pair.resource]
    assert match[Match.level] == best["等级"] and match[Match.reason]


def test_every_planted_flaw_has_its_test() -> None:
    flaws = [(item["文件"], item["缺陷"]) for item in TRUTH["埋设缺陷"]]
    assert Counter(flaws) == Counter([*TOLD, *HANDLED])


@pytest.mark.parametrize("flaw", TOLD, ids="-".join)
def test_planted_flaw_is_told(remarks: list[Fault], flaw: tuple[str, str]) -> None:
    file, _ = flaw
    code, words = TOLD[flaw]
    item = planted(*flaw)
    told = [f for f in remarks if f.code == code and words in f.problem + f.action + f.value]
    objects = item.get("对象", [])
    objects = [objects] if isinstance(objects, str) else objects
    if flaw == ("需求清单.xlsx", "无位置需求"):
        # XQ22 to XQ24 are rules, not works: a place is asked for only of what is built.
        placeless = {f.row for f in told}
        assert placeless <= set(objects) and placeless == {"XQ20", "XQ21"}
        return
    told = [f for f in told if JOINED.get(file, file) in f.file]
    assert told
    assert all(f.severity != "错误" for f in told)
    if flaw == ("地图POI.csv", "非生活圈类别"):
        # A dentist is left out too: it is a medical place, only none of the walking circle.
        assert len([f for f in told if "口腔" not in f.value]) == len(objects)
    elif code == "HSQ-G04" and objects:
        assert sorted(f.value for f in told) == sorted(objects)
    elif code == "HSQ-V02":
        assert f"{len(objects)} 栋" in told[0].problem
    else:
        assert len(told) == 1


@pytest.mark.parametrize("item", TRUTH["重复建设"], ids=lambda item: item["工程"])
def test_planted_repeat_is_told_with_its_place(sample: Whole, remarks: list[Fault], item: dict) -> None:
    projects = sample.frame(Project).set_index(Project.need)
    project = projects.loc[item["需求编号"]]
    told = [f for f in remarks if f.code == "HSQ-A07" and f.value == item["工程"]]
    (fault,) = (f for f in told if f.row == project[Project.number])
    assert project.geometry.distance(shapely.Point(fault.x, fault.y)) < 0.1
    assert fault.severity == "警告" and "3.1.2" in fault.remedy


@pytest.mark.parametrize("item", TRUTH["保护范围"], ids=lambda item: item["资源编号"])
def test_planted_protection_range_is_told_at_the_site(
    sample: Whole, remarks: list[Fault], item: dict
) -> None:
    site = sample.frame(Site).set_index(Site.id).loc[f"S-{item['资源编号']}"]
    assert item["保护对象"] in site[Site.heritage] and item["保护对象"] in site[Site.conflict]
    told = [f for f in remarks if f.code == "HSQ-A07" and f.row == f"S-{item['资源编号']}"]
    (fault,) = (f for f in told if item["保护对象"] in f.problem)
    # The range and the square have an edge in common that two surveys drew; their overlap is a strip.
    area = int(fault.problem.rsplit("”", 1)[1].removesuffix("㎡"))
    assert area == pytest.approx(item["重叠_m2"], rel=0.05)
    assert "4.5" in fault.remedy and site.geometry.buffer(0.1).covers(shapely.Point(fault.x, fault.y))


@pytest.mark.parametrize("item", TRUTH["规划要求"], ids=lambda item: item["资源编号"])
def test_planted_clause_of_another_plan_reaches_the_parcel(sample: Whole, item: dict) -> None:
    site = sample.frame(Site).set_index(Site.id).loc[f"S-{item['资源编号']}"]
    planned = sample.frame(PlannedParcel)
    under = planned[planned.covers(site.geometry.representative_point())].iloc[0]
    if "容积率上限" in item:
        assert under[PlannedParcel.far_limit] == item["容积率上限"]
        assert item["条款"] in under[PlannedParcel.far_basis]
        return
    row = sample.frame(Adjustment).set_index(Adjustment.number).loc[under[PlannedParcel.number]]
    assert item["条款"] in row[Adjustment.basis] and row[Adjustment.code_now] != row[Adjustment.code_then]


def test_ground_is_neither_lost_nor_turned_over_beyond_what_was_promised(sample: Whole) -> None:
    sites, planned, pairs = sample.frame(Site), sample.frame(PlannedParcel), sample.frame(Pair)
    promised = pairs[pairs[Pair.chosen]].groupby(Pair.resource)[Pair.used_m2].sum()
    for _, row in sites[sites[Site.action] == "新建"].iterrows():
        origin = row[Site.origin]
        held = sites[(sites[Site.origin] == origin) & (sites[Site.action] == "弹性")]
        if len(held):  # otherwise the whole ground is used, because most of it is needed
            assert row[Site.area_m2] == pytest.approx(promised[origin], abs=0.02)
    assert planned[planned[PlannedParcel.changed]][PlannedParcel.needs].notna().all()
    cents = [
        int((frame[layer.area_m2] * 100).round().sum())
        for frame, layer in ((sample.frame(Parcel), Parcel), (planned, PlannedParcel))
    ]
    assert cents[0] == cents[1]


def test_targets_of_the_ledger_stand_and_computed_ones_say_so(sample: Whole) -> None:
    made = sample.frame(Strategy)
    given = made[made[Strategy.origin] != "测算"]
    assert set(given[Strategy.indicator]) == set(sample.frame(Target)[Target.indicator])
    care = given[given[Strategy.indicator] == "老年人日间照料覆盖率"].iloc[0]
    assert (care[Strategy.now], care[Strategy.goal]) == ("52", "90") and "测算现状值" in care[Strategy.text]
    strategies = made[made[Strategy.kind] == "更新策略"]
    assert len(strategies) == 5 and strategies[Strategy.text].str.contains("识别需求").all()


def test_papers_are_handed_in_and_listed(sample: Whole) -> None:
    given = {p.name: p.read_bytes() for p in (sample.home / "data/sample/输入/附件").iterdir()}
    copied = {p.relative_to(sample.handin).as_posix(): p for p in sample.handin.glob("附件/*/*")}
    assert {path.split("/")[1] for path in copied} == {"体检报告", "协商情况", "评审意见", "过程记录"}
    assert all(path.read_bytes() == given[path.name] for path in copied.values())
    assert {path.name for path in copied.values()} == set(given)
    book = openpyxl.load_workbook(sample.handin / "成果目录.xlsx")
    listed = {row[4] for row in book["成果目录"].iter_rows(values_only=True)}
    assert set(copied) <= listed


def test_unit_costs_of_the_place_outweigh_the_examples(sample: Whole) -> None:
    basis = sample.frame(Project).set_index(Project.need)[Project.cost_basis]
    assert "0.15万元/m" in basis["XQ14"] and "虚构区排水公司招标均价，2026-03" in basis["XQ14"]


def test_names_of_delegates_stay_at_home(sample: Whole) -> None:
    names = sample.frame(Delegate)[Delegate.name]
    assert len(names) == 48 and names.str.contains("代表").all()
    for path in sample.handin.rglob("*.xlsx"):
        book = openpyxl.load_workbook(path, read_only=True)
        cells = {str(c) for page in book for row in page.iter_rows(values_only=True) for c in row if c}
        assert not [cell for cell in cells for name in names if name in cell], path.name


def test_footbridge_does_not_meet_the_avenue(sample: Whole) -> None:
    roads, edges = sample.frame(Road), sample.frame(Edge)
    bridge = roads[roads[Road.name] == planted("道路.gpkg", "假交叉")["对象"]]
    mine = edges[edges[Edge.road].isin(bridge[Road.id])]
    avenue = roads[roads[Road.name] == "云溪大道"]
    assert bridge.crosses(avenue.union_all()).any()
    inner = set(mine[Edge.u]) & set(mine[Edge.v])
    crossing = set(edges[edges[Edge.road].isin(avenue[Road.id])][[Edge.u, Edge.v]].to_numpy().ravel())
    assert not inner & crossing


def test_units_and_order_of_coordinates_are_read(sample: Whole) -> None:
    facilities = sample.frame(Facility).set_index(Facility.name)
    assert facilities.loc["虚构区第二中学", Facility.floor_area_m2] == 14_200
    assert facilities.loc["望江社区食堂", Facility.capacity] == 120
    study = sample.frame(Building).total_bounds
    spots = facilities.loc[["虚构区第二中学", "望江社区食堂", "云溪派出所"]].geometry
    assert spots.x.between(study[0], study[2]).all() and spots.y.between(study[1], study[3]).all()


def test_doubtful_owners_and_odd_shapes_are_known(sample: Whole) -> None:
    resources = sample.frame(Resource).set_index(Resource.number)
    doubtful = planted("资源台账.xlsx", "权利人待核")["对象"]
    assert not resources.loc[doubtful, Resource.tenure_clear].any()
    pairs = sample.frame(Pair)
    chosen = pairs[pairs[Pair.resource].isin(doubtful) & pairs[Pair.chosen]]
    assert (chosen[Pair.level] < 3).all()
    odd = resources.loc[planted("资源范围.shp", "形状狭长")["对象"]]
    assert odd[Resource.compactness].max() < 0.35 < resources[Resource.compactness].median()


def test_needs_without_a_place_stay_in_the_list(sample: Whole) -> None:
    needs = sample.frame(Need).set_index(Need.number)
    assert needs.loc[planted("需求清单.xlsx", "无位置需求")["对象"]].geometry.isna().all()
    assert set(sample.frame(Survey)[Survey.id]) <= set(needs.index)


def test_what_was_found_beyond_the_truth_is_listed(
    sample: Whole, remarks: list[Fault], beyond: list[str]
) -> None:
    """The list is for eyes; the test holds that the additions are computed, placed and explained."""
    resources, needs, pairs = sample.frame(Resource), sample.frame(Need), sample.frame(Sharing)
    spatial = resources[resources[Resource.category].isin(["建筑", "用地", "空间"])]
    known = {n for item in TRUTH["闲置空间"] for n in find_place(spatial, item)[Resource.number]}
    known |= {n for n in spatial[Resource.number] if n.startswith("ZY")}
    extra = spatial[~spatial[Resource.number].isin(known)]
    lines = [
        f"闲置空间 {r[Resource.number]} {r[Resource.name]}：{r[Resource.evidence]}"
        for _, r in extra.iterrows()
    ]
    assert (extra[Resource.method] == "测算").all() and (extra[Resource.certainty] == "疑似").all()

    gaps = {(i["社区"], i["设施"]) for i in TRUTH["漏配"]}
    computed = needs[needs[Need.method].str.contains("测算")]
    more = computed[
        ~pd.Series(
            list(zip(computed[Need.community], computed[Need.type_key], strict=True)), index=computed.index
        ).isin(gaps)
    ]
    lines += [
        f"{r[Need.gap]} {r[Need.community]} {r[Need.type_name]}：{r[Need.description]}"
        for _, r in more.iterrows()
    ]
    assert more[Need.type_key].map(lambda key: facility_classes()[key].required).all()

    shared = {(i["社区"], i["设施"]) for i in TRUTH["共享可解"]}
    both = pd.Series(
        list(zip(pairs[Sharing.community], pairs[Sharing.type_key], strict=True)), index=pairs.index
    )
    rest = pairs[~both.isin(shared)]
    lines += [
        f"共享 {r[Sharing.facility_name]} → {r[Sharing.community]}：新增 {r[Sharing.homes_gained]} 处"
        for _, r in rest.iterrows()
    ]

    told = {code for code, _ in TOLD.values()}
    counts = Counter((f.severity, f.code) for f in remarks if f.code not in told)
    lines += [f"质检 {severity} {code}：{count} 条" for (severity, code), count in sorted(counts.items())]
    (sample.home / "真值之外.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    beyond += [f"{len(lines)} lines in {sample.home / '真值之外.txt'}", *lines[:40]]
    assert not [f for f in remarks if f.severity == "错误"]


def test_detected_space_is_never_the_ledgers_again(sample: Whole) -> None:
    resources = sample.frame(Inventory)
    buildings = resources[Inventory.building].dropna()
    assert buildings.is_unique
    assert len(resources) == resources[Inventory.number].nunique()
