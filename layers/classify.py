"""What OpenStreetMap tags mean here, by the rules declared in ``configs/osm_classes.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from configs import read_settings
from configs.facilities import facility_classes, recognise_tags

Tags = Mapping[str, str]
_Conditions = tuple[tuple[str, frozenset[str] | None], ...]


@dataclass(frozen=True)
class Rule:
    """One declared rule.

    Attributes
    ----------
    when : tag conditions that must all hold; None stands for any value.
    unless : conditions of which none may hold.
    gives : the other entries of the rule: ``code``, ``use``, ``kind``, ``status``, ``name``, ``class``.
    rank : position in its block, 0 first.
    """

    when: _Conditions
    unless: _Conditions
    gives: Mapping[str, str]
    rank: int

    def matches(self, tags: Tags) -> bool:
        """Return whether the rule holds for ``tags``."""
        return all(_hit(tags, *c) for c in self.when) and not any(_hit(tags, *c) for c in self.unless)

    def evidence(self, tags: Tags) -> str:
        """Return the tags that made the rule hold, as ``key=value`` text."""
        hits = [key for condition in self.when for key in _hit(tags, *condition)]
        return " ".join(f"{key}={tags[key]}" for key in dict.fromkeys(hits))


def _hit(tags: Tags, key: str, values: frozenset[str] | None) -> list[str]:
    keys = [k for k in tags if k.startswith(key[:-1])] if key.endswith(":*") else [key] if key in tags else []
    return [k for k in keys if values is None or tags[k] in values]


def _conditions(block: Mapping[str, Any], where: str) -> _Conditions:
    made = []
    for key, wanted in block.items():
        values = wanted if isinstance(wanted, list) else [wanted]
        if not all(isinstance(value, str) for value in (key, *values)):
            raise TypeError(f"osm_classes.yaml {where}: {key}={wanted!r} must be text, quote yes and no")
        made.append((key, None if values == ["*"] else frozenset(values)))
    return tuple(made)


@cache
def settings() -> Mapping[str, Any]:
    """Return ``configs/osm_classes.yaml``; read-only."""
    return read_settings("osm_classes.yaml")


@cache
def rules(*path: str) -> tuple[Rule, ...]:
    """Return the rules of a block, e.g. ``rules("idle", "building")``.

    Raises
    ------
    TypeError
        If a tag value is no text, as an unquoted ``yes`` is.
    """
    block: Any = settings()
    for part in path:
        block = block[part]
    where = ".".join(path)
    return tuple(
        Rule(
            _conditions(item["when"], where),
            _conditions(item.get("unless", {}), where),
            {key: value for key, value in item.items() if key not in ("when", "unless")},
            rank,
        )
        for rank, item in enumerate(block)
    )


def first_rule(tags: Tags, *path: str) -> Rule | None:
    """Return the first rule of a block that holds for ``tags``, or None."""
    return next((rule for rule in rules(*path) if rule.matches(tags)), None)


def first_rules(many: Iterable[Tags], *path: str) -> list[Rule | None]:
    """Return ``first_rule`` of every element."""
    return [first_rule(tags, *path) for tags in many]


def name_of(tags: Tags) -> str | None:
    """Return the Chinese name where there is one, else the first name given."""
    return next((tags[key] for key in settings()["names"] if tags.get(key)), None)


def said(tags: Tags, *keys: str) -> str:
    """Return the given tags as text, for notes."""
    return "OSM " + " ".join(f"{key}={tags[key]}" for key in keys if key in tags)


def is_road(tags: Tags) -> bool:
    """Return whether the tags are of a road or path that exists."""
    kind = tags.get("highway")
    return kind is not None and kind not in settings()["roads"]["not_ways"] and why_not_built(tags) is None


def why_not_built(tags: Tags) -> str | None:
    """Return the tag, as ``key=value``, that says a road is not yet or no longer there; None where none does."""
    kind = tags.get("highway")
    if kind is None:
        return None
    if kind in settings()["roads"]["not_built"]:
        return f"highway={kind}"
    rule = first_rule(tags, "roads", "out_of_use")
    return rule.evidence(tags) if rule else None


def is_walkable(tags: Tags) -> bool:
    """Return whether anybody may walk along a road: ``foot`` outweighs ``access``, access the kind of road."""
    known = settings()["roads"]
    if not is_road(tags) or tags.get("foot") in known["foot_denied"]:
        return False
    if tags.get("foot") in known["foot_allowed"]:
        return True
    return tags.get("access") not in known["access_denied"] and not first_rule(tags, "roads", "not_on_foot")


def level_of(tags: Tags) -> int:
    """Return the level of a road: 0 at grade, above it for bridges, below it for tunnels.

    A bridge is at least at +1 and a tunnel at most at -1 whatever ``layer`` says: neither meets what it
    crosses. A passage through a building stays at grade.
    """
    layer = tags.get("layer", "")
    level = int(layer) if re.fullmatch(r"[+-]?\d{1,2}", layer) else 0
    if tags.get("bridge", "no") != "no":
        return max(level, 1)
    tunnel = tags.get("tunnel", "no")
    if tunnel != "no" and tunnel not in settings()["roads"]["tunnels_at_grade"]:
        return min(level, -1)
    return level


def floors_of(tags: Tags) -> int | None:
    """Return the floors above ground of ``building:levels``; half floors count as one. None if unreadable."""
    value = tags.get("building:levels", "").strip()
    return -int(-float(value) // 1) if re.fullmatch(r"\d{1,3}(\.\d+)?", value) else None


def facility_of(tags: Tags) -> str | None:
    """Return the facility class of the tags, refined by the name where the tag alone is too coarse."""
    key = recognise_tags(dict(tags))
    name = name_of(tags) or ""
    for rule in rules("facilities", "refine"):
        if rule.matches(tags) and re.search(rule.gives["name"], name):
            return rule.gives["class"] or None
    return key


def facility_name(key: str) -> str:
    """Return the Chinese name of a facility class."""
    return facility_classes()[key].name


def idle_evidence(tags: Tags, kind: str) -> tuple[str | None, str]:
    """Return use status and the tag that proves it; ``kind`` is ``ground``, ``building`` or ``point``.

    Returns
    -------
    tuple
        ``(None, "")`` where nothing speaks of idleness: the absence of a tag is no evidence (DESIGN §4).
    """
    if kind != "point":
        silent = settings()["idle"]["not_ground"]
        tags = {key: value for key, value in tags.items() if key not in silent}
    rule = first_rule(tags, "idle", kind)
    return (rule.gives["status"], rule.evidence(tags)) if rule else (None, "")
