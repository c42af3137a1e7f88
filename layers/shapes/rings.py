"""Shapes that cannot even be built: rings that do not close, lines of a single vertex."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from configs.geometry import limits
from layers.read.raw import Place

_POINT, _LINE, _POLYGON = 1, 2, 3
# Coordinates no larger than a longitude are degrees, and one of them is this long.
_DEGREES, _DEGREE_M = 360.0, 111_320.0


def build_shapes(forms: NDArray[np.object_], rows: pd.Index, place: Place) -> NDArray[np.object_]:
    """Return shapes of their WKB; one that cannot be built is missing, and a fault says why.

    A ring whose ends are no farther apart than ``repair_m`` is closed, which moves no vertex; a wider opening
    may stand for a lost stretch of boundary and is refused with its place.

    Parameters
    ----------
    forms : (n,) WKB, in the coordinates of the file; None where a row has no geometry.
    rows : row number of each.
    """
    shapes = shapely.from_wkb(forms, on_invalid="ignore")
    lost = np.flatnonzero(shapely.is_missing(shapes) & pd.notna(forms))
    closed = shapely.from_wkb(forms[lost], on_invalid="fix")
    for nth, at in enumerate(lost):
        row = str(rows[at])
        runs = list(_list_runs(bytes(forms[at])))
        gap, spot = _find_opening(runs)
        if closed[nth] is not None and gap <= limits().repair_m:
            shapes[at] = closed[nth]
            place.warn(
                "HSQ-G07", f"图形的环未闭合，首尾相距 {gap:.3f} m", row=row, value=spot,
                action="已闭合，节点未移动", remedy="请核对该图形",
            )  # fmt: skip
            place.account.mend([row])
            continue
        place.drop([row])
        if any(kind == _LINE and len(xy) < 2 for kind, xy in runs):
            place.error(
                "HSQ-G12", "线只有一个节点，无法构成图形", row=row, value=spot, action="不采用",
                remedy="删除该线，或在原软件中补画",
            )  # fmt: skip
            continue
        problem = f"图形的环未闭合，首尾相距 {gap:.2f} m" if gap > 0 else "图形的坐标残缺，无法构成图形"
        place.error(
            "HSQ-G07",
            problem,
            row=row,
            value=spot,
            action="不采用",
            remedy="在原软件中重画该图形，使边界闭合",
        )
    return shapes


def _find_opening(runs: list[tuple[int, NDArray[np.float64]]]) -> tuple[float, str]:
    """Return the widest distance between the ends of a ring in metres and where it is.

    The place is the first vertex where all rings close.
    """
    gap, place = 0.0, next((xy[0] for _, xy in runs if len(xy)), None)
    for kind, xy in runs:
        if kind == _POLYGON and len(xy) > 1:
            scale = _DEGREE_M if np.abs(xy).max() <= _DEGREES else 1.0
            distance = float(np.hypot(*(xy[-1] - xy[0]))) * scale
            if distance > gap:
                gap, place = distance, xy[-1]
    return gap, "" if place is None else f"{place[0]:.8g}，{place[1]:.8g}"


def _list_runs(form: bytes) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield the rings and lines of a WKB with the kind they belong to and their vertices; stops where it breaks off."""
    try:
        yield from _walk(form, [0])
    except struct.error:
        return


def _walk(form: bytes, at: list[int]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    order = "<" if struct.unpack_from("B", form, at[0])[0] else ">"
    at[0] += 1

    def take() -> int:
        (found,) = struct.unpack_from(f"{order}I", form, at[0])
        at[0] += 4
        return int(found)

    # GDAL writes ISO WKB: 1000 is added for Z, 2000 for M, 3000 for both.
    dimensions, kind = divmod(take(), 1000)
    width = (2, 3, 3, 4)[dimensions % 4]
    if kind not in (_POINT, _LINE, _POLYGON):
        for _ in range(take()):
            yield from _walk(form, at)
        return
    for _ in range(take() if kind == _POLYGON else 1):
        count = 1 if kind == _POINT else take()
        numbers = struct.unpack_from(f"{order}{width * count}d", form, at[0])
        at[0] += 8 * width * count
        yield kind, np.array(numbers, dtype=float).reshape(-1, width)[:, :2]
