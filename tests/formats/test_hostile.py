"""Files that are damaged, disguised or mean harm: one clear message each, nothing run, nothing written."""

from __future__ import annotations

import io
import json
import sqlite3
import stat
import struct
import zipfile
from contextlib import closing

import fiona
import pytest
import xlsxwriter
from shapely import Point

from configs import read_settings
from layers.faults import PlanFaults
from pipeline.plan import load_plan

from .conftest import E0, N0, Desk

SECRET = "OTHER-FILE-CONTENT"


@pytest.fixture
def target(desk: Desk) -> str:
    """A good file elsewhere that no disguise may lead to."""
    folder = desk.folder.parent / "elsewhere"
    folder.mkdir(exist_ok=True)
    path = folder / "secret.gpkg"
    path.unlink(missing_ok=True)
    schema = {"geometry": "Point", "properties": {"name": "str"}}
    with fiona.open(path, "w", driver="GPKG", schema=schema, crs="EPSG:4548", layer="s") as file:
        file.write({"geometry": Point(E0, N0).__geo_interface__, "properties": {"name": SECRET}})
    return path.as_posix()


@pytest.mark.parametrize(
    "name",
    [
        "v.gpkg",
        "v.geojson",
        "v.json",
        "v.kml",
        "v.fgb",
        "v.shp",
        "v.dxf",
        "v.dwg",
        "v.csv",
        "v.xlsx",
        "v.zip",
    ],
)
def test_a_virtual_dataset_under_any_name_leads_nowhere(desk: Desk, target: str, name: str) -> None:
    vrt = f'<OGRVRTDataSource><OGRVRTLayer name="s"><SrcDataSource>{target}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    (desk.folder / name).write_text(vrt, encoding="utf-8")
    if name.endswith(".shp"):
        for suffix in (".shx", ".dbf"):
            (desk.folder / name).with_suffix(suffix).write_text(vrt, encoding="utf-8")
    fault = desk.refuse(name)
    assert fault.code in {"HSQ-F02", "HSQ-F07"}
    assert SECRET not in str(desk.log.faults)


def test_a_virtual_dataset_inside_an_archive_leads_nowhere(desk: Desk, target: str) -> None:
    vrt = f'<OGRVRTDataSource><OGRVRTLayer name="s"><SrcDataSource>{target}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    with zipfile.ZipFile(desk.folder / "a.zip", "w") as archive:
        archive.writestr("a.gpkg", vrt)
    assert desk.refuse("a.zip").code == "HSQ-F07"


@pytest.mark.parametrize("name", ["g.json", "g.geojson"])
def test_a_gdal_command_line_in_json_is_not_run(desk: Desk, target: str, name: str) -> None:
    made = desk.folder.parent / "made.gpkg"
    text = {
        "type": "gdal_streamed_alg", "note": '"type": "FeatureCollection"',
        "command_line": f"gdal vector pipeline ! read {target} ! write {made.as_posix()}",
    }  # fmt: skip
    (desk.folder / name).write_text(json.dumps(text), encoding="utf-8")
    assert desk.refuse(name).code == "HSQ-F08"
    assert not made.exists()


@pytest.mark.parametrize("module", ["VirtualOGR", "VirtualShape", "VirtualText", "csv"])
def test_a_database_whose_table_is_another_file_is_refused(desk: Desk, target: str, module: str) -> None:
    schema = {"geometry": "Point", "properties": {"name": "str"}}
    path = desk.folder / "a.gpkg"
    with fiona.open(path, "w", driver="GPKG", schema=schema, crs="EPSG:4548", layer="a") as file:
        file.write({"geometry": Point(E0, N0).__geo_interface__, "properties": {"name": "x"}})
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("PRAGMA writable_schema=ON")
        base.execute(
            "INSERT INTO sqlite_master VALUES ('table', 'b', 'b', 0, ?)",
            (f"CREATE VIRTUAL TABLE b USING {module}('{target}')",),
        )
    fault = desk.refuse("a.gpkg")
    assert fault.code == "HSQ-F08" and module in fault.problem


def test_a_database_that_is_no_geopackage(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.folder / "a.gpkg")) as base, base:
        base.execute("CREATE TABLE t (x)")
    assert "不是 GeoPackage" in desk.refuse("a.gpkg").problem


@pytest.mark.parametrize("left", [0.99, 0.5, 0.02])
def test_a_geopackage_that_broke_off(desk: Desk, target: str, left: float) -> None:
    from pathlib import Path

    data = Path(target).read_bytes()
    (desk.folder / "a.gpkg").write_bytes(data[: int(len(data) * left)])
    fault = desk.refuse("a.gpkg")
    assert fault.code == "HSQ-F02" and f"{len(data):,}" in fault.problem


