"""The documents read back by python-docx: numbers out of the workbooks' cells, fields, fonts, paper, whole packages."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree as ET

import docx
import pytest
from docx.oxml.ns import qn
from PIL import Image

from layers.faults import FaultLog
from pipeline.deliver.document import ANNEX, TEXT, write_documents
from pipeline.deliver.document.look import TWIPS_PER_CM, text_width_cm
from pipeline.deliver.document.outline import read_outline
from pipeline.deliver.document.sources import compute_number, is_same, read_numbers
from pipeline.deliver.handin import place_frames
from pipeline.deliver.items import Absent, Item
from pipeline.deliver.tables import deliver_tables
from tests.deliver.test_own_templates import PLAIN, make_template

LANDSCAPE, UPRIGHT = (16840, 11907), (11907, 16840)


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sheet") / "1-01_更新范围图.jpg"
    Image.effect_noise((1654, 1169), 60).convert("RGB").save(path, dpi=(100, 100))
    return path


@pytest.fixture
def tables(frames, plan, tmp_path) -> list[Any]:
    """The tables of the small plan, written under the test's folder."""
    return deliver_tables(place_frames(frames, plan), plan, tmp_path, FaultLog())[1]


def write(tables, plan, root: Path, picture: Path) -> list[Item]:
    """Write both documents with one sheet drawn and one that is not."""
    sheet = root / "图件/JPG" / picture.name
    sheet.parent.mkdir(parents=True, exist_ok=True)
    sheet.write_bytes(picture.read_bytes())
    made = [
        Item(f"图件/JPG/{picture.name}", "图件", "更新范围图", "test", number="1-01", note="1:2000"),
        Absent("图件", "资源策划图", "没有可创新的空间资源", number="3-01"),
        Item("附件/体检报告/报告.docx", "附件", "专项体检报告", "test"),
    ]
    return list(write_documents(tables, plan, root, made=made))


_ONCE: dict[str, Path] = {}


@pytest.fixture
def written(frames, plan, picture, tmp_path_factory) -> Path:
    """A folder with the small plan's tables and documents, made once; tests only read it."""
    if not _ONCE:
        root = tmp_path_factory.mktemp("written")
        write(deliver_tables(place_frames(frames, plan), plan, root, FaultLog())[1], plan, root, picture)
        _ONCE["root"] = root
    return _ONCE["root"]


@pytest.fixture(params=[TEXT, ANNEX])
def document(request, written) -> Any:
    return docx.Document(str(written / f"文本/{request.param}.docx"))


def texts(path: Path, *styles: str) -> list[str]:
    return [p.text for p in docx.Document(str(path)).paragraphs if p.style.style_id in styles]


def test_every_number_of_the_text_is_its_cell(written) -> None:
    numbers = read_numbers(written / f"文本/{TEXT}.docx")
    grids: dict[str, Any] = {}
    computed = [(number, compute_number(number, written, grids=grids)) for number in numbers]
    assert [n for n, value in computed if value is not None and not is_same(n.stated, value)] == []
    assert len({number.file for number in numbers}) > 5
    # A text with a part set apart is linked in pieces; a number never is.
    assert [n for n in numbers if n.text != n.stated and n.text not in n.stated] == []
    settings = {number.formula: number.text for number in numbers if not number.file}
    assert settings["plan.data_year"] == "2025" and settings["deviation_percent"] == "20"


def test_numbers_follow_a_table_into_the_users_own_form(frames, plan, tmp_path) -> None:
    template = make_template(tmp_path / "t.xlsx", PLAIN, body=2, after=[["合计"], ["填表说明：本局说明"]])
    plan = plan.model_copy(update={"hand": plan.hand.model_copy(update={"templates": {"表2": template}})})
    tables = deliver_tables(place_frames(frames, plan), plan, tmp_path, FaultLog())[1]
    write_documents(tables, plan, tmp_path, made=[])
    numbers = [n for n in read_numbers(tmp_path / f"文本/{TEXT}.docx") if n.sheet == "表2"]
    # The sum of 项目总投资 is in the third column there, and the built-in form's ninth.
    assert "C6" in {number.formula for number in numbers}
    assert [n for n in numbers if not is_same(n.stated, compute_number(n, tmp_path) or "")] == []
    assert len(numbers) > 3


