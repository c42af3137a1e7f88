"""Plans of a district side by side: each planted clash is found, neighbours that agree have none."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from shutil import which

import fiona
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from layers.faults import PlanFaults
from layers.onemap import ALWAYS
from layers.planned import Project
from layers.reachable import Scope
from pipeline.publish.across import check_plans
from pipeline.publish.district import write_district
from pipeline.publish.gather import choose_common, read_folders, read_server
from pipeline.publish.handin import read_handin
from pipeline.publish.publication import publish_handin
from tests.publish.conftest import CRS, area, at, frame, gather, make_frames


def check(*others, tolerance=None, **more):
    """Check the plan 东, 100 m wide, with others."""
    return check_plans([gather("东", **more), *others], tolerance_m=tolerance)


def tell(faults):
    return [(fault.code, fault.severity, fault.row) for fault in faults]


def test_neighbours_that_agree_have_no_findings():
    assert check(gather("西", 100.0, community="西社区")) == []
    # Drawing accuracy is no finding; a tolerance makes it one.
    near = gather("西", 100.04, community="西社区")
    assert check(near) == []
    assert tell(check(near, tolerance=0.01)) == [("HSQ-P07", "警告", "东 ／ 西")]


def test_ground_that_two_plans_claim_is_found():
    faults = check(gather("西", 95.0, community="西社区"))
    assert tell(faults) == [("HSQ-P06", "错误", "东 东社区 ／ 西 西社区")]
    assert float(faults[0].value) == 500.0
    ground = shapely.from_wkb(faults[0].ground)
    assert shapely.equals(ground, area(95, 0, 100, 100))
    assert shapely.contains(ground, shapely.Point(faults[0].x, faults[0].y))


def test_scopes_overlap_where_communities_do_not():
    scope = frame(Scope, [{"id": "s", "kind": "更新范围", "area_m2": 1e4}], [area(98, 0, 200, 100)], CRS)
    study = frame(Scope, [{"id": "s", "kind": "研究范围", "area_m2": 1e4}], [area(0, 0, 200, 100)], CRS)
    faults = check(gather("西", 100.0, community="西社区", frames={Scope.key: scope}))
    assert tell(faults) == [("HSQ-P06", "错误", "东 ／ 西")]
    assert faults[0].layer == "HSQ_GXFW" and float(faults[0].value) == pytest.approx(200.0)
    # Study areas reach into each other.
    assert check(gather("西", 100.0, community="西社区", frames={Scope.key: study})) == []


def test_a_gap_between_plans_is_found_and_another_place_is_none():
    faults = check(gather("西", 102.0, community="西社区"))
    assert tell(faults) == [("HSQ-P07", "警告", "东 ／ 西")]
    assert float(faults[0].value) == pytest.approx(2 * 200 / 204, abs=0.01)
    assert (
        shapely.area(shapely.symmetric_difference(shapely.from_wkb(faults[0].ground), area(100, 0, 102, 100)))
        < 0.1
    )
    assert check(gather("西", 115.0, community="西社区")) == []


def test_a_community_in_two_plans_is_told_once():
    faults = check(gather("西", 10.0, community="东社区", project="别的项目"))
    assert tell(faults) == [("HSQ-P09", "错误", "东 东社区 ／ 西 东社区")]
    faults = check(gather("西", 100.0, community="西社区", code="369981001001"), code="369981001001")
    assert [(f.code, f.problem, f.value) for f in faults] == [
        ("HSQ-P09", "两个方案的社区代码相同", "369981001001")
    ]


def test_clashing_identity_codes_are_counted():
    plan = {"plan_block": 7}
    faults = check(gather("西", 100.0, community="西社区", plan=plan), plan=plan)
    assert tell(faults) == [("HSQ-P08", "错误", "东 ／ 西")]
    assert "有 5 个标识码" in faults[0].problem and faults[0].value == "369981202600700001"


def test_a_project_in_two_plans_is_found_by_name_and_place():
    name = "滨江步道 建设项目"
    near = gather("西", 100.0, community="西社区", project="滨江步道建设项目")
    far = gather("远", 160.0, community="远社区", project="滨江步道建设项目")
    # The projects stand in the middle of each plan: 100 m apart, and 10 m where the plan is 20 m wide.
    assert check(near, project=name) == []
    slim = gather(
        "西",
        100.0,
        community="西社区",
        project="滨江步道建设项目",
        frames=projects_at(60.0, "滨江步道建设项目"),
    )
    assert tell(check(slim, project=name)) == [("HSQ-P09", "警告", "东 A01 ／ 西 A01")]
    assert tell(check(far, project=name)) == []


def projects_at(x, name):
    """Only the project of a plan, ``x`` metres from the corner."""
    rows = make_frames(CRS, x - 50.0, project=name, community="西社区")[Project.key]
    return {Project.key: rows}


def test_a_facility_counted_twice_is_found_one_of_the_neighbours_is_not():
    mine = [("甲食堂", "东社区", at(90, 50)), ("乙食堂", "东社区", at(20, 50))]
    theirs = [
        ("甲 食堂", "西社区", at(110, 50)),
        ("乙食堂", "社区范围外", at(21, 50)),
        ("丙食堂", "西社区", at(150, 50)),
    ]
    faults = check(gather("西", 100.0, community="西社区", facilities=theirs), facilities=mine)
    assert tell(faults) == [("HSQ-P09", "警告", "东 东社区 ／ 西 西社区"), ("HSQ-P09", "提示", "东 ／ 西")]
    assert faults[1].problem.startswith("1 处设施")


def test_plans_of_two_zones_come_together(tmp_path):
    plans = [gather("东"), gather("西", 100.0, community="西社区", zone=38)]
    assert [plan.facts.epsg for plan in plans] == [4548, 4547]
    faults = check_plans(plans)
    assert [(f.code, f.severity) for f in faults] == [("HSQ-P10", "提示")]
    assert faults[0].problem == "各方案坐标系不同：EPSG:4547：西；EPSG:4548：东"
    assert choose_common(plans) == 4490
    written = write_district(plans, faults, tmp_path / "a.gpkg")
    assert written.epsg == 4490
    back = pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="HSQ_SQBJ")
    assert back.crs.to_epsg() == 4490
    assert shapely.hausdorff_distance(back.to_crs(4548).union_all(), area(0, 0, 200, 100)) < 1e-3
    # One zone with and without prefix is one zone.
    prefixed = gather("西", 100.0, community="西社区", crs={"zone": 39, "deliver": "prefixed"})
    assert choose_common([plans[0], prefixed]) == 4548


def test_the_file_has_all_plans_with_names_lists_and_looks(tmp_path):
    plans = [gather("东"), gather("西", 95.0, community="西社区")]
    path = tmp_path / "一张图.gpkg"
    written = write_district(plans, check_plans(plans), path)
    layers = fiona.listlayers(path)
    assert set(layers) == {layer.code for layer in plans[0].layers} | {
        "核查面",
        "核查线",
        "核查点",
        "核查一览",
        "方案一览",
        "layer_styles",
    }
    frame = pyogrio.read_dataframe(path, layer="HSQ_XZYD")
    assert frame["FABS"].tolist() == ["东", "西"] and frame["FAMC"].tolist() == ["东方案", "西方案"]
    assert frame.crs.to_epsg() == 4548 and written.features == sum(
        len(x.frame) for plan in plans for x in plan.layers
    )
    for plan in plans:
        for layer in plan.layers:
            mine = pyogrio.read_dataframe(path, layer=layer.code, where=f"FABS = '{plan.facts.id}'")
            names = [column.spec.onemap for column in layer.columns]
            left, right = mine[names].astype(object), layer.frame[names].astype(object)
            assert (
                left.where(left.notna(), None).values.tolist()
                == right.where(right.notna(), None).values.tolist()
            )
            assert mine.geometry.geom_equals(layer.frame.geometry).all()
    found = pyogrio.read_dataframe(path, layer="核查面")
    assert found["代码"].tolist() == ["HSQ-P06"] and found.crs.to_epsg() == 4548
    assert shapely.area(found.geometry[0]) == pytest.approx(500.0)
    assert len(pyogrio.read_dataframe(path, layer="核查点")) == 1
    table = pyogrio.read_dataframe(path, layer="方案一览")
    assert table["方案标识"].tolist() == ["东", "西"]
    assert table["成果清单校验值"].tolist() == [plan.facts.manifest_sha256 for plan in plans]
    with closing(sqlite3.connect(path)) as base:
        aliases = dict(
            base.execute("SELECT column_name, name FROM gpkg_data_columns WHERE table_name = 'HSQ_XMFBD'")
        )
        styles = {
            name for (name,) in base.execute("SELECT f_table_name FROM layer_styles WHERE useAsDefault = 1")
        }
        values = base.execute(
            "SELECT count(*) FROM gpkg_data_column_constraints WHERE constraint_name = '更新方式'"
        ).fetchone()
        assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert (aliases["TZE"], aliases["FABS"], values[0]) == ("项目总投资", "方案标识", 5)
    assert {layer for layer in layers if layer.startswith(("HSQ_", "核查"))} - styles == {"核查一览"}
    once = path.read_bytes()
    write_district(plans, check_plans(plans), path)
    assert path.read_bytes() == once
    assert list(tmp_path.iterdir()) == [path]


def test_gdal_opens_it_without_a_word(tmp_path):
    if which("ogrinfo") is None:
        pytest.skip("SKIPPED: ogrinfo is not installed (apt-get install gdal-bin)")
    plans = [gather("东"), gather("西", 95.0, community="西社区")]
    write_district(plans, check_plans(plans), tmp_path / "a.gpkg")
    done = subprocess.run(
        ["ogrinfo", "-al", "-so", tmp_path / "a.gpkg"], capture_output=True, text=True, check=True
    )
    assert done.stderr == "" and "Warning" not in done.stdout
    assert done.stdout.count("Layer name: HSQ_") == len(plans[0].layers)


def test_from_a_database_it_is_the_same(make_handin, base, tmp_path):
    folders = [
        make_handin("东", facilities=[("甲食堂", "东社区", at(90, 50))]),
        make_handin("西", 95.0, community="西社区", zone=38),
    ]
    plans = read_folders(folders)
    for folder in folders:
        publish_handin(read_handin(folder), base)
    stored = read_server(base, "haoshequ")
    assert [plan.facts for plan in stored] == [plan.facts for plan in plans]
    for plan, other in zip(plans, stored, strict=True):
        there = {layer.code: layer.frame for layer in other.layers}
        # A whole hand-in has those that must always be there, empty or not; these small ones lack some.
        assert set(there) == {layer.code for layer in plan.layers} | ALWAYS
        for layer in plan.layers:
            frame = there[layer.code]
            assert frame.crs == layer.frame.crs
            assert_geodataframe_equal(
                frame.drop(columns="geometry").assign(geometry=layer.frame.geometry).set_geometry("geometry"),
                layer.frame,
                check_like=True,
            )
            # Rings may begin elsewhere; what they enclose is the same to less than a micrometre.
            assert (
                shapely.hausdorff_distance(frame.geometry.to_numpy(), layer.frame.geometry.to_numpy()) < 1e-6
            ).all()
            assert (
                frame.geom_type.str.replace("Multi", "").tolist()
                == layer.frame.geom_type.str.replace("Multi", "").tolist()
            )
    assert tell(check_plans(stored)) == tell(check_plans(plans))
    with pytest.raises(PlanFaults, match="没有方案"):
        read_server(base, "nothing")


def test_the_command_counts_findings_and_says_so_by_its_code(make_handin, tmp_path, call, base):
    out = tmp_path / "a.gpkg"
    code, said = call(
        "onemap",
        "export",
        make_handin("东"),
        make_handin("西", 95.0, community="西社区").parent,
        "--out",
        out,
    )
    assert code == 3, said
    assert "错误 HSQ-P06 方案之间的范围重叠（1 条）" in said and "两个方案的社区边界重叠 500.00 ㎡" in said
    assert "核查：错误 1 条　警告 0 条　提示 0 条" in said and "2 个方案" in said
    code, said = call(
        "onemap", "export", make_handin("东"), make_handin("西", 100.0, community="西社区"), "-o", out
    )
    assert code == 0, said
    before = out.read_bytes()
    code, said = call("onemap", "export", make_handin("东"), make_handin("东"), tmp_path / "无", "-o", out)
    assert code == 1 and "方案标识都是“东”" in said and "没有成果" in said and "没有写出" in said
    code, said = call("onemap", "export", "--from", base, "-o", out)
    assert code == 1 and "没有方案" in said
    assert out.read_bytes() == before and list(tmp_path.iterdir()) == [out]
    assert call("onemap", "export", "-o", out)[0] == 2
    assert call("onemap", "import", "-o", out)[0] == 2


def test_a_disk_that_refuses_leaves_the_old_file(tmp_path, monkeypatch):
    plans = [gather("东")]
    path = tmp_path / "a.gpkg"
    path.write_bytes(b"old")
    monkeypatch.setattr(
        "pipeline.publish.district.os.replace",
        lambda *a: (_ for _ in ()).throw(PermissionError(13, "held", str(path))),
    )
    with pytest.raises(PlanFaults) as caught:
        write_district(plans, [], path)
    assert caught.value.faults[0].code == "HSQ-D05"
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
