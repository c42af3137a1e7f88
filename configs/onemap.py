"""Why each layer of the one-map database is there: the guideline's clauses, looked up by requirement."""

from __future__ import annotations

from functools import cache

from configs import read_rows


@cache
def layer_clauses() -> dict[str, str]:
    """Return clauses by layer key, such as ``图纸目录1（G-02）；图纸目录备注（G-12）``.

    Raises
    ------
    KeyError
        If a requirement is named that ``requirements.csv`` does not list.
    """
    clauses = {row["id"]: row["clause"] for row in read_rows("standards/requirements.csv")}
    return {
        row["layer"]: "；".join(f"{clauses[name]}（{name}）" for name in row["requirements"].split(";"))
        for row in read_rows("standards/onemap_clauses.csv")
    }
