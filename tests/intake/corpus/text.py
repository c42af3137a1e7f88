"""Text: encodings declared, undeclared, mixed and wrong; text cut, garbled, and characters no sheet can print."""

from __future__ import annotations

import zipfile

import ezdxf
from shapely import Point, box

from tests.intake.corpus.case import case, error, remark, warning
from tests.intake.corpus.desk import E0, N0, POINTS, SAMPLE, Desk, near


def write_dbf(desk: Desk, name: str, cells: list[bytes], *, width: int = 40, cpg: str | None = None) -> None:
    """Write a shapefile of one building a cell, whose attribute bytes are exactly the given ones."""
    count = len(cells)
    desk.vector(
        f"{name}.shp", near(*(box(10 * at, 0, 10 * at + 5, 5) for at in range(count))), JZMC=["x"] * count
    )
    head = bytearray(b"\x03\x19\x01\x01") + count.to_bytes(4, "little") + (65).to_bytes(2, "little")
    head += (width + 1).to_bytes(2, "little") + bytes(20)
    head += b"JZMC".ljust(11, b"\x00") + b"C" + bytes(4) + bytes([width]) + bytes(15) + b"\r"
    body = b"".join(b" " + cell[:width].ljust(width) for cell in cells)
    desk.put(f"{name}.dbf", bytes(head) + body + b"\x1a")
    desk.path(f"{name}.cpg").unlink(missing_ok=True)
    if cpg is not None:
        desk.put(f"{name}.cpg", cpg)
    desk.add("building", f"{name}.shp", columns={"name": "JZMC"})


NAMES = ["云溪小区一号楼", "云溪小区二号楼", "滨江花园三栋", "老年人日间照料中心"]


@case(remark("HSQ-F05", "设施.csv", says="", mended="按 GB"))
def csv_in_gbk(desk: Desk) -> None:
    """A csv saved by Excel on a Chinese desk: GBK and no word about it."""
    desk.facilities([f"{name}超市,超市" for name in NAMES], encoding="gbk")


@case(remark("HSQ-F05", "楼.shp", says="没有 .cpg", mended="按 GB"))
def shapefile_in_gbk_without_cpg(desk: Desk) -> None:
    """A shapefile of the old days: GBK bytes, no .cpg, no language byte."""
    write_dbf(desk, "楼", [name.encode("gbk") for name in NAMES])


@case(warning("HSQ-F05", "楼.shp", says="声明的编码为 UTF-8", mended="按 GB"))
def cpg_that_lies(desk: Desk) -> None:
    """The .cpg says UTF-8, the bytes are GBK."""
    write_dbf(desk, "楼", [name.encode("gbk") for name in NAMES], cpg="UTF-8")


@case(warning("HSQ-F05", "楼.shp", "0", field="JZMC", says="截断", mended="去掉残缺的末字"))
def text_cut_in_a_character(desk: Desk) -> None:
    """A field of 20 bytes cut the seventh Chinese character in half."""
    write_dbf(
        desk, "楼", [name.encode() for name in [NAMES[0], "西门一楼", "二栋", "三栋"]], width=20, cpg="UTF-8"
    )


@case(warning("HSQ-F05", "设施.csv", says="编码混杂", mended="逐格按各自的编码读取"))
def csv_of_two_encodings(desk: Desk) -> None:
    """Two files pasted together: the last lines are GBK, the others UTF-8."""
    lines = [f"{name}便利店,超市,{E0 + 10 * at},{N0}" for at, name in enumerate(NAMES * 2)]
    data = "\n".join(["名称,类型,东,北", *lines[:6]]).encode() + b"\n" + "\n".join(lines[6:]).encode("gbk")
    desk.put("设施.csv", data)
    desk.add("facility", "设施.csv", **POINTS)


@case(error("HSQ-F05", "设施.csv", "1、2、3", value="utf-8", says="无法解码，实际为 GB"))
def csv_declared_wrongly(desk: Desk) -> None:
    """The config declares UTF-8 for a GBK file."""
    desk.facilities(["甲超市,超市", "乙超市,超市"], encoding="gbk")
    desk.inputs["facility"][0]["encoding"] = "utf-8"


@case(error("HSQ-F05", "设施.csv", value="gbk-2312", says="不认识的编码"))
def encoding_that_does_not_exist(desk: Desk) -> None:
    """The config names an encoding there is none of."""
    desk.facilities(["甲超市,超市"])
    desk.inputs["facility"][0]["encoding"] = "gbk-2312"


