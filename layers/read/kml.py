"""KML and KMZ: placemarks with their folder and extended data; links to elsewhere are never followed.

GDAL's KML driver turns Chinese names of extended data into underscores and is not in every wheel, so the
few elements that carry data are read here.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from html.parser import HTMLParser
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.errors import GEOSException

from layers.read.archive import DAMAGED, open_archive
from layers.read.raw import Place, Raw, list_rows
from layers.read.sniff import Opened, read_all, sniff_kind
from layers.read.xml import UnsafeXml, local_name, read_elements, recode

SUFFIXES = frozenset({".kml", ".kmz"})
FOLDER = "Folder"
_SHAPES = frozenset({"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Track", "MultiTrack"})
_FOLDERS = frozenset({"Folder", "Document"})
_SIMPLE = frozenset({"name", "description", "address", "phoneNumber", "styleUrl"})
_LEFT_OUT = {"NetworkLink": "网络链接", "GroundOverlay": "贴图", "ScreenOverlay": "贴图", "Model": "三维模型"}
_WANTED = {"point": {0, 4}, "line": {1, 2, 5}, "polygon": {3, 6}}


@dataclass
class _Found:
    """Placemarks gathered while the file is read."""

    rows: list[dict[str, str]] = field(default_factory=list)
    shapes: list[shapely.Geometry | None] = field(default_factory=list)
    torn: list[int] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def read_kml(
    opened: Opened, place: Place, *, layer: str | None = None, shape: str | None = None
) -> Raw | None:
    """Read the placemarks of a KML or KMZ.

    Parameters
    ----------
    opened : the file or its content.
    layer : name or path (``上级/下级``) of a folder, ``*`` for any text; everything when None.
    shape : geometry wanted; other placemarks are counted and left out.

    Returns
    -------
    Raw or None
        Rows by the placemark's number in the file; the column ``Folder`` has the folder path. None when
        the file cannot be used; the reason is in the log.
    """
    content = read_all(opened)
    if sniff_kind(content[:8]) == "zip":
        unpacked = _unpack(content, place)
        if unpacked is None:
            return None
        content = unpacked
    try:
        found = _gather(content)
    except UnsafeXml:
        place.error(
            "HSQ-F08", "文件含文档类型定义（DTD），可能引用外部文件或无限膨胀", action="不读取",
            remedy="核实来源；用奥维、Google Earth 或 QGIS 另存后使用",
        )  # fmt: skip
        return None
    except (expat.ExpatError, ElementTree.ParseError, LookupError, ValueError, RecursionError):
        place.error("HSQ-F02", "KML 不完整或不是合法的 XML", remedy="重新导出")
        return None
    return _make_raw(found, place, layer=layer, shape=shape)


def _unpack(content: bytes, place: Place) -> bytes | None:
    """Return the main document of a KMZ: doc.kml, else the first .kml."""
    archive = open_archive(content, place, damaged=("KMZ 无法打开或已损坏", "重新导出 KMZ"))
    if archive is None:
        return None
    documents = sorted(name for name in archive.members if name.lower().endswith(".kml"))
    if not documents:
        place.error("HSQ-F02", "KMZ 里没有 .kml 文件", remedy="重新导出 KMZ")
        return None
    main = next((name for name in documents if name.lower() == "doc.kml"), documents[0])
    if len(documents) > 1:
        place.warn(
            "HSQ-F03", f"KMZ 里有 {len(documents)} 个 .kml 文件", value="、".join(documents)[:200],
            action=f"读取 {main}", remedy="其余文件解压后单独给出",
        )  # fmt: skip
    try:
        return archive.read(main)
    except DAMAGED:
        place.error("HSQ-F02", "KMZ 已损坏，无法解压", remedy="重新导出")
        return None


def _gather(content: bytes) -> _Found:
    """Walk through the document; folders nest, a placemark ends a row."""
    found = _Found()
    open_tags: list[str] = []
    folders: list[str] = []
    for event, element in read_elements(io.BytesIO(recode(content)), events=("start", "end")):
        tag = local_name(element)
        if event == "start":
            if not open_tags and tag != "kml":
                raise ValueError("no KML")
            open_tags.append(tag)
            if tag in _FOLDERS:
                folders.append("")
            continue
        open_tags.pop()
        parent = open_tags[-1] if open_tags else ""
        if tag == "name" and parent in _FOLDERS:
            # The document's own name says nothing about its rows.
            folders[-1] = "" if open_tags == ["kml", "Document"] else _text(element).replace("/", "／")
        elif tag in _FOLDERS:
            folders.pop()
            element.clear()
        elif tag == "Placemark":
            _take_placemark(element, "/".join(name for name in folders if name), found)
            element.clear()
        elif tag in _LEFT_OUT:
            found.left_out[_LEFT_OUT[tag]] += 1
    return found


def _text(element: ElementTree.Element) -> str:
    return "".join(element.itertext()).strip()


def _take_placemark(element: ElementTree.Element, folder: str, found: _Found) -> None:
    """Add a row: simple children, extended data under their own names, geometry."""
    row = {FOLDER: folder}
    shape = None
    for child in element:
        tag = local_name(child)
        if tag in _SIMPLE:
            row[tag] = _text(child)
        elif tag == "ExtendedData":
            for item in child.iter():
                if local_name(item) in {"Data", "SimpleData"} and item.get("name"):
                    row[str(item.get("name"))] = _text(item)
        elif tag in _SHAPES:
            try:
                shape = _build_shape(child)
            except (ValueError, GEOSException, RecursionError):
                found.torn.append(len(found.rows) + 1)
    if "<t" in row.get("description", ""):
        row = _read_balloon(row["description"]) | row
    found.rows.append(row)
    found.shapes.append(shape)


def _build_shape(element: ElementTree.Element) -> shapely.Geometry:
    """Return the geometry of an element.

    Raises
    ------
    ValueError, GEOSException
        If its coordinates are torn.
    """
    tag = local_name(element)
    if tag in {"MultiGeometry", "MultiTrack"}:
        return _collect([_build_shape(child) for child in element if local_name(child) in _SHAPES])
    if tag == "Polygon":
        rings = {"outerBoundaryIs": [], "innerBoundaryIs": []}  # type: dict[str, list[np.ndarray]]
        for side in element:
            if local_name(side) in rings:
                rings[local_name(side)] += [
                    _read_ring(ring) for ring in side if local_name(ring) == "LinearRing"
                ]
        if len(rings["outerBoundaryIs"]) != 1:
            raise ValueError("polygon without one outer ring")
        return shapely.polygons(rings["outerBoundaryIs"][0], holes=rings["innerBoundaryIs"] or None)
    if tag == "Track":
        coords = [_text(child).split()[:2] for child in element if local_name(child) == "coord"]
        return shapely.linestrings(np.array(coords, dtype=float))
    xy = _read_coordinates(element)
    return shapely.points(xy[0]) if tag == "Point" else shapely.linestrings(xy)


def _read_ring(element: ElementTree.Element) -> np.ndarray:
    """Return the coordinates of a ring, closed where a hand-made file forgot to."""
    xy = _read_coordinates(element)
    return xy if (xy[0] == xy[-1]).all() else np.vstack([xy, xy[:1]])


def _read_coordinates(element: ElementTree.Element) -> np.ndarray:
    """Return longitude and latitude, shape (n, 2); heights are left out."""
    texts = [child.text or "" for child in element if local_name(child) == "coordinates"]
    if len(texts) != 1:
        raise ValueError("no coordinates")
    triples = [item.split(",")[:2] for item in re.sub(r"\s*,\s*", ",", texts[0]).split()]
    if not triples:
        raise ValueError("no coordinates")
    return np.array(triples, dtype=float)


def _collect(parts: list[shapely.Geometry]) -> shapely.Geometry:
    kinds = {part.geom_type for part in parts}
    if len(kinds) != 1 or kinds & {"GeometryCollection"}:
        return shapely.geometrycollections(parts)
    makers = {
        "Point": shapely.multipoints,
        "LineString": shapely.multilinestrings,
        "Polygon": shapely.multipolygons,
    }
    maker = makers.get(kinds.pop())
    return maker(parts) if maker else shapely.geometrycollections(parts)


class _Balloon(HTMLParser):
    """Cells of the attribute table that ArcGIS writes into a placemark's description."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Open a row or a cell."""
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"} and self.rows:
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        """Close a cell."""
        if tag in {"td", "th"}:
            self._inside = False

    def handle_data(self, data: str) -> None:
        """Add text to the open cell."""
        if self._inside:
            self.rows[-1][-1] += data


