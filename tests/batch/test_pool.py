"""The embedded pool: order, killed workers, memory, Ctrl-C; with jobs that cost nothing."""

from __future__ import annotations

import _thread
import os
import threading
import time
from pathlib import Path

import pytest

from pipeline.batch.job import BROKEN_OFF, DONE, FAILED, NOT_RUN
from pipeline.batch.pool import Interrupted, Setting, run_pool
from tests.batch.fakes import Heard, make_jobs, run_fake


def pids(folder: Path, name: str) -> list[int]:
    return [int(pid) for pid in (folder / f"{name}.begun").read_text().split()]


def test_every_job_gets_a_record_in_the_order_given_and_longest_is_begun_first(tmp_path):
    jobs = make_jobs(tmp_path, "a", "b", "c", "d")
    heard = Heard()
    records = run_pool(jobs, Setting(2, run=run_fake), heard)
    assert [record.id for record in records] == ["a", "b", "c", "d"]
    assert {record.state for record in records} == {DONE}
    assert heard.begun == ["a", "b", "c", "d"]
    assert sorted(record.id for record in heard.ended) == ["a", "b", "c", "d"]
    used = {pid for name in "abcd" for pid in pids(tmp_path, name)}
    assert len(used) <= 2 and os.getpid() not in used, "a worker goes on to the next plan"


def test_a_killed_worker_costs_only_its_own_plan_and_that_is_tried_again(tmp_path):
    jobs = make_jobs(tmp_path, "kill", "once", "raise", "faulty", "well")
    heard = Heard()
    records = {r.id: r for r in run_pool(jobs, Setting(2, tries=3, run=run_fake), heard)}
    assert records["kill"].state == FAILED and records["kill"].tries == 3
    assert "已试 3 次" in records["kill"].reason
    assert records["once"].state == DONE and records["once"].tries == 2
    assert records["well"].state == DONE and records["well"].tries == 1, "the others are not counted"
    assert records["faulty"].state == FAILED and records["faulty"].codes == ("HSQ-C01",)
    assert records["raise"].state == FAILED and "ValueError" in records["raise"].reason
    assert sorted(name for name, _ in heard.again) == ["kill", "kill", "once"]
    assert [len(pids(tmp_path, name)) for name in ("kill", "once", "well")] == [3, 2, 1]


def test_a_plan_given_up_leaves_no_half_hand_in(tmp_path):
    jobs = make_jobs(tmp_path, "kill")
    for name in ("成果", "成果.new"):
        (tmp_path / "kill" / name).mkdir(parents=True)
    run_pool(jobs, Setting(1, tries=1, run=run_fake), Heard())
    assert [path.name for path in (tmp_path / "kill").iterdir()] == ["成果"]


def test_a_worker_that_holds_too_much_is_renewed(tmp_path):
    jobs = make_jobs(tmp_path, "fat-1", "fat-2", "thin-1", "thin-2")
    records = run_pool(jobs, Setting(1, memory_mb=500, run=run_fake), Heard())
    assert {record.state for record in records} == {DONE}
    first, second, third, fourth = (pids(tmp_path, job.id)[0] for job in jobs)
    assert len({first, second, third}) == 3 and third == fourth


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="the system does not tell a process's memory"
)
def test_a_worker_that_grows_beyond_all_bounds_is_ended(tmp_path):
    (job,) = make_jobs(tmp_path, "grow")
    begun = time.monotonic()
    (record,) = run_pool([job], Setting(1, memory_mb=150, tries=1, run=run_fake), Heard())
    assert record.state == FAILED and "占用内存超过 300 MB" in record.reason
    assert time.monotonic() - begun < 15


def test_ctrl_c_ends_the_workers_and_says_what_was_not_done(tmp_path):
    jobs = make_jobs(tmp_path, "well", "slow-1", "slow-2", "later")
    (tmp_path / "slow-1" / "成果.new").mkdir(parents=True)

    def interrupt() -> None:
        while not all((tmp_path / f"slow-{n}.begun").exists() for n in (1, 2)):
            time.sleep(0.05)
        _thread.interrupt_main()

    threading.Thread(target=interrupt, daemon=True).start()
    begun = time.monotonic()
    with pytest.raises(Interrupted) as stop:
        run_pool(jobs, Setting(2, run=run_fake), Heard())
    assert time.monotonic() - begun < 15, "the slow ones were not waited for"
    assert [record.state for record in stop.value.records] == [DONE, BROKEN_OFF, BROKEN_OFF, NOT_RUN]
    assert not list((tmp_path / "slow-1").iterdir())
    for name in ("slow-1", "slow-2"):
        with pytest.raises(ProcessLookupError):
            os.kill(pids(tmp_path, name)[0], 0)
