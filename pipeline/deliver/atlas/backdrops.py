"""Pictures under the sheets of a plan: its own, or tiles of a web map fetched once and kept with the run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from pyproj import Transformer

from layers.faults import FaultLog
from pipeline.deliver.atlas.compose import Entry
from pipeline.deliver.sheet.scale import MapTransform
from pipeline.deliver.sheet.spec import Backdrop, Bounds, SheetSpec
from pipeline.plan import Plan
from pipeline.plan.under import Tiles, Under
from styles.frame import load_frame

# Where fetched tiles are kept, beside the stage results: the next run needs no network and draws the same bytes.
_FOLDER = "底图"
_RIM_M = 50.0


def lay_backdrops(entries: list[Entry], plan: Plan, log: FaultLog) -> list[Entry]:
    """Return the entries with the picture each is to be drawn on, and its source among the notes.

    Parameters
    ----------
    entries : from ``compose_sheets``.
    plan : says what lies under which sheets; without ``sheets.base`` and ``sheets.tiles`` nothing is opened.
    log : told when tiles cannot be had (HSQ-D09); the sheets are drawn without.
    """
    under: Under | None = plan.sheets.base or plan.sheets.tiles
    if under is None:
        return entries
    shown = [entry.spec for entry in entries if entry.spec is not None and under.shown_on(entry.number)]
    if plan.sheets.base is not None:
        path, source = plan.resolve(plan.sheets.base.path), f"底图：{plan.sheets.base.attribution}"
        pictures = {_ground_of(spec): path for spec in shown}
    else:
        assert plan.sheets.tiles is not None
        pictures = _fetch_all(shown, plan.sheets.tiles, plan, log)
        source = plan.sheets.tiles.source.attribution
    note = source.rstrip("。") + "。"
    return [_lay(entry, under, pictures, note) for entry in entries]


def _ground_of(spec: SheetSpec) -> tuple[Bounds, int]:
    return spec.extent, spec.scale


def _lay(entry: Entry, under: Under, pictures: Mapping[tuple[Bounds, int], Path], note: str) -> Entry:
    spec = entry.spec
    path = pictures.get(_ground_of(spec)) if spec is not None and under.shown_on(entry.number) else None
    if spec is None or path is None:
        return entry
    backdrop = Backdrop(path=path, fade=under.fade, grey=under.grey)
    return replace(entry, spec=replace(spec, backdrop=backdrop, notes=(*spec.notes, note)))


def _fetch_all(
    specs: list[SheetSpec], tiles: Tiles, plan: Plan, log: FaultLog
) -> dict[tuple[Bounds, int], Path]:
    """Fetch what every ground needs, once for all layouts of its sheets; nothing when one of them fails."""
    from layers.read.webtiles import TilesError

    windows: dict[tuple[Bounds, int], list[Bounds]] = {}
    for spec in specs:
        frame = load_frame(spec.layout)
        window = MapTransform.for_extent(spec.extent, spec.scale, frame.map).window
        windows.setdefault(_ground_of(spec), []).append(window)
    key = os.environ.get(tiles.source.key_env, "") if tiles.source.key_env else ""
    try:
        if tiles.source.key_env and not key:
            raise TilesError(f"环境变量 {tiles.source.key_env} 没有设置密钥")
        crs = {_ground_of(spec): spec for spec in specs}
        return {
            ground: _fetch(crs[ground], np.array(found), tiles, plan.output / "work" / _FOLDER, key)
            for ground, found in windows.items()
        }
    except TilesError as error:
        log.add(
            "HSQ-D09", f"底图“{tiles.source.name}”未能取得：{error}", severity="警告", field="sheets.tiles",
            value=tiles.provider, action="图纸照常绘制，不带底图",
            remedy="检查网络与密钥后重新运行 haoshequ run --from deliver，或改用本机影像 sheets.base",
        )  # fmt: skip
        return {}


def _fetch(spec: SheetSpec, windows: np.ndarray, tiles: Tiles, folder: Path, key: str) -> Path:
    """Return the picture of one ground, fetched unless an earlier run has."""
    from layers.read.webtiles import choose_zoom, fetch_tiles

    west, south = map(float, windows[:, :2].min(axis=0) - _RIM_M)
    east, north = map(float, windows[:, 2:].max(axis=0) + _RIM_M)
    bounds = (west, south, east, north)
    middle = ((west + east) / 2, (south + north) / 2)
    latitude = Transformer.from_crs(spec.crs, 4326, always_xy=True).transform(*middle)[1]
    zoom = choose_zoom(tiles.source, latitude, spec.scale) if tiles.zoom == "auto" else tiles.zoom
    # The address without its key: what makes two pictures the same.
    what = (
        tiles.source.url,
        tiles.source.datum,
        zoom,
        [round(edge, 2) for edge in bounds],
        spec.crs.to_wkt(),
    )
    mark = hashlib.sha256(repr(what).encode()).hexdigest()[:12]
    path = folder / f"{tiles.provider}-{zoom}-{mark}.tif"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.tif")
        fetch_tiles(tiles.source, bounds, spec.crs, part, zoom=zoom, key=key)
        part.replace(path)
    return path
