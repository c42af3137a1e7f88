"""The town and one drawing of each sheet, shared by the tests of this room."""

from __future__ import annotations

import geopandas as gpd
import pytest

from pipeline.deliver.sheet.render import draw_sheet
from pipeline.deliver.sheet.spec import SheetReport, SheetSpec
from tests.sheet.samples import SHEETS
from tests.sheet.town import build_town


@pytest.fixture(scope="session")
def town() -> dict[str, gpd.GeoDataFrame]:
    return build_town()


@pytest.fixture(scope="session")
def drawn(town) -> dict[str, tuple[SheetSpec, bytes, SheetReport]]:
    out = {}
    for name, make in SHEETS.items():
        spec = make(town)
        out[name] = (spec, *draw_sheet(spec))
    return out
