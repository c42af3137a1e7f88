"""The register of decisions: what became of each, and everything that could be decided with what was computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from layers import codes
from layers.decisions import Decision, Judged, read_before
from layers.judgements import Judgement, Subject, fold, name_row, show_value, subjects
from pipeline.stages.hand import BY_HAND

TAKEN, STALE, NOBODY, IDLE = codes.DECISION_STATE.values


def settle_decisions(decisions: pd.DataFrame, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the decisions with their state and with what the machine judges now.

    Parameters
    ----------
    decisions : ``Decision`` rows.
    frames : stage results by layer key.
    """
    result = decisions.copy()
    by_title = {subject.title: subject for subject in subjects()}
    known = {title: _rows_by_number(subject, frames) for title, subject in by_title.items()}
    states, computed = [], []
    for decision in decisions.to_dict("records"):
        subject = by_title[decision[Decision.table]]
        row = known[subject.title].get(decision[Decision.number])
        states.append(_judge_state(decision, row, subject, frames))
        told = None
        if row is not None:
            judgement = subject.find_field(decision[Decision.field])
            told = _computed(row, judgement) if judgement is not None else None
        computed.append(told or decision[Decision.computed])
    result[Decision.state] = pd.Series(states, index=result.index, dtype="str")
    result[Decision.computed] = pd.Series(computed, index=result.index, dtype="str")
    return result


def list_judgements(
    subject: Subject, frames: Mapping[str, pd.DataFrame]
) -> list[tuple[Judgement, list[list[str]]]]:
    """Return by judged field its rows: number, what the machine judged, name, place; sorted by number."""
    frame = frames.get(subject.layer.key)
    if frame is None or frame.empty:
        return []
    rows = frame.sort_values(subject.key, kind="stable").to_dict("records")
    names = [name_row(row, subject, frames) or ("", "") for row in rows]
    return [
        (
            judgement,
            [
                [str(row[subject.key]), _computed(row, judgement), *name]
                for row, name in zip(rows, names, strict=True)
            ],
        )
        for judgement in subject.fields
    ]


def _rows_by_number(subject: Subject, frames: Mapping[str, pd.DataFrame]) -> dict[str, dict[Any, Any]]:
    frame = frames.get(subject.layer.key)
    if frame is None:
        return {}
    found: dict[str, dict[Any, Any]] = {}
    rows = frame.to_dict("records")
    for column in (subject.key, *subject.also):
        for row in rows:
            found.setdefault(str(row[column]), row)
    return found


def _computed(row: Mapping[Any, Any], judgement: Judgement) -> str:
    """Return what the machine judged, whether or not it holds."""
    before = read_before(row[Judged.judged_before])
    alias = judgement.column.spec.alias
    return before[alias] if alias in before else show_value(row[judgement.column], judgement.column)


def _judge_state(
    decision: Mapping[Any, Any],
    row: Mapping[Any, Any] | None,
    subject: Subject,
    frames: Mapping[str, pd.DataFrame],
) -> str:
    if row is None:
        return NOBODY
    if row[Judged.judged_by] == BY_HAND and decision[Decision.field] in read_before(
        row[Judged.judged_before]
    ):
        return TAKEN
    now = name_row(row, subject, frames) or ("", "")
    told = (decision[Decision.name], decision[Decision.place])
    stale = any(
        isinstance(was, str) and fold(was) != fold(is_now) for was, is_now in zip(told, now, strict=True)
    )
    return STALE if stale else IDLE
