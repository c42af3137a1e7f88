"""Ways to spoil a good hand-in, each in one place; files are hard links until they are touched."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import fiona
import openpyxl
from PIL import Image

SHP = "数据库/SHP"


def copy_handin(source: Path, target: Path) -> Path:
    """Copy a hand-in as hard links; whoever changes a file gives it a place of its own first."""
    shutil.copytree(source, target, copy_function=os.link)
    return target


def rewrite(path: Path, content: bytes) -> None:
    """Put other bytes where a file is, without touching the one it is linked to."""
    path.unlink()
    path.write_bytes(content)


def change_bytes(path: Path, change: Callable[[bytes], bytes]) -> None:
    content = path.read_bytes()
    changed = change(content)
    assert changed != content, path
    rewrite(path, changed)


def replace_text(path: Path, old: str, new: str, *, count: int = 1) -> None:
    content = path.read_text(encoding="utf-8")
    assert old in content, (path, old)
    rewrite(path, content.replace(old, new, count).encode())


def find(root: Path, pattern: str) -> Path:
    """Return the one file of a pattern."""
    (path,) = sorted(root.glob(pattern))
    return path


def table(root: Path, number: str) -> Path:
    return find(root, f"表格/{number}_*.xlsx")


def change_book(path: Path, change: Callable[[Any], None]) -> None:
    """Edit the first sheet of a workbook, its formulas and stored results kept apart as Excel would."""
    book = openpyxl.load_workbook(path)
    change(book.worksheets[0])
    # openpyxl drops stored results: what a formula showed stays shown.
    shown = openpyxl.load_workbook(path, data_only=True).worksheets[0]
    stored = {
        cell.coordinate: shown[cell.coordinate].value
        for row in book.worksheets[0].iter_rows()
        for cell in row
        if cell.data_type == "f"
    }
    stored = {place: value if isinstance(value, int | float) else 0 for place, value in stored.items()}
    out = io.BytesIO()
    book.save(out)
    rewrite(path, _put_results(out.getvalue(), stored))


def _put_results(content: bytes, stored: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as parts,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in parts.namelist():
            data = parts.read(name)
            if name == "xl/worksheets/sheet1.xml":
                text = data.decode()
                for place, value in stored.items():
                    start = text.index(f'r="{place}"')
                    end = text.index("</c>", start)
                    cell = text[start:end].replace("<v></v>", "").replace("<v />", "").replace("<v/>", "")
                    text = text[:start] + cell + f"<v>{value}</v>" + text[end:]
                data = text.encode()
            made.writestr(name, data)
    return out.getvalue()


def set_cell(place: str, value: object) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        assert sheet[place].value != value
        sheet[place].value = value

    return change


def column_of(sheet: Any, head: str, *, rows: int) -> int:
    """Return the column under a header text."""
    return next(
        cell.column
        for row in sheet.iter_rows(min_row=2, max_row=1 + rows)
        for cell in row
        if cell.value is not None and str(cell.value).replace("\n", "") == head
    )


def set_under(head: str, value: object, *, rows: int, at: int = 0) -> Callable[[Any], None]:
    """Set a cell of a column by its header; ``at`` counts rows of values from 0."""

    def change(sheet: Any) -> None:
        cell = sheet.cell(2 + rows + at, column_of(sheet, head, rows=rows))
        assert cell.value != value
        cell.value = value

    return change


def shape(root: Path, code: str) -> Path:
    return find(root, f"{SHP}/*_{code}.shp")


def change_shape(path: Path, change: Callable[[list[dict[str, Any]]], None], *, schema: Any = None) -> None:
    """Edit the records of a shapefile; .prj and .cpg stay byte for byte."""
    with fiona.open(path) as file:
        records = [
            {"geometry": item["geometry"].__geo_interface__, "properties": dict(item["properties"])}
            for item in file
        ]
        given = file.schema
    change(records)
    wanted = given if schema is None else schema(given)
    kept = {end: path.with_suffix(end).read_bytes() for end in (".prj", ".cpg")}
    encoding = kept[".cpg"].decode().strip()
    for end in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
        path.with_suffix(end).unlink()
    with fiona.open(path, "w", driver="ESRI Shapefile", schema=wanted, encoding=encoding) as file:
        file.writerecords(records)
    for end, content in kept.items():
        path.with_suffix(end).unlink(missing_ok=True)
        path.with_suffix(end).write_bytes(content)


def set_field(field: str, value: object, *, at: int = 0) -> Callable[[list[dict[str, Any]]], None]:
    def change(records: list[dict[str, Any]]) -> None:
        assert records[at]["properties"][field] != value
        records[at]["properties"][field] = value

    return change


def query(path: Path, statement: str, *values: object) -> None:
    """Change a GeoPackage; SQLite would write into the linked file, so it gets a copy."""
    rewrite(path, path.read_bytes())
    with closing(sqlite3.connect(path)) as base, base:
        # The triggers of the spatial index ask for GDAL's functions.
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            base.create_function(name, 1, lambda _: 0)
        base.execute(statement, values)


def change_part(path: Path, part: str, change: Callable[[str], str]) -> None:
    """Edit one XML part of an Office file."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as parts, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in parts.namelist():
            data = parts.read(name)
            if name == part:
                text = data.decode("utf-8")
                changed = change(text)
                assert changed != text
                data = changed.encode()
            made.writestr(name, data)
    rewrite(path, out.getvalue())


def save_picture(
    path: Path, *, size: tuple[int, int] | None = None, dpi: int = 300, white: bool = False
) -> None:
    """Save a sheet again with another resolution or size."""
    with Image.open(path) as image:
        image.load()
        picture = image if size is None else image.resize(size)
        if white:
            picture = Image.new("RGB", picture.size, "white")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80, dpi=(dpi, dpi))
    rewrite(path, out.getvalue())
