"""The text: chapters of the outline with their sentences told, figures found and gaps marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from string import Formatter

from pipeline.deliver.document.blocks import (
    Block,
    Figure,
    Heading,
    Paragraph,
    Piece,
    TableBlock,
    choose_columns,
    fill_gap,
)
from pipeline.deliver.document.outline import GROUP, Matter, Outline, Section, Sentence
from pipeline.deliver.document.values import Missing, Nothing, Register, Spot, Teller

_EACH = "each"
_COMMAS, _STOP = ("，", "；"), "。"
_BRACKETS = re.compile(r"(【[^】]*】)")


@dataclass
class Lack:
    """A table or sheet that is not there, and how many sentences, tables and figures went without it."""

    section: str
    reason: str
    count: int = 1


@dataclass
class Composer:
    """Writes the outline's chapters as blocks.

    Attributes
    ----------
    figures : drawn sheets by number.
    undrawn : reason by number of a sheet that was not drawn.
    register : gets every value's source.
    lacks : gets what was left out.
    """

    teller: Teller
    figures: Mapping[str, Figure]
    undrawn: Mapping[str, str]
    register: Register = field(default_factory=Register)
    lacks: dict[tuple[str, str], Lack] = field(default_factory=dict)
    _section: str = ""

    def compose(self, outline: Outline) -> list[Block]:
        """Return the chapters as blocks; every 章 and 节 of the outline is there, whatever is missing."""
        blocks: list[Block] = []
        for number, chapter in enumerate(outline.chapters, 1):
            blocks.append(Heading(1, chapter.title))
            for order, section in enumerate(chapter.sections, 1):
                self._section = f"{number}.{order}"
                blocks.append(Heading(2, section.title))
                blocks += self._write_section(section)
        return blocks

    def _write_section(self, section: Section) -> list[Block]:
        blocks: list[Block] = []
        for part in section.parts:
            body = [block for matter in part.body for block in self._write_matter(matter)]
            if not body and part.lack:
                body = [Paragraph((fill_gap(part.lack),))]
            if body and part.title:
                blocks.append(Heading(3, part.title))
            blocks += body
        return blocks or [Paragraph((fill_gap(f"按{section.clause}补充本节"),))]

    def _write_matter(self, matter: Matter) -> list[Block]:
        blocks: list[Block] = []
        if matter.say:
            blocks += self._write_paragraphs(matter)
        if matter.table:
            blocks += self._write_table(matter)
        if matter.figures:
            blocks += self._find_figures(matter.figures)
        if matter.gap:
            blocks.append(Paragraph((fill_gap(matter.gap),)))
        return blocks

    def _write_paragraphs(self, matter: Matter) -> list[Block]:
        spots: Sequence[Spot] = [Spot()]
        if matter.each is not None:
            try:
                spots = list(self.teller.spots(matter.each, Spot()))
            except Missing as missing:
                self._note(missing)
                return []
        found: list[Block] = []
        for spot in spots:
            pieces: list[Piece] = []
            for sentence in matter.say:
                _go_on(pieces, self._write_sentence(sentence, spot))
            if not pieces:
                continue
            if matter.lead:
                lead = self._fill(matter.lead, spot)
                pieces = [Piece(piece.text, piece.key, piece.gap, bold=True) for piece in lead] + pieces
            found.append(Paragraph(tuple(pieces)))
        return found

    def _write_sentence(self, sentence: Sentence, spot: Spot) -> list[Piece]:
        try:
            if not all(self._counts(name, spot) for name in sentence.when):
                return []
            if any(self._counts(name, spot) for name in sentence.unless):
                return []
            parts = None
            if sentence.each is not None:
                parts = [self._fill(sentence.part, each) for each in self.teller.spots(sentence.each, spot)]
                if not parts:
                    return []
            return self._fill(sentence.text, spot, parts, sentence.join)
        except Missing as missing:
            self._note(missing)
            return [fill_gap(sentence.gap)] if sentence.gap else []

    def _counts(self, name: str, spot: Spot) -> bool:
        answer = self.teller.tell(name, "", spot).answer
        return isinstance(answer, Decimal) and bool(answer)

    def _fill(
        self, text: str, spot: Spot, parts: list[list[Piece]] | None = None, join: str = ""
    ) -> list[Piece]:
        pieces: list[Piece] = []
        for plain, name, spec, _ in Formatter().parse(text):
            if plain:
                pieces.append(Piece(plain))
            if name is None:
                continue
            if name == GROUP:
                pieces.append(Piece(spot.group))
            elif name == _EACH:
                for index, part in enumerate(parts or []):
                    pieces += [*([Piece(join)] if index else []), *part]
            else:
                pieces += self._link(name, spec or "", spot)
        return pieces

    def _link(self, name: str, spec: str, spot: Spot) -> Iterator[Piece]:
        told = self.teller.tell(name, spec, spot)
        # A name, unlike a number, says itself where it comes from.
        numeric = any(char.isdigit() for char in told.text)
        key = (
            ""
            if not numeric
            else self.register.enter(told.label, told.text, told.book, told.formula, self._section)
        )
        # What the strategies leave to the planner in 【】 stands out here too.
        for text in _BRACKETS.split(told.text):
            if text:
                yield Piece(text, key, gap=bool(_BRACKETS.fullmatch(text)))

    def _write_table(self, matter: Matter) -> list[Block]:
        try:
            sheet = self.teller.sheets[matter.table]
        except KeyError:
            self._note(Missing(f"没有{self.teller.titles[matter.table]}"))
            return []
        leaves = sheet.content.leaves
        wanted = matter.fields or tuple(leaf.field for leaf in leaves)
        chosen = tuple(index for index, leaf in enumerate(leaves) if leaf.field in wanted)
        rows = range(len(sheet.content.rows))
        if matter.where:
            at = {leaf.field: index for index, leaf in enumerate(leaves)}
            rows_kept = tuple(
                row
                for row in rows
                if all(
                    str(sheet.content.rows[row][at[name]].value) == text
                    for name, text in matter.where.items()
                )
            )
        else:
            rows_kept = tuple(rows)
        if not rows_kept:
            return []
        content = choose_columns(sheet.content, chosen, rows_kept[: matter.most or None])
        part = len(chosen) < len(leaves) or len(content.rows) < len(rows)
        caption = f"{sheet.content.title}（{annex_name(sheet.content.number)}{'摘录' if part else ''}）"
        return [TableBlock(content, caption, landscape=matter.landscape)]

    def _find_figures(self, patterns: Sequence[str]) -> list[Block]:
        found: list[Block] = []
        for pattern in patterns:
            found += [figure for number, figure in self.figures.items() if fnmatchcase(number, pattern)]
            for number, reason in self.undrawn.items():
                if fnmatchcase(number, pattern):
                    self._note(Missing(f"图 {number} 没有绘制：{reason}"))
        return found

    def _note(self, missing: Missing) -> None:
        if isinstance(missing, Nothing):
            return
        key = self._section, str(missing)
        if key in self.lacks:
            self.lacks[key].count += 1
        else:
            self.lacks[key] = Lack(*key)


def _go_on(pieces: list[Piece], sentence: list[Piece]) -> None:
    """Add a sentence; one that begins with a comma takes the place of the full stop before it."""
    if sentence and sentence[0].text[:1] in _COMMAS:
        first = sentence[0]
        if pieces and pieces[-1].text.endswith(_STOP):
            pieces[-1] = replace(pieces[-1], text=pieces[-1].text.removesuffix(_STOP))
        else:
            first = replace(first, text=first.text[1:])
        sentence = [first, *sentence[1:]]
    pieces += sentence


def annex_name(number: str) -> str:
    """Return the name of a table among the annexes: 表1 of clause 6.3 is 附表1 of the outline."""
    return number if number.startswith("附") else f"附{number}"
