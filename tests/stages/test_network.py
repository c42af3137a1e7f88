"""The network stage on ground small enough to draw: barriers, slope, report, and what bad input does."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point, box

from layers.faults import PlanFaults
from layers.grids import Relief
from layers.reachable import Edge, Home, Link, NetworkFigure, NetworkMark, Obstacle, Reach
from layers.source import Barrier, Building, Community, Facility, Gate, Road
from pipeline.reach.slope import round_trip_factor
from pipeline.stages.base import Given
from pipeline.stages.coverage import COVERAGE
from pipeline.stages.edges import make_grid
from pipeline.stages.network import NETWORK
from pipeline.stages.scope import SCOPE
from pipeline.stages.walknet import LINKED_TEXT
from tests.builders import make_frame, make_plan, make_source


def road(name, *xy, **more):
    return {"id": name, "kind": "支路", "level": 0, "walkable": True, "geometry": LineString(xy), **more}


def wall(*xy, **more):
    return {"id": "w", "kind": "围墙", "level": 0, "cuts": "是", "geometry": LineString(xy), **more}


def community(name="甲", *bounds):
    return {"id": name, "name": name, "geometry": box(*(bounds or (0, 0, 1000, 1000)))}


def house(name, x, y):
    return {"id": name, "use": "住宅", "population": 1, "geometry": box(x - 1, y - 1, x + 1, y + 1)}


def facility(name, x, y, key="wet_market"):
    return {"id": name, "type_key": key, "type_name": key, "name": name, "geometry": Point(x, y)}


def build(roads, plan=None, *, stages=(NETWORK,), communities=None, **layers):
    kinds = {"barrier": Barrier, "gate": Gate, "building": Building, "facility": Facility}
    frames = make_source(
        road=make_frame(Road, roads),
        community_given=make_frame(Community, communities or [community()]),
        **{
            key: make_frame(kinds[key], rows) if key in kinds else rows
            for key, rows in layers.items()
            if len(rows)
        },
    )
    log = []
    for stage in stages:
        given = Given(plan or make_plan(), frames)
        frames = {**frames, **stage(given)}
        log += given.log.faults
    return frames, log


def marks(frames, kind):
    frame = frames[NetworkMark.key]
    frame = frame[frame[NetworkMark.kind] == kind]
    return sorted(zip(frame.geometry.x.round(2), frame.geometry.y.round(2), strict=True))


def figure(frames, item):
    return frames[NetworkFigure.key].set_index(NetworkFigure.item).loc[item]


def links(frames, layer):
    link = frames[Link.key]
    return link[link[Link.layer] == LINKED_TEXT[layer]].set_index(Link.object_id)


# report


def test_gaps_are_ends_that_nearly_meet_and_nothing_else():
    frames, log = build(
        [
            road("main", (0, 500), (1000, 500)),
            road("short", (300, 800), (300, 501.5)),  # stops 1.5 m before the street
            road("left", (0, 100), (499, 100)),  # two ends that miss each other by 1.2 m: one gap
            road("right", (500.2, 100), (1000, 100)),
            road("stub", (700, 500), (700, 501)),  # a step that has left the street already
            road("away", (800, 800), (800, 502.5)),  # 2.5 m is a distance, no gap
        ]
    )
    assert marks(frames, "疑似未相接") == [(300, 500.75), (499.6, 100)]
    gaps = [f for f in log if "未相接" in f.problem]
    assert [(f.severity, f.x, f.y) for f in gaps] == [("警告", 300, 500.75), ("警告", 499.6, 100)]
    assert "1.50 m" in gaps[0].problem
    assert figure(frames, "疑似未相接")[NetworkFigure.value] == 2


def test_a_street_in_tiny_pieces_has_no_gaps_at_its_ends():
    x = np.arange(0, 30.01, 0.25)
    pieces = [road(f"p{i}", (a, 500), (b, 500)) for i, (a, b) in enumerate(itertools.pairwise(x))]
    hook = [road("hook", (30, 500), (31.5, 500)), road("back", (31.5, 500), (31.5, 501), (28, 501))]
    # Three metres of walk back to the street is a bend; a hairpin of eight is a gap.
    assert marks(build([*pieces, *hook[:1]])[0], "疑似未相接") == []
    assert marks(build([*pieces, *hook])[0], "疑似未相接") == [(28, 500.5)]


def test_a_wall_between_two_ends_makes_their_gap_no_mistake():
    roads = [road("a", (0, 500), (500, 500)), road("b", (501, 500), (1000, 500))]
    assert len(marks(build(roads)[0], "疑似未相接")) == 1
    frames, _ = build(roads, barrier=[wall((500.5, 0), (500.5, 1000))])
    assert marks(frames, "疑似未相接") == []


def test_dead_ends_inside_and_islands_anywhere_are_located():
    frames, _ = build(
        [
            road("main", (-500, 500), (1500, 500)),
            road("lane", (200, 500), (200, 700)),
            road("island", (100, 100), (300, 100)),
            road("outside", (2000, 0), (2000, 60)),
        ]
    )
    assert marks(frames, "断头路") == [(100, 100), (200, 700), (300, 100)]
    assert marks(frames, "孤立路段") == [(200, 100), (2000, 30)]
    islands = frames[NetworkMark.key].dropna(subset=[NetworkMark.length_m])
    assert islands.set_index(NetworkMark.road)[NetworkMark.length_m].to_dict() == {
        "island": 200,
        "outside": 60,
    }
    assert figure(frames, "连通分量")[NetworkFigure.value] == 3
    assert figure(frames, "规划范围内断头路")[NetworkFigure.value] == 3
    assert figure(frames, "节点")[NetworkFigure.value] == 8


@pytest.mark.parametrize(("streets", "verdict"), [(8, "符合"), (7, "不符合")])
def test_density_counts_streets_inside_the_plan_once(streets, verdict):
    # a square kilometre: each street is a kilometre inside, whatever it is outside
    roads = [road(f"r{i}", (-100, 60 + 100 * i), (1100, 60 + 100 * i)) for i in range(streets)]
    roads += [road("twice", (-100, 60), (1100, 60))]
    roads += [
        road("lane", (500, 0), (500, 1000), kind="小区路"),
        road("path", (0, 5), (1000, 5), kind="步行道"),
    ]
    roads[0] |= {"kind": "快速路"}
    frames, log = build(roads)
    row = figure(frames, "路网密度")
    assert row[NetworkFigure.value] == pytest.approx(streets)
    assert (row[NetworkFigure.requirement], row[NetworkFigure.verdict]) == ("≥8", verdict)
    assert row[NetworkFigure.standard] == "GB 50180-2018 6.0.2"
    assert "支路" in row[NetworkFigure.note]
    assert figure(frames, "路网密度（含小区路，对照）")[NetworkFigure.value] == pytest.approx(streets + 1)
    assert figure(frames, "规划范围内步行网络长度")[NetworkFigure.value] == pytest.approx(streets + 2)
    assert any("重复 " in fault.problem for fault in log)


def test_streets_nobody_walks_along_count_for_density_only():
    frames, _ = build(
        [road("a", (0, 500), (1000, 500)), road("b", (0, 10), (1000, 10), kind="快速路", walkable=False)]
    )
    assert figure(frames, "路网密度")[NetworkFigure.value] == pytest.approx(2)
    assert figure(frames, "步行网络总长")[NetworkFigure.value] == pytest.approx(1)


# barriers

# So small that one house makes it built-up ground.
SMALL = [community("甲", 410, 370, 500, 460)]
ESTATE = [(400, 400), (600, 400), (600, 600), (400, 600), (400, 400)]
STREETS = [
    road("street", (0, 380), (1000, 380)),
    road("yard", (500, 410), (500, 590)),
    road("in", (500, 380), (500, 410)),
]


def test_without_barriers_the_nearest_road_is_entered_and_the_rule_said():
    frames, log = build(STREETS, building=[house("h", 450, 403)], communities=SMALL)
    assert links(frames, Home.key)[Link.access_m].tolist() == [23]
    assert any("没有障碍和出入口数据" in fault.problem for fault in log)
    # nothing was looked for, so no zero is printed
    assert "障碍截断" not in set(frames[NetworkFigure.key][NetworkFigure.item])


def test_an_estate_is_entered_through_its_gate():
    frames, log = build(
        STREETS,
        building=[house("h", 450, 403)],
        communities=SMALL,
        barrier=[wall(*ESTATE)],
        gate=[{"id": "g", "name": "南门", "geometry": Point(500, 400)}],
    )
    (home,) = links(frames, Home.key).to_dict("records")
    # the street is 23 m off, but behind the wall: the way in is 50 m off
    assert (home[Link.access_m], home[Link.status]) == (50, "已接入")
    assert figure(frames, "连通分量")[NetworkFigure.value] == 1
    assert marks(frames, "障碍截断") == []
    assert links(frames, Gate.key)[Link.status].tolist() == ["已接入"]
    assert any("放行" in fault.problem for fault in log)


def test_without_its_gate_the_estate_is_cut_off_and_every_place_told():
    frames, log = build(STREETS, building=[house("h", 450, 403)], barrier=[wall(*ESTATE)], communities=SMALL)
    assert marks(frames, "障碍截断") == [(500, 400)]
    (cut,) = [fault for fault in log if "穿过障碍" in fault.problem]
    assert (cut.severity, cut.x, cut.y, cut.row) == ("警告", 500, 400, "in")
    assert figure(frames, "连通分量")[NetworkFigure.value] == 2
    assert links(frames, Home.key)[Link.status].tolist() == ["不同连通分量"]


def test_a_house_walled_in_is_said_to_be_blocked():
    frames, log = build(
        [STREETS[0]], building=[house("h", 450, 403)], barrier=[wall(*ESTATE)], communities=SMALL
    )
    (home,) = links(frames, Home.key).to_dict("records")
    assert (home[Link.status], home[Link.access_m]) == ("被隔断", 23)
    assert pd.isna(home[Link.edge])
    (fault,) = [f for f in log if f.code == "HSQ-N01" and f.row]
    assert "被隔断" in fault.problem
    assert "出入口" in fault.remedy


@pytest.mark.parametrize(("road_level", "wall_level"), [(1, 0), (-1, 0), (0, 1)])
def test_what_runs_on_another_level_is_not_cut(road_level, wall_level):
    frames, _ = build(
        [road("a", (500, 0), (500, 1000), level=road_level)],
        barrier=[wall((0, 500), (1000, 500), level=wall_level)],
    )
    assert marks(frames, "障碍截断") == []
    assert len(frames[Edge.key]) == 1
    assert len(frames[Obstacle.key]) == 1


def test_later_stages_go_by_the_same_barriers():
    daycare = facility("日照", 450, 375, "elder_daycare")
    more = {"building": [house("h", 450, 403)], "facility": [daycare], "communities": SMALL}
    stages = (NETWORK, SCOPE, COVERAGE)
    free, _ = build(STREETS, stages=stages, **more)
    gate = [{"id": "g", "geometry": Point(500, 400)}]
    closed, _ = build(STREETS, stages=stages, barrier=[wall(*ESTATE)], gate=gate, **more)
    assert free[Reach.key][Reach.metres].tolist() == [pytest.approx(23 + 5)]
    # across the yard to (500, 403), out of the gate to the street, along it, to the door
    assert closed[Reach.key][Reach.metres].tolist() == [50 + 23 + 50 + 5]
    assert closed[Reach.key][Reach.home].tolist() == ["Hh"]


def test_a_street_across_a_river_that_does_not_cut_passes_but_no_access_does():
    river = wall((0, 390), (1000, 390), kind="河流", cuts="否")
    frames, log = build(STREETS, building=[house("h", 450, 403)], communities=SMALL, barrier=[river])
    assert figure(frames, "连通分量")[NetworkFigure.value] == 1
    assert marks(frames, "障碍截断") == []
    assert links(frames, Home.key)[Link.access_m].tolist() == [50]
    (told,) = [fault for fault in log if "未标明桥隧" in fault.problem]
    assert (told.severity, told.x, told.y) == ("提示", 500, 390)


# slope


def relief(height):
    x, y = np.meshgrid(np.arange(-100, 1201, 10.0), np.arange(-100, 1201, 10.0))
    row, column = np.indices(x.shape)
    table = pd.DataFrame(
        {Relief.row: row.ravel(), Relief.column: column.ravel(), Relief.x_m: x.ravel(), Relief.y_m: y.ravel(),
         Relief.height_m: np.asarray(height(x, y), dtype=float).ravel()}
    )  # fmt: skip
    return table.dropna()


def test_slope_lengthens_the_same_way_in_every_stage():
    street = [road("a", (0, 500), (1000, 500))]
    homes = [house("h", 100, 500)]
    places = [facility("f", 300, 500)]
    here = [community("甲", 60, 460, 150, 550)]
    more = {"building": homes, "facility": places, "communities": here, "stages": (NETWORK, SCOPE, COVERAGE)}
    level, _ = build(street, **more)
    assert level[Edge.key][Edge.effort_m].isna().all()
    assert level[Reach.key][Reach.metres].tolist() == [200]
    steep, log = build(street, relief=relief(lambda x, y: x / 10), **more)
    factor = float(round_trip_factor(0.1))
    assert steep[Edge.key][Edge.effort_m].tolist() == pytest.approx([1000 * factor])
    assert steep[Edge.key][Edge.length_m].tolist() == [1000]
    assert steep[Reach.key][Reach.metres].tolist() == pytest.approx([200 * factor], abs=0.005)
    assert any("Tobler" in fault.problem for fault in log)


def test_roads_without_heights_are_level_and_reported():
    heights = relief(lambda x, y: np.where(x > 600, np.nan, x / 10))
    frames, log = build([road("a", (0, 500), (1000, 500))], relief=heights)
    assert frames[Edge.key][Edge.effort_m].tolist() == pytest.approx([600 * round_trip_factor(0.1) + 400])
    (fault,) = [f for f in log if "没有高程" in f.problem]
    assert "400 m" in fault.problem


def test_the_grid_comes_back_from_its_rows():
    grid = make_grid(relief(lambda x, y: x + 2 * y))
    assert grid.sample([10.0, 15.0], [20.0, 25.0]).tolist() == pytest.approx([50, 65])


# bad input


def test_islands_a_lake_and_a_bare_community_have_a_status_and_a_line():
    frames, log = build(
        [road("main", (0, 500), (1000, 500)), road("island", (0, 5000), (300, 5000))],
        communities=[community("甲", 60, 460, 140, 540), community("湖心", 0, 2000, 100, 2100)],
        building=[house("ok", 100, 510), house("bare", 50, 2050)],
        facility=[facility("lake", 500, 900), facility("isle", 100, 5010), facility("sea", 9e5, 9e5)],
    )
    status = links(frames, Facility.key)[Link.status]
    assert status[["lake", "isle", "sea"]].tolist() == ["过远", "不同连通分量", "范围外"]
    assert links(frames, Home.key)[Link.status].to_dict() == {"Hok": "已接入", "Hbare": "过远"}
    rows = {fault.row for fault in log if fault.code == "HSQ-N01"}
    assert rows >= {"lake", "isle", "Hbare"}
    assert any("1 个要素在路网范围之外" in fault.problem for fault in log)
    (bare,) = [fault for fault in log if "湖心" in fault.problem]
    assert "没有可步行的道路" in bare.problem
    assert marks(frames, "社区无道路") == [(50, 2050)]
    assert figure(frames, "没有道路的社区")[NetworkFigure.value] == 1


def test_who_is_on_an_island_reaches_what_is_there_and_is_told_so():
    frames, log = build(
        [road("main", (0, 500), (1000, 500)), road("island", (100, 100), (300, 100))],
        stages=(NETWORK, SCOPE, COVERAGE),
        communities=[community("甲", 100, 50, 300, 150)],
        building=[house(name, 120 + 3 * i, 110) for i, name in enumerate("abcde")],
        facility=[facility("isle", 280, 105), facility("main", 280, 505)],
    )
    assert set(links(frames, Home.key)[Link.status]) == {"不同连通分量"}
    assert set(frames[Reach.key][Reach.facility]) == {"isle"}
    assert frames[Reach.key][Reach.metres].max() == 10 + 160 + 5
    (isle,) = [fault for fault in log if fault.row == "isle"]
    assert isle.action == "保留该要素，只计所在路段组之内的可达"


def test_a_community_without_a_road_goes_through_every_stage_of_reach():
    frames, _ = build(
        [road("main", (0, 500), (1000, 500))],
        stages=(NETWORK, SCOPE, COVERAGE),
        communities=[community("甲", 60, 460, 140, 540), community("湖心", 0, 2000, 100, 2100)],
        building=[house("ok", 100, 510), house("bare", 50, 2050)],
        facility=[facility("f", 200, 510)],
    )
    assert frames[Reach.key][Reach.home].tolist() == ["Hok"]


def test_nothing_to_snap_is_no_crash():
    frames, _ = build([road("main", (0, 500), (1000, 500), kind="主干路")])
    assert len(frames[Link.key]) == 0


def test_degrees_are_refused():
    frames = make_source(road=make_frame(Road, [road("a", (117, 28), (117.01, 28))]))
    frames = {
        key: frame.set_crs("EPSG:4490", allow_override=True) if isinstance(frame, gpd.GeoDataFrame) else frame
        for key, frame in frames.items()
    }
    with pytest.raises(PlanFaults) as caught:
        NETWORK(Given(make_plan(), frames))
    assert [fault.code for fault in caught.value.faults] == ["HSQ-X02"]


def test_no_walkable_road_is_one_message():
    with pytest.raises(PlanFaults) as caught:
        build([road("a", (0, 0), (9, 0), walkable=False)])
    assert [fault.code for fault in caught.value.faults] == ["HSQ-N02"]


def test_twins_are_left_out_of_the_network_and_counted():
    frames, log = build(
        [road("a", (0, 5), (100, 5)), road("b", (100, 5), (0, 5)), road("c", (20, 5), (50, 5))]
    )
    assert frames[Edge.key][Edge.length_m].sum() == 100
    (fault,) = [f for f in log if "重复 " in f.problem]
    assert "130.0 m" in fault.problem


def test_two_hundred_thousand_tiny_segments_are_no_problem():
    """A street surveyed every few centimetres, drawn as one line and as single segments."""
    n = 100_000
    x = np.linspace(0, 1000, n + 1)
    curve = np.stack([x, 500 + 5 * np.sin(x / 50)], axis=1)
    pieces = shapely.linestrings(np.stack([curve[:-1], curve[1:]], axis=1)[:, :, ::-1])
    rows = pd.DataFrame({"id": np.arange(n).astype(str), "kind": "支路", "level": 0, "walkable": True})
    roads = gpd.GeoDataFrame(rows, geometry=pieces, crs="EPSG:4548")
    whole = make_frame(Road, [road("one", *curve)])
    frames = make_source(
        road=make_frame(Road, [*roads.to_dict("records"), *whole.to_dict("records")]),
        community_given=make_frame(Community, [community()]),
        facility=make_frame(Facility, [facility("f", 100, 500), facility("g", 500, 100)]),
    )
    made = NETWORK(Given(make_plan(), frames))
    assert made[Edge.key][Edge.length_m].sum() == pytest.approx(2 * LineString(curve).length, rel=1e-6)
    assert (links(made, Facility.key)[Link.status] == "已接入").all()
