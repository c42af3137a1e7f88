"""What the hand-in holds and what it leaves out: the records behind 成果目录 and the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.deliver.sheet.spec import Finished

SCALE_RULE = "比例尺"  # the rule whose value is a sheet's scale, such as 1:2000


@dataclass(frozen=True)
class Check:
    """One rule a delivered file was checked by.

    Attributes
    ----------
    rule : Chinese name.
    value : what was found.
    wrong : what is wrong with it; empty where nothing is.
    """

    rule: str
    value: str
    wrong: str


@dataclass(frozen=True)
class Item:
    """One delivered file.

    Attributes
    ----------
    path : relative to 成果, with forward slashes.
    kind : group in 成果目录, such as 图件 or 数据库.
    title : Chinese title.
    maker : the writer that made it, for the manifest.
    number : sheet or table number, empty when it has none.
    companions : files that belong to it (.dbf, .prj …), listed in the manifest only.
    note : remark in 成果目录, such as a feature count.
    checks : rules the writer checked it by.
    """

    path: str
    kind: str
    title: str
    maker: str
    number: str = ""
    companions: tuple[str, ...] = ()
    note: str = ""
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Absent:
    """A catalogue entry that was not made, with the reason 成果目录 prints."""

    kind: str
    title: str
    reason: str
    number: str = ""


Made: TypeAlias = Sequence[Item | Absent]


@dataclass(frozen=True)
class Drawings:
    """What drawing the catalogue gave: its entries, and the sheets of the hand-in as they were drawn."""

    made: Made
    sheets: tuple[Finished, ...] = ()
