"""A hand-in on disk, whatever became of it: its files, its own lists, and its contents when asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.audit.docx import Document, read_document
from pipeline.audit.findings import UnreadableError
from pipeline.audit.geodata import ShapeFile, read_geopackage, read_shapefile
from pipeline.audit.grid import Grid, read_book
from pipeline.audit.paperspace import Drawing, read_drawing
from pipeline.audit.pdf import Pages, read_pdf
from pipeline.audit.pictures import Picture, read_picture
from pipeline.audit.tableview import TableView, open_table
from pipeline.deliver import document, geopackage, listing, papers, quality, shapefile, tables
from pipeline.deliver.tables.spec import Table, table_specs
from pipeline.litter import is_litter

# As those who write them have them.
MANIFEST, CATALOGUE, ABSENT = listing.MANIFEST, listing.CATALOGUE, listing.ABSENT
DATABASE, SHAPES, TABLES = geopackage.PATH, shapefile.FOLDER, tables.FOLDER
QUALITY, PAPERS, TEXTS = quality.PATH, papers.FOLDER, document.FOLDER
SHEETS = "图件/JPG"
DRAWINGS = "图件/DWG"
ATLAS = "图件/图集.pdf"
PUBLIC = "公示版"
THUMB_PX = 420
REPORTS = ("质检/成果自检.xlsx", "质检/成果自检.html")


@dataclass(frozen=True)
class Listed:
    """A line of 成果目录.xlsx: a delivered file, or an entry that was not made with its reason."""

    row: str
    kind: str
    number: str
    title: str
    file: str
    note: str


class HandIn:
    """A hand-in's folder.

    Parameters
    ----------
    root : the folder that holds 图件, 表格, 数据库 …
    parameters : the plan config as the manifest would list it, while there is no manifest yet.
    """

    def __init__(self, root: Path, *, parameters: Mapping[str, Any] | None = None) -> None:
        self.root = root
        self.running = parameters is not None
        self._given = parameters
        self._books: dict[str, dict[str, Grid]] = {}
        self._shapes: dict[str, ShapeFile] = {}
        self._drawings: dict[str, Drawing] = {}
        self._documents: dict[str, Document] = {}
        self._views: dict[str, TableView] = {}
        self._pdfs: dict[str, Pages] = {}
        self._pictures: dict[str, Picture] = {}
        self._coming: dict[str, Future[Picture]] = {}

    @cached_property
    def files(self) -> dict[str, Path]:
        """Every file by its relative name, sorted; what systems leave behind is none."""
        found = {
            p.relative_to(self.root).as_posix(): p
            for p in self.root.rglob("*")
            if p.is_file() and not is_litter(p)
        }
        return dict(sorted(found.items()))

    def under(self, folder: str, *suffixes: str) -> list[str]:
        """Return files below a folder, by the suffixes asked for; temporary files of Office are none."""
        return [
            name
            for name in self.files
            if name.startswith(f"{folder}/")
            and (not suffixes or name.lower().endswith(suffixes))
            and not name.rsplit("/", 1)[-1].startswith(("~$", "."))
        ]

    @cached_property
    def manifest(self) -> Mapping[str, Any] | None:
        """The manifest; None where there is none or it is no manifest."""
        if MANIFEST not in self.files:
            return None
        try:
            content = json.loads(self.files[MANIFEST].read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        files = content.get("files") if isinstance(content, dict) else None
        whole = isinstance(files, list) and all(isinstance(item, dict) for item in files)
        return content if whole else None

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """The plan config as far as the hand-in tells it."""
        if self._given is not None:
            return self._given
        found = (self.manifest or {}).get("parameters")
        return found if isinstance(found, dict) else {}

    def parameter(self, *keys: str) -> Any:
        """Return a value of the plan config, None where the hand-in does not tell it."""
        value: Any = self.parameters
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    @cached_property
    def area(self) -> str:
        """What stands for “XX社区” in titles: of the config, else of the tables' file names."""
        told = self.parameter("plan", "area")
        if told:
            return str(told)
        for name in self.under(TABLES, ".xlsx"):
            match = re.search(r"_(.+?)(?:资源清单一览表|更新项目清单一览表|需求清单)\.xlsx$", name)
            if match:
                return match[1]
        return ""

    def book(self, name: str) -> dict[str, Grid]:
        """Return the sheets of a workbook (UnreadableError)."""
        if name not in self._books:
            self._books[name] = read_book(self.root / name, name)
        return self._books[name]

    @cached_property
    def catalogue(self) -> list[Listed]:
        """What 成果目录.xlsx lists as delivered; empty without it."""
        return self._listed(CATALOGUE.removesuffix(".xlsx"))

    @cached_property
    def absent(self) -> list[Listed]:
        """What 成果目录.xlsx says was not made, with the reasons as notes."""
        return self._listed(ABSENT)

    def _listed(self, sheet: str) -> list[Listed]:
        if CATALOGUE not in self.files:
            return []
        try:
            grid = self.book(CATALOGUE).get(sheet)
        except UnreadableError:
            # A damaged list is told by the check of the list; files then go by their names, as without one.
            return []
        if grid is None:
            return []
        heads = {grid.text(2, column): column for column in range(1, grid.right + 1)}

        def read(row: int, *names: str) -> str:
            column = next((heads[name] for name in names if name in heads), 0)
            return grid.text(row, column) if column else ""

        return [
            Listed(
                str(row), read(row, "类别"), read(row, "编号"), read(row, "名称"), read(row, "文件"),
                read(row, "说明", "原因"),
            )
            for row in range(3, grid.bottom + 1)
            if read(row, "名称")
        ]  # fmt: skip

    def why_absent(self, number: str, *, kind: str = "") -> Listed | None:
        """Return the line that says why something was not made."""
        return next((item for item in self.absent if item.number == number and kind in ("", item.kind)), None)

    def spec(self, key: str) -> Table:
        """Return the declaration of a table."""
        return next(spec for spec in table_specs() if spec.key == key)

    def table_file(self, key: str) -> str:
        """Return the file of a table by its number; empty where it was not delivered."""
        number = self.spec(key).number
        return next(
            (
                name
                for name in self.under(TABLES, ".xlsx")
                if name.rsplit("/", 1)[-1].startswith(f"{number}_")
            ),
            "",
        )

    def table(self, key: str) -> TableView | None:
        """Return a table under its declared header (UnreadableError when damaged).

        None where it was not delivered, or is in a sheet of the plan's own, whose columns nobody declared.
        """
        file = self.table_file(key)
        if not file or self.own_style(key):
            return None
        if key not in self._views:
            sheets = list(self.book(file).values())
            if not sheets:
                raise UnreadableError(file, "工作簿没有工作表")
            spec = self.spec(key)
            grid = next((grid for grid in sheets if grid.name == spec.number), sheets[0])
            self._views[key] = open_table(spec, file, grid)
        return self._views[key]

    def own_style(self, key: str) -> bool:
        """Whether the plan has the table written into a sheet of its own."""
        return self.spec(key).number in (self.parameter("hand", "templates") or {})

    @cached_property
    def shape_files(self) -> dict[str, str]:
        """Shapefiles of the one map by layer code: by 成果目录, else by the code in the name."""
        listed = {item.file: item.number for item in self.catalogue if item.kind == "数据库"}
        found: dict[str, str] = {}
        for name in self.under(SHAPES, ".shp"):
            match = re.search(r"HSQ_[A-Z0-9]+", name.rsplit("/", 1)[-1])
            code = listed.get(name, "") or (match[0] if match else "")
            if code:
                found.setdefault(code, name)
        return dict(sorted(found.items()))

    def shape(self, code: str) -> ShapeFile | None:
        """Return a layer's shapefile; None where it was not delivered (UnreadableError when damaged)."""
        name = self.shape_files.get(code)
        if name is None:
            return None
        return self.open_shape(name)

    def open_shape(self, name: str) -> ShapeFile:
        """Return a shapefile by its relative name."""
        if name not in self._shapes:
            self._shapes[name] = read_shapefile(self.root / name, name)
        return self._shapes[name]

    @cached_property
    def one_map(self) -> Mapping[str, Any]:
        """Layers of 一张图.gpkg by code (UnreadableError)."""
        if DATABASE not in self.files:
            raise UnreadableError(DATABASE, "没有这个文件")
        return read_geopackage(self.files[DATABASE], DATABASE)

    def sheet_number(self, name: str) -> str:
        """Return the number of a drawing by 成果目录, else by its file name."""
        listed = next((item.number for item in self.catalogue if item.file == name), "")
        match = re.search(r"(?:^|_)([1-6Z]-\d{2})(?:_|\.|$)", name.rsplit("/", 1)[-1])
        return listed or (match[1] if match else "")

    @cached_property
    def drawing_files(self) -> dict[str, str]:
        """DXF files by the number of the sheet."""
        return {self.sheet_number(name): name for name in self.under(DRAWINGS, ".dxf")}

    def drawing(self, name: str) -> Drawing:
        """Return what a DXF says of itself (UnreadableError)."""
        if name not in self._drawings:
            self._drawings[name] = read_drawing(self.root / name, name)
        return self._drawings[name]

    def start_pictures(self, names: Iterable[str]) -> None:
        """Begin to read JPGs while other things are checked."""
        pool = ThreadPoolExecutor(2)
        for name in names:
            self._coming[name] = pool.submit(self._read_picture, name)
        pool.shutdown(wait=False)

    def _read_picture(self, name: str) -> Picture:
        width = THUMB_PX if name.startswith(f"{SHEETS}/") else 0
        return read_picture(self.root / name, name, thumb_px=width)

    def picture(self, name: str) -> Picture:
        """Return a JPG, with a small copy where it is a sheet of the hand-in (UnreadableError)."""
        if name not in self._pictures:
            coming = self._coming.pop(name, None)
            self._pictures[name] = self._read_picture(name) if coming is None else coming.result()
        return self._pictures[name]

    def document(self, name: str) -> Document:
        """Return a docx (UnreadableError)."""
        if name not in self._documents:
            self._documents[name] = read_document(self.root / name, name)
        return self._documents[name]

    def pdf(self, name: str) -> Pages:
        """Return a PDF (UnreadableError)."""
        if name not in self._pdfs:
            self._pdfs[name] = read_pdf(self.root / name, name)
        return self._pdfs[name]

    def sheet_words(self, number: str) -> str:
        """Return all words on a sheet's paper as its DXF has them; empty where there is none to read."""
        name = self.drawing_files.get(number)
        if name is None:
            return ""
        try:
            return "\n".join(text.text for text in self.drawing(name).texts)
        except UnreadableError:
            return ""
