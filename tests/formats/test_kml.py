"""KML as Google Earth, Ovital and ArcGIS write it, and as GDAL's LIBKML driver does."""

from __future__ import annotations

import zipfile

import geopandas as gpd
import pyogrio
import pytest
from shapely import MultiPolygon, Point, Polygon, box

from .conftest import Desk

KML = """<?xml version="1.0" encoding="{codec}"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"><Document><name>好社区</name>
<Schema name="S" id="S"><SimpleField name="类型" type="string"/></Schema>
<Folder><name>设施</name>
 <Placemark><name>小学</name><ExtendedData><SchemaData schemaUrl="#S"><SimpleData name="类型">教育</SimpleData>
  </SchemaData></ExtendedData><Point><coordinates>116.86,28.34,0</coordinates></Point></Placemark>
 <Placemark><name>诊所</name><ExtendedData><Data name="规模（㎡）"><value>120</value></Data></ExtendedData>
  <Point><coordinates> 116.87, 28.35 </coordinates></Point></Placemark>
</Folder>
<Folder><name>道路</name><Folder><name>支路</name><Placemark><name>桥头路</name>
 <LineString><coordinates>116.86,28.34 116.87,28.34
 116.87,28.35</coordinates></LineString></Placemark></Folder></Folder>
<Placemark><name>公园</name><Polygon><outerBoundaryIs><LinearRing><coordinates>116.8,28.3 116.9,28.3 116.9,28.4 116.8,28.4
 </coordinates></LinearRing></outerBoundaryIs><innerBoundaryIs><LinearRing><coordinates>
 116.84,28.34 116.86,28.34 116.86,28.36 116.84,28.34</coordinates></LinearRing></innerBoundaryIs></Polygon></Placemark>
<Placemark><name>轨迹</name><gx:Track><gx:coord>116.8 28.3 5</gx:coord><gx:coord>116.9 28.3 6</gx:coord></gx:Track></Placemark>
<NetworkLink><name>外链</name><Link><href>{link}</href></Link></NetworkLink>
</Document></kml>"""


@pytest.mark.parametrize("codec", ["utf-8", "gb2312", "utf-16"])
def test_folders_are_layers_and_extended_data_keeps_its_chinese_names(desk: Desk, codec: str) -> None:
    text = KML.format(codec=codec, link="http://127.0.0.1:9/x.kml").replace(
        "㎡", "㎡" if codec != "gb2312" else "平米"
    )
    (desk.folder / "a.kml").write_bytes(text.encode("gbk" if codec == "gb2312" else codec))
    raw = desk.read("a.kml")
    assert raw.crs.to_epsg() == 4326
    assert raw.table["name"].tolist() == ["小学", "诊所", "桥头路", "公园", "轨迹"]
    assert raw.table["Folder"].tolist() == ["设施", "设施", "道路/支路", "", ""]
    assert raw.table["类型"].tolist()[0] == "教育"
    assert raw.table[next(c for c in raw.table if c.startswith("规模"))].tolist()[1] == "120"
    assert [shape.geom_type for shape in raw.geometry] == [
        "Point",
        "Point",
        "LineString",
        "Polygon",
        "LineString",
    ]
    assert raw.geometry[2] == Point(116.87, 28.35)
    assert raw.geometry[4].area == pytest.approx(0.01 - 0.0002) and len(raw.geometry[4].interiors) == 1
    (link,) = [f for f in desk.log.faults if "网络链接" in f.problem]
    assert link.severity == "警告"


def test_a_folder_by_name_path_or_pattern_and_the_wanted_geometry(desk: Desk) -> None:
    (desk.folder / "a.kml").write_text(KML.format(codec="utf-8", link="x"), encoding="utf-8")
    assert desk.read("a.kml", layer="支路").table.index.tolist() == [3]
    assert desk.read("a.kml", layer="道路/*").table.index.tolist() == [3]
    assert desk.read("a.kml", layer="设施").table.index.tolist() == [1, 2]
    assert desk.read("a.kml", shape="polygon").table.index.tolist() == [4]
    assert [f.row for f in desk.log.faults if f.code == "HSQ-G03" and f.row] == ["1、2、3、5"]
    assert "道路/支路" in desk.refuse("a.kml", layer="绿地").remedy


def test_kmz_takes_its_document(desk: Desk) -> None:
    with zipfile.ZipFile(desk.folder / "a.kmz", "w") as archive:
        archive.writestr("files/icon.png", b"x")
        archive.writestr("doc.kml", KML.format(codec="utf-8", link="x"))
    assert len(desk.read("a.kmz").table) == 5
    with zipfile.ZipFile(desk.folder / "b.kmz", "w") as archive:
        archive.writestr("readme.txt", b"x")
    assert desk.refuse("b.kmz").code == "HSQ-F02"


def test_what_gdal_writes_is_what_is_read(desk: Desk) -> None:
    shapes = [box(116, 28, 116.1, 28.1), MultiPolygon([box(116, 28, 116.1, 28.1), box(117, 28, 117.1, 28.1)]),
              Polygon([(116, 28), (117, 28), (117, 29)], [[(116.5, 28.1), (116.6, 28.1), (116.6, 28.2)]])]  # fmt: skip
    frame = gpd.GeoDataFrame(
        {"Name": ["甲", "乙", "丙"], "code": ["0701", "0702", "1401"]}, geometry=shapes, crs=4326
    )
    pyogrio.write_dataframe(frame, desk.folder / "a.kml", driver="LIBKML", layer="地块")
    raw = desk.read("a.kml", layer="地块")
    assert raw.table["name"].tolist() == ["甲", "乙", "丙"]
    assert raw.table["code"].tolist() == ["0701", "0702", "1401"]
    assert all(
        a.normalize().equals_exact(b.normalize(), 1e-9) for a, b in zip(raw.geometry, shapes, strict=True)
    )


def test_the_attribute_table_that_arcgis_puts_into_the_description(desk: Desk) -> None:
    html = "<html><body><table><tr><td>图斑</td></tr><tr><td><table><tr><td>DLBM</td><td>0701</td></tr>" \
           "<tr><td>面积</td><td>12.5</td></tr></table></td></tr></table></body></html>"  # fmt: skip
    text = f"<kml xmlns='http://www.opengis.net/kml/2.2'><Document><Placemark><name>1</name><description><![CDATA[{html}]]>" \
           "</description><Point><coordinates>116,28</coordinates></Point></Placemark></Document></kml>"  # fmt: skip
    (desk.folder / "a.kml").write_text(text, encoding="utf-8")
    raw = desk.read("a.kml")
    assert (raw.table["DLBM"][1], raw.table["面积"][1]) == ("0701", "12.5")


def test_torn_coordinates_are_a_fault_of_their_placemark(desk: Desk) -> None:
    text = KML.format(codec="utf-8", link="x").replace("116.86,28.34,0<", "116.86;28.34<")
    (desk.folder / "a.kml").write_text(text, encoding="utf-8")
    raw = desk.read("a.kml")
    assert raw.table.index.tolist() == [2, 3, 4, 5]
    (fault,) = desk.log.errors
    assert (fault.code, fault.row) == ("HSQ-G07", "1")
