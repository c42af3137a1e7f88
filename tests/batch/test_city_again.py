"""A split of a city that was stopped, refused, looked at or repeated: nothing false is said, nothing is lost."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import weakref
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pytest

from benchmarks.batchcity import write_city
from layers.faults import PlanFaults
from layers.source import Facility
from pipeline.batch.city import place, record, split
from pipeline.batch.city.config import load_city
from pipeline.batch.city.record import RECORD
from pipeline.batch.city.split import UNCHANGED, list_made, split_city
from tests.batch.conftest import Made

FIRST = "第001社区"


COUNT = 3


@pytest.fixture
def few(made: Made) -> Made:
    """The city of which only the first communities are made into plans: what is tested here is of each alike."""
    names = ", ".join(f"第{n + 1:03}社区" for n in range(COUNT))
    text = made.config.read_text(encoding="utf-8")
    made.config.write_text(
        text.replace("  folder: 社区方案\n", f"  folder: 社区方案\n  only: [{names}]\n"), encoding="utf-8"
    )
    return made


class StoppedError(Exception):
    """Stands for the end of the process: nothing of the program catches it."""


def plans_of(made: Made) -> Path:
    return made.config.parent / "社区方案"


def drop_facility(made: Made, at: int = 0) -> None:
    """Change the data of the plans round the facility that is so far to the west."""
    facility = made.frames[Facility.key]
    made.frames[Facility.key] = facility.drop(index=facility.geometry.x.sort_values().index[at]).reset_index(
        drop=True
    )


def change_all(made: Made, year: int = 2028) -> None:
    """Change the config of every plan."""
    text = made.config.read_text(encoding="utf-8")
    made.config.write_text(text.replace("first_year: 2027", f"first_year: {year}"), encoding="utf-8")


def edited(done: split.Split) -> list[str]:
    return [remark for remark in done.remarks if "没有覆盖" in remark]


@pytest.mark.parametrize("moment", ["between", "after"])
def test_a_split_stopped_at_a_plan_takes_nobodys_files_for_edited(few, monkeypatch, moment):
    drop_facility(few)
    change_all(few)
    move, calls = place._move, []

    def stop(paths, folder, fresh):
        calls.append(folder)
        if len(calls) == 2:
            if moment == "between":
                paths[0].replace(folder / paths[0].name)
            if moment == "after":
                move(paths, folder, fresh)
            raise StoppedError
        move(paths, folder, fresh)

    monkeypatch.setattr(place, "_move", stop)
    with pytest.raises(StoppedError):
        split_city(few.city())
    monkeypatch.setattr(place, "_move", move)
    drop_facility(few)
    few.config.write_text(
        few.config.read_text(encoding="utf-8").replace("first_year: 2028", "first_year: 2029"),
        encoding="utf-8",
    )
    done = split_city(few.city())
    assert edited(done) == []
    assert done.written == COUNT
    for path in done.configs:
        assert "first_year: 2029" in path.read_text(encoding="utf-8")


def test_a_first_split_stopped_leaves_block_numbers_and_a_torn_note_is_none(few, monkeypatch):
    folder = plans_of(few)
    before = json.loads((folder / RECORD).read_text(encoding="utf-8"))["plans"]
    (folder / RECORD).unlink()
    for path in folder.glob("*/*"):
        path.unlink()

    def stop(*_):
        raise StoppedError

    monkeypatch.setattr(place, "_move", stop)
    with pytest.raises(StoppedError):
        split_city(few.city())
    plans = json.loads((folder / RECORD).read_text(encoding="utf-8"))["plans"]
    assert {name: plan["block"] for name, plan in plans.items()} == {
        name: before[name]["block"] for name in sorted(before)[:COUNT]
    }
    notes = folder / "拆分.jsonl"
    notes.write_bytes(notes.read_bytes() + '["第002社区", {"数据'.encode())
    monkeypatch.undo()
    assert list(record.recall(few.city()).plans[FIRST].files) == ["数据.gpkg", "方案.yaml"]


def test_a_file_open_elsewhere_stops_its_plan_only_and_leaves_it_of_one_piece(few, monkeypatch):
    drop_facility(few)
    change_all(few)
    before = {path.name: path.read_bytes() for path in (plans_of(few) / FIRST).iterdir()}
    replace = Path.replace

    def refuse(self, target):
        # 数据.gpkg goes first; the config is the one held.
        if Path(target).parent.name == FIRST and self.name == "方案.yaml":
            raise PermissionError(errno.EACCES, "Permission denied", str(self), None, str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    done = split_city(few.city())
    assert {path.name: path.read_bytes() for path in (plans_of(few) / FIRST).iterdir()} == before
    assert done.written == COUNT - 1 and len(done.configs) == COUNT
    assert done.remarks[0] == (
        f"{FIRST}：方案.yaml 无法写入（没有写入权限，或文件正被其他程序使用），沿用原有文件，没有更新；"
        "关闭占用该文件的程序或改正权限后重新运行"
    )
    assert not any("已不在全市数据中" in remark for remark in done.remarks)
    monkeypatch.setattr(Path, "replace", replace)
    done = split_city(few.city())
    assert (done.written, edited(done)) == (1, [])


def test_two_at_once_the_second_says_so_and_what_a_killed_one_left_goes(few):
    left = plans_of(few) / ".haoshequ-left" / FIRST
    left.mkdir(parents=True)
    with record.hold_city(few.city()), pytest.raises(PlanFaults, match="HSQ-R01"):
        split_city(few.city())
    assert left.is_dir()
    split_city(few.city())
    assert not left.parent.exists()


def test_a_full_disk_stops_all(few, monkeypatch):
    drop_facility(few)

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "x")

    monkeypatch.setattr(place, "_move", refuse)
    with pytest.raises(PlanFaults, match="磁盘空间不足"):
        split_city(few.city())


def look_at(path: Path) -> None:
    """Do what QGIS does to a GeoPackage that somebody looks at."""
    before = path.read_bytes()
    with closing(sqlite3.connect(path)) as base:
        base.execute("pragma journal_mode=wal").fetchall()
        base.execute("pragma journal_mode=delete").fetchall()
    assert path.read_bytes() != before


def test_a_geopackage_looked_at_is_not_edited_and_one_with_another_row_is(few):
    folder = plans_of(few)
    looked, changed = folder / FIRST / "数据.gpkg", folder / "第002社区" / "数据.gpkg"
    look_at(looked)
    bytes_looked = looked.read_bytes()
    assert (split_city(few.city()).written, looked.read_bytes()) == (0, bytes_looked), "same rows stay"
    rows = gpd.read_file(changed, layer=Facility.alias, engine="pyogrio")
    rows.loc[0, Facility.name.spec.alias] = "改过"
    rows.to_file(changed, layer=Facility.alias, engine="pyogrio")
    drop_facility(few)
    done = split_city(few.city())
    assert edited(done) == ["第002社区：数据.gpkg 已有人改过，没有覆盖；要重新生成，先移走该文件"]
    assert looked.read_bytes() != bytes_looked


def test_a_geopackage_with_changes_waiting_is_left_and_named(few):
    path = plans_of(few) / FIRST / "数据.gpkg"
    path.with_name("数据.gpkg-wal").write_bytes(b"x")
    before = path.read_bytes()
    drop_facility(few)
    done = split_city(few.city())
    assert path.read_bytes() == before
    assert done.remarks[0].startswith(f"{FIRST}：数据.gpkg 无法写入（正在其他程序（如 QGIS）中打开")


def test_files_without_a_record_are_not_said_to_be_edited(few):
    (plans_of(few) / RECORD).unlink()
    change_all(few)
    done = split_city(few.city())
    assert len(edited(done)) == COUNT and all("不是上次拆分写的" in remark for remark in edited(done))


def test_a_record_of_an_earlier_version_is_read(few):
    path = plans_of(few) / RECORD
    plans = json.loads(path.read_text(encoding="utf-8"))["plans"]
    for name, plan in plans.items():
        plan["files"] = {file: note["ours"][0] for file, note in plan["files"].items()}
        plan["last"] = name in sorted(plans)[:COUNT]
    path.write_text(json.dumps({"plans": plans}), encoding="utf-8")
    assert len(list_made(few.city())) == COUNT
    change_all(few)
    done = split_city(few.city())
    assert (done.written, edited(done)) == (COUNT, [])


def test_one_cut_is_in_memory_at_a_time(few, monkeypatch):
    cuts, alive, real = [], [], split.place_plan

    def watch(city, group, cut, *rest, **more):
        alive.append(sum(ref() is not None for ref in cuts))
        cuts.append(weakref.ref(cut))
        return real(city, group, cut, *rest, **more)

    monkeypatch.setattr(split, "place_plan", watch)
    split_city(few.city())
    assert alive == [0] * COUNT


def test_a_second_split_reads_nothing_until_something_changes(tmp_path, monkeypatch):
    config = write_city(tmp_path / "全市", 2)
    first = split_city(load_city(config))
    real, reads = split._read_city, []

    def count(city):
        reads.append(city)
        return real(city)

    monkeypatch.setattr(split, "_read_city", count)
    again = split_city(load_city(config))
    assert (reads, again.written, again.same, again.configs) == ([], 0, 2, first.configs)
    assert again.remarks == [UNCHANGED, *first.remarks]
    edit = first.configs[0]
    edit.write_text(edit.read_text(encoding="utf-8") + "# 改\n", encoding="utf-8")
    told = split_city(load_city(config))
    assert (len(reads), len(edited(told))) == (1, 1), "an edit since is looked at"
    assert edited(split_city(load_city(config))) == edited(told) and len(reads) == 1, "and is told again"
    edit.unlink()
    assert (split_city(load_city(config)).written, len(reads)) == (1, 2), "a file taken away is made again"


def test_a_report_held_open_is_said_and_stops_nothing(tmp_path, monkeypatch):
    config = write_city(tmp_path / "全市", 2)

    def refuse(*_, **more):
        raise PermissionError(errno.EACCES, "Permission denied", "数据质检.xlsx")

    monkeypatch.setattr(split, "place_report", refuse)
    done = split_city(load_city(config))
    assert (len(done.configs), done.remarks[0][:13]) == (2, "全市数据的质检报告没有写出")
    assert record.recall(load_city(config)).key == "", (
        "the city is read again, so that there will be a report"
    )


def test_the_key_of_a_split_holds_its_files_config_and_program(tmp_path, made_once, monkeypatch):
    home = tmp_path / "全市"
    home.mkdir()
    for path in made_once.config.parent.glob("全市.*"):
        shutil.copy(path, home)
    config = home / made_once.config.name
    keys = [record.make_key(load_city(config))]
    os.utime(home / "全市.gpkg", (0, 0))
    assert record.make_key(load_city(config)) == keys[0], "content, not time"
    with (home / "全市.gpkg").open("ab") as file:
        file.write(b"x")
    keys.append(record.make_key(load_city(config)))
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("first_year: 2027", "first_year: 2028"), encoding="utf-8")
    keys.append(record.make_key(load_city(config)))
    monkeypatch.setattr(record, "hash_program", lambda: "another")
    keys.append(record.make_key(load_city(config)))
    assert len(set(keys)) == 4
