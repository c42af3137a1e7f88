"""Delivered files read back by the audit: what is damaged is told, whatever the damage is, and never a crash."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from pipeline.audit.docx import read_document
from pipeline.audit.findings import UnreadableError
from pipeline.audit.grid import read_book
from pipeline.audit.opening import NotHandInError, open_handin


def spoil(path: Path, member: str) -> None:
    """Put bytes that deflate does not know where a member's data begin."""
    with zipfile.ZipFile(path) as parts:
        entry = parts.getinfo(member)
    content = bytearray(path.read_bytes())
    start = entry.header_offset + 30 + len(entry.filename.encode())
    content[start] = 0xFF
    path.write_bytes(content)


def test_a_workbook_with_a_spoiled_stream_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    for row in range(50):
        book.active.append([f"文字{row}", row])
    book.save(path)
    spoil(path, "xl/worksheets/sheet1.xml")
    with pytest.raises(UnreadableError, match="已损坏"):
        read_book(path, path.name)


def test_a_document_with_a_spoiled_stream_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("word/document.xml", "<document>" + "文字" * 500 + "</document>")
    spoil(path, "word/document.xml")
    with pytest.raises(UnreadableError, match="已损坏"):
        read_document(path, path.name)


def test_a_zip_with_a_spoiled_stream_is_no_hand_in(tmp_path: Path) -> None:
    path = tmp_path / "成果.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("manifest.json", "{}" * 500)
    spoil(path, "manifest.json")
    with pytest.raises(NotHandInError, match="不能解压"), open_handin(path):
        pass


def test_a_zip_that_would_fill_the_disk_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "成果.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("manifest.json", "{}" * 500)
        parts.writestr("数据库/大.bin", bytes(5_000_000))
    monkeypatch.setattr("pipeline.audit.opening._MOST_BYTES", 4_000_000)
    with pytest.raises(NotHandInError, match=r"2 个文件.*不像一套成果"), open_handin(path):
        pass


def test_outline_levels_and_sizes_that_are_no_numbers_are_none(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = (
        f'<w:document {space}><w:body><w:p><w:pPr><w:outlineLvl w:val="一"/></w:pPr><w:r><w:t>甲</w:t></w:r></w:p>'
        '<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>乙</w:t></w:r></w:p>'
        '<w:sectPr><w:pgSz w:w="宽" w:h="16838"/></w:sectPr></w:body></w:document>'
    )
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("word/document.xml", body)
    found = read_document(path, path.name)
    assert found.headings == [(2, "乙")]
    assert [(width, round(height)) for width, height in found.pages] == [(0.0, 297)]
