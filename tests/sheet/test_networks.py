"""Sheets of networks: what is drawn and listed is what the stages decided, by hand on one street."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import LineString, Point, box

from configs import read_settings
from configs.services import services
from layers.planned import Need
from layers.reachable import Edge, Home, Link, NetworkMark, Scope, Whereabouts
from layers.sites import NetworkSite, SiteReach
from layers.source import Building
from pipeline.deliver.atlas.compose import VIEWS as ALL_VIEWS
from pipeline.deliver.atlas.networks import (
    TABLES,
    VIEWS,
    marks_numbered,
    network_links,
    network_mark_rows,
    network_marks,
    network_numbered,
    network_site_rows,
    network_sites,
    network_walks,
    unlinked,
    walk_edges,
)
from pipeline.deliver.atlas.town import Town
from styles import symbol
from tests.builders import make_frame, make_plan
from tests.stages.test_siting import XS, places, plan_sites, spaces, town


@pytest.fixture(scope="module")
def street():
    """A full nursery with room for eleven, one across the border of the plan, a centre and a station proposed."""
    frames = town(
        places("nursery", 1000, "托", n=0.5, unit="托位"), places("nursery", 2100, "邻", n=9, unit="托位")
    )
    made, _ = plan_sites(frames, spaces(("Z1", 300, 2000, "建筑", "确认"), ("Z2", 320, 250, "建筑", "确认")))
    return Town(make_plan(), {**frames, **made})


def test_centres_come_first_then_proposals_then_what_stands(street):
    frame = network_numbered(street, "托育")
    assert frame[NetworkSite.object_id].tolist() == ["Z1", "Z2", "f-托", "f-邻"]
    assert frame["map_number"].tolist() == ["1", "2", "3", "4"]
    assert frame["class"].tolist() == ["拟设中心", "拟设站点", "现有站点", "现有站点"]


def test_lines_join_stations_to_their_centre_and_homes_to_their_station(street):
    (links,) = network_links(street, service="托育")
    ends = {(line.coords[0][0], line.coords[1][0]) for line in links.frame.geometry}
    assert ends == {(320.0, 300.0), (1000.0, 300.0), (2100.0, 300.0)}
    (walks,) = network_walks(street, service="托育")
    reached = street.table(SiteReach)
    reached = reached[(reached[SiteReach.network] == "托育服务") & reached[SiteReach.site].notna()]
    assert len(walks.frame) == len(reached) > 20
    to = {"Z1": 300.0, "Z2": 320.0, "f-托": 1000.0, "f-邻": 2100.0}
    lines = [(round(line.coords[0][0]), line.coords[1][0]) for line in walks.frame.geometry]
    homes = reached[SiteReach.home].str.removeprefix("Hb").astype(int)
    assert sorted(lines) == sorted(zip(homes, reached[SiteReach.site].map(to), strict=True))


def test_homes_are_drawn_as_their_buildings_by_what_became_of_them(street):
    (homes,) = VIEWS["network_homes"](street, service="托育")
    counts = homes.frame["class"].value_counts().to_dict()
    assert sum(counts.values()) == len(XS) and counts["能力不足"] == 3
    assert set(homes.frame.geom_type) == {"Polygon"}


def test_the_side_table_says_what_the_layer_says(street):
    table = network_site_rows(street, service="托育")
    sites = street.geo(NetworkSite)
    sites = sites[sites[NetworkSite.network] == "托育服务"].set_index(NetworkSite.object_id)
    total = sites[NetworkSite.people].sum()
    assert table.title == f"托育服务中心与站点（合计服务 {total:.0f} 人）"
    assert table.columns == ("号", "名称", "类型", "服务（人）", "能力托位", "富余托位", "至中心m")
    centre, _, full, beyond = table.rows
    assert centre[3:6] == (f"{sites.loc['Z1', NetworkSite.people]:.0f}", "不限", "不限")
    assert centre[6] == f"均{sites.loc['Z1', NetworkSite.centre_mean_m]:.0f}"
    assert full[:4] == ("3", "托", "现有站点", "11") and full[6] == "720"
    assert beyond[1] == "邻"


def test_nobody_counted_lists_homes_and_no_capacity_none():
    frames = town(places("culture_station", 500, "站"))
    frames[Home.key] = frames[Home.key].assign(**{Home.population: np.nan})
    made, _ = plan_sites(frames, spaces())
    table = network_site_rows(Town(make_plan(), {**frames, **made}), service="文化")
    assert table.columns == ("号", "名称", "类型", "服务（户点）", "至中心m")
    assert table.rows[0][3] == str(int((np.abs(XS - 500) <= 270).sum()))


@pytest.fixture(scope="module")
def network():
    """A main street, an island beside it, every kind of mark, objects that join and that do not."""
    mark = {"community": "东"}
    frames = {
        Edge.key: make_frame(
            Edge,
            [
                {"id": str(n), "u": 0, "v": 1, "length_m": 1, "component": component,
                 "geometry": LineString([(0, n), (9, n)])}
                for n, component in enumerate([0, 0, 1])
            ],
        ),
        NetworkMark.key: make_frame(
            NetworkMark,
            [
                {"id": "c", "kind": "障碍截断", "geometry": Point(7, 0), **mark},
                {"id": "e1", "kind": "断头路", "geometry": Point(1, 0), **mark},
                {"id": "b", "kind": "社区无道路", "geometry": Point(5, 5), **mark},
                {"id": "e2", "kind": "断头路", "geometry": Point(2, 0), **mark},
                {"id": "g", "kind": "疑似未相接", "distance_m": 0.62, "road": "r1", "geometry": Point(3.456, 0), **mark},
                {"id": "far", "kind": "孤立路段", "length_m": 1, "geometry": Point(99, 0), **mark},
                {"id": "i", "kind": "孤立路段", "length_m": 9, "road": "r2", "geometry": Point(4, 2), **mark},
            ],
        ),
        Scope.key: make_frame(
            Scope, [{"id": "s", "kind": "研究范围", "area_m2": 100, "geometry": box(0, -1, 10, 10)}]
        ),
        Link.key: make_frame(
            Link,
            [
                {"id": f"l{n}", "layer": "住户点", "object_id": str(n), "status": status, "geometry": Point(n, 0)}
                for n, status in enumerate(["已接入", "过远", "范围外", "被隔断", "不同连通分量"])
            ],
        ),
        Whereabouts.key: make_frame(Whereabouts, []),
        Building.key: make_frame(Building, []),
        Need.key: make_frame(Need, []),
    }  # fmt: skip
    return Town(make_plan(), frames)


def test_marks_are_numbered_by_kind_and_dead_ends_are_not(network):
    dead, others = network_marks(network)
    assert (len(dead.frame), dead.label_column) == (2, None)
    assert others.frame[NetworkMark.id].tolist() == ["g", "i", "c", "b"]
    assert marks_numbered(network)["map_number"].tolist() == ["1", "2", "3", "4"]
    table = network_mark_rows(network)
    assert len(table.rows) == 4 and "以外另有 1 处" in table.title
    assert table.rows[0] == ("1", "疑似未相接", "3.46", "0.00", "0.62 m", "r1")
    assert table.rows[1][4:] == ("9.00 m", "r2") and table.rows[2][4:] == ("—", "—")


def test_islands_and_what_does_not_join_stand_out(network):
    (edges,) = walk_edges(network)
    assert edges.frame["class"].tolist() == ["主网", "主网", "孤立"]
    (loose,) = unlinked(network)
    assert loose.frame[Link.status].tolist() == ["过远", "被隔断", "不同连通分量"]
    assert TABLES["links"](network).rows[0] == ("住户点", "已接入", "1")


def test_every_class_a_network_view_draws_has_a_symbol(street, network):
    drawn = [layer for view in ("network_sites", "network_links", "network_walks", "network_homes")
             for layer in VIEWS[view](street, service="托育")]  # fmt: skip
    drawn += [layer for view in (walk_edges, network_marks, unlinked) for layer in view(network)]
    for layer in drawn:
        values = [layer.value] if layer.class_column is None else layer.frame[layer.class_column].unique()
        assert all(symbol(layer.theme, value).theme == layer.theme for value in values)


def test_the_centre_is_named_beside_its_number(street):
    numbers, names = network_sites(street, service="托育")
    assert len(numbers.frame) == 4 and numbers.label_place == "badge"
    assert names.frame[NetworkSite.name].tolist() == ["Z1"] and names.label_required


def test_every_service_has_its_sheet_and_the_technicians_sheet_is_not_submitted():
    sheets = read_settings("catalogue.yaml")["sheets"]
    of_service = [sheet for sheet in sheets if "service" in sheet]
    assert [sheet["service"] for sheet in of_service] == list(services())
    for sheet in of_service:
        named = {item["service"] for item in sheet["draw"] + sheet["tables"]}
        assert named == {sheet["service"]} and services()[sheet["service"]].name in sheet["title"]
    apart = {sheet["number"]: sheet["folder"] for sheet in sheets if "folder" in sheet}
    assert apart == {"Z-01": "质检"}
    submitted = [item for sheet in sheets if "folder" not in sheet for item in sheet["draw"]]
    assert "network_marks" not in submitted and "network_marks" in ALL_VIEWS
