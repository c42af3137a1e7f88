"""Draw the set: two warm processes, each keeping its fonts and styles; same bytes with one or two."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from multiprocessing.connection import wait
from pathlib import Path
from typing import TypeAlias

from layers.faults import FaultLog
from pipeline.collector import spare_collector
from pipeline.deliver.atlas.compose import FOLDER, Entry
from pipeline.deliver.atlas.glyphs import Missing, refuse_glyphs
from pipeline.deliver.atlas.kept import Refused, Rendered, SheetKeys, SheetShelf
from pipeline.deliver.cad.sheet import CadJob, write_cad
from pipeline.deliver.items import Check
from pipeline.deliver.names import name_files
from pipeline.deliver.public.rules import SHEETS as PUBLIC
from pipeline.deliver.sheet.render import render_sheet
from pipeline.deliver.sheet.spec import SheetError, SheetReport, SheetSpec
from pipeline.deliver.sheet.trace import Laid
from pipeline.deliver.sheet.verify import verify_sheet
from pipeline.plan import Plan
from styles.errors import GlyphError, StyleError

CAD = "图件/DWG"
# Below this many sheets a second process costs more to start than it saves.
_WORTH_A_POOL = 6


Advance = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Sheet:
    """A drawn sheet: its catalogue entry, file and report; or an entry with the reason it was not drawn.

    ``page`` is the same drawing as a PDF page, ``dxf`` for CAD, each where it was asked for; ``no_dwg`` says
    why there is none beside the DXF.
    """

    entry: Entry
    path: Path | None
    report: SheetReport | None
    page: Path | None = None
    checks: tuple[Check, ...] = ()
    dxf: Path | None = None
    no_dwg: str = ""


def name_sheets(plan: Plan, entries: list[Entry]) -> dict[str, str]:
    """Return the file name of every drawing by number.

    Raises
    ------
    PlanFaults
        If the pattern is wrong, two names collide (also when case is ignored) or Windows forbids one.
    """
    rows = [{"plan": plan.plan.id, "number": e.number, "title": e.title} for e in entries]
    names = name_files(plan.sheets.name_pattern, rows, key="sheets.name_pattern")
    return {entry.number: f"{name}.jpg" for entry, name in zip(entries, names, strict=True)}


# The jobs of a worker: sent once and all together, so that sheets share their layers there as they do here.
_JOBS: list[Job] = []


def _begin_work(jobs: list[Job]) -> None:
    """Take the jobs, and end this worker when the run itself is killed; otherwise it would wait for ever."""
    _JOBS[:] = jobs
    spare_collector()
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@dataclass(frozen=True)
class Job:
    """A sheet to draw: its instructions, the JPG and, where they are wanted, the atlas page and CAD files.

    ``shelf`` keeps it under ``key`` once it is drawn.
    """

    spec: SheetSpec
    path: Path
    page: Path | None
    cad: CadJob | None = None
    shelf: SheetShelf | None = None
    key: str = ""

    @property
    def files(self) -> dict[str, Path]:
        """The files it makes, by the name they are kept under."""
        wanted = {"sheet.jpg": self.path, "page.pdf": self.page}
        wanted |= {"sheet.dxf": self.cad.path, "sheet.dwg": self.cad.dwg} if self.cad else {}
        return {name: path for name, path in wanted.items() if path is not None}


Result: TypeAlias = Rendered | Refused | Missing


def _render(job: Job) -> Result:
    """Draw one sheet; give back its report, why it says nothing, or the characters no font draws."""
    kept: list[Laid] = []
    try:
        report = render_sheet(job.spec, job.path, job.page, keep=kept.append if job.cad else None)
    except GlyphError as error:
        return error.missing
    except (SheetError, StyleError) as error:
        return _keep(job, Refused("HSQ-D01", str(error).removeprefix(error.code).strip()))
    return _keep(job, Rendered(report, write_cad(kept[0], job.cad) if job.cad else ""))


def _keep(job: Job, result: Rendered | Refused) -> Rendered | Refused:
    """Keep the sheet as soon as it is drawn: a run that is stopped later does not draw it again."""
    if job.shelf is not None:
        job.shelf.keep(job.key, job.files, result)
    return result


def _render_at(index: int) -> Result:
    """Draw a sheet by its place among the jobs."""
    return _render(_JOBS[index])


def draw_sheets(
    entries: list[Entry],
    root: Path,
    plan: Plan,
    log: FaultLog,
    *,
    advance: Advance,
    pages: Path | None = None,
    shelf: SheetShelf | None = None,
) -> list[Sheet]:
    """Draw every entry that has instructions into its folder below ``root``.

    Parameters
    ----------
    entries : from ``compose_sheets``, and those of the public edition that are drawn anew.
    root : the hand-in being built.
    log : told of sheets not drawn and labels that found no room.
    advance : called after each sheet with (done, total, title).
    pages : folder for the sheets as PDF pages; None makes none.
    shelf : sheets of earlier runs; those whose instructions are the same are not drawn again.
    """
    compiled = plan.plan.compiled if plan.delivery.cad else None
    names = name_sheets(plan, list({entry.number: entry for entry in entries}.values()))
    drawn = [entry for entry in entries if entry.spec is not None]
    for folder in sorted({entry.folder for entry in drawn}):
        (root / folder).mkdir(parents=True, exist_ok=True)
    if compiled and any(entry.folder == FOLDER for entry in drawn):
        (root / CAD).mkdir(parents=True, exist_ok=True)
    jobs = [
        Job(
            entry.spec,
            root / entry.folder / names[entry.number],
            _place_page(entry, index, pages),
            _place_cad(entry, root / CAD / names[entry.number], compiled),
        )
        for index, entry in enumerate(entries)
        if entry.spec is not None
    ]
    results = _draw_all(jobs, advance) if shelf is None else _draw_changed(jobs, shelf, compiled, advance)
    refuse_glyphs([(job.spec, result) for job, result in zip(jobs, results, strict=True)])
    pairs = zip(jobs, results, strict=True)
    made = {(entry.folder, entry.number): pair for entry, pair in zip(drawn, pairs, strict=True)}
    sheets = []
    for entry in entries:
        done, result = made.get((entry.folder, entry.number), (None, Refused("HSQ-D01", entry.reason)))
        if done is not None and isinstance(result, Rendered):
            report, cad = result.report, done.cad
            checks = verify_sheet(report, done.spec)
            if entry.folder != PUBLIC:  # what the sheet of the hand-in has told need not be told twice
                _remark(report, checks, log)
            dxf = cad.path if cad else None
            sheets.append(Sheet(entry, done.path, report, done.page, checks, dxf, result.no_dwg))
            continue
        reason = result.reason if isinstance(result, Refused) else entry.reason
        code = result.code if isinstance(result, Refused) else "HSQ-D01"
        severity = "提示" if entry.spec is None else "警告"
        log.add(code, f"{entry.number} {entry.title} 未绘制：{reason}", severity=severity, layer=entry.title)
        sheets.append(Sheet(replace(entry, spec=None, reason=reason), None, None))
    return sheets


def _draw_changed(
    jobs: list[Job], shelf: SheetShelf, compiled: date | None, advance: Advance
) -> list[Result]:
    """Put sheets in place that are kept, draw the others, and keep these; same result as drawing all."""
    keys = SheetKeys(shelf.program)
    jobs = [
        replace(
            job, shelf=SheetShelf(shelf.folder, shelf.program), key=keys.make(job.spec, job.files, compiled)
        )
        for job in jobs
    ]
    found = [shelf.find(job.key, job.files) for job in jobs]
    missing = [job for job, result in zip(jobs, found, strict=True) if result is None]
    shelf.drawn.extend(job.spec.number for job in missing)
    shelf.taken.extend(job.spec.number for job, result in zip(jobs, found, strict=True) if result is not None)
    drawn = iter(_draw_all(missing, advance))
    results = [next(drawn) if result is None else result for result in found]
    shelf.tidy([job.key for job in jobs])
    return results


def _draw_all(jobs: list[Job], advance: Advance) -> list[Result]:
    """Draw sheets, with a second process where it is worth one."""
    results: list[Result] = []
    # A process that is one of several workers itself draws alone: N plans at a time are N processes.
    alone = multiprocessing.parent_process() is not None or len(jobs) < _WORTH_A_POOL
    workers = 1 if alone else min(2, os.cpu_count() or 1)
    if workers > 1:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(
            workers, mp_context=context, initializer=_begin_work, initargs=(jobs,)
        ) as pool:
            for job, result in zip(jobs, pool.map(_render_at, range(len(jobs))), strict=True):
                results.append(result)
                advance(len(results), len(jobs), job.spec.title)
    else:
        for job in jobs:
            results.append(_render(job))
            advance(len(results), len(jobs), job.spec.title)
    return results


def _place_page(entry: Entry, index: int, pages: Path | None) -> Path | None:
    """Return where a sheet's PDF page goes; sheets outside the catalogue of drawings have none."""
    return None if pages is None or not entry.bound else pages / f"{index:03}.pdf"


def _place_cad(entry: Entry, path: Path, compiled: date | None) -> CadJob | None:
    """Return what to write for CAD; only drawings of the hand-in itself have it."""
    if compiled is None or entry.folder != FOLDER:
        return None
    return CadJob(path.with_suffix(".dxf"), compiled)


def _remark(report: SheetReport, checks: tuple[Check, ...], log: FaultLog) -> None:
    for check in checks:
        if check.wrong:
            log.add(
                "HSQ-D07",
                f"{report.number} {report.title}：{check.rule}——{check.wrong}",
                severity="警告",
                layer=report.title,
                field=check.rule,
                value=check.value,
            )
    if report.labels_unplaced:
        shown = "、".join(report.labels_unplaced[:6]) + ("……" if len(report.labels_unplaced) > 6 else "")
        log.add(
            "HSQ-D04",
            f"{report.number} {report.title}：{len(report.labels_unplaced)} 个标注没有位置，未放置（{shown}）",
            severity="提示",
            layer=report.title,
        )
    if report.table_rows_left_out:
        log.add(
            "HSQ-D04",
            f"{report.number} {report.title}：附表有 {report.table_rows_left_out} 行未排下，全表见成果表格",
            severity="提示",
            layer=report.title,
        )