# Archives -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["../a.shp", "x/../../a.shp", "/etc/a.shp", "C:/a.shp", "C:\\a.shp", "..\\a.shp", "\\\\host\\a.shp"],
)
def test_a_member_that_leads_out_refuses_the_archive(desk: Desk, name: str) -> None:
    with zipfile.ZipFile(desk.folder / "a.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    fault = desk.refuse("a.zip")
    assert fault.code == "HSQ-F08" and "外部" in fault.problem


def test_a_link_in_an_archive_refuses_it(desk: Desk) -> None:
    link = zipfile.ZipInfo("a.shp")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(desk.folder / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    fault = desk.refuse("a.zip")
    assert fault.code == "HSQ-F08" and "链接" in fault.problem


@pytest.mark.parametrize("name", ["a.zip", "a.kmz", "a.xlsx"])
def test_an_archive_that_swells_is_never_unpacked(desk: Desk, name: str) -> None:
    inner = {"a.zip": "a.shp", "a.kmz": "doc.kml", "a.xlsx": "xl/workbook.xml"}[name]
    with (
        zipfile.ZipFile(desk.folder / name, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(inner, "w", force_zip64=True) as stream,
    ):
        for _ in range(250):
            stream.write(bytes(1_000_000))
    fault = desk.refuse(name)
    assert fault.code == "HSQ-F08" and "炸弹" in fault.problem


def test_an_archive_of_too_many_members(desk: Desk) -> None:
    with zipfile.ZipFile(desk.folder / "a.zip", "w") as archive:
        for i in range(10_001):
            archive.writestr(f"{i}.csv", b"")
    assert "10001 个文件" in desk.refuse("a.zip").problem


def test_a_directory_that_lies_about_sizes_gives_no_more_than_it_says(desk: Desk) -> None:
    path = desk.folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "名称,x,y\n" + "甲,1,2\n" * 200_000)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)  # the uncompressed size in the directory
    path.write_bytes(data)
    assert desk.refuse("a.zip").code == "HSQ-F02"


def test_archives_in_archives_are_not_opened(desk: Desk) -> None:
    data = b"x"
    for level in range(5):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr(f"{level}.zip", data)
        data = made.getvalue()
    (desk.folder / "a.zip").write_bytes(data)
    fault = desk.refuse("a.zip")
    assert fault.code == "HSQ-F02" and "还是压缩包" in fault.problem


def test_a_locked_archive_says_so(desk: Desk) -> None:
    path = desk.folder / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x,y\n1,2\n")
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    path.write_bytes(data)
    assert "密码" in desk.refuse("a.zip").problem


# Names that lie -----------------------------------------------------------------------------------------


def book() -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as written:
        written.add_worksheet("表").write_row(0, 0, ["名称"])
    return made.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
LOCKED = OLE + "EncryptedPackage".encode("utf-16-le") + bytes(600)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.csv", book(), "xlsx"),
        ("a.xlsx", OLE, "旧版"),
        ("a.xlsx", LOCKED, "加密"),
        ("a.xlsx", b"<html><body><table><tr><td>1</td></tr></table></body></html>", "网页"),
        ("a.xlsx", b"Rar!\x1a\x07\x00", "RAR"),
        ("a.geojson", b"<kml xmlns='http://www.opengis.net/kml/2.2'/>", "KML"),
        ("a.kml", b'{"type": "FeatureCollection", "features": []}', "JSON"),
        ("a.dxf", b"AC1027\x00\x00", "DWG"),
        ("a.dwg", b"  0\r\nSECTION\r\n  2\r\nHEADER\r\n", "DXF"),
        ("a.gpkg", b"%PDF-1.7", "PDF"),
        ("a.zip", b"7z\xbc\xaf\x27\x1c", "7z"),
    ],
    # Not by content: a workbook made twice differs in its second, and workers must agree on the names of tests.
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
def test_content_that_is_not_what_the_name_says(desk: Desk, name: str, content: bytes, word: str) -> None:
    (desk.folder / name).write_bytes(content)
    fault = desk.refuse(name)
    assert fault.code == "HSQ-F07" and word in fault.problem and fault.action == "不读取"


def test_a_shapefile_that_is_an_archive(desk: Desk) -> None:
    for suffix in (".shp", ".shx", ".dbf"):
        (desk.folder / f"a{suffix}").write_bytes(book())
    fault = desk.refuse("a.shp")
    assert fault.code == "HSQ-F07" and "xlsx" in fault.problem


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("a.xls", "另存为 .xlsx"),
        ("a.mdb", "文件地理数据库"),
        ("a.rar", "解压"),
        ("a.pdf", "原始数据"),
        ("a", "支持"),
    ],
)
def test_formats_that_are_not_read_come_with_advice(desk: Desk, name: str, word: str) -> None:
    (desk.folder / name).write_bytes(b"x")
    fault = desk.refuse(name)
    assert fault.code == "HSQ-F04" and word in fault.remedy


