"""``haoshequ area`` over real files: shapes of known size, bands, classes, every format."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import typer
from shapely.geometry import Point

from pipeline.cli.area import read_limits
from pipeline.cli.ground import tell_minutes
from tests.cli.conftest import CRS, X0, Y0, at, line

SHOPS = ("--roads", "roads.shp", "--origins", "shops.gpkg", "--max-access", "30")


def test_an_area_covers_what_is_within_the_walk_and_nothing_else(folder, call):
    code, text = call("area", *SHOPS, "--limits", "200,400", "--cell", 5, "--output", "areas.gpkg")
    areas = gpd.read_file("areas.gpkg")
    assert code == 0
    assert areas.crs.to_epsg() == 4548
    one = areas[(areas["编号或类别"] == "S1") & (areas["距离止_m"] == 200)].geometry.iloc[0]
    # S1 stands 20 m south of the street: 170 m along it remain at 10 m beside it, 180 m on it.
    for x, y, inside in (
        (675, 0, True),
        (690, 0, False),
        (500, 170, True),
        (500, 190, False),
        (515, 150, True),
        (540, 150, False),
    ):
        assert one.contains(Point(X0 + x, Y0 + y)) == inside
    assert areas["面积_m2"].to_numpy() == pytest.approx(areas.area.fillna(0).to_numpy(), abs=0.01)
    assert "起点 3 个，其中未接入主网 1 个" in text


def test_an_origin_without_a_network_keeps_its_rows(folder, call):
    gpd.GeoDataFrame({"编号": ["远"]}, geometry=[at(300, 240)], crs=CRS).to_file("far.gpkg")
    call(
        "area",
        "--roads",
        "roads.shp",
        "--origins",
        "far.gpkg",
        "--max-access",
        "30",
        "--output",
        "areas.gpkg",
    )
    lost = gpd.read_file("areas.gpkg")
    assert lost["接入状态"].tolist() == ["过远"] * 3
    assert lost.geometry.isna().all()
    assert lost["面积_m2"].tolist() == [0, 0, 0]


def test_an_origin_on_an_island_has_the_ground_of_its_island(folder, call):
    call("area", *SHOPS, "--limits", "150,1000", "--output", "areas.gpkg")
    near, far = gpd.read_file("areas.gpkg").set_index("编号或类别").loc[["S3"]].itertuples()
    assert near.接入状态 == far.接入状态 == "不同连通分量"
    # 5 m to the bridge's end, then along it; what lies beside the street belongs to the street.
    assert near.geometry.contains(at(800, 100)) and not near.geometry.contains(at(800, 40))
    assert far.geometry.contains(at(800, -100)) and not far.geometry.contains(at(700, 0))


def test_bands_are_the_areas_taken_apart(folder, call):
    call("area", *SHOPS, "--output", "whole.gpkg")
    call("area", *SHOPS, "--bands", "--output", "bands.gpkg")
    whole, bands = (gpd.read_file(name).dropna(subset="geometry") for name in ("whole.gpkg", "bands.gpkg"))
    sums = bands.groupby("编号或类别")["面积_m2"].sum()
    largest = whole[whole["距离止_m"] == 1000].set_index("编号或类别")["面积_m2"]
    assert sums.to_dict() == pytest.approx(largest.to_dict(), abs=0.1)
    assert bands["距离起_m"].drop_duplicates().tolist() == [0, 300, 500]
    assert bands["步行_min"].drop_duplicates().tolist() == [5, 10, 15]


def test_a_class_has_one_area_that_is_the_union_of_its_members(folder, call):
    call("area", *SHOPS, "--limits", 300, "--output", "each.gpkg")
    call("area", *SHOPS, "--limits", 300, "--class", "类型", "--output", "class.gpkg")
    each, classes = gpd.read_file("each.gpkg"), gpd.read_file("class.gpkg").set_index("编号或类别")
    union = each[each["编号或类别"] != "S3"].union_all()
    assert classes.geometry["菜店"].symmetric_difference(union).area < 0.005 * union.area
    assert classes["起点数"].to_dict() == {"学校": 1, "菜店": 2}
    assert classes["已接入起点数"].to_dict() == {"学校": 0, "菜店": 2}
    assert classes["接入状态"].to_dict() == {"学校": "不同连通分量", "菜店": "已接入"}


def test_shapefile_and_geojson_say_the_same(folder, call):
    for name in ("a.shp", "a.geojson", "a.gpkg"):
        assert call("area", *SHOPS, "--limits", 300, "--output", name)[0] == 0
    shp, geojson, gpkg = (gpd.read_file(name) for name in ("a.shp", "a.geojson", "a.gpkg"))
    assert list(shp.columns) == [
        "NAME",
        "STATUS",
        "ORIGINS",
        "JOINED",
        "FROM_M",
        "TO_M",
        "MINUTES",
        "AREA_M2",
        "geometry",
    ]
    assert shp["STATUS"].tolist() == gpkg["接入状态"].tolist() == geojson["接入状态"].tolist()
    assert shp.crs.to_epsg() == 4548
    assert geojson.crs.to_epsg() == 4326
    assert shp["AREA_M2"].to_numpy() == pytest.approx(gpkg["面积_m2"].to_numpy())
    assert geojson.geometry.iloc[0].centroid.x == pytest.approx(117.005, abs=0.01)


def test_a_grid_too_large_is_refused_before_it_is_built(folder, call):
    long = gpd.GeoDataFrame({"层级": [0]}, geometry=[line((0, 0), (20_000, 20_000))], crs=CRS)
    long.to_file("wide.gpkg")
    gpd.GeoDataFrame({"编号": ["A", "B"]}, geometry=[at(0, 0), at(20_000, 20_000)], crs=CRS).to_file("o.gpkg")
    code, text = call(
        "area", "--roads", "wide.gpkg", "--origins", "o.gpkg", "--cell", 1, "--output", "a.gpkg"
    )
    assert code == 1, text
    assert "--cell" in text, text


def test_a_wrong_class_column_is_named(folder, call):
    code, text = call("area", *SHOPS, "--class", "类别名", "--output", "a.gpkg")
    assert code == 1
    assert "没有列“类别名”" in text and "类型" in text


@pytest.mark.parametrize(
    ("text", "values"), [("1000,300", [300, 1000]), ("300，500", [300, 500]), ("7", [7])]
)
def test_limits_are_read_in_any_order(text, values):
    assert read_limits(text) == values


@pytest.mark.parametrize("text", ["", "a", "300;500", "-1", "0", "nan", "inf"])
def test_limits_that_are_none_are_usage_errors(text):
    with pytest.raises(typer.BadParameter):
        read_limits(text)


def test_minutes_follow_the_standard_tiers_unless_a_speed_is_given():
    assert [tell_minutes(limit, None) for limit in (300, 500, 1000, 1200)] == [5, 10, 15, 20]
    assert tell_minutes(300, 75) == 4


def test_one_row_a_class_also_where_the_class_is_blank(folder, call):
    shops = gpd.read_file("shops.gpkg")
    shops.loc[0, "类型"] = pd.NA
    shops.to_file("shops.gpkg", driver="GPKG")
    call("area", *SHOPS, "--class", "类型", "--limits", 300, "--output", "a.gpkg")
    assert sorted(gpd.read_file("a.gpkg")["编号或类别"]) == ["学校", "菜店", "（未分类）"]
