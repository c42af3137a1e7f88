"""Coordinates: systems that are absent, mislabelled, shifted, swapped or mixed, and points of nowhere."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from layers.datum import shift_from_wgs84
from tests.coordinates.towns import build_houses, build_town
from tests.intake.corpus.case import case, error, remark, warning
from tests.intake.corpus.desk import CRS, E0, SAMPLE, Desk

# Beijing 54 in the zone of 117 E, without prefix; the same of Xian 80.
XIAN, BEIJING = "EPSG:2384", "EPSG:2436"


def write_parcels(desk: Desk, crs: str, *, label: str | None) -> None:
    """Write the tiny sample's parcels in one system under the name of another; None for no name at all."""
    frame = gpd.read_file(SAMPLE / "现状用地.shp").to_crs(crs)
    frame = frame.set_crs(label, allow_override=True) if label else frame
    frame.to_file(desk.path("用地.shp"), encoding="utf-8")
    if label is None:
        desk.path("用地.prj").unlink()
    desk.add("parcel", "用地.shp", columns={"number": "TBBH", "landuse_code": "YDYHFLDM"})


def write_shops(desk: Desk, frame: gpd.GeoDataFrame, *, datum: str | None = None, **source: str) -> None:
    """Write points as a csv of degrees, shifted as a web map shifts them."""
    degrees = frame.to_crs("EPSG:4326")
    lon, lat = degrees.geometry.x.to_numpy(), degrees.geometry.y.to_numpy()
    if datum:
        lon, lat = shift_from_wgs84(lon, lat, datum=datum)
    rows = [
        f"{n},{t},{x:.7f},{y:.7f}" for n, t, x, y in zip(frame.name, frame.type_key, lon, lat, strict=True)
    ]
    desk.put("点.csv", "\n".join(["名称,类型,经度,纬度", *rows]))
    desk.add("facility", "点.csv", x="经度", y="纬度", columns={"name": "名称", "type_key": "类型"}, **source)


@case(error("HSQ-X01", "用地.shp", field="crs", says="没有坐标系声明", advice="EPSG:4548"))
def no_prj(desk: Desk) -> None:
    """Metres without a .prj: refused, with the systems under which they would lie in the plan."""
    write_parcels(desk, CRS, label=None)


@case(error("HSQ-X01", "用地.shp", field="crs", value="EPSG:45480"))
def system_that_does_not_exist(desk: Desk) -> None:
    """A code nobody knows."""
    write_parcels(desk, CRS, label=CRS)
    desk.inputs["parcel"][0]["crs"] = "EPSG:45480"


@case(error("HSQ-X02", "用地.shp", says="声明为经纬度", advice="1. 3° 带 CM 117E"))
def metres_called_degrees(desk: Desk) -> None:
    """Metres whose .prj says CGCS2000 degrees."""
    write_parcels(desk, CRS, label="EPSG:4490")


@case(error("HSQ-X02", "用地.shp", advice="EPSG:4490"))
def degrees_called_metres(desk: Desk) -> None:
    """Degrees whose .prj says metres."""
    write_parcels(desk, "EPSG:4490", label=CRS)


@case(error("HSQ-X02", "用地.shp", advice="EPSG:4527"))
def prefixed_easting_under_a_plain_name(desk: Desk) -> None:
    """Eastings that begin with 39 under a .prj without a zone number."""
    write_parcels(desk, "EPSG:4527", label=CRS)


@case(error("HSQ-X02", "用地.shp", advice="EPSG:4548"))
def plain_easting_under_a_prefixed_name(desk: Desk) -> None:
    """The reverse."""
    write_parcels(desk, CRS, label="EPSG:4527")


@case(error("HSQ-X02", "用地.shp", advice="EPSG:4548"))
def neighbouring_zone(desk: Desk) -> None:
    """Coordinates of the zone of 117 E under the name of the zone of 114 E: 300 km away."""
    write_parcels(desk, CRS, label="EPSG:4547")


