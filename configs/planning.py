"""Typed access to the planning decisions: rubric, phases, blocks, departments, unit costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from configs import read_rows, read_settings


@dataclass(frozen=True)
class UnitCost:
    """One row of ``costs.csv``: what a unit of an action costs, in 万元, with a range."""

    subject: str
    action: str
    unit: str
    unit_cost_wan: float
    low_wan: float
    high_wan: float
    source: str
    confidence: float


@dataclass(frozen=True)
class PhaseRule:
    """One row of the phase table; all conditions of ``when`` must hold."""

    phase: int
    when: tuple[tuple[str, Any], ...]
    text: str


@cache
def unit_costs() -> dict[tuple[str, str, str], UnitCost]:
    """Return unit costs by (subject, action, unit)."""
    found = {}
    for row in read_rows("costs.csv"):
        found[row["subject"], row["action"], row["unit"]] = UnitCost(
            subject=row["subject"],
            action=row["action"],
            unit=row["unit"],
            unit_cost_wan=float(row["unit_cost_wan"]),
            low_wan=float(row["low_wan"]),
            high_wan=float(row["high_wan"]),
            source=row["source"],
            confidence=float(row["confidence"]),
        )
    return found


@cache
def phase_rules() -> tuple[PhaseRule, ...]:
    """Return the phase table, top down."""
    return tuple(
        PhaseRule(item["phase"], tuple(item["when"].items()), item["text"])
        for item in read_settings("phasing.yaml")["rules"]
    )


@cache
def block_names(works: str) -> tuple[str, ...]:
    """Return the 板块 known for a 工程."""
    lists = read_settings("blocks.yaml")["works"].get(works, {"confirmed": [], "inferred": []})
    return (*lists["confirmed"], *lists["inferred"])


def default_block(works: str, group: str = "") -> str:
    """Return the 板块 of a need whose source names none: by facility group if it belongs to ``works``."""
    settings = read_settings("blocks.yaml")
    by_group = settings["groups"].get(group, "")
    return by_group if by_group in block_names(works) else settings["fallback"][works]


def find_department(works: str, type_key: str, description: str) -> str:
    """Return the 责任部门: by facility class, then by a word of the description, then by 工程."""
    settings = read_settings("departments.yaml")
    if type_key in settings["classes"]:
        return str(settings["classes"][type_key])
    for word, name in settings["words"].items():
        if word in description:
            return str(name)
    return str(settings["works"][works])


def find_operator(group: str) -> str:
    """Return the 运营模式 (4.7) of a facility group."""
    settings = read_settings("departments.yaml")
    return str(settings["operators"].get(group, settings["operator_default"]))


@cache
def landuse_names() -> dict[str, str]:
    """Return names of the 2023 land-use classification by code."""
    return {row["code"]: row["name_zh"] for row in read_rows("standards/landuse_2023.csv")}
