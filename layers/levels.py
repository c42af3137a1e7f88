"""Keep roads of different level joined where the data join them.

Noding by geometry must not connect a bridge to what it crosses, so lines of different level never meet by
crossing. In OpenStreetMap they still do meet where they share a node; most often a bridge ends on the middle
of the street below its abutment. Splitting there makes the shared node an end of every line, and ends that
coincide join whatever their level.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray


def split_at_level_changes(
    lines: ArrayLike, levels: ArrayLike
) -> tuple[NDArray[np.object_], NDArray[np.intp], NDArray[np.intp]]:
    """Split lines at inner vertices that a line of another level shares exactly.

    Parameters
    ----------
    lines : (n,) LineStrings, any CRS.
    levels : (n,) whole numbers.

    Returns
    -------
    parts : (m,) LineStrings in the order of ``lines`` and along them.
    owner : (m,) row of the line a part comes from.
    number : (m,) 0 where a line was left whole, else 1, 2, … along it.
    """
    lines = np.asarray(lines, dtype=object)
    levels = np.asarray(levels)
    points, row = shapely.get_coordinates(lines, return_index=True)
    _, place = np.unique(points, axis=0, return_inverse=True)
    place = place.ravel()
    low = np.full(place.max(initial=-1) + 1, np.iinfo(np.int64).max)
    high = np.full_like(low, np.iinfo(np.int64).min)
    np.minimum.at(low, place, levels[row])
    np.maximum.at(high, place, levels[row])
    mixed = (low < high)[place]
    first = np.r_[True, row[1:] != row[:-1]] if row.size else np.zeros(0, dtype=bool)
    last = np.r_[first[1:], True] if row.size else first
    cut = mixed & ~first & ~last
    # The vertex of a cut belongs to both parts: repeat it, and let the second copy start a new part.
    copies = np.where(cut, 2, 1)
    source = np.repeat(np.arange(len(points)), copies)
    start = np.r_[True, source[1:] == source[:-1]] if source.size else np.zeros(0, dtype=bool)
    part = np.cumsum(start | first[source]) - 1
    made = shapely.linestrings(points[source], indices=part)
    owner = row[source][np.unique(part, return_index=True)[1]]
    count = np.bincount(owner, minlength=len(lines))
    number = np.arange(len(owner)) - np.r_[0, np.cumsum(count)][owner] + 1
    return made, owner, np.where(count[owner] > 1, number, 0)