def test_no_digit_of_a_sentence_is_without_a_source(written) -> None:
    body = docx.Document(str(written / f"文本/{TEXT}.docx")).element.body
    clause = re.compile(r"指南[\d.]+(?:（\d）)?|60岁及以上|0-3岁|3-6岁")
    bare = []
    for paragraph in body.iterchildren(qn("w:p")):
        style = (
            paragraph.pPr.pStyle.val if paragraph.pPr is not None and paragraph.pPr.pStyle is not None else ""
        )
        if style == "BodyText":
            plain = "".join(
                t.text or ""
                for run in paragraph.iterchildren(qn("w:r"))
                if run.find(f"{qn('w:rPr')}/{qn('w:rStyle')}") is None
                for t in run.iter(qn("w:t"))
            )
            bare += [plain] if re.search(r"\d", clause.sub("", plain)) else []
    assert bare == []


def test_the_outline_stands_whatever_is_missing(tables, plan, tmp_path) -> None:
    """Without needs, resources, projects or anything at all each 章 and 节 is there, and says what is lacking."""
    titles = [s.title for chapter in read_outline().chapters for s in chapter.sections]
    for kept in (tables, [t for t in tables if t[0].key in ("coverage", "network")], []):
        root = tmp_path / str(len(kept))
        root.mkdir()
        assert len(write_documents(kept, plan, root, made=[])) == 2
        document = docx.Document(str(root / f"文本/{TEXT}.docx"))
        assert [p.text for p in document.paragraphs if p.style.style_id == "Heading2"] == titles
        assert "{" not in "".join(p.text for p in document.paragraphs)
        gaps = [p.text for p in document.paragraphs if "〔待填：" in p.text]
        assert all(text.count("〔") == text.count("〕") for text in gaps)
        assert len(gaps) > (15 if kept is tables else 25)
        # No section is empty.
        styles = [p.style.style_id for p in document.paragraphs if p.text]
        assert ("Heading2", "Heading2") not in set(pairwise(styles))
        read_numbers(root / f"文本/{TEXT}.docx")


def test_what_was_not_written_is_listed(written) -> None:
    path = written / f"文本/{TEXT}.docx"
    table = docx.Document(str(path)).tables[-1]
    reasons = [row.cells[1].text for row in table.rows[1:]]
    assert "图 3-01 没有绘制：没有可创新的空间资源" in reasons
    assert any(reason.startswith("没有附表3-27") for reason in reasons)


def test_gaps_are_marked_by_a_style(written) -> None:
    body = docx.Document(str(written / f"文本/{TEXT}.docx")).element.body
    runs = [
        run
        for run in body.iter(qn("w:r"))
        if "〔待填：" in "".join(t.text or "" for t in run.iter(qn("w:t")))
    ]
    marked = [run for run in runs if run.find(f"{qn('w:rPr')}/{qn('w:rStyle')}") is not None]
    # The guide on the second page names the marks without being one.
    assert len(runs) - len(marked) == 1 and len(marked) > 10


def test_the_two_statutory_tables_are_in_the_text_across_the_paper(written) -> None:
    document = docx.Document(str(written / f"文本/{TEXT}.docx"))
    captions = texts(written / f"文本/{TEXT}.docx", "Caption")
    assert any("资源清单一览表（附表1）" in text for text in captions)
    assert any("项目清单一览表（附表2）" in text for text in captions)
    sizes = [(s.page_width.twips, s.page_height.twips) for s in document.sections]
    assert LANDSCAPE in sizes and UPRIGHT in sizes and set(sizes) == {LANDSCAPE, UPRIGHT}


def test_annex_tables_are_the_workbooks_cell_by_cell(tables, written) -> None:
    document = docx.Document(str(written / f"文本/{ANNEX}.docx"))
    titles = texts(written / f"文本/{ANNEX}.docx", "AnnexTitle")
    assert len(document.tables) == len(titles) == len(tables)
    for table, title, (_, content) in zip(document.tables, titles, tables, strict=True):
        assert title == f"附{content.number}　{content.title}".replace("附附", "附")
        rows = [list(tr.iterchildren(qn("w:tc"))) for tr in table._tbl.iterchildren(qn("w:tr"))]
        body = rows[content.depth : content.depth + len(content.rows)]
        for cells, expected in zip(body, content.rows, strict=True):
            shown = ["".join(t.text or "" for t in tc.iter(qn("w:t"))) for tc in cells]
            for text, cell, leaf in zip(shown, expected, content.leaves, strict=True):
                if isinstance(cell.value, int | float):
                    number = re.sub(r"[,%㎡]|（待核）", "", text)
                    assert float(number) == pytest.approx(
                        cell.value, abs=0.5 if leaf.field.endswith("_m") else 0.06
                    )
                elif not leaf.merge:
                    assert text == str(cell.value or "").replace("\n", "")


