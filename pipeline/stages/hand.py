"""The planner's hand: decisions applied where a judgement is made, the computed value kept beside (DESIGN §3)."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

import pandas as pd

from layers.decisions import Decision, Judged, read_before, write_before
from layers.faults import Fault, FaultLog
from layers.judgements import Judgement, Subject, find_subject, fold, name_row, show_value
from layers.model import Column, Layer

CODE = "HSQ-A16"
AUTO, BY_HAND = "自动", "人工"
_NEAR = 3
Refused: TypeAlias = tuple[str, str]  # number, field
Table = TypeVar("Table", bound=pd.DataFrame)


class Hand:
    """The decisions a stage may apply; remembers within the stage what was decided before the frame existed.

    Parameters
    ----------
    decisions : ``Decision`` rows, checked by ``layers.read.decisions``; None for none.
    frames : the layers the stage takes; names and places of needs and resources come from them.
    """

    def __init__(self, decisions: pd.DataFrame | None, frames: Mapping[str, pd.DataFrame]) -> None:
        rows = [] if decisions is None else decisions.to_dict("records")
        self._rows: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in rows]
        self._frames = frames
        self._before: dict[tuple[str, str, str], Any] = {}

    def numbers(self, layer: type[Layer], column: Column | None = None) -> frozenset[str]:
        """Return the numbers of the rows of a layer that decisions are about, of one field where it is named."""
        return frozenset(row[Decision.number] for row in self._of(find_subject(layer), column))

    def decide(self, layer: type[Layer], row: Mapping[str, Any], column: Column, computed: Any) -> Any:
        """Return what holds for a field: the planner's value where one is given and fits, else ``computed``.

        For judgements that others follow from; call it where the judgement is made. ``overrule`` on the
        finished frame marks the row and reports what did not fit.

        Parameters
        ----------
        row : the row so far: its key, and the fields its fingerprint goes by (``layers.judgements``).
        computed : what the machine judged; kept.
        """
        subject = find_subject(layer)
        for decision in self._of(subject, column):
            if not _is_meant(decision, row, subject) or self._differs(decision, row, subject):
                continue
            self._before[layer.key, _key(row, subject), str(column)] = computed
            return _judgement(subject, decision).read(decision[Decision.value])
        return computed

    def peek(self, layer: type[Layer], row: Mapping[str, Any], column: Column, computed: Any) -> Any:
        """Return what ``decide`` would, without taking note of it: the decision may still have to be refused."""
        before = dict(self._before)
        value = self.decide(layer, row, column, computed)
        self._before = before
        return value

    def overrule(
        self,
        layer: type[Layer],
        frame: Table,
        log: FaultLog,
        *,
        finished: bool = False,
        only: Collection[Column] = (),
        later: Collection[Column] = (),
        refused: Mapping[Refused, str] | None = None,
    ) -> Table:
        """Return ``frame`` with the planner's values in it, each row marked 自动 or 人工.

        Call it once a stage on every judged layer, right after the judgement; fields that are judged later
        have a call of their own.

        Parameters
        ----------
        layer : declared with the fields of ``Judged``.
        finished : nothing is derived from the frame any more, so a value that others follow from
            (``Judgement.early``) must have gone through ``decide`` and is refused otherwise.
        only, later : fields that alone are meant, and fields that are left for a later call.
        refused : why a decision cannot hold, by number and field; an empty field stands for all of the row.
        log : gets HSQ-A16 for every decision that names no row, whose fingerprint no longer fits, that did not
            take effect, or whose computed value has changed since it was made.
        """
        subject = find_subject(layer)
        result = frame.copy()
        for column in (Judged.judged_by, Judged.judged_before, Judged.judged_why):
            if column not in result:
                result[column] = None
            result[column] = result[column].astype(object)
        result[Judged.judged_by] = result[Judged.judged_by].fillna(AUTO)
        known = _index(result, subject)
        mine, not_mine = ({column.spec.alias for column in some} for some in (only, later))
        for decision in self._of(subject):
            if decision[Decision.field] in not_mine or (mine and decision[Decision.field] not in mine):
                continue
            places = known.get(decision[Decision.number], [])
            why = _find_refusal(
                decision, [] if not places else result.iloc[places[0]], subject, refused or {}
            )
            if not places:
                log.faults.append(_unknown(decision, subject, known, why))
                continue
            fault = self._apply(decision, subject, result, places[0], finished=finished, why=why)
            if fault is not None:
                log.faults.append(fault)
        for column in (Judged.judged_by, Judged.judged_before, Judged.judged_why):
            result[column] = result[column].astype("str")
        return result

    def _of(self, subject: Subject, column: Column | None = None) -> list[dict[str, Any]]:
        wanted = None if column is None else column.spec.alias
        return [
            row
            for row in self._rows
            if row[Decision.table] == subject.title and wanted in (None, row[Decision.field])
        ]

    def _differs(self, decision: Mapping[str, Any], row: Mapping[str, Any], subject: Subject) -> str:
        """Return what of the fingerprint no longer fits; nothing where it does, or where there is none."""
        now = name_row(row, subject, self._frames)
        if now is None:
            return ""
        pairs = zip((Decision.name, Decision.place), now, strict=True)
        told = [
            f"{column.spec.alias}由“{decision[column]}”变为“{is_now}”"
            for column, is_now in pairs
            if isinstance(decision[column], str) and fold(decision[column]) != fold(is_now)
        ]
        return "，".join(told)

    def _apply(
        self,
        decision: Mapping[str, Any],
        subject: Subject,
        frame: pd.DataFrame,
        at: int,
        *,
        finished: bool,
        why: str = "",
    ) -> Fault | None:
        """Put one decision into the frame; return what there is to say about it."""
        row = frame.iloc[at]
        judgement = _judgement(subject, decision)
        column = judgement.column
        marked = read_before(row[Judged.judged_before])
        if column.spec.alias in marked:  # an earlier call on the same rows has done it
            return None
        differs = self._differs(decision, row, subject)
        if differs:
            return _fault(
                decision, f"{_title(decision)}已失效：{differs}", action="不采用，按程序判定",
                remedy="核对后把该行的名称、位置改为现在的，或删除该行",
            )  # fmt: skip
        key = (subject.layer.key, _key(row, subject), str(column))
        if finished and judgement.early and key not in self._before:
            reason = why or f"本次计算没有对它作出“{column.spec.alias}”的判定"
            return _fault(
                decision, f"{_title(decision)}没有生效：{reason}", action="不采用，按程序判定",
                remedy="按上述原因改正，或删除该行" if why else "删除该行，或改为决定与它有关的上一级判定",
            )  # fmt: skip
        before = show_value(self._before.get(key, row[column]), column)
        where = frame.index[at]
        frame.loc[where, column] = judgement.read(decision[Decision.value])
        kept = marked | {column.spec.alias: before}
        why = row[Judged.judged_why] if isinstance(row[Judged.judged_why], str) else ""
        told = f"{column.spec.alias}：{decision[Decision.reason]}"
        frame.loc[where, Judged.judged_by] = BY_HAND
        frame.loc[where, Judged.judged_before] = write_before(kept)
        frame.loc[where, Judged.judged_why] = f"{why}；{told}" if why else told
        return _remark(decision, before)


def _judgement(subject: Subject, decision: Mapping[str, Any]) -> Judgement:
    judgement = subject.find_field(decision[Decision.field])
    if judgement is None:
        raise LookupError(f"unchecked decision: {decision[Decision.field]!r} of {subject.title!r}")
    return judgement


def _key(row: Mapping[str, Any] | pd.Series, subject: Subject) -> str:
    return str(row[subject.key])


def _is_meant(decision: Mapping[str, Any], row: Mapping[str, Any], subject: Subject) -> bool:
    return decision[Decision.number] in {str(row[c]) for c in (subject.key, *subject.also) if c in row}


def _index(frame: pd.DataFrame, subject: Subject) -> dict[str, list[int]]:
    """Return positions by every number a decision may name a row by; the key itself goes before the others."""
    found: dict[str, list[int]] = {}
    for column in (subject.key, *subject.also):
        if column in frame:
            for at, value in enumerate(frame[column].astype("str")):
                found.setdefault(value, []).append(at)
    return found


def _title(decision: Mapping[str, Any]) -> str:
    return f"{decision[Decision.table]}{decision[Decision.number]}“{decision[Decision.field]}”的人工决定"


def _fault(decision: Mapping[str, Any], problem: str, **more: Any) -> Fault:
    said = Fault(
        CODE,
        problem,
        severity="警告",
        file="decisions.xlsx",
        layer=decision[Decision.table],
        row=f"{decision[Decision.sheet]} 第 {decision[Decision.row]} 行",
        field=decision[Decision.field],
        value=decision[Decision.value],
    )
    return replace(said, **more)


def _find_refusal(
    decision: Mapping[str, Any], row: Any, subject: Subject, refused: Mapping[Refused, str]
) -> str:
    """Return why a decision cannot hold, by the row's own number or the one the decision names it by."""
    numbers = {decision[Decision.number], *([_key(row, subject)] if len(row) else [])}
    keys = [(number, field) for number in sorted(numbers) for field in (decision[Decision.field], "")]
    return next((refused[key] for key in keys if key in refused), "")


