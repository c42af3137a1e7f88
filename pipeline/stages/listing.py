"""What a match means for 资源清单: level, gap, paths out of it, listing, readiness (3.6.1, 3.6.2, 3.7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from configs import read_settings
from configs.facilities import facility_classes
from layers import codes
from layers.model import Column
from layers.planned import Inventory, Match, Need
from pipeline.stages.factors import rule
from pipeline.stages.options import Option
from pipeline.stages.paths import Path, Surroundings, find_paths
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
    option : the way chosen, if any.
    support : money, policy, people.
    paths : ways out of a gap (3.6.2), clear ones first; empty at level 2 and 3.
    seeks_space : whether the need asks for room or ground at all.
    shared : whether a neighbour's facility can serve instead.
    passed : better-looking resources that were not taken, with the reason.
    entry : 是 or 否 where a planner decided whether the need is listed.
    """

    need: Row
    level: int
    reason: str
    option: Option | None
    support: Support
    paths: tuple[Path, ...]
    seeks_space: bool
    shared: bool
    passed: tuple[str, ...]
    entry: str | None = None

    @property
    def spaces(self) -> list[Row]:
        """Rows of the spatial resources taken, the largest part first."""
        return [part.case.resource for part in self.option.parts] if self.option else []

    @property
    def clear(self) -> bool:
        """Whether a path names who and what, so that a weak match may be listed (3.7)."""
        return any(path.clear for path in self.paths)

    @property
    def listed(self) -> bool:
        """3.7: 强匹配 and 中匹配, and weaker ones with a clear path."""
        return self.entry == "是" if self.entry else self.level >= 2 or self.clear

    @property
    def resources(self) -> list[str]:
        """Numbers of all resources behind the need, the space first."""
        return [str(row[Inventory.number]) for row in [*self.spaces, *self.support.rows]]

    @property
    def statement(self) -> str:
        """The cell of 匹配度评估等级 (M-06), and below it what looked better and was not taken."""
        return "\n".join([f"{codes.LEVEL[self.level]}：{self.reason}", *self.passed])


def judge_need(
    need: Row,
    *,
    option: Option | None,
    support: Support,
    around: Surroundings,
    seeks_space: bool,
    passed: tuple[str, ...] = (),
    decide: Callable[[Column, Any], Any] = lambda _, computed: computed,
) -> Verdict:
    """Decide one need.

    Parameters
    ----------
    need : row of ``Need``.
    option : what the assignment gave it, None where nothing.
    support : money, policy and people found by rule.
    around : what a gap could still draw on.
    seeks_space : whether the need asks for room or ground.
    passed : better-looking resources that were not taken, with the reason.
    decide : returns the planner's value of a field of ``Match``, or the computed one.
    """
    computed, reason = _judge_level(need, option, around, support, seeks_space)
    level = int(decide(Match.level, computed))
    if level != computed:
        reason = f"人工认定匹配度为{level}（程序判定为{computed}：{reason}）"
    taken = option.parts if option else ()
    paths = find_paths(need, support, taken, around, seeks_space=seeks_space) if level <= 1 else []
    verdict = Verdict(
        need, level, reason, option, support, tuple(paths), seeks_space, around.shared is not None, passed
    )
    entry = "是" if verdict.listed else "否"
    decided = decide(Match.listed, entry)
    return verdict if decided == entry else replace(verdict, entry=decided)


def write_match(verdict: Verdict, *, unpaid: str = "") -> dict[str, Any]:
    """Return the ``Match`` row of a verdict, its texts in the guideline's forms.

    Parameters
    ----------
    unpaid : what is missing of the money, empty where nothing is.
    """
    number = verdict.need[Need.number]
    missing = find_missing(verdict, unpaid)
    built = verdict.need[Need.problem] == "建设类"
    return {
        Match.id: number,
        Match.need: number,
        Match.level: verdict.level,
        Match.level_name: codes.LEVEL[verdict.level],
        Match.reason: verdict.reason,
        Match.statement: verdict.statement,
        Match.why_not: "；".join(verdict.passed),
        Match.resources: "、".join(verdict.resources),
        Match.resource_text: _write_resources(verdict),
        Match.gap: "是" if verdict.level <= 1 else "否",
        Match.paths: "；".join(map(str, verdict.paths)),
        Match.path_clear: ("是" if verdict.clear else "否") if verdict.paths else None,
        Match.listed: "是" if verdict.listed else "否",
        Match.space_text: _write_space(verdict),
        Match.money_text: verdict.support.money_text() if built or verdict.support.money else NOTHING,
        Match.people_text: verdict.support.people_text(),
        Match.ready: "是" if verdict.listed and not missing else "否",
        Match.missing: "、".join(missing),
    }


