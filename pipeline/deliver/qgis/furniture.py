"""Furniture of a layout: title strip, scale and north arrow, side tables, remarks and 图签, where the sheet has them."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Tree

from configs import read_settings
from pipeline.deliver.qgis.nodes import add, add_map, rgba
from pipeline.deliver.qgis.paper import BAR, Paper, add_text_style
from pipeline.deliver.sheet.column import tell_lean
from pipeline.deliver.sheet.sidetable import TableLayout
from pipeline.deliver.sheet.spec import Finished, Furniture
from pipeline.deliver.sheet.titleblock import block_cells, label_width
from pipeline.deliver.sheet.typeset import wrap_text
from styles.fonts import measure_em
from styles.frame import Box
from styles.qml_strokes import colour, write_options

HEADING_MM = 6.2  # room of a heading over its part of the column
_TITLE_MM = 4.8  # and of the title over a table
_LEADING, _BLOCK_LEADING = 1.4, 1.15
_NARROW = 50.0  # strips narrower than this have the arrow under the bar
_ARROW = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100" viewBox="-0.5 -0.5 1 1">'
    '<g stroke="{ink}" stroke-width="0.016" stroke-linejoin="round">'
    '<polygon points="0,-0.5 -0.2,0.5 0,0.33" fill="{ink}"/><polygon points="0,-0.5 0.2,0.5 0,0.33" fill="#FFFFFF"/>'
    "</g></svg>"
)


def add_strip(paper: Paper, sheet: Finished) -> None:
    """Write the strip over the map: 图名, 项目名称, part of the catalogue and 图号."""
    spec, frame = sheet.spec, paper.frame
    box, sizes, colours = frame.title, frame.type, frame.colours
    middle = (box.bottom + box.top) / 2
    paper.rectangle(
        Box(box.left, box.bottom + 2.6, box.left + 1.8, box.top - 2.6), face=colours["accent"], what="色条"
    )
    size, left = sizes["title"], box.left + 5.0
    size = min(size, box.width * 0.55 / measure_em(spec.title))
    width = measure_em(spec.title) * size
    room = Box(left, box.bottom, left + width + 4.0, box.top)
    paper.text(room, spec.title, size_mm=size, bold=True, what="图名")
    x = left + width + 4.5
    rule = Box(x, middle - 3.4, x + frame.lines["inner"], middle + 3.4)
    paper.rectangle(rule, face=colours["rule"], what="竖线")
    number = max(measure_em(spec.number) * 5.4, 14.0)
    right = box.right - number - 12.0
    project = spec.block.project
    size = min(sizes["project"], (right - x) / max(measure_em(project), 1.0))
    paper.text(
        Box(x + 4.0, box.bottom, right + 4.0, box.top),
        project,
        size_mm=size,
        ink=colours["soft"],
        what="项目名称",
    )
    side = Box(right, middle - 2.8, box.right - 2.0, middle + 5.2)
    paper.text(side, spec.number, size_mm=5.4, bold=True, align="right", ink=colours["accent"], what="图号")
    side = Box(right - 40.0, middle - 6.0, box.right - 2.0, middle - 2.0)
    paper.text(side, spec.group, size_mm=sizes["small"], align="right", ink=colours["soft"], what="图组")


def add_rule(paper: Paper, y: float) -> None:
    """Draw a line across the column."""
    column, width = paper.frame.column, paper.frame.lines["rule"]
    box = Box(column.left, y - width / 2, column.right, y + width / 2)
    paper.rectangle(box, face=paper.frame.colours["rule"], what="分隔线")


def add_heading(paper: Paper, box: Box, text: str) -> None:
    room = Box(box.left, box.top, box.right, box.top + HEADING_MM)
    paper.text(
        room, text, size_mm=paper.frame.type["heading"], bold=True, what=f"{text.replace(' ', '')}标题"
    )


def add_scale(paper: Paper, sheet: Finished, places: Furniture, main: str) -> None:
    """Write the numeric scale and draw bar and arrow, one over the other in a narrow strip."""
    frame, box, report = paper.frame, places.scale, sheet.report
    sizes, soft = frame.type, frame.colours["soft"]
    narrow = box.width < _NARROW
    room = Box(box.left, box.top - 6.1, box.right, box.top - 1.1)
    paper.text(room, f"比例尺  1:{report.scale}", size_mm=sizes["heading"], bold=True, what="比例")
    _add_bar(
        paper,
        Box(
            box.left + 1.0,
            box.top - 13.2,
            box.left + 1.0 + report.scale_bar_m * 1000 / report.scale + 9.0,
            box.top - 6.6,
        ),
        sheet,
        main,
    )
    height = 15.0 if narrow else 13.0
    x = (box.left + box.right) / 2 if narrow else box.right - 7.5
    y = box.top - 29.0 if narrow else (box.bottom + box.top) / 2 - 1.0
    arrow = Box(x - height / 2, y - height / 2, x + height / 2, y + height / 2)
    paper.picture(arrow, _ARROW.format(ink=frame.colours["ink"]), main, "指北针")
    top = Box(x - 4.0, arrow.top, x + 4.0, arrow.top + 4.0)
    paper.text(top, "北", size_mm=sizes["heading"], bold=True, align="centre", what="北")
    lean = tell_lean(report.north_deg)
    if narrow:
        room = Box(box.left, y - 18.0, box.right, y - 10.0)
        paper.text(room, f"箭头指真北\n{lean}", size_mm=sizes["small"], align="centre", ink=soft, what="偏角")
    else:
        room = Box(box.left, box.bottom + 1.6, box.right - 15.0, box.bottom + 5.6)
        paper.text(room, f"箭头指真北，{lean}", size_mm=sizes["small"], ink=soft, what="偏角")


def _add_bar(paper: Paper, box: Box, sheet: Finished, main: str) -> None:
    report, frame = sheet.report, paper.frame
    part_m = report.scale_bar_m / 4
    ink = rgba(frame.colours["ink"])
    node = paper.item(
        BAR, box, "比例尺", mapUuid=main, style="Single Box", unitType="meters", unitLabel="米", numSegments="4",
        numSegmentsLeft="0", numUnitsPerSegment=part_m, numMapUnitsPerScaleBarUnit="1", segmentSizeMode="0",
        segmentMillimeters=part_m * 1000 / report.scale, minBarWidth="5", maxBarWidth="150", height="1.3",
        subdivisionsHeight="1", numSubdivisions="1", labelBarSpace="0.8", boxContentSpace="0", alignment="0",
        labelVerticalPlacement="0", labelHorizontalPlacement="0", lineCapStyle="square", lineJoinStyle="miter",
        outlineWidth="0.18",
    )  # fmt: skip
    add_text_style(node, frame.type["small"], frame.colours["ink"])
    add(node, "strokeColor", **ink)
    add(node, "fillColor", **ink)
    add(node, "fillColor2", **rgba("#FFFFFF"))
    form = add(node, "numericFormat", id="basic")
    add_map(form, {"decimals": 0, "show_thousand_separator": False, "rounding_type": 0})
    strokes = {
        "line_color": colour(frame.colours["ink"]),
        "line_style": "solid",
        "line_width": "0.18",
        "line_width_unit": "MM",
    }
    faces = {"color": colour(frame.colours["ink"]), "style": "solid", "outline_style": "no"}
    for tag, kind, name, options in (
        ("lineSymbol", "line", "SimpleLine", strokes),
        ("divisionLineSymbol", "line", "SimpleLine", strokes),
        ("subdivisionLineSymbol", "line", "SimpleLine", strokes),
        ("fillSymbol1", "fill", "SimpleFill", faces),
        ("fillSymbol2", "fill", "SimpleFill", {**faces, "color": "255,255,255,255"}),
    ):
        holder = add(
            add(node, tag), "symbol", name="", type=kind, alpha="1", clip_to_extent=True, force_rhr=False
        )
        layer = Tree.SubElement(holder, "layer", {"class": name, "pass": "0", "enabled": "1", "locked": "0"})
        write_options(layer, options)


def add_table(paper: Paper, layout: TableLayout, box: Box) -> None:
    """Set a side table as the sheet has it, panel by panel."""
    title = layout.table.title
    room = Box(box.left, box.top - _TITLE_MM, box.right, box.top)
    paper.text(room, title, size_mm=2.8, bold=True, what="附表标题")
    left = box.left
    for number, (panel, heights) in enumerate(zip(layout.panels, layout.heights, strict=True)):
        right, top = left + sum(layout.widths), box.top - _TITLE_MM
        paper.table(
            Box(left, top - sum(heights), right, top),
            [["\n".join(cell) for cell in row] for row in panel],
            widths=layout.widths, heights=heights, size_mm=layout.size, numeric=layout.table.numeric,
            what=f"{title}{number + 1}",
        )  # fmt: skip
        left = right + (layout.width - len(layout.panels) * sum(layout.widths)) / max(
            len(layout.panels) - 1, 1
        )
    if layout.left_out:
        where = "续表见图内" if layout.continued else "见表格与数据库成果"
        foot = Box(box.left, box.bottom, box.right, box.bottom + 3.6)
        text = f"另有 {layout.left_out} 行，{where}"
        paper.text(
            foot, text, size_mm=layout.size, align="right", ink=paper.frame.colours["soft"], what="附表余行"
        )


def add_remarks(paper: Paper, places: Furniture, absent: Sequence[str]) -> None:
    """Write the sheet's remarks; what the database does not hold is told under the map, not in their room."""
    frame = paper.frame
    size = frame.type["small"]
    if places.notes is not None:
        add_rule(paper, places.notes.top + HEADING_MM)
        add_heading(paper, places.notes, "说  明")
        y = places.notes.top
        for number, text in places.lines:
            line = Box(places.notes.left, y - size * _LEADING, places.notes.right, y)
            if number:
                paper.text(line, number, size_mm=size, what="说明序号")
            paper.text(
                Box(line.left + 3.6, line.bottom, line.right + 3.0, line.top), text, size_mm=size, what="说明"
            )
            y -= size * _LEADING
    if absent:
        said = f"{read_settings('qgis.yaml')['told']}{'；'.join(absent)}。"
        lines = wrap_text(said, frame.map.width - 8.0, size)
        height = len(lines) * size * _LEADING
        low = frame.map.bottom + 2.0
        if any(box.left < frame.map.right and box.bottom < low + height + 2.0 for _, box in places.tables):
            low = frame.map.top - 2.0 - height
        room = Box(frame.map.left + 3.0, low, frame.map.right - 3.0, low + height)
        paper.text(room, "\n".join(lines), size_mm=size, ink=frame.colours["soft"], what="与图件的差别")


