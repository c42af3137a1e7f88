"""Hints of a plan's identity in its communities: names, street, county code."""

from __future__ import annotations

from collections.abc import Sequence

from layers.read.contents import Part
from layers.read.guess import FieldGuess, LayerGuess
from layers.source import Community
from layers.values import fold_text
from pipeline.begin.findings import Findings
from pipeline.plan.models import PLACEHOLDER

_NUMERALS = "零一二三四五六七八九十"


def note_identity(findings: Findings, parts: Sequence[Part], guesses: Sequence[LayerGuess | None]) -> None:
    """Take community names, the street most of them name and the county of their codes."""
    for part, guess in zip(parts, guesses, strict=True):
        fields = {f.field: f for f in guess.fields} if guess else {}
        findings.communities += tuple(sorted(_words(part, fields.get(Community.name))))
        streets = _words(part, fields.get(Community.street))
        findings.street = findings.street or (streets.pop() if len(streets) == 1 else "")
        counties = {code[:6] for code in _words(part, fields.get(Community.code)) if len(code) >= 12}
        findings.region = findings.region or (counties.pop() if len(counties) == 1 else "")


def _words(part: Part, guess: FieldGuess | None) -> set[str]:
    return set() if guess is None else set(fold_text(part.table[guess.column]).dropna())


def name_area(findings: Findings) -> str:
    """Return what tables call the plan's area: the one community, else the street and how many it has."""
    count = len(findings.communities)
    if count == 1:
        return findings.communities[0]
    if not findings.street or not count:
        return f"{PLACEHOLDER}社区"
    return f"{findings.street}{_NUMERALS[count] if count <= 10 else count}社区"


def name_title(findings: Findings) -> str:
    """Return a title for the plan."""
    where = findings.street or (
        findings.communities[0] if len(findings.communities) == 1 else f"{PLACEHOLDER}街道"
    )
    return f"{where}好社区更新实施方案"