def _unknown(decision: Mapping[str, Any], subject: Subject, known: Mapping[str, Any], why: str) -> Fault:
    if why:
        return _fault(
            decision, f"{_title(decision)}不能采用：{why}", action="不采用", remedy="按上述原因改正，或删除该行",
        )  # fmt: skip
    near = difflib.get_close_matches(decision[Decision.number], [str(key) for key in known], n=_NEAR)
    hint = f"相近的编号：{'、'.join(near)}" if near else f"{subject.title}的编号见 output 中的 decisions.xlsx"
    return _fault(
        decision, f"{_title(decision)}没有对象：没有编号为 {decision[Decision.number]} 的{subject.title}",
        action="不采用", remedy=f"改正编号，或删除该行；{hint}",
    )  # fmt: skip


def _remark(decision: Mapping[str, Any], before: str) -> Fault | None:
    """Say where the machine has changed its mind since, or where nothing protects a decision from a mix-up."""
    told = decision[Decision.computed]
    if isinstance(told, str) and fold(told) != fold(before):
        return _fault(
            decision, f"{_title(decision)}作出以后，程序判定由“{told}”变为“{before or '空'}”", severity="提示",
            action="仍按人工决定", remedy="复核是否还需要这项决定",
        )  # fmt: skip
    if not any(isinstance(decision[column], str) for column in (Decision.name, Decision.place)):
        return _fault(
            decision, f"{_title(decision)}没有写名称和位置，无法核对是否仍是同一对象", severity="提示",
            action="按编号采用", remedy="从 output 中的 decisions.xlsx 抄入名称和位置",
        )  # fmt: skip
    return None
