"""Gaps the measures show: classes that :mod:`pipeline.stages.provision` judges 漏配, 少配 or 错配 after sharing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely

from configs import read_settings
from configs.facilities import FacilityClass, facility_classes
from layers import codes
from layers.faults import FaultLog
from layers.provision import Provision
from layers.reachable import Coverage, Home, Served
from pipeline.stages.coverage import PERSONS
from pipeline.stages.placing import clean_number
from pipeline.stages.provision import MISSING, SHORT, WRONG
from pipeline.stages.shape import find_medoid

_INDICATIVE = codes.HOME_BASIS.values[1]


@dataclass(frozen=True)
class Gap:
    """A computed gap of one community and class.

    Attributes
    ----------
    kind : 漏配, 少配 or 错配.
    description, origin, urgency, rule : texts of the need.
    gap_rule : the sentence that decided the kind.
    target_people : persons of the target group in the community; NaN where homes are indicative.
    short_people : persons that find no place; NaN where the kind is not 少配.
    place : a real home point, the medoid of the community's homes.
    """

    community: str
    item: FacilityClass
    kind: str
    description: str
    origin: str
    urgency: str
    rule: str
    gap_rule: str
    target_people: float
    short_people: float
    place: shapely.Point | None


def find_gaps(
    provision: pd.DataFrame, coverage: pd.DataFrame, homes: gpd.GeoDataFrame, log: FaultLog
) -> list[Gap]:
    """Return the gaps of all communities and required classes, in a fixed order.

    Parameters
    ----------
    provision, coverage, homes : the layers ``Provision``, ``Coverage``, ``Home``.
    log : told about homes left blind by a class that others of their community reach.
    """
    nearest = coverage.groupby([Coverage.community, Coverage.type_key])[Coverage.any_m].min()
    centres = dict(_iter_centres(homes))
    origins = read_settings("needs.yaml")["origins"]
    found = []
    for row in provision.to_dict("records"):
        pair = (row[Provision.community], row[Provision.type_key])
        item, kind = facility_classes()[pair[1]], row[Provision.after]
        basis, place = centres.get(pair[0], ("", None))
        word = "示意住户点" if basis == _INDICATIVE else "住户点"
        blind = int(row[Provision.homes] - row[Provision.homes_after])
        if blind and row[Provision.homes_after] > 0:
            log.add(
                "HSQ-A08",
                f"{pair[0]}有{blind}处{word}共享后仍不在{item.name}{row[Provision.limit_m]:.0f} m 步行范围内（共{row[Provision.homes]}处），未列为漏配",
                severity="提示",
                layer=Served.alias,
                row=f"{pair[0]}/{item.name}",
                value=str(blind),
                remedy="如需补点，请在需求清单中列出",
            )
        if kind not in (MISSING, SHORT, WRONG):
            continue
        lack = clean_number(row[Provision.lack_after])
        if kind == MISSING:
            description = _describe_missing(row, item, word, float(nearest.get(pair, float("nan"))))
        elif kind == SHORT:
            description = f"扩充{item.name}服务能力：共享后服务能力仍比服务人数少{lack:.0f}{PERSONS}"
        else:
            description = f"调整{item.name}的布点和服务对象：{row[Provision.rule]}"
        urgency, rule = judge_urgency(item, kind)
        people = float("nan") if basis == _INDICATIVE else clean_number(row[Provision.target_people])
        short = lack if kind == SHORT else float("nan")
        found.append(
            Gap(
                pair[0], item, kind, description, origins[kind], urgency, rule, row[Provision.rule],
                people, short, place,
            )
        )  # fmt: skip
    return found


def judge_urgency(item: FacilityClass, kind: str) -> tuple[str, str]:
    """Return 紧迫 or 一般 for a computed gap, and the rule that says so (2.2, 4.9.1)."""
    for group, keys in read_settings("needs.yaml")["urgent_classes"].items():
        if item.key in keys:
            return "紧迫", f"测算为{kind}且属{group}设施，判为紧迫（指南2.2、4.9.1）"
    return "一般", f"测算为{kind}，不属一老一小、基本医疗、底线安全设施，判为一般（指南2.2、4.9.1）"


def _describe_missing(row: dict, item: FacilityClass, word: str, nearest_m: float) -> str:
    reach = (
        f"{row[Provision.limit_m]:.0f} m（{item.minutes}分钟）内可达0/{row[Provision.homes]}处{word}，含共享"
    )
    far = "" if pd.isna(nearest_m) else f"；最近一处步行{nearest_m:.0f} m"
    return f"增设{item.name}：{reach}{far}{item.mark}"


def _iter_centres(homes: gpd.GeoDataFrame) -> Iterator[tuple[str, tuple[str, shapely.Point]]]:
    """Yield each community with the basis of its homes (indicative if any is) and their medoid."""
    for name, group in homes.sort_values(Home.id).groupby(Home.community):
        points = group.geometry.to_numpy()
        chosen = find_medoid(shapely.get_x(points), shapely.get_y(points))
        basis = _INDICATIVE if (group[Home.basis] == _INDICATIVE).any() else ""
        yield str(name), (basis, points[chosen])
