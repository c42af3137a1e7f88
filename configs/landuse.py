"""Land-use classifications technicians bring, and what their codes became in the one of 2023."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from configs import read_rows
from configs.planning import landuse_names

# In the order they are asked where nothing else tells.
SCHEMES = ("2023", "2020", "sandiao", "gb50137")
TITLES = {"2023": "2023 版", "2020": "2020 版", "sandiao": "三调", "gb50137": "GB 50137-2011 "}


@dataclass(frozen=True)
class Target:
    """What a code became.

    Attributes
    ----------
    code : code of 2023 to take, the class above the candidates where they share one; None where nothing is common.
    candidates : codes it may have become, most likely first; a single one when the mapping is certain.
    confidence : of the mapping, 0 to 1, as its table states it.
    """

    code: str | None
    candidates: tuple[str, ...]
    confidence: float

    @property
    def sure(self) -> bool:
        """Whether there is no choice."""
        return len(self.candidates) <= 1


@dataclass(frozen=True)
class Scheme:
    """A classification.

    Attributes
    ----------
    key : as configs write it.
    title : as messages write it.
    names : name of every code.
    targets : what every code became.
    """

    key: str
    title: str
    names: Mapping[str, str]
    targets: Mapping[str, Target]

    def find_name(self, name: str) -> list[str]:
        """Return the codes that carry a name."""
        return [code for code, own in self.names.items() if own == name]


@cache
def schemes() -> dict[str, Scheme]:
    """Return all classifications by key."""
    known = landuse_names()
    made = {
        "2023": Scheme("2023", TITLES["2023"], known, {code: Target(code, (code,), 1.0) for code in known}),
        "2020": _read_2020(known),
        "sandiao": _read_sandiao(known),
        "gb50137": _read_gb50137(known),
    }
    return {key: made[key] for key in SCHEMES}


def _children(code: str, known: Mapping[str, str]) -> list[str]:
    return [other for other in known if len(other) == len(code) + 2 and other.startswith(code)]


def _read_2020(known: Mapping[str, str]) -> Scheme:
    """Read the trial edition of 2020.

    A remaining class (其他…) whose family gained members in 2023 was split: what it held may be in the new ones.
    """
    rows: dict[str, list[dict[str, str]]] = {}
    for row in read_rows("standards/landuse_code_2020_to_2023.csv"):
        rows.setdefault(row["code_2020_trial"], []).append(row)
    own = {row["code"]: row["name"] for row in read_rows("standards/landuse_2020_names.csv")}
    reached = {row["code_2023"] for found in rows.values() for row in found}
    names, targets = {}, {}
    for code, found in rows.items():
        new = [row["code_2023"] for row in found]
        if found[0]["changed"] == "1" and known[new[0]].startswith("其他"):
            new += [other for other in _children(new[0][:-2], known) if other not in reached]
        names[code] = own.get(code, found[0]["name_2023"])
        targets[code] = Target(
            new[0], tuple(dict.fromkeys(new)), min(float(row["confidence"]) for row in found)
        )
    return Scheme("2020", TITLES["2020"], names, targets)


def _read_sandiao(known: Mapping[str, str]) -> Scheme:
    """Read the working classification of the third land survey.

    A class that must be split by hand is taken as the class above; its candidates are the members of that
    class that no other survey class became. One that has a namesake there became the namesake.
    """
    table = {row["sandiao_name"]: row for row in read_rows("standards/landuse_sandiao_to_2023.csv")}
    whole = {row["ydyh_code_2023"] for row in table.values() if row["needs_manual_split"] == "0"}
    entries = read_rows("standards/landuse_sandiao_codes.csv")
    targets: dict[str, Target] = {}
    for entry in (entry for entry in entries if entry["parent"]):
        row = table.get(entry["name"])
        if row is None:
            targets[entry["code"]] = Target(
                entry["code_2023"], (entry["code_2023"],), float(entry["confidence"])
            )
            continue
        code, confidence = row["ydyh_code_2023"], float(row["confidence"])
        members = _children(code, known) if row["needs_manual_split"] == "1" else []
        namesake = [member for member in members if known[member] == entry["name"]]
        if namesake and not entry["name"].startswith("其他"):
            targets[entry["code"]] = Target(namesake[0], (namesake[0],), confidence)
            continue
        rest = dict.fromkeys([*namesake, *(member for member in members if member not in whole)])
        targets[entry["code"]] = Target(code, tuple(rest) or (code,), confidence)
    for entry in (entry for entry in entries if not entry["parent"]):
        parts = [targets[other["code"]] for other in entries if other["parent"] == entry["code"]]
        found = tuple(dict.fromkeys(part.code for part in parts if part.code))
        if not found:
            row = table[entry["name"]]
            code, confidence = row["ydyh_code_2023"], float(row["confidence"])
            targets[entry["code"]] = Target(code, tuple(_children(code, known)), confidence)
            continue
        shared = entry["code_2023"] or shared_class(found, known)
        targets[entry["code"]] = Target(shared, found, float(entry["confidence"]))
    names = {entry["code"]: entry["name"] for entry in entries}
    return Scheme("sandiao", TITLES["sandiao"], names, targets)


def _read_gb50137(known: Mapping[str, str]) -> Scheme:
    """Read the urban classification of 2011."""
    names, targets = {}, {}
    for row in read_rows("standards/landuse_gb50137_to_2023.csv"):
        found = tuple(row["codes_2023"].split(";"))
        names[row["code"]] = row["name"]
        targets[row["code"]] = Target(shared_class(found, known), found, float(row["confidence"]))
    return Scheme("gb50137", TITLES["gb50137"], names, targets)


def shared_class(codes: tuple[str, ...], known: Mapping[str, str]) -> str | None:
    """Return the smallest class that holds all codes; None where they have none in common."""
    for length in range(min(map(len, codes)), 1, -2):
        if codes[0][:length] in known and all(code.startswith(codes[0][:length]) for code in codes):
            return codes[0][:length]
    return None
