"""Which encoding a file's text is in, decided by evidence and not by what the file claims."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Language driver bytes of a DBF header (dBASE and ESRI lists) that occur with Chinese data.
_LANGUAGE_BYTES = {
    0x4D: "GB18030",
    0x7A: "GB18030",
    0x03: "cp1252",
    0x57: "cp1252",
    0x4E: "cp949",
    0x4F: "cp950",
}
_ALIASES = {"gbk": "GB18030", "gb2312": "GB18030", "cp936": "GB18030", "936": "GB18030", "gb18030": "GB18030"}
_SAMPLE_BYTES = 4_000_000
# Characters of the first level of GB 2312, by use: what real Chinese attribute text is made of.
_COMMON = (0xB0A1, 0xD7FA)
_SIGNS = frozenset("²³°±×÷·µ√≈≤≥—…‰Φ")


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
    cut : number of cells whose last character was cut in two by the field width.
    """

    encoding: str
    claim: str
    evidence: str
    sure: bool = True
    conflict: bool = False
    cut: int = 0


def normalise_name(name: str) -> str | None:
    """Return the codec name for what a .cpg, a config or a person calls an encoding; None if unknown."""
    plain = name.strip().strip("\x00").lower().replace("_", "-")
    if plain in _ALIASES:
        return _ALIASES[plain]
    if plain in {"65001", "utf8", "utf-8", "utf-8-sig"}:
        return "UTF-8"
    try:
        return codecs.lookup(plain).name
    except LookupError:
        return None


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _common_share(cells: list[bytes]) -> float:
    """Share of byte pairs that are everyday GB 2312 characters (level one), 0 to 1."""
    pairs = [cell for cell in cells if len(cell) >= 2]
    total = common = 0
    for cell in pairs:
        for char in cell.decode("gb18030", errors="ignore"):
            if char < "\x80":
                continue
            total += 1
            raw = char.encode("gb18030")
            common += len(raw) == 2 and _COMMON[0] <= int.from_bytes(raw, "big") <= _COMMON[1]
    return common / total if total else 0.0


def judge_cells(cells: list[bytes], *, claim: str = "") -> Verdict:
    """Judge cells of text, each decoded for itself because a field width may cut its last character.

    Parameters
    ----------
    cells : raw cells without padding; only those with a byte above 0x7F matter.
    claim : codec name the file claims, empty for none.
    """
    cells = [cell for cell in cells if not cell.isascii()]
    if not cells:
        return Verdict(claim or "UTF-8", claim, "文字全部为 ASCII，任何编码读法相同")
    utf8 = [cell for cell in cells if not _fits(cell, "utf-8")]
    gb = [cell for cell in cells if not _fits(cell, "gb18030")]
    utf8_cut = sum(_fits(_trim_utf8(cell), "utf-8") for cell in utf8)
    gb_cut = sum(_fits(cell[:-1], "gb18030") for cell in gb)
    utf8_wrong, gb_wrong = len(utf8) - utf8_cut, len(gb) - gb_cut
    n = len(cells)
    # A few characters of GB18030 pair up to what UTF-8 reads as Greek, Cyrillic or accented letters; text
    # that is Chinese in the one reading and has no Chinese character in the other is Chinese. Signs such
    # as the 2 of m² stand alone in ASCII text and are UTF-8.
    foreign = gb_wrong == 0 and claim != "UTF-8" and not any(_is_plausible(cell) for cell in cells)
    if utf8_wrong == 0 and not foreign and (utf8_cut == 0 or utf8_cut < 0.5 * n):
        sure = gb_wrong > 0 or n >= 3 or _common_share(cells) < 0.6
        conflict = bool(claim) and claim != "UTF-8"
        return Verdict(
            "UTF-8", claim, f"{n} 个含中文的单元格全部符合 UTF-8 规则", sure, conflict, cut=utf8_cut
        )
    if gb_wrong == 0:
        share = _common_share(cells)
        evidence = f"{n} 个含中文的单元格中 {len(utf8)} 个不合 UTF-8、全部符合 GB18030，常用字占 {share:.0%}"
        declared = claim if claim and claim not in {"UTF-8", "GB18030"} else ""
        if declared and share < 0.5:
            return Verdict(declared, claim, evidence + f"；按声明的 {declared} 读取", sure=False)
        return Verdict(
            "GB18030", claim, evidence, share >= 0.5, bool(claim) and claim != "GB18030", cut=gb_cut
        )
    best, wrong = ("UTF-8", utf8_wrong) if utf8_wrong <= gb_wrong else ("GB18030", gb_wrong)
    evidence = f"{n} 个含中文的单元格中 {wrong} 个既不合 UTF-8 也不合 GB18030"
    return Verdict(claim or best, claim, evidence, sure=False)


def _is_plausible(cell: bytes) -> bool:
    """Whether a cell read as UTF-8 holds what Chinese tables hold: Chinese, or one of a few signs."""
    return any(char >= "\u2e80" or char in _SIGNS for char in cell.decode("utf-8", errors="ignore"))


def _trim_utf8(cell: bytes) -> bytes:
    """Leave out an incomplete last character."""
    for back in range(1, min(4, len(cell)) + 1):
        byte = cell[-back]
        if byte >= 0xC0:
            return cell[:-back]
        if byte < 0x80:
            return cell
    return cell


def judge_text(data: bytes) -> Verdict:
    """Judge a whole text file (csv)."""
    if data.startswith(codecs.BOM_UTF8):
        return Verdict("utf-8-sig", "UTF-8", "文件以 UTF-8 标记（BOM）开头")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Verdict("utf-16", "UTF-16", "文件以 UTF-16 标记（BOM）开头")
    sample = data[:_SAMPLE_BYTES]
    lines = sample.splitlines()
    # A sample may end inside a character, a file may not.
    return judge_cells(lines[:-1] if len(sample) < len(data) else lines)


def _dbf_cells(path: Path) -> tuple[list[bytes], int]:
    """Read the distinct text cells and field names of a DBF, and its language byte.

    Raises
    ------
    ValueError
        If the header is not one of a DBF.
    """
    with path.open("rb") as file:
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


def judge_dbf(path: Path) -> Verdict:
    """Judge the attribute table of a shapefile: .cpg, language byte and the bytes themselves.

    Parameters
    ----------
    path : the .dbf file; a .cpg of the same name beside it is read when there is one.

    Raises
    ------
    ValueError
        If the file is no DBF.
    """
    cells, language = _dbf_cells(path)
    claim = _LANGUAGE_BYTES.get(language, "")
    for suffix in (".cpg", ".CPG", ".Cpg"):
        cpg = path.with_suffix(suffix)
        if cpg.is_file():
            claim = normalise_name(cpg.read_text(encoding="ascii", errors="replace")) or claim
            break
    return judge_cells(cells, claim=claim)


def decode_cell(cell: bytes, encoding: str) -> str:
    """Decode one cell; a last character cut in two is left out, other broken bytes show as U+FFFD."""
    try:
        return cell.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start > 0 and len(cell) - error.start < 4:
            try:
                return cell[: error.start].decode(encoding)
            except UnicodeDecodeError:
                pass
        return cell.decode(encoding, errors="replace")
