"""The QGIS project as written: its declaration, its XML, its styles; QGIS itself opens it in tests/whole."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as Tree
from xml.sax.saxutils import unescape

import geopandas as gpd
import pytest
from shapely.geometry import Point

from configs import read_settings
from layers.model import Layer
from layers.onemap import delivered_layers, schema_of
from pipeline.deliver.atlas.compose import VIEWS
from pipeline.deliver.qgis import PATH, write_project
from pipeline.deliver.qgis import views as views_module
from pipeline.deliver.qgis.entries import Register, group_entries, layer_id
from pipeline.deliver.qgis.project import compose_project, write_archive
from pipeline.deliver.qgis.views import Moved, _show
from pipeline.deliver.relations import map_relations
from pipeline.deliver.sheet.spec import Drawn
from styles import symbol, theme_symbols
from styles.look import Entry, Label, Look
from styles.qml_parts import Part, join_conditions, write_cover, write_parts

DECLARED = read_settings("qgis.yaml")
ALL = list(delivered_layers())
KEYS = {layer.key for _, layer, _ in ALL}
NONE: Moved = ()


def columns_of(key):
    """Every column the database has of a layer."""
    return {str(c) for _, layer, kind in ALL if layer.key == key for c in schema_of(layer, kind)}


def read(path):
    """The one file of an archive as an element."""
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        assert name == "一张图.qgs"
        return Tree.fromstring(archive.read(name).decode().split("\n", 1)[1])


def parse(qml):
    return Tree.fromstring(qml.split("\n", 1)[1])


def test_every_view_of_the_catalogue_is_declared_and_no_other():
    used = {
        item if isinstance(item, str) else item["view"]
        for sheet in read_settings("catalogue.yaml")["sheets"]
        if sheet.get("folder") is None
        for item in sheet["draw"]
    } | {view for items in read_settings("catalogue.yaml")["base"].values() for view in items}
    assert used <= set(VIEWS)
    assert set(DECLARED["views"]) == used


def test_every_layer_of_the_database_has_its_place_in_the_tree_once():
    placed = [key for group in DECLARED["groups"] for key in group["layers"]]
    assert sorted(placed) == sorted(KEYS)
    extras = [key for group in DECLARED["groups"] for key in group.get("extra", ())]
    assert sorted(extras) == sorted(DECLARED["extra"])


def test_the_declaration_names_columns_the_database_has():
    items = [item for parts in DECLARED["views"].values() for item in parts if "absent" not in item]
    items += DECLARED["inset"]["parts"]
    for item in items:
        there = columns_of(item["layer"])
        asked = {*item.get("like", ()), *item.get("to", ())} | {item[k] for k in ("by", "label") if k in item}
        assert asked <= there, item
        assert item["words"], item
        if "entry" in item:
            assert DECLARED["extra"][item["entry"]]["layer"] == item["layer"]
    for item in DECLARED["relations"]:
        assert item["column"] in columns_of(item["child"]) and item["key"] in columns_of(item["parent"])


def test_expressions_of_classes_name_classes_of_the_theme():
    values = {s.value for s in theme_symbols("building_decade")}
    assert set(map(str, DECLARED["views"]["building_decades"][0]["when"])) == values - {"未知"}


def test_the_project_holds_every_delivered_layer_and_only_relative_sources(delivered, plan, tmp_path):
    item = write_project(delivered, (), plan, tmp_path)
    assert item.path == PATH == "数据库/一张图.qgz"
    root = read(tmp_path / PATH)
    codes = {layer.code for layer in delivered}
    sources = [node.text for node in root.iter("datasource")]
    assert {re.fullmatch(r"\./一张图\.gpkg\|layername=(\w+)(\|subset=.+)?", s)[1] for s in sources} == codes
    queried = {s.rpartition(" FROM ")[2] for s in sources if "subset=SELECT" in s}
    assert queried == {mapped.table for mapped in map_relations(delivered)}
    tree = [node.get("id") for node in root.iter("layer-tree-layer")]
    assert {layer_id(code) for code in codes} <= set(tree)
    assert len(tree) == len(set(tree)) == len(root.findall("projectlayers/maplayer"))
    assert set(tree) == {node.findtext("id") for node in root.iter("maplayer")}
    # QGIS makes new ids for layers whose own is short, and then nothing finds them.
    assert all(len(key) > 10 for key in tree)
    assert root.findtext("properties/Paths/Absolute") == "false"
    # Every layer has the style it opens with, and no style twice.
    for node in root.iter("maplayer"):
        if node.get("geometry") == "No geometry":
            continue
        manager = node.find("map-layer-style-manager")
        names = [style.get("name") for style in manager]
        assert manager.get("current") in names and len(names) == len(set(names))
        assert node.find("renderer-v2") is not None


def test_the_project_is_the_same_bytes_twice_and_tells_no_place_of_this_machine(delivered, plan, tmp_path):
    for name in "ab":
        write_project(delivered, (), plan, tmp_path / name)
    one, two = ((tmp_path / name / PATH).read_bytes() for name in "ab")
    assert one == two
    text = compose_project(delivered, (), plan).decode()
    assert str(tmp_path) not in text and "/home" not in text and "/work" not in text
    with zipfile.ZipFile(tmp_path / "a" / PATH) as archive:
        (entry,) = archive.infolist()
    day = plan.plan.compiled
    assert entry.date_time == (day.year, day.month, day.day, 0, 0, 0)


def test_fields_have_their_names_lists_and_rules(delivered, plan):
    root = Tree.fromstring(compose_project(delivered, (), plan).decode().split("\n", 1)[1])
    for layer in delivered:
        node = next(n for n in root.iter("maplayer") if n.findtext("id") == layer_id(layer.code))
        aliases = {a.get("field"): a.get("name") for a in node.iter("alias")}
        assert aliases == {c.spec.onemap: c.spec.alias for c in layer.columns}
        for column in layer.columns:
            field = next(f for f in node.iter("field") if f.get("name") == column.spec.onemap)
            values = [o.get("value") for o in field.iter("Option") if o.get("type") == "QString"]
            closed = column.spec.codes is not None and column.spec.codes.closed
            assert values == (list(column.spec.codes.values) if closed else [])
            rule = next(c for c in node.iter("constraint") if c.get("field") == column.spec.onemap)
            assert int(rule.get("constraints")) & 1 == column.spec.required


def test_relations_go_through_the_mapping_tables_of_the_database(delivered, plan):
    mapped = list(map_relations(delivered))
    assert mapped
    root = Tree.fromstring(compose_project(delivered, (), plan).decode().split("\n", 1)[1])
    layers = {node.findtext("id") for node in root.iter("maplayer")}
    found = {relation.get("id"): relation for relation in root.iter("relation")}
    for item in mapped:
        for end, code in (("base_id", item.base), ("related_id", item.related)):
            relation = found.pop(f"{item.table}_{end}")
            assert {relation.get("referencingLayer"), relation.get("referencedLayer")} <= layers
            assert relation.get("referencedLayer") == layer_id(code)
            (pair,) = relation
            assert (pair.get("referencingField"), pair.get("referencedField")) == (end, "fid")
    # What is left joins by fields of the layers themselves, whose values meet.
    by_id = {layer_id(layer.code): layer for layer in delivered}
    for relation in found.values():
        child, owner = by_id[relation.get("referencingLayer")], by_id[relation.get("referencedLayer")]
        (pair,) = relation
        values = child.frame[pair.get("referencingField")].dropna()
        assert values.isin(owner.frame[pair.get("referencedField")]).any()


def test_a_layer_without_a_place_in_the_tree_is_refused(delivered):
    stray = replace(delivered[0], layer=type("Stray", (Layer,), {}, key="stray", alias="多余", shape="point"))
    try:
        with pytest.raises(ValueError, match="no group"):
            group_entries([stray])
    finally:
        del Layer.registry["stray"]


def test_an_archive_is_dated_by_the_day_it_is_given(tmp_path):
    write_archive(tmp_path / "a.qgz", b"<qgis/>", date(2020, 2, 3))
    with zipfile.ZipFile(tmp_path / "a.qgz") as archive:
        assert archive.read("一张图.qgs") == b"<qgis/>"
        assert archive.infolist()[0].date_time == (2020, 2, 3, 0, 0, 0)


def make_part(kind="polygon", **more):
    entries = tuple(Entry(symbol("update", v), ((v,),)) for v in ("改造", "新建"))
    return Part(Look(kind, entries, ("GXFS",)), **more)


def test_parts_share_the_passes_of_one_layer():
    water = Part(Look("polygon", (Entry(symbol("surface", "水面"), rest=True),)), narrow='"A" = 1')
    root = parse(write_parts([make_part(), water]))
    rules = root.findall("renderer-v2/rules/rule")
    assert [rule.get("filter") for rule in rules] == [
        "\"GXFS\" IN ('改造')",
        "\"GXFS\" IN ('新建')",
        '"A" = 1',
    ]
    symbols = {node.get("name"): node for node in root.findall("renderer-v2/symbols/symbol")}
    assert [rule.get("symbol") for rule in rules] == list(symbols)
    fills = [int(symbols[key].find("layer").get("pass")) for key in symbols]
    # z 41 and 43 over 12, though the water comes last.
    assert fills[2] < fills[0] < fills[1]


def test_classes_of_one_level_are_drawn_in_the_order_of_the_sheet():
    names = ("设施提升工程", "绿色发展工程")
    look = Look("polygon", tuple(Entry(symbol("engineering", n), ((n,),)) for n in names), ("SSGC",))
    for order in (names, names[::-1]):
        root = parse(write_parts([Part(look, order=order)]))
        found = {
            s.get("name"): int(s.find("layer").get("pass"))
            for s in root.findall("renderer-v2/symbols/symbol")
        }
        passes = {name: found[str(names.index(name))] for name in names}
        assert passes[order[0]] < passes[order[1]]


def test_a_part_without_opacity_writes_labels_only():
    label = Label("MC", symbol("text", "项目名"), text='upper("MC")', priority=9)
    part = make_part()
    part = replace(part, look=replace(part.look, label=label), fade=0.0, narrow="\"CJ\" = '中心'")
    root = parse(write_parts([part]))
    assert root.find("renderer-v2/rules/rule") is None
    (rule,) = root.findall("labeling/rules/rule")
    assert rule.get("filter") == "\"CJ\" = '中心'"
    assert rule.find("settings/text-style").get("fieldName") == 'upper("MC")'
    assert rule.find("settings/placement").get("priority") == "9"


def test_markers_stand_where_the_sheet_moved_them():
    entries = (Entry(symbol("engineering", "设施提升工程"), rest=True),)
    part = Part(Look("point", entries, badge="XMBH"), badge='"XMBH"', shifts=(("C01", 2.5, -1.0),))
    text = unescape(write_parts([part]), {"&quot;": '"'})
    assert text.count("coalesce(map_get(map('C01', 2.500), \"XMBH\"), 0)") == 2  # the marker and its text
    assert "coalesce(map_get(map('C01', -1.000), \"XMBH\"), 0)" in text


def test_a_cover_is_the_outside_of_the_areas():
    root = parse(write_cover(Look("polygon", (Entry(symbol("context", "蒙版"), rest=True),))))
    assert root.find("renderer-v2").get("type") == "invertedPolygonRenderer"
    assert root.find("renderer-v2/renderer-v2/symbols/symbol") is not None


def test_conditions_are_joined_only_where_there_are_several():
    assert join_conditions("", "a", "") == "a"
    assert join_conditions("a", "b") == "(a) AND (b)"
    assert join_conditions("", "") == ""


@pytest.fixture
def register(delivered):
    return Register(group_entries(delivered))


def show(drawn, item, register):
    return _show([(drawn, item)], register)


def places(delivered, code):
    """A drawn frame with the ids of a delivered layer."""
    layer = next(layer for layer in delivered if layer.code == code)
    return gpd.GeoDataFrame(
        {"id": list(layer.rows["id"])}, geometry=layer.frame.geometry.to_numpy(), crs=layer.frame.crs
    ), layer


def test_rows_the_database_cannot_tell_apart_are_picked_by_their_number(delivered, register):
    frame, layer = places(delivered, "HSQ_XZYD")
    frame = frame.assign(kind=["改造"] + ["新建"] * (len(frame) - 1))
    drawn = Drawn(frame=frame, theme="update", class_column="kind")
    showing = show(drawn, {"layer": "parcel", "words": "选", "rows": True}, register)
    (part,) = showing.lines["HSQ_XZYD"].parts
    picked = {entry.symbol.value: {v for (v,) in entry.values} for entry in part.look.entries}
    assert picked == {"改造": {layer.frame["BSM"].iloc[0]}, "新建": set(layer.frame["BSM"].iloc[1:])}
    assert part.look.fields == ("BSM",)


def test_too_many_rows_to_pick_are_left_out_and_said_so(delivered, register, monkeypatch):
    monkeypatch.setattr(views_module, "MOST_ROWS", 1)
    frame, _ = places(delivered, "HSQ_XZYD")
    assert len(frame) > 1
    drawn = Drawn(frame=frame, theme="update", value="改造")
    showing = show(drawn, {"layer": "parcel", "words": "选", "rows": True}, register)
    assert not showing.lines and "未绘制" in showing.absent[0]


def test_what_the_database_does_not_hold_is_told_once(register):
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=[Point(0, 0)], crs="EPSG:4548")
    drawn = Drawn(frame=frame, theme="road", value="铁路")
    item = {"absent": "未入库"}
    showing = _show([(drawn, item), (drawn, item)], register)
    assert showing.absent == ["未入库"] and not showing.lines


def test_texts_the_sheet_alone_knows_are_written_by_number(delivered, register):
    frame, layer = places(delivered, "HSQ_XZYD")
    frame = frame.assign(label=["一'甲"] + [None] * (len(frame) - 1))
    drawn = Drawn(frame=frame, theme="update", value="改造", label_column="label", label_priority=70)
    (part,) = show(drawn, {"layer": "parcel", "words": "选"}, register).lines["HSQ_XZYD"].parts
    bsm = layer.frame["BSM"].iloc[0]
    assert part.look.label.text == f"map_get(map('{bsm}', '一''甲'), \"BSM\")"
    assert part.look.label.priority == 7


def test_rows_in_the_communities_only(delivered, register):
    frame, _ = places(delivered, "HSQ_XZYD")
    frame = frame.assign(landuse_code="070102")
    drawn = Drawn(frame=frame, theme="landuse", class_column="landuse_code", label_column="landuse_code")
    item = {"layer": "parcel", "words": "地", "inside": True}
    (part,) = show(drawn, item, register).lines["HSQ_XZYD"].parts
    assert part.narrow == "\"SQMC\" <> '社区范围外'"
    assert part.look.label.text == '"YDYHFLDM"'
