"""What the values of a column say about a field: code lists, land-use codes, ranges, keys, dates, types."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd

from configs import read_settings
from configs.facilities import recognise_text
from configs.landuse import schemes
from layers.ledgers import Delegate, OwnCost, Paper, PastWork, PlanDemand, Population, Step, Target
from layers.model import CodeList, Column, Layer
from layers.read.names import SYNONYMS
from layers.source import Building, Community, Facility, Parcel, Placed, Survey
from layers.values import fold_text, parse_dates, parse_flags, parse_numbers, restore_codes

_ROWS, _DISTINCT = 3000, 400
_MOSTLY = 0.9
# Text fields whose values may well be digits only.
_DIGITS = frozenset({
    Placed.id, Placed.community, Community.code, Parcel.number, Parcel.landuse_code, Parcel.tenure_code, Parcel.note,
    Building.built, PastWork.start, PastWork.end, Step.date, Target.now, Target.goal, Delegate.group,
    Population.building, PlanDemand.clause,
})  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What values say.

    Attributes
    ----------
    score : -1 (impossible) to 1 (only this field has such values); 0 says nothing.
    text : why, Chinese.
    values : a value of the file that stands for one of the field's code list, by its own word.
    strange : values that are not in the code list and stand for none of it.
    """

    score: float
    text: str = ""
    values: tuple[tuple[str, str], ...] = ()
    strange: tuple[str, ...] = ()


NOTHING = Evidence(0.0)


@dataclass(frozen=True)
class Sample:
    """The cells of a column that are looked at.

    Attributes
    ----------
    cells : the first rows, blanks left out.
    words : distinct cells as folded text.
    rows : rows looked at, blanks included.
    known : what tests found out already, since many fields ask the same of a column.
    """

    cells: pd.Series
    words: pd.Series
    rows: int
    known: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def take(cls, column: pd.Series) -> Sample:
        """Take the first rows of a column and their distinct values."""
        head = column.iloc[:_ROWS]
        words = fold_text(head)
        filled = words.notna()
        return cls(head[filled], words[filled].drop_duplicates().iloc[:_DISTINCT], len(head))

    def once(self, key: object, work: Callable[[], Any]) -> Any:
        """Return what ``work`` finds, the second time from memory."""
        if key not in self.known:
            self.known[key] = work()
        return self.known[key]


def proves_alone(wanted: Column, layer: type[Layer]) -> bool:
    """Return whether values can prove a field whose column has a strange name: codes, types, known names."""
    known = wanted == Placed.community or (layer.key, str(wanted)) in _ALONE
    return known or wanted.spec.codes is not None


def weigh_values(
    sample: Sample, wanted: Column, layer: type[Layer], *, communities: frozenset[str]
) -> Evidence:
    """Return what the values of a column say about a field.

    Parameters
    ----------
    wanted : a field of ``layer``.
    communities : names of the plan's communities, as far as they are known.
    """
    if not len(sample.words):
        return NOTHING
    if wanted == Placed.community and issubclass(layer, Placed):
        known = sample.words.isin(communities).mean() if communities else 0.0
        return (
            Evidence(known, f"{known:.0%} 的取值是社区名称")
            if known > 0.5
            else _unlike_numbers(sample, wanted)
        )
    test = _TESTS.get((layer.key, str(wanted))) or _TESTS.get(("*", str(wanted)))
    if test is not None:
        told: Evidence = sample.once(test, lambda: test(sample))
        return told
    spec = wanted.spec
    if spec.kind == "bool":
        return Evidence(0.3, "取值为是/否") if _are_flags(sample) else Evidence(-1.0)
    if spec.kind in ("int", "float"):
        counted = f"{wanted}_unit" in {str(column) for column in layer.columns()}
        return _weigh_numbers(sample, wanted, unit="*" if counted else spec.unit)
    if spec.codes is not None:
        return _weigh_codes(sample, wanted)
    return _unlike_numbers(sample, wanted)


def _weigh_numbers(sample: Sample, wanted: Column, *, unit: str) -> Evidence:
    parsed = sample.once(unit, lambda: parse_numbers(sample.words, unit=unit))
    good = 1.0 - parsed.bad.mean()
    if good < 0.9:
        if wanted.spec.kind == "int" and _are_flags(sample):
            pairs = tuple((word, "1" if yes else "0") for word, yes in _read_flags(sample.words))
            return Evidence(-0.1, "取值为是/否，按 1/0 计数", pairs)
        return Evidence(-1.0, "取值不是数字")
    numbers = parsed.values.dropna()
    if wanted.spec.kind == "int" and (numbers != numbers.round()).mean() > 0.1:
        return Evidence(-0.8, "取值不是整数")
    if wanted.spec.minimum is not None and (numbers < wanted.spec.minimum).mean() > 0.1:
        return Evidence(-0.8, "取值小于下限")
    limits = read_settings(SYNONYMS)["ranges"].get(wanted)
    if limits is None:
        return Evidence(0.05)
    inside = numbers.between(*limits).mean()
    return (
        Evidence(0.2, f"取值在 {limits[0]}–{limits[1]} 之间")
        if inside > 0.9
        else Evidence(-0.7, "取值超出合理范围")
    )


def _are_flags(sample: Sample) -> bool:
    return bool(sample.once(parse_flags, lambda: not parse_flags(sample.words).bad.any()))


def _read_flags(words: pd.Series) -> list[tuple[str, bool]]:
    flags = parse_flags(words).values
    return [(str(word), bool(yes)) for word, yes in zip(words, flags, strict=True) if pd.notna(yes)]


