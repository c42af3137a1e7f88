"""数据库/数据字典.xlsx: what the database holds, written out of the declarations that its files are written by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from configs.facilities import facility_classes
from configs.onemap import layer_clauses
from configs.planning import landuse_names
from layers.model import CodeList, Column
from layers.onemap import ALWAYS, BSM_DIGITS, KINDS, OUTSIDE, Prefix, delivered_layers, schema_of, title_of
from layers.planned import PlannedParcel
from layers.reachable import CoverArea
from layers.source import Parcel
from pipeline.deliver.geopackage import PATH as GEOPACKAGE
from pipeline.deliver.geopackage import VERSION
from pipeline.deliver.items import Item
from pipeline.deliver.library import FOLDER as LIBRARY
from pipeline.deliver.library import TITLE, Entry
from pipeline.deliver.onemap import Delivered
from pipeline.deliver.relations import map_relations
from pipeline.deliver.shapefile import FOLDER, name_shapefiles
from pipeline.deliver.tables.book import write_book
from pipeline.deliver.tables.content import Content, Value, plain_content
from pipeline.plan import Plan
from pipeline.stages import STAGES

PATH = "数据库/数据字典.xlsx"
TYPES = {"text": "文本", "int": "整数", "float": "小数"}
_FIELD_HEADS = [
    ("序号", 7, "center"), ("字段名", 12, "left"), ("中文名", 26, "left"), ("类型", 8, "center"),
    ("宽度", 8, "center"), ("小数位", 8, "center"), ("单位", 9, "center"), ("必填", 7, "center"),
    ("唯一", 7, "center"), ("代码表", 22, "left"), ("不公开", 9, "center"), ("说明", 40, "left"),
]  # fmt: skip
GIVEN, BARE, EMPTY = "已提供", "已提供空图层（必交）", "已声明，本次没有要素"
AREA_RULES = {"planar": "3° 带平面面积", "ellipsoidal": "椭球面积"}
_LANDUSE = "用地用海分类（2023 版，本次所用）"
_FACILITY = "设施类型代码（本次所用）"
_YES = {True: "是", False: ""}
# Fields whose values are codes of a standard rather than of a list in their declaration.
_LANDUSE_FIELDS = tuple(
    column.spec.onemap
    for column in (Parcel.landuse_code, PlannedParcel.landuse_code, PlannedParcel.base_code)
)
_FACILITY_FIELDS = (CoverArea.type_key.spec.onemap,)


def write_dictionary(layers: Sequence[Delivered], plan: Plan, root: Path) -> Item:
    """Write the workbook under ``root`` and return the file.

    Parameters
    ----------
    layers : database layers of this run, as they were written.
    plan : the plan config.
    """
    declared = sum(len(schema_of(layer, kind)) for _, layer, kind in delivered_layers())
    sheets = [
        ("图层总表", _list_layers(layers, plan)),
        ("字段表", _list_fields(layers)),
        ("项目库字段表", _list_library(plan)),
        ("代码表", _list_codes(layers)),
        ("关系表", _list_relations(layers)),
        ("说明", _explain(layers, plan)),
    ]
    write_book(root / PATH, sheets, plan)
    note = (
        f"{len(layers)} 个图层有数据或必交，共声明 {len(list(delivered_layers()))} 个图层、{declared} 个字段"
    )
    return Item(PATH, "数据库", "数据字典", "pipeline.deliver.dictionary", note=note)


def _list_relations(layers: Sequence[Delivered]) -> Content:
    """Return one row a mapping table of the GeoPackage."""
    title = {layer.code: layer.title for layer in layers}
    rows: list[list[Value]] = [
        [
            mapped.table, mapped.relation.title, mapped.base, title[mapped.base], mapped.relation.names.spec.alias,
            mapped.related, title[mapped.related], mapped.relation.key.spec.alias, len(mapped.pairs),
        ]
        for mapped in map_relations(layers)
    ]  # fmt: skip
    heads = [
        ("关系表", 18, "left"), ("关系", 22, "left"), ("图层", 14, "left"), ("图层名称", 26, "left"), ("引用字段", 18, "left"),
        ("被引用图层", 14, "left"), ("被引用图层名称", 26, "left"), ("被引用字段", 18, "left"), ("本次关系数", 12, "center"),
    ]  # fmt: skip
    notes = [
        f"关系在 {GEOPACKAGE} 中，按 OGC 18-000（相关表扩展）记录；base_id、related_id 是两端图层的 fid。",
        "引用字段不在图层的约定字段中时，也能由关系表相互查到。",
    ]
    return plain_content("数据库关系表", heads, rows, notes=notes)


def _list_layers(layers: Sequence[Delivered], plan: Plan) -> Content:
    """Return one row a declared layer, those without features marked."""
    count = {layer.code: len(layer.frame) for layer in layers}
    names = zip(layers, name_shapefiles(list(layers), plan), strict=True)
    file = {layer.code: f"{FOLDER}/{name}.shp" for layer, name in names}
    maker = {made.key: stage.title for stage in STAGES for made in stage.gives}
    clauses = layer_clauses()
    rows: list[list[Value]] = [
        [
            code,
            title_of(layer, kind),
            KINDS[kind],
            count.get(code, 0),
            _tell_state(count.get(code)),
            file.get(code, ""),
            len(schema_of(layer, kind)),
            plan.delivery.ysdm.get(code, ""),
            _YES[code in ALWAYS],
            maker[layer.key],
            clauses[layer.key],
        ]
        for code, layer, kind in delivered_layers()
    ]
    heads = [
        ("图层代码", 15, "left"), ("图层名称", 26, "left"), ("几何类型", 10, "center"), ("本次要素数", 12, "center"),
        ("状态", 24, "center"), ("shp 文件", 52, "left"), ("字段数", 9, "center"), ("要素代码", 14, "center"),
        ("必交", 7, "center"), ("来源阶段", 20, "center"), ("指南条款（要求编号）", 36, "left"),
    ]  # fmt: skip
    notes = [
        f"同名图层在 {GEOPACKAGE} 中，名称即图层代码，文字不截断。",
        "必交：没有要素也提供空图层（指南 6.1(4)、图纸目录备注）。",
    ]
    return plain_content(f"{plan.plan.title}数据库图层总表", heads, rows, notes=notes)


def _tell_state(count: int | None) -> str:
    """Return whether a layer was handed in; ``count`` is None where it was not."""
    if count is None:
        return EMPTY
    return GIVEN if count else BARE


def _list_fields(layers: Sequence[Delivered]) -> Content:
    """Return one row a field of every declared layer, in schema order."""
    there = {layer.code for layer in layers if len(layer.frame)}
    rows: list[list[Value]] = [
        [code, title_of(layer, kind), place, *_describe_field(column), _YES[code not in there]]
        for code, layer, kind in delivered_layers()
        for place, column in enumerate(schema_of(layer, kind), 1)
    ]
    heads = [("图层代码", 15, "left"), ("图层名称", 26, "left"), *_FIELD_HEADS, ("本次无要素", 12, "center")]
    notes = [
        "宽度：文本为所写编码的字节数，数字为含小数点的总位数。",
        "不公开：涉及个人或权利人，公示版不列。",
    ]
    return plain_content("数据库字段表", heads, rows, notes=notes)


def _list_library(plan: Plan) -> Content:
    """Return the fields of the project library's shapefile, which is no layer of the one map."""
    rows = [[place, *_describe_field(column)] for place, column in enumerate(Entry.delivered(), 1)]
    notes = [
        f"{LIBRARY}/{plan.plan.region_code}{plan.plan.area}{TITLE}.shp，每个有位置的项目一个点；没有项目时不提供。"
    ]
    return plain_content(f"{TITLE}字段表", _FIELD_HEADS, rows, notes=notes)


