"""Runs after a run: nothing done twice, only what depends on a change done again, the same bytes as from nothing."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import openpyxl
import pytest

from layers.faults import PlanFaults
from layers.planned import Project
from layers.reachable import Unit
from pipeline.cli.run import run
from pipeline.deliver import tree
from pipeline.engine import run as engine
from pipeline.engine.files import hash_inputs
from pipeline.engine.forecast import Forecast, forecast_plan
from pipeline.engine.last import is_current
from pipeline.engine.progress import Meter
from pipeline.engine.store import Store
from pipeline.plan import Plan, load_plan
from tests.whole.conftest import Whole, ask, call, list_bytes

LEDGER = "data/sample/tiny/设施台账.xlsx"
HEAVY = ("geopandas", "pandas", "numpy", "shapely", "numba", "matplotlib", "fiona", "scipy", "ezdxf")


@pytest.fixture(scope="module")
def home(tiny: Whole, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy of all that the tiny run left; every test leaves it as it was, which is a test of its own."""
    home = tmp_path_factory.mktemp("again") / "份"
    shutil.copytree(tiny.home, home)
    return home


@pytest.fixture
def plan(home: Path) -> Plan:
    return load_plan(home / "configs/tiny.yaml")


def edit(path: Path, change: Callable[[openpyxl.Workbook], None]) -> None:
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)


def set_capacity(book: openpyxl.Workbook) -> None:
    row = next(r for r in book["设施台账"].iter_rows(min_row=4) if r[7].value)
    row[7].value = "33人"


def steps(found: Forecast, state: str) -> list[str]:
    return [step.name for step in found.steps if step.state == state]


def differing(one: dict[str, bytes], two: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))


def test_an_unchanged_run_does_nothing_says_so_and_loads_nothing_heavy(home: Path, plan: Plan) -> None:
    litter = plan.output / "成果/表格/~$表1.xlsx"
    litter.write_bytes(b"somebody looks at it")
    before = {p: p.stat().st_mtime_ns for p in plan.output.rglob("*")}
    assert is_current(plan)
    script = (
        "import sys\n"
        "from pipeline.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        f"    print('loaded:', [m for m in {HEAVY!r} if m in sys.modules])\n"
    )
    for command in ("run", "plan"):
        code, said = call(command, home / "configs/tiny.yaml", cwd=home, entry=(sys.executable, "-c", script))
        assert code == 0 and "没有改动，成果已是最新" in said and "loaded: []" in said, said
    outcome = engine.run_plan(plan)
    assert outcome.current and outcome.seconds == {} and len(outcome.frames[Unit.key])
    assert {p: p.stat().st_mtime_ns for p in plan.output.rglob("*")} == before
    litter.unlink()


def test_a_file_saved_again_with_the_same_content_runs_nothing_after_reading(home: Path, plan: Plan) -> None:
    path = home / LEDGER
    kept = path.read_bytes()
    edit(path, lambda book: None)
    assert path.read_bytes() != kept and not is_current(plan)
    found = forecast_plan(plan)
    assert steps(found, "重算") == ["load", "deliver"] and steps(found, "视上游") == []
    assert found.changes == () and [Path(name).name for name in found.same] == ["设施台账.xlsx"]
    outcome = engine.run_plan(plan, until="strategy")
    assert list(outcome.seconds) == ["load"] and len(outcome.kept) == 12
    path.write_bytes(kept)
    engine.run_plan(plan, until="load")


