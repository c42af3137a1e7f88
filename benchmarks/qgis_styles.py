"""Does what opens in QGIS look like the sheet?  Renders a hand-in's GeoPackage by its own styles and compares.

``python -m benchmarks.qgis_styles output/sample/成果`` needs QGIS's Python (``QGIS_PYTHON``, else /usr/bin/python3).
For every style QGIS is asked whether it takes it; for each subject below the layer is rendered with its default style in
the sheet's map box at the sheet's scale and resolution, and colours are compared where both pictures are even: inside
areas, away from labels and lines.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from PIL import Image

from configs import read_settings
from layers import codes
from layers.reachable import CoverArea, Scope
from pipeline.deliver.atlas.compose import MARGIN_MM
from pipeline.deliver.sheet.scale import MapTransform, choose_scale
from styles.fonts import font_path
from styles.frame import MM_PER_INCH, load_frame

Image.MAX_IMAGE_PIXELS = None
_WORKER = Path(__file__).with_name("qgis_worker.py")
_PLANNED, _STUDIED = codes.SCOPE.values
_SCOPE = "HSQ_GXFW"
_BUILDINGS, _GROUNDS, _ROADS = "HSQ_XZJZ", "HSQ_GGKJ", "HSQ_DL"
# Sheet → layer drawn on it by its default style, what to narrow the layer to, and layers whose areas the sheet draws
# over it or shows through it, or lines: points in those are not looked at.
SUBJECTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "1-02": ("HSQ_XZYD", "", ()),
    "5-02": ("HSQ_GHYD", "", ()),
    "1-03": (_BUILDINGS, "", ()),
    "5-01": ("HSQ_GXBJ", "", ()),
    "1-09": (_GROUNDS, "", (_BUILDINGS, _ROADS)),
    "1-10": ("HSQ_FGQ", "elder_daycare", (_BUILDINGS, _GROUNDS, _ROADS)),
}
_LEAST_POINTS, _LEAST_SHARE = 50, 0.95
_STEP_MM = 1.6  # between points that are looked at
_INSIDE_MM = 0.5  # at least this far inside an area
_ROAD_MM = 1.5  # and this far from the middle of a road
_EVEN = 6  # largest spread of a channel within the window of a point that counts as even
_WINDOW = 2  # pixels on each side
_SAME = 8  # largest difference of a channel that counts as the same colour: JPEG of quality 93


@dataclass(frozen=True)
class Compared:
    """One subject by QML or SLD: colours seen, points looked at and of the same colour, median and largest difference."""

    sheet: str
    layer: str
    form: str
    classes: int
    points: int
    same: int
    median: float
    worst: int


def find_qgis() -> str | None:
    """Return a Python that can import QGIS, or None."""
    for python in (os.environ.get("QGIS_PYTHON"), "/usr/bin/python3"):
        if python and shutil.which(python):
            done = subprocess.run([python, "-c", "import qgis.core"], capture_output=True, check=False)
            if done.returncode == 0:
                return python
    return None


def ask_qgis(
    python: str, wish: dict[str, Any], *, timeout: float = 600, worker: Path = _WORKER
) -> dict[str, Any]:
    """Send a wish to a worker and return what it says; RuntimeError with its last words when it fails."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    done = subprocess.run(
        [python, str(worker)], input=json.dumps(wish), capture_output=True, text=True, check=False,
        env={**clean, "QT_QPA_PLATFORM": "offscreen"}, timeout=timeout,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"QGIS 退出码 {done.returncode}：{done.stderr[-800:]}")
    return dict(json.loads(done.stdout))


def read_styles(path: Path) -> dict[str, list[dict[str, str]]]:
    """Return the rows of ``layer_styles`` by layer."""
    found: dict[str, list[dict[str, str]]] = {}
    query = "SELECT f_table_name, styleName, styleQML, styleSLD FROM layer_styles ORDER BY id"
    with closing(sqlite3.connect(path)) as base:
        for table, name, qml, sld in base.execute(query):
            found.setdefault(table, []).append({"name": name, "qml": qml, "sld": sld})
    return found


