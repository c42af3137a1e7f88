"""Numbers as technicians write them: separators, full-width digits, units, 约 and 余, Chinese numerals.

What stands for no single number (a range, a bound, a sum, a date) is refused with what it may mean; it is
never cut down to its first digits.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from layers.cells import BLANK_WORDS, Parsed, fold_text, fold_width, no_rows, read_distinct

# Factor of a unit to the base of its dimension; full-width and single-glyph forms are folded before.
_UNITS: dict[str, dict[str, float]] = {
    "area": {
        "㎡": 1.0, "m²": 1.0, "m2": 1.0, "m^2": 1.0, "平方米": 1.0, "平米": 1.0, "平方": 1.0, "平": 1.0, "sqm": 1.0,
        "万m2": 1e4, "万平方米": 1e4, "万平米": 1e4, "万平": 1e4, "公顷": 1e4, "ha": 1e4, "hm2": 1e4,
        "亩": 2000.0 / 3.0, "km2": 1e6, "平方公里": 1e6, "平方千米": 1e6,
    },
    "length": {"m": 1.0, "米": 1.0, "km": 1e3, "公里": 1e3, "千米": 1e3, "里": 500.0, "cm": 0.01, "厘米": 0.01,
               "mm": 0.001, "毫米": 0.001},
    "money": {"万元": 1.0, "万": 1.0, "万元人民币": 1.0, "元": 1e-4, "千元": 0.1, "百万元": 100.0, "亿元": 1e4, "亿": 1e4,
              "rmb": 1e-4},
    "time": {"min": 1.0, "分钟": 1.0, "分": 1.0, "h": 60.0, "小时": 60.0},
    "share": {"%": 1.0, "‰": 0.1},
    "count": {
        **dict.fromkeys(("人", "户", "层", "f", "个", "位", "名", "床", "张", "辆", "座", "处", "间", "栋", "幢", "家",
                         "所", "班", "套", "盏", "台", "席", "桩", "枪", "年", "岁", "部", "条", "项", "只", "口", "份"), 1.0),
        **dict.fromkeys(("万人", "万户", "万"), 1e4), "千人": 1e3, "百人": 100.0,
        "个车位": 1.0, "车位": 1.0, "泊位": 1.0, "床位": 1.0, "张床": 1.0, "个床位": 1.0, "个座位": 1.0, "座位": 1.0,
        "人次": 1.0, "人/日": 1.0, "人次/日": 1.0,
    },
}  # fmt: skip
_BASE = {
    "㎡": ("area", 1.0), "m": ("length", 1.0), "mm": ("length", 1000.0), "万元": ("money", 1.0), "min": ("time", 1.0),
    "%": ("share", 1.0),
}  # fmt: skip
_DIMENSIONS = {
    "area": "面积",
    "length": "长度",
    "money": "金额",
    "time": "时间",
    "share": "百分比",
    "count": "计数",
}
_ABOUT = re.compile(r"^(?:约为|大约|约|近|≈|~)\s*")
_MARK = re.compile(r"^(?:共计|共|合计|dn|de|[φøΦØ])\s*", re.IGNORECASE)
_BODY = r"(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d+)(?:\.\d*)?|\.\d+"
_QUICK = re.compile(r"^([-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?)([^\d\s,.+\-()]*)$")
_SIMPLE = re.compile(rf"^([-+]?(?:{_BODY})(?:[eE][-+]?\d+)?)(.*)$", re.DOTALL)
_MORE = re.compile(r"^([万千百亿]?)[余多来](?=\D|$)")
_AROUND = re.compile(r"(?:左右|上下|前后)$")
_COUNTED = re.compile(r"^[^\d,.+\-%‰#=(（]*(?:2|\^2)?(?:/日)?$")
_SCALES = {"亿": 1e8, "万": 1e4, "千": 1e3, "百": 100.0}
_HANZI = re.compile(r"^([零〇一二两三四五六七八九十百千万亿]+)(.*)$", re.DOTALL)
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_STEPS = {"十": 10, "百": 100, "千": 1000}


class Number(NamedTuple):
    """One reading: the value, the unit as written, whether more than spelling changed, why it is unreadable."""

    value: float = math.nan
    unit: str = ""
    changed: bool = False
    reason: str = ""


def parse_numbers(cells: pd.Series, *, unit: str = "") -> Parsed:
    """Read numbers with separators, full-width digits and units.

    Parameters
    ----------
    cells : numbers or text such as ``1,200㎡``, ``0.5公顷``, ``12层``, ``约３０人``, ``十二层``.
    unit : unit the values are wanted in: ``㎡``, ``m``, ``mm``, ``万元``, ``min``, ``%``; other words count
        things. A number without a unit is taken to be in it. ``*`` accepts any word and reports it in ``units``.

    Returns
    -------
    Parsed
        float64 values; infinite ones count as unreadable.
    """
    if pd.api.types.is_bool_dtype(cells):
        reasons = pd.Series("", index=cells.index).mask(cells.notna(), "是真假值，不是数字")
        return Parsed(pd.Series(np.nan, index=cells.index), cells.notna(), no_rows(cells), reasons=reasons)
    if pd.api.types.is_numeric_dtype(cells):
        values = cells.astype("float64")
        wild = np.isinf(values)
        return Parsed(values.mask(wild), wild, no_rows(cells), reasons=_say(wild))
    values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype="float64", na_value=np.nan).copy()
    if pd.api.types.is_object_dtype(cells):
        flags = np.fromiter((isinstance(cell, bool) for cell in cells), dtype=bool, count=len(cells))
        values[flags] = np.nan
    values[np.isinf(values)] = np.nan
    # Most cells are plain numbers and done; the rest is read word by word, each distinct one once.
    rest = np.flatnonzero(np.isnan(values) & cells.notna().to_numpy())
    dimension, base = _BASE.get(unit, ("count", 1.0))
    factors = {word: value * base for word, value in _UNITS[dimension].items()}
    at, found = read_distinct(
        fold_text(cells.iloc[rest]),
        lambda text: read_number(text, factors, any_unit=unit == "*", wanted=unit, dimension=dimension),
    )
    pool = [*found, Number()]  # the last stands for blank cells, whose position is -1
    values[rest] = np.array([number.value for number in pool])[at]
    changed = np.zeros(len(cells), dtype=bool)
    changed[rest] = np.array([number.changed for number in pool])[at]
    reasons = np.full(len(cells), "", dtype=object)
    reasons[rest] = np.array([number.reason for number in pool], dtype=object)[at]
    units = np.full(len(cells), None, dtype=object)
    units[rest] = np.array([number.unit or None for number in pool], dtype=object)[at]
    return Parsed(
        pd.Series(values, index=cells.index),
        pd.Series(reasons != "", index=cells.index),
        pd.Series(changed, index=cells.index),
        pd.Series(units, index=cells.index, dtype="str"),
        pd.Series(reasons, index=cells.index),
    )


def _say(wild: pd.Series) -> pd.Series:
    return pd.Series(np.where(wild, "不是有限的数", ""), index=wild.index, dtype="object")


def read_number(
    text: str,
    factors: dict[str, float],
    *,
    any_unit: bool = False,
    wanted: str = "",
    dimension: str = "count",
) -> Number:
    """Read one cell.

    Parameters
    ----------
    text : the cell, trimmed.
    factors : units accepted and what one of each is worth.
    any_unit : accept any word after the number.
    wanted, dimension : the unit and kind of quantity asked for, for the reason.
    """
    quick = _QUICK.match(text)
    if quick and quick[2] in factors and quick[1].isascii():
        scale = factors[quick[2]]
        return Number(float(quick[1].replace(",", "")) * scale, quick[2], scale != 1.0)
    plain = fold_width(text).strip()
    if plain.upper() in BLANK_WORDS:
        return Number()
    body = _ABOUT.sub("", plain)
    about = len(body) != len(plain)
    body = _MARK.sub("", body)
    match = _SIMPLE.match(body)
    if match is None and body[:1] == "¥":
        match = _SIMPLE.match(body[1:] + "元")
    if match:
        value, suffix = float(re.sub(r"[, ]", "", match[1])), re.sub(r"\s+", "", match[2])
    else:
        value, suffix = _read_hanzi(body, factors)
    short = _AROUND.sub("", _MORE.sub(r"\1", suffix))
    about, suffix = about or short != suffix, short
    if re.fullmatch(r"\([^()]+\)", suffix):  # 120(㎡)
        suffix = suffix[1:-1]
    if any_unit and _COUNTED.match(suffix):
        scale = _SCALES.get(suffix[:1], 1.0) if len(suffix) > 1 else 1.0
        suffix = suffix if scale == 1.0 else suffix[1:]
    else:
        scale = factors.get(suffix.lower(), math.nan) if suffix else 1.0
    if math.isnan(value) or math.isnan(scale):
        return Number(reason=_explain(plain, wanted, dimension))
    if math.isinf(value * scale):
        return Number(reason="超出能表示的范围")
    return Number(value * scale, suffix, about or match is None or (bool(suffix) and scale != 1.0))


def _read_hanzi(text: str, factors: dict[str, float]) -> tuple[float, str]:
    """Return the number a text begins with in Chinese numerals and the rest; not a number where there is none."""
    match = _HANZI.match(text)
    if match is None:
        return math.nan, text
    numeral, rest = match[1], match[2].strip()
    if not rest and len(numeral) > 1 and numeral[-1] in factors:  # 两万, of money: 万 is the unit
        numeral, rest = numeral[:-1], numeral[-1]
    value = hanzi_value(numeral)
    return (math.nan, text) if value is None else (float(value), rest)


def hanzi_value(text: str) -> int | None:
    """Return the value of Chinese numerals with steps (一千二百, 十二, 两); None for digits in a row."""
    total = section = 0
    digit: int | None = None
    for char in text:
        if char in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[char]
        elif char in _STEPS:
            if digit is None and char != "十":
                return None
            section += (1 if digit is None else digit) * _STEPS[char]
            digit = None
        else:  # 万, 亿
            whole = section + (digit or 0)
            if not whole:
                return None
            total = (total + whole) * (10_000 if char == "万" else 100_000_000)
            section, digit = 0, None
    return total + section + (digit or 0)


_NUM = rf"[-+]?(?:{_BODY})"
_RANGE = re.compile(rf"^[^\d]{{0,3}}({_NUM})\s*\S{{0,4}}?\s*(?:-|~|—|–|―|至|到)+\s*({_NUM})\s*\D*2?$")
_BOUND = re.compile(
    rf"^(?:不足|不少于|不超过|不小于|不大于|超过|大于|小于|至少|最多|[<>≤≥]=?)\s*({_NUM})|({_NUM})\D*(?:以上|以下|以内|之内)$"
)
_REMARK = re.compile(rf"^({_NUM})([^\d(（]*)[(（]([^)）]+)[)）]$")


def _explain(text: str, wanted: str, dimension: str) -> str:
    """Say why a text is no number and what it may mean."""
    if text.startswith("#"):
        return "是 Excel 的错误值"
    if text.startswith("="):
        return "是公式文字，不是结果"
    if found := _RANGE.match(text):
        return f"是范围：下限 {found[1]}，上限 {found[2]}"
    if found := _BOUND.search(text):
        return f"只给出界限 {found[1] or found[2]}"
    if found := _REMARK.match(text):
        return f"数字后带说明：数字可能是 {found[1]}"
    if re.search(rf"{_NUM}\D*[+*×xX/÷]\s*{_NUM}", text):
        return "是算式或分数，不是结果"
    if grouped := re.fullmatch(r"\D*(\d{1,3}),(\d{1,2})\D*", text):
        return f"逗号位置不对：可能是 {grouped[1]}.{grouped[2]} 或 {grouped[1]}{grouped[2]}"
    if text.count(".") > 1:
        return "有几个小数点"
    if len(re.findall(r"\d+(?:\.\d+)?", re.sub(r"m\^?[23]", "", text))) > 1:
        return "含有几个数"
    found = _SIMPLE.match(_MARK.sub("", text))
    if found and found[2].strip():
        asked = f"，应为{_DIMENSIONS[dimension]}" + (f"（{wanted}）" if wanted and wanted != "*" else "")
        return f"单位“{found[2].strip()[:12]}”无法识别或不相符{asked}"
    if re.search(r"[零〇一二两三四五六七八九]{2}", text):
        return "中文数字连写，可能是范围"
    return "没有可读的数"
