"""What the public edition withholds: names wherever they stand, small counts, lifelines, whatever nobody listed."""

from __future__ import annotations

from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from shapely.geometry import Point

from configs import read_settings
from layers.codes import SPATIAL_RESOURCE
from layers.ledgers import Delegate
from layers.model import Layer
from layers.planned import Resource
from layers.reachable import Unit
from layers.source import Building, Facility, Ledger
from pipeline.deliver.atlas.compose import TABLES, VIEWS, Entry
from pipeline.deliver.atlas.publish import mask_sheet, publish_entries
from pipeline.deliver.public import tables as public_tables
from pipeline.deliver.public.names import Names, collect_names, private_columns, split_names
from pipeline.deliver.public.rules import Choice, load_rules
from pipeline.deliver.public.tables import reduce_table, write_public_tables
from pipeline.deliver.sheet.spec import Drawn, SheetSpec, SideTable, TitleBlock
from pipeline.deliver.tables.spec import table_specs
from tests.builders import make_frame, make_plan

RULES = load_rules()
PIPES = next(s["number"] for s in read_settings("catalogue.yaml")["sheets"] if "utility_lines" in s["needs"])


def name_them(*secret: str) -> Names:
    return Names(frozenset(secret), frozenset(), RULES)


def test_the_layers_say_which_fields_are_private():
    assert private_columns() == {
        Building.key: ("owner",),
        Ledger.key: ("owner",),
        Resource.key: ("owner",),
        "inventory": ("owner",),
        Delegate.key: ("name",),
    }


def test_every_view_and_side_table_has_been_decided_on():
    for known, choice in ((VIEWS, RULES.views), (TABLES, RULES.side_tables)):
        assert not set(choice.shown) & set(choice.withheld)
        assert {*choice.shown, *choice.withheld} == set(known)


def test_what_nobody_listed_is_withheld():
    choice = Choice(shown=("roads",), withheld={"pipes": "管线不公开"})
    assert choice.refuse(["roads"]) == ""
    assert choice.refuse(["roads", "pipes"]) == "管线不公开"
    assert "按不公开处理" in choice.refuse(["roads", "added_later"])


def test_sheets_of_lifelines_and_of_checks_are_refused():
    sheets = read_settings("catalogue.yaml")["sheets"]
    refused = {sheet["number"] for sheet in sheets if RULES.refuse_sheet(sheet)}
    for sheet in sheets:
        about = set(sheet["needs"])
        assert (sheet["number"] in refused) == bool(about & set(RULES.views.withheld)), sheet["title"]
    assert any("市政设施" in sheet["title"] for sheet in sheets if sheet["number"] in refused)


def test_public_tables_name_columns_that_are_there_and_none_that_is_private():
    known = {table.key: table for table in table_specs()}
    private = {
        f"{layer.__name__}.{c}"
        for layer in Layer.registry.values()
        for c in layer.columns()
        if c.spec.private
    }
    for key, rule in RULES.tables.items():
        values = {leaf.value for leaf in known[key].leaves()}
        assert set(rule.columns) <= values, key
        assert not set(rule.columns) & private, key
        assert not any("产权" in c or "权利" in c for c in rule.columns)
        reduced = reduce_table(known[key], name_them("张三"))
        assert [leaf.value for leaf in reduced.leaves()] == [
            leaf.value for leaf in known[key].leaves() if leaf.value in rule.columns
        ]


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("张三", {"张三"}),
        ("张三、李四等5户", {"张三、李四", "张三", "李四"}),
        ("甲区国资公司（代管：王五）", {"甲区国资公司（代管：王五）", "甲区国资公司", "代管", "王五"}),
        ("个人", set()),
        ("待核", set()),
        ("多户共有；赵六", {"多户共有；赵六", "赵六"}),
        ("丁", set()),
        ("12", set()),
    ],
)
def test_a_cell_may_hold_several_names_or_none(cell, names):
    assert split_names([cell], no_names=RULES.no_names) == names