@case(error("HSQ-X02", "用地.shp", advice="Web 墨卡托"))
def web_mercator_called_zone_39(desk: Desk) -> None:
    """A web map's metres under the name of the plan's system."""
    write_parcels(desk, "EPSG:3857", label=CRS)


@case(error("HSQ-X02", "设施.csv", advice="对调"))
def axes_that_are_swapped(desk: Desk) -> None:
    """A surveyor's X is the northing: both columns change places."""
    desk.facilities(["甲超市,超市", "乙超市,超市"], x="北", y="东")


@case(error("HSQ-X03", "用地.shp", says="西安", advice=XIAN))
def xian_80(desk: Desk) -> None:
    """Xian 80 of the old survey: no public parameters, refused with the line that accepts it."""
    write_parcels(desk, XIAN, label=XIAN)


@case(warning("HSQ-X03", "用地.shp", says="北京", mended="转换"), notes="HSQ-G13 HSQ-X01")
def beijing_54_that_was_accepted(desk: Desk) -> None:
    """Beijing 54 that the config takes as it is: read, and doubted aloud."""
    write_parcels(desk, BEIJING, label=BEIJING)
    desk.inputs["parcel"][0]["crs"] = BEIJING


@case(remark("HSQ-X03", "用地.shp", says="WGS84", mended="零平移"), notes="HSQ-G13 HSQ-X05")
def wgs84_of_a_receiver(desk: Desk) -> None:
    """WGS84 is taken for CGCS2000 with a null shift, and that is recorded."""
    write_parcels(desk, "EPSG:4326", label="EPSG:4326")
    desk.inputs["parcel"][0]["datum"] = "wgs84"


@case(error("HSQ-X03", "用地.shp", says="wgs84_shift: false"))
def wgs84_where_the_plan_forbids_it(desk: Desk) -> None:
    """The plan wants no null shift: refused."""
    write_parcels(desk, "EPSG:4326", label="EPSG:4326")
    desk.inputs["parcel"][0] |= {"datum": "wgs84", "wgs84_shift": False}


@case(
    warning("HSQ-X05", "点.csv", field="datum", says="GCJ-02", mended="已还原到 WGS84"),
    warning("HSQ-X01", "点.csv", mended="按经纬度读取"),
    notes="HSQ-X03",
)
def points_of_amap(desk: Desk) -> None:
    """Degrees of Amap without a word: found by the streets, taken out, and said."""
    write_shops(desk, desk.lay_town(400), datum="gcj02")


@case(
    warning("HSQ-X05", "点.csv", field="datum", says="BD-09", mended="已还原到 WGS84"),
    warning("HSQ-X01", "点.csv"),
    notes="HSQ-X03",
)
def points_of_baidu(desk: Desk) -> None:
    """Degrees of Baidu without a word."""
    write_shops(desk, desk.lay_town(400), datum="bd09")


@case(
    error("HSQ-X05", "点.csv", value="gcj02", says="没有偏移", mended="不再还原", advice="datum: cgcs2000"),
    notes="HSQ-X03",
)
def points_taken_back_twice(desk: Desk) -> None:
    """True degrees declared as GCJ-02: a second correction is refused."""
    write_shops(desk, desk.lay_town(400))
    desk.inputs["facility"][0]["datum"] = "gcj02"


@case(error("HSQ-X05", "点.csv", value="bd09", says="GCJ-02", advice="datum: gcj02"), notes="HSQ-X03")
def points_of_another_map(desk: Desk) -> None:
    """Declared as Baidu's, in truth Amap's."""
    write_shops(desk, desk.lay_town(400), datum="gcj02")
    desk.inputs["facility"][0]["datum"] = "bd09"


@case(warning("HSQ-X05", "点.csv", value="wgs84", says="坐标疑为 GCJ-02", mended="不作还原"), notes="HSQ-X03")
def points_that_are_not_what_they_claim(desk: Desk) -> None:
    """Declared as WGS84, in truth Amap's: the word of the config is kept, and doubted."""
    write_shops(desk, desk.lay_town(400), datum="gcj02")
    desk.inputs["facility"][0]["datum"] = "wgs84"


