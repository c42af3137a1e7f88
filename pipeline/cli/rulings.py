"""What 成果自检 says on the console: how many of which verdict, then what is wrong, with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

if TYPE_CHECKING:
    from pipeline.audit import Audit
    from pipeline.audit.findings import Spot

_STYLE = {"不符合": "bold red", "需人工": "yellow", "符合": "green", "不适用": "dim"}
_SHOWN = 12
_PLACES = 3


def print_verdicts(console: Console, audit: Audit, *, every: bool = False) -> None:
    """Print the count of each verdict, the requirements broken and the checks that found something.

    Parameters
    ----------
    every : list what a person must look at, too.
    """
    line = Text("成果自检：")
    for verdict, count in audit.counts.items():
        line.append(f"{verdict} {count}　", style=_STYLE[verdict] if count else "dim")
    console.print(line, highlight=False)
    broken = [ruling for ruling in audit.rulings if ruling.verdict == "不符合"]
    if broken or audit.broken:
        console.print(
            f"有 {len(broken)} 项要求不符合、{len(audit.broken)} 项检查发现问题，请按 成果自检.xlsx 修改。", style="bold red",
            highlight=False,
        )  # fmt: skip
    for ruling in broken[:_SHOWN]:
        console.print(Text(f"{ruling.rule.id}（{ruling.rule.clause}）{ruling.said}"), highlight=False)
        _print_places(console, [spot for kind, spot in ruling.spots if kind == "不符合"])
    if len(broken) > _SHOWN:
        console.print(f"另有 {len(broken) - _SHOWN} 项，见 成果自检.xlsx", style="dim", highlight=False)
    told = {id(spot) for ruling in broken for _, spot in ruling.spots}
    for item in audit.broken:
        spots = [spot for spot in item.wrong if id(spot) not in told]
        if spots:
            console.print(
                Text(f"{item.group}｜{item.title}：{spots[0].said}（{len(spots)} 处）"), highlight=False
            )
            _print_places(console, spots)
    for item in audit.unfinished:
        console.print(
            Text(f"{item.group}｜{item.title}：没有做完，请人工核对。{item.broken_off}", style="bold yellow"),
            highlight=False,
        )
    if every:
        for ruling in audit.rulings:
            if ruling.verdict == "需人工":
                console.print(
                    Text(f"{ruling.rule.id} 需人工：{ruling.said}", style="yellow"), highlight=False
                )


def _print_places(console: Console, spots: list[Spot]) -> None:
    for spot in spots[:_PLACES]:
        parts = [
            spot.file,
            spot.sheet,
            spot.row and f"第 {spot.row} 行" if spot.row.isdigit() else spot.row,
            spot.value,
        ]
        text = "，".join(part for part in parts if part)
        if text:
            console.print(Padding(Text(text, style="dim"), (0, 0, 0, 4)), highlight=False)
