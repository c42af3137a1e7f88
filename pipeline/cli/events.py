"""What a run tells other programs: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from layers.faults import Fault


class Events:
    """Progress of a run as JSON, an object a line on standard output.

    Every object has ``event``: ``start``, ``advance``, ``finish``, ``keep``, ``tell``, ``warning``, and at the end
    ``done`` or ``failed``.
    """

    def __init__(self) -> None:
        self._step = ""

    def __enter__(self) -> Events:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing open."""

    def say(self, event: str, **more: Any) -> None:
        """Write one event."""
        typer.echo(json.dumps({"event": event, **more}, ensure_ascii=False))

    def expect(self, seconds: dict[str, float]) -> None:
        """Tell how long the steps took the last time."""
        self.say("expect", seconds=seconds)

    def start(self, step: str, title: str, index: int, count: int) -> None:
        """Tell that a step begins."""
        self._step = step
        self.say("start", step=step, title=title, index=index + 1, count=count)

    def advance(self, done: int, total: int, what: str) -> None:
        """Tell that part of a step is done."""
        self.say("advance", step=self._step, done=done, total=total, what=what)

    def finish(self, step: str, seconds: float) -> None:
        """Tell that a step is done."""
        self.say("finish", step=step, seconds=seconds)

    def keep(self, step: str, title: str, index: int, count: int) -> None:
        """Tell that a step's earlier result stands."""
        self.say("keep", step=step, title=title, index=index + 1, count=count)

    def tell(self, text: str) -> None:
        """Tell something worth knowing."""
        self.say("tell", step=self._step, text=text)

    def remark(self, faults: Sequence[Fault]) -> None:
        """Tell each error and warning of a step."""
        for fault in faults:
            if fault.severity != "提示":
                self.say("warning", step=self._step, **fault.as_dict())
