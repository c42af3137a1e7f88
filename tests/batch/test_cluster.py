"""The same jobs on Dask: a local cluster in this process, one whose worker is killed, and the job script for SLURM."""

from __future__ import annotations

import importlib.util
import signal
import sys
from types import SimpleNamespace

import pytest

from layers.faults import Fault, PlanFaults
from pipeline.batch import cluster as cluster_module
from pipeline.batch.cluster import Cluster, connect, describe_program, on_cluster, open_slurm, run_remote
from pipeline.batch.job import DONE, FAILED
from pipeline.versions import PACKAGES
from tests.batch.fakes import Heard, make_jobs, run_fake

distributed = pytest.importorskip(
    "distributed", reason="SKIPPED: dask.distributed is not installed; nothing of a cluster was tested"
)

# Dask's own threads may outlive a test by a moment and close their sockets late.
pytestmark = pytest.mark.filterwarnings(
    "default::ResourceWarning", "default::pytest.PytestUnraisableExceptionWarning"
)


def open_local(**more: object) -> object:
    return distributed.LocalCluster(**{"dashboard_address": None, "threads_per_worker": 1, **more})


def test_a_cluster_in_process_gives_the_records_of_the_pool(tmp_path):
    jobs = make_jobs(tmp_path, "a", "raise", "faulty", "b")
    heard = Heard()
    with open_local(n_workers=2, processes=False) as local:
        engine = on_cluster(Cluster(local.scheduler_address, run=run_fake))
        records = engine(jobs, heard)
    assert [record.id for record in records] == ["a", "raise", "faulty", "b"]
    assert [record.state for record in records] == [DONE, FAILED, FAILED, DONE]
    assert "ValueError" in records[1].reason and records[2].codes == ("HSQ-C01",)
    assert len(heard.ended) == 4


def test_a_killed_worker_of_a_cluster_is_replaced_and_its_plan_done(tmp_path):
    jobs = make_jobs(tmp_path, "once", "a", "b")
    with open_local(n_workers=1, processes=True) as local:
        records = on_cluster(Cluster(local.scheduler_address, run=run_fake))(jobs, Heard())
    assert [record.state for record in records] == [DONE, DONE, DONE]
    assert len((tmp_path / "once.begun").read_text().split()) == 2


def test_a_scheduler_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr("pipeline.batch.cluster._CONNECT_S", 1)
    with pytest.raises(PlanFaults) as stop, connect(Cluster("tcp://127.0.0.1:9")):
        pass
    (fault,) = stop.value.faults
    assert fault.code == "HSQ-R02" and "tcp://127.0.0.1:9" in fault.problem


def test_without_slurm_nothing_is_waited_for(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PlanFaults, match="sbatch"), connect(Cluster(None)):
        pass


def test_a_worker_of_another_version_runs_nothing(tmp_path):
    (job,) = make_jobs(tmp_path, "a")
    mine = describe_program()
    for other, told in (
        ({"program": "another"}, "不是同一版本"),
        (
            {"numpy": "1.0", "shapely": ""},
            f"numpy {mine['numpy']}（本机 1.0）、shapely {mine['shapely']}（本机 无）",
        ),
    ):
        record = run_remote(job, run_fake, mine | other)
        assert record.state == FAILED and record.codes == ("HSQ-R02",) and told in record.reason
        assert not (tmp_path / "a.begun").exists()
    assert run_remote(job, run_fake, mine).state == DONE


def test_what_can_change_a_byte_of_a_hand_in_is_compared():
    assert {"program", *PACKAGES} == describe_program().keys()


def refuse(cluster: Cluster) -> list[Fault]:
    with pytest.raises(PlanFaults) as stop, connect(cluster):
        pass
    assert {fault.code for fault in stop.value.faults} == {"HSQ-R02"}
    return list(stop.value.faults)


def test_workers_with_several_threads_are_refused_with_the_command_that_starts_them_well():
    with open_local(n_workers=2, processes=False, threads_per_worker=3) as local:
        (fault,) = refuse(Cluster(local.scheduler_address))
        assert "2 个工作进程" in fault.problem and local.workers[0].address in fault.problem
        assert f"dask worker --nthreads 1 --nworkers 3 {local.scheduler_address}" in fault.remedy


def test_workers_that_would_make_other_bytes_are_refused_before_anything_is_run(monkeypatch):
    monkeypatch.setattr(cluster_module, "describe_worker", _worker_of_old)
    with open_local(n_workers=2, processes=False) as local:
        faults = refuse(Cluster(local.scheduler_address))
        assert len(faults) == 2 and all("pyproj" in f.problem and "0.1" in f.problem for f in faults)
        monkeypatch.setattr(cluster_module, "describe_worker", _worker_without_program)
        faults = refuse(Cluster(local.scheduler_address))
        assert len(faults) == 2 and all("No module named 'pipeline'" in fault.problem for fault in faults)
        monkeypatch.setattr(cluster_module, "describe_worker", _worker_that_goes)
        with connect(Cluster(local.scheduler_address)):
            pass


def test_a_scheduler_without_the_program_is_refused(monkeypatch):
    monkeypatch.setattr(cluster_module, "hash_program", _worker_without_program)
    monkeypatch.setattr(cluster_module, "describe_program", dict)
    monkeypatch.setattr(cluster_module, "describe_worker", dict)
    with open_local(n_workers=1, processes=False) as local:
        (fault,) = refuse(Cluster(local.scheduler_address))
    assert "调度器" in fault.problem and "dask scheduler" in fault.remedy


def _worker_of_old() -> dict[str, str]:
    return describe_program() | {"pyproj": "0.1"}


def _worker_without_program() -> dict[str, str]:
    raise ModuleNotFoundError("No module named 'pipeline'")


def _worker_that_goes() -> dict[str, str]:
    raise ConnectionResetError("gone")


def test_a_queue_whose_config_gives_workers_several_threads_is_refused(monkeypatch):
    import dask.config

    # The real one adds to the config on import, and that would go again with what is set here.
    monkeypatch.setitem(sys.modules, "dask_jobqueue", SimpleNamespace(SLURMCluster=None))
    with (
        dask.config.set({"jobqueue.slurm.cores": 8, "jobqueue.slurm.processes": 2}),
        pytest.raises(PlanFaults, match="processes 2") as stop,
    ):
        open_slurm(Cluster(None))
    assert "DASK_JOBQUEUE__SLURM__PROCESSES=8" in stop.value.faults[0].remedy


def test_the_job_script_for_slurm_takes_its_options_from_dask(tmp_path):
    import dask.config

    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if importlib.util.find_spec("dask_jobqueue") is None:
        pytest.skip("SKIPPED: dask-jobqueue is not installed; no job script was made")
    options = {"queue": "规划", "account": "haoshequ", "walltime": "02:00:00", "log-directory": str(tmp_path)}
    with (
        dask.config.set({f"jobqueue.slurm.{name}": value for name, value in options.items()}),
        open_slurm(Cluster(None, workers=3, memory_mb=1500)) as slurm,
    ):
        script = slurm.job_script()
    assert [signal.getsignal(number) for number in kept] == list(kept.values()), "Ctrl-C is still ours"
    lines = script.splitlines()
    assert "#SBATCH -p 规划" in lines and "#SBATCH -A haoshequ" in lines and "#SBATCH -t 02:00:00" in lines
    assert "#SBATCH --cpus-per-task=1" in lines and "#SBATCH --mem=3G" in lines
    assert "--nthreads 1" in script and "--memory-limit" in script, "a worker runs one plan at a time"
