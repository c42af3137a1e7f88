"""Typed access to what running a project means: rates, bodies, modes, ways of raising money (3.5.2, 4.6, 4.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from configs import read_rows, read_settings


@dataclass(frozen=True)
class Rate:
    """One row of ``operations.csv``: what a unit earns or costs in a year, in 万元, with a range."""

    subject: str
    item: str
    unit: str
    rate_wan: float
    low_wan: float
    high_wan: float
    source: str
    confidence: float


@dataclass(frozen=True)
class Method:
    """How money is raised, whether it is 财政资金 or 社会资金, and what said so."""

    method: str
    kind: str
    rule: str


@cache
def operating_rates() -> dict[tuple[str, str, str], Rate]:
    """Return rates by (subject, item, unit)."""
    return {
        (row["subject"], row["item"], row["unit"]): Rate(
            subject=row["subject"],
            item=row["item"],
            unit=row["unit"],
            rate_wan=float(row["rate_wan"]),
            low_wan=float(row["low_wan"]),
            high_wan=float(row["high_wan"]),
            source=row["source"],
            confidence=float(row["confidence"]),
        )
        for row in read_rows("operations.csv")
    }


def find_body(key: str, group: str) -> str:
    """Return the 运营主体 of a facility class or group."""
    bodies = read_settings("operation.yaml")["bodies"]
    return str(bodies["classes"].get(key) or bodies["groups"].get(group) or bodies["default"])


def find_terms(mode: str) -> Mapping[str, str]:
    """Return asset, sharing and oversight of a 运营模式; empty for a mode nobody wrote terms for."""
    terms: Mapping[str, str] = read_settings("operation.yaml")["modes"].get(mode, {})
    return terms


def find_implementer(facts: Mapping[str, Any]) -> str:
    """Return the 实施主体 (5.2.3) by the first rule whose conditions all hold.

    Raises
    ------
    LookupError
        If no rule holds: the list must end with a rule without conditions.
    """
    for rule in read_settings("operation.yaml")["implementers"]:
        if all(facts[name] == value for name, value in rule["when"].items()):
            return str(rule["body"])
    raise LookupError("the list of implementers is not total")


def find_method(texts: str, *, kind: str) -> Method:
    """Return how money is raised by the words about it.

    Parameters
    ----------
    texts : source, name and remarks of the row.
    kind : 财政资金 or 社会资金 where it is known; empty lets the words decide, and 财政资金 is what is left.
    """
    settings = read_settings("funding.yaml")
    for entry in settings["methods"]:
        word = next((word for word in entry["words"] if word in texts), None)
        if word and kind in ("", entry["kind"]):
            doubt = "" if entry.get("sure", True) else "，待核"
            return Method(entry["method"], entry["kind"], f"来源含“{word}”{doubt}")
    kind = kind or "财政资金"
    entry = settings["default"][kind]
    return Method(entry["method"], kind, f"按资金性质{'' if entry['sure'] else '，待核'}")
