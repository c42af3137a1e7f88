"""The best ten found without judging every pair in full, against judging every pair in full."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.matching import build_needs, build_resources
from configs import read_settings
from configs.facilities import facility_classes
from configs.planning import unit_costs
from layers.planned import Inventory, Need
from pipeline.stages.factors import Case, estimate_conversion
from pipeline.stages.judge import Judge, name_pair
from pipeline.stages.rubric import judge_pair

MOST = read_settings("matching.yaml")["candidates"]


def make_town(seed):
    """Return needs, resources and metres, some unknown, equal ones among them."""
    rng = np.random.default_rng(seed)
    needs, resources = (
        build(count, rng, rng.uniform(0, 1500, (count, 2)))
        for build, count in ((build_needs, 25), (build_resources, 80))
    )
    for row in needs[::5]:
        row[Need.required_m2] = np.nan
    metres = np.round(rng.uniform(0, 2500, (25, 80)), -2)
    metres[rng.random((25, 80)) < 0.1] = np.nan
    return needs, resources, metres


def judge_all(need, resources, metres):
    """Return (order, reason, protocol) of every pair that is possible, best first."""
    item, found = facility_classes()[need[Need.type_key]], []
    for resource, far in zip(resources, metres, strict=True):
        cost = estimate_conversion(need, resource, item, unit_costs())
        judgement = judge_pair(Case(need, resource, item, far, 800.0, cost, False))
        if judgement is not None:
            order = (-judgement.level, judgement.obstacles, np.inf if np.isnan(far) else far)
            found.append(((*order, resource[Inventory.number]), judgement.reason, judgement.protocol))
    return sorted(found)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_ten_are_those_of_judging_every_pair(seed):
    needs, resources, metres = make_town(seed)
    judge = Judge(supports=[], costs=unit_costs())
    several = 0
    for need, row in zip(needs, metres, strict=True):
        wanted = judge_all(need, resources, row)
        found = judge.find_best(need, list(zip(resources, row, strict=True)), limit_m=800.0)
        assert [(c.order, c.judgement.reason, c.judgement.protocol) for c in found] == wanted[:MOST]
        several += len(wanted) > MOST
    assert several > 5


def test_a_pair_somebody_decided_about_is_kept_beside_the_ten_or_refused_with_the_reason():
    needs, resources, metres = make_town(0)
    counts = [len(judge_all(need, resources, row)) for need, row in zip(needs, metres, strict=True)]
    at = next(n for n, count in enumerate(counts) if MOST < count < len(resources))
    need, places = needs[at], list(zip(resources, metres[at], strict=True))
    ranks = [row[0][3] for row in judge_all(need, resources, metres[at])]
    impossible = next(r[Inventory.number] for r in resources if r[Inventory.number] not in ranks)
    numbers = [name_pair(need[Need.number], other) for other in (ranks[-1], impossible)]
    judge = Judge(supports=[], costs=unit_costs(), decided=numbers)
    found = judge.find_best(need, places, limit_m=800.0)
    assert [c.resource for c in found] == [*ranks[:MOST], ranks[-1]]
    assert list(judge.refused) == numbers[1:] and "按评定规则不能匹配（" in judge.refused[numbers[1]]
