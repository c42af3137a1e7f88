"""Stage results on disk: one GeoParquet or Parquet a layer, under ``output/<plan>/work``.

Parquet keeps types exactly, so a stage that starts from stored layers makes the same bytes as one that
starts from memory, and QGIS opens the files as they are. Beside the layers of a stage lies ``stage.json``:
the key they were made under, what it is made of, and the hash of each file, by which a file changed by hand
is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import geopandas as gpd
import pandas as pd

from layers.faults import Fault
from layers.frame import conform
from layers.model import Layer
from pipeline.engine.files import Papers, hash_file, hash_files, replace_text
from pipeline.engine.keys import Parts, make_key
from pipeline.plan import Plan
from pipeline.stages.base import Frame

Frames: TypeAlias = MutableMapping[str, Frame]
WORK = "work"
_RECORD = "stage.json"


@dataclass(frozen=True)
class Record:
    """What is known of a stored result.

    Attributes
    ----------
    key : hash of ``parts``.
    parts : what the result was made of.
    layers : hash of each file by layer key; of a delivery, of the manifest.
    remarks : faults as dicts.
    papers : files that ledgers name, where the stage read any.
    """

    key: str
    parts: Parts
    layers: dict[str, str]
    remarks: list[dict[str, Any]] = field(default_factory=list)
    papers: Papers = field(default_factory=list)

    @property
    def faults(self) -> list[Fault]:
        """The remarks as faults."""
        return [Fault(**remark) for remark in self.remarks]


class Layers(MutableMapping[str, Frame]):
    """Layers by key, those that are stored read when they are first asked for."""

    def __init__(self) -> None:
        self._there: dict[str, Frame] = {}
        self._stored: dict[str, Path] = {}
        self._order: dict[str, None] = {}

    def lend(self, stored: Mapping[str, Path]) -> None:
        """Take layers from files; they are read when asked for."""
        self._stored.update(stored)
        self._order.update(dict.fromkeys(stored))

    def __getitem__(self, key: str) -> Frame:
        if key not in self._there:
            self._there[key] = read_layer(self._stored[key], key)
        return self._there[key]

    def __setitem__(self, key: str, frame: Frame) -> None:
        self._there[key] = frame
        self._order[key] = None

    def __delitem__(self, key: str) -> None:
        del self._order[key]
        self._there.pop(key, None)
        self._stored.pop(key, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._order)

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, key: object) -> bool:
        return key in self._order


def read_layer(path: Path, key: str) -> Frame:
    """Read a stored layer as its stage gave it."""
    layer = Layer.registry[key]
    if not layer.shape:
        return conform(pd.read_parquet(path), layer)
    raw = gpd.read_parquet(path)
    # A file spells its CRS out; stages compare the one they read with the one they make by its code.
    code = raw.crs.to_epsg() if raw.crs is not None else None
    return conform(raw if code is None else raw.set_crs(code, allow_override=True), layer)


class Store:
    """The stage results of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.folder = plan.output / WORK

    def save(
        self, stage: str, frames: Frames, faults: list[Fault], parts: Parts, *, papers: Papers
    ) -> Record:
        """Write a stage's layers and remarks; the record that they are complete comes last."""
        folder = self.folder / stage
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _RECORD).unlink(missing_ok=True)
        for key, frame in sorted(frames.items()):
            fresh = folder / f"{key}.parquet.part"
            frame.to_parquet(fresh, index=False)
            fresh.replace(folder / f"{key}.parquet")
        for path in folder.iterdir():
            half = path.suffix == ".part"
            if half or (path.suffix == ".parquet" and path.stem not in frames):  # of another version
                path.unlink()
        made = {key: hash_file(folder / f"{key}.parquet") for key in sorted(frames)}
        remarks = [fault.as_dict() for fault in faults]
        record = Record(make_key(parts), parts, made, remarks, papers)
        self.write(stage, record)
        return record

    def write(self, stage: str, record: Record) -> None:
        """Write the record of a result whose files are there."""
        replace_text(self.folder / stage / _RECORD, json.dumps(asdict(record), ensure_ascii=False, indent=1))

    def find(self, stage: str) -> Record | None:
        """Return the record of a stored result; None where none was finished by a version that kept the like."""
        try:
            content = json.loads((self.folder / stage / _RECORD).read_text(encoding="utf-8"))
            papers = [(source, name) for source, name in content.pop("papers")]
            return Record(**content, papers=papers)
        except (FileNotFoundError, NotADirectoryError, ValueError, TypeError, KeyError):
            return None

    def paths(self, stage: str, record: Record) -> dict[str, Path]:
        """Return the files of a stored result by layer."""
        return {key: self.folder / stage / f"{key}.parquet" for key in record.layers}

    def list_touched(self, stage: str, record: Record) -> list[Path]:
        """Return the files of a stored result that are gone or no longer as they were written."""
        paths = self.paths(stage, record)
        now = hash_files(paths)
        return [paths[key] for key, known in record.layers.items() if now[key] != known]
