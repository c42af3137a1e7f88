"""Facilities: what clauses name is there, with scale, capacity and sharing; unverified standards say 待核."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from configs.facilities import facility_classes
from layers.onemap import OUTSIDE
from pipeline.audit.checks.tables import need_table, say_values
from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import DRAWINGS, SHAPES, HandIn
from pipeline.audit.grid import show
from pipeline.audit.sidetables import list_tables

_MARK = "待核"


@check("facility_reach", "设施分析范围", group="数据库")
def check_reach(handin: HandIn, out: Checked) -> None:
    """Facilities outside the communities are looked at too (3.2)."""
    shape = handin.shape("HSQ_SSD")
    if shape is None:
        out.fault("没有设施图层", file=SHAPES, sheet="HSQ_SSD")
        return
    beyond = int((shape.column("SQMC") == OUTSIDE).sum())
    if beyond:
        out.see(
            f"设施 {len(shape.frame)} 处，其中 {beyond} 处在社区范围外",
            file=shape.name,
            sheet="HSQ_SSD",
            value=OUTSIDE,
        )
    else:
        out.doubt("没有社区范围以外的设施，请确认生活圈内确无其他设施", file=shape.name, sheet="HSQ_SSD")


@check("classes_named", "指南点名的设施类型", group="表格")
def check_classes(
    handin: HandIn, out: Checked, *, table: str, column: str, words: Mapping[str, Sequence[str]]
) -> None:
    """Every kind of facility that a clause names has rows."""
    view = need_table(handin, out, table)
    if view is None:
        return
    texts = view.texts(column)
    for kind, names in words.items():
        found = {text: row for row, text in texts.items() if any(name in text for name in names)}
        if not found:
            out.fault(f"没有{kind}设施", file=view.file, sheet=view.sheet)
        else:
            out.see(
                f"{kind}：{'、'.join(sorted(found))}",
                file=view.file,
                sheet=view.sheet,
                row=min(found.values()),
            )


@check("facility_groups", "现状图的设施分组", group="数据库")
def check_groups(
    handin: HandIn, out: Checked, *, groups: Sequence[str], utilities: Mapping[str, Sequence[str]]
) -> None:
    """Each group the catalogue names has features; one without any is for a person to confirm (G-03).

    Parameters
    ----------
    groups : symbol groups of facility classes.
    utilities : layer code and, after it, values one of which must be there; none for any.
    """
    shape = handin.shape("HSQ_SSD")
    if shape is None:
        out.fault("没有设施图层", file=SHAPES, sheet="HSQ_SSD")
        return
    classes = facility_classes()
    there = (
        shape.column("SSLXDM").map(lambda key: classes[key].group if key in classes else "").value_counts()
    )
    for group in groups:
        if there.get(group, 0):
            out.see(f"{group} {there[group]} 处", file=shape.name, sheet="HSQ_SSD", value=group)
        else:
            out.doubt(f"没有{group}设施，请确认现状确无", file=shape.name, sheet="HSQ_SSD", value=group)
    for title, (code, field, *values) in utilities.items():
        other = handin.shape(code)
        count = 0
        if other is not None:
            told = other.column(field)
            count = int(told.isin(values).sum()) if values else len(told)
        name = handin.shape_files.get(code, SHAPES)
        if count:
            out.see(f"{title} {count} 处", file=name, sheet=code, value="、".join(values[:3]))
        else:
            out.doubt(f"没有{title}，请确认现状确无", file=name, sheet=code)


@check("facility_facts", "设施的规模、能力、共享性", group="数据库")
def check_facts(handin: HandIn, out: Checked, *, classes: Sequence[str]) -> None:
    """Facilities of the classes a clause names have scale or capacity, radius and whether they can be shared."""
    shape = handin.shape("HSQ_SSD")
    if shape is None:
        out.fault("没有设施图层", file=SHAPES, sheet="HSQ_SSD")
        return
    for field in ("JZMJ", "YDMJ", "FWNL", "FWBJ", "KGXX", "BSM", "SSMC", "SSLXMC"):
        shape.column(field)
    inside = shape.frame[(shape.column("SQMC") != OUTSIDE) & shape.column("SSLXDM").isin(classes)]
    if not len(inside):
        out.doubt("社区内没有这些设施，请确认现状确无", file=shape.name, sheet="HSQ_SSD")
        return
    scale = inside[["JZMJ", "YDMJ", "FWNL"]].notna().any(axis=1)
    if not inside["FWBJ"].notna().all():
        out.fault(
            "设施没有服务半径", file=shape.name, sheet="HSQ_SSD", value=int(inside["FWBJ"].isna().sum())
        )
    for lacking, what in ((~scale, "规模和服务能力都没有"), (inside["KGXX"].isna(), "没有可共享性")):
        rows = inside[lacking]
        if len(rows):
            out.doubt(f"{len(rows)} 处{what}，须补充调查", file=shape.name, sheet="HSQ_SSD", row=rows["BSM"].iloc[0],
                      value=show(rows["SSMC"].iloc[0]))  # fmt: skip
    out.see(
        f"社区内这些设施 {len(inside)} 处：{say_values(inside['SSLXMC'].tolist())}",
        file=shape.name,
        sheet="HSQ_SSD",
    )


@check("elder_gap", "老年人口与养老设施供需", group="表格")
def check_elders(handin: HandIn, out: Checked, *, word: str) -> None:
    """Per community: elders in all, reached by own facilities and with sharing; never more than there are (3.2)."""
    view = need_table(handin, out, "coverage")
    if view is None:
        return
    types, towns = view.texts("Served.type_name"), view.texts("Served.community")
    columns = [view.numbers(f"Served.target_{name}") for name in ("people", "own", "shared")]
    for row in [row for row, text in types.items() if word in text]:
        values = [column.get(row) for column in columns]
        if None in values:
            out.doubt("没有老年人口数", file=view.file, sheet=view.sheet, row=row, value=towns[row])
            continue
        everybody, own, shared = (float(value) for value in values if value is not None)
        if not own <= shared <= everybody:
            out.fault("覆盖人数大于总数，或共享后反而减少", file=view.file, sheet=view.sheet, row=row,
                      value=f"{everybody:g}、{own:g}、{shared:g}")  # fmt: skip
        out.see(f"{towns[row]} {types[row]}：老年人 {everybody:g} 人，共享后仍未覆盖 {everybody - shared:g} 人", file=view.file,
                sheet=view.sheet, row=row, value=f"{everybody - shared:g}")  # fmt: skip


@check("network_roles", "中心与站点", group="表格")
def check_roles(handin: HandIn, out: Checked) -> None:
    """Every service network has a centre and stations; every station its centre (3.2)."""
    view = need_table(handin, out, "network_sites")
    if view is None:
        return
    networks, roles = view.texts("NetworkSite.network"), view.texts("NetworkSite.role")
    centres = view.texts("NetworkSite.centre")
    for name in dict.fromkeys(networks.values()):
        rows = [row for row in view.rows if networks[row] == name]
        middle = [row for row in rows if roles[row] == "中心"]
        if not middle:
            out.doubt(f"{name}网络没有中心", file=view.file, sheet=view.sheet, row=rows[0], value=name)
        if len(middle) == len(rows):
            out.doubt(f"{name}网络没有站点", file=view.file, sheet=view.sheet, row=rows[0], value=name)
        orphans = [row for row in rows if roles[row] == "站点" and not centres[row]]
        if middle and orphans:
            out.doubt(
                f"{name}有 {len(orphans)} 处站点没有所属中心",
                file=view.file,
                sheet=view.sheet,
                row=orphans[0],
            )
        out.see(
            f"{name}：中心 {len(middle)}、站点 {len(rows) - len(middle)}",
            file=view.file,
            sheet=view.sheet,
            row=rows[0],
        )


@check("unverified_marks", "待核标准逐处标注", group="表格")
def check_marks(handin: HandIn, out: Checked) -> None:
    """Where the source of a standard has not been seen, tables and sheets print 待核 beside it (requirements §7.18)."""
    open_names = {item.name for item in facility_classes().values() if not item.verified}
    count = 0
    for key, name, column in (
        ("coverage", "Served.type_name", "Served.limit_m"), ("provision", "Provision.type_name", "Provision.limit_m"),
        ("access", "Access.type_name", "Access.limit_m"),
    ):  # fmt: skip
        view = handin.table(key)
        if view is None or column not in view:
            continue
        names = view.texts(name)
        place = view.columns[column]
        for row, text in names.items():
            if text not in open_names:
                continue
            count += 1
            shown = view.grid.text(row, place) + view.grid.formats.get((row, place), "")
            if _MARK not in shown:
                out.fault("标准来源待核，却没有标注", file=view.file, sheet=view.sheet, row=row, value=text)
    for number, file in handin.drawing_files.items():
        try:
            tables = list_tables(handin.drawing(file))
        except UnreadableError:
            continue
        for table in tables:
            subject = re.split("[（：]", table.title, maxsplit=1)[0]
            if "覆盖住户点" in table.title and subject in open_names:
                count += 1
                if _MARK not in table.title:
                    out.fault("图上标准来源待核，却没有标注", file=file, sheet=number, value=table.title)
    if count:
        out.see(
            f"{count} 处使用待核标准的表格行和图上附表均已标注",
            file=DRAWINGS,
            value="、".join(sorted(open_names)[:4]),
        )
