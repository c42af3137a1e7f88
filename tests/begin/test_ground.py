"""``init`` judges each file's coordinates by the others, writes what is proved and doubts what is not."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.source import Building, Facility, Road
from pipeline.begin.config import list_doubts
from pipeline.begin.start import begin_plan, look_through
from pipeline.plan import load_plan
from tests.coordinates.towns import build_houses, build_town, frame_of, shift

from .conftest import DAY

TOWN = build_town(4, 250)
HOUSES = build_houses(TOWN, 4, 200)


def write_town(folder: Path) -> None:
    """A community and its roads, where they are."""
    whole = shapely.box(*shapely.total_bounds([*TOWN.lines, *HOUSES])).buffer(1)
    columns = {"SQMC": ["甲社区"], "SQDM": ["360102001001"], "JDMC": ["丙街道"]}
    frame_of(np.array([whole])).assign(**columns).to_file(folder / "社区边界.gpkg")
    roads = frame_of(TOWN.lines)
    roads.assign(DLMC="甲路", DLDJ="支路").to_file(folder / "道路.gpkg")


def write_houses(path: Path, datum: str | None) -> None:
    """Houses in degrees, in the offset of a web map or in none."""
    shapes = shift(HOUSES, datum) if datum else frame_of(HOUSES).to_crs(4490).geometry
    frame = gpd.GeoDataFrame(geometry=shapes).set_crs(4326, allow_override=True)
    frame.assign(JZMC="住宅楼", CS=6, JZGN="住宅").to_file(path, engine="pyogrio")


def write_shops(path: Path, datum: str, names: tuple[str, str] = ("经度", "纬度")) -> None:
    """Shops whose columns say nothing of a web map."""
    spots = shift(TOWN.points, datum)
    table = {"名称": [f"{n}号超市" for n in range(len(spots))], "设施类型": ["超市"] * len(spots)}
    table |= {names[0]: spots.x.round(7), names[1]: spots.y.round(7)}
    pd.DataFrame(table).to_csv(path, index=False, encoding="utf-8-sig")


def test_a_web_maps_offset_is_written_with_its_numbers(tmp_path: Path):
    write_town(tmp_path)
    write_houses(tmp_path / "建筑.geojson", "bd09")
    write_shops(tmp_path / "商铺设施.csv", "gcj02")
    begun = begin_plan(tmp_path / "方案", day=DAY, source=tmp_path)
    inputs = load_plan(begun.config).inputs
    assert (inputs.building[0].datum, inputs.building[0].crs) == ("bd09", None)
    assert (inputs.facility[0].datum, inputs.facility[0].crs) == ("gcj02", None)
    text = begun.config.read_text(encoding="utf-8")
    assert "# 坐标与参照比对为 BD-09（百度）" in text and "样本 200 个要素" in text and "阈值" in text
    assert not any("基准未注明" in doubt for _, doubt in list_doubts(begun.findings))


def test_what_lies_right_is_not_shifted(tmp_path: Path):
    write_town(tmp_path)
    write_houses(tmp_path / "建筑.geojson", None)
    (entry,) = look_through(tmp_path).of(Building)
    assert "datum" not in entry.source and "crs" not in entry.source
    assert any("与参照吻合，没有偏移" in text for text in entry.proofs)


def test_too_few_rows_prove_nothing_and_stay_a_doubt(tmp_path: Path):
    write_town(tmp_path)
    write_shops(tmp_path / "商铺设施.csv", "gcj02")
    table = pd.read_csv(tmp_path / "商铺设施.csv").head(5)
    table.to_csv(tmp_path / "商铺设施.csv", index=False)
    (entry,) = look_through(tmp_path).of(Facility)
    assert entry.source["crs"] == "EPSG:4490" and "datum" not in entry.source
    assert any("datum: gcj02" in text for key, text in entry.doubts if key == "crs")


def test_a_web_maps_export_that_was_put_right_already_is_not_shifted_again(tmp_path: Path):
    write_town(tmp_path)
    spots = gpd.GeoSeries(TOWN.points, crs=4548).to_crs(4490)
    table = {"id": [f"B0FF{n:06d}" for n in range(len(spots))], "name": ["甲超市"] * len(spots)}
    table |= {"type": ["购物服务;超级市场;超市"] * len(spots), "adname": ["甲区"] * len(spots)}
    pd.DataFrame(table | {"lon": spots.x.round(7), "lat": spots.y.round(7)}).to_csv(
        tmp_path / "POI.csv", index=False, encoding="utf-8-sig"
    )
    (entry,) = look_through(tmp_path).of(Facility)
    assert "datum" not in entry.source and entry.source["crs"] == "EPSG:4490"
    assert any("可能已经还原" in text for _, text in entry.doubts)


def test_a_file_does_not_prove_itself(tmp_path: Path):
    """Roads of a web map beside nothing but a community's middle: nobody can know, and nothing is claimed."""
    middle = shapely.union_all(TOWN.lines).centroid
    columns = {"SQMC": ["甲社区"], "SQDM": ["360102001001"]}
    frame_of(np.array([middle])).assign(**columns).to_file(tmp_path / "社区点.gpkg")
    lines = gpd.GeoDataFrame(geometry=shift(TOWN.lines, "gcj02")).set_crs(4490, allow_override=True)
    lines.assign(DLMC="甲路", DLDJ="支路").to_file(tmp_path / "道路.gpkg")
    (entry,) = look_through(tmp_path).of(Road)
    assert "datum" not in entry.source and entry.proofs == ()


def test_a_mislabelled_zone_is_told_by_the_ground(tmp_path: Path):
    write_town(tmp_path)
    frame = frame_of(HOUSES).set_crs(4547, allow_override=True)
    frame.assign(JZMC="住宅楼", CS=6, JZGN="住宅").to_file(tmp_path / "建筑.shp", encoding="UTF-8")
    (entry,) = look_through(tmp_path).of(Building)
    assert entry.source["crs"] == "EPSG:4548"
    assert any(key == "crs" and "CM 117E" in text for key, text in entry.doubts)
    assert any("与参照吻合" in text for text in entry.proofs)
