"""Relations of the database: pairs by hand, and the tables of the standard read back."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

from layers.onemap import schema_of, title_of
from layers.planned import Need, Project, Resource
from layers.relations import RELATIONS
from pipeline.deliver.dictionary import PATH as DICTIONARY
from pipeline.deliver.dictionary import write_dictionary
from pipeline.deliver.embedded import embed_metadata
from pipeline.deliver.geopackage import PATH, write_geopackage
from pipeline.deliver.onemap import Delivered
from pipeline.deliver.relations import map_relations, write_relations


def made(code, layer, kind, rows):
    """A delivered layer with nothing but the rows behind it."""
    return Delivered(
        code,
        title_of(layer, kind),
        kind,
        layer,
        schema_of(layer, kind),
        gpd.GeoDataFrame(),
        pd.DataFrame(rows),
    )


NEEDS = made("HSQ_XQFB", Need, "point", {Need.number: ["N1", "N2", "N3"]})
ROADS = made("HSQ_XQFX", Need, "line", {Need.number: ["N9"]})
ROOMS = made(
    "HSQ_ZYFB", Resource, "polygon", {Resource.number: ["R1", "R2"], Resource.matched: ["N3、N1", None]}
)
PROJECTS = made(
    "HSQ_XMFBM", Project, "polygon",
    {Project.need: ["N2", "N9", "N2"], Project.resources: ["R2、R1、MONEY", None, "R1"]},
)  # fmt: skip


def test_pairs_are_numbers_of_features_from_one_and_what_is_not_delivered_is_left_out():
    found = {m.table: (m.relation.title, m.pairs) for m in map_relations([PROJECTS, NEEDS, ROADS, ROOMS])}
    assert found == {
        "GX_XMFBM_XQFB": ("项目—需求", ((1, 2), (3, 2))),
        "GX_XMFBM_XQFX": ("项目—需求", ((2, 1),)),
        "GX_XMFBM_ZYFB": ("项目—资源", ((1, 1), (1, 2), (3, 1))),
        "GX_ZYFB_XQFB": ("资源—需求", ((1, 1), (1, 3))),
    }


def test_columns_named_belong_to_their_layers_and_no_two_relations_share_a_table():
    for relation in RELATIONS:
        assert relation.names in relation.base.columns() and relation.key in relation.related.columns()
        assert relation.base.onemap and relation.related.onemap, "both ends are delivered"
    ends = [(relation.base, relation.related) for relation in RELATIONS]
    assert len(set(ends)) == len(ends)


def test_the_register_and_the_pairs_are_in_the_file(tmp_path):
    path = tmp_path / "x.gpkg"
    with closing(sqlite3.connect(path)) as base:
        base.execute(
            "CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, "
            "definition TEXT NOT NULL, scope TEXT NOT NULL)"
        )
    write_relations(path, map_relations([PROJECTS, NEEDS]))
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("SELECT * FROM gpkgext_relations").fetchall() == [
            (1, "HSQ_XMFBM", "fid", "HSQ_XQFB", "fid", "features", "GX_XMFBM_XQFB")
        ]
        assert base.execute('SELECT * FROM "GX_XMFBM_XQFB"').fetchall() == [(1, 2), (3, 2)]
        assert sorted(base.execute("SELECT table_name, extension_name FROM gpkg_extensions")) == [
            ("GX_XMFBM_XQFB", "gpkg_related_tables"),
            ("gpkgext_relations", "gpkg_related_tables"),
        ]


def test_two_relations_between_the_same_layers_are_refused(tmp_path):
    twice = [*map_relations([PROJECTS, NEEDS])] * 2
    with pytest.raises(ValueError, match="GX_XMFBM_XQFB"):
        write_relations(tmp_path / "x.gpkg", twice)


def test_without_relations_the_database_has_no_register(delivered, plan, tmp_path):
    bare = [Delivered(*(getattr(one, name) for name in ("code", "title", "kind", "layer", "columns", "frame")))
            for one in delivered]  # fmt: skip
    write_geopackage(bare, plan, tmp_path)
    with closing(sqlite3.connect(tmp_path / PATH)) as base:
        assert not base.execute("SELECT name FROM sqlite_master WHERE name='gpkgext_relations'").fetchall()


def test_the_metadata_document_is_in_the_file_as_it_is(delivered, plan, tmp_path):
    write_geopackage(delivered, plan, tmp_path)
    embed_metadata(tmp_path / PATH, "<a>元数据</a>", plan.plan.compiled)
    with closing(sqlite3.connect(tmp_path / PATH)) as base:
        assert base.execute("SELECT md_scope, mime_type, metadata FROM gpkg_metadata").fetchall() == [
            ("dataset", "text/xml", "<a>元数据</a>")
        ]
        ((scope, moment, file),) = base.execute(
            "SELECT reference_scope, timestamp, md_file_id FROM gpkg_metadata_reference"
        )
    assert (scope, file) == ("geopackage", 1)
    assert moment.startswith(plan.plan.compiled.isoformat())


def test_the_dictionary_lists_every_mapping_table(delivered, plan, tmp_path):
    write_geopackage(delivered, plan, tmp_path)
    write_dictionary(delivered, plan, tmp_path)
    rows = list(
        openpyxl.load_workbook(tmp_path / DICTIONARY)["关系表"].iter_rows(min_row=3, values_only=True)
    )
    with closing(sqlite3.connect(tmp_path / PATH)) as base:
        tables = base.execute("SELECT mapping_table_name, base_table_name FROM gpkgext_relations").fetchall()
        counts = [base.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name, _ in tables]
    assert tables
    assert [(row[0], row[2], row[8]) for row in rows[: len(tables)]] == [
        (*table, count) for table, count in zip(tables, counts, strict=True)
    ]
