"""One value, one number: tables, shapefiles, GeoPackage and layers of the sample say the same."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import fiona
import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from pyproj import CRS

from configs import read_settings
from configs.services import services
from layers.model import Spec
from layers.onemap import KINDS, delivered_layers, schema_of
from layers.planned import Pair, Project, Resource
from layers.reachable import Coverage, Home, Scope, Served, Unit
from layers.sites import NetworkSite, SiteReach
from tests.whole.conftest import ROOT, Whole

CODES = {code: (layer, kind) for code, layer, kind in delivered_layers()}
MONEY = (Project.total_wan, Project.fiscal_wan, Project.social_wan)
TABLE_1 = (
    ("序号", "A2:A3"), ("任务分类", "B2:C2"), ("所属工程", "B3"), ("对应板块", "C3"), ("需求内容", "D2:E2"),
    ("需求描述", "D3"), ("紧迫程度", "E3"), ("更新资源", "F2:H2"), ("空间资源", "F3"), ("资金保障", "G3"),
    ("工作力量", "H3"), ("是否具备实施条件", "I2:I3"),
)  # fmt: skip
TABLE_2 = (
    ("序号", "A2:A4"), ("任务分类", "B2:C2"), ("所属工程", "B3:B4"), ("对应板块", "C3:C4"), ("需求内容", "D2:E2"),
    ("需求描述", "D3:D4"), ("需求程度", "E3:E4"), ("项目基本情况", "F2:M2"), ("项目名称", "F3:F4"),
    ("项目位置", "G3:G4"), ("项目内容", "H3:K3"), ("建设内容", "H4"), ("项目总投资（万元）", "I4"),
    ("其中：财政资金（万元）", "J4"), ("其中：社会资金（万元）", "K4"), ("建设时序", "L3:L4"),
    ("2027年预计投资比例（%）", "M3:M4"), ("责任部门", "N2:N4"),
)  # fmt: skip


def shapefiles(run: Whole) -> dict[str, Path]:
    """Return the delivered shapefiles by one-map code."""
    return {p.stem[p.stem.index("HSQ_") :]: p for p in sorted((run.handin / "数据库/SHP").glob("*.shp"))}


def open_table(run: Whole, start: str, *, values: bool = False) -> Any:
    (path,) = (run.handin / "表格").glob(f"{start}_*.xlsx")
    return openpyxl.load_workbook(path, data_only=values).worksheets[0]


def body(sheet: Any, *, depth: int) -> list[tuple]:
    """Return the rows of values: below the header, above totals and notes."""
    rows = list(sheet.iter_rows(min_row=2 + depth, values_only=True))
    ends = [i for i, row in enumerate(rows) if row[0] == "合计" or str(row[0]).startswith("填表说明")]
    return rows[: ends[0]] if ends else rows


def total(values: Any) -> Decimal:
    return sum((Decimal(str(v)) for v in values if isinstance(v, int | float) and not pd.isna(v)), Decimal())


def dbf_type(spec: Spec) -> str:
    """Return a field's type as fiona names it; a number without decimals is whole in a DBF."""
    if spec.kind == "text":
        return f"str:{min(spec.width, 254)}"
    return f"float:{spec.width}.{spec.decimals}" if spec.decimals else f"int:{spec.width}"


@pytest.fixture(scope="module")
def database(sample: Whole) -> dict[str, gpd.GeoDataFrame]:
    """Every shapefile, read by pyogrio."""
    return {code: pyogrio.read_dataframe(path) for code, path in shapefiles(sample).items()}


@pytest.fixture(scope="module")
def one_map(sample: Whole) -> dict[str, gpd.GeoDataFrame]:
    path = sample.handin / "数据库/一张图.gpkg"
    kinds = pyogrio.list_layers(path)
    # Tables without a geometry, as layer_styles of QGIS, are no layers of the database.
    return {name: pyogrio.read_dataframe(path, layer=name) for name, kind in kinds if kind is not None}


def test_projects_count_and_cost_the_same_everywhere(sample: Whole, database: dict, one_map: dict) -> None:
    projects = sample.frame(Project)
    rows = body(open_table(sample, "表2", values=True), depth=3)
    assert len(rows) == len(projects) > 20
    sums = {column: total(projects[column].round(4)) for column in MONEY}
    assert [total(row[8 + i] for row in rows) for i in range(3)] == list(sums.values())
    placed = projects[~projects.geometry.isna()]
    for source in (database, one_map):
        parts = pd.concat([source[code] for code in source if code.startswith("HSQ_XMFB")])
        assert len(parts) == len(placed)
        assert sorted(parts["XMBH"]) == sorted(placed[Project.number])
        by_number = parts.set_index("XMBH").sort_index()
        for column in MONEY:
            mine = placed.set_index(Project.number)[column].sort_index()
            np.testing.assert_array_equal(by_number[column.spec.onemap].to_numpy(float), mine.to_numpy(float))


