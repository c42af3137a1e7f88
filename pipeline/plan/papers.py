"""Files that ledgers name: where they are, and whether they may be copied into the hand-in.

The cells come from whoever kept the ledger, so only files below the ledger's own folder or below the
config's folder are taken; links that lead out of them are refused like ``..``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from configs import read_settings
from pipeline.plan.models import Plan

_DRIVE = re.compile(r"^[A-Za-z]:")
_MB = 1_000_000


@dataclass(frozen=True)
class Found:
    """A file a ledger names.

    Attributes
    ----------
    path : the file, resolved; None where it may not be taken.
    problem, remedy : why not, Chinese; empty where it may.
    absent : whether the file is simply not there.
    """

    path: Path | None
    problem: str = ""
    remedy: str = ""
    absent: bool = False


def find_paper(plan: Plan, source: str, name: str) -> Found:
    """Return the file that a ledger's cell names, or why it cannot be taken.

    Parameters
    ----------
    plan : gives the folder of the config.
    source : the ledger as ``Identified.source`` has it, ``path｜sheet``.
    name : the cell; relative to the ledger's folder, else to the config's folder.
    """
    ledger = plan.resolve(Path(source.split("｜")[0]))
    homes = [ledger.parent.resolve(), plan.resolve(Path()).resolve()]
    plain = name.strip().replace("\\", "/")
    tried = [(home / plain).resolve() for home in homes]
    inside = [path for path in tried if any(path.is_relative_to(home) for home in homes)]
    if not inside or _DRIVE.match(plain):
        return Found(
            None,
            f"文件“{name}”在台账文件夹和配置文件夹之外，不复制",
            "把文件放到台账所在文件夹内，写相对路径",
        )
    path = next((path for path in inside if path.is_file()), None)
    if path is None:
        return Found(
            None,
            f"文件“{name}”不存在",
            "把文件放到台账所在文件夹内，或改正文件名；还没有的先删去该行",
            absent=True,
        )
    rules = read_settings("process.yaml")["papers"]
    if path.suffix.lower() not in rules["suffixes"]:
        return Found(None, f"不接收 {path.suffix or '没有扩展名的'} 文件作附件", "转为 PDF，或压缩为 zip")
    size = path.stat().st_size
    if size == 0:
        return Found(None, f"文件“{name}”是空的（0 字节）", "重新复制该文件")
    if size > rules["max_mb"] * _MB:
        return Found(
            None, f"文件“{name}”有 {size / _MB:.0f} MB，超过 {rules['max_mb']} MB", "压缩或拆分后再放入"
        )
    return Found(path)
