"""The account of every file's rows: what was read is kept, merged or left out, and each row left out is told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.account import DROPPED, MERGED, make_accounts
from layers.faults import Fault, FaultLog
from layers.read.raw import Place

# Codes that explain why a row did not come through, beside any error and any fault of geometry or coordinates.
_LEAVING = frozenset({"HSQ-V08", "HSQ-V09", "HSQ-V10"})
_REPEATED = "HSQ-G04"


def keep_rows(
    owner: NDArray[np.intp], rows: pd.Series, places: Sequence[Place], sizes: Sequence[int]
) -> None:
    """Account for the rows of a layer that came through.

    Parameters
    ----------
    owner : (k,) position in ``rows`` that each feature comes from.
    rows : row number in its file of each row that was put together, file after file.
    places : the files.
    sizes : how many rows each file has in ``rows``.
    """
    file_of = np.repeat(np.arange(len(places)), sizes)
    labels = rows.to_numpy()
    for nth, place in enumerate(places):
        place.account.keep(labels[owner[file_of[owner] == nth]])


def close_accounts(log: FaultLog) -> pd.DataFrame:
    """Return ``FileAccount`` rows; a row that went without a word gets a fault now, so that none ever does."""
    told = _list_told(log.faults)
    # A file that cannot be used as a whole is one fault, not one a row.
    refused = {
        (fault.file, fault.layer) for fault in log.faults if fault.severity == "错误" and not fault.row
    }
    for account in log.accounts:
        source = (account.file, account.layer)
        known = told.get(source, {})
        for row in sorted(account.missing(), key=lambda text: (len(text), text)):
            if row not in known and source not in refused:
                log.add(
                    "HSQ-V09", "该行没有进入成果，也没有其他记录说明原因", severity="警告", file=account.file,
                    layer=account.layer, row=row, action="不采用", remedy="核对该行的图形和必填项",
                )  # fmt: skip
            account.drop([row], MERGED if known.get(row) == _REPEATED else DROPPED)
    return make_accounts(log.accounts)


def _list_told(faults: Sequence[Fault]) -> dict[tuple[str, str], dict[str, str]]:
    """Return by file and layer the rows that a fault says are left out, with its code."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for fault in faults:
        leaves = fault.severity == "错误" or fault.code in _LEAVING or fault.code[:5] in ("HSQ-G", "HSQ-X")
        if not fault.row or not leaves:
            continue
        rows = found.setdefault((fault.file, fault.layer), {})
        for row in fault.row.split(" 等 ")[0].split("、"):
            rows.setdefault(row, fault.code)
            if fault.code == _REPEATED:
                rows[row] = fault.code
    return found
