"""Files of the command line opened and looked at, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import shapely
from pyproj import CRS

from layers.encoding import Verdict
from layers.faults import Fault, FaultLog, PlanFaults
from layers.ground import Ground
from layers.model import Layer
from layers.plain import Anything
from layers.read.contents import Part, list_files, make_part, split_part
from layers.read.fields import report_garbled_table
from layers.read.inspection import Inspection, inspect_raw
from layers.read.listing import list_names
from layers.read.opening import SUFFIXES
from layers.read.osm import read_osm
from layers.read.raw import Place, Raw
from layers.read.readings import Suggestion
from layers.read.shapecheck import check_shapes
from layers.read.source import name_source, open_raw
from layers.read.tiff import SUFFIXES as RASTERS
from layers.read.tiff import RasterFacts, describe_raster
from layers.source import Community, Identified, Parcel
from pipeline.begin.findings import SURE_LAYER
from pipeline.begin.review import ACCEPT, Reviewed, review_part
from pipeline.cli.plain import PlainFile, is_osm
from pipeline.cli.reference import Reference
from pipeline.plan.sources import Source

# What a feature is called in messages, where a column means it.
_KEYS = (Parcel.number, Identified.id, Community.name)
_PROVIDERS = {"gcj02": "GCJ-02（高德、腾讯）", "bd09": "BD-09（百度）", "wgs84": "WGS84"}
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
    path : the file.
    inspection : its coordinates; None where the file could not be read.
    ground : what it was compared with.
    encoding : of its text; None where the format leaves no choice.
    shapes : faults of the geometry.
    contents : what its columns seem to mean; several for the layers of a drawing or the folders of a KML.
    header : rows before a sheet's header, and of it; None for other files.
    raster : what a raster is; None for other files.
    faults : every fault of reading it and of judging its coordinates.
    """

    name: str
    path: Path
    inspection: Inspection | None
    ground: Ground | None
    encoding: Verdict | None = None
    shapes: tuple[Fault, ...] = ()
    contents: tuple[Reviewed, ...] = ()
    header: tuple[int, int] | None = None
    raster: RasterFacts | None = None
    faults: tuple[Fault, ...] = field(default=())

    @property
    def usable(self) -> bool:
        """Whether a plan would take it as it is."""
        bad = any(fault.severity == "错误" for fault in self.shapes)
        return self.inspection is not None and self.inspection.state != "refused" and not bad


def list_inside(path: Path) -> list[Path]:
    """Return the data files of a folder; a file as it is, and a folder without any."""
    if not path.is_dir() or path.suffix.lower() == ".gdb":
        return [path]
    found = [item for item in list_files(path) if item.suffix.lower() in SUFFIXES | RASTERS or is_osm(item)]
    return found or [path]


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
    if wanted.path.suffix.lower() in RASTERS:
        yield _look_raster(wanted, ground)
        return
    sources = [
        source for source in reference.find_sources(wanted.path) if wanted.layer in (None, source.layer)
    ]
    if not sources or wanted.crs or wanted.x:
        found = list_names(wanted.path)
        layers = [wanted.layer] if wanted.layer or len(found) < 2 else list(found)
        sources = [PlainFile(wanted.path, layer, wanted.crs, wanted.x, wanted.y).source() for layer in layers]
    for source in sources:
        shown = name_source(source)
        if reference.plan is not None and not wanted.path.is_absolute():
            shown = wanted.path.as_posix() + (f"｜{source.layer}" if source.layer else "")
        yield _look_source(source, wanted.path, shown, ground)


def _look_source(source: Source, path: Path, shown: str, ground: Ground | None) -> Finding:
    own = FaultLog()
    place = Place(shown, "", own)
    raw = open_raw(source, path, place)
    if raw is None:
        return Finding(shown, path, None, ground, place.clues.encoding, faults=_reword(own))
    report_garbled_table(raw.table, place)
    whole = make_part(path, source.layer, raw, header=place.clues.header)
    contents = tuple(review_part(part) for part in split_part(whole))
    best = contents[0] if len(contents) == 1 else None
    guessed = best.points if best is not None and source.x is None and source.wkt is None else None
    if guessed is not None:
        source = source.model_copy(update={"x": guessed.x, "y": guessed.y})
    if (reason := _needs_no_place(source, whole, best)) is not None:
        found = Inspection(rows=len(raw.table), state="plain", verdict=reason)
    else:
        found = inspect_raw(raw, source, place, ground=ground)
    if guessed is not None and guessed.datum and source.datum is None and found.state == "refused":
        told = Suggestion(f"{_PROVIDERS[guessed.datum]}：{guessed.evidence}", f"datum: {guessed.datum}")
        found = replace(found, suggestions=(told, *found.suggestions))
    header = place.clues.header
    return Finding(
        shown, path, found, ground, place.clues.encoding, _check(found, raw, best, shown), contents,
        (header.skip_rows, header.header_rows) if header else None, faults=_reword(own),
    )  # fmt: skip


def _needs_no_place(source: Source, whole: Part, best: Reviewed | None) -> str | None:
    """Return why a table needs no coordinates of its own; None where it needs some or has them."""
    if whole.geometry is not None or source.x is not None:
        return None
    if source.geometry is not None:
        return f"没有坐标：方案中按 {source.key} 取 {source.geometry.path.as_posix()} 的图形"
    guess = best.best if best is not None and best.score >= ACCEPT else None
    if guess is None or guess.layer.shape not in (None, "any"):
        return None
    return f"没有坐标：像是“{guess.layer.alias}”，这类表格没有坐标也可以使用"


def _check(found: Inspection, raw: Raw, best: Reviewed | None, shown: str) -> tuple[Fault, ...]:
    if found.frame is None:
        return ()
    layer: type[Layer] = Anything
    names: Mapping[str, str] = {}
    if best is not None and best.best is not None and best.score >= SURE_LAYER:
        layer = best.best.layer if best.best.layer.shape == best.shape else Anything
        fields = best.best.fields
        names = {str(guess.field): guess.column for guess in fields if guess.field in _KEYS and guess.sure}
    return check_shapes(found.frame, raw.table, layer=layer, names=names, name=shown)


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
    return Finding(path.as_posix(), path, found, ground, faults=_reword(own))


def _look_raster(wanted: Wanted, ground: Ground | None) -> Finding:
    """Look at a raster: its frame is one rectangle, judged like any other shape."""
    own = FaultLog()
    place = Place(wanted.path.as_posix(), "", own)
    facts = describe_raster(wanted.path, place)
    found = None
    if facts is not None:
        frame = shapely.box(*facts.bounds) if facts.bounds else None
        raw = Raw(pd.DataFrame(index=[0]), pd.Series([frame], dtype=object), facts.crs)
        found = inspect_raw(raw, PlainFile(wanted.path, None, wanted.crs).source(), place, ground=ground)
    return Finding(place.file, wanted.path, found, ground, raster=facts, faults=_reword(own))


def _reword(log: FaultLog) -> tuple[Fault, ...]:
    faults = []
    for fault in log.faults:
        remedy = fault.remedy
        for old, new in _WORDS:
            remedy = remedy.replace(old, new)
        faults.append(replace(fault, remedy=remedy))
    return tuple(faults)
