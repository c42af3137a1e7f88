"""The sample opened in QGIS itself, where it is installed: every style is taken, and pictures agree with the sheets."""

from __future__ import annotations

import pytest

from benchmarks.qgis_styles import find_qgis, read_styles, run


@pytest.mark.skipif(
    find_qgis() is None, reason="SKIPPED: QGIS is not installed; styles were not opened in it"
)
def test_the_database_opens_looking_like_the_sheets(sample):
    told, results = run(sample.handin, find_qgis())
    styles = read_styles(sample.handin / "数据库/一张图.gpkg")
    assert len(told["styles"]) == sum(map(len, styles.values())) > 30
    assert not [s for s in told["styles"] if not (s["qml"] and s["sld"])]
    # Classes, groups and the rest all arrive: no renderer is empty.
    assert not [s for s in told["styles"] if not s["items"] or not s["sld_items"]]
    assert not [r["errors"] for r in told["renders"] if r["errors"]]
    assert {r.sheet for r in results} >= {"1-02", "1-03", "5-01", "5-02"}
    for result in results:
        assert result.points >= 50 and result.same >= 0.95 * result.points, result
