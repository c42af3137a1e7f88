"""Which layer, which column: measured on tables of other offices, and on what is no data at all.

The shares asserted are those measured; when a change of the guesses moves one, say so here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layers.read.evidence import Sample, weigh_values
from layers.read.guess import SURE, guess_fields, guess_layers
from layers.read.points import guess_points
from layers.source import Barrier, Building, Community, Facility, Parcel, Road, UtilityPoint
from pipeline.begin.fields import LAYERS
from pipeline.begin.review import ACCEPT
from tests.begin.foreign import HELD_OUT, STRAY, TABLES, Foreign


def judge(table: Foreign) -> tuple[bool, int, list[str]]:
    """Whether the layer is right, how many columns are, and which wrong ones were called sure."""
    ranks = guess_layers(pd.DataFrame(table.columns), LAYERS, shape=table.shape, names=table.names)
    best = ranks[0] if ranks and ranks[0].score >= ACCEPT else None
    if best is None or best.layer.key != table.layer:
        return False, 0, []
    found = {str(guess.field): guess for guess in best.fields}
    right = sum(name in found and found[name].column == column for name, column in table.fields.items())
    wrong = [
        f"{name} <- {g.column}" for name, g in found.items() if g.sure and table.fields.get(name) != g.column
    ]
    return True, right, wrong


def measure(tables: tuple[Foreign, ...]) -> tuple[int, float, list[str]]:
    results = [judge(table) for table in tables]
    wanted = sum(len(table.fields) for table in tables)
    return (
        sum(ok for ok, *_ in results),
        sum(n for _, n, _ in results) / wanted,
        [w for *_, bad in results for w in bad],
    )


def test_known_conventions_are_recognised():
    layers, share, wrong = measure(TABLES)
    assert layers == len(TABLES) == 17
    assert share >= 0.98
    assert wrong == []


def test_tables_nobody_tuned_to_are_recognised_less_well():
    """8 of 8 layers, 32 of 38 columns (84 %), one wrong column called sure."""
    layers, share, wrong = measure(HELD_OUT)
    assert layers == len(HELD_OUT) == 8
    assert share == pytest.approx(32 / 38, abs=0.001)
    assert wrong == ["note <- 情况说明"]


@pytest.mark.parametrize("stray", STRAY, ids=lambda item: item[0][0])
def test_what_is_no_data_is_not_taken_for_any(stray):
    names, shape, columns = stray
    ranks = guess_layers(pd.DataFrame(columns), LAYERS, shape=shape, names=names)
    assert not ranks or ranks[0].score < ACCEPT


def test_two_columns_that_fit_alike_are_unsure_and_named():
    table = pd.DataFrame({"路名": ["甲路", "乙路"], "道路名": ["甲", "乙"], "等级": ["支路", "支路"]})
    guess = next(g for g in guess_fields(table, Road) if g.field == Road.name)
    other = {"路名": "道路名", "道路名": "路名"}[guess.column]
    assert not guess.sure and f"列“{other}”" in guess.rivals


def test_values_outweigh_names():
    words = pd.DataFrame({"层数": ["甲", "乙"], "ABC": ["闲置", "在用"], "建成年代": [5, 7]})
    found = {g.field: g for g in guess_fields(words, Building)}
    assert Building.floors not in found, "words are no number of floors"
    assert found[Building.use_status].column == "ABC"
    assert Building.built not in found or not found[Building.built].sure


def test_an_empty_column_gives_way_to_one_that_is_filled():
    table = pd.DataFrame({"TBBH": [None, None], "图斑号": ["1", "2"], "备注": [None, " "]})
    found = {g.field: g.column for g in guess_fields(table, Parcel)}
    assert found[Parcel.number] == "图斑号" and found[Parcel.note] == "备注"


def test_codes_that_lost_their_zero_still_count():
    table = pd.DataFrame({"DM": [701, 1402, 1207], "BH": ["1", "2", "3"]})
    (guess,) = (g for g in guess_fields(table, Parcel) if g.field == Parcel.landuse_code)
    assert guess.column == "DM"


def test_a_number_of_its_own_is_also_the_key():
    table = pd.DataFrame({"TBBH": ["1", "2"], "YDYHFLDM": ["0701", "1402"]})
    found = {g.field: g.column for g in guess_fields(table, Parcel)}
    assert found[Parcel.number] == found[Parcel.id] == "TBBH"


def test_values_that_contain_a_word_of_the_list_are_offered_as_that_word():
    sample = Sample.take(pd.Series(["箱式变电站", "路灯", "喷泉"]))
    said = weigh_values(sample, UtilityPoint.kind, UtilityPoint, communities=frozenset())
    assert said.values == (("箱式变电站", "变电站"),) and said.strange == ("喷泉",)


def test_known_communities_prove_a_column():
    table = pd.DataFrame({"片区": ["甲社区", "乙社区", "甲社区"], "名称": ["a", "b", "c"]})
    found = {g.field: g.column for g in guess_fields(table, Facility, communities=("甲社区", "乙社区"))}
    assert found[Facility.community] == "片区"


def test_geometry_decides_between_layers():
    table = pd.DataFrame({"名称": ["甲", "乙"], "类型": ["围墙", "栅栏"]})
    assert guess_layers(table, LAYERS, shape="line", names=("围墙",))[0].layer is Barrier
    assert all(g.layer.shape != "line" for g in guess_layers(table, LAYERS, shape="polygon", names=("围墙",)))
    assert all(g.layer is not Community for g in guess_layers(table, LAYERS, shape=None, names=("社区",)))


def grid(n=30, **columns):
    rng = np.random.default_rng(3)
    return pd.DataFrame({name: low + rng.random(n) * size for name, (low, size) in columns.items()})


@pytest.mark.parametrize(
    ("columns", "x", "y", "degrees"),
    [
        ({"lon": (116.8, 0.1), "lat": (28.3, 0.1)}, "lon", "lat", True),
        ({"X坐标": (3_136_000, 900), "Y坐标": (485_000, 900)}, "Y坐标", "X坐标", False),
        ({"x": (485_000, 900), "y": (3_136_000, 900)}, "x", "y", False),
        ({"东": (39_485_000, 900), "北": (3_136_000, 900)}, "东", "北", False),
        ({"纬度": (116.8, 0.1), "经度": (28.3, 0.1)}, "纬度", "经度", True),
    ],
)
def test_values_tell_easting_from_northing(columns, x, y, degrees):
    points = guess_points(grid(**columns))
    assert (points.x, points.y, points.degrees) == (x, y, degrees)
    assert ("方向相反" in points.evidence) == (x in {"Y坐标", "纬度"})


def test_columns_of_one_group_belong_together():
    table = grid(
        **{"起点/X": (485_000, 9), "起点/Y": (3_136_000, 9), "终点/X": (485_100, 9), "终点/Y": (3_136_100, 9)}
    )
    points = guess_points(table)
    assert points.x.split("/")[0] == points.y.split("/")[0] and not points.sure


@pytest.mark.parametrize(
    ("more", "datum"),
    [
        ({"typecode": "090300", "adname": "甲区"}, "gcj02"),
        ({"type": "医疗保健服务;诊所;诊所"}, "gcj02"),
        ({"uid": "0a1b2c3d4e5f60718293a4b5"}, "bd09"),
        ({"wgs84_lng": 1}, "wgs84"),
        ({"类型": "诊所"}, None),
    ],
)
def test_the_web_map_tells_the_datum(more, datum):
    points = guess_points(grid(lon=(116.8, 0.1), lat=(28.3, 0.1)).assign(**more))
    assert points.datum == datum
    assert points.sure == (datum is not None)


def test_plain_numbers_are_no_coordinates():
    assert guess_points(grid(面积=(100, 50), 年份=(2000, 20))) is None
    assert guess_points(grid(x=(1, 3), y=(2, 3))) is None
    assert guess_points(pd.DataFrame({"尺寸": ["3.25,4.50", "3.5,2.25"]})) is None


@pytest.mark.parametrize("cells", [["116.85,28.34", "116.86，28.35"], ["28.34, 116.85", "28.35;116.86"]])
def test_both_coordinates_in_one_cell(cells):
    """As the services of web maps return them."""
    points = guess_points(pd.DataFrame({"id": ["B0FF123456", "B0FF123457"], "location": cells}))
    assert (points.x, points.y) == ("location", "location")
    assert points.xy.tolist() == [[116.85, 28.34], [116.86, 28.35]]
    assert points.datum == "gcj02"


def test_a_hundred_thousand_rows_are_sampled():
    import time

    rng = np.random.default_rng(1)
    n = 100_000
    table = pd.DataFrame(
        {
            "JZBH": [f"B{i}" for i in range(n)],
            "CS": rng.integers(1, 20, n),
            "JZMJ": rng.random(n) * 900,
            "SYZK": "在用",
        }
    )
    begun = time.process_time()
    best = guess_layers(table, LAYERS, shape="polygon", names=("建筑",))[0]
    assert best.layer is Building and time.process_time() - begun < 10
    assert all(g.score >= SURE for g in best.fields)


def test_a_column_called_code_is_the_communitys_code_where_it_is_one():
    table = pd.DataFrame({"社区": ["甲社区", "乙社区"], "编码": [360103001001, 360103001002]})
    found = {g.field: g.column for g in guess_fields(table, Community)}
    assert (found[Community.code], found[Community.name]) == ("编码", "社区")
