"""A layer made of its files: in the plan's coordinates, mended, completed, checked and put together."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from layers.communities import settle_communities
from layers.costs import report_costs
from layers.derive import derive_fields, set_limits
from layers.duplicates import drop_twins
from layers.frame import empty_frame
from layers.model import Layer
from layers.read.raw import Place
from layers.read.source import place_frame
from layers.repair import PLANAR, mend_shapes, report_corners
from layers.settle import drop_repeated
from layers.shapes.findings import Findings
from layers.source import Community, Facility, Identified, Parcel
from layers.validate import check_rows, check_unique
from pipeline.stages.accounts import keep_rows
from pipeline.stages.complete import check_texts
from pipeline.stages.intake import Intake
from pipeline.stages.outside import ROW
from pipeline.stages.tiling import fit_parcels, settle_parcels, tile_frames


def finish_layer(
    layer: type[Layer], intake: Intake, crs: CRS, *, grounds: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """Bring the files of a layer to the plan's CRS, mend, complete and check them, and put them together.

    Land use is cut to ``grounds``, the areas the plan is made of.
    """
    plan = intake.plan
    items = intake.taken[layer.key]
    parts: list[gpd.GeoDataFrame] = []
    labels: list[pd.Series] = []
    for item in items:
        report_costs(item.frame, layer, item.place)
    mend = drop_repeated if layer.shape is None else mend_shapes
    frames = [mend(place_frame(item, crs), layer, item.place) for item in items]
    if layer in PLANAR:
        tolerance_m = plan.topology.tolerance_m
        frames = tile_frames(frames, [item.place for item in items], tolerance_m=tolerance_m)
    for item, frame in zip(items, frames, strict=True):
        report_corners(frame, item.place)
        if layer is Community:
            frame = settle_communities(frame, item.place, intake.rules)
        frame = derive_fields(
            frame, layer, item.place, year=plan.plan.data_year, area_rule=plan.crs.area_rule
        )
        check_rows(frame, layer, item.place)
        check_texts(frame, layer, item.place)
        labels.append(pd.Series(frame.index.astype("str"), dtype="str"))
        parts.append(frame.reset_index(drop=True))
    if not parts:
        return empty_frame(layer, crs=crs)
    whole = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=crs)
    rows = pd.concat(labels, ignore_index=True)
    files = whole[Identified.source]
    several = len(parts) > 1
    place = Place("" if several else intake.taken[layer.key][0].place.file, layer.alias, intake.log)
    full = files + " " + rows if several else rows
    check_unique(whole, layer, place, labels=full)
    owner = np.arange(len(whole))
    if layer is Parcel and grounds is not None and Parcel.area_m2 in whole:
        findings = Findings.across([part.set_index(label) for part, label in zip(parts, labels, strict=True)], [item.place for item in items])  # fmt: skip
        whole, owner = fit_parcels(whole, owner, findings, grounds, tolerance_m=plan.topology.tolerance_m)
        whole = settle_parcels(whole, grounds, intake.log, rule=plan.crs.area_rule)
    if layer is Facility and len(whole):
        whole = drop_twins(whole, place, rows=rows)
        owner = whole.index.to_numpy()
        whole = gpd.GeoDataFrame(
            set_limits(whole, radius_of=plan.walking.class_limit_m), geometry="geometry", crs=crs
        )
    keep_rows(owner, rows, [item.place for item in items], [len(part) for part in parts])
    whole = whole.assign(**{ROW: rows.to_numpy()[owner]})
    return whole.sort_values(Identified.id, kind="stable", ignore_index=True)
