"""The GeoPackage read back by pyogrio, Fiona and SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import fiona
import pyogrio

from layers.faults import FaultLog
from layers.planned import Project
from pipeline.deliver.geopackage import PATH, write_geopackage
from pipeline.deliver.handin import place_frames
from pipeline.deliver.onemap import collect_layers
from pipeline.deliver.relations import MAPPING


def ask(path, query):
    with closing(sqlite3.connect(path)) as base:
        return base.execute(query).fetchall()


def test_layers_and_values(delivered, plan, tmp_path):
    write_geopackage(delivered, plan, tmp_path)
    listed = fiona.listlayers(tmp_path / PATH)
    assert [name for name in listed if not name.startswith(MAPPING)] == [
        *(layer.code for layer in delivered),
        "layer_styles",
    ]
    for layer in delivered:
        frame = pyogrio.read_dataframe(tmp_path / PATH, layer=layer.code)
        assert list(frame.columns) == list(layer.frame.columns)
        assert frame.crs.to_epsg() == 4548
        for column in layer.columns:
            name = column.spec.onemap
            read, written = frame[name], layer.frame[name]
            assert (read.isna() == written.isna()).all()
            assert read.dropna().tolist() == written.dropna().tolist()


def test_full_text_stays(delivered, plan, tmp_path):
    write_geopackage(delivered, plan, tmp_path)
    assert pyogrio.read_dataframe(tmp_path / PATH, layer="HSQ_XZYD")["BZ"][0] == "长" * 100


def test_chinese_names_and_code_lists(delivered, plan, tmp_path):
    write_geopackage(delivered, plan, tmp_path)
    path = tmp_path / PATH
    names = dict(ask(path, "SELECT table_name, identifier FROM gpkg_contents"))
    assert names["HSQ_XMFBD"] == "更新项目分布（点）"
    aliases = ask(path, "SELECT column_name, name, title FROM gpkg_data_columns WHERE table_name='HSQ_XMFBM'")
    assert ("TZE", Project.total_wan.spec.alias, "项目总投资") in aliases
    assert len(aliases) == 30
    notes = dict(
        ask(path, "SELECT column_name, description FROM gpkg_data_columns WHERE table_name='HSQ_XMFBM'")
    )
    assert notes["TZE"] == "单位 万元"
    values = ask(
        path, "SELECT value FROM gpkg_data_column_constraints WHERE constraint_name='更新方式' ORDER BY rowid"
    )
    assert [value for (value,) in values] == ["保留", "改造", "拆除", "新建", "弹性"]


def test_the_file_is_a_sound_geopackage(delivered, plan, tmp_path):
    write_geopackage(delivered, plan, tmp_path)
    path = tmp_path / PATH
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    assert ask(path, "PRAGMA foreign_key_check") == []
    assert ask(path, "PRAGMA journal_mode") == [("delete",)]
    assert ask(path, "SELECT DISTINCT last_change FROM gpkg_contents") == [("2026-03-05T00:00:00.000Z",)]
    extensions = ask(path, "SELECT table_name FROM gpkg_extensions WHERE extension_name='gpkg_schema'")
    assert sorted(extensions) == [("gpkg_data_column_constraints",), ("gpkg_data_columns",)]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_same_bytes_twice_and_the_clock_is_given_back(frames, plan, tmp_path):
    for name in ("a", "b"):
        layers = collect_layers(place_frames(frames, plan), plan, FaultLog())
        write_geopackage(layers, plan, tmp_path / name)
    assert (tmp_path / "a" / PATH).read_bytes() == (tmp_path / "b" / PATH).read_bytes()
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None