def test_one_row_changed_runs_what_hangs_on_it_and_back_again_is_as_it_was(
    home: Path, plan: Plan, tiny: Whole
) -> None:
    path = home / LEDGER
    kept, before = path.read_bytes(), {p: p.stat().st_mtime_ns for p in plan.output.rglob("*")}
    edit(path, set_capacity)
    code, said = call("plan", home / "configs/tiny.yaml", cwd=home)
    assert code == 0 and "改 1 行" in said and "服务能力" in said and "没有写任何文件" in said, said
    assert {p: p.stat().st_mtime_ns for p in plan.output.rglob("*")} == before, "telling writes nothing"
    outcome = engine.run_plan(plan)
    assert {"load", "coverage", "deliver"} <= outcome.seconds.keys() and "backing" in outcome.kept
    assert len(outcome.sheets[1]) >= 3, "sheets that do not show it stand"
    folder = plan.output / "成果"
    assert is_current(plan)
    path.write_bytes(kept)
    jpg = (
        folder
        / "图件/JPG"
        / next(p.name for p in (folder / "图件/JPG").iterdir() if p.name.startswith("1-02"))
    )
    with jpg.open("r+b") as file:  # in place: the sheet kept in work is the same file
        file.seek(100)
        file.write(b"xxxx")
    (folder / "多余.txt").write_text("不属于成果", encoding="utf-8")
    outcome = engine.run_plan(plan)
    told = (plan.output / "run.log").read_text(encoding="utf-8")
    assert jpg.name in told and "多余.txt" in told and "1-02" in outcome.sheets[0]
    assert differing(list_bytes(folder), list_bytes(tiny.handin)) == []


def test_a_word_of_the_config_runs_what_reads_it(home: Path, plan: Plan) -> None:
    def ask(**blocks: object) -> list[str]:
        return steps(forecast_plan(plan.model_copy(update=blocks).located(home / "configs")), "重算")

    assert ask(plan=plan.plan.model_copy(update={"map_review_no": "虚S(2026)001"})) == ["load", "deliver"]
    assert ask(sheets=plan.sheets.model_copy(update={"only": ["1-02"]})) == ["deliver"]
    assert ask(plan=plan.plan.model_copy(update={"first_year": 2028})) == ["load", "projects", "deliver"]
    assert ask(idle=plan.idle.model_copy(update={"min_width_m": 9.0})) == ["resources", "deliver"]
    assert ask() == []


def test_a_layer_edited_by_hand_is_named_and_made_anew(plan: Plan) -> None:
    path = plan.output / "work/projects" / f"{Project.key}.parquet"
    kept = path.read_bytes()
    path.write_bytes(kept[:-1] + b"x")
    assert not is_current(plan)
    assert any("被改动过" in word for step in forecast_plan(plan).steps for word in step.why)
    outcome = engine.run_plan(plan)
    assert list(outcome.seconds) == ["projects"] and outcome.current
    assert path.read_bytes() == kept
    told = (plan.output / "run.log").read_text(encoding="utf-8")
    assert f"work/projects/{Project.key}.parquet 被改动过" in told


def test_a_layer_edited_while_a_run_is_ending_is_not_taken_for_its_result(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = plan.output / "work/projects" / f"{Project.key}.parquet"
    kept = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Meter, "write", lambda *_: path.write_bytes(kept[:-1] + b"x"))
        engine.run_plan(plan, since="projects")
    assert not is_current(plan)
    path.write_bytes(kept)
    assert engine.run_plan(plan).current


