"""What a match means for 资源清单: level, gap, paths out of it, listing, readiness (3.6.1, 3.6.2, 3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from configs import read_settings
from configs.facilities import facility_classes
from layers import codes
from layers.planned import Inventory, Match, Need
from layers.reachable import Sharing
from pipeline.stages.candidates import Candidate
from pipeline.stages.placing import clean_number, clean_text, write_area
from pipeline.stages.support import NOTHING, Support

Row = Mapping[str, Any]
NO_SPACE = "无直接对应空间资源"


@dataclass(frozen=True)
class Verdict:
    """The outcome for one need.

    Attributes
    ----------
    need : its row.
    level, reason : 3 to 0 and the Chinese sentence.
    space, chosen : the resource taken and the pair, if any.
    support : money, policy, people.
    paths : ways out of a gap (3.6.2), best first; empty at level 2 and 3.
    clear : whether the first path names who and what, so that a weak match may be listed (3.7).
    missing : what has to be settled before work can start.
    seeks_space : whether the need asks for room or ground at all.
    """

    need: Row
    level: int
    reason: str
    space: Row | None
    chosen: Candidate | None
    support: Support
    paths: tuple[str, ...]
    clear: bool
    missing: tuple[str, ...]
    seeks_space: bool

    @property
    def listed(self) -> bool:
        """3.7: 强匹配 and 中匹配, and weaker ones with a clear path."""
        return self.level >= 2 or self.clear

    @property
    def resources(self) -> list[str]:
        """Numbers of all resources behind the need, the space first."""
        space = [self.space[Inventory.number]] if self.space else []
        return [*space, *(row[Inventory.number] for row in self.support.rows)]


def judge_need(
    need: Row,
    *,
    space: Row | None,
    chosen: Candidate | None,
    best: Candidate | None,
    support: Support,
    shared: Row | None,
    suspect: Row | None,
    seeks_space: bool,
) -> Verdict:
    """Decide one need.

    Parameters
    ----------
    need : row of ``Need``.
    space, chosen : resource taken and its pair, None where none was.
    best : the best candidate, taken or not.
    support : money, policy and people found by rule.
    shared : nearest facility of another community that serves this one, row of ``Sharing``.
    suspect : 疑似 ground that could serve once confirmed, row of ``Inventory``.
    seeks_space : whether the need asks for room or ground.
    """
    level, reason = _judge_level(need, chosen, best, support, seeks_space)
    named = _name_paths(support, chosen, shared, suspect) if level <= 1 else []
    clear = any(sure for sure, _ in named)
    paths = [text for _, text in sorted(named, key=lambda item: not item[0])]
    if level <= 1:
        paths += _usual_paths(need, support, seeks_space)
    missing = _find_missing(need, level, chosen, support, shared, seeks_space)
    return Verdict(
        need, level, reason, space, chosen, support, tuple(dict.fromkeys(paths)), clear, missing, seeks_space
    )


def write_match(verdict: Verdict) -> dict[str, Any]:
    """Return the ``Match`` row of a verdict, its texts in the guideline's forms."""
    number = verdict.need[Need.number]
    return {
        Match.id: number,
        Match.need: number,
        Match.level: verdict.level,
        Match.level_name: codes.LEVEL[verdict.level],
        Match.reason: verdict.reason,
        Match.resources: "、".join(verdict.resources),
        Match.resource_text: _write_resources(verdict),
        Match.gap: "是" if verdict.level <= 1 else "否",
        Match.paths: "；".join(verdict.paths),
        Match.listed: "是" if verdict.listed else "否",
        Match.space_text: _write_space(verdict),
        Match.money_text: verdict.support.money_text() if verdict.need[Need.problem] == "建设类" or verdict.support.money else NOTHING,
        Match.people_text: verdict.support.people_text(),
        Match.ready: "是" if verdict.listed and not verdict.missing else "否",
        Match.missing: "、".join(verdict.missing),
    }  # fmt: skip


