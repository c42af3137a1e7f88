"""The three triggers of 4.9.2 on two project lists: strictly over 20 %, force majeure, strictly over two thirds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from configs import read_settings
from pipeline.deliver.library import Entry
from pipeline.review.lists import Listed, ProjectList

WHOLE, WORKS, CORE, OTHER = "全部项目", "所属工程", "必建类项目", "提升类项目"
# What a reader wants to know of a project that stayed, besides its money.
_WATCHED = (
    Entry.name,
    Entry.content,
    Entry.priority,
    Entry.phase,
    Entry.start,
    Entry.end,
    Entry.place,
    Entry.implementer,
)


@dataclass(frozen=True)
class Deviation:
    """An amount before and after.

    Attributes
    ----------
    kind : 全部项目, 所属工程, 必建类项目 or 提升类项目.
    old, new : grains of 0.01 万元; None where there is no estimate.
    counts : whether the amount is one of those 4.9.2 means (``configs/review.yaml``).
    over : whether it is off by more than the limit, which exactly the limit is not.
    """

    kind: str
    name: str
    old: int | None
    new: int | None
    counts: bool
    over: bool

    @property
    def percent(self) -> Decimal | None:
        """(new − old) / old in percent, two decimals; None where there is nothing to divide by."""
        if not self.old or self.new is None:
            return None
        exact = Decimal(100) * (self.new - self.old) / self.old
        return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)

    @property
    def said(self) -> str:
        """The percentage as printed; what is over a limit by less than the decimals show is not printed as the limit."""
        if self.percent is None:
            return "不可比"
        limit = read_settings("review.yaml")["deviation_percent"]
        shown = f"{self.percent:+}%" if self.percent else "0.00%"
        return f"{shown}（略超过{limit}%）" if self.over and abs(self.percent) == limit else shown

    @property
    def fires(self) -> bool:
        """Whether it is a trigger."""
        return self.counts and self.over


@dataclass(frozen=True)
class Change:
    """A project that came, went or changed; ``what`` says what in words."""

    kind: str  # 新增, 删除, 变更
    number: str
    name: str
    priority: str
    what: str


@dataclass(frozen=True)
class Trigger:
    """One of the three, with what it was judged by."""

    number: int
    text: str
    found: str
    fired: bool


@dataclass(frozen=True)
class Record:
    """A record that is required once a trigger has fired, and whether the new list's 过程记录 shows it."""

    record: str
    by: str
    state: str


@dataclass(frozen=True)
class Review:
    """What the comparison came to."""

    deviations: tuple[Deviation, ...]
    changes: tuple[Change, ...]
    triggers: tuple[Trigger, ...]
    records: tuple[Record, ...]

    @property
    def fired(self) -> bool:
        """Whether the 弹性优化 procedure may be proposed."""
        return any(trigger.fired for trigger in self.triggers)


def is_over(old: int, new: int, *, percent: int) -> bool:
    """Return whether ``new`` is off by more than ``percent`` of ``old``: whole numbers, so that the border is exact."""
    return abs(new - old) * 100 > percent * old


def review_lists(
    old: ProjectList,
    new: ProjectList,
    *,
    blocked: Mapping[str, str],
    registered: int | None = None,
    signed: int | None = None,
    since: str = "",
) -> Review:
    """Compare two lists and judge the triggers.

    Parameters
    ----------
    blocked : reason by id of projects that force majeure keeps from being done as planned.
    registered, signed : delegates; those of the new library where None.
    since : ``2027-06-01``; steps recorded on or after it count as the records required.
    """
    deviations = tuple(list_deviations(old, new))
    registered = new.registered if registered is None else registered
    signed = new.signed if signed is None else signed
    triggers = (
        _judge_money(deviations),
        _judge_blocked(blocked, {**new.projects, **old.projects}),
        _judge_delegates(registered, signed),
    )
    fired = any(trigger.fired for trigger in triggers)
    records = tuple(_ask_records(new, since)) if fired else ()
    return Review(deviations, tuple(list_changes(old, new)), triggers, records)


def list_deviations(old: ProjectList, new: ProjectList) -> list[Deviation]:
    """Return the whole, each 工程, and each project that is in both lists, in that order.

    A project that came or went has no estimate to be off from: it counts in its 工程 and in the whole.
    """
    rows = [_deviate(WHOLE, WHOLE, old.total(), new.total())]
    works = dict.fromkeys(p.tell(Entry.works) for some in (old, new) for p in some.projects.values())
    rows += [_deviate(WORKS, name, old.total(name), new.total(name)) for name in sorted(works)]
    core = read_settings("review.yaml")["core"]
    for key, before in old.projects.items():
        after = new.projects.get(key)
        if after is None or (before.grains is None and after.grains is None):
            continue
        kind = CORE if before.tell(Entry.priority) == core else OTHER
        name = f"{before.tell(Entry.number)} {before.tell(Entry.name)}"
        rows.append(_deviate(kind, name, before.grains, after.grains))
    return rows


