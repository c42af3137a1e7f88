"""How templates present a field: its header, what may be written, an example, and the note beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from configs.facilities import facility_classes
from configs.planning import block_names, landuse_names
from layers import codes
from layers.ledgers import LEDGERS, OwnCost
from layers.model import Column, Layer
from layers.settle import COST_GROUPS
from layers.source import Facility, Identified, Ledger, Parcel, Survey
from pipeline.plan.sources import Inputs

LAYERS: tuple[type[Layer], ...] = tuple(Layer.registry[key] for key in Inputs.model_fields)
# Ledgers that offices keep as sheets; the rest are drawn.
SHEETS: tuple[type[Layer], ...] = (Survey, Ledger, Facility, *LEDGERS)
# Sheets whose rows may have a place: coordinates in the sheet, or shapes under the same id.
PLACED: tuple[type[Layer], ...] = tuple(layer for layer in SHEETS if layer.shape is not None)
EAST, NORTH = "东坐标", "北坐标"
_UNITS = {"㎡": "350", "m": "5", "mm": "400", "万元": "20", "人": "90", "户": "36", "天": "15"}
_KINDS = {"text": "文字", "int": "整数", "float": "数字", "bool": "是或否"}


@dataclass(frozen=True)
class Choices:
    """Values a drop-down offers.

    Attributes
    ----------
    name : of the list, Chinese.
    values : value and what it means; the same twice where it speaks for itself.
    closed : whether another value is a fault.
    """

    name: str
    values: tuple[tuple[str, str], ...]
    closed: bool


def head_of(column: Column) -> str:
    """Return the header of a sheet's column: alias, and the unit where there is one."""
    spec = column.spec
    return f"{spec.alias}（{spec.unit}）" if spec.unit else spec.alias


def shapes_name(layer: type[Layer]) -> str:
    """Return the name of the GeoPackage layer that holds the shapes of a sheet's rows."""
    return f"{layer.alias.split('（')[0]}_图形"


def sheet_name(layer: type[Layer]) -> str:
    """Return the name of a layer's sheet or GeoPackage layer: its alias without remarks in brackets."""
    return layer.alias.split("（")[0]


def choices_of(layer: type[Layer], column: Column) -> Choices | None:
    """Return what a drop-down offers for a field, None where anything may be written."""
    spec = column.spec
    if spec.codes is not None:
        return Choices(spec.codes.name, tuple((v, v) for v in spec.codes.values), spec.codes.closed)
    if spec.kind == "bool":
        return Choices(codes.YES_NO.name, tuple((v, v) for v in codes.YES_NO.values), True)
    names = _type_names()
    if (layer, column) in ((Facility, Facility.type_key), (Survey, Survey.type_key)):
        return Choices("设施类型", names, False)
    if (layer, column) == (OwnCost, OwnCost.subject):
        return Choices("造价对象", (*((word, word) for word in COST_GROUPS), *names), False)
    if (layer, column) == (Survey, Survey.block):
        return Choices("对应板块", _known_blocks(), False)
    if (layer, column) == (Parcel, Parcel.landuse_code):
        return Choices("用地用海分类", tuple(landuse_names().items()), True)
    return None


@cache
def _type_names() -> tuple[tuple[str, str], ...]:
    return tuple((item.name, item.key) for item in facility_classes().values())


@cache
def _known_blocks() -> tuple[tuple[str, str], ...]:
    blocks = dict.fromkeys(name for works in codes.WORKS.values for name in block_names(works))
    return tuple((name, name) for name in blocks)


def example_of(layer: type[Layer], column: Column) -> str:
    """Return a value as somebody might write it; empty for optional texts without one."""
    spec = column.spec
    if spec.example:
        return spec.example
    choices = choices_of(layer, column)
    if choices is not None:
        return choices.values[0][0]
    if spec.kind in ("int", "float"):
        return _UNITS.get(spec.unit, "1")
    return f"{_PREFIX.get(layer, 'A')}001" if column == Identified.id else ""


_PREFIX: dict[type[Layer], str] = {Survey: "XQ", Ledger: "ZY", Facility: "SS"}


def note_of(layer: type[Layer], column: Column) -> str:
    """Return the note beside a header: what it is, whether it must be there, unit, list, hint, example."""
    spec = column.spec
    choices = choices_of(layer, column)
    need = "选填" if not spec.required or spec.filled else "必填"
    listed = ""
    if choices is not None:
        shown = "、".join(value for value, _ in choices.values[:12])
        more = f" 等 {len(choices.values)} 项" if len(choices.values) > 12 else ""
        listed = f"{'取值' if choices.closed else '常用取值'}：{shown}{more}"
    example = example_of(layer, column)
    lines = (
        f"{spec.alias}：{need}，{_KINDS[spec.kind]}" + (f"，单位 {spec.unit}" if spec.unit else ""),
        listed,
        spec.hint,
        f"示例：{example}" if example else "",
        "涉及个人或权利人，不进入公开成果" if spec.private else "",
    )
    return "\n".join(line for line in lines if line)