def test_stored_totals_of_table_2_are_the_sums(sample: Whole) -> None:
    sheet = open_table(sample, "表2", values=True)
    last = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "合计")
    rows = body(sheet, depth=3)
    assert [Decimal(str(v)) for v in last[8:11]] == [total(row[8 + i] for row in rows) for i in range(3)]


def test_fiscal_and_social_make_the_total(sample: Whole) -> None:
    rows = body(open_table(sample, "表2"), depth=3)
    money = [row[8:11] for row in rows]
    managed = [m for m in money if m == ("/", "/", "/")]
    paid = [m for m in money if m not in managed]
    assert managed and paid
    for whole, fiscal, social in paid:
        assert Decimal(str(fiscal)) + Decimal(str(social)) == Decimal(str(whole)) > 0


def test_land_use_fills_the_plan(sample: Whole, database: dict, one_map: dict) -> None:
    scope = sample.frame(Scope).set_index(Scope.kind)[Scope.area_m2]["更新范围"]
    plan = Decimal(str(scope))
    units = sample.frame(Unit).set_index(Unit.name)[Unit.area_m2]
    assert total(units) == plan and abs(scope - sample.frame(Unit).union_all().area) < 0.01
    for source in (database, one_map):
        for code in ("HSQ_XZYD", "HSQ_GHYD"):
            land = source[code]
            # To the last 0.01 ㎡; no area is more than that off its own ground, a piece of one twice that.
            assert total(land["MJ"]) == plan
            assert {name: total(part) for name, part in land.groupby("SQMC")["MJ"]} == {
                name: Decimal(str(area)) for name, area in units.items()
            }
            np.testing.assert_allclose(land["MJ"], land.area, atol=0.01 if code == "HSQ_XZYD" else 0.02)
            assert shapely.coverage_is_valid(land.geometry.to_numpy())
    rows = body(open_table(sample, "附表3-7", values=True), depth=2)
    now, planned = total(row[2] for row in rows), total(row[4] for row in rows)
    assert now == planned == plan
    assert total(row[3] for row in rows) == total(row[5] for row in rows) == 100
    assert total(row[6] for row in rows) == 0


def test_coverage_table_counts_the_homes_again(sample: Whole) -> None:
    cover = sample.frame(Coverage)
    homes = sample.frame(Home).set_index(Home.id)[Home.population]
    people = cover[Coverage.home].map(homes)
    cover = cover.assign(
        people=people, people_own=people.where(cover[Coverage.own], 0), people_shared=people.where(cover[Coverage.shared], 0)
    )  # fmt: skip
    counted = cover.groupby([Coverage.community, Coverage.type_key]).agg(
        homes=(Coverage.home, "size"), own=(Coverage.own, "sum"), shared=(Coverage.shared, "sum"),
        people=("people", "sum"), people_own=("people_own", "sum"), people_shared=("people_shared", "sum"),
    )  # fmt: skip
    served = sample.frame(Served)
    names = served.set_index([Served.community, Served.type_name])[Served.type_key]
    rows = body(open_table(sample, "附表3-6"), depth=2)
    assert len(rows) == len(served) == len(counted)
    for row in rows:
        mine = counted.loc[(row[0], names[row[0], row[1]])]
        assert row[7:11] == (mine["homes"], mine["own"], mine["shared"], mine["shared"] - mine["own"])
        assert row[11:14] == (mine["people"], mine["people_own"], mine["people_shared"])


def test_nearest_facility_decides_coverage(sample: Whole) -> None:
    cover = sample.frame(Coverage)
    assert (cover[Coverage.shared] == (cover[Coverage.any_m] <= cover[Coverage.limit_m])).all()
    assert (cover[Coverage.own] == (cover[Coverage.own_m] <= cover[Coverage.limit_m])).all()
    both = cover[[Coverage.own_m, Coverage.any_m]].dropna()
    assert (both[Coverage.any_m] <= both[Coverage.own_m] + 1e-6).all()


def test_numbers_of_features_are_unique(database: dict, one_map: dict) -> None:
    for source in (database, one_map):
        numbers = pd.concat([frame["BSM"] for frame in source.values()])
        assert numbers.is_unique
        assert numbers.str.fullmatch(r"3699012026001\d{5}").all()


