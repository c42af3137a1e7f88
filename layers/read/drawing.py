"""DXF and DWG drawings as rows: CAD layers, areas, blocks with attributes, and texts given to areas."""

from __future__ import annotations

import codecs
import io
import re
import tempfile
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from xml.parsers import expat

import ezdxf
import pandas as pd
from ezdxf.document import Drawing
from ezdxf.lldxf.const import DXFError
from ezdxf.lldxf.encoding import decode_mif_to_unicode
from pyproj import CRS

from layers.crs import read_crs
from layers.encoding import judge_cells, normalise_name
from layers.read.dwg import convert_dwg
from layers.read.entities import BlockBomb, Taken, layer_of, take_entities
from layers.read.labels import join_labels
from layers.read.raw import Place, Raw
from layers.read.sniff import Opened, read_all, read_head
from layers.read.strokes import TOLERANCE_M
from layers.read.xml import UnsafeXml, check_prolog

SUFFIXES = frozenset({".dxf", ".dwg"})
# From AutoCAD 2007 on text is UTF-8, whatever code page the header names.
_FIRST_UTF8 = "AC1021"
_HEADER_BYTES = 65536
_BINARY = b"AutoCAD Binary DXF"
# ezdxf checks little while it builds entities and stumbles over whatever it meets first.
_DAMAGED = (
    DXFError,
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
)
_NAMES = {
    "TEXT": "文字", "MTEXT": "多行文字", "INSERT": "图块", "POINT": "点", "DIMENSION": "标注", "LEADER": "引线",
    "MULTILEADER": "引线", "HATCH": "填充", "LINE": "直线", "ARC": "圆弧", "VIEWPORT": "视口", "IMAGE": "图片",
    "LWPOLYLINE": "多段线", "POLYLINE": "多段线", "CIRCLE": "圆", "SPLINE": "样条", "ELLIPSE": "椭圆",
    "REGION": "面域", "ATTDEF": "属性定义", "ACAD_PROXY_ENTITY": "代理实体", "3DFACE": "三维面", "SOLID": "实心面",
    "ACAD_TABLE": "表格", "OLE2FRAME": "OLE 对象", "WIPEOUT": "遮罩",
}  # fmt: skip
# Plain ASCII is never escaped; a line break among it would tear the file apart. Halves of pairs are no characters.
_ESCAPED = re.compile(r"\\U\+(?!00[0-7]|[Dd][89A-Fa-f])([0-9A-Fa-f]{4})")
_PROXY = re.compile(r"^(ACAD_PROXY_ENTITY|TCH_.*|PROXY.*)$")


