"""QML and SLD against the style table: every class there, the same colours, widths, dashes, hatches, markers."""

from __future__ import annotations

import base64
from dataclasses import replace
from xml.etree import ElementTree as Tree

import pytest

from styles import StyleError, load_symbols, symbol, theme_symbols
from styles.look import Entry, Label, Look, look_at
from styles.marks import HATCH_MM, MARKED_LINE_MM, glyph_share
from styles.qml import condition_of, write_qml
from styles.sld import PIXEL_MM, write_sld

THEMES = tuple(dict.fromkeys(theme for theme, _ in load_symbols() if theme != "text"))
KINDS = ("point", "line", "polygon")
SE, OGC = "{http://www.opengis.net/se}", "{http://www.opengis.net/ogc}"


def open_qml(look):
    """The document of a look."""
    return Tree.fromstring(write_qml(look).split("\n", 1)[1])


def layers_of(document, number):
    """Class and options of the layers of one symbol, in order."""
    holder = next(s for s in document.find("renderer-v2/symbols") if s.get("name") == str(number))
    return [
        (layer.get("class"), options_of(layer), int(layer.get("pass"))) for layer in holder.findall("layer")
    ]


def options_of(layer):
    """Options of a symbol layer."""
    return {item.get("name"): item.get("value") for item in layer.find("Option")}


def rgba(text):
    """``#RRGGBB`` and alpha of ``r,g,b,a``."""
    red, green, blue, alpha = (int(part) for part in text.split(","))
    return f"#{red:02X}{green:02X}{blue:02X}", alpha


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", THEMES)
def test_every_class_of_every_theme_is_in_qml_with_its_colours(theme, kind):
    symbols = theme_symbols(theme)
    document = open_qml(look_at(symbols, field="V", kind=kind))
    categories = document.findall("renderer-v2/categories/category")
    assert [c.get("value") for c in categories] == [s.value for s in symbols]
    assert [c.get("label") for c in categories] == [s.legend_text for s in symbols]
    for number, item in enumerate(symbols):
        drawn = layers_of(document, number)
        assert drawn, item
        colours = {
            rgba(options[key])[0]
            for _, options, _ in drawn
            for key in ("color", "line_color", "outline_color")
            if key in options
        }
        ground = (item.fill or item.line).upper()
        if kind != "polygon" or item.geometry != "line":
            assert ground in colours or (kind == "line" and item.line.upper() in colours)
        if kind == "polygon" and item.fill and item.geometry != "line":
            name, options, _ = drawn[0]
            assert name == "SimpleFill" and rgba(options["color"]) == (ground, round(item.alpha * 255))
            assert sum(name == "LinePatternFill" for name, *_ in drawn) == len(item.hatch)
        if kind == "polygon" and item.line and item.line_mm:
            name, options, _ = drawn[-1]
            assert name == "SimpleLine" and float(options["line_width"]) == item.line_mm
            dash = [float(part) for part in options.get("customdash", "").split(";") if part]
            assert dash == list(item.dash)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", THEMES)
def test_every_class_of_every_theme_is_in_sld_with_its_colours(theme, kind):
    symbols = theme_symbols(theme)
    root = Tree.fromstring(write_sld(look_at(symbols, field="V", kind=kind), layer="T", title="标题"))
    rules = [rule for rule in root.iter(f"{SE}Rule") if rule.find(f"{SE}Name") is not None]
    assert len(rules) == len(symbols)
    for rule, item in zip(rules, symbols, strict=True):
        assert rule.find(f"{SE}Name").text == item.legend_text
        equal = rule.find(f"{OGC}Filter/{OGC}PropertyIsEqualTo")
        assert [part.text for part in equal] == ["V", item.value]
        said = {p.text.upper() for p in rule.iter(f"{SE}SvgParameter") if p.get("name") in ("fill", "stroke")}
        ground = (item.fill or item.line).upper()
        assert said and (ground in said or item.line.upper() in said)
        if item.fill and kind == "polygon" and item.geometry != "line":
            fill = rule.find(f"{SE}PolygonSymbolizer/{SE}Fill")
            values = {p.get("name"): p.text for p in fill}
            assert values["fill"].upper() == ground
            assert float(values.get("fill-opacity", 1)) == item.alpha
        if kind == "polygon" and item.geometry != "line":
            assert len(rule.findall(f".//{SE}GraphicFill")) == len(item.hatch)


