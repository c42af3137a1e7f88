"""The hand-in folder: built beside the old one, swapped in whole, healed after a crash.

Four names under ``output/<plan>``: 成果 (the hand-in), 成果.new (being built), 成果.prev (the old one,
for the moment of the swap) and 成果.journal (there while 成果.new is complete but not yet in place).
At every instant 成果 or 成果.prev is a complete hand-in, once there has been one:

====================  =======  ==========  ===========  ============================================
after                 成果     成果.new    成果.prev    healing
====================  =======  ==========  ===========  ============================================
building              old      partial                  discard 成果.new
journal written       old      complete                 finish the swap
first rename                   complete    old          second rename
second rename         new                  old          drop the journal, then 成果.prev
journal dropped       new                  old or part  drop 成果.prev
====================  =======  ==========  ===========  ============================================
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from layers.faults import PlanFaults, refuse_write

NOW = "成果"
NEW = "成果.new"
PREV = "成果.prev"
JOURNAL = "成果.journal"


@dataclass(frozen=True)
class Swapped:
    """What a swap came to.

    Attributes
    ----------
    folder : where the new hand-in is: 成果, or 成果.new when the old one is held open.
    held : files of the old hand-in another program holds open; empty after a full swap.
    """

    folder: Path
    held: tuple[Path, ...] = ()

    @property
    def done(self) -> bool:
        """Whether the new hand-in is in place."""
        return self.folder.name == NOW


def open_staging(output: Path) -> Path:
    """Heal ``output`` and return an empty 成果.new to build the hand-in in."""
    output.mkdir(parents=True, exist_ok=True)
    heal(output)
    # A complete 成果.new that healing could not put in place gives way to the one about to be built.
    try:
        _drop_file(output / JOURNAL)
        _drop_folder(output / NEW)
        (output / NEW).mkdir()
    except OSError as error:
        _refuse(error, output / NEW, action="没有写出新成果")
    return output / NEW


def swap_in(output: Path, *, sealed: Callable[[], None] | None = None) -> Swapped:
    """Put the complete 成果.new in place of 成果.

    Parameters
    ----------
    sealed : called once the new hand-in is as good as in place: whatever happens from here on, healing puts it there.

    Raises
    ------
    PlanFaults
        HSQ-D05 when the disk refuses for another reason than a file held open; the old hand-in is in
        place or will be after healing.
    """
    _write_journal(output / JOURNAL)
    if sealed is not None:
        sealed()
    return _finish(output)


def heal(output: Path) -> Swapped | None:
    """Bring ``output`` to rest after a crash; return what was swapped in, None when nothing was due."""
    if (output / JOURNAL).exists():
        return _finish(output)
    if not (output / NOW).exists() and (output / PREV).exists():
        _rename(output / PREV, output / NOW)
    _drop_folder(output / NEW)
    _drop_old(output)
    return None


def _finish(output: Path) -> Swapped:
    """Go from wherever the swap stands to its end; every step may already have been done."""
    now, new, prev = output / NOW, output / NEW, output / PREV
    try:
        if new.exists():
            if now.exists():
                _drop_folder(prev)
                _rename(now, prev)
            _rename(new, now)
        elif not now.exists() and prev.exists():
            _rename(prev, now)
    except PermissionError as error:
        if not now.exists() and prev.exists():
            _rename(prev, now)
        return Swapped(new, find_held(now) or (Path(error.filename or now),))
    except OSError as error:
        _refuse(error, now, action=f"新成果保留在 {NEW}")
    _drop_file(output / JOURNAL)
    _drop_old(output)
    return Swapped(now)


def _drop_old(output: Path) -> None:
    """Remove 成果.prev once 成果 stands; what a program still holds open goes the next time."""
    if (output / NOW).exists():
        with suppress(PermissionError):
            _drop_folder(output / PREV)


def _refuse(error: OSError, path: Path, *, action: str) -> NoReturn:
    raise PlanFaults([refuse_write(error, path, action=action)]) from error


def find_held(folder: Path) -> tuple[Path, ...]:
    """Return the files of ``folder`` another program holds open, sorted.

    Windows refuses to rename such a file, even to its own name; other systems allow it and hold nothing.
    """
    held = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            _rename(path, path)
        except PermissionError:
            held.append(path)
    return tuple(held)


def _rename(source: Path, target: Path) -> None:
    os.rename(source, target)  # noqa: PTH104  (one place for every rename, so that tests can stop each)


def _drop_folder(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _drop_file(path: Path) -> None:
    path.unlink(missing_ok=True)


def _write_journal(path: Path) -> None:
    """Write the journal so that it is either absent or there; its presence is all it says."""
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{NEW} 已完整生成，等待替换 {NOW}\n")
        file.flush()
        os.fsync(file.fileno())
