"""``init``: what it recovers of hand-written configs, that it says what it doubts, and that nothing is ever lost."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import yaml
from shapely import LineString, Point, box

from layers.faults import FaultLog, PlanFaults
from layers.ledgers import Population
from layers.source import Building, Community, Facility, Ledger, Parcel, Road, Survey, UtilityPoint
from pipeline.begin import start
from pipeline.begin.config import list_doubts
from pipeline.begin.start import FILES, Begun, begin_plan, look_through
from pipeline.plan import load_plan
from pipeline.stages.base import Given
from pipeline.stages.load import LOAD
from tests.begin.measure import list_items
from tests.open_data.osm_text import ring, square, write_osm
from tests.real import NAMED, REAL, is_there

from .conftest import DAY, ROOT

E0, N0 = 486_000.0, 3_137_000.0


def missing_items(begun: Begun, name: str) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """Return what a hand-written config says and what of that the begun one does not."""
    wanted = list_items(load_plan(ROOT / f"configs/{name}.yaml"))
    return wanted, wanted - list_items(load_plan(begun.config))


def test_the_samples_mapping_is_recovered_but_for_seven_judgements(sample_begun: Begun):
    """Measured: 204 of 211 items (96.7 %). The seven are opinions: which class a mall, a post office or a school's
    ground is. No file says so, and every one of these values is named as a doubt."""
    wanted, missing = missing_items(sample_begun, "sample")
    assert len(wanted) == 211
    assert {item[3] for item in missing} == {"values"} and len(missing) == 7
    doubts = "；".join(text for _, text in list_doubts(sample_begun.findings))
    assert [item[5] for item in missing if item[5] not in doubts] == []


def test_what_is_more_than_the_sample_says_is_harmless(sample_begun: Begun):
    wanted = list_items(load_plan(ROOT / "configs/sample.yaml"))
    assert list_items(load_plan(sample_begun.config)) - wanted == {
        ("community_given", "社区边界.shp", "", "columns", "id", "SQDM")
    }


def test_the_tiny_plans_mapping_is_recovered_whole(tiny_begun: Begun):
    _, missing = missing_items(tiny_begun, "tiny")
    assert missing == set()


def test_weak_guesses_are_said_beside_their_line_and_listed(sample_begun: Begun):
    text = sample_begun.config.read_text(encoding="utf-8")
    weak = {"ERRK", "LKKD"}
    marked = {
        line.split(":")[1].split("#")[0].strip()
        for line in text.splitlines()
        if "？" in line and ": " in line.split("#")[0]
    }
    assert weak <= marked
    listed = "；".join(doubt for _, doubt in list_doubts(sample_begun.findings))
    assert all(name in listed for name in weak)
    assert "把握 50%" in listed and "字段“" not in listed


def test_what_is_left_out_is_named_with_its_reason(sample_begun: Begun):
    left = {item.label: item.reason for item in sample_begun.findings.left}
    assert set(left) == {
        "人口.tif",
        "正射影像.tif",
        "专家评审意见.docx",
        "专项体检报告.docx",
        "居民协商会议纪要.docx",
    }
    assert "walking.dem" in left["人口.tif"] and "附件台账" in left["专项体检报告.docx"]


def test_the_plan_is_named_after_its_communities(sample_begun: Begun, tiny_begun: Begun):
    plan, tiny = load_plan(sample_begun.config).plan, load_plan(tiny_begun.config).plan
    assert (plan.title, plan.area, plan.region_code) == (
        "云溪街道好社区更新实施方案",
        "云溪街道四社区",
        "369901",
    )
    assert tiny.area == "小样社区"
    assert plan.compiled == DAY and plan.id == "方案"


@pytest.mark.parametrize("name", ["sample_begun", "tiny_begun"])
def test_begun_plans_can_be_run_without_an_edit(name: str, request: pytest.FixtureRequest):
    begun = request.getfixturevalue(name)
    log = FaultLog()
    frames = LOAD(Given(load_plan(begun.config), {}, log))
    assert log.errors == []
    assert len(frames[Community.key]) and len(frames[Road.key])
    assert sum(f.field.startswith("plan.") for f in log.faults if f.code == "HSQ-C03") == 2, (
        "compiler and county"
    )


def test_commented_templates_of_absent_layers_can_be_switched_on(sample_begun: Begun):
    lines = sample_begun.config.read_text(encoding="utf-8").splitlines()
    at = lines.index("  # barrier:")
    block = []
    while lines[at].startswith("  # "):
        block.append("  " + lines[at][4:])
        at += 1
    found = yaml.safe_load("\n".join(block))
    assert found == {"barrier": [{"path": "数据/空间数据.gpkg", "layer": "步行障碍"}]}


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path):
    home = tmp_path / "方案"
    for name in FILES:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("我的", encoding="utf-8")
        with pytest.raises(PlanFaults, match="不覆盖") as caught:
            begin_plan(home, day=DAY)
        assert name in caught.value.faults[0].problem
        assert [p for p in home.rglob("*") if p.is_file()] == [home / name]
        assert (home / name).read_text(encoding="utf-8") == "我的"
        (home / name).unlink()


def test_a_folder_with_other_files_keeps_them(tmp_path: Path):
    (tmp_path / "笔记.txt").write_text("别动", encoding="utf-8")
    begun = begin_plan(tmp_path, day=DAY)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == sorted(
        [*FILES, "笔记.txt"]
    )
    assert load_plan(begun.config).plan.id == tmp_path.name


@pytest.mark.parametrize("there", [True, False])
def test_a_disk_that_refuses_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool):
    home = tmp_path / "方案"
    if there:
        home.mkdir()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(start.shutil, "copyfileobj", refuse)
    monkeypatch.setattr(start.Path, "rename", refuse)
    with pytest.raises(PlanFaults, match="HSQ-D05"):
        begin_plan(home, day=DAY)
    assert list(tmp_path.rglob("*")) == ([home] if there else [])


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "方案").write_text("x", encoding="utf-8")
    with pytest.raises(PlanFaults, match="不是文件夹"):
        begin_plan(tmp_path / "方案", day=DAY)


def test_a_source_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(PlanFaults, match="HSQ-F01"):
        begin_plan(tmp_path / "方案", day=DAY, source=tmp_path / "无")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_can_be_begun_beside_its_own_files(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    begun = begin_plan(tmp_path, day=DAY, source=tmp_path)
    (source,) = load_plan(begun.config).inputs.community_given
    assert source.path == Path("社区.gpkg")


def make_communities(path: Path, **options: object) -> None:
    frame = gpd.GeoDataFrame(
        {"SQMC": ["甲社区", "乙社区"], "SQDM": ["360102001001", "360102001002"], "JDMC": ["丙街道"] * 2},
        geometry=[box(E0, N0, E0 + 900, N0 + 900), box(E0 + 900, N0, E0 + 1800, N0 + 900)],
        crs=options.pop("crs", "EPSG:4548"),
    )
    frame.to_file(path, **options)


def test_shapes_are_joined_to_the_table_that_has_their_keys(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    shapes = gpd.GeoDataFrame(
        {"LDBH": ["L01", "L02", "L03"]},
        geometry=[box(E0 + i, N0, E0 + i + 1, N0 + 1) for i in range(3)],
        crs="EPSG:4548",
    )
    shapes.to_file(tmp_path / "底图.shp", encoding="UTF-8")
    pd.DataFrame(
        {
            "楼栋编号": ["L01", "L02", "L03"],
            "层数": [6, 6, 7],
            "建成年代": ["1998", "1999", "2001"],
            "建筑功能": ["住宅"] * 3,
        }
    ).to_excel(tmp_path / "建筑信息.xlsx", index=False)
    (entry,) = look_through(tmp_path).of(Building)
    assert entry.source["key"] == "id" and entry.shapes.name == "底图.shp"
    assert entry.source["columns"]["floors"] == "层数"
    assert entry.source["geometry"]["columns"] == {"id": "LDBH"}


def test_a_table_of_shapes_that_are_nowhere_is_left_with_the_reason(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    pd.DataFrame(
        {"楼栋编号": ["L1", "L2"], "层数": [6, 7], "建成年代": ["1998", "2001"], "建筑功能": ["住宅"] * 2}
    ).to_excel(tmp_path / "建筑信息.xlsx", index=False)
    findings = look_through(tmp_path)
    assert not findings.of(Building)
    (left,) = findings.left
    assert "像是“现状建筑”" in left.reason and "没有编号相同的图形" in left.reason.replace("也", "")


def test_running_numbers_are_no_keys(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    gpd.GeoDataFrame(
        {"NO": [1, 2, 3]}, geometry=[Point(E0, N0 + i) for i in range(3)], crs="EPSG:4548"
    ).to_file(tmp_path / "点.gpkg")
    pd.DataFrame(
        {
            "需求编号": [1, 2, 3],
            "维度": ["舒适宜居"] * 3,
            "需求描述": ["a", "b", "c"],
            "紧迫程度": ["紧迫"] * 3,
        }
    ).to_excel(tmp_path / "需求清单.xlsx", index=False)
    (entry,) = look_through(tmp_path).of(Survey)
    assert entry.shapes is None


def test_a_wrong_prj_is_corrected_with_a_doubt(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    lines = gpd.GeoDataFrame(
        {"DLMC": ["甲路"], "DLDJ": ["支路"]},
        geometry=[LineString([(E0, N0), (E0 + 900, N0)])],
        crs="EPSG:4547",
    )
    lines.to_file(tmp_path / "道路.gpkg")
    (entry,) = look_through(tmp_path).of(Road)
    assert entry.source["crs"] == "EPSG:4548"
    assert any(key == "crs" and "CM 117E" in text for key, text in entry.doubts)


def test_degrees_without_a_source_are_doubted(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    pd.DataFrame(
        {
            "名称": ["甲诊所", "乙超市"],
            "设施类型": ["诊所", "超市"],
            "经度": [116.861, 116.862],
            "纬度": [28.341, 28.342],
        }
    ).to_csv(tmp_path / "设施.csv", index=False)
    (entry,) = look_through(tmp_path).of(Facility)
    assert entry.source["crs"] == "EPSG:4490" and "datum" not in entry.source
    assert any("gcj02" in text for _, text in entry.doubts)


def test_layers_named_after_one_thing_get_it_as_a_constant(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    points = [Point(E0 + 5, N0 + 5), Point(E0 + 9, N0 + 9)]
    gpd.GeoDataFrame({"编号": ["a", "b"]}, geometry=points, crs="EPSG:4548").to_file(
        tmp_path / "路灯.shp", encoding="UTF-8"
    )
    (entry,) = look_through(tmp_path).of(UtilityPoint)
    assert entry.source["constants"] == {"kind": "路灯"}
    assert any("按文件名取“路灯”" in text for _, text in entry.doubts)


def test_facilities_of_one_kind_get_their_class_unless_their_names_say_more(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    points = [Point(E0 + 5, N0 + 5), Point(E0 + 9, N0 + 9)]
    for stem, names in (("公交站", ["甲路", "乙路口"]), ("学校", ["甲小学", "乙中学"])):
        gpd.GeoDataFrame({"名称": names}, geometry=points, crs="EPSG:4548").to_file(tmp_path / f"{stem}.gpkg")
    found = {entry.path.stem: entry.source.get("constants") for entry in look_through(tmp_path).of(Facility)}
    assert found == {"公交站": {"type_key": "bus_stop"}, "学校": None}


def test_required_fields_nobody_found_are_named(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    gpd.GeoDataFrame(
        {"路名": ["甲路"]}, geometry=[LineString([(E0, N0), (E0 + 9, N0)])], crs="EPSG:4548"
    ).to_file(tmp_path / "道路.gpkg")
    begun = begin_plan(tmp_path / "方案", day=DAY, source=tmp_path)
    text = begun.config.read_text(encoding="utf-8")
    assert "没有找到必需字段“道路等级”（kind）" in text


def test_the_same_data_in_two_formats_count_once(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    make_communities(tmp_path / "社区.geojson", driver="GeoJSON")
    findings = look_through(tmp_path)
    (entry,) = findings.of(Community)
    assert entry.path.suffix == ".gpkg"
    assert [item.reason for item in findings.left] == ["与 社区.gpkg｜社区 同名且行数相同，视为同一数据"]


def test_zipped_shapefiles_and_hidden_sheets(tmp_path: Path):
    parts = tmp_path / "散"
    parts.mkdir()
    make_communities(parts / "社区.shp", encoding="UTF-8")
    inbox = tmp_path / "收件"
    inbox.mkdir()
    with zipfile.ZipFile(inbox / "资料.zip", "w") as archive:
        for path in parts.iterdir():
            archive.write(path, path.name)
    workbook = openpyxl.Workbook()
    workbook.active.title = "人口"
    for row in (["社区名称", "常住人口", "60岁以上"], ["甲社区", 900, 200], ["乙社区", 800, 150]):
        workbook.active.append(row)
    hidden = workbook.create_sheet("旧")
    hidden.append(["社区名称", "常住人口"])
    hidden.sheet_state = "hidden"
    workbook.save(inbox / "统计.xlsx")
    (inbox / "~$统计.xlsx").write_bytes(b"lock")
    findings = look_through(inbox)
    assert findings.of(Community)[0].path.name == "资料.zip"
    assert findings.of(Population)[0].source["columns"] == {
        "community": "社区名称",
        "population": "常住人口",
        "elders": "60岁以上",
    }
    assert [(item.label, item.reason) for item in findings.left] == [("统计.xlsx｜旧", "隐藏的工作表")]


def test_damaged_and_foreign_files_are_left_with_a_reason(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    (tmp_path / "坏.xlsx").write_bytes(b"not a workbook")
    (tmp_path / "空.csv").touch()
    (tmp_path / "坏.shp").write_bytes(b"\0" * 40)
    (tmp_path / "程序.exe").write_bytes(b"MZ")
    (tmp_path / "坏.osm").write_text("<osm", encoding="utf-8")
    findings = look_through(tmp_path)
    assert {item.label for item in findings.left} == {"坏.xlsx", "空.csv", "坏.shp", "程序.exe", "坏.osm"}
    assert all(item.reason for item in findings.left)


def test_a_table_split_by_community_feeds_the_layer_from_every_file(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    for n, name in enumerate(("甲", "乙")):
        frame = gpd.GeoDataFrame(
            {"TBBH": [f"{n}1", f"{n}2"], "YDYHFLDM": ["0701", "1401"]},
            geometry=[box(E0 + 900 * n + 10 * i, N0, E0 + 900 * n + 10 * i + 9, N0 + 9) for i in range(2)],
            crs="EPSG:4548",
        )
        frame.to_file(tmp_path / f"{name}社区用地.shp", encoding="UTF-8")
    assert {entry.path.stem for entry in look_through(tmp_path).of(Parcel)} == {"甲社区用地", "乙社区用地"}


def test_texts_of_the_files_cannot_break_the_config(tmp_path: Path):
    make_communities(tmp_path / "社区.gpkg")
    odd = ["a: b", "#c", "- d", "{e}", "f'\"g", "是", "0x1", "123", "中 文\n换行"]
    frame = pd.DataFrame({name: ["x", "y"] for name in odd}).assign(
        资源编号=["Z1", "Z2"],
        资源名称=["甲", "乙"],
        资源类别=["资金", "建筑: 用地"],
        使用状况=["# 闲置", "在用"],
    )
    frame.to_excel(tmp_path / "资源台账.xlsx", index=False)
    begun = begin_plan(tmp_path / "方 案'", day=DAY, source=tmp_path)
    (source,) = load_plan(begun.config).inputs.ledger
    assert source.columns[str(Ledger.category)] == "资源类别"


def test_paths_are_written_relative_with_forward_slashes(sample_begun: Begun):
    text = sample_begun.config.read_text(encoding="utf-8")
    paths = [
        line.split("path:")[1].strip()
        for line in text.splitlines()
        if "path:" in line and not line.lstrip().startswith("#")
    ]
    assert paths and all(path.startswith("../资料/") for path in paths)
    assert os.fspath(sample_begun.config.parent.parent) not in text


def write_town(path: Path) -> Path:
    """A street's boundary with two community points inside and one outside, an estate, a road."""
    return write_osm(
        path,
        nodes={
            **square(1, 100, 100, 600),
            **square(11, 200, 200, 100),
            20: (250, 400, {"place": "quarter", "name": "甲社区"}),
            21: (500, 400, {"place": "quarter", "name": "乙社区"}),
            22: (900, 900, {"place": "quarter", "name": "丙社区"}),
        },
        ways={
            31: (ring(1), {}),
            32: (ring(11), {"landuse": "residential", "name": "甲苑"}),
            33: ([1, 11], {"highway": "residential"}),
        },
        relations={
            41: ([("way", 31, "outer")], {"type": "boundary", "boundary": "administrative", "name": "丁街道"})
        },
    )