def _deviate(kind: str, name: str, old: int | None, new: int | None) -> Deviation:
    settings = read_settings("review.yaml")
    over = bool(old) and new is not None and is_over(old or 0, new, percent=settings["deviation_percent"])
    return Deviation(kind, name, old, new, kind in settings["items"], over)


def list_changes(old: ProjectList, new: ProjectList) -> list[Change]:
    """Return projects that came, went or changed, in the order of the new list and then of the old."""
    rows = []
    for key, after in new.projects.items():
        before = old.projects.get(key)
        if before is None:
            rows.append(_change("新增", after, f"总投资{write_wan(after.grains)}"))
        elif said := _tell_change(before, after):
            rows.append(_change("变更", after, said))
    gone = [p for key, p in old.projects.items() if key not in new.projects]
    rows += [_change("删除", p, f"原总投资{write_wan(p.grains)}") for p in gone]
    return rows


def _change(kind: str, project: Listed, what: str) -> Change:
    return Change(
        kind, project.tell(Entry.number), project.tell(Entry.name), project.tell(Entry.priority), what
    )


def _tell_change(before: Listed, after: Listed) -> str:
    parts = []
    if before.grains != after.grains:
        parts.append(f"总投资：{write_wan(before.grains)} → {write_wan(after.grains)}")
    for column in _WATCHED:
        was, now = before.tell(column), after.tell(column)
        if was != now:
            parts.append(f"{column.spec.alias}：{was or '空'} → {now or '空'}")
    return "；".join(parts)


def write_wan(grains: int | None) -> str:
    """Return an amount in 万元; without one, that there is none."""
    return "未列或待测算" if grains is None else f"{Decimal(grains) / 100:,.2f}万元"


def _judge_money(deviations: Sequence[Deviation]) -> Trigger:
    limit = read_settings("review.yaml")["deviation_percent"]
    text = f"项目总投资或关键分项投资估算偏差超过{limit}%"
    over = [d for d in deviations if d.fires]
    if over:
        return Trigger(1, text, "；".join(f"{d.name} {d.said}" for d in over), True)
    counted = [(abs(d.percent), n) for n, d in enumerate(deviations) if d.counts and d.percent is not None]
    most = deviations[max(counted, key=lambda item: (item[0], -item[1]))[1]] if counted else None
    found = "没有可比的投资" if most is None else f"最大偏差：{most.name} {most.said}，未超过{limit}%"
    return Trigger(1, text, found, False)


def _judge_blocked(blocked: Mapping[str, str], known: Mapping[str, Listed]) -> Trigger:
    core = read_settings("review.yaml")["core"]
    text = f"核心项目（{core}）因不可抗力无法按原计划实施，需要替代方案"
    told, fired = [], False
    for key, reason in blocked.items():
        project = known[key]
        is_core = project.tell(Entry.priority) == core
        fired |= is_core
        why = f"（{reason}）" if reason else ""
        aside = "" if is_core else f"，不是{core}，不触发"
        told.append(f"{project.tell(Entry.number)} {project.tell(Entry.name)}{why}{aside}")
    return Trigger(2, text, "；".join(told) or "没有标记受不可抗力影响的项目（--blocked）", fired)


def _judge_delegates(registered: int | None, signed: int | None) -> Trigger:
    text = "超过三分之二已登记居民代表联名提出重大修改建议"
    if not registered:
        return Trigger(3, text, "没有已登记居民代表人数（居民代表台账，或 --registered 与 --signed）", False)
    limit = read_settings("review.yaml")["delegates"]
    fired = (signed or 0) * limit["of"] > registered * limit["part"]
    found = f"已登记 {registered} 人，联名 {signed or 0} 人，{'超过' if fired else '未超过'}三分之二"
    return Trigger(3, text, found, fired)


def _ask_records(new: ProjectList, since: str) -> list[Record]:
    rows = []
    for entry in read_settings("review.yaml")["records"]:
        dates = sorted(date for step, date in new.steps if step in entry["steps"] and since and date >= since)
        state = f"已有：{dates[0]}" if dates else "待补"
        rows.append(Record(entry["record"], entry["by"], state))
    return rows
