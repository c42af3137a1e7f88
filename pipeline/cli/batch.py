"""``haoshequ batch``: many plans side by side, from configs or from a city's layers, with one report at the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pipeline.batch.batch import Engine
    from pipeline.batch.city.config import City
    from pipeline.batch.finding import Found
    from pipeline.batch.job import Record
    from pipeline.batch.report import Report

HELP = """批量运行多个方案：并行、可续跑，一个出错不影响其余；也可由全市数据按社区生成方案

PLANS 可以是方案配置、文件夹（其中的方案配置和下一级各文件夹的 方案.yaml）或通配符，如 "方案/*.yaml"。
没有变化的方案跳过；工作进程被系统结束的方案自动重试；结束时列出完成、跳过、失败及原因，
并写出 批量运行.xlsx 和 批量运行.json。有失败时退出码为 1。Ctrl-C 中断后重新运行同一命令即可接着做。

用 --scheduler 时，先在一台机器上运行 dask scheduler，再在各工作机器上运行
dask worker --nthreads 1 --nworkers N tcp://…:8786（N 为该机同时运行的方案数，按核数和内存定）。
不加 --nthreads 1 时一个进程占住几个方案却逐个运行，因此不予开始。各机器须装有与本机相同版本的程序和依赖库，
方案和成果文件夹在各机器上的路径须相同。

例：haoshequ batch 方案 --workers 4
    haoshequ batch --from-communities 全市.yaml
    haoshequ batch 方案 --scheduler tcp://10.0.0.1:8786
"""


def batch(
    plans: Annotated[
        list[str] | None,
        typer.Argument(metavar="PLANS…", help="方案配置、文件夹或通配符，可以多个", show_default=False),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=1024, metavar="N", help="同时运行的方案数；缺省为处理器核数")
    ] = None,
    memory: Annotated[
        float,
        typer.Option("--memory", min=300, metavar="MB", help="每个工作进程的内存（MB）：做完一个方案仍高于此值即换新进程，超过两倍即结束（Linux；其他系统每 20 个方案换新）"),
    ] = 1500.0,
    tries: Annotated[
        int, typer.Option("--tries", min=1, max=10, metavar="N", help="工作进程被结束时，一个方案最多运行几次")
    ] = 3,
    city: Annotated[
        Path | None,
        typer.Option("--from-communities", metavar="CITY.yaml", help="由全市数据按社区（或分组）生成方案，再批量运行并汇总"),
    ] = None,
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="与 --from-communities 同用：只生成各方案，不运行")
    ] = False,
    summary_only: Annotated[
        bool, typer.Option("--summary-only", help="与 --from-communities 同用：不运行，只由已有成果写出全市汇总")
    ] = False,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="在已有的 Dask 集群上运行，如 tcp://10.0.0.1:8786")
    ] = None,
    slurm: Annotated[
        bool, typer.Option("--slurm", help="在 SLURM 上运行；队列、内存等取自 Dask 的 jobqueue 配置和 DASK_JOBQUEUE__SLURM__… 环境变量")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FOLDER", help="批量运行报告所在文件夹；缺省为各方案成果的上级文件夹")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="不显示进度，只说结果")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="每个事件输出一行 JSON，供其他程序读取")] = False,
) -> int:  # fmt: skip
    """Run many plans; exit 0 when all are done, 1 when one failed, 130 after Ctrl-C."""
    of_city = {"--prepare-only": prepare_only, "--summary-only": summary_only}
    _check_words(plans, city, of_city, scheduler=scheduler, slurm=slurm)
    from rich.console import Console

    from layers.faults import PlanFaults
    from pipeline.cli.faultlist import print_faults, print_report_path

    console = Console(stderr=as_json)
    try:
        return _run(
            console, plans or [], city, report, prepare_only=prepare_only, summary_only=summary_only, quiet=quiet, as_json=as_json,
            engine={"workers": workers, "memory": memory, "tries": tries, "scheduler": scheduler, "slurm": slurm},
        )  # fmt: skip
    except PlanFaults as error:
        if as_json:
            from pipeline.cli.batchtell import print_event

            print_event("refused", faults=[fault.as_dict() for fault in error.faults])
        print_faults(console, error.faults, report=error.report is not None)
        print_report_path(console, error.report)
        return 1


def _check_words(
    plans: list[str] | None,
    city: Path | None,
    of_city: dict[str, bool],
    *,
    scheduler: str | None,
    slurm: bool,
) -> None:
    """Refuse options that do not go together."""
    if not plans and city is None:
        raise typer.BadParameter("请给出方案配置或文件夹，或用 --from-communities 给出全市配置")
    if plans and city is not None:
        raise typer.BadParameter("PLANS 与 --from-communities 只能给一种")
    for name, given in of_city.items():
        if given and city is None:
            raise typer.BadParameter(f"{name} 须与 --from-communities 同用")
    if all(of_city.values()):
        raise typer.BadParameter(f"{' 与 '.join(of_city)} 只能给一种")
    if scheduler is not None and slurm:
        raise typer.BadParameter("--scheduler 与 --slurm 只能给一种")


def _run(
    console: Any, words: list[str], city_file: Path | None, folder: Path | None, *, prepare_only: bool,
    summary_only: bool, quiet: bool, as_json: bool, engine: dict[str, Any],
) -> int:  # fmt: skip
    from pipeline.batch.finding import find_plans
    from pipeline.batch.pool import Interrupted
    from pipeline.batch.report import Report
    from pipeline.cli import batchtell as told

    city: City | None = None
    code = 0
    if city_file is not None:
        city, words, whole = _prepare(console, city_file, as_json=as_json, write=not summary_only)
        code = 0 if whole else 1
        if prepare_only:
            return code
    found = find_plans(words)
    records: list[Record] = []
    if not summary_only:
        if not as_json:
            told.print_found(console, found)
        tell = told.choose_teller(console, found, quiet=quiet, as_json=as_json)
        stopped = False
        try:
            with tell:
                report = _work(found, tell, folder, engine)
        except Interrupted as error:
            report, stopped = error.report or Report(error.records, tell.seconds, 0), True
        _tell_report(console, report, as_json=as_json)
        if stopped:
            console.print("没有写了一半的成果；重新运行同一命令，已完成的方案会跳过，其余接着做。")
            return 130
        code, records = code if report.sound else 1, report.records
    if city is not None and not _summarise(console, city, found, records, as_json=as_json):
        code = 1
    return code


def _tell_report(console: Any, report: Report, *, as_json: bool) -> None:
    """Tell what became of the plans, and which file of the report could not be put in its place."""
    from pipeline.cli.batchtell import print_event, print_report
    from pipeline.cli.faultlist import print_faults

    if as_json:
        remarks = [fault.as_dict() for fault in report.remarks]
        print_event("end", **report.as_dict(), files=[str(path) for path in report.files], remarks=remarks)
        return
    print_report(console, report)
    print_faults(console, report.remarks, report=False)


def _prepare(console: Any, path: Path, *, as_json: bool, write: bool) -> tuple[City, list[str], bool]:
    """Make the plans of a city's communities; return the city, the configs of its plans, and whether none was refused."""
    from pipeline.batch.city.config import load_city
    from pipeline.batch.city.split import list_made, split_city
    from pipeline.cli.batchtell import print_event, print_split

    city = load_city(path)
    if not write:
        return city, [str(config) for config in list_made(city)], True
    split = split_city(city)
    if as_json:
        print_event(
            "split",
            plans=len(split.configs),
            written=split.written,
            remarks=split.remarks,
            refused=split.refused,
        )
    else:
        print_split(console, split)
    return city, [str(config) for config in split.configs], not split.refused


