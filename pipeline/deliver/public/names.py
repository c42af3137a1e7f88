"""Names of owners and persons, found by the layers' own declarations and masked wherever a text holds them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from layers.model import Layer
from layers.reachable import Unit
from layers.source import Community
from pipeline.deliver.public.rules import Rules, load_rules
from pipeline.plan import Plan
from pipeline.stages.base import Frame

# One cell may hold several: 张三、李四（代管：王五）; 张三等5户 names one.
_BETWEEN = re.compile(r"[、，,;；/|\s()（）:：]+")
_AND_OTHERS = re.compile(r"等(?:\d+|[一二三四五六七八九十]+)?[户人家名位]*$")
_SHORTEST = 2  # a single character is no name and is in too many words


def private_columns() -> dict[str, tuple[str, ...]]:
    """Return the columns that name owners or persons, by layer key (``private`` of their declaration)."""
    found = {
        layer.key: tuple(str(column) for column in layer.columns() if column.spec.private)
        for layer in Layer.registry.values()
    }
    return {key: columns for key, columns in found.items() if columns}


def split_names(values: Iterable[str], *, no_names: Collection[str]) -> set[str]:
    """Return the names in cells of owner or person fields, whole and in their parts.

    Parameters
    ----------
    no_names : words that name nobody, such as 个人 or 待核.
    """
    found: set[str] = set()
    for value in values:
        parts = [value.strip(), *_BETWEEN.split(value)]
        found |= {_AND_OTHERS.sub("", part) for part in parts}
    return {name for name in found if len(name) >= _SHORTEST and name not in no_names and not name.isdigit()}


@dataclass(frozen=True)
class Names:
    """Everything that must not be read in the public edition.

    Attributes
    ----------
    secret : names that are masked.
    places : names that are also the plan's own places (a community that owns its hall): these stay, since
        without them no sheet could be read.
    """

    secret: frozenset[str]
    places: frozenset[str]
    rules: Rules

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """One expression; names are grouped by their first character, so that few are tried at a place."""
        groups: dict[str, list[str]] = {}
        for name in sorted(self.secret, key=lambda name: (-len(name), name)):
            groups.setdefault(name[0], []).append(re.escape(name[1:]))
        parts = [f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in sorted(groups.items())]
        return re.compile("|".join([*parts, *self.rules.patterns]))

    def mask(self, text: str) -> str:
        """Return ``text`` with every name and personal number replaced by the mask."""
        return self._pattern.sub(self.rules.mask, text)


def collect_names(frames: Mapping[str, Frame], plan: Plan) -> Names:
    """Return the names of owners and persons in any layer of a plan.

    Parameters
    ----------
    frames : stage results by layer key.
    plan : its own title, unit and places are printed everywhere and are not masked.
    """
    rules = load_rules()
    values: set[str] = set()
    for key, columns in private_columns().items():
        if key in frames:
            values |= {
                str(v) for column in columns if column in frames[key] for v in frames[key][column].dropna()
            }
    found = split_names(values, no_names=rules.no_names)
    places = {plan.plan.title, plan.plan.area, plan.plan.compiler, plan.plan.region_name}
    for key, columns in ((Unit.key, (Unit.name,)), (Community.key, (Community.name, Community.street))):
        if key in frames:
            places |= {str(v) for c in columns if c in frames[key] for v in frames[key][c].dropna()}
    own = {name for name in found if any(name in place for place in places)}
    return Names(frozenset(found - own), frozenset(own), rules)
