"""Blocks as WordprocessingML: the body of word/document.xml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from pipeline.deliver.document import look
from pipeline.deliver.document.blocks import Block, Figure, Heading, Paragraph, Piece, TableBlock
from pipeline.deliver.document.look import STYLES
from pipeline.deliver.document.sources import PREFIX
from pipeline.deliver.document.tablemarkup import write_table

_STYLE_OF = {0: "附表题", 1: "章", 2: "节", 3: "条"}
_NUMERALS = "零一二三四五六七八九十"
_EMU_PER_CM = 360_000
_UNKNOWN_PAGE = "—"  # until the reader's program has laid the pages out


@dataclass
class Markup:
    """Writes blocks one after the other; captions, bookmarks and pictures are counted.

    Attributes
    ----------
    tips : source by key, shown where the pointer rests on a number.
    headings : level, text with its number, and bookmark of each heading, for the contents.
    """

    tips: dict[str, str] = field(default_factory=dict)
    headings: list[tuple[int, str, str]] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def count(self, kind: str) -> int:
        """Return the next number of a kind."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind]

    def write_heading(self, heading: Heading) -> str:
        """Return a heading, bookmarked for the contents."""
        style = _STYLE_OF[heading.level]
        if heading.plain and heading.level:
            style = "附录题"
        number = ""
        if not heading.plain:
            at = self.count(f"level{heading.level}")
            for below in range(heading.level + 1, 4):
                self._counts[f"level{below}"] = 0
            number = ("第{}章 ", "第{}节 ", "{}、")[heading.level - 1].format(write_numeral(at))
        page = "<w:pageBreakBefore/>" if heading.page else ""
        mark = self.count("bookmark")
        name = f"_Toc{mark:06d}"
        self.headings.append((heading.level, number + heading.text, name))
        return (
            f'<w:p><w:pPr><w:pStyle w:val="{STYLES[style].id}"/>{page}</w:pPr>{_bookmark(mark, name)}{write_run(heading.text)}'
            f'<w:bookmarkEnd w:id="{mark}"/></w:p>'
        )

    def write_paragraph(self, paragraph: Paragraph) -> str:
        """Return a paragraph with its links."""
        return (
            f'<w:p><w:pPr><w:pStyle w:val="{STYLES[paragraph.style].id}"/></w:pPr>'
            f"{''.join(self._write_piece(piece) for piece in paragraph.pieces)}</w:p>"
        )

    def _write_piece(self, piece: Piece) -> str:
        run = write_run(piece.text, gap=piece.gap, bold=piece.bold)
        if not piece.key:
            return run
        tip = self.tips.get(piece.key, "")
        return f'<w:hyperlink w:anchor="{PREFIX}{piece.key}" w:history="1" w:tooltip={quoteattr(tip[:250])}>{run}</w:hyperlink>'

    def write_caption(self, kind: str, text: str) -> str:
        """Return a caption: 图 or 表, its number as a field with the number as cached, its words."""
        number = self.count(kind)
        style = STYLES["题注" if kind == "表" else "图题"].id
        field_ = write_field(f" SEQ {kind} \\* ARABIC ", str(number))
        return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{write_run(kind + " ")}{field_}{write_run("　" + text)}</w:p>'

    def write_block_table(self, block: TableBlock, *, landscape: bool) -> str:
        """Return a table, its caption above and its notes below."""
        width = round(look.text_width_cm(landscape=landscape) * look.TWIPS_PER_CM)
        caption = self.write_caption("表", block.caption) if block.caption else ""
        if block.heading is not None:
            caption = self.write_heading(block.heading) + caption
        marks = {row: (self.count("bookmark"), name) for row, name in (block.bookmarks or {}).items()}
        table = write_table(
            block.content,
            width,
            size=block.size,
            marks={row: _bookmark(*m) + f'<w:bookmarkEnd w:id="{m[0]}"/>' for row, m in marks.items()},
        )
        notes = list(write_notes(block.content.notes, block.content.note_label))
        # Two tables that touch would become one, and a section cannot end in a table.
        return (
            caption
            + table
            + ("".join(notes) or f'<w:p><w:pPr><w:pStyle w:val="{STYLES["表注"].id}"/></w:pPr></w:p>')
        )

    def write_figure(self, figure: Figure, *, relation: str, size: tuple[int, int], width_cm: float) -> str:
        """Return a picture across ``width_cm`` with its caption; ``size`` is pixels."""
        number = self.count("picture")
        across = round(width_cm * _EMU_PER_CM)
        down = round(across * size[1] / size[0])
        words = quoteattr(figure.caption)
        picture = (
            f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{across}" cy="{down}"/>'
            f'<wp:docPr id="{number}" name="图片 {number}" descr={words}/><wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr>'
            '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>'
            f'<pic:nvPicPr><pic:cNvPr id="{number}" name={quoteattr(figure.path.name)}/><pic:cNvPicPr/></pic:nvPicPr>'
            f'<pic:blipFill><a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
            f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{across}" cy="{down}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>'
        )
        paragraph = f'<w:p><w:pPr><w:pStyle w:val="{STYLES["图"].id}"/></w:pPr>{picture}</w:p>'
        return paragraph + self.write_caption("图", figure.caption)

    def write_contents(self, *, levels: int = 2) -> str:
        """Return the contents as a field whose entries are there already; pages are references of their own.

        LibreOffice works page references out when it opens the file, Word when it prints or is told to (F9).
        """
        chosen = [entry for entry in self.headings if entry[0] <= levels]
        code = f' TOC \\o "1-{levels}" \\h \\z \\u '
        start = f'{_char("begin")}<w:r><w:instrText xml:space="preserve">{escape(code)}</w:instrText></w:r>{_char("separate")}'
        lines = []
        for index, (level, text, mark) in enumerate(chosen):
            page = write_field(f" PAGEREF {mark} \\h ", _UNKNOWN_PAGE)
            entry = f'<w:hyperlink w:anchor="{mark}" w:history="1">{write_run(text)}<w:r><w:tab/></w:r>{page}</w:hyperlink>'
            before, after = start if index == 0 else "", _char("end") if index == len(chosen) - 1 else ""
            lines.append(
                f'<w:p><w:pPr><w:pStyle w:val="TOC{max(level, 1)}"/></w:pPr>{before}{entry}{after}</w:p>'
            )
        # The paragraph that ends the field may not end the section too: LibreOffice then loses every page number.
        return "".join(lines) + f'<w:p><w:pPr><w:pStyle w:val="{STYLES["表注"].id}"/></w:pPr></w:p>'


