"""Statements that load a hand-in: its plan's earlier rows out, the new ones in, all in one transaction.

The same statements go to a server or into a script; they carry every value themselves and ask nobody anything, so that
both ways come to the same database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import shapely

from layers.crs import move_shapes
from layers.faults import FaultLog
from layers.model import CodeList
from layers.onemap import Prefix
from pipeline.deliver.onemap import Delivered
from pipeline.publish.handin import Facts, HandIn
from pipeline.publish.schema import list_columns, make_schema
from pipeline.publish.sql import Statement, copy_rows, make_block, quote_name, quote_text, raise_refusal
from pipeline.publish.tables import GEOM, PLAN_ID, PROJECTS, SRID, Table, TableColumn, list_tables

DEFAULT_SCHEMA = "haoshequ"
# Of PostgreSQL; a bigint holds every number a declared width can.
_LARGEST = {"smallint": 2**15 - 1, "integer": 2**31 - 1}
_SHOWN = 20


def make_statements(
    handin: HandIn, schema: str = DEFAULT_SCHEMA, tables: Sequence[Table] | None = None
) -> list[Statement]:
    """Return everything that publishes a hand-in into ``schema``, to be run in one transaction.

    Parameters
    ----------
    tables : of the database; those of this version's declarations by default.

    Raises
    ------
    PlanFaults
        When a row cannot be in its table: HSQ-V02 a required value missing, HSQ-V04 a number or text too
        large, HSQ-V05 a value that is not in its closed list, HSQ-G01 no geometry.
    """
    tables = list_tables() if tables is None else tables
    check_rows(handin, tables)
    return [*make_schema(schema, tables), *_load(handin, schema, {table.code: table for table in tables})]


def check_rows(handin: HandIn, tables: Sequence[Table]) -> None:
    """Raise PlanFaults for every row that its table would refuse."""
    log = FaultLog()
    known = {table.code: table for table in tables}
    for layer in handin.layers:
        keys = layer.frame[Prefix.bsm.spec.onemap]
        for column in known[layer.code].columns:
            values = layer.frame[column.spec.onemap]
            for code, what, wrong in _find_wrong(column, values):
                for row in np.flatnonzero(wrong)[:_SHOWN]:
                    said = values.iloc[row]
                    log.add(
                        code, f"{column.spec.alias}{what}", layer=layer.code, row=str(keys.iloc[row]),
                        field=column.spec.onemap, value="" if said is None else str(said)[:60],
                        remedy="改正输入文件或人工决策后重新运行，再发布",
                    )  # fmt: skip
        empty = layer.frame.geometry.isna() | layer.frame.geometry.is_empty
        for row in np.flatnonzero(empty)[:_SHOWN]:
            log.add(
                "HSQ-G01",
                "要素没有几何",
                layer=layer.code,
                row=str(keys.iloc[row]),
                remedy="重新运行后再发布",
            )
    log.raise_errors()


def _find_wrong(column: TableColumn, values: pd.Series) -> Iterator[tuple[str, str, np.ndarray]]:
    there = values.notna().to_numpy()
    if column.required:
        yield "HSQ-V02", "为空", ~there
    if isinstance(column.codes, CodeList):
        yield (
            "HSQ-V05",
            f"不在代码表“{column.codes.name}”内",
            there & ~values.isin(column.codes.values).to_numpy(),
        )
    if column.base == "varchar":
        yield (
            "HSQ-V04",
            f"超过 {column.size} 个字符",
            there & (values.str.len().fillna(0).to_numpy() > column.size),
        )
    if column.base in _LARGEST:
        yield (
            "HSQ-V04",
            f"超出 {column.base} 的范围",
            there & (values.abs().fillna(0).to_numpy(dtype=float) > _LARGEST[column.base]),
        )
    if column.base == "numeric":
        most = 10.0 ** (column.size - column.scale)
        yield "HSQ-V04", f"超出 {column.type} 的范围", there & (values.abs().fillna(0).to_numpy() >= most)


def _load(handin: HandIn, schema: str, known: dict[str, Table]) -> Iterator[Statement]:
    facts, plan = handin.facts, quote_text(handin.facts.id)
    features = sum(len(layer.frame) for layer in handin.layers)
    yield from _register(handin)
    yield make_block(_refuse_others(handin, schema))
    yield Statement(f"DELETE FROM {quote_name(schema, 'plan')} WHERE {PLAN_ID} = {plan}")
    yield _insert(schema, "plan", facts, features)
    for layer in handin.layers:
        yield copy_layer(layer, facts.id, schema, known[layer.code])
    names = [column.name for column in known[PROJECTS.upper()].columns]
    columns = [handin.projects[name] for name in handin.projects]
    ids = [facts.id] * len(handin.projects)
    yield copy_rows(quote_name(schema, PROJECTS), [PLAN_ID, *names], [ids, *columns])
    yield Statement(
        f"INSERT INTO {quote_name(schema, 'bsm')} (bsm, {PLAN_ID}, layer)\n"
        f"SELECT bsm, {plan}, layer FROM haoshequ_incoming ORDER BY bsm"
    )
    yield Statement("DROP TABLE haoshequ_incoming")
    yield _insert(schema, "load", facts, features, number="load_id")


def _register(handin: HandIn) -> Iterator[Statement]:
    """Put the hand-in's identity codes where the statements after this can look at them."""
    # Without a schema and gone with the transaction, so that two sessions never see each other's.
    yield Statement("CREATE TEMPORARY TABLE haoshequ_incoming (bsm text, layer text) ON COMMIT DROP")
    codes = [code for layer in handin.layers for code in layer.frame[Prefix.bsm.spec.onemap]]
    layers = [layer.code for layer in handin.layers for _ in range(len(layer.frame))]
    yield copy_rows("haoshequ_incoming", ["bsm", "layer"], [codes, layers])


