"""Many plans on Dask: a scheduler that is there, or workers asked of SLURM; the same jobs, the same records.

Scheduling, retries after a lost worker and moving work between machines are Dask's. Scheduler and workers need
this program installed, the same version with the same packages, and the workers see the plans' folders under the
same paths. A worker is one process with one thread: ``dask worker --nthreads 1 --nworkers N tcp://…``.
"""

from __future__ import annotations

import os
import platform
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from layers.faults import Fault, PlanFaults
from pipeline.batch.job import BROKEN_OFF, FAILED, Job, Record
from pipeline.batch.pool import Interrupted, Run, Tell
from pipeline.batch.worker import run_job, set_up_process
from pipeline.engine.program import hash_program
from pipeline.versions import read_versions

if TYPE_CHECKING:
    from pipeline.batch.batch import Engine

# What SLURM allots beyond the memory a worker may keep, as the embedded pool allows within a plan.
_SHARES = 2.0
_CONNECT_S = 30
# Dask's settings count lives lost, not tries; ours say how often a plan may be begun.
_FAILURES = "distributed.scheduler.allowed-failures"
# A worker with several threads that joins later still runs one plan at a time: GDAL's settings hold for a whole process.
_ONE = threading.Lock()
_PROGRAM = "program"  # beside the names of packages; no package of ours has it
# So many workers, and packages of a worker, are named.
_NAMED = 5


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
        HSQ-R02 when Dask is not installed, the scheduler does not answer, there is no SLURM, or a worker that
        is there has several threads or would make other bytes.
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
        check_workers(client)
        yield client


def check_workers(client: Any) -> None:
    """Refuse a cluster of whose workers one takes several plans at once, or runs other code than this process.

    A worker with several threads takes as many plans and works at one: the others wait where no idle worker
    can take them. Workers that join later are asked with every plan, see ``run_remote``.

    Raises
    ------
    PlanFaults
        HSQ-R02: one fault for all workers with several threads, one for each that is not like this process, one
        for a scheduler that cannot read what it is to hand on.
    """
    crowded = {worker: threads for worker, threads in client.nthreads().items() if threads > 1}
    faults: list[Fault] = []
    if crowded:
        threads, address = max(crowded.values()), client.scheduler.address
        faults += _refuse(
            f"{len(crowded)} 个工作进程各有多个线程（{_join(sorted(crowded))}）：每个会占住几个方案，却只能逐个运行",
            f"停掉它们，每台机器改用 dask worker --nthreads 1 --nworkers {threads} {address}（{threads} 换成该机同时运行的方案数，按核数和内存定）",
        ).faults
    try:
        client.run_on_scheduler(hash_program)
    except ImportError as error:
        problem = f"调度器所在环境没有可用的好社区程序：{error}"
        faults += _refuse(problem, "在装有与本机相同版本程序的环境中重新启动 dask scheduler").faults
    mine = describe_program()
    answers = client.run(describe_worker, on_error="return")
    for worker, answer in sorted(answers.items()):
        if isinstance(answer, OSError):  # it is just going: Dask gives its plans to others
            continue
        other = tell_apart(answer, mine) if isinstance(answer, Mapping) else f"没有可用的好社区程序：{answer}"
        if other:
            faults += _refuse(
                f"工作进程 {worker} {other}", "在各机器上安装与本机相同的版本后重新启动工作进程"
            ).faults
    if faults:
        raise PlanFaults(faults)


def describe_program() -> dict[str, str]:
    """Return what the bytes of a hand-in depend on beside the plan: hash of this program, versions of packages."""
    return {_PROGRAM: hash_program(), **read_versions()}


def describe_worker() -> dict[str, str]:
    """Set up a worker of the cluster, before it loads anything of ours, and describe what it runs."""
    set_up_process()
    return describe_program()


def tell_apart(theirs: Mapping[str, str], mine: Mapping[str, str]) -> str:
    """Return in Chinese in what a worker differs from the process that asks; empty where it would make the same bytes."""
    other = sorted(
        name for name in (theirs.keys() | mine.keys()) - {_PROGRAM} if theirs.get(name) != mine.get(name)
    )
    if theirs.get(_PROGRAM) != mine.get(_PROGRAM):
        return "安装的好社区程序与本机的不是同一版本"
    told = _join([f"{name} {theirs.get(name) or '无'}（本机 {mine.get(name) or '无'}）" for name in other])
    return f"依赖库版本与本机不同：{told}" if other else ""


def _join(names: Sequence[str]) -> str:
    return "、".join(names[:_NAMED]) + (f" 等 {len(names)} 个" if len(names) > _NAMED else "")


def open_slurm(cluster: Cluster) -> Any:
    """Return a Dask cluster whose workers are SLURM jobs; nothing is submitted before it is scaled.

    Queue, account, walltime and the like are those of the ``jobqueue.slurm`` section of Dask's config
    (``~/.config/dask/jobqueue.yaml`` or ``DASK_JOBQUEUE__SLURM__QUEUE`` and so on). What it leaves open is
    one processor and one plan at a time a worker.

    Raises
    ------
    PlanFaults
        HSQ-R02 when dask-jobqueue is not installed, or its config gives workers several threads.
    """
    try:
        with _same_signals():
            import dask.config
            from dask_jobqueue import SLURMCluster
    except ImportError as error:
        raise _refuse("没有安装 dask-jobqueue", 'pip install "haoshequ[cluster]"') from error
    dask.config.set({_FAILURES: cluster.tries - 1})
    cores = dask.config.get("jobqueue.slurm.cores", None) or 1
    processes = dask.config.get("jobqueue.slurm.processes", None) or cores
    if processes < cores:
        raise _refuse(
            f"Dask 的 jobqueue.slurm 配置让每个工作进程有多个线程（cores {cores}，processes {processes}），一个进程只能逐个运行方案",
            f"把 jobqueue.slurm.processes 改成 {cores}（或 DASK_JOBQUEUE__SLURM__PROCESSES={cores}）",
        )
    given: dict[str, Any] = {
        "cores": cores,
        "processes": processes,
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
    mine = describe_program()
    futures = {
        client.submit(
            run_remote, job, cluster.run, mine, key=f"haoshequ-{batch}-{at}", pure=False, priority=-at
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


def run_remote(job: Job, run: Run, asked: Mapping[str, str]) -> Record:
    """Run one plan in a worker of the cluster, and no other in the same process meanwhile.

    Parameters
    ----------
    asked : ``describe_program`` of the process that asks; a worker of another version would make other bytes.
    """
    other = tell_apart(describe_worker(), asked)
    if other:
        reason = f"{platform.node()} 上{other}，没有运行"
        return Record.of(job, FAILED, reason=reason, codes=("HSQ-R02",), tries=1)
    with _ONE:
        return replace(run(job), tries=1)


def _refuse(problem: str, remedy: str) -> PlanFaults:
    return PlanFaults([Fault("HSQ-R02", problem, action="没有开始任何方案", remedy=remedy)])
