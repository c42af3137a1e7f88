"""Write every format so that the same content gives the same bytes: no clock reaches a file."""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path

import fiona
import numpy as np
import rasterio
from frame import DATE
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from rasterio.transform import from_origin
from shapely.geometry import mapping

STAMP = (*tuple(int(x) for x in DATE.split("-")), 0, 0, 0)
ISO = f"{DATE}T00:00:00.000Z"


def write_shp(
    path: Path,
    rows: list[dict],
    schema: dict,
    crs: str,
    *,
    encoding: str = "UTF-8",
    declare: bool = True,
) -> None:
    """Write a shapefile with a fixed dbf date.

    With ``declare`` false the .cpg and the dbf language byte are taken away: the encoding is then
    nowhere stated, as in files that leave an old desktop GIS.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with fiona.open(
        path,
        "w",
        driver="ESRI Shapefile",
        crs=crs,
        schema=schema,
        encoding=encoding,
        DBF_DATE_LAST_UPDATE=DATE,
    ) as sink:
        sink.writerecords([to_record(r, schema) for r in rows])
    cpg = path.with_suffix(".cpg")
    if declare:
        cpg.write_text(encoding, encoding="ascii")
    else:
        cpg.unlink(missing_ok=True)
        raw = bytearray(path.with_suffix(".dbf").read_bytes())
        raw[29] = 0
        path.with_suffix(".dbf").write_bytes(bytes(raw))


def write_gpkg(path: Path, layers: dict[str, tuple[list[dict], dict]], crs: str) -> None:
    """Write one GeoPackage of several layers with a fixed change time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    before = os.environ.get("OGR_CURRENT_DATE")
    with fiona.Env(OGR_CURRENT_DATE=ISO):
        for name, (rows, schema) in layers.items():
            with fiona.open(path, "w", driver="GPKG", layer=name, crs=crs, schema=schema) as sink:
                sink.writerecords([to_record(r, schema) for r in rows])
    assert os.environ.get("OGR_CURRENT_DATE") == before


def to_record(row: dict, schema: dict) -> dict:
    return {
        "type": "Feature",
        "geometry": mapping(row["geometry"]),
        "properties": {k: row.get(k) for k in schema["properties"]},
    }


THIN = Side(style="thin", color="FF808080")
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)


def write_xlsx(
    path: Path,
    sheet: str,
    header: list[tuple[str, list[str]]],
    rows: list[list],
    *,
    title: str = "",
    totals: list | None = None,
    widths: dict[str, float] | None = None,
) -> None:
    """Write a ledger with its header merged over two rows, as offices make them, or of one row.

    Parameters
    ----------
    header : list of (group, leaves)
        A group with no leaves is one column merged over both rows.
    title : str
        A title row merged over all columns, above the header.
    """
    book = Workbook()
    ws = book.active
    ws.title = sheet
    top = 2 if title else 1
    deep = 1 if any(leaves for _, leaves in header) else 0
    n = sum(max(1, len(leaves)) for _, leaves in header)
    if title:
        ws.cell(1, 1, title).font = Font(size=16, bold=True)
        ws.merge_cells(start_row=1, start_column=1, end_row=1, end_column=n)
    col = 1
    for group, leaves in header:
        ws.cell(top, col, group)
        if leaves:
            for i, leaf in enumerate(leaves):
                ws.cell(top + 1, col + i, leaf)
            if len(leaves) > 1:
                ws.merge_cells(start_row=top, start_column=col, end_row=top, end_column=col + len(leaves) - 1)
        elif deep:
            ws.merge_cells(start_row=top, start_column=col, end_row=top + 1, end_column=col)
        col += max(1, len(leaves))
    for r in range(1, top + 1 + deep):
        for c in range(1, n + 1):
            cell = ws.cell(r, c)
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
            if r >= top:
                cell.fill = PatternFill("solid", fgColor="FFE8EEF5")
                cell.font, cell.border = Font(bold=True), BOX
    for i, row in enumerate([*rows, *([totals] if totals else [])]):
        for c, value in enumerate(row, start=1):
            cell = ws.cell(top + 1 + deep + i, c, value)
            cell.alignment, cell.border = Alignment(vertical="center", wrap_text=True), BOX
    for c in range(1, n + 1):
        leaf = ws.cell(top + deep, c).value or ws.cell(top, c).value
        ws.column_dimensions[get_column_letter(c)].width = (widths or {}).get(leaf, 13)
    ws.freeze_panes = ws.cell(top + 1 + deep, 1)
    buffer = io.BytesIO()
    book.save(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(freeze_zip(buffer.getvalue()))


_DOCX = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Target="word/document.xml" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>'
    ),
}


def write_docx(path: Path, paragraphs: list[str]) -> None:
    """Write the smallest document a word processor opens."""
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    parts = {
        **_DOCX,
        "word/document.xml": f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>',
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in parts.items():
            made.writestr(name, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + content)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(freeze_zip(buffer.getvalue()))


def freeze_zip(data: bytes) -> bytes:
    """Give every member of an office file the same time, and the core properties the same date."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as src,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as dst,
    ):
        for info in sorted(src.infolist(), key=lambda i: (i.filename != "[Content_Types].xml", i.filename)):
            body = src.read(info)
            if info.filename == "docProps/core.xml":
                body = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", ISO[:19].encode() + b"Z", body)
                body = body.replace(b"openpyxl", "虚构数据".encode())
            frozen = zipfile.ZipInfo(info.filename, STAMP)
            frozen.compress_type, frozen.create_system = zipfile.ZIP_DEFLATED, 0
            dst.writestr(frozen, body)
    return out.getvalue()


def write_raster(
    path: Path,
    data: np.ndarray,
    west: float,
    north: float,
    cell: float,
    crs: str,
    **options: object,
) -> None:
    """Write bands of shape (n, rows, cols) as a GeoTIFF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=data.shape[0],
        height=data.shape[1],
        width=data.shape[2],
        dtype=data.dtype,
        crs=crs,
        transform=from_origin(west, north, cell, cell),
        **options,
    ) as sink:
        sink.write(data)


def write_text(path: Path, text: str, *, encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
