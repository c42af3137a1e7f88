"""The drawings of a hand-in: every sheet as JPG and for CAD, bound as 图集.pdf, and the public edition."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from layers.faults import FaultLog
from pipeline.deliver.atlas.backdrops import lay_backdrops
from pipeline.deliver.atlas.book import bind_atlas
from pipeline.deliver.atlas.compose import compose_block, compose_sheets
from pipeline.deliver.atlas.draw import CAD, Advance, Sheet, draw_sheets
from pipeline.deliver.atlas.kept import SheetShelf
from pipeline.deliver.atlas.publish import Published, publish_entries
from pipeline.deliver.atlas.town import Town
from pipeline.deliver.items import Absent, Drawings, Item
from pipeline.deliver.public.names import Names, collect_names
from pipeline.deliver.public.rules import KIND, SHEETS
from pipeline.deliver.sheet.spec import Finished, TitleBlock
from pipeline.plan import Plan
from pipeline.stages.base import Frame

ATLAS = "图集"
PUBLIC_ATLAS = f"{ATLAS}（{KIND}）"
# Beside the hand-in, never in it: the sheets as single PDF pages until they are bound.
_PAGES = "图集.页"
_MAKER, _CAD_MAKER = "pipeline.deliver.atlas", "pipeline.deliver.cad"
_CAD_KIND = "CAD图"


def draw_atlas(
    frames: Mapping[str, Frame],
    plan: Plan,
    root: Path,
    log: FaultLog,
    *,
    advance: Advance,
    shelf: SheetShelf | None = None,
) -> Drawings:
    """Draw the catalogue's sheets under ``root`` and return the files, the drawings not made with why, and those made.

    Parameters
    ----------
    frames : every stage result by layer key.
    root : the hand-in being built.
    log : told of sheets not drawn, labels without room and names that stay in the public edition.
    advance : called after each sheet with (done, total, title).
    shelf : sheets of earlier runs; None draws every one.
    """
    town = Town(plan, frames, log)
    entries = lay_backdrops(compose_sheets(town), plan, log)
    public: list[Published] = []
    if plan.delivery.public:
        names = collect_names(frames, plan)
        _remark_places(names, log)
        public = publish_entries(entries, names)
    pages = root.parent / _PAGES
    _drop(pages)
    pages.mkdir(parents=True)
    try:
        anew = [item.entry for item in public if item.entry.spec is not None and not item.same]
        sheets = draw_sheets([*entries, *anew], root, plan, log, advance=advance, pages=pages, shelf=shelf)
        handed = sheets[: len(entries)]
        made = [_list_sheet(sheet) for sheet in handed]
        block = compose_block(town)
        bound = [sheet for sheet in handed if sheet.entry.bound]
        made.append(_bind(bound, root, f"图件/{ATLAS}.pdf", "图件", ATLAS, block=block))
        made += [item for sheet in handed for item in _list_cad(sheet)]
        if plan.delivery.public:
            shown = _collect_public(public, handed, sheets[len(entries) :], root)
            # What the hand-in itself lacks has been listed once already.
            lacking = {sheet.entry.number for sheet in handed if sheet.path is None}
            made += [_list_sheet(sheet) for sheet in shown if sheet.entry.number not in lacking]
            path = f"{KIND}/{PUBLIC_ATLAS}.pdf"
            made.append(_bind(shown, root, path, KIND, PUBLIC_ATLAS, block=block))
    finally:
        _drop(pages)
    finished = tuple(
        Finished(spec=sheet.entry.spec, report=sheet.report)
        for sheet in bound
        if sheet.entry.spec is not None and sheet.report is not None
    )
    return Drawings(made, finished)


def _drop(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _list_sheet(sheet: Sheet) -> Item | Absent:
    entry = sheet.entry
    kind = entry.folder.partition("/")[0]
    if sheet.path is None or sheet.report is None:
        return Absent(kind, entry.title, entry.reason, number=entry.number)
    path = f"{entry.folder}/{sheet.path.name}"
    note = f"{entry.group}；1:{sheet.report.scale}"
    # A public sheet is no second drawing to be checked.
    checks = () if kind == KIND else sheet.checks
    return Item(path, kind, entry.title, _MAKER, number=entry.number, note=note, checks=checks)


def _list_cad(sheet: Sheet) -> list[Item | Absent]:
    """Return the CAD files of a sheet; none for one that has none, which is listed as not drawn once."""
    if sheet.dxf is None or sheet.report is None:
        return []
    entry, scale = sheet.entry, f"1:{sheet.report.scale}"
    dxf = f"{CAD}/{sheet.dxf.name}"
    made: list[Item | Absent] = [
        Item(
            dxf,
            _CAD_KIND,
            f"{entry.title}（DXF）",
            _CAD_MAKER,
            number=entry.number,
            note=f"{entry.group}；{scale}",
        )
    ]
    if sheet.no_dwg:
        made.append(Absent(_CAD_KIND, f"{entry.title}（DWG）", sheet.no_dwg, number=entry.number))
    else:
        dwg = dxf.removesuffix("dxf") + "dwg"
        title, note = f"{entry.title}（DWG）", f"{entry.group}；{scale}；AutoCAD 2010 格式"
        made.append(Item(dwg, _CAD_KIND, title, _CAD_MAKER, number=entry.number, note=note))
    return made


def _bind(
    sheets: Sequence[Sheet], root: Path, path: str, kind: str, title: str, *, block: TitleBlock
) -> Item | Absent:
    """Bind an atlas and return its entry; without a single sheet there is none."""
    if all(sheet.page is None for sheet in sheets):
        return Absent(kind, title, "没有绘出的图纸")
    count = bind_atlas(sheets, root / path, block, title=title)
    return Item(path, kind, title, _MAKER, note=f"A3，{count} 页，矢量，可检索文字")


def _collect_public(
    public: Sequence[Published], handed: Sequence[Sheet], anew: Sequence[Sheet], root: Path
) -> list[Sheet]:
    """Return the sheets of the public edition in order; those that show nothing private are copied as drawn."""
    made = {sheet.entry.number: sheet for sheet in handed}
    redrawn = {sheet.entry.number: sheet for sheet in anew}
    found = []
    for item in public:
        entry = item.entry
        sheet = made[entry.number] if item.same else redrawn.get(entry.number)
        if sheet is None or sheet.path is None:
            reason = entry.reason if sheet is None else sheet.entry.reason
            found.append(Sheet(replace(entry, spec=None, reason=reason), None, None))
            continue
        path = root / SHEETS / sheet.path.name
        if item.same:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(sheet.path, path)
        found.append(replace(sheet, entry=entry, path=path))
    return found


def _remark_places(names: Names, log: FaultLog) -> None:
    """Say which owners are not masked because they are places of the plan itself."""
    if names.places:
        shown = "、".join(sorted(names.places)[:6])
        log.add(
            "HSQ-D08",
            f"公示版：权利人或姓名 {len(names.places)} 个与本方案的社区、街道、编制单位或项目名称相同或为其一部分，未遮盖（{shown}）",
            severity="提示",
            remedy="如为个人姓名，请改写社区名称或不公开公示版（delivery.public: false）",
        )
