"""What a check saw, what is wrong, what a person must look at; the register of all checks."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.audit.folder import HandIn

MET, BROKEN, VOID, PERSON = "符合", "不符合", "不适用", "需人工"
VERDICTS = (BROKEN, PERSON, MET, VOID)
# A fault in every row is told for the first of them; the count is told always.
MOST_SPOTS = 30


class UnreadableError(Exception):
    """A file of the hand-in cannot be read, or lacks what every such file has.

    Attributes
    ----------
    file : relative to the hand-in.
    why : in Chinese.
    """

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}：{why}")
        self.file, self.why = file, why


@dataclass(frozen=True)
class Spot:
    """A place in a delivered file, the value there and what is to be said of it."""

    said: str
    file: str = ""
    sheet: str = ""
    row: str = ""
    value: str = ""


@dataclass
class Checked:
    """What one check came to.

    Attributes
    ----------
    name, title, group : of the check.
    seen : what was really read; a check that saw nothing never says 符合.
    wrong : what is wrong.
    doubts : what only a person can decide.
    void : why the check does not apply; empty where it does.
    broken_off : where and by what the check itself was stopped; empty when it came to its end.
    """

    name: str
    title: str
    group: str
    seen: list[Spot] = field(default_factory=list)
    wrong: list[Spot] = field(default_factory=list)
    doubts: list[Spot] = field(default_factory=list)
    void: str = ""
    broken_off: str = ""

    def see(
        self, said: str, *, file: object = "", sheet: object = "", row: object = "", value: object = ""
    ) -> None:
        """Record what was read."""
        self.seen.append(Spot(said, str(file), str(sheet), str(row), str(value)))

    def fault(
        self, said: str, *, file: object = "", sheet: object = "", row: object = "", value: object = ""
    ) -> None:
        """Record what is wrong."""
        self.wrong.append(Spot(said, str(file), str(sheet), str(row), _short(value)))

    def doubt(
        self, said: str, *, file: object = "", sheet: object = "", row: object = "", value: object = ""
    ) -> None:
        """Record what a person must look at."""
        self.doubts.append(Spot(said, str(file), str(sheet), str(row), _short(value)))

    @property
    def verdict(self) -> str:
        """The verdict of this check alone."""
        if self.wrong:
            return BROKEN
        if self.doubts:
            return PERSON
        return MET if self.seen else VOID


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 80 else f"{text[:78]}…"


CheckFunction = Callable[..., None]


@dataclass(frozen=True)
class Check:
    """A check by its name in ``configs/audit.yaml``."""

    name: str
    title: str
    group: str
    run: CheckFunction


CHECKS: dict[str, Check] = {}


def check(name: str, title: str, *, group: str) -> Callable[[CheckFunction], CheckFunction]:
    """Register a function ``(handin, out, **options)`` as a check."""

    def enter(function: CheckFunction) -> CheckFunction:
        if name in CHECKS:
            raise ValueError(f"check {name!r} is declared twice")
        CHECKS[name] = Check(name, title, group, function)
        return function

    return enter


def run_check(name: str, handin: HandIn, options: dict[str, Any]) -> Checked:
    """Run one check; a file it cannot read is what is wrong.

    Files edited by hand may hold what no check foresaw. Such a check says that it did not come to its end, where, and
    leaves the matter to a person; the others go on, and nobody may take the hand-in for clean (``Audit.passed``).
    """
    item = CHECKS[name]
    out = Checked(name, str(options.get("title", item.title)), item.group)
    given = {key: value for key, value in options.items() if key != "title"}
    try:
        item.run(handin, out, **given)
    except UnreadableError as error:
        out.fault(error.why, file=error.file)
    except Exception as error:  # whatever it is, the other hundred checks are still worth having
        frame = traceback.extract_tb(error.__traceback__)[-1]
        out.broken_off = (
            f"{type(error).__name__}（{Path(frame.filename).name} 第 {frame.lineno} 行）：{error}"
        )
        out.doubt("这项检查没有做完，请人工核对，并把本行内容告知软件维护者", value=out.broken_off)
    if not (out.seen or out.wrong or out.doubts or out.void):
        # Nothing to read is no proof that nothing is asked.
        out.doubt("成果中没有可供检查的内容，请核对")
    return out
