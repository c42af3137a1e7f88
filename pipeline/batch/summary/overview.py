"""The overview sheet of a city on A3: gaps as colours, what sharing brings as circles, both rankings beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from layers.cityrank import Ranked
from pipeline.batch.city.config import City
from pipeline.deliver.sheet.render import render_sheet
from pipeline.deliver.sheet.scale import choose_scale
from pipeline.deliver.sheet.spec import Drawn, SheetReport, SheetSpec, SideTable, TitleBlock
from styles import theme_symbols
from styles.frame import load_frame

GAP, GAIN = "city_gap", "share_gain"
UNKNOWN = "无成果"
_CLASS = "class"
_MARGIN_MM = 8.0
# A city may be larger than what the plans' own scales hold.
_LARGER = (25000, 30000, 50000, 75000, 100000, 150000, 200000, 250000, 300000, 500000)
_ROWS = 12
# Names of more communities than this would cover the map.
_MOST_NAMES = 60


def draw_overview(
    city: City, ranked: gpd.GeoDataFrame, blank: gpd.GeoDataFrame, path: Path, *, missing: Sequence[str]
) -> SheetReport:
    """Draw the sheet as JPG.

    Parameters
    ----------
    ranked : ``Ranked`` rows.
    blank : ground of communities whose plans have no results.
    missing : plans without results.
    """
    crs = ranked.crs
    blank = blank.to_crs(crs) if len(blank) else blank
    bounds = shapely.total_bounds(shapely.union_all([*ranked.geometry, *blank.geometry]))
    west, south, east, north = map(float, bounds)
    extent = (west, south, east, north)
    frame = load_frame()
    scale = choose_scale(
        extent, (frame.map.width, frame.map.height), (*frame.scales, *_LARGER), margin=_MARGIN_MM
    )
    compiled = city.plan.compiled
    meridian = int(
        next(p.value for p in crs.coordinate_operation.params if p.name == "Longitude of natural origin")
    )
    spec = SheetSpec(
        number="全市-01", title="各社区设施缺口与共享增益总览图", group="全市汇总", crs=crs, extent=extent, scale=scale,
        layers=_compose_layers(ranked, blank),
        block=TitleBlock(
            project=city.city.title, unit=city.plan.compiler, date=f"{compiled.year}年{compiled.month}月",
            crs_text=f"2000国家大地坐标系，3°带，中央经线{meridian}°；1985国家高程基准", map_review_no=city.plan.map_review_no,
        ),
        keep=shapely.union_all([*ranked.geometry, *blank.geometry]),
        side_tables=_list_tables(ranked), notes=_write_notes(city, ranked, missing),
        legend_groups=("共享后缺口率", "共享增益"),
    )  # fmt: skip
    return render_sheet(spec, path)


def _compose_layers(ranked: gpd.GeoDataFrame, blank: gpd.GeoDataFrame) -> tuple[Drawn, ...]:
    ground = ranked.assign(**{_CLASS: classify(ranked[Ranked.gap_share], GAP)})
    ground.loc[ground[_CLASS].isna(), _CLASS] = UNKNOWN
    if len(blank):
        lost = gpd.GeoDataFrame(
            {_CLASS: [UNKNOWN] * len(blank)}, geometry=blank.geometry.to_numpy(), crs=ranked.crs
        )
        ground = gpd.GeoDataFrame(pd.concat([ground, lost], ignore_index=True), crs=ranked.crs)
    named = len(ranked) <= _MOST_NAMES
    layers = [
        Drawn(
            frame=ground, theme=GAP, class_column=_CLASS, legend_group="共享后缺口率", legend_counts=True,
            label_column=str(Ranked.community) if named else str(Ranked.rank_gap), label_kind="标注" if named else "编号",
        )
    ]  # fmt: skip
    points = ranked.set_geometry(ranked.representative_point())
    points = points.assign(**{_CLASS: classify(ranked[Ranked.gain], GAIN)})
    points = points[points[_CLASS].notna()]
    if len(points):
        layers.append(
            Drawn(frame=points, theme=GAIN, class_column=_CLASS, legend_group="共享增益", legend_counts=True)
        )
    return tuple(layers)


def classify(values: pd.Series, theme: str) -> pd.Series:
    """Return the class of each number by the theme's own classes ``low-high``; missing where there is none.

    A class holds its upper end; the first holds its lower end too unless that is nothing at all.
    """
    bounds = {
        symbol.value: tuple(float(edge) for edge in symbol.value.split("-"))
        for symbol in theme_symbols(theme)
        if symbol.value != UNKNOWN
    }
    found = pd.Series([None] * len(values), index=values.index, dtype="object")
    for name, (low, high) in bounds.items():
        first = low == 0 and theme == GAP
        found[(values <= high) & ((values >= low) if first else (values > low))] = name
    return found


def _list_tables(ranked: gpd.GeoDataFrame) -> tuple[SideTable, ...]:
    gaps = ranked.head(_ROWS)
    gains = ranked[ranked[Ranked.gain] > 0].sort_values([Ranked.rank_gain, Ranked.community]).head(_ROWS)
    tables = [
        SideTable(
            title=f"设施缺口最多的{len(gaps)}个社区",
            columns=("名次", "社区", "应配", "共享前", "共享后"),
            rows=tuple(
                (str(row[Ranked.rank_gap]), row[Ranked.community], str(row[Ranked.classes]), str(row[Ranked.gaps_before]), str(row[Ranked.gaps_after]))
                for row in gaps.to_dict("records")
            ),
            numeric=(0, 2, 3, 4),
        )
    ]  # fmt: skip
    if len(gains):
        tables.append(
            SideTable(
                title=f"共享增益最大的{len(gains)}个社区",
                columns=("名次", "社区", "共享前%", "共享后%", "增益"),
                rows=tuple(
                    (str(row[Ranked.rank_gain]), row[Ranked.community], f"{row[Ranked.reached_before]:.1f}", f"{row[Ranked.reached_after]:.1f}", f"{row[Ranked.gain]:.1f}")
                    for row in gains.to_dict("records")
                ),
                numeric=(0, 2, 3, 4),
            )
        )  # fmt: skip
    return tuple(tables)


def _write_notes(city: City, ranked: gpd.GeoDataFrame, missing: Sequence[str]) -> tuple[str, ...]:
    notes = [
        city.walking.rule_text() + "。",
        "缺口率：共享后仍漏配、少配、错配的设施类型占应配设施类型的比例。",
        "共享增益：各应配设施类型对住户点的平均覆盖率，共享后比共享前提高的百分点。",
        f"数据年份：{city.plan.data_year}年；计入 {len(ranked)} 个社区。",
    ]
    if len(ranked) > _MOST_NAMES:
        notes.append("图上数字为缺口排名，名称见 全市汇总.xlsx。")
    if missing:
        notes.append(f"{len(missing)} 个方案没有成果，未计入。")
    return tuple(notes)
