"""Whether what was read suffices for a plan: layers it cannot do without, texts no sheet can print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs import read_settings
from layers.communities import Rules
from layers.crs import choose_zone
from layers.divisions import Divisions, read_divisions, read_shipped
from layers.faults import FaultLog, PlanFaults
from layers.model import Layer
from layers.read.raw import Place, list_rows
from layers.source import Community, Outline, Road
from pipeline.plan import Plan
from pipeline.plan.models import PLACEHOLDER
from pipeline.stages.base import Frame
from styles.fonts import find_missing


def report_missing(
    frames: Mapping[str, Frame], plan: Plan, log: FaultLog, *, layers: Iterable[type[Layer]]
) -> None:
    """Say of every layer without rows which outputs that costs; what is wrong with a file is said already."""
    costs = read_settings("missing_layers.yaml")
    areas = _has_areas(frames[Community.key])
    files = plan.inputs.given()
    for layer in layers:
        if (layer is Outline and areas) or layer in (Road, Community) or len(frames[layer.key]):
            continue
        said = f"{layer.alias}的文件没有任何行" if layer.key in files else f"没有“{layer.alias}”数据"
        if layer.key in files and any(fault.layer == layer.alias for fault in log.errors):
            continue
        log.add(
            "HSQ-A05", f"{said}：{costs[layer.key]}", severity="提示", layer=layer.alias,
            remedy=f"有数据时在配置的 inputs.{layer.key} 中给出文件" if layer.key not in files else "填写后重新运行",
        )  # fmt: skip


def require_layers(frames: Mapping[str, Frame], plan: Plan, log: FaultLog) -> None:
    """Record as errors the lack of communities and roads, and of an outline where communities are points.

    Nothing can be planned without a place, nothing be reached without ways. A layer whose file has a fault of
    its own is left alone: mending the file comes first.
    """
    for layer, cost in ((Community, "无法确定规划范围"), (Road, "无法建立步行网络、分析生活圈")):
        if len(frames[layer.key]) or any(fault.layer == layer.alias for fault in log.errors):
            continue
        files = plan.inputs.given().get(layer.key, [])
        log.add(
            "HSQ-A05",
            f"“{layer.alias}”没有任何要素，{cost}" if files else f"没有“{layer.alias}”数据，{cost}",
            file="、".join(str(source.path) for source in files),
            layer=layer.alias,
            remedy="空模板请先填写；已有数据的，检查该文件是否导出完整"
            if files
            else f"在配置的 inputs.{layer.key} 中给出文件，或用 open_data",
        )
    communities = frames[Community.key]
    dims = shapely.get_dimensions(communities.geometry.to_numpy())
    if (dims == 1).any():
        log.add(
            "HSQ-G03", "社区应为面（边界）或点，实际为线", layer=Community.alias,
            file="、".join(sorted(set(communities[Community.source][dims == 1]))),
            row=list_rows(pd.Index(communities[Community.name][dims == 1])),
            remedy="在原软件中把边界线转为面",
        )  # fmt: skip
    elif len(dims) and not _has_areas(communities) and not len(frames[Outline.key]):
        log.add(
            "HSQ-A05", "社区只有点位，没有规划外轮廓，无法确定规划范围", layer=Outline.alias,
            remedy="在配置的 inputs.outline 中给出外轮廓面，或把 inputs.community_given 换成社区边界面",
        )  # fmt: skip


def report_placeholders(plan: Plan, log: FaultLog) -> None:
    """Warn of words a fresh config left open: they would stand on every sheet."""
    for key, value in plan.plan:
        if isinstance(value, str) and PLACEHOLDER in value:
            log.add(
                "HSQ-C03", f"配置项 plan.{key} 还是占位文字“{value}”", severity="警告", field=f"plan.{key}", value=value,
                action="照原样写入图签和表格", remedy="改成实际的名称",
            )  # fmt: skip


def open_divisions(plan: Plan, log: FaultLog) -> Divisions | None:
    """Return the plan's division list, else the one that travels with the program for its province.

    A list that is named and cannot be read is recorded; None where there is none.
    """
    given = plan.divisions.path if plan.divisions is not None else None
    if given is None:
        return read_shipped(plan.plan.province_prefix)
    path = plan.resolve(given)
    if not path.exists():
        log.add(
            "HSQ-F01", f"区划代码表不存在：{given}", file=str(given),
            field="divisions.path", remedy="改正路径，或删去 divisions.path 而用随程序的代码表",
        )  # fmt: skip
        return None
    try:
        return read_divisions(path, province=plan.plan.province_prefix)
    except PlanFaults as error:
        log.faults.extend(fault for fault in error.faults if fault not in log.faults)
        return None


def division_rules(plan: Plan, divisions: Divisions | None) -> Rules:
    """Return what the plan says about community codes."""
    block = plan.divisions
    return Rules(
        region=plan.plan.region_code,
        province=plan.plan.province_prefix,
        divisions=divisions,
        fictional=tuple(block.fictional) if block is not None else (),
        confirmed=block.confirmed if block is not None else {},
    )


def _has_areas(frame: Frame) -> bool:
    return bool((shapely.get_dimensions(frame.geometry.to_numpy()) == 2).any())


def report_zones(communities: gpd.GeoDataFrame, plan: Plan, log: FaultLog) -> None:
    """Warn of a plan that lies in two 3-degree zones: all of it is drawn in one."""
    if not len(communities) or plan.crs.zone is not None:
        return
    west, _, east, _ = communities.to_crs(4490).total_bounds
    zones = sorted({choose_zone(west).number, choose_zone(east).number})
    if len(zones) > 1:
        log.add(
            "HSQ-X03",
            f"规划范围跨两个 3° 带（{west:.4f}°–{east:.4f}°E，{zones[0]}、{zones[-1]} 带）",
            severity="警告",
            layer=Community.alias,
            action="全部成果按中心所在的一个带计算",
            remedy="确认当地统一采用的中央经线，在配置中写明 crs.zone",
        )


def check_texts(frame: pd.DataFrame, layer: type[Layer], place: Place) -> None:
    """Record texts the sheet font cannot draw: emoji, the rarest characters, other scripts.

    Parameters
    ----------
    frame : typed columns of the layer; the index is the row number the technician sees.
    """
    for column in layer.columns():
        if column.spec.kind != "text" or column not in frame.columns:
            continue
        cells = frame[column].dropna()
        missing = find_missing(cells.astype("str").unique().tolist())
        if not missing:
            continue
        texts = {text for found in missing.values() for text in found}
        for row in cells.index[np.isin(cells.to_numpy(dtype=object), list(texts))]:
            lost = [char for char, found in missing.items() if str(cells[row]) in found]
            shown = "、".join(f"{char if char.isprintable() else ''}U+{ord(char):04X}" for char in lost)
            place.warn(
                "HSQ-D03", f"“{column.spec.alias}”中有图面字体没有的字符：{shown}", field=str(column),
                row=str(row), value=str(cells[row])[:60], action="上图时该图不能绘制",
                remedy="删去表情、控制字符；生僻字改用同音字或加注说明",
            )  # fmt: skip