@case(warning("HSQ-F05", "设施.csv", "3", field="name", says="乱码", mended="照原样保留"))
def garbled_cell(desk: Desk) -> None:
    """A name that was UTF-8, read as GBK and saved so."""
    desk.facilities(["甲超市,超市", "云溪社区超市".encode().decode("gbk") + ",超市", "乙超市,超市"])


@case(warning("HSQ-F05", "设施.csv", says="列名"))
def garbled_column_name(desk: Desk) -> None:
    """A column name that was garbled on the way."""
    desk.facilities(["甲超市,超市,旧"], head="名称,类型," + "使用状况".encode().decode("gbk"))


@case(remark("HSQ-F05", "设施.txt", says="制表符"), notes="HSQ-F05")
def text_of_excel_in_utf16(desk: Desk) -> None:
    """Excel's "Unicode text": UTF-16 and tabs."""
    desk.put("设施.txt", f"名称\t类型\t东\t北\n甲超市\t超市\t{E0}\t{N0}\n", encoding="utf-16")
    desk.add("facility", "设施.txt", **POINTS)


@case(warning("HSQ-F05", "门.geojson", says="GeoJSON 应为 UTF-8", mended="按 GB"))
def geojson_in_gbk(desk: Desk) -> None:
    """A GeoJSON in GBK, against its standard."""
    path = desk.vector(
        "门.geojson", near(Point(0, 0), Point(5, 5)), name=["云溪小区东大门", "滨江花园西大门"]
    )
    desk.put("门.geojson", path.read_text(encoding="utf-8"), encoding="gbk")
    desk.add("gate", "门.geojson")


@case(remark("HSQ-F05", "社区.zip", says="文件名没有编码标记", mended="按 GB"), notes="HSQ-A06")
def archive_with_names_in_gbk(desk: Desk) -> None:
    """A zip made by Windows: member names in GBK without a mark."""
    with zipfile.ZipFile(desk.path("社区.zip"), "w") as archive:
        for path in sorted(SAMPLE.glob("社区边界.*")):
            # zipfile marks names that are not ASCII; names of code page 437 carry the bytes unmarked.
            info = zipfile.ZipInfo("XXXXXXXX" + path.suffix)
            archive.writestr(info, path.read_bytes())
    data = desk.path("社区.zip").read_bytes()
    desk.put("社区.zip", data.replace(b"XXXXXXXX", "社区边界".encode("gbk")))
    desk.inputs["community_given"][0]["path"] = "社区.zip"


@case(
    warning("HSQ-F05", "门.dxf｜小区出入口位置", says="图中文字声明为", mended="按 UTF-8 读取"),
    notes="HSQ-X01",
)
def drawing_whose_code_page_lies(desk: Desk) -> None:
    """A DXF of 2004 that names code page 936 and holds UTF-8."""
    drawing = ezdxf.new("R2004")
    drawing.encoding = "cp936"
    drawing.layers.add("小区出入口位置")
    for at in range(3):
        drawing.modelspace().add_point((E0 + at, N0), dxfattribs={"layer": "小区出入口位置"})
    drawing.saveas(desk.path("门.dxf"))
    desk.put("门.dxf", desk.path("门.dxf").read_text(encoding="gbk"))
    desk.add("gate", "门.dxf", crs="EPSG:4548", layer="小区出入口位置")


@case(error("HSQ-F03", "门.dxf｜出口", says="没有名为", advice="出入口"))
def layer_name_in_escapes(desk: Desk) -> None:
    """A drawing of an English AutoCAD: the layer is there as \\U+51fa and named in Chinese in the answer."""
    drawing = ezdxf.new("R2004")
    drawing.encoding = "cp1252"
    drawing.modelspace().add_point((E0, N0), dxfattribs={"layer": "出入口"})
    drawing.saveas(desk.path("门.dxf"))
    desk.add("gate", "门.dxf", crs="EPSG:4548", layer="出口")


@case(warning("HSQ-V09", "设施.csv", says="引号不成对", mended="逐行拆分"), notes="HSQ-V09")
def quotes_that_do_not_pair(desk: Desk) -> None:
    """A quotation mark that is never closed would swallow the rest of the file."""
    desk.facilities(['"甲超市"东店,超市', '"乙超市,超市', "丙超市,超市"])


@case(warning("HSQ-D03", "设施.csv", "2", field="name", says="U+1F600"))
def face_in_a_name(desk: Desk) -> None:
    """A name with an emoji that no sheet can print."""
    desk.facilities(["甲超市😀,超市", "乙超市,超市"])
