"""The cells of one column, read as its field declares; what cannot be read or was mended goes to the log.

Every cell somebody must look at is a row of its own. A column that is wrong from top to bottom gets, besides,
one remark for the whole of it: most likely the wrong column was named.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from layers.cells import fold_text, fold_width
from layers.model import Column
from layers.mojibake import find_garbled, judge_text_cell
from layers.read.raw import Place, list_rows
from layers.values import Parsed, parse_cells

_KINDS = {"bool": "是/否", "int": "整数", "float": "数字"}
_FORMS = {"date": "日期", "year": "年份", "code": "代码", "serial": "编号"}
_CODES = {"date": "HSQ-V11", "year": "HSQ-V11", "code": "HSQ-V12", "serial": "HSQ-V12"}
_EXAMPLES = {"date": "写成 2026-03-05", "year": "写成 1998 或 1990年代", "code": "按文本写全代码，不用科学计数法",
             "serial": "按文本写全编号，不用科学计数法"}  # fmt: skip
# From this share of faulty cells on, in at least so many, the column itself is in doubt.
_WHOLE, _WHOLE_ROWS = 0.9, 5
# What stands for one or none where a number is asked for.
_ANSWERS = frozenset({"是", "否", "有", "无", "√", "×", "已登记", "未登记"})
_LOOK_AT = 200  # cells of another column, to see whether it would do


def name_column(field: Column, place: Place) -> str:
    """Return a field as messages name it: its Chinese name, and the file's column where that differs."""
    column = place.columns.get(str(field), "")
    return f"“{field.spec.alias}”" + (f"（列 {column}）" if column and column != field.spec.alias else "")


def read_cells(
    field: Column, cells: pd.Series, mapping: Mapping[str, str], place: Place, *, unit: str | None = None
) -> Parsed:
    """Return the typed cells of a field; every one that cannot be read is a fault.

    Parameters
    ----------
    field : declaration of the field.
    cells : as the file holds them.
    mapping : values of the file and what they mean, from the config.
    unit : unit of numbers where it is not the declared one.
    """
    spec = field.spec
    if mapping:
        words = fold_text(cells)
        mapped = words.isin(mapping)
        cells = words.where(~mapped, words.map(dict(mapping)))
        place.settled.setdefault(str(field), set()).update(words.index[mapped])
    parsed = parse_cells(cells, kind=spec.kind, unit=spec.unit if unit is None else unit, form=spec.form)
    if spec.codes is not None:
        parsed = _match_codes(field, parsed, place)
    if parsed.bad.any():
        _report_bad(field, cells, parsed, place)
    if parsed.changed.any():
        _report_changed(field, cells, parsed, place)
    if spec.kind == "text" and not spec.form:
        report_garbled(field, parsed.values, place)
    return parsed


def _report_bad(field: Column, cells: pd.Series, parsed: Parsed, place: Place) -> None:
    spec = field.spec
    what = _FORMS.get(spec.form) or _KINDS.get(spec.kind, "文字")
    remedy = _EXAMPLES.get(spec.form) or f"改为{what}" + (f"（单位 {spec.unit}）" if spec.unit else "")
    name, code = name_column(field, place), _CODES.get(spec.form, "HSQ-V03")
    # A year only dates a drawing; anything else is counted with.
    tell = place.warn if spec.form == "year" else place.error
    action = {"action": "按不详处理"} if spec.form == "year" else {}
    reasons = parsed.reasons if parsed.reasons is not None else pd.Series("", index=cells.index)
    for row, cell, reason in zip(
        cells.index[parsed.bad], cells[parsed.bad], reasons[parsed.bad], strict=True
    ):
        why = f"：{reason}" if reason else ""
        answer = spec.kind == "int" and str(cell).strip() in _ANSWERS
        advice = f"以是否代替人数的，在配置的 values 中写 {field}: {{是: '1', 否: '0'}}（照文件的写法）；否则{remedy}"
        tell(
            code, f"{name}应为{what}，实际为“{str(cell)[:60]}”{why}", field=str(field), row=str(row),
            value=str(cell)[:60], remedy=advice if answer else remedy, **action,
        )  # fmt: skip


def _report_changed(field: Column, cells: pd.Series, parsed: Parsed, place: Place) -> None:
    spec, name = field.spec, name_column(field, place)
    rows = parsed.changed.index[parsed.changed]
    if spec.form in ("code", "serial"):
        for row in rows:
            place.warn(
                "HSQ-V12", f"{name}的“{cells[row]}”缺少前导零或被写成科学计数法", field=str(field), row=str(row),
                value=str(cells[row]), action=f"已补全为 {parsed.values[row]}", remedy="在表格中把该列设为文本",
            )  # fmt: skip
        return
    sample = "、".join(f"{cells[row]} → {_show(parsed.values[row])}" for row in rows[:5])
    if spec.form:
        place.note(
            "HSQ-V11", f"{name}的 {len(rows)} 个值写法不全或为 Excel 日期序列号", field=str(field), row=list_rows(rows),
            value=sample, action="已按通行写法读取",
        )  # fmt: skip
        return
    place.note(
        "HSQ-V03", f"{name}的 {len(rows)} 个值带其他单位、为约数或中文数字", field=str(field), row=list_rows(rows),
        value=sample, action=f"已换算为{spec.unit or '基本单位'}",
    )  # fmt: skip


