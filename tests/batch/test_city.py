"""A city made into plans: what each gets, that nothing moves without cause, that nobody's work is overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from layers.faults import FaultLog, PlanFaults
from layers.ledgers import Population
from layers.reachable import Served
from layers.source import Adjoining, Building, Community, Facility, Identified, Ledger, Placed, Road
from pipeline.batch.city.config import load_city
from pipeline.batch.city.reference import PAGE, SCHEMA, write_city_page, write_city_schema
from pipeline.batch.city.split import RECORD, split_city
from pipeline.cli.app import app
from pipeline.plan import load_plan
from pipeline.stages import STAGES
from pipeline.stages.base import Given
from tests.batch.conftest import COUNT, Made

FIRST = "第001社区"
ROOT = Path(__file__).resolve().parents[2]


def read(folder: Path, layer: type[Identified]) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "数据.gpkg", layer=layer.alias, engine="pyogrio")


def folders(made: Made) -> list[Path]:
    return [path.parent for path in sorted((made.config.parent / "社区方案").glob("*/方案.yaml"))]


def list_bytes(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_every_community_gets_a_plan_with_its_own_ground_and_the_walk_round_it(made_once):
    assert len(made_once.split.configs) == COUNT and made_once.split.written == COUNT
    plans = [load_plan(path) for path in made_once.split.configs]
    assert len({plan.plan.plan_block for plan in plans}) == COUNT, "BSM of no two plans collide"
    assert {plan.output.parent for plan in plans} == {made_once.config.parent / "output"}
    first = made_once.split.configs[0].parent
    assert list(read(first, Community)["社区名称"]) == ["第001社区"]
    # 240 m a community: with 1,000 m of walk and 150 m of access the data reach to the fifth neighbour.
    assert sorted(read(first, Adjoining)["社区名称"]) == [f"第{n:03}社区" for n in (2, 3, 4, 5, 6)]
    assert list(read(first, Ledger)["资源名称"]) == ["闲置地块1"], (
        "a neighbour's resources are the neighbour's"
    )
    east = read(first, Facility).total_bounds[2] - read(first, Community).total_bounds[2]
    assert 900 < east <= 1150
    whole = made_once.frames[Building.key]
    assert len(read(first, Building)) < len(whole), "what is farther away is left out"


def test_a_plan_of_the_city_says_what_the_whole_city_says_of_that_community(made_once):
    def serve(plan: object, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
        for stage in STAGES[:4]:
            if stage.gives[0].key not in frames:
                frames |= stage(Given(plan, frames, FaultLog()))
        return frames[Served.key].drop(columns=[Served.id, Served.source])

    whole = serve(made_once.city().whole(), dict(made_once.frames))
    name = whole.groupby(Served.community)[Served.homes_gained].sum().idxmax()
    plan = load_plan(made_once.config.parent / "社区方案" / name / "方案.yaml")
    own = serve(plan, {})
    whole = whole[whole[Served.community] == name]
    shown = own.merge(whole[[Served.type_key]], on=Served.type_key)
    expected = whole.merge(own[[Served.type_key]], on=Served.type_key)
    assert len(shown) >= 18 and (shown[Served.homes_shared] > shown[Served.homes_own]).any()
    pd.testing.assert_frame_equal(shown, expected, check_like=True)


def test_once_more_writes_nothing(made):
    before = list_bytes(made.config.parent / "社区方案")
    done = split_city(made.city())
    assert (done.written, done.same) == (0, COUNT)
    after = list_bytes(made.config.parent / "社区方案")
    assert before | {RECORD: b""} == after | {RECORD: b""}


def test_a_change_touches_only_the_plans_within_reach(made):
    facility = made.frames[Facility.key]
    far_west = facility.geometry.x.idxmin()
    made.frames[Facility.key] = facility.drop(index=far_west).reset_index(drop=True)
    before = list_bytes(made.config.parent / "社区方案")
    done = split_city(made.city())
    after = list_bytes(made.config.parent / "社区方案")
    touched = {name.split("/")[0] for name in before if before[name] != after[name] and name != RECORD}
    assert done.written == len(touched) == 5 or done.written == len(touched) == 6
    assert "第001社区" in touched and "第008社区" not in touched


def test_what_somebody_has_edited_is_left_alone_and_named(made):
    edited, other = folders(made)[2] / "方案.yaml", folders(made)[3] / "方案.yaml"
    text = edited.read_text(encoding="utf-8").replace("compiler: 虚构规划设计院", "compiler: 另一家")
    edited.write_text(text, encoding="utf-8")
    config = made.config.read_text(encoding="utf-8")
    made.config.write_text(config.replace("first_year: 2027", "first_year: 2028"), encoding="utf-8")
    done = split_city(made.city())
    assert edited.read_text(encoding="utf-8") == text
    assert "first_year: 2028" in other.read_text(encoding="utf-8")
    assert [remark for remark in done.remarks if "已有人改过" in remark] == [
        f"{edited.parent.name}：方案.yaml 已有人改过，没有覆盖；要重新生成，先移走该文件"
    ]
    assert done.written == COUNT - 1 and edited in done.configs, "it is run as it is"


def test_a_vanished_community_is_named_and_block_numbers_stay(made):
    def blocks() -> dict[str, int]:
        plans = json.loads((made.config.parent / "社区方案" / RECORD).read_text(encoding="utf-8"))["plans"]
        return {name: plan["block"] for name, plan in plans.items()}

    before = blocks()
    whole = made.frames[Community.key]
    made.frames[Community.key] = whole.drop(index=1).reset_index(drop=True)
    gone = whole[Community.name].iloc[1]
    done = split_city(made.city())
    assert any("1 个方案的社区已不在全市数据中" in remark and gone in remark for remark in done.remarks)
    assert (made.config.parent / "社区方案" / gone / "方案.yaml").is_file()
    assert gone not in {path.parent.name for path in done.configs}
    assert blocks() == before
    added = whole.copy()
    added.loc[1, Community.name] = "新设社区"
    made.frames[Community.key] = added
    split_city(made.city())
    assert blocks() == before | {"新设社区": COUNT + 1}, "a number once used is not given again"


def test_a_community_without_roads_is_reported_and_the_others_are_made(made):
    roads = made.frames[Road.key]
    made.frames[Road.key] = roads.cx[: roads.total_bounds[0] + 300.0, :].reset_index(drop=True)
    done = split_city(made.city())
    assert any("第008社区：范围内和周边没有道路" in remark for remark in done.remarks)
    assert len(done.configs) < COUNT and "第001社区" in {path.parent.name for path in done.configs}


def test_groups_by_list_or_street(made):
    text = made.config.read_text(encoding="utf-8")
    made.config.write_text(
        text.replace("  folder: 社区方案\n", "  folder: 分组\n  groups: {东片: [第007社区, 第008社区]}\n"),
        encoding="utf-8",
    )
    done = split_city(made.city())
    names = {path.parent.name for path in done.configs}
    assert len(names) == COUNT - 1 and "东片" in names and "第008社区" not in names
    east = load_plan(made.config.parent / "分组/东片/方案.yaml")
    assert east.plan.title == "东片好社区更新实施方案"
    assert sorted(read(made.config.parent / "分组/东片", Community)["社区名称"]) == ["第007社区", "第008社区"]
    made.config.write_text(
        text.replace("  folder: 社区方案\n", "  folder: 街道\n  by_street: true\n"), encoding="utf-8"
    )
    done = split_city(made.city())
    assert [path.parent.name for path in done.configs] == ["第1街道"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("groups: {甲: [没有的社区]}", "没有“没有的社区”"),
        ("groups: {甲: [第001社区], 乙: [第001社区]}", "列了两次"),
        ("by_street: true\n  groups: {甲: [第001社区]}", "只能给一种"),
        ("plan_id: 同名", "会使不同文件重名"),
        ("only: [别处]", "没有“别处”"),
    ],
)
def test_a_city_that_does_not_fit_is_refused(made, line, said):
    text = made.config.read_text(encoding="utf-8").replace("  folder: 社区方案\n", f"  {line}\n")
    made.config.write_text(text, encoding="utf-8")
    with pytest.raises(PlanFaults) as stop:
        split_city(load_city(made.config))
    assert any(said in fault.problem + fault.remedy for fault in stop.value.faults), stop.value


def test_what_belongs_to_one_plan_is_not_shared(tmp_path, made_once):
    text = made_once.config.read_text(encoding="utf-8").replace(
        "inputs:\n", "inputs:\n  paper: [{path: 附件.xlsx}]\n"
    )
    path = tmp_path / "city.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanFaults, match="paper"):
        load_city(path)


def test_the_reference_is_in_step_with_the_models():
    for name, content in ((PAGE, write_city_page()), (SCHEMA, write_city_schema())):
        there = (ROOT / "configs" / name).read_text(encoding="utf-8")
        assert there == content, "run python -m pipeline.batch.city.reference"


def add_row(made: Made, layer: type[Identified], **values: object) -> None:
    """Add a row like the first of a layer, with other values; geometry by its name."""
    frame = made.frames[layer.key]
    row = (
        made.frames[Ledger.key].iloc[[0]].reindex(columns=frame.columns)
        if not len(frame)
        else frame.iloc[[0]]
    )
    row = row.assign(**values)
    made.frames[layer.key] = pd.concat([frame, row], ignore_index=True)


def test_rows_in_no_community_go_by_their_name_or_to_the_nearest_and_none_is_lost_unsaid(made):
    communities = made.frames[Community.key]
    west, south, _, north = communities.total_bounds
    outside, far = shapely.Point(west + 10, north + 20), shapely.Point(west - 5000, north)
    name = Placed.community
    for row in (
        {Identified.id: "named", name: "第003社区", "geometry": outside},
        {Identified.id: "near", name: None, "geometry": outside},
        {Identified.id: "odd", name: "别处社区", "geometry": outside},
        {Identified.id: "far", name: None, "geometry": far},
        {Identified.id: "farnamed", name: "第008社区", "geometry": far},
        {Identified.id: "unplaced", name: "别处社区", "geometry": None},
        {Identified.id: "all", name: None, "geometry": None},
        {Identified.id: "border", name: "第002社区", "geometry": shapely.Point(west + 240, south + 100)},
    ):
        add_row(made, Ledger, **{str(key): value for key, value in row.items()})
    done = split_city(made.city())
    where = {
        path.parent.name: set(read(path.parent, Ledger)[Ledger.id.spec.alias]) - set(made_ids(made))
        for path in done.configs
    }
    assert {plan: rows - {"all"} for plan, rows in where.items() if rows - {"all"}} == {
        "第001社区": {"near", "odd"},
        "第002社区": {"border"},
        "第003社区": {"named"},
        "第008社区": {"farnamed"},
    }
    assert all("all" in rows for rows in where.values())
    told = [remark for remark in done.remarks if remark.startswith(Ledger.alias)]
    assert told == [
        f"{Ledger.alias}有 2 行没有列入任何方案：位于各社区 1150 m 以外，或所写社区不在社区边界中；"
        "核对位置和社区名称：far、unplaced",
        f"{Ledger.alias}有 2 行在各社区边界之外且没有写明社区，列入最近的社区：near、odd",
        f"{Ledger.alias}有 1 行没有社区和位置，列入每个方案；其中有金额的不拆分，汇总各方案时会重复计算",
    ]


def made_ids(made: Made) -> list[str]:
    """Return the ids of the resources the benchmark drew."""
    return [name for name in made.frames[Ledger.key][Ledger.id] if name.startswith("ZY")]


def test_people_of_no_known_building_or_community_are_told(made):
    people = made.frames[Population.key]
    rows = pd.DataFrame(
        {
            Population.id: ["a", "b", "c", "d"],
            Population.building: [None, "没有的楼", None, None],
            Population.community: [None, FIRST, "别处社区", FIRST],
        }
    ).reindex(columns=people.columns)
    made.frames[Population.key] = rows
    done = split_city(made.city())
    assert [remark for remark in done.remarks if remark.startswith("人口台账")] == [
        "人口台账有 1 行没有建筑和社区，没有列入任何方案",
        "人口台账有 2 行的建筑或社区不在图层中，没有列入任何方案：b、c",
    ]


def test_communities_that_make_no_file_name_are_named_and_the_others_are_made(made):
    bad = ["甲/乙社区", "../甲社区", "甲社区.", "甲:乙社区", "CON"]
    communities = made.frames[Community.key].sort_values(Community.name, ignore_index=True)
    communities.loc[range(len(bad)), Community.name] = bad
    made.frames[Community.key] = communities
    before = {path.name for path in made.config.parent.iterdir()}
    done = split_city(made.city())
    good = {f"第{n:03}社区" for n in range(len(bad) + 1, COUNT + 1)}
    assert {path.parent.name for path in done.configs} == good
    assert {path.name for path in made.config.parent.iterdir()} == before, "no name leads out of the folder"
    prepare = ["batch", "--from-communities", str(made.config), "--prepare-only", "--json"]
    assert CliRunner().invoke(app, prepare, standalone_mode=False).return_value == 1, "not all are there"
    for name in bad:
        told = [remark for remark in done.refused if remark.startswith(f"{name}：")]
        assert len(told) == 1, name
        assert (
            "由 city.plan_id、" in told[0] and "city.plan_area 得出" in told[0] and "city.groups" in told[0]
        )
    groups = ", ".join(f"另起{n}: ['{name}']" for n, name in enumerate(bad))
    text = made.config.read_text(encoding="utf-8")
    made.config.write_text(
        text.replace("  folder: 社区方案\n", f"  folder: 社区方案\n  groups: {{{groups}}}\n"),
        encoding="utf-8",
    )
    assert CliRunner().invoke(app, prepare, standalone_mode=False).return_value == 0
    mended = split_city(made.city())
    assert len(mended.configs) == COUNT and not mended.refused, "what the remark says mends it"
    assert load_plan(made.config.parent / "社区方案/另起0/方案.yaml").plan.area == "另起0"