# XML ----------------------------------------------------------------------------------------------------

LAUGHS = '<!DOCTYPE {root} [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE {root} [<!ENTITY c SYSTEM "file://{file}">]>'


@pytest.mark.parametrize("doctype", [LAUGHS, OUTSIDE])
def test_a_kml_with_entities_is_refused(desk: Desk, target: str, doctype: str) -> None:
    text = (
        "<?xml version='1.0'?>" + doctype.format(root="kml", file=target)
        + "<kml xmlns='http://www.opengis.net/kml/2.2'><Placemark><name>&c;</name></Placemark></kml>"
    )  # fmt: skip
    (desk.folder / "a.kml").write_text(text, encoding="utf-8")
    assert desk.refuse("a.kml").code == "HSQ-F08"
    with zipfile.ZipFile(desk.folder / "a.kmz", "w") as archive:
        archive.writestr("doc.kml", text)
    assert desk.refuse("a.kmz").code == "HSQ-F08"


@pytest.mark.parametrize(
    "part",
    [
        "xl/workbook.xml",
        "xl/worksheets/sheet1.xml",
        "xl/sharedStrings.xml",
        "xl/styles.xml",
        "xl/_rels/workbook.xml.rels",
    ],
)
@pytest.mark.parametrize("doctype", [LAUGHS, OUTSIDE])
def test_a_workbook_with_entities_is_refused(desk: Desk, target: str, part: str, doctype: str) -> None:
    with zipfile.ZipFile(io.BytesIO(book())) as source, zipfile.ZipFile(desk.folder / "a.xlsx", "w") as made:
        for name in source.namelist():
            text = source.read(name).decode("utf-8")
            if name == part:
                start = text.index("<", 1) if text.startswith("<?xml") else 0
                text = text[:start] + doctype.format(root="x", file=target) + text[start:]
            made.writestr(name, text)
    assert desk.refuse("a.xlsx").code == "HSQ-F08"


@pytest.mark.parametrize("depth", [5_000])
def test_deep_nesting_is_a_fault_not_a_traceback(desk: Desk, depth: int) -> None:
    inner = "<MultiGeometry>" * depth + "</MultiGeometry>" * depth
    text = f"<kml xmlns='http://www.opengis.net/kml/2.2'><Placemark><name>1</name>{inner}</Placemark></kml>"
    (desk.folder / "a.kml").write_text(text, encoding="utf-8")
    assert desk.read("a.kml") is None or desk.log.errors
    deep = '{"type": "FeatureCollection", "features": ' + "[" * depth + "]" * depth + "}"
    (desk.folder / "a.geojson").write_text(deep, encoding="utf-8")
    raw = desk.read("a.geojson")
    assert raw is None or len(raw.table) == 0


# YAML ---------------------------------------------------------------------------------------------------


def swollen() -> str:
    lines = ['a0: &a0 ["lol", "lol", "lol", "lol", "lol", "lol", "lol", "lol", "lol"]']
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    return "\n".join(lines) + "\nplan: *a11\n"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (swollen(), "层层引用"),
        ("plan: " + "[" * 5_000, "嵌套太深"),
        ("plan: &x\n  a: *x\n", "YAML"),
        ("plan: " + "9" * 9_000, "数字太长，"),
        ("plan: 0x" + "f" * 9_000, "键值表"),
        ("? [a, b]\n: c\n", "键应为文字"),
        ("plan: !!python/object/apply:os.system ['true']\n", "标签"),
        ("plan: !!python/name:os.system\n", "标签"),
        ("plan: !!timestamp 'no'\n", "标签"),
        ("plan: !!int abc\n", "标签"),
        ("plan: !!bool abc\n", "标签"),
        ("plan: !!map [a]\n", "标签"),
        ("plan: !!seq {a: 1}\n", "YAML"),
        ("a: 1\n---\nb: 2\n", "YAML"),
        ("plan: !!set {a, b}\n", "标签"),
        ("plan: !!binary 'no base64 ä'\n", "标签"),
    ],
)
def test_a_config_that_means_harm_is_a_fault(desk: Desk, text: str, word: str) -> None:
    path = desk.folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanFaults) as caught:
        load_plan(path)
    faults = caught.value.faults
    assert all(len(fault.value) <= 60 for fault in faults)
    assert any(word in fault.problem + fault.remedy for fault in faults)


def test_every_fault_code_used_by_the_readers_is_declared() -> None:
    import re
    from pathlib import Path

    from layers.faults import CODES

    used = {
        code
        for path in (Path(__file__).parents[2] / "layers/read").glob("*.py")
        for code in re.findall(r"HSQ-[A-Z]\d\d", path.read_text(encoding="utf-8"))
    }
    assert used <= set(CODES) and "HSQ-F08" in used
    assert read_settings("missing_layers.yaml")
