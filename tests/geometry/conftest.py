"""One file's features in memory, mended, with everything that was said about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.affinity import translate

from layers.faults import Fault, FaultLog
from layers.model import Layer
from layers.read.raw import Place
from layers.repair import mend_shapes, report_corners
from tests.intake.conftest import Bench

CRS = "EPSG:4548"
E0, N0 = 486_000.0, 3_137_000.0


class Desk:
    """Features on a desk: what mending makes of them and says."""

    def __init__(self) -> None:
        self.log = FaultLog()
        self.place = Place("甲.shp", "甲", self.log)

    def mend(self, layer: type[Layer], shapes: list[Any], **columns: list[Any]) -> gpd.GeoDataFrame:
        """Mend features given near the origin; rows are numbered from 1."""
        moved = [None if shape is None else translate(shape, E0, N0) for shape in shapes]
        frame = gpd.GeoDataFrame(columns or {"note": [""] * len(shapes)}, geometry=moved, crs=CRS)
        frame.index = range(1, len(frame) + 1)
        self.place.account.take(frame.index)
        made = mend_shapes(frame, layer, self.place)
        report_corners(made, self.place)
        self.place.account.keep(made.index)
        return made

    def local(self, frame: gpd.GeoDataFrame) -> list[Any]:
        """Return shapes near the origin again, to the micrometre."""
        return list(shapely.transform(frame.geometry.to_numpy(), lambda xy: np.round(xy - (E0, N0), 6)))

    def find(self, code: str) -> list[Fault]:
        return [fault for fault in self.log.faults if fault.code == code]

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """Code, severity and row of everything said."""
        return [(fault.code, fault.severity, fault.row) for fault in self.log.faults]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.add_community()
    return made
