"""Process: what the hand-in tells of the steps of making and approving the plan."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from configs import read_settings
from pipeline.audit.checks.tables import need_table, say_values
from pipeline.audit.findings import Checked, check
from pipeline.audit.folder import PAPERS, QUALITY, SHAPES, HandIn
from pipeline.deliver.library import FOLDER as LIBRARY


def _steps(handin: HandIn) -> tuple[str, dict[str, list[tuple[int, str]]]]:
    """Return the file of 过程记录 and rows with dates by step."""
    name = next(iter(handin.under(LIBRARY, ".xlsx")), "")
    grid = handin.book(name).get("过程记录") if name else None
    found: dict[str, list[tuple[int, str]]] = {}
    if grid is None:
        return name, found
    for row in range(3, grid.bottom + 1):
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", grid.text(row, 2)):
            found.setdefault(grid.text(row, 1), []).append((row, grid.text(row, 2)))
    return name, found


@check("process_order", "编制程序的先后", group="过程")
def check_order(handin: HandIn, out: Checked, *, steps: Sequence[str]) -> None:
    """Recorded steps keep the order of ``configs/process.yaml``; steps without a record are for a person."""
    name, found = _steps(handin)
    if not found:
        out.doubt("成果中没有过程记录", file=name or LIBRARY, sheet="过程记录")
        return
    for rule in read_settings("process.yaml")["order"]:
        first, then = rule["first"], rule["then"]
        if first not in steps or then not in steps or first not in found or then not in found:
            continue
        one, two = min(found[first], key=lambda item: item[1]), min(found[then], key=lambda item: item[1])
        if one[1] > two[1]:
            out.fault(f"“{first}”（{one[1]}）晚于“{then}”（{two[1]}），应在其前（指南{rule['clause']}）", file=name,
                      sheet="过程记录", row=one[0], value=one[1])  # fmt: skip
    for step in steps:
        if step in found:
            row, day = min(found[step], key=lambda item: item[1])
            out.see(f"{step}：{day}", file=name, sheet="过程记录", row=row, value=day)
        else:
            out.doubt(f"没有“{step}”的记录", file=name, sheet="过程记录")


@check("quality_codes", "数据质检的相关记录", group="过程")
def check_codes(
    handin: HandIn, out: Checked, *, codes: Sequence[str], said: str, inputs: Sequence[str] = ()
) -> None:
    """Remarks of the run with these codes, for a person to decide; none is 符合 where the inputs were there.

    Parameters
    ----------
    inputs : inputs of the plan config without which nothing could be remarked.
    """
    given = handin.parameter("inputs")
    if inputs and isinstance(given, Mapping) and not any(given.get(key) for key in inputs):
        out.void = f"方案没有提供{said}的资料（inputs.{'、'.join(inputs)}）"
        return
    if QUALITY not in handin.files:
        out.fault("没有数据质检报告", file=QUALITY)
        return
    looked = 0
    for grid in handin.book(QUALITY).values():
        if not grid.name.startswith(("错误", "警告", "提示")):
            continue
        for row in range(3, grid.bottom + 1):
            looked += 1
            if grid.text(row, 1) in codes:
                out.doubt(grid.text(row, 8), file=QUALITY, sheet=grid.name, row=row, value=grid.text(row, 1))
    out.see(
        f"数据质检 {looked} 条记录中没有{said}的问题" if not out.doubts else f"数据质检 {looked} 条记录",
        file=QUALITY,
    )


@check("quality_errors", "数据质检没有错误级问题", group="过程")
def check_errors(handin: HandIn, out: Checked) -> None:
    """The run's own report has no row of the severity 错误."""
    if QUALITY not in handin.files:
        out.fault("没有数据质检报告", file=QUALITY)
        return
    book = handin.book(QUALITY)
    for name, grid in book.items():
        if name.startswith("错误"):
            for row in range(3, grid.bottom + 1):
                out.fault(grid.text(row, 8), file=QUALITY, sheet=name, row=row, value=grid.text(row, 1))
    out.see(f"{len(book)} 张表", file=QUALITY)


@check("revisions", "方案调整记录", group="过程")
def check_revisions(handin: HandIn, out: Checked, *, words: Sequence[str]) -> None:
    """Adjustments after approval leave papers; without any the clause does not apply yet."""
    found = [name for name in handin.under(PAPERS) if any(word in name for word in words)]
    _, steps = _steps(handin)
    if not found:
        done = "、".join(steps) or "无"
        out.void = f"成果中没有方案调整的材料（过程记录：{done}），属编制阶段成果；实施中调整时用 haoshequ review 判定"
    for name in found:
        out.doubt("方案调整材料，请核对是否履行征求意见、公示、审批程序", file=name)


@check("each_of", "每一类都有", group="表格")
def check_each(
    handin: HandIn, out: Checked, *, table: str, column: str, where: Mapping[str, str], values: Sequence[str]
) -> None:
    """Among the rows with a value, a column has each of the values."""
    view = need_table(handin, out, table)
    if view is None:
        return
    rows = [row for row in view.rows if all(view.texts(c)[row] == v for c, v in where.items())]
    there = [view.texts(column)[row] for row in rows]
    for value in values:
        if value not in there:
            out.fault(f"“{view.head(column)}”没有“{value}”", file=view.file, sheet=view.sheet)
    out.see(f"{len(rows)} 行：{say_values(there)}", file=view.file, sheet=view.sheet,
            row=f"{min(rows, default=0)}–{max(rows, default=0)}")  # fmt: skip


@check("heritage", "历史文化保护范围与项目", group="数据库")
def check_heritage(handin: HandIn, out: Checked) -> None:
    """Protection polygons are there; sites and projects that meet them are told to a person (4.5)."""
    shape = handin.shape("HSQ_BHFW")
    if shape is None:
        why = handin.why_absent("HSQ_BHFW")
        out.void = f"没有历史文化保护范围：{why.note}" if why else ""
        if why is None:
            out.fault("没有保护范围图层", file=SHAPES, sheet="HSQ_BHFW")
        return
    import shapely

    grounds = shapely.make_valid(shape.metric.geometry.to_numpy())
    out.see(f"{len(grounds)} 处保护范围", file=shape.name, sheet="HSQ_BHFW")
    layout = handin.table("layout")
    told = "".join(layout.texts("Site.conflict").values()) if layout is not None else ""
    for code, key in (("HSQ_XMFBM", "XMBH"), ("HSQ_XMFBD", "XMBH"), ("HSQ_XMFBX", "XMBH")):
        other = handin.shape(code)
        if other is None or not len(other.frame):
            continue
        one, two = shapely.STRtree(grounds).query(other.metric.geometry.to_numpy(), predicate="intersects")
        for at, ground in sorted(set(zip(one.tolist(), two.tolist(), strict=True))):
            names = shape.frame.drop(columns="geometry").iloc[ground]
            title = str(names.get("BHMC", names.get("MC", ground + 1)))
            flagged = "，冲突核查已列出" if title in told else ""
            out.doubt(
                f"项目 {other.column(key).iloc[at]} 涉及保护范围“{title}”{flagged}，须按保护规划核定",
                file=other.name,
                sheet=code,
                row=other.column("BSM").iloc[at],
            )
