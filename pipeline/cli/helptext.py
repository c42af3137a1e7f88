"""The help of the command line: Chinese throughout, nothing cut off at any width, and quick to start.

Typer's own help cuts long Chinese lines (they have no spaces to break at), mixes in English words and loads a
Markdown reader first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from typer.core import TyperCommand, TyperGroup

HELP = "显示用法并退出"
# A line that ends so goes on in the next one; others are lines of their own.
_GOES_ON = ("，", "、")
# An opening mark goes with what follows, a closing one with what precedes it.
_WORDS = re.compile(r"[（“《〔]*(?:[!-~]+|[^\s])[，。；：、）”》〕]*\s*|\s+")


class Group(TyperGroup):
    """A command group whose help is printed by this module."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the help option with its text replaced."""
        return _translate(super().get_help_option(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print what there is to run."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, _first_line(command.help)) for name, command in commands if command is not None]
        _print_help(
            f"{ctx.command_path} 命令 …",
            self.help or "",
            [("命令", rows), ("选项", _list_options(self, ctx))],
        )


class Command(TyperCommand):
    """A command whose help is printed by this module."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the help option with its text replaced."""
        return _translate(super().get_help_option(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print arguments and options."""
        given = [param for param in self.get_params(ctx) if param.param_type_name == "argument"]
        names = " ".join(_name_argument(param) for param in given)
        arguments = [(_name_argument(param), _explain(param)) for param in given]
        _print_help(
            f"{ctx.command_path} {names} [选项]".replace("  ", " "),
            self.help or "",
            [("参数", arguments), ("选项", _list_options(self, ctx))],
        )


def _translate(option: Any) -> Any:
    if option is not None:
        option.help = HELP
    return option


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


def _name_argument(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _list_options(command: Any, ctx: Any) -> list[tuple[str, str]]:
    options = [param for param in command.get_params(ctx) if param.param_type_name == "option"]
    return [(_name_option(param), _explain(param)) for param in options if not param.hidden]


def _name_option(param: Any) -> str:
    names = ", ".join(sorted(param.opts, key=lambda name: name.startswith("--")))
    if getattr(param, "is_flag", False):
        return names
    return f"{names} {param.metavar or ('KIND' if _choices_of(param) else 'N')}"


def _explain(param: Any) -> str:
    """Return the help of a parameter with its choices, range, default and whether it must be given."""
    notes = []
    choices = _choices_of(param)
    if not all(choice in (param.help or "") for choice in choices):
        notes.append("可用 " + "、".join(choices))
    low, high = getattr(param, "min", None), getattr(param, "max", None)
    if low is not None and high is not None:
        notes.append(f"{low:g} 至 {high:g}")
    elif low is not None:
        notes.append(f"不小于 {low:g}")
    if default := _default_of(param):
        notes.append(f"缺省 {default}")
    if param.required:
        notes.append("必填")
    return (param.help or "") + (f"〔{'；'.join(notes)}〕" if notes else "")


def _choices_of(param: Any) -> tuple[str, ...]:
    annotation = getattr(getattr(param, "type_descriptor", None), "annotation", None)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple(str(item.value) for item in annotation)
    return tuple(getattr(getattr(param, "type", None), "choices", ()))  # older Typer


def _default_of(param: Any) -> str:
    """Return a default worth telling; empty for none, for False and for what is asked not to be shown."""
    value = param.default
    if not param.show_default or value is None or isinstance(value, bool | list | tuple) or callable(value):
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _print_help(usage: str, text: str, sections: Iterable[tuple[str, list[tuple[str, str]]]]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()

    def show(line: str, *, indent: int = 0, name: str = "") -> None:
        for at, part in enumerate(wrap_text(line, console.width - indent)):
            head = Text(name.ljust(indent) if not at else " " * indent, style="cyan")
            console.print(head + Text(part, style="default"), soft_wrap=True)

    console.print(Text("用法：", style="bold") + Text(usage))
    console.print()
    for line in _join_lines(text):
        show(line)
    for title, rows in sections:
        if rows:
            console.print()
            console.print(Text(title, style="bold"))
        indent = max((len(name) + 4 for name, _ in rows), default=0)
        for name, told in rows:
            show(told, indent=indent, name=f"  {name}")


def wrap_text(text: str, width: int) -> list[str]:
    """Return the lines of a text: Chinese breaks anywhere but before a closing mark, other words stay whole."""
    from rich.cells import cell_len

    lines, line, used = [], "", 0
    for word in _WORDS.findall(text):
        size = cell_len(word.rstrip())
        if line.strip() and used + size > width:
            lines.append(line.rstrip())
            line, used, word = "", 0, word.lstrip()
        while cell_len(word) > width > 0:  # longer than any line
            lines.append(word[:width])
            word = word[width:]
        line += word
        used += cell_len(word)
    return [*lines, line.rstrip()]


def _join_lines(text: str) -> Iterator[str]:
    """Yield lines with those put together that were broken inside a sentence."""
    kept = ""
    for line in text.strip().splitlines():
        kept += line
        if not line.endswith(_GOES_ON):
            yield kept
            kept = ""
    if kept:
        yield kept
