"""Features that lie where the plan never looks: beyond a quarter of an hour's walk from its edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs.geometry import limits
from layers.read.raw import Place, list_rows
from layers.shapes.findings import find_spots
from layers.source import Facility, Identified
from pipeline.plan import Plan
from pipeline.stages.base import Frame

# Row number or FID of a feature in its file, beside the declared columns until the stage is over.
ROW = "_row"


def report_outside(
    frames: Mapping[str, Frame], grounds: gpd.GeoDataFrame, places: Mapping[str, Sequence[Place]], plan: Plan
) -> None:
    """Report features outside 规划范围 and whatever 研究范围 it can have; they are kept and never counted.

    A few are listed one by one, as each may have a wrong coordinate. Where a file goes on far beyond the plan,
    as an extract of a whole city does, one line says so.

    Parameters
    ----------
    frames : finished source layers by key, with ``ROW``.
    grounds : polygons the plan is made of.
    places : files of each layer by its key.
    """
    if not len(grounds):
        return
    reach = plan.walking.limit_m(15) + plan.walking.max_access_m
    ground = shapely.buffer(grounds.union_all(), reach)
    shapely.prepare(ground)
    for key, files in places.items():
        frame = frames.get(key)
        if not isinstance(frame, gpd.GeoDataFrame) or not len(frame):
            continue
        shapes = frame.geometry.to_numpy()
        there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        beyond = there & ~shapely.intersects(ground, shapes)
        for place in {item.file: item for item in files}.values():
            mine = beyond & (frame[Identified.source] == place.file).to_numpy()
            _report_file(frame[mine], place, reach)


def _report_file(frame: gpd.GeoDataFrame, place: Place, reach_m: float) -> None:
    if not len(frame):
        return
    where = f"位于规划范围外 {reach_m:.0f} m 以远"
    names = _name_features(frame)
    spots = np.round(find_spots(frame.geometry.to_numpy()), 2)
    if len(frame) > limits().outside_few:
        place.note(
            "HSQ-X04", f"{len(frame)} 个要素{where}", row=list_rows(frame[ROW]), value=list_rows(names), action="保留，不参与分析",
            remedy="数据范围大于方案时属正常；否则核对坐标系", x=float(spots[0, 0]), y=float(spots[0, 1]),
        )  # fmt: skip
        return
    for row, name, (x, y) in zip(frame[ROW], names, spots, strict=True):
        place.warn(
            "HSQ-X04", f"“{name}”{where}", row=str(row), value=name, action="保留，不参与分析", remedy="核对该要素的坐标",
            x=float(x), y=float(y),
        )  # fmt: skip


def _name_features(frame: gpd.GeoDataFrame) -> pd.Series:
    """Return what a technician calls each feature: its name, else its id."""
    ids = frame[Identified.id].astype("str")
    if Facility.name not in frame.columns:
        return ids
    names = frame[Facility.name].astype("str")
    return names.where(frame[Facility.name].notna(), ids)
