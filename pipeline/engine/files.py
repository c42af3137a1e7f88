"""Content of files: hashes of what a plan reads and of what it left, and text files replaced whole. Light to import."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.plan import Plan
from pipeline.plan.files import list_inputs
from pipeline.plan.papers import find_paper

Papers = list[tuple[str, str]]  # ledger and cell of every file a ledger names
# What lies beside a file and is read with it, by what replaces its suffix, and by what is added to its name.
_BESIDE = (
    ".prj", ".cpg", ".dat", ".map", ".id", ".ind", ".mid", ".tfw", ".tifw", ".jgw", ".jpgw", ".pgw", ".pngw", ".wld",
)  # fmt: skip
_ADDED = (".aux.xml", ".ovr", ".msk", "-wal", "-journal")
_AT_ONCE = 4
# Below so many bytes handing files to threads takes longer than hashing them.
_WORTH_THREADS = 64_000_000


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_bytes(content: bytes) -> str:
    """Return the sha256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def hash_files(paths: Mapping[str, Path]) -> dict[str, str]:
    """Return the hash of each file by name; empty where it is not there or cannot be read."""
    if sum(_size(path) for path in paths.values()) < _WORTH_THREADS:
        return {name: _hash_any(path) for name, path in paths.items()}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(paths, pool.map(_hash_any, paths.values()), strict=True))


def hash_inputs(plan: Plan) -> dict[str, str]:
    """Return the hash of every file the config names and of what is read beside it; the decisions are not of them."""
    found: dict[str, Path] = {}
    folders: dict[Path, set[str]] = {}
    for name, path in list_inputs(plan):
        if path == plan.decisions or path.suffix.lower() == ".lock":
            continue
        found[name] = path
        if path.parent not in folders:
            folders[path.parent] = {entry.name for entry in os.scandir(path.parent) if entry.is_file()}
        head = name.removesuffix(path.name)
        for beside in _name_beside(path) & folders[path.parent]:
            found.setdefault(head + beside, path.parent / beside)
    return hash_files(dict(sorted(found.items())))


def size_papers(plan: Plan, papers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what reading takes note of in each file that a ledger names: its size, or why it cannot be taken."""
    found = {}
    for source, name in papers:
        paper = find_paper(plan, source, name)
        found[f"{source}｜{name}"] = str(paper.path.stat().st_size) if paper.path else paper.problem
    return found


def hash_papers(plan: Plan, papers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the hash of each file that a ledger names; empty where it cannot be taken."""
    paths = {f"{source}｜{name}": find_paper(plan, source, name).path for source, name in papers}
    return hash_files({name: path or Path() for name, path in paths.items()})


def replace_text(path: Path, content: str) -> None:
    """Write a text file so that either the old or the new content is there, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".part")
    fresh.write_text(content, encoding="utf-8")
    fresh.replace(path)


def _hash_any(path: Path) -> str:
    try:
        return hash_file(path)
    except OSError:
        return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _name_beside(path: Path) -> set[str]:
    """Return the names of files that would be read with one."""
    beside = {path.stem + suffix for suffix in _BESIDE} | {path.name + added for added in _ADDED}
    return beside - {path.name}