def add_block(paper: Paper, sheet: Finished, box: Box) -> None:
    """Draw the 图签."""
    frame, sizes = paper.frame, paper.frame.type
    rule, soft = frame.colours["rule"], frame.colours["soft"]
    for label, value, cell, abreast in block_cells(sheet.spec, box):
        split = cell.left + label_width(label, abreast)
        head = Box(cell.left, cell.bottom, split, cell.top)
        paper.rectangle(
            head, face=frame.colours["zebra"], edge=rule, width_mm=frame.lines["rule"], what=f"{label}格"
        )
        paper.rectangle(cell, edge=rule, width_mm=frame.lines["rule"], what=f"{label}框")
        paper.text(head, label, size_mm=sizes["small"], align="centre", ink=soft, what=f"{label}栏名")
        size, lines = _fit(value, cell.right - split - 2.0, cell.height, sizes)
        for number, line in enumerate(lines):
            # Line by line, because the font's own leading is wider than the cell.
            lift = ((len(lines) - 1) / 2 - number) * size * _BLOCK_LEADING
            room = Box(split + 1.2, cell.bottom + lift, cell.right, cell.top + lift)
            paper.text(room, line, size_mm=size, what=label)
    paper.rectangle(box, edge=frame.colours["ink"], width_mm=frame.lines["title_block"], what="图签框")


def _fit(value: str, room: float, height: float, sizes: dict[str, float]) -> tuple[float, list[str]]:
    """Return the size and lines with which a text fits its cell of the 图签."""
    size = sizes["body"]
    lines = wrap_text(value, room, size)
    while len(lines) > max(1, int(height // (size * 1.1))) and size > sizes["minimum"]:
        size = max(sizes["minimum"], size - 0.1)
        lines = wrap_text(value, room, size)
    return size, lines
