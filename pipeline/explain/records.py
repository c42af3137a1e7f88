"""Stored stage results opened for reading: which row an id names, and which rows hang on it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from layers.faults import Fault, PlanFaults
from layers.finance import Fund
from layers.judgements import Subject, subjects
from layers.model import Column, Layer
from layers.planned import Inventory, Project, Resource
from pipeline.engine.forecast import list_stale
from pipeline.engine.store import Store, read_layer
from pipeline.plan import Plan
from pipeline.stages import STAGES

Row = dict[str, Any]
CODE = "HSQ-A05"


@dataclass(frozen=True)
class Found:
    """A row that an id names."""

    subject: Subject
    row: Row


@dataclass(frozen=True)
class Records:
    """The stage results of one plan's last run.

    Attributes
    ----------
    frames : by layer key, only of stages that were finished.
    old : whether config, inputs or program have changed since.
    """

    frames: Mapping[str, pd.DataFrame]
    old: bool

    def rows(self, layer: type[Layer], column: Column | None = None, value: object = None) -> list[Row]:
        """Return the rows of a layer, or those whose ``column`` is ``value``."""
        frame = self.frames.get(layer.key)
        if frame is None:
            return []
        chosen = frame if column is None else frame[frame[column] == value]
        return [{str(key): cell for key, cell in row.items()} for row in chosen.to_dict("records")]

    def one(self, layer: type[Layer], column: Column, value: object) -> Row | None:
        """Return the first row of a layer whose ``column`` is ``value``."""
        return next(iter(self.rows(layer, column, value)), None)

    @cached_property
    def known(self) -> dict[str, list[tuple[Subject, Column]]]:
        """What every id names, in the order of the stages."""
        found: dict[str, list[tuple[Subject, Column]]] = {}
        for subject in subjects():
            frame = self.frames.get(subject.layer.key)
            for column in (subject.key, *subject.also) if frame is not None else ():
                assert frame is not None
                for value in frame[column].dropna().astype("str").unique():
                    found.setdefault(value, []).append((subject, column))
        return found

    def find(self, word: str) -> Found:
        """Return what an id names; a need's number names the need, not what was made of it.

        Raises
        ------
        PlanFaults
            If nothing has this id, with the nearest ones.
        """
        plain = word.strip()
        if plain not in self.known:
            plain = {key.casefold(): key for key in self.known}.get(plain.casefold(), plain)
        if plain not in self.known:
            raise PlanFaults([self._miss(word)])
        subject, column = self.known[plain][0]
        row = self.one(subject.layer, column, plain)
        assert row is not None
        if subject.layer is Inventory:  # as matching left it, with the needs it serves
            row = self.one(Resource, Resource.number, plain) or row
        return Found(subject, row)

    def _miss(self, word: str) -> Fault:
        near = difflib.get_close_matches(word, list(self.known), n=5, cutoff=0.5)
        examples = [
            f"{subject.title} {next(k for k, v in self.known.items() if v[0][0] is subject)}"
            for subject in subjects()
            if any(v[0][0] is subject for v in self.known.values())
        ]
        fund = next(iter(self.rows(Fund)), None)
        examples += [f"分期 {row[Project.phase]}" for row in self.rows(Project)[:1]]
        examples += [f"资金 {fund[Fund.id]}"] if fund is not None else []
        hint = f"是否想查：{'、'.join(near)}？" if near else "编号见各表格的编号列。"
        return Fault(
            CODE, f"没有编号为“{word}”的需求、资源、匹配、布局、项目、分期或资金", value=word,
            remedy=f"{hint}例：{'、'.join(examples)}",
        )  # fmt: skip

    def related(self, names: Mapping[str, set[str]]) -> Iterator[tuple[type[Layer], Row]]:
        """Yield rows of other layers that name one of these things.

        Parameters
        ----------
        names : ids by the name of the field that would hold them (``need``, ``project``, ``resource``).
        """
        told = {subject.layer.key for subject in subjects()} | {Resource.key}
        for key, frame in sorted(self.frames.items()):
            if key in told:
                continue
            mask = pd.Series(False, index=frame.index)
            for field, ids in names.items():
                if field in frame:
                    mask |= frame[field].astype("str").isin(ids)
            for row in frame[mask].to_dict("records"):
                yield Layer.registry[key], {str(name): cell for name, cell in row.items()}


def open_records(plan: Plan) -> Records:
    """Open what the last run of a plan stored.

    Raises
    ------
    PlanFaults
        If the plan has not been run as far as its needs.
    """
    store = Store(plan)
    frames: dict[str, pd.DataFrame] = {}
    for stage in STAGES:
        record = store.find(stage.name)
        if record is not None:
            frames |= {key: read_layer(path, key) for key, path in store.paths(stage.name, record).items()}
    if not any(subject.layer.key in frames for subject in subjects()):
        fault = Fault(
            CODE, f"方案 {plan.plan.id} 还没有可以追溯的结果", file=str(store.folder),
            remedy="先运行 haoshequ run，至少到阶段 needs（--until needs），再用 explain",
        )  # fmt: skip
        raise PlanFaults([fault])
    return Records(frames, bool(list_stale(plan)))