def write_notes(notes: list[str], label: str) -> Iterator[str]:
    """Yield the notes under a table, numbered where there are several."""
    several = len(notes) > 1
    for number, note in enumerate(notes, 1):
        head = f"{label}：" if number == 1 else "　　　　　"
        text = f"{head}{number}.{note}" if several else f"{head}{note}"
        yield f'<w:p><w:pPr><w:pStyle w:val="{STYLES["表注"].id}"/><w:spacing w:before="{40 if number == 1 else 0}" w:after="{160 if number == len(notes) else 0}"/></w:pPr>{write_run(text)}</w:p>'


def write_run(text: str, *, gap: bool = False, bold: bool = False) -> str:
    """Return a run; line breaks in the text become breaks."""
    look_ = ('<w:rStyle w:val="Gap"/>' if gap else "") + ("<w:b/><w:bCs/>" if bold else "")
    properties = f"<w:rPr>{look_}</w:rPr>" if look_ else ""
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    return f"<w:r>{properties}{lines}</w:r>"


def write_field(code: str, cached: str) -> str:
    """Return a field with what it showed last."""
    return (
        f'{_char("begin")}<w:r><w:instrText xml:space="preserve">{escape(code)}</w:instrText></w:r>{_char("separate")}'
        f"{write_run(cached)}{_char('end')}"
    )


def write_numeral(number: int) -> str:
    """Return 一 to 九十九 as headings are numbered."""
    tens, ones = divmod(number, 10)
    if not tens:
        return _NUMERALS[ones]
    return ("" if tens == 1 else _NUMERALS[tens]) + "十" + (_NUMERALS[ones] if ones else "")


def split_sections(blocks: Iterable[Block]) -> Iterator[tuple[bool, list[Block]]]:
    """Yield blocks that stand on the same kind of paper, with whether it lies across."""
    held: list[Block] = []
    across = False
    for block in blocks:
        wanted = isinstance(block, TableBlock) and block.landscape
        if wanted != across and held:
            yield across, held
            held = []
        across = wanted
        held.append(block)
    if held:
        yield across, held


def _char(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def _bookmark(number: int, name: str) -> str:
    return f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>'
