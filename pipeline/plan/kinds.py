"""Kinds of config values that need more than a type: names, texts, paths, name patterns."""

from __future__ import annotations

import os
import re
import string
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_RESERVED = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"COM{i}" for i in range(1, 10)),
    *(f"LPT{i}" for i in range(1, 10)),
}
_DRIVE = re.compile(r"^[A-Za-z]:[/\\]")


def _plain_text(value: str) -> str:
    """Refuse what no sheet and no table can print: tabs, line breaks, control characters."""
    strange = sorted({f"U+{ord(char):04X}" for char in value if unicodedata.category(char) == "Cc"})
    if strange:
        raise ValueError(f"含有制表符、换行或控制字符（{'、'.join(strange)}），请删去")
    return value


def _safe_name(value: str) -> str:
    if not value or _FORBIDDEN.search(value) or value != value.strip(" .") or value.upper() in _RESERVED:
        raise ValueError('不能为空，不能含 < > : " / \\ | ? *，不能以空格或句点开头结尾')
    return value


def _fold_slashes(value: Any) -> Any:
    """Read a path written on Windows anywhere; a drive letter means something on Windows only."""
    if not isinstance(value, str) or os.name == "nt":
        return value
    if _DRIVE.match(value):
        raise ValueError("是 Windows 盘符路径，本机没有盘符；请改写为相对于配置文件的路径")
    return value.replace("\\", "/")


def _is_given(value: Path) -> Path:
    """Refuse the empty path, which would silently mean the folder of the config."""
    if value == Path():
        raise ValueError("不能为空")
    return value


def check_pattern(*, fields: tuple[str, ...], apart: tuple[str, ...]) -> Callable[[str], str]:
    """Return a validator of file name patterns.

    Parameters
    ----------
    fields : what the pattern may use.
    apart : fields of which at least one is needed, or files would have the same name.
    """

    def check(pattern: str) -> str:
        usable = "、".join(f"{{{name}}}" for name in fields)
        try:
            parts = list(string.Formatter().parse(pattern))
        except ValueError:
            raise ValueError(f"花括号不成对；可用 {usable}") from None
        used = [name for _, name, _, _ in parts if name is not None]
        unknown = [name for name in used if name not in fields]
        if unknown:
            raise ValueError(f"用了没有的项 {'、'.join(f'{{{name}}}' for name in unknown)}；可用 {usable}")
        if any(spec or conversion for _, _, spec, conversion in parts):
            raise ValueError(f"花括号内只写项名；可用 {usable}")
        if not set(used) & set(apart):
            wanted = " 或 ".join(f"{{{name}}}" for name in apart)
            raise ValueError(f"会使不同文件重名；请加入 {wanted}")
        if _FORBIDDEN.search("".join(text for text, _, _, _ in parts)):
            raise ValueError('不能含 < > : " / \\ | ? *')
        return pattern

    return check


Text = Annotated[str, AfterValidator(_plain_text)]
SafeName = Annotated[Text, AfterValidator(_safe_name)]
FilePath = Annotated[Path, BeforeValidator(_fold_slashes), AfterValidator(_is_given)]