def read_drawing(
    opened: Opened,
    place: Place,
    *,
    suffix: str,
    layer: str | None = None,
    encoding: str | None = None,
    shape: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Raw | None:
    """Read the entities of a drawing's model space that have the wanted geometry.

    Parameters
    ----------
    opened : DXF or DWG, file or content.
    layer : name of the CAD layer, ``*`` for any text; every layer when None.
    encoding : declared text encoding; judged from version, code page and bytes when None.
    shape : ``point``, ``line`` or ``polygon``; None or ``any`` takes every entity as it looks.
    labels : columns made of texts that stand inside areas, with the CAD layer each is on.

    Returns
    -------
    Raw or None
        Rows by entity handle; columns ``Layer``, ``Entity``, ``EntityHandle``, ``Block``, ``Linetype``,
        ``Color``, ``Text``, block attributes under their tags and the labels. None when the file cannot be used.
    """
    beside = opened.with_suffix(".prj") if isinstance(opened, Path) else None
    if beside is not None and beside.with_suffix(".shp").exists():
        beside = None  # it belongs to the shapefile
    if suffix == ".dwg":
        converted = convert_dwg(opened, place)
        if converted is None:
            return None
        opened = converted
    drawing = load_drawing(opened, place, encoding=encoding)
    if drawing is None:
        return None
    if layer is not None and not _check_layer(drawing, layer, place):
        return None
    try:
        taken = take_entities(drawing, layer=layer, shape=shape)
    except BlockBomb:
        place.error(
            "HSQ-F08", "图块互相嵌套或展开后超过 200 万个实体", action="不读取",
            remedy="在 CAD 中执行 PURGE、AUDIT，删去多余图块后另存",
        )  # fmt: skip
        return None
    except _DAMAGED:
        place.error("HSQ-F02", "图形文件已损坏，实体无法读取", remedy="在 CAD 中执行 AUDIT 或 RECOVER 后另存")
        return None
    _report(drawing, taken, shape, place)
    index = pd.Index([row["EntityHandle"] for row in taken.rows], dtype="str")
    table = pd.DataFrame(taken.rows, index=index, dtype=object)
    shapes = pd.Series(taken.shapes, index=index, dtype=object)
    if labels and len(table):
        table = join_labels(table, shapes, drawing, labels, place)
    return Raw(table, shapes, _claim_crs(drawing, beside, place))


def load_drawing(opened: Opened, place: Place, *, encoding: str | None) -> Drawing | None:
    """Load a DXF; None with the reason in the log."""
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
    try:
        if read_head(opened, len(_BINARY)) == _BINARY:
            return _load_binary(opened)
        content = read_all(opened)
        codec = codec or judge_encoding(content, place)
        return ezdxf.read(io.StringIO(_unescape(content.decode(codec, "replace"))))
    except _DAMAGED:
        place.error(
            "HSQ-F02", "文件无法打开或已损坏，不是有效的 .dxf 数据",
            remedy="在 CAD 中打开，执行 AUDIT 检查后另存为 DXF 2010 或更高版本",
        )  # fmt: skip
        return None


def _unescape(text: str) -> str:
    r"""Return a drawing's text with ``\U+5c0f`` and ``\M+5D0A1`` as the characters they stand for.

    AutoCAD writes so what its code page does not have: Chinese layer names on an English desk.
    """
    if "\\U+" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return decode_mif_to_unicode(text) if "\\M+" in text else text


def _load_binary(opened: Opened) -> Drawing:
    if isinstance(opened, Path):
        return ezdxf.readfile(opened)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawing.dxf"
        path.write_bytes(opened)
        return ezdxf.readfile(path)


def judge_encoding(content: bytes, place: Place) -> str:
    """Return the codec of a DXF's text: what version and code page claim, unless its bytes say otherwise."""
    head = [line.strip() for line in content[:_HEADER_BYTES].splitlines()]
    said = {
        name: head[at + 2].decode("ascii", "replace")
        for name in (b"$ACADVER", b"$DWGCODEPAGE")
        if name in head and (at := head.index(name)) + 2 < len(head)
    }
    if said.get(b"$ACADVER", "") >= _FIRST_UTF8:
        claim = "UTF-8"
    else:
        page = said.get(b"$DWGCODEPAGE", "ANSI_936").upper().replace("ANSI_", "cp")
        try:
            claim = normalise_name(codecs.lookup(page).name) or "GB18030"
        except LookupError:
            claim = "GB18030"
    cells = sorted({line.strip() for line in content.splitlines() if not line.isascii()})
    verdict = place.clues.encoding = judge_cells(cells, claim=claim)
    if verdict.encoding != claim:
        place.warn(
            "HSQ-F05", f"图中文字声明为 {claim}，实际为 {verdict.encoding}：{verdict.evidence}",
            action=f"按 {verdict.encoding} 读取", remedy="在 CAD 中另存为 DXF 2010 或更高版本",
        )  # fmt: skip
    return verdict.encoding


def _check_layer(drawing: Drawing, layer: str, place: Place) -> bool:
    """Report a CAD layer that no entity is on, with those there are."""
    used = {layer_of(entity) for entity in drawing.modelspace()}
    for block in drawing.blocks:
        if not block.is_any_layout:  # on layer 0 of a block an entity takes the layer of its reference
            used |= {layer_of(entity) for entity in block} - {"0"}
    if any(fnmatchcase(name, layer) for name in used):
        return True
    place.error(
        "HSQ-F03", f"没有名为“{layer}”的 CAD 图层", value=layer,
        remedy=f"文件中的 CAD 图层：{'、'.join(sorted(used)[:30])}",
    )  # fmt: skip
    return False


def _claim_crs(drawing: Drawing, beside: Path | None, place: Place) -> CRS | None:
    """Return the CRS a drawing claims: a .prj beside it, else its GEODATA; most drawings claim none."""
    if beside is not None and beside.is_file():
        try:
            return read_crs(beside.read_text(encoding="utf-8", errors="replace"))
        except ValueError:
            place.warn("HSQ-X01", "图形旁的 .prj 无法识别", action="不采用", remedy="在配置中写明 crs")
    geodata = drawing.modelspace().get_geodata()
    if geodata is None:
        return None
    try:
        check_prolog(io.BytesIO(geodata.coordinate_system_definition.encode()))
        code, east_first = geodata.get_crs()
        return read_crs(f"EPSG:{code}") if east_first else None
    except (UnsafeXml, expat.ExpatError, DXFError, ValueError):
        return None


def _report(drawing: Drawing, taken: Taken, shape: str | None, place: Place) -> None:
    """Say what was left out, stroked or could not be read, each kind once."""
    wanted = {"point": "点", "line": "线", "polygon": "面"}.get(shape or "", "")
    proxies = sum(count for kind, count in taken.left_out.items() if _PROXY.match(kind))
    if proxies:
        place.warn(
            "HSQ-G03", f"有 {proxies} 个天正等专业软件的自定义实体，普通程序无法读取", action="不采用",
            remedy="在天正中用“图形导出”存为 T3 格式，或分解后另存",
        )  # fmt: skip
    rest = {kind: count for kind, count in taken.left_out.items() if not _PROXY.match(kind)}
    if rest:
        told = "、".join(f"{_NAMES.get(kind, kind)} {count}" for kind, count in sorted(rest.items()))
        what = f"不是{wanted}的实体" if wanted else "不能成图形的实体"
        place.note("HSQ-G03", f"另有 {sum(rest.values())} 个{what}（{told}）", action="不采用")
    for handle, gap, x, y in taken.unclosed:
        place.warn(
            "HSQ-G07", f"多段线没有闭合，首末点相距 {gap:.3f} m，不能成面", row=handle, action="不采用",
            remedy="在 CAD 中用 PEDIT 闭合", x=round(x, 2), y=round(y, 2),
        )  # fmt: skip
    for handle in taken.torn:
        place.error(
            "HSQ-G07", "实体的坐标残缺或边界不闭合，无法构成图形", row=handle, remedy="在 CAD 中重画该实体"
        )
    if taken.curves:
        place.note(
            "HSQ-G03",
            f"{taken.curves} 个实体含圆弧或样条曲线",
            action=f"按弦高不超过 {TOLERANCE_M * 100:g} cm 打断为折线",
        )
    _report_tables(drawing, {str(row["Layer"]) for row in taken.rows}, place)


def _report_tables(drawing: Drawing, used: set[str], place: Place) -> None:
    """Say which layers taken are switched off, and which drawings are referred to but not here."""
    hidden = sorted(
        name
        for name in used
        if name in drawing.layers
        and (drawing.layers.get(name).is_off() or drawing.layers.get(name).is_frozen())
    )
    if hidden:
        place.warn(
            "HSQ-V09", f"CAD 图层已关闭或冻结：{'、'.join(hidden[:10])}", action="仍读取其中的实体",
            remedy="不需要的图层请删除，或在配置的 layer 中写明要用的图层",
        )  # fmt: skip
    missing = sorted(
        block.name for block in drawing.blocks if block.block is not None and block.block.is_xref
    )
    if missing:
        place.warn(
            "HSQ-F06", f"图中有 {len(missing)} 个外部参照", value="、".join(missing[:10]), action="不打开、不读取",
            remedy="需要其中的内容时在 CAD 中绑定（XREF → 绑定）后另存",
        )  # fmt: skip
