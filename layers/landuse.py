"""Land-use codes of the 2023 classification: repaired, translated from 2020 where that is certain, checked."""

from __future__ import annotations

from functools import cache

import pandas as pd

from configs import read_rows
from configs.planning import landuse_names
from layers.read.raw import Place, list_rows
from layers.source import Parcel
from layers.values import restore_codes


@cache
def _from_2020() -> dict[str, str]:
    """Codes of the 2020 trial list that are gone in 2023 and went to exactly one code."""
    targets: dict[str, set[str]] = {}
    for row in read_rows("standards/landuse_code_2020_to_2023.csv"):
        targets.setdefault(row["code_2020_trial"], set()).add(row["code_2023"])
    known = landuse_names()
    return {
        old: new
        for old, found in targets.items()
        if old not in known and len(found) == 1 and (new := next(iter(found))) in known
    }


def suggest_landuse(code: str) -> str:
    """Return a sentence with the nearest valid codes, by the longest common beginning."""
    known = landuse_names()
    for length in range(len(code), 1, -1):
        near = [c for c in known if c.startswith(code[:length])]
        if near:
            shown = "、".join(f"{c} {known[c]}" for c in near[:4])
            return f"相近代码：{shown}"
    return "请对照《国土空间调查、规划、用途管制用地用海分类指南》（2023）"


def mend_landuse(frame: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Return the parcels with 2023 codes and names; unknown codes are faults.

    A code is completed with its lost zero, filled from the name where only the name is given, and
    translated from the 2020 list only where the old code no longer exists and has one successor. A code
    that exists in both lists with another meaning is told by its name, and reported, never translated.
    """
    if Parcel.landuse_code not in frame and Parcel.landuse_name not in frame:
        place.reported.add((str(Parcel.landuse_name), ""))  # the missing code column says it all
        return frame
    frame = frame.copy()
    known = landuse_names()
    blank = pd.Series(pd.NA, index=frame.index, dtype="str")
    names = frame.get(Parcel.landuse_name, blank)
    given = frame.get(Parcel.landuse_code, blank)
    parsed = restore_codes(given, [*known, *_from_2020()])
    codes = parsed.values
    if parsed.changed.any():
        place.warn(
            "HSQ-V07", "用地代码丢失前导零", field=Parcel.landuse_code, row=list_rows(frame.index[parsed.changed]),
            action="已补零", remedy="在表格中把该列设为文本",
        )  # fmt: skip
    by_name = {name: code for code, name in known.items()}
    filled = codes.isna() & names.isin(by_name)
    if filled.any():
        codes = codes.mask(filled, names.map(by_name))
        place.note(
            "HSQ-V07", f"{filled.sum()} 个图斑只有用地名称", field=Parcel.landuse_code, action="按名称补代码"
        )
    old = codes.isin(_from_2020())
    for code in sorted(codes[old].unique()):
        rows = frame.index[codes == code]
        new = _from_2020()[code]
        place.warn(
            "HSQ-V07", f"{code} 是 2020 版代码", field=Parcel.landuse_code, value=code, row=list_rows(rows),
            action=f"按对照表改为 {new} {known[new]}", remedy="请核对",
        )  # fmt: skip
    codes = codes.mask(old, codes.map(_from_2020()))
    wrong = codes.notna() & ~codes.isin(known)
    for row, code in codes[wrong].items():
        place.error(
            "HSQ-V07", f"用地代码 {code} 不在 2023 版分类内", field=Parcel.landuse_code, row=str(row), value=str(code),
            remedy=suggest_landuse(str(code)),
        )  # fmt: skip
    proper = codes.map(known)
    # Without a valid code there is no name; one fault says it.
    place.reported.update((str(Parcel.landuse_name), str(row)) for row in frame.index[wrong | codes.isna()])
    differs = proper.notna() & names.notna() & (names != proper) & names.isin(by_name)
    for row in frame.index[differs]:
        place.warn(
            "HSQ-V07", f"用地代码 {codes[row]}（{proper[row]}）与名称“{names[row]}”不一致", row=str(row),
            field=Parcel.landuse_code, value=str(codes[row]), action="以代码为准",
            remedy=f"若名称正确，代码应为 {by_name[names[row]]}（可能是 2020 版代码）",
        )  # fmt: skip
    frame[Parcel.landuse_code] = codes
    frame[Parcel.landuse_name] = proper.where(proper.notna(), names)
    return frame
