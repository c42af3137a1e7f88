"""Views and side tables of networks: centre and stations with whom they serve (3.2), and the walk network as checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from configs.services import services
from layers import codes
from layers.reachable import Edge, Home, Link, NetworkMark
from layers.sites import NetworkSite, SiteReach
from layers.source import Building
from pipeline.deliver.atlas.cells import make_table, write_count, write_text
from pipeline.deliver.atlas.town import STUDIED, Town
from pipeline.deliver.sheet.spec import Drawn, SideTable

_CLASS = "class"
NUMBER = "map_number"
_CENTRE = codes.SITE_ROLE.values[0]
_STANDS = codes.SITE_ORIGIN.values[0]
_DEAD = codes.NETWORK_MARK.values[1]
_JOINED, _OUTSIDE = codes.SNAP.values[0], codes.SNAP.values[3]
_SITES, _HOMES, _WALKS = "中心与站点", "住宅（按目标人群）", "步行网络"


def network_numbered(town: Town, service: str) -> gpd.GeoDataFrame:
    """Sites of a service, numbered: centres, proposed stations, then those that stand, most people first."""
    frame = town.placed(NetworkSite)
    frame = frame[frame[NetworkSite.network] == services()[service].name]
    stands = frame[NetworkSite.origin] == _STANDS
    frame = frame.assign(
        **{_CLASS: np.where(stands, "现有", "拟设") + frame[NetworkSite.role]},
        rank=(frame[NetworkSite.role] != _CENTRE) * 2 + stands,
        few=-frame[NetworkSite.people].fillna(frame[NetworkSite.homes].astype("float64")),
    ).sort_values(["rank", "few", NetworkSite.id], ignore_index=True)
    return frame.assign(**{NUMBER: [str(n + 1) for n in range(len(frame))]})


def network_sites(town: Town, *, service: str) -> list[Drawn]:
    """Centre and stations, those that stand apart from proposed ones, with the numbers of the side table."""
    frame = network_numbered(town, service)
    centres = frame[frame[NetworkSite.role] == _CENTRE]
    return [
        Drawn(
            frame=frame, theme="site", class_column=_CLASS, label_column=NUMBER, label_place="badge",
            legend_group=_SITES, legend_counts=True,
        ),
        # The centre's name stands beside its number; the marker itself is drawn by the layer above.
        Drawn(
            frame=centres, theme="site", class_column=_CLASS, label_column=NetworkSite.name,
            label_kind="项目名", label_priority=95, label_required=True, in_legend=False, fade=0.0,
            obstacle=False,
        ),
    ]  # fmt: skip


def network_links(town: Town, *, service: str) -> list[Drawn]:
    """A straight line from each station to the centre it belongs to."""
    frame = network_numbered(town, service)
    stations = frame[frame[NetworkSite.centre].notna()]
    to = frame.set_index(NetworkSite.object_id).geometry.loc[stations[NetworkSite.centre]]
    lines = _join(stations.geometry, gpd.GeoSeries(to))
    lines = lines.assign(**{NetworkSite.id: stations[NetworkSite.id].to_numpy()})
    return [Drawn(frame=lines, theme="site_link", value="中心站点", legend_group=_SITES)]


def network_walks(town: Town, *, service: str) -> list[Drawn]:
    """A thin line from each home to the station it goes to."""
    reached = _reached(town, service)
    reached = reached[reached[SiteReach.site].notna()]
    sites = network_numbered(town, service).set_index(NetworkSite.object_id).geometry
    homes = town.geo(Home).set_index(Home.id).geometry
    lines = _join(homes.loc[reached[SiteReach.home]], sites.loc[reached[SiteReach.site]])
    return [Drawn(frame=lines, theme="site_link", value="站点住宅", legend_group=_SITES)]


def network_homes(town: Town, *, service: str) -> list[Drawn]:
    """Homes with people a service is for: served by a station, within reach of full ones, or too far."""
    reached = _reached(town, service)
    homes = town.geo(Home).set_index(Home.id).loc[reached[SiteReach.home]]
    # A home point that stands for a building is shown as the building.
    shapes = town.geo(Building).set_index(Building.id).geometry.reindex(homes[Home.building])
    drawn = np.where(shapes.notna(), shapes.to_numpy(), homes.geometry.to_numpy())
    frame = gpd.GeoDataFrame(
        {_CLASS: reached[SiteReach.status].to_numpy(), Home.building: homes[Home.building].to_numpy()},
        geometry=drawn,
        crs=homes.crs,
    )
    return [
        Drawn(
            frame=frame, theme="site_home", class_column=_CLASS, legend_group=_HOMES, legend_counts=True,
            obstacle=False,
        )
    ]  # fmt: skip


def _reached(town: Town, service: str) -> pd.DataFrame:
    frame = town.table(SiteReach)
    return frame[frame[SiteReach.network] == services()[service].name]


def _join(starts: gpd.GeoSeries, ends: gpd.GeoSeries) -> gpd.GeoDataFrame:
    xy = np.stack([starts.x, starts.y, ends.x, ends.y], axis=1).reshape(-1, 2, 2)
    return gpd.GeoDataFrame(geometry=shapely.linestrings(xy), crs=starts.crs)


def walk_edges(town: Town) -> list[Drawn]:
    """The walk network, what hangs together with most of it apart from what does not."""
    frame = town.geo(Edge)
    main = frame[Edge.component].mode().min()
    classes = np.where(frame[Edge.component] == main, "主网", "孤立")
    return [
        Drawn(
            frame=frame.assign(**{_CLASS: classes}),
            theme="walk_edge",
            class_column=_CLASS,
            legend_group=_WALKS,
        )
    ]


def marks_numbered(town: Town) -> gpd.GeoDataFrame:
    """Places of the network to look at, numbered by kind; dead ends, which are many, are not."""
    frame = _marks_here(town)
    frame = frame[frame[NetworkMark.kind] != _DEAD]
    rank = {kind: n for n, kind in enumerate(codes.NETWORK_MARK.values)}
    frame = frame.assign(rank=frame[NetworkMark.kind].map(rank)).sort_values(
        ["rank", NetworkMark.id], ignore_index=True
    )
    return frame.assign(**{NUMBER: [str(n + 1) for n in range(len(frame))]})


def _marks_here(town: Town) -> gpd.GeoDataFrame:
    """Return the marks that the sheet's extent shows: those beyond 研究范围 on all sides are in the database."""
    frame = town.placed(NetworkMark)
    return frame[frame.intersects(shapely.box(*town.scope(STUDIED).total_bounds))]


