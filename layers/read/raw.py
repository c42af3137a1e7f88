"""What a reader hands on: columns as the file names them, rows by the number the technician sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pandas as pd
from pyproj import CRS

from layers.account import DROPPED, Account
from layers.encoding import Verdict
from layers.faults import FaultLog
from layers.read.header import HeaderGuess


class SourceSpec(Protocol):
    """One file that feeds a layer, as the plan config describes it (``inputs.<layer>[]``)."""

    @property
    def path(self) -> Path: ...
    @property
    def layer(self) -> str | None: ...
    @property
    def encoding(self) -> str | None: ...
    @property
    def crs(self) -> str | None: ...
    @property
    def datum(self) -> str | None: ...
    @property
    def header_rows(self) -> int | None: ...
    @property
    def skip_rows(self) -> int | None: ...
    @property
    def columns(self) -> Mapping[str, str]: ...
    @property
    def x(self) -> str | None: ...
    @property
    def y(self) -> str | None: ...
    @property
    def wkt(self) -> str | None: ...
    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def values(self) -> Mapping[str, Mapping[str, str]]: ...
    @property
    def classification(self) -> str | None: ...
    @property
    def constants(self) -> Mapping[str, str]: ...
    @property
    def key(self) -> str | None: ...
    @property
    def geometry(self) -> SourceSpec | None: ...
    @property
    def wgs84_shift(self) -> bool: ...


@dataclass(frozen=True)
class Raw:
    """A file as read.

    Attributes
    ----------
    table : attribute columns under the file's own names; the index is the row number or FID that the
        technician sees in their own program.
    geometry : geometry on the same index, None for a table.
    crs : CRS the file itself claims.
    """

    table: pd.DataFrame
    geometry: pd.Series | None = None
    crs: CRS | None = None


@dataclass
class Clues:
    """What a reader found out on the way about a file's text and table, beside any fault.

    Attributes
    ----------
    encoding : of its text; None where the format leaves no choice.
    header : where the header of its sheet was recognised; None where the config says it or there is none.
    """

    encoding: Verdict | None = None
    header: HeaderGuess | None = None


@dataclass(frozen=True)
class Place:
    """Where messages say a fault is: the file (and sheet) and the layer it feeds; writes to one log.

    Attributes
    ----------
    file : the file as the plan config writes it, with the sheet or layer after ``｜``.
    layer : Chinese name of the layer.
    log : where faults go.
    reported : cells (field, row) that already have a fault, so that none is reported twice.
    columns : which column of the file feeds a field, under the file's own name.
    settled : rows whose value of a field the config gives itself (``values``, ``constants``).
    classification : land-use classification the config says the file is in; None to judge by evidence.
    clues : what the reader found out of text and table.
    account : where the file's rows went.
    """

    file: str
    layer: str
    log: FaultLog
    reported: set[tuple[str, str]] = field(default_factory=set)
    columns: dict[str, str] = field(default_factory=dict)
    settled: dict[str, set[object]] = field(default_factory=dict)
    classification: str | None = None
    clues: Clues = field(default_factory=Clues)
    account: Account = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "account", Account(self.file, self.layer))

    def error(self, code: str, problem: str, **more: object) -> None:
        """Record a fault that stops the plan."""
        if "field" in more and "row" in more:
            self.reported.add((str(more["field"]), str(more["row"])))
        self.log.add(code, problem, **{"file": self.file, "layer": self.layer, **more})

    def warn(self, code: str, problem: str, **more: object) -> None:
        """Record something mended or doubtful."""
        self.error(code, problem, **{"severity": "警告", **more})

    def note(self, code: str, problem: str, **more: object) -> None:
        """Record something worth knowing."""
        self.error(code, problem, **{"severity": "提示", **more})

    def drop(self, rows: Iterable[object], how: str = DROPPED) -> None:
        """Account for rows that do not come through; a fault has said why."""
        self.account.drop(rows, how)


def list_rows(rows: pd.Index | Sequence[object], *, most: int = 10) -> str:
    """Return row numbers for one message: ``3、7、12 等 25 行``."""
    shown = "、".join(str(row) for row in rows[:most])
    return shown if len(rows) <= most else f"{shown} 等 {len(rows)} 行"
