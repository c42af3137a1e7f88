"""What planners decide against the machine, one row a decision, and the marks it leaves on a judged row.

A decision names what it is about (table, id, field), what holds from now on and why, and carries a
fingerprint a person can read: name and place of the row as they were when it was made. Computed values
are kept beside decided ones, so that nothing the machine said is lost.
"""

from __future__ import annotations

from layers import codes
from layers import model as m
from layers.model import Layer

# Written as a decision, it empties a field that may be empty.
CLEAR = "（清空）"


class Decision(Layer, key="decision", alias="人工决策"):
    """One row of ``decisions.xlsx`` that decides something."""

    table = m.text("对象", required=True)  # title of a subject of layers.judgements
    number = m.text("编号", required=True)
    field = m.text("判定内容", required=True)  # alias of the judged field
    computed = m.text("程序判定")
    value = m.text("人工决定", required=True)
    reason = m.text("理由", required=True)
    name = m.text("名称")
    place = m.text("位置")
    state = m.text("状态", codes=codes.DECISION_STATE)
    sheet = m.text("工作表")
    row = m.integer("行号")


class Judged(Layer):
    """Marks on a row whose judgements can be overruled; never delivered to the one map."""

    judged_by = m.text("认定方式", codes=codes.JUDGED_BY)
    judged_before = m.text("程序判定")  # one line a field: alias：value
    judged_why = m.text("人工决策理由")


def write_before(before: dict[str, str]) -> str:
    """Return computed values by alias as the text of ``Judged.judged_before``."""
    return "\n".join(f"{alias}：{' '.join(value.split())}" for alias, value in before.items())


def read_before(text: object) -> dict[str, str]:
    """Return the computed values by alias that ``write_before`` wrote."""
    lines = text.split("\n") if isinstance(text, str) else []
    pairs = (line.partition("：") for line in lines)
    return {alias: value for alias, mark, value in pairs if mark}
