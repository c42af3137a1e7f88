"""What a disk says when it refuses, in one fault, whichever library was writing."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fiona._err import CPLE_BaseError
from fiona.errors import FionaError
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from layers.faults import PlanFaults, refuse_write

_LIBRARY_ERRORS = (FionaError, CPLE_BaseError, DataSourceError, DataLayerError, FeatureError, sqlite3.Error)
# A GeoPackage grows by more than this at a time, so less is as good as none.
_ROOM_BYTES = 2_000_000


@contextmanager
def refusals_told(folder: Path, path: Path | None = None, *, action: str = "") -> Iterator[None]:
    """Turn a refusal to write below ``folder`` into a fault.

    Parameters
    ----------
    folder : exists; on the disk that is written to.
    path : named where the refusal names no file; the folder by default.
    action : what became of the results; that of ``refuse_write`` by default.

    Raises
    ------
    PlanFaults
        HSQ-D05: no right, no room, something in its place.
    """
    more = {"action": action} if action else {}
    try:
        yield
    except OSError as error:
        raise PlanFaults([refuse_write(error, path or folder, **more)]) from error
    except _LIBRARY_ERRORS as error:
        # GDAL and SQLite name a full disk in words of their own; anything else they say is a bug of ours.
        if shutil.disk_usage(folder).free > _ROOM_BYTES:
            raise
        full = OSError(errno.ENOSPC, "full", str(path or folder))
        raise PlanFaults([refuse_write(full, path or folder, **more)]) from error
