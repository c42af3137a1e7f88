"""Facility classes: the adopted standard of each, and how a text or a tag is recognised as one."""

from __future__ import annotations

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


@cache
def recognise_text(text: str) -> str | None:
    """Return the class key whose longest word occurs in ``text``, or None.

    A key itself is accepted as it is. Of a web map's ``大类;中类;小类`` the most special part that says
    anything decides: 科教文化服务;学校;幼儿园 is a kindergarten, however long the first word is.
    """
    if text in facility_classes():
        return text
    for part in reversed(text.replace("；", ";").split(";")):
        for word, key in _words():
            if word in part and not any(other in text for other in facility_classes()[key].excluded):
                return key
    return None


def recognise_tags(tags: dict[str, str]) -> str | None:
    """Return the class key of an OpenStreetMap object's tags, or None."""
    for key, item in facility_classes().items():
        for pairs in item.osm:
            if all(tags.get(name) == value for name, value in pairs):
                return key
    return None
