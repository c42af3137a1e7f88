"""The plan config explained, generated from its models: JSON schema for editors, reference page, both kept in step by a test."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipeline.plan.base import Block
from pipeline.plan.models import Plan

_MADE_BY = "`pipeline/plan/models.py` 生成（`python -m pipeline.plan.reference`）"
_NAMES = {
    "str": "文字",
    "int": "整数",
    "float": "数字",
    "bool": "true/false",
    "Path": "文件路径",
    "date": "日期",
}


def _blocks_in(annotation: Any) -> Iterator[type[Block]]:
    if isinstance(annotation, type) and issubclass(annotation, Block):
        yield annotation
    for part in get_args(annotation):
        yield from _blocks_in(part)


def _type_text(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " 或 ".join(_type_text(part) for part in parts if part is not type(None))
    if origin is list:
        return f"列表（{_type_text(parts[0])}）"
    if origin is dict:
        return f"键值表（{_type_text(parts[0])} → {_type_text(parts[1])}）"
    if parts and origin is not None and all(isinstance(part, str) for part in parts):
        return "、".join(f"`{part}`" for part in parts)
    if hasattr(annotation, "__metadata__"):
        return _type_text(parts[0])
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return f"见 {annotation.__name__}"
    return _NAMES.get(getattr(annotation, "__name__", ""), str(annotation))


def _default_text(info: FieldInfo) -> str:
    if info.is_required():
        return "**必填**"
    value = info.default
    if value is PydanticUndefined or value is None or isinstance(value, Block):
        return ""
    return f"`{value}`"


def write_schema(model: type[Block] = Plan) -> str:
    """Return the JSON schema of a config; YAML editors complete and check with it."""
    return json.dumps(model.model_json_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write_page(root: type[Block] = Plan, *, title: str = "方案配置说明", made_by: str = _MADE_BY) -> str:
    """Return the reference page in Markdown: a table a block, in the order of the config."""
    waiting: list[type[Block]] = [root]
    done: list[type[Block]] = []
    while waiting:
        model = waiting.pop(0)
        if model in done:
            continue
        done.append(model)
        for info in model.model_fields.values():
            waiting += [block for block in _blocks_in(info.annotation) if block not in done]
    lines = [
        f"# {title}",
        "",
        f"由 {made_by}，请勿手改。路径相对于配置文件所在文件夹；密钥只从环境变量读取，不写入配置。",
    ]
    for model in done:
        heading = "配置文件" if model is root else model.__name__
        lines += ["", f"## {heading}", "", "| 键 | 类型 | 缺省 | 说明 |", "| --- | --- | --- | --- |"]
        for name, info in model.model_fields.items():
            text = (info.description or "").replace("|", "\\|")
            lines.append(f"| `{name}` | {_type_text(info.annotation)} | {_default_text(info)} | {text} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write both files beside the configs."""
    from pathlib import Path

    folder = Path(__file__).resolve().parents[2] / "configs"
    (folder / "plan.schema.json").write_text(write_schema(), encoding="utf-8")
    (folder / "配置说明.md").write_text(write_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
