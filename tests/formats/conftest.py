"""Real files of every format, written by other libraries, read by ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from layers.faults import Fault, FaultLog
from layers.read.opening import open_raw
from layers.read.raw import Place, Raw
from pipeline.plan.sources import Source
from tests.intake.conftest import Bench

E0, N0 = 486_000.0, 3_137_000.0


class Desk:
    """A folder of files and what reading one of them said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = FaultLog()

    def read(self, name: str, *, shape: str | None = None, **source: Any) -> Raw | None:
        """Read a file with a fresh log."""
        self.log = FaultLog()
        spec = Source.model_validate({"path": name, **source})
        return open_raw(spec, self.folder / name, Place(name, "层", self.log), shape=shape)

    def refuse(self, name: str, **source: Any) -> Fault:
        """Read a file that must be refused with exactly one error; return it."""
        before = snapshot(self.folder)
        assert self.read(name, **source) is None
        assert snapshot(self.folder) == before
        (fault,) = self.log.errors
        assert fault.remedy and fault.file == name
        assert not any(word in fault.problem for word in ("Error", "Traceback", "Exception"))
        return fault

    def codes(self) -> list[str]:
        """Codes of all faults told, in order."""
        return [fault.code for fault in self.log.faults]


def snapshot(folder: Path) -> dict[str, int]:
    """Names and sizes of everything in a folder."""
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in sorted(folder.rglob("*"))}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A plan of one square community, as in the tests of intake."""
    made = Bench(tmp_path)
    made.add_community()
    return made
