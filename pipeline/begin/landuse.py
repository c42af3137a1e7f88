"""Which land-use classification a table of parcels is written in, where its codes and names leave no doubt."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from layers.classification import complete, differing_codes, find_name, judge_scheme, plain_name, split_pair
from layers.values import fold_text

_MOSTLY = 0.9
_SHOWN = 6


@dataclass(frozen=True)
class Classified:
    """What was found.

    Attributes
    ----------
    key : value of the config's ``classification``; None where it is not sure.
    evidence : one Chinese sentence.
    unsure : what somebody should look at, Chinese; empty where nothing is in doubt.
    """

    key: str | None
    evidence: str
    unsure: str = ""


def judge_landuse(table: pd.DataFrame, *, code: str | None, name: str | None) -> Classified | None:
    """Judge the classification of parcels; None where no cell is filled.

    Parameters
    ----------
    code, name : columns of the land-use code and of its name, where there are any.
    """
    blank = pd.Series(pd.NA, index=table.index, dtype="str")
    codes = fold_text(table[code]).fillna("") if code else blank.fillna("")
    names = fold_text(table[name]).fillna("") if name else blank.fillna("")
    counts = pd.DataFrame({"code": codes, "name": names}).value_counts().reset_index(name="rows")
    counts = counts[(counts["code"] != "") | (counts["name"] != "")]
    if counts.empty:
        return None
    split = [
        split_pair(a.strip(), plain_name(b)) for a, b in zip(counts["code"], counts["name"], strict=True)
    ]
    pairs = pd.DataFrame(split, columns=["code", "name"]).assign(rows=counts["rows"].to_numpy())
    judged = judge_scheme(pairs, columns=tuple(column for column in (code, name) if column))
    key = judged.scheme.key
    known = [
        complete(a, key) is not None if a else bool(find_name(b, key))
        for a, b in zip(pairs["code"], pairs["name"], strict=True)
    ]
    share = float(pairs["rows"][known].sum() / pairs["rows"].sum())
    if judged.rival is not None:
        differing = differing_codes(pairs, judged)
        doubt = (
            f"不能断定用地代码属{judged.scheme.title}还是{judged.rival.title}，含义不同的代码：{'、'.join(differing[:_SHOWN])}；"
            f"核实后写 classification: {key} 或 {judged.rival.key}"
        )
        return Classified(None, judged.evidence, doubt)
    if share < _MOSTLY:
        doubt = f"只有 {share:.0%} 的图斑合乎{judged.scheme.title}分类，其余代码在 check 中逐条列出"
        return Classified(None, judged.evidence, doubt)
    return Classified(key, f"{judged.scheme.title}分类：{judged.evidence}")
