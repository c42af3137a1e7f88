"""Versions of everything beside this program that can change a byte of a result."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from functools import cache
from importlib import metadata

PYTHON = "python"
PACKAGES = (
    "haoshequ", PYTHON, "acadsharp", "acadsharp-native", "contourpy", "ezdxf", "fiona", "fonttools", "geopandas", "matplotlib", "mercantile",
    "numba", "numpy", "openpyxl", "osmium", "pandas", "pillow", "pyarrow", "pydantic", "pylopdf-fonts-zh-cn", "pyogrio",
    "pypdf", "pyproj", "python-docx", "pyyaml", "rasterio", "scipy", "shapely", "xlsxwriter",
)  # fmt: skip


def read_versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Return the version of each package by name, of Python as well; empty where one is not installed."""
    return {name: _version(name) for name in packages}


@cache
def _version(name: str) -> str:
    if name == PYTHON:
        return platform.python_version()
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # ours, run from a folder without being installed
        return ""
