"""The manifest: what was changed, added or removed since the hand-in was made, by name."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.audit.findings import Checked, check
from pipeline.audit.folder import MANIFEST, HandIn


@check("manifest", "与成果清单（manifest.json）核对", group="清单")
def check_manifest(handin: HandIn, out: Checked) -> None:
    """Size and SHA-256 of every file are those of the manifest; nothing is there besides, nothing is gone."""
    if handin.running:
        out.void = "清单在自检之后写出；成果完成后用 haoshequ audit 核对"
        return
    if MANIFEST not in handin.files:
        out.doubt("没有 manifest.json，不能判断哪些文件改动过", file=MANIFEST)
        return
    if handin.manifest is None:
        out.fault("manifest.json 已损坏", file=MANIFEST)
        return
    listed = {str(item.get("path")): item for item in handin.manifest["files"]}
    there = [name for name in handin.files if name != MANIFEST]
    with ThreadPoolExecutor(2) as pool:
        prints = dict(zip(there, pool.map(_fingerprint, (handin.files[name] for name in there)), strict=True))
    gone = {name: item for name, item in listed.items() if name not in prints}
    added = [name for name in there if name not in listed]
    known = {item.get("sha256"): name for name, item in gone.items()}
    for name in there:
        if name in listed and prints[name] != (listed[name].get("size"), listed[name].get("sha256")):
            out.fault("内容已改动", file=name, value=f"{listed[name].get('size')} → {prints[name][0]} 字节")
    for name in added:
        was = known.pop(prints[name][1], "")
        if was:
            gone.pop(was)
            out.fault(f"已改名，原为“{was}”", file=name)
        else:
            out.fault("清单之外的文件", file=name)
    for name in gone:
        out.fault("文件已删除", file=name)
    same = sum(
        name in listed and prints[name] == (listed[name].get("size"), listed[name].get("sha256"))
        for name in there
    )
    out.see(f"{len(listed)} 个文件中 {same} 个的大小和 SHA-256 与清单相同", file=MANIFEST)


def _fingerprint(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
