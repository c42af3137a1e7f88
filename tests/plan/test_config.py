"""The plan config: every fault at once, in Chinese; the generated files in step with the models."""

from __future__ import annotations

import os
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
    bad = (
        bad.replace("community_given", "comunity_given") + "walking: {tiers_m: {5: 300, 10: 200, 15: 1000}}\n"
    )
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
    bare = [
        f"{block['title']}.{key}"
        for block in blocks
        for key, item in block["properties"].items()
        if "description" not in item
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("extra", "field", "words"),
    [
        ("walking: {radii_m: {kindergaten: 300}}", "walking", "kindergaten（是否想写 kindergarten？）"),
        ("walking: {radii_m: {clinic: -5}}", "walking.radii_m.clinic", "大于 0"),
        ("walking: {rule: speed, speed_m_per_min: .inf}", "walking.speed_m_per_min", "有限"),
        ("walking: {rule: speed, speed_m_per_min: 100000}", "walking.speed_m_per_min", "不大于 200"),
        ("walking: {tiers_m: {5: 300, 10: 500, 15: 90000}}", "walking", "不超过 5000 米"),
        ('sheets: {only: ["1-02", "9-99"]}', "sheets", "9-99"),
        ('sheets: {name_pattern: "图"}', "sheets.name_pattern", "重名；请加入 {number} 或 {title}"),
        ('sheets: {name_pattern: "{nummer}"}', "sheets.name_pattern", "没有的项 {nummer}"),
        ('sheets: {name_pattern: "{number"}', "sheets.name_pattern", "花括号不成对"),
        ('sheets: {name_pattern: "a/{number}"}', "sheets.name_pattern", "不能含"),
        ('delivery: {shp_pattern: "{layer.__class__}"}', "delivery.shp_pattern", "没有的项"),
        ("delivery: {shp_encoding: gb2312}", "delivery.shp_encoding", "允许：UTF-8、GBK"),
        ("delivery: {folder: 'D:\\成果'}", "delivery.folder", "盘符"),
    ],
)
def test_a_wrong_value_says_what_is_allowed(tmp_path, extra, field, words):
    if os.name == "nt" and words == "盘符":
        pytest.skip("drive letters are paths there")
    found = faults_of(write(tmp_path, GOOD + extra + "\n"))
    assert set(found) == {field}
    assert words in found[field]


def test_texts_that_cannot_be_printed_or_named_are_one_message_each(tmp_path):
    bad = GOOD.replace("area: 甲社区", "area: 甲<b>社区").replace("compiler: 院", 'compiler: "院\\t一"')
    found = faults_of(write(tmp_path, bad.replace('"369901"', "369901")))
    assert set(found) == {"plan.area", "plan.compiler", "plan.region_code"}
    assert "U+0009" in found["plan.compiler"]
    assert '加引号，如 "369901"' in found["plan.region_code"]


def test_paths_written_on_windows_are_read_anywhere(tmp_path):
    plan = load_plan(write(tmp_path, GOOD.replace("{path: a.shp}", r"{path: 数据\社区\a.shp}")))
    assert plan.resolve(plan.inputs.community_given[0].path) == tmp_path / "数据" / "社区" / "a.shp"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD + "plan: {id: b}\n", "“plan”写了两次"),
        ("plan:\n\tid: x\n", "Tab"),
        ("plan: {id: a\nx: 1", "成对"),
        ("a: b: c", "冒号"),
    ],
)
def test_what_the_yaml_reader_refuses_is_said_in_chinese_with_the_line(tmp_path, content, words):
    with pytest.raises(PlanFaults) as caught:
        load_plan(write(tmp_path, content))
    (fault,) = caught.value.faults
    assert fault.code == "HSQ-C02"
    assert words in fault.problem
    assert fault.row.startswith("第 ")
    assert not any(word.isascii() and word.isalpha() and len(word) > 4 for word in fault.problem.split())


def test_another_encoding_is_said_without_the_decoder_s_words(tmp_path):
    with pytest.raises(PlanFaults) as caught:
        load_plan(write(tmp_path, GOOD, "gbk"))
    assert "codec" not in caught.value.faults[0].problem
