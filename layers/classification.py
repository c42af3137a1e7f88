"""Which land-use classification a file is written in, and what each of its codes and names means there.

The same four digits mean different ground in different lists: 0601 is a rural road in 2023 and a factory in
the third land survey. So the file is judged as a whole, by how its codes and names go together.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache

import pandas as pd

from configs.landuse import Scheme, Target, schemes
from layers.cells import fold_width

# Field names that only one classification's databases use.
_HINTS = (
    (re.compile(r"^(DLBM|DLMC|DLDM|地类编码|地类代码|地类名称)$", re.IGNORECASE), ("sandiao",)),
    (re.compile(r"^YDYHF", re.IGNORECASE), ("2023", "2020")),
)
# A name that goes with its code tells more than a code that merely exists.
_PAIR = 3
_BOTH = re.compile(
    r"^([0-9]{1,6}|[0-9]{1,4}[A-Za-z][0-9A-Za-z]{0,2}|[A-Za-z][0-9]{0,2})[\s\-_:：.、]*([\u4e00-\u9fff].*)$"
)
_AFTER = re.compile(r"^([\u4e00-\u9fff].*?)[\s（(\[【]+([0-9A-Za-z]{1,6})[)）\]】]?$")


@dataclass(frozen=True)
class Judged:
    """The classification of a file.

    Attributes
    ----------
    scheme : the classification.
    evidence : one Chinese sentence.
    rival : another classification that fits as well and reads some codes differently; None where none does.
    """

    scheme: Scheme
    evidence: str
    rival: Scheme | None = None


@dataclass(frozen=True)
class Meaning:
    """What a code, a name or both mean in 2023.

    Attributes
    ----------
    target : where the code went; None where it is unknown.
    code : the code as its own classification writes it, zeros restored.
    scheme : whose code it is.
    zero : whether leading zeros were put back, or padding left out.
    by_name : whether only the name told.
    conflict : codes whose name it is, where name and code contradict each other.
    options : codes it may be, where it is unknown or could be several.
    """

    target: Target | None = None
    code: str = ""
    scheme: Scheme | None = None
    zero: bool = False
    by_name: bool = False
    conflict: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def split_pair(code: str, name: str) -> tuple[str, str]:
    """Return code and name apart where one cell holds both (``0701 城镇住宅用地``, ``公园绿地（1401）``)."""
    cell = code or name
    if code and name:
        return code.upper(), name
    if found := _BOTH.match(cell):
        return found[1].upper(), found[2]
    if found := _AFTER.match(cell):
        return found[2].upper(), found[1]
    return (code.upper(), "") if code and not re.match(r"^[\u4e00-\u9fff]", code) else ("", cell)


@cache
def complete(code: str, key: str) -> str | None:
    """Return a code as its classification writes it: zeros before it put back, zeros that pad it left out."""
    names = schemes()[key].names
    if code in names:
        return code
    forms = []
    for form in ("0" + code, code, "0" + code):
        short = form
        while len(short) > 2 and len(short) % 2 == 0 and short.endswith("00"):
            short = short[:-2]
            forms.append(short)
        forms.append(form)
    found = list(dict.fromkeys(form for form in forms if form in names))
    return found[0] if len(found) == 1 else None


@cache
def find_name(name: str, key: str) -> tuple[str, ...]:
    """Return the codes of a classification that carry a name, also where 用地 is left out."""
    scheme = schemes()[key]
    for form in (name, name + "用地", name + "地"):
        if found := scheme.find_name(form):
            return tuple(found)
    return ()


def plain_name(name: str) -> str:
    """Return a land-use name in half width, without blanks."""
    return re.sub(r"\s+", "", fold_width(name))


def judge_scheme(
    pairs: pd.DataFrame, *, columns: tuple[str, ...] = (), declared: str | None = None
) -> Judged:
    """Judge the classification of a file.

    Parameters
    ----------
    pairs : distinct ``code`` and ``name`` (empty where absent) with the number of ``rows`` of each.
    columns : names of the file's columns they come from.
    declared : the config's word, which outweighs.
    """
    if declared:
        return Judged(schemes()[declared], "由配置的 classification 指定")
    counted = {key: _count(pairs, key) for key in schemes()}
    hinted = next((keys for rule, keys in _HINTS if any(rule.match(column) for column in columns)), ())
    ranked = sorted(
        schemes(),
        key=lambda key: (-counted[key].score, key not in hinted, list(schemes()).index(key)),
    )
    best = ranked[0]
    count = counted[best]
    evidence = f"{count.fits} 个图斑的代码合乎该版"
    if count.agree:
        evidence += f"，{count.agree} 个图斑名称与代码一致"
    if count.named:
        evidence += f"，{count.named} 个图斑只有名称而名称见于该版"
    if best in hinted and counted[best].score == counted[ranked[1]].score:
        evidence += f"，字段名 {'、'.join(columns)} 为该版所用"
        return Judged(schemes()[best], evidence)
    rivals = [key for key in ranked[1:] if counted[key].score == count.score and _differing(pairs, best, key)]
    return Judged(schemes()[best], evidence, schemes()[rivals[0]] if rivals else None)


@dataclass
class _Score:
    fits: int = 0
    agree: int = 0
    against: int = 0
    named: int = 0

    @property
    def score(self) -> int:
        return self.fits + self.named + _PAIR * (self.agree - self.against)


def _count(pairs: pd.DataFrame, key: str) -> _Score:
    count, scheme = _Score(), schemes()[key]
    for code, name, rows in zip(pairs["code"], pairs["name"], pairs["rows"], strict=True):
        full = complete(code, key) if code else None
        if full is not None:
            count.fits += rows
            if name and full in find_name(name, key):
                count.agree += rows
            elif name and any(find_name(name, other) for other in schemes()):
                count.against += rows
        elif name and not code and scheme.find_name(name):
            count.named += rows
    return count


def _differing(pairs: pd.DataFrame, one: str, other: str) -> list[str]:
    """Codes that two classifications both have and that became different ones."""
    found = []
    for code in pairs["code"].unique():
        mine, theirs = complete(code, one), complete(code, other)
        if mine and theirs and schemes()[one].targets[mine].code != schemes()[other].targets[theirs].code:
            found.append(code)
    return found


def differing_codes(pairs: pd.DataFrame, judged: Judged) -> list[str]:
    """Return the codes that the rival reads differently."""
    return _differing(pairs, judged.scheme.key, judged.rival.key) if judged.rival else []


def resolve(code: str, name: str, scheme: Scheme) -> Meaning:
    """Return what one pair of code and name means, read by the file's classification.

    A row whose name and code go together in another classification is read by that one; so is a code that
    only one other classification has.
    """
    if not code:
        return _resolve_name(name, scheme) if name else Meaning()
    full = complete(code, scheme.key)
    if full is not None:
        agrees = not name or full in find_name(name, scheme.key)
        if not agrees:
            for key, other in schemes().items():
                theirs = complete(code, key)
                if theirs is not None and theirs in find_name(name, key):
                    return Meaning(other.targets[theirs], theirs, other, theirs != code)
        conflict = () if agrees else _codes_of(name, scheme)
        return Meaning(scheme.targets[full], full, scheme, full != code, conflict=conflict)
    others = [(key, theirs) for key in schemes() if (theirs := complete(code, key)) is not None]
    became = {schemes()[key].targets[theirs].code for key, theirs in others}
    if len(became) == 1:
        key, theirs = others[0]
        conflict = () if not name or theirs in find_name(name, key) else _codes_of(name, scheme)
        return Meaning(
            schemes()[key].targets[theirs], theirs, schemes()[key], theirs != code, conflict=conflict
        )
    return Meaning(options=tuple(sorted(code for code in became if code)))


def _codes_of(name: str, scheme: Scheme) -> tuple[str, ...]:
    """Codes of 2023 that a name may mean, by the file's classification first."""
    for key in (scheme.key, *schemes()):
        if found := find_name(name, key):
            targets = [schemes()[key].targets[code] for code in found]
            return tuple(
                dict.fromkeys(code for t in targets for code in ((t.code,) if t.code else t.candidates))
            )
    return ()


def _resolve_name(name: str, scheme: Scheme) -> Meaning:
    for key in (scheme.key, *schemes()):
        found = find_name(name, key)
        if not found:
            continue
        targets = [schemes()[key].targets[code] for code in found]
        codes = tuple(dict.fromkeys(code for target in targets for code in target.candidates))
        if len(found) == 1 or len(codes) == 1:
            return Meaning(targets[0], found[0], schemes()[key], by_name=True)
        return Meaning(by_name=True, options=codes)
    every = sorted({own for other in schemes().values() for own in other.names.values()})
    near = difflib.get_close_matches(name, every, n=3, cutoff=0.6)
    return Meaning(
        by_name=True, options=tuple(dict.fromkeys(c for own in near for c in _codes_of(own, scheme)))
    )
