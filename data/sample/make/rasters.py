"""A population grid that agrees with the buildings, and a picture painted like an orthophoto."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely
import writers as wr
from frame import make_rng
from planted import BARE
from rasterio.features import rasterize
from rasterio.transform import from_origin
from scipy.ndimage import gaussian_filter, zoom
from town import Town, find_parcel

POP_CELL_M = 50.0
PHOTO_CELL_M = 1.0


def list_bare(town: Town) -> list[dict]:
    """The planted squares of bare soil, each in the widest open spot of a parcel that is in use."""
    out = []
    there = {p["name"] for p in town.parcels}
    for name in (name for name in BARE if name in there):  # none in the tiny town
        plot = find_parcel(town, name)
        taken = shapely.union_all(
            [b["geometry"].buffer(6) for b in town.buildings if b["parcel"]["name"] == name]
            + [r["geometry"].buffer(4 + r.get("width", 0) / 2) for r in town.network]
            + [s["geometry"] for s in town.spaces]
        )
        circle = shapely.maximum_inscribed_circle(plot["geometry"].buffer(-3).difference(taken))
        (x, y), half = circle.coords[0], circle.length * 0.68
        square = shapely.box(x - half, y - half, x + half, y + half)
        out.append({"parcel": plot, "geometry": shapely.set_precision(square, 0.01)})
    return out


def frame_of(town: Town, margin_m: float, cell_m: float) -> tuple[float, float, int, int]:
    """West, north, rows, columns of a grid whose edges are round numbers."""
    region = shapely.union_all(list(town.communities.values()))
    x0, y0, x1, y1 = region.bounds
    west = np.floor((x0 - margin_m) / 50) * 50
    north = np.ceil((y1 + margin_m) / 50) * 50
    cols = int(np.ceil((x1 + margin_m - west) / cell_m))
    rows = int(np.ceil((north - y0 + margin_m) / cell_m))
    return west, north, rows, cols


def make_population(town: Town) -> tuple[np.ndarray, float, float]:
    """Residents per 50 m cell, by the building's representative point; the sum is the total."""
    west, north, rows, cols = frame_of(town, 25, POP_CELL_M)
    grid = np.zeros((rows, cols), dtype="float32")
    lived = [b for b in town.buildings if b["residents"]]
    p = shapely.get_coordinates([b["geometry"].representative_point() for b in lived])
    np.add.at(
        grid,
        (
            ((north - p[:, 1]) // POP_CELL_M).astype(int),
            ((p[:, 0] - west) // POP_CELL_M).astype(int),
        ),
        [b["residents"] for b in lived],
    )
    return grid[None], west, north


COLOURS = {
    "water": (74, 96, 98),
    "park": (82, 104, 62),
    "green": (90, 110, 66),
    "vacant": (142, 128, 98),
    "soil": (152, 134, 102),
    "reserve": (128, 124, 92),
    "road": (118, 118, 116),
    "factory": (128, 122, 112),
    "store": (130, 124, 112),
    "square": (158, 152, 142),
    "old": (104, 100, 90),
}
ROOFS = {
    "住宅": (146, 136, 126),
    "商业": (156, 148, 142),
    "工业": (96, 118, 140),
    "仓储": (112, 106, 100),
}


def make_photo(town: Town) -> tuple[np.ndarray, float, float]:
    """Paint ground, paths, trees, roofs and shadows; uint8 of shape (3, rows, cols)."""
    rng = make_rng("photo")
    west, north, rows, cols = frame_of(town, 60, PHOTO_CELL_M)
    at = from_origin(west, north, PHOTO_CELL_M, PHOTO_CELL_M)

    def burn(shapes: list) -> np.ndarray:
        if not shapes:
            return np.zeros((rows, cols), bool)
        return rasterize(shapes, out_shape=(rows, cols), transform=at).astype(bool)

    def noise(scale: float) -> np.ndarray:
        n = rng.normal(0, 1, (int(rows / scale) + 4, int(cols / scale) + 4))
        return zoom(n, scale, order=1)[:rows, :cols]

    img = np.empty((rows, cols, 3))
    img[:] = (112, 112, 84)
    img[burn(town.water)] = COLOURS["water"]
    for kind in sorted({p["kind"] for p in town.parcels}):
        img[burn([p["geometry"] for p in town.parcels if p["kind"] == kind])] = COLOURS.get(
            kind, (126, 126, 104)
        )
    patches = [item["geometry"] for item in list_bare(town)]
    img[burn(patches)] = COLOURS["soil"]
    soil = (noise(9.0) * 5 + noise(3.0) * 4)[..., None]
    img += soil * ~burn(town.water)[..., None]
    img[burn([r["geometry"].buffer(r.get("width", 0) / 2 * 0.62 or 2.0) for r in town.network])] = (
        134,
        134,
        132,
    )
    img[burn([r["geometry"].buffer(0.8) for r in town.streets if r["kind"] == "主干路"])] = (
        96,
        118,
        78,
    )
    img[burn([s["geometry"] for s in town.spaces])] = (150, 82, 66)
    img[burn([s["geometry"].buffer(-6) for s in town.spaces])] = (88, 124, 70)
    paved = burn(
        [r["geometry"].buffer(3) for r in town.network] + [b["geometry"].buffer(2) for b in town.buildings]
    )
    trees = gaussian_filter(rng.random((rows, cols)), 1.6)
    dense = burn([p["geometry"] for p in town.parcels if p["kind"] in ("park", "green")])
    bare = burn([p["geometry"] for p in town.parcels if p["kind"] in ("road", "water", "vacant", "factory")])
    crowns = (trees > np.where(dense, np.quantile(trees, 0.62), np.quantile(trees, 0.86))) & ~paved & ~bare
    crowns &= ~burn(town.water) & ~burn(patches)
    img[crowns] = (60, 80, 48)
    img[np.roll(crowns, (1, 1), (0, 1)) & ~crowns] *= 0.86
    shadow = []
    for b in town.buildings:
        h = min(b["floors"] * 3.0, 60)
        shadow.append(
            shapely.union_all(
                [
                    shapely.affinity.translate(b["geometry"], -0.28 * h * t, 0.42 * h * t)
                    for t in (0.3, 0.65, 1.0)
                ]
            ).convex_hull
            if b["floors"] > 3
            else shapely.affinity.translate(b["geometry"], -1.2, 1.8)
        )
    img[burn(shadow)] *= 0.58
    order = rng.permutation(len(town.buildings))
    tint = rng.normal(0, 9, (len(order), 1)) + rng.normal(0, 4, (len(order), 3))
    for i in order:
        b = town.buildings[i]
        b["_tint"] = np.clip(
            np.array(ROOFS.get(b["use"], (150, 146, 140))) * (0.72 if b["parcel"]["kind"] == "old" else 1)
            + tint[i],
            30,
            235,
        )
    index = rasterize(
        [(b["geometry"], i + 1) for i, b in enumerate(town.buildings)],
        out_shape=(rows, cols),
        transform=at,
        dtype="int32",
    )
    roof = np.vstack([[0, 0, 0], [b.pop("_tint") for b in town.buildings]])
    on = index > 0
    img[on] = roof[index[on]]
    edge = on & (np.roll(index, 1, 0) != index)
    img[edge] *= 1.12
    img = gaussian_filter(img, (0.55, 0.55, 0)) + rng.normal(0, 3.0, (rows, cols, 1))
    return np.clip(img, 0, 255).astype("uint8").transpose(2, 0, 1), west, north


def write_rasters(out: Path, town: Town, crs: str, *, step: int, **jpeg: object) -> None:
    """Write the population raster and the orthophoto, the photo at every ``step``-th cell."""
    grid, west, north = make_population(town)
    wr.write_raster(out / "人口.tif", grid, west, north, POP_CELL_M, crs, nodata=-1.0, compress="deflate")
    photo, west, north = make_photo(town)
    wr.write_raster(
        out / "正射影像.tif",
        photo[:, ::step, ::step],
        west,
        north,
        PHOTO_CELL_M * step,
        crs,
        compress="jpeg",
        photometric="ycbcr",
        **jpeg,
    )