def test_a_boundary_with_community_points_makes_a_plan(tmp_path: Path):
    write_town(tmp_path / "城.osm")
    (tmp_path / "区划").mkdir()
    (tmp_path / "区划/streets.36.csv").write_text(
        "code,name,areaCode\n360102001,丁街道,360102\n", encoding="utf-8"
    )
    (tmp_path / "区划/areas.36.csv").write_text("code,name\n360102,戊区\n", encoding="utf-8")
    begun = begin_plan(tmp_path / "方案", day=DAY, source=tmp_path)
    plan = load_plan(begun.config)
    assert plan.open_data.outline.relation == 41
    assert plan.open_data.communities.tags == {"place": "quarter"}
    assert (plan.open_data.street, plan.plan.region_code, plan.plan.region_name) == (
        "丁街道",
        "360102",
        "戊区",
    )
    assert plan.resolve(plan.divisions.path) == tmp_path / "区划"
    assert plan.inputs.given() == {}, "templates stay comments, or they would stand in the way of open data"
    (doubt,) = (text for _, text in list_doubts(begun.findings))
    assert "甲社区" in doubt and "乙社区" in doubt and "丙社区" not in doubt


def test_an_extract_without_boundaries_offers_its_estates(tmp_path: Path):
    write_osm(
        tmp_path / "城.osm",
        nodes={**square(1, 100, 100, 100), **square(11, 110, 110, 20), **square(21, 400, 400, 100)},
        ways={
            31: (ring(1), {"landuse": "residential", "name": "甲苑"}),
            32: (ring(11), {"building": "yes"}),
            33: (ring(21), {"landuse": "residential", "name": "乙苑"}),
        },
    )
    findings = look_through(tmp_path)
    assert findings.open_data == {"communities": {"way": 31}}
    assert "乙苑（w33）" in "；".join(findings.open_doubts)


@pytest.mark.parametrize(("folder", "block"), [
    ("guixi", {"outline": {"relation": 6662718}, "communities": {"tags": {"place": "quarter"}}, "street": "东门街道"}),
    ("tsinghua", {"communities": {"way": 385514039}}),
])  # fmt: skip
def test_real_extracts_get_the_picks_of_their_hand_written_configs(folder: str, block: dict[str, object]):
    if not is_there():
        pytest.skip(f"SKIPPED: HAOSHEQU_REAL={NAMED!r} names no folder; real places were not looked through")
    findings = look_through(REAL / folder)
    assert findings.open_data == block
    assert findings.open_doubts, "a pick is a guess and says so"
