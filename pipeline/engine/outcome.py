"""The steps of a run, and what a run made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.engine.store import Layers
from pipeline.stages import STAGES

if TYPE_CHECKING:
    from pipeline.audit import Audit
    from pipeline.deliver import HandIn
    from pipeline.deliver.tree import Swapped

DELIVER = "deliver"
STEPS: tuple[tuple[str, str], ...] = (*((s.name, s.title) for s in STAGES), (DELIVER, "成果输出"))
NAMES = [name for name, _ in STEPS]


@dataclass
class Outcome:
    """What a run made.

    Attributes
    ----------
    frames : all layers by key; those of steps passed over are read when they are asked for.
    quality : remarks of every stage as the ``Quality`` layer; None where nothing had to be done.
    seconds : time by step, of those that ran.
    kept : steps whose earlier result stands.
    handin : what was delivered and where; None when delivery was not reached or the earlier hand-in stands.
    audit : what 成果自检 found in a hand-in just written, which is there whatever that is.
    current : whether the hand-in in place is the one this plan makes now, and stands untouched.
    sheets : numbers of the sheets drawn and of those put in place as they were.
    summary : counts of remarks by severity, and of delivered items.
    report : the quality report, where there is no hand-in to hold it.
    waiting : the new hand-in, complete, where files of the old one are open in other programs; None where it is in place.
    form : the workbook that offers every judgement to be overruled; None where it was not written.
    """

    frames: Layers = field(default_factory=Layers)
    quality: pd.DataFrame | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    handin: HandIn | None = None
    audit: Audit | None = None
    current: bool = False
    sheets: tuple[Sequence[str], Sequence[str]] = ((), ())
    summary: dict[str, int] = field(default_factory=dict)
    report: Path | None = None
    waiting: Swapped | None = None
    form: Path | None = None
