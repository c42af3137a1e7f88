"""How every home, facility, gate, need and resource joins the walk network: the ``Link`` layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.faults import FaultLog
from layers.frame import empty_frame
from layers.model import Layer
from layers.reachable import Home, Link, Precinct
from layers.read.raw import list_rows
from layers.source import Gate
from pipeline.reach.snap import Snap, Status
from pipeline.stages.walknet import LINKED_TEXT, STATUS_TEXT, WalkNet

_BLOCKED_REMEDY = "补充该处的出入口或围墙内的道路"
_ISLAND_NOTE = "最近的路段不与主网相连，已接入主网"
# Nobody steps from a flat straight into the street, and a gate is where one leaves by.
_INSIDE = (Home.key, Gate.key)


@dataclass(frozen=True)
class Linked:
    """The objects of a layer that have a place, and how they join.

    Attributes
    ----------
    layer : their layer.
    frame : their rows.
    points : one point an object.
    snap : how it joins.
    door : (n,) the row of ``Precinct`` by whose gate it joins, -1 where it joins straight.
    placeless : number of objects without a place.
    """

    layer: type[Layer]
    frame: gpd.GeoDataFrame
    points: gpd.GeoSeries
    snap: Snap
    door: NDArray[np.int32]
    placeless: int


def link_layer(net: WalkNet, layer: type[Layer], frame: gpd.GeoDataFrame, extent: shapely.Geometry) -> Linked:
    """Join the objects of a layer to the network.

    Parameters
    ----------
    net : the network.
    layer : key and Chinese name of the objects.
    frame : their rows.
    extent : what lies beyond is outside, wherever its nearest road.
    """
    placed = ~(frame.geometry.isna() | frame.geometry.is_empty)
    here = frame[placed]
    points = here.representative_point()
    if layer.key in _INSIDE:
        snap, door = net.snap_inside(points, area=extent)
    else:
        snap, door = net.snap_front(points, area=extent)
    return Linked(layer, here, points, snap, door, int((~placed).sum()))


def write_links(
    linked: Sequence[Linked], precincts: gpd.GeoDataFrame, gates: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the ``Link`` layer.

    Parameters
    ----------
    linked : by layer.
    precincts, gates : the ``Precinct`` and ``Gate`` layers, for the names of the gates.
    """
    name = gates.set_index(Gate.id)[Gate.name].fillna(gates.set_index(Gate.id)[Gate.estate])
    by = precincts[Precinct.gate].map(name).fillna(precincts[Precinct.gate]).to_numpy(dtype=object)
    found = [_write_rows(item, by) for item in linked if len(item.frame)]
    if not found:
        return empty_frame(Link, crs=gates.crs)
    return gpd.GeoDataFrame(pd.concat(found, ignore_index=True))


def _write_rows(linked: Linked, by: NDArray) -> gpd.GeoDataFrame:
    key, snap = linked.layer.key, linked.snap
    entered = snap.edge >= 0
    note = np.full(len(snap), None, dtype=object)
    note[snap.passed_island] = _ISLAND_NOTE
    door = np.flatnonzero(linked.door >= 0)
    note[door] = [f"由出入口“{by[row]}”接入" for row in linked.door[door]]
    ids = linked.frame["id"].to_numpy(dtype=object)
    return gpd.GeoDataFrame(
        {
            Link.id: key + ":" + ids,
            Link.layer: LINKED_TEXT[key],
            Link.object_id: ids,
            Link.status: [STATUS_TEXT[Status(code)] for code in snap.status],
            Link.access_m: np.where(np.isfinite(snap.access_m), snap.access_m, np.nan),
            Link.edge: pd.array(np.where(entered, snap.edge, pd.NA), dtype="Int64"),
            Link.offset_m: np.where(entered, snap.offset_m, np.nan),
            Link.component: pd.array(np.where(entered, snap.component, pd.NA), dtype="Int64"),
            Link.note: note,
        },
        geometry=linked.points.to_numpy(),
        crs=linked.frame.crs,
    )


def report_links(linked: Linked, log: FaultLog) -> None:
    """Count the objects of a layer by status, and tell every one that does not join the main network."""
    frame, snap, alias = linked.frame, linked.snap, linked.layer.alias
    text = np.array([STATUS_TEXT[Status(code)] for code in snap.status], dtype=object)
    if len(frame) or linked.placeless:
        counted = pd.Series(text, dtype="str").value_counts()
        parts = [f"{word} {counted[word]}" for word in STATUS_TEXT.values() if word in counted]
        parts += [f"没有位置、不接入 {linked.placeless}"] if linked.placeless else []
        log.add(
            "HSQ-N01", f"{alias} {len(frame) + linked.placeless} 个：{'，'.join(parts)}", severity="提示",
            layer=alias,
        )  # fmt: skip
    outside = snap.status == Status.OUTSIDE
    for row in np.flatnonzero((snap.status != Status.OK) & ~outside):
        far = snap.access_m[row]
        log.add(
            "HSQ-N01",
            f"{alias}未接入主网：{text[row]}" + (f"（距最近路段 {far:.0f} m）" if np.isfinite(far) else ""),
            severity="警告",
            layer=alias,
            row=str(frame["id"].iloc[row]),
            action="保留该要素，只计所在路段组之内的可达"
            if snap.status[row] == Status.OTHER_COMPONENT
            else "保留该要素，按不可达计算",
            remedy=_BLOCKED_REMEDY
            if snap.status[row] == Status.BLOCKED
            else "补充到门口的道路，或调大 walking.max_access_m",
            x=float(snap.x[row]),
            y=float(snap.y[row]),
        )
    if outside.any():
        log.add(
            "HSQ-N01",
            f"{alias}有 {int(outside.sum())} 个要素在路网范围之外，按不可达计算",
            severity="提示",
            layer=alias,
            row=list_rows(pd.Index(frame["id"][outside])),
            value=list_rows(pd.Index(frame["name"][outside].dropna())) if "name" in frame else "",
            remedy="核对这些要素的坐标；确在周边之外的不必处理",
        )
