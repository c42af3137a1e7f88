"""A file's text, decoded as its bytes say; what was decided, what was cut and what is broken goes to the log."""

from __future__ import annotations

from typing import IO

import pandas as pd

from layers.encoding import (
    Verdict,
    choose_codec,
    decode_cell,
    decode_text,
    judge_dbf,
    judge_text,
    normalise_name,
)
from layers.evidence import try_decode
from layers.read.raw import Place, list_rows

# Every byte is a character in it, so text comes through a reader untouched and is decoded here, cell by cell.
BYTES = "ISO-8859-1"
_LOST = "\ufffd"


def read_text(data: bytes, place: Place, *, declared: str | None = None) -> str | None:
    """Decode a text file; None where the declared encoding is unknown or plainly another one.

    Parameters
    ----------
    data : the whole file.
    declared : encoding the config gives; judged from the bytes when None.
    """
    verdict = _declared(declared, place) if declared else judge_text(data)
    if verdict is None:
        return None
    if not declared:
        report_verdict(verdict, place)
    text = decode_text(data, verdict)
    if _LOST in text:
        rows = [at for at, line in enumerate(text.splitlines(), start=1) if _LOST in line]
        told = "按声明的" if declared else "按"
        fitting = judge_text(data)
        if declared and not fitting.mixed and _LOST not in decode_text(data, fitting):
            # Names of columns are lost as well: everything said after this would follow from it.
            place.error(
                "HSQ-F05", f"按声明的 {verdict.encoding} 读取时有 {text.count(_LOST)} 处无法解码，实际为 {fitting.encoding}：{fitting.evidence}",
                field="encoding", row=list_rows(pd.Index(rows)), value=declared, action="不读取",
                remedy=f"去掉配置中的 encoding，或写 encoding: {fitting.encoding.lower()}",
            )  # fmt: skip
            return None
        place.warn(
            "HSQ-F05", f"{told} {verdict.encoding} 读取时有 {text.count(_LOST)} 处无法解码", row=list_rows(pd.Index(rows)),
            action="显示为 �", remedy="去掉配置中的 encoding，由程序按证据判断" if declared else "在原软件中重新导出为 UTF-8",
        )  # fmt: skip
    return text


def judge_table(
    dbf: IO[bytes], place: Place, *, cpg: bytes | None = None, declared: str | None = None
) -> Verdict | None:
    """Judge the attributes of a shapefile and report the verdict; None where the table cannot be used.

    Parameters
    ----------
    dbf : the open table.
    cpg : content of the .cpg, None when there is none.
    declared : encoding the config gives; judged from the bytes when None.
    """
    if declared:
        return _declared(declared, place)
    try:
        verdict = judge_dbf(dbf, cpg=cpg)
    except ValueError as error:
        place.error("HSQ-F02", f"属性表无法读取：{error}", remedy="重新导出 shapefile")
        return None
    report_verdict(verdict, place, table=True)
    return verdict


def _declared(declared: str, place: Place) -> Verdict | None:
    codec = normalise_name(declared)
    if codec is None:
        place.error(
            "HSQ-F05",
            f"不认识的编码“{declared}”",
            field="encoding",
            value=declared,
            remedy="常用：utf-8、gbk",
        )
        return None
    place.clues.encoding = Verdict(codec, codec, "由配置声明")
    return place.clues.encoding


def report_verdict(verdict: Verdict, place: Place, *, table: bool = False) -> None:
    """Say what encoding was found, where it is not plainly what the file states.

    Parameters
    ----------
    table : whether the file is a shapefile's table, which states its encoding in a .cpg.
    """
    place.clues.encoding = verdict
    if verdict.mixed:
        lines = f"，较少的一种在第 {list_rows(pd.Index(verdict.lines))} 行" if verdict.lines else ""
        place.warn(
            "HSQ-F05", f"编码混杂：{verdict.evidence}{lines}", action="逐格按各自的编码读取",
            remedy="统一为 UTF-8 后重新导出，并核对中文",
        )  # fmt: skip
    elif verdict.conflict:
        place.warn(
            "HSQ-F05", f"声明的编码为 {verdict.claim}，实际为 {verdict.encoding}：{verdict.evidence}",
            action=f"按 {verdict.encoding} 读取", remedy="补上正确的 .cpg 文件",
        )  # fmt: skip
    elif not verdict.sure:
        place.warn(
            "HSQ-F05", f"编码无法确定：{verdict.evidence}", action=f"按 {verdict.encoding} 读取",
            remedy="在配置中写 encoding: gbk 或 utf-8",
        )  # fmt: skip
    elif not verdict.claim and verdict.encoding != "UTF-8":
        missing = "没有 .cpg 编码声明；" if table else ""
        place.note("HSQ-F05", f"{missing}{verdict.evidence}", action=f"按 {verdict.encoding} 读取")


def decode_frame(frame: pd.DataFrame, verdict: Verdict, place: Place) -> pd.DataFrame:
    """Decode column names and text cells read as ``BYTES``; every cell that lost part of its text is a row.

    Parameters
    ----------
    frame : as the reader gives it, with a ``geometry`` column or without.
    """
    names = {
        name: decode_cell(name.encode(BYTES), verdict) if name != "geometry" else name
        for name in frame.columns
    }
    frame = frame.rename(columns=names)
    for name in frame.columns:
        if name == "geometry" or not (
            pd.api.types.is_object_dtype(frame[name]) or pd.api.types.is_string_dtype(frame[name])
        ):
            continue
        known = {cell: cell.encode(BYTES) for cell in frame[name].dropna().unique() if isinstance(cell, str)}
        texts = {cell: decode_cell(data, verdict) for cell, data in known.items()}
        broken = [
            cell
            for cell, data in known.items()
            if not data.isascii() and try_decode(data, choose_codec(data, verdict)) is None
        ]
        if broken:
            _report_broken(frame[name][frame[name].isin(broken)], texts, name, place)
        frame[name] = frame[name].map(texts)
    return frame


def _report_broken(cells: pd.Series, texts: dict[str, str], name: str, place: Place) -> None:
    for row, cell in cells.items():
        text = texts[cell]
        if _LOST in text:
            place.warn(
                "HSQ-F05", f"列“{name}”的文字有无法解码的字节", field=name, row=str(row), value=text[:60],
                action="该处显示为 �", remedy="在原软件中改正该单元格后重新导出",
            )  # fmt: skip
        else:
            place.warn(
                "HSQ-F05", f"列“{name}”的文字被字段宽度截断，末尾汉字只剩一半", field=name, row=str(row),
                value=text[:60], action="去掉残缺的末字", remedy="加宽字段后重新导出",
            )  # fmt: skip
