"""Drawn sheets kept between runs: a sheet whose instructions are the same is put in place, not drawn again.

A sheet goes by a key of everything that shows on it: its instructions, of every layer only the geometry and
the columns drawn, the program that draws. Its files lie in ``work`` as second names of those handed in where
the disk allows, so they take no room twice; one changed in either place is known by its hash and drawn anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from pipeline.deliver.sheet.record import read_report, write_report
from pipeline.deliver.sheet.spec import Drawn, SheetReport, SheetSpec

_RECORD = "sheet.json"
_KEY_DIGITS = 32
Files: TypeAlias = Mapping[str, Path]  # by the name under which a file is kept


@dataclass(frozen=True)
class Rendered:
    """A sheet drawn: its report, and why it has no DWG where it should."""

    report: SheetReport
    no_dwg: str = ""


@dataclass(frozen=True)
class Refused:
    """Why a sheet says nothing and was not drawn: a declared fault code and the reason in Chinese."""

    code: str
    reason: str


@dataclass(frozen=True)
class SheetShelf:
    """The sheets kept for one plan.

    Attributes
    ----------
    folder : where they are; made when the first is kept.
    program : hash of what draws a sheet from its instructions.
    fresh : whether every sheet is to be drawn again.
    taken, drawn : numbers of the sheets put in place and of those drawn, in order; filled by ``draw_sheets``.
    """

    folder: Path
    program: str
    fresh: bool = False
    taken: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)

    def find(self, key: str, files: Files) -> Rendered | Refused | None:
        """Put a kept sheet in place and return what came of drawing it; None where it has to be drawn.

        Parameters
        ----------
        key : from ``SheetKeys``.
        files : where its files go, by the name they are kept under.
        """
        home = self.folder / key
        try:
            content = json.loads((home / _RECORD).read_text(encoding="utf-8"))
            known: dict[str, str] = content["files"]
            if self.fresh or not known.keys() <= files.keys():
                return None
            if any(_hash(home / name) != known[name] for name in known):
                return None
            result = _read_result(content)
            for name in known:
                files[name].unlink(missing_ok=True)
                _link(home / name, files[name])
        except (OSError, ValueError, KeyError, TypeError):  # not kept, half kept, or held by another program
            return None
        return result

    def keep(self, key: str, files: Files, result: Rendered | Refused) -> None:
        """Keep a sheet that was drawn; one that cannot be kept is drawn again the next time."""
        home, part = self.folder / key, self.folder / f"{key}.{os.getpid()}.part"
        with suppress(OSError):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            there = {name: path for name, path in files.items() if path.is_file()}
            if isinstance(result, Refused):
                there = {}
            for name, path in there.items():
                _link(path, part / name)
            content = {"files": {name: _hash(part / name) for name in there}, **_write_result(result)}
            (part / _RECORD).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
            if home.exists():
                shutil.rmtree(home)
            part.rename(home)

    def tidy(self, keys: Collection[str]) -> None:
        """Remove the sheets that no longer belong to the plan."""
        known = set(keys)
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.name not in known:
                shutil.rmtree(path, ignore_errors=True)


class SheetKeys:
    """Keys of the sheets of one set; what many sheets share is hashed once."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._known: dict[Any, str] = {}
        self._alive: list[Any] = []  # what an id stands for must outlive the id

    def make(self, spec: SheetSpec, names: Collection[str], compiled: date | None) -> str:
        """Return the key of a sheet.

        Parameters
        ----------
        names : of the files that are wanted of it.
        compiled : the date its CAD files bear.
        """
        told = f"{self._program}\n{sorted(names)}\n{compiled}\n{self._tell(spec)}"
        return hashlib.sha256(told.encode()).hexdigest()[:_KEY_DIGITS]

    def _tell(self, value: Any) -> str:
        if isinstance(value, Drawn):
            return self._once((id(value), "drawn"), value, lambda: self._tell_drawn(value))
        if is_dataclass(value):
            return self._tell_fields(value, skip=())
        if isinstance(value, BaseGeometry):
            return self._once((id(value), "shape"), value, lambda: _digest(shapely.to_wkb(value)))
        if isinstance(value, CRS):
            return self._once((id(value), "crs"), value, lambda: str(value.to_wkt()))
        if isinstance(value, Path):
            return self._once(("file", str(value)), value, lambda: _hash_picture(value))
        if isinstance(value, tuple | list):
            return f"[{','.join(map(self._tell, value))}]"
        if isinstance(value, Mapping):
            return f"{{{','.join(f'{self._tell(k)}:{self._tell(v)}' for k, v in value.items())}}}"
        if isinstance(value, np.generic):
            return repr(value.item())
        if value is None or isinstance(value, str | bool | int | float):
            # A column is a text that knows its declaration: what it says counts.
            return repr(str(value)) if isinstance(value, str) else repr(value)
        raise TypeError(f"a sheet's instructions hold a {type(value).__name__}: say how it is hashed")

    def _tell_drawn(self, drawn: Drawn) -> str:
        columns = tuple(str(c) for c in (drawn.class_column, drawn.label_column) if c is not None)
        frame = drawn.frame
        name = (id(frame), columns)
        shown = self._once(name, frame, lambda: _hash_frame(frame, columns))
        return f"{shown}{self._tell_fields(drawn, skip=('frame',))}"

    def _tell_fields(self, value: Any, *, skip: Collection[str]) -> str:
        told = (f"{f.name}={self._tell(getattr(value, f.name))}" for f in fields(value) if f.name not in skip)
        return f"{type(value).__name__}({','.join(told)})"

    def _once(self, name: Any, value: Any, tell: Any) -> str:
        if name not in self._known:
            self._known[name] = tell()
            self._alive.append(value)
        return self._known[name]


def _hash_frame(frame: gpd.GeoDataFrame, columns: Collection[str]) -> str:
    """Return the hash of what is drawn of a layer: geometries and the columns named, row by row."""
    shapes = shapely.to_wkb(np.asarray(frame.geometry.to_numpy(), dtype=object))
    digest = hashlib.sha256(f"{len(frame)}\n{frame.crs.to_wkt() if frame.crs else ''}\n".encode())
    for shape in shapes:
        digest.update(b"-" if shape is None else len(shape).to_bytes(4, "big") + shape)
    for column in columns:
        digest.update(f"\n{column}\n{frame[column].dtype}\n{frame[column].tolist()!r}".encode())
    return digest.hexdigest()


def _hash_picture(path: Path) -> str:
    """Return the hash of a picture with the files beside it that say where it lies."""
    beside = sorted(other for other in path.parent.glob("*") if other.is_file() and other.stem == path.stem)
    return _digest("\n".join(f"{other.name} {_hash(other)}" for other in beside).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the disk knows no such thing.

    Windows locks files, not names: a drawing open in the hand-in could not be removed from the shelf or from the next
    hand-in if they were the same file.
    """
    if os.name == "nt":
        shutil.copyfile(source, target)
        return
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _write_result(result: Rendered | Refused) -> dict[str, Any]:
    if isinstance(result, Refused):
        return {"refused": [result.code, result.reason]}
    return {"report": write_report(result.report), "no_dwg": result.no_dwg}


def _read_result(content: Mapping[str, Any]) -> Rendered | Refused:
    if "refused" in content:
        code, reason = content["refused"]
        return Refused(code, reason)
    return Rendered(read_report(content["report"]), content["no_dwg"])
