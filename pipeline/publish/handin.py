"""A hand-in read back for publication: proved against its manifest first, so that what goes on is what was handed in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError

from layers.faults import Fault, FaultLog, PlanFaults
from layers.model import Column, Layer
from layers.onemap import Prefix, delivered_layers, schema_of, title_of
from pipeline.deliver.geopackage import PATH as DATABASE
from pipeline.deliver.layerstyles import TABLE as STYLES
from pipeline.deliver.library import FOLDER as LIBRARY
from pipeline.deliver.library import Entry
from pipeline.deliver.listing import MANIFEST
from pipeline.deliver.onemap import Delivered
from pipeline.deliver.tree import NOW
from pipeline.litter import is_litter
from pipeline.review.lists import find_library, read_list

CODE = "HSQ-P02"
_RERUN = "用 haoshequ run 重新生成成果"
_SHOWN = 20


@dataclass(frozen=True)
class Facts:
    """What a manifest says of its plan.

    Attributes
    ----------
    id, title, area, region_code, region_name, plan_block, compiled, data_year : as in the plan config.
    program : version of the program that made the hand-in.
    manifest_sha256, database_sha256 : of manifest.json and of 一张图.gpkg.
    epsg : CRS the database was handed in with.
    """

    id: str
    title: str
    area: str
    region_code: str
    region_name: str
    plan_block: int
    compiled: date
    data_year: int
    program: str
    manifest_sha256: str
    database_sha256: str
    epsg: int


@dataclass(frozen=True)
class HandIn:
    """A hand-in as read.

    Attributes
    ----------
    folder : where it is.
    facts : of its plan.
    layers : of the database, sorted by code, in the CRS handed in.
    projects : rows of 项目库, numbers as numbers; empty where it has none.
    """

    folder: Path
    facts: Facts
    layers: tuple[Delivered, ...]
    projects: pd.DataFrame


def find_handin(given: Path) -> Path:
    """Return the hand-in's folder: ``given`` itself or the 成果 in it.

    Raises
    ------
    PlanFaults
        HSQ-P02 when neither holds a manifest.
    """
    for folder in (given / NOW, given):
        if (folder / MANIFEST).is_file():
            return folder
    why = f"没有成果：文件夹中没有 {MANIFEST}" if given.is_dir() else "没有成果：文件夹不存在"
    raise PlanFaults([Fault(CODE, why, file=str(given), remedy=f"核对路径；还没有成果的，先{_RERUN}")])


def read_handin(given: Path, *, plan_id: str = "") -> HandIn:
    """Read a hand-in after proving every file against the manifest.

    Parameters
    ----------
    given : the hand-in, or the output folder that holds it.
    plan_id : id the plan must have; any where empty.

    Raises
    ------
    PlanFaults
        HSQ-P02 for no hand-in, one of another plan, or one that was changed since; HSQ-P03 for layers or
        columns that are none of this version's.
    """
    folder = find_handin(given)
    raw = (folder / MANIFEST).read_bytes()
    try:
        content = json.loads(raw)
        facts = _read_facts(content, hashlib.sha256(raw).hexdigest())
        files = {str(item["path"]): item for item in content["files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise PlanFaults(
            [
                Fault(
                    CODE,
                    f"{MANIFEST} 无法读取",
                    file=str(folder / MANIFEST),
                    value=str(error)[:80],
                    remedy=_RERUN,
                )
            ]
        ) from None
    if plan_id and facts["id"] != plan_id:
        raise PlanFaults(
            [
                Fault(
                    CODE, f"成果属于方案“{facts['id']}”，不是“{plan_id}”", file=str(folder), field="plan.id",
                    remedy=_RERUN,
                )
            ]
        )  # fmt: skip
    prove_files(folder, files)
    layers = _read_layers(folder / DATABASE)
    crs = {layer.frame.crs.to_epsg() for layer in layers if layer.frame.crs is not None}
    if len(crs) != 1:
        _refuse(
            [
                Fault(
                    CODE,
                    "数据库各图层坐标系不一",
                    file=str(folder / DATABASE),
                    value=str(sorted(map(str, crs))),
                    remedy=_RERUN,
                )
            ]
        )
    known = Facts(**facts, database_sha256=files[DATABASE]["sha256"], epsg=crs.pop())
    return HandIn(folder, known, layers, _read_projects(folder))


def prove_files(folder: Path, files: dict[str, Any]) -> None:
    """Raise PlanFaults (HSQ-P02) unless ``folder`` holds exactly the manifest's files, to the byte."""
    there = {
        p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file() and not is_litter(p)
    }
    there.pop(MANIFEST, None)
    said = [(name, "文件缺失") for name in files.keys() - there.keys()]
    said += [(name, "清单中没有此文件") for name in there.keys() - files.keys()]
    if DATABASE not in files:
        said.append((DATABASE, "成果中没有数据库"))
    for name in files.keys() & there.keys():
        with there[name].open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != files[name]["sha256"]:
                said.append((name, "内容在交付后改动过"))
    remedy = f"{_RERUN}；确要采用改动，请改输入文件或人工决策表后再运行"
    faults = [Fault(CODE, why, file=name, value="", remedy=remedy) for name, why in sorted(set(said))]
    if len(faults) > _SHOWN:
        rest = Fault(CODE, f"另有 {len(faults) - _SHOWN} 个文件与清单不一致", file=str(folder), remedy=remedy)
        faults = [*faults[:_SHOWN], rest]
    _refuse(faults)


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise PlanFaults(faults)


