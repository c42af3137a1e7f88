"""What lies beside the database: the QGIS project and the copy in degrees."""

from __future__ import annotations

import re
import zipfile
from xml.etree import ElementTree as ET

from layers.crs import GEOGRAPHIC
from layers.read.archive import DAMAGED
from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import HandIn
from pipeline.audit.geodata import fits_zone, name_crs
from pipeline.deliver.qgis import PATH as PROJECT
from pipeline.deliver.shapefile import DEGREES_FOLDER as DEGREES

_ABSOLUTE = re.compile(r"^(/|[A-Za-z]:|file:|\\\\)")


@check("qgis_project", "QGIS 工程", group="数据库")
def check_project(handin: HandIn, out: Checked) -> None:
    """The project opens as XML and names its files by relative paths that lead to something."""
    if PROJECT not in handin.files:
        out.void = "没有 QGIS 工程"
        return
    try:
        with zipfile.ZipFile(handin.files[PROJECT]) as parts:
            name = next(part for part in parts.namelist() if part.endswith(".qgs"))
            root = ET.fromstring(parts.read(name))
    except (*DAMAGED, StopIteration, ET.ParseError) as error:
        raise UnreadableError(PROJECT, "不是可以打开的 QGIS 工程，或已损坏") from error
    folder = handin.files[PROJECT].parent
    sources = {source.text or "" for source in root.iter("datasource")}
    for source in sorted(sources):
        path = source.split("|", 1)[0]
        if not path or "=" in path:
            continue
        if _ABSOLUTE.match(path):
            out.fault("图层用了绝对路径，换一台电脑打不开", file=PROJECT, value=path)
        elif not (folder / path).exists():
            out.fault("图层的文件不在成果中", file=PROJECT, value=path)
    layouts = sum(1 for _ in root.iter("Layout"))
    out.see(f"{len(sources)} 个图层来源均为相对路径，布局 {layouts} 个", file=PROJECT)


@check("degrees_copy", "经纬度副本", group="数据库")
def check_degrees(handin: HandIn, out: Checked) -> None:
    """Each layer of the copy in degrees is CGCS2000 degrees and has the rows of its original."""
    names = handin.under(DEGREES, ".shp")
    if not names:
        out.void = "没有经纬度副本（delivery.shp_degrees）"
        return
    rows = 0
    for name in names:
        shape = handin.open_shape(name)
        if shape.epsg != GEOGRAPHIC:
            out.fault("应为 CGCS2000 经纬度（EPSG:4490）", file=name, value=name_crs(shape.epsg))
        elif len(shape.frame) and not fits_zone(shape.frame.total_bounds, GEOGRAPHIC):
            out.fault("坐标不是经纬度", file=name)
        code = re.search(r"HSQ_[A-Z0-9]+", name)
        twin = handin.shape(code[0]) if code else None
        if twin is not None and len(twin.frame) != len(shape.frame):
            out.fault("要素数与原图层不同", file=name, value=f"{len(shape.frame)} 与 {len(twin.frame)}")
        rows += len(shape.frame)
    out.see(f"{len(names)} 个图层 {rows} 个要素，EPSG:4490", file=DEGREES)
