"""Order inside a phase by the criteria of 4.9.1, so that money goes first where it should (F-02)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from configs import read_settings
from layers.codes import LEVEL
from pipeline.stages.placing import find_word


@dataclass(frozen=True)
class Merit:
    """What the criteria look at.

    Attributes
    ----------
    safety, urgent : (1) 底线安全, 紧迫.
    level : (2) supply of resources, the match level.
    backed : (3) money with a policy behind it is in the ledger.
    payback_years : (4) NaN where it has none.
    clear : (5) tenure.
    origin : (6) 需求来源, the words say whether the residents asked.
    number : need number, the last tie.
    """

    safety: bool
    urgent: bool
    level: int
    backed: bool
    payback_years: float
    clear: bool
    origin: str
    number: str

    @property
    def asked(self) -> bool:
        """Whether the residents themselves asked for it."""
        return bool(find_word(self.origin, read_settings("phasing.yaml")["resident_words"]))

    @property
    def key(self) -> tuple[object, ...]:
        """Sort key, the first project smallest."""
        back = np.inf if np.isnan(self.payback_years) else self.payback_years
        return (
            not self.safety, not self.urgent, -self.level, not self.backed, back, not self.clear, not self.asked, self.number,
        )  # fmt: skip

    @property
    def text(self) -> str:
        """The criteria in words, in their order."""
        parts = ["底线安全" if self.safety else "紧迫" if self.urgent else "一般", LEVEL[self.level]]
        parts.append("已有明确资金" if self.backed else "资金待落实")
        if not np.isnan(self.payback_years):
            parts.append(f"回收期{self.payback_years:g}年")
        parts.append("产权清晰" if self.clear else "产权待核")
        if self.asked:
            parts.append("居民提出")
        return "、".join(parts)
