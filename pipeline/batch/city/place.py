"""The files of one plan put in their place: only what has changed, never over somebody's work, all of them or none."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from layers.source import Community, Road
from pipeline.batch.city.config import City
from pipeline.batch.city.cut import Cut
from pipeline.batch.city.groups import Group
from pipeline.batch.city.record import FileNote, PlanNote, hash_content, note_plan
from pipeline.batch.city.write import (
    BASE,
    BOOK,
    CONFIG,
    compose_config,
    cut_picture,
    list_pictures,
    write_base,
    write_book,
)
from pipeline.engine.files import hash_file

_PICTURES = {"walking.dem": "高程.tif", "idle.imagery": "影像.tif", "sheets.base.path": "底图.tif"}
# Heights are read round the roads and photos over the communities, both a little beyond; a base lies under every sheet.
_RIM_M = 200.0
_AHEAD = "-wal"


@dataclass(frozen=True)
class Placed:
    """What became of a plan's files.

    Attributes
    ----------
    files : what is known of each now.
    remarks : which were left as they are, and why, Chinese.
    changed : whether any was written.
    """

    files: dict[str, FileNote]
    remarks: list[str]
    changed: bool


class OpenElsewhereError(OSError):
    """Raised when another program holds unwritten changes to a file that is to be replaced."""


def place_plan(
    city: City, group: Group, cut: Cut, known: PlanNote, fresh: Path, *, margin_m: float
) -> Placed:
    """Write a plan's files beside the old ones and put those in place that differ and that nobody has edited.

    Parameters
    ----------
    known : block number and files of before.
    fresh : empty folder on the same disk.

    Raises
    ------
    OSError
        If a file cannot be written or replaced; then all are as they were.
    """
    name = group.fill(city.city.plan_id)
    folder = city.folder / name
    _write_plan(city, group, cut, fresh, folder, block=known.block, margin_m=margin_m)
    files = {file: FileNote(note.ours) for file, note in known.files.items()}
    remarks: list[str] = []
    moving: list[Path] = []
    for path in sorted(fresh.iterdir()):
        target, note = folder / path.name, known.files.get(path.name, FileNote())
        made = hash_file(path)
        there = hash_file(target) if target.is_file() else ""
        same_again = there == made and made in note.ours
        ours = note.ours if same_again else [made, *filter(None, [hash_content(path)])]
        if there in ("", made):
            files[path.name] = FileNote(ours, made)
            moving += [] if there else [path]
            continue
        content = hash_content(target)
        if content in ours:  # looked at only, and nothing has changed
            files[path.name] = FileNote(ours, there)
        elif there in note.ours or content in note.ours:
            _refuse_open(target)
            files[path.name] = FileNote(ours, made)
            moving.append(path)
        else:
            files[path.name] = FileNote(note.ours, there)
            remarks.append(_tell_kept(name, path.name, known=bool(note.ours)))
    if moving:
        folder.mkdir(exist_ok=True)
        note_plan(city, name, {path.name: files[path.name].ours for path in moving})
        _move(moving, folder, fresh)
    return Placed(files, remarks, bool(moving))


def _write_plan(
    city: City, group: Group, cut: Cut, fresh: Path, folder: Path, *, block: int, margin_m: float
) -> None:
    day = city.plan.compiled
    write_base(fresh / BASE, cut, day=day)
    if any(layer.shape is None for layer in cut.frames):
        write_book(fresh / BOOK, cut, day=day)
    pictures = _cut_pictures(city, cut, fresh, margin_m=margin_m)
    text = compose_config(city, group, cut, folder, block=block, pictures=pictures, margin_m=margin_m)
    (fresh / CONFIG).write_text(text, encoding="utf-8", newline="\n")


def _cut_pictures(city: City, cut: Cut, folder: Path, *, margin_m: float) -> dict[str, str]:
    """Copy the part of each raster a plan looks at; return the files by key."""
    made = {}
    for key, path in list_pictures(city).items():
        about = cut.frames[Road if key == "walking.dem" else Community]
        rim = margin_m if key == "sheets.base.path" else _RIM_M
        west, south, east, north = about.total_bounds
        bounds = (west - rim, south - rim, east + rim, north + rim)
        if cut_picture(city.resolve(path), folder / _PICTURES[key], bounds, about.crs):
            made[key] = _PICTURES[key]
    return made


def _refuse_open(target: Path) -> None:
    """Refuse to replace a GeoPackage that has changes waiting beside it: they would be lost, or spoil the new one."""
    ahead = target.with_name(target.name + _AHEAD)
    if ahead.is_file() and ahead.stat().st_size:
        raise OpenElsewhereError(None, "正在其他程序（如 QGIS）中打开，有没有存入的改动", str(target))


def _tell_kept(name: str, file: str, *, known: bool) -> str:
    why = "已有人改过" if known else "与全市数据不同，又不是上次拆分写的"
    return f"{name}：{file} {why}，没有覆盖；要重新生成，先移走该文件"


def _move(paths: list[Path], folder: Path, fresh: Path) -> None:
    """Put files in place; where one is refused, put back those already replaced: a plan is of one piece."""
    before = fresh / "原有"
    before.mkdir()
    for path in paths:
        if (folder / path.name).exists():
            shutil.copy2(folder / path.name, before / path.name)
    moved: list[Path] = []
    try:
        for path in paths:
            path.replace(folder / path.name)
            moved.append(path)
    except OSError:
        for path in moved:
            old = before / path.name
            if old.exists():
                old.replace(folder / path.name)
            else:
                (folder / path.name).unlink()
        raise
