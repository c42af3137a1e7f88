"""Read a plan config: YAML without tags, every fault of it in one list, in Chinese."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from layers.faults import Fault, PlanFaults
from pipeline.plan.models import Plan


class _PlainLoader(yaml.SafeLoader):
    """SafeLoader that leaves dates as text, so that a wrong date is a config fault like any other."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

_MESSAGES = {
    "missing": "缺少必填项",
    "extra_forbidden": "没有这个配置项",
    "string_type": "应为文字",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "float_parsing": "应为数字",
    "float_type": "应为数字",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "date_from_datetime_parsing": "应为日期，如 2026-11-23",
    "date_parsing": "应为日期，如 2026-11-23",
    "date_type": "应为日期，如 2026-11-23",
    "list_type": "应为列表",
    "dict_type": "应为键值表",
    "model_type": "应为键值表",
    "path_type": "应为文件路径",
    "string_pattern_mismatch": "格式不符",
    "literal_error": "取值不在允许范围内",
    "greater_than": "数值太小",
    "greater_than_equal": "数值太小",
    "less_than": "数值太大",
    "less_than_equal": "数值太大",
}


def _describe(error: ErrorDetails, known: list[str]) -> Fault:
    where = ".".join(str(part) for part in error["loc"]) or "（整个文件）"
    kind = error["type"]
    message = _MESSAGES.get(kind, error["msg"])
    if kind == "value_error":
        message = error["msg"].removeprefix("Value error, ")
    context = error.get("ctx", {})
    limits = [
        f"{name}={context[name]}"
        for name in ("ge", "gt", "le", "lt", "expected", "pattern")
        if name in context
    ]
    remedy = f"允许：{'，'.join(limits)}" if limits else ""
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        remedy = f"是否想写 {near[0]}？" if near else "请对照 configs/ 里的样例或配置说明"
    value = "" if kind == "missing" else str(error.get("input", ""))[:60]
    return Fault("HSQ-C03", f"配置项 {where}：{message}", field=where, value=value, remedy=remedy)


def _known_keys() -> list[str]:
    """Every key of every block, for the "did you mean" of an unknown one."""
    names: set[str] = set()
    waiting: list[Any] = [Plan]
    seen: set[Any] = set()
    while waiting:
        model = waiting.pop()
        if model in seen or not hasattr(model, "model_fields"):
            waiting.extend(a for a in getattr(model, "__args__", ()) if a not in seen)
            continue
        seen.add(model)
        for name, info in model.model_fields.items():
            names.add(name)
            waiting.append(info.annotation)
    return sorted(names)


def load_plan(path: Path) -> Plan:
    """Read and validate a plan config.

    Parameters
    ----------
    path : the YAML file; relative paths inside it start from its folder.

    Raises
    ------
    PlanFaults
        With one fault a problem: the file is absent, is not YAML, or keys are missing, unknown or wrong.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PlanFaults(
            [Fault("HSQ-C01", f"配置文件不存在：{path}", file=str(path), remedy="检查路径是否写对")]
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-C01",
                    f"配置文件无法读取：{error}",
                    file=str(path),
                    remedy="另存为 UTF-8 编码的文本文件",
                )
            ]
        ) from None
    try:
        data = yaml.load(content, Loader=_PlainLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = f"第 {mark.line + 1} 行" if mark else ""
        raise PlanFaults(
            [
                Fault(
                    "HSQ-C02",
                    f"配置文件不是合法的 YAML：{getattr(error, 'problem', error)}",
                    file=str(path),
                    row=row,
                    remedy="检查缩进、冒号后的空格和引号",
                )
            ]
        ) from None
    if not isinstance(data, dict):
        raise PlanFaults(
            [Fault("HSQ-C02", "配置文件应为键值表", file=str(path), remedy="参考 configs/sample.yaml")]
        )
    try:
        plan = Plan.model_validate(data)
    except ValidationError as error:
        known = _known_keys()
        faults = [_describe(item, known) for item in error.errors(include_url=False)]
        raise PlanFaults([replace(fault, file=str(path)) for fault in faults]) from None
    return plan.located(path.resolve().parent)
