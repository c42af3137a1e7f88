"""Texts of a drawing given to the areas they stand in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import shapely
from ezdxf.document import Drawing

from layers.read.entities import walk_entities
from layers.read.raw import Place
from layers.read.trace import locate_entity, text_of

_TEXTS = frozenset({"TEXT", "MTEXT"})


def join_labels(
    table: pd.DataFrame, areas: pd.Series, drawing: Drawing, labels: Mapping[str, str], place: Place
) -> pd.DataFrame:
    """Add a column for each set of texts: what stands inside the area, in the smallest area that holds it.

    Parameters
    ----------
    table : rows of the areas.
    areas : their polygons, on the same index.
    labels : column to make, and the CAD layer (``*`` for any text) its texts are on.
    place : gets HSQ-F03 for a CAD layer without texts, HSQ-V10 for two different texts in one area and
        for texts outside every area.
    """
    shapes = areas.to_numpy()
    tree = shapely.STRtree(shapes)
    size = shapely.area(shapes)
    for column, layer in labels.items():
        texts, spots = _find_texts(drawing, layer)
        if not len(texts):
            place.error(
                "HSQ-F03",
                f"CAD 图层“{layer}”没有文字",
                field=column,
                value=layer,
                remedy="改正配置 labels 中的图层名",
            )
            continue
        at, area = tree.query(shapely.points(spots), predicate="intersects")
        found = pd.DataFrame({"text": texts[at], "spot": at, "area": area, "size": size[area]})
        found = found.sort_values(["spot", "size", "area"], kind="stable").drop_duplicates("spot")
        kinds = found.groupby("area")["text"].nunique()
        _report_conflicts(
            found[found["area"].isin(kinds.index[kinds > 1])], spots, table.index, column, place
        )
        one = (
            found[found["area"].isin(kinds.index[kinds == 1])]
            .drop_duplicates("area")
            .set_index("area")["text"]
        )
        table[column] = pd.Series(one.to_numpy(), index=table.index[one.index], dtype=object).reindex(
            table.index
        )
        outside = np.setdiff1d(np.arange(len(texts)), found["spot"])
        for spot in outside[:20]:
            place.warn(
                "HSQ-V10", f"文字“{texts[spot]}”不在任何面内", field=column, value=str(texts[spot])[:60],
                action="不采用", remedy="把文字移到所属图形内，或补画图形",
                x=round(float(spots[spot, 0]), 2), y=round(float(spots[spot, 1]), 2),
            )  # fmt: skip
        if len(outside) > 20:
            place.warn(
                "HSQ-V10", f"另有 {len(outside) - 20} 处文字不在任何面内", field=column, action="不采用"
            )
    return table


def _find_texts(drawing: Drawing, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Return texts and their places, those in blocks too."""
    texts, spots = [], []
    for found in walk_entities(drawing, layer, explode=True):
        if found.entity.dxftype() in _TEXTS and (said := text_of(found.entity)):
            texts.append(said)
            spots.append(locate_entity(found.entity))
    return np.array(texts, dtype=object), np.array(spots, dtype=float).reshape(-1, 2)


def _report_conflicts(
    found: pd.DataFrame, spots: np.ndarray, index: pd.Index, column: str, place: Place
) -> None:
    for area, group in found.groupby("area"):
        words = sorted(group["text"].unique())
        x, y = spots[group["spot"].iloc[0]]
        place.error(
            "HSQ-V10", f"一个面内有 {len(words)} 种文字：{'、'.join(words[:5])}", field=column, row=str(index[area]),
            value=words[0][:60], remedy="每个面只留一种文字，或把注记分到不同 CAD 图层",
            x=round(float(x), 2), y=round(float(y), 2),
        )  # fmt: skip
