"""成果自检: an untouched hand-in passes wherever it lies; each planted defect is found by the check that is about it."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapely
from shapely.geometry import mapping
from shapely.geometry import shape as as_shape

from configs import read_rows
from pipeline.audit import Audit, audit_handin
from pipeline.audit.findings import BROKEN, CHECKS, MET, PERSON, VOID, Checked
from pipeline.audit.opening import NotHandInError, open_handin
from pipeline.audit.rules import load_others, load_rules
from pipeline.cli import main
from tests.whole import defects as d
from tests.whole.conftest import Whole

LANDUSE, PLANNED, PROJECTS = "HSQ_XZYD", "HSQ_GHYD", "HSQ_XMFBM"
JPG = "图件/JPG/6-06_更新项目分布汇总图.jpg"
DWG = "图件/DWG/6-06_更新项目分布汇总图.dwg"
DXF = "图件/DWG/6-06_更新项目分布汇总图.dxf"
GPKG, QGZ = "数据库/一张图.gpkg", "数据库/一张图.qgz"
TEXT = "文本/方案文本（初稿）.docx"
BODY = "word/document.xml"


@dataclass(frozen=True)
class Defect:
    """A way to spoil a hand-in.

    Attributes
    ----------
    check : the check that is about it.
    plant : spoils the copy.
    told : what its finding says, value and place included.
    needs : a file without which it cannot be planted.
    """

    name: str
    check: str
    plant: Callable[[Path], object]
    told: str
    needs: str = ""


def _move_first(records: list[dict[str, Any]], change: Callable[[Any], Any], *, at: int = 0) -> None:
    records[at]["geometry"] = mapping(change(as_shape(records[at]["geometry"])))


def _grow(metres: float, *, at: int = 0) -> Callable[[list[dict[str, Any]]], None]:
    return lambda records: _move_first(records, lambda shape: shape.buffer(metres, join_style="mitre"), at=at)


def _cut_hole(records: list[dict[str, Any]]) -> None:
    """Take a square out of the middle of the first polygon: ground nobody has."""
    shape = as_shape(records[0]["geometry"])
    spot = shape.representative_point()
    records[0]["geometry"] = mapping(
        shape.difference(shapely.box(spot.x - 2, spot.y - 2, spot.x + 2, spot.y + 2))
    )


def _add_sliver(records: list[dict[str, Any]]) -> None:
    """Make the outermost 5 cm of the first parcel a parcel of its own."""
    shape = as_shape(records[0]["geometry"])
    rest = shape.buffer(-0.05, join_style="mitre")
    strip = shape.difference(rest)
    records[0]["geometry"] = mapping(rest)
    records.append(
        {"geometry": mapping(strip), "properties": {**records[0]["properties"], "BSM": "369901202600209999"}}
    )


def _add_spike(records: list[dict[str, Any]]) -> None:
    """Draw a needle out of the first community."""
    shape = as_shape(records[0]["geometry"])
    shape = max(shapely.get_parts(shape), key=lambda part: part.area)
    (x, y), (x2, y2) = shape.exterior.coords[0], shape.exterior.coords[1]
    middle = ((x + x2) / 2, (y + y2) / 2)
    length = ((x2 - x) ** 2 + (y2 - y) ** 2) ** 0.5
    out = ((y2 - y) / length, -(x2 - x) / length)
    step = ((x2 - x) / length * 0.4, (y2 - y) / length * 0.4)
    tips = [
        (middle[0] - step[0], middle[1] - step[1]), (middle[0] + out[0] * 9, middle[1] + out[1] * 9),
        (middle[0] + step[0], middle[1] + step[1]),
    ]  # fmt: skip
    spiked = shapely.Polygon([(x, y), *tips, *shape.exterior.coords[1:]])
    if spiked.area < shape.area:
        tips[1] = (middle[0] - out[0] * 9, middle[1] - out[1] * 9)
        spiked = shapely.Polygon([(x, y), *tips, *shape.exterior.coords[1:]])
    assert spiked.is_valid
    records[0]["geometry"] = mapping(spiked)


def _bow_tie(records: list[dict[str, Any]]) -> None:
    spot = as_shape(records[0]["geometry"]).representative_point()
    x, y = spot.x, spot.y
    records[0]["geometry"] = mapping(
        shapely.Polygon([(x, y), (x + 5, y + 5), (x + 5, y), (x, y + 5), (x, y)])
    )


def _swap_columns(sheet: Any) -> None:
    """Swap 项目名称 and 项目位置, headers and all."""
    name, place = (d.column_of(sheet, head, rows=3) for head in ("项目名称", "项目位置"))
    for row in range(3, sheet.max_row - 1):
        for column in (name, place):
            if type(sheet.cell(row, column)).__name__ == "MergedCell":
                break
        else:
            one, two = sheet.cell(row, name), sheet.cell(row, place)
            one.value, two.value = two.value, one.value


def _swap_values(sheet: Any) -> None:
    """Swap the values of 财政资金 and 项目总投资 under their headers."""
    one = d.column_of(sheet, "项目总投资（万元）", rows=3)
    for row in range(5, 9):
        total, fiscal, social = (sheet.cell(row, one + step) for step in range(3))
        total.value, social.value = social.value, total.value
        assert total.value != fiscal.value


def _change_viewport(text: str) -> str:
    """Show the model at half the scale in the viewport that is not the paper's own."""
    head, *rest = re.split(r"(?<=\n)(?=  0\nVIEWPORT\n)", text)
    for at, entity in enumerate(rest):
        if not re.search(r"\n 69\n\s*1\n", entity):
            rest[at] = re.sub(r"(\n 45\n)([^\n]+)", lambda m: f"{m[1]}{float(m[2]) * 2}", entity, count=1)
    return head + "".join(rest)


