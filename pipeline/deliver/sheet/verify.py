"""The self-check of a finished sheet: what a reviewer with a ruler and the tables would find."""

from __future__ import annotations

import numpy as np
import shapely

from pipeline.deliver.items import SCALE_RULE, Check
from pipeline.deliver.sheet.spec import SheetReport, SheetSpec
from styles.frame import MM_PER_INCH, load_frame
from styles.table import load_symbols

_ROUNDING = 1e-6
_SHOWN = 6


def verify_sheet(report: SheetReport, spec: SheetSpec) -> tuple[Check, ...]:
    """Check a sheet against its instructions.

    Returns
    -------
    tuple of Check
        One a rule, in the order they are printed; those that fail say what and where.
    """
    return (
        _check_scale(report, spec),
        _check_legend(report),
        _check_features(report, spec),
        _check_labels(report),
        _check_contrast(report, spec),
        _check_print(report, spec),
        _check_tables(report, spec),
    )


def _check_scale(report: SheetReport, spec: SheetSpec) -> Check:
    frame = load_frame(spec.layout)
    minx, miny, maxx, maxy = report.window
    across = (maxx - minx) / (frame.map.width / 1000)
    up = (maxy - miny) / (frame.map.height / 1000)
    bar = report.scale_bar_m / (report.scale_bar_px / frame.dpi * MM_PER_INCH / 1000)
    wrong = [
        f"{name} 1:{value:.1f}"
        for name, value in (("横向", across), ("纵向", up), ("比例尺条", bar))
        if abs(value / report.scale - 1) > _ROUNDING
    ]
    if report.scale not in frame.scales:
        wrong.append("不是标准比例尺")
    return Check(SCALE_RULE, f"1:{report.scale}", "、".join(wrong))


def _check_legend(report: SheetReport) -> Check:
    names = load_symbols()
    wanted = report.drawn_classes - report.background_classes
    lacking, spare = wanted - report.legend_classes, report.legend_classes - wanted
    wrong = [
        f"{word}：{'、'.join(sorted(names[key].name for key in keys))}"
        for word, keys in (("图例缺", lacking), ("图例多", spare))
        if keys
    ]
    return Check("图例与图面", f"{len(report.legend_classes)} 类", "；".join(wrong))


def _check_features(report: SheetReport, spec: SheetSpec) -> Check:
    """Numbers printed in the legend are those of the layer, and something is there at all."""
    total = sum(n for key, n in report.feature_counts.items() if key not in report.background_classes)
    wrong = [] if total else ["图面没有要素"]
    for layer in spec.layers:
        if not layer.legend_counts:
            continue
        known = layer.frame[~(layer.frame.geometry.isna() | layer.frame.geometry.is_empty)]
        values = known[layer.class_column].astype(str) if layer.class_column else None
        counts = {str(layer.value): len(known)} if values is None else values.value_counts().to_dict()
        for value, count in counts.items():
            shown = report.feature_counts.get((layer.theme, value), 0)
            if shown != count:
                name = load_symbols()[layer.theme, value].name
                wrong.append(f"{name} 图面 {shown} 个，图层 {count} 个，其余在图框外")
    return Check("要素数", f"{total} 个", "；".join(wrong))


def _check_labels(report: SheetReport) -> Check:
    boxes = np.array([shapely.Polygon(label.corners) for label in report.labels], dtype=object)
    first, second = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a < b]
    wrong = [f"{report.labels[a].text}与{report.labels[b].text}相压" for a, b in pairs[:_SHOWN]]
    if report.labels_outside:
        wrong.append(f"{report.labels_outside} 个标注超出图框")
    moved = sum(label.moved for label in report.labels)
    value = f"{len(report.labels)} 个"
    value += f"，引线 {moved}" if moved else ""
    value += f"，未放置 {len(report.labels_unplaced)}" if report.labels_unplaced else ""
    return Check("标注", value, "；".join(wrong))


def _check_contrast(report: SheetReport, spec: SheetSpec) -> Check:
    least = load_frame(spec.layout).type["contrast"]
    if not report.label_contrast:
        return Check("文字对比度", "无标注", "")
    faint = [
        f"{label.text} {ratio:.1f}"
        for label, ratio in zip(report.labels, report.label_contrast, strict=True)
        if ratio < least
    ]
    wrong = "、".join(faint[:_SHOWN]) + (f" 等 {len(faint)} 处" if len(faint) > _SHOWN else "")
    return Check(
        "文字对比度",
        f"最低 {min(report.label_contrast):.1f}:1",
        f"低于 {least:g}:1：{wrong}" if faint else "",
    )


def _check_print(report: SheetReport, spec: SheetSpec) -> Check:
    least = load_frame(spec.layout).type["minimum"]
    small = report.smallest_text_mm < least - _ROUNDING
    said = f"小于 {least:g} mm" if small else ""
    return Check("最小字高", f"{report.smallest_text_mm:.2f} mm", said)


def _check_tables(report: SheetReport, spec: SheetSpec) -> Check:
    rows = sum(len(table.rows) for table in spec.side_tables)
    value = f"{rows} 行" if rows else "无附表"
    value += f"，未排下 {report.table_rows_left_out}" if report.table_rows_left_out else ""
    return Check("附表", value, "")
