"""Tiny files for the one-off commands, drawn so that every distance can be added up by hand."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, Point
from typer.testing import CliRunner

from pipeline.cli.app import app

# A corner of Jiangxi in CGCS2000 3-degree zone 39 without prefix (CM 117 E).
X0, Y0 = 500_000.0, 3_130_000.0
CRS = "EPSG:4548"


def at(x, y):
    """Return a point ``x``, ``y`` metres from the corner."""
    return Point(X0 + x, Y0 + y)


def line(*xy):
    """Return a line through points given in metres from the corner."""
    return LineString([(X0 + x, Y0 + y) for x, y in xy])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the roads, homes and facilities of one hand-drawn place.

    A street of 1,000 m runs east, a lane of 300 m north from its middle, a bridge of level 1 crosses the
    street at 800 without meeting it, and a yard path of 40 m lies apart from everything.
    """
    monkeypatch.chdir(tmp_path)
    roads = gpd.GeoDataFrame(
        {"层级": [0, 0, 1, 0]},
        geometry=[
            line((0, 0), (1000, 0)),
            line((500, 0), (500, 300)),
            line((800, -200), (800, 200)),
            line((100, 400), (140, 400)),
        ],
        crs=CRS,
    )
    roads.to_file("roads.shp")
    homes = pd.DataFrame(
        {
            "门牌": ["甲", "乙", "丙", "丁", "戊"],
            "东": [X0 + x for x in (100, 500, 120, 300, 9000)],
            "北": [Y0 + y for y in (10, 290, 410, 240, 0)],
        }
    )
    homes.to_csv("homes.csv", index=False, encoding="gbk")
    homes.to_excel("homes.xlsx", index=False)
    gpd.GeoDataFrame(
        {"编号": ["S1", "S2", "S3"], "类型": ["菜店", "菜店", "学校"]},
        geometry=[at(500, -20), at(900, 0), at(800, 205)],
        crs=CRS,
    ).to_file("shops.gpkg", driver="GPKG")
    return tmp_path


@pytest.fixture
def call(monkeypatch):
    """Return a function that runs a command and gives exit code and text."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERMINAL_WIDTH", "200")

    def run(*words):
        result = CliRunner().invoke(app, [str(word) for word in words], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.return_value, result.output

    return run
