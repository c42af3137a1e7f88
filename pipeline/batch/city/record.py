"""What a split of a city remembers: block numbers, what it wrote, and what it was made from.

``拆分.json`` is replaced whole before the first plan is written and after the last. What a plan is about to get is
noted before it gets it, in a file of lines beside the record: a split stopped at any moment still knows its own files.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from layers.faults import Fault, PlanFaults
from pipeline.batch.city.config import City
from pipeline.engine.files import hash_bytes, hash_files, hash_inputs, replace_text
from pipeline.engine.program import hash_program
from pipeline.versions import read_versions

RECORD = "拆分.json"
_NOTES, _LOCK = "拆分.jsonl", ".拆分.lock"
_BASE = ".gpkg"
# What describes the rows of a GeoPackage; times, extents and counts of the others change by looking at it.
_LISTS = (
    "select table_name, data_type, identifier, description, srs_id from gpkg_contents order by table_name",
    "select * from gpkg_geometry_columns order by table_name, column_name",
)


@dataclass
class FileNote:
    """What is known of a file of a plan.

    Attributes
    ----------
    ours : hashes of what splits put there: of the bytes, of a GeoPackage also of the content.
    seen : hash of the bytes at the end of the last split, whoever wrote them; empty where that is not known.
    """

    ours: list[str] = field(default_factory=list)
    seen: str = ""


@dataclass
class PlanNote:
    """What is known of a plan: its block number in its county, whose it is, its files by name."""

    block: int
    region: str
    communities: list[str] = field(default_factory=list)
    files: dict[str, FileNote] = field(default_factory=dict)


@dataclass
class Record:
    """What is known of a city's plans.

    Attributes
    ----------
    key : of what the last complete split was made from; empty while one is under way or where a plan was refused.
    order : plans that are to be run, sorted as the communities.
    remarks : what the last split had to say, Chinese.
    refused : of those, what names a plan that was not made or not brought up to date.
    report : quality report of the city's files; empty where it could not be written.
    plans : by id, also those that no community stands for any more.
    """

    key: str = ""
    order: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    report: str = ""
    plans: dict[str, PlanNote] = field(default_factory=dict)


@contextmanager
def hold_city(city: City) -> Iterator[None]:
    """Make the folder of the plans and keep other splits away from it while the body works.

    Raises
    ------
    PlanFaults
        HSQ-R01 when another process is at work there.
    OSError
        If the folder cannot be made or written.
    """
    city.folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(city.folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        fault = Fault(
            "HSQ-R01", "全市数据正由另一个进程拆分", file=str(city.folder), action="本次没有改动任何方案",
            remedy="等那一次运行结束，或先结束它，再运行",
        )  # fmt: skip
        raise PlanFaults([fault]) from None
    try:
        yield
    finally:
        lock.release()


def recall(city: City) -> Record:
    """Return what is known of a city's plans; nothing where none were made."""
    path = city.folder / RECORD
    if not path.is_file():
        return Record()
    content = json.loads(path.read_text(encoding="utf-8"))
    content.setdefault("order", [name for name, told in content["plans"].items() if told.get("last")])
    content["plans"] = {name: _read_plan(told) for name, told in content["plans"].items()}
    record = Record(**{name: content[name] for name in Record.__dataclass_fields__ if name in content})
    for name, files in _read_notes(city):
        if name in record.plans:
            _add_notes(record.plans[name], files)
    return record


def _read_plan(told: Mapping[str, Any]) -> PlanNote:
    files = {
        # Earlier versions kept one bare hash a file.
        name: FileNote([note] if note else [], note) if isinstance(note, str) else FileNote(**note)
        for name, note in told["files"].items()
    }
    return PlanNote(told["block"], told["region"], list(told["communities"]), files)


def _read_notes(city: City) -> Iterable[tuple[str, dict[str, list[str]]]]:
    path = city.folder / _NOTES
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
        try:
            name, files = json.loads(line)
        except ValueError:  # stopped while noting: nothing was written after it
            continue
        yield name, files


def _add_notes(plan: PlanNote, files: Mapping[str, list[str]]) -> None:
    for file, hashes in files.items():
        note = plan.files.setdefault(file, FileNote())
        note.ours += [value for value in hashes if value not in note.ours]


def note_plan(city: City, name: str, files: Mapping[str, list[str]]) -> None:
    """Note what a plan's files are about to be, by hashes."""
    with (city.folder / _NOTES).open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(json.dumps([name, files], ensure_ascii=False) + "\n")


def remember(city: City, record: Record) -> None:
    """Write the record; it has all that was noted beside it."""
    content = asdict(record) | {"plans": {name: asdict(record.plans[name]) for name in sorted(record.plans)}}
    replace_text(city.folder / RECORD, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    (city.folder / _NOTES).unlink(missing_ok=True)


def make_key(city: City) -> str:
    """Return one hash of all that a split depends on: the city's files by content, its config, the program.

    Where the city lies is part of it, as remarks name files.
    """
    parts = {
        "files": hash_inputs(city.whole()), "config": city.model_dump(mode="json"), "program": hash_program(),
        "versions": read_versions(), "places": [str(city.folder), str(city.output)],
    }  # fmt: skip
    return hash_bytes(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode())


def is_there(city: City, record: Record) -> bool:
    """Whether all files of the plans are as the last split left them, and so is the report on the city's files."""
    notes = {
        f"{name}/{file}": note.seen
        for name in record.order
        for file, note in record.plans[name].files.items()
        if note.seen
    }
    paths = {name: city.folder / name for name in notes}
    return hash_files(paths) == notes and Path(record.report).is_file()


def hash_content(path: Path) -> str:
    """Return one hash of the rows of all layers of a GeoPackage; empty for what is none.

    A program that only looks at one changes its bytes: QGIS turns the journal to write-ahead and back.
    """
    if path.suffix.lower() != _BASE:
        return ""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            tables = [row[0] for row in base.execute(_LISTS[0])]
            quoted = ['"' + name.replace('"', '""') + '"' for name in tables]
            queries = [*_LISTS, *(f"select * from {name} order by rowid" for name in quoted)]
            return hash_bytes("\n".join(_tell_rows(base, query) for query in queries).encode())
    except sqlite3.Error:
        return ""


def _tell_rows(base: sqlite3.Connection, query: str) -> str:
    found = base.execute(query)
    heads = [column[0] for column in found.description]
    return "\n".join([repr(heads), *map(repr, found)])
