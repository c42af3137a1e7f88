"""What was found of a file in plain values: for the console, and as JSON for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from layers.read.guess import LayerGuess
from layers.read.inspection import Inspection
from layers.read.shapecheck import Tally, tally_faults
from pipeline.begin.review import ACCEPT, Reviewed
from pipeline.cli.lookup import Finding
from pipeline.cli.plain import is_osm
from pipeline.cli.reference import describe_ground

_DRIVERS = {
    ".shp": "ESRI Shapefile", ".gpkg": "GeoPackage", ".gdb": "文件地理数据库（FileGDB）", ".geojson": "GeoJSON",
    ".json": "GeoJSON", ".fgb": "FlatGeobuf", ".kml": "KML", ".kmz": "KMZ", ".dxf": "AutoCAD DXF",
    ".dwg": "AutoCAD DWG", ".xlsx": "Excel 工作簿", ".xlsm": "Excel 工作簿（含宏）", ".csv": "文本表格（csv）",
    ".txt": "文本表格（txt）", ".zip": "ZIP 压缩包", ".tif": "GeoTIFF", ".tiff": "GeoTIFF",
}  # fmt: skip
# Formats that leave no choice of encoding.
_FIXED = {
    ".gpkg": "UTF-8", ".gdb": "UTF-16", ".fgb": "UTF-8", ".xlsx": "UTF-8", ".xlsm": "UTF-8", ".kml": "UTF-8",
    ".kmz": "UTF-8",
}  # fmt: skip
_NEAR = 0.1  # layers this close to the likeliest are named beside it


def name_driver(item: Finding) -> str:
    """Return what a file is, by its name; what it says has been compared with its content by the reader."""
    if is_osm(item.path):
        return "OpenStreetMap"
    return _DRIVERS.get(item.path.suffix.lower(), item.path.suffix.lstrip(".").upper() or "（无扩展名）")


def describe_encoding(item: Finding) -> str:
    """Return encoding and evidence, Chinese; empty where the format has no text or nothing was read."""
    verdict = item.encoding
    if verdict is None:
        fixed = "UTF-8" if is_osm(item.path) else _FIXED.get(item.path.suffix.lower(), "")
        return f"{fixed}（格式规定）" if fixed and item.inspection is not None else ""
    name = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16"}.get(verdict.encoding, verdict.encoding)
    if verdict.mixed:
        return f"混有两种编码，以 {name} 为主：{verdict.evidence}"
    told = f"{name}{'' if verdict.sure else '（不能确定）'}：{verdict.evidence}"
    if verdict.conflict:
        return f"{told}；文件声明的 {verdict.claim} 不对"
    if not verdict.claim:
        return told
    return f"{told}；{'与文件声明一致' if verdict.claim == verdict.encoding else f'文件声明 {verdict.claim}'}"


def list_likely(item: Reviewed) -> list[LayerGuess]:
    """Return the layers a table may feed: the likeliest, and those that come near it."""
    if item.best is None or item.score < ACCEPT:
        return []
    return [guess for guess in item.ranks if item.score - guess.score < _NEAR or guess is item.best]


def list_unsure(item: Reviewed) -> list[str]:
    """Return what somebody should look at before the guesses are used, Chinese."""
    if item.best is None or item.score < ACCEPT:
        return ["没有认出是哪一类数据"]
    told = []
    rivals = [f"“{guess.layer.alias}”" for guess in list_likely(item)[1:]]
    if rivals:
        told.append(f"也可能是{'、'.join(rivals)}")
    doubtful = [guess for guess in item.best.fields if not guess.sure]
    told += [
        f"列“{guess.column}”是不是“{guess.field.spec.alias}”"
        + (f"（也可能是{'、'.join(guess.rivals)}）" if guess.rivals else "")
        for guess in doubtful
    ]
    missing = "、".join(f"“{column.spec.alias}”" for column in item.best.missing)
    return told + ([f"没有找到必需的{missing}"] if missing else [])


def to_json(findings: Sequence[Finding]) -> str:
    """Return the findings as JSON: one object a file or layer."""
    return json.dumps([_make_object(item) for item in findings], ensure_ascii=False, indent=2)


def _make_object(item: Finding) -> dict[str, Any]:
    found = item.inspection
    verdict = item.encoding
    return {
        "file": item.name,
        "format": item.path.suffix.lstrip(".").upper(),
        "driver": name_driver(item),
        "reference": describe_ground(item.ground),
        "usable": item.usable,
        "features": found.rows if found is not None else None,
        "geometry_types": dict(found.kinds) if found is not None else {},
        "header": dict(zip(("skip_rows", "header_rows"), item.header, strict=True)) if item.header else None,
        "raster": None if item.raster is None else _plain_raster(item),
        "encoding": None if verdict is None else asdict(verdict) | {"told": describe_encoding(item)},
        "coordinates": None if found is None else _plain_inspection(found),
        "geometry_faults": [_plain_tally(tally) for tally in tally_faults(item.shapes)],
        "contents": [_plain_contents(part) for part in item.contents],
        "faults": [fault.as_dict() for fault in item.faults],
    }


def _plain_inspection(found: Inspection) -> dict[str, Any]:
    values = {entry.name: getattr(found, entry.name) for entry in fields(found) if entry.name != "frame"}
    return values | {
        "kinds": dict(found.kinds),
        "suggestions": [asdict(item) for item in found.suggestions],
    }


def _plain_raster(item: Finding) -> dict[str, Any]:
    assert item.raster is not None
    values = {entry.name: getattr(item.raster, entry.name) for entry in fields(item.raster)}
    return values | {"crs": item.raster.crs.name if item.raster.crs is not None else None}


def _plain_tally(tally: Tally) -> dict[str, Any]:
    return {
        "code": tally.code,
        "title": tally.title,
        "severity": tally.severity,
        "count": tally.count,
        "examples": [fault.as_dict() for fault in tally.examples],
    }


def _plain_contents(item: Reviewed) -> dict[str, Any]:
    likely = list_likely(item)
    best = likely[0] if likely else None
    return {
        "layer": item.part.layer,
        "rows": len(item.part.table),
        "shape": item.shape,
        "coordinate_columns": None
        if item.points is None
        else {
            "x": item.points.x,
            "y": item.points.y,
            "datum": item.points.datum,
            "sure": item.points.sure,
            "evidence": item.points.evidence,
        },
        "likely": [
            {
                "key": guess.layer.key,
                "alias": guess.layer.alias,
                "score": guess.score,
                "evidence": guess.evidence,
            }
            for guess in likely
        ],
        "fields": [
            {
                "column": guess.column, "field": str(guess.field), "alias": guess.field.spec.alias,
                "score": float(guess.score), "sure": bool(guess.sure), "evidence": guess.evidence,
                "rivals": list(guess.rivals),
            }
            for guess in (best.fields if best else ())
        ],
        "unused": list(best.left) if best else [str(name) for name in item.part.table.columns],
        "missing": [str(column) for column in best.missing] if best else [],
        "unsure": list_unsure(item),
    }  # fmt: skip
