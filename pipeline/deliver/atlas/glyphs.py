"""Characters no font draws: the set is not made with a blank or a box in their place."""

from __future__ import annotations

from typing import TypeAlias

from layers.faults import Fault, PlanFaults
from pipeline.deliver.sheet.spec import SheetSpec

Missing: TypeAlias = dict[str, list[str]]  # texts by the character no font draws


def refuse_glyphs(results: list[tuple[SheetSpec, object]]) -> None:
    """Stop when a sheet would show a blank or a box for a character.

    One fault for texts that lack the same characters: a community's name is in many others.

    Raises
    ------
    PlanFaults
        HSQ-D03; the hand-in before stays as it was.
    """
    lost: dict[str, set[str]] = {}
    drawn: dict[str, set[str]] = {}
    for spec, result in results:
        for char, texts in result.items() if isinstance(result, dict) else ():
            for text in texts:
                lost.setdefault(text, set()).add(char)
                drawn.setdefault(text, set()).add(spec.number)
    groups: dict[tuple[str, ...], list[str]] = {}
    for text, chars in sorted(lost.items(), key=lambda item: (len(item[0]), item[0])):
        groups.setdefault(tuple(sorted(chars)), []).append(text)
    faults = [
        Fault(
            "HSQ-D03",
            "图面字体缺字："
            + "、".join(f"{char if char.isprintable() else ''}U+{ord(char):04X}" for char in chars)
            + (f"（共 {len(texts)} 处文字）" if len(texts) > 1 else ""),
            layer="、".join(sorted({number for text in texts for number in drawn[text]})),
            value=texts[0][:60],
            action="没有写出成果，原有成果保持不变",
            remedy="在数据或配置中改写该文字：删去表情和控制字符，生僻字改用同音字或加注说明；"
            "haoshequ check 列出它在哪个文件哪一行",
        )
        for chars, texts in sorted(groups.items())
    ]
    if faults:
        raise PlanFaults(faults)