def test_shapefiles_and_geopackage_hold_the_same(database: dict, one_map: dict) -> None:
    assert database.keys() == one_map.keys()
    for code, mine in database.items():
        other = one_map[code].set_index("BSM").loc[mine["BSM"]].reset_index()
        layer, kind = CODES[code]
        for column in schema_of(layer, kind):
            name = column.spec.onemap
            left, right = mine[name], other[name]
            if column.spec.kind == "text":
                full, cut = right.fillna("").astype(str), left.fillna("").astype(str)
                # A DBF cannot tell an empty text from none; line breaks become spaces.
                same = [
                    re.sub(r"[\x00-\x1f]+", " ", f).startswith(c) and bool(c) == bool(f)
                    for c, f in zip(cut, full, strict=True)
                ]
                assert all(same), f"{code}.{name}"
                assert (cut.str.encode("utf-8").str.len() <= min(column.spec.width, 254)).all()
            else:
                np.testing.assert_allclose(
                    left.to_numpy(float), right.to_numpy(float), atol=1e-9, err_msg=f"{code}.{name}"
                )
        gap = mine.geometry.hausdorff_distance(other.geometry)
        assert gap.max() < 1e-6, code


def test_texts_are_not_garbled(database: dict, one_map: dict, sample: Whole) -> None:
    names = set(sample.frame(Unit)[Unit.name])
    bad = re.compile(r"�|锟斤拷|烫烫|[\x00-\x08]|\?{2,}|[ÃÂ]|nan|None|<NA>")
    for source in (database, one_map):
        assert set(source["HSQ_SQBJ"]["SQMC"]) == names
        assert set(source["HSQ_XZYD"]["XZQMC"]) == {"虚构区"}
        for code, frame in source.items():
            for name in frame.columns.drop("geometry"):
                if pd.api.types.is_string_dtype(frame[name]):
                    wrong = frame[name].dropna()[lambda texts: texts.str.contains(bad)]
                    assert wrong.empty, f"{code}.{name}: {wrong.tolist()[:3]}"
    for path in sample.handin.rglob("*.xlsx"):
        for sheet in openpyxl.load_workbook(path):
            texts = [c for row in sheet.iter_rows(values_only=True) for c in row if isinstance(c, str)]
            assert not [t for t in texts if bad.search(t)], path.name


def test_two_readers_see_the_declared_schema(sample: Whole, database: dict) -> None:
    kinds = {"point": {"Point"}, "line": {"LineString"}, "polygon": {"Polygon"}}
    for code, path in shapefiles(sample).items():
        layer, kind = CODES[code]
        declared = {c.spec.onemap: dbf_type(c.spec) for c in schema_of(layer, kind)}
        with fiona.open(path) as file:
            seen = {k: re.sub(r"^int(32|64)", "int", v) for k, v in file.schema["properties"].items()}
            assert seen == declared, code
            assert file.schema["geometry"] in kinds[kind], KINDS[kind]
            assert len(file) == len(database[code])
        assert list(database[code].columns.drop("geometry")) == list(declared)


def test_projection_files_mean_epsg_4548(sample: Whole, one_map: dict) -> None:
    wanted = CRS.from_epsg(4548)
    for path in shapefiles(sample).values():
        said = CRS.from_wkt(path.with_suffix(".prj").read_text(encoding="utf-8"))
        assert said.to_epsg(min_confidence=25) == 4548 or said.is_exact_same(wanted)
        assert path.with_suffix(".cpg").read_text() == "UTF-8"
    assert {frame.crs.to_epsg() for frame in one_map.values()} == {4548}


def test_catalogue_lists_the_sheets_that_are_there(sample: Whole) -> None:
    book = openpyxl.load_workbook(sample.handin / "成果目录.xlsx")
    rows = [row for row in book.worksheets[0].iter_rows(min_row=3, values_only=True) if row[1] == "图件"]
    jpgs = {f"图件/JPG/{p.name}" for p in (sample.handin / "图件/JPG").iterdir()}
    assert [row[4] for row in rows if not row[2]] == ["图件/图集.pdf"]
    rows = [row for row in rows if row[2]]
    assert {row[4] for row in rows} == jpgs
    assert len(rows) == len(jpgs) >= 30
    absent = [row for row in book.worksheets[1].iter_rows(min_row=3, values_only=True) if row[1] == "图件"]
    assert all(row[4] for row in absent), "a drawing that is not there says why"
    numbers = [row[2] for row in rows + absent]
    catalogue = {s["number"] for s in read_settings("catalogue.yaml")["sheets"] if "folder" not in s}
    assert len(numbers) == len(set(numbers)) and set(numbers) == catalogue
    drawings = [row for row in book.worksheets[0].iter_rows(min_row=3, values_only=True) if row[1] == "CAD图"]
    stems = sorted(Path(path).stem for path in jpgs for _ in ("dxf", "dwg"))
    assert sorted(Path(row[4]).stem for row in drawings) == stems
    assert {row[4] for row in drawings} == {
        f"图件/DWG/{p.name}" for p in (sample.handin / "图件/DWG").iterdir()
    }
    everything = {row[4] for row in book.worksheets[0].iter_rows(min_row=3, values_only=True)}
    assert all((sample.handin / path).is_file() for path in everything)


