"""The best ten of the resources a need could take.

Most of what the rubric asks of a pair hangs on the class, its scale and the resource alone, so it is looked at
once for all needs of a class; and the best ten are found without judging every pair in full: a pair is never
better than where it is needed next door, so looking ends where not even that would be among the ten.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from configs import read_settings
from configs.facilities import FacilityClass, facility_classes
from layers.planned import Inventory, Need
from pipeline.stages.factors import (
    Case,
    Costs,
    Factor,
    estimate_conversion,
    iter_factors,
    iter_lasting,
    iter_passing,
)
from pipeline.stages.placing import clean_number, clean_text
from pipeline.stages.rubric import Judgement, judge_pair
from pipeline.stages.support import find_support

Row = Mapping[str, Any]
Order = tuple[int, int, float, str]


@dataclass
class Candidate:
    """A judged pair.

    Attributes
    ----------
    case : need, resource, distance and cost.
    judgement : level and reason.
    used_m2 : area the need takes; NaN where the resource's is unknown.
    """

    case: Case
    judgement: Judgement
    used_m2: float

    @property
    def need(self) -> str:
        """Number of the need."""
        return str(self.case.need[Need.number])

    @property
    def resource(self) -> str:
        """Number of the resource."""
        return str(self.case.resource[Inventory.number])

    @property
    def order(self) -> Order:
        """Better ones first: level, few obstacles, near, number."""
        return -self.judgement.level, self.judgement.obstacles, _far(self.case.distance_m), self.resource


@dataclass(frozen=True)
class Lasting:
    """What holds of a resource for a class and scale, wherever the need is.

    Attributes
    ----------
    cost_wan : of the conversion, 万元; NaN where unknown.
    factors : everything that was looked at, up to the first that rules the resource out.
    level : the lowest factor's.
    obstacles : how many factors are below 强匹配.
    """

    cost_wan: float
    factors: tuple[Factor, ...]
    level: int
    obstacles: int


class Judge:
    """Finds the best candidates of needs, one need at a time.

    Parameters
    ----------
    supports : rows of ``Inventory`` without a place.
    costs : unit costs, as ``read_costs`` returns them.
    decided : numbers of pairs somebody decided about: they are judged in full and kept beside the ten.
    settle : what a planner makes of the judgement of such a pair; None where nobody does.

    Attributes
    ----------
    refused : why a decided pair is no candidate at all, by number.
    """

    def __init__(
        self,
        *,
        supports: Sequence[Row],
        costs: Costs,
        decided: Collection[str] = frozenset(),
        settle: Callable[[Any, Any, Judgement], Judgement] | None = None,
    ) -> None:
        self.refused: dict[str, str] = {}
        self._supports, self._costs, self._settle = list(supports), costs, settle
        self._decided = frozenset(decided)
        self._most: int = read_settings("matching.yaml")["candidates"]
        self._known: dict[tuple[str, float, bool, str], Lasting] = {}

    def find_best(self, need: Row, places: Sequence[tuple[Row, float]], *, limit_m: float) -> list[Candidate]:
        """Return a need's best candidates among resources, best first.

        Parameters
        ----------
        need : row of ``Need``.
        places : rows of ``Inventory``, each once, with the walking distance, NaN where unknown.
        limit_m : walking limit of the need's class.
        """
        number = str(need[Need.number])
        item = facility_classes()[need[Need.type_key]]
        backed = {b: bool(find_support(need, self._supports, building=b).rows) for b in (False, True)}
        required = clean_number(need[Need.required_m2])
        # Missing ones must be equal to find each other again.
        scale = item.key, -1.0 if np.isnan(required) else required, bool(clean_text(need[Need.scale_key]))
        waiting: list[tuple[Order, Row, float, Lasting]] = []
        kept: list[Candidate] = []
        for resource, metres in places:
            other = str(resource[Inventory.number])
            lasting = self._look(need, resource, item, (*scale, other))
            pair = name_pair(number, other) if self._decided else ""
            if pair in self._decided:
                case = _make_case(need, resource, item, metres, limit_m, lasting, backed)
                judgement = self._decide(case, pair)
                kept += [Candidate(case, judgement, _use(need, resource))] if judgement else []
            elif lasting.level:
                waiting.append(
                    ((-lasting.level, lasting.obstacles, _far(metres), other), resource, metres, lasting)
                )
        waiting.sort(key=lambda entry: entry[0])
        best: list[tuple[Order, Case, tuple[Factor, ...]]] = []  # of every factor
        for bound, resource, metres, lasting in waiting:
            if len(best) == self._most and bound > best[-1][0]:
                break
            case = _make_case(need, resource, item, metres, limit_m, lasting, backed)
            passing = tuple(iter_passing(case))
            level = min(lasting.level, *(factor.level for factor in passing))
            if level:
                obstacles = lasting.obstacles + sum(factor.level < 3 for factor in passing)
                order = -level, obstacles, bound[2], bound[3]
                insort(best, (order, case, (*lasting.factors, *passing)), key=lambda entry: entry[0])
                del best[self._most :]
        found = [
            Candidate(case, Judgement(-order[0], (case,), factors), _use(need, case.resource))
            for order, case, factors in best
        ]
        ranked = sorted([*found, *kept], key=lambda candidate: candidate.order)
        mine = {candidate.resource for candidate in kept}
        return [c for at, c in enumerate(ranked) if at < self._most or c.resource in mine]

    def _look(
        self, need: Row, resource: Row, item: FacilityClass, key: tuple[str, float, bool, str]
    ) -> Lasting:
        known = self._known.get(key)
        if known is None:
            cost = estimate_conversion(need, resource, item, self._costs)
            factors = []
            for factor in iter_lasting(Case(need, resource, item, np.nan, np.nan, cost, False)):
                factors.append(factor)
                if factor.level == 0:
                    break
            levels = [factor.level for factor in factors]
            known = Lasting(cost, tuple(factors), min(levels), sum(level < 3 for level in levels))
            self._known[key] = known
        return known

    def _decide(self, case: Case, pair: str) -> Judgement | None:
        """Return the judgement of a pair somebody decided about, with the decision; None where it is impossible."""
        judgement = judge_pair(case)
        if judgement is None:
            text = next(factor.text for factor in iter_factors(case) if factor.level == 0)
            said = text or f"{case.resource[Inventory.category]}类资源不能用于{case.item.name}"
            self.refused[pair] = f"按评定规则不能匹配（{said}）"
            return None
        return judgement if self._settle is None else self._settle(case.need, case.resource, judgement)


def name_pair(need: str, resource: str) -> str:
    """Return the number of a pair."""
    return f"{need}|{resource}"


def _make_case(
    need: Row,
    resource: Row,
    item: FacilityClass,
    metres: float,
    limit_m: float,
    lasting: Lasting,
    backed: Mapping[bool, bool],
) -> Case:
    built = resource[Inventory.category] == "建筑"
    return Case(need, resource, item, metres, limit_m, lasting.cost_wan, backed[built])


def _far(metres: float) -> float:
    return float("inf") if metres != metres else metres


def _use(need: Row, resource: Row) -> float:
    """Return the area a need takes. Without a known scale the whole resource: never twice is the safer side."""
    required, usable = clean_number(need[Need.required_m2]), clean_number(resource[Inventory.usable_m2])
    if np.isnan(required) or np.isnan(usable):
        return usable
    return min(required, usable)
