"""Both databases: the GeoPackage is sound and holds what the shapefiles hold; areas and names are right."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.areas import AreaRule, measure_area
from layers.onemap import OUTSIDE
from pipeline.audit.checks.database import CODES, every_shape
from pipeline.audit.findings import Checked, check
from pipeline.audit.folder import DATABASE, SHAPES, HandIn
from pipeline.audit.geodata import DbfField, ShapeFile, find_codec, query_base

_NEAR_M = 1e-3
_NEAR_M2 = 0.05
_AREA = "MJ"


@check("shp_names", "行政区与社区名称一致", group="数据库")
def check_communities(handin: HandIn, out: Checked) -> None:
    """XZQDM is one county of the plan's province; SQMC names communities of the plan (S-01)."""
    towns = handin.shape("HSQ_SQBJ")
    if towns is None:
        out.fault("没有社区边界图层", file=SHAPES, sheet="HSQ_SQBJ")
        return
    known = set(towns.column("SQMC").dropna().astype(str))
    places = known | {handin.area, OUTSIDE}
    region = str(handin.parameter("plan", "region_code") or "")
    for code, shape in every_shape(handin, out):
        values = shape.column("SQMC").fillna("").astype(str)
        for row in np.flatnonzero(~values.isin(places))[:5]:
            out.fault(
                "社区名称不是本方案的社区", file=shape.name, sheet=code, row=row + 1, value=values.iloc[row]
            )
        areas = shape.column("XZQDM").fillna("").astype(str)
        wrong = ~areas.str.fullmatch(region or r"\d{6,12}")
        for row in np.flatnonzero(wrong)[:5]:
            out.fault("行政区代码不符", file=shape.name, sheet=code, row=row + 1, value=areas.iloc[row])
    out.see(
        f"{len(known)} 个社区：{'、'.join(sorted(known))}；各图层的社区、行政区代码均与之相符",
        file=towns.name,
    )


@check("shp_areas", "属性面积与图形面积", group="数据库")
def check_areas(handin: HandIn, out: Checked) -> None:
    """MJ is the shape's area by the plan's rule; a residue of rounding may be spread (layers.areas)."""
    rule: AreaRule = "ellipsoidal" if handin.parameter("crs", "area_rule") == "ellipsoidal" else "planar"
    count = 0
    for code, shape in every_shape(handin, out):
        if (
            code not in CODES
            or CODES[code][1] != "polygon"
            or _AREA not in shape.frame
            or not len(shape.frame)
        ):
            continue
        told = pd.to_numeric(shape.frame[_AREA], errors="coerce").to_numpy(dtype=float)
        metric = shape.metric.geometry
        if metric.crs is None:
            continue
        drawn = measure_area(metric, rule=rule).to_numpy()
        # Said the other way round, so that an area that is blank or no number is off too.
        off = ~(np.abs(told - drawn) <= _NEAR_M2 + 1e-7 * drawn)
        for row in np.flatnonzero(off)[:5]:
            out.fault(f"属性面积与图形面积不符（图形 {drawn[row]:.2f} ㎡）", file=shape.name, sheet=code, row=row + 1,
                      value=f"{told[row]:.2f}")  # fmt: skip
        count += len(told)
    if count:
        words = "3° 带平面面积" if rule == "planar" else "椭球面积"
        out.see(f"{count} 个面的“面积”与图形量算（{words}）相差不超过 {_NEAR_M2:g} ㎡", file=SHAPES)


@check("gpkg_sound", "GeoPackage 完整", group="数据库")
def check_geopackage(handin: HandIn, out: Checked) -> None:
    """SQLite finds no damage; contents, counts, aliases and styles are in their tables; every layer is there."""
    if DATABASE not in handin.files:
        out.fault("没有“一张图”数据库", file=DATABASE)
        return
    path = handin.files[DATABASE]
    integrity, contents, tables = query_base(
        path, DATABASE, "PRAGMA integrity_check",
        "SELECT table_name, srs_id FROM gpkg_contents WHERE data_type = 'features' ORDER BY 1",
        "SELECT name FROM sqlite_master WHERE type = 'table'",
    )  # fmt: skip
    if integrity != [("ok",)]:
        out.fault("SQLite 完整性检查不通过", file=DATABASE, value=integrity[0][0])
    names = {str(row[0]) for row in tables}
    for needed in ("gpkg_data_columns", "layer_styles", "gpkg_geometry_columns"):
        if needed not in names:
            out.fault(f"缺少 {needed}", file=DATABASE)
    listed = {str(row[0]): row[1] for row in contents}
    for code in sorted(set(handin.shape_files) - set(listed)):
        out.fault("SHP 有此图层，GeoPackage 没有", file=DATABASE, sheet=code)
    for code in sorted(set(listed) - set(handin.shape_files)):
        out.fault("GeoPackage 有此图层，SHP 没有", file=DATABASE, sheet=code)
    for code in sorted(set(listed) & names):
        # Not through the index: GDAL's own count would do for a table with rows lost.
        rows = query_base(path, DATABASE, f'SELECT count(*) FROM "{code}"')[0][0][0]
        out.see(f"{rows} 个要素", file=DATABASE, sheet=code, value=f"EPSG:{listed[code]}")
    if "layer_styles" in names:
        styled = {
            str(row[0]) for row in query_base(path, DATABASE, "SELECT f_table_name FROM layer_styles")[0]
        }
        for code in sorted(set(listed) - styled):
            out.fault("没有图层样式", file=DATABASE, sheet=code)