def _describe_field(column: Column) -> list[Value]:
    spec = column.spec
    return [
        spec.onemap,
        spec.alias,
        TYPES[spec.kind],
        spec.width,
        spec.decimals if spec.kind == "float" else None,
        spec.unit,
        _YES[spec.required],
        _YES[spec.unique],
        _name_codes(column),
        _YES[spec.private],
        spec.hint,
    ]


def _name_codes(column: Column) -> str:
    """Return the name of the list a field's values are taken from; empty for none."""
    if column.spec.codes is not None:
        return column.spec.codes.name
    if column.spec.onemap in _LANDUSE_FIELDS:
        return _LANDUSE
    return _FACILITY if column.spec.onemap in _FACILITY_FIELDS else ""


def _list_codes(layers: Sequence[Delivered]) -> Content:
    """Return every code list of the declarations, then the land-use and facility codes this run uses."""
    lists: dict[str, CodeList] = {}
    users: dict[str, list[str]] = {}
    for code, layer, kind in delivered_layers():
        for column in schema_of(layer, kind):
            if column.spec.codes is not None:
                lists[column.spec.codes.name] = column.spec.codes
                users.setdefault(column.spec.codes.name, []).append(f"{code}.{column.spec.onemap}")
    rows: list[list[Value]] = []
    for name in sorted(lists):
        used = _count_values(layers, users[name])
        rows += [
            [
                name,
                "封闭" if lists[name].closed else "可扩充",
                place,
                value,
                value,
                used[value],
                "、".join(users[name]),
            ]
            for place, value in enumerate(lists[name].values, 1)
        ]
    facilities = {key: item.name for key, item in facility_classes().items()}
    rows += _list_used(_LANDUSE, layers, _LANDUSE_FIELDS, landuse_names())
    rows += _list_used(_FACILITY, layers, _FACILITY_FIELDS, facilities)
    heads = [
        ("代码表", 34, "left"), ("性质", 10, "center"), ("序号", 7, "center"), ("取值", 28, "left"), ("含义", 34, "left"),
        ("本次使用次数", 14, "center"), ("用于字段", 80, "left"),
    ]  # fmt: skip
    notes = [
        "封闭：表外取值为错误；可扩充：表外取值只作提示。",
        "使用次数为该取值在各所列字段中出现的要素数之和。",
    ]
    return plain_content("数据库代码表", heads, rows, notes=notes)


