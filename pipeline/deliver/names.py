"""File names by pattern: filled, free of what Windows forbids, and never twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter

from pydantic import TypeAdapter, ValidationError

from layers.faults import FaultLog
from pipeline.plan.models import SafeName

_SAFE: TypeAdapter[str] = TypeAdapter(SafeName)
_LONGEST = 200  # bytes of UTF-8; file systems allow 255, suffixes and ".partial" take the rest


def name_files(pattern: str, rows: Sequence[Mapping[str, str]], *, key: str) -> list[str]:
    """Return one file name without suffix for each row of pattern values.

    Parameters
    ----------
    pattern : format pattern such as ``{region}{area}_{layer}``.
    rows : values of the pattern's keys, a mapping a file.
    key : config key of the pattern, named in messages.

    Raises
    ------
    PlanFaults
        HSQ-C04 for an unknown key, a name Windows refuses, a name too long, or two files of one name
        (compared without case, as Windows and macOS do). All of them at once.
    """
    log = FaultLog()
    known = set(rows[0]) if rows else set()
    try:
        used = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
    except ValueError:
        log.add("HSQ-C04", f"{key} 的花括号不成对：{pattern}", field=key, value=pattern)
        log.raise_errors()
    if rows and used - known:
        log.add(
            "HSQ-C04",
            f"{key} 用了没有的项：{'、'.join(sorted(used - known)) or '空花括号'}",
            field=key,
            value=pattern,
            remedy=f"可用：{'、'.join(sorted(known))}",
        )
        log.raise_errors()
    names = [pattern.format_map(row) for row in rows]
    check_names(names, key=key, pattern=pattern)
    return names


def check_names(names: Sequence[str], *, key: str, pattern: str = "") -> None:
    """Raise PlanFaults (HSQ-C04) unless every name is one Windows accepts and no two are the same."""
    log = FaultLog()
    seen: set[str] = set()
    for name in names:
        try:
            _SAFE.validate_python(name)
        except ValidationError:
            log.add(
                "HSQ-C04",
                f"文件名“{name}”含有 Windows 不允许的字符",
                field=key,
                value=name,
                remedy='去掉 < > : " / \\ | ? * 以及首尾的空格和句点，并避开 CON、NUL 等保留名',
            )
        if len(name.encode()) > _LONGEST:
            log.add("HSQ-C04", f"文件名“{name[:40]}…”过长", field=key, value=name, remedy="缩短文件名模式")
        if name.casefold() in seen:
            log.add(
                "HSQ-C04",
                f"两个文件重名：“{name}”",
                field=key,
                value=pattern or name,
                remedy="在模式中加入能区分各文件的项",
            )
        seen.add(name.casefold())
    log.raise_errors()
