"""Whether coordinates are shifted against the ground: GCJ-02, BD-09, another projection, an old datum.

A file in degrees says nothing of web-map offsets (~600 m GCJ-02, ~1,150 m BD-09 in Jiangxi) and neither does
a file projected from such degrees. Each reading is weighed against the ground and against chance
(``layers.fit``); thresholds and their source are in ``configs/coordinates.yaml``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from configs import read_settings
from layers.crs import to_degrees
from layers.datum import Floats, Pair, shift_from_wgs84, shift_to_wgs84
from layers.field import draw_field, fit_settings
from layers.fit import Fit, Relation, Trial, weigh_readings
from layers.ground import Ground
from layers.offset_evidence import AS_IS, KINDS, Offset, State, decide_settings
from layers.peak import search_offset
from layers.sampling import sample_features

Places = dict[str, Pair]
# Lines on lines and points on houses show a shift of metres; only there a better fit can outdo a good one.
_EXACT = frozenset({"along", "at"})
_BY_FAR = 3.0


def judge_offset(shapes: gpd.GeoSeries, crs: CRS, ground: Ground | None) -> Offset:
    """Judge whether coordinates are shifted against the ground.

    Parameters
    ----------
    shapes : geometry as stored, in ``crs``.
    crs : CRS it is read in.
    ground : the plan's place.
    """
    if ground is None or not (len(ground.areas) or len(ground.roads)):
        return Offset("no_ground", features=len(shapes))
    values = shapes.to_numpy()
    values = values[~(shapely.is_missing(values) | shapely.is_empty(values))]
    if not len(values):
        return Offset("few", features=len(values))
    kind, sample, count = sample_features(values, crs, ground)
    if count < decide_settings()["least"][KINDS[kind]]:
        return Offset("few", sample=count, features=len(values))
    lon, lat = to_degrees(sample[:, 0], sample[:, 1], crs)
    places: Places = {name: ground.project(*move(lon, lat)) for name, (move, _) in _READINGS.items()}
    if crs.is_projected:
        places |= _reproject(sample, crs, ground)
    gaps = {name: _gap(place, places[AS_IS]) for name, place in places.items()}
    known = Offset("unclear", sample=count, features=len(values), gaps=gaps)
    # The network decides where it can; the outline is asked where the network says nothing.
    network = _weigh(known, _network_trials(kind, places[AS_IS], ground), places, ground, loose=False)
    if network.state != "unclear":
        return network
    outline = _outline_trials(kind, values, crs, places[AS_IS], ground)
    found = _weigh(network, outline, places, ground, loose=True)
    return found if found.state != "unclear" or not network.strength else network


def _weigh(known: Offset, trials: list[Trial], places: Places, ground: Ground, *, loose: bool) -> Offset:
    moved = {name: [_move_trial(trial, name, places, ground) for trial in trials] for name in places}
    fit = weigh_readings(trials, moved) if trials else None
    if fit is None:
        return known
    weighed = replace(
        known,
        strength=fit.strength,
        threshold=decide_settings()["apply"] * _strictness(known.sample, loose=loose),
        trials=fit.trials,
    )
    return _decide(weighed, fit, places, trials, ground)


def _strictness(count: int, *, loose: bool) -> float:
    """What thresholds are multiplied by: few features, or an outline, fit by chance more often."""
    rules = decide_settings()
    return (1 + rules["small"] / count) * (rules["border"] if loose else 1.0)


def _decide(known: Offset, fit: Fit, places: Places, trials: list[Trial], ground: Ground) -> Offset:
    rules = decide_settings()
    factor = known.threshold / rules["apply"]
    best = max(fit.strength, key=lambda name: fit.strength[name])
    rest = max(value for name, value in fit.strength.items() if name != best)
    clear = fit.strength[best] - rest >= rules["lead"] * factor
    if best != AS_IS and fit.strength[best] >= rules["suspect"] * factor and clear:
        east, north = _gap(places[best], places[AS_IS])
        sure = fit.strength[best] >= known.threshold
        state: State = "shifted" if sure else "suspect"
        if best.startswith("ground_"):
            # The data show where the ground should lie.
            state, east, north = ("ground" if sure else "unclear"), -east, -north
        return replace(
            known, state=state, reading=best.removeprefix("ground_"), east_m=east, north_m=north,
            median_m=_medians(places, best, ground),
        )  # fmt: skip
    if best == AS_IS and fit.strength[AS_IS] >= rules["as_is"] * factor:
        if any(trial.relation in _EXACT for trial in trials):
            # Streets moved by a block meet other streets: a fit, until one sees how well they could fit.
            found = _find_displacement(known, trials, factor, least_gain=_BY_FAR)
            if found.state == "displaced":
                return found
        return replace(known, state="as_is")
    # Points beside roads, or within an outline, fix their place to some ten metres at best.
    if any(trial.relation not in {"beside", "within"} for trial in trials):
        return _find_displacement(known, trials, factor)
    return known


def _find_displacement(
    known: Offset, trials: list[Trial], factor: float, *, least_gain: float = 1.0
) -> Offset:
    """Look for a shift of tens of metres to a few hundred that is no web map's.

    It must fit ``least_gain`` times as well as no shift.
    """
    rules = read_settings("coordinates.yaml")["offset"]
    peak = search_offset(trials, within_m=rules["most_m"], step_m=rules["step_m"], apart_m=rules["apart_m"])
    if peak is None or np.hypot(*peak.shift) < rules["least_m"]:
        return known
    least, lead = rules["strength"] * factor, rules["lead"] * factor
    # Kerbs and parcels of a grid of streets fit once half a street is taken off, to any of four sides, and a
    # regular grid fits upon its neighbour: what fits as well elsewhere says nothing of where data belong.
    if peak.strength < max(least, least_gain * peak.as_is) or peak.strength - peak.as_is < lead:
        return known
    if peak.rival > rules["rival"] * peak.strength:
        return known
    return replace(
        known, state="displaced", east_m=float(-peak.shift[0]), north_m=float(-peak.shift[1]),
        threshold=least, strength={**known.strength, "displaced": peak.strength},
    )  # fmt: skip


def _gap(place: Pair, as_is: Pair) -> tuple[float, float]:
    """How far the coordinates as read lie off those of a reading."""
    return float(np.mean(as_is[0] - place[0])), float(np.mean(as_is[1] - place[1]))


def _medians(places: Places, reading: str, ground: Ground) -> tuple[float, float] | None:
    if ground.road_field is None:
        return None
    still = np.zeros((1, 2))
    medians = []
    for name in (AS_IS, reading):
        counts = ground.road_field.count(*places[name], still)[0].cumsum()
        medians.append(float(np.searchsorted(counts, counts[-1] / 2)))
    return medians[0], medians[1]


Move = Callable[[Floats, Floats], Pair]


def _shift_move(datum: Literal["gcj02", "bd09"], *, forward: bool) -> Move:
    shift = shift_from_wgs84 if forward else shift_to_wgs84
    return lambda lon, lat: shift(lon, lat, datum=datum)


def _stay(lon: Floats, lat: Floats) -> Pair:
    return lon, lat


# From what is stored to where it lies, and back. A ground that is itself shifted makes unshifted data fit
# after a shift the other way.
_READINGS: dict[str, tuple[Move, Move]] = {
    AS_IS: (_stay, _stay),
    "gcj02": (_shift_move("gcj02", forward=False), _shift_move("gcj02", forward=True)),
    "bd09": (_shift_move("bd09", forward=False), _shift_move("bd09", forward=True)),
    "ground_gcj02": (_shift_move("gcj02", forward=True), _shift_move("gcj02", forward=False)),
    "ground_bd09": (_shift_move("bd09", forward=True), _shift_move("bd09", forward=False)),
}


def _reproject(sample: Floats, crs: CRS, ground: Ground) -> dict[str, Pair]:
    """Return the places of the same numbers read as UTM where Gauss-Krueger is claimed, or the reverse.

    The two share zones and false easting; UTM is scaled by 0.9996, which is 1.2 km of northing in Jiangxi.
    """
    params = crs.coordinate_operation.params if crs.coordinate_operation else []
    value = {item.name: float(item.value) for item in params}
    scale = value.get("Scale factor at natural origin", 0.0)
    if value.get("False easting") != 500_000.0 or scale not in {1.0, 0.9996}:
        return {}
    meridian = value["Longitude of natural origin"]
    other, name = (0.9996, "utm") if scale == 1.0 else (1.0, "gk")
    text = f"+proj=tmerc +lat_0=0 +lon_0={meridian} +k={other} +x_0=500000 +ellps=GRS80 +units=m"
    lon, lat = to_degrees(sample[:, 0], sample[:, 1], CRS.from_user_input(text))
    return {name: ground.project(lon, lat)}


def _network_trials(kind: int, place: Pair, ground: Ground) -> list[Trial]:
    """Return what can be compared with roads and buildings."""
    per = int(fit_settings()["points_per_polygon"]) if kind == 2 else 1
    relations: tuple[Relation, ...] = ("beside", "along", "apart")
    trials = []
    if ground.road_field is not None:
        trials.append(Trial(ground.road_field, *place, relations[kind], per))
    if ground.building_field is not None:
        trials.append(Trial(ground.building_field, *place, "clear" if kind else "at", per))
    return trials


def _outline_trials(
    kind: int, values: NDArray[np.object_], crs: CRS, place: Pair, ground: Ground
) -> list[Trial]:
    """Return what can be compared with the outline: borders run along roads, clipped data lie within."""
    if kind == 0:
        return [Trial(ground.area_field, *place, "within")] if ground.area_field is not None else []
    if not len(ground.areas):
        return []
    # Parcels begin at borders and borders run along roads, yet few roads lie on a border: it is looked at
    # from its own points.
    shapes = values[shapely.get_dimensions(values) == kind]
    if crs != ground.crs:

        def project(xy: Floats) -> Floats:
            return np.column_stack(ground.project(*to_degrees(xy[:, 0], xy[:, 1], crs)))

        shapes = shapely.transform(shapes, project)
    drawn = draw_field(shapes, clip=ground.clip, filled=False)
    x, y = ground.border_points.T
    return [Trial(drawn, x, y, "along", turned=True)] if drawn is not None else []


def _move_trial(trial: Trial, name: str, places: Places, ground: Ground) -> Trial:
    """Return the trial with its points under a reading; the ground's points move the other way."""
    if not trial.turned:
        return replace(trial, x=places[name][0], y=places[name][1])
    if name in _READINGS:
        x, y = ground.project(*_READINGS[name][1](*ground.unproject(trial.x, trial.y)))
        return replace(trial, x=x, y=y)
    east, north = _gap(places[name], places[AS_IS])
    return replace(trial, x=trial.x + east, y=trial.y + north)
