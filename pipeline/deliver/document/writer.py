"""Blocks into a docx by python-docx: parts, pictures, headers; the same blocks give the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from PIL import Image

from pipeline.deliver.document import look
from pipeline.deliver.document.blocks import Block, Figure, Heading, Paragraph, TableBlock
from pipeline.deliver.document.markup import Markup, split_sections, write_field, write_run
from pipeline.plan import Plan

_STAMP = (1980, 1, 1, 0, 0, 0)  # of every entry of the package: when it was made is no property of it
_DPI = 150
_CM_PER_INCH = 2.54
_QUALITY = 82
_HEADER_STYLE, _FOOTER_STYLE = look.STYLES["页眉"].id, look.STYLES["页脚"].id
# What XML does not allow, though a cell of the inputs may hold it.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAMESPACES = nsdecls("w", "r", "wp", "a", "pic")


@dataclass(frozen=True)
class Book:
    """A document before it is written.

    Attributes
    ----------
    title : in its properties and headers.
    front : cover and guide, without page numbers.
    blocks : the rest; its headings make the contents.
    contents : levels of headings in the contents.
    tips : source by key, shown where the pointer rests on a number.
    """

    title: str
    front: Sequence[Sequence[Block]]
    blocks: Sequence[Block]
    contents: int
    tips: Mapping[str, str]


def write_docx(path: Path, book: Book, plan: Plan, *, pictures: Mapping[Path, bytes]) -> None:
    """Write the document.

    Parameters
    ----------
    path : the file to make; its folder is created.
    plan : gives 编制单位 and 编制日期, which is the file's date.
    pictures : JPEG by the path of its sheet, from ``shrink_sheet``.
    """
    document = docx.Document()
    _set_parts(document)
    _set_properties(document, book.title, plan)
    markup = Markup(dict(book.tips))
    relations = {}
    sizes = {}
    for sheet, picture in pictures.items():
        relation, image = document.part.get_or_add_image(io.BytesIO(picture))
        relations[sheet], sizes[sheet] = relation, (image.px_width, image.px_height)

    def write(blocks: Sequence[Block], *, landscape: bool = False) -> str:
        return "".join(_write_block(block, markup, relations, sizes, landscape=landscape) for block in blocks)

    references = _add_headers(document, book.title)
    body = ""
    for blocks in book.front:
        body += _end_section(write(blocks), look.write_section())
    main = list(split_sections(book.blocks))
    written = [(across, write(blocks, landscape=across)) for across, blocks in main]
    if book.contents:
        title = (
            f'<w:p><w:pPr><w:pStyle w:val="{look.STYLES["目录题"].id}"/></w:pPr>{write_run("目　录")}</w:p>'
        )
        listed = title + markup.write_contents(levels=book.contents)
        body += _end_section(
            listed,
            look.write_section(
                references=references, numbering='<w:pgNumType w:fmt="upperRoman" w:start="1"/>'
            ),
        )
        references = ""
    last = ""
    for index, (across, text) in enumerate(written):
        numbering = '<w:pgNumType w:start="1"/>' if index == 0 else ""
        section = look.write_section(references=references, landscape=across, numbering=numbering)
        references = ""
        if index + 1 < len(written):
            body += _end_section(text, section)
        else:
            body, last = body + text, section
    _fill_body(document, body + last)
    _save(document, path)


def shrink_sheet(path: Path, width_cm: float) -> bytes:
    """Return a sheet as a JPEG ``width_cm`` wide at 150 dpi; decoded small, so that 17 megapixels cost little."""
    width = round(width_cm / _CM_PER_INCH * _DPI)
    with Image.open(path) as image:
        size = (width, round(width * image.height / image.width))
        image.draft("RGB", size)
        small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    held = io.BytesIO()
    small.save(held, "JPEG", quality=_QUALITY, optimize=True, dpi=(_DPI, _DPI))
    return held.getvalue()


def _write_block(
    block: Block,
    markup: Markup,
    relations: Mapping[Path, str],
    sizes: Mapping[Path, tuple[int, int]],
    *,
    landscape: bool,
) -> str:
    if isinstance(block, Heading):
        return markup.write_heading(block)
    if isinstance(block, Paragraph):
        return markup.write_paragraph(block)
    if isinstance(block, TableBlock):
        return markup.write_block_table(block, landscape=landscape)
    assert isinstance(block, Figure)
    width = look.figure_width_cm()
    return markup.write_figure(block, relation=relations[block.path], size=sizes[block.path], width_cm=width)


def _end_section(text: str, section: str) -> str:
    """Return text whose last paragraph carries the section; the schema puts it last in the paragraph's properties."""
    end = text.rindex("</w:p>")
    start = max(text.rfind("<w:p>", 0, end), text.rfind("<w:p ", 0, end))
    place = text.index("</w:pPr>", start) if "</w:pPr>" in text[start:end] else -1
    if place < 0:
        opened = text.index(">", start) + 1
        return f"{text[:opened]}<w:pPr>{section}</w:pPr>{text[opened:]}"
    return text[:place] + section + text[place:]


