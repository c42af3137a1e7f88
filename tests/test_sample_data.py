"""The committed sample is what its generator makes, and carries the flaws it declares."""

from __future__ import annotations

import csv
import subprocess
import sys
import zipfile
from pathlib import Path

import fiona
import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import rasterio
import shapely
import yaml

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
INPUT, TINY = SAMPLE / "输入", SAMPLE / "tiny"
FOLDERS = pytest.mark.parametrize("folder", [INPUT, TINY], ids=["sample", "tiny"])


@pytest.fixture(scope="module")
def truth() -> dict:
    return yaml.safe_load((SAMPLE / "真值.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def parcels() -> gpd.GeoDataFrame:
    return gpd.read_file(INPUT / "现状用地.shp", encoding="GBK")


@pytest.fixture(scope="module")
def buildings() -> gpd.GeoDataFrame:
    return gpd.read_file(INPUT / "建筑.shp")


@pytest.fixture(scope="module")
def communities() -> gpd.GeoDataFrame:
    return gpd.read_file(INPUT / "社区边界.shp")


def list_files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
        and "make" not in p.relative_to(folder).parts
        and p.name not in ("README.md", ".gitattributes")
        and p.parent.name != "图"  # reduced sheets of a run, for the README of the product
    }


def test_generator_reproduces_every_byte(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SAMPLE / "make"), str(tmp_path)], check=True)
    made, kept = list_files(tmp_path), list_files(SAMPLE)
    assert made.keys() == kept.keys()
    assert [n for n in kept if made[n] != kept[n]] == []
    assert sum(map(len, kept.values())) < 8_000_000


def test_office_files_carry_no_clock() -> None:
    for path in [*INPUT.glob("*.xlsx"), *TINY.glob("*.xlsx")]:
        with zipfile.ZipFile(path) as z:
            assert {i.date_time for i in z.infolist()} == {(2025, 3, 1, 0, 0, 0)}
            assert z.read("docProps/core.xml").count(b"2025-03-01T00:00:00Z") == 2


def test_land_use_hides_its_encoding(parcels: gpd.GeoDataFrame) -> None:
    assert not (INPUT / "现状用地.cpg").exists()
    raw = (INPUT / "现状用地.dbf").read_bytes()
    assert raw[29] == 0
    assert "城镇住宅用地".encode("gbk") in raw
    assert set(parcels["SYZK"]) == {"在用", "闲置"}


def test_land_use_covers_communities_without_gap(
    parcels: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, truth: dict
) -> None:
    bad = parcels.loc[~parcels.is_valid, "TBBH"].tolist()
    fault = next(f for f in truth["埋设缺陷"] if f["文件"] == "现状用地.shp" and f["缺陷"] == "自相交")
    assert bad == [fault["对象"]]
    mended = [
        shapely.union_all([g for g in shapely.get_parts(shapely.make_valid(g)) if g.area > 0])
        for g in parcels.geometry
    ]
    assert shapely.coverage_is_valid(mended)
    assert shapely.coverage_is_valid(communities.geometry.to_numpy())
    whole, land = communities.union_all(), shapely.union_all(mended)
    assert whole.symmetric_difference(land).area < 1e-3
    assert sum(g.area for g in mended) == pytest.approx(whole.area, abs=0.01)
    assert parcels["TBBH"].is_unique and len(parcels) == truth["数量"]["地块"]


def test_buildings_carry_the_zone_prefix_and_one_double(buildings: gpd.GeoDataFrame, truth: dict) -> None:
    assert buildings.crs == "EPSG:4527"
    x = buildings.centroid.x
    assert x.between(39_480_000, 39_490_000).all()
    faults = {f["缺陷"]: f for f in truth["埋设缺陷"] if f["文件"] == "建筑.shp"}
    twice = buildings[buildings.duplicated(["JZMC"], keep=False)]
    assert set(twice["JZBH"]) == {faults["重复要素"]["对象"], faults["重复要素"]["原对象"]}
    assert twice.geometry.iloc[0].equals(twice.geometry.iloc[1])
    undated = buildings.loc[buildings["JCND"].isna(), "JZBH"].tolist()
    assert sorted(undated) == sorted(faults["年代缺失"]["对象"])
    assert buildings.is_valid.all()
    assert len(buildings) == truth["数量"]["建筑"] + 1 + truth["数量"]["周边建筑"]


