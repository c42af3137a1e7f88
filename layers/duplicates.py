"""The same facility in two files: a ledger and a web map, say, each with its own spelling of the name."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.read.raw import Place
from layers.source import Facility

NEAR_M = 60.0  # web-map points are good to 5-10 m, but often stand at the door or at the road
_ALIKE = 0.8


def _likeness(left: str, right: str) -> float:
    """Share of the shorter name's characters that occur in the longer one (overlap coefficient)."""
    a, b = set(left), set(right)
    return len(a & b) / min(len(a), len(b)) if min(len(a), len(b)) >= 2 else 0.0


def drop_twins(frame: gpd.GeoDataFrame, place: Place, *, rows: pd.Series) -> gpd.GeoDataFrame:
    """Leave out facilities that an earlier file has already: same class, near, and alike in name.

    Parameters
    ----------
    frame : facilities of all files in the order of the config, metres.
    rows : row number of each in its file, for the message.
    """
    if frame[Facility.source].nunique() < 2 or Facility.name not in frame.columns:
        return frame
    shapes = frame.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=NEAR_M)
    ordered = first < second
    first, second = first[ordered], second[ordered]
    files, kinds = frame[Facility.source].to_numpy(), frame[Facility.type_key].to_numpy()
    possible = (files[first] != files[second]) & (kinds[first] == kinds[second])
    names = frame[Facility.name].fillna("").to_numpy()
    drop = np.zeros(len(frame), dtype=bool)
    for one, two in zip(first[possible], second[possible], strict=True):
        if drop[one] or drop[two] or _likeness(names[one], names[two]) < _ALIKE:
            continue
        drop[two] = True
        gap = shapely.distance(shapes[one], shapes[two])
        place.warn(
            "HSQ-G04",
            f"“{names[two]}”与“{names[one]}”（{files[one]} 第 {rows.iloc[one]} 行）类型相同、名称相近、相距 {gap:.0f} m",
            file=str(files[two]),
            row=str(rows.iloc[two]),
            value=str(names[two]),
            action="视为同一设施，只保留先列出的文件中的一个",
            remedy="若确为两处设施，请在名称中区分",
            x=round(float(shapes[two].x), 2),
            y=round(float(shapes[two].y), 2),
        )
    return frame[~drop]
