"""Areas by 更新方式: what is kept, altered, removed, newly built, held open (4.3, D-05). Sums, no decisions."""

from __future__ import annotations

import pandas as pd
import shapely

from layers import codes
from layers import model as m
from layers.areas import share_total
from layers.model import Layer
from layers.planned import Site
from layers.source import Building

_KEPT = codes.ACTION.values[0]
_REST = "其余现状建筑，维持现状"


class ActionSum(Layer):
    """A row of 更新方式汇总表."""

    action = m.text("更新方式")
    kind = m.text("对象")
    count = m.integer("处数")
    area_m2 = m.number("用地面积", unit="㎡", decimals=2)
    share = m.number("占比", unit="%", decimals=2)
    floor_area_m2 = m.number("建筑面积", unit="㎡", decimals=2)
    note = m.text("说明")


def sum_actions(sites: pd.DataFrame, buildings: pd.DataFrame) -> pd.DataFrame:
    """Return number, ground and floor area by action and kind, in the guideline's order.

    Parameters
    ----------
    sites : the ``Site`` layer; its rows share no ground.
    buildings : present ones with their communities; those no site holds stay as they are and are one row.
    """
    rows = []
    for action in codes.ACTION.values:
        for kind in codes.SITE_KIND.values:
            some = sites[(sites[Site.action] == action) & (sites[Site.kind] == kind)]
            if not some.empty:
                area, floor = some[Site.area_m2].sum(), some[Site.floor_area_m2].sum()
                rows.append(_write(action, kind, len(some), area, floor, ""))
    inside = buildings[buildings[Building.community].notna()]
    spots = shapely.point_on_surface(inside.geometry.to_numpy())
    held, _ = shapely.STRtree(sites.geometry.to_numpy()).query(spots, predicate="intersects")
    rest = inside.drop(index=inside.index[sorted(set(held.tolist()))])
    if len(rest):
        floor = rest[Building.floor_area_m2].sum()
        rows.append(
            _write(_KEPT, codes.SITE_KIND.values[1], len(rest), rest.geometry.area.sum(), floor, _REST)
        )
    table = pd.DataFrame(rows, columns=[str(c) for c in ActionSum.columns()])
    order = {action: n for n, action in enumerate(codes.ACTION.values)}
    table = table.sort_values(ActionSum.action, key=lambda column: column.map(order), kind="stable")
    if table[ActionSum.area_m2].sum() > 0:
        table[ActionSum.share] = share_total(table[ActionSum.area_m2].to_numpy(dtype=float), 100.0)
    return table.reset_index(drop=True)


def _write(action: str, kind: str, count: int, area: float, floor: float, note: str) -> dict[str, object]:
    return {
        ActionSum.action: action,
        ActionSum.kind: kind,
        ActionSum.count: count,
        ActionSum.area_m2: round(float(area), 2),
        ActionSum.floor_area_m2: round(float(floor), 2) if floor > 0 else None,
        ActionSum.note: note,
    }
