"""From catalogue entries and stage results to sheet instructions; a sheet with nothing to show is not made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from configs import read_settings
from configs.facilities import facility_classes
from configs.services import Service, services
from layers.reachable import Unit
from layers.source import OpenSpace, Road
from pipeline.deliver.atlas import beside, ground, networks, special, stock, subjects
from pipeline.deliver.atlas.town import PLANNED, STUDIED, Town, View
from pipeline.deliver.credit import OPEN_DATA_NOTE
from pipeline.deliver.sheet.scale import choose_scale
from pipeline.deliver.sheet.spec import Bounds, Drawn, SheetError, SheetSpec, SideTable, TitleBlock
from styles.frame import load_frame

VIEWS: dict[str, View] = {**ground.VIEWS, **subjects.VIEWS, **networks.VIEWS, **special.VIEWS}
TABLES = {**stock.TABLES, **beside.TABLES, **networks.TABLES, **special.TABLES}
# Clear paper round the extent, so that boundary lines and their labels do not touch the map frame.
MARGIN_MM = 6.0
FOLDER = "图件/JPG"
CHECKS = "质检"


@dataclass(frozen=True)
class Entry:
    """One drawing of the catalogue, made or not.

    Attributes
    ----------
    number, title, group : as the catalogue prints them.
    folder : in the hand-in.
    spec : what to draw, or None.
    reason : why it is not drawn; empty when it is.
    """

    number: str
    title: str
    group: str
    spec: SheetSpec | None
    reason: str = ""
    folder: str = FOLDER

    @property
    def bound(self) -> bool:
        """Whether it belongs to the drawings handed in, which an atlas binds; sheets of 质检 do not."""
        return self.folder.partition("/")[0] != CHECKS


def _call(item: str | Mapping[str, Any], key: str) -> tuple[str, dict[str, Any]]:
    if isinstance(item, str):
        return item, {}
    params = dict(item)
    return str(params.pop(key)), params


def _draw(town: Town, items: Iterable[str | Mapping[str, Any]]) -> dict[str, list[Drawn]]:
    drawn: dict[str, list[Drawn]] = {}
    for item in items:
        name, params = _call(item, "view")
        made = VIEWS[name](town, **params)
        layers = [replace(layer, view=name, part=n) for n, layer in enumerate(made) if len(layer.frame)]
        drawn.setdefault(name, []).extend(layers)
    return drawn


def _crs_text(town: Town) -> str:
    conversion = town.geo(Unit).crs.coordinate_operation
    origin = next(item for item in conversion.params if item.name == "Longitude of natural origin")
    meridian = int(origin.value)
    return f"2000国家大地坐标系，3°带，中央经线{meridian}°；1985国家高程基准"


def _inset(town: Town) -> tuple[Drawn, ...]:
    units, roads = town.geo(Unit), town.geo(Road)
    main = roads[roads[Road.kind].isin(("快速路", "主干路", "次干路"))]
    water = town.geo(OpenSpace)
    water = water[water[OpenSpace.kind] == "水域"]
    layers = [
        Drawn(frame=town.scope(STUDIED), theme="context", value="底色"),
        Drawn(frame=water, theme="surface", value="水面"),
        Drawn(
            frame=units,
            theme="context",
            value="本社区",
            label_column=Unit.name,
            label_kind="小图名",
            label_priority=5,
        ),
        Drawn(frame=main, theme="context", value="周边道路"),
    ]
    return tuple(replace(layer, part=n) for n, layer in enumerate(layers) if len(layer.frame))


def _notes(town: Town, sheet: Mapping[str, Any]) -> tuple[str, ...]:
    notes = []
    plan = town.plan
    if "rule" in sheet.get("notes", ()):
        notes.append(plan.walking.rule_text() + "。")
    if sheet.get("kind") == "coverage":
        notes.append(
            f"彩色范围按 {plan.walking.cell_m:g} m 格网绘制，仅为示意；是否覆盖以住户点路网距离为准。"
        )
    if "type" in sheet:
        item = facility_classes()[sheet["type"]]
        notes.append(f"{item.name}：{item.standard} {item.clause}，{item.minutes}分钟档{item.mark}。")
    if "service" in sheet:
        notes += _service_notes(town, services()[sheet["service"]])
    if (town.geo(Unit)[Unit.boundary] == "示意边界").any():
        notes.append("社区边界为示意边界，非法定边界。")
    if plan.open_data is not None:
        notes.append(OPEN_DATA_NOTE)
    notes.append(f"现状数据年份：{plan.plan.data_year}年。")
    return tuple(notes)


def _service_notes(town: Town, service: Service) -> list[str]:
    limit_m = town.plan.walking.class_limit_m(service.scale.key)
    least, scale = service.centre.least, service.stations.least
    held = f"能力按{service.capacity.said}折算" if service.capacity else f"能力不计：{service.unknown}"
    return [
        f"站点服务距离 {limit_m:g} m、规模不小于 {scale.value:g} ㎡（{scale.said}）；"
        f"中心规模不小于 {least.value:g} ㎡（{least.said}）。",
        f"每处住宅归服务距离内一处站点；{held}。",
        "现有设施保留；拟设中心、站点为候选，是否采用以资源清单为准。",
    ]


def _extent(town: Town, kind: str) -> Bounds:
    return tuple(town.scope(PLANNED if kind == "plan" else STUDIED).total_bounds)


def _tables(town: Town, sheet: Mapping[str, Any]) -> tuple[SideTable, ...]:
    made = []
    for item in sheet.get("tables", ()):
        name, params = _call(item, "table")
        made.append(TABLES[name](town, **params))
    return tuple(table for table in made if table is not None)


def _choose_scale(town: Town, kind: str, sheets: Iterable[Mapping[str, Any]]) -> int:
    """Return the one scale of a kind of sheet: it fits the narrowest layout any of them uses."""
    frames = [load_frame(sheet.get("layout", "standard")) for sheet in sheets if sheet["extent"] == kind]
    box = (min(frame.map.width for frame in frames), min(frame.map.height for frame in frames))
    return choose_scale(_extent(town, kind), box, frames[0].scales, margin=MARGIN_MM)


def compose_block(town: Town) -> TitleBlock:
    """Return the texts of the 图签 that every sheet of a plan shares, and the cover of its atlas."""
    compiled = town.plan.plan.compiled
    return TitleBlock(
        project=town.plan.plan.title,
        unit=town.plan.plan.compiler,
        date=f"{compiled.year}年{compiled.month}月",
        crs_text=_crs_text(town),
        map_review_no=town.plan.plan.map_review_no,
    )


def compose_sheets(town: Town) -> list[Entry]:
    """Return every drawing of the catalogue in order, with its instructions or why it is not drawn.

    Raises
    ------
    SheetError
        If even the smallest standard scale does not fit.
    """
    catalogue = read_settings("catalogue.yaml")
    only = set(town.plan.sheets.only)
    block = compose_block(town)
    base = {kind: _draw(town, items) for kind, items in catalogue["base"].items()}
    inset = _inset(town)
    scales = {kind: _choose_scale(town, kind, catalogue["sheets"]) for kind in base}
    entries = []
    for sheet in catalogue["sheets"]:
        number, title, kind = sheet["number"], sheet["title"], sheet["extent"]
        group, folder = catalogue["groups"][sheet["group"]], sheet.get("folder", FOLDER)
        if only and number not in only:
            entries.append(Entry(number, title, group, None, "配置 sheets.only 未选此图", folder))
            continue
        drawn = _draw(town, sheet["draw"])
        if not any(drawn.get(view) for view in sheet["needs"]):
            entries.append(
                Entry(number, title, group, None, f"没有可表达的内容（绘制条件：{sheet['when']}）", folder)
            )
            continue
        dropped = set(sheet.get("drop", ()))
        layers = [layer for view, made in base[kind].items() if view not in dropped for layer in made]
        layers += [layer for made in drawn.values() for layer in made]
        tables = _tables(town, sheet)
        try:
            spec = SheetSpec(
                number=number, title=title, group=group, crs=town.geo(Unit).crs, extent=_extent(town, kind),
                scale=scales[kind], layers=tuple(layers), block=block, inset=inset, side_tables=tables,
                focus=town.scope(PLANNED).geometry.iloc[0] if kind == "plan" else None,
                keep=town.scope(PLANNED if kind == "plan" else STUDIED).geometry.iloc[0],
                notes=_notes(town, sheet), layout=sheet.get("layout", "standard"),
            )  # fmt: skip
        except SheetError as error:
            reason = str(error).removeprefix(error.code).strip()
            entries.append(Entry(number, title, group, None, reason, folder))
            continue
        entries.append(Entry(number, title, group, spec, folder=folder))
    return entries
