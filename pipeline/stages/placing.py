"""Words for places and texts: which road a thing lies on, which words it holds."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.source import Road
from pipeline.stages.walks import pick_points

# A road farther away than this says nothing about where a thing is.
_NEAR_M = 150.0


def describe_places(places: gpd.GeoSeries, communities: pd.Series, roads: gpd.GeoDataFrame) -> list[str]:
    """Return a Chinese place for each row: community and the nearest named road.

    Parameters
    ----------
    places : geometries, planar metres; may be missing.
    communities : names on the same index; may be missing.
    roads : the ``Road`` layer.
    """
    texts = np.array([clean_text(name) for name in communities], dtype=object)
    named = roads[roads[Road.name].notna()]
    here = np.flatnonzero(~(places.isna() | places.is_empty).to_numpy())
    if len(here) and len(named):
        tree = shapely.STRtree(named.geometry.to_numpy())
        row, road = tree.query_nearest(
            pick_points(places.iloc[here]), max_distance=_NEAR_M, all_matches=False
        )
        texts[here[row]] = texts[here[row]] + (named[Road.name].to_numpy()[road] + "附近")
    return [str(text) for text in texts]


def clean_text(value: object) -> str:
    """Return a cell as text, a missing one as an empty text."""
    return "" if value is None or pd.isna(value) else str(value).strip()


def clean_number(value: object) -> float:
    """Return a cell as a number, a missing one as NaN."""
    return float("nan") if pd.isna(value) else float(value)  # type: ignore[arg-type]


def find_word(text: str, words: Iterable[str]) -> str:
    """Return the longest of ``words`` that occurs in ``text``, the first of equals; empty if none does."""
    found = [word for word in words if word in text]
    return max(found, key=len) if found else ""


def write_area(area_m2: float) -> str:
    """Return an area as tables show it, or the words for an unknown one."""
    return "面积待核" if np.isnan(area_m2) else f"{area_m2:.0f}㎡"


def write_money(amount_wan: float) -> str:
    """Return an amount without needless zeros."""
    return "金额待核" if np.isnan(amount_wan) else f"{amount_wan:.2f}".rstrip("0").rstrip(".") + "万元"
