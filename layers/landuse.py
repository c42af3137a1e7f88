"""Land use in codes and names of the classification of 2023, whatever list a file was written in.

What is certain is translated, what may be several is listed row by row with its candidates, what is unknown or
contradicts itself is refused or told. Nothing is changed without a row in the log.
"""

from __future__ import annotations

import itertools
from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs.landuse import schemes
from configs.planning import landuse_names
from layers.cells import fold_text
from layers.classification import (
    Judged,
    Meaning,
    differing_codes,
    judge_scheme,
    plain_name,
    resolve,
    split_pair,
)
from layers.read.raw import Place, list_rows
from layers.source import Parcel

_MOST = 8  # candidates shown


def suggest_landuse(code: str) -> str:
    """Return a sentence with the nearest valid codes, by the longest common beginning."""
    known = landuse_names()
    for length in range(len(code), 1, -1):
        near = [c for c in known if c.startswith(code[:length])]
        if near:
            return f"相近代码：{_show(tuple(near[:4]))}"
    return "请对照《国土空间调查、规划、用途管制用地用海分类指南》（2023）"


def _show(codes: tuple[str, ...]) -> str:
    known = landuse_names()
    rest = f" 等 {len(codes)} 类" if len(codes) > _MOST else ""
    return "、".join(f"{code} {known.get(code, '')}".strip() for code in codes[:_MOST]) + rest


