"""The statements as one file for psql: for those whose database is not in reach of this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from layers.faults import PlanFaults, refuse_write
from pipeline.publish.handin import Facts
from pipeline.publish.sql import Statement


def write_script(statements: Sequence[Statement], facts: Facts, path: Path) -> None:
    """Write the statements as a UTF-8 script that psql loads whole or not at all; the same bytes each time.

    Raises
    ------
    PlanFaults
        HSQ-D05 when the disk refuses; a file that was there before stays.
    """
    head = [
        f"-- {facts.title}（{facts.id}），编制日期 {facts.compiled.isoformat()}，成果清单 {facts.manifest_sha256}",
        "-- 载入：psql -d 数据库 -f 本文件。全部成功才生效；数据库须为 UTF8 编码，已安装 PostGIS。",
        "\\set ON_ERROR_STOP on",
        "\\encoding UTF8",
        "\\set QUIET on",
        "BEGIN ISOLATION LEVEL READ COMMITTED;",
    ]
    # Beside the file and under a name of this process: renamed over it once it is whole.
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with made.open("w", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(head) + "\n")
            for statement in statements:
                file.write(f"{statement.text};\n")
                if statement.rows is not None:
                    file.write(f"{statement.rows}\\.\n")
            file.write("COMMIT;\n")
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
    except OSError as error:
        with suppress(OSError):
            made.unlink()
        raise PlanFaults([refuse_write(error, path, action="没有写出脚本，原有文件保持不变")]) from error
