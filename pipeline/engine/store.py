"""Stage results on disk: one GeoParquet or Parquet a layer, under ``output/<plan>/work``.

Parquet keeps types exactly, so a stage that starts from stored layers makes the same bytes as one that
starts from memory, and QGIS opens the files as they are.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TypeAlias

import geopandas as gpd
import pandas as pd

from layers.faults import Fault, PlanFaults
from layers.frame import conform
from layers.model import Layer
from pipeline.plan import Plan
from pipeline.stages.base import Frame

Frames: TypeAlias = dict[str, Frame]


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def replace_text(path: Path, content: str) -> None:
    """Write a text file so that either the old or the new content is there, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".part")
    fresh.write_text(content, encoding="utf-8")
    fresh.replace(path)


class Store:
    """The stage results of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.folder = plan.output / "work"

    def save(
        self, stage: str, frames: Frames, faults: list[Fault], fingerprint: str, *, decisions: str = ""
    ) -> None:
        """Write a stage's layers and remarks; the record that they are complete comes last.

        Parameters
        ----------
        decisions : hash of the planner's decisions that the results depend on.
        """
        folder = self.folder / stage
        folder.mkdir(parents=True, exist_ok=True)
        record = folder / "stage.json"
        record.unlink(missing_ok=True)
        for key, frame in sorted(frames.items()):
            fresh = folder / f"{key}.parquet.part"
            frame.to_parquet(fresh, index=False)
            fresh.replace(folder / f"{key}.parquet")
        remarks = [fault.as_dict() for fault in faults]
        content = {
            "fingerprint": fingerprint,
            "decisions": decisions,
            "layers": sorted(frames),
            "remarks": remarks,
        }
        replace_text(record, json.dumps(content, ensure_ascii=False, indent=1))

    def decided(self, stage: str) -> str | None:
        """Return the hash of the decisions a stored stage was made with; None where nothing is stored."""
        record = self.folder / stage / "stage.json"
        if not record.exists():
            return None
        return str(json.loads(record.read_text(encoding="utf-8")).get("decisions", ""))

    def read(self, stage: str, title: str, fingerprint: str) -> tuple[Frames, list[Fault]]:
        """Return a stage's stored layers and remarks.

        Raises
        ------
        PlanFaults
            If the stage was never finished or its inputs have changed since.
        """
        record = self.folder / stage / "stage.json"
        remedy = "去掉 --from，完整运行一次"
        if not record.exists():
            problem = f"阶段“{title}”还没有完成的结果，不能从它之后开始"
            raise PlanFaults([Fault("HSQ-A05", problem, layer=stage, remedy=remedy)])
        content = json.loads(record.read_text(encoding="utf-8"))
        if content["fingerprint"] != fingerprint:
            problem = f"阶段“{title}”的结果已过期：配置、输入文件或程序在那之后有改动"
            raise PlanFaults([Fault("HSQ-A05", problem, layer=stage, remedy=remedy)])
        frames: Frames = {}
        for key in content["layers"]:
            path = self.folder / stage / f"{key}.parquet"
            shape = Layer.registry[key].shape
            raw = gpd.read_parquet(path) if shape else pd.read_parquet(path)
            frames[key] = conform(raw, Layer.registry[key])
        return frames, [Fault(**remark) for remark in content["remarks"]]
