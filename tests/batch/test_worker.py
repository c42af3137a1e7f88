"""What a worker says of a plan that is done, and how it is set up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from layers.faults import Fault
from pipeline.batch import worker
from pipeline.batch.job import DONE, FAILED, SKIPPED, Record
from pipeline.deliver.handin import HandIn
from pipeline.deliver.tree import NEW, NOW, Swapped
from pipeline.engine.outcome import Outcome
from tests.batch.fakes import make_jobs


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, outcome: Outcome) -> Record:
    """Return the record of a plan whose run comes to this."""
    monkeypatch.setattr("pipeline.plan.load_plan", lambda path: None)
    monkeypatch.setattr("pipeline.engine.run.run_plan", lambda plan: outcome)
    return worker.run_job(make_jobs(tmp_path, "a")[0])


def test_files_that_keep_a_hand_in_from_its_place_are_named_the_first_few(tmp_path, monkeypatch):
    held = tuple(tmp_path / NOW / f"表格/{n}.xlsx" for n in range(5))
    record = run(monkeypatch, tmp_path, Outcome(waiting=Swapped(tmp_path / NEW, held[:2])))
    assert (record.state, record.codes) == (FAILED, ("HSQ-D05",)), "as haoshequ run says of one plan"
    assert "0.xlsx、1.xlsx 被其他程序打开" in record.reason and NEW in record.reason
    swapped = Swapped(tmp_path / NEW, held)
    record = run(monkeypatch, tmp_path, Outcome(handin=HandIn([], swapped, []), waiting=swapped))
    assert "2.xlsx 等 5 个" in record.reason and "3.xlsx" not in record.reason and record.files == 0


def test_a_hand_in_held_up_keeps_its_other_remark_and_one_in_place_has_none(tmp_path, monkeypatch):
    wrong, swapped = Fault("HSQ-D06", "不一致"), Swapped(tmp_path / NEW, (tmp_path / "a.xlsx",))
    record = run(monkeypatch, tmp_path, Outcome(handin=HandIn([], swapped, [wrong]), waiting=swapped))
    assert "a.xlsx" in record.reason and "成果核对有 1 处错误" in record.reason
    record = run(monkeypatch, tmp_path, Outcome(handin=HandIn([], Swapped(tmp_path / NOW), [])))
    assert (record.state, record.reason, record.files) == (DONE, "", 0)
    record = run(monkeypatch, tmp_path, Outcome(current=True))
    assert record.state == SKIPPED and record.peak_mb is None


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
