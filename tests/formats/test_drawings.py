"""DXF drawn by ezdxf, DWG written by ACadSharp and by ezdwg: what a planner finds in a design institute's file."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import ezdxf
import numpy as np
import pytest
import shapely
from ezdxf.document import Drawing
from shapely import Point, Polygon, box

from layers.read import dwg

from .conftest import E0, N0, Desk


def square(x: float = 0, y: float = 0, side: float = 100) -> list[tuple[float, float]]:
    return [
        (E0 + x, N0 + y),
        (E0 + x + side, N0 + y),
        (E0 + x + side, N0 + y + side),
        (E0 + x, N0 + y + side),
    ]


@pytest.fixture
def draw(desk: Desk) -> Callable[..., Drawing]:
    """Save what a function draws as 图.dxf."""

    def made(
        fill: Callable[[Drawing], None], *, version: str = "R2010", encoding: str = "", name: str = "图.dxf"
    ) -> Drawing:
        drawing = ezdxf.new(version, setup=True)
        if encoding:
            drawing.encoding = encoding
        fill(drawing)
        drawing.saveas(desk.folder / name)
        return drawing

    return made


def gap(shape: shapely.Geometry, true: shapely.Geometry) -> float:
    """Farthest that one line is from the other, in either direction, by their vertices and middles of chords."""
    line = shape.boundary if shape.area else shape

    def reach(one: shapely.Geometry, other: shapely.Geometry) -> float:
        xy = shapely.get_coordinates(one)
        xy = np.vstack([xy, (xy[:-1] + xy[1:]) / 2])
        shapely.prepare(other)
        return float(shapely.distance(shapely.points(xy), other).max())

    return max(reach(line, true), reach(true, line))


# Areas --------------------------------------------------------------------------------------------------


def test_closed_polylines_are_areas_open_ones_are_told(desk: Desk, draw: Callable[..., Drawing]) -> None:
    def fill(drawing: Drawing) -> None:
        space = drawing.modelspace()
        at = {"layer": "地类图斑"}
        space.add_lwpolyline(square(), close=True, dxfattribs=at)
        space.add_lwpolyline([*square(200), square(200)[0]], dxfattribs=at)  # closed by its last vertex
        space.add_polyline2d(square(400), close=True, dxfattribs=at)
        space.add_polyline3d([(*p, 5.0) for p in square(600)], close=True, dxfattribs=at)
        space.add_lwpolyline(square(800), dxfattribs=at)
        space.add_line((E0, N0), (E0 + 5, N0), dxfattribs=at)
        space.add_solid([*square(1000)[:2], square(1000)[3], square(1000)[2]], dxfattribs=at)

    draw(fill)
    raw = desk.read("图.dxf", shape="polygon", layer="地类图斑")
    assert shapely.area(raw.geometry.to_numpy()).tolist() == pytest.approx([10_000] * 5)
    (open_one,) = [fault for fault in desk.log.faults if fault.code == "HSQ-G07"]
    assert open_one.severity == "警告" and open_one.x == E0 + 800 and "100.000 m" in open_one.problem
    (rest,) = [fault for fault in desk.log.faults if fault.code == "HSQ-G03"]
    assert "直线 1" in rest.problem


@pytest.mark.parametrize("mirrored", [False, True])
def test_bulges_are_stroked_within_a_centimetre(
    desk: Desk, draw: Callable[..., Drawing], mirrored: bool
) -> None:
    def fill(drawing: Drawing) -> None:
        x = -1 if mirrored else 1
        line = drawing.modelspace().add_lwpolyline(
            [(x * E0, N0, 1), (x * (E0 + 400), N0, 1)], format="xyb", close=True, dxfattribs={"layer": "P"}
        )
        if mirrored:  # drawn in the object system of a plane seen from below, where x runs west
            line.dxf.extrusion = (0, 0, -1)

    draw(fill)
    (shape,) = desk.read("图.dxf", shape="polygon").geometry
    assert gap(shape, Point(E0 + 200, N0).buffer(200, quad_segs=4000).exterior) < 0.0101
    assert any("1 cm" in fault.action for fault in desk.log.faults)


def test_arcs_ellipses_and_splines_are_stroked_within_a_centimetre(
    desk: Desk, draw: Callable[..., Drawing]
) -> None:
    def fill(drawing: Drawing) -> None:
        space = drawing.modelspace()
        space.add_arc((E0, N0), 500, 350, 80)
        space.add_ellipse((E0, N0), (300, 100), 0.4, 0.3, 2.5)
        space.add_spline([(E0, N0), (E0 + 90, N0 + 200), (E0 + 300, N0 - 50), (E0 + 400, N0)])

    drawing = draw(fill)
    shapes = desk.read("图.dxf", shape="line").geometry
    t = np.radians(np.linspace(350, 440, 50_000))
    true_arc = shapely.linestrings(np.column_stack([E0 + 500 * np.cos(t), N0 + 500 * np.sin(t)]))
    ellipse, spline = drawing.modelspace()[1], drawing.modelspace()[2]
    true_ellipse = shapely.linestrings(
        [(v.x, v.y) for v in ellipse.construction_tool().vertices(np.linspace(0.3, 2.5, 50_000))]
    )
    curve = spline.construction_tool()
    true_spline = shapely.linestrings([(v.x, v.y) for v in curve.points(np.linspace(0, curve.max_t, 20_000))])
    for shape, true in zip(shapes, (true_arc, true_ellipse, true_spline), strict=True):
        assert gap(shape, true) < 0.0101


def test_hatches_keep_their_holes(desk: Desk, draw: Callable[..., Drawing]) -> None:
    def fill(drawing: Drawing) -> None:
        space = drawing.modelspace()
        one = space.add_hatch(dxfattribs={"layer": "填充"})
        one.paths.add_polyline_path(square(), flags=1)
        one.paths.add_polyline_path(square(20, 20, 50), flags=0)
        one.paths.add_polyline_path(square(30, 30, 10), flags=0)  # an island in the hole
        two = space.add_hatch(dxfattribs={"layer": "填充"})
        edges = two.paths.add_edge_path()
        edges.add_arc((E0 + 500, N0), 100, 0, 180)
        edges.add_line((E0 + 600, N0), (E0 + 400, N0))  # drawn against the run of the boundary
        three = space.add_hatch(dxfattribs={"layer": "填充"})
        three.paths.add_edge_path().add_ellipse((E0, N0 + 500), (100, 0), 0.5, 0, 360)
        four = space.add_hatch(dxfattribs={"layer": "填充"})
        torn = four.paths.add_edge_path()
        torn.add_line((E0, N0), (E0 + 5, N0))
        torn.add_line((E0 + 7, N0), (E0 + 9, N0 + 9))

    draw(fill)
    raw = desk.read("图.dxf", shape="polygon")
    areas = shapely.area(raw.geometry.to_numpy())
    assert areas[0] == pytest.approx(10_000 - 2_500 + 100)
    assert areas[1] == pytest.approx(math.pi * 100**2 / 2, abs=3)
    assert areas[2] == pytest.approx(math.pi * 100 * 50, abs=3)
    (fault,) = desk.log.errors
    assert fault.code == "HSQ-G07" and len(raw.table) == 3


# Blocks and texts ---------------------------------------------------------------------------------------


def lamps(drawing: Drawing) -> None:
    block = drawing.blocks.new("路灯")
    block.add_circle((0, 0), 0.5)
    block.add_attdef("编号", (0, 1))
    fixed = block.add_attdef("类型", (0, 2), text="LED")
    fixed.dxf.flags = 2
    space = drawing.modelspace()
    for i in range(3):
        lamp = space.add_blockref("路灯", (E0 + 10 * i, N0), dxfattribs={"layer": "照明", "rotation": 30})
        lamp.add_attrib("编号", f"灯{i}", (E0 + 10 * i, N0 + 1))
    space.add_point((E0 + 99, N0), dxfattribs={"layer": "照明"})
    space.add_text("路灯", dxfattribs={"layer": "照明"}).set_placement((E0, N0))


def test_block_references_are_points_with_their_attributes(desk: Desk, draw: Callable[..., Drawing]) -> None:
    draw(lamps)
    raw = desk.read("图.dxf", shape="point", layer="照明")
    assert raw.table["Block"].tolist()[:3] == ["路灯"] * 3
    assert raw.table["编号"].tolist()[:3] == ["灯0", "灯1", "灯2"] and raw.table["类型"].tolist()[0] == "LED"
    assert [shape.x - E0 for shape in raw.geometry] == [0, 10, 20, 99]
    (left,) = [fault for fault in desk.log.faults if fault.code == "HSQ-G03"]
    assert "文字 1" in left.problem
    assert raw.table.index.tolist() == raw.table["EntityHandle"].tolist()


def test_texts_are_points_where_there_is_nothing_else(desk: Desk, draw: Callable[..., Drawing]) -> None:
    def fill(drawing: Drawing) -> None:
        space = drawing.modelspace()
        space.add_text("小学", height=2).set_placement((E0, N0))
        space.add_mtext("{\\fSimSun;诊所}\\P二层", dxfattribs={"insert": (E0 + 50, N0), "char_height": 2})

    draw(fill)
    assert desk.read("图.dxf", shape="point").table["Text"].tolist() == ["小学", "诊所 二层"]


def test_entities_in_blocks_stand_where_the_reference_puts_them(
    desk: Desk, draw: Callable[..., Drawing]
) -> None:
    def fill(drawing: Drawing) -> None:
        inner = drawing.blocks.new("户型")
        inner.add_lwpolyline(
            [(0, 0), (10, 0), (10, 10), (0, 10)], close=True
        )  # layer 0: takes the reference's
        inner.add_lwpolyline([(0, 0), (1, 0), (1, 1)], close=True, dxfattribs={"layer": "柱"})
        outer = drawing.blocks.new("楼栋")
        outer.add_blockref("户型", (5, 0))
        space = drawing.modelspace()
        space.add_blockref("楼栋", (E0, N0), dxfattribs={"layer": "建筑", "xscale": 2, "yscale": 2})
        grid = space.add_blockref("户型", (E0, N0 + 500), dxfattribs={"layer": "建筑"})
        grid.dxf.column_count, grid.dxf.column_spacing = 3, 20

    draw(fill)
    raw = desk.read("图.dxf", shape="polygon", layer="建筑")
    assert [shape.bounds[:2] for shape in raw.geometry] == [
        (E0 + 10, N0), (E0, N0 + 500), (E0 + 20, N0 + 500), (E0 + 40, N0 + 500),
    ]  # fmt: skip
    assert shapely.area(raw.geometry.to_numpy()).tolist() == pytest.approx([400, 100, 100, 100])
    assert len(desk.read("图.dxf", shape="polygon", layer="柱").table) == 4


def test_texts_inside_areas_become_their_attributes(desk: Desk, draw: Callable[..., Drawing]) -> None:
    def fill(drawing: Drawing) -> None:
        space = drawing.modelspace()
        for x in (0, 200, 400, 600):
            space.add_lwpolyline(square(x), close=True, dxfattribs={"layer": "地类图斑"})
        space.add_lwpolyline(
            square(20, 20, 30), close=True, dxfattribs={"layer": "地类图斑"}
        )  # inside the first

        def write(text: str, x: float, y: float, layer: str = "地类编码") -> None:
            space.add_text(text, height=4, dxfattribs={"layer": layer}).set_placement((E0 + x, N0 + y))

        write("0701", 60, 60)
        write("1401", 25, 30)
        write("0802", 198, 50)  # begins outside, stands inside
        write("0901", 410, 10)
        write("0902", 460, 60)  # a second code in one area
        write("1207", 900, 900)  # beyond every area
        write("城镇住宅用地", 40, 70, "地类名称")
        space.add_mtext(
            "{\\C1;商业}\\P用地",
            dxfattribs={"layer": "地类名称", "insert": (E0 + 230, N0 + 60), "char_height": 3},
        )

    draw(fill)
    raw = desk.read(
        "图.dxf",
        shape="polygon",
        layer="地类图斑",
        labels={"编码": "地类编码", "名称": "地类名*"},
        columns={},
    )
    assert raw.table["编码"].fillna("-").tolist() == ["0701", "0802", "-", "-", "1401"]
    assert raw.table["名称"].fillna("-").tolist() == ["城镇住宅用地", "商业 用地", "-", "-", "-"]
    (conflict,) = desk.log.errors
    assert (
        conflict.code == "HSQ-V10" and conflict.row == raw.table.index[2] and "0901、0902" in conflict.problem
    )
    (outside,) = [fault for fault in desk.log.faults if "不在任何面内" in fault.problem]
    assert outside.value == "1207" and outside.x == pytest.approx(E0 + 900, abs=10)


def test_labels_of_a_layer_without_texts(desk: Desk, draw: Callable[..., Drawing]) -> None:
    draw(lambda drawing: drawing.modelspace().add_lwpolyline(square(), close=True))
    assert desk.read("图.dxf", shape="polygon", labels={"编码": "没有"}) is not None
    assert [fault.code for fault in desk.log.errors] == ["HSQ-F03"]


def test_parcels_with_codes_as_texts_feed_the_plan(bench) -> None:
    drawing = ezdxf.new("R2010")
    space = drawing.modelspace()
    for i, code in enumerate(["0701", "1401"]):
        space.add_lwpolyline(square(200 * i), close=True, dxfattribs={"layer": "DLTB"})
        space.add_text(code, height=3, dxfattribs={"layer": "DLBM"}).set_placement(
            (E0 + 200 * i + 40, N0 + 50)
        )
    drawing.saveas(bench.folder / "用地.dxf")
    bench.add(
        "parcel", "用地.dxf", layer="DLTB", crs="EPSG:4548", labels={"地类": "DLBM"},
        columns={"landuse_code": "地类", "number": "EntityHandle"},
    )  # fmt: skip
    parcels = bench.load()["parcel"]
    assert sorted(zip(parcels["landuse_code"], parcels["area_m2"], strict=True)) == [
        ("0701", 10_000),
        ("1401", 10_000),
    ]


# Encodings, hidden layers, references, traps ------------------------------------------------------------


def test_text_that_is_not_in_the_code_page_the_header_names(desk: Desk, draw: Callable[..., Drawing]) -> None:
    def fill(drawing: Drawing) -> None:
        drawing.header["$DWGCODEPAGE"] = "ANSI_1252"
        for word in ("城镇住宅用地", "公园绿地", "道路中心线"):
            drawing.modelspace().add_text(word).set_placement((E0, N0))

    draw(fill, version="R2000", encoding="gbk")
    path = desk.folder / "图.dxf"
    path.write_bytes(path.read_bytes().replace(b"ANSI_936", b"ANSI_1252"))
    assert desk.read("图.dxf", shape="point").table["Text"].tolist() == [
        "城镇住宅用地",
        "公园绿地",
        "道路中心线",
    ]
    assert "HSQ-F05" in desk.codes()


def test_binary_dxf(desk: Desk) -> None:
    drawing = ezdxf.new("R2010")
    drawing.modelspace().add_lwpolyline(square(), close=True, dxfattribs={"layer": "地块"})
    drawing.saveas(desk.folder / "图.dxf", fmt="bin")
    assert len(desk.read("图.dxf", shape="polygon", layer="地块").table) == 1


def test_layers_that_are_off_are_read_and_told_references_are_not_followed(
    desk: Desk, draw: Callable[..., Drawing]
) -> None:
    def fill(drawing: Drawing) -> None:
        drawing.layers.add("旧").off()
        drawing.modelspace().add_lwpolyline(square(), close=True, dxfattribs={"layer": "旧"})
        drawing.add_xref_def("../other.dwg", "底图")
        drawing.modelspace().add_blockref("底图", (E0, N0))

    draw(fill)
    assert len(desk.read("图.dxf", shape="polygon").table) == 1
    told = {fault.code: fault for fault in desk.log.faults}
    assert "旧" in told["HSQ-V09"].problem and told["HSQ-F06"].value == "底图"


def test_blocks_that_unfold_without_end_are_refused(desk: Desk, draw: Callable[..., Drawing]) -> None:
    def swell(drawing: Drawing) -> None:
        drawing.blocks.new("B0").add_line((0, 0), (1, 0))
        for level in range(1, 9):
            block = drawing.blocks.new(f"B{level}")
            for i in range(10):
                block.add_blockref(f"B{level - 1}", (i, 0))
        drawing.modelspace().add_blockref("B8", (E0, N0))

    def circle(drawing: Drawing) -> None:
        drawing.blocks.new("A").add_blockref("B", (0, 0))
        drawing.blocks.new("B").add_blockref("A", (0, 0))
        drawing.modelspace().add_blockref("A", (E0, N0))

    for fill in (swell, circle):
        draw(fill)
        assert desk.refuse("图.dxf", shape="line").code == "HSQ-F08"


def test_entities_without_sense_are_faults_of_their_handle(desk: Desk, draw: Callable[..., Drawing]) -> None:
    def fill(drawing: Drawing) -> None:
        space = drawing.modelspace()
        space.add_lwpolyline([(float("nan"), N0), (E0, N0), (E0, N0 + 9)], close=True)
        space.add_lwpolyline(square(), close=True)
        space.add_spline(fit_points=[(E0, N0)])

    draw(fill)
    raw = desk.read("图.dxf", shape="polygon")
    assert len(raw.table) == 1
    assert {fault.code for fault in desk.log.errors} == {"HSQ-G07"}


def test_custom_entities_of_other_programs_are_told(desk: Desk, draw: Callable[..., Drawing]) -> None:
    draw(lambda drawing: drawing.modelspace().add_lwpolyline(square(), close=True))
    path = desk.folder / "图.dxf"
    text = path.read_text(encoding="utf-8")
    at = text.rindex("LWPOLYLINE")
    wall = "TCH_WALL\n  5\nFFF1\n330\n17\n100\nAcDbEntity\n  8\n0\n  0\n"
    path.write_text(text[:at] + wall + text[at:], encoding="utf-8")
    assert len(desk.read("图.dxf", shape="polygon").table) == 1
    assert any("天正" in fault.problem for fault in desk.log.faults)


@pytest.mark.parametrize("left", [0.9, 0.5, 0.1])
def test_a_drawing_that_broke_off_never_ends_in_a_traceback(
    desk: Desk, draw: Callable[..., Drawing], left: float
) -> None:
    draw(lamps)
    path = desk.folder / "图.dxf"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * left)])
    assert desk.refuse("图.dxf", shape="point").code == "HSQ-F02"


# DWG ----------------------------------------------------------------------------------------------------


def to_dwg(source: Path, target: Path) -> None:
    from acadsharp import native

    runtime = native.load()
    runtime.write(runtime.read(str(source)), str(target))


@pytest.mark.parametrize(
    ("version", "encoding"), [("R2000", "gbk"), ("R2004", "gbk"), ("R2010", ""), ("R2018", "")]
)
def test_a_dwg_reads_as_its_dxf_does(
    desk: Desk, draw: Callable[..., Drawing], version: str, encoding: str
) -> None:
    def fill(drawing: Drawing) -> None:
        if encoding:
            drawing.header["$DWGCODEPAGE"] = "ANSI_936"
        space = drawing.modelspace()
        for x, text in ((0, "0701"), (200, "1401")):
            space.add_lwpolyline(square(x), close=True, dxfattribs={"layer": "地类图斑"})
            space.add_text(text, height=4, dxfattribs={"layer": "地类编码"}).set_placement(
                (E0 + x + 50, N0 + 50)
            )
        space.add_lwpolyline(
            [(E0 + 400, N0, 1), (E0 + 500, N0, 1)], format="xyb", close=True, dxfattribs={"layer": "地类图斑"}
        )
        hatch = space.add_hatch(dxfattribs={"layer": "地类图斑"})
        hatch.paths.add_polyline_path(square(600), flags=1)
        hatch.paths.add_polyline_path(square(620, 20, 20), flags=16)
        drawing.layout().add_lwpolyline(square(), close=True, dxfattribs={"layer": "地类图斑"})

    draw(fill, version=version, encoding=encoding)
    to_dwg(desk.folder / "图.dxf", desk.folder / "图.dwg")
    made = {}
    for name in ("图.dxf", "图.dwg"):
        raw = desk.read(name, shape="polygon", layer="地类图斑", labels={"编码": "地类编码"})
        made[name] = raw
    assert made["图.dwg"].table["编码"].fillna("-").tolist() == ["0701", "1401", "-", "-"]
    for a, b in zip(made["图.dxf"].geometry, made["图.dwg"].geometry, strict=True):
        assert a.equals_exact(b, 1e-6)


def test_a_dwg_that_another_library_wrote(desk: Desk) -> None:
    ezdwg = pytest.importorskip("ezdwg")
    drawing = ezdwg.new()
    drawing.layers |= {"地类图斑": {"color_index": 3}, "地类编码": {"color_index": 1}}
    space = drawing.modelspace()
    for x, code in ((0, "0701"), (200, "公园绿地")):
        space.add_lwpolyline(square(x), closed=True, layer="地类图斑")
        space.add_text(code, (E0 + x + 40, N0 + 40, 0), 5.0, layer="地类编码")
    drawing.save(str(desk.folder / "图.dwg"))
    raw = desk.read("图.dwg", shape="polygon", layer="地类图斑", labels={"编码": "地类编码"})
    assert raw.table["编码"].tolist() == ["0701", "公园绿地"]
    assert shapely.area(raw.geometry.to_numpy()).tolist() == pytest.approx([10_000] * 2)


def test_attributes_of_blocks_come_through_a_dwg(desk: Desk) -> None:
    from acadsharp import native

    runtime = native.load()
    entities = runtime.ACadSharp.Entities
    document = runtime.ACadSharp.CadDocument()
    record = runtime.ACadSharp.Tables.BlockRecord("路灯")
    document.BlockRecords.Add(record)
    record.Entities.Add(entities.Circle())
    lamp = entities.Insert(record)
    attribute = entities.AttributeEntity()
    attribute.Tag, attribute.Value = "编号", "灯01"
    lamp.Attributes.Add(attribute)
    lamp.InsertPoint = runtime.CSMath.XYZ(E0, N0, 0.0)
    document.Entities.Add(lamp)
    runtime.write(document, str(desk.folder / "图.dwg"))
    raw = desk.read("图.dwg", shape="point")
    assert raw.table["编号"].tolist() == ["灯01"] and raw.geometry.iloc[0] == Point(E0, N0)


def test_a_damaged_dwg_is_one_message_and_leaves_nothing(
    desk: Desk, draw: Callable[..., Drawing], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    draw(lamps)
    to_dwg(desk.folder / "图.dxf", desk.folder / "图.dwg")
    data = (desk.folder / "图.dwg").read_bytes()
    for broken in (data[:6], data[: len(data) // 2], data[:200] + bytes(300) + data[500:]):
        (desk.folder / "图.dwg").write_bytes(broken)
        assert desk.read("图.dwg", shape="point") is None
        assert [fault.code for fault in desk.log.errors] == ["HSQ-F02"]
    assert not list(scratch.iterdir())


def test_a_computer_without_the_dwg_library_gets_advice(
    desk: Desk, draw: Callable[..., Drawing], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(lamps)
    to_dwg(desk.folder / "图.dxf", desk.folder / "图.dwg")
    monkeypatch.setattr(dwg, "find_spec", lambda name: None)
    fault = desk.refuse("图.dwg", shape="point")
    assert fault.code == "HSQ-F04" and "DXF" in fault.remedy


def test_the_worker_that_dies_is_a_fault(
    desk: Desk, draw: Callable[..., Drawing], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(lamps)
    to_dwg(desk.folder / "图.dxf", desk.folder / "图.dwg")
    script = desk.folder.parent / "dies.py"
    script.write_text("import os\nos.abort()\n")
    monkeypatch.setattr(dwg, "_WORKER", script)
    assert desk.refuse("图.dwg", shape="point").code == "HSQ-F02"
    script.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(dwg, "_SECONDS", 1)
    assert "没有读完" in desk.refuse("图.dwg", shape="point").problem


def test_a_crs_in_the_drawing_or_beside_it_is_its_claim(desk: Desk, draw: Callable[..., Drawing]) -> None:
    from pyproj import CRS

    draw(lambda drawing: drawing.modelspace().add_lwpolyline(square(), close=True))
    assert desk.read("图.dxf", shape="polygon").crs is None
    (desk.folder / "图.prj").write_text(CRS.from_epsg(4548).to_wkt("WKT1_ESRI"), encoding="utf-8")
    assert desk.read("图.dxf", shape="polygon").crs.to_epsg() == 4548
    # With a shapefile of the same name the .prj is that shapefile's.
    (desk.folder / "图.shp").write_bytes(b"")
    assert desk.read("图.dxf", shape="polygon").crs is None


def test_polygons_are_what_shapely_calls_the_same(desk: Desk, draw: Callable[..., Drawing]) -> None:
    draw(lambda drawing: drawing.modelspace().add_lwpolyline(square(), close=True))
    (shape,) = desk.read("图.dxf", shape="polygon").geometry
    assert isinstance(shape, Polygon) and shape.equals(box(E0, N0, E0 + 100, N0 + 100))
