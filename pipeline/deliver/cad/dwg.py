"""DWG from DXF through ACadSharp, and what keeps this computer from it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acadsharp.native import NativeRuntime

NO_LIBRARY = "本机没有写 DWG 的组件（acadsharp 支持 Linux、64 位 Windows 和 Apple 芯片的 macOS），请在 CAD 中打开同名 DXF 另存"


@cache
def load_runtime() -> NativeRuntime | None:
    """Return the library, loaded once a process; None where there is none for this computer."""
    try:
        from acadsharp import native

        return native.load()
    except (ImportError, OSError):
        return None


def write_dwg(source: Path, target: Path) -> str:
    """Write a DXF as DWG of the same release.

    Returns
    -------
    str
        Why there is no DWG, in Chinese; empty when it was written.
    """
    runtime = load_runtime()
    if runtime is None:
        return NO_LIBRARY
    from acadsharp.native import NativeError

    try:
        with runtime.read(source) as document, document.SummaryInfo as summary:
            # Else the file says when it was written, and no two are the same.
            made = document.Header.CreateDateTime
            summary.CreatedDate, summary.ModifiedDate = made, made
            runtime.write(document, target)
    except NativeError as error:
        target.unlink(missing_ok=True)
        return f"DWG 没有写成（{error}），请在 CAD 中打开同名 DXF 另存"
    return ""
