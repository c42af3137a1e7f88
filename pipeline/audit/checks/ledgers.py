"""Tables and layers: land use, resources, needs, sites, functions and counts of gaps are the same in both."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from configs import read_settings
from pipeline.audit.checks.numbers import differs, place_of, say
from pipeline.audit.checks.tables import need_table
from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import DATABASE, HandIn
from pipeline.audit.tableview import TableView


@check("landuse_balance", "用地平衡各处一致", group="数字")
def check_balance(handin: HandIn, out: Checked) -> None:
    """附表3-7 is the sum of the land-use layers by code, in both databases; totals are the communities' area."""
    view = need_table(handin, out, "balance")
    if view is None:
        return
    told = view.texts("Balance.landuse_code")
    for column, code in (("Balance.now_m2", "HSQ_XZYD"), ("Balance.planned_m2", "HSQ_GHYD")):
        shape = handin.shape(code)
        frames: list[tuple[str, pd.DataFrame]] = [] if shape is None else [(shape.name, shape.frame)]
        if DATABASE in handin.files and code in handin.one_map:
            frames.append((DATABASE, handin.one_map[code]))
        for name, frame in frames:
            if not {"YDYHFLDM", "MJ"} <= set(frame):
                raise UnreadableError(name, "缺少字段 YDYHFLDM 或 MJ")
            sums = frame.groupby("YDYHFLDM")["MJ"].sum().round(2)
            for row, value in view.numbers(column).items():
                drawn = float(sums.get(told[row], 0.0))
                if abs(drawn - value) > 0.011:
                    out.fault(
                        f"{told[row]} 与图层 {code} 合计（{drawn:.2f}）不同",
                        **place_of(view, row),
                        value=f"{value:.2f}",
                    )
            for missing in sorted(set(sums[sums > 0].index) - set(told.values())):
                out.fault(
                    f"图层 {code} 有这类用地，平衡表没有", file=view.file, sheet=view.sheet, value=missing
                )
            out.see(
                f"{code} {len(sums)} 类用地合计 {sums.sum():.2f} ㎡，与平衡表逐类相同", file=name, sheet=code
            )


def _compare_by_key(
    out: Checked, view: TableView, by: str, frame: pd.DataFrame, name: str, key: str, pairs: Mapping[str, str],
) -> int:  # fmt: skip
    """Compare columns of a table with fields of a layer, row by row; return how many rows were there in both."""
    rows = {text: row for row, text in view.texts(by).items()}
    if key not in frame:
        raise UnreadableError(name, f"缺少字段 {key}")
    seen = 0
    for record in frame.to_dict("records"):
        number = str(record[key])
        if number not in rows:
            out.fault(f"{view.spec.number}没有这个编号", file=name, value=number)
            continue
        seen += 1
        for column, field in pairs.items():
            value, there = view.grid.at(rows[number], view.columns[column]), record.get(field)
            there = None if there is None or pd.isna(there) else there
            if isinstance(value, float) and there is not None and abs(float(there) - value) > 0.011:
                out.fault(
                    f"{number} “{view.head(column)}”与图层（{there}）不同",
                    **place_of(view, rows[number]),
                    value=say(value),
                )
            elif (
                isinstance(value, str)
                and there is not None
                and not value.replace("\n", " ").startswith(str(there).rstrip())
            ):
                out.fault(
                    f"{number} “{view.head(column)}”与图层（{there}）不同",
                    **place_of(view, rows[number]),
                    value=value,
                )
    return seen


