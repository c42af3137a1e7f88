"""Location inset: where on the whole plan this sheet lies."""

from __future__ import annotations

import numpy as np
import shapely

from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.labels import Placement, collect_requests, place_labels
from pipeline.deliver.sheet.paint import paint_layers
from pipeline.deliver.sheet.scale import MapTransform
from pipeline.deliver.sheet.spec import Bounds, Drawn
from styles import symbol
from styles.frame import Box

SHRINK = 0.6


def draw_inset(
    page: Page, layers: tuple[Drawn, ...], box: Box, mark: Bounds
) -> tuple[list[Placement], list[str]]:
    """Draw the inset layers and the extent of the main map.

    Parameters
    ----------
    mark
        Window of the main map, metres.

    Returns
    -------
    placed, unplaced
        Its labels, for the caller to draw and report.
    """
    transform = place_inset(layers, box, mark)
    painting = paint_layers(page, layers, transform, z_base=101, z_scale=0.01, shrink=SHRINK)
    frame_symbol = symbol("context", "图幅")
    outline = transform.to_page(np.array([shapely.box(*mark)], dtype=object))
    page.fill(outline, edge=frame_symbol.line, width_mm=frame_symbol.line_mm, z=102.5, clip=box)
    requests = collect_requests(painting)
    placed, unplaced = place_labels(requests, box, [])
    page.rectangle(box, edge=page.frame.colours["rule"], width_mm=page.frame.lines["rule"], z=103)
    return placed, unplaced


def place_inset(layers: tuple[Drawn, ...], box: Box, mark: Bounds) -> MapTransform:
    """Return the transform that shows all of the layers and the main map's window ``mark`` in a box."""
    extents = np.array([layer.frame.total_bounds for layer in layers if len(layer.frame)])
    low = np.minimum(extents[:, :2].min(0), mark[:2])
    high = np.maximum(extents[:, 2:].max(0), mark[2:])
    size = np.maximum(high - low, 1.0)
    scale = float((size / [box.width - 4.0, box.height - 4.0]).max() * 1000)
    return MapTransform.for_extent((*low, *high), scale, box)
