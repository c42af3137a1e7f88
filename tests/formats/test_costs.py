"""What a missing column costs is derived from the catalogue and the declarations, and said once a file."""

from __future__ import annotations

from shapely import LineString, box

from configs import read_settings
from layers.costs import list_costs
from layers.model import Layer
from layers.source import Building, Facility, Parcel
from pipeline.deliver.atlas.compose import TABLES, VIEWS
from pipeline.plan.sources import Inputs

from .conftest import E0, N0

DECLARED = read_settings("missing_fields.yaml")


def test_every_field_of_the_survey_layers_has_a_say() -> None:
    for key, entry in DECLARED.items():
        assert key in Inputs.model_fields
        layer = Layer.registry[key]
        free = {str(column) for column in layer.columns() if not column.spec.required} - {
            "id",
            "source",
            "note",
        }
        parts = [
            set(entry.get("filled") or ()),
            set(entry.get("unused") or ()),
            set(entry.get("fields") or ()),
        ]
        said = set().union(*parts)
        assert sum(len(part) for part in parts) == len(said), key  # none twice
        assert said <= free, (key, said - free)
        # Whatever is neither said nor filled in is at least a column of the database.
        stored = {str(column) for column in layer.delivered()}
        assert free - said <= stored, (key, free - said - stored)


def test_views_tables_and_side_tables_exist() -> None:
    views = VIEWS.keys()
    tables = read_settings("tables.yaml").keys()
    for entry in DECLARED.values():
        for field, cost in (entry.get("fields") or {}).items():
            assert cost.keys() <= {"views", "shows", "side", "tables", "says"}, field
            assert set(cost.get("views", ())) | set(cost.get("shows", ())) <= views, field
            assert set(cost.get("tables", ())) <= tables, field
            assert set(cost.get("side", ())) <= TABLES.keys(), field


def test_sheets_and_columns_follow_from_catalogue_and_declaration() -> None:
    floors = list_costs(Building)["floors"]
    assert floors.lost == ("1-03 建设现状图（建筑层数）",) and floors.stored == ("HSQ_XZJZ.CS",)
    assert list_costs(Facility)["sharing"].poorer == ("1-16",)
    assert list_costs(Facility)["capacity"].tables == ("附表3-8 设施可达性表",)
    assert "landuse_code" not in list_costs(Parcel) and "area_m2" not in list_costs(Parcel)


def test_a_file_is_told_once_what_its_missing_columns_cost(bench) -> None:
    shapes = [box(E0 + 20 * i, N0, E0 + 20 * i + 10, N0 + 10) for i in range(3)]
    bench.vector("楼.gpkg", shapes, {"use": ["住宅"] * 3, "floors": [6, 6, 6], "built": [None, None, None]})
    bench.vector("楼2.gpkg", [box(E0, N0 + 50, E0 + 10, N0 + 60)], {column: [None] for column in ("use",)})
    bench.add("building", "楼.gpkg")
    bench.add("building", "楼2.gpkg")
    bench.load()
    told = [fault for fault in bench.find("HSQ-A05") if fault.file]
    (heavy,) = (fault for fault in told if fault.file == "楼.gpkg")
    assert heavy.severity == "警告"
    assert "floors" not in heavy.field.split("、") and "built" in heavy.field.split("、")
    assert "不能绘制 1-04 建设现状图（建筑年代）" in heavy.problem
    (other,) = (fault for fault in told if fault.file == "楼2.gpkg")
    assert "1-03" in other.problem and "use" in other.field.split("、")


def test_columns_that_only_stay_empty_in_the_database_are_a_remark(bench) -> None:
    bench.vector("管.gpkg", [LineString([(E0, N0), (E0 + 9, N0)])], {"kind": ["给水"]})
    bench.add("utility_line", "管.gpkg")
    bench.load()
    (light,) = (fault for fault in bench.find("HSQ-A05") if fault.file == "管.gpkg")
    assert light.severity == "提示" and "管径（HSQ_SZGX.GJ）" in light.problem


def test_what_is_there_costs_nothing(bench) -> None:
    names = {str(column): ["1"] for column in Building.columns() if str(column) not in {"source"}}
    names["built"] = ["1998"]
    bench.vector("楼.gpkg", [box(E0, N0, E0 + 10, N0 + 10)], names)
    bench.add("building", "楼.gpkg", values={"use_status": {"1": "在用"}, "disused": {"1": "否"}})
    bench.load()
    assert not [fault for fault in bench.find("HSQ-A05") if fault.file == "楼.gpkg"]
