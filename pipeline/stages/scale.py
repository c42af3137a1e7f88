"""How large a need is: the scale it asks for and the people it is for, each with the words that say why."""

from __future__ import annotations

import math

import geopandas as gpd
import pandas as pd

from configs import read_settings
from configs.facilities import FacilityClass
from layers import codes
from layers.planned import Need
from layers.reachable import Home, Served
from pipeline.stages.placing import clean_number, clean_text

_INDICATIVE = codes.HOME_BASIS.values[1]
_SAID = "需求清单填报"


def size_need(
    item: FacilityClass | None, *, said_m2: float | None = None, people: float = math.nan
) -> tuple[float | None, str, bool]:
    """Return the required scale in m², the words for it, and whether it is the standard's.

    The scale somebody wrote down stands; else the standard's least, or what its figure a person asks for the
    people concerned, whichever is more (lifecircle_facilities.csv; 待核 travels with the words).

    Parameters
    ----------
    item : facility class; None for a need of no class.
    said_m2 : scale the survey states; zero and missing say nothing.
    people : persons the scale is for: the target group, or those who find no place.
    """
    said = clean_number(said_m2)
    source = f"{item.standard} {item.clause}".strip() if item is not None else ""
    if said > 0:
        least = (
            f"（{source}：最小规模{item.need_m2:g}㎡{item.mark}）"
            if item is not None and item.need_m2
            else ""
        )
        return said, f"{_SAID}{least}", False
    if item is None or not item.need_m2:
        return None, "", item is not None
    each = read_settings("needs.yaml")["scale_per_person"].get(item.key, 0.0)
    if each and people * each > item.need_m2:
        total = float(math.ceil(people * each))
        return total, f"{source}：人均{each:g}㎡×{people:.0f}人{item.mark}", True
    return item.need_m2, f"{source}：最小规模{item.need_m2:g}㎡{item.mark}", True


def fill_targets(needs: gpd.GeoDataFrame, served: pd.DataFrame, homes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the needs with 服务人群 and its size filled where no gap gave them.

    A need of a class is for the class's group in its community; a need of none is for all residents of it, of
    the whole plan where it names no community. Indicative homes count nobody.

    Parameters
    ----------
    needs : rows of ``Need``.
    served, homes : the layers ``Served`` and ``Home``, communities filled in.
    """
    by_pair = served.set_index([Served.community, Served.type_key])
    names = served.groupby(Served.type_key)[Served.target].first()
    counted = homes[(homes[Home.basis] != _INDICATIVE) & homes[Home.community].notna()]
    residents = counted.groupby(Home.community)[Home.population].sum(min_count=1)
    everybody = residents.sum(min_count=1)
    known = set(homes[Home.community][homes[Home.basis] == _INDICATIVE])
    groups, sizes = [], []
    for community, key, size in zip(
        needs[Need.community], needs[Need.type_key], needs[Need.target_people], strict=True
    ):
        home, item = clean_text(community), clean_text(key)
        groups.append(names.get(item) if item else read_settings("needs.yaml")["everybody"])
        if not math.isnan(size) or home in known:
            sizes.append(size)
        elif item:
            pair = (home, item)
            sizes.append(
                clean_number(by_pair.loc[pair, Served.target_people]) if pair in by_pair.index else math.nan
            )
        else:
            sizes.append(clean_number(residents.get(home, math.nan) if home else everybody))
    return needs.assign(**{str(Need.target): groups, str(Need.target_people): sizes})
