"""Python's collector of circular garbage, tuned to what this program does."""

from __future__ import annotations

import gc


def spare_collector() -> None:
    """Look for circular garbage a hundred times less often than Python would by itself.

    Tables, sheets and workbooks are made by the hundred thousand objects that all live until they are written; looking
    through them again and again for circles took a sixth of a small plan's run and found next to nothing. Peak memory
    of that run stayed the same.
    """
    gc.set_threshold(100_000, 10, 10)
