"""``configs/public.yaml``: what of the hand-in may be made public, and how the rest is withheld."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import Field

from configs import read_settings
from pipeline.plan.base import Block

# Where the public edition lies in the hand-in, and its group in 成果目录.
KIND = "公示版"
SHEETS = f"{KIND}/JPG"
TABLES = f"{KIND}/表格"
_UNDECIDED = "尚未列入 configs/public.yaml，按不公开处理"


class Choice(Block):
    """Views or side tables that may be shown, and those withheld with the reason."""

    shown: tuple[str, ...]
    withheld: dict[str, str]

    def refuse(self, names: Iterable[str]) -> str:
        """Return why things of these names may not be shown together; empty when they may."""
        closed = [name for name in names if name not in self.shown]
        return self.withheld.get(closed[0], _UNDECIDED) if closed else ""


class PublicTable(Block):
    """What stays of a table: columns by the ``value`` of their header, notes by number, rows with a value."""

    columns: tuple[str, ...] = Field(min_length=1)
    notes: tuple[int, ...] | None = None
    where: dict[str, str] = Field(default_factory=dict)


class Rules(Block):
    """The whole file; see there."""

    mask: str = Field(min_length=1)
    least_people: int = Field(ge=1)
    finest_picture_m: float = Field(gt=0)
    no_names: frozenset[str]
    patterns: tuple[str, ...]
    people_heads: tuple[str, ...]
    views: Choice
    side_tables: Choice
    tables: dict[str, PublicTable]

    @property
    def few(self) -> str:
        """What stands where a count of too few persons was."""
        return f"<{self.least_people}"

    def refuse_sheet(self, sheet: Mapping[str, Any]) -> str:
        """Return why a sheet of the catalogue is not published; empty when it is.

        What a sheet is about must be public whole, and so must its side tables; what it shows besides is
        left off where it is withheld.
        """
        beside = [item if isinstance(item, str) else str(item["table"]) for item in sheet.get("tables", ())]
        return self.views.refuse(sheet["needs"]) or self.side_tables.refuse(beside)


@cache
def load_rules() -> Rules:
    """Return the rules of the public edition."""
    return Rules.model_validate(read_settings("public.yaml"))
