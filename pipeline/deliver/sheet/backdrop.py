"""The picture under the map, brought onto the very pixels of the sheet."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pyproj import CRS

from layers.faults import FaultLog
from layers.read.backdrop import read_backdrop
from layers.read.raw import Place
from pipeline.deliver.sheet.canvas import Page
from pipeline.deliver.sheet.scale import MapTransform
from pipeline.deliver.sheet.spec import Backdrop, Bounds, SheetError, SheetSpec
from styles.frame import MM_PER_INCH

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


def draw_backdrop(page: Page, spec: SheetSpec, transform: MapTransform) -> None:
    """Draw the picture of a sheet that has one, under everything else.

    Raises
    ------
    SheetError
        If it cannot be read, or lies elsewhere.
    """
    if spec.backdrop is None:
        return
    per_mm = page.frame.dpi / MM_PER_INCH
    box = transform.box
    # Whole pixels that cover the map box: none is drawn twice, none is mixed of two.
    left, bottom = int(np.floor(box.left * per_mm)), int(np.floor(box.bottom * per_mm))
    right, top = int(np.ceil(box.right * per_mm)), int(np.ceil(box.top * per_mm))
    metre = transform.mm_per_m * per_mm
    west, south = transform.window[:2]
    window = (
        west + (left - box.left * per_mm) / metre, south + (bottom - box.bottom * per_mm) / metre,
        west + (right - box.left * per_mm) / metre, south + (top - box.bottom * per_mm) / metre,
    )  # fmt: skip
    pixels = _read_pixels(spec.backdrop, window, (right - left, top - bottom), spec.crs.to_wkt())
    page.picture(pixels, left, bottom, clip=box, z=-1.0)


@lru_cache(maxsize=2)
def _read_pixels(backdrop: Backdrop, window: Bounds, size: tuple[int, int], crs: str) -> NDArray[np.uint8]:
    """Return the picture of a window in metres as bytes, shape (rows, columns, 3), row 0 northernmost.

    Sheets of one extent and layout share it; a worker keeps two.
    """
    log = FaultLog()
    step = max((window[2] - window[0]) / size[0], backdrop.finest_m)
    raster = read_backdrop(
        backdrop.path, window, CRS.from_wkt(crs), Place(backdrop.path.name, "底图", log), step_m=step
    )
    if raster is None:
        raise SheetError(f"{SheetError.code} 底图不能使用：{log.faults[-1].problem}")
    fitted = Image.fromarray(_fade(raster.values, backdrop)).resize(
        size, Image.Resampling.BILINEAR,
        box=(
            (window[0] - raster.west) / raster.step, (raster.north - window[3]) / raster.step,
            (window[2] - raster.west) / raster.step, (raster.north - window[1]) / raster.step,
        ),
    )  # fmt: skip
    pixels = np.asarray(fitted)
    pixels.flags.writeable = False
    return pixels


def _fade(values: NDArray[np.uint8], backdrop: Backdrop) -> NDArray[np.uint8]:
    """Return what is printed of red, green, blue and cover: grey if wished, paled, white where nothing is."""
    colours = values[:3].astype(np.float32)
    if backdrop.grey:
        colours = np.broadcast_to(np.tensordot(_LUMA, colours, axes=1), colours.shape)
    ink = (1.0 - backdrop.fade) * (values[3].astype(np.float32) / 255.0)
    shown = 255.0 - (255.0 - colours) * ink
    return np.ascontiguousarray(np.moveaxis(np.round(shown).astype(np.uint8), 0, 2))