def mend_landuse(frame: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Return the parcels with 2023 codes and names; unknown codes are faults.

    Parameters
    ----------
    frame : parcels of one file, with a code or a name or both.
    place : where the file is; ``classification`` outweighs the evidence.
    """
    if Parcel.landuse_code not in frame and Parcel.landuse_name not in frame:
        place.reported.add((str(Parcel.landuse_name), ""))  # the missing code column says it all
        return frame
    frame = frame.copy()
    blank = pd.Series(pd.NA, index=frame.index, dtype="str")
    given = fold_text(frame.get(Parcel.landuse_code, blank)).fillna("")
    named = fold_text(frame.get(Parcel.landuse_name, blank)).fillna("")
    # What the config itself gives is of 2023, whatever the file is in.
    ours = pd.Series(frame.index.isin(list(_settled(place))), index=frame.index)
    # A land use is one of a hundred or two: everything is decided once a pair, not once a row.
    at, distinct = pd.factorize(pd.MultiIndex.from_arrays([given, named, ours]))
    counts = np.bincount(at, minlength=len(distinct))
    split = [split_pair(code.strip(), plain_name(name)) for code, name, _ in distinct]
    fixed = [bool(own) for _, _, own in distinct]
    pairs = pd.DataFrame(split, columns=["code", "name"]).assign(rows=counts)[~np.array(fixed, dtype=bool)]
    columns = (place.columns.get(str(Parcel.landuse_code)), place.columns.get(str(Parcel.landuse_name)))
    judged = judge_scheme(
        pairs, columns=tuple(column for column in columns if column), declared=place.classification
    )
    meanings = [
        resolve(code, "" if own and code else name, schemes()["2023"] if own else judged.scheme)
        for (code, name), own in zip(split, fixed, strict=True)
    ]
    _report_scheme(pairs, judged, place)
    rows = (
        [frame.index[at == i] for i in range(len(distinct))] if len(distinct) < 1000 else _rows_of(at, frame)
    )
    tally: Counter[str] = Counter()
    for (code, name), meaning, where in zip(split, meanings, rows, strict=True):
        _report(code, name, meaning, judged, where, frame, place, tally)
    codes = pd.Series([_adopted(meanings[i]) for i in at], index=frame.index, dtype="str")
    proper = codes.map(landuse_names())
    lost = codes.isna()
    # Without a valid code there is no name; one fault says it. A blank code is told by the check of blanks.
    place.reported.update((str(Parcel.landuse_name), str(row)) for row in frame.index[lost])
    if judged.scheme.key != "2023" or tally["同名同码"] < len(frame):
        place.note(
            "HSQ-V07", f"{len(frame)} 个图斑的用地分类已核对", field=str(Parcel.landuse_code),
            action="；".join(f"{what} {count}" for what, count in tally.items()),
        )  # fmt: skip
    frame[Parcel.landuse_code] = codes
    frame[Parcel.landuse_name] = proper.where(proper.notna(), named.where(named != ""))
    return frame


def _settled(place: Place) -> set[object]:
    return place.settled.get(str(Parcel.landuse_code), set()) | place.settled.get(
        str(Parcel.landuse_name), set()
    )


def _rows_of(at: np.ndarray, frame: pd.DataFrame) -> list[pd.Index]:
    order = np.argsort(at, kind="stable")
    cuts = np.searchsorted(at[order], np.arange(at.max() + 2))
    return [frame.index[order[a:b]] for a, b in itertools.pairwise(cuts)]


def _adopted(meaning: Meaning) -> str | None:
    return meaning.target.code if meaning.target is not None else None


def _report_scheme(pairs: pd.DataFrame, judged: Judged, place: Place) -> None:
    field = str(Parcel.landuse_code)
    if judged.rival is not None:
        codes = differing_codes(pairs, judged)
        shown = "、".join(
            f"{code}（{judged.scheme.title}{_own_name(code, judged.scheme.key)}，"
            f"{judged.rival.title}{_own_name(code, judged.rival.key)}）"
            for code in codes[:_MOST]
        )
        place.warn(
            "HSQ-V07", f"不能断定用地代码属{judged.scheme.title}还是{judged.rival.title}，含义不同的代码：{shown}",
            field=field, value="、".join(codes[:_MOST]), action=f"按{judged.scheme.title}读取",
            remedy=f"在配置中写 classification: {judged.scheme.key} 或 {judged.rival.key}，或补上用地名称列",
        )  # fmt: skip
    elif judged.scheme.key != "2023":
        place.note(
            "HSQ-V07", f"用地代码为{judged.scheme.title}分类：{judged.evidence}", field=field,
            action="译为 2023 版", remedy="若判断有误，在配置中写 classification",
        )  # fmt: skip


def _own_name(code: str, key: str) -> str:
    from layers.classification import complete

    full = complete(code, key)
    return schemes()[key].names[full] if full else ""


def _report(
    code: str,
    name: str,
    meaning: Meaning,
    judged: Judged,
    rows: pd.Index,
    frame: pd.DataFrame,
    place: Place,
    tally: Counter[str],
) -> None:
    """Tell of all rows of one pair what was done with them."""
    if not code and not name:
        tally["空白"] += len(rows)
        return
    target, own = meaning.target, meaning.scheme
    field = str(Parcel.landuse_code)
    if target is None or target.code is None or own is None:
        _refuse(code, name, meaning, rows, place)
        tally["无法确定"] += len(rows)
        return
    known = landuse_names()
    shown = f"{code} " if code else ""
    title = f"{own.title}{meaning.code} {own.names[meaning.code]}"
    became = f"{target.code} {known[target.code]}"
    if meaning.zero:
        place.warn(
            "HSQ-V07", f"用地代码 {code} 丢失前导零或多补了零", field=field, row=list_rows(rows), value=code,
            action=f"读作 {meaning.code}", remedy="在表格中把该列设为文本",
        )  # fmt: skip
    if meaning.conflict:
        _report_conflict(code, name, target.code, meaning, rows, place)
        tally["名称与代码不一致"] += len(rows)
    if not target.sure:
        _report_open(f"{shown}{name}".strip(), title, became, meaning, rows, frame, place)
        tally["有多种可能"] += len(rows)
    elif meaning.by_name:
        source = "" if own.key == "2023" else f"（{title}）"
        tell = place.note if own.key in ("2023", judged.scheme.key) else place.warn
        tell(
            "HSQ-V07", f"{len(rows)} 个图斑只有用地名称“{name}”{source}", field=field, row=list_rows(rows), value=name,
            action=f"按名称补代码 {became}",
        )  # fmt: skip
        tally["按名称补代码"] += len(rows)
    elif meaning.code != target.code or (own.key != "2023" and own.names[meaning.code] != known[target.code]):
        place.warn(
            "HSQ-V07", f"{meaning.code} 是 {own.title.strip()}代码（{own.names[meaning.code]}）", field=field, value=code,
            row=list_rows(rows), action=f"按对照表改为 {became}（置信度 {target.confidence:.2f}）", remedy="请核对",
        )  # fmt: skip
        tally[f"由{own.title.strip()}译出"] += len(rows)
    elif name and not meaning.conflict and name != known[target.code]:
        place.note(
            "HSQ-V07", f"用地名称“{name}”不是 2023 版名称", field=str(Parcel.landuse_name), row=list_rows(rows), value=name,
            action=f"按代码写为 {became}",
        )  # fmt: skip
        tally["按代码改名称"] += len(rows)
    elif not meaning.conflict:
        tally["补零" if meaning.zero else "同名同码"] += len(rows)


def _refuse(code: str, name: str, meaning: Meaning, rows: pd.Index, place: Place) -> None:
    field = Parcel.landuse_code if code else Parcel.landuse_name
    target = meaning.target
    options = target.candidates if target is not None else meaning.options
    if target is not None and meaning.scheme is not None:
        problem = f"{meaning.scheme.title}{meaning.code} {meaning.scheme.names[meaning.code]} 跨 2023 版几个大类，不能直接翻译"
    elif code:
        problem = f"用地代码 {code} 不在 2023 版分类内"
    else:
        problem = f"用地名称“{name}”无法对应到分类代码"
    remedy = (
        f"可能是 {_show(options)}；在配置的 values 中写明对应，或改正该图斑"
        if options
        else suggest_landuse(code)
    )
    for row in rows:
        place.error(
            "HSQ-V07", problem, field=str(field), row=str(row), value=code or name, remedy=remedy,
        )  # fmt: skip
        place.reported.add((str(Parcel.landuse_code), str(row)))


def _report_conflict(
    code: str, name: str, adopted: str, meaning: Meaning, rows: pd.Index, place: Place
) -> None:
    proper = landuse_names()[adopted]
    for row in rows:
        place.warn(
            "HSQ-V07", f"用地代码 {code}（{proper}）与名称“{name}”不一致", field=str(Parcel.landuse_code), row=str(row),
            value=code, action="以代码为准", remedy=f"若名称正确，代码应为 {_show(meaning.conflict)}",
        )  # fmt: skip


def _report_open(
    given: str,
    title: str,
    became: str,
    meaning: Meaning,
    rows: pd.Index,
    frame: pd.DataFrame,
    place: Place,
) -> None:
    """List every parcel whose class may have become several, with its place."""
    target = meaning.target
    if target is None:
        return
    spots = _spots(frame, rows)
    for row, (x, y) in zip(rows, spots, strict=True):
        place.warn(
            "HSQ-V07", f"{given}（{title}）在 2023 版有 {len(target.candidates)} 种可能：{_show(target.candidates)}",
            field=str(Parcel.landuse_code), row=str(row), value=given, x=x, y=y,
            action=f"暂按 {became}（对照表置信度 {target.confidence:.2f}）",
            remedy="按实地用途改正该图斑，或在配置的 values 中为该代码写明对应",
        )  # fmt: skip


def _spots(frame: pd.DataFrame, rows: pd.Index) -> list[tuple[float | None, float | None]]:
    """A point inside each parcel, in the plan's CRS; nothing where there is no shape."""
    if not isinstance(frame, gpd.GeoDataFrame):
        return [(None, None)] * len(rows)
    points = shapely.point_on_surface(frame.geometry.loc[rows].to_numpy())
    return [
        (round(float(x), 2), round(float(y), 2)) if np.isfinite(x) and np.isfinite(y) else (None, None)
        for x, y in zip(shapely.get_x(points), shapely.get_y(points), strict=True)
    ]
