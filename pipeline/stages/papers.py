"""Papers and steps of the plan's making: files that ledgers name are there, dates are in order (1.5, 6.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from configs import read_settings
from layers.codes import PAPER
from layers.faults import FaultLog
from layers.ledgers import Delegate, Paper, Step
from pipeline.plan import Plan
from pipeline.plan.papers import find_paper
from pipeline.stages.base import Frame

_MB = 1_000_000
STEP_FOLDER = "过程记录"


def list_papers(frames: Mapping[str, Frame]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield folder, title, cell, ledger and layer name of every file that 附件 and 过程记录 name, in order."""
    papers = frames[Paper.key]
    papers = papers[papers[Paper.file].notna()].sort_values([Paper.title, Paper.file], kind="stable")
    rank = {kind: at for at, kind in enumerate(PAPER.values)}
    papers = papers.sort_values(Paper.kind, key=lambda kinds: kinds.map(rank), kind="stable")
    for row in papers.to_dict("records"):
        yield row[Paper.kind], row[Paper.title], row[Paper.file], row[Paper.source], Paper.alias
    steps = frames[Step.key].sort_values([Step.date, Step.step, Step.id], kind="stable")
    for row in steps[steps[Step.file].notna()].to_dict("records"):
        title = f"{row[Step.step]}（{row[Step.date]}）"
        yield STEP_FOLDER, title, row[Step.file], row[Step.source], Step.alias


def check_papers(frames: Mapping[str, Frame], plan: Plan, log: FaultLog) -> None:
    """Record files that are not there, may not be taken or would lie on each other; kinds nobody provided."""
    taken: dict[tuple[str, str], str] = {}
    total = 0
    for folder, title, name, source, layer in list_papers(frames):
        found = find_paper(plan, source, name)
        if found.path is None:
            log.add(
                "HSQ-F01" if found.absent else "HSQ-A10", found.problem, file=source, layer=layer, row=title,
                field="file", value=name, remedy=found.remedy,
            )  # fmt: skip
            continue
        total += found.path.stat().st_size
        key = (folder, found.path.name.casefold())
        if taken.setdefault(key, str(found.path)) != str(found.path):
            log.add(
                "HSQ-A10", f"两个附件同名：“{found.path.name}”", file=source, layer=layer, row=title, field="file",
                value=name, remedy="给其中一个改名",
            )  # fmt: skip
    rules = read_settings("process.yaml")["papers"]
    if total > rules["max_total_mb"] * _MB:
        log.add(
            "HSQ-A10", f"附件合计 {total / _MB:.0f} MB，超过 {rules['max_total_mb']} MB", layer=Paper.alias,
            remedy="压缩图片和视频，或只附目录",
        )  # fmt: skip
    if len(frames[Paper.key]):
        absent = [kind for kind in rules["wanted"] if kind not in set(frames[Paper.key][Paper.kind])]
        for kind in absent:
            log.add(
                "HSQ-A05", f"附件中没有“{kind}”（{rules['wanted'][kind]}）", severity="提示", layer=Paper.alias,
                remedy="取得后在附件台账中加一行",
            )  # fmt: skip


def check_steps(frames: Mapping[str, Frame], log: FaultLog) -> None:
    """Record steps dated before the step they follow, and steps whose forerunner has no record (P-03, P-04)."""
    steps: pd.DataFrame = frames[Step.key]
    steps = steps[steps[Step.step].notna() & steps[Step.date].notna()]
    earliest = steps.sort_values([Step.date, Step.id]).drop_duplicates(Step.step).set_index(Step.step)
    first, file = earliest[Step.date], earliest[Step.source]
    for rule in read_settings("process.yaml")["order"]:
        before, after, clause = rule["first"], rule["then"], rule["clause"]
        if after not in first.index:
            continue
        if before not in first.index:
            if rule["needed"]:
                log.add(
                    "HSQ-A10", f"有“{after}”的记录，没有“{before}”的记录（指南 {clause}）", severity="提示",
                    file=file[after], layer=Step.alias, row=after, remedy=f"补充“{before}”的日期和证明材料",
                )  # fmt: skip
        elif first[before] > first[after]:
            log.add(
                "HSQ-A10", f"“{before}”（{first[before]}）晚于“{after}”（{first[after]}），次序应相反（指南 {clause}）",
                severity="警告", file=file[after], layer=Step.alias, row=after, field=Step.date, value=first[after],
                action="照原样保留", remedy="核对两个日期；确实颠倒的，补办后补记",
            )  # fmt: skip
    for row in steps[steps[Step.days].notna()].to_dict("records"):
        log.add(
            "HSQ-A10", f"{row[Step.step]}自 {row[Step.date]} 至 {row[Step.end]}，共 {row[Step.days]} 天", severity="提示",
            file=row[Step.source], layer=Step.alias, row=row[Step.step], action="指南未规定天数，只作记录",
        )  # fmt: skip


def report_delegates(frames: Mapping[str, Frame], log: FaultLog) -> None:
    """State how many delegates are registered and whether two thirds of them have signed (4.9.2, F-11)."""
    rows = frames[Delegate.key]
    registered, signed = (int(rows[c].fillna(0).sum()) for c in (Delegate.registered, Delegate.signed))
    if not len(rows) or not registered:
        return
    reached = 3 * signed > 2 * registered
    log.add(
        "HSQ-A10", f"已登记居民代表 {registered} 人，联名 {signed} 人，{'超过' if reached else '未超过'}三分之二（指南 4.9.2）",
        severity="警告" if reached else "提示", layer=Delegate.alias,
        remedy="已达到启动方案弹性优化程序的条件，须重新组织居民议事会、公示并审批" if reached else "",
    )  # fmt: skip