def _refuse_others(handin: HandIn, schema: str) -> Iterator[str]:
    """Yield what stops the load where another plan stands in the way."""
    facts = handin.facts
    plan, register = quote_name(schema, "plan"), quote_name(schema, "bsm")
    mine = quote_text(facts.id)
    theirs = f"b.{PLAN_ID} <> {mine}"
    yield (
        f"IF EXISTS (SELECT FROM {plan} WHERE {PLAN_ID} = {mine} AND "
        f"(region_code, plan_block) <> ({quote_text(facts.region_code)}, {facts.plan_block})) THEN"
    )
    yield raise_refusal(
        "HSQ04",
        f"数据库中已有同一标识“%”的方案，但行政区代码或方案块号不同（库中 %，本方案 {facts.region_code} 第 {facts.plan_block} 块）",
        "两个不同的方案：给本方案另起 plan.id；同一方案改了块号：先由管理员撤下旧的（DELETE FROM "
        f"{schema}.plan WHERE plan_id = '{facts.id}'）再发布",
        mine,
        f"(SELECT region_code || ' 第 ' || plan_block || ' 块' FROM {plan} WHERE {PLAN_ID} = {mine})",
    )
    yield "END IF;"
    yield "IF EXISTS (SELECT FROM haoshequ_incoming GROUP BY bsm HAVING count(*) > 1) THEN"
    yield raise_refusal(
        "HSQ04", "成果中标识码 % 用了不止一次", "重新运行该方案后再发布",
        "(SELECT min(bsm) FROM (SELECT bsm FROM haoshequ_incoming GROUP BY bsm HAVING count(*) > 1) d)",
    )  # fmt: skip
    yield "END IF;"
    yield f"IF EXISTS (SELECT FROM haoshequ_incoming JOIN {register} b USING (bsm) WHERE {theirs}) THEN"
    yield raise_refusal(
        "HSQ04", "有 % 个标识码与方案“%”（%）的相同，如 %", "同一县区的各方案应取不同的 plan.plan_block，改正后重新运行再发布",
        f"(SELECT count(*) FROM haoshequ_incoming JOIN {register} b USING (bsm) WHERE {theirs})",
        f"(SELECT min(b.{PLAN_ID}) FROM haoshequ_incoming JOIN {register} b USING (bsm) WHERE {theirs})",
        f"(SELECT title FROM {plan} WHERE {PLAN_ID} = (SELECT min(b.{PLAN_ID}) FROM haoshequ_incoming "
        f"JOIN {register} b USING (bsm) WHERE {theirs}))",
        f"(SELECT min(bsm) FROM haoshequ_incoming JOIN {register} b USING (bsm) WHERE {theirs})",
    )  # fmt: skip
    yield "END IF;"


def _insert(schema: str, table: str, facts: Facts, features: int, *, number: str = "") -> Statement:
    told = {name: getattr(facts, name) for name in list_columns(table) if hasattr(facts, name)}
    row = {PLAN_ID: facts.id, **told, "features": features}
    cells = ", ".join(quote_text(value) for value in row.values())
    if number:
        cells = f"(SELECT coalesce(max({number}), 0) + 1 FROM {quote_name(schema, table)}), {cells}"
        row = {number: 0, **row}
    return Statement(f"INSERT INTO {quote_name(schema, table)} ({', '.join(row)})\nVALUES ({cells})")


def copy_layer(layer: Delivered, plan_id: str, schema: str, table: Table) -> Statement:
    """Return the COPY of a layer's rows, geometry in EPSG:4490 as hexadecimal EWKB."""
    values = [layer.frame[column.spec.onemap] for column in table.columns]
    names = [PLAN_ID, *(column.name for column in table.columns), GEOM]
    ids = [plan_id] * len(layer.frame)
    return copy_rows(quote_name(schema, table.name), names, [ids, *values, _write_shapes(layer)])


def _write_shapes(layer: Delivered) -> list[str]:
    shapes = move_shapes(layer.frame.geometry.to_numpy(), layer.frame.crs.to_epsg(), SRID)
    shapes = shapely.set_srid(promote_shapes(shapes, layer.kind), SRID)
    return [str(text) for text in shapely.to_wkb(shapes, hex=True, include_srid=True, byte_order=1)]


def promote_shapes(shapes: np.ndarray, kind: str) -> np.ndarray:
    """Return the shapes as multi-part ones of their kind."""
    gather = {
        "point": shapely.multipoints,
        "line": shapely.multilinestrings,
        "polygon": shapely.multipolygons,
    }[kind]
    result = np.empty(len(shapes), dtype=object)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    gather(parts, indices=owner, out=result)
    return result
