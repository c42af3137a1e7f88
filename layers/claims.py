"""Whether a file's coordinates are in the system it claims, and which other readings would make sense.

A .prj is a claim, not a fact: metres labelled as degrees, a prefixed easting under an unprefixed .prj and
the reverse, swapped axes and a neighbouring zone are told apart by where the values would fall.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from layers.crs import GEOGRAPHIC, Zone, choose_zone, name_crs, sits_in_china, to_degrees
from layers.ground import Ground

FAR_M = 30_000.0  # a file whose middle is farther than this from the plan is in another system
# Middle of 113.57-118.48 E, 24.49-30.08 N; ranks guesses when nothing else is known.
_JIANGXI = Ground((115.99, 27.62))
_JIANGXI_REACH_M = 400_000.0


@dataclass(frozen=True)
class Guess:
    """A reading of the coordinates that would make sense.

    Attributes
    ----------
    label : what it is, Chinese.
    line : the config line that says so, or what to do.
    distance_m : how far the data's middle would be from the plan (or from the middle of Jiangxi).
    """

    label: str
    line: str
    distance_m: float


@dataclass(frozen=True)
class Verdict:
    """Whether claim and values agree.

    Attributes
    ----------
    problem : Chinese sentence, empty when they agree.
    guesses : other readings, most likely first.
    """

    problem: str
    guesses: tuple[Guess, ...] = ()

    @property
    def remedy(self) -> str:
        """The guesses as one sentence."""
        if not self.guesses:
            return "请向数据提供单位核实坐标系，并在配置中写 crs"
        return "可能是：" + "；".join(f"{g.label}，{g.line}" for g in self.guesses[:3])


def _candidates(zones: list[int]) -> Iterator[tuple[str, str, CRS, bool]]:
    """Readings worth trying: label, config line, CRS, axes swapped."""
    systems = [(GEOGRAPHIC, "经纬度（CGCS2000）"), (3857, "Web 墨卡托")]
    for number in zones:
        zone = Zone(number)
        systems.append((zone.plain, f"3° 带 CM {zone.meridian}E（无带号）"))
        systems.append((zone.prefixed, f"3° 带 {number} 带（东坐标带带号）"))
    systems += [
        (4498, "6° 带 20 带（东坐标带带号）"),
        (4497, "6° 带 19 带（东坐标带带号）"),
        (4508, "6° 带 CM 111E"),
    ]
    for swapped in (False, True):
        for code, label in systems:
            line = f"配置写 crs: EPSG:{code}"
            if swapped:
                yield (
                    label + "且东、北坐标对调",
                    line + "，并对调 x、y（或在原软件中对调坐标）",
                    CRS.from_epsg(code),
                    True,
                )
            else:
                yield label, line, CRS.from_epsg(code), False


def guess_crs(middle: tuple[float, float], *, ground: Ground | None) -> tuple[Guess, ...]:
    """Rank the readings under which a point falls near the plan, or in Jiangxi when no plan is known yet.

    Parameters
    ----------
    middle : coordinates of the data's middle, as stored.
    ground : the plan's place.
    """
    x, y = np.array([middle[0]]), np.array([middle[1]])
    target = ground or _JIANGXI
    reach = FAR_M if ground else _JIANGXI_REACH_M
    centre = choose_zone(target.middle[0]).number
    found = []
    for label, line, crs, swapped in _candidates([centre, centre - 1, centre + 1]):
        lon, lat = to_degrees(*((y, x) if swapped else (x, y)), crs)
        distance = float(target.measure_distance(lon, lat)[0])
        # Easting far from the meridian is arithmetic, not a place: a zone is three degrees wide.
        if distance <= reach:
            found.append(Guess(label, line, distance))
    if ground:
        return tuple(sorted(found, key=lambda guess: round(guess.distance_m, -2)))
    return tuple(found)


def _nearest(xy: NDArray[np.float64], crs: CRS, ground: Ground) -> float:
    """Distance in metres of the nearest feature: a file of the whole city has its middle elsewhere."""
    lon, lat = to_degrees(xy[:, 0], xy[:, 1], crs)
    there = sits_in_china(lon, lat)
    return float(np.min(ground.measure_distance(lon[there], lat[there])))


def judge_claim(xy: NDArray[np.float64], claim: CRS | None, *, ground: Ground | None = None) -> Verdict:
    """Test what a file claims against its values.

    Parameters
    ----------
    xy : coordinates as stored, shape (n, 2), one a feature.
    claim : declared CRS, None when there is none.
    ground : the plan's place, None while it is not known.

    Returns
    -------
    Verdict
        With the ranked readings under which the values would fall where they should.
    """
    xy = xy[np.isfinite(xy).all(axis=1)]
    if not len(xy):
        return Verdict("" if claim is not None else "文件没有坐标系声明，也没有可用的坐标")
    x, y = (float(value) for value in np.median(xy, axis=0))  # a few wild points must not decide
    guesses = guess_crs((x, y), ground=ground)
    here = f"坐标约为 ({x:.6g}, {y:.7g})"
    if claim is None:
        return Verdict(f"文件没有坐标系声明（缺 .prj 或 crs），{here}", guesses)
    looks_degrees = abs(x) <= 180 and abs(y) <= 180
    if claim.is_geographic and not looks_degrees:
        return Verdict(f"声明为经纬度 {name_crs(claim)}，但{here}，单位是米", guesses)
    if not claim.is_geographic and looks_degrees:
        return Verdict(f"声明为投影坐标 {name_crs(claim)}，但{here}，单位是度", guesses)
    lon, lat = to_degrees(np.array([x]), np.array([y]), claim)
    if not sits_in_china(lon, lat)[0]:
        return Verdict(f"按声明的 {name_crs(claim)} 计算，数据不在中国境内，{here}", guesses)
    if ground is not None:
        distance = _nearest(xy, claim, ground)
        if distance > FAR_M:
            return Verdict(
                f"按声明的 {name_crs(claim)} 计算，数据距规划范围 {distance / 1000:.0f} km，{here}", guesses
            )
    return Verdict("")
