"""方案.yaml as text: every block with its comments, sources as they were found, doubts beside what they doubt."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from layers.model import Layer
from layers.source import Community
from pipeline.begin import base, book
from pipeline.begin.fields import EAST, LAYERS, NORTH, PLACED, SHEETS, head_of, shapes_name, sheet_name
from pipeline.begin.findings import Entry, Findings
from pipeline.begin.identity import name_area, name_title
from pipeline.plan.base import Block
from pipeline.plan.models import PLACEHOLDER, Delivery, Identity, Plan
from pipeline.plan.sources import Divisions, Inputs, OpenData

DOUBT = "？"
_FOLDER = "output"
_DEFAULTS = ("crs", "walking", "idle", "sheets")
_TOP = """\
# {title}
# 由 haoshequ init 生成。路径相对于本文件所在文件夹；全部配置项见 configs/配置说明.md。
# 下一步：1. 核对 plan 一节；2. 核对带“{doubt}”的行；3. haoshequ check 本文件；4. haoshequ run 本文件。
"""


@dataclass(frozen=True)
class Setting:
    """What the config is written for.

    Attributes
    ----------
    home : folder the config will be in.
    data : folder of the templates, below it.
    day : 编制日期.
    crs : CRS of the templates' coordinates.
    """

    home: Path
    data: str
    day: date
    crs: str


def write_config(findings: Findings, setting: Setting) -> str:
    """Return the config of a plan.

    Parameters
    ----------
    findings : what was found in the technician's files; nothing found maps the empty templates.
    setting : where it will be and what for.
    """
    lines = [*_TOP.format(title=name_title(findings), doubt=DOUBT).splitlines(), ""]
    lines += ["plan:", *_write_identity(findings, setting), ""]
    lines += ["inputs:", *_write_inputs(findings, setting)]
    lines += _write_beside(findings, setting)
    lines += ["delivery:", f"  folder: {_FOLDER}  # {_describe(Delivery, 'folder')}", ""]
    lines += ["# 以下各项都有缺省值，需要改动时去掉行首的 # 号"]
    for key in _DEFAULTS:
        lines += _write_defaults(key, Plan.model_fields[key])
    return "\n".join(line.rstrip() for line in lines) + "\n"


def quote(value: object) -> str:
    """Return a scalar as YAML writes it on one line."""
    text = yaml.safe_dump(value, allow_unicode=True, width=10_000, default_flow_style=True)
    return text.removesuffix("...\n").strip()


def relate(path: Path, home: Path) -> str:
    """Return a path relative to the config's folder, with forward slashes; absolute on another drive."""
    try:
        return Path(os.path.relpath(path.resolve(), home.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def _describe(model: type[Block], key: str) -> str:
    return str(model.model_fields[key].description)


def _comment(text: str) -> str:
    """Return a text as one comment line."""
    return "# " + re.sub(r"\s+", " ", text)


def _write_identity(findings: Findings, setting: Setting) -> Iterator[str]:
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "", setting.home.resolve().name).strip(" .") or "plan"
    region = findings.region or "360000"
    known: dict[str, object] = {
        "id": name,
        "title": name_title(findings),
        "area": name_area(findings),
        "compiler": f"{PLACEHOLDER}规划设计院",
        "compiled": setting.day,
        "data_year": setting.day.year,
        "first_year": setting.day.year + 1,
        "region_code": region,
        "region_name": findings.region_name or f"{PLACEHOLDER}县（市、区）",
        "province_prefix": region[:2],
        "plan_block": 1,
    }
    doubtful = {"compiler", "compiled", "data_year", "first_year"} | {
        k for k, v in known.items() if PLACEHOLDER in str(v)
    }
    doubtful |= set() if findings.region and not findings.region_doubt else {"region_code"}
    for key, value in known.items():
        mark = f"{DOUBT}请核对：" if key in doubtful else ""
        if key == "region_code" and findings.region_doubt:
            mark += f"{findings.region_doubt}；"
        yield f"  {key}: {quote(value)}  # {mark}{_describe(Identity, key)}"


def _write_inputs(findings: Findings, setting: Setting) -> Iterator[str]:
    """Write found sources; then the templates: in use where nothing was found at all, else as comments."""
    wanting = [layer for layer in LAYERS if not findings.of(layer)]
    for layer in LAYERS:
        entries = findings.of(layer)
        if entries:
            yield "  " + _comment(_describe(Inputs, layer.key))
            yield f"  {layer.key}:"
            for entry in entries:
                yield from _write_entry(entry, setting)
            yield ""
    bare = not findings.entries and findings.open_data is None
    if wanting and not bare:
        yield f"  # 以下各类没有找到数据：填好 {setting.data} 中的模板，再去掉行首的 # 号"
    for layer in wanting:
        block = [f"  {layer.key}:", *_write_template(layer, setting)]
        # No plan loads without communities: their template is in use even among files of other layers.
        used = bare or (layer is Community and findings.open_data is None)
        yield f"  {_comment(_describe(Inputs, layer.key))}"
        yield from block if used else (f"  # {line[2:]}" for line in block)
        yield ""


def _write_entry(entry: Entry, setting: Setting) -> Iterator[str]:
    doubts = dict(entry.doubts)
    yield f"    {_comment(f'{entry.label}（{entry.rows} 行）：把握 {entry.trust}；{entry.why}')}"
    for key, text in entry.doubts:
        if not key or key.startswith("missing."):
            yield f"    {_comment(DOUBT + text)}"
    yield from (f"    {_comment(text)}" for text in entry.proofs)
    if entry.left:
        yield f"    {_comment('没有采用的列：' + '、'.join(entry.left))}"
    yield f"    - path: {quote(relate(entry.path, setting.home))}"
    yield from _write_source(entry.source, doubts, entry.shapes, setting, indent=6)


def _write_source(
    source: Mapping[str, Any],
    doubts: Mapping[str, str],
    shapes: Path | None,
    setting: Setting,
    *,
    indent: int,
) -> Iterator[str]:
    pad = " " * indent
    for key, value in source.items():
        if key == "geometry" and shapes is not None:
            yield f"{pad}geometry:"
            yield f"{pad}  path: {quote(relate(shapes, setting.home))}"
            inner = {k.removeprefix("geometry."): v for k, v in doubts.items() if k.startswith("geometry.")}
            yield from _write_source(value, inner, None, setting, indent=indent + 2)
        elif isinstance(value, Mapping):
            yield f"{pad}{key}:"
            for name, item in value.items():
                told = doubts.get(f"{key}.{name}")
                if isinstance(item, Mapping):
                    if told:
                        yield f"{pad}  {_comment(DOUBT + told)}"
                    yield f"{pad}  {name}: {quote(dict(item))}"
                else:
                    yield f"{pad}  {name}: {quote(item)}" + (f"  {_comment(DOUBT + told)}" if told else "")
            yield from _leftover(key, value, doubts, pad)
        else:
            told = doubts.get(key)
            yield f"{pad}{key}: {quote(value)}" + (f"  {_comment(DOUBT + told)}" if told else "")
    if "values" not in source:
        yield from _leftover("values", {}, doubts, pad)
    for key in ("crs", "classification"):
        if key not in source and key in doubts:
            yield f"{pad}{_comment(DOUBT + doubts[key])}"


def _leftover(block: str, value: Mapping[str, Any], doubts: Mapping[str, str], pad: str) -> Iterator[str]:
    """Write doubts about entries the block does not have: values nobody could map."""
    for key, text in doubts.items():
        if key.startswith(f"{block}.") and key.split(".", 1)[1] not in value:
            yield f"{pad}{_comment(DOUBT + text)}"
            if block == "values":
                yield f"{pad}# values: {{{key.split('.', 1)[1]}: {{文件中的值: 应取的值}}}}"


def _write_template(layer: type[Layer], setting: Setting) -> Iterator[str]:
    """Write the sources of a layer's empty templates."""
    sheets, shapes = f"{setting.data}/{book.NAME}", f"{setting.data}/{base.NAME}"
    if layer in SHEETS:
        yield f"    - path: {quote(sheets)}"
        yield f"      layer: {quote(sheet_name(layer))}"
        if layer in PLACED:
            yield f"      crs: {setting.crs}  # {EAST}、{NORTH}两列的坐标系"
            yield f"      x: {EAST}"
            yield f"      y: {NORTH}"
        yield "      columns:"
        yield from (f"        {column}: {quote(head_of(column))}" for column in layer.asked())
    if layer in PLACED and layer.shape == "any":
        yield "      key: id  # 没有坐标的行，按编号取图形"
        yield "      geometry:"
        yield f"        path: {quote(shapes)}"
        yield f"        layer: {quote(shapes_name(layer))}"
    elif layer.shape is not None:
        yield f"    - path: {quote(shapes)}"
        yield f"      layer: {quote(sheet_name(layer))}"


def _write_beside(findings: Findings, setting: Setting) -> Iterator[str]:
    """Write the blocks of open data, division codes and heights, where files for them were found."""
    if findings.open_data is not None and findings.open_path is not None:
        yield _comment(str(Plan.model_fields["open_data"].description) + "：填补没有文件的图层")
        yield from (_comment(DOUBT + text) for text in findings.open_doubts)
        yield "open_data:"
        yield f"  path: {quote(relate(findings.open_path, setting.home))}"
        for key, value in findings.open_data.items():
            yield f"  {key}: {quote(value)}  # {_describe(OpenData, key)}"
        yield ""
    if findings.divisions is not None or findings.fictional:
        yield "divisions:"
        if findings.divisions is not None:
            yield f"  path: {quote(relate(findings.divisions, setting.home))}  # {_describe(Divisions, 'path')}"
        if findings.fictional:
            yield f"  {_comment(DOUBT + _tell_fictional(findings))}"
            yield f"  fictional: {quote(list(findings.fictional))}  # {_describe(Divisions, 'fictional')}"
        yield ""
    if findings.dem is not None:
        yield _comment(f"{DOUBT}文件名像地面高程；要按坡度折算步行距离时，在 walking 中写：")
        yield _comment(f"walking: {{dem: {quote(relate(findings.dem, setting.home))}}}")
        yield ""


def _tell_fictional(findings: Findings) -> str:
    codes = "、".join(findings.fictional)
    return f"地市代码 99 不存在，{codes} 开头的社区代码暂作虚构示例接受；真实方案请改正代码并删去 fictional"


def _write_defaults(key: str, info: FieldInfo) -> Iterator[str]:
    """Write a block with its defaults, every line a comment."""
    yield ""
    yield _comment(str(info.description))
    yield f"# {key}:"
    model = info.annotation
    assert isinstance(model, type) and issubclass(model, Block)
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "" if default is PydanticUndefined or default is None else quote(_plain(default))
        yield f"#   {name}: {shown}  # {field.description}"


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def list_doubts(findings: Findings) -> Iterable[tuple[str, str]]:
    """Yield everything somebody should look at: file and sentence."""
    for entry in findings.entries:
        yield from ((entry.label, text) for _, text in entry.doubts)
    if findings.open_path is not None:
        yield from ((findings.open_path.name, text) for text in findings.open_doubts)
    if findings.fictional:
        yield ("社区代码", _tell_fictional(findings))
    elif findings.region_doubt:
        yield (
            "社区代码",
            f"县级代码 {findings.region_doubt}：核对社区代码，或在 divisions.path 给出新的代码表",
        )
