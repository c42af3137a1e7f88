"""The plan itself: absent, no YAML, harmful YAML, unknown keys, words left open, and no room for the report."""

from __future__ import annotations

import yaml

from tests.intake.corpus.case import case, error, warning
from tests.intake.corpus.desk import Desk
from tests.open_data.osm_text import square, write_osm


def write(desk: Desk, **changes: object) -> str:
    """Return the plan's YAML with other blocks."""
    return yaml.safe_dump(
        {"plan": desk.identity, "inputs": desk.inputs, **desk.blocks, **changes}, allow_unicode=True
    )


@case(error("HSQ-C01", "plan.yaml", says="不是 UTF-8"))
def plan_in_gbk(desk: Desk) -> None:
    """A plan saved by the old notepad."""
    desk.config = write(desk).encode("gbk")


@case(error("HSQ-C02", "plan.yaml", "第 2 行", says="制表符"))
def plan_with_tabs(desk: Desk) -> None:
    """An indent that is a tab."""
    desk.config = "plan:\n\tid: p\n"


@case(error("HSQ-C02", "plan.yaml", "第 30 行", says="写了两次"))
def key_written_twice(desk: Desk) -> None:
    """A key that stands twice: YAML would keep the last unseen."""
    desk.config = write(desk) + "delivery:\n  folder: elsewhere\n"


@case(error("HSQ-C02", "plan.yaml", "第 1 行", says="不允许的标签"))
def plan_that_runs_a_command(desk: Desk) -> None:
    """A YAML tag that would call the system."""
    desk.config = "plan: !!python/object/apply:os.system ['touch made']\n"


@case(error("HSQ-C02", "plan.yaml", "第 6 行", says="层层引用"))
def plan_that_swells(desk: Desk) -> None:
    """Anchors of anchors of anchors."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    desk.config = "\n".join(lines)


@case(error("HSQ-C02", "plan.yaml", says="应为键值表"))
def plan_that_is_a_list(desk: Desk) -> None:
    """A list where a table is wanted."""
    desk.config = "- plan\n"


@case(error("HSQ-C03", "plan.yaml", field="walking.speed", says="没有这个配置项"))
def key_that_does_not_exist(desk: Desk) -> None:
    """A key nobody knows."""
    desk.blocks["walking"] = {"speed": 60}


@case(
    error("HSQ-C03", "plan.yaml", field="plan.compiled", says="缺少必填项"),
    error("HSQ-C03", "plan.yaml", field="plan.data_year", value="今年", says="应为整数"),
    error("HSQ-C03", "plan.yaml", field="plan.region_code", value="3699", advice="6 位"),
)
def three_slips_in_one_plan(desk: Desk) -> None:
    """A key left out, a word for a number, a code too short: all in one run."""
    del desk.identity["compiled"]
    desk.identity |= {"data_year": "今年", "region_code": "3699"}


@case(error("HSQ-C03", "plan.yaml", field="sheets.name_pattern", advice="{number}"))
def file_name_with_a_gap(desk: Desk) -> None:
    """A pattern that would give every sheet one name."""
    desk.blocks["sheets"] = {"name_pattern": "图纸"}


@case(error("HSQ-C03", "plan.yaml", field="inputs.facility.0.datum", value="gcj-02", advice="gcj02"))
def datum_with_a_hyphen(desk: Desk) -> None:
    """A datum spelled as people spell it."""
    desk.facilities(["甲超市,超市"], datum="gcj-02")


@case(warning("HSQ-C03", field="plan.area", value="XX社区", says="占位文字"))
def word_left_open(desk: Desk) -> None:
    """A word of a fresh config that nobody filled in."""
    desk.identity["area"] = "XX社区"


@case(error("HSQ-A05", "", field="", says="没有“道路”数据", advice="inputs.road"))
def plan_without_roads(desk: Desk) -> None:
    """Nothing can be reached without ways."""
    del desk.inputs["road"]


@case(error("HSQ-D05", "output/p/质检/数据质检.xlsx", field="delivery.folder", advice="换一个文件夹"))
def no_room_for_the_report(desk: Desk) -> None:
    """A file stands where the results should go."""
    desk.put("output", "in the way")


@case(
    warning("HSQ-N03", "区.osm", says="在 OSM 数据范围之外", advice="1 km"),
    notes="HSQ-X03 HSQ-A06 HSQ-G07 HSQ-V09",
)
def extract_that_ends_within_the_plan(desk: Desk) -> None:
    """An OSM extract whose declared edge cuts through the plan."""
    nodes = {**square(1, 0, 0, 500), 91: (100, 100, {"place": "quarter", "name": "云溪社区"})}
    ways = {5: ([1, 2, 3], {"highway": "residential"}), 6: ([3, 4, 1], {"highway": "tertiary"})}
    edge = [("way", 5, "outer"), ("way", 6, "outer")]
    relations = {3: (edge, {"type": "boundary", "boundary": "administrative", "name": "东山街道"})}
    write_osm(desk.path("区.osm"), nodes=nodes, ways=ways, relations=relations, bounds=(0, 0, 300, 500))
    desk.inputs.clear()
    desk.blocks["open_data"] = {
        "path": "区.osm", "outline": {"relation": 3}, "communities": {"tags": {"place": "quarter"}}
    }  # fmt: skip