def _read_balloon(description: str) -> dict[str, str]:
    """Return the rows of name and value in a description's table."""
    parser = _Balloon()
    parser.feed(description)
    cells = [[cell.strip() for cell in row] for row in parser.rows]
    return {row[0]: row[1] for row in cells if len(row) == 2 and row[0]}


def _make_raw(found: _Found, place: Place, *, layer: str | None, shape: str | None) -> Raw | None:
    index = pd.RangeIndex(1, len(found.rows) + 1)
    table = pd.DataFrame(found.rows, index=index, dtype=object)
    shapes = pd.Series(found.shapes, index=index, dtype=object)
    if found.left_out:
        told = "、".join(f"{name} {count} 个" for name, count in sorted(found.left_out.items()))
        place.warn(
            "HSQ-G03",
            f"KML 中有{told}",
            action="不读取、不联网",
            remedy="需要其中的数据时先在原软件中下载并另存",
        )
    for row in found.torn:
        place.error(
            "HSQ-G07", "坐标残缺或环不完整，无法构成图形", row=str(row), remedy="在原软件中重画该图形"
        )
    keep = ~index.isin(found.torn)
    if layer is not None:
        folders = table[FOLDER] if len(table) else pd.Series(dtype=object)
        names = sorted(folders.unique())
        wanted = [n for n in names if fnmatchcase(n, layer) or fnmatchcase(n.rpartition("/")[2], layer)]
        if not wanted:
            shown = "、".join(name or "（根）" for name in names[:30])
            place.error(
                "HSQ-F03", f"没有名为“{layer}”的文件夹", value=layer, remedy=f"文件中的文件夹：{shown}"
            )
            return None
        keep &= folders.isin(wanted).to_numpy()
    kinds = shapely.get_type_id(shapes.to_numpy())
    if shape in _WANTED:
        other = keep & ~np.isin(kinds, list(_WANTED[shape])) & (kinds != -1)
        if other.any() and not other[keep].all():
            place.note(
                "HSQ-G03",
                f"另有 {int(other.sum())} 个其他几何类型的地标",
                row=list_rows(index[other]),
                action="不采用",
            )
            keep &= ~other
    return Raw(table[keep], shapes[keep], CRS.from_epsg(4326))