@check("ledger_layers", "资源、需求、布局、业态的表与图层一致", group="数字")
def check_ledgers(handin: HandIn, out: Checked) -> None:
    """Areas and attributes of resources and needs, sums of sites and functions are those of the layers."""
    for pair in read_settings("audit.yaml")["tables_and_layers"]:
        view = handin.table(pair["table"])
        if view is None:
            continue
        for code in pair["layers"]:
            shape = handin.shape(code)
            if shape is None:
                continue
            seen = _compare_by_key(
                out, view, pair["by"], shape.frame, shape.name, pair["key"], pair["fields"]
            )
            out.see(
                f"{seen} 个编号的{'、'.join(view.head(c) for c in pair['fields'])}相同",
                file=view.file,
                sheet=view.sheet,
                value=code,
            )
    _compare_groups(
        handin,
        out,
        "layout",
        "Site.action",
        "HSQ_GXBJ",
        "GXFS",
        {"Site.area_m2": "MJ", "Site.floor_area_m2": "JZMJ"},
    )
    _compare_groups(handin, out, "business", "Business.action", "HSQ_YT", "YTDZ", {})
    conditions, ledger = handin.table("conditions"), handin.table("ledger")
    if conditions is not None and ledger is not None:
        usable = {
            text: ledger.grid.at(row, ledger.columns["Resource.usable_m2"])
            for row, text in ledger.texts("Resource.number").items()
        }
        for row, number in conditions.texts("Resource.number").items():
            value = conditions.grid.at(row, conditions.columns["Resource.usable_m2"])
            if number not in usable or differs(value, usable[number]):
                out.fault(
                    f"{number} 可用面积与本底资源台账（{say(usable.get(number))}）不同",
                    **place_of(conditions, row),
                    value=say(value),
                )


def _compare_groups(
    handin: HandIn, out: Checked, key: str, by: str, code: str, field: str, sums: Mapping[str, str]
) -> None:
    view, shape = handin.table(key), handin.shape(code)
    if view is None or shape is None or not view.rows:
        return
    groups = view.texts(by)
    counts = pd.Series(groups).value_counts()
    drawn = shape.column(field).value_counts()
    for name in sorted(set(counts.index) | set(drawn.index)):
        if counts.get(name, 0) != drawn.get(name, 0):
            out.fault(
                f"“{name}”{counts.get(name, 0)} 处，图层 {drawn.get(name, 0)} 处",
                file=view.file,
                sheet=view.sheet,
                value=code,
            )
        for column, area in sums.items():
            told = sum(value for row, value in view.numbers(column).items() if groups[row] == name)
            there = float(shape.column(area)[shape.column(field) == name].sum())
            if abs(told - there) > 0.02:
                out.fault(
                    f"“{name}”{view.head(column)}合计与图层（{there:.2f}）不同",
                    file=view.file,
                    sheet=view.sheet,
                    value=f"{told:.2f}",
                )
    out.see(
        f"{len(view.rows)} 处，分{view.head(by)}的处数和面积与图层相同",
        file=view.file,
        sheet=view.sheet,
        value=code,
    )


@check("provision_counts", "缺配类型统计", group="数字")
def check_provision(handin: HandIn, out: Checked) -> None:
    """附表3-21 counts 附表3-20; its reach is that of 附表3-6 (requirements §7.16: before and after sharing)."""
    view, counts = need_table(handin, out, "provision"), need_table(handin, out, "provision_count")
    if view is None or counts is None:
        return
    names = {
        "missing": "漏配",
        "short": "少配",
        "wrong": "错配",
        "partly": "部分可达",
        "met": "满足",
        "solved": "共享可解",
    }
    towns = view.texts("Provision.community")
    for row, town in counts.texts("ProvisionCount.community").items():
        for when in ("before", "after"):
            judged = view.texts(f"Provision.{when}")
            for key, name in names.items():
                column = f"ProvisionCount.{key}_{when}"
                if column not in counts:
                    continue
                wanted = sum(judged[r] == name and towns[r] == town for r in view.rows)
                value = counts.grid.at(row, counts.columns[column])
                if differs(value, wanted):
                    out.fault(f"{town}“{name}”应为 {wanted}", **place_of(counts, row), value=say(value))
    out.see(
        f"{len(counts.rows)} 个社区的统计与判定表 {len(view.rows)} 行相符",
        file=counts.file,
        sheet=counts.sheet,
    )
    coverage = handin.table("coverage")
    if coverage is None:
        return
    reach = {
        (coverage.texts("Served.community")[row], coverage.texts("Served.type_name")[row]): row
        for row in coverage.rows
    }
    pairs = {
        "Provision.homes": "Served.homes",
        "Provision.homes_before": "Served.homes_own",
        "Provision.homes_after": "Served.homes_shared",
    }
    for row in view.rows:
        there = reach.get((towns[row], view.texts("Provision.type_name")[row]))
        for one, two in pairs.items():
            if there and differs(
                view.grid.at(row, view.columns[one]), coverage.grid.at(there, coverage.columns[two])
            ):
                out.fault(
                    f"可达住户点与覆盖统计表第 {there} 行不同",
                    **place_of(view, row),
                    value=say(view.grid.at(row, view.columns[one])),
                )
