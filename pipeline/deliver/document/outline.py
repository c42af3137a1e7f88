"""Declarations of ``configs/text_outline.yaml``: named values, and the chapters with their sentences."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from configs import read_settings
from pipeline.plan.base import Block

GROUP = "@"  # stands for the value of the group or row a sentence is repeated for


class NamedValue(Block):
    """A number or text that sentences refer to by name.

    Attributes
    ----------
    label : what it says, for 数字来源.
    table, take, field, over, where, divisor, decimals : cells of a table and what is made of them; without a
        field rows are counted.
    plan : field of the plan's identity; ``plus`` is added to a year.
    config, key : a setting of another file; ``fraction`` writes ``{part, of}`` as 三分之二.
    """

    label: str
    table: str = ""
    take: Literal["count", "sum", "total", "cell", "unique", "list", "lines", "share"] = "count"
    field: str = ""
    over: str = ""
    where: dict[str, str] = Field(default_factory=dict)
    divisor: int = 1
    decimals: int | None = None
    plan: str = ""
    plus: int = 0
    config: str = ""
    key: str = ""
    fraction: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> NamedValue:
        if sum(map(bool, (self.table, self.plan, self.config))) != 1:
            raise ValueError(f"{self.label}: one of table, plan and config")
        return self


class Each(Block):
    """What is repeated: for each different value of ``field``, or for each row where that is empty.

    Attributes
    ----------
    where : only these rows.
    top, most : rows with the largest ``top`` first, at most so many.
    at : field of the row that ``@`` stands for.
    """

    table: str
    field: str = ""
    where: dict[str, str] = Field(default_factory=dict)
    top: str = ""
    most: int = 0
    at: str = ""


class Sentence(Block):
    """One sentence; one that begins with ， or ； goes on with the one before. ``{each}`` in it stands for ``part`` written for each of ``each`` and joined.

    It is left out where a value it needs is missing (``gap`` is printed instead, if given), one of ``when`` is
    nought or one of ``unless`` is not.
    """

    text: str
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    gap: str = ""
    each: Each | None = None
    part: str = ""
    join: str = "、"


def _read_sentence(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


class Matter(Block):
    """A paragraph, a table, figures or something left to the planner; a paragraph may be repeated."""

    say: tuple[Annotated[Sentence, BeforeValidator(_read_sentence)], ...] = ()
    each: Each | None = None
    lead: str = ""
    table: str = ""
    fields: tuple[str, ...] = ()
    where: dict[str, str] = Field(default_factory=dict)
    most: int = 0
    landscape: bool = False
    figures: tuple[str, ...] = ()
    gap: str = ""


class Part(Block):
    """Matter under a heading of the third level; ``lack`` is left to the planner where none of it can be told."""

    title: str = ""
    body: tuple[Matter, ...]
    lack: str = ""


class Section(Block):
    """A 节 of the outline of clause 6.1."""

    title: str
    clause: str
    parts: tuple[Part, ...]


class Chapter(Block):
    """A 章 of the outline of clause 6.1."""

    title: str
    sections: tuple[Section, ...]


class Outline(Block):
    """The whole text."""

    values: dict[str, NamedValue]
    chapters: tuple[Chapter, ...]


@cache
def read_outline() -> Outline:
    """Return the outline of ``configs/text_outline.yaml``."""
    return Outline.model_validate(read_settings("text_outline.yaml"))