def split_inside(
    buildings: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Buildings of the communities, and those of the neighbourhood; none lies on the border."""
    shapes = buildings.geometry.translate(-39_000_000.0)
    meets = shapes.intersects(communities.union_all()).to_numpy()
    return buildings[meets], buildings[~meets]


def test_every_building_lies_in_one_parcel(
    parcels: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    truth: dict,
) -> None:
    everything = buildings.geometry.drop_duplicates().to_numpy()
    i, _j = shapely.STRtree(everything).query(everything, predicate="overlaps")
    assert i.size == 0
    buildings, around = split_inside(buildings, communities)
    assert len(around) == truth["数量"]["周边建筑"]
    shapes = buildings.geometry.translate(-39_000_000.0)
    lots = parcels.geometry.make_valid().buffer(0.01)
    b, p = shapely.STRtree(lots.to_numpy()).query(shapes.to_numpy(), predicate="within")
    assert np.bincount(b, minlength=len(shapes)).tolist() == [1] * len(shapes)
    assert set(parcels["YDYHFLDM"].iloc[p]).isdisjoint({"1207", "1701", "2301"})


def test_people_agree_across_files(
    buildings: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, truth: dict
) -> None:
    inside, around = split_inside(buildings, communities)
    lived = inside.drop_duplicates("JZMC")
    total = int(lived["RK"].sum())
    assert int(around["RK"].sum()) == truth["数量"]["周边人口"] > 5000
    assert total == truth["数量"]["人口"] == int(communities["RK"].sum())
    assert (lived[["LNRK", "YYRK", "ERRK"]].sum(axis=1) <= lived["RK"]).all()
    with rasterio.open(INPUT / "人口.tif") as grid:
        assert grid.crs.to_epsg() == 4548 and grid.res == (50.0, 50.0)
        assert grid.read(1).sum() == total
    assert communities["SQDM"].str.match(r"^369901001\d{3}$").all()


def test_ledger_keeps_surveyors_order_units_and_totals(communities: gpd.GeoDataFrame) -> None:
    ws = openpyxl.load_workbook(INPUT / "设施台账.xlsx").active
    assert len(ws.merged_cells.ranges) >= 7
    rows = list(ws.iter_rows(min_row=4, values_only=True))
    assert rows[-1][0] == "合计"
    points = shapely.points([(r[5], r[4]) for r in rows[:-1]])
    here = np.array([r[3] in set(communities["SQMC"]) for r in rows[:-1]])
    inside = communities.union_all().buffer(1).covers(points)
    assert inside[here].all() and not inside[~here].any()
    assert 3 <= (~here).sum() <= 8  # neighbours' facilities the street's ledger also lists
    assert any(isinstance(r[6], str) and r[6].endswith("㎡") for r in rows[:-1])
    assert any(isinstance(r[6], int | float) for r in rows[:-1])
    assert any(isinstance(r[7], str) and r[7].endswith("人") for r in rows[:-1])


def test_poi_is_offset_by_hundreds_of_metres() -> None:
    with (INPUT / "地图POI.csv").open(encoding="utf-8-sig", newline="") as f:
        poi = {r["name"]: r for r in csv.DictReader(f)}
    ws = openpyxl.load_workbook(INPUT / "设施台账.xlsx").active
    known = {r[1]: r for r in ws.iter_rows(min_row=4, values_only=True)}
    pairs = [("云溪百货大楼", "云溪百货"), ("中国邮政(云溪支局)", "云溪邮政支局")]
    for there, here in pairs:
        p = gpd.GeoSeries.from_xy([float(poi[there]["lon"])], [float(poi[there]["lat"])], crs=4490).to_crs(
            4548
        )[0]
        assert 400 < p.distance(shapely.Point(known[here][5], known[here][4])) < 700


def test_roads_share_junctions_except_the_footbridge() -> None:
    roads = gpd.read_file(INPUT / "道路.gpkg", layer="道路")
    assert set(roads["DLDJ"]) == {"主干路", "次干路", "支路", "小区路", "步行道", "台阶"}
    assert roads.duplicated("geometry").sum() == 1
    flat = roads[roads["CJ"] == 0].drop_duplicates("geometry").geometry.to_numpy()
    i, _ = shapely.STRtree(flat).query(flat, predicate="crosses")
    assert i.size == 0
    bridge = roads.loc[roads["CJ"] == 1].iloc[0]
    assert roads.loc[roads["DLMC"] == "云溪大道"].crosses(bridge.geometry).any()
    ends = shapely.points(bridge.geometry.coords[:1] + bridge.geometry.coords[-1:])
    assert all(roads.loc[roads["CJ"] == 0].distance(e).min() < 1e-3 for e in ends)


def test_needs_and_resources_have_the_promised_variety(truth: dict) -> None:
    needs = list(
        openpyxl.load_workbook(INPUT / "需求清单.xlsx").active.iter_rows(min_row=3, values_only=True)
    )
    assert len(needs) == truth["数量"]["需求"] == 26
    assert {r[1] for r in needs} == {"韧性安全", "舒适宜居", "绿色低碳", "智慧赋能", "治理高效"}
    fault = next(f for f in truth["埋设缺陷"] if f["缺陷"] == "无位置需求")
    assert [r[0] for r in needs if r[13] is None] == fault["对象"]
    assert sum(r[8] == "管理类" for r in needs) == 4
    drains = gpd.read_file(INPUT / "排水需求.gpkg", layer="排水需求")
    assert set(drains["XQBH"]) <= {r[0] for r in needs} and (drains.length > 100).all()
    stock = list(
        openpyxl.load_workbook(INPUT / "资源台账.xlsx").active.iter_rows(min_row=3, values_only=True)
    )
    assert {r[1] for r in stock} == {"空间", "用地", "建筑", "资金", "政策", "人力"}
    shapes = gpd.read_file(INPUT / "资源范围.shp")
    assert set(shapes["ZYBH"]) == {r[0] for r in stock if r[1] in ("空间", "用地", "建筑")}
    assert shapes.loc[~shapes.is_valid, "ZYBH"].tolist() == ["ZY14"]
    mended = shapes.geometry.make_valid()
    assert abs(mended.area - shapes["MJ"]).max() < 1.0
    thin = 4 * np.pi * mended.area / mended.length**2
    assert thin[shapes["ZYBH"] == "ZY13"].item() < 0.15


def test_facilities_are_many_and_varied(truth: dict) -> None:
    assert 180 <= truth["数量"]["设施"] <= 230 and truth["数量"]["设施类别"] >= 20
    assert 550 <= truth["数量"]["建筑"] <= 720 and 150 <= truth["数量"]["周边建筑"] <= 250
    assert len(truth["漏配"]) >= 10 and len(truth["共享可解"]) >= 6 and len(truth["预期匹配"]) >= 10


def test_truth_measures_by_the_products_tiers(truth: dict) -> None:
    text = (SAMPLE.parents[1] / "configs" / "facility_classes.yaml").read_text(encoding="utf-8")
    minutes = {c["key"]: c["minutes"] for c in yaml.safe_load(text)}
    reach = {5: 300, 10: 500, 15: 1000}
    for row in [*truth["漏配"], *truth["共享可解"]]:
        assert row["步行_分钟"] == minutes[row["设施"]]
        assert row["半径_m"] == reach[row["步行_分钟"]]
    assert all(r["最近住宅_m"] > 1.15 * r["半径_m"] for r in truth["漏配"])
    assert all(r["供给"] and r["共享后覆盖率"] >= 0.1 for r in truth["共享可解"])


def test_streets_and_water_run_on_past_the_communities(communities: gpd.GeoDataFrame) -> None:
    roads = gpd.read_file(INPUT / "道路.gpkg", layer="道路")
    town = communities.union_all()
    outside = roads[~roads.intersects(town)]
    assert outside.distance(town).max() > 1150
    # North, west and east alike: the pattern closes into blocks, it is no bundle of fingers.
    west, south, east, north = town.bounds
    blocks = shapely.get_parts(shapely.polygonize(list(roads.geometry)))
    x, y = shapely.get_x(shapely.centroid(blocks)), shapely.get_y(shapely.centroid(blocks))
    beyond = [x < west - 100, y > north + 100, (x > east + 100) & (y > south)]
    for side in beyond:
        assert side.sum() > 25
        assert np.median(shapely.area(blocks[side])) < 40_000
    water = gpd.read_file(INPUT / "绿地与保护.gpkg", layer="水系")
    assert water.is_valid.all() and water.difference(town).area.sum() > 500_000
    river = water.loc[water["MC"] == "云江"].union_all()
    over = roads[roads.intersection(river).length > 150]
    assert len(over) == 2 and set(over["SFQL"]) == {"是"}


def test_planted_idle_space_is_in_the_files(
    parcels: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, truth: dict
) -> None:
    idle = {
        kind: {r["编号"] for r in truth["闲置空间"] if r["类型"] == kind} for kind in ("闲置地块", "闲置建筑")
    }
    assert idle["闲置地块"] == set(parcels.loc[parcels["SYZK"] == "闲置", "TBBH"])
    assert idle["闲置建筑"] == set(buildings.loc[buildings["SYZK"] == "闲置", "JZBH"])
    shapes = shapely.union_all(buildings.geometry.translate(-39_000_000.0).to_numpy())
    left = [r for r in truth["闲置空间"] if r["类型"] == "剩余空地"]
    assert len(left) == 2
    for r in left:
        clear = shapely.Point(r["Y东"], r["X北"]).distance(shapes)
        assert clear > 8 and r["面积_m2"] > 3000


@FOLDERS
def test_both_folders_hold_the_same_layers_and_columns(folder: Path) -> None:
    vectors = [
        "社区边界.shp",
        "现状用地.shp",
        "建筑.shp",
        "道路.gpkg",
        "市政.gpkg",
        "绿地与保护.gpkg",
        "排水需求.gpkg",
        "资源范围.shp",
        "已实施工程.gpkg",
    ]
    for name in vectors:
        assert fiona.listlayers(folder / name) == fiona.listlayers(INPUT / name)
        for layer in fiona.listlayers(folder / name):
            with (
                fiona.open(folder / name, layer=layer) as mine,
                fiona.open(INPUT / name, layer=layer) as model,
            ):
                assert mine.schema["properties"].keys() == model.schema["properties"].keys()
                assert len(mine) > 0
    stacked = {"需求清单.xlsx", "资源台账.xlsx", "人口台账.xlsx"}
    plain = {"相关规划要求.xlsx", "更新目标.xlsx", "过程记录.xlsx", "附件清单.xlsx", "居民代表.xlsx"}
    tops = {"设施台账.xlsx": (2, 3)} | dict.fromkeys(stacked, (1, 2)) | dict.fromkeys(plain, (1, 1))
    assert {p.name for p in folder.glob("*.xlsx")} == set(tops)
    for name, (top, last) in tops.items():
        mine, model = (openpyxl.load_workbook(f / name).active for f in (folder, INPUT))
        heads = [list(ws.iter_rows(min_row=top, max_row=last, values_only=True)) for ws in (mine, model)]
        assert heads[0] == heads[1]
        assert set(map(str, mine.merged_cells.ranges)) == set(map(str, model.merged_cells.ranges))


@FOLDERS
def test_past_works_have_every_cell_filled(folder: Path) -> None:
    for layer in ("已实施工程", "已实施管线"):
        works = gpd.read_file(folder / "已实施工程.gpkg", layer=layer)
        assert works.drop(columns="GZLX").notna().all(axis=None) and (works["TZ"] > 0).all()


def test_tiny_is_small_and_clean() -> None:
    assert len(gpd.read_file(TINY / "建筑.shp")) == 12
    lots = gpd.read_file(TINY / "现状用地.shp")
    assert lots.is_valid.all() and shapely.coverage_is_valid(lots.geometry.to_numpy())
    outline = gpd.read_file(TINY / "社区边界.shp").union_all()
    assert outline.symmetric_difference(lots.union_all()).area < 1e-3
