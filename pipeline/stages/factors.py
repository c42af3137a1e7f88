"""The factors of a need and a resource, each with the highest level it allows and why (3.6.1).

Thresholds, sources and confidence are in ``configs/rubric.yaml``, one block a factor, under the factor's key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from configs import read_settings
from configs.facilities import FacilityClass
from configs.planning import UnitCost, landuse_names
from layers.planned import Inventory, Need
from pipeline.stages.money import Cost, estimate_cost
from pipeline.stages.placing import clean_number, clean_text, find_word, write_area, write_money

Row = Mapping[str, Any]
Costs = Mapping[tuple[str, str, str], UnitCost]
TENURE, CONSENT, LANDUSE, STATUS = "产权待核", "产权人同意待取得", "用途调整待批", "使用状况待核"
HERITAGE, DEPARTMENT, NEIGHBOUR = "历史文化保护审批待办", "跨部门审批待办", "跨社区使用协议待签"
_BUILT, _OPEN = "建筑", "空间"


@dataclass(frozen=True)
class Factor:
    """What one factor says.

    Attributes
    ----------
    key : its block in ``configs/rubric.yaml``.
    level : the highest level it allows.
    text : why, in Chinese; empty where there is nothing to say.
    condition : what has to be settled before work can start.
    """

    key: str
    level: int
    text: str = ""
    condition: str = ""


@dataclass(frozen=True)
class Case:
    """A need and a resource as the factors look at them.

    Attributes
    ----------
    need, resource : rows of ``Need`` and ``Inventory``.
    item : facility class the need asks for.
    distance_m : walking distance; NaN where it could not be measured.
    limit_m : walking limit of the class.
    cost_wan : estimated cost of the conversion, 万元; NaN where it is unknown.
    backed : whether money, a policy with an amount or an operator was found for the need.
    """

    need: Row
    resource: Row
    item: FacilityClass
    distance_m: float
    limit_m: float
    cost_wan: float
    backed: bool


def rule(key: str) -> Any:
    """Return a factor's block of the rubric."""
    return _read_rubric()[key]


@cache
def _read_rubric() -> Any:
    return read_settings("rubric.yaml")


def iter_factors(case: Case) -> Iterator[Factor]:
    """Yield every factor of a case, the one of area first."""
    yield from iter_lasting(case)
    yield from iter_passing(case)


def iter_lasting(case: Case) -> Iterator[Factor]:
    """Yield the factors that ask only for the class, its scale and the resource: the same wherever a need is."""
    yield rate_area(case)
    yield _rate_fitness(case)
    yield from _rate_form(case)
    yield from _rate_building(case)
    yield _rate_effort(case)
    yield _rate_landuse(case)
    yield from _rate_consent(case)


def iter_passing(case: Case) -> Iterator[Factor]:
    """Yield the factors that ask where the need is and what stands behind it."""
    yield from _rate_community(case)
    yield _rate_distance(case)
    yield _rate_support(case)


def needs_no_works(resource: Row, item: FacilityClass) -> bool:
    """Return whether a place is such a facility already and only opened by turns, so that nothing is built."""
    block = rule("department")
    if resource[Inventory.category] != _OPEN or item.key not in block["by_turns"]:
        return False
    return bool(find_word(clean_text(resource[Inventory.name]), block["by_turns_words"]))


def find_way(resource: Row) -> str:
    """Return 改造 for rooms and open space in use, 新建 for idle ground, as the layout does."""
    in_use = resource[Inventory.category] == _OPEN and resource[Inventory.use_status] == "在用"
    return "改造" if resource[Inventory.category] == _BUILT or in_use else "新建"


def estimate_conversion(need: Row, resource: Row, item: FacilityClass, costs: Costs) -> float:
    """Return what the conversion costs, 万元; 0 where nothing is built, NaN where the scale is unknown."""
    return 0.0 if needs_no_works(resource, item) else price_conversion(need, resource, item, costs).total_wan


def price_conversion(need: Row, resource: Row, item: FacilityClass, costs: Costs) -> Cost:
    """Return what it costs to make a place fit for a need."""
    required, usable = clean_number(need[Need.required_m2]), clean_number(resource[Inventory.usable_m2])
    way = find_way(resource)
    area = required if way == "新建" and not item.land else float(np.fmin(required, usable))
    return estimate_cost(item, way, area_m2=area, length_m=float("nan"), costs=costs)


def rate_area(case: Case) -> Factor:
    """Rate the usable area of one resource against the scale required."""
    usable = clean_number(case.resource[Inventory.usable_m2])
    if np.isnan(usable):
        return Factor("area_ratio", 2, "可用面积待核", "可用面积待核")
    return compare_area(case.need, case.item, usable)


def compare_area(need: Row, item: FacilityClass, usable_m2: float, *, word: str = "可用面积") -> Factor:
    """Rate an area, of one resource or of several together, against the scale required."""
    required = clean_number(need[Need.required_m2])
    if np.isnan(required):
        return Factor("area_ratio", 3, f"{word}{write_area(usable_m2)}")
    steps = rule("area_ratio")["least"]
    level = max((lv for lv, least in steps.items() if usable_m2 >= least * required), default=0)
    said = "满足" if level == 3 else "小于"
    mark = item.mark if clean_text(need[Need.scale_key]) else ""
    return Factor("area_ratio", level, f"{word}{write_area(usable_m2)}{said}所需{write_area(required)}{mark}")


def _rate_fitness(case: Case) -> Factor:
    block = rule("fitness")
    fits = block["classes"].get(case.item.key, block["kinds"]["land" if case.item.land else "indoor"])
    level = fits[case.resource[Inventory.category]]
    return Factor("fitness", level, block["texts"].get(level, ""))


