"""Files that mean harm, or would if they were obeyed: nothing runs, nothing is written outside the results."""

from __future__ import annotations

import json
import sqlite3
import stat
import zipfile
from contextlib import closing

import ezdxf
from shapely import Point

from tests.intake.corpus.case import case, error, remark, warning
from tests.intake.corpus.desk import CRS, E0, N0, POINTS, Desk, near

ROWS = [["名称", "类型", "东", "北"], ["甲超市", "超市", E0, N0]]


def rewrite_book(desk: Desk, name: str, **parts: bytes) -> None:
    """Put other parts into a workbook; a key names a part with ``__`` for ``/``."""
    with zipfile.ZipFile(desk.path(name)) as book:
        content = {item: book.read(item) for item in book.namelist()}
    content |= parts
    with zipfile.ZipFile(desk.path(name), "w") as book:
        for item, data in content.items():
            book.writestr(item, data)


@case(error("HSQ-F08", "门.zip", says="指向外部的路径", mended="不读取整个压缩包"))
def archive_that_climbs_out(desk: Desk) -> None:
    """A member called ../../elsewhere.txt."""
    with zipfile.ZipFile(desk.path("门.zip"), "w") as archive:
        archive.writestr("../elsewhere.txt", b"overwritten")
        archive.writestr("门.shp", b"x")
    desk.add("gate", "门.zip")


@case(error("HSQ-F08", "门.zip", says="符号链接"))
def archive_with_a_link(desk: Desk) -> None:
    """A member that is a link to a file of the system."""
    info = zipfile.ZipInfo("门.shp")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(desk.path("门.zip"), "w") as archive:
        archive.writestr(info, "/etc/passwd")
    desk.add("gate", "门.zip")


