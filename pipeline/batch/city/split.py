"""Make the plans of a city: read its layers once, cut out each plan's part, write only what has changed."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from layers.faults import Fault, FaultLog, PlanFaults, refuse_write
from layers.source import Community, Road
from pipeline.batch.city.belong import find_belongings, tell_belongings
from pipeline.batch.city.config import City
from pipeline.batch.city.cut import cut_city, measure_margin
from pipeline.batch.city.groups import Group, make_groups, number_blocks
from pipeline.batch.city.place import OpenElsewhereError, place_plan
from pipeline.batch.city.record import (
    RECORD,
    PlanNote,
    Record,
    hold_city,
    is_there,
    make_key,
    recall,
    remember,
)
from pipeline.batch.city.write import CONFIG, check_layers
from pipeline.deliver.quality import quality_rows
from pipeline.deliver.refusal import refusals_told
from pipeline.deliver.report import place_report
from pipeline.engine.check import finished_accounts, join_faults
from pipeline.plan import Plan
from pipeline.stages import STAGES
from pipeline.stages.base import Frame, Given

UNCHANGED = "全市数据没有改动，各方案的文件都在，没有重新拆分"
_NAMES_SHOWN = 6
_FRESH = ".haoshequ-"
# What refuses one plan's files refuses those of all.
_OF_THE_DISK = {errno.ENOSPC, errno.EROFS, errno.EDQUOT}


@dataclass(frozen=True)
class Split:
    """What was made of a city.

    Attributes
    ----------
    folder : of the plans.
    configs : of every plan there is to run, sorted as the communities.
    written, same : how many plans got a new file, and how many had none to get.
    remarks : what is to be known, Chinese: plans refused, communities without roads or buildings, rows in no plan,
        plans left over, edited files.
    refused : of those, what names a plan that was not made or not brought up to date.
    record : the file that remembers block numbers, what was written and the remarks.
    """

    folder: Path
    configs: list[Path]
    written: int
    same: int
    remarks: list[str]
    refused: list[str]
    record: Path


def split_city(city: City) -> Split:
    """Write a folder a plan; files somebody has edited since are left alone, vanished plans are named.

    Where nothing has changed since the last time, nothing is read. A plan whose files are refused is named, stays as
    it was and stops no other.

    Raises
    ------
    PlanFaults
        If the city's files cannot be used (the report is in the city's output), groups do not fit, the disk
        refuses, or another process is at the same city.
    """
    known, key = recall(city), make_key(city)
    if known.key == key and is_there(city, known):
        return _conclude(city, known, 0, [UNCHANGED, *known.remarks])
    frames, remarks, report = _read_city(city)
    groups, refused = make_groups(frames[Community.key], city)
    action = "没有写完各方案，重新运行可以接着写"
    with refusals_told(city.folder, action=action), hold_city(city):
        known = _number_plans(city, groups)
        done = _place_all(city, frames, groups, known)
        lost = [*done.refused, *refused]
        remarks += [*lost, *done.remarks, *_tell_stale(city, known, groups)]
        complete = bool(report) and not done.refused
        record = Record(key if complete else "", done.order, remarks, lost, report, known.plans)
        remember(city, record)
    return _conclude(city, record, done.written, remarks)


def list_made(city: City) -> list[Path]:
    """Return the configs of the plans that were made of a city the last time, without reading its files."""
    return [path for path in _list_configs(city, recall(city)) if path.is_file()]


def _list_configs(city: City, record: Record) -> list[Path]:
    return [city.folder / name / CONFIG for name in record.order]


def _conclude(city: City, record: Record, written: int, remarks: list[str]) -> Split:
    configs = _list_configs(city, record)
    same = len(configs) - written
    return Split(city.folder, configs, written, same, remarks, record.refused, city.folder / RECORD)


def _number_plans(city: City, groups: list[Group]) -> Record:
    """Return what is known of the plans with all block numbers given, and remember it: a number once given stays."""
    known = recall(city)
    blocks = number_blocks(groups, city, known.plans)
    for group in groups:
        name = group.fill(city.city.plan_id)
        files = known.plans[name].files if name in known.plans else {}
        known.plans[name] = PlanNote(blocks[name], group.region[0], list(group.communities), files)
    known.key = ""
    remember(city, known)
    return known


def _read_city(city: City) -> tuple[dict[str, Frame], list[str], str]:
    """Read the whole city through the load stage and report what was mended, once for all plans.

    Returns
    -------
    tuple
        Frames, remarks, and the report; empty where it could not be written.
    """
    plan, load = city.whole(), STAGES[0]
    given = Given(plan, {}, FaultLog())
    try:
        frames = load(given)
    except PlanFaults as error:
        error.report, _ = _report(plan, given.log, join_faults(given.log, error))
        raise
    report, refused = _report(plan, given.log, given.log.faults)
    counts = Counter(fault.severity for fault in given.log.faults)
    told = f"全市数据：警告 {counts['警告']} 条，提示 {counts['提示']} 条，见 {report}"
    return frames, refused or ([told] if counts["警告"] else []), str(report or "")


def _report(plan: Plan, log: FaultLog, faults: Iterable[Fault]) -> tuple[Path | None, list[str]]:
    """Write the quality report of the city; where the disk refuses, say so: the plans are made all the same."""
    rows = quality_rows(faults, stage=STAGES[0].title, crs=log.crs)
    try:
        return place_report(rows, plan, accounts=finished_accounts(log.accounts)), []
    except OSError as error:
        fault = refuse_write(error, plan.output)
        return None, [f"全市数据的质检报告没有写出：{fault.problem}（{plan.output}）；{fault.remedy}"]


@dataclass(frozen=True)
class _Done:
    order: list[str]
    written: int
    refused: list[str]
    remarks: list[str]


def _place_all(city: City, frames: dict[str, Frame], groups: list[Group], record: Record) -> _Done:
    """Cut and write one plan after the other; the record learns the files of each."""
    margin = measure_margin(city)
    belongings = find_belongings(frames, margin_m=margin)
    remarks = tell_belongings(frames, belongings, margin_m=margin)
    order: list[str] = []
    refused: list[str] = []
    written = 0
    for left in city.folder.glob(f"{_FRESH}*"):  # by a split that was killed; no other is at work
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_FRESH, dir=city.folder, ignore_cleanup_errors=True) as home:
        for group, cut in zip(groups, cut_city(frames, groups, belongings, margin_m=margin), strict=True):
            name = group.fill(city.city.plan_id)
            lacking = check_layers(cut)
            if lacking:
                remarks.append(_tell_lacking(group, lacking))
            if lacking[:1] == [Road.alias]:
                continue
            fresh = Path(home) / name
            fresh.mkdir()
            try:
                placed = place_plan(city, group, cut, record.plans[name], fresh, margin_m=margin)
            except OSError as error:
                if error.errno in _OF_THE_DISK:
                    raise
                there = (city.folder / name / CONFIG).is_file()
                refused.append(_tell_refused(name, error, there=there))
                order += [name] if there else []
                continue
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
            record.plans[name].files = placed.files
            written += placed.changed
            remarks += placed.remarks
            order.append(name)
    return _Done(order, written, refused, remarks)


def _tell_refused(name: str, error: OSError, *, there: bool) -> str:
    """Say which file of a plan was refused and what becomes of the plan."""
    file = Path(str(error.filename2 or error.filename or name)).name
    fault = refuse_write(error, Path(name))
    why = error.strerror if isinstance(error, OpenElsewhereError) else fault.problem.rpartition("：")[2]
    rest = "沿用原有文件，没有更新" if there else "没有生成方案"
    return f"{name}：{file} 无法写入（{why}），{rest}；关闭占用该文件的程序或改正权限后重新运行"


def _tell_lacking(group: Group, lacking: list[str]) -> str:
    if Road.alias in lacking:
        return f"{group.name}：范围内和周边没有道路，无法分析，没有生成方案"
    return f"{group.name}：范围内和周边没有{'、'.join(lacking)}，没有住户可以测算，方案照常生成"


def _tell_stale(city: City, record: Record, groups: list[Group]) -> list[str]:
    """Name the folders of plans that no community stands for any more; nothing is deleted."""
    if city.city.only:
        return []
    meant = {group.fill(city.city.plan_id) for group in groups}
    stale = [name for name in sorted(record.plans.keys() - meant) if (city.folder / name / CONFIG).is_file()]
    shown = "、".join(stale[:_NAMES_SHOWN]) + ("……" if len(stale) > _NAMES_SHOWN else "")
    return [f"{len(stale)} 个方案的社区已不在全市数据中，文件夹保留、不再运行：{shown}"] if stale else []
