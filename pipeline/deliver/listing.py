"""成果目录.xlsx and manifest.json: what was handed in, what was not and why, and how to check it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.deliver.items import Absent, Item, Made
from pipeline.deliver.tables.book import write_book
from pipeline.deliver.tables.content import Value, plain_content
from pipeline.plan import Plan
from pipeline.plan.files import list_inputs
from pipeline.versions import read_versions

CATALOGUE = "成果目录.xlsx"
ABSENT = "未提供的成果"  # its sheet of what was not made, with reasons
MANIFEST = "manifest.json"
_KINDS = ("图件", "CAD图", "表格", "文本", "数据库", "附件", "质检", "公示版", "目录")


def write_catalogue(made: Made, plan: Plan, root: Path) -> list[Item]:
    """Write 成果目录.xlsx and return all items: those of ``made``, the catalogue itself and the manifest.

    Parameters
    ----------
    made : files delivered and entries not made.
    """
    items = [item for item in made if isinstance(item, Item)]
    items.append(Item(CATALOGUE, "目录", "成果目录", "pipeline.deliver.listing"))
    items.append(Item(MANIFEST, "目录", "成果清单与校验值", "pipeline.deliver.listing"))
    rank = {kind: index for index, kind in enumerate(_KINDS)}
    ordered = sorted(items, key=lambda item: rank.get(item.kind, len(_KINDS)))
    lines: list[list[Value]] = [
        [n, item.kind, item.number, item.title, item.path, item.note] for n, item in enumerate(ordered, 1)
    ]
    heads = [
        ("序号", 7, "center"),
        ("类别", 10, "center"),
        ("编号", 14, "center"),
        ("名称", 46, "left"),
        ("文件", 70, "left"),
        ("说明", 30, "left"),
    ]
    sheets = [("成果目录", plain_content(f"{plan.plan.title}成果目录", heads, lines))]
    absent = [entry for entry in made if isinstance(entry, Absent)]
    if absent:
        rows: list[list[Value]] = [[n, e.kind, e.number, e.title, e.reason] for n, e in enumerate(absent, 1)]
        heads = [*heads[:4], ("原因", 80, "left")]
        sheets.append((ABSENT, plain_content("目录中未提供的成果及原因", heads, rows)))
    write_book(root / CATALOGUE, sheets, plan)
    return ordered


def write_manifest(
    items: Sequence[Item], plan: Plan, root: Path, *, inputs: Mapping[str, str] | None = None
) -> Path:
    """Write manifest.json over every file under ``root``; call it last.

    Parameters
    ----------
    inputs : sha256 of inputs by name as they were when they were read; of others the bytes on disk now count.

    Raises
    ------
    ValueError
        If a file is there that no item names, or an item names a file that is not there.
    """
    maker = {path: item for item in items for path in (item.path, *item.companions)}
    there = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    there.pop(MANIFEST, None)
    maker.pop(MANIFEST, None)
    if there.keys() != maker.keys():
        raise ValueError(f"hand-in and items differ: {sorted(there.keys() ^ maker.keys())}")
    content = {
        "plan": {"id": plan.plan.id, "title": plan.plan.title, "compiled": plan.plan.compiled.isoformat()},
        "files": [
            {"path": name, **_fingerprint(there[name]), "made_by": maker[name].maker}
            for name in sorted(there)
        ],
        "inputs": [_tell_input(name, path, inputs or {}) for name, path in list_inputs(plan)],
        # Where the hand-in is put is no property of it.
        "parameters": plan.model_dump(mode="json", exclude={"delivery": {"folder"}}),
        "versions": read_versions(),
    }
    path = root / MANIFEST
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    return path


def _tell_input(name: str, path: Path, known: Mapping[str, str]) -> dict[str, Any]:
    """Return what is told of an input: one changed since it was read is not what the hand-in was made from."""
    found = _fingerprint(path)
    read = known.get(name, found["sha256"])
    return {"path": name, **found} if read == found["sha256"] else {"path": name, "sha256": read}


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"size": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
