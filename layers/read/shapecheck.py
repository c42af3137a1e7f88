"""What is wrong with the shapes of one file: found as a plan would find it, before there is a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from configs.geometry import limits
from layers.crs import GEOGRAPHIC, choose_zone, place_of, to_plan
from layers.faults import CODES, Fault, FaultLog
from layers.frame import split_shapes
from layers.model import Layer
from layers.plain import Anything
from layers.planar import mend_planar, rank_shapes
from layers.read.raw import Place
from layers.repair import PLANAR, mend_shapes, report_corners
from layers.shapes.findings import Findings

_SEVERITIES = ("错误", "警告", "提示")
# Numbers nobody vouches for are drawn here when they are degrees: zone 39 is Jiangxi's eastern half.
_ANY_ZONE = 39


@dataclass(frozen=True)
class Tally:
    """Faults of one kind.

    Attributes
    ----------
    code, title, severity : of all of them; the title is Chinese.
    count : how many.
    examples : the first of them, in the order of the file.
    """

    code: str
    title: str
    severity: str
    count: int
    examples: tuple[Fault, ...]


def check_shapes(
    frame: gpd.GeoDataFrame,
    table: pd.DataFrame,
    *,
    layer: type[Layer] = Anything,
    names: Mapping[str, str] | None = None,
    name: str = "",
) -> tuple[Fault, ...]:
    """Return every fault of the geometry; the file itself is left as it is.

    Parameters
    ----------
    frame : rows with a place; without a CRS its numbers are taken for metres, or for CGCS2000 degrees.
    table : the file's columns on the same index, to tell a copy from a neighbour of the same shape.
    layer : what the file is thought to feed; shapes of layers that tile the ground may not overlap.
    names : column of the table by field, for what numbers or names a feature.
    name : the file, for messages.
    """
    log = FaultLog()
    place = Place(name, "", log)
    facts = table.reindex(frame.index)
    facts = facts.set_axis([f"c{at}" for at in range(len(facts.columns))], axis=1)
    known = {column: at for at, column in enumerate(map(str, table.columns))}
    keys = {f"c{known[column]}": field for field, column in (names or {}).items() if column in known}
    rows = gpd.GeoDataFrame(facts.rename(columns=keys), geometry=frame.geometry, crs=frame.crs)
    rows = mend_shapes(_lay_flat(rows), layer, place)
    if layer in PLANAR:
        areas = split_shapes(rows)["polygon"]
        shapes = areas.geometry.to_numpy()
        findings = Findings.over(areas, place)
        rank = rank_shapes(shapes, np.zeros(len(shapes), dtype=np.intp), findings.keys)
        mend_planar(shapes, findings, rank=rank, tolerance_m=limits().repair_m)
    report_corners(rows, place)
    return tuple(log.faults)


def _lay_flat(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows in metres, in the CGCS2000 3-degree zone they lie in or as they are."""
    if frame.crs is None:
        west, south, east, north = frame.total_bounds
        if not max(abs(west), abs(south), abs(east), abs(north)) <= 180:
            return frame.set_crs(choose_zone(3.0 * _ANY_ZONE).plain)
        frame = frame.set_crs(GEOGRAPHIC)
    middle = place_of(frame)
    known = middle is not None and np.isfinite(middle[0])
    lon = float(np.clip(middle[0], 73.5, 136.4)) if middle is not None and known else 3.0 * _ANY_ZONE
    return to_plan(frame, CRS.from_epsg(choose_zone(lon).plain))


def tally_faults(faults: Sequence[Fault], *, examples: int = 3) -> tuple[Tally, ...]:
    """Return faults counted by severity and code, worst first."""
    groups: dict[tuple[int, str], list[Fault]] = {}
    for fault in faults:
        groups.setdefault((_SEVERITIES.index(fault.severity), fault.code), []).append(fault)
    return tuple(
        Tally(code, CODES[code], _SEVERITIES[rank], len(group), tuple(group[:examples]))
        for (rank, code), group in sorted(groups.items())
    )
