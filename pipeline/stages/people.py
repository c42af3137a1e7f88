"""The population ledger fills what buildings and communities leave open; where both speak, both are named."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from layers.faults import FaultLog
from layers.ledgers import Population
from layers.model import Column, Layer
from layers.read.raw import list_rows
from layers.source import Building, Community
from pipeline.stages.base import Frame

_BY_BUILDING = {
    Population.households: Building.households,
    Population.population: Building.population,
    Population.elders: Building.elders,
    Population.infants: Building.infants,
    Population.children: Building.children,
}
_BY_COMMUNITY = {
    Population.households: Community.households,
    Population.population: Community.population,
}


def fill_people(frames: Mapping[str, Frame], log: FaultLog) -> dict[str, Frame]:
    """Return the frames with people of the population ledger where the layers themselves name none.

    Parameters
    ----------
    frames : source layers, conformed.
    """
    filled = dict(frames)
    people = frames[Population.key]
    if not len(people):
        return filled
    by_building = people[people[Population.building].notna()]
    by_community = people[people[Population.building].isna() & people[Population.community].notna()]
    filled[Building.key] = _fill(
        frames[Building.key], Building, Building.id, by_building, Population.building, _BY_BUILDING, log
    )
    filled[Community.key] = _fill(
        frames[Community.key],
        Community,
        Community.name,
        by_community,
        Population.community,
        _BY_COMMUNITY,
        log,
    )
    return filled


def _fill(
    frame: Frame,
    layer: type[Layer],
    key: Column,
    people: pd.DataFrame,
    key_of_people: Column,
    pairs: Mapping[Column, Column],
    log: FaultLog,
) -> Frame:
    """Fill blanks of a layer by key; a key that is not there or stands twice, and a contradiction, are told."""
    again = people[key_of_people].duplicated(keep=False)
    file = "、".join(sorted(set(people[Population.source])))
    for value in sorted(people[key_of_people][again].unique()):
        log.add(
            "HSQ-V06", f"“{value}”在人口台账中有多行", severity="错误", file=file, layer=Population.alias,
            field=key_of_people, value=value, remedy="合并为一行",
        )  # fmt: skip
    people = people[~again].set_index(key_of_people)
    lost = people.index[~people.index.isin(frame[key])]
    if len(lost):
        log.add(
            "HSQ-V10", f"人口台账中 {len(lost)} 个“{key_of_people.spec.alias}”在{layer.alias}中没有",
            severity="警告", file=file, layer=Population.alias, field=key_of_people,
            value=list_rows(pd.Index(sorted(lost))), action="这些行不采用", remedy="核对编号或名称是否一致",
        )  # fmt: skip
    frame = frame.copy()
    for given, column in pairs.items():
        told = frame[key].map(people[given]).astype("Int64")
        own = frame[column]
        frame[column] = own.where(own.notna(), told)
        differs = (own.notna() & told.notna() & (own != told)).fillna(False).astype(bool)
        if differs.any():
            example = frame.index[differs][0]
            log.add(
                "HSQ-V04", f"{differs.sum()} 行的“{column.spec.alias}”与人口台账不一致，如“{frame[key][example]}”"
                f"为 {own[example]}，台账为 {told[example]}", severity="警告", layer=layer.alias, field=column,
                row=list_rows(pd.Index(frame[key][differs])), action=f"以{layer.alias}的数为准", remedy="核对后改正其中之一",
            )  # fmt: skip
        filled = (own.isna() & told.notna()).sum()
        if filled:
            log.add(
                "HSQ-V02", f"{filled} 行的“{column.spec.alias}”取自人口台账", severity="提示", layer=layer.alias,
                field=column, action="已补填",
            )  # fmt: skip
    return gpd.GeoDataFrame(frame, geometry="geometry")
