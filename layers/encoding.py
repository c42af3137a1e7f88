"""Which encoding a file's text is in, decided by evidence and not by what the file claims."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace
from typing import IO

import numpy as np

from layers.evidence import SIGNS, common_share, count_cells, read_both, try_decode

# Language driver bytes of a DBF header (dBASE and ESRI lists).
_LANGUAGE_BYTES = {
    0x4D: "GB18030",
    0x7A: "GB18030",
    0x03: "cp1252",
    0x57: "cp1252",
    0x58: "cp1252",
    0x59: "cp1252",
    0x01: "cp437",
    0x02: "cp850",
    0x13: "cp932",
    0x7B: "cp932",
    0x4E: "cp949",
    0x79: "cp949",
    0x4F: "cp950",
    0x78: "cp950",
    0xC8: "cp1250",
    0xC9: "cp1251",
}
_ALIASES = {"gbk": "GB18030", "gb2312": "GB18030", "cp936": "GB18030", "936": "GB18030", "gb18030": "GB18030"}
_MARKS = {  # byte order marks; the longer ones first, UTF-32 begins like UTF-16
    codecs.BOM_UTF32_LE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF32_BE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF8: ("utf-8-sig", "UTF-8"),
    b"\x84\x31\x95\x33": ("GB18030", "GB18030"),
    codecs.BOM_UTF16_LE: ("utf-16", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "UTF-16"),
}
_SAMPLE_BYTES = 4_000_000
# Bytes that part fields of a table; none of them occurs inside a GB18030 or UTF-8 character.
_FIELDS = re.compile(rb"([,;\t\r\n\"]+)")


@dataclass(frozen=True)
class Verdict:
    """The encoding of a file's text and why.

    Attributes
    ----------
    encoding : codec name to decode with: ``UTF-8``, ``GB18030``, ``UTF-16`` or a declared one.
    claim : what .cpg or the language byte says, empty when nothing is said.
    evidence : one Chinese sentence.
    sure : whether bytes prove it; False when both readings are possible or none is.
    conflict : whether the claim contradicts the bytes.
    cut : number of distinct cells whose last character was cut in two by the field width.
    mixed : whether some cells are UTF-8 and others GB18030; each is then read for itself.
    lines : of a text file in two encodings, the numbers of lines in the rarer one, from 1.
    """

    encoding: str
    claim: str
    evidence: str
    sure: bool = True
    conflict: bool = False
    cut: int = 0
    mixed: bool = False
    lines: tuple[int, ...] = ()


def normalise_name(name: str) -> str | None:
    """Return the codec name for what a .cpg, a config or a person calls an encoding; None if unknown."""
    plain = name.strip().strip("\x00\ufeff").lower().replace("_", "-")
    if plain in _ALIASES:
        return _ALIASES[plain]
    if plain in {"65001", "utf8", "utf-8", "utf-8-sig"}:
        return "UTF-8"
    try:
        return codecs.lookup(plain).name
    except (LookupError, ValueError):
        return None


def judge_cells(cells: list[bytes], *, claim: str = "") -> Verdict:
    """Judge cells of text, each decoded for itself because a field width may cut its last character.

    Parameters
    ----------
    cells : raw cells without padding; only those with a byte above 0x7F matter.
    claim : codec name the file claims, empty for none.
    """
    cells = sorted({cell for cell in cells if not cell.isascii()})
    if not cells:
        return Verdict(claim or "UTF-8", claim, "文字全部为 ASCII，任何编码读法相同")
    count = count_cells(cells)
    n = count.cells
    utf8_wrong = n - count.utf8 - count.utf8_cut
    gb_wrong = n - count.gb - count.gb_cut
    # A few characters of GB18030 pair up to what UTF-8 reads as Greek, Cyrillic or accented letters; text
    # that is Chinese in the one reading and has no Chinese character in the other is Chinese. Signs such
    # as the 2 of m² stand alone in ASCII text and are UTF-8.
    other = not count.plausible or (count.only_gb > 0 and not count.only_utf8)
    foreign = gb_wrong == 0 and claim != "UTF-8" and other
    if utf8_wrong == 0 and not foreign and count.utf8_cut <= 0.5 * n:
        share = common_share("".join(cell.decode("gb18030", errors="ignore") for cell in cells))
        sure = gb_wrong > 0 or n >= 3 or share < 0.6
        conflict = bool(claim) and claim != "UTF-8"
        evidence = f"{n} 种含中文的文字全部符合 UTF-8 规则"
        return Verdict("UTF-8", claim, evidence, sure, conflict, cut=count.utf8_cut)
    if count.only_utf8 and count.only_gb:
        most = "UTF-8" if count.only_utf8 >= count.only_gb else "GB18030"
        evidence = (
            f"{n} 种含中文的文字中 {count.only_utf8} 种只能是 UTF-8，{count.only_gb} 种只能是 GB18030，"
            "文件由两种编码拼成"
        )
        return Verdict(most, claim, evidence, sure=count.neither == 0, mixed=True)
    if gb_wrong == 0:
        share = common_share("".join(cell.decode("gb18030", errors="ignore") for cell in cells))
        evidence = (
            f"{n} 种含中文的文字中 {n - count.utf8} 种不合 UTF-8、全部符合 GB18030，常用字占 {share:.0%}"
        )
        declared = claim if claim and claim not in {"UTF-8", "GB18030"} else ""
        if declared and (share < 0.5 or _traditional_share(cells, declared) > share):
            return Verdict(declared, claim, evidence + f"；按声明的 {declared} 读取", sure=False)
        conflict = bool(claim) and claim != "GB18030"
        return Verdict("GB18030", claim, evidence, share >= 0.5, conflict, cut=count.gb_cut)
    best, wrong = ("UTF-8", utf8_wrong) if utf8_wrong <= gb_wrong else ("GB18030", gb_wrong)
    evidence = f"{n} 种含中文的文字中 {wrong} 种既不合 UTF-8 也不合 GB18030"
    return Verdict(claim or best, claim, evidence, sure=False)


def _traditional_share(cells: list[bytes], declared: str) -> float:
    """Share of characters that are everyday ones in Big5 (its first level), where that is what is declared."""
    texts = [try_decode(cell, declared) for cell in cells] if declared == "cp950" else [None]
    if any(text is None for text in texts):
        return 0.0
    wide = [raw for text in texts for char in text or "" if len(raw := char.encode(declared)) == 2]
    return sum(0xA4 <= raw[0] <= 0xC6 for raw in wide) / len(wide) if wide else 0.0


def judge_text(data: bytes) -> Verdict:
    """Judge a whole text file (csv)."""
    for mark, (codec, name) in _MARKS.items():
        if data.startswith(mark) and try_decode(data[: _SAMPLE_BYTES // 4 * 4], codec) is not None:
            return Verdict(codec, name, f"文件以 {name} 标记（BOM）开头")
    sample = data[:_SAMPLE_BYTES]
    if b"\x00" in sample and (double := _judge_wide(sample)) is not None:
        return double
    lines = sample.splitlines()
    # A sample may end inside a character, a file may not.
    lines = lines[:-1] if len(sample) < len(data) else lines
    wide = [line for line in lines if not line.isascii()]
    if try_decode(b"\n".join(wide), "utf-8") is not None:
        return judge_cells(wide)
    verdict = judge_cells([field for line in wide for field in _FIELDS.split(line)])
    if not verdict.mixed:
        return verdict
    rarer = "GB18030" if verdict.encoding == "UTF-8" else "UTF-8"
    odd = [
        at
        for at, line in enumerate(lines, start=1)
        if not line.isascii() and any(read_both(field).only == rarer for field in _FIELDS.split(line))
    ]
    return replace(verdict, lines=tuple(odd))


def _judge_wide(sample: bytes) -> Verdict | None:
    """Judge text of two bytes a character that lacks its mark; None where it is no such text."""
    even = sample[: len(sample) // 2 * 2]
    for codec in ("utf-16-le", "utf-16-be"):
        text = try_decode(even, codec)
        if text and all(" " <= c < "\x7f" or c in "\r\n\t" or c in SIGNS or c >= "\u2e80" for c in text):
            return Verdict(codec, "", f"没有 BOM，每个字符两字节，符合 {codec.upper()}")
    return None


def decode_text(data: bytes, verdict: Verdict) -> str:
    """Decode a text file as judged; of a file in two encodings every field by its own bytes."""
    if not verdict.mixed:
        codec = "utf-8-sig" if verdict.encoding == "UTF-8" else verdict.encoding
        return data.decode(codec, errors="replace").removeprefix("\ufeff")
    return "".join(
        part.decode("ascii") if part.isascii() else decode_cell(part, verdict)
        for part in _FIELDS.split(data.removeprefix(codecs.BOM_UTF8))
    )


def _dbf_cells(file: IO[bytes]) -> tuple[list[bytes], int]:
    """Read the distinct text cells and field names of a DBF, and its language byte.

    Raises
    ------
    ValueError
        If the header is not one of a DBF.
    """
    head = file.read(32)
    if len(head) < 32:
        raise ValueError("dbf 文件头不完整")
    count = int.from_bytes(head[4:8], "little")
    header = int.from_bytes(head[8:10], "little")
    record = int.from_bytes(head[10:12], "little")
    if header < 33 or record < 1:
        raise ValueError("dbf 文件头有误")
    fields = file.read(header - 32)
    body = file.read(min(count * record, _SAMPLE_BYTES))
    cells: list[bytes] = []
    rows = len(body) // record
    table = np.frombuffer(body[: rows * record], dtype=np.uint8).reshape(rows, record)
    start = 1
    for at in range(0, len(fields) - 31, 32):
        name, kind, width = fields[at : at + 11], fields[at + 11 : at + 12], fields[at + 16]
        if name[:1] == b"\r":
            break
        cells.append(name.split(b"\x00")[0])
        if kind == b"C" and start + width <= record and rows:
            column = np.ascontiguousarray(table[:, start : start + width])
            with_text = column[(column > 0x7F).any(axis=1)]
            found: list[bytes] = (
                np.unique(with_text.view(f"S{width}").ravel()).tolist() if len(with_text) else []
            )
            cells.extend(cell.rstrip(b" \x00") for cell in found)
        start += width
    return cells, head[29]


def judge_dbf(dbf: IO[bytes], *, cpg: bytes | None = None) -> Verdict:
    """Judge the attribute table of a shapefile: .cpg, language byte and the bytes themselves.

    Parameters
    ----------
    dbf : the open table.
    cpg : content of the .cpg beside it, None when there is none.

    Raises
    ------
    ValueError
        If the file is no DBF.
    """
    cells, language = _dbf_cells(dbf)
    claim = _LANGUAGE_BYTES.get(language, "")
    stated = cpg.decode("ascii", errors="replace").strip("\x00\ufeff \r\n\t")[:20] if cpg is not None else ""
    if stated and normalise_name(stated) is None:
        verdict = judge_cells(cells)
        return replace(verdict, claim=stated, conflict=not all(cell.isascii() for cell in cells))
    return judge_cells(cells, claim=(normalise_name(stated) or claim) if stated else claim)


def choose_codec(cell: bytes, verdict: Verdict) -> str:
    """Return the codec one cell is in: the file's, or in a file of two encodings the cell's own."""
    only = read_both(cell).only if verdict.mixed and not cell.isascii() else ""
    return only or verdict.encoding


def decode_cell(cell: bytes, encoding: str | Verdict) -> str:
    """Decode one cell; a last character cut in two is left out, other broken bytes show as U+FFFD."""
    if isinstance(encoding, Verdict):
        encoding = choose_codec(cell, encoding)
    try:
        return cell.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start > 0 and len(cell) - error.start < 4:
            try:
                return cell[: error.start].decode(encoding)
            except UnicodeDecodeError:
                pass
        return cell.decode(encoding, errors="replace")