@check("shp_is_gpkg", "SHP 与 GeoPackage 一致", group="数字")
def check_alike(handin: HandIn, out: Checked) -> None:
    """Both hold the same rows by BSM: shapes, areas, attributes; a text too long for a DBF is cut there."""
    one_map = handin.one_map
    rows = values = 0
    for code, shape in every_shape(handin, out):
        other = one_map.get(code)
        if other is None:
            continue
        here = shape.frame
        if len(here) != len(other):
            out.fault(
                "要素数不同", file=shape.name, sheet=code, value=f"SHP {len(here)}，GeoPackage {len(other)}"
            )
            continue
        if other.crs is not None and shape.epsg and other.crs.to_epsg() != shape.epsg:
            out.fault(
                "坐标系不同", file=shape.name, sheet=code, value=f"EPSG:{shape.epsg} 与 {other.crs.to_epsg()}"
            )
        if "BSM" not in here or "BSM" not in other:
            continue
        if here["BSM"].tolist() != other["BSM"].tolist():
            out.fault("标识码或次序不同", file=shape.name, sheet=code)
            continue
        rows += len(here)
        apart = ~shapely.equals_exact(
            shapely.normalize(here.geometry.to_numpy()),
            shapely.normalize(_like(other, here)),
            tolerance=_NEAR_M,
        )
        for row in np.flatnonzero(apart)[:5]:
            out.fault("图形不同", file=shape.name, sheet=code, row=row + 1, value=here["BSM"].iloc[row])
        for field in shape.fields:
            if field.name not in other:
                out.fault("GeoPackage 没有这个字段", file=DATABASE, sheet=code, value=field.name)
                continue
            values += len(here)
            _compare_column(shape, code, field, other, out)
    if rows:
        out.see(
            f"{rows} 个要素、{values} 个属性值逐一相符（SHP 截断的文字只比前段）", file=SHAPES, value=DATABASE
        )


def _like(other: gpd.GeoDataFrame, here: gpd.GeoDataFrame) -> np.ndarray:
    """Return shapes of the GeoPackage as a shapefile holds them: single parts are no multi-parts there."""
    shapes = other.geometry.to_numpy()
    single = shapely.get_num_geometries(shapes) == 1
    plain = ~np.isin(shapely.get_type_id(here.geometry.to_numpy()), (4, 5, 6))
    return np.where(single & plain, shapely.get_geometry(shapes, 0), shapes)


def _compare_column(shape: ShapeFile, code: str, field: DbfField, other: pd.DataFrame, out: Checked) -> None:
    here, there = shape.frame[field.name], other[field.name]
    if field.kind == "N":
        one = pd.to_numeric(here, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        two = pd.to_numeric(there, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        differs = ~(
            np.isclose(one, two, rtol=0, atol=10.0 ** -(field.decimals + 1)) | (np.isnan(one) & np.isnan(two))
        )
    else:
        a, b = (
            here.fillna("").astype(str),
            there.fillna("").astype(str).str.replace(r"[\x00-\x1f]+", " ", regex=True),
        )
        encoding = find_codec(shape.encoding)
        cut = b.map(lambda text: len(text.encode(encoding, "ignore")) > field.width)
        begins = np.array([bool(y.startswith(x)) and bool(x) for x, y in zip(a, b, strict=True)], dtype=bool)
        lost = a.str.contains("〓").to_numpy()
        differs = ~((a.str.rstrip() == b.str.rstrip()).to_numpy() | (cut.to_numpy() & begins) | lost)
    for row in np.flatnonzero(differs)[:5]:
        out.fault(
            f"“{field.name}”不同，GeoPackage 为 {there.iloc[row]}", file=shape.name, sheet=code,
            row=shape.frame["BSM"].iloc[row], value=here.iloc[row],
        )  # fmt: skip