def find_missing(verdict: Verdict, unpaid: str) -> list[str]:
    """Return what has to be settled before work can start (T1-05)."""
    need, option = verdict.need, verdict.option
    missing = list(option.judgement.conditions) if option else []
    if verdict.seeks_space and option is None:
        missing.append("共享协议待签" if verdict.shared else "空间资源未落实")
    if unpaid:
        missing.append(unpaid)
    item = facility_classes().get(clean_text(need[Need.type_key]))
    runs = item is not None and item.group in rule("support")["operator_groups"]
    if runs and not verdict.support.people:
        missing.append("运营主体未落实")
    if verdict.level == 0 and not verdict.seeks_space and not verdict.support.rows:
        missing.append("工作力量未落实")
    if not verdict.listed and not missing:
        missing.append("资源创造路径待明确")
    return missing


def _judge_level(
    need: Row, option: Option | None, around: Surroundings, support: Support, seeks_space: bool
) -> tuple[int, str]:
    if option is not None:
        operator = "，有潜在运营方" if support.people else ""
        return option.judgement.level, option.judgement.reason + operator
    if seeks_space:
        if around.candidates:
            return 0, f"候选资源{around.candidates[0].resource}已用于更优先的需求，需创造空间资源"
        return 0, "步行可达范围内没有可用的确认空间，需创造空间资源"
    rubric = read_settings("matching.yaml")
    levels = rubric["in_place"][need[Need.problem]]
    given = {"money": support.money, "policy": support.policy, "people": support.people}
    level = max((levels[kind] for kind, rows in given.items() if rows), default=0)
    if level == 0:
        return 0, "不占用空间，但尚无资金、政策或工作力量支撑"
    texts = [rubric["in_place_texts"][kind] for kind, rows in given.items() if rows and levels[kind] == level]
    return level, "不占用新空间，" + "，".join(texts)


def _write_resources(verdict: Verdict) -> str:
    """Return 关联资源项: 建筑（A栋一层）、人力（餐饮企业B), or that there is no space for it."""
    rows = [*verdict.spaces, *verdict.support.rows]
    text = "、".join(f"{row[Inventory.category]}（{row[Inventory.name]}）" for row in rows)
    if not verdict.spaces and verdict.seeks_space:
        return f"{NO_SPACE}；{text}" if text else NO_SPACE
    return text or NO_SPACE


def _write_space(verdict: Verdict) -> str:
    """Return 空间资源: place, area and owner (填表说明 1)."""
    if verdict.option is not None:
        parts = zip(verdict.spaces, verdict.option.used_m2, strict=True)
        several = len(verdict.spaces) > 1
        return "；".join(_write_place(row, used if several else None) for row, used in parts)
    if verdict.seeks_space:
        return NO_SPACE
    if verdict.need[Need.problem] == "管理类":
        return NOTHING
    place = clean_text(verdict.need[Need.place]) or clean_text(verdict.need[Need.community])
    return f"{place or '规划范围内'}原址实施，不占用新空间"


def _write_place(row: Row, used_m2: float | None) -> str:
    place, name = clean_text(row[Inventory.place]), clean_text(row[Inventory.name])
    area = write_area(clean_number(row[Inventory.usable_m2]))
    part = f"（其中利用{write_area(used_m2)}）" if used_m2 is not None else ""
    owner = clean_text(row[Inventory.owner]) or "待核"
    return f"{place}{'' if name in place else name}，{area}{part}，产权人：{owner}"
