"""The quality report as a whole: the workbook and the map of its places, in the hand-in or beside it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.deliver.faultmap import PATH as PLACES
from pipeline.deliver.faultmap import write_fault_map
from pipeline.deliver.items import Item, Made
from pipeline.deliver.quality import PATH, sort_rows, write_quality
from pipeline.plan import Plan

# Where the report is while it is being written; then its files are put in place one by one.
_FRESH = ".质检.part"


def write_report(
    rows: pd.DataFrame,
    plan: Plan,
    root: Path,
    *,
    accounts: pd.DataFrame | None = None,
    links: pd.DataFrame | None = None,
    made: Made = (),
) -> list[Item]:
    """Write the report and the map of its places under ``root`` and return the files.

    Parameters
    ----------
    rows : ``Quality`` rows of all stages.
    accounts : ``FileAccount`` rows; None where no file was read.
    links : the ``Link`` layer with its communities; None where nothing was joined to a network.
    made : files delivered before, of which those that were checked are listed.
    """
    ordered = sort_rows(rows)
    items = [write_quality(ordered, plan, root, accounts=accounts, links=links, made=made)]
    if isinstance(ordered, gpd.GeoDataFrame) and ordered.crs is not None:
        items.append(write_fault_map(ordered, plan, root))
    return items


def place_report(rows: pd.DataFrame, plan: Plan, *, accounts: pd.DataFrame | None = None) -> Path:
    """Write the report where there is no hand-in to hold it, ``output/<plan>/质检``, and return its xlsx.

    It is written beside its place and moved there file by file: none is ever half a file.

    Raises
    ------
    OSError
        If the disk refuses; an earlier report stays.
    """
    fresh = plan.output / _FRESH
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        items = write_report(rows, plan, fresh, accounts=accounts)
        for item in items:
            target = plan.output / item.path
            target.parent.mkdir(parents=True, exist_ok=True)
            (fresh / item.path).replace(target)
        if PLACES not in [item.path for item in items]:
            # An earlier map would show places of faults that this report does not list.
            (plan.output / PLACES).unlink(missing_ok=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return plan.output / PATH


def drop_report(plan: Plan) -> list[Path]:
    """Remove the report of an earlier check or failed run: the hand-in holds the one that counts.

    Returns what is still there because another program has it open: the hand-in is in place all the same.
    """
    left = []
    for path in (plan.output / PATH, plan.output / PLACES):
        try:
            path.unlink(missing_ok=True)
        except OSError:
            left.append(path)
    folder = (plan.output / PATH).parent
    with suppress(OSError):  # it holds something, or somebody looks into it
        folder.rmdir()
    return left
