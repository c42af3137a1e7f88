"""Which plans a batch runs: files, folders and patterns turned into jobs, what cannot be run said before anything is."""

from __future__ import annotations

import errno
import glob
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from layers.faults import Fault, PlanFaults
from pipeline.batch.job import FAILED, SKIPPED, UNCHANGED, Job, Record
from pipeline.engine.last import is_current
from pipeline.engine.progress import read_durations
from pipeline.plan import Plan, load_plan
from pipeline.plan.sources import Source

_YAML = (".yaml", ".yml")
# What tells a plan config from the other YAML files of a folder.
_PLAN_KEY, _CITY_KEY = (re.compile(rf"^{key}\s*:", re.MULTILINE) for key in ("plan", "city"))
# A plan in a folder of its own has this name, as ``haoshequ init`` gives it.
OWN_NAME = "方案.yaml"
# Bytes of input that take a second, where no plan of the batch has been run before: only the order depends on it.
_BYTES_PER_S = 200_000.0
_READ_REASONS = {
    errno.EACCES: "没有读取权限，或正被其他程序独占",
    errno.EPERM: "没有读取权限",
    errno.EIO: "磁盘或网络位置出错",
    errno.ENOENT: "文件或所在文件夹不存在",
    errno.ENOTDIR: "上级路径是文件，不是文件夹",
}


@dataclass(frozen=True)
class Found:
    """What the words on the command line lead to.

    Attributes
    ----------
    jobs : plans that can be begun, longest first.
    failed : records of plans whose config or files cannot be read.
    unchanged : records of plans that have nothing to do.
    left : YAML files of folders that are no plans.
    remarks : faults of the batch as a whole that stop nothing.
    """

    jobs: list[Job]
    failed: list[Record]
    unchanged: list[Record]
    left: list[Path]
    remarks: list[Fault]


def find_plans(words: Sequence[str]) -> Found:
    """Return the plans that files, folders and patterns name, each once.

    A folder stands for its plan configs and for ``方案.yaml`` of the folders directly in it.

    Raises
    ------
    PlanFaults
        If a word leads nowhere, or two plans would write into one folder; then nothing is to be run.
    """
    paths, left = _expand(words)
    jobs: list[Job] = []
    failed: list[Record] = []
    unchanged: list[Record] = []
    plans: list[tuple[Path, Plan]] = []
    known: dict[str, float] = {}
    for path in paths:
        try:
            plan = load_plan(path)
        except PlanFaults as error:
            failed.append(refuse_plan(Record(str(path)), error))
            continue
        plans.append((path, plan))
    _refuse_shared(plans)
    for path, plan in plans:
        job = Job(str(path), plan.plan.id, plan.plan.title, str(plan.output))
        try:
            job = replace(job, weight=_count_bytes(plan))
            current = is_current(plan)
        except OSError as error:  # one file that is locked or out of reach is no reason to run none
            failed.append(_refuse_file(job, error))
            continue
        if current:
            unchanged.append(Record.of(job, SKIPPED, reason=UNCHANGED))
            continue
        jobs.append(job)
        if usual := read_durations(plan):
            known[job.path] = sum(usual.values())
    return Found(
        _weigh(jobs, known), failed, unchanged, list(dict.fromkeys(left)), _find_shared_blocks(plans)
    )


def refuse_plan(record: Record, error: PlanFaults) -> Record:
    """Return the record of a plan that its faults stop: all codes, the first problem, how many more."""
    errors = [fault for fault in error.faults if fault.severity == "错误"] or list(error.faults)
    codes = tuple(dict.fromkeys(fault.code for fault in errors))
    first = errors[0]
    file = Path(first.file).name
    file = "" if file in first.problem or first.file == record.path else file
    where = " · ".join(part for part in (file, first.layer, first.row, first.field) if part)
    reason = f"{first.problem}（{where}）" if where else first.problem
    if len(errors) > 1:
        reason += f"；另有 {len(errors) - 1} 处错误"
    return replace(record, state=FAILED, codes=codes, reason=reason)


def _refuse_file(job: Job, error: OSError) -> Record:
    """Return the record of a plan one of whose files the system does not give: which, why, what to do."""
    why = _READ_REASONS.get(error.errno or 0) or error.strerror or type(error).__name__
    file = error.filename or job.output
    remedy = "关闭正打开它的程序，检查权限和网络位置后重新运行同一命令"
    return Record.of(job, FAILED, reason=f"文件无法读取：{why}（{file}）；{remedy}", codes=("HSQ-F02",))


