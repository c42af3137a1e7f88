"""Turns one DWG into a DXF; run as a script by ``layers.read.dwg``, imports nothing of ours."""

from __future__ import annotations

import sys

_NO_LIBRARY, _UNREADABLE = 3, 4


def convert(source: str, target: str) -> int:
    """Return 0 when ``target`` was written, else what went wrong."""
    try:
        from acadsharp import native

        runtime = native.load()
    except (ImportError, OSError):
        return _NO_LIBRARY
    try:
        runtime.write(runtime.read(source), target)
    except (native.NativeError, OSError):
        return _UNREADABLE
    return 0


if __name__ == "__main__":
    raise SystemExit(convert(*sys.argv[1:3]))
