"""Rows that only tables have: the phases of 4.9.1 and land use before and after.

They restate stage results (a sum by class, a list by phase) and decide nothing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from configs import read_settings
from layers import model as m
from layers.areas import share_total
from layers.model import Layer
from layers.planned import PlannedParcel, Project
from layers.source import Parcel
from pipeline.plan import Plan


class Phase(Layer):
    """A row of 项目分期安排一览表 (4.9.1)."""

    phase = m.text("时序阶段")
    principle = m.text("划分原则")
    level = m.text("匹配度评估等级")


class Balance(Layer):
    """A row of 用地平衡表: a land-use class now and planned."""

    landuse_code = m.text("用地用海分类代码")
    landuse_name = m.text("用地用海分类名称")
    now_m2 = m.number("现状面积", unit="㎡")
    now_share = m.number("现状占比", unit="%")
    planned_m2 = m.number("规划面积", unit="㎡")
    planned_share = m.number("规划占比", unit="%")
    change_m2 = m.number("增减", unit="㎡")


def list_phases(projects: pd.DataFrame | None, plan: Plan) -> pd.DataFrame:
    """Return the three phases with their year, principle, level and the numbers of their projects."""
    rows = []
    for index, text in sorted(read_settings("phasing.yaml")["phases"].items()):
        numbers: list[str] = []
        if projects is not None:
            mine = projects[projects[Project.phase_index] == index].sort_values(
                [Project.rank, Project.number]
            )
            numbers = mine[Project.number].tolist()
        listed = f"本阶段项目：{'、'.join(numbers)}" if numbers else "本阶段无项目"
        rows.append(
            {
                Phase.phase: f"{plan.plan.first_year + index - 1}年",
                Phase.principle: text["principle"],
                Phase.level: f"{text['level_text']}\n{listed}",
            }
        )
    return pd.DataFrame(rows, columns=[str(c) for c in Phase.columns()])


def balance_landuse(parcels: pd.DataFrame, planned: pd.DataFrame) -> pd.DataFrame:
    """Return areas and shares by land-use class; each column's sum is exact to the cent.

    Parameters
    ----------
    parcels : present parcels, ``Parcel``; those without a community lie outside the plan and are left
        out.
    planned : parcels after renewal, ``PlannedParcel``; the same.
    """
    now = _areas(parcels, Parcel)
    after = _areas(planned, PlannedParcel)
    table = pd.DataFrame({Balance.now_m2: now, Balance.planned_m2: after}).fillna(0.0)
    names = pd.concat(
        [
            frame.set_index(layer.landuse_code)[layer.landuse_name]
            for frame, layer in ((parcels, Parcel), (planned, PlannedParcel))
        ]
    )
    names = names[~names.index.duplicated()]
    table[Balance.landuse_name] = names.reindex(table.index)
    table[Balance.now_share] = share_hundred(table[Balance.now_m2].to_numpy())
    table[Balance.planned_share] = share_hundred(table[Balance.planned_m2].to_numpy())
    table[Balance.change_m2] = (table[Balance.planned_m2] - table[Balance.now_m2]).round(2)
    table.index.name = str(Balance.landuse_code)
    return table.reset_index()[[str(c) for c in Balance.columns()]].sort_values(Balance.landuse_code)


def _areas(frame: pd.DataFrame, layer: type[Parcel] | type[PlannedParcel]) -> pd.Series:
    """Return m² by class, summed in whole hundredths of a square metre."""
    inside = frame[frame[layer.community].notna()]
    cents = (inside[layer.area_m2].round(2) * 100).round().astype("int64")
    return cents.groupby(inside[layer.landuse_code]).sum() / 100


def share_hundred(areas: np.ndarray) -> np.ndarray:
    """Return percentages with two decimals that sum to 100 (largest remainder); zeros where there is nothing."""
    return share_total(areas, 100.0) if areas.sum() > 0 else np.zeros(len(areas))
