"""Which columns of a table are coordinates, of what kind, and which web map they came from."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs import read_settings
from layers.read.names import SYNONYMS, fold_name
from layers.values import fold_text, parse_numbers

_ROWS = 3000
# Box of China in degrees; eastings are of six digits, or of eight with the zone before them; northings of seven.
_DEGREES = ((73.0, 136.0), (3.0, 54.5))
_EASTINGS = ((150_000.0, 850_000.0), (13_150_000.0, 45_850_000.0))
_NORTHINGS = (1_800_000.0, 6_000_000.0)
_MOSTLY = 0.8
_EAST_WORDS, _NORTH_WORDS = ("东", "经", "lon", "lng"), ("北", "纬", "lat")
_PAIR = r"^\s*(\d{1,3}\.\d+)\s*[,，;；]\s*(\d{1,3}\.\d+)\s*$"


@dataclass(frozen=True)
class Points:
    """Two columns that are coordinates.

    Attributes
    ----------
    x, y : column of the easting or longitude, column of the northing or latitude.
    degrees : whether they are degrees; metres otherwise.
    xy : the coordinates of the first rows, shape (n, 2).
    datum : datum of the degrees where the source is known (``gcj02``, ``bd09``, ``wgs84``), else None.
    evidence : why, Chinese.
    sure : whether names and values leave no other reading.
    """

    x: str
    y: str
    degrees: bool
    xy: NDArray[np.float64]
    datum: str | None
    evidence: str
    sure: bool


def guess_points(table: pd.DataFrame) -> Points | None:
    """Return the coordinate columns of a table, None where there are none.

    The values decide which column is the easting: surveyors call the northing X. Names only say that columns
    are coordinates at all.
    """
    head = table.iloc[:_ROWS]
    settings = read_settings(SYNONYMS)["coordinates"]
    named = {str(name): _direction(str(name), settings) for name in table.columns}
    numbers = {
        name: parse_numbers(head[name], unit="m").values.to_numpy(dtype=float)
        for name, said in named.items()
        if said
    }
    for degrees, east_boxes, north_box in (
        (True, (_DEGREES[0],), _DEGREES[1]),
        (False, _EASTINGS, _NORTHINGS),
    ):
        east = [name for name, values in numbers.items() if any(_lies(values, box) for box in east_boxes)]
        north = [name for name, values in numbers.items() if _lies(values, north_box) and name not in east]
        if not east or not north:
            continue
        x, y = _pair_up(east, north, named)
        told = f"{x} 为东向（{'经度' if degrees else '米'}），{y} 为北向"
        crossed = named[x] == "北" or named[y] == "东"
        datum, whose = _find_provider(head) if degrees else (None, "")
        sure = len(east) == len(north) == 1 and not (degrees and datum is None)
        evidence = "，".join(
            filter(None, (told, "列名与取值的方向相反，以取值为准" if crossed else "", whose))
        )
        return Points(x, y, degrees, np.column_stack([numbers[x], numbers[y]]), datum, evidence, sure)
    return _guess_pair(head)


def _guess_pair(head: pd.DataFrame) -> Points | None:
    """Find a column that holds ``116.86,28.34``, as web maps' services return it; it is both columns at once."""
    for name in head.columns:
        words = fold_text(head[name].iloc[:100]).dropna()
        if not len(words) or words.str.match(_PAIR).mean() <= _MOSTLY:
            continue
        east, north = split_pairs(head[name])
        xy = np.column_stack([east.to_numpy(dtype=float), north.to_numpy(dtype=float)])
        if _lies(xy[:, 0], _DEGREES[0]) and _lies(xy[:, 1], _DEGREES[1]):
            datum, whose = _find_provider(head)
            told = f"“{name}”一格里写了经度和纬度"
            return Points(
                str(name),
                str(name),
                True,
                xy,
                datum,
                "，".join(filter(None, (told, whose))),
                datum is not None,
            )
    return None


def split_pairs(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return longitudes and latitudes of cells like ``116.86,28.34``, NaN where a cell is none.

    The values say which comes first: no latitude of China exceeds 54.
    """
    parts = fold_text(cells).str.extract(_PAIR).astype("float64")
    first, second = parts[0], parts[1]
    return (second, first) if first.median() < second.median() else (first, second)


def _direction(name: str, settings: Mapping[str, Sequence[str]]) -> str:
    """Return 东, 北 or 标 (a coordinate of unknown direction) by a column's name; empty for other columns."""
    leaf = unicodedata.normalize("NFKC", name).lower().split("/")[-1]
    if any(word in leaf for word in _NORTH_WORDS) and (_is_coordinate(name) or len(leaf) < 12):
        return "北"
    if any(word in leaf for word in _EAST_WORDS) and (_is_coordinate(name) or len(leaf) < 12):
        return "东"
    plain = fold_name(leaf)
    if plain in {fold_name(word) for word in settings["east"]}:
        return "东"
    if plain in {fold_name(word) for word in settings["north"]}:
        return "北"
    return "标" if _is_coordinate(name) else ""


def _is_coordinate(name: str) -> bool:
    return "坐标" in name or "coord" in name.lower()


def _lies(values: NDArray[np.float64], box: tuple[float, float]) -> bool:
    inside = values[np.isfinite(values)]
    return bool(len(inside)) and bool(((inside >= box[0]) & (inside <= box[1])).mean() > _MOSTLY)


def _pair_up(east: list[str], north: list[str], named: Mapping[str, str]) -> tuple[str, str]:
    """Choose the pair whose names agree best: the same group, the right direction, the same ending."""

    def fit(x: str, y: str) -> tuple[bool, bool, int]:
        same_group = x.rsplit("/", 1)[:-1] == y.rsplit("/", 1)[:-1]
        right = named[x] != "北" and named[y] != "东"
        common = len(set(fold_name(x)) & set(fold_name(y)))
        return same_group, right, common

    return max(((x, y) for x in east for y in north), key=lambda pair: fit(*pair))


def _find_provider(head: pd.DataFrame) -> tuple[str | None, str]:
    """Return datum and evidence of the web map a table was exported from, by its columns, ids and types."""
    columns = {fold_name(str(name)) for name in head.columns}
    best: tuple[int, str | None, str] = (0, None, "")
    for provider in read_settings(SYNONYMS)["providers"]:
        hits = [name for name in provider["columns"] if fold_name(name) in columns]
        told = [f"有 {'、'.join(hits)} 列"] if hits else []
        told += _find_values(head, provider)
        if len(hits) + 2 * (len(told) - bool(hits)) > best[0]:
            best = (
                len(hits) + 2 * (len(told) - bool(hits)),
                provider["datum"],
                f"{provider['name']}：{'，'.join(told)}",
            )
    return best[1], best[2]


def _find_values(head: pd.DataFrame, provider: Mapping[str, Any]) -> list[str]:
    told = []
    for pattern, what in ((provider["ids"], "编号写法"), (provider["types"], "分号分隔的三级类型")):
        for name in head.columns:
            words = fold_text(head[name]).dropna().iloc[:300]
            if len(words) and words.str.match(pattern).mean() > _MOSTLY:
                told.append(f"“{name}”列为其{what}")
                break
    return told