def test_markers_have_their_shape_rim_and_character():
    facilities = theme_symbols("facility")
    document = open_qml(look_at(facilities, field="V", kind="point"))
    for number, item in enumerate(facilities):
        (shape, options, _), (text, glyph, _) = layers_of(document, number)
        assert text == "FontMarker" and glyph["chr"] == item.glyph
        assert float(glyph["size"]) == pytest.approx(item.size_mm * glyph_share(item.marker, 1), rel=1e-5)
        assert rgba(options["outline_color"]) == ("#FFFFFF", 255) and float(options["outline_width"]) == 0.25
        if item.marker in ("star", "cross"):
            picture = Tree.fromstring(base64.b64decode(options["name"].removeprefix("base64:")))
            points = picture.find("{http://www.w3.org/2000/svg}polygon").get("points").split()
            assert shape == "SvgMarker" and len(points) == {"star": 10, "cross": 12}[item.marker]
        else:
            assert shape == "SimpleMarker"
    bare = open_qml(look_at([symbol("urgency", "紧迫")], field="V", kind="point"))
    ((shape, options, _),) = layers_of(bare, 0)
    assert (
        options["name"] == "circle"
        and float(options["size"]) == 3.8
        and float(options["outline_width"]) == 0.15
    )


def test_casings_lie_under_every_line():
    roads = theme_symbols("road")
    document = open_qml(look_at(roads, field="V", kind="line"))
    main = next(number for number, item in enumerate(roads) if item.value == "主干路")
    (_, casing, under), (_, inner, over) = layers_of(document, main)
    assert document.find("renderer-v2").get("symbollevels") == "1"
    assert (float(casing["line_width"]), float(inner["line_width"])) == (2.8, pytest.approx(2.54))
    fills = [layers_of(document, number)[-1][2] for number in range(len(roads))]
    assert under < min(fills) and fills == sorted(fills) and over == fills[main]
    root = Tree.fromstring(write_sld(look_at(roads, field="V", kind="line"), layer="T", title="T"))
    first, second = root.iter(f"{SE}FeatureTypeStyle")
    assert len(first) == 6 and len(second) == 7  # 步行路 has no casing


def test_broad_dashes_lie_on_white_and_hatches_have_their_angle():
    plan = look_at([symbol("boundary", "规划范围")], field="V", kind="polygon")
    (_, ground, _), (_, line, _) = layers_of(open_qml(plan), 0)
    assert rgba(ground["line_color"]) == ("#FFFFFF", 230) and "customdash" not in ground
    assert line["customdash"] == "6;1.6;1;1.6" and line["capstyle"] == "flat"
    flexible = look_at([symbol("update", "弹性")], field="V", kind="polygon")
    hatches = [options for name, options, _ in layers_of(open_qml(flexible), 0) if name == "LinePatternFill"]
    assert [(h["angle"], h["distance"]) for h in hatches] == [("45", "1.6"), ("135", "1.6")]
    inner = open_qml(flexible).find(".//layer[@class='LinePatternFill']/symbol/layer")
    assert float(options_of(inner)["line_width"]) == HATCH_MM
    marks = [
        m.text for m in Tree.fromstring(write_sld(flexible, layer="T", title="T")).iter(f"{SE}WellKnownName")
    ]
    assert marks == ["shape://slash", "shape://backslash"]


def test_a_line_of_a_marker_class_takes_the_fill():
    look = look_at([symbol("urgency", "一般")], field="V", kind="line")
    ((_, line, _),) = layers_of(open_qml(look), 0)
    assert rgba(line["line_color"])[0] == "#F5A623" and float(line["line_width"]) == MARKED_LINE_MM


def test_several_values_are_one_class_and_the_rest_is_last():
    entries = (
        Entry(symbol("road", "步行路"), (("步行路",), ("步行道",), ("台阶",))),
        Entry(symbol("road", "支路"), rest=True, name="其他"),
    )
    look = Look("line", entries, ("DLDJ",))
    several, rest = open_qml(look).iter("category")
    # QGIS reads the list only where there is no value beside it.
    assert several.get("value") is None and [v.get("value") for v in several] == ["步行路", "步行道", "台阶"]
    assert rest.get("value") == "" and rest.get("label") == "其他"
    styles = list(Tree.fromstring(write_sld(look, layer="T", title="T")).iter(f"{SE}FeatureTypeStyle"))
    one, two = styles[-1]
    assert len(one.findall(f"{OGC}Filter/{OGC}Or/{OGC}PropertyIsEqualTo")) == 3
    # In full, not ElseFilter, which QGIS draws over every feature.
    missing, none = two.find(f"{OGC}Filter/{OGC}Or")
    assert missing.tag == f"{OGC}PropertyIsNull" and len(list(none.iter(f"{OGC}Literal"))) == 3


