"""Plans of a district gathered: from their hand-ins, or from the database they were published to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from layers.crs import GEOGRAPHIC, ZONES, choose_zone, move_shapes
from layers.faults import Fault, PlanFaults
from layers.onemap import ALWAYS, delivered_layers, schema_of, title_of
from pipeline.deliver.onemap import Delivered
from pipeline.publish.handin import Facts, read_handin, type_columns
from pipeline.publish.server import check_schema, open_server
from pipeline.publish.sql import quote_name, quote_text
from pipeline.publish.tables import GEOM, PLAN_ID, Table, list_tables

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True)
class Gathered:
    """One plan.

    Attributes
    ----------
    facts : of the plan.
    layers : of its database, in the CRS it was handed in with.
    """

    facts: Facts
    layers: tuple[Delivered, ...]

    def find(self, code: str) -> gpd.GeoDataFrame | None:
        """Return a layer's rows by its code; None where the plan has no such layer or no row in it."""
        return next((x.frame for x in self.layers if x.code == code and len(x.frame)), None)


def read_folders(folders: Sequence[Path]) -> list[Gathered]:
    """Return the plans of hand-ins, sorted by id.

    Raises
    ------
    PlanFaults
        With the faults of every folder at once; HSQ-P02 also where two hold plans of one id.
    """
    faults: list[Fault] = []
    found: dict[str, tuple[Path, Gathered]] = {}
    for folder in folders:
        try:
            handin = read_handin(folder)
        except PlanFaults as error:
            faults += error.faults
            continue
        if handin.facts.id in found:
            faults.append(
                Fault(
                    "HSQ-P02", f"两个文件夹的方案标识都是“{handin.facts.id}”", file=str(folder),
                    value=str(found[handin.facts.id][0]),
                    remedy="同一方案只给一次；不同的方案应各取不同的 plan.id，改后重新运行",
                )
            )  # fmt: skip
        found[handin.facts.id] = (folder, Gathered(handin.facts, handin.layers))
    if faults:
        raise PlanFaults(faults)
    return [found[key][1] for key in sorted(found)]


def read_server(address: str, schema: str) -> list[Gathered]:
    """Return the plans of a database, sorted by id, each in the CRS it was handed in with.

    Raises
    ------
    PlanFaults
        HSQ-P01 without connection; HSQ-P03 where nothing was published.
    """
    check_schema(schema)
    with open_server(address) as connection:
        # One state of the database, whatever is published meanwhile.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        facts = _read_facts(connection, schema)
        if not facts:
            raise PlanFaults(
                [
                    Fault(
                        "HSQ-P03", f"数据库的模式 {schema} 中没有方案", field="--schema",
                        remedy="先用 haoshequ publish 发布，或核对地址和模式名",
                    )
                ]
            )  # fmt: skip
        tables = {table.code: table for table in list_tables()}
        layers: dict[str, list[Delivered]] = {item.id: [] for item in facts}
        for code, layer, kind in delivered_layers():
            columns = schema_of(layer, kind)
            rows = _read_rows(connection, schema, tables[code])
            for item in facts:
                part, epsg = rows[rows[PLAN_ID] == item.id], item.epsg
                # A table cannot say that a plan handed in an empty layer; the declaration can.
                if not len(part) and code not in ALWAYS:
                    continue
                geometry = _place_shapes(part[GEOM].to_numpy(), epsg, kind)
                frame = gpd.GeoDataFrame(
                    part.drop(columns=[PLAN_ID, GEOM]), geometry=gpd.array.from_shapely(geometry, crs=epsg)
                )
                made = Delivered(
                    code, title_of(layer, kind), kind, layer, columns, type_columns(frame, columns)
                )
                layers[item.id].append(made)
    return [Gathered(item, tuple(layers[item.id])) for item in facts]


def _read_facts(connection: psycopg.Connection, schema: str) -> list[Facts]:
    plan = quote_name(schema, "plan")
    if _find_columns(connection, schema, "plan") == set():
        return []
    names = [name for name in Facts.__dataclass_fields__ if name != "id"]
    query = f'SELECT {PLAN_ID}, {", ".join(names)} FROM {plan} ORDER BY {PLAN_ID} COLLATE "C"'
    rows = connection.execute(query.encode()).fetchall()
    return [Facts(**dict(zip(["id", *names], row, strict=True))) for row in rows]


