"""What is particular to DXF: one GDAL layer for everything drawn, CAD layers as an attribute, its text encoding."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import geopandas as gpd
import pyogrio

from layers.read.raw import Place

# From AutoCAD 2007 on text is UTF-8, whatever code page the header names.
_FIRST_UTF8 = "AC1021"
_LAYER, _PAPER = "Layer", "PaperSpace"
_SHAPES = {"point": ("Point", "点"), "line": ("LineString", "线"), "polygon": ("Polygon", "面")}


@contextmanager
def undecoded(encoding: str) -> Iterator[None]:
    """Let GDAL hand over DXF text byte by byte, as if it were in ``encoding``."""
    before = pyogrio.get_gdal_config_option("DXF_ENCODING")
    pyogrio.set_gdal_config_options({"DXF_ENCODING": encoding})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"DXF_ENCODING": before})


def judge_encoding(path: Path) -> str:
    """Return the codec of a DXF's text by its version and code page; GBK where the header says neither."""
    with path.open("rb") as stream:
        head = [line.strip() for line in stream.read(65536).splitlines()]
    said = {
        name: head[at + 2].decode("ascii", "replace")
        for name in (b"$ACADVER", b"$DWGCODEPAGE")
        if name in head and (at := head.index(name)) + 2 < len(head)
    }
    if said.get(b"$ACADVER", "") >= _FIRST_UTF8:
        return "UTF-8"
    page = said.get(b"$DWGCODEPAGE", "ANSI_936").upper().replace("ANSI_", "cp")
    try:
        return codecs.lookup(page).name
    except LookupError:
        return "gbk"


def pick_entities(
    frame: gpd.GeoDataFrame, place: Place, *, layer: str | None, shape: str | None
) -> gpd.GeoDataFrame | None:
    """Return the entities of a CAD layer that have the wanted geometry; drawings hold much else.

    Parameters
    ----------
    frame : all entities.
    layer : name of the CAD layer, ``*`` stands for any text; all layers when None.
    shape : kind of geometry the plan's layer has; entities of another kind are counted and left out.

    Returns
    -------
    GeoDataFrame or None
        None when no CAD layer has the name.
    """
    frame = frame[frame[_PAPER].isna() | (frame[_PAPER] == 0)]
    if layer is not None:
        names = sorted(frame[_LAYER].dropna().unique())
        wanted = [name for name in names if fnmatchcase(name, layer)]
        if not wanted:
            place.error(
                "HSQ-F03",
                f"没有名为“{layer}”的 CAD 图层",
                value=layer,
                remedy=f"文件中的 CAD 图层：{'、'.join(names[:30])}",
            )
            return None
        frame = frame[frame[_LAYER].isin(wanted)]
    if shape in _SHAPES:
        kind, name = _SHAPES[shape]
        right = frame.geom_type.isin([kind, f"Multi{kind}"])
        if not right.all():
            place.note(
                "HSQ-G03", f"另有 {int((~right).sum())} 个不是{name}的实体（注记、图块等）", action="不采用"
            )
        frame = frame[right]
    return frame