def test_ranges_and_groups_are_rules():
    low = Entry(symbol("building_floors", "4-6"), between=(4, 6))
    high = Entry(symbol("building_floors", "19+"), between=(19, None))
    rest = Entry(symbol("building_floors", "未知"), rest=True)
    look = Look("polygon", (low, high, rest), ("CS",))
    assert condition_of(low, look) == '"CS" >= 4 AND "CS" <= 6' and condition_of(high, look) == '"CS" >= 19'
    rules = [rule.get("filter") for rule in open_qml(look).find("renderer-v2/rules")]
    assert rules == ['"CS" >= 4 AND "CS" <= 6', '"CS" >= 19', "ELSE"]
    grouped = replace(look, groups=("LX", ("养老", "托育's")), flat=True)
    first, second = open_qml(grouped).find("renderer-v2/rules")
    assert first.get("checkstate") is None and second.get("checkstate") == "0"
    assert second.get("filter") == "\"LX\" = '托育''s'" and len(first) == len(second) == 3


def test_two_fields_decide_together():
    entry = Entry(symbol("site", "拟设中心"), (("空间资源", "中心"),))
    look = Look("point", (entry,), ("LY", "CJ"))
    renderer = open_qml(look).find("renderer-v2")
    assert renderer.get("attr") == '"LY" || \'|\' || "CJ"'
    assert renderer.find("categories/category").get("value") == "空间资源|中心"
    both = Tree.fromstring(write_sld(look, layer="T", title="T")).find(f".//{OGC}And")
    assert [[part.text for part in equal] for equal in both] == [["LY", "空间资源"], ["CJ", "中心"]]


def test_opacity_of_areas_that_lie_over_one_another_is_the_layers():
    entries = tuple(Entry(symbol("coverage", value), ((value,),)) for value in ("5", "10", "15"))
    document = open_qml(Look("polygon", entries, ("SJ",), flat=True))
    assert float(document.find("layerOpacity").text) == 0.75
    assert {rgba(layers_of(document, n)[0][1]["color"])[1] for n in range(3)} == {255}


def test_labels_have_the_size_colour_and_halo_of_the_table():
    kind = symbol("text", "项目名")
    look = replace(
        look_at([symbol("update", "新建")], field="GXFS", kind="polygon"),
        label=Label("MC", kind, unless=("GXFS", "保留")),
    )
    document = open_qml(look)
    style = document.find("labeling/settings/text-style")
    assert document.get("labelsEnabled") == "1"
    assert style.get("fieldName") == 'CASE WHEN "GXFS" <> \'保留\' THEN "MC" END'
    assert (float(style.get("fontSize")), style.get("fontSizeUnit")) == (kind.size_mm, "MM")
    halo = style.find("text-buffer")
    assert (halo.get("bufferDraw"), float(halo.get("bufferSize"))) == ("1", kind.line_mm)
    text = Tree.fromstring(write_sld(look, layer="T", title="T")).find(f".//{SE}TextSymbolizer")
    size = next(p.text for p in text.iter(f"{SE}SvgParameter") if p.get("name") == "font-size")
    assert float(size) * PIXEL_MM == pytest.approx(kind.size_mm, rel=0.01)
    code = replace(
        look_at(theme_symbols("landuse"), field="YD", kind="polygon"),
        label=Label("YD", symbol("text", "代码"), inside=True),
    )
    settings = open_qml(code).find("labeling/settings")
    assert settings.find("text-style/text-buffer").get("bufferDraw") == "0"
    assert settings.find("placement").get("fitInPolygonOnly") == "1"
    said = next(
        o.get("value") for o in settings.find("dd_properties").iter("Option") if o.get("name") == "expression"
    )
    assert "'090101'" in said and "'070102'" not in said  # white on red, dark on yellow


def test_a_number_in_a_marker_follows_the_feature():
    look = replace(look_at([symbol("engineering", "设施提升工程")], field="G", kind="polygon"), badge="XMBH")
    document = open_qml(look)
    centre = document.find(".//layer[@class='CentroidFill']/symbol")
    text = centre.find("layer[@class='FontMarker']")
    said = {o.get("name"): o for o in text.find("data_defined_properties/Option/Option[@name='properties']")}
    assert set(said) == {"char", "size", "offset"}
    assert "coalesce(\"XMBH\", '')" in {option.get("value") for option in said["char"]}
    assert centre.get("name") == "@0@2"


def test_a_look_that_says_nothing_is_refused():
    with pytest.raises(StyleError, match="几何类型"):
        look_at(theme_symbols("road"), field="V", kind="面")
    with pytest.raises(StyleError, match="没有类别"):
        Look("line", ())
    with pytest.raises(StyleError, match="取值、区间或其余"):
        Entry(symbol("road", "支路"))
    with pytest.raises(StyleError, match="取值、区间或其余"):
        Entry(symbol("road", "支路"), (("支路",),), rest=True)
