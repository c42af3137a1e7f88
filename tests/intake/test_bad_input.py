"""The bad inputs of a real desk: every one named in one run, nothing half-read."""

from __future__ import annotations

from pathlib import Path

import pytest
from shapely import LineString, Point, Polygon, box

from layers.faults import PlanFaults
from pipeline.plan import load_plan

from .conftest import E0, N0, Bench


def test_seven_kinds_of_bad_input_come_in_one_list(bench: Bench) -> None:
    bow_tie = Polygon([(E0, N0), (E0 + 100, N0 + 100), (E0 + 100, N0), (E0, N0 + 100)])
    bench.vector(
        "用地.gpkg",
        [bow_tie, box(E0 + 200, N0, E0 + 300, N0 + 100), box(E0 + 300, N0, E0 + 400, N0 + 100)],
        {"DM": ["1401", "9999", "1403"], "MJ": [10000.0, 10000.0, -5.0]},
    )
    bench.add("parcel", "用地.gpkg", columns={"landuse_code": "DM", "area_m2": "MJ"})
    bench.add("road", "没有.shp")
    bench.vector("门.gpkg", [Point(E0, N0)], {"name": ["东门"]})
    bench.add("gate", "门.gpkg", crs="EPSG:999999")
    bench.vector("建筑.gpkg", [box(E0, N0, E0 + 10, N0 + 10)], {"名称": ["一栋"], "层数": ["六层半多"]})
    bench.add("building", "建筑.gpkg", columns={"name": "建筑名", "floors": "层数"})

    faults = bench.fail()
    seen = {(f.code, f.file, f.row, f.field) for f in faults}
    assert seen == {
        ("HSQ-F01", "没有.shp", "", ""),
        ("HSQ-X01", "门.gpkg", "", "crs"),
        ("HSQ-V01", "建筑.gpkg", "", "name"),
        ("HSQ-V03", "建筑.gpkg", "1", "floors"),
        ("HSQ-G02", "用地.gpkg", "1", ""),
        ("HSQ-V07", "用地.gpkg", "2", "landuse_code"),
        ("HSQ-V04", "用地.gpkg", "3", "area_m2"),
    }
    assert all(f.remedy and f.problem for f in faults)
    bow = next(f for f in faults if f.code == "HSQ-G02")
    assert "自相交" in bow.problem and bow.x is not None and E0 <= bow.x <= E0 + 100


def test_unknown_landuse_code_is_answered_with_near_ones(bench: Bench) -> None:
    bench.vector("用地.gpkg", [box(E0, N0, E0 + 100, N0 + 100)], {"landuse_code": ["140199"]})
    bench.add("parcel", "用地.gpkg")
    (fault,) = bench.fail()
    assert fault.code == "HSQ-V07" and "1401 公园绿地" in fault.remedy


def test_wrong_column_names_the_near_one(bench: Bench) -> None:
    bench.vector("门.gpkg", [Point(E0, N0)], {"大门名称": ["东门"]})
    bench.add("gate", "门.gpkg", columns={"name": "大门名", "nmae": "大门名称"})
    column, field = bench.fail()
    assert column.code == "HSQ-V01" and "大门名称" in column.remedy
    assert field.code == "HSQ-C03" and "name" in field.remedy


def test_three_hundred_faults_are_three_hundred_rows(bench: Bench) -> None:
    rows = [["name", "floor_area_m2", "type_key", "x", "y"]]
    rows += [[f"店{i}", "不知道多少", "超市", E0 + i, N0] for i in range(300)]
    bench.sheet("设施.xlsx", rows)
    bench.add("facility", "设施.xlsx", x="x", y="y", crs="EPSG:4548")
    faults = bench.fail()
    assert [f.code for f in faults] == ["HSQ-V03"] * 300
    assert [f.row for f in faults] == [str(i) for i in range(2, 302)]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("空.shp", b"", "HSQ-F02"),
        ("坏.gpkg", b"not a database", "HSQ-F02"),
        ("坏.xlsx", b"PK\x03\x04 cut short", "HSQ-F02"),
        ("坏.zip", b"PK\x03\x04", "HSQ-F02"),
        ("图.docx", b"x", "HSQ-F04"),
        ("单.shp", b"x" * 200, "HSQ-F06"),
    ],
)
def test_damaged_files_are_faults_not_tracebacks(bench: Bench, name: str, content: bytes, code: str) -> None:
    (bench.folder / name).write_bytes(content)
    bench.add("road", name)
    assert {fault.code for fault in bench.fail()} == {code}


