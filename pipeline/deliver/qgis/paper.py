"""A page of a layout: rectangles, texts, pictures and tables in millimetres, as the sheets have them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from xml.etree import ElementTree as Tree

from pipeline.deliver.qgis.nodes import add, add_map, describe_font, identify, points, rgba
from styles.fonts import FAMILY_NAMES
from styles.frame import Box, Frame
from styles.qml_strokes import colour, write_options

# QgsLayoutItemRegistry::ItemType.
PAGE, MAP, PICTURE, LABEL, LEGEND, SHAPE, BAR, FRAME = (
    65638, 65639, 65640, 65641, 65642, 65643, 65646, 65647,
)  # fmt: skip
TABLE = 65652
_RECTANGLE = "1"
# Qt::Alignment.
ALIGN = {"left": 1, "right": 2, "centre": 4}
_TOP, _MIDDLE = 32, 128
_CELL_MM = 0.9  # clear paper round the text of a cell; QGIS adds it to widths and heights
_SLACK_MM = 0.5
_OUTLINE_EM = 0.02
_FONT_LEADING, _TABLE_LEADING = 1.448, 1.22  # em from line to line: of the font itself, of the sheets' tables


class Paper:
    """One layout being written.

    Items are stacked in the order they are added; boxes are the sheet's, from the lower left corner.
    """

    def __init__(self, parent: Tree.Element, name: str, frame: Frame) -> None:
        self.name, self.frame = name, frame
        self.node = add(parent, "Layout", name=name, units="mm", printResolution=frame.dpi, worldFileMap="")
        add(self.node, "Snapper", tolerance="5", snapToItems=True, snapToGuides=True, snapToGrid=False)
        add(
            self.node, "Grid", offsetX="0", offsetY="0", resolution="10", resUnits="mm", offsetUnits="mm"
        )  # fmt: skip
        self._count = 0
        pages = add(self.node, "PageCollection")
        _fill(pages, {"color": "255,255,255,255", "style": "solid", "outline_style": "no"})
        sheet = self.item(PAGE, frame.page, "页", parent=pages, background=True)
        _fill(sheet, {"color": "255,255,255,255", "style": "solid", "outline_style": "no"})
        add(pages, "GuideCollection", visible=True)

    def identify(self, what: str) -> str:
        """Return the identifier of an item of this layout."""
        return identify(self.name, what)

    def item(
        self, kind: int, box: Box, what: str, *, parent: Tree.Element | None = None, background: bool = False,
        framed: float = 0.0, **more: object,
    ) -> Tree.Element:  # fmt: skip
        """Add an item; ``framed`` is the width of its frame, mm."""
        self._count += 1
        place = f"{box.left:.4f},{self.frame.page.height - box.top:.4f},mm"
        key = self.identify(f"{self._count}/{what}")
        node = add(
            self.node if parent is None else parent, "LayoutItem", type=kind, id=what, uuid=key, templateUuid=key,
            position=place, positionOnPage=place, size=f"{box.width:.4f},{box.height:.4f},mm", referencePoint="0",
            zValue=self._count, itemRotation="0", opacity="1", visibility=True, blendMode="0", groupUuid="",
            positionLock="false", excludeFromExports=False, frame=_truth(framed > 0), frameJoinStyle="miter",
            outlineWidthM=f"{framed or 0.3:g},mm", background=_truth(background), **more,
        )  # fmt: skip
        add(node, "FrameColor", **rgba(self.frame.colours["ink"]))
        add(node, "BackgroundColor", **rgba(self.frame.colours["box"]))
        return node

    def rectangle(
        self, box: Box, *, face: str = "", edge: str = "", width_mm: float = 0.0, what: str = "框"
    ) -> None:
        """Draw a rectangle."""
        node = self.item(SHAPE, box, what, shapeType=_RECTANGLE, cornerRadiusMeasure="0,mm")
        options = {
            "color": colour(face or "#FFFFFF"), "style": "solid" if face else "no", "joinstyle": "miter",
            "outline_color": colour(edge or "#000000"), "outline_style": "solid" if edge else "no",
            "outline_width": f"{width_mm:g}", "outline_width_unit": "MM",
        }  # fmt: skip
        _fill(node, options)

    def text(
        self, box: Box, text: str, *, size_mm: float, ink: str = "", bold: bool = False, align: str = "left",
        top: bool = False, what: str = "文字",
    ) -> None:  # fmt: skip
        """Write text in a box, in its middle or from its top."""
        node = self.item(
            LABEL, box, what, labelText=text, htmlState="0", marginX="0", marginY="0",
            halign=ALIGN[align], valign=_TOP if top else _MIDDLE,
        )  # fmt: skip
        tone = ink or self.frame.colours["ink"]
        # Versions before 3.24 read the font, later ones the style.
        add(node, "LabelFont", description=describe_font(size_mm, bold=bold), style="")
        add(node, "FontColor", **rgba(tone))
        add_text_style(node, size_mm, tone, bold=bold)

    def picture(self, box: Box, svg: str, linked: str, what: str) -> None:
        """Draw an SVG that turns to true north of a map."""
        self.item(
            PICTURE, box, what, file="base64:" + base64.b64encode(svg.encode()).decode("ascii"), mode="0", resizeMode="0",
            anchorPoint="4", mapUuid=linked, northMode="1", northOffset="0", pictureRotation="0",
            pictureWidth="0", pictureHeight="0", svgFillColor="255,255,255,255", svgBorderColor="0,0,0,255",
            svgBorderWidth="0.2",
        )  # fmt: skip

    def table(
        self, box: Box, rows: Sequence[Sequence[str]], *, widths: Sequence[float], heights: Sequence[float],
        size_mm: float, numeric: Sequence[int], what: str,
    ) -> None:  # fmt: skip
        """Set a table of three lines, its first row the head, columns and rows as wide and high as the sheet's."""
        # Cells of one table of QGIS have one font, and the head is bold.
        head = Box(box.left, box.top - heights[0], box.right, box.top)
        body = Box(box.left, box.bottom, box.right, head.bottom)
        self._cells(head, rows[:1], widths, heights[:1], size_mm, numeric, f"{what}表头", bold=True)
        if len(rows) > 1:
            self._cells(body, rows[1:], widths, heights[1:], size_mm, numeric, what, bold=False)
        lines, ink = self.frame.lines, self.frame.colours["ink"]
        for y, width in (
            (box.top, lines["inner"]),
            (head.bottom, lines["rule"]),
            (body.bottom, lines["inner"]),
        ):
            rule = Box(box.left, y - width / 2, box.right, y + width / 2)
            self.rectangle(rule, face=ink, what="表线")

    def _cells(
        self, box: Box, rows: Sequence[Sequence[str]], widths: Sequence[float], heights: Sequence[float],
        size_mm: float, numeric: Sequence[int], what: str, *, bold: bool,
    ) -> None:  # fmt: skip
        self._count += 1
        key, frame_key = self.identify(f"{self._count}/{what}"), self.identify(f"{self._count + 1}/{what}栏")
        # A row that does not fit by a hair is not printed.
        box = Box(box.left, box.bottom - _SLACK_MM, box.right + _SLACK_MM, box.top)
        self.item(
            FRAME, box, f"{what}栏", multiFrame=key, multiFrameTemplateUuid=key, sectionX="0", sectionY="0",
            sectionWidth=box.width, sectionHeight=box.height, hidePageIfEmpty=False, hideBackgroundIfEmpty=False,
        )  # fmt: skip
        node = add(
            self.node, "LayoutMultiFrame", type=TABLE, uuid=key, templateUuid=key, resizeMode="0", cellMargin=_CELL_MM,
            emptyTableMode="0", emptyTableMessage="", showEmptyRows=False, headerHAlignment="0", headerMode="2",
            includeHeader="0", wrapBehavior="0", showGrid=False, horizontalGrid=False, verticalGrid=False,
            gridStrokeWidth="0", gridColor=colour(self.frame.colours["rule"]),
            backgroundColor="255,255,255,255",
        )  # fmt: skip
        add(node, "childFrame", uuid=frame_key, templateUuid=frame_key)
        for tag in ("headerTextFormat", "contentTextFormat"):
            add_text_style(
                add(node, tag), size_mm, self.frame.colours["ink"], bold=bold, leading=_TABLE_LEADING
            )
        columns = add(node, "displayColumns")
        for _ in widths:
            column = add(
                columns, "column", attribute="", heading="", hAlignment="1", vAlignment=_MIDDLE, width="0",
                sortByRank="0", sortOrder="0",
            )  # fmt: skip
            add(column, "backgroundColor", red="0", green="0", blue="0", alpha="0")
        contents = add(node, "contents")
        for place, row in enumerate(rows):
            line = add(contents, "row")
            for number, cell in enumerate(row):
                align = ALIGN["right" if number in numeric else "left"]
                options = add_map(line, {"content": cell, "halign": align, "valign": _MIDDLE})
                if place % 2:
                    zebra = colour(self.frame.colours["zebra"])
                    add(options, "Option", name="background", type="color", value=zebra)
        sizes = add(node, "rowHeights")
        for height in heights:
            add(sizes, "row", height=height - 2 * _CELL_MM)
        sizes = add(node, "columnWidths")
        for width in widths:
            add(sizes, "column", width=width - 2 * _CELL_MM)

    def finish(self) -> None:
        """Add what every layout ends with."""
        add_map(add(self.node, "customproperties"), {"singleFile": True})
        add(self.node, "Atlas", coverageLayer="", enabled=False, hideCoverage=False)