def test_a_file_saved_while_it_is_read_is_named_and_nothing_is_kept_of_it(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = hash_inputs(plan)
    ledger = next(name for name in now if name.endswith("设施台账.xlsx"))
    told = iter([now, now | {ledger: "saved meanwhile"}])
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.engine.course.hash_inputs", lambda _: next(told))
        with pytest.raises(PlanFaults) as caught:
            engine.run_plan(plan, since="load", until="load")
    (fault,) = caught.value.faults
    assert (fault.code, fault.file) == ("HSQ-F02", ledger) and "读取期间" in fault.problem
    assert list(engine.run_plan(plan, until="load").kept) == ["load"], "what was stored before still stands"


def test_what_is_complete_when_a_run_dies_or_is_held_up_is_put_in_place_by_the_next(
    home: Path, plan: Plan, tiny: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between journal and swap, then a sheet open in another program, then an old report open as well."""
    config, folder = home / "configs/tiny.yaml", plan.output / "成果"
    rename, unlink = tree._rename, Path.unlink

    def die(output: Path) -> tree.Swapped:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tree, "_finish", die)
        with pytest.raises(KeyboardInterrupt):
            engine.run_plan(plan, since="deliver")
    held = next((folder / "图件/JPG").glob("1-02*"))

    def hold(source: Path, target: Path) -> None:
        if source in (held, *held.parents):
            raise PermissionError(13, "used by another program", str(source))
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(tree, "_rename", hold)
        outcome = engine.run_plan(plan)
        assert outcome.seconds == {} and outcome.waiting is not None and outcome.waiting.held == (held,)
        code, said = ask("run", config, "--quiet")
        assert code == 1 and held.name in said.replace("\n", "") and "成果.new" in said, said
        code, said = ask("run", config, "--json")
        done = json.loads(said.splitlines()[-1])
        assert (code, done["state"], done["held"]) == (1, "held", [str(held)])
    report = plan.output / "质检/数据质检.xlsx"
    report.parent.mkdir()
    report.write_bytes(b"of a run that failed")

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path == report:
            raise PermissionError(13, "used by another program", str(path))
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        outcome = engine.run_plan(plan)
    assert outcome.current and outcome.seconds == {} and outcome.waiting is None
    told = (plan.output / "run.log").read_text(encoding="utf-8")
    assert "质检/数据质检.xlsx 正被其他程序打开" in told and "被改动" not in told
    assert differing(list_bytes(folder), list_bytes(tiny.handin)) == []
    assert not is_current(plan), "the report of a failed run is not left beside a hand-in that is whole"
    assert engine.run_plan(plan).current and not report.parent.exists() and is_current(plan)


def test_a_full_disk_in_the_middle_leaves_all_as_it_was_and_the_next_run_goes_on(
    home: Path, plan: Plan, tiny: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home / LEDGER
    kept = path.read_bytes()
    edit(path, set_capacity)
    save = Store.save

    def refuse(self: Store, stage: str, *args: object, **more: object) -> object:
        if stage == "network":
            raise OSError(28, "设备上没有空间", "network.parquet")
        return save(self, stage, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", refuse)
        with pytest.raises(PlanFaults, match="HSQ-D05"):
            engine.run_plan(plan)
    assert differing(list_bytes(plan.output / "成果"), list_bytes(tiny.handin)) == []
    outcome = engine.run_plan(plan, until="network")
    assert outcome.kept == ["load"] and list(outcome.seconds) == ["network"]
    path.write_bytes(kept)


def test_from_matching_drawn_again_by_two_processes_the_bytes_are_the_same(
    plan: Plan, tiny: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers: list[int] = []

    def open_pool(count: int, **more: object) -> ProcessPoolExecutor:
        workers.append(count)
        return ProcessPoolExecutor(2, **more)

    monkeypatch.setattr("pipeline.deliver.atlas.draw._WORTH_A_POOL", 2)
    monkeypatch.setattr("pipeline.deliver.atlas.draw.os.cpu_count", lambda: 2)
    monkeypatch.setattr("pipeline.deliver.atlas.draw.ProcessPoolExecutor", open_pool)
    engine.run_plan(plan, until="siting")  # whatever the test before left behind
    outcome = engine.run_plan(plan, since="matching", until="strategy")
    assert list(outcome.seconds) == ["matching", "layout", "projects", "strategy"]
    outcome = engine.run_plan(plan, since="deliver")
    assert workers == [2] and len(outcome.sheets[0]) >= 5 and outcome.sheets[1] == []
    assert differing(list_bytes(plan.output / "成果"), list_bytes(tiny.handin)) == []


def test_other_programs_get_one_object_a_line(
    home: Path, plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    assert is_current(plan) or engine.run_plan(plan).current
    config = home / "configs/tiny.yaml"
    capsys.readouterr()

    def events(**options: object) -> list[dict]:
        assert run(config, **options) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    (done,) = events(as_json=True)
    assert (done["event"], done["state"]) == ("done", "current")
    told = events(as_json=True, since="strategy", until="strategy")
    kinds = [event["event"] for event in told]
    assert kinds[0] == "expect" and kinds[-1] == "done" and kinds.count("keep") == 12
    assert [e["step"] for e in told if e["event"] in ("start", "finish")] == ["strategy", "strategy"]
    assert told[-1]["state"] == "part"
    assert events(quiet=True) == []
