"""Secrecy and privacy: how much ground is covered, heights, datum shifts, and persons in what is made public."""

from __future__ import annotations

import re

import numpy as np
import shapely

from configs import read_settings
from layers.onemap import delivered_layers
from pipeline.audit.checks.database import every_shape
from pipeline.audit.findings import Checked, UnreadableError, check
from pipeline.audit.folder import PUBLIC, SHAPES, HandIn
from pipeline.deliver.public.names import split_names
from pipeline.deliver.public.rules import load_rules

_KM2 = 1_000_000.0


@check("coverage_limit", "连续覆盖面积", group="保密")
def check_coverage(handin: HandIn, out: Checked) -> None:
    """Continuous base data of more than 25 km² at scales larger than 1:5000 are 秘密 (drawing.md §4)."""
    limit = float(read_settings("audit.yaml")["secrecy"]["continuous_km2"])
    hulls = []
    for code, shape in every_shape(handin, out):
        shapes = shape.metric.geometry.to_numpy()
        shapes = shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
        if not len(shapes):
            continue
        # Points and lines cover the ground between them; a hull is the most they can cover.
        area = shapely.convex_hull(shapely.geometrycollections(shapes)).area / _KM2
        hulls.append((area, code, shape.name))
    if not hulls:
        out.void = "没有可量算的图层"
        return
    area, code, name = max(hulls)
    said = f"覆盖最广的图层 {code} 外包 {area:.2f} km²，限值 {limit:g} km²"
    if area > limit:
        out.doubt(
            f"{said}：可能构成涉密数据，提交前须经测绘主管部门核定（自然资发〔2020〕95号）",
            file=name,
            sheet=code,
        )
    else:
        out.see(said, file=name, sheet=code, value=f"{area:.2f} km²")


@check("no_heights", "不含高程与等高线", group="保密")
def check_heights(handin: HandIn, out: Checked) -> None:
    """No layer holds heights or contours."""
    words = re.compile(r"(?i)高程|等高|elev|contour|^(z|h|dem)$")
    count = 0
    for code, shape in every_shape(handin, out):
        count += 1
        if np.any(shapely.has_z(shape.frame.geometry.to_numpy())):
            out.fault("图形带高程", file=shape.name, sheet=code)
        for field in shape.fields:
            if words.search(field.name):
                out.fault("含高程字段", file=shape.name, sheet=code, value=field.name)
    if count:
        out.see(f"{count} 个图层没有高程、等高线", file=SHAPES)


def _collect_names(handin: HandIn) -> set[str]:
    """Return names of owners and persons in the full edition, by the declarations' private fields."""
    rules = load_rules()
    values: set[str] = set()
    for code, layer, _ in delivered_layers():
        private = [column.spec.onemap for column in layer.delivered() if column.spec.private]
        try:
            shape = handin.shape(code)
        except UnreadableError:
            continue
        for field in private:
            if shape is not None and field in shape.frame:
                values |= {str(value) for value in shape.frame[field].dropna()}
    try:
        ledger = handin.table("ledger")
    except UnreadableError:
        ledger = None
    if ledger is not None:
        values |= set(ledger.texts("Resource.owner").values())
    names = split_names(values, no_names=rules.no_names)
    towns = handin.shape("HSQ_SQBJ")
    places = {handin.area} | {
        str(handin.parameter("plan", key) or "") for key in ("title", "compiler", "region_name")
    }
    if towns is not None:
        places |= set(towns.column("SQMC").dropna().astype(str))
        if "JDMC" in towns.frame:
            places |= set(towns.frame["JDMC"].dropna().astype(str))
    return {name for name in names if not any(name in place for place in places)}