def _rate_form(case: Case) -> Iterator[Factor]:
    """Open ground must be wide and compact enough; rooms are not judged by their outline."""
    if case.resource[Inventory.category] == _BUILT:
        return
    width, compact = (clean_number(case.resource[c]) for c in (Inventory.width_m, Inventory.compactness))
    block = rule("width")
    least = block["least_m"].get(case.item.key, block["least_m"]["default"])
    if width < least:
        level = 2 if width >= block["soft"] * least else 1
        yield Factor("width", level, f"最大内接宽度{width:.1f} m小于{least:g} m")
    if not np.isnan(compact):
        level = max((lv for lv, low in rule("shape")["least"].items() if compact >= low), default=1)
        if level < 3:
            yield Factor("shape", level, f"形状狭长不规则（紧凑度{compact:.2f}）")


def _rate_building(case: Case) -> Iterator[Factor]:
    text = clean_text(case.resource[Inventory.condition])
    if "保护范围" in text:
        yield Factor("heritage", rule("heritage")["level"], "涉及历史文化保护范围，需审批", HERITAGE)
    if case.resource[Inventory.category] == _OPEN:
        return  # open space in use can be used by turns: no building to judge, nobody to move out
    block = rule("condition")
    for level, words in block["words"].items():
        word = find_word(text, words)
        if word:
            yield Factor("condition", level, f"现状条件（{word}）需工程处置")
            break
    status = clean_text(case.resource[Inventory.use_status])
    if status in block["use_status"]:
        level, said = block["use_status"][status]
        yield Factor("condition", level, said, STATUS if status == "待核" else "")
    if case.resource[Inventory.category] == _BUILT:
        yield from _rate_storey(case)


def _rate_storey(case: Case) -> Iterator[Factor]:
    where = clean_text(case.resource[Inventory.name]) + clean_text(case.resource[Inventory.place])
    for line in rule("storey")["rules"]:
        word = find_word(where, line["words"]) if case.item.group in line["groups"] else ""
        if word:
            said = "，" + line["text"] if not line["text"].startswith("位于") else ""
            yield Factor("storey", line["level"], f"位于{word}{said}" if said else line["text"])
            return


def _rate_effort(case: Case) -> Factor:
    if np.isnan(case.cost_wan):
        return Factor("effort", 3)
    if needs_no_works(case.resource, case.item):
        return Factor("effort", 3, "错时使用、无需建设")
    level = max((lv for lv, most in rule("effort")["most_wan"].items() if case.cost_wan <= most), default=1)
    said = {3: "投入约", 2: "需较大投入，约", 1: "经济成本极高，约"}[level]
    return Factor("effort", level, f"{said}{write_money(round(case.cost_wan, 1))}")


def _rate_landuse(case: Case) -> Factor:
    """Use by turns of an open space changes no land use; rooms and idle land do where codes differ."""
    block = rule("landuse")
    code, kind = clean_text(case.resource[Inventory.landuse_code]), case.resource[Inventory.category]
    now = landuse_names().get(code, code)
    if code.startswith(tuple(block["protected"])):
        return Factor("landuse", block["levels"]["protected"], f"现状{now}受保护，转用难度大", LANDUSE)
    if not code or kind == _OPEN:
        return Factor("landuse", 3)
    where = "land" if case.item.land else "indoor"
    alike = block["building_compatible"] if kind == _BUILT else block["compatible"][where]
    if code.startswith((*alike, case.item.landuse_code[:4] or "-")):
        return Factor("landuse", block["levels"]["compatible"], "用途相容")
    return Factor("landuse", block["levels"]["change"], f"现状{now}需调整规划用途", LANDUSE)


def _rate_consent(case: Case) -> Iterator[Factor]:
    """Owner and department: whose consent it takes."""
    resource, block = case.resource, rule("ownership")
    levels = block["levels"]
    if not bool(resource[Inventory.tenure_clear]):
        yield Factor("ownership", levels["unclear"], "权属待核需协调", TENURE)
    elif find_word(clean_text(resource[Inventory.tenure]), block["private_words"]):
        yield Factor("ownership", levels["private"], "产权属个人，需协商租用或征收", CONSENT)
    else:
        yield Factor("ownership", levels["clear"], "权属清晰")
    # A school ground may be opened by turns; building on it takes the school's department all the same.
    if not needs_no_works(resource, case.item) and find_word(
        clean_text(resource[Inventory.owner]), rule("department")["words"]
    ):
        yield Factor("department", rule("department")["level"], "需跨部门协调", DEPARTMENT)


def _rate_community(case: Case) -> Iterator[Factor]:
    home, other = (
        clean_text(case.need[Need.community]),
        clean_text(case.resource[Inventory.community]),
    )
    if home and other and home != other:
        yield Factor("community", rule("community")["level"], f"位于{other}，需跨社区统筹", NEIGHBOUR)


def _rate_distance(case: Case) -> Factor:
    if np.isnan(case.distance_m):
        return Factor("distance", 2, "步行距离未能测定")
    steps = rule("distance")["times"]
    level = max((lv for lv, times in steps.items() if case.distance_m <= times * case.limit_m), default=0)
    text = f"步行{case.distance_m:.0f} m"
    doubt = "" if case.item.verified else "，待核"
    if case.distance_m > case.limit_m:
        text += f"（服务距离{case.limit_m:.0f} m{doubt}）"
    return Factor("distance", level, text)


def _rate_support(case: Case) -> Factor:
    block = rule("support")
    if case.backed or not case.cost_wan > block["free_wan"]:
        return Factor("support", 3)
    return Factor("support", block["level"], "资金和运营方均待落实")
