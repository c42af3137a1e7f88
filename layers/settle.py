"""What the rows of a ledger say, put in order: dates, counts of people, unit costs, kinds of money."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import pandas as pd

from configs import read_settings
from configs.facilities import recognise_text
from layers.account import MERGED
from layers.codes import FUND
from layers.ledgers import Delegate, OwnCost, PastWork, Population, Step, Target
from layers.model import Column, Layer
from layers.read.raw import Place, list_rows
from layers.source import Ledger

# What a unit cost may be of besides a facility class; the rows of configs/costs.csv that begin with a star.
COST_GROUPS = {"室内设施": "*indoor", "场地设施": "*land", "整治工程": "*works", "拆除工程": "*removal"}


def drop_repeated(frame: gpd.GeoDataFrame, layer: type[Layer], place: Place) -> gpd.GeoDataFrame:
    """Keep the first of the rows of a table that agree in everything.

    Parameters
    ----------
    frame : typed columns; the index is the row number the technician sees.
    """
    again = pd.DataFrame(frame.drop(columns=frame.geometry.name)).duplicated()
    for row in frame.index[again]:
        place.warn(
            "HSQ-G04",
            f"与前面的行完全相同，{layer.alias}只计一次",
            row=str(row),
            action="只保留第一行",
            remedy="删除重复的行",
        )
    place.drop(frame.index[again], MERGED)
    return frame[~again]


def settle_ledger(frame: pd.DataFrame, layer: type[Layer], place: Place) -> None:
    """Put the rows of a ledger in order in place; every fault goes to the log.

    Parameters
    ----------
    frame : typed columns of the layer; the index is the row number the technician sees.
    """
    settle = _RULES.get(layer)
    if settle is not None and len(frame):
        settle(frame, place)


def settle_funds(frame: pd.DataFrame, place: Place) -> None:
    """Tell 财政资金 from 社会资金 by the words of the source, where the ledger does not (table 2)."""
    said = pd.Series("", index=frame.index)
    for column in (Ledger.fund_source, Ledger.funding):
        if column in frame.columns:
            said = said + frame[column].fillna("").astype("str")
    if not said.ne("").any():
        return
    words = read_settings("matching.yaml")
    given = frame[Ledger.fund_kind] if Ledger.fund_kind in frame.columns else None
    kind = pd.Series(pd.NA, index=frame.index, dtype="str") if given is None else given
    public = said.str.contains("|".join(words["fiscal_words"]))
    social = said.str.contains("|".join(words["social_words"]))
    fiscal_kind, social_kind = FUND.values
    # A public fund named after its subject (社会事业专项资金) is public.
    guess = (
        pd.Series(pd.NA, index=frame.index, dtype="str").mask(social, social_kind).mask(public, fiscal_kind)
    )
    filled = kind.isna() & guess.notna()
    frame[Ledger.fund_kind] = kind.where(~filled, guess)
    if filled.any():
        place.note(
            "HSQ-V02", f"{filled.sum()} 项资源没有写“{Ledger.fund_kind.spec.alias}”", field=Ledger.fund_kind,
            row=list_rows(frame.index[filled]), action="按资金来源的文字判定",
        )  # fmt: skip


def _require_days(frame: pd.DataFrame, column: Column, place: Place) -> None:
    """Refuse dates of a step that name no day: their order and length could not be checked."""
    if column not in frame.columns:
        return
    short = frame[column].str.len().lt(10).fillna(False).astype(bool)
    for row in frame.index[short]:
        place.error(
            "HSQ-V11", f"“{column.spec.alias}”要写到日，实际为“{frame[column][row]}”", field=str(column), row=str(row),
            value=str(frame[column][row]), remedy="写成 2026-03-05",
        )  # fmt: skip
    frame[column] = frame[column].mask(short)


def _above(frame: pd.DataFrame, small: Column, large: Column) -> pd.Index:
    """Rows whose ``small`` exceeds their ``large``; blanks never do."""
    if small not in frame.columns or large not in frame.columns:
        return frame.index[:0]
    most = frame[large]
    if pd.api.types.is_string_dtype(most):
        most = most + "~"  # dates: a year ends after every month and day of it
    both = frame[small].notna() & most.notna()  # a comparison with nothing warns on the console
    return frame.index[both][(frame[small][both] > most[both]).astype(bool)]


def _refuse_above(frame: pd.DataFrame, small: Column, large: Column, place: Place) -> None:
    for row in _above(frame, small, large):
        place.error(
            "HSQ-V04", f"“{small.spec.alias}”大于“{large.spec.alias}”", field=str(small), row=str(row),
            value=f"{_show(frame[small][row])} > {_show(frame[large][row])}", remedy="核对这两个值",
        )  # fmt: skip


def _show(value: object) -> str:
    """Return a number without the decimals it does not have, or a date as it is."""
    return value if isinstance(value, str) else f"{value:g}"


def _settle_population(frame: pd.DataFrame, place: Place) -> None:
    for row in _blank(frame, Population.building, Population.community):
        place.error(
            "HSQ-V02", "既没有建筑编号，也没有社区名称，不知道是哪里的人口", field=Population.building, row=str(row),
            remedy="填写建筑编号或社区名称",
        )  # fmt: skip
    if Population.population not in frame.columns:
        return
    ages = [c for c in (Population.elders, Population.infants, Population.children) if c in frame.columns]
    told = frame[frame[Population.population].notna()]
    over = told[ages].sum(axis=1) > told[Population.population]
    for row in told.index[over.astype(bool)]:
        place.error(
            "HSQ-V04", "各年龄段人口之和大于常住人口", field=Population.population, row=str(row),
            value=f"{frame[Population.population][row]:g}", remedy="核对各年龄段人口",
        )  # fmt: skip


def _blank(frame: pd.DataFrame, *columns: Column) -> pd.Index:
    """Rows that say nothing in any of the columns."""
    said = pd.Series(False, index=frame.index)
    for column in columns:
        if column in frame.columns:
            said |= frame[column].notna()
    return frame.index[~said]


def _settle_works(frame: pd.DataFrame, place: Place) -> None:
    _refuse_above(frame, PastWork.start, PastWork.end, place)


def _settle_targets(frame: pd.DataFrame, place: Place) -> None:
    """A percentage kept as 0.95 by a cell format reads as 0.95 %."""
    if Target.unit not in frame.columns:
        return
    percent = frame[Target.unit].fillna("").str.contains("[%％]")
    for column in (Target.now, Target.goal):
        if column not in frame.columns:
            continue
        small = pd.to_numeric(frame[column], errors="coerce").between(0, 1, inclusive="neither") & percent
        for row in frame.index[small]:
            place.warn(
                "HSQ-V04", f"“{column.spec.alias}”为 {frame[column][row]}，单位是 %", field=str(column), row=str(row),
                value=str(frame[column][row]), action="照原样保留",
                remedy="百分比格式的单元格存的是小数；改为常规格式并写成 95 或 95%",
            )  # fmt: skip


def _settle_steps(frame: pd.DataFrame, place: Place) -> None:
    for column in (Step.date, Step.end):
        _require_days(frame, column, place)
    _refuse_above(frame, Step.date, Step.end, place)
    if Step.end not in frame.columns or Step.date not in frame.columns:
        return
    first, last = (pd.to_datetime(frame[c], errors="coerce") for c in (Step.date, Step.end))
    length = (last - first).dt.days + 1  # the guideline asks for no number of days; it is only stated
    frame[Step.days] = length.where(length > 0)


def _settle_delegates(frame: pd.DataFrame, place: Place) -> None:
    for row in _blank(frame, Delegate.name, Delegate.count):
        place.error(
            "HSQ-V02",
            "姓名与代表人数都没有填",
            field=Delegate.count,
            row=str(row),
            remedy="填写代表人数，或每人一行填姓名",
        )
    if Delegate.name in frame.columns:
        count = (
            frame[Delegate.count] if Delegate.count in frame.columns else pd.Series(pd.NA, index=frame.index)
        )
        frame[Delegate.count] = count.where(count.notna() | frame[Delegate.name].isna(), 1)
    _refuse_above(frame, Delegate.registered, Delegate.count, place)
    _refuse_above(frame, Delegate.signed, Delegate.registered, place)


def _settle_costs(frame: pd.DataFrame, place: Place) -> None:
    _refuse_above(frame, OwnCost.low_wan, OwnCost.cost_wan, place)
    _refuse_above(frame, OwnCost.cost_wan, OwnCost.high_wan, place)
    if OwnCost.subject not in frame.columns:
        return
    given = frame[OwnCost.subject]
    known = {word: COST_GROUPS.get(word) or recognise_text(word) for word in given.dropna().unique()}
    subject = given.map(known)
    for row in frame.index[given.notna() & subject.isna()]:
        place.error(
            "HSQ-V08", f"造价对象“{given[row]}”无法识别", field=OwnCost.subject, row=str(row), value=str(given[row]),
            remedy=f"写设施类型的名称或代码，或 {'、'.join(COST_GROUPS)}",
        )  # fmt: skip
    frame[OwnCost.subject] = subject.where(subject.notna(), given).astype("str").where(given.notna())
    key = [c for c in (OwnCost.subject, OwnCost.action, OwnCost.unit) if c in frame.columns]
    again = frame.duplicated(key) & subject.notna()
    for row in frame.index[again]:
        place.error(
            "HSQ-V06", "同一对象、工程类型和计价单位有两个单价", field=OwnCost.subject, row=str(row),
            value=str(given[row]), remedy="只留一行",
        )  # fmt: skip


_RULES: dict[type[Layer], Callable[[pd.DataFrame, Place], None]] = {
    Population: _settle_population,
    PastWork: _settle_works,
    Target: _settle_targets,
    Step: _settle_steps,
    Delegate: _settle_delegates,
    OwnCost: _settle_costs,
}
