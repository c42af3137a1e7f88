"""成果/附件: papers and records copied as given, under the folder of their kind (6.1(3), O-04, O-07)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from layers.faults import FaultLog
from layers.ledgers import Paper, Step
from pipeline.deliver.items import Absent, Item, Made
from pipeline.plan import Plan
from pipeline.plan.papers import find_paper
from pipeline.stages.base import Frame
from pipeline.stages.papers import list_papers

FOLDER = "附件"
_KB = 1000


def copy_papers(frames: Mapping[str, Frame], plan: Plan, root: Path, log: FaultLog) -> Made:
    """Copy every file that 附件 and 过程记录 name into ``root/附件/<kind>`` and return what was copied.

    A file two rows name is copied once. One that has gone since the inputs were read is reported and
    listed as not provided.
    """
    if not {Paper.key, Step.key} <= frames.keys():
        return []
    made: dict[str, Item | Absent] = {}
    for folder, title, name, source, layer in list_papers(frames):
        found = find_paper(plan, source, name)
        if found.path is None:
            log.add(
                "HSQ-F01", found.problem, file=source, layer=layer, row=title, value=name, remedy=found.remedy
            )
            made[name] = Absent(FOLDER, title, found.problem)
            continue
        path = f"{FOLDER}/{folder}/{found.path.name}"
        if path in made:
            continue
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found.path, target)
        size = f"{target.stat().st_size / _KB:,.0f} KB"
        made[path] = Item(path, FOLDER, title, "pipeline.deliver.papers", note=f"{folder}，{size}")
    return list(made.values())