def _weigh_codes(sample: Sample, wanted: Column) -> Evidence:
    """Compare with a code list; a value that contains one of its words is taken to mean it."""
    codes = wanted.spec.codes
    assert codes is not None
    told: Evidence = sample.once(codes.name, lambda: _compare_codes(sample, codes))
    return told


def _compare_codes(sample: Sample, codes: CodeList) -> Evidence:
    exact = sample.words.isin(codes.values)
    meant = {}
    for word in sample.words[~exact]:
        inside = [code for code in codes.values if code in word or (len(word) >= 2 and word in code)]
        if inside:
            meant[str(word)] = max(inside, key=len)
    share = float(exact.mean()) + 0.6 * len(meant) / len(sample.words)
    pairs = tuple(sorted(meant.items()))
    strange = tuple(sorted(str(word) for word in sample.words[~exact] if str(word) not in meant))
    if share >= 0.3:
        return Evidence(min(share, 1.0), f"{share:.0%} 的取值在《{codes.name}》内", pairs, strange)
    if codes.closed:
        return Evidence(-0.6, f"取值不在《{codes.name}》内", pairs, strange)
    return Evidence(0.0, values=pairs, strange=strange)


def _unlike_numbers(sample: Sample, wanted: Column) -> Evidence:
    """Numbers are no names, descriptions or places."""
    if wanted in _DIGITS:
        return NOTHING
    numeric = sample.once("numeric", lambda: pd.to_numeric(sample.words, errors="coerce").notna().mean())
    return Evidence(-0.6, "取值全是数字") if numeric > 0.9 else NOTHING


def _weigh_keys(sample: Sample) -> Evidence:
    unique = len(sample.cells) == sample.rows and fold_text(sample.cells).is_unique
    return Evidence(0.2, "取值互不重复") if unique else Evidence(-0.7, "取值有空白或重复")


def _share(hits: pd.Series, what: str, *, least: float = 0.5) -> Evidence:
    share = float(hits.mean())
    return (
        Evidence(share, f"{share:.0%} 的取值是{what}")
        if share >= least
        else Evidence(-0.6, f"取值不是{what}")
    )


def _weigh_landuse_codes(sample: Sample) -> Evidence:
    """Codes of the classifications that can be translated are proof; others only look like codes."""
    told = _share(~restore_codes(sample.words, _known_codes()).bad, "用地用海分类代码")
    looks = sample.words.str.fullmatch(r"\d{2,6}[A-Z]?(?:\.0)?").mean() > _MOSTLY
    return NOTHING if told.score < 0 and looks else told


def _weigh_landuse_names(sample: Sample) -> Evidence:
    return _share(sample.words.isin(_known_names()), "用地用海分类名称", least=0.3)


@cache
def _known_codes() -> frozenset[str]:
    return frozenset(code for scheme in schemes().values() for code in scheme.names)


@cache
def _known_names() -> frozenset[str]:
    return frozenset(name for scheme in schemes().values() for name in scheme.names.values())


def _weigh_divisions(sample: Sample) -> Evidence:
    return _share(sample.words.str.fullmatch(r"\d{12}(?:\.0)?"), "12 位区划代码")


def _weigh_types(sample: Sample) -> Evidence:
    known = sample.words.map(lambda word: recognise_text(word) is not None)
    return _share(known.astype(bool), "可识别的设施类型", least=0.3)


def _weigh_uses(sample: Sample) -> Evidence:
    homes = read_settings("homes.yaml")["residential_words"]
    return Evidence(0.6, "取值含住宅等功能") if sample.words.str.contains("|".join(homes)).any() else NOTHING


def _weigh_dates(sample: Sample) -> Evidence:
    return _share(~parse_dates(sample.cells).bad, "日期", least=0.8)


def _weigh_years(sample: Sample) -> Evidence:
    years = sample.words.str.fullmatch(r"(1[89]|20)\d{2}(\.0)?年?")
    return Evidence(0.3, "取值为年份") if years.mean() > 0.8 else Evidence(-0.4, "取值不是年份")


def _weigh_files(sample: Sample) -> Evidence:
    suffixes = read_settings("process.yaml")["papers"]["suffixes"]
    pattern = "(" + "|".join(map(re.escape, suffixes)) + ")$"
    return _share(sample.words.str.lower().str.contains(pattern.replace("(", "(?:")), "文件名")


_TESTS: dict[tuple[str, str], Callable[[Sample], Evidence]] = {
    ("*", str(Placed.id)): _weigh_keys,
    (Parcel.key, str(Parcel.number)): _weigh_keys,
    (Parcel.key, str(Parcel.landuse_code)): _weigh_landuse_codes,
    (Parcel.key, str(Parcel.landuse_name)): _weigh_landuse_names,
    (Community.key, str(Community.code)): _weigh_divisions,
    (Community.key, str(Community.name)): _weigh_keys,
    (Facility.key, str(Facility.type_key)): _weigh_types,
    (Survey.key, str(Survey.type_key)): _weigh_types,
    (OwnCost.key, str(OwnCost.subject)): _weigh_types,
    (Building.key, str(Building.use)): _weigh_uses,
    ("*", str(Building.built)): _weigh_years,
    ("*", str(Step.date)): _weigh_dates,
    (Step.key, str(Step.end)): _weigh_dates,
    (PastWork.key, str(PastWork.start)): _weigh_dates,
    (PastWork.key, str(PastWork.end)): _weigh_dates,
    (Paper.key, str(Paper.file)): _weigh_files,
    (Step.key, str(Step.file)): _weigh_files,
}
_ALONE = frozenset({
    (Parcel.key, str(Parcel.landuse_code)), (Parcel.key, str(Parcel.landuse_name)),
    (Community.key, str(Community.code)), (Facility.key, str(Facility.type_key)), (Survey.key, str(Survey.type_key)),
})  # fmt: skip