def _list_used(
    title: str, layers: Sequence[Delivered], fields: Sequence[str], names: Mapping[str, str]
) -> Iterator[list[Value]]:
    """Yield the codes of a standard that occur in this run, sorted."""
    users = [
        f"{layer.code}.{name}" for layer in layers for name in dict.fromkeys(fields) if name in layer.frame
    ]
    used = _count_values(layers, users)
    for place, code in enumerate(sorted(used), 1):
        yield [title, "封闭", place, code, names.get(code, ""), used[code], "、".join(users)]


def _count_values(layers: Sequence[Delivered], users: Sequence[str]) -> Counter[str]:
    """Return how often each value stands in the fields named ``code.field``."""
    found: Counter[str] = Counter()
    for layer in layers:
        for name in layer.frame.columns:
            if f"{layer.code}.{name}" in users:
                found.update(layer.frame[name].dropna().astype("str").value_counts().to_dict())
    return found


def _explain(layers: Sequence[Delivered], plan: Plan) -> Content:
    """Return what holds for the database as a whole."""
    identity = plan.plan
    crs = layers[0].frame.crs if layers else None
    where = (
        f"EPSG:{crs.to_epsg()}（{crs.name}），{'单位度' if crs.is_geographic else '单位米'}" if crs else ""
    )
    head = f"{identity.region_code}{identity.compiled.year:04d}{identity.plan_block:03d}"
    total = sum(len(layer.frame) for layer in layers)
    encoding = plan.delivery.shp_encoding
    ysdm = "按配置 delivery.ysdm" if plan.delivery.ysdm else "空：未见适用于这些图层的公开要素代码"
    rows: list[list[Value]] = [
        ["方案", identity.title],
        ["编制单位", identity.compiler],
        ["编制日期", identity.compiled.isoformat()],
        ["现状数据年份", f"{identity.data_year} 年"],
        ["行政区", f"{identity.region_code} {identity.region_name}"],
        ["图层与要素", f"{len(layers)} 个图层，{total} 个要素"],
        ["坐标系", where],
        ["高程", "二维数据，不含高程"],
        [
            "面积",
            f"{AREA_RULES[plan.crs.area_rule]}，单位 ㎡，在规划坐标系中量算，全库一致；与交付坐标系无关",
        ],
        [
            "标识码 BSM",
            f"{Prefix.bsm.spec.width} 位：行政区代码 6 位 + 编制年份 4 位 + 方案块号 3 位 + 顺序号 {BSM_DIGITS} 位；"
            f"全库唯一，本方案为 {head} 加顺序号",
        ],
        ["要素代码 YSDM", ysdm],
        ["社区名称 SQMC", f"要素所在社区；不在任何社区的写“{OUTSIDE}”"],
        [
            "shp 文件名",
            f"{FOLDER}/{plan.delivery.shp_pattern}.shp（region 行政区代码，area 社区名，layer 图层代码，alias 图层名称）",
        ],
        ["shp 编码", f"{encoding}，附 .cpg；超出宽度的文字在字与字之间截断，全文见 {GEOPACKAGE} 和表格"],
        ["空值", "shp 的空文字、空数字写作空白；GeoPackage 写作 NULL"],
        [
            "GeoPackage",
            f"{GEOPACKAGE}，GeoPackage {VERSION}，UTF-8；中文别名、代码表在 gpkg_data_columns 及其约束表中",
        ],
        ["元数据", "数据库/元数据.xml（ISO 19115:2003，ISO/TS 19139:2007）"],
    ]
    return plain_content("数据库说明", [("项目", 22, "center"), ("内容", 150, "left")], rows)