def _work(found: Found, tell: Any, folder: Path | None, engine: dict[str, Any]) -> Report:
    from pipeline.batch.batch import count_cores, run_batch

    workers = engine["workers"] or count_cores()
    return run_batch(found, _choose_engine(workers, engine), tell, workers=workers, folder=folder)


def _choose_engine(workers: int, given: dict[str, Any]) -> Engine:
    """Return what runs the plans: the embedded pool, a Dask cluster that is there, or one on SLURM."""
    if given["scheduler"] is None and not given["slurm"]:
        from pipeline.batch.batch import embedded
        from pipeline.batch.pool import Setting

        return embedded(Setting(workers, memory_mb=given["memory"], tries=given["tries"]))
    from pipeline.batch.cluster import Cluster, on_cluster

    return on_cluster(
        Cluster(address=given["scheduler"], workers=workers, memory_mb=given["memory"], tries=given["tries"])
    )


def _summarise(console: Any, city: City, found: Found, records: list[Record], *, as_json: bool) -> bool:
    """Write and tell the summary of the city; return whether it could be written."""
    from layers.faults import PlanFaults
    from pipeline.batch.summary.summary import write_summary
    from pipeline.cli.batchtell import print_event, print_summary
    from pipeline.cli.faultlist import print_faults

    try:
        summary = write_summary(city, found, records)
    except PlanFaults as error:
        # The batch has told its end: "refused" would say that nothing was begun.
        if as_json:
            print_event("summary", files=[], missing=[], faults=[fault.as_dict() for fault in error.faults])
        else:
            print_faults(console, error.faults, report=False)
        return False
    if as_json:
        print_event(
            "summary", files=[str(path) for path in summary.files], missing=summary.missing, faults=[]
        )
    else:
        print_summary(console, summary)
    return True
