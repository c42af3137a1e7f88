"""DWG through ACadSharp: turned into a DXF of the same entities, in a process of its own.

The library is native code that parses whatever bytes it is given; should it crash or never return, only
that process ends. It is part of every installation on Linux, Windows (x64) and macOS (Apple silicon).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from layers.read.raw import Place
from layers.read.sniff import Opened

_WORKER = Path(__file__).with_name("dwg_worker.py")
_SECONDS = 300
NO_LIBRARY, UNREADABLE = 3, 4


def convert_dwg(opened: Opened, place: Place) -> bytes | None:
    """Return a DWG as DXF; None with the reason in the log.

    Parameters
    ----------
    place : gets HSQ-F04 where this computer has no DWG library, HSQ-F02 where the file cannot be read.
    """
    if find_spec("acadsharp") is None:
        _refuse_platform(place)
        return None
    with tempfile.TemporaryDirectory(prefix="haoshequ-") as folder:
        source, target = Path(folder) / "in.dwg", Path(folder) / "out.dxf"
        source.write_bytes(opened if isinstance(opened, bytes) else opened.read_bytes())
        try:
            done = subprocess.run(
                [sys.executable, "-P", str(_WORKER), str(source), str(target)],
                stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False, cwd=folder,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            place.error(
                "HSQ-F02", f"DWG 在 {_SECONDS // 60} 分钟内没有读完", remedy="在 CAD 中另存为 DXF 2010 后使用"
            )
            return None
        if done.returncode == 0 and target.is_file():
            return target.read_bytes()
    if done.returncode == NO_LIBRARY:
        _refuse_platform(place)
    else:
        place.error(
            "HSQ-F02",
            "DWG 无法打开或已损坏",
            remedy="在 CAD 中执行 AUDIT 或 RECOVER 后另存；仍不行时另存为 DXF 2010",
        )
    return None


def _refuse_platform(place: Place) -> None:
    place.error(
        "HSQ-F04", "本机没有读取 DWG 的组件（acadsharp 支持 Linux、64 位 Windows 和 Apple 芯片的 macOS）",
        remedy="在 CAD 中另存为 DXF 2010 或更高版本后使用",
    )  # fmt: skip
