"""Relations of a finished database against the ids that its own layers show."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.whole.conftest import Whole

DATABASE = "数据库/一张图.gpkg"


def ask(run: Whole, query: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(run.handin / DATABASE)) as base:
        return base.execute(query).fetchall()


def test_pairs_of_resources_and_needs_are_those_the_resources_name(tiny: Whole):
    said = {
        (number, need)
        for number, needs in ask(tiny, "SELECT ZYBH, PPXQ FROM HSQ_ZYFB WHERE PPXQ IS NOT NULL")
        for need in needs.split("、")
    }
    points = {number for (number,) in ask(tiny, "SELECT XQBH FROM HSQ_XQFB")}
    mapped = ask(
        tiny,
        "SELECT z.ZYBH, x.XQBH FROM GX_ZYFB_XQFB g JOIN HSQ_ZYFB z ON z.fid=g.base_id "
        "JOIN HSQ_XQFB x ON x.fid=g.related_id",
    )
    assert mapped and set(mapped) == {pair for pair in said if pair[1] in points}


def test_planned_ground_leads_to_the_parcel_it_was(tiny: Whole):
    pairs = ask(
        tiny,
        "SELECT h.JQDLBM, x.YDYHFLDM FROM GX_GHYD_XZYD g JOIN HSQ_GHYD h ON h.fid=g.base_id "
        "JOIN HSQ_XZYD x ON x.fid=g.related_id",
    )
    ((planned,),) = ask(tiny, "SELECT count(*) FROM HSQ_GHYD")
    assert len(pairs) == planned and all(base == now for base, now in pairs)


def test_every_end_of_every_pair_is_a_feature(tiny: Whole):
    for base, related, table in ask(
        tiny, "SELECT base_table_name, related_table_name, mapping_table_name FROM gpkgext_relations"
    ):
        for end, layer in (("base_id", base), ("related_id", related)):
            assert not ask(tiny, f"SELECT {end} FROM {table} EXCEPT SELECT fid FROM {layer}")
