"""Run a plan: stages in their declared order, results stored, progress told, hand-in delivered last."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import geopandas as gpd
import pandas as pd

from layers.account import FileAccount
from layers.decisions import Decision
from layers.faults import Fault, FaultLog, PlanFaults, refuse_write
from pipeline.deliver.quality import quality_rows
from pipeline.deliver.report import drop_report, place_report
from pipeline.engine.check import finished_accounts, join_faults
from pipeline.engine.hand import first_touched, offer_decisions, take_decisions
from pipeline.engine.inputs import fingerprint_decisions, fingerprint_run
from pipeline.engine.store import Frames, Store, replace_text
from pipeline.plan import Plan
from pipeline.stages import STAGES
from pipeline.stages.base import Given, Stage
from pipeline.stages.register import settle_decisions

if TYPE_CHECKING:
    from pipeline.audit import Audit
    from pipeline.deliver import HandIn

DELIVER = "deliver"
STEPS: tuple[tuple[str, str], ...] = (*((s.name, s.title) for s in STAGES), (DELIVER, "成果输出"))

log = logging.getLogger("haoshequ")


class Progress(Protocol):
    """What a run tells while it works; the command line draws it, tests ignore it."""

    def start(self, step: str, title: str, index: int, count: int) -> None:
        """A step begins."""

    def advance(self, done: int, total: int, what: str) -> None:
        """Part of the current step is done."""

    def finish(self, step: str, seconds: float) -> None:
        """A step is done."""


class Silence:
    """Progress that tells nothing."""

    def start(self, step: str, title: str, index: int, count: int) -> None:
        """Ignore."""

    def advance(self, done: int, total: int, what: str) -> None:
        """Ignore."""

    def finish(self, step: str, seconds: float) -> None:
        """Ignore."""


@dataclass
class Outcome:
    """What a run made.

    Attributes
    ----------
    frames : all layers by key.
    quality : remarks of every stage as the ``Quality`` layer.
    seconds : time by step.
    handin : what was delivered and where; None when delivery was not reached.
    audit : what 成果自检 found in it; the hand-in is there whatever that is.
    report : the quality report, where there is no hand-in to hold it.
    form : the workbook that offers every judgement to be overruled; None where it was not written.
    """

    frames: Frames = field(default_factory=dict)
    quality: pd.DataFrame | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    handin: HandIn | None = None
    audit: Audit | None = None
    report: Path | None = None
    form: Path | None = None


def peak_memory_mb() -> float | None:
    """Return the peak resident memory of this process in MB, or None where it cannot be told."""
    status = Path("/proc/self/status")
    if status.exists():
        # Linux counts the parent's memory into ru_maxrss of a process started from it; VmHWM is our own.
        high = next(
            line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM")
        )
        return round(int(high.split()[1]) / 1024, 1)
    try:
        import resource  # POSIX only; on Windows the figure is left out rather than guessed
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)


def _follow(plan: Plan) -> logging.Handler:
    plan.output.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(plan.output / "run.log", mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    return handler


def run_stages(
    plan: Plan, stages: Sequence[Stage], *, frames: Frames, remarks: dict[str, list[Fault]], step: Progress
) -> dict[str, float]:
    """Run ``stages`` in order, adding their layers to ``frames`` and their faults to ``remarks``.

    Raises
    ------
    PlanFaults
        From the stage that could not use its inputs; nothing is written here.
    """
    seconds: dict[str, float] = {}
    names = [name for name, _ in STEPS]
    for stage in stages:
        step.start(stage.name, stage.title, names.index(stage.name), len(STEPS))
        begun = time.perf_counter()
        given = Given(plan, frames, FaultLog())
        try:
            frames.update(stage(given))
        except PlanFaults as error:
            error.log = given.log
            remarks[stage.title] = list(join_faults(given.log, error))
            raise
        remarks[stage.title] = given.log.faults
        seconds[stage.name] = round(time.perf_counter() - begun, 3)
        log.info("%s 完成，用时 %.2f 秒，记录 %d 条", stage.title, seconds[stage.name], len(given.log.faults))
        step.finish(stage.name, seconds[stage.name])
    return seconds


def run_plan(
    plan: Plan, *, since: str | None = None, until: str | None = None, progress: Progress | None = None
) -> Outcome:
    """Run a plan from one step to another, both included; by default all of them.

    Parameters
    ----------
    since : first step to run; earlier results are read from ``work/`` and must match the inputs.
    until : last step to run; ``deliver`` writes the hand-in.

    Raises
    ------
    PlanFaults
        If the inputs cannot be used or stored results are missing or stale. The earlier hand-in stays, and the
        quality report stands beside it.
    """
    step = progress or Silence()
    names = [name for name, _ in STEPS]
    first = names.index(since) if since else 0
    last = names.index(until) if until else len(names) - 1
    try:
        handler = _follow(plan)
    except OSError as error:
        raise PlanFaults([refuse_write(error, plan.output)]) from error
    outcome = Outcome()
    remarks: dict[str, list[Fault]] = {}
    try:
        log.info("方案 %s（%s）", plan.plan.title, plan.plan.id)
        store, fingerprint = Store(plan), fingerprint_run(plan)
        outcome.frames[Decision.key] = take_decisions(plan, remarks)
        decided = fingerprint_decisions(outcome.frames[Decision.key])
        first = min(first, first_touched(store, decided, before=first))
        for stage in STAGES[:first]:
            stored, remarks[stage.title] = store.read(stage.name, stage.title, fingerprint)
            outcome.frames.update(stored)
        for stage in STAGES[first : last + 1]:
            before = set(outcome.frames)
            outcome.seconds |= run_stages(plan, [stage], frames=outcome.frames, remarks=remarks, step=step)
            made = {key: frame for key, frame in outcome.frames.items() if key not in before}
            store.save(stage.name, made, remarks[stage.title], fingerprint, decisions=decided[stage.name])
        outcome.frames[Decision.key] = settle_decisions(outcome.frames[Decision.key], outcome.frames)
        crs = next(f.crs for f in outcome.frames.values() if isinstance(f, gpd.GeoDataFrame))
        outcome.quality = join_remarks(remarks, crs=crs)
        if names[last] == DELIVER:
            _deliver(plan, outcome, step)
            drop_report(plan)
        else:
            accounts = outcome.frames.get(FileAccount.key)
            outcome.report = place_report(outcome.quality, plan, accounts=accounts)
        outcome.form = offer_decisions(plan, outcome.frames)
        run = {"seconds": outcome.seconds, "peak_memory_mb": peak_memory_mb(), "fingerprint": fingerprint}
        replace_text(store.folder / "run.json", json.dumps(run, ensure_ascii=False, indent=1))
        return outcome
    except PlanFaults as error:
        log.info("方案有错误，运行中止：%s", error)
        error.report = _report_failure(plan, error, remarks, outcome.frames)
        raise
    except OSError as error:
        log.exception("运行中止")
        raise PlanFaults([refuse_write(error, plan.output)]) from error
    except Exception:
        log.exception("运行中止")
        raise
    finally:
        log.removeHandler(handler)
        handler.close()


def join_remarks(remarks: dict[str, list[Fault]], *, crs: object) -> pd.DataFrame:
    """Return the remarks of all stages, in stage order, as the ``Quality`` layer."""
    parts = [quality_rows(faults, stage=title, crs=crs) for title, faults in remarks.items()]
    return pd.concat(parts, ignore_index=True)


def _report_failure(
    plan: Plan, error: PlanFaults, remarks: dict[str, list[Fault]], frames: Frames
) -> Path | None:
    """Write the quality report of a run that failed; None where the disk refuses that too."""
    told = {fault for faults in remarks.values() for fault in faults}
    rest = [fault for fault in error.faults if fault not in told]
    stages = remarks | ({"": rest} if rest else {})
    placed = (frame.crs for frame in frames.values() if isinstance(frame, gpd.GeoDataFrame))
    crs = next(placed, error.log.crs if error.log else None)
    accounts = frames.get(FileAccount.key)
    if accounts is None and error.log is not None:
        accounts = finished_accounts(error.log.accounts)
    try:
        return place_report(join_remarks(stages, crs=crs), plan, accounts=accounts)
    except OSError as refused:
        log.info("没有写出质检报告：%s", refused)
        return None


def _deliver(plan: Plan, outcome: Outcome, step: Progress) -> None:
    from pipeline.audit.step import SelfInspection
    from pipeline.deliver import deliver  # matplotlib and the writers load only when they are needed
    from pipeline.deliver.atlas import draw_atlas

    step.start(DELIVER, "成果输出", len(STEPS) - 1, len(STEPS))
    begun = time.perf_counter()
    assert outcome.quality is not None
    inspection = SelfInspection(plan)
    handin = deliver(
        outcome.frames,
        plan,
        outcome.quality,
        draw_sheets=partial(draw_atlas, advance=step.advance),
        inspect=inspection,
    )
    outcome.handin, outcome.audit = handin, inspection.audit
    outcome.seconds[DELIVER] = round(time.perf_counter() - begun, 3)
    log.info("成果输出完成，用时 %.2f 秒，文件 %d 个", outcome.seconds[DELIVER], len(handin.items))
    step.finish(DELIVER, outcome.seconds[DELIVER])