def place_sheet(path: Path, number: str) -> MapTransform:
    """Return where a sheet of the catalogue puts the ground, from the scopes in the database."""
    sheets = read_settings("catalogue.yaml")["sheets"]
    sheet = next(item for item in sheets if item["number"] == number)
    frames = [load_frame(s.get("layout", "standard")) for s in sheets if s["extent"] == sheet["extent"]]
    room = (min(frame.map.width for frame in frames), min(frame.map.height for frame in frames))
    scopes = pyogrio.read_dataframe(path, layer=_SCOPE)
    kind = _PLANNED if sheet["extent"] == "plan" else _STUDIED
    bounds = tuple(scopes[scopes[Scope.kind.spec.onemap] == kind].total_bounds)
    scale = choose_scale(bounds, room, frames[0].scales, margin=MARGIN_MM)
    return MapTransform.for_extent(bounds, scale, load_frame(sheet.get("layout", "standard")).map)


def render_job(path: Path, number: str, out: Path, *, sld: str = "") -> dict[str, Any]:
    """Return the wish for one subject: one layer in the whole pixels of the sheet's map box, by its QML or by ``sld``."""
    place, frame = place_sheet(path, number), load_frame()
    left, top, right, bottom = _pixel_box(place)
    metres = MM_PER_INCH / frame.dpi / place.mm_per_m
    dx = left * MM_PER_INCH / frame.dpi - place.box.left
    dy = place.box.top - (frame.page.height - top * MM_PER_INCH / frame.dpi)
    window = place.window
    x, y = window[0] + dx / place.mm_per_m, window[3] - dy / place.mm_per_m
    width, height = right - left, bottom - top
    extent = (x, y - height * metres, x + width * metres, y)
    return {
        "layers": [SUBJECTS[number][0]], "extent": extent, "pixels": (width, height), "dpi": frame.dpi,
        "labels": False, "out": str(out), "sld": {SUBJECTS[number][0]: sld} if sld else {},
    }  # fmt: skip


def _pixel_box(place: MapTransform) -> tuple[int, int, int, int]:
    frame = load_frame()
    share = frame.dpi / MM_PER_INCH
    height = frame.pixels[1] / share
    box = place.box
    return (
        round(box.left * share), round((height - box.top) * share),
        round(box.right * share), round((height - box.bottom) * share),
    )  # fmt: skip


def compare(path: Path, jpg: Path, number: str, picture: Path, form: str) -> Compared:
    """Compare one rendered layer with its sheet."""
    place = place_sheet(path, number)
    layer, narrowed, others = SUBJECTS[number]
    frame = pyogrio.read_dataframe(path, layer=layer)
    if narrowed:
        frame = frame[frame[CoverArea.type_key.spec.onemap] == narrowed]
    left, top, right, bottom = _pixel_box(place)
    with Image.open(jpg) as image:
        sheet = np.asarray(image.convert("RGB").crop((left, top, right, bottom)), dtype=np.int16)
    with Image.open(picture) as image:
        ours = np.asarray(image.convert("RGB"), dtype=np.int16)
    columns, rows = _points(path, frame, others, place, (left, top))
    kept = _even(sheet, rows, columns) & _even(ours, rows, columns)
    columns, rows = columns[kept], rows[kept]
    one, two = sheet[rows, columns], ours[rows, columns]
    difference = np.abs(one - two).max(axis=1)
    classes = len(np.unique(two, axis=0))
    return Compared(
        number, layer, form, classes, len(rows), int((difference <= _SAME).sum()), float(np.median(difference)),
        int(difference.max(initial=0)),
    )  # fmt: skip


