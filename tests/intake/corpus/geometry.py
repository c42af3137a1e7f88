"""Shapes: absent, invalid, of the wrong kind, repeated, overlapping, needle-sharp, of no extent, of no number."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing

import shapely
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from tests.intake.corpus.case import case, error, remark, warning
from tests.intake.corpus.desk import E0, N0, Desk, near

AREAS = "HSQ-G13"
BOW = Polygon([(0, 0), (30, 30), (30, 0), (0, 30)])


def write_roads(desk: Desk, *lines: object) -> None:
    """Write streets beside the tiny sample's."""
    desk.vector("街.gpkg", near(*lines), kind=["支路"] * len(lines))
    desk.add("road", "街.gpkg")


def write_blobs(desk: Desk, name: str, blobs: list[bytes], kind: str) -> None:
    """Write a GeoPackage whose geometries are exactly the given bytes of WKB."""
    like = box(0, 0, 1, 1) if kind == "POLYGON" else LineString([(0, 0), (1, 0)])
    desk.vector(f"{name}.gpkg", near(*[like] * len(blobs)), id=[f"B{at}" for at in range(len(blobs))])
    head = b"GP\x00\x01" + struct.pack("<i", 4548)
    with closing(sqlite3.connect(desk.path(f"{name}.gpkg"))) as base, base:
        for trigger in base.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{trigger[0]}"')
        for at, blob in enumerate(blobs):
            base.execute(f'UPDATE "{name}" SET geom=? WHERE fid=?', (head + blob, at + 1))


@case(error("HSQ-G01", "用地.gpkg", "2", says="没有几何"), notes=AREAS)
def row_without_a_shape(desk: Desk) -> None:
    """An attribute row whose polygon was deleted."""
    desk.parcels(box(0, 0, 20, 20), None)


@case(error("HSQ-G01", "门.csv", says="没有指定坐标列"))
def table_without_a_place(desk: Desk) -> None:
    """A table of gates without coordinates and without shapes to join."""
    desk.put("门.csv", "name\n东门\n")
    desk.add("gate", "门.csv")


@case(error("HSQ-G02", "用地.gpkg", "1", says="自相交", mended="未修复"), notes=AREAS)
def bow_tie(desk: Desk) -> None:
    """A polygon that crosses itself: mending it would double its area."""
    desk.parcels(BOW, box(40, 0, 60, 20))


@case(warning("HSQ-G02", "建筑.gpkg", "1", says="自相交", mended="已自动修复，面积"), notes="HSQ-V02")
def small_knot(desk: Desk) -> None:
    """A boundary that crosses itself in a corner of a few square centimetres."""
    knot = Polygon(
        [(0, 0), (30, 0), (30, 30), (15.0, 30.05), (15.1, 29.95), (15.1, 30.05), (15, 29.95), (0, 30)]
    )
    desk.buildings(knot, box(40, 0, 50, 9))


@case(error("HSQ-G03", "用地.gpkg", "1、2", says="应为面，实际为线（2 个要素）"))
def lines_for_parcels(desk: Desk) -> None:
    """Boundaries of parcels drawn as lines."""
    desk.parcels(LineString([(0, 0), (9, 0)]), LineString([(0, 5), (9, 5)]))


@case(error("HSQ-G03", "社区.gpkg", "甲社区", says="应为面（边界）或点，实际为线"), notes="HSQ-X03")
def boundary_as_a_line(desk: Desk) -> None:
    """A community whose boundary is a line."""
    desk.inputs["community_given"].clear()
    ring = LineString([(-90, -70), (90, -70), (90, 70), (-90, 70), (-90, -70)])
    desk.vector("社区.gpkg", near(ring), name=["甲社区"])
    desk.add("community_given", "社区.gpkg")


@case(remark("HSQ-G03", "建筑.gpkg", "1", says="Z/M", mended="只保留平面坐标"), notes="HSQ-V02")
def heights(desk: Desk) -> None:
    """A building with heights."""
    desk.buildings(shapely.force_3d(box(0, 0, 9, 9), 30.0), box(20, 0, 29, 9))


@case(warning("HSQ-G03", "用地.gpkg", "1", says="混有 1 个其他类型", mended="只采用本图层类型"), notes=AREAS)
def line_beside_an_area(desk: Desk) -> None:
    """A collection that a cut left behind: a polygon and a line."""
    desk.parcels(
        GeometryCollection([box(0, 0, 20, 20), LineString([(20, 20), (25, 25)])]), box(40, 0, 60, 20)
    )


@case(warning("HSQ-G04", "建筑.gpkg", "2", says="完全相同", mended="只保留第一个"), notes="HSQ-V02")
def building_drawn_twice(desk: Desk) -> None:
    """The same building twice, under two numbers."""
    desk.buildings(box(0, 0, 9, 9), box(0, 0, 9, 9))


