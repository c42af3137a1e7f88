"""Whether a file's coordinates are in the system it claims, and which other readings would make sense.

A .prj is a claim, not a fact: metres labelled as degrees, a prefixed easting under an unprefixed .prj and
the reverse, swapped axes, a neighbouring zone, several zones in one file are told apart by where the values
would fall. Shifts of less than a few kilometres are ``layers.offsets``' business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from configs import read_settings
from layers.crs import (
    GEOGRAPHIC,
    Zone,
    choose_zone,
    datum_of,
    describe_local,
    name_crs,
    sits_in_china,
    to_degrees,
)
from layers.ground import Ground

Floats = NDArray[np.float64]
# Middle of 113.57-118.48 E, 24.49-30.08 N; ranks guesses when nothing else is known.
_JIANGXI = Ground((115.99, 27.62))
_JIANGXI_REACH_M = 400_000.0
_SAMPLE = 2000


@dataclass(frozen=True)
class Guess:
    """A reading of the coordinates that would make sense.

    Attributes
    ----------
    label : what it is, Chinese.
    line : the config line that says so, or what to do.
    distance_m : how far the nearest feature would be from the plan (or from the middle of Jiangxi).
    inside : share of the features that would lie within the plan's outline; None where there is none.
    epsg : code of the system.
    swapped : whether the two coordinates change places.
    """

    label: str
    line: str
    distance_m: float
    inside: float | None = None
    epsg: int = 0
    swapped: bool = False

    @property
    def evidence(self) -> str:
        """Where the data would fall, Chinese."""
        if self.inside is not None:
            return f"{self.inside:.0%} 在规划范围内，最近处距范围 {tell_distance(self.distance_m)}"
        return f"距规划位置 {tell_distance(self.distance_m)}"


@dataclass(frozen=True)
class Verdict:
    """Whether claim and values agree.

    Attributes
    ----------
    problem : Chinese sentence, empty when they agree.
    guesses : other readings, most likely first.
    near : whether a plan's place stood behind the guesses.
    """

    problem: str
    guesses: tuple[Guess, ...] = ()
    near: bool = False

    @property
    def remedy(self) -> str:
        """The guesses as one sentence."""
        if not self.guesses:
            return (
                "没有一种常用坐标系能使数据落在规划范围附近，可能是城市独立坐标系或省去了坐标的高位；"
                "请数据提供单位转换为 CGCS2000，或核实后在配置中写 crs"
            )
        shown = "；".join(
            f"{rank}. {guess.label}，{guess.line}" + (f"（{guess.evidence}）" if self.near else "")
            for rank, guess in enumerate(self.guesses[:3], start=1)
        )
        return f"可能是：{shown}"


def claim_settings() -> Any:
    """Return ``configs/coordinates.yaml``."""
    return read_settings("coordinates.yaml")


def tell_distance(metres: float) -> str:
    """Return a distance in words, ``320 m`` or ``12 km``."""
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.0f} km"


def _candidates(zones: list[int]) -> Iterator[tuple[str, int, bool]]:
    """Readings worth trying: label, EPSG code, axes swapped.

    The 6-degree forms without prefix are the same numbers as a 3-degree zone of the same meridian.
    """
    systems = [(GEOGRAPHIC, "经纬度（CGCS2000）")]
    for number in zones:
        zone = Zone(number)
        systems.append((zone.plain, f"3° 带 CM {zone.meridian}E（无带号）"))
        systems.append((zone.prefixed, f"3° 带 {number} 带（东坐标带带号）"))
    for number in sorted({zone // 2 for zone in zones} | {(zone + 1) // 2 for zone in zones}):
        systems.append((4478 + number, f"6° 带 {number} 带（东坐标带带号）"))
        systems.append((4489 + number, f"6° 带 CM {6 * number - 3}E（无带号）"))
    systems.append((3857, "Web 墨卡托"))
    for swapped in (False, True):
        for code, label in systems:
            yield label + ("且东、北坐标对调" if swapped else ""), code, swapped


def guess_crs(xy: Floats, *, ground: Ground | None) -> tuple[Guess, ...]:
    """Rank the readings under which data fall near the plan, or in Jiangxi when no plan is known yet.

    Parameters
    ----------
    xy : coordinates as stored, shape (n, 2).
    ground : the plan's place.
    """
    xy = xy[np.linspace(0, len(xy) - 1, min(len(xy), _SAMPLE)).astype(int)]
    target = ground or _JIANGXI
    reach = float(claim_settings()["far_m"]) if ground else _JIANGXI_REACH_M
    centre = choose_zone(float(np.clip(target.middle[0], 76.5, 133.5))).number
    found: list[Guess] = []
    seen: list[NDArray[np.float64]] = []
    for label, code, swapped in _candidates([centre, centre - 1, centre + 1]):
        crs = CRS.from_epsg(code)
        lon, lat = to_degrees(xy[:, 1] if swapped else xy[:, 0], xy[:, 0] if swapped else xy[:, 1], crs)
        away = target.measure_distance(lon, lat)
        distance = float(np.median(away) if ground is None else away.min())
        # Easting far from the meridian is arithmetic, not a place: a zone is three degrees wide.
        if distance > reach or any(np.allclose(away, other, atol=1.0) for other in seen):
            continue
        seen.append(away)
        inside = float(np.mean(away == 0)) if ground and ground.outline is not None else None
        line = f"配置写 crs: EPSG:{code}" + ("，并对调 x、y（或在原软件中对调坐标）" if swapped else "")
        found.append(Guess(label, line, distance, inside, code, swapped))
    if ground:
        found.sort(key=lambda guess: (-round(guess.inside or 0.0, 1), round(guess.distance_m, -2)))
    return tuple(found)


def judge_claim(
    xy: Floats, claim: CRS | None, *, ground: Ground | None = None, declared: bool = False
) -> Verdict:
    """Test what a file claims against its values.

    Parameters
    ----------
    xy : coordinates as stored, shape (n, 2), one a feature.
    claim : declared CRS, None when there is none.
    ground : the plan's place, None while it is not known.
    declared : whether the plan config says so itself, which lets local systems pass.

    Returns
    -------
    Verdict
        With the ranked readings under which the values would fall where they should.
    """
    xy = xy[np.isfinite(xy).all(axis=1)]
    if not len(xy):
        return Verdict("" if claim is not None else "文件没有坐标系声明，也没有可用的坐标")
    x, y = (float(value) for value in np.median(xy, axis=0))  # a few wild points must not decide
    here = f"坐标约为 ({_tell_number(x)}, {_tell_number(y)})"

    def refuse(problem: str) -> Verdict:
        # Without a place the middle decides: single points anywhere would make every reading possible.
        rows = xy if ground else np.array([[x, y]])
        return Verdict(problem, guess_crs(rows, ground=ground), near=ground is not None)

    if claim is None:
        return refuse(f"文件没有坐标系声明（缺 .prj 或 crs），{here}")
    looks_degrees = abs(x) <= 180 and abs(y) <= 180
    if claim.is_geographic and not looks_degrees:
        return refuse(f"声明为经纬度 {name_crs(claim)}，但{here}，单位是米")
    if claim.is_projected and looks_degrees:
        return refuse(f"声明为投影坐标 {name_crs(claim)}，但{here}，单位是度")
    local = "" if declared else describe_local(claim)
    if local:
        return refuse(f"声明的是城市独立坐标系或自定义投影（{local}），{here}")
    lon, lat = to_degrees(np.array([x]), np.array([y]), claim)
    if not sits_in_china(lon, lat)[0]:
        return refuse(f"按声明的 {name_crs(claim)} 计算，数据不在中国境内，{here}")
    if ground is None:
        return Verdict("")
    # A few rows show as a rule that the file comes near; only where they do not is every row looked at.
    for rows in (xy[:: len(xy) // _SAMPLE + 1], xy):
        distance = float(np.min(_distances(rows, claim, ground)))
        if distance <= claim_settings()["far_m"]:
            return Verdict("")
    return refuse(f"按声明的 {name_crs(claim)} 计算，数据距规划范围 {tell_distance(distance)}，{here}")


def _tell_number(value: float) -> str:
    """Say a coordinate as technicians write it: degrees to a hundred metres, metres whole, never 3.1e+06."""
    if abs(value) <= 360:
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return f"{value:.0f}" if abs(value) < 1e12 else f"{value:.3g}"


def _distances(xy: Floats, crs: CRS, ground: Ground) -> Floats:
    """Metres from the plan, infinite outside China."""
    lon, lat = to_degrees(xy[:, 0], xy[:, 1], crs)
    away = ground.measure_distance(lon, lat)
    away[~sits_in_china(lon, lat)] = np.inf
    return away


def find_strangers(xy: Floats, claim: CRS, ground: Ground) -> list[tuple[Guess, NDArray[np.bool_]]]:
    """Find the rows of a file that are in another system than the rest.

    Rows count that lie far from the plan as claimed and near it under another reading, in a file that has
    rows near the plan and hardly any in between: data of a whole province lie everywhere.

    Parameters
    ----------
    xy : coordinates as stored, shape (n, 2), NaN where a row has none.

    Returns
    -------
    list
        The other readings and, for each, which rows it explains.
    """
    rules = claim_settings()
    there = np.isfinite(xy).all(axis=1)
    away = np.full(len(xy), np.inf)
    away[there] = _distances(xy[there], claim, ground)
    near = away <= rules["far_m"]
    far = there & (away > rules["mixed"]["beyond_m"])
    between = there & ~near & ~far
    if not near.any() or not far.any() or between.sum() > rules["mixed"]["between_share"] * near.sum():
        return []
    found = []
    datum = datum_of(claim)
    for guess in guess_crs(xy[far], ground=ground):
        crs = CRS.from_epsg(guess.epsg)
        rows = np.zeros(len(xy), dtype=bool)
        read = xy[far][:, ::-1] if guess.swapped else xy[far]
        rows[far] = _distances(read, crs, ground) <= rules["far_m"]
        if rows.any() and not (crs == claim and not guess.swapped) and datum != "other":
            found.append((guess, rows))
            far &= ~rows
        if not far.any():
            break
    return found