def test_zip_that_leads_out_of_itself_is_refused(bench: Bench) -> None:
    import zipfile

    with zipfile.ZipFile(bench.folder / "恶.zip", "w") as archive:
        archive.writestr("../outside.shp", b"x")
    bench.add("road", "恶.zip")
    (fault,) = bench.fail()
    assert fault.code == "HSQ-F02" and "外部" in fault.problem
    assert not (bench.folder.parent / "outside.shp").exists()


def test_missing_layer_and_sheet_list_what_there_is(bench: Bench) -> None:
    bench.vector("路.gpkg", [Point(E0, N0)], {"name": ["a"]}, layer="门")
    bench.add("gate", "路.gpkg", layer="大门")
    bench.sheet("表.xlsx", [["a"]], title="设施")
    bench.add("facility", "表.xlsx", layer="设施表", x="x", y="y")
    faults = bench.fail()
    assert [f.code for f in faults] == ["HSQ-F03", "HSQ-F03"]
    assert "门" in faults[0].remedy and "设施" in faults[1].remedy


def test_yaml_with_a_tag_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "evil.yaml"
    target = tmp_path / "made"
    path.write_text(f"plan: !!python/object/apply:os.mkdir ['{target.as_posix()}']\n", encoding="utf-8")
    with pytest.raises(PlanFaults) as caught:
        load_plan(path)
    assert [fault.code for fault in caught.value.faults] == ["HSQ-C02"]
    assert not target.exists()


def test_missing_layers_say_what_they_cost(bench: Bench) -> None:
    frames = bench.load()
    told = {fault.layer for fault in bench.find("HSQ-A05")}
    assert "各类设施现状点" in told and "社区边界（输入）" not in told
    assert len(frames["facility"]) == 0 and frames["facility"].crs == "EPSG:4548"


def test_reading_leaves_the_input_folder_as_it_was(bench: Bench) -> None:
    bench.vector("门.shp", [Point(E0, N0)], {"MC": ["东门"]}, encoding="GBK")
    bench.add("gate", "门.shp", columns={"name": "MC"})
    bench.load()
    before = {path.name: path.read_bytes() for path in bench.folder.iterdir()}
    bench.load()
    assert {path.name: path.read_bytes() for path in bench.folder.iterdir()} == before


def test_community_codes_of_another_place_are_doubted(bench: Bench) -> None:
    codes = ["369901001001", "3699010010", "110108001001", "360681003001"]
    bench.vector(
        "四社区.gpkg",
        [box(E0 + i, N0, E0 + i + 1, N0 + 9) for i in range(4)],
        {"name": list("abcd"), "code": codes},
    )
    bench.inputs["community_given"] = [{"path": "四社区.gpkg"}]
    bench.load()
    told = {fault.value: fault.problem for fault in bench.find("HSQ-A06") if fault.severity == "警告"}
    assert list(told) == codes[1:]
    assert "12 位" in told[codes[1]] and "36" in told[codes[2]] and "369901" in told[codes[3]]


def test_communities_that_overlap_are_named(bench: Bench) -> None:
    bench.vector(
        "两社区.gpkg",
        [box(E0, N0, E0 + 100, N0 + 100), box(E0 + 90, N0, E0 + 200, N0 + 100)],
        {"name": ["甲", "乙"]},
    )
    bench.inputs["community_given"] = [{"path": "两社区.gpkg"}]
    bench.load()
    (fault,) = bench.find("HSQ-G05")
    assert "与 乙 重叠 1000.0 ㎡" in fault.problem and fault.value == "甲"


def test_a_column_that_is_missing_is_one_fault_not_one_a_row(bench: Bench) -> None:
    bench.vector(
        "用地.gpkg", [box(E0 + i, N0, E0 + i + 1, N0 + 9) for i in range(9)], {"备": list("abcdefghi")}
    )
    bench.add("parcel", "用地.gpkg")
    bench.vector("点.gpkg", [Point(E0 + i, N0) for i in range(9)], {"备": list("abcdefghi")})
    bench.add("facility", "点.gpkg")
    bench.add("facility", "点.gpkg", columns={"type_key": "类型"})
    bench.vector(
        "路.gpkg", [LineString([(E0, N0), (E0 + 9, N0 + i)]) for i in range(9)], {"备": list("abcdefghi")}
    )
    bench.add("road", "路.gpkg")
    assert [(f.code, f.field) for f in bench.fail()] == [
        ("HSQ-V01", "type_key"),  # named by the config, absent
        ("HSQ-V01", "landuse_code"),
        ("HSQ-V01", "kind"),
        ("HSQ-V01", "type_key"),
    ]