@case(warning("HSQ-G04", "建筑.gpkg", "2", says="近似重复", mended="两个都保留"), notes="HSQ-V02")
def building_drawn_again(desk: Desk) -> None:
    """A second drawing of a building, a few centimetres beside the first."""
    desk.buildings(box(0, 0, 20, 20), box(0.1, 0, 20.1, 20), use=["住宅", "商业"])


@case(warning("HSQ-G05", "用地.gpkg", "2", says="重叠 0.60 ㎡", mended="已划归"), notes=AREAS)
def narrow_overlap(desk: Desk) -> None:
    """Two parcels that share a strip of three centimetres: it goes to the smaller one."""
    desk.parcels(box(0, 0, 20, 20), box(19.97, 0, 45, 20))


@case(error("HSQ-G05", "用地.gpkg", "2", says="重叠 40.00 ㎡", mended="未修正"), notes=AREAS)
def wide_overlap(desk: Desk) -> None:
    """Two parcels that share a strip of two metres: refused with both names."""
    desk.parcels(box(0, 0, 20, 20), box(18, 0, 45, 20))


@case(
    warning(
        "HSQ-G05",
        "用地.gpkg",
        "1",
        says="“0001”与“0002”之间有 0.60 ㎡ 的缝隙",
        mended="已并入公共边最长的图形",
    ),
    notes=AREAS + " HSQ-G05",
)
def narrow_gap(desk: Desk) -> None:
    """A slit of three centimetres between parcels."""
    desk.parcels(box(0, 0, 20, 20), box(20.03, 0, 45, 20), box(0, 20, 45, 40))


@case(warning("HSQ-G05", "用地.gpkg", "1", says="16.00 ㎡ 的缝隙", mended="未填补"), notes=AREAS)
def hole_between_parcels(desk: Desk) -> None:
    """Sixteen square metres that belong to nobody."""
    ring = Polygon([(0, 0), (30, 0), (30, 30), (0, 30)], [[(10, 10), (14, 10), (14, 14), (10, 14)]])
    desk.parcels(ring, box(40, 0, 60, 20))


@case(error("HSQ-G05", "社区.gpkg", "1", says="“甲社区”与“乙社区”重叠 1400.00 ㎡"), notes="HSQ-X03 HSQ-A06")
def communities_that_overlap(desk: Desk) -> None:
    """Two communities that claim the same strip of ten metres."""
    desk.inputs["community_given"].clear()
    desk.vector("社区.gpkg", near(box(-90, -70, 5, 70), box(-5, -70, 90, 70)), name=["甲社区", "乙社区"])
    desk.add("community_given", "社区.gpkg")


@case(error("HSQ-G06", "建筑.gpkg", "2", says="面积为零"), notes="HSQ-V02")
def building_of_no_area(desk: Desk) -> None:
    """A building whose corners lie on one line."""
    desk.buildings(box(0, 0, 9, 9), Polygon([(20, 0), (25, 0), (30, 0), (20, 0)]))


@case(error("HSQ-G06", "建筑.gpkg", "2", says="面积为零"), notes="HSQ-V02")
def building_of_one_place(desk: Desk) -> None:
    """A building whose corners were all clicked on one spot."""
    desk.buildings(box(0, 0, 9, 9), Polygon([(20, 0)] * 4))


@case(warning("HSQ-G02", "建筑.gpkg", "1", says="图形无效", mended="已自动修复"), notes="HSQ-V02")
def courtyard_of_one_place(desk: Desk) -> None:
    """A hole that is nothing but one vertex, four times."""
    desk.buildings(Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(4, 4)] * 4]), box(20, 0, 29, 9))


@case(warning("HSQ-G07", "环.gpkg", "1", says="首尾相距 0.030 m", mended="已闭合"))
def ring_almost_closed(desk: Desk) -> None:
    """A ring whose ends are three centimetres apart: closed, no vertex moved."""
    write_blobs(desk, "环", [_ring(0.03)], "POLYGON")
    desk.add("building", "环.gpkg", constants={"use": "住宅", "built": "1998"})


@case(error("HSQ-G07", "环.gpkg", "1", says="未闭合，首尾相距 4.00 m", mended="不采用"))
def ring_left_open(desk: Desk) -> None:
    """A ring with four metres of boundary missing."""
    write_blobs(desk, "环", [_ring(4.0), shapely.to_wkb(near(box(40, 0, 50, 9))[0])], "POLYGON")
    desk.add("building", "环.gpkg", constants={"use": "住宅", "built": "1998"})


@case(error("HSQ-G07", "用地.csv", "2", field="形状", says="WKT 文本不完整"), notes=AREAS)
def text_of_a_shape_cut_off(desk: Desk) -> None:
    """A polygon as text that a cell of Excel cut."""
    whole = near(box(0, 0, 20, 20))[0].wkt
    desk.put("用地.csv", f'landuse_code,形状\n070102,"{whole[:60]}"\n070102,"{whole}"\n')
    desk.add("parcel", "用地.csv", wkt="形状", crs="EPSG:4548")


