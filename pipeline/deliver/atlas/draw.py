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

from layers.faults import Fault, FaultLog, PlanFaults
from pipeline.deliver.atlas.compose import FOLDER, Entry
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


@dataclass(frozen=True)
class Refused:
    """Why a sheet says nothing and was not drawn: a declared fault code and the reason in Chinese."""

    code: str
    reason: str


Missing: TypeAlias = dict[str, list[str]]  # texts by the character no font draws


# The jobs of a worker: sent once and all together, so that sheets share their layers there as they do here.
_JOBS: list[Job] = []


def _begin_work(jobs: list[Job]) -> None:
    """Take the jobs, and end this worker when the run itself is killed; otherwise it would wait for ever."""
    _JOBS[:] = jobs
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@dataclass(frozen=True)
class Job:
    """A sheet to draw: its instructions, the JPG and, where they are wanted, the atlas page and CAD files."""

    spec: SheetSpec
    path: Path
    page: Path | None
    cad: CadJob | None = None


@dataclass(frozen=True)
class Rendered:
    """A sheet drawn: its report, and why it has no DWG where it should."""

    report: SheetReport
    no_dwg: str = ""


Result: TypeAlias = Rendered | Refused | Missing


def _render(job: Job) -> Result:
    """Draw one sheet; give back its report, why it says nothing, or the characters no font draws."""
    kept: list[Laid] = []
    try:
        report = render_sheet(job.spec, job.path, job.page, keep=kept.append if job.cad else None)
    except GlyphError as error:
        return error.missing
    except (SheetError, StyleError) as error:
        return Refused("HSQ-D01", str(error).removeprefix(error.code).strip())
    return Rendered(report, write_cad(kept[0], job.cad) if job.cad else "")


def _render_at(index: int) -> Result:
    """Draw a sheet by its place among the jobs."""
    return _render(_JOBS[index])


def _refuse_glyphs(results: list[tuple[SheetSpec, object]]) -> None:
    """Stop when a sheet would show a blank or a box for a character.

    One fault for texts that lack the same characters: a community's name is in many others.

    Raises
    ------
    PlanFaults
        HSQ-D03; the hand-in before stays as it was.
    """
    lost: dict[str, set[str]] = {}
    drawn: dict[str, set[str]] = {}
    for spec, result in results:
        for char, texts in result.items() if isinstance(result, dict) else ():
            for text in texts:
                lost.setdefault(text, set()).add(char)
                drawn.setdefault(text, set()).add(spec.number)
    groups: dict[tuple[str, ...], list[str]] = {}
    for text, chars in sorted(lost.items(), key=lambda item: (len(item[0]), item[0])):
        groups.setdefault(tuple(sorted(chars)), []).append(text)
    faults = [
        Fault(
            "HSQ-D03",
            "图面字体缺字："
            + "、".join(f"{char if char.isprintable() else ''}U+{ord(char):04X}" for char in chars)
            + (f"（共 {len(texts)} 处文字）" if len(texts) > 1 else ""),
            layer="、".join(sorted({number for text in texts for number in drawn[text]})),
            value=texts[0][:60],
            action="没有写出成果，原有成果保持不变",
            remedy="在数据或配置中改写该文字：删去表情和控制字符，生僻字改用同音字或加注说明；"
            "haoshequ check 列出它在哪个文件哪一行",
        )
        for chars, texts in sorted(groups.items())
    ]
    if faults:
        raise PlanFaults(faults)


def draw_sheets(
    entries: list[Entry],
    root: Path,
    plan: Plan,
    log: FaultLog,
    *,
    advance: Advance,
    pages: Path | None = None,
) -> list[Sheet]:
    """Draw every entry that has instructions into its folder below ``root``.

    Parameters
    ----------
    entries : from ``compose_sheets``, and those of the public edition that are drawn anew.
    root : the hand-in being built.
    log : told of sheets not drawn and labels that found no room.
    advance : called after each sheet with (done, total, title).
    pages : folder for the sheets as PDF pages; None makes none.
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
    _refuse_glyphs([(job.spec, result) for job, result in zip(jobs, results, strict=True)])
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
