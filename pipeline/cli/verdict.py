"""What ``haoshequ inspect`` shows of a file: one block, facts before guesses, verdict before its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from layers.faults import Fault
from layers.read.inspection import Inspection
from layers.read.readings import Suggestion
from layers.read.shapecheck import tally_faults
from pipeline.begin.review import Reviewed
from pipeline.cli.facts import describe_encoding, list_likely, list_unsure, name_driver
from pipeline.cli.lookup import Finding
from pipeline.cli.reference import Reference, describe_ground
from pipeline.cli.show import print_faults

_STYLE = {"good": "bold green", "mended": "bold yellow", "refused": "bold red", "plain": "bold green"}
_WEIGHT = {"错误": "red", "警告": "yellow", "提示": "dim"}
_SHOWN = 5
_PARTS = 12  # layers of a drawing
_COLUMNS = 12
_UNUSED = 15
_ALL = ("错误", "警告", "提示")
_SHAPES = {"point": "点", "line": "线", "polygon": "面", "any": "混合", None: "表"}


def print_findings(
    console: Console, findings: Sequence[Finding], reference: Reference, faults: Sequence[Fault]
) -> None:
    """Print one block a file or layer.

    Parameters
    ----------
    faults : those of what the files are compared with.
    """
    bad = sum(fault.severity == "错误" for fault in faults)
    if bad and reference.plan is not None:
        console.print(
            f"方案的参照文件有 {bad} 处错误，比对可能不全；先用 haoshequ check 改正", style="yellow"
        )
    for item in findings:
        console.rule(escape(item.name), align="left", characters="─")
        if item.inspection is None:
            console.print("读不了这个文件：原因见下", style=_STYLE["refused"])
        else:
            _print_block(console, item, item.inspection)
        told = [fault for fault in item.faults if not _is_told(fault, item)]
        print_faults(console, told, severities=_ALL, report=False)


def _is_told(fault: Fault, item: Finding) -> bool:
    """Whether the block has said it already: verdict and readings, encoding, header."""
    found = item.inspection
    if found is None:
        return False
    if fault.severity == "提示":
        return fault.code in {"HSQ-X05", "HSQ-F05"} or (fault.code, fault.row) == ("HSQ-V09", "")
    is_verdict = found.verdict.startswith(f"不能采用（{fault.code}）") and not fault.row
    return is_verdict and bool(found.suggestions)


def _print_block(console: Console, item: Finding, found: Inspection) -> None:
    """Print facts as two columns, then what the columns mean, the geometry's faults and the readings."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, text in _list_facts(item, found):
        grid.add_row(label, text)
    console.print(grid)
    for part in item.contents if len(item.contents) == 1 else ():
        if table := _tabulate_fields(part):
            console.print(Padding(table, (0, 0, 0, 6)))
    if len(item.contents) > 1:
        console.print(Padding(_tabulate_parts(item.contents), (0, 0, 0, 6)))
    if item.shapes:
        console.print(Padding(_tabulate_shapes(item.shapes), (0, 0, 0, 6)))
    if found.suggestions:
        console.print(Padding(_tabulate_readings(found.suggestions), (0, 0, 0, 6)))


def _list_facts(item: Finding, found: Inspection) -> Iterator[tuple[str, Text]]:
    yield "格式", Text(_describe_size(item, found))
    if encoding := describe_encoding(item):
        yield "编码", Text(encoding)
    if item.header is not None and sum(item.header) > 1:
        skip, deep = item.header
        rows = f"第 {skip + 1} 行" if deep == 1 else f"第 {skip + 1}–{skip + deep} 行"
        yield "表头", Text(f"{rows}（自动识别）" + (f"，其上 {skip} 行是标题" if skip else ""))
    if len(item.contents) == 1:
        yield "内容", Text(_describe_contents(item.contents[0]))
        if doubts := list_unsure(item.contents[0]):
            yield "不确定", Text("；".join(doubts), style="yellow")
        points = item.contents[0].points
        if points is not None:
            yield "坐标列", Text(f"{points.evidence}{'' if points.sure else '（请核对）'}")
    if found.bounds is not None:
        west, south, east, north = (f"{value:.8g}" for value in found.bounds)
        yield "数值", Text(f"x {west} 至 {east}，y {south} 至 {north}：{found.look}")
        said = f"，已指定 {found.declared}" if found.declared else ""
        yield "坐标系", Text(f"文件声明 {found.claim or '没有坐标系声明（缺 .prj 或 crs）'}{said}")
    if found.state != "plain":
        yield "参照", Text(describe_ground(item.ground).removeprefix("参照："), style="dim")
    yield "结论", Text(found.verdict, style=_STYLE[found.state])
    if found.evidence and found.evidence not in found.verdict:
        yield "依据", Text(found.evidence)
    if not item.shapes and found.bounds is not None and item.raster is None:
        yield "图形", Text("没有发现问题", style="green")


