"""What the machine refuses is a fault like any other: no right to write, no room."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from layers.faults import PlanFaults
from pipeline.cli import main
from pipeline.engine.run import is_current, run_plan
from tests.builders import make_plan


def test_an_output_folder_that_is_a_file_is_one_clear_fault(tmp_path: Path) -> None:
    (tmp_path / "占位").write_text("x", encoding="utf-8")
    plan = make_plan(delivery={"folder": "占位"}).located(tmp_path)
    with pytest.raises(PlanFaults) as caught:
        run_plan(plan)
    (fault,) = caught.value.faults
    assert fault.code == "HSQ-D05"
    assert fault.field == "delivery.folder"
    assert "Errno" not in fault.problem


def test_a_disk_that_fills_while_results_are_stored_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device", "x.parquet")

    monkeypatch.setattr("pipeline.engine.course.hash_inputs", full)
    with pytest.raises(PlanFaults) as caught:
        run_plan(make_plan(delivery={"folder": "out"}).located(tmp_path))
    (fault,) = caught.value.faults
    assert (fault.code, fault.file) == ("HSQ-D05", "x.parquet")
    assert "磁盘空间不足" in fault.problem


def test_an_input_that_can_no_longer_be_read_is_no_matter_of_where_results_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "share/道路.shp"

    def lost(*_: object) -> str:
        raise OSError(112, "Host is down", str(gone))

    monkeypatch.setattr("pipeline.engine.course.hash_inputs", lost)
    with pytest.raises(PlanFaults) as caught:
        run_plan(make_plan(delivery={"folder": "out"}).located(tmp_path))
    (fault,) = caught.value.faults
    assert (fault.code, fault.file) == ("HSQ-F02", str(gone)) and "网络位置" in fault.remedy


def test_a_file_that_cannot_be_asked_leaves_the_answer_to_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> object:
        raise PermissionError(13, "locked by a sync client")

    monkeypatch.setattr("pipeline.engine.last._read", lost)
    assert not is_current(make_plan(delivery={"folder": "out"}).located(tmp_path))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_workers_leave_when_the_run_is_killed() -> None:
    code = (
        "import multiprocessing, os, sys, time\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from pipeline.deliver.atlas.draw import _begin_work\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin_work, initargs=([],))\n"
        "    print(pool.submit(os.getpid).result(), flush=True)\n"
        "    time.sleep(60)\n"
    )
    root = Path(__file__).resolve().parents[2]
    run = subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    said = run.stdout.readline()
    run.kill()
    run.communicate()
    assert _ends(int(said), seconds=10)


def _ends(pid: int, *, seconds: float) -> bool:
    """Whether a process is gone, or a zombie nobody has collected, within so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


def test_ctrl_c_is_answered(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("configs.read_settings", interrupt)
    monkeypatch.setattr(sys, "argv", ["haoshequ", "catalogue"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 130
    assert "上一次的成果未改动" in capsys.readouterr().err
