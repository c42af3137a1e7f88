"""Communities of a file against the division list: codes completed where they are certain, doubts told.

Type, street and name together make a match (``layers.divisions``); what is only similar is suggested.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from layers.divisions import Divisions, find_street
from layers.faults import FaultLog
from layers.placenames import is_alike, is_village, stem_of, street_stem
from layers.read.raw import Place
from layers.source import Community

_MOST = 6  # entries shown


@dataclass(frozen=True)
class Rules:
    """What the plan says about codes.

    Attributes
    ----------
    region : county code, 6 digits.
    province : province prefix, 2 digits.
    divisions : the list; None where there is none for the province.
    fictional : beginnings of codes declared as fictional: accepted without the list.
    confirmed : codes somebody checked, by community name; they outweigh the list.
    """

    region: str
    province: str
    divisions: Divisions | None = None
    fictional: tuple[str, ...] = ()
    confirmed: Mapping[str, str] = field(default_factory=dict)

    def is_fictional(self, code: str) -> bool:
        """Whether a code is declared as fictional."""
        return any(code.startswith(prefix) for prefix in self.fictional)

    @property
    def listed(self) -> Divisions | None:
        """The list, where it knows the plan's county and the county is no fiction."""
        known = self.divisions is not None and self.region in self.divisions.counties
        return self.divisions if known and not self.is_fictional(self.region) else None


@dataclass(frozen=True)
class _Row:
    label: str
    name: str
    code: str
    street: str


def settle_communities(frame: pd.DataFrame, place: Place, rules: Rules) -> pd.DataFrame:
    """Return the communities with codes completed; every code and name that does not fit the list is told.

    Parameters
    ----------
    frame : communities of one file, on row numbers.
    """
    frame = frame.copy()
    columns = {
        column: frame[column].fillna("").astype("str") if column in frame.columns else [""] * len(frame)
        for column in (Community.name, Community.code, Community.street)
    }
    rows = [_Row(str(label), *cells) for label, *cells in zip(frame.index, *columns.values(), strict=True)]
    codes = [_settle(row, place, rules) for row in rows]
    accepted = sum(bool(code) and rules.is_fictional(code) for code in codes)
    if accepted:
        place.note(
            "HSQ-A06", f"{accepted} 个社区代码属配置声明的虚构代码（{'、'.join(rules.fictional)}）", field=str(Community.code),
            value="、".join(rules.fictional), action="照声明接受，不与区划代码表核对",
        )  # fmt: skip
    if Community.code in frame.columns or any(codes):
        frame[Community.code] = pd.Series([code or None for code in codes], index=frame.index, dtype="str")
    return frame


def _settle(row: _Row, place: Place, rules: Rules) -> str:
    """Return the code of one community, empty where it stays unknown."""
    given = rules.confirmed.get(row.name, "")
    if given:
        if row.code and row.code != given:
            _tell(place, row, f"社区代码 {row.code} 与配置中人工核实的 {given} 不同", action=f"采用 {given}")
        return given
    if not row.code:
        return _find_code(row, place, rules)
    if rules.is_fictional(row.code) and re.fullmatch(r"\d{12}", row.code):
        return row.code
    if not re.fullmatch(r"\d{12}", row.code):
        return _complete(row, place, rules)
    if not row.code.startswith(rules.province):
        remedy = "核对代码，或改正配置的 province_prefix"
        _tell(place, row, f"社区代码 {row.code} 不以省级代码 {rules.province} 开头", remedy=remedy)
    elif not row.code.startswith(rules.region):
        remedy = "核对代码，或改正配置的 region_code"
        _tell(place, row, f"社区代码 {row.code} 不属于县（市、区）{rules.region}", remedy=remedy)
    elif rules.listed is not None:
        _compare(row, rules.listed, place, rules)
    return row.code


def _tell(place: Place, row: _Row, problem: str, *, action: str = "照原样保留", remedy: str = "") -> None:
    place.warn(
        "HSQ-A06", problem, field=str(Community.code), row=row.label, value=row.code or row.name, action=action,
        remedy=remedy or "核对社区名称和代码；核实后在配置 divisions.confirmed 中写“社区名: 12 位代码”",
    )  # fmt: skip


def _pool(row: _Row, divisions: Divisions, region: str) -> tuple[pd.DataFrame, bool]:
    """Entries of the community's type, of its street where that is known, else of the county; and which."""
    table = divisions.villages
    table = table[table["urban"] != is_village(row.name)]
    if row.street:
        found, _ = find_street(row.street, divisions, region=region)
        if len(found) == 1:
            return table[table["streetCode"] == found[0]], True
    return table[table["code"].str.startswith(region)], False


def _show(entries: pd.DataFrame, divisions: Divisions, *, streets: bool) -> str:
    shown = [
        f"{name}（{code}{'，' + divisions.street_names.get(street, '') if streets else ''}）"
        for code, name, street in entries[["code", "name", "streetCode"]].head(_MOST).itertuples(index=False)
    ]
    return "、".join(shown) + (f" 等 {len(entries)} 个" if len(entries) > _MOST else "")


