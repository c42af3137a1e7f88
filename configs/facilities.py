"""Facility classes: the adopted standard of each, and how a text or a tag is recognised as one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from configs import read_rows, read_settings

# At or above this the source of a standard row counts as verified; below it sheets and tables print 待核
# (requirements.md §7.18). Rows that say "memory, unverified" are unverified whatever their confidence.
VERIFIED = 0.95


@dataclass(frozen=True)
class FacilityClass:
    """One class of facility and the rule it is measured by.

    Attributes
    ----------
    number, key, name, group : two digits, identifier, Chinese name, symbol group.
    minutes : walking tier, 5, 10 or 15.
    target : home field of the people it serves.
    required : whether its absence makes a 漏配 need.
    words, excluded : texts that mean the class, and texts that mean something else.
    need_m2 : least scale a need asks for; land area where ``land``.
    most_m2 : largest scale the standard gives; None where it gives none.
    standard, clause, evidence, confidence : where the rule comes from.
    dimension, works, landuse_code : classification of its needs and sites.
    """

    number: str
    key: str
    name: str
    group: str
    minutes: int
    target: str
    required: bool
    land: bool
    need_m2: float
    most_m2: float | None
    words: tuple[str, ...]
    excluded: tuple[str, ...]
    osm: tuple[tuple[tuple[str, str], ...], ...]
    standard: str
    clause: str
    evidence: str
    confidence: float
    dimension: str
    works: str
    landuse_code: str
    sharing_mode: str

    @property
    def verified(self) -> bool:
        """Whether the rule's source was seen, rather than remembered."""
        return self.confidence >= VERIFIED and "unverified" not in self.evidence

    @property
    def mark(self) -> str:
        """``（待核）`` when the source is unverified, else nothing; printed beside the rule."""
        return "" if self.verified else "（待核）"


@cache
def facility_classes() -> dict[str, FacilityClass]:
    """Return all classes by key, in the order of ``facility_classes.yaml``."""
    rules = {row["rule_id"]: row for row in read_rows("standards/lifecircle_facilities.csv")}
    found: dict[str, FacilityClass] = {}
    for item in read_settings("facility_classes.yaml"):
        rule = rules[item["rule"]]
        found[item["key"]] = FacilityClass(
            number=item["number"],
            key=item["key"],
            name=item["name"],
            group=item["group"],
            minutes=item["minutes"],
            target=item["target"],
            required=item["required"],
            land=item.get("land", False),
            need_m2=float(item["need_m2"]),
            most_m2=float(most)
            if (most := rule["land_max_m2" if item.get("land") else "floor_max_m2"])
            else None,
            words=tuple(item["words"]),
            excluded=tuple(item.get("except", ())),
            osm=tuple(
                tuple((pair.split("=")[0], pair.split("=")[1]) for pair in tags.split("+"))
                for tags in item["osm"]
            ),
            standard=rule["standard"],
            clause=rule["source_clause"],
            evidence=rule["evidence"],
            confidence=float(rule["confidence"] or 0),
            dimension=rule["dimension"] or "舒适宜居",
            works=rule["gongcheng"] or "设施提升工程",
            landuse_code=rule["landuse_code_2023"],
            sharing_mode=rule["sharing_mode"],
        )
    return found


@cache
def _words() -> tuple[tuple[str, str], ...]:
    pairs = [(word, c.key) for c in facility_classes().values() for word in (c.name, *c.words)]
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), pair[0])))


@dataclass(frozen=True)
class Recognised:
    """What a type text of a source says.

    Attributes
    ----------
    key : class key; None where the text names no class.
    known : whether the text is a web map's category, so that it names no class for certain.
    ask_name : whether the category leaves it to the name (政府机关, 生活服务场所).
    refine : whether a name may tell a sister class of the same group (诊所 named 社区卫生服务中心).
    """

    key: str | None = None
    known: bool = False
    ask_name: bool = True
    refine: bool = False


@cache
def _poi_types() -> dict[str, tuple[str, bool]]:
    """Return key and refinement by path and by code of the web maps' categories."""
    found: dict[str, tuple[str, bool]] = {}
    for row in read_rows("poi_types.csv"):
        entry = (row["key"], row["refine"] == "1")
        found[row["path"]] = entry
        if row["code"]:
            found[row["code"]] = entry
    return found


@cache
def recognise_type(text: str) -> Recognised:
    """Return what a type text means: a class key, a web map's category or typecode, or free words.

    Of several categories (``050101|060400``) the first that is a class counts.
    """
    if text in facility_classes():
        return Recognised(text, known=True, ask_name=False)
    found = [_recognise_category(part.strip()) for part in text.replace("｜", "|").split("|") if part.strip()]
    return next((item for item in found if item.key), found[0] if found else Recognised())


def _recognise_category(text: str) -> Recognised:
    types = _poi_types()
    code = text.zfill(6) if text.isdigit() and len(text) in (5, 6) else ""
    parts = [part.strip() for part in re.split("[;；:：]", text) if part.strip()]
    steps = (
        (code, code[:4] + "00", code[:2])
        if code
        else tuple(";".join(parts[:n]) for n in (3, 2, 1) if len(parts) >= n)
    )
    step = next((step for step in steps if step in types), None)
    if step is None or (len(parts) == 1 and not code):
        key = _find_word(text, parts)
        return Recognised(key, ask_name=key is None)
    meaning, refine = types[step]
    if meaning in facility_classes():
        return Recognised(meaning, known=True, ask_name=False, refine=refine)
    key = _find_word(text, parts[1:]) if meaning == "word" and not code else None
    return Recognised(key, known=True, ask_name=key is None and meaning != "")


def _find_word(text: str, parts: Sequence[str]) -> str | None:
    """Return the class whose longest word occurs in the most special part that says anything."""
    for part in reversed(parts):
        for word, key in _words():
            if word in part and not any(other in text for other in facility_classes()[key].excluded):
                return key
    return None


@cache
def recognise_text(text: str) -> str | None:
    """Return the class key a text means, or None.

    A key itself is accepted as it is. Of a web map's ``大类;中类;小类`` the most special part that says
    anything decides: 科教文化服务;学校;幼儿园 is a kindergarten, however long the first word is.
    """
    return recognise_type(text).key


@cache
def suggest_class(text: str) -> str | None:
    """Return the key of the class whose name or word looks most like a text, None where none does."""
    words = dict(reversed(_words()))
    leaf = re.split("[;；:：|]", text)[-1].strip()
    near = difflib.get_close_matches(leaf, list(words), n=1, cutoff=0.5)
    # One character in common (商场 and 球场) is half of a short word and says nothing.
    alike = (
        sum(part.size for part in difflib.SequenceMatcher(None, leaf, near[0]).get_matching_blocks())
        if near
        else 0
    )
    return words[near[0]] if alike >= 2 else None


def recognise_tags(tags: dict[str, str]) -> str | None:
    """Return the class key of an OpenStreetMap object's tags, or None."""
    for key, item in facility_classes().items():
        for pairs in item.osm:
            if all(tags.get(name) == value for name, value in pairs):
                return key
    return None
