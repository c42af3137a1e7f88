"""Run by QGIS's own Python, never imported: opens styled layers or a project, checks and renders what it is asked to.

Reads one JSON object on standard input and writes one on standard output; knows nothing of this product.
"""

import json
import random
import sys
import tempfile
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateTransform,
    QgsExpressionContextUtils,
    QgsGeometry,
    QgsLayoutExporter,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProject,
    QgsProjectBadLayerHandler,
    QgsProviderRegistry,
    QgsRectangle,
    QgsRenderContext,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QFontDatabase
from qgis.PyQt.QtXml import QDomDocument

MM_PER_INCH = 25.4


def open_layer(path, name):
    """Open a layer with its default style, as the browser panel does."""
    layer = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
    if not layer.isValid():
        raise SystemExit(f"QGIS cannot open {name}")
    return layer


def check_styles(path, name, styles):
    """Load every style of a layer; return what QGIS says of each."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number, style in enumerate(styles):
            layer = open_layer(path, name)
            # Not loadNamedStyle: a layer that has styles in its database takes those, whatever file it is given.
            document = QDomDocument()
            good, message, *_ = document.setContent(style["qml"])
            if good:
                good, message = layer.importNamedStyle(document)
            renderer = layer.renderer()
            told = {"layer": name, "style": style["name"], "qml": good, "message": message,
                    "type": renderer.type(), "labels": layer.labelsEnabled(),
                    "items": [item.label() for item in renderer.legendSymbolItems()]}  # fmt: skip
            file = Path(folder) / f"{number}.sld"
            file.write_text(style["sld"], encoding="utf-8")
            plain = open_layer(path, name)
            message, good = plain.loadSldStyle(str(file))
            told |= {"sld": good, "sld_message": message, "sld_type": plain.renderer().type(),
                     "sld_items": [item.label() for item in plain.renderer().legendSymbolItems()]}  # fmt: skip
            found.append(told)
    return found


def render(path, job):
    """Render layers by their default styles, the first on top, and save the picture."""
    settings = QgsMapSettings()
    layers = [open_layer(path, name) for name in job["layers"]]
    for layer in layers:
        layer.setLabelsEnabled(layer.labelsEnabled() and job.get("labels", True))
        if job.get("sld"):
            with tempfile.NamedTemporaryFile("w", suffix=".sld", encoding="utf-8") as file:
                file.write(job["sld"][layer.name()])
                file.flush()
                layer.loadSldStyle(file.name)
    settings.setLayers(layers)
    settings.setDestinationCrs(layers[0].crs())
    settings.setOutputSize(QSize(*job["pixels"]))
    settings.setOutputDpi(job["dpi"])
    settings.setExtent(QgsRectangle(*job["extent"]))
    settings.setBackgroundColor(QColor("white"))
    settings.setFlag(Qgis.MapSettingsFlag.Antialiasing, True)
    task = QgsMapRendererParallelJob(settings)
    task.start()
    task.waitForFinished()
    errors = [f"{error.layerID}: {error.message}" for error in task.errors()]
    task.renderedImage().save(job["out"], "PNG")
    extent = settings.visibleExtent()
    return {
        "out": job["out"],
        "errors": errors,
        "scale": settings.scale(),
        "extent": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
    }


class BadLayers(QgsProjectBadLayerHandler):
    """Takes note of the layers for which QGIS would open its dialog of unavailable layers."""

    found = ()

    def handleBadLayers(self, layers):  # noqa: N802
        self.found = [layer.namedItem("layername").toElement().text() for layer in layers]


def open_project(wish):
    """Open a project, export layouts as pictures, and say where on them which class lies."""
    words, bad = [], BadLayers()
    QgsApplication.messageLog().messageReceived.connect(
        lambda text, tag, level: words.append(f"{tag}: {text}")
    )
    project = QgsProject.instance()
    project.setBadLayerHandler(bad)
    good = project.read(wish["project"])
    layers = list(project.mapLayers().values())
    told = {
        "read": good, "error": project.error(), "bad": list(bad.found), "words": words,
        "layers": {layer.id(): {"valid": layer.isValid(), "name": layer.name(), "styles": sorted(layer.styleManager().styles()),
                                "aliases": [field.alias() for field in layer.fields()],
                                "source": layer.source()} for layer in layers},
        "relations": {r.id(): r.isValid() for r in project.relationManager().relations().values()},
        "themes": project.mapThemeCollection().mapThemes(),
        "layouts": {},
    }  # fmt: skip
    for layout in project.layoutManager().printLayouts():
        number = layout.name().split()[0]
        told["layouts"][number] = {"name": layout.name()}
        if wish["sheets"] is None or number in wish["sheets"]:
            told["layouts"][number] |= print_layout(project, layout, wish, number)
    return told


def print_layout(project, layout, wish, number):
    """Export one layout and return where its map is and the points to look at."""
    settings = QgsLayoutExporter.ImageExportSettings()
    settings.dpi = wish["dpi"]
    settings.generateWorldFile = False
    out = str(Path(wish["folder"]) / f"{number}.png")
    code = QgsLayoutExporter(layout).exportToImage(out, settings)
    shown = layout.itemById("主图")
    place, size, extent = shown.pagePos(), shown.rect(), shown.extent()
    return {
        "out": out, "code": int(code), "scale": shown.scale(), "theme": shown.followVisibilityPresetName(),
        "box": [place.x(), place.y(), size.width(), size.height()],
        "extent": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
        "legend": [node.data(0) for tree in layout.itemById("图例").model().rootGroup().findLayers()
                   for node in layout.itemById("图例").model().layerLegendNodes(tree)] if layout.itemById("图例") else [],
        "points": find_points(project, shown, wish["seed"]),
    }  # fmt: skip


def find_points(project, shown, seed):
    """Return layer, class, x and y of points inside the areas of every class that a map shows."""
    found = []
    dice = random.Random(seed)
    record = project.mapThemeCollection().mapThemeState(shown.followVisibilityPresetName())
    window = QgsGeometry.fromRect(shown.extent())
    for entry in record.layerRecords():
        layer = entry.layer()
        if layer.geometryType() != QgsWkbTypes.PolygonGeometry:
            continue
        layer.styleManager().setCurrentStyle(entry.currentStyle)
        context = QgsRenderContext.fromMapSettings(
            shown.mapSettings(shown.extent(), shown.rect().size(), 96, True)
        )
        context.expressionContext().appendScope(QgsExpressionContextUtils.layerScope(layer))
        renderer = layer.renderer().clone()
        if renderer.type() == "invertedPolygonRenderer":
            continue
        names = {item.ruleKey(): item.label() for item in renderer.legendSymbolItems()}
        renderer.startRender(context, layer.fields())
        classes = {}
        place = QgsCoordinateTransform(layer.crs(), shown.crs(), project)
        for feature in layer.getFeatures():
            context.expressionContext().setFeature(feature)
            for key in sorted(renderer.legendKeysForFeature(feature, context)):
                if key in names:  # not the root of rules
                    shape = QgsGeometry(feature.geometry())
                    shape.transform(place)
                    classes.setdefault(names[key], []).append(shape)
        renderer.stopRender(context)
        for name, shapes in sorted(classes.items()):
            dice.shuffle(shapes)
            for shape in shapes[:40]:
                found += [
                    (layer.id(), name, *xy)
                    for xy in pick_inside(shape.intersection(window), dice, shown.scale())
                ]
    return found


def pick_inside(shape, dice, scale):
    """Return up to eight points of an area, at least half a millimetre of paper from its edge."""
    inner = shape.buffer(-0.0006 * scale, 4)
    if inner.isEmpty():
        return []
    points = [inner.pointOnSurface().asPoint()]
    box = inner.boundingBox()
    for _ in range(24):
        x, y = dice.uniform(box.xMinimum(), box.xMaximum()), dice.uniform(box.yMinimum(), box.yMaximum())
        if len(points) < 8 and inner.contains(QgsPointXY(x, y)):
            points.append(QgsPointXY(x, y))
    return [(point.x(), point.y()) for point in points]


def main():
    """Do what standard input asks for."""
    wish = json.load(sys.stdin)
    application = QgsApplication([], False)
    application.initQgis()
    for font in wish.get("fonts", []):
        QFontDatabase.addApplicationFont(font)
    assert "ogr" in QgsProviderRegistry.instance().providerList()
    told = {"version": Qgis.QGIS_VERSION, "styles": [], "renders": []}
    if "project" in wish:
        told |= open_project(wish)
    for name, styles in wish.get("styles", {}).items():
        told["styles"] += check_styles(wish["path"], name, styles)
    for job in wish.get("renders", []):
        told["renders"].append(render(wish["path"], job))
    json.dump(told, sys.stdout, ensure_ascii=False)
    sys.stdout.flush()
    application.exitQgis()


main()
