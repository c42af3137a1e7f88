"""Tables read back by openpyxl: the guideline's headers, real numbers, exact sums, texts that stay texts."""

from __future__ import annotations

from datetime import datetime
from string import Formatter

import openpyxl
import pandas as pd
import pytest

from configs import read_settings
from layers.faults import FaultLog, PlanFaults
from layers.planned import PlannedParcel
from layers.source import Parcel
from pipeline.deliver.handin import place_frames
from pipeline.deliver.items import Absent, Item
from pipeline.deliver.tables import fill_tables, write_tables
from pipeline.deliver.tables.content import find_field
from pipeline.deliver.tables.derived import Balance, balance_landuse
from pipeline.deliver.tables.spec import table_specs

SPECS = {table.key: table for table in table_specs()}


@pytest.fixture
def sheets(frames, plan, tmp_path):
    """The first sheet of each table by its key, as written."""
    made = write_tables(place_frames(frames, plan), plan, tmp_path, FaultLog())
    return {
        key: openpyxl.load_workbook(tmp_path / item.path).worksheets[0]
        for key, item in zip(SPECS, made, strict=True)
        if isinstance(item, Item)
    }


def grid(sheet, *, depth):
    """Header texts by column, from the top row down, merged cells repeated."""
    texts = {
        (r, c): sheet.cell(r, c).value for r in range(2, 2 + depth) for c in range(1, sheet.max_column + 1)
    }
    for span in sheet.merged_cells.ranges:
        for row in range(span.min_row, span.max_row + 1):
            for column in range(span.min_col, span.max_col + 1):
                texts[row, column] = sheet.cell(span.min_row, span.min_col).value
    columns = []
    for column in range(1, sheet.max_column + 1):
        path = [str(texts[row, column]).replace("\n", "") for row in range(2, 2 + depth)]
        columns.append("/".join(dict.fromkeys(path)))
    return columns


def rows(sheet, *, depth):
    return [list(row) for row in sheet.iter_rows(min_row=2 + depth, values_only=True)]


def test_table_1_has_the_guidelines_header(sheets):
    sheet = sheets["resource_list"]
    assert sheet["A1"].value == "云溪街道二社区资源清单一览表"
    assert grid(sheet, depth=2) == [
        "序号", "任务分类/所属工程", "任务分类/对应板块", "需求内容/需求描述", "需求内容/紧迫程度",
        "更新资源/空间资源", "更新资源/资金保障", "更新资源/工作力量", "是否具备实施条件",
    ]  # fmt: skip
    merged = {str(span) for span in sheet.merged_cells.ranges}
    assert {"A1:I1", "A2:A3", "B2:C2", "D2:E2", "F2:H2", "I2:I3"} <= merged


def test_table_2_has_the_guidelines_header(sheets):
    sheet = sheets["project_list"]
    assert sheet["A1"].value == "云溪街道二社区更新项目清单一览表"
    assert grid(sheet, depth=3) == [
        "序号", "任务分类/所属工程", "任务分类/对应板块", "需求内容/需求描述", "需求内容/需求程度",
        "项目基本情况/项目名称", "项目基本情况/项目位置", "项目基本情况/项目内容/建设内容",
        "项目基本情况/项目内容/项目总投资（万元）", "项目基本情况/项目内容/其中：财政资金（万元）",
        "项目基本情况/项目内容/其中：社会资金（万元）", "项目基本情况/建设时序",
        "项目基本情况/2026年预计投资比例（%）", "责任部门",
    ]  # fmt: skip
    merged = {str(span) for span in sheet.merged_cells.ranges}
    assert {"A2:A4", "B2:C2", "B3:B4", "F2:M2", "H3:K3", "L3:L4", "M3:M4", "N2:N4"} <= merged


def test_matching_and_phasing_headers(sheets):
    assert grid(sheets["matching"], depth=1) == [
        "需求清单", "需求描述", "需求紧迫性评分", "关联资源项（来自资源台账）", "匹配度评估等级",
    ]  # fmt: skip
    assert rows(sheets["matching"], depth=1)[1] == [
        "治理高效", "选聘物业服务企业", "一般", "无直接对应空间资源", "无匹配：需创造空间资源",
    ]  # fmt: skip
    assert grid(sheets["phasing"], depth=1) == ["时序阶段", "划分原则", "匹配度评估等级"]
    phases = rows(sheets["phasing"], depth=1)
    assert [row[0] for row in phases] == ["2026年", "2027年", "2028年"]
    assert phases[0][1] == "安全底线优先+资源供给充足"
    assert [row[2].split("\n")[1] for row in phases] == [
        "本阶段项目：A01、A02",
        "本阶段无项目",
        "本阶段项目：C01",
    ]


