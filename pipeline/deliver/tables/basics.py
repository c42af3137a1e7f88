"""What is there, by community: ground, people, buildings, facilities, heritage (6.1 outline, 第一节 发展基础)."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from layers import model as m
from layers.model import Layer
from layers.reachable import Home, Unit
from layers.source import Building, Facility, Heritage, OpenSpace


class Basics(Layer):
    """A row of 社区基本情况表: sums over what lies in a community; a figure nobody gave is missing."""

    community = m.text("社区")
    area_m2 = m.number("社区面积", unit="㎡", decimals=2)
    households = m.integer("户数", unit="户")
    population = m.integer("常住人口", unit="人")
    elders = m.number("60岁及以上人口", unit="人")
    infants = m.number("0-3岁人口", unit="人")
    children = m.number("3-6岁人口", unit="人")
    buildings = m.integer("现状建筑", unit="栋")
    floor_area_m2 = m.number("现状建筑面积", unit="㎡", decimals=2)
    facilities = m.integer("各类设施", unit="处")
    open_spaces = m.integer("公共活动空间", unit="处")
    heritage = m.integer("历史文化保护对象", unit="处")


_ADDED = (
    (Home, Home.elders, Basics.elders),
    (Home, Home.infants, Basics.infants),
    (Home, Home.children, Basics.children),
    (Building, Building.floor_area_m2, Basics.floor_area_m2),
)
_COUNTED = (
    (Building, Basics.buildings),
    (Facility, Basics.facilities),
    (OpenSpace, Basics.open_spaces),
    (Heritage, Basics.heritage),
)


def sum_basics(known: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row a community, by name.

    Parameters
    ----------
    known : frames by layer class name, communities filled in; ``Unit`` is there.
    """
    units = known[Unit.__name__].sort_values(Unit.name)
    table = pd.DataFrame(
        {
            Basics.community: units[Unit.name].to_numpy(),
            Basics.area_m2: units[Unit.area_m2].to_numpy(),
            Basics.households: units[Unit.households].astype("Int64").to_numpy(),
            Basics.population: units[Unit.population].astype("Int64").to_numpy(),
        }
    ).set_index(Basics.community)
    for layer, field, column in _ADDED:
        frame = known.get(layer.__name__)
        # A community none of whose rows gives the figure has none: that is not nought.
        table[column] = (
            None if frame is None else frame.groupby(layer.community)[field].sum(min_count=1).round(2)
        )
    for counted, column in _COUNTED:
        frame = known.get(counted.__name__)
        counts = pd.Series(dtype="int64") if frame is None else frame.groupby(counted.community).size()
        table[column] = counts.reindex(table.index, fill_value=0).astype("int64")
    return table.reset_index()[[str(c) for c in Basics.columns()]]
