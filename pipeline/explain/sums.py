"""The account of what is no single judged row: a phase with its projects, and an amount with its source."""

from __future__ import annotations

from layers.finance import Fund
from layers.judgements import show_value
from layers.planned import Project, Resource
from pipeline.explain.records import Records, Row
from pipeline.explain.story import Section

_DIGITS = "一二三四五六"
_OPEN = "来源待落实"


def find_phase(records: Records, word: str) -> list[Row]:
    """Return the projects of a phase named 2027年, 2027, 一期, 第1期 or 1期, in their order; none where it is no phase."""
    plain = word.strip().removeprefix("第").removesuffix("阶段").removesuffix("期")
    index = str(_DIGITS.index(plain) + 1) if plain and plain in _DIGITS else plain
    rows = [
        row
        for row in records.rows(Project)
        if (word.strip() != plain and index == str(row[Project.phase_index]))
        or word.strip() in (row[Project.phase], str(row[Project.phase]).removesuffix("年"))
    ]
    return sorted(rows, key=lambda row: (row[Project.rank], row[Project.number]))


def tell_phase(rows: list[Row]) -> list[Section]:
    """Return why these projects are in their phase, and in which order."""
    first = rows[0]
    money = sum(row[Project.total_wan] for row in rows if row[Project.total_wan] == row[Project.total_wan])
    head = Section(
        f"第{first[Project.phase_index]}期（{first[Project.phase]}）",
        [
            ("划分原则", str(first[Project.principle])),
            ("项目数", f"{len(rows)} 个"),
            ("总投资", f"{money:.2f} 万元（不含待测算和非施工项目）"),
        ],
    )
    lines = [
        (
            f"{row[Project.rank]}. {row[Project.number]}",
            f"{row[Project.name]}｜分期依据：{row[Project.phase_rule]}｜次序依据：{row[Project.rank_rule]}",
        )
        for row in rows
    ]
    return [head, Section("项目，按阶段内次序", lines)]


def find_amount(records: Records, word: str) -> Row | None:
    """Return the ``Fund`` row that 项目编号|资源编号 names (项目编号|来源待落实 for what is open); None where none is."""
    return records.one(Fund, Fund.id, word.strip())


def tell_amount(records: Records, amount: Row) -> list[Section]:
    """Return where an amount comes from: the project's total and its parts, and who else draws on the source."""
    number = amount[Fund.project]
    sections = [
        Section(
            f"资金 {amount[Fund.id]}",
            [
                ("金额", _wan(amount[Fund.amount_wan])),
                ("资金来源", _name(amount)),
                ("资金性质", str(amount[Fund.kind])),
                ("资金筹措方式", f"{amount[Fund.method]}（{amount[Fund.method_rule]}）"),
                ("落实情况", str(amount[Fund.state])),
            ],
        )
    ]
    project = records.one(Project, Project.number, number)
    if project is not None:
        parts = records.rows(Fund, Fund.project, number)
        lines = [
            ("项目名称", str(project[Project.name])),
            (
                "项目总投资",
                f"{_wan(project[Project.total_wan])}＝{'＋'.join(_wan(p[Fund.amount_wan]) for p in parts)}",
            ),
            ("造价依据", str(project[Project.cost_basis])),
            (
                "阶段内次序",
                f"{project[Project.phase]}第{project[Project.rank]}位（{project[Project.rank_rule]}）",
            ),
            *(
                (f"来源{n}", f"{_name(part)} {_wan(part[Fund.amount_wan])}")
                for n, part in enumerate(parts, 1)
            ),
        ]
        sections.append(Section(f"用于项目 {number}", lines))
    return [*sections, *tell_draws(records, amount[Fund.resource])]


def tell_draws(records: Records, resource: object) -> list[Section]:
    """Return who draws on a source, in the order in which they do, with what is left; nothing for open money."""
    row = records.one(Resource, Resource.number, resource) if isinstance(resource, str) and resource else None
    if row is None:
        return []
    turn = {p[Project.number]: (p[Project.phase_index], p[Project.rank]) for p in records.rows(Project)}
    draws = sorted(records.rows(Fund, Fund.resource, resource), key=lambda part: turn[part[Fund.project]])
    if not draws:
        return []
    left = float(row[Resource.amount_wan])
    lines = []
    for part in draws:
        left -= part[Fund.amount_wan]
        lines.append(
            (str(part[Fund.project]), f"安排{_wan(part[Fund.amount_wan])}，余{_wan(abs(round(left, 2)))}")
        )
    whole = _wan(row[Resource.amount_wan])
    return [Section(f"{row[Resource.name]}（{resource}）{whole}的安排，按分期和次序", lines)]


def _wan(value: object) -> str:
    return f"{show_value(value, Fund.amount_wan) or '待测算'} 万元"


def _name(part: Row) -> str:
    number = show_value(part[Fund.resource], Fund.resource)
    return f"{part[Fund.origin]}（{number}）" if number else _OPEN
