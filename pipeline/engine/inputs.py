"""What a run depends on: the plan's input files, its config, and the product's own sources."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pipeline.engine.store import hash_file
from pipeline.plan import Plan
from pipeline.plan.sources import Source

# A shapefile is several files; a change in any of them is a change of the layer.
_SIDECARS = (".shx", ".dbf", ".prj", ".cpg")
_ROOMS = ("pipeline", "layers", "styles", "configs")


def _source_paths(source: Source) -> Iterator[Path]:
    yield source.path
    if source.geometry is not None:
        yield from _source_paths(source.geometry)


def input_files(plan: Plan) -> list[Path]:
    """Return every file the plan reads that exists, resolved, sorted, without duplicates."""
    named = [path for sources in plan.inputs.given().values() for s in sources for path in _source_paths(s)]
    if plan.open_data is not None:
        named.append(plan.open_data.path)
    if plan.divisions is not None:
        named.append(plan.divisions.path)
    if plan.walking.dem is not None:
        named.append(plan.walking.dem)
    found: set[Path] = set()
    for path in map(plan.resolve, named):
        if path.is_dir():
            found.update(file for file in path.iterdir() if file.is_file())
        elif path.exists():
            found.add(path)
            if path.suffix.lower() == ".shp":
                found.update(side for ext in _SIDECARS if (side := path.with_suffix(ext)).exists())
    return sorted(found)


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
    for path in input_files(plan):
        digest.update(path.name.encode() + hash_file(path).encode())
    digest.update(_code_hash().encode())
    return digest.hexdigest()
