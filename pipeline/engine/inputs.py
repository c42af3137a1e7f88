"""What a run depends on: the plan's input files, its config, and the product's own sources."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.deliver.listing import list_inputs
from pipeline.engine.store import hash_file
from pipeline.plan import Plan

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
        digest.update(name.encode() + hash_file(path).encode())
    digest.update(_code_hash().encode())
    return digest.hexdigest()
