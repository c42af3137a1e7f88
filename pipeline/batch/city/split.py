"""Make the plans of a city: read its layers once, cut out each plan's part, write only what has changed."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from layers.faults import FaultLog, PlanFaults, refuse_write
from layers.ledgers import Population
from layers.source import Community, Road
from pipeline.batch.city.config import City
from pipeline.batch.city.cut import Cut, cut_city, measure_margin
from pipeline.batch.city.groups import Group, make_groups, number_blocks
from pipeline.batch.city.write import (
    BASE,
    BOOK,
    CONFIG,
    check_layers,
    compose_config,
    cut_picture,
    list_pictures,
    write_base,
    write_book,
)
from pipeline.deliver.quality import quality_rows
from pipeline.deliver.report import place_report
from pipeline.engine.check import finished_accounts, join_faults
from pipeline.stages import STAGES
from pipeline.stages.base import Frame, Given

RECORD = "拆分.json"
_PICTURES = {"walking.dem": "高程.tif", "idle.imagery": "影像.tif", "sheets.base.path": "底图.tif"}
# Heights are read round the roads and photos over the communities, both a little beyond; a base lies under every sheet.
_RIM_M = 200.0
_NAMES_SHOWN = 6


@dataclass(frozen=True)
class Split:
    """What was made of a city.

    Attributes
    ----------
    folder : of the plans.
    configs : of every plan there is to run, sorted as the communities.
    written, same : how many plans got a new file, and how many had none to get.
    remarks : what is to be known, Chinese: communities without roads or buildings, plans left over, edited files.
    record : the file that remembers block numbers and what was written.
    """

    folder: Path
    configs: list[Path]
    written: int
    same: int
    remarks: list[str]
    record: Path


def split_city(city: City) -> Split:
    """Write a folder a plan; files somebody has edited since are left alone, vanished plans are named.

    Raises
    ------
    PlanFaults
        If the city's files cannot be used (the report is in the city's output), groups do not fit, or the
        disk refuses.
    """
    frames, remarks = _read_city(city)
    communities = frames[Community.key]
    groups = make_groups(communities, city)
    known = _recall(city)
    blocks = number_blocks(groups, city, known)
    margin = measure_margin(city)
    cuts = cut_city(frames, groups, margin_m=margin)
    remarks += _tell_citywide(cuts) + _tell_people(frames)
    record: dict[str, Any] = dict(known)
    configs: list[Path] = []
    written = 0
    try:
        city.folder.mkdir(parents=True, exist_ok=True)
        for group, cut in zip(groups, cuts, strict=True):
            name = group.fill(city.city.plan_id)
            lacking = check_layers(cut)
            if lacking:
                remarks.append(_tell_lacking(group, lacking))
            if lacking[:1] == [Road.alias]:
                continue
            placed = _place_plan(city, group, cut, known.get(name, {}), block=blocks[name], margin_m=margin)
            record[name] = {
                "block": blocks[name], "region": group.region[0], "communities": list(group.communities), "files": placed.files,
            }  # fmt: skip
            written += placed.changed
            remarks += [
                f"{name}：{file} 已有人改过，没有覆盖；要重新生成，先移走该文件" for file in placed.edited
            ]
            configs.append(city.folder / name / CONFIG)
        made = {path.parent.name for path in configs}
        record = {name: {**told, "last": name in made} for name, told in record.items()}
        remarks += _tell_stale(city, record, made)
        _remember(city, record)
    except OSError as error:
        raise PlanFaults(
            [refuse_write(error, city.folder, action="没有写完各方案，重新运行可以接着写")]
        ) from error
    return Split(city.folder, configs, written, len(configs) - written, remarks, city.folder / RECORD)


def list_made(city: City) -> list[Path]:
    """Return the configs of the plans that were made of a city the last time, without reading its files."""
    configs = [city.folder / name / CONFIG for name, told in sorted(_recall(city).items()) if told["last"]]
    return [path for path in configs if path.is_file()]


def _read_city(city: City) -> tuple[dict[str, Frame], list[str]]:
    """Read the whole city through the load stage and report what was mended, once for all plans."""
    plan, load = city.whole(), STAGES[0]
    given = Given(plan, {}, FaultLog())
    try:
        frames = load(given)
    except PlanFaults as error:
        rows = quality_rows(join_faults(given.log, error), stage=load.title, crs=given.log.crs)
        error.report = place_report(rows, plan, accounts=finished_accounts(given.log.accounts))
        raise
    rows = quality_rows(given.log.faults, stage=load.title, crs=given.log.crs)
    report = place_report(rows, plan, accounts=finished_accounts(given.log.accounts))
    counts = Counter(fault.severity for fault in given.log.faults)
    told = f"全市数据：警告 {counts['警告']} 条，提示 {counts['提示']} 条，见 {report}"
    return frames, [told] if counts["警告"] else []


@dataclass(frozen=True)
class _PlacedPlan:
    files: dict[str, str]
    edited: list[str]
    changed: bool


def _place_plan(
    city: City, group: Group, cut: Cut, known: dict[str, Any], *, block: int, margin_m: float
) -> _PlacedPlan:
    """Write a plan's files beside the old ones and put those in place that differ and that nobody has edited."""
    name = group.fill(city.city.plan_id)
    folder = city.folder / name
    folder.mkdir(exist_ok=True)
    day = city.plan.compiled
    files: dict[str, str] = {}
    edited, changed = [], False
    with tempfile.TemporaryDirectory(prefix=".haoshequ-", dir=city.folder) as fresh_name:
        fresh = Path(fresh_name)
        write_base(fresh / BASE, cut, day=day)
        if any(layer.shape is None for layer in cut.frames):
            write_book(fresh / BOOK, cut, day=day)
        pictures = _cut_pictures(city, cut, fresh, margin_m=margin_m)
        text = compose_config(city, group, cut, folder, block=block, pictures=pictures, margin_m=margin_m)
        (fresh / CONFIG).write_text(text, encoding="utf-8", newline="\n")
        before = known.get("files", {})
        for path in sorted(fresh.iterdir()):
            target, made = folder / path.name, _hash(path)
            there = _hash(target) if target.is_file() else None
            if there == made:
                files[path.name] = made
            elif there is not None and there != before.get(path.name):
                edited.append(path.name)
                files[path.name] = before.get(path.name, "")
            else:
                path.replace(target)
                files[path.name] = made
                changed = True
    return _PlacedPlan(files, edited, changed)


