"""数据库/元数据.xml: ISO 19115 metadata of the data set, out of the plan's config and what the run delivered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
from pyproj import Transformer

from layers.account import FileAccount
from layers.codes import SEVERITY
from layers.crs import GEOGRAPHIC
from layers.planned import Quality
from pipeline.deliver import isoxml as iso
from pipeline.deliver.credit import OPEN_DATA_NOTE
from pipeline.deliver.dictionary import AREA_RULES
from pipeline.deliver.dictionary import PATH as DICTIONARY
from pipeline.deliver.geopackage import VERSION
from pipeline.deliver.items import SCALE_RULE, Item, Made
from pipeline.deliver.onemap import Delivered
from pipeline.deliver.qgis import VERSION as PROJECT_VERSION
from pipeline.deliver.quality import PATH as REPORT
from pipeline.plan import Plan

PATH = "数据库/元数据.xml"
STEP_DEG = 0.001  # of the extent, about 100 m: where the plan lies is told, not where a house stands
_STANDARD, _EDITION = (
    "ISO 19115 Geographic information - Metadata（ISO/TS 19139 XML）",
    "ISO 19115:2003/Cor.1:2006",
)
_GEOMETRY = {"point": "point", "line": "curve", "polygon": "surface"}
_FORMATS = {
    ".shp": ("ESRI Shapefile", ""),
    ".gpkg": ("GeoPackage", VERSION),
    ".qgz": ("QGIS project", PROJECT_VERSION),
}
_CHARSETS = {"UTF-8": "utf8", "GBK": "GB2312"}  # the standard's list has no nearer name for GBK
# What the reader said of a file's coordinates: system, position, transformation, web-map offset.
_CRS_CODES = ("HSQ-X01", "HSQ-X02", "HSQ-X03", "HSQ-X05")


def write_metadata(
    layers: Sequence[Delivered],
    plan: Plan,
    root: Path,
    *,
    rows: pd.DataFrame,
    accounts: pd.DataFrame | None,
    made: Made,
) -> Item:
    """Write the metadata under ``root`` and return the file.

    Parameters
    ----------
    layers : database layers of this run; one at least has features.
    plan : the plan config.
    rows : ``Quality`` rows of all stages and writers.
    accounts : ``FileAccount`` rows; None where no file was read.
    made : what was delivered before: formats and the scales of sheets are taken from it.
    """
    document = iso.make_root("MD_Metadata")
    iso.add_text(document, "fileIdentifier", identify(plan))
    iso.add_code(document, "language", "LanguageCode", "zho")
    iso.add_code(document, "characterSet", "MD_CharacterSetCode", "utf8")
    iso.add_code(document, "hierarchyLevel", "MD_ScopeCode", "dataset")
    iso.add_party(document, "contact", plan.plan.compiler, "pointOfContact")
    iso.add_value(document, "dateStamp", "Date", plan.plan.compiled.isoformat())
    iso.add_text(document, "metadataStandardName", _STANDARD)
    iso.add_text(document, "metadataStandardVersion", _EDITION)
    _add_geometry(document, layers)
    _add_system(document, layers)
    _add_identification(document, layers, plan, made)
    _add_catalogue(document, layers, plan)
    _add_distribution(document, made)
    _add_quality(document, plan, rows, accounts)
    path = root / PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(iso.render(document))
    return Item(
        PATH, "数据库", "元数据", "pipeline.deliver.metadata", note="ISO 19115:2003，ISO/TS 19139:2007"
    )


def identify(plan: Plan) -> str:
    """Return the data set's identifier: what every BSM of the plan begins with."""
    return f"{plan.plan.region_code}{plan.plan.compiled.year:04d}{plan.plan.plan_block:03d}"


def find_extent(layers: Sequence[Delivered]) -> tuple[float, float, float, float]:
    """Return west, south, east, north in CGCS2000 degrees, rounded outwards to ``STEP_DEG``."""
    bounds = np.array([layer.frame.total_bounds for layer in layers if len(layer.frame)])
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    transformer = Transformer.from_crs(layers[0].frame.crs, GEOGRAPHIC, always_xy=True)
    west, south, east, north = np.array(transformer.transform_bounds(*low, *high)) / STEP_DEG
    inner = np.floor([west, south]), np.ceil([east, north])
    west, south, east, north = (round(float(value) * STEP_DEG, 3) for side in inner for value in side)
    return west, south, east, north


def list_scales(made: Made) -> list[int]:
    """Return the scale denominators of the sheets drawn, sorted."""
    checks = [check for item in made if isinstance(item, Item) for check in item.checks]
    return sorted({int(check.value.partition(":")[2]) for check in checks if check.rule == SCALE_RULE})


def _add_geometry(document: ET.Element, layers: Sequence[Delivered]) -> None:
    vector = iso.add_class(document, "spatialRepresentationInfo", "MD_VectorSpatialRepresentation")
    for kind, name in _GEOMETRY.items():
        count = sum(len(layer.frame) for layer in layers if layer.kind == kind)
        if count:
            objects = iso.add_class(vector, "geometricObjects", "MD_GeometricObjects")
            iso.add_code(objects, "geometricObjectType", "MD_GeometricObjectTypeCode", name)
            iso.add_value(objects, "geometricObjectCount", "Integer", str(count))


