"""Where the rows of each file went: read, kept, mended, merged, left out. No row goes without a word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from layers import model as m
from layers.frame import conform
from layers.model import Layer

MERGED, DROPPED = "合并", "剔除"


class FileAccount(Layer, key="file_account", alias="输入数据账"):
    """One row a file and layer; 读入 = 采用 + 合并 + 剔除, 图层要素 = 采用 + 拆分增加."""

    file = m.text("文件", required=True)
    layer = m.text("图层", required=True)
    read = m.integer("读入", required=True, minimum=0)
    kept = m.integer("采用", required=True, minimum=0)
    mended = m.integer("其中修复", required=True, minimum=0)
    merged = m.integer("合并", required=True, minimum=0)
    dropped = m.integer("剔除", required=True, minimum=0)
    added = m.integer("拆分增加", required=True, minimum=0)
    rows = m.integer("图层要素", required=True, minimum=0)


@dataclass
class Account:
    """The rows of one file that feeds a layer, by the number the technician sees.

    Attributes
    ----------
    file, layer : as messages name them.
    read : rows of the file, also those its reader skips as totals or remarks.
    gone : rows that did not come through and how, ``MERGED`` or ``DROPPED``; each has a fault of its own or is
        listed in one.
    mended : rows whose geometry was repaired.
    kept : rows that came through.
    added : features more than rows kept, where a row was split.
    """

    file: str
    layer: str
    read: set[str] = field(default_factory=set)
    gone: dict[str, str] = field(default_factory=dict)
    mended: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    added: int = 0

    def take(self, rows: Iterable[object]) -> None:
        """Rows were read."""
        self.read.update(map(str, rows))

    def drop(self, rows: Iterable[object], how: str = DROPPED) -> None:
        """Rows do not come through, and a fault says so; the first word on a row stands."""
        for row in rows:
            self.gone.setdefault(str(row), how)

    def mend(self, rows: Iterable[object]) -> None:
        """Rows were repaired."""
        self.mended.update(map(str, rows))

    def keep(self, rows: Iterable[object]) -> None:
        """Rows came through; one that comes several times was split."""
        labels = [str(row) for row in rows]
        self.kept = set(labels)
        self.added = len(labels) - len(self.kept)

    def missing(self) -> set[str]:
        """Return the rows that are neither here nor accounted for."""
        return self.read - self.kept - self.gone.keys()

    def balance(self) -> dict[str, object]:
        """Return the row of ``FileAccount``.

        Raises
        ------
        ValueError
            If rows read are not rows kept, merged and left out.
        """
        read = self.read | self.gone.keys() | self.kept
        gone = [how for row, how in self.gone.items() if row not in self.kept]
        if len(read) != len(self.kept) + len(gone):
            raise ValueError(f"{self.file}: {len(read)} rows read, {len(self.kept)} kept, {len(gone)} gone")
        return {
            FileAccount.file: self.file,
            FileAccount.layer: self.layer,
            FileAccount.read: len(read),
            FileAccount.kept: len(self.kept),
            FileAccount.mended: len(self.mended & self.kept),
            FileAccount.merged: gone.count(MERGED),
            FileAccount.dropped: gone.count(DROPPED),
            FileAccount.added: self.added,
            FileAccount.rows: len(self.kept) + self.added,
        }


def make_accounts(accounts: Iterable[Account]) -> pd.DataFrame:
    """Return ``FileAccount`` rows, in the order files were read."""
    return conform(pd.DataFrame([account.balance() for account in accounts]), FileAccount)