def _find_columns(connection: psycopg.Connection, schema: str, table: str) -> set[str]:
    query = (
        f"SELECT column_name FROM information_schema.columns WHERE table_schema = {quote_text(schema)} "
        f"AND table_name = {quote_text(table)}"
    )
    return {str(name) for (name,) in connection.execute(query.encode()).fetchall()}


def _read_rows(connection: psycopg.Connection, schema: str, table: Table) -> pd.DataFrame:
    """Return a table's rows under one-map names; columns that an older database lacks are missing."""
    there = _find_columns(connection, schema, table.name)
    columns = [column for column in table.columns if column.name in there]
    names = [PLAN_ID, *(column.spec.onemap for column in columns), GEOM]
    if not there:
        return pd.DataFrame(columns=names)
    cells = [f"{quote_name(c.name)}{'::float8' if c.base == 'numeric' else ''}" for c in columns]
    query = (
        f"SELECT {PLAN_ID}, {', '.join(cells)}, ST_AsBinary({GEOM}) FROM {quote_name(schema, table.name)} "
        f"ORDER BY {PLAN_ID}, {quote_name(table.columns[0].name)}"
    )
    cursor = connection.cursor(binary=True)
    return pd.DataFrame(cursor.execute(query.encode()).fetchall(), columns=names)


def _place_shapes(wkb: np.ndarray, epsg: int, kind: str) -> np.ndarray:
    """Return the shapes in the CRS they were handed in with, points as points where each is one."""
    shapes = shapely.from_wkb(wkb)
    if kind == "point" and (shapely.get_num_geometries(shapes) == 1).all():
        shapes = shapely.get_geometry(shapes, 0)
    return move_shapes(shapes, GEOGRAPHIC, epsg)


def choose_common(plans: Sequence[Gathered]) -> int:
    """Return the EPSG code of one CRS for all plans: the one they share, their zone's without prefix, else 4490."""
    codes = {plan.facts.epsg for plan in plans}
    if len(codes) == 1:
        return codes.pop()
    zones = {
        next((zone.plain for zone in ZONES if code in (zone.plain, zone.prefixed)), GEOGRAPHIC)
        for code in codes
    }
    return zones.pop() if len(zones) == 1 else GEOGRAPHIC


def choose_metric(plans: Sequence[Gathered]) -> int:
    """Return the EPSG code distances between plans are measured in: the zone of the middle of them all.

    Three degrees off its meridian, in the next zone, lengths are 0.1 % too long: far below what any tolerance decides.
    """
    middles = []
    for plan in plans:
        bounds = np.array([layer.frame.total_bounds for layer in plan.layers if len(layer.frame)])
        if not len(bounds):
            continue
        x, y = (bounds[:, [0, 1]].min(axis=0) + bounds[:, [2, 3]].max(axis=0)) / 2
        lon, _ = Transformer.from_crs(plan.facts.epsg, GEOGRAPHIC, always_xy=True).transform(x, y)
        middles.append(lon)
    return choose_zone(float(np.mean(middles))).plain if middles else GEOGRAPHIC


def merge_layers(plans: Sequence[Gathered], code: str, epsg: int) -> gpd.GeoDataFrame:
    """Return a layer's rows of all plans in one CRS, with a column ``plan_id``; empty where no plan has any."""
    parts: list[Any] = []
    for plan in plans:
        frame = plan.find(code)
        if frame is not None:
            shapes = move_shapes(frame.geometry.to_numpy(), plan.facts.epsg, epsg)
            moved = frame.set_geometry(gpd.array.from_shapely(shapes, crs=CRS.from_epsg(epsg)))
            parts.append(moved.assign(**{PLAN_ID: plan.facts.id}))
    if not parts:
        return gpd.GeoDataFrame({PLAN_ID: []}, geometry=[], crs=epsg)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=epsg)
