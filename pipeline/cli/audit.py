"""``haoshequ audit``: open any hand-in again, whoever edited or moved it, and say what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = """重新打开整套成果逐项检查，写出成果自检报告

FOLDER 是“成果”文件夹、run 的输出文件夹，或打成 .zip 的成果。不需要方案配置；成果可以已移到别处、已人工改动。
有 manifest.json 时，逐个文件核对改动、新增和删除。只读成果，不改动其中任何文件。

退出码：0 没有不符合、没有改动；1 有不符合或改动；2 用法有误。

例：haoshequ audit output/sample
例：haoshequ audit 送审成果.zip --out 自检
"""
CLEAN, BROKEN = 0, 1


def audit(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="成果文件夹或 .zip", show_default=False)],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="报告写到哪里；缺省为成果旁的“成果自检”")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="也列出须由人判断或补充的事项")] = False,
) -> int:
    """Audit a hand-in; exit 0 when nothing is wrong or changed, else 1."""
    from rich.console import Console

    from pipeline.audit.opening import NotHandInError, open_handin

    target = out if out is not None else _beside(folder)
    try:
        with open_handin(folder) as root:
            if target.resolve().is_relative_to(root.resolve()):
                raise typer.BadParameter(f"--out {target} 在成果之内；自检不改动成果，请换一个文件夹")
            return _audit(Console(), root, target, every=every)
    except NotHandInError as error:
        raise typer.BadParameter(str(error)) from None


def _beside(folder: Path) -> Path:
    """Return where the report goes: beside the hand-in, never in it."""
    whole = folder.resolve()
    return whole / "成果自检" if (whole / "成果").is_dir() else whole.parent / f"{whole.stem}自检"


def _audit(console: object, root: Path, target: Path, *, every: bool) -> int:
    from rich.console import Console

    from layers.faults import PlanFaults, refuse_write
    from pipeline.audit import audit_handin
    from pipeline.audit.folder import REPORTS
    from pipeline.audit.step import write_reports
    from pipeline.cli.faultlist import print_faults
    from pipeline.cli.rulings import print_verdicts

    assert isinstance(console, Console)
    found = audit_handin(root)
    workbook, page = (target / Path(name).name for name in REPORTS)
    try:
        target.mkdir(parents=True, exist_ok=True)
        write_reports(found, workbook, page)
    except OSError as error:
        print_faults(console, PlanFaults([refuse_write(error, target)]).faults, report=False)
        return BROKEN
    print_verdicts(console, found, every=every)
    console.print(f"报告：{workbook}", highlight=False, soft_wrap=True)
    console.print(f"　　　{page}", highlight=False, soft_wrap=True)
    if found.passed:
        console.print("没有不符合之处，文件与清单一致。", style="bold green", highlight=False)
    return CLEAN if found.passed else BROKEN
