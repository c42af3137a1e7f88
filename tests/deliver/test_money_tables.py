"""Tables of money as written: years that nobody uses are left out, percent signs are formats, sums are exact."""

from __future__ import annotations

import openpyxl
import pytest

from layers.faults import FaultLog
from layers.finance import YearPlan
from layers.planned import Project
from pipeline.deliver.tables import fill_tables, write_tables
from tests.builders import make_plan
from tests.plans.test_layout import chosen, listed
from tests.plans.test_matching import MONEY, need_row, resource_row
from tests.plans.test_projects import SITE, run_all


@pytest.fixture(scope="module")
def frames():
    """A canteen in idle rooms, a pipe that waits a year, a shared facility and a rule."""
    needs = [
        need_row(),
        need_row("XQ02", type_key="nursery", type_name="托儿所", urgency="一般"),
        need_row(
            "XQ03",
            works="治理强基工程",
            type_key=None,
            problem="管理类",
            description="选聘物业",
            geometry=None,
        ),
        need_row("XQ04", required_m2=None, safety=True),
    ]
    matches = [
        listed("XQ01", level=2) | {"resources": "ZY01、ZY16"}, listed("XQ02", level=1) | {"paths": "政策资源创造：协商共享"},
        listed("XQ03", level=2), listed("XQ04", "否", 0),
    ]  # fmt: skip
    made, _ = run_all(needs, matches, resources=[resource_row(), MONEY | {"amount_wan": 12.0}], pairs=[chosen("XQ01", "ZY01", 200)],
                      sites=[SITE | {"action": "新建"}])  # fmt: skip
    return made


@pytest.fixture(scope="module")
def sheets(frames, tmp_path_factory):
    """The sheet of each table by its number."""
    root = tmp_path_factory.mktemp("tables")
    made = write_tables(frames, make_plan(), root, FaultLog())
    return {
        item.number: openpyxl.load_workbook(root / item.path).worksheets[0]
        for item in made
        if hasattr(item, "path")
    }


def line(sheet, text, *, column=1):
    return next(row for row in sheet.iter_rows() if row[column - 1].value == text)


def test_what_builds_nothing_has_a_slash_and_what_is_unknown_says_so(sheets):
    sheet = sheets["表2"]
    rows = {
        row[4].value + str(row[5].value): [c.value for c in row[8:11]]
        for row in sheet.iter_rows(min_row=5, max_row=8)
    }
    assert list(rows.values()) == [
        [70, 70, 0],
        ["/", "/", "/"],
        ["待测算", "待测算", "待测算"],
        ["/", "/", "/"],
    ]
    assert sheet["M5"].value == 0 and sheet["M5"].number_format == '#,##0.00"%"'
    assert line(sheet, "合计")[8].value == "=SUM(I5:I8)"


def test_years_without_money_are_left_out_and_shares_sum_to_a_hundred(sheets, frames):
    sheet = sheets["附表3-12"]
    heads = [cell.value for cell in sheet[3] if cell.value]
    assert [text for text in heads if text.endswith("年")] == ["2026年", "2027年", "2028年"]
    last = [c.value for c in sheet[4]]
    years = [i for i, text in enumerate(last) if text == "比例（%）"]
    for row in sheet.iter_rows(min_row=5, max_row=8, values_only=True):
        assert round(sum(row[i] for i in years), 2) == row[-1] == 100
        money = [row[i - 1] for i in years]
        assert money in (["/"] * 3, ["待测算"] * 3) or round(sum(money), 2) == row[3] == 70
    assert sheet.cell(5, sheet.max_column).number_format == '#,##0.00"%"'
    assert frames[YearPlan.key][YearPlan.amounts()[3]].dropna().eq(0).all()


def test_sources_and_earnings(sheets):
    sheet = sheets["附表3-13"]
    assert sheet["A1"].value == "测试社区资金筹措表"
    assert [[c.value for c in row][8:10] for row in sheet.iter_rows(min_row=4, max_row=5)] == [
        [12, 17.14],
        [58, 82.86],
    ]
    total = line(sheet, "合计")
    assert (total[8].value, total[9].value, total[9].number_format) == (
        "=SUM(I4:I5)",
        "=SUM(J4:J5)",
        '#,##0.00"%"',
    )
    sheet = sheets["附表3-14"]
    row = [c.value for c in line(sheet, "C01")]
    assert row[2:11] == ["准公益性", 70, 58, 0, 0, 12, 2, 14, 12.8] and row[11:13] == [1.2, 58.3]
    assert [line(sheet, "C01")[i].data_type for i in (3, 12)] == ["n", "n"]


def test_the_phase_table_lists_in_order_of_rank(frames):
    content = {t.key: c for t, c in fill_tables(frames, make_plan(), FaultLog())}["phasing"]
    projects = frames[Project.key].set_index(Project.number)
    for row, index in zip(content.rows, (1, 2, 3), strict=True):
        mine = projects[projects[Project.phase_index] == index].sort_values(Project.rank)
        listed_now = "、".join(mine.index) or "无项目"
        assert row[2].value.split("\n")[1].endswith(listed_now)
