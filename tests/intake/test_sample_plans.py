"""The sample and the tiny plan load, and every flaw planted in the sample is found and named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from layers.faults import Fault, FaultLog
from pipeline.plan import load_plan
from pipeline.stages.base import Frame, Given
from pipeline.stages.load import LOAD

ROOT = Path(__file__).parents[2]
TRUTH = yaml.safe_load((ROOT / "data/sample/真值.yaml").read_text(encoding="utf-8"))

DENTIST = "口腔"


def load(name: str) -> tuple[dict[str, Frame], FaultLog]:
    log = FaultLog()
    return LOAD(Given(load_plan(ROOT / f"configs/{name}.yaml"), {}, log)), log


@pytest.fixture(scope="module")
def sample() -> tuple[dict[str, Frame], FaultLog]:
    return load("sample")


def planted(file: str, flaw: str) -> dict:
    return next(item for item in TRUTH["埋设缺陷"] if item["文件"] == file and item["缺陷"] == flaw)


def faults(log: FaultLog, code: str, file: str) -> list[Fault]:
    return [fault for fault in log.faults if fault.code == code and file in fault.file]


def test_counts_are_those_of_the_truth(sample: tuple[dict[str, Frame], FaultLog]) -> None:
    frames, log = sample
    counts = TRUTH["数量"]
    assert len(frames["community_given"]) == counts["社区"]
    assert len(frames["parcel"]) == counts["地块"]
    assert len(frames["building"]) == counts["建筑"] + counts["周边建筑"]
    assert frames["building"]["population"].sum() == counts["人口"] + counts["周边人口"]
    assert len(frames["survey"]) == counts["需求"]
    assert len(frames["ledger"]) == counts["资源"]
    # A judicial office and a dentist are facilities of the truth and no class of the walking circle.
    left_out = [f for f in faults(log, "HSQ-V08", "") if f.value == "司法所" or DENTIST in f.value]
    assert len(frames["facility"]) + sum(len(f.row.split("、")) for f in left_out) == counts["设施"]
    assert not log.errors


def test_planted_flaws_are_found(sample: tuple[dict[str, Frame], FaultLog]) -> None:
    frames, log = sample
    assert "GB18030" in faults(log, "HSQ-F05", "现状用地.shp")[0].action
    assert frames["parcel"]["landuse_name"].str.contains("用地").any()
    (spike,) = faults(log, "HSQ-G02", "现状用地.shp")
    assert spike.severity == "警告"
    twin = planted("建筑.shp", "重复要素")
    assert [fault.value for fault in faults(log, "HSQ-G04", "建筑.shp")] == [twin["对象"]]
    assert (
        not frames["building"]["id"].eq(twin["对象"]).any()
        and frames["building"]["id"].eq(twin["原对象"]).any()
    )
    assert frames["building"].total_bounds[0] < 1e6  # the zone prefix is gone
    assert (
        frames["building"]["id"][frames["building"]["built"].isna()].tolist()
        == planted("建筑.shp", "年代缺失")["对象"]
    )
    assert len(faults(log, "HSQ-G04", "道路.gpkg")) == 1
    assert "合计" in " ".join(fault.problem for fault in faults(log, "HSQ-V09", "设施台账"))
    twins = planted("地图POI.csv", "与台账重复")
    assert {fault.value for fault in faults(log, "HSQ-G04", "地图POI.csv")} == set(twins["对象"])
    strangers = planted("地图POI.csv", "非生活圈类别")["对象"]
    unknown = [fault for fault in faults(log, "HSQ-V08", "地图POI.csv") if DENTIST not in fault.value]
    assert len(unknown) == len(strangers)
    assert not frames["facility"]["name"].isin(strangers).any()
    homeless = planted("需求清单.xlsx", "无位置需求")["对象"]
    survey = frames["survey"]
    assert sorted(survey["id"][survey.geometry.isna()]) == sorted(homeless)
    assert len(faults(log, "HSQ-G02", "资源台账")) == 1


def test_web_map_points_stand_where_the_ledger_has_them(sample: tuple[dict[str, Frame], FaultLog]) -> None:
    _, log = sample
    gaps = [fault.problem.split("相距 ")[1] for fault in faults(log, "HSQ-G04", "地图POI.csv")]
    assert all(float(gap.removesuffix(" m")) < 10 for gap in gaps)


def test_drainage_needs_are_lines(sample: tuple[dict[str, Frame], FaultLog]) -> None:
    survey = sample[0]["survey"].set_index("id")
    assert survey.geom_type[["XQ13", "XQ14", "XQ15"]].tolist() == ["LineString"] * 3
    assert survey.geom_type["XQ01"] == "Point"


def test_capacities_keep_what_they_count(sample: tuple[dict[str, Frame], FaultLog]) -> None:
    facilities = sample[0]["facility"].set_index("name")
    assert (facilities["capacity"]["清源小学"], facilities["capacity_unit"]["清源小学"]) == (24.0, "班")
    assert facilities["floor_area_m2"]["虚构区第二中学"] == 14_200


def test_tiny_plan_has_a_row_of_every_layer() -> None:
    frames, log = load("tiny")
    assert not log.errors
    assert {key for key, frame in frames.items() if not len(frame)} == {
        "outline",
        "data_extent",
        "context",
        "barrier",
        "relief",
        "adjoining",
    }


def test_loading_twice_gives_the_same(sample: tuple[dict[str, Frame], FaultLog]) -> None:
    again, log = load("sample")
    for key, frame in sample[0].items():
        assert frame.equals(again[key]), key
    assert log.faults == sample[1].faults


def test_the_most_special_part_of_a_web_maps_type_decides(sample: tuple[dict[str, Frame], FaultLog]) -> None:
    facilities = sample[0]["facility"].set_index("name")
    assert facilities["type_key"]["江东幼儿园"] == "kindergarten"  # 科教文化服务;学校;幼儿园


def test_what_buildings_lack_and_how_they_are_projected_is_told(
    sample: tuple[dict[str, Frame], FaultLog],
) -> None:
    _, log = sample
    (zone,) = (fault for fault in faults(log, "HSQ-X03", "建筑.shp") if "带号 39" in fault.problem)
    assert zone.severity == "提示"
    undated = next(fault for fault in faults(log, "HSQ-V02", "建筑.shp") if "建成年代" in fault.problem)
    assert len(undated.row.split("、")) == len(planted("建筑.shp", "年代缺失")["对象"]) == 3
