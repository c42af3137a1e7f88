"""Ways out of a gap: space, policy, money and people that can still be created (3.6.2, M-07, M-08)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from configs import read_settings
from configs.facilities import facility_classes
from layers import codes
from layers.planned import Inventory, Need
from layers.reachable import Sharing
from pipeline.stages.factors import LANDUSE
from pipeline.stages.judge import Candidate
from pipeline.stages.placing import clean_number, clean_text, find_word, write_area
from pipeline.stages.support import Support

Row = Mapping[str, Any]
SPACE, POLICY, MONEY, PEOPLE = codes.PATH.values


@dataclass(frozen=True)
class Path:
    """One way: its kind of 3.6.2, what to do, and whether it names who and what (3.7's 清晰)."""

    kind: str
    text: str
    clear: bool = False

    def __str__(self) -> str:
        return f"{self.kind}：{self.text}"


@dataclass(frozen=True)
class Surroundings:
    """What a gap could still draw on.

    Attributes
    ----------
    shared : nearest facility of another community that serves this one, row of ``Sharing``.
    suspect : 疑似 ground that would be large enough once confirmed.
    roofs : confirmed buildings of the community, largest footprint first.
    candidates : judged pairs of the need, best first, none of them taken for it.
    """

    shared: Row | None
    suspect: Row | None
    roofs: Sequence[Row]
    candidates: Sequence[Candidate]


def find_paths(
    need: Row, support: Support, taken: Sequence[Candidate], around: Surroundings, *, seeks_space: bool
) -> list[Path]:
    """Return the ways out of a gap, clear ones first; never empty.

    Parameters
    ----------
    need : row of ``Need``.
    support : money, policy and people found by rule.
    taken : the weak pair in hand, empty where there is none.
    around : what else there is.
    seeks_space : whether the need asks for room or ground.
    """
    named = [*_share(around.shared), *_improve(support, taken)]
    if seeks_space:
        named += [*_change_use(taken, around), *_create_space(need, taken, around)]
    found = [*sorted(named, key=lambda path: not path.clear), *_usual(need, support, seeks_space)]
    return list(dict.fromkeys(found))


def _share(shared: Row | None) -> list[Path]:
    if shared is None:
        return []
    name = clean_text(shared[Sharing.facility_name]) or shared[Sharing.type_name]
    text = (
        f"与{shared[Sharing.owner_community]}协商共享{name}"
        f"（步行{shared[Sharing.distance_m]:.0f} m，{shared[Sharing.mode]}）"
    )
    return [Path(POLICY, text, clear=True)]


def _improve(support: Support, taken: Sequence[Candidate]) -> list[Path]:
    """A weak resource in hand with money and someone to use it is a clear way."""
    if not taken or not support.money or support.rows == support.money:
        return []
    names = "、".join(row[Inventory.name] for row in support.rows)
    held = "、".join(c.resource for c in taken)
    return [Path(MONEY, f"以{names}改善现有资源{held}", clear=True)]


def _change_use(taken: Sequence[Candidate], around: Surroundings) -> list[Path]:
    """Ask for a change of use of the best place whose land use stands in the way."""
    for candidate in [*taken, *around.candidates]:
        blocked = [f for f in candidate.judgement.factors if f.condition == LANDUSE]
        if blocked:
            name = candidate.case.resource[Inventory.name]
            return [Path(POLICY, f"{name}{blocked[0].text}，向上级争取“一事一议”调整")]
    return []


def _create_space(need: Row, taken: Sequence[Candidate], around: Surroundings) -> list[Path]:
    rules = read_settings("matching.yaml")["create"]
    item = facility_classes()[need[Need.type_key]]
    required = clean_number(need[Need.required_m2])
    found = []
    if around.suspect is not None:
        row = around.suspect
        where = find_word(clean_text(row[Inventory.name]), rules["space_words"])
        how = rules["space_words"].get(where, rules["suspect"])
        size = clean_number(row[Inventory.usable_m2])
        found.append(Path(SPACE, f"现场核实{row[Inventory.name]}（约{size:.0f}㎡）后{how}"))
    if around.candidates and not taken:
        best = around.candidates[0]
        name = best.case.resource[Inventory.name]
        how = rules["busy"]["land" if item.land else "indoor"]
        found.append(Path(SPACE, f"{name}（{best.resource}）已安排其他需求，{how}"))
    if item.key in rules["roof_classes"]:
        roof = next((r for r in around.roofs if r["geometry"].area >= required), None)
        if roof is not None:
            area = write_area(roof["geometry"].area)
            found.append(Path(SPACE, f"利用{roof[Inventory.name]}屋顶空间（基底约{area}），须先作结构鉴定"))
    return found


def _usual(need: Row, support: Support, seeks_space: bool) -> list[Path]:
    """What 3.6.2 names, where nothing of this place can be named."""
    usual = read_settings("matching.yaml")["paths"]
    item = facility_classes().get(clean_text(need[Need.type_key]))
    texts = []
    if seeks_space and item is not None:
        texts.append(usual["land" if item.land else "indoor"])
    if not support.money and need[Need.problem] == "建设类":
        texts.append(usual["money"])
    if not support.people and not seeks_space:
        texts.append(usual["people"])
    return [Path(*text.split("：", 1)) for text in texts or [usual["place"]]]
