"""Floor-area ratios of the planned parcels, now and then, and the limits other plans set (3.1.1, 4.3, 5.2.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from configs import read_settings
from layers.ledgers import PlanDemand
from layers.planned import PlannedParcel, Resource
from layers.source import Building
from pipeline.stages.placing import clean_text
from pipeline.stages.sites import Use

_HALF = 0.5
_LEAST_NAME = 3  # characters; shorter ones occur in any text


@dataclass(frozen=True)
class RatioLimit:
    """A floor-area ratio another plan allows at most, and where it says so."""

    ratio: float
    text: str
    basis: str

    def names(self, *words: str) -> bool:
        """Whether the text speaks of one of these names; YX0001 is not spoken of in YX00012, nor 1 in 1.2."""
        return any(
            re.search(rf"(?<![0-9A-Za-z.]){re.escape(word)}(?![0-9A-Za-z])", self.text)
            for word in words
            if len(word) >= _LEAST_NAME
        )


@cache
def _limit_pattern() -> re.Pattern[str]:
    words = "|".join(map(re.escape, read_settings("layout.yaml")["ratio_words"]))
    return re.compile(rf"容积率\s*(?:应|宜|须)?(?:{words})\s*(\d+(?:\.\d+)?)")


def read_limits(demands: gpd.GeoDataFrame) -> list[RatioLimit]:
    """Return the limits that the texts of other plans state (相关规划要求, 3.1.1), lowest first."""
    found = []
    for row in demands.to_dict("records"):
        content = clean_text(row[PlanDemand.content])
        match = _limit_pattern().search(content)
        if match:
            clause = clean_text(row[PlanDemand.clause])
            basis = f"{clean_text(row[PlanDemand.plan])}{clause}：{content}"
            found.append(RatioLimit(float(match[1]), f"{content}{clause}", basis))
    return sorted(found, key=lambda limit: (limit.ratio, limit.basis))


def measure_floor(shapes: NDArray[np.object_], buildings: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the floor area standing on each shape: every building by the part of its footprint there.

    Parameters
    ----------
    shapes : (n,) areas, planar metres.
    buildings : the ``Building`` layer; without a floor area, footprint by floors counts.

    Returns
    -------
    (n,) m²; NaN where a building of unknown floor area stands there.
    """
    foot = buildings.geometry.to_numpy()
    floor = buildings[Building.floor_area_m2].to_numpy(dtype=float)
    floors = buildings[Building.floors].to_numpy(dtype=float, na_value=np.nan)
    floor = np.where(np.isnan(floor), shapely.area(foot) * floors, floor)
    at, which = shapely.STRtree(foot).query(shapes, predicate="intersects")
    common = shapely.area(shapely.intersection(shapes[at], foot[which]))
    real = common > read_settings("layout.yaml")["least_m2"]
    at, which, common = at[real], which[real], common[real]
    total = np.zeros(len(shapes))
    np.add.at(total, at, floor[which] * common / shapely.area(foot[which]))
    return total


def set_ratios(
    planned: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    uses: list[Use],
    limits: list[RatioLimit],
) -> gpd.GeoDataFrame:
    """Return the planned parcels with ratio now, ratio then and the lowest limit that names them.

    A ratio is given to parcels of building land only. What is removed counts out, what is built on a plot
    counts by the part of the plot in the parcel; altered rooms change no floor area.
    """
    shapes = planned.geometry.to_numpy()
    standing = measure_floor(shapes, buildings)
    gone = np.array([use.shape for use in uses if use.action == "拆除"], dtype=object)
    removed = measure_floor(shapely.intersection(shapes, shapely.union_all(gone)), buildings)
    plots = [plot for use in uses for plot in use.plots]
    ground = np.array([plot.shape for plot in plots], dtype=object)
    at, which = shapely.STRtree(ground).query(shapes, predicate="intersects")
    share = shapely.area(shapely.intersection(shapes[at], ground[which])) / shapely.area(ground[which])
    fresh = np.zeros(len(shapes))
    np.add.at(fresh, at, share * np.array([plot.floor_m2 for plot in plots])[which])
    area = planned[PlannedParcel.area_m2].to_numpy(dtype=float)
    kinds = tuple(read_settings("layout.yaml")["ratio_codes"])
    building_land = planned[PlannedParcel.landuse_code].str.startswith(kinds, na=False).to_numpy()
    counted = (building_land | (fresh > 0)) & (area > 0)
    result = planned.copy()
    safe = np.where(area > 0, area, np.nan)
    result[PlannedParcel.far_now] = np.where(counted, (standing / safe).round(2), np.nan)
    then = standing - removed + fresh
    result[PlannedParcel.floor_area_ratio] = np.where(counted, (then / safe).round(2), np.nan)
    _set_limits(result, uses, limits)
    return result


def _set_limits(planned: gpd.GeoDataFrame, uses: list[Use], limits: list[RatioLimit]) -> None:
    """Write the lowest limit that names a parcel by its number or by a resource that covers half of it."""
    names = {n: [number] for n, number in enumerate(planned[PlannedParcel.parcel])}
    shapes = planned.geometry.to_numpy()
    grounds = np.array([use.shape for use in uses], dtype=object)
    at, which = shapely.STRtree(grounds).query(shapes, predicate="intersects")
    common = shapely.area(shapely.intersection(shapes[at], grounds[which]))
    most = common >= _HALF * shapely.area(shapes[at])
    for n, use in zip(at[most].tolist(), which[most].tolist(), strict=True):
        names[n].append(clean_text(uses[use].resource[Resource.name]))
    told = {
        n: limit
        for n, words in names.items()
        if (limit := next((item for item in limits if item.names(*words)), None)) is not None
    }
    planned[PlannedParcel.far_limit] = [told[n].ratio if n in told else np.nan for n in names]
    planned[PlannedParcel.far_basis] = [told[n].basis if n in told else None for n in names]
