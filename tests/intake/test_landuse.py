"""Land use of four classifications, told apart by the file and brought to that of 2023."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from configs import read_rows
from configs.landuse import schemes
from configs.planning import landuse_names
from layers.classification import judge_scheme, resolve, split_pair
from layers.faults import FaultLog
from layers.landuse import mend_landuse
from layers.read.raw import Place

from .conftest import E0, N0, Bench


def mend(
    rows: list[tuple[Any, Any]], *, columns: dict[str, str] | None = None, classification: str | None = None
) -> tuple[list[str], list[str], FaultLog]:
    log = FaultLog()
    place = Place("用地.shp", "用地", log, columns=columns or {}, classification=classification)
    frame = pd.DataFrame(rows, columns=["landuse_code", "landuse_name"], dtype="str")
    frame.index += 1
    made = mend_landuse(frame, place)
    return made["landuse_code"].fillna("").tolist(), made["landuse_name"].fillna("").tolist(), log


def told(log: FaultLog, severity: str = "警告") -> list[tuple[str, str]]:
    return [(f.row, f.problem) for f in log.faults if f.severity == severity]


def judge(*pairs: tuple[str, str], **more: Any) -> Any:
    table = pd.DataFrame(list(pairs), columns=["code", "name"]).assign(rows=1)
    return judge_scheme(table, **more)


def test_plain_codes_of_2023_pass_without_a_word() -> None:
    codes, names, log = mend([("0701", "城镇住宅用地"), ("1401", None), ("080404", "幼儿园用地")])
    assert codes == ["0701", "1401", "080404"] and names[1] == "公园绿地" and not log.faults


def test_every_code_of_2020_goes_where_the_table_says() -> None:
    scheme = schemes()["2020"]
    rows = [(code, name) for code, name in scheme.names.items()]
    codes, _, log = mend(rows)
    expected = {
        row["code_2020_trial"]: row["code_2023"]
        for row in read_rows("standards/landuse_code_2020_to_2023.csv")
    }
    assert codes == [expected[code] for code, _ in rows]
    (verdict,) = [f for f in log.faults if "2020 版分类" in f.problem]
    assert verdict.severity == "提示" and f"{len(rows)} 个图斑名称与代码一致" in verdict.problem
    # Two remaining classes whose families were split in 2023 (0204, 2202) may be several things.
    open_rows = [f for f in log.faults if "种可能" in f.problem]
    assert [f.value.split()[0] for f in open_rows] == ["0204", "2202"]
    assert "0205 其他园地、0204 油料园地" in open_rows[0].problem and "0.85" in open_rows[0].action


def test_every_class_of_the_land_survey_goes_where_the_table_says() -> None:
    table = {row["sandiao_name"]: row for row in read_rows("standards/landuse_sandiao_to_2023.csv")}
    scheme = schemes()["sandiao"]
    rows = [(code, name) for code, name in scheme.names.items() if name in table]
    codes, _, log = mend(rows)
    known = landuse_names()
    open_rows = {int(f.row) for f in log.faults if "种可能" in f.problem}
    for at, ((code, name), got) in enumerate(zip(rows, codes, strict=True), start=1):
        entry = table[name]
        if entry["needs_manual_split"] == "0" or at in open_rows:
            assert got == entry["ydyh_code_2023"], code
        else:  # one member of the class has the very name
            assert got.startswith(entry["ydyh_code_2023"]) and known[got] == name, code
    assert {rows[at - 1][1] for at in open_rows} == {
        "其他园地", "科教文卫用地", "公用设施用地", "特殊用地", "交通服务场站用地",
    }  # fmt: skip


def test_the_same_code_is_read_by_the_file_it_stands_in() -> None:
    assert mend([("0601", "工业用地"), ("1207", "裸岩石砾地")])[0] == ["1001", "2307"]
    assert mend([("0601", "农村道路"), ("1207", "城镇村道路用地")])[0] == ["0601", "1207"]
    # Codes that only one list has decide where there are no names.
    assert mend([("0601", None), ("08H2", None)])[0] == ["1001", "08"]
    assert mend([("0601", None), ("1401", None)])[0] == ["0601", "1401"]
    assert mend([("0602", None), ("1313", None)])[0] == ["060201", "1312"]
    assert mend([("0602", None), ("0205", None)])[0] == ["0602", "0205"]


def test_field_names_decide_where_codes_do_not() -> None:
    rows = [("0601", None), ("0701", None)]
    assert mend(rows, columns={"landuse_code": "DLBM"})[0] == ["1001", "0701"]
    codes, _, log = mend(rows, columns={"landuse_code": "YDYHFLDM"})
    assert codes == ["0601", "0701"] and not told(log)


def test_what_stays_undecided_is_read_as_2023_and_told() -> None:
    codes, _, log = mend([("0601", None), ("0701", None)])
    assert codes == ["0601", "0701"]
    ((_, problem),) = told(log)
    assert "不能断定" in problem and "0601（2023 版农村道路，三调工业用地）" in problem


def test_the_config_outweighs_the_evidence() -> None:
    rows = [("0601", None), ("0701", None)]
    assert mend(rows, classification="sandiao")[0] == ["1001", "0701"]
    assert not told(mend(rows, classification="2023")[2])


def test_every_parcel_with_several_candidates_is_a_row_with_its_place(bench: Bench) -> None:
    codes = ["08H2", "0701", "08H2", "0809"]
    bench.vector(
        "用地.gpkg", [box(E0 + 100 * i, N0, E0 + 100 * i + 100, N0 + 100) for i in range(4)],
        {"DLBM": codes, "id": list("abcd")},
    )  # fmt: skip
    bench.add("parcel", "用地.gpkg", columns={"landuse_code": "DLBM"})
    assert bench.load()["parcel"]["landuse_code"].tolist() == ["08", "0701", "08", "13"]
    rows = [f for f in bench.find("HSQ-V07") if "种可能" in f.problem]
    assert [(f.row, f.value) for f in rows] == [("1", "08H2"), ("3", "08H2"), ("4", "0809")]
    assert "0802 科研用地、0803 文化用地" in rows[0].problem and "0.80" in rows[0].action
    assert rows[1].x is not None and E0 + 200 < rows[1].x < E0 + 300
    (count,) = [f for f in bench.find("HSQ-V07") if "已核对" in f.problem]
    assert "有多种可能 3" in count.action and "同名同码 1" in count.action


def test_values_of_the_config_are_codes_of_2023(bench: Bench) -> None:
    codes = ["08H2", "0601", "0701"]
    bench.vector(
        "用地.gpkg", [box(E0 + 100 * i, N0, E0 + 100 * i + 100, N0 + 100) for i in range(3)], {"DLBM": codes}
    )
    bench.add(
        "parcel", "用地.gpkg", columns={"landuse_code": "DLBM"}, values={"landuse_code": {"08H2": "0601"}},
        classification="sandiao",
    )  # fmt: skip
    assert sorted(bench.load()["parcel"]["landuse_code"]) == ["0601", "0701", "1001"]


def test_survey_classes_that_span_several_are_refused_with_candidates() -> None:
    codes, _, log = mend([("05", "商业服务业用地"), ("08H1", None)])
    assert codes == ["", "0801"]
    (fault,) = [f for f in log.faults if f.severity == "错误"]
    assert (fault.code, fault.row) == (
        "HSQ-V07",
        "1",
    ) and "09 商业服务业用地、1101 物流仓储用地" in fault.remedy


def test_urban_codes_of_2011_and_their_names() -> None:
    codes, names, _ = mend(
        [("R2", "二类居住用地"), ("A33", "中小学用地"), ("r21", None), ("A3", None), (None, "二类居住用地")]
    )
    assert codes == ["070102", "080403", "070102", "08", "070102"]
    assert names[0] == "二类城镇住宅用地"


def test_names_alone_are_enough() -> None:
    names = [
        "城镇住宅用地",
        "二类居住用地",
        "科教文卫用地",
        "城镇住宅",
        "公园绿地 ",
        "水工建筑用地",
        "（空）地",
    ]
    codes, _, log = mend([(None, name) for name in names])
    assert codes == ["0701", "070102", "08", "0701", "1401", "1311", ""]
    (fault,) = [f for f in log.faults if f.severity == "错误"]
    assert fault.row == "7" and fault.field == "landuse_name"


def test_a_misspelt_name_is_suggested_not_adopted() -> None:
    codes, _, log = mend([(None, "成镇住宅用地")])
    (fault,) = [f for f in log.faults if f.severity == "错误"]
    assert codes == [""] and "0701 城镇住宅用地" in fault.remedy


def test_a_name_of_several_codes_is_refused_with_them() -> None:
    codes, _, log = mend([(None, "住宅用地"), ("R2", "二类居住用地"), ("R1", "一类居住用地")])
    (fault,) = [f for f in log.faults if f.severity == "错误"]
    assert codes[0] == "" and "070101" in fault.remedy and "070103" in fault.remedy


def test_name_and_code_that_contradict_each_other_are_told() -> None:
    codes, _, log = mend([("0701", "公园绿地"), ("1401", "公园绿地"), ("0703", "农村宅基地")])
    assert codes == ["0701", "1401", "0703"]
    (fault,) = [f for f in log.faults if "不一致" in f.problem]
    assert fault.row == "1" and "1401 公园绿地" in fault.remedy and fault.action == "以代码为准"


def test_a_row_of_another_edition_is_read_by_its_own() -> None:
    codes, _, log = mend([("1312", "水工设施用地"), *[("0205", "其他园地")] * 3])
    assert codes == ["1311", "0205", "0205", "0205"]
    assert "1312 是 2020 版代码（水工设施用地）" in told(log)[0][1]


def test_one_cell_may_hold_both() -> None:
    assert split_pair("0701 城镇住宅用地", "") == ("0701", "城镇住宅用地")
    assert split_pair("", "公园绿地（1401）") == ("1401", "公园绿地")
    assert split_pair("08h2-科教文卫用地", "") == ("08H2", "科教文卫用地")
    assert split_pair("R2二类居住用地", "") == ("R2", "二类居住用地")
    assert split_pair("二类居住用地", "") == ("", "二类居住用地")
    assert mend([("0701 城镇住宅用地", None), (None, "公园绿地（1401）")])[0] == ["0701", "1401"]


def test_blank_rows_stay_blank_and_are_told_once(bench: Bench) -> None:
    bench.vector(
        "用地.gpkg", [box(E0 + 100 * i, N0, E0 + 100 * i + 100, N0 + 100) for i in range(2)],
        {"landuse_code": ["1401", "/"], "landuse_name": ["公园绿地", ""]},
    )  # fmt: skip
    bench.add("parcel", "用地.gpkg")
    (fault,) = bench.fail()
    assert (fault.code, fault.row, fault.field) == ("HSQ-V02", "2", "landuse_code")


@pytest.mark.parametrize("key", list(schemes()))
def test_every_target_is_a_code_of_2023(key: str) -> None:
    known = landuse_names()
    for code, target in schemes()[key].targets.items():
        assert target.candidates and set(target.candidates) <= set(known), code
        assert target.code is None or target.code in known, code
        assert 0.5 <= target.confidence <= 1.0
        if target.sure:
            assert target.code == target.candidates[0]


@given(st.sampled_from(list(schemes())), st.data())
def test_a_file_with_names_is_read_as_what_it_is(key: str, data: st.DataObject) -> None:
    """Whatever codes of one classification a file holds, names beside them settle each row's meaning."""
    scheme = schemes()[key]
    codes = data.draw(st.lists(st.sampled_from(sorted(scheme.names)), min_size=1, max_size=12))
    judged = judge(*[(code, scheme.names[code]) for code in dict.fromkeys(codes)])
    for code in codes:
        target = resolve(code, scheme.names[code], judged.scheme).target
        assert target is not None
        other = judged.scheme.targets.get(code)
        # A code that two classifications share may count as either; a changed name weighs only on certainty.
        assert target.code == scheme.targets[code].code or (
            other is not None and judged.scheme.names[code] == scheme.names[code]
        )


@given(st.lists(st.sampled_from(sorted(landuse_names())), min_size=1, max_size=20), st.booleans())
def test_numbers_a_spreadsheet_made_of_codes_come_back(codes: list[str], padded: bool) -> None:
    written = [str(int(code.ljust(6, "0") if padded else code)) for code in codes]
    assert (
        mend([(word, landuse_names()[code]) for word, code in zip(written, codes, strict=True)])[0] == codes
    )
