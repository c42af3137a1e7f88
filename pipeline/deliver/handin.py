"""Write the whole hand-in: database, tables, sheets, quality report, catalogue, manifest; swap it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pandas as pd

from layers.account import FileAccount
from layers.faults import Fault, FaultLog
from layers.model import Layer
from layers.reachable import Link, Whereabouts
from layers.source import Placed
from pipeline.deliver.dictionary import write_dictionary
from pipeline.deliver.document import write_documents
from pipeline.deliver.embedded import embed_metadata
from pipeline.deliver.geopackage import PATH as DATABASE
from pipeline.deliver.geopackage import write_geopackage
from pipeline.deliver.items import Absent, Drawings, Item
from pipeline.deliver.library import write_library
from pipeline.deliver.listing import write_catalogue, write_manifest
from pipeline.deliver.metadata import write_metadata
from pipeline.deliver.onemap import collect_layers, missing_layers
from pipeline.deliver.papers import copy_papers
from pipeline.deliver.public.names import collect_names
from pipeline.deliver.public.tables import write_public_tables
from pipeline.deliver.qgis import write_project
from pipeline.deliver.quality import quality_rows
from pipeline.deliver.refusal import refusals_told
from pipeline.deliver.report import write_report
from pipeline.deliver.shapefile import write_degrees_copy, write_shapefiles
from pipeline.deliver.tables import deliver_tables
from pipeline.deliver.tree import Swapped, open_staging, swap_in
from pipeline.plan import Plan
from pipeline.stages.base import Frame, Given

STAGE = "成果输出"
DrawSheets = Callable[[Mapping[str, Frame], Plan, Path, FaultLog], Drawings]


Sealed = Callable[[Path, Sequence[Fault]], None]


class Inspection(Protocol):
    """Opens the finished files again and writes what it finds beside them."""

    @property
    def items(self) -> Sequence[Item]:
        """The files it will write."""
        ...

    def __call__(self, root: Path) -> None:
        """Check the files under ``root`` and write the files that ``items`` names."""
        ...


@dataclass(frozen=True)
class HandIn:
    """A hand-in that was written.

    Attributes
    ----------
    items : delivered files in the order of 成果目录.
    swapped : where it is, and what kept it from its place.
    faults : remarks of the writers; they are in the quality report too.
    """

    items: list[Item]
    swapped: Swapped
    faults: list[Fault]


def deliver(
    given: Mapping[str, Frame],
    plan: Plan,
    quality: pd.DataFrame,
    *,
    draw_sheets: DrawSheets | None = None,
    inspect: Inspection | None = None,
    inputs: Mapping[str, str] | None = None,
    sealed: Sealed | None = None,
) -> HandIn:
    """Write the hand-in of a plan into ``plan.output`` and swap it in whole.

    Parameters
    ----------
    given : every stage result by layer key, in the plan's zone, metres.
    plan : the plan config.
    quality : ``Quality`` rows of the stages before.
    draw_sheets : draws the catalogue's sheets into the folder it is given and returns files, entries
        not drawn and the sheets as drawn; gets the frames with communities filled in.
    inspect : looks at the finished files before the manifest is written over all of them, its reports included.
    inputs : sha256 of the inputs by name as they were when they were read; those on disk now by default.
    sealed : told of the complete hand-in just before it is swapped in, with the writers' remarks.

    Raises
    ------
    PlanFaults
        When names clash, numbers run out or the disk refuses; the hand-in before stays as it was.
    """
    log = FaultLog()
    root = open_staging(plan.output)
    with refusals_told(root):
        items = _write_all(given, plan, quality, draw_sheets, inspect, root, log)
        write_manifest(items, plan, root, inputs=inputs)

    def seal() -> None:
        if sealed is not None:
            sealed(root, log.faults)

    return HandIn(items, swap_in(plan.output, sealed=seal), log.faults)


def _write_all(
    given: Mapping[str, Frame],
    plan: Plan,
    quality: pd.DataFrame,
    draw_sheets: DrawSheets | None,
    inspect: Inspection | None,
    root: Path,
    log: FaultLog,
) -> list[Item]:
    frames = place_frames(given, plan)
    layers = collect_layers(frames, plan, log)
    made: list[Item | Absent] = [*write_shapefiles(layers, plan, root, log)]
    if plan.delivery.shp_degrees:
        made += write_degrees_copy(layers, plan, root, log)
    made.append(write_geopackage(layers, plan, root))
    made.append(write_dictionary(layers, plan, root))
    made += missing_layers(layers)
    tables, filled = deliver_tables(frames, plan, root, log)
    made += tables
    made += write_library(frames, plan, root, log)
    made += copy_papers(frames, plan, root, log)
    drawings = draw_sheets(frames, plan, root, log) if draw_sheets is not None else Drawings(())
    made += drawings.made
    made.append(write_project(layers, drawings.sheets, plan, root))
    if plan.delivery.documents:
        made += write_documents(filled, plan, root, made=made)
    if plan.delivery.public:
        made += write_public_tables(frames, plan, root, collect_names(frames, plan))
    crs = Given(plan, frames).crs
    rows = pd.concat([quality, quality_rows(log.faults, stage=STAGE, crs=crs)], ignore_index=True)
    accounts, links = frames.get(FileAccount.key), frames.get(Link.key)
    metadata = write_metadata(layers, plan, root, rows=rows, accounts=accounts, made=made)
    made.append(metadata)
    embed_metadata(root / DATABASE, (root / metadata.path).read_text(encoding="utf-8"), plan.plan.compiled)
    made += write_report(rows, plan, root, accounts=accounts, links=links, made=made)
    if inspect is not None:
        made += inspect.items
    items = write_catalogue(made, plan, root)
    if inspect is not None:
        inspect(root)
    return items


def place_frames(given: Mapping[str, Frame], plan: Plan) -> dict[str, Frame]:
    """Return the frames with each object's community filled in where ``Whereabouts`` has decided it."""
    where = given.get(Whereabouts.key)
    known = set() if where is None else set(where[Whereabouts.layer])
    frames = dict(given)
    for key in sorted(known & given.keys()):
        layer = Layer.registry[key]
        if layer.shape is not None and issubclass(layer, Placed):
            frames[key] = Given(plan, given).placed(layer)
    return frames
