"""Communities that ledgers and layers mention, under the names the plan's communities have."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from layers.model import Column
from layers.placenames import is_alike, stem_of
from layers.read.raw import Place, list_rows


def settle_mentions(
    frame: pd.DataFrame, column: Column, place: Place, *, names: Collection[str]
) -> pd.DataFrame:
    """Return the rows with mentions of a community written as the community is named.

    Rows are joined to communities by name: 甲居委会 and 甲 are 甲社区, which is put right and told. A slip of
    the pen is not put right, since it may be the name of a neighbour; it is told with the name it resembles.
    Names of other places pass: facilities of neighbouring communities are part of many files.

    Parameters
    ----------
    frame : rows of one file; the index is the row number.
    column : the column that mentions communities.
    names : of the plan's communities.
    """
    if column not in frame.columns or not len(names):
        return frame
    said = frame[column].astype("str")
    strange = sorted(set(said.dropna()) - set(names))
    stems = pd.Series({name: stem_of(name) for name in names})
    put: dict[str, str] = {}
    for value in strange:
        stem = stem_of(value)
        same = stems.index[stems == stem]
        near = [name for name, other in stems.items() if is_alike(stem, other)]
        rows = frame.index[said == value]
        where = {"field": str(column), "row": list_rows(rows), "value": value}
        if len(same) == 1:
            put[value] = same[0]
            place.note(
                "HSQ-A06",
                f"“{value}”与社区边界的“{same[0]}”写法不同",
                action=f"读作“{same[0]}”",
                **where,
            )
        elif near:
            place.warn(
                "HSQ-A06", f"本方案没有社区“{value}”，相近的有：{'、'.join(near)}", action="照原样保留，不按相似名称认定",
                remedy="是笔误的，改正名称；确为相邻社区的，不必改", **where,
            )  # fmt: skip
    return frame.assign(**{str(column): frame[column].replace(put)}) if put else frame