def _read_facts(content: dict[str, Any], digest: str) -> dict[str, Any]:
    identity = content["parameters"]["plan"]
    return {
        "id": str(identity["id"]),
        "title": str(identity["title"]),
        "area": str(identity["area"]),
        "region_code": str(identity["region_code"]),
        "region_name": str(identity["region_name"]),
        "plan_block": int(identity["plan_block"]),
        "compiled": date.fromisoformat(identity["compiled"]),
        "data_year": int(identity["data_year"]),
        "program": str(content["versions"]["haoshequ"]),
        "manifest_sha256": digest,
    }


def _read_layers(path: Path) -> tuple[Delivered, ...]:
    declared = {code: (layer, kind) for code, layer, kind in delivered_layers()}
    log = FaultLog()
    try:
        names = sorted(str(name) for name, _ in pyogrio.list_layers(path) if name != STYLES)
        found = []
        for code in names:
            info = pyogrio.read_info(path, layer=code)
            if code not in declared:
                if info["geometry_type"] is not None:
                    _tell_strange(log, path, code, "本版程序没有这个图层")
                continue
            columns = schema_of(*declared[code])
            if wrong := _compare_columns(list(info["fields"]), columns):
                _tell_strange(log, path, code, wrong)
                continue
            found.append(read_layer(path, code, *declared[code]))
    except DataSourceError as error:
        raise PlanFaults(
            [Fault("HSQ-F02", "数据库无法打开", file=str(path), value=str(error)[:80], remedy=_RERUN)]
        ) from None
    log.raise_errors()
    return tuple(found)


def _compare_columns(there: list[str], columns: tuple[Column, ...]) -> str:
    known = {column.spec.onemap: column for column in columns}
    if strange := [name for name in there if name not in known]:
        return f"本版程序没有这些字段：{'、'.join(strange)}"
    missing = [name for name, column in known.items() if column.spec.required and name not in there]
    return f"缺少必填字段：{'、'.join(missing)}" if missing else ""


def _tell_strange(log: FaultLog, path: Path, code: str, why: str) -> None:
    log.add(
        "HSQ-P03", why, file=str(path), layer=code,
        remedy="成果由另一版程序生成：用同一版程序发布，或用本版程序重新运行该方案",
    )  # fmt: skip


def read_layer(path: Path, code: str, layer: type[Layer], kind: str) -> Delivered:
    """Return a layer of 一张图.gpkg with its declared columns typed, in order of BSM."""
    columns = schema_of(layer, kind)
    frame = pyogrio.read_dataframe(path, layer=code)
    return Delivered(code, title_of(layer, kind), kind, layer, columns, type_columns(frame, columns))


def type_columns(frame: gpd.GeoDataFrame, columns: tuple[Column, ...]) -> gpd.GeoDataFrame:
    """Return the frame with exactly ``columns`` under their one-map names, typed as declared, in order of BSM."""
    data: dict[str, Any] = {}
    for column in columns:
        name, kind = column.spec.onemap, column.spec.kind
        values = frame[name] if name in frame else pd.Series(None, index=frame.index, dtype="object")
        if kind == "text":
            data[name] = values.astype("str").where(values.notna(), None)
        elif kind == "int":
            data[name] = pd.to_numeric(values).round().astype("Int64")
        else:
            data[name] = pd.to_numeric(values).astype("float64")
    made = gpd.GeoDataFrame(data, geometry=frame.geometry, crs=frame.crs)
    return made.sort_values(Prefix.bsm.spec.onemap, kind="stable", ignore_index=True)


def _read_projects(folder: Path) -> pd.DataFrame:
    """Return the rows of 项目库, all projects with and without a place."""
    columns = list(Entry.columns())
    if not any((folder / LIBRARY).glob("*.xlsx")):
        return pd.DataFrame(columns=[str(c) for c in columns])
    listed = read_list(find_library(folder)).projects.values()
    data: dict[str, Any] = {}
    for column in columns:
        cells = pd.Series([project.tell(column) for project in listed], dtype="str")
        if column.spec.kind == "text":
            data[str(column)] = cells.where(cells != "", None)
        else:
            # “/” is what a project without building work has for money.
            data[str(column)] = pd.to_numeric(cells.str.replace(",", "").where(~cells.isin(["", "/"]), None))
    return pd.DataFrame(data)