def _find_code(row: _Row, place: Place, rules: Rules) -> str:
    """Find the code of a community that has none, by type, street and name."""
    divisions = rules.listed
    if divisions is None or not row.name:
        return ""
    _check_street(row, divisions, place, rules.region)
    pool, by_street = _pool(row, divisions, rules.region)
    stem = stem_of(row.name)
    same = pool[pool["stem"] == stem]
    if by_street and len(same) == 1:
        code = str(same["code"].iloc[0])
        place.note(
            "HSQ-A06", f"社区“{row.name}”没有代码", field=str(Community.code), row=row.label, value=row.name,
            action=f"按类型、街道和名称补为 {code}（{divisions.title}）",
        )  # fmt: skip
        return code
    near = pool[[is_alike(stem, other) for other in pool["stem"]]]
    where = row.street if by_street else f"县（市、区）{rules.region}"
    if len(same):
        many = "有几个" if len(same) > 1 else "有" if by_street else "没有写明街道，全县有"
        problem = f"社区“{row.name}”没有代码，{many}同名条目：{_show(same, divisions, streets=not by_street)}"
    elif len(near):
        problem = f"社区“{row.name}”在{where}代码表中只有相近的条目：{_show(near, divisions, streets=not by_street)}"
    else:
        problem = f"社区“{row.name}”在{where}代码表中没有同名条目"
    _tell(place, row, problem, action="社区代码留空，不按相似名称认定")
    return ""


def _check_street(row: _Row, divisions: Divisions, place: Place, region: str) -> None:
    """Tell of a street that is not in the list under its name."""
    if not row.street or row.street in set(divisions.street_names.values()):
        return
    found, near = find_street(row.street, divisions, region=region)
    names = [divisions.street_names[code] for code in found or near]
    if found:
        problem, action = f"街道“{row.street}”在代码表中写作“{names[0]}”", f"按“{names[0]}”查找"
    else:
        hint = f"，相近的有：{'、'.join(names)}" if names else ""
        problem, action = f"代码表中没有街道“{row.street}”{hint}", "不按相似名称认定"
    place.warn(
        "HSQ-A06", problem, field=str(Community.street), row=row.label, value=row.street, action=action,
        remedy="改正街道名称，与代码表写法一致",
    )  # fmt: skip


def _complete(row: _Row, place: Place, rules: Rules) -> str:
    """Complete a code that lost its beginning, where name and list leave one; else tell that it is no code."""
    problem = f"社区代码 {row.code} 不是 12 位数字"
    remedy = "写全 12 位统计用区划代码；表格中把该列设为文本"
    divisions = rules.listed
    if divisions is not None and row.code.isdigit() and len(row.code) < 12 and row.name:
        pool, by_street = _pool(row, divisions, rules.region)
        same = pool[(pool["stem"] == stem_of(row.name)) & pool["code"].str.endswith(row.code)]
        if len(same) == 1:
            code = str(same["code"].iloc[0])
            _tell(place, row, problem, action=f"按名称和代码表补全为 {code}", remedy=remedy)
            return code
        if row.code in divisions.street_names:
            problem += f"，是街道 {divisions.street_names[row.code]} 的代码"
        elif len(same) > 1:
            problem += f"，可能是 {_show(same, divisions, streets=not by_street)}"
    _tell(place, row, problem, remedy=remedy)
    return row.code


def _compare(row: _Row, divisions: Divisions, place: Place, rules: Rules) -> None:
    """Compare a code of the right form with its entry."""
    entry = divisions.entries.get(row.code)
    if entry is None:
        pool, by_street = _pool(row, divisions, rules.region)
        stem = stem_of(row.name)
        near = (
            pool[[other == stem or is_alike(stem, other) for other in pool["stem"]]] if row.name else pool[:0]
        )
        hint = f"；名称相同或相近的条目：{_show(near, divisions, streets=not by_street)}" if len(near) else ""
        _tell(place, row, f"社区代码 {row.code} 不在代码表内（{divisions.title}）{hint}")
        return
    name, street = entry
    if row.name and stem_of(name) != stem_of(row.name):
        like = "，与社区名称一字之差" if is_alike(stem_of(name), stem_of(row.name)) else ""
        _tell(place, row, f"社区代码 {row.code} 在代码表中是“{name}”，不是“{row.name}”{like}")
    elif row.name and is_village(name) != is_village(row.name):
        _tell(place, row, f"社区代码 {row.code} 在代码表中是“{name}”，与“{row.name}”类型（社区或村）不同")
    listed = divisions.street_names.get(street, "")
    if row.street and listed and street_stem(row.street) != street_stem(listed):
        _tell(place, row, f"社区代码 {row.code} 在代码表中属“{listed}”，不属“{row.street}”")


def check_region(rules: Rules, log: FaultLog) -> None:
    """Tell of a county that the list does not know and that nobody declared as fictional."""
    divisions = rules.divisions
    if divisions is None or rules.region in divisions.counties or rules.is_fictional(rules.region):
        return
    log.add(
        "HSQ-A06", f"县级代码 {rules.region} 不在代码表内（{divisions.title}）", severity="警告",
        layer=Community.alias, field="plan.region_code", value=rules.region,
        action="社区名称和代码不与代码表核对",
        remedy="改正 plan.region_code；虚构示例在配置 divisions.fictional 中声明，如 ['369901']；区划已调整的用 divisions.path 给出新表",
    )  # fmt: skip
