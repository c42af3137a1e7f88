"""The plan's layers as the views of the catalogue ask for them; read-only, computed nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from configs import read_settings
from layers import codes
from layers.faults import FaultLog
from layers.model import Layer
from layers.reachable import Scope
from layers.source import Placed
from pipeline.deliver.sheet.spec import Drawn
from pipeline.plan import Plan
from pipeline.stages.base import Given
from styles import has_symbol

PLANNED, STUDIED = codes.SCOPE.values


@dataclass
class Town:
    """Everything a view may show.

    Attributes
    ----------
    plan : the plan config.
    given : stage results by layer.
    log : remarks, e.g. a class the style table does not know.
    """

    plan: Plan
    frames: Mapping[str, pd.DataFrame]
    log: FaultLog = field(default_factory=FaultLog)

    def __post_init__(self) -> None:
        self.given = Given(self.plan, self.frames, self.log)
        self._placed: dict[str, gpd.GeoDataFrame] = {}

    def geo(self, layer: type[Layer]) -> gpd.GeoDataFrame:
        """Return a layer's rows that have a place: the same frame each time, which sheets then share."""
        if layer.key not in self._placed:
            frame = self.given.geo(layer)
            self._placed[layer.key] = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
        return self._placed[layer.key]

    def placed(self, layer: type[Placed]) -> gpd.GeoDataFrame:
        """Return a layer's rows that have a place, communities filled in."""
        frame = self.given.placed(layer)
        return frame[~(frame.geometry.isna() | frame.geometry.is_empty)]

    def inside(self, layer: type[Placed]) -> gpd.GeoDataFrame:
        """Return a layer's rows inside 规划范围."""
        frame = self.placed(layer)
        return frame[frame[layer.community].notna()]

    def table(self, layer: type[Layer]) -> pd.DataFrame:
        """Return a layer as a table."""
        return self.given.table(layer)

    def scope(self, kind: str) -> gpd.GeoDataFrame:
        """Return 更新范围 or 研究范围."""
        frame = self.geo(Scope)
        return frame[frame[Scope.kind] == kind]

    def classed(
        self, frame: gpd.GeoDataFrame, column: str, theme: str, *, fallback: str | None = None
    ) -> gpd.GeoDataFrame:
        """Return ``frame`` with a ``class`` column of the style table's values.

        Values the table does not know take ``fallback`` and are reported, or are left out when there
        is none, and reported too.
        """
        mapping = read_settings("catalogue.yaml")["classes"].get(theme, {})
        values = frame[column].map(lambda value: str(mapping.get(value, value)))
        known = values.map(lambda value: has_symbol(theme, value)).astype(bool)
        for value, count in values[~known].value_counts().sort_index().items():
            self.log.add(
                "HSQ-V05",
                f"样式表主题“{theme}”没有类别“{value}”，{count} 个要素"
                + (f"按“{fallback}”绘制" if fallback else "未绘制"),
                severity="警告",
                layer=theme,
                value=str(value),
                remedy="在 styles/symbols.csv 增加该类别，或在输入的 values 中对应到已有取值",
            )
        result = frame.assign(**{"class": values.where(known, fallback)})
        return result if fallback else result[known]


View = Callable[..., list[Drawn]]
Params = Mapping[str, Any]
