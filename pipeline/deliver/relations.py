"""Relations of a GeoPackage: which features name which, in the tables of its related-tables extension.

OGC 18-000. A mapping table joins feature numbers (``fid``), so that relations hold between layers whose ids the
agreed schema of the one map has no field for, and one row may name many.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from layers.relations import JOINT, RELATIONS, Relation
from pipeline.deliver.onemap import Delivered

_EXTENSION, _DEFINITION = "gpkg_related_tables", "http://www.geopackage.org/18-000.html"
TABLE = "gpkgext_relations"
MAPPING = "GX_"  # mapping tables begin with it; some readers list them among the layers
# As the standard words it, requirement 3.
_CREATE = f"""
CREATE TABLE {TABLE} (
  id INTEGER PRIMARY KEY AUTOINCREMENT, base_table_name TEXT NOT NULL,
  base_primary_column TEXT NOT NULL DEFAULT 'id', related_table_name TEXT NOT NULL,
  related_primary_column TEXT NOT NULL DEFAULT 'id', relation_name TEXT NOT NULL,
  mapping_table_name TEXT NOT NULL UNIQUE);
"""
KEY = "fid"  # GDAL's primary key; features are numbered from 1 in the order they were written
_KIND = "features"  # of relations between two layers with places


@dataclass(frozen=True)
class Mapped:
    """The pairs of one relation between two layers.

    Attributes
    ----------
    relation : what it says.
    base, related : one-map codes.
    pairs : feature numbers of both ends, sorted, from 1.
    """

    relation: Relation
    base: str
    related: str
    pairs: tuple[tuple[int, int], ...]

    @property
    def table(self) -> str:
        """Name of the mapping table."""
        return f"{MAPPING}{self.base.removeprefix('HSQ_')}_{self.related.removeprefix('HSQ_')}"


def map_relations(layers: Sequence[Delivered]) -> Iterator[Mapped]:
    """Yield the relations that have pairs among the delivered features, in the order they are declared."""
    for relation in RELATIONS:
        for base in layers:
            if base.layer is not relation.base or base.rows.empty:
                continue
            cells = base.rows[relation.names].dropna().astype("str").str.split(JOINT).explode()
            named = pd.DataFrame({"id": cells.to_numpy(), "one": cells.index})
            for related in layers:
                if related.layer is not relation.related or related.rows.empty:
                    continue
                known = pd.DataFrame(
                    {"id": related.rows[relation.key].astype("str"), "other": related.rows.index}
                )
                both = named.merge(known, on="id")[["one", "other"]].drop_duplicates() + 1
                pairs = tuple(sorted(map(tuple, both.to_numpy().tolist())))
                if pairs:
                    yield Mapped(relation, base.code, related.code, pairs)


def write_relations(path: Path, relations: Iterable[Mapped]) -> None:
    """Write mapping tables and their register into a GeoPackage that has none; without relations nothing."""
    found = list(relations)
    if not found:
        return
    tables = [mapped.table for mapped in found]
    if len(set(tables)) < len(tables):
        raise ValueError(f"two relations between the same layers: {sorted(tables)}")
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(_CREATE)
        for mapped in found:
            base.execute(
                f'CREATE TABLE "{mapped.table}" (base_id INTEGER NOT NULL, related_id INTEGER NOT NULL)'
            )
            base.executemany(f'INSERT INTO "{mapped.table}" VALUES (?, ?)', mapped.pairs)
        base.executemany(
            f"INSERT INTO {TABLE} (base_table_name, base_primary_column, related_table_name, "
            "related_primary_column, relation_name, mapping_table_name) VALUES (?, ?, ?, ?, ?, ?)",
            [(m.base, KEY, m.related, KEY, _KIND, m.table) for m in found],
        )
        base.executemany(
            "INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope) "
            "VALUES (?, NULL, ?, ?, 'read-write')",
            [(name, _EXTENSION, _DEFINITION) for name in (TABLE, *tables)],
        )
