"""Run by QGIS's own Python, never imported: opens styled layers, checks every style, renders what it is asked to.

Reads one JSON object on standard input and writes one on standard output; knows nothing of this product.
"""

import json
import sys
import tempfile
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProviderRegistry,
    QgsRectangle,
    QgsVectorLayer,
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


def main():
    """Do what standard input asks for."""
    wish = json.load(sys.stdin)
    application = QgsApplication([], False)
    application.initQgis()
    for font in wish.get("fonts", []):
        QFontDatabase.addApplicationFont(font)
    assert "ogr" in QgsProviderRegistry.instance().providerList()
    told = {"version": Qgis.QGIS_VERSION, "styles": [], "renders": []}
    for name, styles in wish.get("styles", {}).items():
        told["styles"] += check_styles(wish["path"], name, styles)
    for job in wish.get("renders", []):
        told["renders"].append(render(wish["path"], job))
    json.dump(told, sys.stdout, ensure_ascii=False)
    sys.stdout.flush()
    application.exitQgis()


main()
