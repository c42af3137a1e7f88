"""Does 数据库/一张图.qgz open in QGIS, and do its layouts look like the sheets?

``python -m benchmarks.qgis_project output/sample/成果`` needs QGIS's Python (``QGIS_PYTHON``, else /usr/bin/python3).  QGIS
opens a copy of the project, exports its layouts, and names points inside the areas of every class it draws, picked by a
seed; there the colours are compared with the JPG of the sheet, wherever both pictures are even: away from edges, labels
and marks. Classes that are even nowhere, because they are hatched, are compared by the mean colour round the points; a
class that only one picture shows, because a label of the other lies on it, is not compared.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from benchmarks.qgis_styles import ask_qgis, find_qgis
from pipeline.deliver.geopackage import PATH as DATABASE
from pipeline.deliver.qgis import PATH
from styles.fonts import font_path
from styles.frame import MM_PER_INCH, load_frame

Image.MAX_IMAGE_PIXELS = None
LEAST_POINTS, LEAST_SHARE = 50, 0.95
SEED = 20260101
_WINDOW_MM = 0.17  # on each side of a point: even or not
_ROUND_MM = 0.9  # on each side of a point of a hatched class
_EVEN = 8  # largest spread of a channel that counts as even
_SAME, _ALIKE = 8, 20  # largest difference of a channel: of even colours, of means over a hatch
_UNCOVERED = 0.25
_CLASS_SHARE, _CLASS_POINTS = 0.8, 6  # of the points of one class, where it has that many


@dataclass(frozen=True)
class Agreement:
    """One sheet: classes QGIS draws as areas, points compared, those alike, hatched classes, and those that differ."""

    sheet: str
    classes: int
    points: int
    same: int
    worst: int
    hatched: int
    poor: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the layout agrees with the sheet."""
        return self.points >= LEAST_POINTS and self.same >= LEAST_SHARE * self.points and not self.poor


def open_copy(
    folder: Path, python: str, place: Path, *, sheets: Sequence[str] | None = None, dpi: int = 300
) -> dict[str, Any]:
    """Open a copy of a hand-in's project in QGIS, which may write beside what it opens; return what QGIS says.

    Parameters
    ----------
    folder : 成果.
    place : folder for the copy and the pictures.
    sheets : numbers of the layouts to export; None exports all, an empty list none.
    dpi : of the pictures.
    """
    (place / "数据库").mkdir(parents=True)
    for path in (PATH, DATABASE):
        shutil.copy(folder / path, place / path)
    wish = {
        "project": str(place / PATH), "fonts": [str(font_path())], "sheets": None if sheets is None else list(sheets),
        "dpi": dpi, "seed": SEED, "folder": str(place),
    }  # fmt: skip
    return ask_qgis(python, wish, timeout=1800)


def compare_sheet(jpg: Path, told: dict[str, Any], number: str, *, dpi: int) -> Agreement:
    """Compare an exported layout with the JPG of its sheet."""
    with Image.open(told["out"]) as image:
        ours = np.asarray(image.convert("RGB"), dtype=np.int16)
    with Image.open(jpg) as image:
        sheet = image.convert("RGB")
        if dpi != load_frame().dpi:
            sheet = sheet.resize((ours.shape[1], ours.shape[0]), Image.Resampling.BOX)
        theirs = np.asarray(sheet, dtype=np.int16)
    if (
        np.abs(np.subtract(ours.shape, theirs.shape)).max() > 1
    ):  # QGIS cuts a last pixel that A3 does not fill
        raise ValueError(f"{number}: layout of {ours.shape}, sheet of {theirs.shape}")
    theirs = theirs[: ours.shape[0], : ours.shape[1]]
    points = pd.DataFrame(told["points"], columns=["layer", "class", "x", "y"])
    columns, rows = _pixels(points, told, dpi)
    reach, wide = max(1, round(_WINDOW_MM * dpi / MM_PER_INCH)), round(_ROUND_MM * dpi / MM_PER_INCH)
    inside = (
        (columns > wide) & (rows > wide) & (columns < ours.shape[1] - wide) & (rows < ours.shape[0] - wide)
    )
    points, columns, rows = points[inside], columns[inside], rows[inside]
    near = [_windows(picture, rows, columns, reach) for picture in (ours, theirs)]
    flats = [(w.max(axis=(1, 2)) - w.min(axis=(1, 2))).max(axis=1) <= _EVEN for w in near]
    even, uneven = flats[0] & flats[1], ~flats[0] & ~flats[1]
    difference = np.abs(ours[rows, columns] - theirs[rows, columns]).max(axis=1)
    mean = [_windows(picture, rows, columns, wide).mean(axis=(1, 2)) for picture in (ours, theirs)]
    apart = np.abs(mean[0] - mean[1]).max(axis=1)
    table = points.assign(
        even=even, uneven=uneven, same=difference <= _SAME, difference=difference, apart=apart
    )
    flat = table.groupby(["layer", "class"])["even"].transform("any")
    used, hatched = table[table["even"]], table[~flat & table["uneven"]]
    shares = used.groupby(["layer", "class"])["same"].agg(["mean", "size"])
    # A single point may lie under a mark that only one picture has there.
    poor = list(shares[(shares["mean"] < _CLASS_SHARE) & (shares["size"] >= _CLASS_POINTS)].index)
    # Labels stand elsewhere in QGIS and cover some; a class of another colour differs at every point.
    rough = hatched.groupby(["layer", "class"])["apart"].agg([lambda v: v.quantile(_UNCOVERED), "size"])
    rough.columns = ["apart", "size"]
    poor += list(rough[(rough["apart"] > _ALIKE) & (rough["size"] >= _CLASS_POINTS)].index)
    return Agreement(
        number, table.groupby(["layer", "class"]).ngroups, len(used), int(used["same"].sum()),
        int(used["difference"].max() if len(used) else 0), len(rough),
        tuple(f"{layer.removeprefix('onemap_layer_')} {name}" for layer, name in poor),
    )  # fmt: skip


