"""What a run of a plan would do and why, found out without writing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Literal

import pandas as pd

from layers.faults import Fault, FaultLog
from layers.model import Layer
from layers.read.decisions import read_decisions
from pipeline.engine import keys
from pipeline.engine.changes import Change, compare_layer
from pipeline.engine.files import Papers, hash_bytes, hash_inputs
from pipeline.engine.last import MANIFEST, find_current, hash_decided, list_altered
from pipeline.engine.lock import is_held
from pipeline.engine.outcome import DELIVER, STEPS
from pipeline.engine.progress import read_durations
from pipeline.engine.store import Frames, Record, Store, read_layer
from pipeline.plan import Plan
from pipeline.stages import STAGES
from pipeline.stages.base import Given, Stage

State = Literal["沿用", "重算", "视上游"]


@dataclass(frozen=True)
class Expected:
    """What would become of one step.

    Attributes
    ----------
    name, title : as declared.
    state : 沿用 its result stands, 重算 it runs, 视上游 it runs if a step before it gives other layers than before.
    why : reasons, Chinese.
    """

    name: str
    title: str
    state: State
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Forecast:
    """What a run would do.

    Attributes
    ----------
    current : whether it would find nothing to do.
    running : whether another process runs the plan right now.
    steps : every step in order; empty where ``current``.
    changes : rows of the inputs that differ, where a file does.
    same : files whose bytes differ and whose content as read does not.
    faults : remarks of reading, where files had to be read.
    seconds : how long the steps took the last time that would or may run; None where some never did.
    """

    current: bool
    running: bool
    steps: tuple[Expected, ...] = ()
    changes: tuple[Change, ...] = ()
    same: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    seconds: float | None = None


@dataclass
class _Look:
    """What is known while the steps are gone through."""

    plan: Plan
    store: Store
    decisions: pd.DataFrame
    files: dict[str, str]
    papers: Papers = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)  # layers nobody knows before their stage has run
    changes: list[Change] = field(default_factory=list)
    read: Frames | None = None
    log: FaultLog = field(default_factory=FaultLog)


def forecast_plan(plan: Plan) -> Forecast:
    """Return what a run of the plan would do.

    Files whose bytes have changed are read, to tell how many rows differ; nothing is computed and nothing written.

    Raises
    ------
    PlanFaults
        If the inputs or the decisions cannot be used; a run would refuse them as well.
    """
    running = is_held(plan.output)
    if find_current(plan) is not None:
        return Forecast(current=True, running=running)
    own = FaultLog()
    decisions = read_decisions(plan.decisions, plan.decisions.name, own)
    own.raise_errors()
    look = _Look(plan, Store(plan), decisions, hash_inputs(plan))
    steps = [_ask(stage, look) for stage in STAGES]
    steps.append(_ask_delivery(look, steps))
    usual = read_durations(plan)
    due = [step.name for step in steps if step.state != "沿用"]
    seconds = sum(usual[name] for name in due) if usual.keys() >= set(due) else None
    return Forecast(
        current=False, running=running, steps=tuple(steps), changes=tuple(look.changes), same=_find_same(look),
        faults=tuple(look.log.faults), seconds=seconds,
    )  # fmt: skip


def list_stale(plan: Plan) -> list[str]:
    """Return the stages whose stored results were made from something else than what is there now."""
    store, files = Store(plan), hash_inputs(plan)
    decisions = read_decisions(plan.decisions, plan.decisions.name, FaultLog())
    hashes: dict[str, str] = {}
    stale = []
    for stage in STAGES:
        record = store.find(stage.name)
        if record is None:
            break
        parts = keys.stage_parts(
            stage, plan, decisions=decisions, layers=hashes, files=files, papers=record.papers
        )
        stale += [stage.name] if parts != record.parts else []
        hashes |= record.layers
    return stale


def _ask(stage: Stage, look: _Look) -> Expected:
    """Return what would become of a stage, and take down what is known of its layers."""
    record = look.store.find(stage.name)
    if stage.name == keys.LOAD and record is not None:
        look.papers = record.papers
    if record is None:
        look.open |= {layer.key for layer in stage.gives}
        look.hashes |= dict.fromkeys((layer.key for layer in stage.gives), "")
        return Expected(stage.name, stage.title, "重算", ("还没有完成的结果",))
    parts = keys.stage_parts(
        stage, look.plan, decisions=look.decisions, layers=look.hashes, files=look.files,
        papers=look.papers if stage.name == keys.LOAD else [],
    )  # fmt: skip
    touched = look.store.list_touched(stage.name, record)
    why = keys.tell_changes(_without(record.parts, look.open), _without(parts, look.open))
    why += [f"中间结果 {_name(path, look.plan)} 被改动过或不见了" for path in touched]
    if why and stage.name == keys.LOAD:
        look.hashes |= _read_again(stage, record, look, touched)
        return Expected(stage.name, stage.title, "重算", tuple(why))
    look.hashes |= record.layers
    upstream = [
        maker.title for maker in STAGES if look.open & {*map(_key, maker.gives)} & {*map(_key, stage.takes)}
    ]
    if why or upstream:
        look.open |= {layer.key for layer in stage.gives}
    if why:
        return Expected(stage.name, stage.title, "重算", tuple(why))
    if upstream:
        return Expected(stage.name, stage.title, "视上游", (f"取决于 {'、'.join(upstream)} 的结果",))
    return Expected(stage.name, stage.title, "沿用")


def _ask_delivery(look: _Look, steps: list[Expected]) -> Expected:
    name, title = STEPS[-1]
    assert name == DELIVER
    record = look.store.find(DELIVER)
    if record is None:
        return Expected(name, title, "重算", ("还没有完成的结果",))
    files = look.files | hash_decided(look.plan)
    parts = keys.delivery_parts(
        look.plan, decisions=look.decisions, layers=look.hashes, files=files, papers=look.papers, remarks=""
    )
    # Remarks and the state of decisions follow from what the stages find.
    known, now = (
        {
            kind: part
            for kind, part in _without(some, look.open).items()
            if kind not in ("remarks", "decisions")
        }
        for some in (record.parts, parts)
    )
    why = keys.tell_changes(known, now)
    why += [
        f"成果文件 {path} 被改动、删除或混入" for path in list_altered(look.plan, record.layers[MANIFEST])
    ]
    if why:
        return Expected(name, title, "重算", (*why, "图纸逐张比对，只重绘内容有变的"))
    if any(step.state == "重算" for step in steps):
        return Expected(name, title, "视上游", ("图纸逐张比对，只重绘内容有变的",))
    return Expected(name, title, "沿用")


def _read_again(stage: Stage, record: Record, look: _Look, touched: list[Path]) -> dict[str, str]:
    """Read the inputs without storing them; return the hashes of the layers and note which rows differ."""
    made = stage(Given(look.plan, {}, look.log))
    look.read = made
    hashes = {}
    for key, frame in made.items():
        buffer = BytesIO()
        frame.to_parquet(buffer, index=False)
        hashes[key] = hash_bytes(buffer.getvalue())
        path = look.store.paths(stage.name, record).get(key)
        if path is not None and path not in touched and hashes[key] != record.layers[key]:
            look.changes += compare_layer(Layer.registry[key], read_layer(path, key), frame)
    return hashes


def _find_same(look: _Look) -> tuple[str, ...]:
    """Return the files that differ in bytes and in no row of any layer."""
    record = look.store.find(keys.LOAD)
    if look.read is None or record is None:
        return ()
    before = record.parts["files"]
    differ = {name for name, now in look.files.items() if name in before and before[name] != now}
    changed = {Path(change.file.split("｜")[0]).with_suffix("") for change in look.changes}
    return tuple(sorted(name for name in differ if Path(name).with_suffix("") not in changed))


def _without(parts: keys.Parts, layers: set[str]) -> keys.Parts:
    """Return parts without layers nobody knows yet."""
    known: Mapping[str, str] = parts["layers"]
    return {**parts, "layers": {key: value for key, value in known.items() if key not in layers}}


def _key(layer: type[Layer]) -> str:
    return layer.key


def _name(path: Path, plan: Plan) -> str:
    return path.relative_to(plan.output).as_posix()
