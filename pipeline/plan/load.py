"""Read a plan config: YAML without tags, every fault of it in one list, in Chinese."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from layers.faults import Fault, PlanFaults
from pipeline.plan.base import Block
from pipeline.plan.keys import find_meaning, list_keys
from pipeline.plan.models import Plan

Model = TypeVar("Model", bound=Block)


class _PlainLoader(yaml.SafeLoader):
    """SafeLoader that leaves dates as text, so that a wrong date is a config fault like any other."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


_TOO_DEEP, _BAD_VALUE = "嵌套太深", "数字太长，或取值与标签不符"
# Only what plain text, numbers and nesting need: no sets, binaries, dates or other tags.
_PlainLoader.yaml_constructors = {
    tag: build
    for tag, build in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in {"null", "bool", "int", "float", "str", "seq", "map"}
}


class _RepeatedKeyError(yaml.YAMLError):
    """Raised when a key stands twice in one table: YAML would keep the last and drop the rest unseen."""

    def __init__(self, key: str, mark: yaml.Mark) -> None:
        self.problem_mark = mark
        super().__init__(f"“{key}”写了两次")


class _ComplexKeyError(yaml.YAMLError):
    """Raised when a key is a list or a table."""

    def __init__(self, mark: yaml.Mark) -> None:
        self.problem_mark = mark
        super().__init__("键应为文字，不能是列表或键值表")


class _SwollenError(yaml.YAMLError):
    """Raised when aliases multiply the content beyond anything a plan needs."""

    def __init__(self, mark: yaml.Mark) -> None:
        self.problem_mark = mark
        super().__init__("锚点（&、*）层层引用，展开后过大")


def _build_mapping(loader: _PlainLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise yaml.YAMLError(_BAD_VALUE)
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _ComplexKeyError(key.start_mark)
        if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
            raise _RepeatedKeyError(str(key.value), key.start_mark)
        seen.add(str(key.value))
    loader.flatten_mapping(node)
    return dict(loader.construct_mapping(node, deep=True))


_PlainLoader.add_constructor("tag:yaml.org,2002:map", _build_mapping)

# What the YAML reader says, by the words it starts with.
_YAML_PROBLEMS = {
    "found character '\\t'": "缩进用了制表符（Tab）",
    "mapping values are not allowed": "这里不能有冒号，多半是上一行缩进不齐或文字未加引号",
    "expected <block end>": "缩进不齐",
    "could not find expected ':'": "缺少冒号，或冒号后没有空格",
    "found unexpected end of stream": "引号或括号没有成对",
    "expected ',' or": "方括号或花括号没有成对",
    "found undefined alias": "引用了没有定义的锚点（*）；星号开头的文字请加引号",
    "could not determine a constructor": "用了不允许的标签（!）",
    "found character '%'": "百分号开头的文字请加引号",
    "found character '@'": "@ 开头的文字请加引号",
    "found character '`'": "反引号开头的文字请加引号",
    "found unknown escape character": "双引号内的反斜杠须写成 / 或改用单引号",
}


def _explain_yaml(error: yaml.YAMLError) -> str:
    said = str(getattr(error, "problem", None) or error)
    for start, words in _YAML_PROBLEMS.items():
        if said.startswith(start):
            return words
    return said if isinstance(error, _OWN_ERRORS) or said in (_TOO_DEEP, _BAD_VALUE) else "写法有误"


_OWN_ERRORS = (_RepeatedKeyError, _ComplexKeyError, _SwollenError)
_MOST_NODES = 200_000


def _read_yaml(content: str) -> Any:
    """Return the content of a YAML text that does not unfold without bound.

    Raises
    ------
    yaml.YAMLError
        If it is no YAML, or not one that is safe to unfold.
    """
    loader = _PlainLoader(content)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _count_nodes(node, {})
        return loader.construct_document(node)
    except RecursionError:
        raise yaml.YAMLError(_TOO_DEEP) from None
    except (ValueError, KeyError):  # an integer of thousands of digits, or a tag that does not fit its value
        raise yaml.YAMLError(_BAD_VALUE) from None
    finally:
        loader.dispose()


def _count_nodes(node: yaml.Node, counted: dict[int, int]) -> int:
    """Return how many values a node stands for once its aliases are unfolded."""
    if id(node) in counted:
        return counted[id(node)]
    counted[id(node)] = 1  # an anchor that holds itself is refused by the constructor
    for item in node.value if isinstance(node, yaml.CollectionNode) else ():
        for child in item if isinstance(item, tuple) else (item,):
            counted[id(node)] += _count_nodes(child, counted)
    if counted[id(node)] > _MOST_NODES:
        raise _SwollenError(node.start_mark)
    return counted[id(node)]


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
    "finite_number": "应为有限的数",
    "int_from_float": "应为整数",
    "less_than": "数值太大",
    "less_than_equal": "数值太大",
}


