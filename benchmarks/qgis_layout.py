"""Run by QGIS's own Python, never imported: prints layers on an A3 layout and says how long that took.

Reads one JSON object on standard input and writes one on standard output; knows nothing of this product.
"""

import json
import sys
import time
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutItemScaleBar,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsPrintLayout,
    QgsProject,
    QgsRectangle,
    QgsRendererCategory,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor, QFontDatabase

MM = QgsUnitTypes.LayoutMillimeters


def make_symbol(kind, look):
    """Return a symbol of one class: fill, line or marker in its colours and millimetres."""
    line = look["line"] or look["fill"] or "#555555"
    if kind == 2:
        return QgsFillSymbol.createSimple({
            "color": look["fill"] or "0,0,0,0", "style": "solid" if look["fill"] else "no", "outline_color": line,
            "outline_style": "solid" if look["line_mm"] else "no", "outline_width": str(look["line_mm"]), "outline_width_unit": "MM",
        })  # fmt: skip
    if kind == 1:
        return QgsLineSymbol.createSimple(
            {"color": line, "width": str(look["line_mm"] or 0.3), "width_unit": "MM"}
        )
    return QgsMarkerSymbol.createSimple(
        {"color": look["fill"] or line, "size": str(look["size_mm"] or 2), "size_unit": "MM"}
    )


def open_layer(item, family):
    """Open one layer of a sheet with its classes and labels."""
    layer = QgsVectorLayer(f"{item['path']}|layername={item['name']}", item["name"], "ogr")
    if not layer.isValid():
        raise SystemExit(f"QGIS cannot open {item['name']}")
    rows = [
        QgsRendererCategory(value, make_symbol(layer.geometryType(), look), value)
        for value, look in item["classes"].items()
    ]
    layer.setRenderer(QgsCategorizedSymbolRenderer("class", rows))
    if item["label"]:
        text = QgsTextFormat()
        text.setFont(QFontDatabase().font(family, "", 9))
        text.setSize(item["label_mm"])
        text.setSizeUnit(QgsUnitTypes.RenderMillimeters)
        halo = QgsTextBufferSettings()
        halo.setEnabled(True)
        halo.setSize(0.4)
        halo.setColor(QColor("white"))
        text.setBuffer(halo)
        settings = QgsPalLayerSettings()
        settings.fieldName = "label"
        settings.setFormat(text)
        layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
        layer.setLabelsEnabled(True)
    return layer


def place(item, box):
    """Put a layout item at its box, mm from the upper left corner of the page."""
    item.attemptMove(QgsLayoutPoint(box[0], box[1], MM))
    item.attemptResize(QgsLayoutSize(box[2], box[3], MM))


def print_sheet(sheet, family, folder):
    """Lay out one sheet with map, title, legend and bar; export it as JPG and PDF; return the seconds of each."""
    begun = time.process_time()
    project = QgsProject()
    layers = [open_layer(item, family) for item in sheet["layers"]]
    project.addMapLayers(layers)
    project.setCrs(layers[0].crs())
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.pageCollection().page(0).setPageSize(QgsLayoutSize(420, 297, MM))
    drawn = QgsLayoutItemMap(layout)
    place(drawn, sheet["box"])
    drawn.setLayers(layers[::-1])
    drawn.setExtent(QgsRectangle(*sheet["window"]))
    layout.addLayoutItem(drawn)
    title = QgsLayoutItemLabel(layout)
    title.setText(sheet["title"])
    place(title, [30, 8, 200, 12])
    layout.addLayoutItem(title)
    legend = QgsLayoutItemLegend(layout)
    legend.setLinkedMap(drawn)
    place(legend, [sheet["box"][0] + sheet["box"][2] + 3, 60, 75, 120])
    layout.addLayoutItem(legend)
    bar = QgsLayoutItemScaleBar(layout)
    bar.setLinkedMap(drawn)
    bar.applyDefaultSize()
    place(bar, [sheet["box"][0] + sheet["box"][2] + 3, 30, 75, 15])
    layout.addLayoutItem(bar)
    exporter = QgsLayoutExporter(layout)
    image = QgsLayoutExporter.ImageExportSettings()
    image.dpi = 300
    ready = time.process_time()
    good = [exporter.exportToImage(f"{folder}/{sheet['number']}.jpg", image)]
    jpg = time.process_time()
    paper = QgsLayoutExporter.PdfExportSettings()
    paper.dpi = 300
    paper.rasterizeWholeImage = False
    good.append(exporter.exportToPdf(f"{folder}/{sheet['number']}.pdf", paper))
    pdf = time.process_time()
    if any(good):
        raise SystemExit(f"QGIS could not export {sheet['number']}: {good}")
    return {"open": ready - begun, "jpg": jpg - ready, "pdf": pdf - jpg}


def main():
    """Print every sheet asked for, one after the other in one warm program."""
    wish = json.load(sys.stdin)
    program = QgsApplication([], False)
    program.initQgis()
    number = QFontDatabase.addApplicationFont(wish["font"])
    family = QFontDatabase.applicationFontFamilies(number)[0]
    seconds = {sheet["number"]: print_sheet(sheet, family, wish["folder"]) for sheet in wish["sheets"]}
    status = Path("/proc/self/status").read_text().splitlines()
    high = next(int(row.split()[1]) for row in status if row.startswith("VmHWM"))
    json.dump({"seconds": seconds, "peak_mb": high / 1024}, sys.stdout)
    sys.stdout.flush()
    program.exitQgis()


main()
