"""A review as tables: the triggers, every amount before and after, every change, and the records to bring."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import xlsxwriter

from configs import read_settings
from layers.faults import PlanFaults, refuse_write
from pipeline.review.lists import ProjectList
from pipeline.review.triggers import Deviation, Review, write_wan

if TYPE_CHECKING:
    import pandas as pd

CLAUSE = "指南 4.9.2"
_A4 = 9
_LONGEST = 32_767  # characters Excel holds in a cell
_LINE, _MOST_LINES = 14.5, 27  # points a line takes; Excel's tallest row
_SHORT = 15  # columns up to this width are centred
# The file's creation time would be the only thing that differs between two reviews.
_CREATED = datetime(2000, 1, 1)
_WIDE = ("内容", "判定依据", "名称", "项目名称", "须补充的记录")
_WIDTHS = {"条件": 6, "序号": 6, "责任单位": 26, "组织单位": 20, "文件": 20}


def make_sheets(review: Review, old: ProjectList, new: ProjectList) -> dict[str, pd.DataFrame]:
    """Return the sheets of the workbook by name."""
    import pandas as pd

    triggers = pd.DataFrame(
        [[t.number, t.text, t.found, "是" if t.fired else "否", CLAUSE] for t in review.triggers],
        columns=["条件", "内容", "判定依据", "是否触发", "条款"],
    )
    amounts = pd.DataFrame(
        [
            [
                d.kind,
                d.name,
                _wan(d.old),
                _wan(d.new),
                d.said,
                "是" if d.over else "否",
                "是" if d.counts else "否",
            ]
            for d in review.deviations
        ],
        columns=["类别", "名称", "原投资（万元）", "新投资（万元）", "偏差", "超过限值", "作为触发条件"],
    )
    changes = pd.DataFrame(
        [[c.kind, c.number, c.name, c.priority, c.what] for c in review.changes],
        columns=["变化", "项目编号", "项目名称", "项目类别", "内容"],
    )
    records = pd.DataFrame(
        [[n, r.record, r.by, r.state, None, None, None] for n, r in enumerate(review.records, 1)],
        columns=["序号", "须补充的记录", "责任单位", "状态", "日期", "组织单位", "文件"],
    )
    return {
        "触发判定": triggers,
        "投资对比": amounts,
        "项目变化": changes,
        "须补充的记录": records,
        "说明": pd.DataFrame(_explain(old, new), columns=["项目", "内容"]),
    }


def _wan(grains: int | None) -> float | None:
    return None if grains is None else grains / 100


def _explain(old: ProjectList, new: ProjectList) -> list[list[str]]:
    settings = read_settings("review.yaml")
    return [
        ["原项目库", old.path.name],
        ["新项目库", new.path.name],
        ["触发条件", f"三者有其一即可由{settings['proposer']}提请启动弹性优化程序（{CLAUSE}）"],
        ["偏差", f"（新−原）÷原，按 0.01 万元的整数比较；恰为 {settings['deviation_percent']}% 不触发"],
        ["作为触发条件的投资", "、".join(settings["items"]) + "（configs/review.yaml 可改）"],
        ["新增和删除的项目", "没有可比的估算，不单独计偏差，计入所属工程和全部项目的合计"],
        ["项目的对应", "按项目标识，不按项目编号；项目编号随清单增减可能改变"],
    ]


def write_review(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Write the workbook: A4 landscape, one page wide, texts wrapped and never formulas.

    Raises
    ------
    PlanFaults
        HSQ-D05 when the file cannot be written.
    """
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    base = {"border": 1, "text_wrap": True, "valign": "vcenter", "font_name": "宋体", "font_size": 10.5}
    try:
        with xlsxwriter.Workbook(str(path), options) as book:
            book.set_properties({"title": "弹性优化评估", "created": _CREATED})
            head = book.add_format({**base, "bold": True, "align": "center", "bg_color": "#EDEDED"})
            text = book.add_format({**base, "indent": 1})
            short = book.add_format({**base, "align": "center"})
            money = book.add_format({**base, "num_format": "#,##0.00"})
            for name, table in sheets.items():
                sheet = book.add_worksheet(name)
                widths = [48 if title in _WIDE else _WIDTHS.get(title, 15) for title in table.columns]
                for column, title in enumerate(table.columns):
                    sheet.set_column(column, column, widths[column])
                    sheet.write_string(0, column, title, head)
                for row, cells in enumerate(table.astype(object).to_numpy().tolist(), 1):
                    sheet.set_row(row, _LINE * max(map(_count_lines, cells, widths)) + 6)
                    for column, cell in enumerate(cells):
                        if cell is None or cell != cell:
                            sheet.write_blank(row, column, None, text)
                        elif isinstance(cell, str):
                            form = text if widths[column] > _SHORT else short
                            sheet.write_string(row, column, cell[:_LONGEST], form)
                        else:
                            sheet.write_number(row, column, cell, money if isinstance(cell, float) else short)
                sheet.freeze_panes(1, 0)
                sheet.set_landscape()
                sheet.set_paper(_A4)
                sheet.fit_to_pages(1, 0)
                sheet.repeat_rows(0)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        cause = error if isinstance(error, OSError) else OSError(str(error))
        raise PlanFaults([refuse_write(cause, path, action="没有写出评估结果")]) from None


def _count_lines(cell: object, width: float) -> int:
    """Return the lines a cell wraps to; a Chinese character is two columns wide."""
    columns = sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in str(cell or ""))
    return min(max(1, -int(-columns * 1.05 // (width - 3))), _MOST_LINES)


def tell_deviation(item: Deviation) -> str:
    """Return one line of the console."""
    return f"{item.name}：{write_wan(item.old)} → {write_wan(item.new)}，{item.said}"