_LIMITS = {"ge": "不小于", "gt": "大于", "le": "不大于", "lt": "小于"}
_REMEDIES = {
    "missing": "补上这一项",
    "dict_type": "写成 键: 值，下一级缩进两格",
    "model_type": "写成 键: 值，下一级缩进两格",
    "list_type": "每项前加“- ”",
}


def _describe(error: ErrorDetails, known: list[str], model: type[Block]) -> Fault:
    where = ".".join(str(part) for part in error["loc"]) or "（整个文件）"
    kind = error["type"]
    message = _MESSAGES.get(kind, "取值不对")
    advice = ""
    if kind == "value_error":
        # Own validators say what is wrong, and behind a semicolon what to do.
        message = error["msg"].removeprefix("Value error, ")
        advice = message.partition("；")[2]
    context = error.get("ctx", {})
    limits = [f"{word} {context[name]}" for name, word in _LIMITS.items() if name in context]
    remedy = f"应{'，'.join(limits)}" if limits else _REMEDIES.get(kind, advice)
    if kind == "literal_error":
        remedy = "允许：" + str(context["expected"]).replace("'", "").replace(" or ", "、").replace(
            ", ", "、"
        )
    if kind == "string_type" and isinstance(error.get("input"), int | float):
        remedy = f'加引号，如 "{error["input"]}"'
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        remedy = f"是否想写 {near[0]}？" if near else "请对照 configs/ 里的样例或配置说明"
    if not remedy:
        meaning = find_meaning(error["loc"], model)
        remedy = f"该项是：{meaning}" if meaning else "请对照 configs/ 里的样例或配置说明改正"
    value = "" if kind == "missing" else _show(error.get("input", ""))
    return Fault("HSQ-C03", f"配置项 {where}：{message}", field=where, value=value, remedy=remedy)


def _show(value: object) -> str:
    """Return a value as a message shows it: of lists and tables only what they are."""
    if isinstance(value, list | dict):
        return "（列表）" if isinstance(value, list) else "（键值表）"
    if isinstance(value, int) and abs(value) > 10**30:
        return "（很大的整数）"
    return str(value)[:60]


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
    return load_config(path, Plan).located(path.resolve().parent)


def load_config(path: Path, model: type[Model]) -> Model:
    """Read and validate a config of any kind; see ``load_plan``."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PlanFaults(
            [Fault("HSQ-C01", f"配置文件不存在：{path}", file=str(path), remedy="检查路径是否写对")]
        ) from None
    except UnicodeDecodeError:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-C01",
                    "配置文件不是 UTF-8 编码（可能是 GBK 或 UTF-16）",
                    file=str(path),
                    remedy="用记事本打开，另存为，编码选 UTF-8",
                )
            ]
        ) from None
    except OSError as error:
        problem = "是文件夹" if path.is_dir() else error.strerror or type(error).__name__
        raise PlanFaults(
            [
                Fault(
                    "HSQ-C01",
                    f"配置文件无法读取：{problem}",
                    file=str(path),
                    remedy="检查路径和读取权限",
                )
            ]
        ) from None
    try:
        data = _read_yaml(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = f"第 {mark.line + 1} 行" if mark else ""
        raise PlanFaults(
            [
                Fault(
                    "HSQ-C02",
                    f"配置文件不是合法的 YAML：{_explain_yaml(error)}",
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
        return model.model_validate(data)
    except ValidationError as error:
        known = list_keys(model)
        faults = [_describe(item, known, model) for item in error.errors(include_url=False)]
        raise PlanFaults([replace(fault, file=str(path)) for fault in faults]) from None
