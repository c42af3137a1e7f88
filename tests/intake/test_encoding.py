from __future__ import annotations

import io
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from shapely import Point

from layers.encoding import decode_cell, decode_text, judge_cells, judge_dbf, judge_text
from layers.evidence import everyday_characters, try_decode

from .conftest import E0, N0, Bench

NAMES = ["云溪街道便民服务中心", "桂苑社区卫生服务站", "䶮家塘小学", "plain"]


def write_shp(path: Path, encoding: str, names: list[str] = NAMES) -> Path:
    frame = gpd.GeoDataFrame({"MC": names}, geometry=[Point(E0 + i, N0) for i in range(len(names))], crs=4548)
    frame.to_file(path, encoding=encoding)
    return path


@pytest.mark.parametrize("written", ["UTF-8", "GB18030"])
@pytest.mark.parametrize("cpg", [None, "UTF-8", "GBK", "936", "65001", "ISO-8859-1"])
def test_bytes_decide_against_every_claim(bench: Bench, written: str, cpg: str | None) -> None:
    path = write_shp(bench.folder / "门.shp", written)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        path.with_suffix(".cpg").write_text(cpg)
    bench.add("gate", "门.shp", columns={"name": "MC"})
    frame = bench.load()["gate"]
    assert sorted(frame["name"]) == sorted(NAMES)
    agrees = {"UTF-8": {"UTF-8", "65001"}, "GB18030": {"GBK", "936"}}[written]
    assert bool([f for f in bench.find("HSQ-F05") if f.severity == "警告"]) == (
        cpg is not None and cpg not in agrees
    )


@pytest.mark.parametrize(("byte", "claim"), [(0x4D, "GB18030"), (0x00, ""), (0x57, "cp1252")])
def test_language_byte_is_a_claim(tmp_path: Path, byte: int, claim: str) -> None:
    path = write_shp(tmp_path / "a.shp", "GB18030")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    data[29] = byte
    verdict = judge_dbf(io.BytesIO(bytes(data)))
    assert (verdict.encoding, verdict.claim) == ("GB18030", claim)
    assert verdict.conflict == (claim == "cp1252")


@pytest.mark.parametrize("folder", ["", "导出/"])
def test_zipped_shapefile_is_judged_like_a_plain_one(bench: Bench, folder: str) -> None:
    path = write_shp(bench.folder / "门.shp", "GB18030")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    with zipfile.ZipFile(bench.folder / "门.zip", "w") as archive:
        for part in bench.folder.glob("门.*"):
            if part.suffix != ".zip":
                archive.write(part, f"{folder}{part.name}")
    bench.add("gate", "门.zip", columns={"name": "MC"})
    assert sorted(bench.load()["gate"]["name"]) == sorted(NAMES)


def test_text_cut_inside_a_character_is_read_without_its_tail(tmp_path: Path) -> None:
    whole = "社区卫生服务站".encode()
    assert decode_cell(whole[:-1], "UTF-8") == "社区卫生服务"
    assert decode_cell("社区".encode("gb18030")[:-1], "GB18030") == "社"
    verdict = judge_cells([whole, "文化站".encode(), whole[:-1]])
    assert verdict.encoding == "UTF-8" and verdict.cut == 1


@pytest.mark.parametrize(
    ("cells", "codec"),
    [
        (["一一一"] * 3, "GB18030"),  # reads as Cyrillic in UTF-8
        (["面积 m²", "m²"], "UTF-8"),
        (["m²"], "UTF-8"),  # reads as a Chinese character in GB18030
        (["联通"], "GB18030"),
        (["路路", "路"], "GB18030"),  # two dots in UTF-8
        (["a·b", "25°"], "UTF-8"),
    ],
)
def test_bytes_that_both_encodings_accept(cells: list[str], codec: str) -> None:
    assert judge_cells([cell.encode(codec) for cell in cells]).encoding == codec


def test_declared_encoding_is_followed(bench: Bench) -> None:
    path = write_shp(bench.folder / "门.shp", "GB18030")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    bench.add("gate", "门.shp", encoding="gbk", columns={"name": "MC"})
    assert sorted(bench.load()["gate"]["name"]) == sorted(NAMES)
    assert not bench.find("HSQ-F05")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_of_every_encoding(bench: Bench, codec: str) -> None:
    text = f"名称,东,北\r\n老街东门,{E0},{N0}\r\n桥头,{E0 + 5},{N0}\r\n"
    (bench.folder / "门.csv").write_bytes(text.encode(codec))
    bench.add("gate", "门.csv", crs="EPSG:4548", x="东", y="北")
    assert sorted(bench.load()["gate"]["name"]) == ["桥头", "老街东门"]


