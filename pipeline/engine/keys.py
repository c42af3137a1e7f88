"""Keys of results: everything a step depends on, each by its content, and what has changed of it in Chinese."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import pandas as pd

from layers.decisions import Decision
from layers.model import Layer
from pipeline.engine.files import Papers, hash_papers, size_papers
from pipeline.engine.program import find_part
from pipeline.plan import Plan
from pipeline.plan.slice import hash_sections, list_sections
from pipeline.stages.base import Stage
from pipeline.versions import read_versions

Parts: TypeAlias = dict[str, dict[str, str]]  # kind of dependency → name → hash
LOAD = "load"
# The modules that make the hand-in; those that draw a sheet once its instructions are complete.
_DELIVERING = (
    "pipeline.deliver.handin", "pipeline.deliver.atlas.edition", "pipeline.deliver.quality", "pipeline.audit.step",
)  # fmt: skip
_DRAWING = ("pipeline.deliver.atlas.kept", "pipeline.deliver.sheet.render", "pipeline.deliver.cad.sheet")
_CODE, _STANDARDS = "code", "standards"


def make_key(parts: Parts) -> str:
    """Return the one hash of everything a result depends on."""
    return hash_text(json.dumps(parts, ensure_ascii=False, sort_keys=True))


def hash_text(text: str) -> str:
    """Return the sha256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of the packages that can change a byte of a result."""
    return read_versions()


def stage_parts(
    stage: Stage,
    plan: Plan,
    *,
    decisions: pd.DataFrame,
    layers: Mapping[str, str],
    files: Mapping[str, str],
    papers: Papers,
) -> Parts:
    """Return everything a stage's result depends on.

    Parameters
    ----------
    decisions : ``Decision`` rows; those on what the stage makes count.
    layers : hash of each stored layer by key; those the stage takes count.
    files : hash of each input file by name; only ``load`` reads files.
    papers : files that ledgers name, from the record of ``load``.
    """
    part = find_part(stage.module)
    reads = stage.name == LOAD
    return {
        "program": {_CODE: part.code, _STANDARDS: part.standards},
        "versions": versions(),
        "config": hash_sections(plan, stage.config),
        "decisions": hash_decisions(stage.own_decisions(decisions)),
        "layers": {layer.key: layers[layer.key] for layer in stage.takes},
        "files": dict(files) if reads else {},
        "papers": size_papers(plan, papers) if reads else {},
    }


def delivery_parts(
    plan: Plan,
    *,
    decisions: pd.DataFrame,
    layers: Mapping[str, str],
    files: Mapping[str, str],
    papers: Papers,
    remarks: str,
) -> Parts:
    """Return everything a hand-in depends on: all layers, the whole config, the bytes of the inputs it lists.

    Parameters
    ----------
    remarks : hash of what all stages had to remark.
    """
    part = find_part(*_DELIVERING)
    return {
        "program": {_CODE: part.code, _STANDARDS: part.standards},
        "versions": versions(),
        "config": hash_sections(plan, list_sections(plan)),
        "decisions": hash_decisions(decisions),
        "layers": dict(layers),
        "files": dict(files),
        "papers": hash_papers(plan, papers),
        "remarks": {"": remarks},
    }


def drawing_program() -> str:
    """Return one hash of what draws a sheet once its instructions are complete."""
    part = find_part(*_DRAWING)
    return hash_text(part.code + part.standards + json.dumps(versions(), sort_keys=True))


def hash_decisions(decisions: pd.DataFrame) -> dict[str, str]:
    """Return one hash of decisions, whatever their order; nothing where there are none."""
    if not len(decisions):
        return {}
    rows = decisions.sort_values([Decision.table, Decision.number, Decision.field]).astype("str")
    return {
        "": hash_text(
            "\n".join("\x1f".join(map(str, row)) for row in rows.itertuples(index=False, name=None))
        )
    }


def tell_changes(old: Parts | None, new: Parts) -> list[str]:
    """Return in Chinese why a result is not what it would be now; nothing where it is."""
    if old is None:
        return ["还没有完成的结果"]
    told = []
    for kind, say in _SAY.items():
        before, now = old.get(kind, {}), new.get(kind, {})
        changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
        if changed:
            told += say(changed, before, now)
    return told or ([] if make_key(old) == make_key(new) else ["结果的记录方式有更新"])


def _say_program(names: list[str], *_: Any) -> list[str]:
    said = {_CODE: "程序有更新", _STANDARDS: "标准数据有更新"}
    return [said[name] for name in names if name in said]


def _say_versions(names: list[str], before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    moved = (f"{name} {before.get(name) or '无'}→{now.get(name) or '无'}" for name in names)
    return [f"依赖库版本有变化：{'、'.join(moved)}"]


def _say_config(names: list[str], *_: Any) -> list[str]:
    return [f"配置 {'、'.join(names)} 有改动"]


def _say_files(names: list[str], before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    groups: dict[str, list[str]] = {"新增": [], "不再有": [], "有改动": []}
    for name in names:
        word = "新增" if not before.get(name) else "有改动" if now.get(name) else "不再有"
        groups[word].append(name.rpartition("｜")[2])
    return [f"{'、'.join(found)} {word}" for word, found in groups.items() if found]


def _say_layers(names: list[str], *_: Any) -> list[str]:
    return [f"图层 {_join(Layer.registry[name].alias for name in names if name in Layer.registry)} 有变化"]


def _join(names: Iterable[str]) -> str:
    return "、".join(names)


_SAY: dict[str, Any] = {
    "program": _say_program,
    "versions": _say_versions,
    "config": _say_config,
    "files": _say_files,
    "papers": _say_files,
    "decisions": lambda *_: ["人工决策有改动"],
    "layers": _say_layers,
    "remarks": lambda *_: ["质检记录有变化"],
}
