"""Plans made of small files drawn by hand, in EPSG:4548 near 116.86 E, 28.34 N."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pytest
import yaml
from shapely import LineString, box

from layers.faults import Fault, FaultLog, PlanFaults
from pipeline.plan import load_plan
from pipeline.stages.base import Frame, Given
from pipeline.stages.load import LOAD

E0, N0 = 486_000.0, 3_137_000.0

IDENTITY = {
    "id": "p",
    "title": "测试方案",
    "area": "测试社区",
    "compiler": "测试院",
    "compiled": "2026-11-23",
    "data_year": 2025,
    "first_year": 2027,
    "region_code": "369901",
    "region_name": "虚构区",
}


class Bench:
    """A folder in which files are made and a plan of them is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = FaultLog()
        self.inputs: dict[str, list[dict[str, Any]]] = {}
        self.plan: dict[str, Any] = {"divisions": {"fictional": [IDENTITY["region_code"]]}}
        self.has_street = True

    def vector(self, name: str, shapes: list[Any], columns: dict[str, list[Any]], **options: Any) -> Path:
        """Write a vector file; ``crs`` defaults to EPSG:4548."""
        crs = options.pop("crs", "EPSG:4548")
        frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)
        path = self.folder / name
        frame.to_file(path, **options)
        return path

    def sheet(
        self, name: str, rows: list[list[Any]], *, merged: tuple[str, ...] = (), title: str = "表"
    ) -> Path:
        """Write an xlsx with merged ranges."""
        book = openpyxl.Workbook()
        page = book.active
        page.title = title
        for row in rows:
            page.append(row)
        for ref in merged:
            page.merge_cells(ref)
        path = self.folder / name
        book.save(path)
        return path

    def add(self, layer_key: str, path: str, **source: Any) -> None:
        """Name a file as input of a layer."""
        self.inputs.setdefault(layer_key, []).append({"path": path, **source})

    def add_community(self) -> None:
        """A square kilometre as the plan's only community."""
        self.vector("社区.gpkg", [box(E0, N0, E0 + 1000, N0 + 1000)], {"name": ["甲社区"]})
        self.add("community_given", "社区.gpkg")

    def load(self) -> dict[str, Frame]:
        """Load the plan.

        Raises
        ------
        PlanFaults
            As the stage does.
        """
        if self.has_street and "road" not in self.inputs and "open_data" not in self.plan:
            # No plan stands without a way to walk on; tests of other layers need not say so.
            self.vector(
                "街.gpkg", [LineString([(E0, N0), (E0 + 1000, N0)])], {"name": ["街"], "kind": ["支路"]}
            )
            self.add("road", "街.gpkg")
        path = self.folder / "plan.yaml"
        config = {"plan": IDENTITY, "inputs": self.inputs, **self.plan}
        path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
        return LOAD(Given(load_plan(path), {}, self.log))

    def fail(self) -> list[Fault]:
        """Load the plan, which must have errors; return them."""
        with pytest.raises(PlanFaults):
            self.load()
        return self.log.errors

    def find(self, code: str) -> list[Fault]:
        """Faults of a code."""
        return [fault for fault in self.log.faults if fault.code == code]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.add_community()
    return made


@pytest.fixture
def empty_bench(tmp_path: Path) -> Callable[[], Bench]:
    return lambda: Bench(tmp_path)