def _add_system(document: ET.Element, layers: Sequence[Delivered]) -> None:
    system = iso.add_class(document, "referenceSystemInfo", "MD_ReferenceSystem")
    identifier = iso.add_class(system, "referenceSystemIdentifier", "RS_Identifier")
    iso.add_text(identifier, "code", str(layers[0].frame.crs.to_epsg()))
    iso.add_text(identifier, "codeSpace", "EPSG")


def _add_identification(document: ET.Element, layers: Sequence[Delivered], plan: Plan, made: Made) -> None:
    identity = plan.plan
    data = iso.add_class(document, "identificationInfo", "MD_DataIdentification")
    citation = iso.add_class(data, "citation", "CI_Citation")
    iso.add_text(citation, "title", f"{identity.title}数据库")
    iso.add_date(citation, "date", identity.compiled, "creation")
    identifier = iso.add_class(citation, "identifier", "MD_Identifier")
    iso.add_text(identifier, "code", identify(plan))
    iso.add_text(data, "abstract", _tell_abstract(layers, plan))
    iso.add_text(
        data, "purpose", "纳入一张图管理（《江西省“好社区”更新实施方案编制指南（试行）》6.1(4)、6.2(3)）"
    )
    iso.add_party(data, "pointOfContact", identity.compiler, "author")
    for word, kind in (
        (identity.region_name, "place"),
        (identity.area, "place"),
        ("好社区", "theme"),
        ("城市更新", "theme"),
    ):
        keywords = iso.add_class(data, "descriptiveKeywords", "MD_Keywords")
        iso.add_text(keywords, "keyword", word)
        iso.add_code(keywords, "type", "MD_KeywordTypeCode", kind)
    _add_constraints(data, layers, plan)
    iso.add_code(data, "spatialRepresentationType", "MD_SpatialRepresentationTypeCode", "vector")
    for scale in list_scales(made):
        resolution = iso.add_class(data, "spatialResolution", "MD_Resolution")
        fraction = iso.add_class(resolution, "equivalentScale", "MD_RepresentativeFraction")
        iso.add_value(fraction, "denominator", "Integer", str(scale))
    iso.add_code(data, "language", "LanguageCode", "zho")
    for name in dict.fromkeys((_CHARSETS["UTF-8"], _CHARSETS[plan.delivery.shp_encoding])):
        iso.add_code(data, "characterSet", "MD_CharacterSetCode", name)
    iso.add_class(data, "topicCategory", "MD_TopicCategoryCode").text = "planningCadastre"
    _add_extent(data, layers, plan)
    iso.add_text(
        data, "supplementalInformation", f"图层、字段、代码见 {DICTIONARY}；逐文件校验值见 manifest.json"
    )


def _tell_abstract(layers: Sequence[Delivered], plan: Plan) -> str:
    identity = plan.plan
    total = sum(len(layer.frame) for layer in layers)
    crs = layers[0].frame.crs
    return (
        f"{identity.region_name}{identity.area}更新实施方案的空间数据，{len(layers)} 个图层、{total} 个要素，"
        f"现状数据年份 {identity.data_year} 年。坐标系 EPSG:{crs.to_epsg()}（{crs.name}）；"
        f"面积为{AREA_RULES[plan.crs.area_rule]}，单位 ㎡。{plan.walking.rule_text()}。"
    )


def _add_constraints(data: ET.Element, layers: Sequence[Delivered], plan: Plan) -> None:
    private = [f"{layer.code}.{c.spec.onemap}" for layer in layers for c in layer.columns if c.spec.private]
    legal = iso.add_class(data, "resourceConstraints", "MD_LegalConstraints")
    if private:
        iso.add_text(
            legal,
            "useLimitation",
            f"下列字段涉及个人或权利人，不得公开：{'、'.join(private)}",
        )
    iso.add_text(legal, "useLimitation", "对外提供、公示前须按测绘成果和地图管理的规定审查")
    iso.add_code(legal, "accessConstraints", "MD_RestrictionCode", "otherRestrictions")
    iso.add_code(legal, "useConstraints", "MD_RestrictionCode", "otherRestrictions")
    iso.add_text(legal, "otherConstraints", f"审图号：{plan.plan.map_review_no or '无'}")
    if plan.open_data is not None:
        iso.add_text(legal, "otherConstraints", OPEN_DATA_NOTE)


def _add_extent(data: ET.Element, layers: Sequence[Delivered], plan: Plan) -> None:
    extent = iso.add_class(data, "extent", "EX_Extent")
    iso.add_text(extent, "description", f"{plan.plan.region_code} {plan.plan.region_name}{plan.plan.area}")
    box = iso.add_class(extent, "geographicElement", "EX_GeographicBoundingBox")
    west, south, east, north = find_extent(layers)
    # In the order the schema asks for.
    for name, value in (
        ("westBoundLongitude", west),
        ("eastBoundLongitude", east),
        ("southBoundLatitude", south),
        ("northBoundLatitude", north),
    ):
        iso.add_value(box, name, "Decimal", f"{value:.3f}")
    time = iso.add_class(extent, "temporalElement", "EX_TemporalExtent")
    iso.add_instant(time, "extent", "data-year", str(plan.plan.data_year))