def test_header_rows_repeat_and_no_row_breaks(document) -> None:
    for table in document.tables:
        rows = list(table._tbl.iterchildren(qn("w:tr")))
        heads = [row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in rows]
        assert heads[0] and heads == sorted(heads, reverse=True)
        assert all(row.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None for row in rows)
        width = sum(int(column.get(qn("w:w"))) for column in table._tbl.tblGrid)
        assert width in [round(text_width_cm(landscape=across) * TWIPS_PER_CM) for across in (False, True)]


def test_every_style_names_its_east_asian_font(document) -> None:
    styles = document.styles.element
    fonts = [
        style.find(f"{qn('w:rPr')}/{qn('w:rFonts')}") for style in styles.iterchildren(qn("w:style"))
    ] + [styles.find(f"{qn('w:docDefaults')}//{qn('w:rFonts')}")]
    assert len(fonts) > 20
    assert {font.get(qn("w:eastAsia")) for font in fonts} == {"宋体", "黑体", "仿宋", "楷体"}
    used = {p.pStyle.val for p in document.element.body.iter(qn("w:pPr")) if p.pStyle is not None}
    assert used <= {style.get(qn("w:styleId")) for style in styles.iterchildren(qn("w:style"))}
    assert all(p.pPr is not None and p.pPr.pStyle is not None for p in document.element.body.iter(qn("w:p")))


def test_paper_margins_and_page_numbers_are_for_both_sides(document) -> None:
    settings = document.settings.element
    assert settings.find(qn("w:mirrorMargins")) is not None
    assert settings.find(qn("w:evenAndOddHeaders")) is not None
    assert settings.find(qn("w:updateFields")) is None  # it would ask the reader first
    numbered = next(s for s in document.sections if not s.footer.is_linked_to_previous)
    for part, align in ((numbered.footer, "right"), (numbered.even_page_footer, "left")):
        assert " PAGE " in [t.text for t in part._element.iter(qn("w:instrText"))]
        assert part.paragraphs[0]._p.pPr.jc.get(qn("w:val")) == align
    assert numbered.header.paragraphs[0].text == numbered.even_page_header.paragraphs[0].text != ""
    assert document.sections[0].footer.is_linked_to_previous  # the cover has none
    assert all(
        section.left_margin > section.right_margin
        for section in document.sections
        if section.page_height > section.page_width
    )


def test_captions_are_numbered_fields_and_headings_by_numbering(written) -> None:
    document = docx.Document(str(written / f"文本/{TEXT}.docx"))
    for kind, style in (("表", "Caption"), ("图", "FigureCaption")):
        captions = [p for p in document.paragraphs if p.style.style_id == style]
        assert captions
        for number, paragraph in enumerate(captions, 1):
            assert [t.text for t in paragraph._p.iter(qn("w:instrText"))] == [f" SEQ {kind} \\* ARABIC "]
            assert paragraph.text.startswith(f"{kind} {number}　")
    numbering = document.part.numbering_part.element
    assert [level.get(qn("w:val")) for level in numbering.iter(qn("w:lvlText"))] == [
        "第%1章",
        "第%2节",
        "%3、",
    ]
    assert {n.get(qn("w:val")) for n in numbering.iter(qn("w:numFmt"))} == {"chineseCountingThousand"}


def test_contents_list_the_headings_and_lead_to_them(document) -> None:
    body = document.element.body
    entries = [p for p in document.paragraphs if p.style.style_id in ("TOC1", "TOC2")]
    bare = [p.text.rpartition("\t")[0] for p in entries]
    heads = [
        p.text
        for p in document.paragraphs
        if p.style.style_id in ("Heading1", "Heading2", "AppendixTitle", "AnnexTitle")
    ]
    assert [re.sub(r"^第.+?[章节] ", "", text) for text in bare] == heads
    codes = [t.text for t in body.iter(qn("w:instrText"))]
    assert sum(code.startswith(" TOC ") for code in codes) == 1
    begins = [c.get(qn("w:fldCharType")) for c in body.iter(qn("w:fldChar"))]
    assert begins.count("begin") == begins.count("separate") == begins.count("end")
    marks = [b.get(qn("w:name")) for b in body.iter(qn("w:bookmarkStart"))]
    ids = [b.get(qn("w:id")) for b in body.iter(qn("w:bookmarkStart"))]
    assert len(marks) == len(set(marks)) and len(ids) == len(set(ids))
    assert sorted(ids) == sorted(b.get(qn("w:id")) for b in body.iter(qn("w:bookmarkEnd")))
    assert {h.get(qn("w:anchor")) for h in body.iter(qn("w:hyperlink"))} <= set(marks)
    assert {code.split()[1] for code in codes if code.startswith(" PAGEREF ")} <= set(marks)