def _expand(words: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """Return the configs named, and YAML files of folders that are none."""
    found: dict[Path, None] = {}
    left: list[Path] = []
    astray: list[Fault] = []
    for word in words:
        path = Path(word)
        if path.is_dir():
            try:
                plans, others = _look_into(path)
            except OSError as error:
                astray.append(
                    Fault("HSQ-C01", f"文件夹无法读取：{error.strerror or type(error).__name__}", file=str(error.filename or path), remedy="检查权限和网络位置，或直接给出其中的方案配置")
                )  # fmt: skip
                continue
            left += others
        elif path.exists() or not glob.has_magic(word):
            plans = [path]
        else:
            matches = sorted(Path(match) for match in glob.glob(word, recursive=True))  # noqa: PTH207
            plans, others = _tell_apart(match for match in matches if match.is_file())
            left += others
        if not plans:
            astray.append(
                Fault("HSQ-C01", f"“{word}”中没有方案配置", file=word, remedy="检查路径；文件夹中应有含 plan 一节的 .yaml")
            )  # fmt: skip
        found |= dict.fromkeys(plan.resolve() for plan in plans)
    if astray:
        raise PlanFaults(astray)
    return list(found), left


def _look_into(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the plan configs of a folder, and its YAML files that are something else."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return _tell_apart([*files, *sorted(path for path in folder.glob(f"*/{OWN_NAME}") if path.is_file())])


def _tell_apart(files: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Return which YAML files are plan configs, by their key or their name, and which are not.

    One that cannot be read counts as a config: what stops it is told with the plans, not passed over.
    """
    listed = [path for path in files if path.suffix.lower() in _YAML]
    plans = [path for path in listed if path.name == OWN_NAME or _is_plan(path)]
    return plans, [path for path in listed if path not in plans]


def _is_plan(path: Path) -> bool:
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except OSError:
        return True
    return bool(_PLAN_KEY.search(text) and not _CITY_KEY.search(text))


def _refuse_shared(plans: Iterable[tuple[Path, Plan]]) -> None:
    """Refuse plans that would write into one folder, also where only capitals tell their names apart.

    Raises
    ------
    PlanFaults
        One fault a folder, naming the configs.
    """
    users: dict[str, list[Path]] = {}
    for path, plan in plans:
        users.setdefault(str(plan.output).casefold(), []).append(path)
    faults = [
        Fault(
            "HSQ-C03", f"{len(paths)} 个方案的成果写在同一文件夹：{'、'.join(map(str, paths))}", file=str(paths[0]),
            field="plan.id", value=folder, action="没有开始任何方案", remedy="改 plan.id 或 delivery.folder，使各方案不同",
        )
        for folder, paths in users.items()
        if len(paths) > 1
    ]  # fmt: skip
    if faults:
        raise PlanFaults(faults)


def _find_shared_blocks(plans: Iterable[tuple[Path, Plan]]) -> list[Fault]:
    """Name plans of one county and block: their BSM would collide when the databases are merged."""
    users: dict[tuple[str, int], list[str]] = {}
    for _, plan in plans:
        users.setdefault((plan.plan.region_code, plan.plan.plan_block), []).append(plan.plan.id)
    return [
        Fault(
            "HSQ-C03", f"{len(ids)} 个方案的行政区代码和块号相同（{code}，{block}）：{'、'.join(ids[:6])}{'……' if len(ids) > 6 else ''}",
            severity="警告", field="plan.plan_block", value=str(block), action="照常运行",
            remedy="标识码 BSM 会重复，合并各方案数据库前给每个方案不同的块号",
        )
        for (code, block), ids in sorted(users.items())
        if len(ids) > 1
    ]  # fmt: skip


def _count_bytes(plan: Plan) -> float:
    """Return the size of the files the plan's layers come from."""
    total = 0
    for sources in plan.inputs.given().values():
        waiting: list[Source] = list(sources)
        while waiting:
            source = waiting.pop()
            path = plan.resolve(source.path)
            total += path.stat().st_size if path.is_file() else 0
            waiting += [source.geometry] if source.geometry is not None else []
    return float(total)


def _weigh(jobs: list[Job], known: dict[str, float]) -> list[Job]:
    """Return the jobs longest first: by their last run, those without one by their bytes at the pace of the others."""
    pace = [job.weight / known[job.path] for job in jobs if known.get(job.path, 0.0) > 0 and job.weight > 0]
    per_s = median(pace) if pace else _BYTES_PER_S
    weighed = [replace(job, weight=max(known.get(job.path, job.weight / per_s), 0.1)) for job in jobs]
    return sorted(weighed, key=lambda job: (-job.weight, job.path))
