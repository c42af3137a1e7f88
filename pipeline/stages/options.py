"""Ways to meet a need: one resource, or several together; which of them are taken, and why not the others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.sparse import coo_array, csr_array

from layers.planned import Inventory, Need
from pipeline.stages.assignment import Assignment, Candidates, assign
from pipeline.stages.factors import rule
from pipeline.stages.judge import Candidate
from pipeline.stages.placing import clean_number, clean_text
from pipeline.stages.rubric import Judgement, judge_together

_ROUNDING = 1e-9  # shares are sums of floats


@dataclass(frozen=True, eq=False)
class Option:
    """A way to meet a need.

    Attributes
    ----------
    parts : its candidates, the largest part first.
    judgement : level and reason of all together.
    used_m2 : area taken of each part.
    """

    parts: tuple[Candidate, ...]
    judgement: Judgement
    used_m2: tuple[float, ...]

    @property
    def need(self) -> str:
        """Number of the need."""
        return self.parts[0].need

    @property
    def resources(self) -> tuple[str, ...]:
        """Numbers of the resources."""
        return tuple(part.resource for part in self.parts)

    @property
    def shares(self) -> tuple[float, ...]:
        """Part of each resource's usable area; all of it where that is unknown."""
        usable = (clean_number(part.case.resource[Inventory.usable_m2]) for part in self.parts)
        return tuple(
            used / all_m2 if all_m2 > 0 and not np.isnan(used) else 1.0
            for used, all_m2 in zip(self.used_m2, usable, strict=True)
        )

    @property
    def order(self) -> tuple[float, ...]:
        """Better ones first: level, fewer resources, few obstacles, near."""
        far = max(part.case.distance_m for part in self.parts)
        return (
            -self.judgement.level,
            len(self.parts),
            self.judgement.obstacles,
            np.inf if np.isnan(far) else far,
        )


def list_options(candidates: list[Candidate]) -> list[Option]:
    """Return a need's options, best first: each candidate, and what several can do better together.

    Only combinations of a higher level than each of their parts count, of classes that can be spread over
    several places or of rooms in one building (rubric.yaml, ``together``).
    """
    options = [Option((c,), c.judgement, (c.used_m2,)) for c in candidates]
    options += sorted(_combine(candidates), key=lambda option: (*option.order, option.resources))[
        : rule("together")["options"]
    ]
    return sorted(options, key=lambda option: (*option.order, option.resources))


def _combine(candidates: list[Candidate]) -> list[Option]:
    block = rule("together")
    if not candidates:
        return []
    need, item = candidates[0].case.need, candidates[0].case.item
    required = clean_number(need[Need.required_m2])
    if np.isnan(required):
        return []
    small = [c for c in candidates if block["least_share"] * required <= c.used_m2 < required]
    found = []
    for count in range(2, block["most"] + 1):
        for parts in combinations(small, count):
            if item.key not in block["classes"] and not _one_building(parts):
                continue
            # The largest gives all it has, so that the last part is the one that is cut.
            parts = tuple(sorted(parts, key=lambda c: (-c.used_m2, c.resource)))
            used = _fill(required, [c.used_m2 for c in parts])
            if used is None or min(used) < block["least_share"] * required:
                continue
            judgement = judge_together([c.case for c in parts])
            if judgement is not None and judgement.level > max(c.judgement.level for c in parts):
                found.append(Option(parts, judgement, used))
    return found


def _fill(required: float, usable: list[float]) -> tuple[float, ...] | None:
    """Return the area taken of each part; None where all do not suffice or fewer would."""
    before = sum(usable[:-1])
    if before >= required or before + usable[-1] < required:
        return None
    return (*usable[:-1], required - before)


def _one_building(parts: tuple[Candidate, ...]) -> bool:
    houses = {clean_text(c.case.resource[Inventory.building]) for c in parts}
    return len(houses) == 1 and houses != {""}


