"""Sheets for CAD, read back: DXF by ezdxf, DWG by ezdwg, which shares nothing with the library that wrote it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import ezdwg
import ezdxf
import geopandas as gpd
import numpy as np
import pytest
import shapely
from ezdxf.document import Drawing

from layers.faults import FaultLog
from pipeline.deliver.atlas import edition
from pipeline.deliver.atlas.compose import FOLDER, Entry
from pipeline.deliver.atlas.draw import CAD, draw_sheets
from pipeline.deliver.cad import dwg, sheet
from pipeline.deliver.cad.document import FONT, PAPER, STYLE, open_document, print_document
from pipeline.deliver.cad.ground import UNDER
from pipeline.deliver.cad.sheet import CadJob, draw_cad, write_cad
from pipeline.deliver.items import Absent, Item
from pipeline.deliver.sheet.render import print_sheet
from pipeline.deliver.sheet.spec import Drawn, SheetReport, SheetSpec
from pipeline.deliver.sheet.trace import Laid
from styles import symbol
from styles.cad import cad_symbol, hatch_of
from styles.frame import load_frame
from tests.builders import make_plan
from tests.sheet.samples import BLOCK, SHEETS

MADE = date(2026, 3, 1)
NAMES = tuple(SHEETS)
X0, Y0 = 39_518_000.0, 3_129_000.0  # with the zone before it, the longest coordinates there are


@dataclass
class Cad:
    spec: SheetSpec
    report: SheetReport
    laid: Laid
    path: Path
    dxf: Drawing
    dwg: ezdwg.Document

    def dwg_entities(self, space: str) -> list:
        layout = self.dwg.modelspace() if space == "Model" else self.dwg.paperspace()
        return list(layout.query())

    def dwg_layer(self, entity) -> str:
        return self._names[entity.dxf["layer_handle"]]

    def __post_init__(self) -> None:
        self._names = {layer.handle: layer.name for layer in self.dwg.layers}


def lay(spec: SheetSpec) -> tuple[SheetReport, Laid]:
    kept: list[Laid] = []
    _, _, report = print_sheet(spec, vectors=False, keep=kept.append)
    return report, kept[0]


@pytest.fixture(scope="module")
def cads(town, tmp_path_factory) -> dict[str, Cad]:
    folder = tmp_path_factory.mktemp("cad")
    made = {}
    for name, make in SHEETS.items():
        spec = make(town)
        report, laid = lay(spec)
        job = CadJob(folder / f"{name}.dxf", MADE)
        assert write_cad(laid, job) == ""
        made[name] = Cad(spec, report, laid, job.path, ezdxf.readfile(job.path), ezdwg.read(str(job.dwg)))
    return made


def test_the_drawing_for_cad_leaves_the_sheet_as_it_is(cads, drawn):
    for name, cad in cads.items():
        assert cad.report == drawn[name][2]


@pytest.mark.parametrize("name", NAMES)
def test_audit_is_clean(cads, name):
    audit = cads[name].dxf.audit()
    assert (audit.errors, audit.fixes) == ([], [])


@pytest.mark.parametrize("name", NAMES)
def test_the_dwg_holds_the_same_entities_by_type_and_layer(cads, name):
    cad = cads[name]
    for space in ("Model", PAPER):
        there = Counter((e.dxftype(), e.dxf.layer) for e in cad.dxf.layout(space))
        back = Counter((e.dxftype, cad.dwg_layer(e)) for e in cad.dwg_entities(space))
        # Every layout has a viewport of its own that shows the paper itself, which has no layer of ours.
        assert sum(there.values()) > 60
        views = {key for key in (*there, *back) if key[0] == "VIEWPORT"}
        assert {k: n for k, n in there.items() if k not in views} == {
            k: n for k, n in back.items() if k not in views
        }
        assert sum(there[k] for k in views) == sum(back[k] for k in views) == (2 if space == PAPER else 0)


@pytest.mark.parametrize("name", NAMES)
def test_hatches_have_the_same_paths_and_their_holes(cads, name):
    cad = cads[name]
    for space in ("Model", PAPER):
        there = sorted(
            (e.dxf.solid_fill, [[tuple(v[:2]) for v in path.vertices] for path in e.paths])
            for e in cad.dxf.layout(space).query("HATCH")
        )
        back = sorted(
            (int(e.dxf["solid_fill"]), [[p[:2] for p in _open(path["points"])] for path in e.dxf["paths"]])
            for e in cad.dwg_entities(space)
            if e.dxftype == "HATCH"
        )
        assert there == back and there


def _open(points: list) -> list:
    return points[:-1] if points[0] == points[-1] else points


@pytest.mark.parametrize("name", NAMES)
def test_every_text_of_the_sheet_is_there_in_chinese(cads, name):
    cad = cads[name]
    model = Counter(e.dxf.text for e in cad.dxf.modelspace().query("TEXT"))
    model.update("".join(e.plain_text(split=True)) for e in cad.dxf.modelspace().query("MTEXT"))
    paper = Counter(e.dxf.text for e in cad.dxf.layout(PAPER).query("TEXT"))
    labels = Counter("".join(label.text.split()) for label in cad.report.labels)
    assert labels and labels <= Counter({"".join(t.split()): n for t, n in model.items()})
    glyphs = {e.dxf.text for block in cad.dxf.blocks for e in block if e.dxftype() == "TEXT"}
    said = set(model) | set(paper) | glyphs | {line for p in cad.laid.labels for line in p.lines}
    assert set(cad.report.texts) - said == set()
    for space, there in (("Model", model), (PAPER, paper)):
        back = Counter(
            e.dxf["text"].replace("\n", "") for e in cad.dwg_entities(space) if e.dxftype in ("TEXT", "MTEXT")
        )
        assert back == there
    style = cad.dxf.styles.get(STYLE)
    used = {e.dxf.style for space in ("Model", PAPER) for e in cad.dxf.layout(space).query("TEXT MTEXT")}
    assert style.dxf.font == FONT and used == {STYLE}


@pytest.mark.parametrize("name", NAMES)
def test_labels_stand_where_the_sheet_has_them(cads, name):
    cad = cads[name]
    found = [
        (e.dxf.align_point if e.dxftype() == "TEXT" else e.dxf.insert)
        for e in cad.dxf.modelspace().query("TEXT MTEXT")
        if e.dxf.layer.startswith("ZJ-")
    ]
    middles = [np.mean(label.corners, axis=0) for label in cad.report.labels]
    placed = shapely.points(middles)
    box, window = load_frame(cad.spec.layout).map, cad.report.window
    metre = 1000 / cad.spec.scale
    paper = [(box.left + (x - window[0]) * metre, box.bottom + (y - window[1]) * metre) for x, y, _ in found]
    assert len(paper) == len(placed)
    assert np.abs(np.array(sorted(paper)) - np.array(sorted(map(tuple, middles)))).max() < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_paper_is_a3_and_the_viewport_shows_the_window_at_the_exact_scale(cads, name):
    cad = cads[name]
    (port,) = [v for v in cad.dxf.layout(PAPER).query("VIEWPORT") if v.dxf.id != 1]
    back = [e.dxf for e in cad.dwg_entities(PAPER) if e.dxftype == "VIEWPORT"]
    (read,) = [v for v in back if v["width"] == port.dxf.width]
    box = load_frame(cad.spec.layout).map
    for centre, width, height, view, shown in (
        (port.dxf.center, port.dxf.width, port.dxf.height, port.dxf.view_height, port.dxf.view_center_point),
        (read["center"], read["width"], read["height"], read["view_height"], read["view_center"]),
    ):
        assert view / height * 1000 == pytest.approx(cad.spec.scale, rel=1e-12)
        assert (width, height) == pytest.approx((box.width, box.height))
        assert tuple(centre)[:2] == pytest.approx(((box.left + box.right) / 2, (box.bottom + box.top) / 2))
        half_w, half_h = width * cad.spec.scale / 2000, view / 2
        shown_window = shown[0] - half_w, shown[1] - half_h, shown[0] + half_w, shown[1] + half_h
        assert shown_window == pytest.approx(cad.report.window, abs=1e-6)
    paper = cad.dxf.layout(PAPER).dxf
    assert (paper.paper_width, paper.paper_height) == (420, 297)
    sizes = {row[1]: row[5][:2] for row in ezdwg.raw.decode_layout_objects(str(cad.path.with_suffix(".dwg")))}
    assert sizes[PAPER] == (420, 297)
    low, high = paper.extmin, paper.extmax
    assert (*tuple(low)[:2], *tuple(high)[:2]) == (0, 0, 420, 297)


@pytest.mark.parametrize("name", NAMES)
def test_units_are_metres_and_extents_are_of_what_is_drawn(cads, name):
    cad = cads[name]
    header, back = cad.dxf.header, cad.dwg.header_variables()
    assert (header["$INSUNITS"], header["$MEASUREMENT"], back["insunits"]) == (6, 1, 6)
    assert back["extmin"] == tuple(header["$EXTMIN"]) and back["extmax"] == tuple(header["$EXTMAX"])
    corners = np.array(
        [p for e in cad.dxf.modelspace().query("LWPOLYLINE") for p in e.get_points("xy")]
        + [v[:2] for e in cad.dxf.modelspace().query("HATCH") for path in e.paths for v in path.vertices]
        + [tuple(e.dxf.insert)[:2] for e in cad.dxf.modelspace().query("INSERT")]
    )
    # The veil fills the window, which may reach a little beyond what is drawn; nothing else does.
    window = cad.report.window
    assert (np.minimum(header["$EXTMIN"][:2], window[:2]) - corners.min(axis=0) < 1e-3).all()
    assert (corners.max(axis=0) - np.maximum(header["$EXTMAX"][:2], window[2:]) < 1e-3).all()


def make_tiny(**more) -> SheetSpec:
    """One square with a hole, one road, one facility and one hatched parcel, by hand."""
    crs = "EPSG:4527"  # 39th zone with its number in the easting
    square = shapely.box(X0, Y0, X0 + 100, Y0 + 80) - shapely.box(X0 + 10, Y0 + 10, X0 + 20.1234, Y0 + 20)
    hatched = shapely.box(X0 + 200, Y0, X0 + 300, Y0 + 80)
    road = shapely.LineString([(X0 - 50, Y0 + 100), (X0 + 120.5, Y0 + 100.25), (X0 + 320, Y0 + 90)])

    def frame(geometry, **columns) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(columns, geometry=geometry, crs=crs, index=range(len(geometry)))

    layers = (
        Drawn(frame=frame([square, hatched], code=["0701", "0702"]), theme="landuse", class_column="code"),
        Drawn(frame=frame([road], name=["中山{路}"]), theme="road", value="主干路", label_column="name",
              label_kind="道路名"),
        Drawn(frame=frame([shapely.Point(X0 + 150, Y0 + 40)]), theme="facility", value="教育"),
        Drawn(frame=frame([shapely.box(X0 - 60, Y0 - 20, X0 + 330, Y0 + 120)]), theme="boundary", value="更新范围"),
    )  # fmt: skip
    spec = SheetSpec(
        number="1", title="小图", group="试", crs=layers[0].frame.crs, scale=2000, layers=layers, block=BLOCK,
        extent=(X0 - 60, Y0 - 20, X0 + 330, Y0 + 120),
    )  # fmt: skip
    return replace(spec, **more)


@pytest.fixture(scope="module")
def tiny() -> Drawing:
    return draw_cad(lay(make_tiny())[1])


def test_geometry_is_exact(tiny):
    msp = tiny.modelspace()
    home = symbol("landuse", "0701").dxf_layer
    (solid,) = msp.query(f'HATCH[layer=="{home}"]')
    shell, hole = [[tuple(v[:2]) for v in path.vertices] for path in solid.paths]
    corners = {(X0, Y0), (X0 + 100, Y0), (X0 + 100, Y0 + 80), (X0, Y0 + 80)}
    assert len(shell) == len(hole) == 4 and set(shell) == corners
    assert set(hole) == {(X0 + x, Y0 + y) for x in (10, 20.1234) for y in (10, 20)}
    assert shapely.Polygon(shell, [hole]).area == pytest.approx(8000 - 101.234, abs=1e-3)
    rings = msp.query(f'LWPOLYLINE[layer=="{home}"]')
    assert [line.closed for line in rings] == [True, True]
    road = symbol("road", "主干路")
    (line,) = msp.query(f'LWPOLYLINE[layer=="{road.dxf_layer}"]')
    course = [(X0 - 50, Y0 + 100), (X0 + 120.5, Y0 + 100.25), (X0 + 320, Y0 + 90)]
    assert line.get_points("xy") == course and not line.closed
    # 1:2000, so a millimetre on paper is two metres: the road has its width, its casing lies beside it.
    assert line.dxf.const_width == pytest.approx(2 * (road.size_mm - 2 * road.line_mm))
    (casing,) = msp.query(f'LWPOLYLINE[layer=="{road.dxf_layer}{UNDER}"]')
    assert casing.dxf.const_width == pytest.approx(2 * road.size_mm) and casing.get_points("xy") == course
    (point,) = msp.query("POINT")
    (insert,) = msp.query("INSERT")
    school = symbol("facility", "教育")
    assert tuple(point.dxf.location)[:2] == (X0 + 150, Y0 + 40)
    assert (insert.dxf.name, insert.dxf.xscale) == (school.dxf_layer, 2.0)
    assert tuple(insert.dxf.insert)[:2] == pytest.approx((X0 + 150, Y0 + 40), abs=0.01)
    assert "教" in [e.dxf.text for e in tiny.blocks.get(school.dxf_layer).query("TEXT")]
    (name,) = msp.query("TEXT MTEXT")
    assert name.dxf.text == "中山{路}"


def test_pattern_and_dashes_are_at_the_sheets_scale(tiny):
    item = symbol("landuse", "0702")
    hatches = tiny.modelspace().query(f'HATCH[layer=="{item.dxf_layer}"]')
    (pattern,) = [e for e in hatches if not e.dxf.solid_fill]
    (line,) = pattern.pattern.lines
    (wanted,) = hatch_of(item).lines
    assert line.angle == wanted.angle and np.hypot(*line.offset) == pytest.approx(2 * item.hatch[0][1])
    cad = cad_symbol(symbol("boundary", "更新范围"))
    layer = tiny.layers.get(cad.layer)
    assert layer.dxf.linetype == cad.linetype.name
    tags = tiny.linetypes.get(cad.linetype.name).pattern_tags.tags
    assert [tag.value for tag in tags if tag.code == 49] == pytest.approx(
        [2 * p for p in cad.linetype.pattern]
    )
    # A viewport must not scale them again.
    assert tiny.header["$PSLTSCALE"] == 0 and tiny.layout(PAPER).dxf.layout_flags == 0


def test_layers_are_the_style_tables(tiny):
    for key in (("landuse", "0701"), ("road", "主干路"), ("facility", "教育"), ("boundary", "更新范围")):
        cad = cad_symbol(symbol(*key))
        layer = tiny.layers.get(cad.layer)
        assert (layer.dxf.color, layer.dxf.true_color) == (cad.colour.aci, cad.colour.true)
        assert layer.dxf.lineweight == (cad.lineweight or -3) and layer.description == cad.name
    for entity in tiny.modelspace():
        assert entity.dxf.layer in tiny.layers
        # Whoever knows no true colour still gets the nearest index.
        assert entity.dxf.hasattr("true_color") == (entity.dxf.color != 256)


def test_the_title_block_is_a_block(tiny):
    paper = tiny.layout(PAPER)
    (insert,) = paper.query("INSERT")
    assert insert.dxf.name == "图签" and len(tiny.blocks.get("图签")) > 10
    texts = {e.dxf.text for e in paper.query('TEXT[layer=="TK-图签"]')}
    assert {"项目名称", "图号", "1:2000", BLOCK.unit} <= texts


def test_the_same_bytes_each_time(tmp_path):
    for name in ("a", "b"):
        _, laid = lay(make_tiny())
        assert write_cad(laid, CadJob(tmp_path / f"{name}.dxf", MADE)) == ""
    for suffix in ("dxf", "dwg"):
        first, second = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in ("a", "b"))
        assert first == second
    text = (tmp_path / "a.dxf").read_text(encoding="utf-8")
    assert "$TDUPDATE\n 40\n2461101.0\n" in text  # noon of 2026-03-01 is 2461101.0
    assert (tmp_path / "a.dwg").read_bytes()[:6] == b"AC1024"


def test_the_order_of_a_set_makes_no_other_bytes(monkeypatch):
    """ezdxf asks which types are in use and lists them as the set comes, which differs from process to process."""
    texts = []
    for backwards in (False, True):
        doc = open_document()
        kinds = sorted(doc.entitydb.dxf_types_in_use(), reverse=backwards)
        monkeypatch.setattr(
            type(doc.entitydb), "dxf_types_in_use", lambda _, kinds=kinds: dict.fromkeys(kinds)
        )
        texts.append(print_document(doc, MADE))
        monkeypatch.undo()
    assert texts[0] == texts[1]


def _entries(town) -> list[Entry]:
    spec = SHEETS["projects"](town)
    return [
        Entry("28", "甲", "组", replace(spec, number="28", title="甲")),
        Entry("99", "乙", "组", replace(spec, number="99", title="乙"), folder="质检/图"),
    ]


def test_drawings_of_the_hand_in_are_listed_and_checks_have_none(town, tmp_path):
    plan = make_plan()
    handed, check = draw_sheets(_entries(town), tmp_path, plan, FaultLog(), advance=lambda *_: None)
    assert check.path is not None and edition._list_cad(check) == []
    items = edition._list_cad(handed)
    assert [item.path.rsplit(".", 1)[1] for item in items if isinstance(item, Item)] == ["dxf", "dwg"]
    assert {item.kind for item in items} == {"CAD图"}
    assert {item.path for item in items} == {f"{CAD}/{p.name}" for p in (tmp_path / CAD).iterdir()}
    assert {Path(item.path).stem for item in items} == {p.stem for p in (tmp_path / FOLDER).iterdir()}


def test_without_the_library_the_dwg_is_absent_with_the_reason(town, tmp_path, monkeypatch):
    monkeypatch.setattr(dwg, "load_runtime", lambda: None)
    (handed, _) = draw_sheets(_entries(town), tmp_path, make_plan(), FaultLog(), advance=lambda *_: None)
    made, absent = edition._list_cad(handed)
    assert isinstance(made, Item) and isinstance(absent, Absent)
    assert absent.reason == dwg.NO_LIBRARY and absent.title == "甲（DWG）"
    assert [p.suffix for p in (tmp_path / CAD).iterdir()] == [".dxf"]


def test_a_dwg_that_cannot_be_written_is_no_half_file(tmp_path):
    source, target = tmp_path / "a.dxf", tmp_path / "a.dwg"
    source.write_text("no drawing", encoding="utf-8")
    assert "DXF" in dwg.write_dwg(source, target) and not target.exists()


def test_switched_off_there_is_nothing(town, tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "draw_cad", lambda laid: pytest.fail("drawn"))
    plan = make_plan(delivery={"cad": False})
    handed, _ = draw_sheets(_entries(town), tmp_path, plan, FaultLog(), advance=lambda *_: None)
    assert edition._list_cad(handed) == [] and not (tmp_path / CAD).exists()
