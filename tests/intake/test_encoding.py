from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from layers.encoding import decode_cell, judge_cells, judge_dbf, judge_text

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
    dbf.write_bytes(data)
    verdict = judge_dbf(dbf)
    assert (verdict.encoding, verdict.claim) == ("GB18030", claim)
    assert verdict.conflict == (claim == "cp1252")


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