def _set_parts(document: Document) -> None:
    """Put our styles, numbering, fonts and settings in the place of the template's, and drop its thumbnail."""
    part = document.part
    _replace(document.styles.element, look.write_styles())
    _replace(part.numbering_part.element, look.write_numbering())
    _replace(document.settings.element, look.write_settings())
    for relation in part.rels.values():
        if relation.reltype == RT.FONT_TABLE:
            relation.target_part._blob = look.write_font_table().encode()
    for owner, unwanted in ((part.package, ("/thumbnail",)), (part, ("/stylesWithEffects", "/customXml"))):
        for key, relation in list(owner.rels.items()):
            if relation.reltype.endswith(unwanted):
                del owner.rels[key]


def _replace(element: object, xml: str) -> None:
    fresh = parse_xml(xml)
    element[:] = []  # type: ignore[index]
    for child in list(fresh):
        element.append(child)  # type: ignore[attr-defined]


def _set_properties(document: Document, title: str, plan: Plan) -> None:
    properties = document.core_properties
    moment = datetime.combine(plan.plan.compiled, time())
    properties.title = title
    properties.author = properties.last_modified_by = plan.plan.compiler
    properties.created = properties.modified = moment
    properties.revision = 1
    properties.comments = properties.keywords = properties.subject = ""
    properties.language = "zh-CN"


def _add_headers(document: Document, title: str) -> str:
    """Add headers and footers of odd and even pages; return their references."""
    section = document.sections[0]
    dash = '<w:r><w:t xml:space="preserve">{}</w:t></w:r>'
    page = dash.format("— ") + write_field(" PAGE ", "1") + dash.format(" —")
    names = write_run(title)
    # Both stand at the outer edge; alignment, unlike a tab, holds on upright and turned pages alike.
    for part, style, text, align in (
        (section.header, _HEADER_STYLE, names, "right"),
        (section.even_page_header, _HEADER_STYLE, names, "left"),
        (section.footer, _FOOTER_STYLE, page, "right"),
        (section.even_page_footer, _FOOTER_STYLE, page, "left"),
    ):
        part.is_linked_to_previous = False
        element = part._element
        element[:] = []
        element.append(
            parse_xml(
                f'<w:p {_NAMESPACES}><w:pPr><w:pStyle w:val="{style}"/><w:jc w:val="{align}"/></w:pPr>{text}</w:p>'
            )
        )
    found = section._sectPr.findall(f"{{{look.NAMESPACE}}}headerReference")
    found += section._sectPr.findall(f"{{{look.NAMESPACE}}}footerReference")
    return "".join(
        f'<w:{each.tag.rpartition("}")[2]} w:type="{_type_of(each)}" r:id="{each.rId}"/>' for each in found
    )


def _type_of(reference: object) -> str:
    return str(reference.get(f"{{{look.NAMESPACE}}}type"))  # type: ignore[attr-defined]


def _fill_body(document: Document, xml: str) -> None:
    body = document.element.body
    body[:] = []
    xml = _FORBIDDEN.sub("", xml)
    for child in list(parse_xml(f"<w:body {_NAMESPACES}>{xml}</w:body>")):
        body.append(child)


def _save(document: Document, path: Path) -> None:
    """Save the package with fixed times; python-docx stamps each entry with the clock."""
    held = io.BytesIO()
    document.save(held)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(held) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            stored = name.endswith((".jpg", ".jpeg"))
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            entry.create_system = 0
            target.writestr(entry, source.read(name))