def _points(
    path: Path, frame: gpd.GeoDataFrame, others: tuple[str, ...], place: MapTransform, corner: tuple[int, int]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return columns and rows of points inside the layer's areas and 规划范围, in the cropped picture."""
    scopes = pyogrio.read_dataframe(path, layer=_SCOPE)
    plan = scopes[scopes[Scope.kind.spec.onemap] == _PLANNED].geometry.to_numpy()
    inner = shapely.buffer(place.to_page(frame.geometry.to_numpy()), -_INSIDE_MM)
    inner = shapely.intersection(inner, shapely.buffer(place.to_page(plan)[0], -1.0))
    inner = inner[~shapely.is_empty(inner)]
    box = place.box
    x, y = np.meshgrid(np.arange(box.left, box.right, _STEP_MM), np.arange(box.bottom, box.top, _STEP_MM))
    grid = shapely.points(x.ravel(), y.ravel())
    hits = np.unique(shapely.STRtree(grid).query(inner, predicate="contains")[1])
    # Small areas between the points of the grid have one of their own.
    points = np.r_[grid[hits], shapely.point_on_surface(inner)]
    for other in others:
        shapes = place.to_page(pyogrio.read_dataframe(path, layer=other).geometry.to_numpy())
        shapes = shapely.buffer(shapes, np.where(shapely.get_dimensions(shapes) == 1, _ROAD_MM, _INSIDE_MM))
        points = np.delete(
            points, np.unique(shapely.STRtree(points).query(shapes, predicate="intersects")[1])
        )
    chosen = shapely.get_coordinates(points)
    furniture = load_frame()
    share = furniture.dpi / MM_PER_INCH
    columns = np.floor(chosen[:, 0] * share).astype(np.intp) - corner[0]
    rows = np.floor(furniture.pixels[1] - chosen[:, 1] * share).astype(np.intp) - corner[1]
    height, width = _pixel_box(place)[3] - corner[1], _pixel_box(place)[2] - corner[0]
    room = _WINDOW + 1
    inside = (columns >= room) & (columns < width - room) & (rows >= room) & (rows < height - room)
    return columns[inside], rows[inside]


def _even(picture: NDArray[np.int16], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell where a picture has one colour round a point."""
    reach = np.arange(-_WINDOW, _WINDOW + 1)
    window = picture[rows[:, None, None] + reach[:, None], columns[:, None, None] + reach[None, :]]
    spread = window.max(axis=(1, 2)) - window.min(axis=(1, 2))
    return np.asarray(spread.max(axis=1) <= _EVEN)


def run(folder: Path, python: str) -> tuple[dict[str, Any], list[Compared]]:
    """Check every style and compare every subject whose sheet was drawn; return QGIS's words and the results."""
    path = folder / "数据库/一张图.gpkg"
    sheets = {jpg.name.split("_")[0]: jpg for jpg in sorted((folder / "图件/JPG").glob("*.jpg"))}
    there = {str(name) for name, _ in pyogrio.list_layers(path)}
    chosen = [number for number, (layer, *_) in SUBJECTS.items() if number in sheets and layer in there]
    with tempfile.TemporaryDirectory() as place:
        styles = read_styles(path)
        asked = [(number, "QML") for number in chosen]
        # An SLD has no groups to switch off, so layers of many types are not compared by it.
        asked += [(number, "SLD") for number in chosen if not SUBJECTS[number][1]]
        jobs = [
            render_job(
                path, number, Path(place) / f"{number}-{form}.png",
                sld=styles[SUBJECTS[number][0]][0]["sld"] if form == "SLD" else "",
            )
            for number, form in asked
        ]  # fmt: skip
        # QGIS may write beside what it opens; a hand-in stays as it was.
        copy = Path(place) / path.name
        shutil.copy(path, copy)
        wish = {"path": str(copy), "fonts": [str(font_path())], "styles": styles, "renders": jobs}
        told = ask_qgis(python, wish)
        results = [
            compare(path, sheets[number], number, Path(job["out"]), form)
            for (number, form), job in zip(asked, jobs, strict=True)
        ]
    return told, results


def main(arguments: list[str] | None = None) -> int:
    """Print what QGIS takes and how far pictures agree; 0 when it takes every style and every subject agrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("output/sample/成果"))
    folder = parser.parse_args(arguments).folder
    out = sys.stdout.write
    python = find_qgis()
    if python is None:
        out(
            "SKIPPED: no Python here imports qgis.core; install QGIS (Debian: qgis python3-qgis) or set QGIS_PYTHON\n"
        )
        return 0
    told, results = run(folder, python)
    refused = [s for s in told["styles"] if not (s["qml"] and s["sld"])]
    out(f"QGIS {told['version']}: {len(told['styles'])} styles, {len(refused)} refused\n")
    for style in refused:
        out(f"  {style['layer']} {style['style']}: {style['message']} {style['sld_message']}\n")
    out("sheet  layer      form  colours  points  same  share   median  largest difference of a channel\n")
    for r in results:
        share = r.same / r.points if r.points else 0.0
        out(
            f"{r.sheet:6} {r.layer:10} {r.form:4} {r.classes:8} {r.points:7} {r.same:5} {share:7.1%} {r.median:6.0f} {r.worst:6}\n"
        )
    points, same = sum(r.points for r in results), sum(r.same for r in results)
    out(f"together {points} points, {same} the same ({same / max(points, 1):.2%})\n")
    poor = [r for r in results if r.points < _LEAST_POINTS or r.same < _LEAST_SHARE * r.points]
    return int(bool(refused) or bool(poor) or not results)


if __name__ == "__main__":
    raise SystemExit(main())
