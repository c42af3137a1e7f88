"""What a case of the corpus is: a function that makes a fault, and what the check must say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from layers.faults import CODES
from tests.intake.corpus.desk import Desk

STOPS = "错误"


@dataclass(frozen=True)
class Said:
    """One line of the report.

    Attributes
    ----------
    code, severity, file, row : as the report has them.
    field, value : compared where they are given.
    says : words the problem must hold.
    mended : words of what the program did; empty where it did nothing.
    advice : words of the remedy.
    """

    code: str
    severity: str
    file: str = ""
    row: str = ""
    field: str | None = None
    value: str | None = None
    says: str = ""
    mended: str = ""
    advice: str = ""

    def __post_init__(self) -> None:
        if self.code not in CODES or self.severity not in (STOPS, "警告", "提示"):
            raise ValueError(f"no such fault: {self.code} {self.severity}")


@dataclass(frozen=True)
class Case:
    """A fault of the corpus.

    Attributes
    ----------
    name, about : name and docstring of the function that makes it.
    group : module of the function.
    make : puts the fault into a folder.
    said : every error and warning the check must end with, and the remarks that matter.
    notes : codes of other remarks that may come along.
    """

    name: str
    about: str
    group: str
    make: Callable[[Desk], None]
    said: tuple[Said, ...]
    notes: frozenset[str] = field(default_factory=frozenset)

    @property
    def code(self) -> str:
        """Code of the fault the case is about: the first one."""
        return self.said[0].code

    @property
    def exit(self) -> int:
        """What ``haoshequ check`` ends with."""
        return int(any(said.severity == STOPS for said in self.said))


CASES: dict[str, Case] = {}


def case(*said: Said, notes: str = "") -> Callable[[Callable[[Desk], None]], Callable[[Desk], None]]:
    """Enter a function in the corpus.

    Parameters
    ----------
    said : what the check must say; the case is about the first.
    notes : codes of remarks that may come along, separated by blanks.
    """

    def enter(make: Callable[[Desk], None]) -> Callable[[Desk], None]:
        name = make.__name__
        if name in CASES or not make.__doc__:
            raise ValueError(f"case {name} stands twice or says nothing")
        group = make.__module__.rpartition(".")[2]
        CASES[name] = Case(name, make.__doc__, group, make, said, frozenset(notes.split()))
        return make

    return enter


def error(code: str, file: str = "", row: str = "", **more: str) -> Said:
    """Return a fault that stops the plan."""
    return Said(code, STOPS, file, row, **more)


def warning(code: str, file: str = "", row: str = "", **more: str) -> Said:
    """Return something mended or doubtful."""
    return Said(code, "警告", file, row, **more)


def remark(code: str, file: str = "", row: str = "", **more: str) -> Said:
    """Return something worth knowing."""
    return Said(code, "提示", file, row, **more)