@given(
    st.lists(
        st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=3), min_size=3
    )
)
def test_chinese_text_is_told_apart(texts: list[str]) -> None:
    assert judge_cells([t.encode("utf-8") for t in texts]).encoding == "UTF-8"
    plain = "\r\n".join(texts)
    verdict = judge_text(plain.encode("gb18030"))
    # Either the verdict is right, or it says that it is not sure.
    assert plain.encode("gb18030").decode(verdict.encoding) == plain or not verdict.sure


LINES = [
    "名称,东,北",
    *(f"{name}{i},{E0 + i},{N0}" for i, name in enumerate(["桂苑社区", "老街东门", "文化站", "桥头"])),
]


@pytest.mark.parametrize(
    "codec", ["utf-16-le", "utf-16-be", "gb18030", "utf-8", "utf-8-sig", "utf-16", "utf-32"]
)
def test_a_csv_of_any_encoding_comes_back_whole(codec: str) -> None:
    text = "\r\n".join(LINES) + "\r\n"
    data = text.encode(codec)
    verdict = judge_text(data)
    assert decode_text(data, verdict) == text and verdict.sure and verdict.evidence


def test_gb18030_mark_and_four_byte_characters() -> None:
    data = b"\x84\x31\x95\x33" + "䶮家塘,𠮷里\r\n".encode("gb18030")
    assert decode_text(data, judge_text(data)) == "䶮家塘,𠮷里\r\n"


def test_a_csv_put_together_from_two_encodings_is_read_row_by_row(bench: Bench) -> None:
    data = b"\r\n".join(line.encode("gbk" if i in (2, 4) else "utf-8") for i, line in enumerate(LINES))
    (bench.folder / "门.csv").write_bytes(data)
    bench.add("gate", "门.csv", crs="EPSG:4548", x="东", y="北", columns={"name": "名称"})
    assert sorted(bench.load()["gate"]["name"]) == ["文化站2", "桂苑社区0", "桥头3", "老街东门1"]
    (fault,) = bench.find("HSQ-F05")
    assert fault.severity == "警告" and "3、5 行" in fault.problem and "混杂" in fault.problem


def test_one_line_of_two_encodings_is_read_field_by_field() -> None:
    data = "新建社区,".encode() + "桂苑社区卫生服务站\r\n".encode("gbk") + "老街\r\n".encode("gbk")
    verdict = judge_text(data)
    assert verdict.mixed and decode_text(data, verdict) == "新建社区,桂苑社区卫生服务站\r\n老街\r\n"


def mixed_shp(path: Path) -> Path:
    """A table whose rows 2 and 3 somebody appended in the other encoding."""
    write_shp(path, "UTF-8", ["云溪街道便民服务中心", "桂苑社区卫生服务站", "老街", "文化站"])
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    header, record = int.from_bytes(data[8:10], "little"), int.from_bytes(data[10:12], "little")
    for row, name in ((1, "桂苑社区卫生服务站"), (2, "老街")):
        at = header + row * record + 1
        data[at : at + record - 1] = name.encode("gbk").ljust(record - 1)
    dbf.write_bytes(bytes(data))
    return path


def test_rows_of_a_table_in_two_encodings_are_each_read_in_their_own(bench: Bench) -> None:
    mixed_shp(bench.folder / "门.shp")
    bench.add("gate", "门.shp", columns={"name": "MC"})
    assert sorted(bench.load()["gate"]["name"]) == [
        "云溪街道便民服务中心",
        "文化站",
        "桂苑社区卫生服务站",
        "老街",
    ]
    assert [f.severity for f in bench.find("HSQ-F05")] == ["警告"]