def _cut_pictures(city: City, cut: Cut, folder: Path, *, margin_m: float) -> dict[str, str]:
    """Copy the part of each raster a plan looks at; return the files by key."""
    made = {}
    for key, path in list_pictures(city).items():
        about = cut.frames[Road if key == "walking.dem" else Community]
        rim = margin_m if key == "sheets.base.path" else _RIM_M
        west, south, east, north = about.total_bounds
        bounds = (west - rim, south - rim, east + rim, north + rim)
        if cut_picture(city.resolve(path), folder / _PICTURES[key], bounds, about.crs):
            made[key] = _PICTURES[key]
    return made


def _tell_lacking(group: Group, lacking: list[str]) -> str:
    if Road.alias in lacking:
        return f"{group.name}：范围内和周边没有道路，无法分析，没有生成方案"
    return f"{group.name}：范围内和周边没有{'、'.join(lacking)}，没有住户可以测算，方案照常生成"


def _tell_citywide(cuts: list[Cut]) -> list[str]:
    """Say which rows every plan has because they name no community: money among them would be counted often."""
    found: dict[str, int] = {}
    for cut in cuts:
        found |= {layer.alias: count for layer, count in cut.citywide.items()}
    return [
        f"{alias}有 {count} 行没有社区和位置，列入每个方案；其中有金额的不拆分，汇总各方案时会重复计算"
        if alias.startswith("资源")
        else f"{alias}有 {count} 行没有社区和位置，列入每个方案"
        for alias, count in found.items()
    ]


def _tell_people(frames: dict[str, Frame]) -> list[str]:
    people: pd.DataFrame = frames[Population.key]
    lost = people[people[Population.building].isna() & people[Population.community].isna()]
    return [f"人口台账有 {len(lost)} 行没有建筑和社区，没有列入任何方案"] if len(lost) else []


def _tell_stale(city: City, record: dict[str, Any], made: set[str]) -> list[str]:
    """Name the folders of plans that no community stands for any more; nothing is deleted."""
    if city.city.only:
        return []
    stale = [name for name in sorted(record) if name not in made and (city.folder / name / CONFIG).is_file()]
    shown = "、".join(stale[:_NAMES_SHOWN]) + ("……" if len(stale) > _NAMES_SHOWN else "")
    return [f"{len(stale)} 个方案的社区已不在全市数据中，文件夹保留、不再运行：{shown}"] if stale else []


def _recall(city: City) -> dict[str, Any]:
    path = city.folder / RECORD
    if not path.is_file():
        return {}
    plans = json.loads(path.read_text(encoding="utf-8"))["plans"]
    return dict(plans)


def _remember(city: City, record: dict[str, Any]) -> None:
    path = city.folder / RECORD
    fresh = path.with_name(path.name + ".part")
    content = {"plans": {name: record[name] for name in sorted(record)}}
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