def network_marks(town: Town) -> list[Drawn]:
    """Suspicious gaps, islands, cuts and bare communities, numbered, and dead ends as they are."""
    frame = _marks_here(town)
    return [
        Drawn(
            frame=frame[frame[NetworkMark.kind] == _DEAD], theme="network_mark", value=_DEAD,
            legend_group=_WALKS, legend_counts=True, obstacle=False,
        ),
        Drawn(
            frame=marks_numbered(town), theme="network_mark", class_column=NetworkMark.kind,
            label_column=NUMBER, label_place="badge", legend_group=_WALKS, legend_counts=True,
        ),
    ]  # fmt: skip


def unlinked(town: Town) -> list[Drawn]:
    """What does not join the network inside the data: homes, facilities, gates, needs, resources."""
    frame = town.geo(Link)
    frame = frame[~frame[Link.status].isin([_JOINED, _OUTSIDE])]
    return [
        Drawn(
            frame=frame, theme="link", class_column=Link.status, legend_group="未接入的对象",
            legend_counts=True, obstacle=False,
        )
    ]  # fmt: skip


def network_site_rows(town: Town, *, service: str) -> SideTable | None:
    """Sites of a service with whom they serve, what they hold and what is left of it (3.2)."""
    frame = network_numbered(town, service)
    held, counted = frame[NetworkSite.spare].notna().any(), frame[NetworkSite.people].notna().any()
    served = frame[NetworkSite.people if counted else NetworkSite.homes]
    rows = [
        (
            str(row[NUMBER]),
            write_text(row[NetworkSite.name]),
            str(row[_CLASS]),
            write_count(people),
            *((_limit(row[NetworkSite.capacity]), _limit(row[NetworkSite.spare])) if held else ()),
            _to_centre(row),
        )
        for row, people in zip(frame.to_dict("records"), served, strict=True)
    ]
    unit, whom = frame[NetworkSite.capacity_unit].iloc[0] if held else "", "人" if counted else "户点"
    heads = (f"能力{unit}", f"富余{unit}") if held else ()
    title = f"{services()[service].name}中心与站点（合计服务 {served.sum():,.0f} {whom}）" if rows else ""
    columns = ("号", "名称", "类型", f"服务（{whom}）", *heads, "至中心m")
    return make_table(title, columns, rows, tuple(range(3, len(columns))))


def _to_centre(row: Mapping[Any, Any]) -> str:
    """Return a station's walk to its centre, or the mean walk of everybody to the centre."""
    if row[NetworkSite.role] != _CENTRE:
        return write_count(row[NetworkSite.centre_walk_m])
    return f"均{write_count(row[NetworkSite.centre_mean_m])}"


def network_mark_rows(town: Town) -> SideTable | None:
    """Numbered marks with coordinates, so that each can be found in the drawing it comes from."""
    rows = [
        (
            str(row[NUMBER]),
            str(row[NetworkMark.kind]),
            f"{row['geometry'].x:.2f}",
            f"{row['geometry'].y:.2f}",
            _metres(row[NetworkMark.distance_m], row[NetworkMark.length_m]),
            write_text(row[NetworkMark.road]),
        )
        for row in marks_numbered(town).to_dict("records")
    ]
    beyond = len(town.geo(NetworkMark)) - len(_marks_here(town))
    title = "步行网络疑点" + (f"（研究范围四至以外另有 {beyond} 处，见数据库）" if beyond else "")
    return make_table(title, ("号", "类型", "东坐标", "北坐标", "相距或长度", "道路编号"), rows, (2, 3, 4))


def links(town: Town) -> SideTable | None:
    """How many objects of each kind join the network, and how many do not."""
    counts = town.table(Link).groupby([Link.layer, Link.status]).size()
    order = {word: n for n, word in enumerate((*codes.LINKED.values, *codes.SNAP.values))}
    rows = [
        (str(layer), str(status), str(n))
        for (layer, status), n in sorted(counts.items(), key=lambda item: [order[word] for word in item[0]])
    ]
    return make_table("接入状态", ("对象", "状态", "个"), rows, (2,))


def _metres(*values: object) -> str:
    found = [value for value in values if not pd.isna(value)]
    return f"{found[0]:.2f} m" if found else "—"


def _limit(value: object) -> str:
    return "不限" if pd.isna(value) else f"{float(value):.0f}"  # type: ignore[arg-type]


VIEWS = {
    view.__name__: view
    for view in (
        network_sites, network_links, network_walks, network_homes, walk_edges, network_marks, unlinked,
    )
}  # fmt: skip
TABLES = {table.__name__: table for table in (network_site_rows, network_mark_rows, links)}
