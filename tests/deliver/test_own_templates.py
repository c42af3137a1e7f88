"""The user's own sheet: header and styles stay, rows go where the words are, what has no place is told."""

from __future__ import annotations

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill

from layers.faults import FaultLog
from layers.planned import Project
from pipeline.deliver.handin import place_frames
from pipeline.deliver.tables import fill_tables, write_tables
from pipeline.deliver.tables.templates import check_templates

PLAIN = [["XX社区更新项目清单一览表"], ["序号", "项目名称", "项目总投资（万元）", "其中：财政资金", "社会资金(万元)", "XX年预计投资比例",
         "所属工程", "对应板块", "责任部门", "联系人"]]  # fmt: skip


def make_template(path, rows, *, merges=(), body=0, after=()):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "本局样表"
    for row in rows:
        sheet.append(row)
    for column in range(1, len(rows[-1]) + 1):
        head, first = sheet.cell(len(rows), column), sheet.cell(len(rows) + 1, column)
        head.font, first.fill = Font(name="楷体", bold=True), PatternFill("solid", fgColor="FFEEDDCC")
    for span in merges:
        sheet.merge_cells(span)
    for index, row in enumerate(after):
        for column, value in enumerate(row, start=1):
            sheet.cell(len(rows) + 1 + body + index, column, value)
    book.save(path)
    return path


def write(frames, plan, tmp_path, template, *, number="表2"):
    hand = plan.hand.model_copy(update={"templates": {number: template}})
    plan = plan.model_copy(update={"hand": hand})
    log = FaultLog()
    placed = place_frames(frames, plan)
    made = write_tables(placed, plan, tmp_path / "out", log)
    item = next(item for item in made if item.number == number)
    content = next(
        content for table, content in fill_tables(placed, plan, FaultLog()) if table.number == number
    )
    return openpyxl.load_workbook(tmp_path / "out" / item.path).worksheets[0], content, log.faults


def cells_of(sheet):
    return [["" if cell.value is None else cell.value for cell in row] for row in sheet.iter_rows()]


@pytest.fixture
def template(tmp_path):
    return make_template(
        tmp_path / "t.xlsx", PLAIN, body=2, after=[["合计"], ["填表说明：本局说明"], ["填表人："]]
    )


def test_rows_stand_under_their_words_and_the_rest_of_the_sheet_stays(frames, plan, tmp_path, template):
    sheet, content, _ = write(frames, plan, tmp_path, template)
    assert sheet.title == "本局样表" and sheet["A1"].value == "云溪街道二社区更新项目清单一览表"
    assert sheet["F2"].value == "2026年预计投资比例" and sheet["B2"].font.name == "楷体"
    at = [0, 5, 8, 9, 10, 12, 1, 2, 13]
    for index, row in enumerate(content.rows, start=3):
        assert ["" if (v := sheet.cell(index, c).value) is None else v for c in range(1, 10)] == [
            row[i].value for i in at
        ]
        assert sheet.cell(index, 2).fill.fgColor.rgb == "FFEEDDCC" and sheet.cell(index, 10).value is None
    end = 3 + len(content.rows)
    assert [sheet.cell(end, c).value for c in (1, 3, 4, 5)] == ["合计", 80.3, 50.25, 30.05]
    assert sheet.cell(end + 1, 1).value == "填表说明：本局说明" and sheet.cell(end + 2, 1).value == "填表人："
    assert sheet.max_row == end + 2


@pytest.mark.parametrize("where", ["rows", "header"])
def test_columns_merged_in_the_sheet_stay_merged_in_every_row(frames, plan, tmp_path, where):
    rows = [["XX社区更新项目清单一览表"], ["序号", "项目名称", None, "项目总投资（万元）", "其中：财政资金", "社会资金(万元)",
            "XX年预计投资比例", "所属工程", "对应板块", "责任部门"]]  # fmt: skip
    merges = ["B2:C2", "A1:J1"] + (["B3:C3"] if where == "rows" else [])
    path = make_template(tmp_path / "t.xlsx", rows, merges=merges, body=1, after=[["合计"]])
    sheet, content, _ = write(frames, plan, tmp_path, path)
    count = len(content.rows)
    assert count > 2 and {f"B{row}:C{row}" for row in range(2, 3 + count)} <= {
        str(span) for span in sheet.merged_cells.ranges
    }
    assert [sheet.cell(3, c).value for c in (2, 4)] == [content.rows[0][5].value, content.rows[0][8].value]
    assert sheet.cell(3 + count, 1).value == "合计"


def test_columns_of_ours_under_one_header_cell_stay_apart(frames, plan, tmp_path):
    """A merged cell above two columns of values is no merged column."""
    rows = [["资金", None, None], ["项目总投资（万元）", "其中：财政资金", "其中：社会资金"]]
    rows[0] += ["序号", "项目名称", "所属工程", "对应板块", "责任部门"]
    rows[1] += [None] * 5
    merges = ["A1:C1", *(f"{letter}1:{letter}2" for letter in "DEFGH")]
    sheet, content, _ = write(frames, plan, tmp_path, make_template(tmp_path / "t.xlsx", rows, merges=merges))
    assert [sheet.cell(3, c).value for c in (1, 2, 3)] == [content.rows[0][c].value for c in (8, 9, 10)]
    assert not any(span.min_row > 2 for span in sheet.merged_cells.ranges)