@case(error("HSQ-X02", "设施.csv", "3", says="不在中国境内", value="(0, 0)"))
def point_at_zero(desk: Desk) -> None:
    """A blank that somebody filled with noughts."""
    desk.facilities(["甲超市,超市"] * 12)
    rows = desk.path("设施.csv").read_text(encoding="utf-8").splitlines()
    rows = [rows[0], *(row.replace("甲", "甲乙丙丁戊己庚辛壬癸子丑"[at]) for at, row in enumerate(rows[1:]))]
    rows[2] = "乙超市,超市,0,0"
    desk.put("设施.csv", "\n".join(rows))


@case(
    error("HSQ-V03", "设施.csv", "2", field="东", says="坐标", value="东门旁"),
    error("HSQ-G01", "设施.csv", "2"),
)
def coordinate_in_words(desk: Desk) -> None:
    """A coordinate that is no number; the row has no place."""
    desk.facilities(["甲超市,超市", "乙超市,超市"])
    content = desk.path("设施.csv").read_text(encoding="utf-8").replace(f"{E0:.1f}", "东门旁", 1)
    desk.put("设施.csv", content)


@case(error("HSQ-X02", "设施.csv", "13、14", says="混有不同坐标系", value="EPSG:4527"))
def two_systems_in_one_file(desk: Desk) -> None:
    """Two rows of another surveyor, with the zone number before the easting."""
    desk.facilities([f"{name}超市,超市" for name in "甲乙丙丁戊己庚辛壬癸子丑寅卯"])
    rows = desk.path("设施.csv").read_text(encoding="utf-8").splitlines()
    rows[12:14] = [row.replace(",4", ",394", 1) for row in rows[12:14]]
    desk.put("设施.csv", "\n".join(rows))


@case(warning("HSQ-X04", "设施.csv", "3", value="乙超市", says="规划范围外", mended="不参与分析"))
def facility_of_the_next_town(desk: Desk) -> None:
    """A facility five kilometres away."""
    desk.facilities(["F1,甲超市,超市", "F2,乙超市,超市"], head="id,名称,类型")
    content = desk.path("设施.csv").read_text(encoding="utf-8").replace(f"{E0 + 10:.1f}", f"{E0 + 5000:.1f}")
    desk.put("设施.csv", content)


@case(
    warning("HSQ-X03", field="crs.zone", value="38", says="应为 39 带", mended="按配置采用"), notes="HSQ-X03"
)
def zone_of_the_neighbour(desk: Desk) -> None:
    """The plan asks for the zone of 114 E, a degree and a half too far west."""
    desk.blocks["crs"] = {"zone": 38}


@case(error("HSQ-X03", field="crs.zone", value="36", advice="不能使用"), notes="HSQ-X03")
def zone_of_another_province(desk: Desk) -> None:
    """A zone nine degrees away, in which no length is right."""
    desk.blocks["crs"] = {"zone": 36}


@case(error("HSQ-X02", "楼.gpkg", says="整体偏", advice="datum: cgcs2000"), notes="HSQ-X03")
def old_survey_under_a_new_name(desk: Desk) -> None:
    """Houses a hundred metres off as a whole, as an old datum under the name of CGCS2000 lies."""
    desk.lay_town(30, seed=8)
    houses = shapely.transform(
        build_houses(build_town(8, 30), 8, 200), lambda xy: xy + np.array([90.0, -60.0])
    )
    desk.vector("楼.gpkg", houses, use=["住宅"] * len(houses))
    desk.add("building", "楼.gpkg")


@case(
    warning("HSQ-X05", "点.csv", value="bd09", says="疑为 GCJ-02", mended="按配置还原"),
    notes="HSQ-X03 HSQ-X05",
)
def few_points_of_another_map(desk: Desk) -> None:
    """Too few points to refuse the config's word, enough to doubt it."""
    write_shops(desk, desk.lay_town(120), datum="gcj02")
    desk.inputs["facility"][0]["datum"] = "bd09"
