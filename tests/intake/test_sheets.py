from __future__ import annotations

import openpyxl

from layers.faults import FaultLog
from layers.read.raw import Place
from layers.read.sheet import read_sheet

from .conftest import E0, N0, Bench

HEADER = [
    ["云溪街道设施台账", None, None, None, None],
    ["序号", "名称", "坐标", None, "规模"],
    [None, None, "X(北)", "Y(东)", None],
]
MERGED = ("A1:E1", "A2:A3", "B2:B3", "C2:D2", "E2:E3")


def read(path, **options):
    log = FaultLog()
    raw = read_sheet(path, Place(path.name, "层", log), **options)
    return raw, log


def test_title_merged_header_totals_and_remarks(bench: Bench) -> None:
    rows = [
        *HEADER,
        [1, "清源小学", N0, E0, "6,800㎡"],
        [2, "老街诊所", N0 + 5, E0, None],
        [None, "小计", None, None, 1],
        [None, None, None, None, None],
        [3, "合计路幼儿园", N0 + 9, E0, 3],
        ["合 计", "3处", None, None, "6,803㎡"],
        ["注：面积为建筑面积", None, None, None, None],
    ]
    raw, log = read(bench.sheet("台账.xlsx", rows, merged=MERGED), header_rows=2)
    assert list(raw.table.columns) == ["序号", "名称", "坐标/X(北)", "坐标/Y(东)", "规模"]
    assert raw.table.index.tolist() == [4, 5, 8]
    assert raw.table["名称"].tolist() == ["清源小学", "老街诊所", "合计路幼儿园"]
    told = {fault.problem: fault.row for fault in log.faults}
    assert told == {"跳过标题行": "1", "合计、小计行不作为数据": "6、9", "说明行不作为数据": "10"}


def test_merged_header_feeds_the_layer_with_surveyors_axes(bench: Bench) -> None:
    rows = [*HEADER, [1, "清源小学", N0 + 20, E0 + 10, "6,800㎡"], ["合计", None, None, None, "6,800㎡"]]
    bench.sheet("台账.xlsx", rows, merged=MERGED)
    bench.add(
        "facility", "台账.xlsx", header_rows=2, crs="EPSG:4548", x="坐标/Y(东)", y="坐标/X(北)",
        columns={"name": "名称", "floor_area_m2": "规模"},
    )  # fmt: skip
    frame = bench.load()["facility"]
    assert len(frame) == 1
    row = frame.iloc[0]
    assert (row.geometry.x, row.geometry.y) == (E0 + 10, N0 + 20)
    assert (row["type_key"], row["tier"], row["floor_area_m2"], row["radius_m"]) == (
        "primary_school",
        "10",
        6800.0,
        500,
    )


def test_merged_cells_down_the_rows_are_spread(bench: Bench) -> None:
    rows = [["维度", "描述"], ["舒适宜居", "甲"], [None, "乙"], ["绿色低碳", "丙"]]
    raw, _ = read(bench.sheet("表.xlsx", rows, merged=("A2:A3",)))
    assert raw.table["维度"].tolist() == ["舒适宜居", "舒适宜居", "绿色低碳"]


def test_formulas_are_not_evaluated(bench: Bench) -> None:
    path = bench.sheet("表.xlsx", [["名称", "面积"], ["甲", "=1+1"], ["乙", 5]])
    raw, log = read(path)
    assert raw.table["面积"].isna().tolist() == [True, False]
    (fault,) = log.faults
    assert fault.code == "HSQ-V09" and fault.value == "B2"
    # The file itself stays as it was.
    assert openpyxl.load_workbook(path)["表"]["B2"].value == "=1+1"


def test_csv_with_two_header_rows_lost_its_merging(bench: Bench) -> None:
    path = bench.folder / "表.csv"
    path.write_text("名称,坐标,\n,东,北\n甲,1,2\n合计,,\n", encoding="utf-8")
    raw, _ = read(path, header_rows=2)
    assert list(raw.table.columns) == ["名称", "坐标/东", "坐标/北"]
    assert raw.table.index.tolist() == [3]


def test_repeated_headers_hide_nothing(bench: Bench) -> None:
    raw, _ = read(bench.sheet("表.xlsx", [["面积", "面积", None], [1, 2, 3]]))
    assert list(raw.table.columns) == ["面积", "面积.2", "列3"]


def test_key_joins_rows_to_shapes(bench: Bench) -> None:
    from shapely import box

    bench.vector(
        "范围.gpkg", [box(E0, N0, E0 + 10, N0 + 10), box(E0, N0, E0 + 5, N0 + 5)], {"BH": ["R1", "R9"]}
    )
    bench.sheet(
        "台账.xlsx", [["编号", "类别", "名称"], ["R1", "用地", "空地"], ["R2", "资金", "补助"]],
    )  # fmt: skip
    bench.add(
        "ledger", "台账.xlsx", columns={"id": "编号", "category": "类别", "name": "名称"}, key="id",
        geometry={"path": "范围.gpkg", "columns": {"id": "BH"}},
    )  # fmt: skip
    frame = bench.load()["ledger"].set_index("id")
    assert frame.geometry["R1"].area == 100 and frame.geometry["R2"] is None
    assert frame["area_m2"]["R1"] == 100
    lost, unused = bench.find("HSQ-V10")
    assert lost.row == "3" and lost.severity == "提示"
    assert "1 个图形" in unused.problem and unused.severity == "警告"