def _pixels(
    points: pd.DataFrame, told: dict[str, Any], dpi: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    left, top, width, height = told["box"]
    minx, miny, maxx, maxy = told["extent"]
    x = left + (points["x"].to_numpy(dtype=float) - minx) / (maxx - minx) * width
    y = top + (maxy - points["y"].to_numpy(dtype=float)) / (maxy - miny) * height
    share = dpi / MM_PER_INCH
    return np.floor(x * share).astype(np.intp), np.floor(y * share).astype(np.intp)


def _windows(
    picture: NDArray[np.int16], rows: NDArray[np.intp], columns: NDArray[np.intp], reach: int
) -> NDArray[np.int16]:
    steps = np.arange(-reach, reach + 1)
    return picture[rows[:, None, None] + steps[:, None], columns[:, None, None] + steps[None, :]]


def compare_handin(
    folder: Path,
    python: str,
    *,
    sheets: Sequence[str] | None = None,
    dpi: int = 300,
    keep: Path | None = None,
) -> tuple[dict[str, Any], list[Agreement]]:
    """Open the project of a hand-in, compare its layouts with the sheets; return QGIS's words and the results."""
    drawn = {jpg.name.split("_")[0]: jpg for jpg in sorted((folder / "图件/JPG").glob("*.jpg"))}
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        told = open_copy(folder, python, place, sheets=sheets, dpi=dpi)
        found = [
            compare_sheet(drawn[number], layout, number, dpi=dpi)
            for number, layout in sorted(told["layouts"].items())
            if "out" in layout and number in drawn
        ]
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            for picture in place.glob("*.png"):
                shutil.copy(picture, keep)
    return told, found


def list_faults(told: dict[str, Any]) -> list[str]:
    """Return what QGIS says against the project."""
    faults = [] if told["read"] else [f"cannot be read: {told['error']}"]
    faults += [f"unavailable layer: {name}" for name in told["bad"]]
    faults += [f"layer not valid: {key}" for key, layer in told["layers"].items() if not layer["valid"]]
    faults += [f"relation not valid: {key}" for key, good in told["relations"].items() if not good]
    faults += [f"layout not exported: {key}" for key, item in told["layouts"].items() if item.get("code")]
    return faults + told["words"]


def main(arguments: list[str] | None = None) -> int:
    """Print what QGIS says and how far pictures agree; 0 when the project opens cleanly and every sheet agrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("output/sample/成果"))
    parser.add_argument("--sheets", nargs="*", help="numbers of sheets; all where left out")
    parser.add_argument("--dpi", type=int, default=300)
    parser.add_argument("--keep", type=Path, help="folder for the pictures QGIS made")
    given = parser.parse_args(arguments)
    out = sys.stdout.write
    python = find_qgis()
    if python is None:
        out(
            "SKIPPED: no Python here imports qgis.core; install QGIS (Debian: qgis python3-qgis) or set QGIS_PYTHON\n"
        )
        return 0
    told, results = compare_handin(given.folder, python, sheets=given.sheets, dpi=given.dpi, keep=given.keep)
    faults = list_faults(told)
    out(
        f"QGIS {told['version']}: {len(told['layers'])} layers, {len(told['relations'])} relations, "
        f"{len(told['layouts'])} layouts, {len(faults)} faults\n"
    )
    for fault in faults:
        out(f"  {fault}\n")
    out("sheet  classes  hatched  points  same   share  largest difference  classes that differ\n")
    for r in results:
        share = r.same / r.points if r.points else 0.0
        out(
            f"{r.sheet:6} {r.classes:7} {r.hatched:8} {r.points:7} {r.same:5} {share:7.1%} {r.worst:19}  {'、'.join(r.poor)}\n"
        )
    points, same = sum(r.points for r in results), sum(r.same for r in results)
    out(f"together {points} points, {same} the same ({same / max(points, 1):.2%})\n")
    return int(bool(faults) or not results or not all(r.good for r in results))


if __name__ == "__main__":
    raise SystemExit(main())