def test_names_are_masked_in_any_text_longest_first():
    names = name_them("张三", "张三丰", "甲区国资公司")
    assert names.mask("甲区国资公司仓库，张三丰与张三共有") == "××仓库，××与××共有"
    assert names.mask("张飞路3号") == "张飞路3号"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("联系13812345678", "联系××"),
        ("360102199001011234", "××"),
        ("在115.85921,28.68012处", "在××,××处"),
        ("X=3181234.56", "X=××"),
        ("1,523.75㎡，300 m，2026-11-23，附表3-16", "1,523.75㎡，300 m，2026-11-23，附表3-16"),
        ("面积12345.67㎡", "面积12345.67㎡"),
    ],
)
def test_personal_numbers_and_coordinates_are_masked_and_other_figures_are_not(text, shown):
    assert name_them("张三").mask(text) == shown


def test_without_any_name_numbers_are_still_masked():
    assert name_them().mask("张三 13812345678") == "张三 ××"


def test_an_owner_that_is_a_place_of_the_plan_is_no_secret():
    plan = make_plan()
    ledger = pd.DataFrame({Ledger.owner: ["甲社区", "王五", None]})
    units = make_frame(Unit, [{Unit.name: "甲社区", "geometry": Point(0, 0).buffer(9)}])
    names = collect_names({Ledger.key: ledger, Unit.key: units}, plan)
    assert (names.secret, names.places) == ({"王五"}, {"甲社区"})


@pytest.fixture
def spec() -> SheetSpec:
    frame = make_frame(
        Facility,
        [
            {Facility.name: "张三诊所", "geometry": Point(0, 0)},
            {Facility.name: None, "geometry": Point(9, 9)},
        ],
    )
    return SheetSpec(
        number="1-05", title="各类设施现状图（公共服务设施）", group="基础图", crs=frame.crs,
        extent=(0, 0, 9, 9), scale=500, block=TitleBlock(project="示例"), notes=("现状数据年份：2025年。",),
        layers=(Drawn(frame=frame, theme="facility", value="医疗", label_column=Facility.name,
                      view="facilities"),),
        side_tables=(
            SideTable(title="诊所（合计服务 1,207 人，3 处）", columns=("名称", "服务（人）", "面积㎡"), numeric=(1, 2),
                      rows=(("张三诊所", "7", "8"), ("卫生站", "1,200", "9"), ("食堂", "0", "—"))),
        ),
    )  # fmt: skip


def test_a_sheet_that_shows_nothing_private_is_left_alone(spec):
    calm = replace(spec, side_tables=())
    assert mask_sheet(calm, name_them("李四")) is calm


def test_labels_and_tables_are_masked_and_counts_of_few_persons_hidden(spec):
    made = mask_sheet(spec, name_them("张三"))
    assert made is not spec
    assert made.layers[0].frame[Facility.name].tolist()[0] == "××诊所"
    assert made.layers[0].frame[Facility.name].isna().tolist() == [False, True]
    assert spec.layers[0].frame[Facility.name].tolist()[0] == "张三诊所", "what was given stays"
    # 8 and 9 are square metres, and nobody at all tells of nobody.
    assert made.side_tables[0].rows == (("××诊所", "<10", "8"), ("卫生站", "1,200", "9"), ("食堂", "0", "—"))
    # The sum less what is shown would be what is hidden.
    assert made.side_tables[0].title == "诊所（合计服务 ×× 人，3 处）"
    few = replace(spec.side_tables[0], rows=(("卫生站", "1,207", "9"),))
    assert mask_sheet(replace(spec, side_tables=(few,)), name_them("李四")).side_tables[0] is few


def test_views_that_are_withheld_are_left_off_a_sheet_about_something_else(spec):
    pipes = replace(spec.layers[0], view="utility_lines", label_column=None)
    calm = replace(spec, side_tables=(), layers=(replace(spec.layers[0], label_column=None), pipes))
    made = mask_sheet(calm, name_them("李四"))
    assert made.layers == calm.layers[:1] and len(calm.layers) == 2


def test_labels_from_a_private_field_are_not_drawn_even_when_they_name_nobody(spec):
    frame = make_frame(Building, [{Building.owner: "个人", "geometry": Point(0, 0).buffer(3)}])
    layer = Drawn(frame=frame, theme="building", value="建筑", label_column=Building.owner, view="buildings")
    made = mask_sheet(replace(spec, layers=(layer,)), name_them("张三"))
    assert made.layers[0].label_column is None