def add_text_style(
    node: Tree.Element, size_mm: float, ink: str, *, bold: bool = False, leading: float = 0.0
) -> None:
    """Add a text format in the sheets' font; ``leading`` in em where it is not the font's own."""
    style = add(
        node, "text-style", fontFamily=FAMILY_NAMES["sans"], namedStyle="", fontSize=points(size_mm), fontSizeUnit="Point",
        fontWeight="75" if bold else "50", forcedBold=bold, textColor=colour(ink), textOpacity="1",
        multilineHeight=f"{leading / _FONT_LEADING if leading else 1:.4g}",
        fontItalic=False, allowHtml=False,
    )  # fmt: skip
    if bold:
        # The fonts have no bold; the sheets draw an outline round the same letters.
        add(
            style, "text-buffer", bufferDraw=True, bufferSize=_OUTLINE_EM * size_mm, bufferSizeUnits="MM",
            bufferColor=colour(ink), bufferOpacity="1", bufferJoinStyle="128", bufferNoFill=False,
        )  # fmt: skip


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _fill(parent: Tree.Element, options: dict[str, str]) -> None:
    symbol = add(parent, "symbol", name="", type="fill", alpha="1", clip_to_extent=True, force_rhr=False)
    layer = Tree.SubElement(
        symbol, "layer", {"class": "SimpleFill", "pass": "0", "enabled": "1", "locked": "0"}
    )
    write_options(layer, options)
