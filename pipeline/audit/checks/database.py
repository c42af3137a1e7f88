"""The database: schema to the byte, codes, numbers of the rows, coordinate systems, shp and GeoPackage alike."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from configs.planning import landuse_names
from layers.model import Column
from layers.onemap import ALWAYS, BSM_DIGITS, Prefix, delivered_layers, schema_of, title_of
from layers.planned import Project
from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import SHAPES, HandIn
from pipeline.audit.geodata import DELIVERABLE, DbfField, ShapeFile, fits_zone, name_crs

_WIDEST = 254
CODES = {code: (layer, kind) for code, layer, kind in delivered_layers()}
_SHAPES = {
    "point": {"Point"},
    "line": {"LineString", "MultiLineString"},
    "polygon": {"Polygon", "MultiPolygon"},
}


def every_shape(handin: HandIn, out: Checked) -> list[tuple[str, ShapeFile]]:
    """Return the layers that can be read, told which cannot."""
    found = []
    for code, name in handin.shape_files.items():
        try:
            found.append((code, handin.open_shape(name)))
        except UnreadableError as error:
            out.fault(error.why, file=name, sheet=code)
    return found


@check("shp_layers", "数据库图层齐全", group="数据库")
def check_layers(handin: HandIn, out: Checked) -> None:
    """Land use and projects are handed in always; every other layer is there or said to be empty."""
    for code, (layer, kind) in CODES.items():
        if code in handin.shape_files:
            continue
        why = handin.why_absent(code)
        if code in ALWAYS:
            out.fault(f"缺少图层“{title_of(layer, kind)}”", file=SHAPES, sheet=code)
        elif why is None:
            out.fault(f"缺少图层“{title_of(layer, kind)}”，成果目录也没有说明原因", file=SHAPES, sheet=code)
    for code in handin.shape_files:
        if code not in CODES:
            out.fault("不是数据库规定的图层", file=handin.shape_files[code], sheet=code)
    # Projects without a place there may be; a plan whose every project is without one is for a person to confirm.
    projects = [code for code, (layer, _) in CODES.items() if layer is Project and code in handin.shape_files]
    if projects and not any(len(shape.frame) for code, shape in every_shape(handin, out) if code in projects):
        out.doubt("项目分布的各图层没有一个要素，请确认", file=SHAPES, sheet="、".join(projects))
    out.see(f"{len(handin.shape_files)} 个图层", file=SHAPES)


@check("shp_schema", "图层结构", group="数据库")
def check_schema(handin: HandIn, out: Checked) -> None:
    """Fields are the declared ones: order, names, types, widths, decimals; all parts of a shapefile are there."""
    count = 0
    for code, shape in every_shape(handin, out):
        for suffix in shape.missing:
            out.fault(f"缺少 {suffix} 文件", file=shape.name, sheet=code)
        if code not in CODES:
            continue
        layer, kind = CODES[code]
        wanted = [_declare(column) for column in schema_of(layer, kind)]
        count += len(wanted)
        _compare_fields(shape, code, wanted, out)
        other = set(shape.frame.geom_type.dropna()) - _SHAPES[kind]
        if other:
            out.fault("几何类型与图层不符", file=shape.name, sheet=code, value="、".join(sorted(other)))
    if count:
        out.see(
            f"{len(handin.shape_files)} 个图层 {count} 个字段的次序、名称、类型、宽度、小数位逐一相符",
            file=SHAPES,
        )


def _declare(column: Column) -> DbfField:
    spec = column.spec
    if spec.kind == "text":
        return DbfField(spec.onemap, "C", min(spec.width, _WIDEST), 0)
    return DbfField(spec.onemap, "N", spec.width, spec.decimals)


def _compare_fields(shape: ShapeFile, code: str, wanted: list[DbfField], out: Checked) -> None:
    if [field.name for field in shape.fields] != [field.name for field in wanted]:
        names = {field.name for field in shape.fields}
        lacking = [field.name for field in wanted if field.name not in names]
        more = sorted(names - {field.name for field in wanted})
        told = "；".join(
            part
            for part in (
                f"缺少 {'、'.join(lacking)}" if lacking else "", f"多出 {'、'.join(more)}" if more else "",
                "" if lacking or more else "字段次序不对",
            )
            if part
        )  # fmt: skip
        out.fault("字段与规定不符", file=shape.name, sheet=code, value=told)
        return
    for got, want in zip(shape.fields, wanted, strict=True):
        if got != want:
            out.fault(f"字段应为 {want}", file=shape.name, sheet=code, value=str(got))


@check("shp_crs", "坐标系", group="数据库")
def check_crs(handin: HandIn, out: Checked) -> None:
    """Every .prj is one CGCS2000 system, the coordinates are of it, and no .prj holds parameters of a datum shift."""
    found: dict[int, list[str]] = {}
    for code, shape in every_shape(handin, out):
        found.setdefault(shape.epsg, []).append(shape.name)
        if shape.epsg not in DELIVERABLE:
            out.fault(
                ".prj 不是 2000 国家大地坐标系（CGCS2000）3° 带或经纬度", file=shape.name, sheet=code,
                value=name_crs(shape.epsg) if shape.epsg else shape.prj[:60],
            )  # fmt: skip
        elif np.isfinite(shape.frame.total_bounds).all() and not fits_zone(
            shape.frame.total_bounds, shape.epsg
        ):
            west, south, east, north = shape.frame.total_bounds
            out.fault(
                f"坐标不在 {name_crs(shape.epsg)} 的范围内", file=shape.name, sheet=code,
                value=f"东 {west:.6g}–{east:.6g}，北 {south:.6g}–{north:.6g}",
            )  # fmt: skip
        if "TOWGS84" in shape.prj.upper():
            out.fault(".prj 含坐标转换参数（属涉密内容，不得随成果提供）", file=shape.name, sheet=code)
    known = {epsg: names for epsg, names in found.items() if epsg in DELIVERABLE}
    if len(known) > 1:
        most = max(known, key=lambda epsg: len(known[epsg]))
        for epsg, names in known.items():
            if epsg != most:
                out.fault(f"坐标系与其他图层（EPSG:{most}）不同", file=names[0], value=f"EPSG:{epsg}")
    deliver = handin.parameter("crs", "deliver")
    forms = {"plain": "不带带号", "prefixed": "带带号", "degrees": "经纬度"}
    if deliver in forms and known:
        for epsg, names in known.items():
            form = "degrees" if epsg == 4490 else "prefixed" if 4513 <= epsg <= 4533 else "plain"
            if form != deliver:
                out.fault(f"方案配置为{forms[deliver]}", file=names[0], value=f"EPSG:{epsg} {forms[form]}")
    for epsg, names in known.items():
        out.see(
            f"{len(names)} 个 .prj 读回为 {name_crs(epsg)}，坐标在其范围内", file=SHAPES, value=f"EPSG:{epsg}"
        )


@check("shp_encoding", "属性编码", group="数据库")
def check_encoding(handin: HandIn, out: Checked) -> None:
    """The .cpg is what the plan asks for and what the .dbf is written in."""
    wanted = handin.parameter("delivery", "shp_encoding")
    count = 0
    for code, shape in every_shape(handin, out):
        if ".cpg" in shape.missing:
            continue
        stem = shape.name.rsplit(".", 1)[0]
        name = f"{stem}.cpg"
        if shape.encoding.upper() not in ("UTF-8", "GBK"):
            out.fault(".cpg 应为 UTF-8 或 GBK", file=name, sheet=code, value=shape.encoding)
            continue
        if wanted and shape.encoding.upper() != str(wanted).upper():
            out.fault(f".cpg 与方案配置（{wanted}）不符", file=name, sheet=code, value=shape.encoding)
        content = (handin.root / f"{stem}.dbf").read_bytes()
        try:
            content[32 * (len(shape.fields) + 1) + 1 :].decode(shape.encoding)
        except UnicodeDecodeError:
            out.fault(f".dbf 的文字不是 {shape.encoding}", file=name, sheet=code)
        count += 1
    if count:
        out.see(f"{count} 个 .cpg 与 .dbf 实际编码一致", file=SHAPES)


@check("bsm", "标识码唯一且符合规则", group="数据库")
def check_bsm(handin: HandIn, out: Checked) -> None:
    """BSM is XZQDM(6) + year(4) + plan block(3) + number(5), one for a feature across the whole database."""
    region, block = handin.parameter("plan", "region_code"), handin.parameter("plan", "plan_block")
    compiled = str(handin.parameter("plan", "compiled") or "")
    head = f"{region}{compiled[:4]}{int(block):03d}" if region and compiled and block is not None else ""
    seen: dict[str, str] = {}
    heads: dict[str, int] = {}
    for code, shape in every_shape(handin, out):
        for row, value in enumerate(shape.column("BSM").fillna("").astype(str), 1):
            if not re.fullmatch(r"\d{18}", value) or (head and not value.startswith(head)):
                out.fault(
                    f"标识码不符合规则（{head or '18 位数字'}）",
                    file=shape.name,
                    sheet=code,
                    row=row,
                    value=value,
                )
                continue
            heads[value[:-BSM_DIGITS]] = heads.get(value[:-BSM_DIGITS], 0) + 1
            if value in seen:
                out.fault(
                    f"标识码重复，另见 {seen[value]}", file=shape.name, sheet=code, row=row, value=value
                )
            seen[value] = f"{code} 第 {row} 条"
    if len(heads) > 1:
        out.fault("标识码前缀不一致", file=SHAPES, value="、".join(sorted(heads)))
    if seen:
        out.see(f"{len(seen)} 个要素的标识码无重复，前缀 {'、'.join(sorted(heads))}", file=SHAPES)


@check("shp_values", "必填项与取值", group="数据库")
def check_values(handin: HandIn, out: Checked) -> None:
    """Required fields are filled, closed lists kept, land-use codes and names agree, nothing is below its least."""
    names = landuse_names()
    count = 0
    for code, shape in every_shape(handin, out):
        if code not in CODES:
            continue
        layer, kind = CODES[code]
        for column in schema_of(layer, kind):
            if column.spec.onemap in shape.frame:
                count += len(shape.frame)
                _check_column(shape, code, column, out)
        if {"YDYHFLDM", "YDYHFLMC"} <= set(shape.frame):
            for row, (one, name) in enumerate(shape.frame[["YDYHFLDM", "YDYHFLMC"]].fillna("").values, 1):
                if one not in names:
                    out.fault(
                        "用地用海分类代码不在 2023 年版分类中",
                        file=shape.name,
                        sheet=code,
                        row=row,
                        value=one,
                    )
                elif name != names[one]:
                    out.fault(
                        f"用地代码与名称不符，{one} 应为“{names[one]}”",
                        file=shape.name,
                        sheet=code,
                        row=row,
                        value=name,
                    )
    if count:
        out.see(f"{count} 个取值逐一检查：必填、代码表、用地代码与名称、最小值", file=SHAPES)


def _check_column(shape: ShapeFile, code: str, column: Column, out: Checked) -> None:
    spec, values = column.spec, shape.frame[column.spec.onemap]
    blank = (values.isna() | values.astype(str).str.strip().eq("")).to_numpy()
    if spec.required and column != Prefix.ysdm:
        for row in np.flatnonzero(blank)[:5]:
            out.fault(
                f"必填字段“{spec.alias}”没有填写", file=shape.name, sheet=code, row=row + 1, value=spec.onemap
            )
    if spec.codes is not None and spec.codes.closed:
        other = ~blank & ~values.isin(spec.codes.values).to_numpy()
        for row in np.flatnonzero(other)[:5]:
            out.fault(
                f"“{spec.alias}”不在代码表“{spec.codes.name}”中", file=shape.name, sheet=code, row=row + 1,
                value=values.iloc[row],
            )  # fmt: skip
    if spec.minimum is not None and spec.kind != "text" and pd.api.types.is_numeric_dtype(values):
        for row in np.flatnonzero(values.to_numpy(dtype=float, na_value=np.nan) < spec.minimum)[:5]:
            out.fault(
                f"“{spec.alias}”小于 {spec.minimum:g}",
                file=shape.name,
                sheet=code,
                row=row + 1,
                value=values.iloc[row],
            )