@case(warning("HSQ-G08", "建筑.gpkg", "1", says="尖刺", mended="已去掉尖刺"), notes="HSQ-V02")
def needle_on_a_building(desk: Desk) -> None:
    """A needle five metres long and a centimetre wide."""
    needle = Polygon([(0, 0), (20, 0), (20, 10), (25, 10.005), (20, 10.01), (20, 20), (0, 20)])
    desk.buildings(needle, box(40, 0, 50, 9))


@case(warning("HSQ-G08", "用地.gpkg", "1", says="尖锐角", mended="照原样保留"), notes=AREAS + " HSQ-G05")
def sharp_corner(desk: Desk) -> None:
    """A parcel with a corner of three degrees: its neighbour would have to follow."""
    desk.parcels(Polygon([(0, 0), (40, 0), (40, 2.1)]), box(0, -20, 20, 0))


@case(warning("HSQ-G09", "用地.gpkg", "2", says="狭长图斑", mended="照原样保留"), notes=AREAS)
def sliver(desk: Desk) -> None:
    """A parcel thirty metres long and thirty centimetres wide."""
    desk.parcels(box(0, 0, 30, 20), box(0, 20, 30, 20.3))


@case(
    warning("HSQ-G09", "建筑.gpkg", "1", says="不足 0.01 ㎡ 的碎小部分", mended="已去掉碎小部分"),
    notes="HSQ-V02",
)
def crumb(desk: Desk) -> None:
    """A building with a crumb of a square centimetre."""
    desk.buildings(MultiPolygon([box(0, 0, 20, 20), box(25, 0, 25.01, 0.01)]), box(40, 0, 50, 9))


@case(remark("HSQ-G10", "建筑.gpkg", "1", mended="去"), notes="HSQ-V02")
def vertices_repeated(desk: Desk) -> None:
    """Corners clicked twice."""
    desk.buildings(Polygon([(0, 0), (9, 0), (9, 0), (9, 9), (0, 9), (0, 9)]), box(40, 0, 50, 9))


@case(
    error("HSQ-G11", "建筑.gpkg", "4", says="坐标不是有效数值", value="(1e+308, 3136417)"),
    notes="HSQ-V02",
)
def number_beyond_the_world(desk: Desk) -> None:
    """A vertex at 1e308: everything else would overflow."""
    wild = Polygon([(E0, N0), (1e308, 0), (E0 + 9, N0 + 9)])
    desk.vector(
        "建筑.gpkg", [*near(box(0, 0, 9, 9), box(20, 0, 29, 9), box(40, 0, 49, 9)), wild],
        id=[f"J{at}" for at in range(4)], use=["住宅"] * 4, built=["1998"] * 4,
    )  # fmt: skip
    desk.add("building", "建筑.gpkg")


@case(warning("HSQ-G12", "街.gpkg", "2", says="线的长度为零", mended="不采用"))
def street_of_no_length(desk: Desk) -> None:
    """A street from a place to the same place."""
    write_roads(desk, LineString([(-80, 0), (80, 0)]), LineString([(5, 5), (5, 5)]))


@case(warning("HSQ-G12", "街.gpkg", "1", says="与自身重叠", mended="重叠部分只留一次"))
def street_that_turns_back(desk: Desk) -> None:
    """A street that goes on for twenty metres, and back over itself."""
    write_roads(desk, LineString([(-80, 0), (80, 0), (60, 0)]))


@case(error("HSQ-G12", "线.gpkg", "1", says="线只有一个节点", mended="不采用"))
def street_of_one_vertex(desk: Desk) -> None:
    """A line of one vertex, as a torn export leaves it."""
    line = struct.pack("<BII2d", 1, 2, 1, E0, N0)
    write_blobs(desk, "线", [line, shapely.to_wkb(near(LineString([(0, 0), (50, 0)]))[0])], "LINESTRING")
    desk.add("road", "线.gpkg", constants={"kind": "支路"})


@case(warning("HSQ-G13", "用地.gpkg", "1", says="图斑跨界", mended="已沿界线拆成 2 块"), notes=AREAS)
def parcel_across_the_edge(desk: Desk) -> None:
    """A parcel that goes on beyond the community."""
    desk.parcels(box(60, 0, 160, 20))


@case(warning("HSQ-G04", "门.gpkg", "2", says="近似重复"))
def gate_beside_itself(desk: Desk) -> None:
    """A gate twice, ten centimetres apart."""
    desk.vector("门.gpkg", near(Point(0, 0), Point(0.1, 0)), name=["东门", "东门"])
    desk.add("gate", "门.gpkg")


def _ring(gap: float) -> bytes:
    """Return the WKB of a square of twenty metres whose last vertex is short of the first."""
    xy = [(0, 0), (20, 0), (20, 20), (0, 20), (0, gap)]
    flat = [value for x, y in xy for value in (E0 + x, N0 + y)]
    return struct.pack(f"<BIII{len(flat)}d", 1, 3, 1, len(xy), *flat)
