"""Drafts of projects: which needs become one, with which space, and by which way of renewal (4.3, 4.8)."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from configs.facilities import FacilityClass, facility_classes
from layers import codes
from layers.planned import Match, Need, Pair, Resource, Site
from pipeline.stages.base import Given
from pipeline.stages.phases import Standing
from pipeline.stages.placing import clean_number, clean_text

Row = dict[str, Any]
_EACH = 99  # numbers a letter has: A01 to A99 (F-08)


@dataclass(frozen=True)
class Draft:
    """Everything known about one project before it is written down.

    Attributes
    ----------
    need, match : rows of ``Need`` and ``Match``.
    uses : (pair, resource) rows of the spaces it takes, the one that gives most first; empty without space.
    site : row of ``Site`` on the first of them, or None.
    way : 改造, 新建, 拆除 (taking down and building anew), 整治 (works in place) or 管理 (rules, sharing).
    removal_m2 : its part of the floor area taken down, NaN where nobody knows it; 0 where nothing is.
    """

    need: Row
    match: Row
    uses: tuple[tuple[Row, Row], ...] = ()
    site: Row | None = None
    way: str = "整治"
    removal_m2: float = 0.0

    @property
    def item(self) -> FacilityClass | None:
        """Facility class of the need."""
        return facility_classes().get(clean_text(self.need[Need.type_key]))

    @property
    def space(self) -> Row | None:
        """The space that gives most."""
        return self.uses[0][1] if self.uses else None

    @property
    def used_m2(self) -> float:
        """Area taken of all spaces, NaN without any."""
        return sum(clean_number(pair[Pair.used_m2]) for pair, _ in self.uses) if self.uses else float("nan")

    @property
    def standing(self) -> Standing:
        """What the phase table looks at; without a resource there is no tenure to settle."""
        clear = all(bool(space[Resource.tenure_clear]) for _, space in self.uses)
        return Standing(
            self.need[Need.urgency], int(self.match[Match.level]), clear, bool(self.need[Need.safety])
        )

    @property
    def shape(self) -> Any:
        """Where it is: the site, else the resource, else the need."""
        for row in (self.site, self.space, self.need):
            if row is not None and row["geometry"] is not None:
                return row["geometry"]
        return None

    @property
    def floor_m2(self) -> float:
        """Floor area of its own, not of everything on the site; NaN for open grounds and works."""
        if self.item is None or self.item.land or self.way == "管理":
            return float("nan")
        if self.way in ("新建", "拆除"):
            return clean_number(self.need[Need.required_m2])
        return self.used_m2


def find_drafts(given: Given) -> list[Draft]:
    """Return one draft of every listed need, and of every bottom-line safety need even without a resource."""
    needs = {row[Need.number]: row for row in given.geo(Need).to_dict("records")}
    spaces = {row[Resource.number]: row for row in given.geo(Resource).to_dict("records")}
    sites = {
        row[Site.resource]: row
        for row in given.geo(Site).to_dict("records")
        if clean_text(row[Site.resource])
    }
    matches = given.table(Match).sort_values(Match.need).to_dict("records")
    listed = {match[Match.need] for match in matches if match[Match.listed] == "是"}
    pairs = given.table(Pair)
    taken = pairs[pairs[Pair.chosen] & pairs[Pair.need].isin(listed)]
    taken = taken.sort_values([Pair.need, Pair.used_m2, Pair.resource], ascending=[True, False, True])
    uses: dict[str, list[tuple[Row, Row]]] = {}
    for pair in taken.to_dict("records"):
        uses.setdefault(pair[Pair.need], []).append((pair, spaces[pair[Pair.resource]]))
    removed = _share_removals(uses, sites)
    drafts = []
    for match in matches:
        need = needs[match[Match.need]]
        if match[Match.need] not in listed and not need[Need.safety]:
            continue
        mine = tuple(uses.get(match[Match.need], ()))
        site = sites.get(mine[0][1][Resource.number]) if mine else None
        way = _find_way(need, match, mine, site)
        removal = removed.get(match[Match.need], 0.0) if way == "拆除" else 0.0
        drafts.append(Draft(need, match, mine, site, way, removal))
    return drafts


def _find_way(need: Row, match: Row, uses: tuple[tuple[Row, Row], ...], site: Row | None) -> str:
    if need[Need.problem] == "管理类":
        return "管理"
    if site is not None:
        # What is kept as it is and used by turns takes rules, not works.
        return "管理" if site[Site.action] == "保留" else str(site[Site.action])
    if uses:
        return "改造" if uses[0][1][Resource.category] == "建筑" else "新建"
    if clean_text(need[Need.type_key]):
        # With nothing to build on: a neighbour's facility is shared, or a safety need waits for ground.
        return "管理" if match[Match.listed] == "是" else "新建"
    return "整治"


def _share_removals(uses: dict[str, list[tuple[Row, Row]]], sites: dict[str, Row]) -> dict[str, float]:
    """Return the floor area each need has taken down: of a space that several use, in proportion to their use."""
    takers: dict[str, dict[str, float]] = {}
    floor: dict[str, float] = {}
    for need, mine in uses.items():
        for pair, space in mine:
            number = space[Resource.number]
            site = sites.get(number)
            if site is not None and site[Site.action] == "拆除":
                takers.setdefault(number, {})[need] = clean_number(pair[Pair.used_m2])
                area = clean_number(space[Resource.floor_area_m2])
                floor[number] = clean_number(space[Resource.area_m2]) if np.isnan(area) else area
    shares: dict[str, float] = {}
    for number, by_need in takers.items():
        known = {need: 1.0 if np.isnan(used) else used for need, used in by_need.items()}
        whole = sum(known.values()) or 1.0
        for need, used in known.items():
            shares[need] = shares.get(need, 0.0) + floor[number] * used / whole
    return shares


def number_drafts(drafts: Iterable[Draft]) -> dict[str, str]:
    """Return A01… by need: a letter a 工程 in the guideline's order, counted by need number (F-08).

    What is more than 99 of one 工程 goes on under the letters no 工程 has.

    Raises
    ------
    ValueError
        If the letters run out (more than 2,000 projects): split the plan by community.
    """
    free = iter(string.ascii_uppercase[len(codes.WORKS.values) :])
    letters = {works: [string.ascii_uppercase[n]] for n, works in enumerate(codes.WORKS.values)}
    count: Counter[str] = Counter()
    numbers = {}
    for draft in sorted(drafts, key=lambda d: d.need[Need.number]):
        works = draft.need[Need.works]
        hundred, place = divmod(count[works], _EACH)
        if hundred == len(letters[works]):
            letter = next(free, None)
            if letter is None:
                raise ValueError("more projects than A01 to Z99 can count")
            letters[works].append(letter)
        count[works] += 1
        numbers[draft.need[Need.number]] = f"{letters[works][hundred]}{place + 1:02d}"
    return numbers
