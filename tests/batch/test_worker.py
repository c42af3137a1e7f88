"""What a worker says of a plan that is done, and how it is set up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from layers.faults import Fault
from pipeline.batch import worker
from pipeline.batch.job import DONE
from pipeline.deliver.handin import HandIn
from pipeline.deliver.tree import NEW, NOW, Swapped
from pipeline.engine.outcome import Outcome
from tests.batch.fakes import make_jobs


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, handin: HandIn) -> str:
    """Return what is remarked of a plan whose run leaves this hand-in."""
    monkeypatch.setattr("pipeline.plan.load_plan", lambda path: None)
    monkeypatch.setattr("pipeline.engine.run.run_plan", lambda plan: Outcome(handin=handin))
    record = worker.run_job(make_jobs(tmp_path, "a")[0])
    assert record.state == DONE
    return record.reason


def test_files_that_hold_up_a_hand_in_are_named_the_first_few(tmp_path, monkeypatch):
    held = tuple(tmp_path / NOW / f"表格/{n}.xlsx" for n in range(5))
    said = run(monkeypatch, tmp_path, HandIn([], Swapped(tmp_path / NEW, held[:2]), []))
    assert "0.xlsx、1.xlsx 被其他程序打开" in said and NEW in said
    said = run(monkeypatch, tmp_path, HandIn([], Swapped(tmp_path / NEW, held), []))
    assert "2.xlsx 等 5 个" in said and "3.xlsx" not in said


def test_a_hand_in_held_up_keeps_its_other_remark_and_one_in_place_has_none(tmp_path, monkeypatch):
    wrong = Fault("HSQ-D06", "不一致")
    said = run(monkeypatch, tmp_path, HandIn([], Swapped(tmp_path / NEW, (tmp_path / "a.xlsx",)), [wrong]))
    assert "a.xlsx" in said and "成果核对有 1 处错误" in said
    assert run(monkeypatch, tmp_path, HandIn([], Swapped(tmp_path / NOW), [])) == ""


def test_libraries_of_a_worker_keep_to_one_thread():
    code = (
        "from pipeline.batch.worker import set_up_process; set_up_process()\n"
        "import sys; assert 'numpy' not in sys.modules, 'too late'\n"
        "import os, numba, numpy, scipy.linalg\n"
        "many = numpy.ones((600, 600)); many @ many; scipy.linalg.inv(many + numpy.eye(600))\n"
        "count = len(os.listdir('/proc/self/task')) if os.path.isdir('/proc/self/task') else 1\n"
        "import pyarrow  # has one of its own that only gives memory back\n"
        "print(pyarrow.cpu_count(), numba.get_num_threads(), count)"
    )
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=free, check=True)
    assert done.stdout.split() == ["1", "1", "1"]