def test_entries_are_the_same_redrawn_or_left_out_with_the_reason(spec):
    calm = replace(spec, side_tables=(), layers=(), number="1-08")
    entries = [
        Entry("1-06", "甲", "一", spec),
        Entry(PIPES, "乙", "一", replace(spec, number=PIPES)),
        Entry("1-08", "丙", "一", calm),
        Entry("2-01", "丁", "二", None, "没有需求"),
        Entry("Z-01", "路网质检图", "Z", spec, folder="质检"),
    ]
    made = publish_entries(entries, name_them("张三"))
    assert [(p.entry.number, p.same, p.entry.spec is None) for p in made] == [
        ("1-06", False, False), (PIPES, False, True), ("1-08", True, False), ("2-01", False, True),
    ]  # fmt: skip
    assert "关键基础设施" in made[1].entry.reason and made[3].entry.reason == "没有需求"
    assert all(p.entry.folder == "公示版/JPG" for p in made)


@pytest.fixture
def frames(frames):
    """The frames of the room, with its resources told apart: those on the ground, and the rest."""
    resources = frames[Resource.key]
    spatial = resources[Resource.category].isin(SPATIAL_RESOURCE).map({True: "是", False: "否"})
    return {**frames, Resource.key: resources.assign(**{Resource.spatial: spatial})}


def cells_of(folder):
    return {
        path.stem.split("_")[0]: [
            [cell.value for cell in row] for row in openpyxl.load_workbook(path).worksheets[0].iter_rows()
        ]
        for path in sorted(folder.rglob("*.xlsx"))
    }


def test_tables_lose_columns_names_and_small_counts(frames, plan, tmp_path):
    owner = str(frames[Resource.key][Resource.owner].dropna().iloc[0])
    names = collect_names(frames, plan)
    assert owner in names.secret
    made = write_public_tables(frames, plan, tmp_path, names)
    found = cells_of(tmp_path)
    assert [item.number for item in made] == [t.number for t in table_specs() if t.number in found]
    assert all(item.path.startswith("公示版/表格/") and item.title.endswith("（公示版）") for item in made)
    texts = [str(cell) for rows in found.values() for row in rows for cell in row if cell is not None]
    assert not [text for text in texts if owner in text or "产权" in text]
    ledger = found["附表3-4"]
    resources = frames[Resource.key]
    spatial = resources[resources[Resource.spatial] == "是"]
    assert 0 < len(spatial) < len(resources)
    assert [row[0] for row in ledger[3:-1]] == sorted(spatial[Resource.number])
    assert {row[2] for row in ledger[3:-1]} <= set(SPATIAL_RESOURCE)
    assert [head for head in ledger[1] if head] == [
        "资源编号",
        "社区",
        "资源类别",
        "资源名称",
        "规模",
        "认定",
        "匹配",
    ]


def test_a_column_of_owners_let_in_by_mistake_is_still_masked(frames, plan, tmp_path):
    """Two locks: the list of columns, and the mask over whatever the columns hold."""
    owner = str(frames[Resource.key][Resource.owner].dropna().iloc[0])
    wide = RULES.tables["ledger"].model_copy(update={"columns": ("Resource.number", "Resource.owner")})
    rules = RULES.model_copy(update={"tables": {"ledger": wide}})
    names = collect_names(frames, plan)
    write_public_tables(frames, plan, tmp_path / "a", replace(names, rules=rules))
    write_public_tables(frames, plan, tmp_path / "b", Names(frozenset(), frozenset(), rules))
    assert owner not in str(cells_of(tmp_path / "a")) and "××" in str(cells_of(tmp_path / "a"))
    assert owner in str(cells_of(tmp_path / "b")), "the test can fail"


def test_counts_of_persons_are_told_by_the_unit_of_their_field():
    leaves = {leaf.value: leaf for table in table_specs() for leaf in table.leaves()}
    counted = {value for value, leaf in leaves.items() if public_tables._counts_people(leaf)}
    assert {"Served.target_own", "Served.people", "Sharing.people_gained"} <= counted
    assert not counted & {"Served.homes", "Site.area_m2", "#", "Project.total_wan"}
