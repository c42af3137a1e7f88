"""The numbers of every plan of a city, as its hand-in was made from them; nothing is computed anew."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.cityrank import Ranked
from layers.frame import conform
from layers.model import Layer
from layers.planned import Need, Project
from layers.provision import Provision, ProvisionCount
from layers.reachable import Served, Unit
from pipeline.batch.job import Job, Record
from pipeline.engine.files import hash_file
from pipeline.engine.store import read_layer
from pipeline.stages import STAGES

_TAKEN: tuple[type[Layer], ...] = (Unit, Served, ProvisionCount, Provision, Need, Project)
_GAPS_BEFORE = [ProvisionCount.missing_before, ProvisionCount.short_before, ProvisionCount.wrong_before]
_GAPS_AFTER = [ProvisionCount.missing_after, ProvisionCount.short_after, ProvisionCount.wrong_after]
_OTHERS = [ProvisionCount.classes, ProvisionCount.partly_after, ProvisionCount.solved_after]
CURRENT, OLDER = "最新", "不是最新"


@dataclass(frozen=True)
class Gathered:
    """What the plans of a city say.

    Attributes
    ----------
    ranked : ``Ranked`` rows, worst gaps first.
    provision : ``Provision`` rows of all communities.
    missing : id of plans without results, and why.
    """

    ranked: gpd.GeoDataFrame
    provision: pd.DataFrame
    missing: list[tuple[str, str]]


def gather_plans(plans: Sequence[tuple[Job | Record, str]], *, why: dict[str, str]) -> Gathered | None:
    """Read what is needed of every plan's results; None where not one has any.

    Parameters
    ----------
    plans : each with whether its results are ``CURRENT`` or ``OLDER`` than its data.
    why : reason by config of plans that failed.
    """
    rows: list[gpd.GeoDataFrame] = []
    provision: list[pd.DataFrame] = []
    missing: list[tuple[str, str]] = []
    crs: Any = None
    for plan, state in plans:
        frames = read_results(Path(plan.output))
        if frames is None:
            missing.append((plan.id, why.get(plan.path, "还没有完整的成果")))
            continue
        row = _sum_up(frames, plan.id, state)
        crs = crs or row.crs
        rows.append(row if row.crs == crs else row.to_crs(crs))
        provision.append(frames[Provision])
    if not rows:
        return None
    ranked = _rank(gpd.GeoDataFrame(pd.concat(rows, ignore_index=True), crs=crs))
    return Gathered(ranked, pd.concat(provision, ignore_index=True), missing)


def read_results(output: Path) -> dict[type[Layer], pd.DataFrame] | None:
    """Return the layers of a plan as its hand-in was made from them.

    None where there is no hand-in, or the stored layers are no longer those it was made from (a later run
    stopped half-way, somebody edited them).
    """
    try:
        stored = json.loads((output / "work/made.json").read_text(encoding="utf-8"))["stored"]
    except (OSError, ValueError, KeyError):
        return None
    if not (output / "成果/manifest.json").is_file():
        return None
    maker = {layer: stage.name for stage in STAGES for layer in stage.gives}
    frames: dict[type[Layer], pd.DataFrame] = {}
    for layer in _TAKEN:
        name = f"work/{maker[layer]}/{layer.key}.parquet"
        path = output / name
        if not path.is_file() or stored.get(name) != hash_file(path):
            return None
        frames[layer] = read_layer(path, layer.key)
    return frames


def _sum_up(frames: dict[type[Layer], pd.DataFrame], plan: str, state: str) -> gpd.GeoDataFrame:
    """Return a ``Ranked`` row a community of one plan, without its ranks."""
    units = frames[Unit].sort_values(Unit.name, ignore_index=True)
    names = units[Unit.name]
    count = frames[ProvisionCount].set_index(ProvisionCount.community).reindex(names)
    served = frames[Served]
    asked = served[served[Served.required]].groupby(Served.community)
    sums = asked[[Served.homes, Served.homes_own, Served.homes_shared]].sum().reindex(names)
    homes = asked[Served.homes].max().reindex(names).fillna(0)
    pairs = sums[Served.homes].where(sums[Served.homes] > 0)
    before, after = (100 * sums[column] / pairs for column in (Served.homes_own, Served.homes_shared))
    gained = asked[[Served.people_shared, Served.people_own]].sum(min_count=1).reindex(names)
    count = count[[*_GAPS_BEFORE, *_GAPS_AFTER, *_OTHERS]].fillna(0).astype("int64")
    classes = count[ProvisionCount.classes]
    gaps_before = count[_GAPS_BEFORE].sum(axis=1)
    gaps_after = count[_GAPS_AFTER].sum(axis=1)
    made = {
        Ranked.id: [f"{plan}|{name}" for name in names],
        Ranked.community: names.to_numpy(),
        Ranked.plan: plan,
        Ranked.code: units[Unit.code].to_numpy(),
        Ranked.street: units[Unit.street].to_numpy(),
        Ranked.population: units[Unit.population].to_numpy(),
        Ranked.homes: homes.to_numpy(),
        Ranked.classes: classes.to_numpy(),
        Ranked.gaps_before: gaps_before.to_numpy(),
        Ranked.gaps_after: gaps_after.to_numpy(),
        Ranked.missing: count[ProvisionCount.missing_after].to_numpy(),
        Ranked.partly: count[ProvisionCount.partly_after].to_numpy(),
        Ranked.solved: count[ProvisionCount.solved_after].to_numpy(),
        Ranked.gap_share: (100 * gaps_after / classes.where(classes > 0)).round(1).to_numpy(),
        Ranked.reached_before: before.round(1).to_numpy(),
        Ranked.reached_after: after.round(1).to_numpy(),
        Ranked.gain: (after - before).round(1).to_numpy(),
        Ranked.people_gained: (gained[Served.people_shared] - gained[Served.people_own]).to_numpy(),
        Ranked.needs: _count(frames[Need], Need.community, names),
        Ranked.projects: _count(frames[Project], Project.community, names),
        Ranked.rank_gap: 0,
        Ranked.rank_gain: 0,
        Ranked.state: state,
    }
    frame = gpd.GeoDataFrame(made, geometry=units.geometry.to_numpy(), crs=units.crs)
    return gpd.GeoDataFrame(conform(frame, Ranked, crs=units.crs))


def _count(frame: pd.DataFrame, column: str, names: Iterable[str]) -> np.ndarray:
    return frame[column].value_counts().reindex(list(names)).fillna(0).to_numpy(dtype=np.int64)


def _rank(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Fill in both ranks, equals sharing one, and sort by gaps: those left after sharing, then coverage."""
    worst = frame.sort_values(
        [Ranked.gaps_after, Ranked.gaps_before, Ranked.reached_after, Ranked.community, Ranked.plan],
        ascending=[False, False, True, True, True],
        ignore_index=True,
    )
    told = worst[[Ranked.gaps_after, Ranked.gaps_before, Ranked.reached_after]].astype("float64").fillna(-1.0)
    differs = (told != told.shift()).any(axis=1).to_numpy()
    place = np.where(differs, np.arange(1, len(worst) + 1), 0)
    worst[Ranked.rank_gap] = np.maximum.accumulate(place)
    worst[Ranked.rank_gain] = (
        worst[Ranked.gain].fillna(-1.0).rank(method="min", ascending=False).astype("int64")
    )
    return gpd.GeoDataFrame(conform(worst, Ranked, crs=frame.crs))
