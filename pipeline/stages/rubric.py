"""The level of one need and one resource, with the factors that decided it (3.6.1).

Every factor of ``configs/matching.yaml`` gives a level; the lowest is the pair's, because one hard
obstacle is enough to make a conversion hard. The sentence is made of the factors at that level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from configs import read_settings
from configs.facilities import FacilityClass
from configs.planning import landuse_names
from layers.planned import Inventory, Need
from pipeline.stages.placing import clean_number, clean_text, find_word, write_area

Row = Mapping[str, Any]
TENURE, LANDUSE, STATUS = "产权待核", "用途调整待批", "使用状况待核"


@dataclass(frozen=True)
class Factor:
    """What one factor says: the highest level it allows, and why."""

    level: int
    text: str
    condition: str = ""  # what has to be settled before work can start


@dataclass(frozen=True)
class Judgement:
    """The level of a pair.

    Attributes
    ----------
    level : 3, 2 or 1; a pair that would be 0 is no candidate.
    reason : Chinese sentence of the deciding factors.
    area_ratio : usable over required area; NaN where one is unknown.
    conditions : what is still missing before work can start.
    """

    level: int
    reason: str
    area_ratio: float
    conditions: tuple[str, ...]


def judge_pair(
    need: Row, resource: Row, item: FacilityClass, *, distance_m: float, limit_m: float
) -> Judgement | None:
    """Judge whether a spatial resource can meet a need; None where it cannot at all.

    Parameters
    ----------
    need, resource : rows of ``Need`` and ``Inventory``.
    item : the facility class the need asks for.
    distance_m : walking distance between them; NaN where it could not be measured.
    limit_m : walking limit of the class.
    """
    factors = list(_iter_factors(need, resource, item, distance_m, limit_m))
    level = min(factor.level for factor in factors)
    if level == 0:
        return None
    what = f"{resource[Inventory.category]}（{resource[Inventory.name]}）"
    deciding = "、".join(f.text for f in factors if f.text and (f.level == level))
    reason = f"有{what}，{deciding}" if level == 3 else f"有{what}，但{deciding}"
    required, usable = clean_number(need[Need.required_m2]), clean_number(resource[Inventory.usable_m2])
    conditions = tuple(dict.fromkeys(f.condition for f in factors if f.condition))
    return Judgement(level, reason, usable / required if required else np.nan, conditions)


def _iter_factors(
    need: Row, resource: Row, item: FacilityClass, distance_m: float, limit_m: float
) -> Iterator[Factor]:
    yield _fitness(resource, item)
    yield _area(need, resource, item)
    yield from _form(resource, item)
    yield from _condition(resource, item)
    yield _landuse(resource, item)
    yield from _ownership(need, resource, item)
    yield _distance(distance_m, limit_m, item)


def _fitness(resource: Row, item: FacilityClass) -> Factor:
    rubric = read_settings("matching.yaml")
    fits = rubric["fitness_classes"].get(item.key, rubric["fitness"]["land" if item.land else "indoor"])
    level = fits[resource[Inventory.category]]
    return Factor(level, rubric["fitness_texts"].get(level, ""))


def _area(need: Row, resource: Row, item: FacilityClass) -> Factor:
    required, usable = clean_number(need[Need.required_m2]), clean_number(resource[Inventory.usable_m2])
    if np.isnan(usable):
        return Factor(2, "可用面积待核")
    if np.isnan(required):
        return Factor(3, f"可用面积{write_area(usable)}")
    steps = read_settings("matching.yaml")["area_ratio"]
    level = max((lv for lv, least in steps.items() if usable >= least * required), default=0)
    word = "满足" if level == 3 else "小于"
    mark = item.mark if clean_text(need[Need.scale_key]) else ""
    return Factor(level, f"可用面积{write_area(usable)}{word}所需{write_area(required)}{mark}")


def _form(resource: Row, item: FacilityClass) -> Iterator[Factor]:
    """Open ground must be wide and compact enough; rooms are not judged by their outline."""
    if resource[Inventory.category] == "建筑":
        return
    rubric = read_settings("matching.yaml")
    width, compact = clean_number(resource[Inventory.width_m]), clean_number(resource[Inventory.compactness])
    least = rubric["width_m"].get(item.key, rubric["width_m"]["default"])
    if width < least:
        level = 2 if width >= rubric["width_soft"] * least else 1
        yield Factor(level, f"最大内接宽度{width:.1f} m小于{least:g} m")
    if not np.isnan(compact):
        level = max((lv for lv, low in rubric["compactness"].items() if compact >= low), default=1)
        if level < 3:
            yield Factor(level, f"形状狭长不规则（紧凑度{compact:.2f}）")


def _condition(resource: Row, item: FacilityClass) -> Iterator[Factor]:
    rubric = read_settings("matching.yaml")
    text = clean_text(resource[Inventory.condition])
    if "保护范围" in text:
        yield Factor(rubric["heritage"], "涉及历史文化保护范围，需审批")
    if resource[Inventory.category] == "空间":
        return  # open space in use can be used by turns: no building to judge, nobody to move out
    for level, words in rubric["condition_words"].items():
        word = find_word(text, words)
        if word:
            yield Factor(level, f"现状条件（{word}）需工程处置")
            break
    status = clean_text(resource[Inventory.use_status])
    if status in rubric["use_status"]:
        level, said = rubric["use_status"][status]
        yield Factor(level, said, STATUS if status == "待核" else "")
    where = clean_text(resource[Inventory.name]) + clean_text(resource[Inventory.place])
    storey = find_word(where, rubric["storey_words"]) if item.group in rubric["ground_floor_groups"] else ""
    if storey:
        yield Factor(2, f"位于{storey}，不在首层")


def _landuse(resource: Row, item: FacilityClass) -> Factor:
    """Use by turns of an open space changes no land use; rooms and idle land do where codes differ."""
    rubric = read_settings("matching.yaml")
    code, kind = clean_text(resource[Inventory.landuse_code]), resource[Inventory.category]
    if code.startswith(tuple(rubric["protected"])):
        return Factor(1, f"现状{landuse_names().get(code, code)}受保护，转用难度大", LANDUSE)
    if not code or kind == "空间":
        return Factor(3, "")
    alike = (
        rubric["building_compatible"]
        if kind == "建筑"
        else rubric["compatible"]["land" if item.land else "indoor"]
    )
    if code.startswith((*alike, item.landuse_code[:4] or "-")):
        return Factor(3, "用途相容")
    return Factor(2, f"现状{landuse_names().get(code, code)}需调整规划用途", LANDUSE)


def _ownership(need: Row, resource: Row, item: FacilityClass) -> Iterator[Factor]:
    rubric = read_settings("matching.yaml")
    clear = bool(resource[Inventory.tenure_clear])
    yield Factor(3, "权属清晰") if clear else Factor(2, "权属待核需协调", TENURE)
    who = clean_text(resource[Inventory.owner])
    # A school ground may be opened by turns; building on it takes the school's department all the same.
    by_turns = resource[Inventory.category] == "空间" and item.key in rubric["by_turns"]
    if not by_turns and find_word(who, rubric["department_words"]):
        yield Factor(2, "需跨部门协调")
    home, other = clean_text(need[Need.community]), clean_text(resource[Inventory.community])
    if home and other and home != other:
        yield Factor(rubric["other_community"], f"位于{other}，需跨社区统筹")


def _distance(distance_m: float, limit_m: float, item: FacilityClass) -> Factor:
    if np.isnan(distance_m):
        return Factor(2, "步行距离未能测定")
    steps = read_settings("matching.yaml")["distance"]
    level = max((lv for lv, times in steps.items() if distance_m <= times * limit_m), default=0)
    text = f"步行{distance_m:.0f} m"
    doubt = "" if item.verified else "，待核"
    return Factor(level, text if distance_m <= limit_m else f"{text}（服务距离{limit_m:.0f} m{doubt}）")