def choose_options(
    options: dict[str, list[Option]], held: dict[str, Option] | None = None
) -> tuple[dict[str, Option], Assignment]:
    """Choose at most one option a need, so that no area is promised twice.

    Needs go in order of number, so that the outcome does not hang on the order of the input.

    Parameters
    ----------
    options : by need, best first.
    held : options that are taken already, by need; the others share what they leave.

    Returns
    -------
    The option chosen by need, and the assignment with its gap.
    """
    held = held or {}
    left = measure_left(held)
    options = {
        number: [o for o in some if _fits(o, left)] for number, some in options.items() if number not in held
    }
    flat = [(rank, option) for number in sorted(options) for rank, option in enumerate(options[number])]
    need_at = {number: n for n, number in enumerate(sorted(options))}
    place_at = {name: n for n, name in enumerate(sorted({r for _, o in flat for r in o.resources}))}
    use = [
        (row, place_at[name], share / left.get(name, 1.0))
        for row, (_, option) in enumerate(flat)
        for name, share in zip(option.resources, option.shares, strict=True)
    ]
    at = np.array([u[:2] for u in use], dtype=np.int64).reshape(-1, 2)
    wants = [option.parts[0].case.need for _, option in flat]
    pairs = Candidates(
        need=np.array([need_at[option.need] for _, option in flat], dtype=np.int64),
        level=np.array([option.judgement.level for _, option in flat], dtype=np.int64),
        share=csr_array(
            coo_array(
                (np.array([u[2] for u in use], dtype=float), (at[:, 0], at[:, 1])),
                shape=(len(flat), len(place_at)),
            )
        ),
        urgent=np.array([need[Need.urgency] == "紧迫" for need in wants], dtype=bool),
        people=np.nan_to_num(
            np.array([clean_number(need[Need.target_people]) for need in wants], dtype=float)
        ),
        rank=np.array([rank for rank, _ in flat], dtype=np.int64),
    )
    result = assign(pairs)
    taken = {option.need: option for (_, option), chosen in zip(flat, result.chosen, strict=True) if chosen}
    return {**held, **taken}, result


def _fits(option: Option, left: dict[str, float]) -> bool:
    return all(
        left.get(name, 1.0) >= max(share - _ROUNDING, _ROUNDING)
        for name, share in zip(option.resources, option.shares, strict=True)
    )


def measure_left(taken: dict[str, Option]) -> dict[str, float]:
    """Return the part of each resource's area that is left; resources nobody took are not in it."""
    left: dict[str, float] = {}
    for option in taken.values():
        for name, share in zip(option.resources, option.shares, strict=True):
            left[name] = left.get(name, 1.0) - share
    return left


def join_parts(parts: list[Candidate]) -> Option | None:
    """Return the option of exactly these candidates; None where their areas together do not suffice."""
    if len(parts) == 1:
        return Option((parts[0],), parts[0].judgement, (parts[0].used_m2,))
    ordered = tuple(sorted(parts, key=lambda c: (-c.used_m2, c.resource)))
    required = clean_number(parts[0].case.need[Need.required_m2])
    used = None if np.isnan(required) else _fill(required, [c.used_m2 for c in ordered])
    judgement = judge_together([c.case for c in ordered])
    return Option(ordered, judgement, used) if used is not None and judgement is not None else None


def explain_passed(candidate: Candidate, own: Option | None, holders: dict[str, list[Option]]) -> str:
    """Return why a candidate was not taken.

    Parameters
    ----------
    candidate : a pair that was not chosen.
    own : what its need got, None where nothing.
    holders : options chosen, by resource.
    """
    others = [o for o in holders.get(candidate.resource, []) if o.need != candidate.need]
    usable = clean_number(candidate.case.resource[Inventory.usable_m2])
    left = usable - sum(o.used_m2[o.resources.index(candidate.resource)] for o in others)
    busy = "、".join(sorted(o.need for o in others))
    better = own is None or (candidate.order[:3] < own.parts[0].order[:3] and len(own.parts) == 1)
    if own is not None and len(own.parts) > 1:
        better = candidate.judgement.level >= own.judgement.level
    if not better and own is not None:
        return f"已选{'、'.join(own.resources)}（{_compare(candidate, own)}）"
    if busy and not left >= candidate.used_m2:
        room = "" if np.isnan(left) else f"，余{max(left, 0):.0f}㎡不足{candidate.used_m2:.0f}㎡"
        return f"已用于需求{busy}{room}；按“紧迫优先、强匹配优先、服务人数多者优先”统筹"
    if own is not None:
        return f"为使更多需求得到满足，统筹后改选{'、'.join(own.resources)}"
    return "为使更优先的需求得到满足，统筹后未采用"


def _compare(candidate: Candidate, own: Option) -> str:
    mine, taken = candidate.judgement, own.judgement
    if taken.level > mine.level:
        return "匹配度更高"
    if len(own.parts) == 1 and taken.obstacles < mine.obstacles:
        return "制约因素更少"
    return "步行更近" if len(own.parts) == 1 else "合用后匹配度更高"
