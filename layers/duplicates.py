"""The same thing twice: rows that repeat, shapes drawn twice, a facility in a ledger and in a web map."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from configs.geometry import limits
from layers.account import MERGED
from layers.model import Layer
from layers.read.raw import Place
from layers.shapes.findings import Findings, find_spots, key_columns
from layers.source import Facility

NEAR_M = 60.0  # web-map points are good to 5-10 m, but often stand at the door or at the road
_ALIKE = 0.8
_POINT, _LINE, _AREA = 0, 1, 2


def drop_repeated(frame: gpd.GeoDataFrame, layer: type[Layer], place: Place) -> gpd.GeoDataFrame:
    """Keep the first of rows that agree in geometry (to ``xy_m``) and in every attribute but their number.

    Parameters
    ----------
    frame : in the plan's CRS, metres; the index is the row number the technician sees.
    """
    if len(frame) < 2:
        return frame
    shapes = frame.geometry.to_numpy()
    digits = _digits(limits().xy_m)
    # Only shapes of the same extent can be the same shape.
    boxes = pd.DataFrame(np.round(shapely.bounds(shapes), digits))
    alike = np.flatnonzero(boxes.duplicated(keep=False).to_numpy())
    rounded = shapely.transform(shapes[alike], lambda xy: np.round(xy, digits))
    facts = _facts(frame.iloc[alike], layer).assign(_form=shapely.to_wkb(shapely.normalize(rounded)))
    again = np.zeros(len(frame), dtype=bool)
    again[alike] = facts.duplicated().to_numpy()
    if not again.any():
        return frame
    findings = Findings.over(frame, place)
    spots = find_spots(shapes[again])
    for at, spot in zip(np.flatnonzero(again), spots, strict=True):
        place.warn(
            "HSQ-G04", "与前面的要素图形和属性（编号除外）完全相同", row=str(findings.rows[at]),
            value=findings.keys[at], action="只保留第一个", remedy="删除重复要素", **_place(spot),
        )  # fmt: skip
    findings.drop(np.flatnonzero(again), MERGED)
    return frame[~again]


def report_twins(frame: gpd.GeoDataFrame, layer: type[Layer], place: Place, *, areas: bool) -> None:
    """Report shapes of one file that are nearly the same: one of them is a second drawing of the other.

    Nothing is left out, as their attributes differ and only the technician knows which row is right.
    Polygons are twins where their common ground is more than ``twin_share`` of their union; lines where
    nowhere farther apart than ``twin_m`` and than a like share of their length; points that near and alike in
    every attribute but the number.

    Parameters
    ----------
    frame : valid shapes, metres.
    areas : whether polygons are looked at; where they may not overlap, the overlap is said by itself.
    """
    shapes = frame.geometry.to_numpy()
    dimension = shapely.get_dimensions(shapes)
    pairs = [
        _find_points(frame, layer, np.flatnonzero(dimension == _POINT)),
        _find_lines(shapes, np.flatnonzero(dimension == _LINE)),
    ]
    if areas:
        pairs.append(_find_areas(shapes, np.flatnonzero(dimension == _AREA)))
    if not any(len(texts) for *_, texts in pairs):
        return
    findings = Findings.over(frame, place)
    for first, second, texts in pairs:
        spots = find_spots(shapes[second])
        for one, two, text, spot in zip(first, second, texts, spots, strict=True):
            findings.tell(
                int(two), "HSQ-G04", f"与{findings.name(int(one))}近似重复（{text}）", severity="警告",
                spot=spot, value=str(findings.keys[two]), action="两个都保留", remedy="核对后删除重复的一个",
            )  # fmt: skip


_Twins = tuple[NDArray[np.intp], NDArray[np.intp], list[str]]


def _find_points(frame: gpd.GeoDataFrame, layer: type[Layer], mine: NDArray[np.intp]) -> _Twins:
    shapes = frame.geometry.to_numpy()[mine]
    one, two = _pair(shapes, limits().twin_m)
    # To bytes, so that hashing does not depend on how pandas holds the column.
    facts = _facts(frame.iloc[mine], layer).astype("str").fillna("")
    codes = (
        pd.util.hash_pandas_object(facts, index=False).to_numpy()
        if len(facts.columns)
        else np.zeros(len(mine))
    )
    alike = codes[one] == codes[two]
    one, two = one[alike], two[alike]
    gaps = shapely.distance(shapes[one], shapes[two])
    return mine[one], mine[two], [f"属性相同，相距 {gap:.2f} m" for gap in gaps]


def _find_lines(shapes: NDArray[np.object_], mine: NDArray[np.intp]) -> _Twins:
    lines = shapes[mine]
    box = shapely.bounds(lines)
    one, two = _pair(shapely.points(box[:, :2]), limits().twin_m * np.sqrt(2))
    like = (np.abs(box[one] - box[two]) <= limits().twin_m).all(axis=1)
    one, two = one[like], two[like]
    apart = shapely.hausdorff_distance(lines[one], lines[two])
    # A step of a stair is no second drawing of the next one.
    shorter = np.minimum(shapely.length(lines[one]), shapely.length(lines[two]))
    near = (apart <= limits().twin_m) & (apart <= (1 - limits().twin_share) * shorter)
    return mine[one[near]], mine[two[near]], [f"最远相距 {gap:.2f} m" for gap in apart[near]]


def _find_areas(shapes: NDArray[np.object_], mine: NDArray[np.intp]) -> _Twins:
    areas = shapes[mine]
    size, box = shapely.area(areas), shapely.bounds(areas)
    # Common ground of that share leaves the middles of both boxes close together.
    slack = np.hypot(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) * 2 * (1 - limits().twin_share)
    middle = shapely.points((box[:, :2] + box[:, 2:]) / 2)
    one, two = _pair(middle, slack)
    ratio = np.minimum(size[one], size[two]) / np.maximum(size[one], size[two])
    one, two = one[ratio > limits().twin_share], two[ratio > limits().twin_share]
    common = shapely.area(shapely.intersection(areas[one], areas[two]))
    share = common / (size[one] + size[two] - common)
    twin = share > limits().twin_share
    return mine[one[twin]], mine[two[twin]], [f"重合 {part:.1%}" for part in share[twin]]


def _pair(shapes: NDArray[np.object_], distance: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return pairs of shapes within a distance (one for all, or one each), the earlier first, each once."""
    if len(shapes) < 2:
        return np.array([], dtype=np.intp), np.array([], dtype=np.intp)
    one, two = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=distance)
    pairs = np.unique(np.sort(np.column_stack([one, two])[one != two], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _facts(frame: gpd.GeoDataFrame, layer: type[Layer]) -> pd.DataFrame:
    """Return what rows say, without what numbers them."""
    keys = [key for key in key_columns(layer) if key in frame.columns]
    return pd.DataFrame(frame.drop(columns=[frame.geometry.name, *keys]))


def _digits(step: float) -> int:
    return max(0, -int(np.floor(np.log10(step))))


def _place(spot: NDArray[np.float64]) -> dict[str, float]:
    return {"x": round(float(spot[0]), 2), "y": round(float(spot[1]), 2)} if np.isfinite(spot).all() else {}


def _likeness(left: str, right: str) -> float:
    """Share of the shorter name's characters that occur in the longer one (overlap coefficient)."""
    a, b = set(left), set(right)
    return len(a & b) / min(len(a), len(b)) if min(len(a), len(b)) >= 2 else 0.0


def drop_twins(frame: gpd.GeoDataFrame, place: Place, *, rows: pd.Series) -> gpd.GeoDataFrame:
    """Leave out facilities that an earlier file has already: same class, near, and alike in name.

    Parameters
    ----------
    frame : facilities of all files in the order of the config, metres.
    rows : row number of each in its file, for the message.
    """
    if frame[Facility.source].nunique() < 2 or Facility.name not in frame.columns:
        return frame
    shapes = frame.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=NEAR_M)
    ordered = first < second
    first, second = first[ordered], second[ordered]
    files, kinds = frame[Facility.source].to_numpy(), frame[Facility.type_key].to_numpy()
    possible = (files[first] != files[second]) & (kinds[first] == kinds[second])
    names = frame[Facility.name].fillna("").to_numpy()
    drop = np.zeros(len(frame), dtype=bool)
    for one, two in zip(first[possible], second[possible], strict=True):
        if drop[one] or drop[two] or _likeness(names[one], names[two]) < _ALIKE:
            continue
        drop[two] = True
        gap = shapely.distance(shapes[one], shapes[two])
        place.warn(
            "HSQ-G04",
            f"“{names[two]}”与“{names[one]}”（{files[one]} 第 {rows.iloc[one]} 行）类型相同、名称相近、相距 {gap:.0f} m",
            file=str(files[two]),
            row=str(rows.iloc[two]),
            value=str(names[two]),
            action="视为同一设施，只保留先列出的文件中的一个",
            remedy="若确为两处设施，请在名称中区分",
            x=round(float(shapes[two].x), 2),
            y=round(float(shapes[two].y), 2),
        )
    return frame[~drop]
