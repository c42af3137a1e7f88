"""Many plans on Dask: a scheduler that is there, or workers asked of SLURM; the same jobs, the same records.

Scheduling, retries after a lost worker and moving work between machines are Dask's. The workers need this
program installed and see the plans' folders under the same paths.
"""

from __future__ import annotations

import os
import platform
import shutil
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from layers.faults import Fault, PlanFaults
from pipeline.batch.job import BROKEN_OFF, FAILED, Job, Record
from pipeline.batch.pool import Interrupted, Run, Tell
from pipeline.batch.worker import run_job, set_up_process
from pipeline.engine.program import hash_program

if TYPE_CHECKING:
    from pipeline.batch.batch import Engine

# What SLURM allots beyond the memory a worker may keep, as the embedded pool allows within a plan.
_SHARES = 2.0
_CONNECT_S = 30
# Dask's settings count lives lost, not tries; ours say how often a plan may be begun.
_FAILURES = "distributed.scheduler.allowed-failures"
# A worker with several threads still runs one plan at a time: GDAL's settings hold for a whole process.
_ONE = threading.Lock()


@dataclass(frozen=True)
class Cluster:
    """Where the plans run.

    Attributes
    ----------
    address : of a Dask scheduler; None asks SLURM for workers.
    workers : how many to ask of SLURM.
    memory_mb : what a worker asked of SLURM may keep; it is allotted twice as much.
    tries : how often a plan may be begun whose worker is lost; a scheduler that is there has its own number.
    run : what a worker does with a job.
    """

    address: str | None
    workers: int = 1
    memory_mb: float = 1500.0
    tries: int = 3
    run: Run = run_job


def on_cluster(cluster: Cluster) -> Engine:
    """Return a cluster as an engine of batches."""

    def engine(jobs: Sequence[Job], tell: Tell) -> list[Record]:
        with connect(cluster) as client:
            return run_cluster(jobs, client, cluster, tell)

    return engine


@contextmanager
def connect(cluster: Cluster) -> Iterator[Any]:
    """Open a client of the cluster's scheduler, and close it and what was asked of SLURM.

    Raises
    ------
    PlanFaults
        HSQ-R02 when Dask is not installed, the scheduler does not answer, or there is no SLURM.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise _refuse("没有安装 Dask（dask.distributed）", 'pip install "haoshequ[cluster]"') from error
    if cluster.address is None:
        if shutil.which("sbatch") is None:
            raise _refuse(
                "本机没有 SLURM 的 sbatch 命令",
                "在 SLURM 的登录节点上运行，或用 --scheduler 给出已有的 Dask 集群",
            )
        with open_slurm(cluster) as slurm, Client(slurm) as client:
            slurm.scale(cluster.workers)
            yield client
        return
    try:
        client = Client(cluster.address, timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        problem = f"连不上 Dask 调度器 {cluster.address}"
        raise _refuse(problem, "检查地址和防火墙；在调度器所在机器上用 dask scheduler 启动") from error
    with client:
        yield client


def open_slurm(cluster: Cluster) -> Any:
    """Return a Dask cluster whose workers are SLURM jobs; nothing is submitted before it is scaled.

    Queue, account, walltime and the like are those of the ``jobqueue.slurm`` section of Dask's config
    (``~/.config/dask/jobqueue.yaml`` or ``DASK_JOBQUEUE__SLURM__QUEUE`` and so on). What it leaves open is
    one processor and one plan at a time a worker.

    Raises
    ------
    PlanFaults
        HSQ-R02 when dask-jobqueue is not installed.
    """
    try:
        with _same_signals():
            import dask.config
            from dask_jobqueue import SLURMCluster
    except ImportError as error:
        raise _refuse("没有安装 dask-jobqueue", 'pip install "haoshequ[cluster]"') from error
    dask.config.set({_FAILURES: cluster.tries - 1})
    cores = dask.config.get("jobqueue.slurm.cores", None) or 1
    given: dict[str, Any] = {
        "cores": cores,
        "processes": dask.config.get("jobqueue.slurm.processes", None) or cores,
        "memory": dask.config.get("jobqueue.slurm.memory", None)
        or f"{round(cluster.memory_mb * _SHARES * cores)} MB",
    }
    return SLURMCluster(**given, scheduler_options={"dashboard_address": ":0"})


@contextmanager
def _same_signals() -> Iterator[None]:
    """Keep what Ctrl-C and an end from outside do: dask-jobqueue sets both to a plain exit when it is imported."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in kept.items():
                signal.signal(number, handler)


def run_cluster(jobs: Sequence[Job], client: Any, cluster: Cluster, tell: Tell) -> list[Record]:
    """Run the jobs on a cluster and return a record each, in the order given.

    Parameters
    ----------
    jobs : longest first; Dask begins them in this order.
    client : of the scheduler.

    Raises
    ------
    Interrupted
        On Ctrl-C; plans that workers are at go on to their end there.
    """
    from distributed import KilledWorker, as_completed

    batch = os.urandom(
        4
    ).hex()  # Dask keeps results by key: a later batch must not get those of an earlier one
    program = hash_program()
    futures = {
        client.submit(
            run_remote, job, cluster.run, program, key=f"haoshequ-{batch}-{at}", pure=False, priority=-at
        ): job
        for at, job in enumerate(jobs)
    }
    records: dict[Job, Record] = {}
    try:
        for future in as_completed(list(futures)):
            job = futures[future]
            if future.status == "finished":
                record = future.result()
            elif future.status == "error":
                error = future.exception()
                lost = isinstance(error, KilledWorker)
                reason = (
                    "运行它的工作进程多次被结束（常见于内存不足）"
                    if lost
                    else f"{type(error).__name__}：{str(error)[:200]}"
                )
                record = Record.of(job, FAILED, reason=reason, tries=cluster.tries if lost else 1)
            else:
                record = Record.of(job, FAILED, reason="被集群取消")
            records[job] = record
            tell.finish(record)
    except KeyboardInterrupt:
        client.cancel(list(futures))
        for job in jobs:
            records.setdefault(job, Record.of(job, BROKEN_OFF, reason="运行被中断；集群上已开始的会运行完"))
        raise Interrupted([records[job] for job in jobs]) from None
    return [records[job] for job in jobs]


def run_remote(job: Job, run: Run, program: str) -> Record:
    """Run one plan in a worker of the cluster, and no other in the same process meanwhile.

    Parameters
    ----------
    program : hash of the program that asks; a worker of another version would make other bytes.
    """
    set_up_process()
    if hash_program() != program:
        reason = f"{platform.node()} 上安装的程序与本机的不是同一版本，没有运行"
        return Record.of(job, FAILED, reason=reason, codes=("HSQ-R02",), tries=1)
    with _ONE:
        return replace(run(job), tries=1)


def _refuse(problem: str, remedy: str) -> PlanFaults:
    return PlanFaults([Fault("HSQ-R02", problem, action="没有开始任何方案", remedy=remedy)])
