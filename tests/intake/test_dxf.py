"""Roads out of a CAD drawing: CAD layers are an attribute, the CRS comes from the config."""

from __future__ import annotations

import ezdxf
import pytest

from layers.source import Road
from tests.intake.conftest import E0, N0


def draw(folder, version="R2010", encoding="utf-8"):
    drawing = ezdxf.new(version)
    drawing.encoding = encoding
    if encoding == "gbk":
        drawing.header["$DWGCODEPAGE"] = "ANSI_936"
    space = drawing.modelspace()
    space.add_line((E0, N0), (E0 + 500, N0), dxfattribs={"layer": "道路-主干路"})
    space.add_lwpolyline(
        [(E0, N0 + 100), (E0 + 300, N0 + 100), (E0 + 300, N0)], dxfattribs={"layer": "道路-支路"}
    )
    space.add_arc((E0 + 250, N0), 50, 0, 180, dxfattribs={"layer": "道路-支路"})
    space.add_text("人民路", dxfattribs={"layer": "道路-支路"}).set_placement((E0 + 10, N0 + 5))
    space.add_line((E0, N0 + 50), (E0 + 9, N0 + 50), dxfattribs={"layer": "围墙"})
    drawing.layout().add_line((0, 0), (9, 9), dxfattribs={"layer": "道路-支路"})  # the title block's sheet
    drawing.saveas(folder / "道路.dxf")


SOURCE = {
    "layer": "道路-*",
    "crs": "EPSG:4548",
    "columns": {"kind": "Layer"},
    "values": {"kind": {"道路-主干路": "主干路", "道路-支路": "支路"}},
}


@pytest.mark.parametrize(("version", "encoding"), [("R2000", "gbk"), ("R2010", "utf-8")])
def test_lines_come_with_their_cad_layer_in_either_encoding(bench, version, encoding):
    draw(bench.folder, version, encoding)
    bench.add("road", "道路.dxf", **SOURCE)
    roads = bench.load()[Road.key]
    assert sorted(zip(roads[Road.kind], roads.geometry.length.round(), strict=True)) == [
        ("主干路", 500), ("支路", 157), ("支路", 400),
    ]  # fmt: skip
    (note,) = [f for f in bench.find("HSQ-G03") if "不是线" in f.problem]
    assert "1 个" in note.problem


def test_a_drawing_without_a_stated_crs_is_refused(bench):
    draw(bench.folder)
    bench.add("road", "道路.dxf", **{**SOURCE, "crs": None})
    assert [fault.code for fault in bench.fail()] == ["HSQ-X01"]


def test_a_cad_layer_that_is_not_there_lists_those_that_are(bench):
    draw(bench.folder)
    bench.add("road", "道路.dxf", **{**SOURCE, "layer": "马路"})
    (fault,) = bench.fail()
    assert fault.code == "HSQ-F03"
    assert "围墙、道路-主干路、道路-支路" in fault.remedy


def test_a_broken_drawing_is_one_message(bench):
    (bench.folder / "道路.dxf").write_text("this is no drawing", encoding="utf-8")
    bench.add("road", "道路.dxf", **SOURCE)
    assert [fault.code for fault in bench.fail()] == ["HSQ-F02"]
