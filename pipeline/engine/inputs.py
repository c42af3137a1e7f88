"""What a run depends on: the plan's input files, its config, the product's own sources, the planner's decisions.

Decisions count apart from the rest: they touch the stages that make what they are about, and all after
those, so that changing the name of a project does not read every file again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from layers.decisions import Decision
from layers.judgements import subjects
from pipeline.deliver.listing import list_inputs
from pipeline.engine.store import hash_file
from pipeline.plan import Plan
from pipeline.stages import STAGES

_ROOMS = ("pipeline", "layers", "styles", "configs")


def _code_hash() -> str:
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for room in _ROOMS:
        for file in sorted((root / room).rglob("*")):
            if file.suffix in {".py", ".csv", ".yaml"} and "__pycache__" not in file.parts:
                digest.update(file.relative_to(root).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def fingerprint_run(plan: Plan) -> str:
    """Return one hash of everything the stage results depend on: config, input bytes, program."""
    digest = hashlib.sha256(plan.model_dump_json().encode())
    for name, path in list_inputs(plan):
        if path == plan.decisions:
            continue
        digest.update(name.encode() + hash_file(path).encode())
    digest.update(_code_hash().encode())
    return digest.hexdigest()


def fingerprint_decisions(decisions: pd.DataFrame) -> dict[str, str]:
    """Return by stage one hash of the decisions on what this stage or one before it makes.

    Parameters
    ----------
    decisions : ``Decision`` rows.
    """
    layer = {subject.title: subject.layer.key for subject in subjects()}
    maker = {item.key: stage.name for stage in STAGES for item in stage.gives}
    rows = decisions.sort_values([Decision.table, Decision.number, Decision.field]).astype("str")
    by_stage: dict[str, list[str]] = {}
    for row in rows.to_dict("records"):
        by_stage.setdefault(maker[layer[row[Decision.table]]], []).append("\x1f".join(map(str, row.values())))
    digest, result = hashlib.sha256(), {}
    for stage in STAGES:
        for text in by_stage.get(stage.name, []):
            digest.update(text.encode() + b"\n")
        result[stage.name] = digest.hexdigest()
    return result