def test_no_picture_stands_anywhere_else(sample: Whole) -> None:
    pictures = [p for p in sample.handin.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".tif")]
    # The check of the walk network is drawn for the technician and no sheet of the catalogue.
    places = [sample.handin / "图件/JPG", sample.handin / "公示版/JPG"]
    beside = [p for p in pictures if p.parent not in places]
    assert [p.relative_to(sample.handin).as_posix() for p in beside] == ["质检/Z-01_路网质检图.jpg"]


@pytest.mark.parametrize(
    ("start", "title", "cells", "depth"),
    [
        ("表1", "云溪街道四社区资源清单一览表", TABLE_1, 2),
        ("表2", "云溪街道四社区更新项目清单一览表", TABLE_2, 3),
    ],
)
def test_statutory_headers_are_the_guidelines(
    sample: Whole, start: str, title: str, cells: tuple, depth: int
) -> None:
    sheet = open_table(sample, start)
    assert sheet["A1"].value == title
    merged = {
        str(span) for span in sheet.merged_cells.ranges if span.min_row > 1 and span.max_row <= 1 + depth
    }
    assert merged == {place for _, place in cells if ":" in place}
    head = {
        cell.coordinate: cell.value
        for row in sheet.iter_rows(min_row=2, max_row=1 + depth)
        for cell in row
        if cell.value
    }
    assert {k: v.replace("\n", "") for k, v in head.items()} == {
        place.split(":")[0]: text for text, place in cells
    }


def test_no_resource_is_promised_twice(sample: Whole) -> None:
    pairs, resources = sample.frame(Pair), sample.frame(Resource).set_index(Resource.number)
    used = pairs[pairs[Pair.chosen]].groupby(Pair.resource)[Pair.used_m2].sum()
    assert len(used) >= 8
    assert (used <= resources.loc[used.index, Resource.usable_m2] + 0.01).all()
    assert pairs.loc[pairs[Pair.chosen], Pair.need].is_unique


def test_service_networks_say_the_same_by_site_and_by_home(sample: Whole) -> None:
    sites, homes = sample.frame(NetworkSite), sample.frame(SiteReach)
    assert set(sites[NetworkSite.network]) == {service.name for service in services().values()}
    served = homes[homes[SiteReach.site].notna()]
    by_site = served.groupby([SiteReach.network, SiteReach.site]).size()
    listed = sites.set_index([NetworkSite.network, NetworkSite.object_id])[NetworkSite.homes]
    assert by_site.sort_index().to_dict() == listed[listed > 0].sort_index().to_dict()
    limit = sites.groupby(NetworkSite.network)[NetworkSite.limit_m].first()
    assert (served[SiteReach.metres] <= served[SiteReach.network].map(limit)).all()
    known = sites[sites[NetworkSite.spare].notna()]
    assert (
        set(known[NetworkSite.network]) == {"养老服务", "托育服务"} and (known[NetworkSite.spare] >= 0).all()
    )
    resources = sample.frame(Resource).set_index(Resource.number)
    proposed = sites.loc[sites[NetworkSite.origin] == "空间资源", NetworkSite.object_id]
    assert len(proposed) >= 8
    assert (resources.loc[proposed, Resource.certainty] == "确认").all()


def test_nothing_of_this_machine_or_day_is_handed_in(sample: Whole) -> None:
    words = [str(folder).encode() for folder in (sample.home, ROOT, Path.home(), Path(sys.prefix))]
    for path in sample.handin.rglob("*"):
        if not path.is_file():
            continue
        parts = [path.read_bytes()]
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as z:
                parts = [z.read(name) for name in z.namelist()]
        assert not [w for part in parts for w in words if w in part], path.name
    manifest = json.loads((sample.handin / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["plan"]["compiled"] == "2026-11-23"
    assert all(item["path"].startswith("../data/sample/") for item in manifest["inputs"])
