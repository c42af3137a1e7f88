"""The plan config: every fault at once, in Chinese; the generated files in step with the models."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers.faults import PlanFaults
from pipeline.plan import load_plan
from pipeline.plan.reference import write_page, write_schema
from tests.builders import make_plan

ROOT = Path(__file__).resolve().parents[2]
GOOD = """
plan: {id: a, title: 方案, area: 甲社区, compiler: 院, compiled: 2026-11-23, data_year: 2025, first_year: 2026,
       region_code: "369901", region_name: 云县}
inputs: {community_given: [{path: a.shp}]}
"""


def write(folder: Path, content: str, encoding: str = "utf-8") -> Path:
    path = folder / "plan.yaml"
    path.write_text(content, encoding=encoding)
    return path


def faults_of(path: Path) -> dict[str, str]:
    with pytest.raises(PlanFaults) as caught:
        load_plan(path)
    return {fault.field: fault.problem + fault.remedy for fault in caught.value.faults}


def test_a_good_config_loads_and_paths_start_from_its_folder(tmp_path):
    plan = load_plan(write(tmp_path, GOOD))
    assert plan.resolve(plan.inputs.community_given[0].path) == tmp_path / "a.shp"
    assert plan.output == tmp_path.parent / "output" / "a"


def test_every_fault_is_reported_at_once(tmp_path):
    bad = GOOD.replace("2026-11-23", "2026-13-01").replace("data_year: 2025", "data_year: abc")
    bad = bad.replace("community_given", "comunity_given") + "walking: {tiers_m: {5: 300, 10: 200, 15: 1000}}\n"
    found = faults_of(write(tmp_path, bad))
    assert set(found) == {"plan.compiled", "plan.data_year", "inputs.comunity_given", "walking"}
    assert "应为日期" in found["plan.compiled"]
    assert "是否想写 community_given" in found["inputs.comunity_given"]


@pytest.mark.parametrize(
    ("content", "code"),
    [("a: [1", "HSQ-C02"), ("- 1", "HSQ-C02"), ("a: !!python/object/apply:os.system ['true']", "HSQ-C02")],
)
def test_what_is_no_plain_yaml_table_is_refused(tmp_path, content, code):
    with pytest.raises(PlanFaults) as caught:
        load_plan(write(tmp_path, content))
    assert [fault.code for fault in caught.value.faults] == [code]


def test_an_absent_file_is_one_clear_message(tmp_path):
    with pytest.raises(PlanFaults) as caught:
        load_plan(tmp_path / "none.yaml")
    assert [fault.code for fault in caught.value.faults] == ["HSQ-C01"]


@pytest.mark.parametrize("name", ["a/b", "CON", "x ", "", "a?"])
def test_names_windows_forbids_are_refused(tmp_path, name):
    bad = GOOD.replace("id: a,", f'id: "{name}",')
    # YAML keeps the blank at the end; the loader strips it, which is the safe reading
    if name == "x ":
        assert load_plan(write(tmp_path, bad)).plan.id == "x"
    else:
        assert "plan.id" in faults_of(write(tmp_path, bad))


def test_walking_limits_follow_the_rule():
    plan = make_plan()
    assert [plan.walking.limit_m(t) for t in (5, 10, 15)] == [300, 500, 1000]
    speed = make_plan(walking={"rule": "speed", "speed_m_per_min": 60})
    assert [speed.walking.limit_m(t) for t in (5, 10, 15)] == [300, 600, 900]
    assert "步速 60 m/min" in speed.walking.rule_text()


def test_a_layer_code_that_is_none_is_refused():
    with pytest.raises(ValueError, match="HSQ_XZYDD"):
        make_plan(delivery={"ysdm": {"HSQ_XZYDD": "1"}})


def test_a_class_has_its_own_radius_or_its_tiers():
    walking = make_plan(walking={"radii_m": {"kindergarten": 400}}).walking
    assert (walking.class_limit_m("kindergarten"), walking.class_limit_m("wet_market")) == (400.0, 500.0)


@pytest.mark.parametrize(("name", "made"), [("plan.schema.json", write_schema), ("配置说明.md", write_page)])
def test_generated_files_are_in_step_with_the_models(name, made):
    stored = (ROOT / "configs" / name).read_text(encoding="utf-8")
    assert stored == made(), "run: python -m pipeline.plan.reference"


def test_every_key_has_a_description():
    from pipeline.plan.models import Plan

    schema = Plan.model_json_schema()
    blocks = [schema, *schema["$defs"].values()]
    bare = [f"{block['title']}.{key}" for block in blocks for key, item in block["properties"].items() if "description" not in item]
    assert bare == []
