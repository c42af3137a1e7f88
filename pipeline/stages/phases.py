"""When a project is done: 必建类 or 提升类, its phase, its months (4.9.1, 4.9.2, requirements.md §7.7)."""

from __future__ import annotations

from dataclasses import dataclass

from configs import read_settings
from configs.planning import phase_rules


@dataclass(frozen=True)
class Standing:
    """What the phase table looks at."""

    urgency: str
    level: int
    tenure_clear: bool
    safety: bool

    @property
    def priority(self) -> str:
        """必建类 for bottom-line safety and for what is 强匹配, 紧迫 and clear; else 提升类."""
        wanted = read_settings("phasing.yaml")["must_build"]
        strong = all(getattr(self, name) == value for name, value in wanted.items())
        return "必建类" if self.safety or strong else "提升类"


@dataclass(frozen=True)
class Phase:
    """A phase with the rule that gave it and the 划分原则 it stands for."""

    index: int
    rule: str
    principle: str


@dataclass(frozen=True)
class Schedule:
    """Months of a project, both ends included."""

    start: tuple[int, int]
    end: tuple[int, int]

    @property
    def text(self) -> str:
        """建设时序 as the table prints it: ``2026年03月-2026年12月``."""
        return "-".join(f"{year}年{month:02d}月" for year, month in (self.start, self.end))

    @property
    def ends(self) -> tuple[str, str]:
        """Start and end as ``2026-03``."""
        (y, m), (y2, m2) = self.start, self.end
        return f"{y}-{m:02d}", f"{y2}-{m2:02d}"


def find_phase(standing: Standing) -> Phase:
    """Return the phase by the first rule of the table whose conditions all hold.

    Raises
    ------
    LookupError
        If no rule holds: the table must end with a rule without conditions.
    """
    for rule in phase_rules():
        if all(getattr(standing, name) == value for name, value in rule.when):
            return Phase(
                rule.phase, rule.text, read_settings("phasing.yaml")["phases"][rule.phase]["principle"]
            )
    raise LookupError("the phase table is not total")


def plan_months(phase: int, action: str, *, first_year: int) -> Schedule:
    """Return the months of a project that starts in its phase's year.

    Parameters
    ----------
    phase : 1, 2 or 3.
    action : key of ``months`` in ``configs/phasing.yaml``.
    first_year : first year of the plan.
    """
    settings = read_settings("phasing.yaml")
    start = (first_year + phase - 1) * 12 + settings["start_month"] - 1
    end = start + settings["months"][action] - 1
    return Schedule((start // 12, start % 12 + 1), (end // 12, end % 12 + 1))


def list_reviews(first_year: int) -> list[str]:
    """Return the months in which the plan is looked at again, ``2026年06月``, while its phases run (4.9.2, F-07)."""
    settings = read_settings("phasing.yaml")
    step, years = settings["review_months"], len(settings["phases"])
    months = range(step, 12 * years + 1, step)
    return [f"{first_year + (month - 1) // 12}年{(month - 1) % 12 + 1:02d}月" for month in months]