def test_the_figure_is_small_and_keeps_its_shape(written, picture) -> None:
    document = docx.Document(str(written / f"文本/{TEXT}.docx"))
    (shape,) = document.inline_shapes
    assert shape.width.cm == pytest.approx(14.4, abs=0.01)
    assert shape.width / shape.height == pytest.approx(1654 / 1169, rel=0.01)
    (image,) = [part for part in document.part.package.iter_parts() if part.partname.endswith(".jpg")]
    assert image.image.px_width == round(14.4 / 2.54 * 150)


def test_the_package_is_whole(written) -> None:
    """Every part is typed, every relation leads somewhere, every part is well-formed: nothing to repair."""
    for name in (TEXT, ANNEX):
        with zipfile.ZipFile(written / f"文本/{name}.docx") as package:
            names = set(package.namelist())
            assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            types = ET.fromstring(package.read("[Content_Types].xml"))
            typed = {e.get("PartName", "").lstrip("/") for e in types} - {""}
            suffixes = {e.get("Extension") for e in types} - {None}
            assert typed <= names
            parts = names - {"[Content_Types].xml"}
            assert [p for p in parts if p not in typed and p.rpartition(".")[2] not in suffixes] == []
            for part in parts:
                if part.endswith((".xml", ".rels")):
                    ET.fromstring(package.read(part))
            for part in parts:
                if part.endswith(".rels"):
                    base = PurePosixPath(part).parent.parent
                    for relation in ET.fromstring(package.read(part)):
                        target = relation.get("Target", "")
                        place = target.lstrip("/") if target.startswith("/") else str(base / target)
                        assert place in names, f"{part}: {target}"
            used = set(re.findall(rb'r:(?:embed|id)="(rId\d+)"', package.read("word/document.xml")))
            known = {
                r.get("Id", "").encode() for r in ET.fromstring(package.read("word/_rels/document.xml.rels"))
            }
            assert used <= known
            assert b"rsid" not in package.read("word/document.xml")


def test_the_same_plan_gives_the_same_bytes(tables, plan, tmp_path, picture) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    items = [write(tables, plan, root, picture) for root in (one, two)]
    assert items[0] == items[1]
    for item in items[0]:
        assert (one / item.path).read_bytes() == (two / item.path).read_bytes()
    properties = docx.Document(str(one / items[0][0].path)).core_properties
    assert properties.created.isoformat() == "2026-03-05T00:00:00+00:00" == properties.modified.isoformat()
    assert properties.author == plan.plan.compiler


def test_texts_of_the_inputs_do_no_harm(tables, plan, tmp_path) -> None:
    """Markup, control characters and quotation marks in a cell come out as they are, or not at all."""
    index, (table, content) = next((i, t) for i, t in enumerate(tables) if t[0].key == "needs")
    at = next(c for c, leaf in enumerate(content.leaves) if leaf.field == "Need.description")
    rows = [list(cells) for cells in content.rows]
    rows[0][at] = rows[0][at]._replace(value='<w:p>"甲"&乙\x01\x0b{needs}1')
    tables[index] = table, replace(content, rows=rows)
    write_documents(tables, plan, tmp_path, made=[])
    assert '<w:p>"甲"&乙{needs}1' in "".join(texts(tmp_path / f"文本/{TEXT}.docx", "BodyText"))
    cells = [c.text for t in docx.Document(str(tmp_path / f"文本/{ANNEX}.docx")).tables for c in t._cells]
    assert '<w:p>"甲"&乙{needs}1' in cells


def test_numbers_without_a_source_are_refused(written, tmp_path) -> None:
    path = tmp_path / "edited.docx"
    with zipfile.ZipFile(written / f"文本/{TEXT}.docx") as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'w:name="src_S001"', b'w:name="other"'))
    with pytest.raises(ValueError, match="no source S001"):
        read_numbers(path)
    path.write_bytes(b"not a package")
    with pytest.raises(ValueError, match="is no docx"):
        read_numbers(path)
