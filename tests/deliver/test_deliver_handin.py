"""The whole hand-in, written twice and stopped half-way."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace

import openpyxl
import pytest
from pyogrio.errors import FeatureError

from layers.faults import PlanFaults
from layers.frame import empty_frame
from layers.planned import Quality
from pipeline.deliver import Absent, Item, deliver
from pipeline.deliver.items import Drawings
from pipeline.deliver.tree import NOW


@pytest.fixture
def quality():
    """No remarks of the stages before."""
    return empty_frame(Quality, crs="EPSG:4548")


def draw(frames, plan, root, log):
    """Stands for the sheets: one drawn, one not."""
    path = root / "图件/JPG/1-1_更新范围图.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"jpg")
    log.add("HSQ-D04", "一个标注放不下", severity="提示")
    return Drawings(
        [
            Item("图件/JPG/1-1_更新范围图.jpg", "图件", "更新范围图", "sheets", "1-1"),
            Absent("图件", "功能业态策划图", "没有业态", "4-1"),
        ]
    )


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_tree_is_what_the_manifest_says(frames, plan, quality, tmp_path):
    plan.located(tmp_path / "configs")
    done = deliver(frames, plan, quality, draw_sheets=draw)
    root = tmp_path / "output/tiny" / NOW
    assert done.swapped.folder.resolve() == root
    found = digests(root)
    manifest = json.loads((root / "manifest.json").read_text(encoding="utf-8"))
    assert {f["path"]: f["sha256"] for f in manifest["files"]} | {
        "manifest.json": found["manifest.json"]
    } == found
    tops = {path.split("/")[0] for path in found}
    assert tops == {"图件", "表格", "文本", "数据库", "质检", "公示版", "成果目录.xlsx", "manifest.json"}
    codes = [fault.code for fault in done.faults]
    report = openpyxl.load_workbook(root / "质检/数据质检.xlsx")["提示"]
    assert sorted(row[0].value for row in report.iter_rows(min_row=3)) == sorted(codes)
    absent = openpyxl.load_workbook(root / "成果目录.xlsx")["未提供的成果"]
    assert "没有业态" in [row[4].value for row in absent.iter_rows()]


def test_same_bytes_wherever_it_is_written(frames, plan, quality, tmp_path):
    found = []
    for name in ("a", "b"):
        plan.located(tmp_path / name / "configs")
        deliver(frames, plan, quality, draw_sheets=draw)
        found.append(digests(tmp_path / name / "output/tiny" / NOW))
    assert found[0] == found[1]
    assert len(found[0]) > 70


def test_a_writer_that_fails_leaves_the_hand_in_before(frames, plan, quality, tmp_path):
    plan.located(tmp_path / "configs")
    deliver(frames, plan, quality)
    before = digests(tmp_path / "output/tiny" / NOW)

    def full_disk(*_):
        raise OSError(28, "设备上没有空间", "x.jpg")

    with pytest.raises(PlanFaults, match="HSQ-D05") as caught:
        deliver(frames, plan, quality, draw_sheets=full_disk)
    assert caught.value.faults[0].file == "x.jpg"
    assert digests(tmp_path / "output/tiny" / NOW) == before


def test_the_frames_given_are_left_alone(frames, plan, quality, tmp_path):
    plan.located(tmp_path / "configs")
    before = {key: frame.copy() for key, frame in frames.items()}
    deliver(frames, plan, quality)
    assert all(frames[key].equals(before[key]) for key in frames)


@pytest.mark.parametrize("room", [0, 10**9])
def test_a_full_disk_in_gdal_s_words_is_a_fault_and_other_words_are_not(
    frames, plan, quality, tmp_path, monkeypatch, room
):
    def fail(*_):
        raise FeatureError("database or disk is full")

    monkeypatch.setattr("pipeline.deliver.handin.write_geopackage", fail)
    monkeypatch.setattr("pipeline.deliver.refusal.shutil.disk_usage", lambda _: SimpleNamespace(free=room))
    plan.located(tmp_path / "configs")
    with pytest.raises(FeatureError if room else PlanFaults) as caught:
        deliver(frames, plan, quality)
    assert room or "磁盘空间不足" in caught.value.faults[0].problem
