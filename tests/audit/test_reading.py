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