def _describe_size(item: Finding, found: Inspection) -> str:
    if item.raster is not None:
        facts = item.raster
        told = f"{facts.width}×{facts.height} 个像元，{facts.bands} 个波段（{'彩色图片' if facts.colours else facts.dtype}）"
        cell = f"，像元 {facts.cell[0]:g}×{facts.cell[1]:g}" if facts.bounds else "，没有地理定位"
        empty = "" if facts.nodata is None else f"，缺测值 {facts.nodata:g}"
        return f"{name_driver(item)}，{told}{cell}{empty}"
    kinds = "、".join(f"{name} {count}" for name, count in found.kinds.items()) or "没有图形"
    return f"{name_driver(item)}，{found.rows} 行，有坐标的 {found.placed} 行（{kinds}）"


def _describe_contents(item: Reviewed) -> str:
    likely = list_likely(item)
    if not likely:
        return f"没有认出；列：{'、'.join(map(str, item.part.table.columns[:_UNUSED])) or '无'}"
    best = likely[0]
    left = "、".join(best.left[:_UNUSED]) + (f" 等 {len(best.left)} 列" if len(best.left) > _UNUSED else "")
    unused = f"；没有用处的列：{left}" if best.left else ""
    return f"像“{best.layer.alias}”，把握 {best.score:.0%}（{best.evidence}）{unused}"


def _tabulate_fields(item: Reviewed) -> Table | None:
    likely = list_likely(item)
    if not likely or not likely[0].fields:
        return None
    table = Table(pad_edge=False, box=None, header_style="dim")
    for name in ("列", "→ 字段", "把握", "依据"):
        table.add_column(name, overflow="fold", no_wrap=name == "把握")
    for guess in likely[0].fields[:_COLUMNS]:
        style = None if guess.sure else "yellow"
        row = (guess.column, guess.field.spec.alias, f"{guess.score:.0%}", guess.evidence)
        table.add_row(*map(escape, row), style=style)
    if len(likely[0].fields) > _COLUMNS:
        table.add_row("…", f"另有 {len(likely[0].fields) - _COLUMNS} 列，见 --json", "", "")
    return table


def _tabulate_parts(parts: Sequence[Reviewed]) -> Table:
    """List the layers of a drawing or the folders of a KML, the largest first."""
    table = Table(pad_edge=False, box=None, header_style="dim")
    for name in ("图层或文件夹", "图形", "个数", "像"):
        table.add_column(name, overflow="fold", no_wrap=name in {"图形", "个数"})
    for item in sorted(parts, key=lambda item: -len(item.part.table))[:_PARTS]:
        likely = "、".join(f"“{guess.layer.alias}”{guess.score:.0%}" for guess in list_likely(item)[:2])
        row = (
            item.part.layer or "（没有名称）",
            _SHAPES[item.shape],
            str(len(item.part.table)),
            likely or "—",
        )
        table.add_row(*map(escape, row))
    if len(parts) > _PARTS:
        table.add_row("…", "", "", f"另有 {len(parts) - _PARTS} 个，见 --json")
    return table


def _tabulate_shapes(faults: Sequence[Fault]) -> Table:
    """Count the faults of the geometry, with the first of each kind."""
    table = Table(title="图形问题", title_justify="left", pad_edge=False, box=None, header_style="dim")
    for name in ("级别", "代码", "个数", "说明", "例"):
        table.add_column(name, overflow="fold", no_wrap=name in {"级别", "代码", "个数"})
    for tally in tally_faults(faults, examples=2):
        told = "；".join(
            f"{_name_row(fault.row)}{fault.problem}" + (f"，{fault.value}" if fault.value else "")
            for fault in tally.examples
        )
        row = (tally.severity, tally.code, str(tally.count), tally.title, told)
        table.add_row(*map(escape, row), style=_WEIGHT[tally.severity])
    return table


def _name_row(row: str) -> str:
    return f"第 {row} 行：" if row else ""


def _tabulate_readings(suggestions: Sequence[Suggestion]) -> Table:
    table = Table(
        title="坐标的读法，按可能性排列", title_justify="left", pad_edge=False, box=None, header_style="dim"
    )
    for name in ("", "读法", "依据", "配置中写"):
        table.add_column(name, overflow="fold")
    for rank, item in enumerate(suggestions[:_SHOWN], start=1):
        cells = (str(rank), item.label, describe_numbers(item) or "—", item.line)
        table.add_row(*(escape(cell) for cell in cells))
    return table


def describe_numbers(item: Suggestion) -> str:
    """Return the numbers behind a suggestion, Chinese."""
    parts = []
    if item.inside is not None:
        parts.append(f"{item.inside:.0%} 在边界内")
    if item.distance_m is not None:
        parts.append(f"最近处距参照 {item.distance_m:.0f} m")
    if item.offset_m:
        parts.append(f"偏移 {item.offset_m:.0f} m（{item.direction}）")
    if item.strength is not None:
        gain = (
            "" if item.gain is None else f"（比原样{'高' if item.gain >= 0 else '低'} {abs(item.gain):.2f}）"
        )
        parts.append(f"吻合度 {item.strength:.2f}{gain}")
    return "，".join(parts)
