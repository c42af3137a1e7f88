"""The tiny plan: same bytes after kills, part runs, an earlier hand-in that outlives a failing run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from layers.faults import PlanFaults
from pipeline.engine import run as engine
from pipeline.plan import load_plan
from tests.handin import check_handin
from tests.whole.conftest import ENTRY, ROOT, Whole, call, list_bytes, place_plan

FEW = ["1-02", "6-06"]
# The last block of the tiny plan is ``idle``.
WIDER = "  min_width_m: 4.5\n"


@pytest.fixture
def copy(tiny: Whole, tmp_path: Path) -> Whole:
    """A folder of its own with everything the tiny run left."""
    shutil.copytree(tiny.home, tmp_path / "份", dirs_exist_ok=True)
    return Whole(tmp_path / "份", tmp_path / "份/output/tiny")


def config_of(run: Whole) -> Path:
    return run.home / "configs/tiny.yaml"


def differing(one: dict[str, bytes], two: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))


def test_hand_in_is_whole(tiny: Whole) -> None:
    assert check_handin(tiny.handin) == []


def test_a_run_killed_twice_in_another_folder_gives_the_same_bytes(tiny: Whole, tmp_path: Path) -> None:
    home = tmp_path / "another folder"
    config = place_plan(home, "tiny", inputs=("tiny",))
    folder = home / "output/tiny"
    # Killed once a stage of the middle is stored, and again while the sheets are drawn.
    killed = [kill_when(config, folder / name) for name in ("work/coverage/stage.json", "work/deliver/图件")]
    assert killed == [-9, -9] and not (folder / "成果").exists()
    done = {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("work/*/stage.json")}
    assert "coverage" in done
    code, said = call("run", config, cwd=tmp_path, PYTHONHASHSEED="7")
    assert code == 0, said
    again = {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("work/*/stage.json")}
    assert {name: again[name] for name in done} == done, "what was done is not done again"
    one, two = list_bytes(tiny.handin), list_bytes(home / "output/tiny/成果")
    assert len(one) > 80 and "manifest.json" in one
    assert differing(one, two) == []
    layers = [
        {n: b for n, b in list_bytes(f / "work").items() if n.endswith(".parquet")}
        for f in (tiny.folder, home / "output/tiny")
    ]
    assert len(layers[0]) > 30 and differing(*layers) == []


def kill_when(config: Path, path: Path) -> int:
    """Run a plan in a process of its own and kill it as soon as ``path`` is there; return its exit code."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    command = [*ENTRY, "run", str(config), "--quiet"]
    run = subprocess.Popen(command, cwd=config.parent, env=env, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while run.poll() is None and not path.exists() and time.monotonic() < until:
        time.sleep(0.02)
    run.kill()
    return run.wait()


def test_until_stops_after_the_stage_named(tmp_path: Path) -> None:
    config = place_plan(tmp_path, "tiny", inputs=("tiny",))
    code, said = call("run", config, "--until", "network", cwd=tmp_path)
    assert code == 0 and "已运行到 network" in said
    folder = tmp_path / "output/tiny"
    assert {p.name for p in (folder / "work").iterdir()} == {"load", "network", "run.json"}
    assert not (folder / "成果").exists()
    assert list(json.loads((folder / "work/run.json").read_text())["seconds"]) == ["load", "network"]


def test_from_runs_stale_stages_before_it_and_no_others(copy: Whole) -> None:
    text = config_of(copy).read_text(encoding="utf-8")
    config_of(copy).write_text(text + WIDER, encoding="utf-8")
    outcome = engine.run_plan(load_plan(config_of(copy)), since="projects", until="projects")
    assert outcome.kept[:1] == ["load"], "nothing that reading does hangs on the roofs"
    assert next(iter(outcome.seconds)) == "resources" and "projects" in outcome.seconds


def test_from_without_an_earlier_run_runs_what_is_missing(tmp_path: Path) -> None:
    config = place_plan(tmp_path, "tiny", inputs=("tiny",))
    outcome = engine.run_plan(load_plan(config), since="network", until="network")
    assert list(outcome.seconds) == ["load", "network"]


def test_earlier_hand_in_survives_bad_input(copy: Whole) -> None:
    before = list_bytes(copy.handin)
    (copy.home / "data/sample/tiny/建筑.shp").unlink()
    code, said = call("run", config_of(copy), cwd=copy.home)
    assert code == 1 and "HSQ-F01" in said and "建筑.shp" in said and "没有写出成果" in said
    assert list_bytes(copy.handin) == before
    assert [p.name for p in copy.folder.glob("成果*")] == ["成果"]


def test_earlier_hand_in_survives_a_failure_while_writing(
    copy: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list_bytes(copy.handin)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "设备上没有空间", "一张图.gpkg")

    monkeypatch.setattr("pipeline.deliver.handin.write_geopackage", refuse)
    with pytest.raises(PlanFaults, match="HSQ-D05"):
        engine.run_plan(load_plan(config_of(copy)), since="deliver")
    assert list_bytes(copy.handin) == before
    monkeypatch.undo()
    # The next run clears away what the failing one left behind, and what never belonged to the hand-in.
    (copy.handin / "多余.txt").write_text("不属于成果", encoding="utf-8")
    plan = load_plan(config_of(copy))
    sheets = plan.sheets.model_copy(update={"only": FEW})
    again = plan.model_copy(update={"sheets": sheets}).located(config_of(copy).parent)
    engine.run_plan(again)
    assert check_handin(copy.handin) == []
    assert [p.name for p in copy.folder.glob("成果*")] == ["成果"]