def _add_catalogue(document: ET.Element, layers: Sequence[Delivered], plan: Plan) -> None:
    content = iso.add_class(document, "contentInfo", "MD_FeatureCatalogueDescription")
    iso.add_value(content, "includedWithDataset", "Boolean", "true")
    for layer in layers:
        iso.add_value(content, "featureTypes", "LocalName", layer.code)
    citation = iso.add_class(content, "featureCatalogueCitation", "CI_Citation")
    iso.add_text(citation, "title", DICTIONARY)
    iso.add_date(citation, "date", plan.plan.compiled, "creation")


def _add_distribution(document: ET.Element, made: Made) -> None:
    suffixes = {Path(item.path).suffix for item in made if isinstance(item, Item) and item.kind == "数据库"}
    distribution = iso.add_class(document, "distributionInfo", "MD_Distribution")
    for suffix, (name, version) in _FORMATS.items():
        if suffix in suffixes:
            form = iso.add_class(distribution, "distributionFormat", "MD_Format")
            iso.add_text(form, "name", name)
            if version:
                iso.add_text(form, "version", version)
            else:
                iso.add_nothing(form, "version", "inapplicable")


def _add_quality(document: ET.Element, plan: Plan, rows: pd.DataFrame, accounts: pd.DataFrame | None) -> None:
    quality = iso.add_class(document, "dataQualityInfo", "DQ_DataQuality")
    scope = iso.add_class(quality, "scope", "DQ_Scope")
    iso.add_code(scope, "level", "MD_ScopeCode", "dataset")
    counts = rows[Quality.severity].value_counts()
    for severity in SEVERITY.values:
        measure = iso.add_class(quality, "report", "DQ_ConceptualConsistency")
        iso.add_text(measure, "nameOfMeasure", f"数据质检：{severity}")
        iso.add_text(measure, "measureDescription", f"程序自动检查发现的条数，逐条见 {REPORT}")
        result = iso.add_class(measure, "result", "DQ_QuantitativeResult")
        iso.add_nothing(result, "valueUnit", "inapplicable")
        iso.add_record(result, "value", str(int(counts.get(severity, 0))))
    lineage = iso.add_class(quality, "lineage", "LI_Lineage")
    sources = list(_tell_sources(plan, rows, accounts))
    iso.add_text(
        lineage,
        "statement",
        f"由 {len(sources)} 个输入文件、图层整理、修复后统一到规划坐标系，经分析、匹配、布局形成；"
        f"面积为{AREA_RULES[plan.crs.area_rule]}。" + (OPEN_DATA_NOTE if plan.open_data is not None else ""),
    )
    for text in sources:
        source = iso.add_class(lineage, "source", "LI_Source")
        iso.add_text(source, "description", text)


def _tell_sources(plan: Plan, rows: pd.DataFrame, accounts: pd.DataFrame | None) -> Iterator[str]:
    """Yield what became of each input: its counts, and what was said of its coordinates.

    Open data, heights and photographs are not counted row by row; they come last.
    """
    spoken = rows[rows[Quality.code].isin(_CRS_CODES) & rows[Quality.file].notna()]
    counted = pd.DataFrame(columns=list(FileAccount.columns())) if accounts is None else accounts
    numbers = [c for c in FileAccount.columns() if c not in (FileAccount.file, FileAccount.layer)]
    for account in counted.to_dict("records"):
        file, layer = account[FileAccount.file], account[FileAccount.layer]
        mine = spoken[(spoken[Quality.file] == file) & (spoken[Quality.layer] == layer)]
        told = "，".join(f"{column.spec.alias} {account[column]}" for column in numbers)
        yield f"{_name_file(file)}（{layer}）：{told}。坐标：{_tell_coordinates(mine)}"
    whole = [plan.open_data.path if plan.open_data else None, plan.walking.dem, plan.idle.imagery]
    names = spoken[Quality.file].map(_name_file)
    rest = names[~spoken[Quality.file].isin(counted[FileAccount.file])]
    for name in dict.fromkeys([path.name for path in whole if path is not None] + sorted(set(rest))):
        yield f"{name}。坐标：{_tell_coordinates(spoken[names == name])}"


def _name_file(file: str) -> str:
    """Return a file's own name: folders of the technician's machine are nobody's business."""
    return PureWindowsPath(file).name


def _tell_coordinates(spoken: pd.DataFrame) -> str:
    """Return what was found and done, each once, in the order it was said."""
    said = spoken[[Quality.problem, Quality.action]].fillna("").itertuples(index=False)
    words = dict.fromkeys("，".join(part for part in pair if part) for pair in said)
    return "；".join(words) or "无坐标方面的修正或提示"
