"""``python -m benchmarks.matching``: 2,000 needs × 2,000 resources judged by the rubric and assigned by MILP.

A seeded town of communities on a grid. Candidates are the resources within the farthest walking distance that
still counts, by 1.3 × the straight line; everything else is the product's own code: rubric, ten best
candidates, combinations, assignment.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.spatial import cKDTree

from configs.facilities import facility_classes
from configs.planning import unit_costs
from layers.planned import Inventory, Need
from pipeline.stages.assignment import AIMS
from pipeline.stages.factors import rule
from pipeline.stages.judge import Judge
from pipeline.stages.options import choose_options, list_options

SIDE_M, DETOUR = 600.0, 1.3  # of a community; walked over straight
TIERS_M = {5: 300.0, 10: 500.0, 15: 1000.0}
# What communities ask for and have, with how often.
WANTED = {
    "canteen": 3, "elder_daycare": 3, "nursery": 2, "culture_station": 2, "service_station": 1, "health_station": 2,
    "outdoor_fitness": 3, "child_elder_ground": 2, "sports_field_small": 1, "community_park": 2, "car_parking": 2,
    "ebike_parking": 3, "shelter_emergency": 2, "public_toilet": 1, "wet_market": 1,
}  # fmt: skip
KINDS = {
    "建筑": (0.5, ("070102", "090101", "080302", "100101"), 5.7),
    "用地": (0.3, ("2301", "070102", "100101", "1403"), 6.5),
    "空间": (0.2, ("1401", "1403", "080403", "070102"), 6.2),
}


def build_needs(count: int, rng: np.random.Generator, spots: np.ndarray) -> list[dict[str, Any]]:
    """Return rows of ``Need`` at ``spots``, metres."""
    keys, weights = list(WANTED), np.array(list(WANTED.values()), dtype=float)
    wanted = rng.choice(keys, count, p=weights / weights.sum())
    return [
        {
            Need.number: f"XQ{n:04d}",
            Need.community: name_community(spot),
            Need.type_key: key,
            Need.scale_key: key,
            Need.required_m2: facility_classes()[key].need_m2,
            Need.urgency: "紧迫" if rng.random() < 0.4 else "一般",
            Need.problem: "建设类",
            Need.works: "设施提升工程",
            Need.dimension: "舒适宜居",
            Need.description: facility_classes()[key].name,
            Need.target_people: float(rng.integers(50, 9000)),
        }
        for n, (key, spot) in enumerate(zip(wanted, spots, strict=True))
    ]


def build_resources(count: int, rng: np.random.Generator, spots: np.ndarray) -> list[dict[str, Any]]:
    """Return rows of ``Inventory`` at ``spots``: sizes from a lognormal law, a fifth with doubtful tenure."""
    kinds = rng.choice(list(KINDS), count, p=[share for share, _, _ in KINDS.values()])
    return [
        {
            Inventory.number: f"ZY{n:04d}",
            Inventory.community: name_community(spot),
            Inventory.category: kind,
            Inventory.name: f"资源{n}",
            Inventory.place: "某路",
            Inventory.usable_m2: float(np.round(rng.lognormal(KINDS[kind][2], 0.9), 2)),
            Inventory.width_m: float(rng.uniform(4, 40)),
            Inventory.compactness: float(rng.uniform(0.1, 0.79)),
            Inventory.landuse_code: str(rng.choice(KINDS[kind][1])),
            Inventory.building: f"J{n}" if kind == "建筑" else None,
            Inventory.condition: "需加固" if rng.random() < 0.15 else None,
            Inventory.use_status: "闲置" if rng.random() < 0.8 else "在用",
            Inventory.tenure: "国有",
            Inventory.tenure_clear: bool(rng.random() < 0.8),
            Inventory.owner: "街道办事处",
        }
        for n, (kind, spot) in enumerate(zip(kinds, spots, strict=True))
    ]


def name_community(spot: np.ndarray) -> str:
    """Return the community a place lies in."""
    east, north = (int(v // SIDE_M) for v in spot)
    return f"{east}-{north}社区"


def clock_matching(count: int, *, seed: int) -> tuple[list[tuple[str, float, float]], dict[str, float]]:
    """Return wall and processor seconds of each step, and what came out."""
    rng = np.random.default_rng(seed)
    side = SIDE_M * np.sqrt(count / 25)  # 25 needs and 25 resources a community
    homes, places = rng.uniform(0, side, (2, count, 2))
    needs, resources = build_needs(count, rng, homes), build_resources(count, rng, places)
    tree, farthest = cKDTree(places), max(rule("distance")["times"].values())
    times, judged = [], 0
    start = time.perf_counter(), time.process_time()
    options, judge = {}, Judge(supports=[], costs=unit_costs())
    for need, home in zip(needs, homes, strict=True):
        limit = TIERS_M[facility_classes()[need[Need.type_key]].minutes]
        near = sorted(tree.query_ball_point(home, farthest * limit / DETOUR))
        judged += len(near)
        metres = DETOUR * np.hypot(*(places[near] - home).T)
        found = judge.find_best(
            need,
            [(resources[at], float(far)) for at, far in zip(near, metres, strict=True)],
            limit_m=limit,
        )
        options[need[Need.number]] = list_options(found)
    times.append(("judge by the rubric", time.perf_counter() - start[0], time.process_time() - start[1]))
    start = time.perf_counter(), time.process_time()
    taken, result = choose_options(options)
    times.append(("assign by MILP", time.perf_counter() - start[0], time.process_time() - start[1]))
    figures = {
        "pairs judged": judged,
        "columns": sum(map(len, options.values())),
        "needs met": len(taken),
        "with several resources": sum(len(o.parts) > 1 for o in taken.values()),
        "relative gap": result.gap,
    }
    return times, figures | dict(zip(AIMS, result.values, strict=True))


def main() -> None:
    """Print time and outcome."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    times, figures = clock_matching(given.count, seed=given.seed)
    table = Table(title=f"{given.count:,} needs × {given.count:,} resources")
    table.add_column("step or figure")
    table.add_column("value", justify="right")
    for name, wall, own in times:
        table.add_row(f"{name}: wall, processor", f"{wall:.1f} s, {own:.1f} s")
    for name, value in figures.items():
        table.add_row(name, f"{value:.3%}" if name == "relative gap" else f"{value:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
