"""What a changed file is told as: rows new, gone and changed, by file and name."""

from __future__ import annotations

import pandas as pd
import shapely

from layers.grids import Photo
from layers.source import Building, Identified, Road
from pipeline.engine.changes import Change, compare_layer
from pipeline.engine.keys import make_key, tell_changes
from tests.builders import make_frame


def houses(**changes: dict | None) -> pd.DataFrame:
    # A row by its id: fields to change, None to leave it out.
    rows: dict[str, dict] = {
        key: {
            "id": key,
            "source": "建筑.shp",
            "name": f"{key}号楼",
            "floors": 6,
            "geometry": shapely.box(i, 0, i + 1, 1),
        }
        for i, key in enumerate("abc")
    }
    rows["d"] = {**rows["c"], "id": "d", "source": "补充.csv", "name": None}
    changed = {key: {**row, **(changes.get(key, {}) or {})} for key, row in rows.items()}
    return make_frame(Building, [row for key, row in changed.items() if changes.get(key, {}) is not None])


def test_nothing_changed_is_nothing_told() -> None:
    assert compare_layer(Building, houses(), houses().iloc[::-1]) == []


def test_rows_are_told_by_file_with_the_fields_that_differ() -> None:
    moved = shapely.box(9, 9, 10, 10)
    found = compare_layer(Building, houses(), houses(a={"floors": 7}, b=None, d={"geometry": moved}))
    assert found == [
        Change("建筑.shp", "现状建筑", (), ("b号楼",), ("a号楼",), ("层数",)),
        Change("补充.csv", "现状建筑", (), (), ("d",), ("图形",)),
    ]


def test_a_row_whose_id_follows_from_its_place_is_known_by_its_name() -> None:
    (change,) = compare_layer(Building, houses(), houses(a={"id": "x", "geometry": shapely.box(5, 5, 6, 6)}))
    assert (change.added, change.removed, change.changed) == ((), (), ("a号楼",))
    (change,) = compare_layer(Building, houses(), houses(a={"id": "x", "name": "新楼"}))
    assert (change.added, change.removed, change.changed) == (("新楼",), ("a号楼",), ())


def test_a_layer_without_ids_has_nothing_to_compare_by() -> None:
    assert not issubclass(Photo, Identified)
    assert compare_layer(Photo, make_frame(Photo, []), make_frame(Photo, [])) == []
    assert compare_layer(Road, make_frame(Road, []), make_frame(Road, [])) == []


def test_reasons_name_what_has_changed_and_nothing_else() -> None:
    old = {
        "program": {"code": "1", "standards": "1"}, "versions": {"numpy": "2.0"}, "config": {"walking": "1", "idle": "1"},
        "decisions": {}, "layers": {"road": "1"}, "files": {"a.shp": "1", "b.shp": "1"}, "papers": {},
    }  # fmt: skip
    assert tell_changes(old, old) == [] and tell_changes(None, old) == ["还没有完成的结果"]
    new = {
        **old, "versions": {"numpy": "2.1"}, "config": {"walking": "2", "idle": "1"}, "decisions": {"": "1"},
        "layers": {"road": "2"}, "files": {"a.shp": "2", "c.shp": "1"},
    }  # fmt: skip
    assert tell_changes(old, new) == [
        "依赖库版本有变化：numpy 2.0→2.1", "配置 walking 有改动", "c.shp 新增", "b.shp 不再有", "a.shp 有改动",
        "人工决策有改动", "图层 道路 有变化",
    ]  # fmt: skip
    assert make_key(old) != make_key(new) == make_key(dict(reversed(new.items())))