def _edit_dxf(change: Callable[[str], str]) -> Callable[[Path], None]:
    return lambda root: d.change_bytes(root / DXF, lambda content: change(content.decode()).encode())


def _say_side_table(old: str, new: str) -> Callable[[Path], None]:
    """Change one word of a side table in the DXF."""
    return lambda root: d.replace_text(root / DXF, f"\n  1\n{old}\n", f"\n  1\n{new}\n")


def _number_in_text(text: str) -> str:
    """Change the first digit of the first number of the text that links to its source."""
    link = re.search(r'<w:hyperlink w:anchor="src_[^"]*".*?</w:hyperlink>', text, re.DOTALL)
    assert link is not None
    digits = re.search(r"(<w:t[^>]*>)(\d)", link[0])
    assert digits is not None
    other = str((int(digits[2]) + 1) % 9 + 1)
    changed = link[0][: digits.start()] + digits[1] + other + link[0][digits.end() :]
    return text.replace(link[0], changed, 1)


def _shp(code: str, change: Callable[[list[dict[str, Any]]], None], **more: Any) -> Callable[[Path], None]:
    return lambda root: d.change_shape(d.shape(root, code), change, **more)


def _book(number: str, change: Callable[[Any], None]) -> Callable[[Path], None]:
    return lambda root: d.change_book(d.table(root, number), change)


def _wide(schema: Any) -> Any:
    return {**schema, "properties": {**schema["properties"], "MJ": "float:24.6"}}


def _without(field: str) -> Callable[[Any], Any]:
    return lambda schema: {
        **schema,
        "properties": {k: v for k, v in schema["properties"].items() if k != field},
    }


def _drop_field(field: str) -> Callable[[list[dict[str, Any]]], None]:
    def change(records: list[dict[str, Any]]) -> None:
        for record in records:
            del record["properties"][field]

    return change


def _rename(old: str, new: str) -> Callable[[Path], None]:
    return lambda root: (root / old).rename(root / new)


WGS84 = 'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'

