"""Service networks of “中心+站点” (guideline 3.2): ``siting.yaml`` joined with the standards it refers to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from configs import read_rows, read_settings
from configs.facilities import VERIFIED, FacilityClass, facility_classes

OF_NAME = {"population": "人", "households": "户"}


@dataclass(frozen=True)
class Figure:
    """A figure with where it comes from.

    Attributes
    ----------
    value : the figure.
    source : standard and clause, or why there is none.
    verified : whether the source was seen, rather than remembered or chosen.
    """

    value: float
    source: str
    verified: bool

    @property
    def said(self) -> str:
        """The source, with ``，待核`` where it is unverified."""
        return self.source + ("" if self.verified else "，待核")


@dataclass(frozen=True)
class Level:
    """Centre or stations of a network.

    Attributes
    ----------
    classes : facility classes that are such a site as they stand.
    resources : categories of resources that may become one.
    least : least scale, ㎡.
    """

    classes: tuple[str, ...]
    resources: tuple[str, ...]
    least: Figure


@dataclass(frozen=True)
class Capacity:
    """What people ask for by a standard, and how what a site holds is measured.

    Attributes
    ----------
    asked : amount for every ``per`` of ``of``.
    of, per : what the standard counts by: ``population`` or ``households``.
    unit : of the amount.
    by_area : capacity is floor area, not places.
    place : floor area a place of a new site takes, ㎡; None where no standard says so.
    """

    asked: Figure
    of: str
    per: float
    unit: str
    by_area: bool
    place: Figure | None

    @property
    def said(self) -> str:
        """The rule in words: how much for how many, and where that is written."""
        return f"每{self.per:g}{OF_NAME[self.of]}{self.asked.value:g}{self.unit}（{self.asked.said}）"


@dataclass(frozen=True)
class Service:
    """One service and its network.

    Attributes
    ----------
    key, name : in ``siting.yaml``, on sheets and in tables.
    target : home field of the people it serves.
    symbol : symbol group.
    scale : class whose limit and scale a new station keeps to.
    stations, centre : the two levels.
    new_stations, least_gain : how many more stations, and the share of people each must newly serve.
    capacity : None where capacities cannot be set against people; ``unknown`` says why.
    """

    key: str
    name: str
    target: str
    symbol: str
    scale: FacilityClass
    stations: Level
    centre: Level
    new_stations: int
    least_gain: float
    capacity: Capacity | None
    unknown: str


@cache
def services() -> dict[str, Service]:
    """Return the networks by key, in the order of ``siting.yaml``."""
    found = {}
    for key, item in read_settings("siting.yaml")["services"].items():
        scale = facility_classes()[item["stations"]["scale"]]
        given = item["capacity"]
        found[key] = Service(
            key=key,
            name=item["name"],
            target=item["target"],
            symbol=item["symbol"],
            scale=scale,
            stations=_level(item["stations"], Figure(scale.need_m2, _cite(scale), scale.verified)),
            centre=_level(item["centre"], _figure(item["centre"]["least"], "m2")),
            new_stations=int(item["new_stations"]),
            least_gain=float(item["least_gain"]),
            capacity=None if "unknown" in given else _capacity(given),
            unknown=given.get("unknown", ""),
        )
    return found


def _cite(item: FacilityClass) -> str:
    return f"{item.standard} {item.clause}"


def _level(item: dict[str, Any], least: Figure) -> Level:
    return Level(tuple(item["classes"]), tuple(item["resources"]), least)


def _capacity(item: dict[str, Any]) -> Capacity:
    return Capacity(
        asked=_figure(item, "amount"),
        of=item["of"],
        per=float(item["per"]),
        unit=item["unit"],
        by_area={"area": True, "places": False}[item["measure"]],
        place=_figure(item["place_m2"], "m2") if "place_m2" in item else None,
    )


def _figure(item: dict[str, Any], name: str) -> Figure:
    """Return a figure whose source is a row of the standards, or stated beside it."""
    if "rule" not in item:
        return Figure(float(item[name]), item["source"], float(item["confidence"]) >= VERIFIED)
    rows = {row["rule_id"]: row for row in read_rows("standards/lifecircle_facilities.csv")}
    row = rows[item["rule"]]
    verified = float(row["confidence"] or 0) >= VERIFIED and "unverified" not in row["evidence"]
    # A clause of the table that is no clause (``notice``, ``target``) says nothing to a reader.
    clause = row["source_clause"]
    return Figure(float(item[name]), row["standard"] + ("" if clause.isascii() else f" {clause}"), verified)
