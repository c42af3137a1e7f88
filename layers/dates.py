"""Dates and years as Chinese offices write them. What has two readings is refused with both.

Dates come out as text, as precise as they were written: ``2025``, ``2025-03``, ``2025-03-05``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd

from layers.cells import BLANK_WORDS, Parsed, fold_text, fold_width, read_distinct
from layers.numbers import hanzi_value

# Years a plan may speak of; others are slips.
FIRST_YEAR, LAST_YEAR = 1800, 2100
# Two digits from here on are of the last century.
_CENTURY = 50
# Day 1 of the spreadsheet calendar; serials from 1950 to 2100 have five digits.
_EPOCH = date(1899, 12, 30)
_SERIALS = (18_264, 73_415)
_HANZI = {char: str(value) for value, char in enumerate("零一二三四五六七八九")} | {"〇": "0", "两": "2"}
_NUMERAL = re.compile(r"[零〇一二两三四五六七八九十廿卅]+")
_ROUND = re.compile(r"(?<=[零〇一二三四五六七八九])[o○0](?=[零〇一二三四五六七八九])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = re.compile(r"[t ]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:z|[+-]\d{2}:?\d{2})?$")
_DAY = re.compile(r"^(\d{4})(?:年(\d{1,2})月(\d{1,2})[日号]?|([-./])(\d{1,2})\4(\d{1,2}))$")
_MONTH = re.compile(r"^(\d{4})(?:年(\d{1,2})月份?|[-./](\d{1,2}))$")
_YEAR = re.compile(r"^(\d{4})年?度?$")
_PACKED = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_SIX = re.compile(r"^(\d{2})(\d{2})(\d{2})$")
_SHORT = re.compile(r"^(\d{2})年(?:(\d{1,2})月份?(?:(\d{1,2})[日号]?)?)?$")
_THREE = re.compile(r"^(\d{1,2})([-./])(\d{1,2})\2(\d{1,2})$")
_LAST = re.compile(r"^(\d{1,2})([-./])(\d{1,2})\2(\d{4})$")
_SERIAL = re.compile(r"^(\d{5})(?:\.\d+)?$")
_REPUBLIC = re.compile(r"^民国(元|\d{1,3})年?")
_ERA = re.compile(r"民国|昭和|平成|光绪|宣统|同治|清|明代|明朝|唐|宋|元代|元朝")
_VAGUE = re.compile(r"(?:初|底|末|上旬|中旬|下旬)$")
_QUARTER = re.compile(r"^(\d{4})年?(?:第?(\d)季度|([上下])半年|q([1-4])|h([12]))$")
_ENGLISH = re.compile(r"^(\d{1,2})?[-.]?([a-z]{3})[a-z]*[-.]?(?:(\d{1,2}),)?(\d{4}|\d{2})?$")
_BETWEEN = re.compile(r"-|~|—|–|至|到")
_DECADE = re.compile(r"^(上世纪|20世纪|21世纪)?(\d{2}|\d{4})(?:年代|s)(?:初期?|中期?|末期?|后期)?$")
_BUILT = re.compile(
    r"^(?:约|大约|建于|建成于|始建于)+|(?<=\d)(?:年?(?:左右|前后|建成?|竣工|投用|建造|修建))$"
)
_BOUND = re.compile(r"^(\d{4})年?(?:以前|之前|前|以后|之后|后)$")


class When(NamedTuple):
    """One reading: ISO text as precise as written, whether more than spelling changed, why it is unreadable."""

    text: str = ""
    changed: bool = False
    reason: str = ""


def parse_dates(cells: pd.Series) -> Parsed:
    """Read dates: ``2025年3月5日``, ``二〇二五年三月``, ``2025.3``, serials of a spreadsheet, real dates.

    Returns
    -------
    Parsed
        Text ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``. Bad are days that do not exist, two-digit years that can
        be read in several ways (``25/03/05``), eras (``民国``), ranges and dates without a year.
    """
    return _parse(cells, read_date)


def parse_years(cells: pd.Series) -> Parsed:
    """Read years of building: ``1998``, ``1998年5月``, ``98年``, ``80年代``, ``上世纪九十年代``.

    Returns
    -------
    Parsed
        Text ``1998`` or ``1980年代``.
    """
    return _parse(cells, read_year)


def _parse(cells: pd.Series, read: Callable[[str], When]) -> Parsed:
    at, found = read_distinct(fold_text(cells), read)
    pool = [*found, When()]
    texts = pd.Series([pool[i].text or None for i in at], index=cells.index, dtype="str")
    reasons = pd.Series([pool[i].reason for i in at], index=cells.index, dtype="object")
    changed = pd.Series([pool[i].changed for i in at], index=cells.index, dtype=bool)
    # Kept as a number, October and January of a year are the same: 2025.1.
    same = [isinstance(cell, float) and re.fullmatch(r"\d{4}\.1", str(cell)) is not None for cell in cells]
    if read is read_date and any(same):
        twins = [
            f"按数字保存的 {cell}，可能是 {str(cell)[:4]}-01 或 {str(cell)[:4]}-10" for cell in cells[same]
        ]
        reasons[same] = twins
    return Parsed(texts.mask(reasons != ""), reasons != "", changed & (reasons == ""), reasons=reasons)


def read_date(text: str) -> When:
    """Read one date."""
    plain = _plain(text)
    if plain.upper() in BLANK_WORDS:
        return When()
    if found := _DAY.match(plain):
        return _make(found[1], found[2] or found[5], found[3] or found[6])
    if found := _MONTH.match(plain):
        return _make(found[1], found[2] or found[3])
    if found := _YEAR.match(plain):
        return _make(found[1])
    if found := _PACKED.match(plain):
        return _make(*found.groups())
    if found := _SIX.match(plain):
        month = _make(plain[:4], plain[4:])
        return month if month.text else _choose(*found.groups())
    if (found := _SERIAL.match(plain)) and _SERIALS[0] <= int(found[1]) <= _SERIALS[1]:
        return When((_EPOCH + timedelta(days=int(found[1]))).isoformat(), changed=True)
    if found := _SHORT.match(plain):
        return _make(_century(found[1]), *(part for part in found.groups()[1:] if part))._replace(
            changed=True
        )
    if found := _LAST.match(plain):
        return _pick([_make(found[4], found[3], found[1]), _make(found[4], found[1], found[3])])
    if found := _THREE.match(plain):
        return _choose(found[1], found[3], found[4])
    if (found := _ENGLISH.match(plain)) and found[2] in _MONTHS:
        return _read_english(found)
    if _VAGUE.search(plain):
        near = read_date(_VAGUE.sub("", plain))
        return near._replace(text=near.text[:7], changed=True) if near.text else near
    return When(reason=_explain(plain))


def read_year(text: str) -> When:
    """Read one year or decade of building."""
    plain = _plain(text)
    if plain.upper() in BLANK_WORDS:
        return When()
    if found := _DECADE.match(plain):
        return _read_decade(found)
    if found := _BOUND.match(plain):
        return When(reason=f"只给出界限 {found[1]} 年")
    bare = _BUILT.sub("", plain)
    about = bare != plain
    if re.fullmatch(r"\d{2}", bare):
        bare += "年"
    when = read_date(bare)
    if not when.text:
        return when
    return When(when.text[:4], when.changed or about)


def _plain(text: str) -> str:
    """Return a text in half width without blanks and time of day, Chinese numerals as digits."""
    plain = _TIME.sub("", fold_width(text).strip().lower())
    plain = _ROUND.sub("〇", re.sub(r"\s+", "", plain))

    def as_digits(found: re.Match[str]) -> str:
        word = found[0].replace("廿", "二十").replace("卅", "三十")
        if "十" in word:
            value = hanzi_value(word)
            return found[0] if value is None else str(value)
        return "".join(_HANZI[char] for char in word)

    return _NUMERAL.sub(as_digits, plain)


def _make(year: str, month: str | None = None, day: str | None = None) -> When:
    """Return the date, or why there is none."""
    if not FIRST_YEAR <= int(year) <= LAST_YEAR:
        return When(reason=f"年份 {year} 不在 {FIRST_YEAR}–{LAST_YEAR} 之间")
    if month is None:
        return When(year)
    try:
        found = date(int(year), int(month), int(day or 1))
    except ValueError:
        return When(reason=f"没有 {int(month)} 月" if day is None or int(month) > 12 else "没有这一天")
    return When(found.isoformat() if day else found.isoformat()[:7])


def _century(year: str) -> str:
    return f"{'19' if int(year) >= _CENTURY else '20'}{int(year):02d}"


def _choose(one: str, two: str, three: str) -> When:
    """Read three two-digit numbers: year first, or day or month first."""
    orders = ((one, two, three), (three, two, one), (three, one, two))
    return _pick([_make(_century(y), m, d) for y, m, d in orders])


def _pick(readings: list[When]) -> When:
    dates = list(dict.fromkeys(reading.text for reading in readings if reading.text))
    if len(dates) == 1:
        return When(dates[0], changed=True)
    if not dates:
        return When(reason="没有这一天")
    return When(reason=f"年月日次序不明，可能是 {' 或 '.join(dates)}")


def _read_english(found: re.Match[str]) -> When:
    """Read 5-Mar-2025 and Mar 5, 2025; what a spreadsheet shows of a date without its year is refused."""
    first, name, day, year = found.groups()
    month = str(_MONTHS.index(name) + 1)
    day = day or first
    if year and len(year) == 4:
        return _make(year, month, day) if day else _make(year, month)
    if year and not first:
        return When(
            reason=f"可能是 {_century(year)}-{int(month):02d}，也可能是某年 {month} 月 {int(year)} 日"
        )
    if year and day:
        return _make(_century(year), month, day)._replace(changed=True)
    return When(reason=f"没有年份，只有 {month} 月" + (f" {int(day)} 日" if day else ""))


def _read_decade(found: re.Match[str]) -> When:
    age, digits = found[1], found[2]
    if int(digits) % 10:
        return When(reason="年代应为整十年")
    if len(digits) == 4:
        whole = _make(digits)
        return When(f"{digits}年代") if whole.text else whole
    if age is None and digits == "20":
        return When(reason="可能是 1920 年代或 2020 年代")
    recent = age == "21世纪" or (age is None and int(digits) < 20)
    return When(f"{'20' if recent else '19'}{digits}年代", changed=True)


def _explain(plain: str) -> str:
    """Say why a text is no date and what it may mean."""
    if found := _REPUBLIC.match(plain):
        year = 1911 + (1 if found[1] == "元" else int(found[1]))
        return f"民国纪年，对应公元 {year} 年"
    if _ERA.search(plain):
        return "朝代或年号，不是公元纪年"
    if found := _QUARTER.match(plain):
        return "只到季度或半年"
    for split in _BETWEEN.finditer(plain):
        left, right = read_date(plain[: split.start()]), plain[split.end() :]
        if left.text and right.lstrip("至").startswith("今"):
            return f"是时段：{left.text} 至今"
        if left.text and (end := read_date(right)).text:
            return f"是时段：{left.text} 至 {end.text}"
    if re.fullmatch(r"\d{1,2}(?:月|[-./])\d{1,2}[日号]?|\d{1,2}月", plain):
        return "没有年份"
    if re.search(r"\d\D*[-~—–至到]\D*\d", plain):
        return "可能是时段"
    return "不是可读的日期"