def _judge_level(
    need: Row, chosen: Candidate | None, best: Candidate | None, support: Support, seeks_space: bool
) -> tuple[int, str]:
    if chosen is not None:
        operator = "，有潜在运营方" if support.people else ""
        return chosen.judgement.level, chosen.judgement.reason + operator
    if seeks_space:
        if best is not None:
            return 0, f"候选资源{best.resource}已用于更优先的需求，需创造空间资源"
        return 0, "步行可达范围内没有可用的确认空间，需创造空间资源"
    rubric = read_settings("matching.yaml")
    levels = rubric["in_place"][need[Need.problem]]
    given = {"money": support.money, "policy": support.policy, "people": support.people}
    level = max((levels[kind] for kind, rows in given.items() if rows), default=0)
    if level == 0:
        return 0, "不占用空间，但尚无资金、政策或工作力量支撑"
    texts = [rubric["in_place_texts"][kind] for kind, rows in given.items() if rows and levels[kind] == level]
    return level, "不占用新空间，" + "，".join(texts)


def _name_paths(
    support: Support, chosen: Candidate | None, shared: Row | None, suspect: Row | None
) -> list[tuple[bool, str]]:
    """Return paths that name a thing, each with whether it is clear enough for 3.7."""
    paths = []
    if shared is not None:
        paths.append(
            (
                True,
                f"政策资源创造：与{shared[Sharing.owner_community]}协商共享{clean_text(shared[Sharing.facility_name]) or shared[Sharing.type_name]}"
                f"（步行{shared[Sharing.distance_m]:.0f} m，{shared[Sharing.mode]}）",
            )
        )
    if chosen is not None and support.money and support.rows != support.money:
        names = "、".join(row[Inventory.name] for row in support.rows)
        paths.append((True, f"资金资源创造：以{names}改善现有资源{chosen.resource}"))
    if suspect is not None:
        paths.append(
            (
                False,
                f"空间资源创造：现场核实{suspect[Inventory.name]}（约{clean_number(suspect[Inventory.usable_m2]):.0f}㎡）后启用",
            )
        )
    return paths


def _usual_paths(need: Row, support: Support, seeks_space: bool) -> list[str]:
    usual = read_settings("matching.yaml")["paths"]
    item = facility_classes().get(clean_text(need[Need.type_key]))
    paths = []
    if seeks_space and item is not None:
        paths.append(usual["land" if item.land else "indoor"])
    if not support.money and need[Need.problem] == "建设类":
        paths.append(usual["money"])
    if not support.people and not seeks_space:
        paths.append(usual["people"])
    return paths or [usual["place"]]


def _find_missing(
    need: Row, level: int, chosen: Candidate | None, support: Support, shared: Row | None, seeks_space: bool
) -> tuple[str, ...]:
    missing = list(chosen.judgement.conditions) if chosen else []
    if seeks_space and chosen is None:
        missing.append("共享协议待签" if shared is not None else "空间资源未落实")
    if need[Need.problem] == "建设类" and not any(
        clean_number(r[Inventory.amount_wan]) > 0 for r in support.money
    ):
        missing.append("资金来源未落实")
    if level == 0 and not seeks_space and not support.rows:
        missing.append("工作力量未落实")
    return tuple(missing)


def _write_resources(verdict: Verdict) -> str:
    """Return 关联资源项: 建筑（A栋一层）、人力（餐饮企业B), or that there is no space for it."""
    rows = ([verdict.space] if verdict.space else []) + verdict.support.rows
    text = "、".join(f"{row[Inventory.category]}（{row[Inventory.name]}）" for row in rows)
    if verdict.space is None and verdict.seeks_space:
        return f"{NO_SPACE}；{text}" if text else NO_SPACE
    return text or NO_SPACE


def _write_space(verdict: Verdict) -> str:
    """Return 空间资源: place, area and owner (填表说明 1)."""
    if verdict.space is not None:
        row = verdict.space
        place = clean_text(row[Inventory.place])
        name = clean_text(row[Inventory.name])
        area = clean_number(row[Inventory.usable_m2])
        owner = clean_text(row[Inventory.owner]) or "待核"
        return f"{place}{'' if name in place else name}，{write_area(area)}，产权人：{owner}"
    if verdict.seeks_space:
        return NO_SPACE
    if verdict.need[Need.problem] == "管理类":
        return NOTHING
    place = clean_text(verdict.need[Need.place]) or clean_text(verdict.need[Need.community])
    return f"{place or '规划范围内'}原址实施，不占用新空间"
