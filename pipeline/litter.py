"""What systems and open programs leave in any folder: nobody handed it in, and nothing of the plan is in it."""

from __future__ import annotations

import re
from pathlib import Path

_LITTER = re.compile(r"(?i)thumbs\.db|desktop\.ini|\.ds_store|~\$.+|\.~lock\..+#|.+\.gpkg-shm")
_JOURNAL = ".gpkg-wal"


def is_litter(path: Path) -> bool:
    """Whether a file is a system's or an open program's own; a journal with changes in it is not."""
    empty_journal = path.name.endswith(_JOURNAL) and path.stat().st_size == 0
    return empty_journal or _LITTER.fullmatch(path.name) is not None
