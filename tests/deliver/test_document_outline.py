"""The outline as data: the guideline's chapters, no number in a sentence, every name declared somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter

import pytest

from configs import read_settings
from pipeline.deliver.document.outline import Each, Matter, Sentence, read_outline
from pipeline.deliver.tables.content import find_field
from pipeline.deliver.tables.spec import table_specs

# Guideline 6.1, 社区更新实施方案提纲.
CHAPTERS = {
    "发展背景": ["发展基础", "发展趋势", "“好社区”专项体检结果解读"],
    "更新策划": ["设施共建共享分析", "“好社区”深化调查分析", "更新策略", "功能业态策划", "需求与资源匹配性分析", "资源清单"],
    "更新方案": ["更新目标", "更新总体布局", "资金测算", "项目清单", "实施计划"],
    "保障措施": ["工作机制", "要素保障", "政策建议"],
}  # fmt: skip
# What has digits and is no result: clauses of the guideline and names of age groups.
_NAMES = re.compile(r"指南[\d.]+(?:（\d）)?(?:、[\d.]+(?:（\d）)?)*|60岁及以上|0-3岁|3-6岁")
OUTLINE = read_outline()
TABLES = {table.key: {leaf.value for leaf in table.leaves()} for table in table_specs()}
MATTERS = [
    matter
    for chapter in OUTLINE.chapters
    for section in chapter.sections
    for part in section.parts
    for matter in part.body
]


def sentences() -> Iterator[tuple[Matter, Sentence]]:
    for matter in MATTERS:
        for sentence in matter.say:
            yield matter, sentence


def names_in(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def test_the_outline_is_the_guidelines() -> None:
    found = {chapter.title: [section.title for section in chapter.sections] for chapter in OUTLINE.chapters}
    assert found == CHAPTERS
    assert list(found) == list(CHAPTERS)
    for number, chapter in enumerate(OUTLINE.chapters):
        for order, section in enumerate(chapter.sections):
            assert section.clause == f"指南6.1提纲第{'一二三四'[number]}章第{'一二三四五六'[order]}节"


def test_no_sentence_has_a_number_of_its_own() -> None:
    plain = [
        "".join(text for text, *_ in Formatter().parse(words))
        for matter, sentence in sentences()
        for words in (sentence.text, sentence.part, matter.lead)
    ]
    assert len(plain) > 100
    assert [text for text in plain if re.search(r"\d", _NAMES.sub("", text))] == []


def check_each(each: Each) -> list[str]:
    fields = [each.field, each.top, each.at, *each.where]
    return [f"{each.table}: {name}" for name in fields if name and name not in TABLES[each.table]]


def test_every_field_is_a_column_of_its_table() -> None:
    wrong = []
    for value in OUTLINE.values.values():
        if value.table:
            fields = [value.field, value.over, *value.where]
            wrong += [f"{value.label}: {name}" for name in fields if name and name not in TABLES[value.table]]
            wrong += [] if value.take == "count" or value.field else [f"{value.label}: no field"]
    for matter in MATTERS:
        wrong += [] if matter.each is None else check_each(matter.each)
        if matter.table:
            wrong += [name for name in (*matter.fields, *matter.where) if name not in TABLES[matter.table]]
    for matter, sentence in sentences():
        wrong += [] if sentence.each is None else check_each(sentence.each)
        rows = {each.table for each in (matter.each, sentence.each) if each is not None and not each.field}
        for name in (
            *names_in(sentence.text),
            *names_in(sentence.part),
            *names_in(matter.lead),
            *sentence.when,
            *sentence.unless,
        ):
            if "." in name and not any(name in TABLES[table] for table in rows):
                wrong.append(f"{sentence.text}: {name}")
    assert wrong == []


def test_every_value_is_declared_and_used() -> None:
    used = {
        name
        for matter, sentence in sentences()
        for name in (
            *names_in(sentence.text),
            *names_in(sentence.part),
            *names_in(matter.lead),
            *sentence.when,
            *sentence.unless,
        )
        if "." not in name
    } - {"each", "@"}
    assert used == set(OUTLINE.values)


@pytest.mark.parametrize("value", OUTLINE.values.values(), ids=list(OUTLINE.values))
def test_texts_that_cells_must_equal_are_codes(value) -> None:
    """A condition no cell can meet would silently count nothing."""
    for name, text in value.where.items():
        codes = find_field(name).spec.codes
        if (
            codes is None
            or not codes.closed
            or text == "@"
            or text.endswith("*")
            or text.startswith(("<>", ">"))
        ):
            continue
        assert text in codes.values, f"{value.label}: {name} is never {text!r}"


def test_settings_are_there() -> None:
    for value in OUTLINE.values.values():
        if value.config:
            assert value.key in read_settings(value.config)


def test_figures_are_sheets_of_the_catalogue_and_none_is_left_out() -> None:
    from fnmatch import fnmatchcase

    sheets = [sheet["number"] for sheet in read_settings("catalogue.yaml")["sheets"]]
    patterns = [pattern for matter in MATTERS for pattern in matter.figures]
    assert [p for p in patterns if not any(fnmatchcase(number, p) for number in sheets)] == []
    shown = [number for number in sheets if sum(fnmatchcase(number, p) for p in patterns) != 1]
    assert [number for number in shown if not number.startswith("Z")] == []
