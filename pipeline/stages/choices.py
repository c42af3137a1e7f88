"""Pairs a planner takes or rules out, before the rest is assigned (DESIGN §3, planner's hand)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layers.planned import Pair
from pipeline.stages.hand import Hand, Refused
from pipeline.stages.judge import Candidate, name_pair
from pipeline.stages.options import Option, choose_options, join_parts, measure_left

_ENOUGH = -1e-9
BY_HAND = "人工决定不采用"


@dataclass(frozen=True)
class Choices:
    """What is decided about 采用.

    Attributes
    ----------
    held : options taken by hand, by need.
    out : pairs ruled out, as (need, resource).
    refused : why a decision cannot hold.
    """

    held: dict[str, Option]
    out: frozenset[tuple[str, str]]
    refused: dict[Refused, str]

    def keep_open(self, options: dict[str, list[Option]]) -> dict[str, list[Option]]:
        """Return the options that use no pair that is ruled out."""
        return {
            number: [o for o in some if not any((number, name) in self.out for name in o.resources)]
            for number, some in options.items()
        }

    def explain(self, found: dict[str, list[Candidate]]) -> dict[tuple[str, str], str]:
        """Return why pairs are not taken because of a decision, by need and resource."""
        beside = {
            (number, c.resource): f"人工决定采用{'、'.join(option.resources)}"
            for number, option in self.held.items()
            for c in found[number]
            if c.resource not in option.resources
        }
        return beside | dict.fromkeys(self.out, BY_HAND)


def read_choices(
    hand: Hand, found: dict[str, list[Candidate]], options: dict[str, list[Option]]
) -> Choices | None:
    """Return what is decided about pairs; None where nothing is.

    The machine's own choice is made first, so that it can be kept beside. Needs go in order of number: of two
    that are given the same ground by hand, the later one is refused what the earlier one leaves too little of.
    """
    wanted = hand.numbers(Pair, Pair.chosen)
    if not wanted:
        return None
    alone, _ = choose_options(options)
    held: dict[str, Option] = {}
    out: set[tuple[str, str]] = set()
    refused: dict[Refused, str] = {}
    for number in sorted(found):
        mine = [c for c in found[number] if name_pair(c.need, c.resource) in wanted]
        auto = alone[number].resources if number in alone else ()
        taken = []
        for candidate in mine:
            decided = hand.peek(Pair, _key(candidate), Pair.chosen, None)
            if decided:
                taken.append(candidate)
            elif decided is not None:
                hand.decide(Pair, _key(candidate), Pair.chosen, candidate.resource in auto)
                out.add((number, candidate.resource))
        if not taken:
            continue
        option = join_parts(taken)
        why = _find_bar(option, held)
        for candidate in taken:
            if why:
                refused[name_pair(number, candidate.resource), Pair.chosen.spec.alias] = why
            else:
                hand.decide(Pair, _key(candidate), Pair.chosen, candidate.resource in auto)
        if option is not None and not why:
            held[number] = option
    return Choices(held, frozenset(out), refused)


def _find_bar(option: Option | None, held: dict[str, Option]) -> str:
    """Return why an option cannot be taken; nothing where it can."""
    if option is None:
        return "几处资源的可用面积合计不能恰好满足所需规模（不足，或少用一处即可）"
    left = measure_left(held)
    for name, share in zip(option.resources, option.shares, strict=True):
        if left.get(name, 1.0) - share < _ENOUGH:
            others = "、".join(sorted(number for number, o in held.items() if name in o.resources))
            return f"资源 {name} 已按人工决定用于需求 {others}，余下的面积不足"
    return ""


def _key(candidate: Candidate) -> dict[Any, Any]:
    return {
        Pair.id: name_pair(candidate.need, candidate.resource),
        Pair.need: candidate.need,
        Pair.resource: candidate.resource,
    }
