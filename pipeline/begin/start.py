"""Put a new plan folder into place: config and templates complete, or nothing; what is there stays."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from layers.crs import GEOGRAPHIC, choose_zone
from layers.faults import Fault, PlanFaults, refuse_write
from layers.read.contents import read_folder
from pipeline.begin import base, book
from pipeline.begin.config import Setting, write_config
from pipeline.begin.divisions import settle_region
from pipeline.begin.findings import Findings
from pipeline.begin.mapping import list_rasters, map_parts
from pipeline.begin.openmap import add_open_data
from pipeline.plan import load_plan

CONFIG = "方案.yaml"
DATA = "数据"
FILES = (CONFIG, f"{DATA}/{book.NAME}", f"{DATA}/{base.NAME}")


@dataclass(frozen=True)
class Begun:
    """What was made.

    Attributes
    ----------
    config : the config.
    files : everything written, config first.
    findings : what the technician's files told.
    """

    config: Path
    files: tuple[Path, ...]
    findings: Findings


def begin_plan(folder: Path, *, day: date, source: Path | None = None) -> Begun:
    """Write a config and empty templates into a folder.

    Parameters
    ----------
    folder : where; made when it is not there. A file of the same name is never replaced.
    day : 编制日期, and the time inside the templates.
    source : folder of the technician's files, looked through and mapped.

    Raises
    ------
    PlanFaults
        If a file is there already (``HSQ-D05``), the source is not (``HSQ-F01``), or the disk refuses; then
        nothing has been written.
    """
    _refuse_existing(folder)
    if source is not None and not source.exists():
        raise PlanFaults(
            [
                Fault(
                    "HSQ-F01",
                    f"数据文件夹不存在：{source}",
                    file=str(source),
                    field="--from",
                    remedy="检查路径是否写对",
                )
            ]
        )
    findings = look_through(source, skip=(folder.resolve(),)) if source is not None else Findings()
    crs = f"EPSG:{choose_zone(findings.near[0]).plain if findings.near else GEOGRAPHIC}"
    setting = Setting(folder, DATA, day, crs)
    there = folder.is_dir()
    try:
        parent = folder if there else folder.absolute().parent
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".haoshequ-", dir=parent) as fresh:
            made = Path(fresh) / "new"
            (made / DATA).mkdir(parents=True)
            book.write_book(made / FILES[1], day=day)
            base.write_base(made / FILES[2], crs=crs, day=day)
            (made / CONFIG).write_text(write_config(findings, setting), encoding="utf-8", newline="\n")
            load_plan(
                made / CONFIG
            )  # a config that does not load is a bug of ours, found before it is anywhere
            if there:
                _move_files(made, folder)
            else:
                made.rename(folder)
    except OSError as error:
        raise PlanFaults([refuse_write(error, folder, action="没有写出任何文件")]) from error
    return Begun(folder / CONFIG, tuple(folder / name for name in FILES), findings)


def look_through(source: Path, *, skip: tuple[Path, ...] = ()) -> Findings:
    """Return what a folder of files told: sources, what was left out, open data, division codes, heights."""
    here = source.resolve()
    inside = tuple(item for item in skip if item != here and item.is_relative_to(here))
    findings = map_parts(read_folder(here, skip=inside))
    findings.dem = next(iter(list_rasters(findings.left)), None)
    add_open_data(findings)
    settle_region(findings)
    return findings


def _refuse_existing(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise PlanFaults(
            [Fault("HSQ-D05", f"{folder} 是文件，不是文件夹", file=str(folder), remedy="换一个文件夹名")]
        )
    there = [name for name in FILES if (folder / name).exists()]
    if there:
        raise PlanFaults(
            [
                Fault(
                    "HSQ-D05", f"已有 {'、'.join(there)}，不覆盖", file=str(folder), action="没有写出任何文件",
                    remedy="换一个文件夹，或先把已有文件移走、改名",
                )
            ]
        )  # fmt: skip


def _move_files(made: Path, folder: Path) -> None:
    """Move the files one by one; when one cannot be placed the ones before it are taken back."""
    placed: list[Path] = []
    bare = not (folder / DATA).exists()
    try:
        for name in FILES:
            target = folder / name
            target.parent.mkdir(exist_ok=True)
            with target.open("xb") as sink:  # refuses a file that has come into being meanwhile
                placed.append(target)
                with (made / name).open("rb") as content:
                    shutil.copyfileobj(content, sink)
    except OSError:
        for target in placed:
            target.unlink()
        if bare and (folder / DATA).is_dir():
            (folder / DATA).rmdir()
        raise
