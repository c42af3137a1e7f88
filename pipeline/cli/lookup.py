"""Files of the command line opened and looked at, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError
from pyproj import CRS

from layers.faults import Fault, FaultLog, PlanFaults
from layers.ground import Ground
from layers.read.inspection import Inspection, inspect_raw
from layers.read.osm import read_osm
from layers.read.raw import Place, Raw, SourceSpec
from layers.read.source import name_source, open_raw
from pipeline.cli.plain import PlainFile, is_osm
from pipeline.cli.reference import Reference

_SEVERAL = frozenset({".gpkg", ".gdb", ".kml"})
# A remedy that names the config says it for plans; here the same is said by options.
_WORDS = (
    ("在配置中写 x、y 坐标列，或用 key 与 geometry 关联几何文件", "用 --x、--y 指明坐标列"),
    ("（相对于配置文件）", ""),
)


@dataclass(frozen=True)
class Wanted:
    """A file and what the command line says of it."""

    path: Path
    layer: str | None = None
    crs: str | None = None
    x: str | None = None
    y: str | None = None


@dataclass(frozen=True)
class Finding:
    """What was found of one file or one of its layers.

    Attributes
    ----------
    name : the file, with the layer after ``｜``.
    kind : format by the suffix.
    inspection : None where the file could not be read.
    ground : what it was compared with.
    faults : every fault of reading and judging it.
    """

    name: str
    kind: str
    inspection: Inspection | None
    ground: Ground | None
    faults: tuple[Fault, ...] = field(default=())

    @property
    def usable(self) -> bool:
        """Whether a plan would take it."""
        return self.inspection is not None and self.inspection.state != "refused"


def look_into(wanted: Wanted, reference: Reference, log: FaultLog) -> Iterator[Finding]:
    """Look at one file: each layer by itself, as the plan describes it or as options say.

    Parameters
    ----------
    log : gets faults of what the file is compared with.
    """
    ground = reference.find_ground(wanted.path, log)
    if is_osm(wanted.path):
        yield _look_osm(wanted.path, ground)
        return
    sources: list[SourceSpec] = [
        source for source in reference.find_sources(wanted.path) if wanted.layer in (None, source.layer)
    ]
    if not sources or wanted.crs or wanted.x:
        layers = [wanted.layer] if wanted.layer else _list_layers(wanted.path)
        sources = [PlainFile(wanted.path, layer, wanted.crs, wanted.x, wanted.y).source() for layer in layers]
    for source in sources:
        own = FaultLog()
        shown = name_source(source)
        if reference.plan is not None and not wanted.path.is_absolute():
            shown = wanted.path.as_posix() + (f"｜{source.layer}" if source.layer else "")
        place = Place(shown, "", own)
        raw = open_raw(source, wanted.path, place)
        found = None if raw is None else inspect_raw(raw, source, place, ground=ground)
        yield Finding(shown, _kind(wanted.path), found, ground, tuple(_reword(fault) for fault in own.faults))


def _list_layers(path: Path) -> list[str] | list[None]:
    """Return the layers of a file that may hold several; None stands for the only or first one."""
    if path.suffix.lower() not in _SEVERAL or not path.exists():
        return [None]
    try:
        names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except DataSourceError:  # told by the reader in its own words
        return [None]
    return names if len(names) > 1 else [None]


def _look_osm(path: Path, ground: Ground | None) -> Finding:
    own = FaultLog()
    place = Place(path.as_posix(), "", own)
    found = None
    try:
        ways = read_osm(path, own).ways
        table = pd.DataFrame(index=ways.index)
        raw = Raw(table, pd.Series(ways.geometry.to_numpy(), index=ways.index), CRS.from_epsg(4326))
        found = inspect_raw(raw, PlainFile(path).source(), place, ground=ground)
    except PlanFaults as error:
        own.faults.extend(fault for fault in error.faults if fault not in own.faults)
    return Finding(path.as_posix(), _kind(path), found, ground, tuple(own.faults))


def _kind(path: Path) -> str:
    return "OSM" if is_osm(path) else path.suffix.lstrip(".").upper() or "（无扩展名）"


def _reword(fault: Fault) -> Fault:
    remedy = fault.remedy
    for old, new in _WORDS:
        remedy = remedy.replace(old, new)
    return replace(fault, remedy=remedy)
