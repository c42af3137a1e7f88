"""``configs/audit.yaml``: which checks decide each requirement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from configs import read_rows, read_settings


@dataclass(frozen=True)
class Wanted:
    """A check with its options; equal ones are run once."""

    name: str
    options: str

    @property
    def given(self) -> dict[str, Any]:
        """The options."""
        found: dict[str, Any] = json.loads(self.options)
        return found


@dataclass(frozen=True)
class Rule:
    """How a requirement is decided.

    Attributes
    ----------
    id, clause, text : of requirements.csv.
    checks : all must hold.
    person, look : what only a person can judge, and the file or folder to look at.
    """

    id: str
    clause: str
    kind: str
    text: str
    checks: tuple[Wanted, ...]
    person: str
    look: str


def _want(item: str | Mapping[str, Any]) -> Wanted:
    if isinstance(item, str):
        return Wanted(item, "{}")
    name, options = next(iter(item.items()))
    return Wanted(name, json.dumps(options or {}, ensure_ascii=False, sort_keys=True))


@cache
def load_rules() -> tuple[Rule, ...]:
    """Return the rule of every requirement in the order of requirements.csv.

    Raises
    ------
    KeyError
        If a requirement has no rule.
    """
    declared = read_settings("audit.yaml")["requirements"]
    return tuple(
        Rule(
            row["id"], row["clause"], row["kind"], row["requirement_zh"],
            tuple(map(_want, declared[row["id"]]["checks"])), str(declared[row["id"]].get("person", "")),
            str(declared[row["id"]].get("look", "")),
        )
        for row in read_rows("standards/requirements.csv")
    )  # fmt: skip


@cache
def load_others() -> tuple[Wanted, ...]:
    """Return the checks beside the requirements."""
    return tuple(map(_want, read_settings("audit.yaml")["others"]))