@pytest.mark.parametrize("written", ["UTF-8", "GBK"])
def test_every_cell_cut_inside_a_character_is_a_row(bench: Bench, written: str) -> None:
    names = ["云溪街道便民服务中心", "桂苑社区卫生服务站", "老街", "桂苑社区卫生服务站"]
    path = write_shp(bench.folder / "门.shp", written, names)
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    header, record = int.from_bytes(data[8:10], "little"), int.from_bytes(data[10:12], "little")
    codec = "gbk" if written == "GBK" else "utf-8"
    for row in (1, 3):
        whole = names[row].encode(codec)
        at = header + row * record + 1
        data[at : at + record - 1] = whole[:-1].ljust(record - 1)
    dbf.write_bytes(bytes(data))
    bench.add("gate", "门.shp", columns={"name": "MC"})
    assert sorted(bench.load()["gate"]["name"]) == [
        "云溪街道便民服务中心",
        "桂苑社区卫生服务",
        "桂苑社区卫生服务",
        "老街",
    ]
    told = [f for f in bench.find("HSQ-F05") if "截断" in f.problem]
    assert [(f.row, f.value, f.field) for f in told] == [
        ("1", "桂苑社区卫生服务", "MC"),
        ("3", "桂苑社区卫生服务", "MC"),
    ]


def test_a_cpg_that_names_no_encoding_is_told(bench: Bench) -> None:
    path = write_shp(bench.folder / "门.shp", "GB18030")
    path.with_suffix(".cpg").write_text("ANSI 中文")
    bench.add("gate", "门.shp", columns={"name": "MC"})
    assert sorted(bench.load()["gate"]["name"]) == sorted(NAMES)
    (fault,) = bench.find("HSQ-F05")
    assert "ANSI" in fault.problem and "实际为 GB18030" in fault.problem


@pytest.mark.parametrize(
    ("byte", "claim"), [(0x7B, "cp932"), (0x79, "cp949"), (0x78, "cp950"), (0x02, "cp850")]
)
def test_other_language_bytes_yield_to_chinese_bytes(tmp_path: Path, byte: int, claim: str) -> None:
    path = write_shp(tmp_path / "a.shp", "GB18030")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    data = bytearray(path.with_suffix(".dbf").read_bytes())
    data[29] = byte
    verdict = judge_dbf(io.BytesIO(bytes(data)))
    assert (verdict.encoding, verdict.claim, verdict.conflict) == ("GB18030", claim, True)


def test_big5_is_read_as_declared_where_gb18030_makes_no_sense() -> None:
    cells = [word.encode("cp950") for word in ("臺北市中正區", "衛生服務中心", "國民小學", "圖書館")]
    verdict = judge_cells(cells, claim="cp950")
    assert verdict.encoding == "cp950" and not verdict.sure
    assert decode_cell(cells[0], verdict) == "臺北市中正區"


def test_a_declared_encoding_that_does_not_fit_is_told_with_its_lines(bench: Bench) -> None:
    (bench.folder / "门.csv").write_bytes("\r\n".join(LINES).encode("gbk"))
    bench.add("gate", "门.csv", encoding="utf-8", crs="EPSG:4548", x="x", y="y", columns={"name": "名称"})
    bench.fail()
    (fault,) = [f for f in bench.find("HSQ-F05") if "无法解码" in f.problem]
    assert fault.row == "1、2、3、4、5"


EVERYDAY = st.lists(st.sampled_from(sorted(everyday_characters())), min_size=2, max_size=8).map("".join)


@given(st.lists(st.tuples(EVERYDAY, st.sampled_from(["utf-8", "gb18030"])), min_size=4, max_size=8))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_fields_of_two_encodings_come_back_or_are_not_claimed_to(fields: list[tuple[str, str]]) -> None:
    data = b"\n".join(text.encode(codec) for text, codec in fields) + b"\n"
    # GB18030 among UTF-8 that happens to be UTF-8 throughout (一一 is һһ) cannot be told, and is UTF-8.
    assume(len({codec for _, codec in fields}) == 1 or try_decode(data, "utf-8") is None)
    verdict = judge_text(data)
    whole = "".join(f"{text}\n" for text, _ in fields)
    assert decode_text(data, verdict) == whole


@given(EVERYDAY, st.integers(1, 3))
def test_a_cut_cell_loses_only_its_last_character(text: str, lost: int) -> None:
    for codec in ("UTF-8", "GB18030"):
        data = text.encode(codec)
        cut = data[: len(data) - min(lost, 2 if codec == "UTF-8" else 1)]
        assert text.startswith(decode_cell(cut, codec)) and len(decode_cell(cut, codec)) >= len(text) - 1
