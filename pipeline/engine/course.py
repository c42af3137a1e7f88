"""One run of one plan: each step asked whether its stored result is what it would make, and run where not."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import geopandas as gpd

from layers.account import FileAccount
from layers.decisions import Decision
from layers.faults import Fault, FaultLog, PlanFaults
from layers.ledgers import Paper, Step
from pipeline.deliver.report import drop_report, place_report
from pipeline.deliver.tree import Swapped
from pipeline.engine import keys
from pipeline.engine.check import join_faults
from pipeline.engine.files import Papers, hash_file, hash_inputs
from pipeline.engine.hand import offer_decisions, take_decisions
from pipeline.engine.keys import LOAD, Parts, delivery_parts, hash_text, make_key, stage_parts
from pipeline.engine.last import HANDIN, MANIFEST, hash_decided, list_altered, note_made
from pipeline.engine.outcome import DELIVER, NAMES, STEPS, Outcome
from pipeline.engine.progress import Meter, Progress, read_durations
from pipeline.engine.remarks import join_remarks, refuse_changed, report_failure
from pipeline.engine.store import Frames, Record, Store
from pipeline.plan import Plan
from pipeline.stages import STAGES
from pipeline.stages.base import Given, Stage
from pipeline.stages.papers import list_papers
from pipeline.stages.register import settle_decisions

_TITLES = dict(STEPS)
_SHEETS = "图件"  # below the folder of the delivery in ``work``
_NO_TILES = "HSQ-D09"
_SHOWN = 6  # names said of many

log = logging.getLogger("haoshequ")


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
    for stage in stages:
        step.start(stage.name, stage.title, NAMES.index(stage.name), len(STEPS))
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
        step.remark(given.log.faults)
        step.finish(stage.name, seconds[stage.name])
    return seconds


class Course:
    """One run of one plan, from the first step to the last."""

    def __init__(self, plan: Plan, step: Progress, *, waiting: Swapped | None = None) -> None:
        self.plan, self.step = plan, step
        self.waiting = waiting  # an earlier run's hand-in, complete, that could not be put in place
        self.store, self.meter, self.outcome = Store(plan), Meter(), Outcome()
        self.remarks: dict[str, list[Fault]] = {}
        self.hashes: dict[str, str] = {}  # of stored layers
        self.papers: Papers = []
        # Hashes as they were when the run began: of what stages read, and the planner's decisions.
        self.inputs: dict[str, str] = {}
        self.decided: dict[str, str] = {}
        self.attached: dict[str, str] = {}  # of what ledgers name, before it is copied
        self.fresh = False  # whether every sheet is to be drawn again
        self.manifest = ""  # hash of the manifest in place, where that hand-in is what the plan makes

    def run(self, *, since: str | None, until: str | None) -> Outcome:
        """Run the steps; see ``run_plan``."""
        plan, outcome = self.plan, self.outcome
        log.info("方案 %s（%s）", plan.plan.title, plan.plan.id)
        forced = NAMES[NAMES.index(since) :] if since else []
        self.fresh = since == DELIVER
        last = NAMES.index(until) if until else len(NAMES) - 1
        self.step.expect(read_durations(plan))
        self.inputs, self.decided = hash_inputs(plan), hash_decided(plan)
        try:
            outcome.frames[Decision.key] = take_decisions(plan, self.remarks)
            for stage in STAGES[: last + 1]:
                self._do(stage, forced=stage.name in forced)
            outcome.frames[Decision.key] = settle_decisions(outcome.frames[Decision.key], outcome.frames)
            crs = next(f.crs for f in outcome.frames.values() if isinstance(f, gpd.GeoDataFrame))
            outcome.quality = join_remarks(self.remarks, crs=crs)
            counts = outcome.quality["severity"].value_counts()
            outcome.summary = {word: int(counts.get(word, 0)) for word in ("错误", "警告", "提示")}
            if NAMES[last] == DELIVER:
                self._deliver(forced=DELIVER in forced)
        except PlanFaults as error:
            error.report = report_failure(plan, error, self.remarks, outcome.frames)
            raise
        if NAMES[last] == DELIVER:
            for path in drop_report(plan):
                self._say(
                    f"上一次的 {path.relative_to(plan.output).as_posix()} 正被其他程序打开，没有删除；以成果中的为准"
                )
        else:
            accounts = outcome.frames.get(FileAccount.key)
            outcome.report = place_report(outcome.quality, plan, accounts=accounts)
        outcome.form = offer_decisions(plan, outcome.frames)
        outcome.seconds, outcome.kept = self.meter.seconds, self.meter.kept
        try:
            self.meter.write(plan)
            if self.manifest:
                self._note()
        except OSError as error:  # the hand-in is in place: all that is lost is the short cut of the next run
            self._say(f"没有写出运行记录（{error}），下次运行会逐步核对一遍")
        return outcome

    def _do(self, stage: Stage, *, forced: bool) -> None:
        """Run a stage, or take its stored result where that is what it would make."""
        record = self.store.find(stage.name)
        if stage.name == LOAD and record is not None:
            self.papers = record.papers
        why = self._ask(stage, record, forced=forced)
        if record is not None and not why:
            self._lend(stage, record)
            return
        self._say_why(stage.title, record, why)
        self.meter.start()
        frames = self.outcome.frames
        run_stages(self.plan, [stage], frames=frames, remarks=self.remarks, step=self.step)
        self.meter.finish(stage.name)
        if stage.name == LOAD:
            refuse_changed(self.inputs, hash_inputs(self.plan))
        made = {layer.key: frames[layer.key] for layer in stage.gives}
        if stage.name == LOAD:
            named = list_papers(made) if {Paper.key, Step.key} <= made.keys() else ()
            self.papers = sorted({(source, name) for _, _, name, source, _ in named})
        faults = self.remarks[stage.title]
        self.meter.count(stage.name, faults)
        fresh = self.store.save(stage.name, made, faults, self._parts(stage), papers=self._own_papers(stage))
        self.hashes |= fresh.layers

    def _lend(self, stage: Stage, record: Record) -> None:
        self.outcome.frames.lend(self.store.paths(stage.name, record))
        self.remarks[stage.title] = record.faults
        self.hashes |= record.layers
        self.meter.count(stage.name, record.faults)
        self._keep(stage.name)

    def _ask(self, stage: Stage, record: Record | None, *, forced: bool) -> list[str]:
        """Return why a stage has to run; nothing where its stored result stands."""
        if record is None:
            return ["还没有完成的结果"]
        touched = self.store.list_touched(stage.name, record)
        for path in touched:
            word = "被改动过，不作为依据" if path.exists() else "不见了"
            self._say(f"中间结果 {path.relative_to(self.plan.output).as_posix()} {word}，重新计算")
        why = keys.tell_changes(record.parts, self._parts(stage))
        why += ["中间结果与记录不符"] if touched else []
        return why or (["按 --from 的要求"] if forced else [])

    def _parts(self, stage: Stage) -> Parts:
        return stage_parts(
            stage, self.plan, decisions=self.outcome.frames[Decision.key], layers=self.hashes, files=self.inputs,
            papers=self._own_papers(stage),
        )  # fmt: skip

    def _own_papers(self, stage: Stage) -> Papers:
        return self.papers if stage.name == LOAD else []

    def _deliver(self, *, forced: bool) -> None:
        """Write the hand-in, or leave the one in place where it is what would be written."""
        plan, outcome = self.plan, self.outcome
        told = [[title, [fault.as_dict() for fault in faults]] for title, faults in self.remarks.items()]
        parts = delivery_parts(
            plan, decisions=outcome.frames[Decision.key], layers=self.hashes, files=self.inputs | self.decided,
            papers=self.papers, remarks=hash_text(json.dumps(told, ensure_ascii=False)),
        )  # fmt: skip
        self.attached = parts["papers"]
        record = self.store.find(DELIVER)
        if not forced and self._still_waits(record, parts):
            outcome.waiting = self.waiting
            self._keep(DELIVER)
            return
        why = self._ask_delivery(record, parts, forced=forced)
        if not why:
            outcome.current = True
            self._keep(DELIVER)
        else:
            self._say_why(_TITLES[DELIVER], record, why)
            self._write_handin(parts, fresh=self.fresh)
        if self.manifest:
            listed = json.loads((plan.output / HANDIN / MANIFEST).read_text(encoding="utf-8"))
            outcome.summary["文件"] = len(listed["files"]) + 1

    def _ask_delivery(self, record: Record | None, parts: Parts, *, forced: bool) -> list[str]:
        if record is None:
            return ["还没有完成的结果"]
        why = keys.tell_changes(record.parts, parts)
        altered = list_altered(self.plan, record.layers[MANIFEST])
        if altered:
            shown = "、".join(altered[:_SHOWN]) + (f" 等 {len(altered)} 个" if len(altered) > _SHOWN else "")
            why.append(f"成果文件被改动、删除或混入：{shown}")
        self.manifest = "" if why or forced else record.layers[MANIFEST]
        return why or (["按 --from 的要求"] if forced else [])

    def _write_handin(self, parts: Parts, *, fresh: bool) -> None:
        """Deliver; sheets whose instructions are the same are put in place as they were drawn."""
        from pipeline.audit.step import SelfInspection
        from pipeline.deliver import deliver  # matplotlib and the writers load only when they are needed
        from pipeline.deliver.atlas import draw_atlas
        from pipeline.deliver.atlas.kept import SheetShelf

        plan, outcome, step = self.plan, self.outcome, self.step
        step.start(DELIVER, _TITLES[DELIVER], len(STEPS) - 1, len(STEPS))
        self.meter.start()
        assert outcome.quality is not None
        shelf = SheetShelf(self.store.folder / DELIVER / _SHEETS, keys.drawing_program(), fresh)
        draw = partial(draw_atlas, advance=step.advance, shelf=shelf)
        inspection = SelfInspection(plan)

        def seal(root: Path, faults: Sequence[Fault]) -> None:
            # Before the swap, which may be held up, or healed by a later run: what it puts in place is known then. One
            # that lacks tiles the network may give the next time is not what the plan makes.
            if not any(fault.code == _NO_TILES for fault in faults):
                manifest = hash_file(root / MANIFEST)
                self.store.write(DELIVER, Record(make_key(parts), parts, {MANIFEST: manifest}))

        handin = deliver(
            outcome.frames,
            plan,
            outcome.quality,
            draw_sheets=draw,
            inspect=inspection,
            inputs=self.inputs,
            sealed=seal,
        )
        outcome.audit = inspection.audit
        outcome.handin, outcome.sheets = handin, (shelf.drawn, shelf.taken)
        self.meter.count(DELIVER, handin.faults)
        seconds = self.meter.finish(DELIVER)
        drawn = "、".join(shelf.drawn) or "无"
        log.info("图纸：重绘 %d 张（%s），沿用 %d 张", len(shelf.drawn), drawn, len(shelf.taken))
        log.info("成果输出完成，用时 %.2f 秒，文件 %d 个", seconds, len(handin.items))
        step.remark(handin.faults)
        step.finish(DELIVER, seconds)
        if not handin.swapped.done:
            outcome.waiting = handin.swapped
        elif not any(fault.code == _NO_TILES for fault in handin.faults):
            self.manifest = hash_file(plan.output / HANDIN / MANIFEST)

    def _still_waits(self, record: Record | None, parts: Parts) -> bool:
        """Whether what this plan makes lies complete beside the old hand-in, which other programs still hold open."""
        if self.waiting is None or record is None or keys.tell_changes(record.parts, parts):
            return False
        manifest = self.waiting.folder / MANIFEST
        return manifest.is_file() and hash_file(manifest) == record.layers[MANIFEST]

    def _note(self) -> None:
        stored = {}
        for stage in STAGES:
            record = self.store.find(stage.name)
            for key, path in self.store.paths(stage.name, record).items() if record else ():
                stored[path.relative_to(self.plan.output).as_posix()] = record.layers[key] if record else ""
        note_made(
            self.plan, versions=keys.versions(), papers=self.papers, attached=self.attached, stored=stored,
            files=self.inputs | self.decided, manifest=self.manifest, summary=self.outcome.summary,
        )  # fmt: skip

    def _keep(self, name: str) -> None:
        self.meter.kept.append(name)
        log.info("%s 没有变化，沿用上次结果", _TITLES[name])
        self.step.keep(name, _TITLES[name], NAMES.index(name), len(STEPS))

    def _say_why(self, title: str, record: Record | None, why: Sequence[str]) -> None:
        """Say why a step runs again; that one runs for the first time is plain to see."""
        if record is not None:
            self._say(f"{title}：{'；'.join(why)}")

    def _say(self, text: str) -> None:
        log.info("%s", text)
        self.step.tell(text)