DEFECTS = (
    # files
    Defect("a sheet is missing", "catalogue_files", lambda r: (r / JPG).unlink(), "6-06"),
    Defect("a sheet is missing, by requirement", "sheets", lambda r: (r / JPG).unlink(), "更新项目分布汇总图"),
    Defect("a DWG is missing", "sheets_all_kinds", lambda r: (r / DWG).unlink(), "没有对应的 DWG"),
    Defect("an extra file", "catalogue_files", lambda r: (r / "表格/草稿.txt").write_text("x"), "草稿.txt"),
    Defect("a renamed table", "catalogue_files", lambda r: d.table(r, "表2").rename(r / "表格/项目表.xlsx"), "项目表.xlsx"),
    Defect("a missing statutory table", "table_header", lambda r: d.table(r, "表1").unlink(), "缺少表1"),
    Defect("a name Windows refuses", "file_names", _rename(JPG, "图件/JPG/6-06?.jpg"), "Windows"),
    Defect("a renamed shapefile", "file_names", lambda r: [p.rename(p.with_name("x_HSQ_XZYD" + p.suffix)) for p in (r / d.SHP).glob("*HSQ_XZYD.*")], "命名模式"),
    Defect("a workbook cut short", "office_open", lambda r: d.change_bytes(d.table(r, "表2"), lambda c: c[:4000]), "已损坏"),
    Defect("metadata that is no XML", "metadata_xml", lambda r: d.replace_text(r / "数据库/元数据.xml", "</", "<", count=1), "XML"),
    Defect("papers are gone", "folder_has", lambda r: shutil.rmtree(r / "附件/评审意见"), "没有收到专家评审意见"),
    Defect("an atlas cut short", "atlas_there", lambda r: d.change_bytes(r / "图件/图集.pdf", lambda c: c[:3000]), "已损坏"),
    Defect("a list of files that is no workbook", "catalogue_files", lambda r: d.rewrite(r / "成果目录.xlsx", b"x"), "不是可以打开的 xlsx"),
    Defect("a shapefile without its index", "shp_schema", lambda r: d.shape(r, LANDUSE).with_suffix(".shx").unlink(), r"缺少索引文件 \.shx(?!.*/tmp)"),
    Defect("a database cut short", "gpkg_sound", lambda r: d.change_bytes(r / GPKG, lambda c: c[:200_000]), "文件可能已损坏 "),
    Defect("a DXF cut short after its first line", "dxf_audit", lambda r: d.rewrite(r / DXF, b"0\nSECTION\n"), "DXF 已损坏"),
    # sheets
    Defect("72 dpi", "jpg_dpi", lambda r: d.save_picture(r / JPG, dpi=72), "72×72"),
    Defect("a sheet of A4", "jpg_paper", lambda r: d.save_picture(r / JPG, size=(3508, 2480)), "不是 A3"),
    Defect("an upright sheet", "jpg_paper", lambda r: d.save_picture(r / JPG, size=(3508, 4961)), "不是 A3"),
    Defect("a JPG cut short", "jpg_paper", lambda r: d.change_bytes(r / JPG, lambda c: c[: len(c) // 2]), "不完整|已损坏"),
    Defect("an empty sheet", "jpg_paper", lambda r: d.save_picture(r / JPG, white=True), "空白"),
    Defect("a PNG called JPG", "jpg_paper", lambda r: d.rewrite(r / JPG, b"\x89PNG\r\n\x1a\n" + b"0" * 99), "不能读取|不是 JPG"),
    Defect("an atlas cut short", "atlas_pages", lambda r: d.change_bytes(r / "图件/图集.pdf", lambda c: c[:2000]), "PDF"),
    Defect("a scale that is not round", "sheet_scales", lambda r: d.change_book(r / "成果目录.xlsx", lambda s: next(setattr(c, "value", c.value.replace("1:500", "1:777").replace("1:1000", "1:777").replace("1:2000", "1:777")) for row in s.iter_rows() for c in row if c.column == 6 and "1:" in str(c.value))), "不是整比例"),
    # CAD
    Defect("a DWG cut short", "dwg_whole", lambda r: d.change_bytes(r / DWG, lambda c: c[:-500]), "不完整"),
    Defect("a DXF called DWG", "dwg_whole", lambda r: d.rewrite(r / DWG, (r / DXF).read_bytes()), "不是 DWG"),
    Defect("a DWG with a bad header", "dwg_whole", lambda r: d.change_bytes(r / DWG, lambda c: c[:0xA0] + b"zzzz" + c[0xA4:]), "校验值|损坏"),
    Defect("a DXF at another scale", "dxf_scale", _edit_dxf(_change_viewport), "视口比例"),
    Defect("a DXF in millimetres", "dxf_whole", lambda r: d.replace_text(r / DXF, "$INSUNITS\n 70\n6\n", "$INSUNITS\n 70\n4\n"), "不是米"),
    Defect("a DXF cut short", "dxf_whole", lambda r: d.change_bytes(r / DXF, lambda c: c[: len(c) // 2]), "EOF"),
    Defect("a DXF that ezdxf refuses", "dxf_audit", _edit_dxf(lambda t: t.replace("\nAcDbPolyline\n 90\n", "\nAcDbPolyline\n 90\nx", 1)), "ezdxf"),
    Defect("another title in the DXF", "dxf_title", _edit_dxf(lambda t: t.replace("更新项目分布汇总图", "总图")), "图签"),
    # schema of the database
    Defect("a .prj of WGS84", "shp_crs", lambda r: d.rewrite(d.shape(r, LANDUSE).with_suffix(".prj"), WGS84.encode()), "WGS 84|坐标系"),
    Defect("a .prj of the next zone", "shp_crs", lambda r: d.replace_text(d.shape(r, LANDUSE).with_suffix(".prj"), "117", "114", count=9), "坐标系与其他图层|无法识别|3° 带"),
    Defect("a .prj with a datum shift", "shp_crs", lambda r: d.replace_text(d.shape(r, LANDUSE).with_suffix(".prj"), "]],PRIMEM", "],TOWGS84[1,2,3,4,5,6,7]],PRIMEM"), "转换参数"),
    Defect("a wrong .cpg", "shp_encoding", lambda r: d.rewrite(d.shape(r, LANDUSE).with_suffix(".cpg"), b"GBK"), "GBK"),
    Defect("no .prj", "shp_schema", lambda r: d.shape(r, LANDUSE).with_suffix(".prj").unlink(), r"缺少 \.prj"),
    Defect("a wider float", "shp_schema", _shp(LANDUSE, lambda records: None, schema=_wide), r"MJ N\(24,6\)"),
    Defect("a field gone", "shp_schema", _shp(LANDUSE, _drop_field("BZ"), schema=_without("BZ")), "缺少 BZ"),
    Defect("a layer gone", "shp_layers", lambda r: [p.unlink() for p in (r / d.SHP).glob("*HSQ_XZYD.*")], "缺少图层"),
    Defect("a BSM twice", "bsm", _shp(LANDUSE, lambda rs: rs[1]["properties"].update(BSM=rs[0]["properties"]["BSM"])), "重复"),
    Defect("a BSM of another plan", "bsm", _shp(LANDUSE, d.set_field("BSM", "360102202600100001")), "不符合规则"),
    Defect("a land-use code that is none", "shp_values", _shp(LANDUSE, d.set_field("YDYHFLDM", "0799")), "0799"),
    Defect("a code with another's name", "shp_values", _shp(LANDUSE, d.set_field("YDYHFLMC", "公园绿地")), "代码与名称不符"),
    Defect("a value outside its list", "shp_values", _shp(PROJECTS, d.set_field("XQCD", "很急")), "很急"),
    Defect("a required field blank", "shp_values", _shp(PROJECTS, d.set_field("ZRBM", None)), "必填"),
    Defect("another county's code", "shp_names", _shp(LANDUSE, d.set_field("XZQDM", "360102")), "行政区代码"),
    Defect("an area that is not the shape's", "shp_areas", _shp(LANDUSE, d.set_field("MJ", 9999.0)), "属性面积"),
    # GeoPackage
    Defect("a damaged GeoPackage", "gpkg_sound", lambda r: d.change_bytes(r / GPKG, lambda c: c[: len(c) // 2]), "SQLite|完整性|损坏"),
    Defect("a layer gone from the GeoPackage", "gpkg_sound", lambda r: d.query(r / GPKG, "DELETE FROM gpkg_contents WHERE table_name = 'HSQ_XZYD'"), "GeoPackage 没有"),
    Defect("another value in the GeoPackage", "shp_is_gpkg", lambda r: d.query(r / GPKG, "UPDATE HSQ_XZYD SET YDYHFLDM = '1401' WHERE fid = 1"), "YDYHFLDM"),
    Defect("a row gone from the shapefile", "shp_is_gpkg", _shp(LANDUSE, lambda records: records.pop()), "要素数不同"),
    Defect("a shape moved in the shapefile", "shp_is_gpkg", _shp("HSQ_XZJZ", lambda rs: _move_first(rs, lambda s: shapely.transform(s, lambda xy: xy + 1.0))), "图形不同"),
    Defect("a project with a path of its own", "qgis_project", lambda r: d.change_part(r / QGZ, "一张图.qgs", lambda t: re.sub(r"(<datasource>)", r"\1D:/方案/", t, count=1)), "绝对路径"),
    Defect("a project cut short", "qgis_project", lambda r: d.change_bytes(r / QGZ, lambda c: c[:100]), "QGIS"),
    # topology
    Defect("overlapping parcels", "overlap", _shp(LANDUSE, _grow(1.0)), "重叠"),
    Defect("a gap between parcels", "gap", _shp(LANDUSE, _cut_hole), "缝隙"),
    Defect("bare ground in the plan", "cover", _shp(PLANNED, _grow(-0.5)), "没有图斑"),
    Defect("land use beyond the boundary", "cover", _shp(LANDUSE, _grow(60.0)), "超出规划范围"),
    Defect("a sliver", "sliver", _shp(LANDUSE, _add_sliver), "狭长"),
    Defect("a spike", "acute", _shp("HSQ_SQBJ", _add_spike), "夹角"),
    Defect("a bow tie", "geometry", _shp("HSQ_XZJZ", _bow_tie), "无效"),
    Defect("更新范围 is not the communities", "scope_union", _shp("HSQ_GXFW", _grow(5.0)), "相差"),
    Defect("更新范围 beyond 研究范围", "study_contains", _shp("HSQ_GXFW", lambda rs: rs[1].update(geometry=mapping(as_shape(rs[0]["geometry"]).buffer(-20)))), "研究范围之外"),
    Defect("a project outside the plan", "inside", _shp(PROJECTS, lambda rs: _move_first(rs, lambda s: shapely.transform(s, lambda xy: xy + 5000.0))), "超出更新范围"),
    # tables
    Defect("swapped columns", "table_header", _book("表2", _swap_columns), "第 6 列应为"),
    Defect("another title", "table_header", _book("表1", d.set_cell("A1", "资源一览表")), "表名应为"),
    Defect("a header not merged", "table_header", _book("表1", lambda s: s.unmerge_cells("B2:C2")), "合并单元格|第 3 列"),
    Defect("another urgency", "column", _book("表1", d.set_under("紧迫程度", "特急", rows=2)), "特急"),
    Defect("no department", "column", _book("表2", d.set_under("责任部门", None, rows=3)), "没有填写"),
    Defect("an id in another form", "column", _book("附表3-12", d.set_under("项目编号", "1号", rows=3)), "写法"),
    Defect("a schedule in another form", "schedules", _book("表2", d.set_under("建设时序", "2027.3-2028.2", rows=3)), "xx年xx月"),
    Defect("a schedule that ends first", "schedules", _book("表2", d.set_under("建设时序", "2028年03月-2027年02月", rows=3)), "起止"),
    Defect("odd units", "units", _book("表2", d.set_under("建设内容", "新建500平方米", rows=3)), "平方米"),
    Defect("no owner in 空间资源", "space_text", _book("表1", d.set_under("空间资源", "北街闲置房", rows=2)), "产权人"),
    Defect("no amount in 资金保障", "money_text", _book("表1", d.set_under("资金保障", "财政解决", rows=2)), "来源和金额"),
    Defect("ready without money", "ready_rule", _book("表1", d.set_under("是否具备实施条件", "是", rows=2, at=1)), "待落实"),
    Defect("a resource nobody has", "match_resources", _book("附表3-1", d.set_under("关联资源项（来自资源台账）", "建筑（不存在的楼）", rows=1)), "不存在的楼"),
    Defect("a level in another form", "match_words", _book("附表3-1", d.set_under("匹配度评估等级", "很匹配", rows=1)), "很匹配"),
    Defect("a need that should be listed", "listed_rule", _book("表1", d.set_under("需求描述", "另一项需求", rows=2)), "应列入资源清单"),
    Defect("a project from nowhere", "project_traces", _book("表2", d.set_under("需求描述", "没有这项需求", rows=3)), "不在资源清单"),
    Defect("必建类 in a later phase", "priority_first", _book("附表3-12", d.set_under("时序阶段", "2028年", rows=3)), "不在首期"),
    Defect("a phase against the rules", "phases", _book("附表3-12", d.set_under("时序阶段", "2029年", rows=3)), "按规则应为"),
    Defect("a formula in a text", "no_formulas", _book("表2", lambda s: setattr(s["H5"], "value", "=1+1")), "=1"),
    # numbers
    Defect("a changed total", "sums", _book("表2", lambda s: setattr(next(row[0] for row in s.iter_rows() if row[0].value == "合计").offset(column=8), "value", 999)), "合计应为"),
    Defect("parts that are not the whole", "money_rule", _book("表2", _swap_values), "≠"),
    Defect("another cost in 表2", "project_money", _book("表2", d.set_under("项目总投资（万元）", 99, rows=3)), "99|不同"),
    Defect("another cost in the shapefile", "project_money", _shp(PROJECTS, d.set_field("TZE", 77.0)), "77"),
    Defect("another cost in the library", "project_money", lambda r: d.change_book(d.find(r, "数据库/项目库/*.xlsx"), lambda s: setattr(s["M3"], "value", 66)), "66"),
    Defect("a source that is not spent", "money_totals", _book("附表3-13", d.set_under("筹措金额（万元）", 1, rows=2)), "合计"),
    Defect("shares that are not 100", "year_shares", _book("附表3-12", lambda s: setattr(s["O5"], "value", 50)), "不是 100%"),
    Defect("another area in the balance", "landuse_balance", _book("附表3-7", d.set_under("面积（㎡）", 1, rows=2, at=2)), "不同"),
    Defect("another area in the ledger", "ledger_layers", _book("附表3-4", d.set_under("面积（㎡）", 5, rows=2)), "不同"),
    Defect("another count of gaps", "provision_counts", _book("附表3-21", d.set_under("漏配", 3, rows=2)), "应为"),
    Defect("another date on the map", "side_tables", _say_side_table("2027年03月-2028年02月", "2027年01月-2028年02月"), "建设时序"),
    Defect("atlas and CAD differ", "atlas_words", _say_side_table("2027年03月-2028年02月", "2027年01月-2028年02月"), "图集该页没有"),
    Defect("待核 rubbed out", "unverified_marks", _book("附表3-6", lambda s: [setattr(c, "number_format", "0") for row in s.iter_rows() for c in row if "待核" in str(c.number_format)] and None), "没有标注"),
    # secrecy
    Defect("an owner made public", "public_names", lambda r: d.change_book(d.find(r, "公示版/表格/附表3-4_*.xlsx"), d.set_cell("D4", "虚构区国有资产管理中心")), "虚构区国有资产管理中心"),
    Defect("a telephone made public", "public_names", lambda r: d.change_book(d.find(r, "公示版/表格/附表3-3_*.xlsx"), d.set_cell("B4", "联系13812345678")), "13812345678"),
    Defect("an identity number made public", "public_names", lambda r: d.change_book(d.find(r, "公示版/表格/附表3-3_*.xlsx"), d.set_cell("B4", "36010219800101123X")), "36010219800101123X"),
    Defect("the full ledger made public", "public_contents", lambda r: shutil.copy(d.table(r, "附表3-23"), r / "公示版/表格/附表3-23_小样社区空间资源条件表.xlsx"), "不得公开"),
    Defect("pipes made public", "public_contents", lambda r: shutil.copy(r / "图件/JPG/1-07_各类设施现状图（市政设施）.jpg", r / "公示版/JPG/1-07_各类设施现状图（市政设施）.jpg"), "不得公开"),
    Defect("too much ground", "coverage_limit", _shp("HSQ_DL", lambda rs: _move_first(rs, lambda s: shapely.transform(s, lambda xy: xy + 90_000.0))), "25 km²"),
    # documents
    Defect("a changed number in the text", "text_numbers", lambda r: d.change_part(r / TEXT, BODY, _number_in_text), "与出处", TEXT),
    Defect("a number whose cell changed", "text_numbers", _book("附表3-12", d.set_under("总投资", 900, rows=3)), "与出处", TEXT),
    Defect("a chapter gone", "text_outline", lambda r: d.change_part(r / TEXT, BODY, lambda t: t.replace("保障措施", "其他")), "保障措施", TEXT),
    Defect("margins for one side", "text_paper", lambda r: d.change_part(r / TEXT, "word/settings.xml", lambda t: re.sub(r"<w:mirrorMargins[^>]*>", "", t)), "双面", TEXT),
    Defect("no text at all", "text_there", lambda r: shutil.rmtree(r / "文本"), "没有文本", TEXT),
)  # fmt: skip


def told_by(found: list[Checked]) -> list[str]:
    """Return what checks say is wrong or for a person, with places and values."""
    return [
        " ".join((spot.said, spot.file, spot.sheet, spot.row, spot.value))
        for item in found
        for spot in (*item.wrong, *item.doubts)
    ]


@pytest.fixture(scope="module")
def moved(tiny: Whole, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """The audit of the untouched hand-in, in another place."""
    return audit_handin(d.copy_handin(tiny.handin, tmp_path_factory.mktemp("别处") / "送审稿"))


@pytest.fixture(scope="module")
def sound(moved: Audit) -> dict[str, list[str]]:
    """What each check says of the untouched hand-in."""
    said: dict[str, list[str]] = {}
    for wanted, item in moved.checked.items():
        said.setdefault(wanted.name, []).extend(told_by([item]))
    return said


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.check}: {defect.name}")
def test_a_planted_defect_is_found(defect: Defect, tiny: Whole, sound: dict, tmp_path: Path) -> None:
    if defect.needs and not (tiny.handin / defect.needs).is_file():
        pytest.skip(f"SKIPPED: the hand-in has no {defect.needs}")
    before = {path: path.stat().st_mtime_ns for path in tiny.handin.rglob("*") if path.is_file()}
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    defect.plant(root)
    audit = audit_handin(root, only={defect.check})
    fresh = [said for said in told_by(list(audit.checked.values())) if said not in sound[defect.check]]
    assert any(re.search(defect.told, said) for said in fresh), fresh or "nothing was found"
    # The copy is links: the hand-in everybody shares must be as it was.
    assert {path: path.stat().st_mtime_ns for path in tiny.handin.rglob("*") if path.is_file()} == before


def test_an_untouched_hand_in_passes_wherever_it_lies(moved: Audit) -> None:
    audit = moved
    documents = (audit.handin.root / "文本").is_dir()
    wrong = [item for item in audit.broken if documents or "文本" not in told_by([item])[0]]
    assert [(item.name, item.wrong) for item in wrong] == []
    assert audit.passed or not documents
    assert len(audit.rulings) == 109
    assert all(ruling.spots or ruling.verdict == VOID for ruling in audit.rulings)
    # No 符合 without something that was really read, no 不适用 without a reason.
    for ruling in audit.rulings:
        kinds = {kind for kind, _ in ruling.spots}
        assert (ruling.verdict != MET) or kinds == {"依据"}, ruling.rule.id
        assert (ruling.verdict != VOID) or ruling.said, ruling.rule.id
        assert (ruling.verdict != PERSON) or "需人工" in kinds or not kinds, ruling.rule.id


def test_every_requirement_has_checks_that_exist() -> None:
    rules = load_rules()
    assert [rule.id for rule in rules] == [row["id"] for row in read_rows("standards/requirements.csv")]
    wanted = {one.name for rule in rules for one in rule.checks} | {one.name for one in load_others()}
    assert wanted <= CHECKS.keys()
    assert wanted == CHECKS.keys(), sorted(CHECKS.keys() - wanted)
    planted = {defect.check for defect in DEFECTS}
    assert len(DEFECTS) >= 40 and len(planted) >= 40


def test_what_was_changed_is_named(tiny: Whole, tmp_path: Path) -> None:
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    d.rewrite(root / JPG, (root / JPG).read_bytes() + b"\0")
    (root / DWG).unlink()
    (root / "说明.txt").write_text("x", encoding="utf-8")
    d.table(root, "附表3-7").rename(root / "表格/用地.xlsx")
    (only,) = audit_handin(root, only={"manifest"}).checked.values()
    said = {spot.file: spot.said for spot in only.wrong}
    assert said == {
        JPG: "内容已改动", DWG: "文件已删除", "说明.txt": "清单之外的文件",
        "表格/用地.xlsx": "已改名，原为“表格/附表3-7_小样社区更新前后用地平衡表.xlsx”",
    }  # fmt: skip


@pytest.mark.parametrize("content", ["{", "[]", '{"files": [1, 2], "parameters": {"plan": 3}}'])
def test_a_manifest_that_is_none_is_told(content: str, tiny: Whole, tmp_path: Path) -> None:
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    d.rewrite(root / "manifest.json", content.encode())
    (only,) = audit_handin(root, only={"manifest"}).checked.values()
    assert [spot.said for spot in only.wrong] == ["manifest.json 已损坏"]


def test_a_damaged_list_of_files_breaks_no_other_check(tiny: Whole, tmp_path: Path) -> None:
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    d.rewrite(root / "成果目录.xlsx", b"x")
    names = {"shp_crs", "bsm", "shp_areas", "catalogue_files"}
    found = {wanted.name: item.verdict for wanted, item in audit_handin(root, only=names).checked.items()}
    assert found == {"shp_crs": MET, "bsm": MET, "shp_areas": MET, "catalogue_files": BROKEN}


def test_what_systems_and_open_programs_leave_is_no_change(tiny: Whole, tmp_path: Path) -> None:
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    for name in ("Thumbs.db", ".DS_Store", "表格/~$表2.xlsx", "表格/.~lock.表2.xlsx#", f"{GPKG}-shm"):
        (root / name).write_bytes(b"x")
    (root / f"{GPKG}-wal").write_bytes(b"")
    found = audit_handin(root, only={"manifest", "catalogue_files", "folder_has"})
    assert found.passed, told_by(found.broken)
    # A journal with something in it holds changes nobody saved.
    (root / f"{GPKG}-wal").write_bytes(b"x")
    (only,) = audit_handin(root, only={"manifest"}).checked.values()
    assert [spot.file for spot in only.wrong] == [f"{GPKG}-wal"]


def test_a_moved_file_is_told_by_its_own_name(tiny: Whole, tmp_path: Path) -> None:
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    moved = sorted((root / d.SHP).iterdir())
    for path in moved:
        path.rename(root / "数据库" / path.name)
    (only,) = audit_handin(root, only={"manifest"}).checked.values()
    assert {spot.file: spot.said for spot in only.wrong} == {
        f"数据库/{path.name}": f"已移动，原为“{d.SHP}/{path.name}”" for path in moved
    }


def test_a_text_handed_in_as_pdf_is_for_a_person(tiny: Whole, tmp_path: Path) -> None:
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    for path in (root / "文本").glob("*.docx"):
        path.unlink()
    shutil.copy(root / "图件/图集.pdf", root / "文本/方案文本.pdf")
    audit = audit_handin(root, only={"text_outline", "text_tables", "text_paper", "text_there"})
    found = {wanted.name: item.verdict for wanted, item in audit.checked.items()}
    assert found == {"text_outline": PERSON, "text_tables": PERSON, "text_paper": PERSON, "text_there": MET}


@pytest.mark.parametrize("number", ["表1", "表2", "附表3-1", "附表3-12", "附表3-15", "附表3-20", "附表3-24"])
def test_a_table_with_a_row_above_it_is_told_not_stumbled_over(
    number: str, tiny: Whole, tmp_path: Path
) -> None:
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    d.change_book(d.table(root, number), lambda sheet: sheet.insert_rows(1))
    groups = {"数字", "策划", "表格"}
    audit = audit_handin(root, only={check.name for check in CHECKS.values() if check.group in groups})
    assert any(number in one for one in told_by(audit.broken))


def test_project_layers_without_a_feature_are_for_a_person(tiny: Whole, tmp_path: Path) -> None:
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    for code in ("HSQ_XMFBM", "HSQ_XMFBX", "HSQ_XMFBD"):
        d.change_shape(d.shape(root, code), list.clear)
    (only,) = audit_handin(root, only={"shp_layers"}).checked.values()
    assert only.verdict == PERSON and "没有一个要素" in only.doubts[0].said


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("送审.zip", b"PK\x03\x04 cut short", "不完整或已损坏"),
        ("送审.rar", b"Rar!", "也不是 zip"),
        ("没有", None, "不存在"),
    ],
)
def test_what_cannot_be_opened_is_told(name: str, content: bytes | None, told: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(NotHandInError, match=told), open_handin(tmp_path / name):
        pass


def test_without_a_manifest_the_rest_is_checked(tiny: Whole, tmp_path: Path) -> None:
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    (root / "manifest.json").unlink()
    names = {"manifest", "catalogue_files", "shp_crs", "bsm", "table_header", "file_names", "shp_areas"}
    found = {wanted.name: item for wanted, item in audit_handin(root, only=names).checked.items()}
    assert found["manifest"].verdict == PERSON
    assert "manifest.json" in told_by([found["catalogue_files"]])[0]
    assert {
        found[name].verdict for name in ("shp_crs", "bsm", "table_header", "file_names", "shp_areas")
    } == {MET}


def test_a_folder_with_little_in_it_is_told_what_lacks(tmp_path: Path) -> None:
    (tmp_path / "表格").mkdir()
    (tmp_path / "图件").mkdir()
    audit = audit_handin(tmp_path)
    verdicts = {ruling.rule.id: ruling.verdict for ruling in audit.rulings}
    assert not [name for name, verdict in verdicts.items() if verdict == MET]
    assert verdicts["X-06"] == verdicts["T1-01"] == verdicts["O-01"] == BROKEN


def test_the_audit_leaves_no_trace(tiny: Whole, tmp_path: Path) -> None:
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    before = sorted(path.relative_to(root) for path in root.rglob("*"))
    audit_handin(root, only={"gpkg_sound", "shp_is_gpkg", "shp_schema", "dxf_audit", "atlas_words"})
    assert sorted(path.relative_to(root) for path in root.rglob("*")) == before
    with closing(sqlite3.connect(f"{(root / GPKG).as_uri()}?mode=ro", uri=True)) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def run_command(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Run ``haoshequ audit`` in this process; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["haoshequ", "audit", *map(str, words)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_the_run_leaves_both_reports_in_the_hand_in(tiny: Whole) -> None:
    page = (tiny.handin / "质检/成果自检.html").read_text(encoding="utf-8")
    ids = [row["id"] for row in read_rows("standards/requirements.csv")]
    assert all(f"<td>{name}<br>" in page for name in ids)
    # Self-contained: pictures are in it, nothing is fetched.
    assert page.count('src="data:image/jpeg;base64,') == len(list((tiny.handin / "图件/JPG").glob("*.jpg")))
    assert not re.search(r"""(src|href)=["']?(http|//|file)|@import|url\(""", page)
    assert len(page.encode()) < 4_000_000
    book = openpyxl.load_workbook(tiny.handin / "质检/成果自检.xlsx")
    assert book.sheetnames == ["结论", "逐条核对", "依据与问题", "其他检查"]
    rows = list(book["逐条核对"].iter_rows(min_row=3, values_only=True))
    assert [row[0] for row in rows if row[0] in ids] == ids
    assert {row[3] for row in rows if row[0] in ids} <= {MET, BROKEN, PERSON, VOID}
    listed = json.loads((tiny.handin / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert {"质检/成果自检.xlsx", "质检/成果自检.html"} <= {item["path"] for item in listed}


def test_a_zip_is_audited_without_being_touched(
    tiny: Whole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = Path(shutil.make_archive(str(tmp_path / "送审"), "zip", tiny.folder, "成果"))
    before = packed.read_bytes()
    code = run_command(monkeypatch, packed, "--out", tmp_path / "自检")
    said = capsys.readouterr().out
    assert packed.read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "自检").iterdir()) == ["成果自检.html", "成果自检.xlsx"]
    assert "成果自检：" in said and "符合" in said
    assert code == (0 if (tiny.handin / "文本").is_dir() else 1)


def test_an_edited_folder_fails_and_says_what(
    tiny: Whole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    d.save_picture(root / JPG, dpi=72)
    assert run_command(monkeypatch, root) == 1
    said = capsys.readouterr().out
    assert "G-11" in said and "72×72" in said and "内容已改动" in said
    # Beside the hand-in, never in it.
    assert (tmp_path / "成果自检/成果自检.html").is_file() and not (root / "成果自检").exists()


@pytest.mark.parametrize("named", ["没有", "空", "文件.txt"])
def test_what_is_no_hand_in_is_a_usage_fault(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "空").mkdir()
    (tmp_path / "文件.txt").write_text("x", encoding="utf-8")
    assert run_command(monkeypatch, tmp_path / named) == 2
    assert "用法有误" in capsys.readouterr().err


def test_the_report_never_goes_into_the_hand_in(
    tiny: Whole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = d.copy_handin(tiny.handin, tmp_path / "成果")
    assert run_command(monkeypatch, root, "--out", root / "质检") == 2
