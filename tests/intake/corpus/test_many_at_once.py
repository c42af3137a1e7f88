"""Ten faults of ten kinds in one plan come in one run, each in its place; a second run writes the same bytes."""

from __future__ import annotations

from pathlib import Path

from shapely import LineString, Point, Polygon, box

from tests.intake.corpus.bench import PLACES, REPORT, run_check
from tests.intake.corpus.case import STOPS
from tests.intake.corpus.desk import CRS, E0, N0, POINTS, Desk, near

EXPECTED = {
    ("HSQ-F01", "没有.shp", "", ""),
    ("HSQ-F02", "坏.xlsx", "", ""),
    ("HSQ-F05", "设施.csv", "", "encoding"),
    ("HSQ-F06", "单.shp", "", ""),
    ("HSQ-F08", "恶.geojson", "", ""),
    ("HSQ-G02", "用地.gpkg", "1", ""),
    ("HSQ-V07", "用地.gpkg", "2", "landuse_code"),
    ("HSQ-V03", "建筑.gpkg", "2", "floors"),
    ("HSQ-X02", "门.gpkg", "", "crs"),
    ("HSQ-V05", "附件.csv", "2", "kind"),
    ("HSQ-V11", "过程.csv", "2", "date"),
}


def lay_out(folder: Path) -> Path:
    """Make a plan in which nearly every file has its own fault."""
    desk = Desk(folder)
    desk.lay_base()
    desk.add("heritage", "没有.shp")
    desk.put("坏.xlsx", b"PK\x03\x04 cut short")
    desk.add("target", "坏.xlsx")
    desk.facilities(["甲超市,超市"], encoding="gbk")
    desk.inputs["facility"][0]["encoding"] = "ebcdic-gb"
    desk.vector("单.shp", near(LineString([(0, 0), (9, 0)])), kind=["污水"])
    desk.path("单.dbf").unlink()
    desk.add("utility_line", "单.shp")
    desk.put("恶.geojson", '{"type": "gdal_streamed_alg", "x": "FeatureCollection"}')
    desk.add("open_space", "恶.geojson")
    bow = Polygon([(0, 0), (30, 30), (30, 0), (0, 30)])
    desk.parcels(bow, box(40, 0, 60, 20), codes=["070102", "999999"])
    desk.buildings(box(0, 40, 9, 49), box(20, 40, 29, 49), floors=["6", "好多层"])
    desk.vector("门.gpkg", near(Point(0, 0)), crs="EPSG:4490", name=["东门"])
    desk.add("gate", "门.gpkg")
    desk.put("附件.csv", "kind,title,file\n什么,纪要,单.shp\n")
    desk.add("paper", "附件.csv")
    desk.put("过程.csv", "step,date\n征求意见,忘了\n")
    desk.add("step", "过程.csv")
    return desk.write_plan()


def test_all_of_them_in_one_run_and_again_the_same_bytes(tmp_path: Path) -> None:
    plan = lay_out(tmp_path)
    told = run_check(plan)
    stops = {
        (line["code"], line["file"], line["row"], line["field"])
        for line in told.faults
        if line["severity"] == STOPS
    }
    assert told.exit == 1 and stops >= EXPECTED, EXPECTED - stops
    # The paper of a wrong kind is a shapefile, which no hand-in takes.
    assert {code for code, *_ in stops - EXPECTED} <= {"HSQ-A10"}
    first = {name: (tmp_path / name).read_bytes() for name in (REPORT, PLACES)}
    again = run_check(plan)
    assert again.printed == told.printed
    assert {name: (tmp_path / name).read_bytes() for name in first} == first


def test_three_hundred_faults_are_three_hundred_lines(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.lay_base()
    rows = [f"甲{at}超市,超市,不知道,{E0 + at % 50},{N0 + at // 50}" for at in range(300)]
    desk.put("设施.csv", "\n".join(["名称,类型,floor_area_m2,东,北", *rows]))
    desk.add("facility", "设施.csv", **(POINTS | {"crs": CRS}))
    told = run_check(desk.write_plan())
    stops = [line["row"] for line in told.faults if line["severity"] == STOPS]
    assert stops == [str(at + 2) for at in range(300)]