def _show(value: object) -> str:
    """Return a value as somebody would write it: two mu are 1333.333 m², not all digits of a fraction."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _match_codes(field: Column, parsed: Parsed, place: Place) -> Parsed:
    """Take values of a code list that differ only in width, case or blanks for the listed ones, and say so."""
    codes = field.spec.codes
    if codes is None:
        return parsed
    words = parsed.values
    strange = words.notna() & ~words.isin(codes.values)
    if not strange.any():
        return parsed
    plain = {_bare(value): value for value in codes.values}
    known = {word: plain[_bare(word)] for word in words[strange].unique() if _bare(word) in plain}
    for word in sorted(known):
        place.note(
            "HSQ-V05", f"{name_column(field, place)}的“{word}”与《{codes.name}》只差空格、全半角或大小写", field=str(field),
            row=list_rows(words.index[words == word]), value=word, action=f"按“{known[word]}”读取",
        )  # fmt: skip
    return Parsed(words.replace(known), parsed.bad, parsed.changed, parsed.units, parsed.reasons)


def _bare(text: str) -> str:
    return "".join(fold_width(text).split()).casefold()


def report_column_of_faults(field: Column, table: pd.DataFrame, parsed: Parsed, place: Place) -> None:
    """Remark on a column nearly all of whose cells are faults: it may be the wrong one.

    The remark comes besides the rows of its cells; it says how many there are and which other columns of the
    file could be read.
    """
    spec = field.spec
    bad = int(parsed.bad.sum())
    filled = bad + int(parsed.values.notna().sum())
    if bad < _WHOLE_ROWS or bad < _WHOLE * filled:
        return
    own = place.columns.get(str(field))
    better = [
        str(other)
        for other in table.columns
        if other != own and _fits(table[other], kind=spec.kind, unit=spec.unit, form=spec.form)
    ]
    hint = f"可读的列有：{'、'.join(better[:8])}" if spec.kind != "text" and better else "核对该列的内容"
    place.note(
        "HSQ-V03" if not spec.form else _CODES[spec.form],
        f"{name_column(field, place)}整列 {filled} 个值中有 {bad} 个无法读取，可能对应错了列",
        field=str(field), value=f"{bad}/{filled}", action="逐格列为错误", remedy=f"在配置的 columns 中改 {field} 对应的列；{hint}",
    )  # fmt: skip


def _fits(cells: pd.Series, *, kind: str, unit: str, form: str) -> bool:
    sample = cells.dropna().head(_LOOK_AT)
    if not len(sample):
        return False
    parsed = parse_cells(sample, kind=kind, unit=unit, form=form)
    return bool(parsed.values.notna().mean() >= _WHOLE)


def report_garbled(field: Column, words: pd.Series, place: Place) -> None:
    """Record text that was read in a wrong encoding once and saved so; it stays as it is."""
    _tell_garbled(name_column(field, place), str(field), words, place)


def report_garbled_table(table: pd.DataFrame, place: Place) -> None:
    """Record garbled text of a table whose columns nobody has given a meaning."""
    report_garbled_names(table, place)
    for column in table.columns:
        cells = table[column]
        if pd.api.types.is_string_dtype(cells) or pd.api.types.is_object_dtype(cells):
            words = cells[[isinstance(cell, str) for cell in cells]]
            _tell_garbled(f"列“{column}”", str(column), words, place)


def _tell_garbled(name: str, field: str, words: pd.Series, place: Place) -> None:
    garbled = find_garbled(words)
    for row, found in garbled.items():
        way = f"可能原为“{found.original}”；" if found.original else ""
        seen = f"残存可辨的字：“{found.glimpse}”；" if found.glimpse else ""
        place.warn(
            "HSQ-F05", f"{name}的文字是乱码：{found.way}", field=field, row=str(row), value=str(words[row])[:60],
            action="照原样保留", remedy=f"{way}{seen}从原始数据重新导出，或在表中改正",
        )  # fmt: skip
    if len(garbled) >= _WHOLE_ROWS and len(garbled) >= 0.5 * words.notna().sum():
        place.note(
            "HSQ-F05", f"{name}有 {len(garbled)} 个值是乱码，整列在导出前已被错误转码", field=field, value=str(len(garbled)),
            action="照原样保留", remedy="从原始数据重新导出，比逐格改正可靠",
        )  # fmt: skip


def report_garbled_names(table: pd.DataFrame, place: Place) -> None:
    """Record column names that are garbled, with what they probably were."""
    for column in table.columns:
        found = judge_text_cell(str(column))
        if found is not None:
            way = f"可能原为“{found.original}”；" if found.original else ""
            place.warn(
                "HSQ-F05", f"列名“{column}”是乱码：{found.way}", field=str(column), value=str(column),
                action="照原样保留", remedy=f"{way}从原始数据重新导出，或在配置的 columns 中照乱码写出对应",
            )  # fmt: skip