@case(error("HSQ-F08", "门.zip", says="压缩炸弹", mended="不解压"))
def archive_that_swells(desk: Desk) -> None:
    """Two hundred and fifty megabytes of zeros in a quarter of one."""
    with (
        zipfile.ZipFile(desk.path("门.zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("门.shp", "w", force_zip64=True) as stream,
    ):
        block = bytes(10_000_000)
        for _ in range(25):
            stream.write(block)
    desk.add("gate", "门.zip")


@case(error("HSQ-F02", "门.zip", says="有密码"))
def archive_with_a_password(desk: Desk) -> None:
    """A locked zip."""
    with zipfile.ZipFile(desk.path("门.zip"), "w") as archive:
        archive.writestr("门.csv", "x,y\n1,2\n")
    data = bytearray(desk.path("门.zip").read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    desk.put("门.zip", bytes(data))
    desk.add("gate", "门.zip")


@case(error("HSQ-F08", "设施.xlsx", says="DTD", mended="不读取"))
def workbook_with_entities(desk: Desk) -> None:
    """A workbook whose XML would read a file of the system."""
    desk.sheet("设施.xlsx", ROWS)
    with zipfile.ZipFile(desk.path("设施.xlsx")) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    evil = '<!DOCTYPE x [<!ENTITY c SYSTEM "file:///etc/passwd">]>' + sheet.partition("?>")[2]
    rewrite_book(desk, "设施.xlsx", **{"xl/worksheets/sheet1.xml": (evil or sheet).encode()})
    desk.add("facility", "设施.xlsx", **POINTS)


@case(
    warning("HSQ-V09", "设施.xlsx", value="C2", says="公式单元格没有保存的结果", mended="公式不计算"),
    notes="HSQ-V09",
)
def formula_without_a_result(desk: Desk) -> None:
    """A coordinate that is a formula nobody calculated; it reads as blank, and so the point has no place."""
    rows = [
        ["名称", "类型", "面积", "东", "北"],
        ["甲超市", "超市", '=WEBSERVICE("http://x.invalid")', E0, N0],
    ]
    desk.sheet("设施.xlsx", rows)
    desk.add("facility", "设施.xlsx", **POINTS)


@case(error("HSQ-V03", "设施.csv", "2", field="floor_area_m2", value="=1+cmd|'/C calc'!A0"))
def formula_in_a_csv(desk: Desk) -> None:
    """A cell that would run a program where the report is opened, were it written as a formula."""
    desk.facilities(["甲超市,超市,\"=1+cmd|'/C calc'!A0\""], head="名称,类型,floor_area_m2")


@case(warning("HSQ-F08", "设施.xlsx", says="引用其他工作簿", mended="不打开被引用的文件"))
def workbook_that_links_to_another(desk: Desk) -> None:
    """A workbook with a link to another one on a server."""
    desk.sheet("设施.xlsx", ROWS)
    rewrite_book(desk, "设施.xlsx", **{"xl/externalLinks/externalLink1.xml": b"<externalLink/>"})
    desk.add("facility", "设施.xlsx", **POINTS)


@case(remark("HSQ-F08", "设施.xlsm", says="含宏", mended="不运行宏"))
def workbook_with_macros(desk: Desk) -> None:
    """A workbook with a macro project."""
    desk.sheet("设施.xlsm", ROWS)
    rewrite_book(desk, "设施.xlsm", **{"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})
    desk.add("facility", "设施.xlsm", **POINTS)


@case(error("HSQ-F08", "门.geojson", says="GDAL 处理命令", mended="不打开"))
def command_line_named_json(desk: Desk) -> None:
    """A JSON that GDAL would run as a command."""
    text = {
        "type": "gdal_streamed_alg", "note": '"type": "FeatureCollection"',
        "command_line": f"gdal vector pipeline ! read x ! write {desk.path('made.gpkg')}",
    }  # fmt: skip
    desk.put("门.geojson", json.dumps(text))
    desk.add("gate", "门.geojson")


@case(error("HSQ-F07", "门.gpkg", says="XML"))
def virtual_dataset_named_gpkg(desk: Desk) -> None:
    """A VRT that leads to another file, named like a database."""
    desk.put(
        "门.gpkg",
        "<OGRVRTDataSource><OGRVRTLayer name='s'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
    )
    desk.add("gate", "门.gpkg")


@case(error("HSQ-F08", "门.gpkg", value="秘密", says="引用外部数据"))
def database_whose_table_is_a_file(desk: Desk) -> None:
    """A GeoPackage with a virtual table over another file."""
    desk.vector("门.gpkg", near(Point(0, 0)), name=["东门"])
    with closing(sqlite3.connect(desk.path("门.gpkg"))) as base, base:
        base.execute("PRAGMA writable_schema=ON")
        base.execute(
            "INSERT INTO sqlite_master VALUES ('table', '秘密', '秘密', 0, ?)",
            ("CREATE VIRTUAL TABLE 秘密 USING VirtualOGR('/etc/passwd')",),
        )
    desk.add("gate", "门.gpkg")


@case(error("HSQ-F08", "门.kml", says="DTD"))
def kml_that_laughs(desk: Desk) -> None:
    """A billion laughs in a KML."""
    inner = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    desk.put("门.kml", f'<!DOCTYPE kml [<!ENTITY l0 "ha">{inner}]><kml><name>&l9;</name></kml>')
    desk.add("gate", "门.kml")


@case(error("HSQ-F08", "楼.dxf", says="超过 200 万个实体"))
def drawing_of_nested_blocks(desk: Desk) -> None:
    """Blocks of blocks that unfold into ten million lines."""
    drawing = ezdxf.new("R2010")
    block = drawing.blocks.new("B0")
    for _ in range(10):
        block.add_line((0, 0), (1, 1))
    for level in range(1, 7):
        outer = drawing.blocks.new(f"B{level}")
        for _ in range(10):
            outer.add_blockref(f"B{level - 1}", (0, 0))
    drawing.modelspace().add_blockref("B6", (E0, N0))
    drawing.saveas(desk.path("楼.dxf"))
    desk.add("building", "楼.dxf", crs=CRS)


@case(error("HSQ-A10", "附件.xlsx", "会议纪要", field="file", says="之外，不复制"))
def paper_that_climbs_out(desk: Desk) -> None:
    """A ledger that wants a file of elsewhere copied into the hand-in."""
    desk.sheet("附件.xlsx", [["kind", "title", "file"], ["协商情况", "会议纪要", "../../elsewhere.txt"]])
    desk.add("paper", "附件.xlsx")


@case(error("HSQ-A10", "附件.xlsx", "体检报告", field="file", says="之外"))
def paper_that_is_a_link(desk: Desk) -> None:
    """A link in the ledger's folder that leads to a file of the system."""
    desk.path("体检报告.pdf").symlink_to("/etc/hostname")
    desk.sheet("附件.xlsx", [["kind", "title", "file"], ["体检报告", "体检报告", "体检报告.pdf"]])
    desk.add("paper", "附件.xlsx")


@case(error("HSQ-F02", "用地.geojson"))
def brackets_without_end(desk: Desk) -> None:
    """Brackets nested until a parser's stack would overflow."""
    deep = '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": '
    desk.put("用地.geojson", deep + "[" * 20_000 + "]" * 20_000 + "}}]}")
    desk.add("parcel", "用地.geojson", crs=CRS)
