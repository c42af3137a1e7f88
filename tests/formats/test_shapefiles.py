"""Shapefiles written by Fiona, plain and in archives as Windows and macOS make them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import fiona
import pytest
from shapely import LineString, Point, box

from .conftest import E0, N0, Desk

KINDS = {
    "Polygon": box(E0, N0, E0 + 100, N0 + 100),
    "LineString": LineString([(E0, N0), (E0 + 9, N0)]),
    "Point": Point(E0, N0),
}


def write(path: Path, kind: str = "Polygon", *, encoding: str = "GBK", rows: int = 2) -> list[Path]:
    schema = {"geometry": kind, "properties": {"MC": "str:40", "DLBM": "str:6"}}
    with fiona.open(
        path, "w", driver="ESRI Shapefile", schema=schema, crs="EPSG:4548", encoding=encoding
    ) as file:
        for i in range(rows):
            names = {"MC": f"桥头社区{i}号地块", "DLBM": "0701"}
            file.write({"geometry": KINDS[kind].__geo_interface__, "properties": names})
    return sorted(item for item in path.parent.iterdir() if item.stem == path.stem)


def pack(archive: Path, files: dict[str, Path], *, codec: str = "utf-8") -> None:
    """Zip files under given names; other encodings than UTF-8 are written without the mark, as Windows does."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for name, path in files.items():
            if codec == "utf-8":
                made.write(path, name)
            else:
                info = _Unmarked(name)
                info.raw = name.encode(codec)
                made.writestr(info, path.read_bytes())


class _Unmarked(zipfile.ZipInfo):
    raw: bytes = b""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
        return self.raw, 0


@pytest.mark.parametrize("codec", ["gbk", "utf-8"])
def test_folders_and_chinese_names_in_an_archive(desk: Desk, tmp_path: Path, codec: str) -> None:
    made = tmp_path / "src"
    made.mkdir()
    files = {}
    for kind, name in (("Polygon", "现状/地类图斑"), ("LineString", "现状/道路"), ("Point", "设施")):
        for path in write(made / f"{kind}.shp", kind):
            files[f"{name}{path.suffix}"] = path
    pack(desk.folder / "数据.zip", files, codec=codec)
    assert desk.read("数据.zip", layer="地类图斑").table["MC"].tolist() == [
        "桥头社区0号地块",
        "桥头社区1号地块",
    ]
    assert ("HSQ-F05" in desk.codes()) == (codec == "gbk")
    assert desk.read("数据.zip", layer="现状/道路").geometry.iloc[0].geom_type == "LineString"
    # The only one of the wanted kind is no guess; without a wish the first is taken and doubted.
    assert desk.read("数据.zip", shape="point").geometry.iloc[0].geom_type == "Point"
    assert [f.severity for f in desk.log.faults if f.code == "HSQ-F03"] == ["提示"]
    desk.read("数据.zip")
    assert [f.severity for f in desk.log.faults if f.code == "HSQ-F03"] == ["警告"]
    fault = desk.refuse("数据.zip", layer="绿地")
    assert fault.code == "HSQ-F03" and "现状/道路" in fault.remedy


def test_the_same_name_in_two_folders_asks_which(desk: Desk, tmp_path: Path) -> None:
    made = tmp_path / "src"
    made.mkdir()
    paths = write(made / "路.shp", "LineString")
    pack(desk.folder / "a.zip", {f"{folder}/路{p.suffix}": p for folder in ("东", "西") for p in paths})
    fault = desk.refuse("a.zip", layer="路")
    assert "东/路" in fault.remedy
    assert len(desk.read("a.zip", layer="西/路").table) == 2


def test_system_litter_and_case_do_not_matter(desk: Desk, tmp_path: Path) -> None:
    made = tmp_path / "src"
    made.mkdir()
    paths = write(made / "ROAD.shp", "LineString")
    files = {f"ROAD{p.suffix.upper()}": p for p in paths}
    files |= {"__MACOSX/._ROAD.shp": paths[0], ".DS_Store": paths[0], "ROAD.shp.xml": paths[0]}
    pack(desk.folder / "a.zip", files)
    raw = desk.read("a.zip")
    assert len(raw.table) == 2 and raw.crs.to_epsg() == 4548
    assert not [f for f in desk.log.faults if f.code == "HSQ-F03"]


def test_companions_missing_in_an_archive(desk: Desk, tmp_path: Path) -> None:
    made = tmp_path / "src"
    made.mkdir()
    paths = [p for p in write(made / "a.shp") if p.suffix != ".dbf"]
    pack(desk.folder / "a.zip", {p.name: p for p in paths})
    assert desk.refuse("a.zip").code == "HSQ-F06"


@pytest.mark.parametrize("suffix", [".shp", ".shx", ".dbf"])
@pytest.mark.parametrize("left", [0.9, 0.3, 0.0])
def test_a_copy_that_broke_off_is_refused_not_read_as_empty(desk: Desk, suffix: str, left: float) -> None:
    write(desk.folder / "a.shp", rows=20)
    path = desk.folder / f"a{suffix}"
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * left)])
    fault = desk.refuse("a.shp")
    assert fault.code == "HSQ-F02"
    assert "0 字节" in fault.problem or "不完整" in fault.problem


def test_tables_and_shapes_of_two_exports_do_not_fit(desk: Desk) -> None:
    write(desk.folder / "a.shp", rows=3)
    write(desk.folder / "b.shp", rows=2)
    (desk.folder / "b.dbf").rename(desk.folder / "a.dbf")
    fault = desk.refuse("a.shp")
    assert "3 个" in fault.problem and "2 行" in fault.problem