def test_each_column_without_a_place_is_told_with_what_to_do(frames, plan, tmp_path, template):
    _, _, faults = write(frames, plan, tmp_path, template)
    told = {fault.field: fault for fault in faults if fault.code == "HSQ-V01"}
    assert set(told) == {"需求描述", "需求程度", "项目位置", "建设内容", "建设时序"}
    assert all(
        f.severity == "警告" and "本局样表" in f.remedy and f.action == "该列没有写入" for f in told.values()
    )


def test_without_a_row_of_totals_one_is_added(frames, plan, tmp_path):
    sheet, content, _ = write(frames, plan, tmp_path, make_template(tmp_path / "t.xlsx", PLAIN))
    end = 3 + len(content.rows)
    assert (sheet.cell(end, 1).value, sheet.cell(end, 3).value) == ("合计", 80.3)
    assert sheet.max_row == end and sheet.print_title_rows == "$1:$2" and int(sheet.page_setup.paperSize) == 8


def test_the_programs_own_table_is_a_template_that_fits_completely(frames, plan, tmp_path):
    made = write_tables(place_frames(frames, plan), plan, tmp_path / "first", FaultLog())
    for item in made[:4]:
        old = openpyxl.load_workbook(tmp_path / "first" / item.path, data_only=True).worksheets[0]
        new, _, faults = write(frames, plan, tmp_path, tmp_path / "first" / item.path, number=item.number)
        assert [f.problem for f in faults if f.code == "HSQ-V01"] == []
        assert cells_of(new) == cells_of(old)
        assert {str(s) for s in new.merged_cells.ranges} == {str(s) for s in old.merged_cells.ranges}


def test_texts_of_input_stay_texts(frames, plan, tmp_path, template):
    frames[Project.key].loc[0, Project.name] = '=HYPERLINK("http://x","y")'
    frames[Project.key].loc[1, Project.name] = "#N/A\x01"
    sheet, content, _ = write(frames, plan, tmp_path, template)
    texts = {
        sheet.cell(row, 2).value: sheet.cell(row, 2).data_type for row in range(3, 3 + len(content.rows))
    }
    assert (texts['=HYPERLINK("http://x","y")'], texts["#N/A"]) == ("s", "s")


@pytest.mark.parametrize("what", ["missing", "other", "torn", "suffix"])
def test_a_workbook_that_cannot_be_used_gives_the_built_in_form_and_says_why(frames, plan, tmp_path, what):
    path = tmp_path / ("t.xls" if what == "suffix" else "t.xlsx")
    if what == "other":
        make_template(path, [["甲", "乙", "项目名称"]])
    elif what != "missing":
        path.write_bytes(b"PK\x03\x04 torn")
    sheet, _, faults = write(frames, plan, tmp_path, path)
    assert sheet["A2"].value == "序号" and sheet["A1"].value == "云溪街道二社区更新项目清单一览表"
    (fault,) = (f for f in faults if "自有样式不能使用" in f.problem)
    assert fault.severity == "警告" and fault.remedy and fault.action == "按程序自带的样式写出"


def test_the_same_contents_give_the_same_bytes(frames, plan, tmp_path, template, monkeypatch):
    import time

    write(frames, plan, tmp_path, template)
    (one,) = (tmp_path / "out/表格").glob("表2*.xlsx")
    first = one.read_bytes()
    time.sleep(2.1)  # the clock of a zip file ticks every two seconds
    write(frames, plan, tmp_path, template)
    assert one.read_bytes() == first


@pytest.mark.parametrize(
    ("what", "code"),
    [("missing", "HSQ-F01"), ("suffix", "HSQ-F04"), ("torn", "HSQ-F02"), ("other", "HSQ-V01")],
)
def test_a_check_tells_once_what_delivery_would(plan, tmp_path, template, what, code):
    path = tmp_path / ("t.xls" if what == "suffix" else "own.xlsx")
    if what == "other":
        make_template(path, [["甲", "乙", "项目名称"]])
    elif what != "missing":
        path.write_bytes(b"PK\x03\x04 torn")
    hand = plan.hand.model_copy(update={"templates": {"表2": path, "表1": path}})
    log = FaultLog()
    check_templates(plan.model_copy(update={"hand": hand}), log)
    assert [fault.code for fault in log.faults] == [code] * 2
    assert log.faults[0].problem.startswith("表2的自有样式不能使用：") and log.faults[0].remedy
    hand = plan.hand.model_copy(update={"templates": {"表2": template}})
    log = FaultLog()
    check_templates(plan.model_copy(update={"hand": hand}), log)
    assert log.faults == []