def test_notes_of_the_matching_table_are_the_rubrics_levels(sheets):
    levels = read_settings("rubric.yaml")["levels"]
    notes = [note.split("：", 1)[1].rstrip("。") for note in SPECS["matching"].notes[:4]]
    assert notes == [levels[level] for level in (3, 2, 1, 0)]


def test_the_table_of_paths_lists_gaps_only(sheets):
    body = rows(sheets["gap_paths"], depth=2)
    assert body[0][:6] == [
        "X002", "选聘物业服务企业", "一般", "无匹配", "空间资源创造：利用屋顶空间", "否",
    ]  # fmt: skip
    assert not str(body[1][0]).startswith("X")


def test_only_listed_needs_are_in_table_1(sheets):
    body = rows(sheets["resource_list"], depth=2)
    assert body[0][:2] == [1, "设施提升工程"]
    assert body[0][8] == "是"
    assert body[1][0].startswith("填表说明：1.“空间资源”一栏")
    assert len(body) == 2


def test_money_is_numbers_or_a_slash_and_sums_exactly(sheets):
    sheet = sheets["project_list"]
    money = [row[8:11] for row in rows(sheet, depth=3)[:3]]
    assert money == [[80.1, 50.05, 30.05], [0.2, 0.2, 0], ["/", "/", "/"]]
    assert sheet["I5"].number_format == "#,##0.00##"
    assert [sheet.cell(8, column).value for column in (1, 9, 10, 11)] == [
        "合计", "=SUM(I5:I7)", "=SUM(J5:J7)", "=SUM(K5:K7)",
    ]  # fmt: skip


def test_stored_totals_are_the_exact_sums(frames, plan, tmp_path):
    made = write_tables(place_frames(frames, plan), plan, tmp_path, FaultLog())
    sheet = openpyxl.load_workbook(tmp_path / made[1].path, data_only=True).worksheets[0]
    assert [sheet.cell(8, column).value for column in (9, 10, 11)] == [80.3, 50.25, 30.05]


def test_sums_are_decimal(frames, plan):
    frames["project"].loc[[0, 1], "total_wan"] = [0.1, 0.2]
    content = {t.key: c for t, c in fill_tables(frames, plan, FaultLog())}["project_list"]
    assert content.totals[8].value == 0.3
    assert 0.1 + 0.2 != 0.3


def test_a_text_never_becomes_a_formula(sheets):
    for sheet, place in ((sheets["needs"], "F4"), (sheets["project_list"], "D5"), (sheets["matching"], "B3")):
        cell = sheet[place]
        assert (cell.value, cell.data_type) == ("=增设社区食堂", "s")


def test_unverified_standards_say_so_beside_a_real_number(sheets):
    sheet = sheets["coverage"]
    assert sheet["E4"].value == 300
    assert sheet["E4"].number_format == '#,##0"（待核）"'
    assert sheet["F4"].value.endswith("（待核）")
    assert [sheet.cell(row, 1).value for row in range(4, 8)] == ["东社区"] * 2 + ["西社区"] * 2
    assert [sheet.cell(row, 2).value for row in (4, 5)] == ["社区食堂", "托儿所"]
    assert [sheet.cell(4, c).value for c in (8, 9, 10, 11)] == [10, 6, 8, 2]
    assert sheet["O4"].value == "60岁及以上老年人"


def test_equal_neighbours_merge_where_asked(frames, plan, tmp_path):
    one = frames["sharing"]
    rows = [one, one.assign(id="g2", community="南社区"), one.assign(id="g3", type_name="托儿所")]
    frames["sharing"] = pd.concat(rows, ignore_index=True)
    made = write_tables(place_frames(frames, plan), plan, tmp_path, FaultLog())
    path = next(item.path for item in made if item.number == "附表3-5")
    sheet = openpyxl.load_workbook(tmp_path / path).worksheets[0]
    spans = {str(span) for span in sheet.merged_cells.ranges if span.min_row > 3}
    assert spans == {"A5:A6"}
    assert [sheet.cell(row, 1).value for row in (4, 5, 6)] == ["托儿所", "社区食堂", None]


def test_land_use_balance_sums_exactly(sheets):
    body = rows(sheets["balance"], depth=2)
    assert body[:3] == [
        ["070102", "二类城镇住宅用地", 10000, 50, 10000, 50, 0],
        ["0702", "城镇社区服务设施用地", 0, 0, 3333.33, 16.67, 3333.33],
        ["1403", "广场用地", 10000, 50, 6666.67, 33.33, -3333.33],
    ]
    assert body[3][0] == "合计"


