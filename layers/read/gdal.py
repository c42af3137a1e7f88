"""Layers of vector files through GDAL, whose drivers are kept to the one that the content was tested for."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from shapely.errors import GEOSException

from layers.crs import read_crs
from layers.encoding import Verdict, decode_text, judge_text, normalise_name
from layers.read.raw import Place, Raw
from layers.read.sniff import Opened, read_all
from layers.read.sqlite import open_sqlite
from layers.shapes.rings import build_shapes

SUFFIXES = frozenset({".gpkg", ".geojson", ".json", ".fgb", ".gdb"})
FAILURES = (
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    GeometryError,
    GEOSException,
    UnicodeDecodeError,
)
_KINDS: dict[str, tuple[str, ...]] = {
    "point": ("Point",), "line": ("LineString", "Curve", "Line"), "polygon": ("Polygon", "Surface"),
}  # fmt: skip
_GEOJSON = re.compile(
    rb'"type"\s*:\s*"(FeatureCollection|Feature|Topology|GeometryCollection|(Multi)?(Point|LineString|Polygon))"'
)
# A JSON of this type is a GDAL command line: opening it would run the command.
_GDAL_PIPELINE = b"gdal_streamed_alg"
_IN_MEMORY = re.compile(r"(File )?/vsimem/\S+")
_NO_SUFFIX = "non conformant file extension"
# Arcs in databases become chords of one degree: on a radius of 100 m they stay within 4 mm.
_NAMELESS = "pyogrio_"  # what pyogrio calls the layer of a format without layer names
_ARC_STEP = {"OGR_ARC_STEPSIZE": "1"}


def read_database(
    opened: Opened,
    place: Place,
    *,
    suffix: str,
    layer: str | None = None,
    encoding: str | None = None,
    shape: str | None = None,
) -> Raw | None:
    """Read one layer of a GeoPackage, FlatGeobuf, FileGDB or GeoJSON.

    Parameters
    ----------
    opened : file, .gdb folder, or content; its first bytes are those of the format already.
    layer : layer name; when None the first one, or the first with the geometry wanted.
    encoding : declared text encoding of a GeoJSON that is not in UTF-8.
    shape : geometry wanted.

    Returns
    -------
    Raw or None
        None when the file cannot be used; the reason is in the log.
    """
    if suffix == ".gpkg":
        ready = open_sqlite(opened, place)
        if ready is None:
            return None
        opened = ready
    elif suffix == ".gdb":
        if not isinstance(opened, bytes) and not any(opened.glob("*.gdbtable")):
            place.error(
                "HSQ-F02", "不是文件地理数据库（文件夹里没有 .gdbtable）", remedy="复制完整的 .gdb 文件夹"
            )
            return None
    elif suffix != ".fgb":
        content = _check_json(read_all(opened), place, encoding)
        if content is None:
            return None
        opened = content
    frame = read_layer(opened, place, layer=layer, shape=shape, suffix=suffix)
    return make_raw(frame) if frame is not None else None


def list_names(opened: Opened, place: Place, *, suffix: str) -> tuple[str, ...]:
    """Return the layers of a GeoPackage or FileGDB that can be opened safely; nothing of any other."""
    if suffix == ".gpkg":
        ready = open_sqlite(opened, place)
        if ready is None:
            return ()
        opened = ready
    with warnings.catch_warnings(record=True):  # what GDAL warns of is told once a layer is read
        warnings.simplefilter("always")
        try:
            return tuple(str(name) for name, _ in pyogrio.list_layers(opened))
        except FAILURES:
            return ()


def make_raw(frame: pd.DataFrame | gpd.GeoDataFrame) -> Raw:
    """Part a frame into columns and geometry."""
    if not isinstance(frame, gpd.GeoDataFrame):
        return Raw(pd.DataFrame(frame))
    name = frame.geometry.name
    table = pd.DataFrame(frame.drop(columns=name))
    return Raw(table, pd.Series(frame.geometry.to_numpy(), index=frame.index), read_crs(frame.crs))


def _check_json(content: bytes, place: Place, encoding: str | None) -> bytes | None:
    """Return a GeoJSON in UTF-8, which is what the standard (RFC 7946) wants; None when it is something else."""
    codec = normalise_name(encoding) if encoding else None
    if encoding and codec is None:
        place.error(
            "HSQ-F05",
            f"不认识的编码“{encoding}”",
            field="encoding",
            value=encoding,
            remedy="常用：utf-8、gbk",
        )
        return None
    verdict = Verdict(codec, codec, "由配置声明") if codec else judge_text(content)
    place.clues.encoding = verdict
    if verdict.mixed or verdict.encoding not in {"UTF-8", "utf-8-sig"}:
        content = decode_text(content, verdict).encode("utf-8")
        told = "混有两种编码" if verdict.mixed else verdict.encoding
        place.warn(
            "HSQ-F05",
            f"GeoJSON 应为 UTF-8，实际为 {told}",
            action="逐段按各自的编码读取" if verdict.mixed else f"按 {told} 读取",
            remedy="另存为 UTF-8",
        )
    content = content.removeprefix(b"\xef\xbb\xbf")
    if _GDAL_PIPELINE in content:
        place.error(
            "HSQ-F08",
            "文件内含可执行的 GDAL 处理命令，不是数据",
            action="不打开",
            remedy="核实来源，索取原始数据",
        )
        return None
    if not _GEOJSON.search(content):
        place.error("HSQ-F02", "不是 GeoJSON（没有要素类型）", remedy="用 QGIS 等软件重新导出为 GeoJSON")
        return None
    return content


@contextmanager
def _configured(options: dict[str, str]) -> Iterator[None]:
    before = {key: pyogrio.get_gdal_config_option(key) for key in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def read_layer(
    opened: Opened,
    place: Place,
    *,
    layer: str | None,
    shape: str | None,
    suffix: str,
    **options: object,
) -> pd.DataFrame | gpd.GeoDataFrame | None:
    """Read a layer; the index is the FID. What GDAL warns of is noted, what it cannot read is a fault."""
    with warnings.catch_warnings(record=True) as caught, _configured(_ARC_STEP):
        warnings.simplefilter("always")
        frame = _read_chosen(opened, place, layer, shape, suffix, options)
    if frame is not None:
        # Content read through memory has no name of its own, and a new one every time.
        said = {_IN_MEMORY.sub("文件", str(warning.message)) for warning in caught}
        for message in sorted(text for text in said if _NO_SUFFIX not in text):
            place.note("HSQ-F02", f"读取时的提示：{message}")
    return frame


def _read_chosen(
    opened: Opened,
    place: Place,
    layer: str | None,
    shape: str | None,
    suffix: str,
    options: dict[str, object],
) -> pd.DataFrame | gpd.GeoDataFrame | None:
    try:
        found = [(str(name), kind) for name, kind in pyogrio.list_layers(opened)]
        if len(found) == 1 and found[0][0].startswith(_NAMELESS):
            layer = None
        at = _choose_layer(found, layer, shape, place)
        if at is None:
            return None
        try:
            return pyogrio.read_dataframe(opened, layer=at, fid_as_index=True, **options)
        except GEOSException:
            return _read_broken(opened, place, at, options)
    except UnboundLocalError:
        # What pyogrio 0.13 raises where the text of a .prj is not even text.
        place.error(
            "HSQ-X01", "坐标系声明（.prj）无法读取", field="crs",
            remedy="删除 .prj 并在配置中写 crs，或重新导出",
        )  # fmt: skip
    except FAILURES:
        place.error(
            "HSQ-F02", f"文件无法打开或已损坏，不是有效的 {suffix} 数据",
            remedy="用 QGIS 等软件打开检查后重新导出",
        )  # fmt: skip
    return None


def _choose_layer(
    found: list[tuple[str, str | None]], layer: str | None, shape: str | None, place: Place
) -> int | None:
    """Return the number of the layer to read; None with the reason in the log."""
    names = [name for name, _ in found]
    if not names:
        place.error("HSQ-F03", "文件里没有任何图层", remedy="检查文件是否导出完整")
        return None
    if layer is not None:
        if layer not in names:
            remedy = f"文件中的图层：{'、'.join(names)}"
            place.error("HSQ-F03", f"没有名为“{layer}”的图层", value=layer, remedy=remedy)
            return None
        return names.index(layer)
    wanted = _KINDS.get(shape or "", ())
    fitting = [name for name, kind in found if wanted and kind and kind.split(" ")[0].endswith(wanted)]
    name = (fitting or names)[0]
    if len(names) > 1:
        # One layer of the wanted kind among others is no guess.
        tell = place.note if len(fitting) == 1 else place.warn
        tell(
            "HSQ-F03", f"文件有 {len(names)} 个图层，没有指定用哪一个", value="、".join(names)[:200],
            action=f"读取“{name}”", remedy="在配置的 layer 中写明图层名",
        )  # fmt: skip
    return names.index(name)


def _read_broken(opened: Opened, place: Place, layer: int, options: dict[str, object]) -> gpd.GeoDataFrame:
    """Read a layer some of whose shapes cannot even be built, such as rings that do not close; name those."""
    meta, fids, forms, values = pyogrio.raw.read(opened, layer=layer, return_fids=True, **options)
    index = pd.Index(fids, name="fid")
    shapes = build_shapes(forms, index, place)
    table = dict(zip(meta["fields"], values, strict=True))
    return gpd.GeoDataFrame(table, geometry=shapes, index=index, crs=meta["crs"])[
        ~shapely.is_missing(shapes) | pd.isna(forms)
    ]
