"""Rows read are rows kept, merged or left out, file by file, and no row goes without one of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box

from layers.account import Account, FileAccount, make_accounts
from layers.faults import FaultLog, PlanFaults
from pipeline.stages.accounts import close_accounts
from tests.intake.conftest import E0, N0, Bench

SOUND = 15
KINDS = ("sound", "again", "empty", "bow", "line", "flat", "far")


def account_of(log: FaultLog, file: str) -> dict[str, Any]:
    table = make_accounts(log.accounts)
    return table[table[FileAccount.file] == file].iloc[0].to_dict()


def shape_of(kind: str, at: int) -> Any:
    x = E0 + 20 * at
    return {
        "sound": box(x, N0, x + 10, N0 + 10),
        "again": box(E0, N0 + 500, E0 + 10, N0 + 510),
        "empty": None,
        "bow": Polygon([(x, N0), (x + 10, N0 + 10), (x + 10, N0), (x, N0 + 10)]),
        "line": LineString([(x, N0), (x + 5, N0)]),
        "flat": Polygon([(x, N0), (x + 5, N0), (x + 9, N0), (x, N0)]),
        "far": box(x + 9e6, N0, x + 9e6 + 1, N0 + 1),  # no place in China
    }[kind]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=12))
def test_every_mixture_of_faults_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str]
) -> None:
    bench = Bench(tmp_path_factory.mktemp("混"))
    bench.add_community()
    # Enough sound ones, so that the file's coordinates are believed.
    sound = [box(E0 + 900, N0 + 30 * at, E0 + 910, N0 + 30 * at + 9) for at in range(SOUND)]
    shapes = [*sound, *(shape_of(kind, at) for at, kind in enumerate(kinds))]
    bench.vector("楼.gpkg", shapes, {"name": ["x"] * len(shapes)})
    bench.add("building", "楼.gpkg")
    try:
        kept = len(bench.load()["building"])
    except PlanFaults:
        kept = None
    row = account_of(bench.log, "楼.gpkg")
    assert row[FileAccount.read] == len(shapes)
    assert row[FileAccount.kept] + row[FileAccount.merged] + row[FileAccount.dropped] == len(shapes)
    again = kinds.count("again")
    assert row[FileAccount.merged] == max(again - 1, 0)
    assert row[FileAccount.kept] == SOUND + kinds.count("sound") + bool(again)
    assert kept is None or kept == row[FileAccount.rows]
    told = {
        label
        for fault in bench.log.faults
        if fault.file == "楼.gpkg"
        for label in fault.row.split(" 等 ")[0].split("、")
    }
    gone = {str(at + SOUND + 1) for at, kind in enumerate(kinds) if kind not in ("sound", "again")}
    assert gone <= told


def test_a_row_that_goes_without_a_word_gets_one() -> None:
    log = FaultLog()
    account = Account("a.shp", "楼")
    account.take([1, 2, 3])
    account.keep(["1"])
    log.accounts.append(account)
    log.add("HSQ-G02", "x", file="a.shp", layer="楼", row="2", severity="警告")
    table = close_accounts(log)
    assert table[FileAccount.dropped].tolist() == [2]
    (fault,) = (fault for fault in log.faults if fault.code == "HSQ-V09")
    assert (fault.row, fault.file, fault.severity) == ("3", "a.shp", "警告")


def test_an_account_that_does_not_balance_is_refused() -> None:
    account = Account("a.shp", "楼")
    account.take([1, 2])
    with pytest.raises(ValueError, match="2 rows read"):
        account.balance()


def test_ledgers_shapes_totals_and_twins_each_have_their_place(bench: Bench) -> None:
    bench.vector("范围.gpkg", [box(E0, N0, E0 + 9, N0 + 9)] * 3, {"id": ["a", "b", None]})
    rows = [["编号", "类别", "名称"], ["a", "用地", "一"], ["c", "资金", "二"], ["合计", None, None]]
    bench.sheet("台账.xlsx", rows)
    columns = {"id": "编号", "category": "类别", "name": "名称"}
    bench.add("ledger", "台账.xlsx", columns=columns, key="id", geometry={"path": "范围.gpkg"})
    bench.sheet("设施.xlsx", [["名称", "类型", "x", "y"], ["幸福社区食堂", "社区食堂", E0 + 5, N0 + 5]])
    bench.sheet("网图.xlsx", [["名称", "类型", "x", "y"], ["幸福食堂", "社区食堂", E0 + 9, N0 + 5], ["火箭发射场", "火箭", E0, N0]])  # fmt: skip
    for name in ("设施.xlsx", "网图.xlsx"):
        bench.add(
            "facility", name, columns={"name": "名称", "type_name": "类型"}, x="x", y="y", crs="EPSG:4548"
        )
    bench.load()
    wanted = [str(c) for c in (FileAccount.read, FileAccount.kept, FileAccount.merged, FileAccount.dropped)]
    found = {
        name: [account_of(bench.log, name)[column] for column in wanted]
        for name in ("台账.xlsx", "范围.gpkg", "设施.xlsx", "网图.xlsx")
    }
    assert found == {
        "台账.xlsx": [3, 2, 0, 1], "范围.gpkg": [3, 1, 0, 2], "设施.xlsx": [1, 1, 0, 0], "网图.xlsx": [2, 0, 1, 1],
    }  # fmt: skip
    rows_of = {fault.row for fault in bench.log.faults if fault.file == "范围.gpkg"}
    assert {"2", "3"} <= {label for row in rows_of for label in row.split("、")}


def test_a_parcel_across_the_edge_is_split_and_counted(bench: Bench) -> None:
    shapes = [box(E0, N0, E0 + 400, N0 + 1000), box(E0 + 400, N0, E0 + 1200, N0 + 1000)]
    bench.vector("用地.gpkg", shapes, {"landuse_code": ["1401", "1403"], "number": ["A", "B"]})
    bench.add("parcel", "用地.gpkg")
    parcels = bench.load()["parcel"].set_index("id")
    assert len(parcels) == 3 and parcels["number"].is_unique
    assert sorted(parcels["area_m2"]) == [200_000, 400_000, 600_000]
    row = account_of(bench.log, "用地.gpkg")
    assert (row[FileAccount.kept], row[FileAccount.added], row[FileAccount.rows]) == (2, 1, 3)
    (fault,) = (fault for fault in bench.find("HSQ-G13") if fault.severity == "警告")
    assert fault.row == "2" and "甲社区 600000.00 ㎡、规划范围外 200000.00 ㎡" in fault.problem


def test_an_unreadable_file_is_in_the_account_with_nothing(bench: Bench) -> None:
    Path(bench.folder / "坏.gpkg").write_text("x", encoding="utf-8")
    bench.add("gate", "坏.gpkg")
    bench.fail()
    assert account_of(bench.log, "坏.gpkg")[FileAccount.read] == 0


def test_features_far_from_the_plan_are_named_few_by_few(bench: Bench) -> None:
    points = [Point(E0 + 500, N0 + 500), Point(E0 + 9000, N0), Point(E0, N0 + 9000)]
    bench.vector("门.gpkg", points, {"name": list("abc"), "id": list("abc")})
    bench.add("gate", "门.gpkg")
    bench.vector("灯.gpkg", [Point(E0 + 9000 + i, N0) for i in range(30)], {"kind": ["路灯"] * 30})
    bench.add("utility_point", "灯.gpkg")
    frames = bench.load()
    assert len(frames["gate"]) == 3 and len(frames["utility_point"]) == 30
    found = bench.find("HSQ-X04")
    assert [(f.file, f.severity, f.value) for f in found[:2]] == [
        ("门.gpkg", "警告", "b"),
        ("门.gpkg", "警告", "c"),
    ]
    assert len(found) == 3 and "30 个要素" in found[2].problem and found[2].severity == "提示"
    assert isinstance(frames["file_account"], pd.DataFrame)
