"""How delivered layers look when they are opened: the declaration, ``layer_styles``, files beside shapefiles."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from xml.etree import ElementTree as Tree

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from configs import read_settings
from configs.facilities import facility_classes
from layers import codes
from layers.faults import FaultLog
from layers.onemap import delivered_layers, schema_of, title_of
from layers.sites import NetworkSite
from pipeline.deliver.atlas import ground
from pipeline.deliver.geopackage import PATH, write_geopackage
from pipeline.deliver.looks import EVERY_CLASS, class_values, read_range, style_layer
from pipeline.deliver.onemap import Delivered
from pipeline.deliver.shapefile import FOLDER, write_shapefiles
from styles import has_symbol, symbol, theme_symbols

DECLARED = read_settings("database_styles.yaml")["layers"]
ALL = list(delivered_layers())


def make_layer(code, **columns):
    """A delivered layer of ``code`` with rows of the values given by one-map name."""
    layer, kind = next((layer, kind) for c, layer, kind in ALL if c == code)
    schema = schema_of(layer, kind)
    size = len(next(iter(columns.values()), []))
    data = {c.spec.onemap: columns.get(c.spec.onemap, [None] * size) for c in schema}
    frame = gpd.GeoDataFrame(pd.DataFrame(data), geometry=gpd.GeoSeries([None] * size), crs="EPSG:4548")
    return Delivered(code, title_of(layer, kind), kind, layer, schema, frame)


def read_rows(path):
    """Rows of ``layer_styles``."""
    with closing(sqlite3.connect(path)) as base:
        base.row_factory = sqlite3.Row
        return [dict(row) for row in base.execute("SELECT * FROM layer_styles ORDER BY id")]


def classes_of(look):
    """Value (or values) → class of the style table, rest left out."""
    return {"|".join(value): e.symbol.value for e in look.entries for value in e.values}


def test_every_layer_of_the_database_is_declared_and_no_other():
    assert set(DECLARED) == {layer.key for _, layer, _ in ALL}


@pytest.mark.parametrize("code", [code for code, *_ in ALL])
def test_every_layer_has_a_look_with_rows_and_without(code):
    styles = style_layer(make_layer(code))
    declared = DECLARED[next(layer.key for c, layer, _ in ALL if c == code)]
    assert styles[0].name == declared[0]["name"]
    assert len({style.name for style in styles}) == len(styles)
    for style in styles:
        Tree.fromstring(style.qml.split("\n", 1)[1])
        Tree.fromstring(style.sld.encode())
        assert style.look.entries[-1].rest, "nothing may be left out silently"


def test_every_value_of_a_code_list_has_a_class_or_a_said_rest():
    """A value the schema allows falls to the rest only where the declaration names the rest."""
    loose = []
    for _, layer, _ in ALL:
        for item in DECLARED[layer.key]:
            if not isinstance(item.get("by"), str):
                continue
            column = next(c for c in layer.delivered() if str(c) == item["by"])
            if column.spec.codes is None or "ranges" in item:
                continue
            taken = {v for vs in class_values(item["theme"], item.get("classes", {})).values() for v in vs}
            taken |= {s.value for s in theme_symbols(item["theme"])}
            left = [str(v) for v in column.spec.codes.values if str(v) not in taken]
            if left and "rest" not in item:
                loose.append((layer.key, *left))
    # 机制改革工程 has no place on the map; the other works are the five of the sheets.
    assert set(loose) == {("project", codes.WORKS.values[0])}


def test_declared_symbols_exist():
    kinds = read_settings("database_styles.yaml")["kinds"].values()
    rests = [item["rest"] for items in DECLARED.values() for item in items if "rest" in item]
    for item in [*kinds, *rests]:
        assert has_symbol(item["theme"], item["value"])
    for items in DECLARED.values():
        for item in items:
            names = [
                *item.get("only", []),
                *item.get("classes", {}).values(),
                *([item["value"]] if "value" in item else []),
            ]
            assert not [name for name in names if not has_symbol(item["theme"], name)], item


def test_values_become_the_classes_the_sheets_draw():
    facility = style_layer(make_layer("HSQ_SSD"))[0].look
    assert {v: c for v, c in classes_of(facility).items() if v in facility_classes()} == {
        key: item.group for key, item in facility_classes().items()
    }
    roads = classes_of(style_layer(make_layer("HSQ_DL"))[0].look)
    assert roads["步行道"] == roads["台阶"] == "步行路" and roads["支路"] == "支路"
    grounds = classes_of(style_layer(make_layer("HSQ_GGKJ"))[0].look)
    assert grounds["水域"] == "水面" and grounds["公园绿地"] == "绿地"
    sites = style_layer(make_layer("HSQ_ZDXZ"))[0].look
    stands = codes.SITE_ORIGIN.values[0]
    expected = {
        f"{origin}|{role}": ("现有" if origin == stands else "拟设") + role
        for origin in codes.SITE_ORIGIN.values
        for role in codes.SITE_ROLE.values
    }
    assert classes_of(sites) == expected
    assert sites.fields == (NetworkSite.origin.spec.onemap, NetworkSite.role.spec.onemap)


def test_storeys_fall_into_the_same_classes_as_on_the_sheet():
    look = style_layer(make_layer("HSQ_XZJZ"))[0].look
    ranges = {e.symbol.value: e.between for e in look.entries if not e.rest}
    floors = pd.Series(np.arange(1, 60))
    for storeys, name in zip(floors, ground.floor_class(floors), strict=True):
        low, high = ranges[name]
        assert low <= storeys and (high is None or storeys <= high)
    assert look.entries[-1].symbol == symbol("building_floors", "未知") and len(look.entries) == 6
    with pytest.raises(ValueError, match="no range"):
        read_range(symbol("building_floors", "未知"))


def test_land_use_opens_with_what_is_there_and_offers_every_class():
    here, every = style_layer(make_layer("HSQ_XZYD", YDYHFLDM=["070102", "1403", "070102"]))
    assert [e.symbol.value for e in here.look.entries if not e.rest] == ["070102", "1403"]
    assert every.name.endswith(EVERY_CLASS)
    assert [e.symbol for e in every.look.entries if not e.rest] == list(theme_symbols("landuse"))
    empty, _ = style_layer(make_layer("HSQ_GHYD"))
    assert len(empty.look.entries) == len(theme_symbols("landuse")) + 1


def test_areas_of_many_types_open_one_type_at_a_time():
    layer = make_layer("HSQ_FGQ", SSLXMC=["幼儿园", "社区食堂", "幼儿园"])
    look = style_layer(layer)[0].look
    first = DECLARED["cover_area"][0]["first"]
    assert look.groups == ("SSLXMC", (first, "幼儿园", "社区食堂")) and look.flat
    assert first in {item.name for item in facility_classes().values()}


def test_layer_styles_round_trip(delivered, plan, tmp_path):
    write_geopackage(delivered, plan, tmp_path)
    rows = read_rows(tmp_path / PATH)
    defaults = [row for row in rows if row["useAsDefault"]]
    assert [row["f_table_name"] for row in defaults] == [layer.code for layer in delivered]
    looks = {(layer.code, style.name): style for layer in delivered for style in style_layer(layer)}
    assert {(row["f_table_name"], row["styleName"]) for row in rows} == set(looks)
    for row in rows:
        style = looks[row["f_table_name"], row["styleName"]]
        assert (row["styleQML"], row["styleSLD"]) == (style.qml, style.sld)
        assert row["update_time"].startswith(plan.plan.compiled.isoformat())
        assert len(row["styleName"]) <= 30 and row["f_geometry_column"] == "geom"
    with closing(sqlite3.connect(tmp_path / PATH)) as base:
        registered = base.execute(
            "SELECT data_type, last_change FROM gpkg_contents WHERE table_name = 'layer_styles'"
        ).fetchall()
        columns = dict(base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
    assert registered == [("attributes", f"{plan.plan.compiled.isoformat()}T00:00:00.000Z")]
    assert set(columns.values()) == {"geom"}


def test_same_bytes_twice(delivered, plan, tmp_path):
    one, two = tmp_path / "a", tmp_path / "b"
    for root in (one, two):
        write_geopackage(delivered, plan, root)
    assert (one / PATH).read_bytes() == (two / PATH).read_bytes()


def test_shapefiles_have_their_look_beside_them(delivered, plan, tmp_path):
    items = write_shapefiles(delivered, plan, tmp_path, FaultLog())
    for item, layer in zip(items, delivered, strict=True):
        style = style_layer(layer)[0]
        stem = (tmp_path / item.path).with_suffix("")
        assert stem.with_suffix(".qml").read_text(encoding="utf-8") == style.qml
        assert stem.with_suffix(".sld").read_text(encoding="utf-8") == style.sld
        assert {f"{FOLDER}/{stem.name}{end}" for end in (".qml", ".sld")} <= set(item.companions)
