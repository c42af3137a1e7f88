"""How a number of the text follows from cells of a delivered table: a small part of Excel's own notation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol, TypeAlias

Value: TypeAlias = str | int | float | None
Answer: TypeAlias = str | Decimal | None

# Plain ones take a range; those with conditions take ranges and criteria behind it, as Excel's …IFS do.
CELL, COUNT, SUM, UNIQUE, SHARE = "CELL", "COUNTA", "SUM", "COUNTUNIQUE", "SHARE"
LIST, LINES = "LIST", "LINES"
_WITH_IFS = {COUNT: "COUNTIFS", SUM: "SUMIFS", UNIQUE: "COUNTUNIQUEIFS", LIST: "LISTIFS", LINES: "LINESIFS"}
_PLAIN = {name: kind for kind, name in _WITH_IFS.items()}
_FILLED, _ABOVE, _OTHER, _ANY = "<>", ">0", "<>", "*"
_JOINS = {LIST: "、", LINES: "；"}
_CALL = re.compile(r"^([A-Z]+)\((.*)\)$", re.DOTALL)
_ARGUMENT = re.compile(r'"((?:[^"]|"")*)"|([^,]+)')
_ROUND = re.compile(r"^ROUND\((.*),(\d+)\)$", re.DOTALL)
_DIVIDED = re.compile(r"^(.*)/(\d+)$", re.DOTALL)
_ADDRESS = re.compile(r"^[A-Z]{1,3}\d+(?::[A-Z]{1,3}\d+)?$")


class Cells(Protocol):
    """Cells by Excel address."""

    def read(self, cells: str) -> list[Value]:
        """Return the values of a range such as ``C4:C40`` or of one cell."""
        ...


@dataclass(frozen=True)
class Formula:
    """One number or text out of one table.

    Attributes
    ----------
    kind : ``CELL``, ``COUNTA``, ``SUM``, ``COUNTUNIQUE``, ``LIST`` (different texts joined by 、), ``LINES`` (by ；) or ``SHARE``
        (per cent of one sum in another).
    cells : address or range it is taken from.
    where : range and criterion, all of which must hold: a text the cell equals, ``<>`` for any that is filled,
        ``<>text`` for any other, ``text*`` for a beginning, ``>0``.
    over : of a share, the range it is a share of.
    divisor : what the result is divided by, such as 10000 for hectares.
    decimals : decimals it is rounded to (half up); None leaves it as it is.
    """

    kind: str
    cells: str
    where: tuple[tuple[str, str], ...] = ()
    over: str = ""
    divisor: int = 1
    decimals: int | None = None

    def __str__(self) -> str:
        text = self._core()
        if self.divisor != 1:
            text = f"{text}/{self.divisor}"
        return text if self.decimals is None else f"ROUND({text},{self.decimals})"

    def _core(self) -> str:
        if self.kind == CELL:
            return self.cells
        if self.kind == SHARE:
            one, all_ = _write(SUM, self.cells, self.where), _write(SUM, self.over, self.where)
            return f"100*{one}/{all_}"
        return _write(self.kind, self.cells, self.where)


def _write(kind: str, cells: str, where: Sequence[tuple[str, str]]) -> str:
    if not where:
        return f"{kind}({cells})"
    conditions = ",".join(
        f'{place},"{criterion.replace(chr(34), chr(34) * 2)}"' for place, criterion in where
    )
    head = "" if kind == COUNT else f"{cells},"
    return f"{_WITH_IFS[kind]}({head}{conditions})"


def parse_formula(text: str) -> Formula:
    """Return the formula that ``str`` of it has written.

    Raises
    ------
    ValueError
        If the text is no such formula.
    """
    decimals, divisor = None, 1
    rounded = _ROUND.match(text)
    if rounded:
        text, decimals = rounded[1], int(rounded[2])
    divided = _DIVIDED.match(text)
    if divided and not divided[2].startswith("0"):
        text, divisor = divided[1], int(divided[2])
    if _ADDRESS.match(text):
        return Formula(CELL, text, divisor=divisor, decimals=decimals)
    if text.startswith("100*"):
        # Both sums have the same conditions, and a criterion may hold a slash: the text is two calls of one length.
        halves = re.match(r"^100\*(SUM(?:IFS)?\(.*\))/(SUM(?:IFS)?\(.*\))$", text, re.DOTALL)
        if halves is None:
            raise ValueError(f"no formula: {text!r}")
        one, two = _parse_call(halves[1]), _parse_call(halves[2])
        return Formula(SHARE, one[1], one[2], over=two[1], divisor=divisor, decimals=decimals)
    kind, cells, where = _parse_call(text)
    return Formula(kind, cells, where, divisor=divisor, decimals=decimals)


def _parse_call(text: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    call = _CALL.match(text)
    if call is None:
        raise ValueError(f"no formula: {text!r}")
    name = call[1]
    arguments = [
        found[1].replace('""', '"') if found[2] is None else found[2] for found in _ARGUMENT.finditer(call[2])
    ]
    if name in _WITH_IFS:
        return name, arguments[0], ()
    if name not in _PLAIN:
        raise ValueError(f"no formula: {text!r}")
    kind = _PLAIN[name]
    cells = arguments[0]
    rest = arguments if kind == COUNT else arguments[1:]
    return kind, cells, tuple(zip(rest[::2], rest[1::2], strict=True))


def evaluate(formula: Formula, cells: Cells) -> Answer:
    """Return what the formula gives: a number as ``Decimal``, a text, or None where there is nothing."""
    answer = _evaluate(formula, cells)
    if isinstance(answer, Decimal):
        answer = answer / formula.divisor
        if formula.decimals is not None:
            answer = answer.quantize(Decimal(1).scaleb(-formula.decimals), ROUND_HALF_UP)
    return answer


def _evaluate(formula: Formula, cells: Cells) -> Answer:
    if formula.kind == CELL:
        (value,) = cells.read(formula.cells)
        return _plain(value)
    chosen = [_plain(value) for value in _choose(formula.cells, formula.where, cells)]
    if formula.kind == COUNT:
        return Decimal(sum(value is not None for value in chosen))
    if formula.kind == UNIQUE:
        return Decimal(len({value for value in chosen if value is not None}))
    if formula.kind in _JOINS:
        texts = dict.fromkeys(str(value) for value in chosen if value is not None)
        return _JOINS[formula.kind].join(texts) or None
    numbers = [value for value in chosen if isinstance(value, Decimal)]
    if not numbers:
        return None
    total = sum(numbers, Decimal())
    if formula.kind == SUM:
        return total
    whole = sum(
        (v for v in map(_plain, _choose(formula.over, formula.where, cells)) if isinstance(v, Decimal)),
        Decimal(),
    )
    return total * 100 / whole if whole else None


def _choose(target: str, where: Sequence[tuple[str, str]], cells: Cells) -> list[Value]:
    values = cells.read(target)
    keep = [True] * len(values)
    for place, criterion in where:
        keep = [
            kept and _holds(value, criterion) for kept, value in zip(keep, cells.read(place), strict=True)
        ]
    return [value for value, kept in zip(values, keep, strict=True) if kept]


def _holds(value: Value, criterion: str) -> bool:
    if criterion == _ABOVE:
        return isinstance(value, int | float) and value > 0
    if criterion == _FILLED:
        return _plain(value) is not None
    if criterion.startswith(_OTHER):
        return _plain(value) is not None and str(value) != criterion.removeprefix(_OTHER)
    if criterion.endswith(_ANY):
        return isinstance(value, str) and value.startswith(criterion.removesuffix(_ANY))
    return value is not None and str(value) == criterion


def _plain(value: Value) -> Answer:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str):
        return value
    return Decimal(int(value)) if float(value).is_integer() else Decimal(str(value))


def write_answer(answer: Answer) -> str:
    """Return the answer as the text prints it: all its digits, no exponent, no thousands separator."""
    return answer or "" if answer is None or isinstance(answer, str) else f"{answer:f}"