@check("public_names", "公示版不含权利人和个人", group="保密")
def check_names(handin: HandIn, out: Checked) -> None:
    """No owner, person, telephone, identity number or exact position is in what is published."""
    files = handin.under(PUBLIC)
    if not files:
        out.void = "没有公示版"
        return
    rules = load_rules()
    names = sorted(_collect_names(handin), key=lambda name: (-len(name), name))
    seek = re.compile("|".join(map(re.escape, names))) if names else None
    numbers = re.compile("|".join(rules.patterns))
    looked = 0
    for name in files:
        for where, text in _list_texts(handin, name):
            looked += 1
            found = seek.search(text) if seek else None
            if found:
                out.fault("有权利人或个人姓名", file=name, row=where, value=found[0])
        for where, text in _list_texts(handin, name, apart=True):
            digits = numbers.search(text)
            if digits:
                out.fault("有电话、证件号码或精确坐标", file=name, row=where, value=digits[0])
    out.see(
        f"{len(files)} 个文件 {looked} 处文字中没有完整版的 {len(names)} 个权利人、个人，也没有电话、证件号、精确坐标",
        file=PUBLIC,
    )


def _list_texts(handin: HandIn, name: str, *, apart: bool = False) -> list[tuple[str, str]]:
    """Return where and what of every text of a published file.

    Parameters
    ----------
    apart : whether words of a page stay apart: run together, numbers of two cells would look like one.
    """
    if name.endswith(".xlsx"):
        return [
            (f"{grid.name} 第 {row} 行", value)
            for grid in handin.book(name).values()
            for (row, _), value in sorted(grid.values.items())
            if isinstance(value, str)
        ]
    if name.endswith(".pdf"):
        pages = handin.pdf(name)
        if not apart:
            return [(f"第 {index + 1} 页", pages.read_words(index)) for index in range(len(pages))]
        return [
            (f"第 {index + 1} 页", word)
            for index in range(len(pages))
            for line in pages.read_lines(index)
            for word in line.split()
        ]
    return []


@check("public_contents", "公示版只含可公开的内容", group="保密")
def check_public(handin: HandIn, out: Checked) -> None:
    """The public edition has only the tables and columns, sheets and kinds of files that may be shown."""
    files = handin.under(PUBLIC)
    if not files:
        out.void = "没有公示版"
        return
    rules = load_rules()
    numbers = {handin.spec(key).number: key for key in rules.tables}
    for name in files:
        title = name.rsplit("/", 1)[-1]
        if name.endswith(".xlsx"):
            key = numbers.get(title.split("_", 1)[0])
            if key is None:
                out.fault("这张表不得公开", file=name)
                continue
            heads = {leaf.value: leaf.text for leaf in handin.spec(key).leaves()}
            allowed = {re.sub(r"\s|（.*", "", heads[c]) for c in rules.tables[key].columns if c in heads}
            grid = next(iter(handin.book(name).values()))
            depth = handin.spec(key).depth
            for column in range(1, grid.right + 1):
                texts = [grid.text(row, column) for row in range(2, 2 + depth)]
                low = re.sub(r"\s|（.*", "", next((t for t in reversed(texts[:depth]) if t), ""))
                if (
                    low
                    and low not in allowed
                    and not any(re.sub(r"\s|（.*", "", t) in allowed for t in texts if t)
                ):
                    out.fault("这一列不得公开", file=name, sheet=grid.name, value=low)
        elif name.endswith((".jpg", ".jpeg")):
            try:
                located = handin.picture(name).located
            except UnreadableError:
                continue
            if located:
                out.fault("图片带有拍摄位置", file=name)
        elif not name.endswith(".pdf"):
            out.fault("公示版不应含这类文件", file=name)
    catalogue = {str(sheet["number"]): sheet for sheet in read_settings("catalogue.yaml")["sheets"]}
    for name in handin.under(f"{PUBLIC}/JPG"):
        number = handin.sheet_number(name)
        why = rules.refuse_sheet(catalogue[number]) if number in catalogue else "不在图纸目录中"
        if why:
            out.fault(f"这张图不得公开：{why}", file=name, value=number)
    out.see(f"{len(files)} 个文件均在可公开之列（configs/public.yaml）", file=PUBLIC)