def test_shares_sum_to_a_hundred(make_frame):
    rows = [
        {"id": f"p{n}", "number": str(n), "landuse_code": f"01{n:02}", "landuse_name": str(n),
         "area_m2": 1 / 3, "year": 2025, "base_code": "01", "community": "西社区"}
        for n in range(7)
    ]  # fmt: skip
    outside = [rows[0] | {"id": "out", "community": None, "area_m2": 1e6}]
    parcels = make_frame(Parcel, rows + outside, [None] * 8)
    planned = make_frame(PlannedParcel, rows, [None] * 7)
    table = balance_landuse(parcels, planned)
    assert table[Balance.now_m2].tolist() == [0.33] * 7
    assert round(table[Balance.now_share].sum(), 6) == 100
    assert sorted(set(table[Balance.planned_share])) == [14.28, 14.29]


def test_a_balance_that_does_not_close_is_said(frames, plan, tmp_path):
    placed = place_frames(frames, plan)
    placed["planned_parcel"] = placed["planned_parcel"].iloc[:2]
    log = FaultLog()
    write_tables(placed, plan, tmp_path, log)
    assert [fault.code for fault in log.faults] == ["HSQ-D06"]
    assert "现状 20000.00 ㎡，规划 13333.33 ㎡" in log.faults[0].problem


def test_a_number_that_leads_nowhere_is_said(frames, plan, tmp_path):
    frames["need"] = frames["need"].iloc[1:]
    log = FaultLog()
    write_tables(place_frames(frames, plan), plan, tmp_path, log)
    assert [(f.code, f.value) for f in log.faults] == [("HSQ-V10", "X001")] * 2


def test_printing(sheets):
    for key, sheet in sheets.items():
        depth = SPECS[key].depth
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (8, "landscape")
        assert sheet.print_title_rows == f"$1:${1 + depth}"
        assert sheet.freeze_panes == f"A{2 + depth}"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        # One page wide (the default, so not stored), as many high as it takes.
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, 0)
        assert sheet.print_area.endswith(f"${sheet.max_row}")


def test_tables_without_rows(frames, plan, tmp_path):
    empty = {key: frame.iloc[:0] for key, frame in frames.items()}
    made = write_tables(empty, plan, tmp_path, FaultLog())
    assert [item.number for item in made if isinstance(item, Item)] == ["表1", "表2", "附表3-1", "附表3-2"]
    assert {entry.reason for entry in made if isinstance(entry, Absent)} == {"没有数据"}


def test_an_area_no_file_can_be_named_by_is_refused(frames, plan, tmp_path):
    identity = plan.plan.model_copy(update={"area": "一/二社区"})
    with pytest.raises(PlanFaults, match="不允许的字符"):
        write_tables(frames, plan.model_copy(update={"plan": identity}), tmp_path, FaultLog())


def test_long_and_odd_texts(frames, plan, tmp_path):
    frames["need"].loc[0, "description"] = "一\x01二\n" + "三" * 40_000
    made = write_tables(place_frames(frames, plan), plan, tmp_path, FaultLog())
    value = openpyxl.load_workbook(tmp_path / made[2].path).worksheets[0]["B3"].value
    assert value.startswith("一二\n三")
    assert len(value) == 32_767


def test_same_bytes_twice_and_no_date_of_today(frames, plan, tmp_path):
    placed = place_frames(frames, plan)
    made = write_tables(placed, plan, tmp_path / "a", FaultLog())
    write_tables(placed, plan, tmp_path / "b", FaultLog())
    for item in (item for item in made if isinstance(item, Item)):
        assert (tmp_path / "a" / item.path).read_bytes() == (tmp_path / "b" / item.path).read_bytes()
    properties = openpyxl.load_workbook(tmp_path / "a" / made[0].path).properties
    assert (properties.created, properties.modified) == (datetime(2026, 3, 5), datetime(2026, 3, 5))


def test_every_reference_is_declared():
    for table in table_specs():
        references = [*table.where, *table.order, *(name for join in table.join for name in join.by)]
        for leaf in table.leaves():
            if leaf.mark:
                references.append(leaf.mark)
            if "{" in leaf.value:
                references += [name for _, name, _, _ in Formatter().parse(leaf.value) if name]
            elif "(" in leaf.value:
                references.append(leaf.value.rstrip(")").split("(")[1])
            elif leaf.value != "#":
                references.append(leaf.value)
        for reference in references:
            assert find_field(reference).spec.alias


def test_fill_in_notes_follow_the_decisions():
    notes = SPECS["project_list"].notes
    assert notes[2] == "项目内容一栏中，财政资金+社会资金=项目总投资。"
    assert pd.Series([len(SPECS[key].leaves()) for key in ("resource_list", "project_list")]).tolist() == [
        9,
        14,
    ]
