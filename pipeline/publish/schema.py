"""Statements that bring a database to this version's schema: all of it the first time, what has grown later.

They are the same for a new database, an older one and one that is up to date, as a script has nobody to ask what is
there: a database that has this version's declarations is left alone, any other gets the tables, columns, widths and
code values it lacks. Nothing is ever dropped or made narrower, so that plans published before stay readable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from layers.model import CodeList
from pipeline.publish.growth import grow_columns, reference_list
from pipeline.publish.sql import Statement, make_block, quote_name, quote_text, raise_refusal
from pipeline.publish.tables import (
    GEOM,
    GEOMETRY,
    PLAN_ID,
    SRID,
    Table,
    TableColumn,
    list_codes,
    name_list,
)
from pipeline.publish.views import View, make_views

# Layout of the tables and views below that are no layers; raised by hand when they change.
FORMAT = 1
# Any number, as long as every publisher takes the same one: publishers of a database wait for each other.
LOCK = 4_490_360_015
LOCK_TIMEOUT = "60s"

_PLAN = (PLAN_ID, "text NOT NULL", "方案标识")
_TITLE = ("title", "text NOT NULL", "项目名称")
_COMPILED = ("compiled", "date NOT NULL", "编制日期")
# By what a hand-in was made, and when and by whom it was loaded.
_LOADED = (
    ("program", "text NOT NULL", "生成成果的程序版本"),
    ("manifest_sha256", "char(64) NOT NULL", "manifest.json 的 SHA-256"),
    ("database_sha256", "char(64) NOT NULL", "一张图.gpkg 的 SHA-256"),
    ("features", "integer NOT NULL", "要素数"),
    ("loaded_at", "timestamptz NOT NULL DEFAULT now()", "载入时间"),
    ("loaded_by", "text NOT NULL DEFAULT current_user", "载入的数据库用户"),
)
# Name → (title, columns with comments).
_SYSTEM: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "plan": (
        "已发布的方案，每个方案一行；删除一行即撤下该方案的全部数据",
        (
            (PLAN_ID, "text PRIMARY KEY", "方案标识（配置 plan.id）"),
            _TITLE,
            ("area", "text NOT NULL", "方案范围名称"),
            ("region_code", "varchar(6) NOT NULL", "行政区代码"),
            ("region_name", "text NOT NULL", "行政区名称"),
            ("plan_block", "integer NOT NULL", "方案块号（标识码第 11-13 位）"),
            _COMPILED,
            ("data_year", "integer NOT NULL", "现状数据年份"),
            ("epsg", "integer NOT NULL", "成果的坐标系；面积、长度按方案所在的带量算"),
            *_LOADED,
        ),
    ),
    "load": (
        "载入记录，每次发布一行，撤下方案后仍保留",
        (("load_id", "integer PRIMARY KEY", "序号"), _PLAN, _TITLE, _COMPILED, *_LOADED),
    ),
    "bsm": (
        "标识码登记：全库唯一",
        (
            ("bsm", "varchar(18) PRIMARY KEY", "标识码"),
            _PLAN,
            ("layer", "text NOT NULL", "图层代码"),
        ),
    ),
    "field": (
        "数据字典：各图层的字段",
        (
            ("layer", "text", "图层代码"),
            ("field", "text", "字段"),
            ("position", "integer NOT NULL", "次序"),
            ("layer_title", "text NOT NULL", "图层名称"),
            ("alias", "text NOT NULL", "字段名称"),
            ("type", "text NOT NULL", "数据库中的类型"),
            ("width", "integer NOT NULL", "shp 中的宽度"),
            ("decimals", "integer NOT NULL", "小数位"),
            ("unit", "text NOT NULL", "单位"),
            ("required", "boolean NOT NULL", "必填"),
            ("codes", "text", "代码表"),
            ("private", "boolean NOT NULL", "涉及个人或权利人，不得公开"),
        ),
    ),
}
_KEYS = {"field": "PRIMARY KEY (layer, field)"}
_MIGRATION = (
    ("version", "integer PRIMARY KEY", "版本号"),
    ("format", "integer NOT NULL", "库结构版本"),
    ("declarations", "char(64) NOT NULL UNIQUE", "图层声明的 SHA-256"),
    ("changes", "text[] NOT NULL", "新增的表和列"),
    ("applied_at", "timestamptz NOT NULL DEFAULT now()", "升级时间"),
)


def list_columns(table: str) -> list[str]:
    """Return the columns of one of the tables that are no layers."""
    return [name for name, *_ in _SYSTEM[table][1]]


def make_schema(schema: str, tables: Sequence[Table]) -> list[Statement]:
    """Return the statements that create or migrate ``schema``; to be run in one transaction, lock first."""
    body = [*_list_changes(schema, tables)]
    digest = hashlib.sha256("\n".join(body).encode()).hexdigest()
    return [
        Statement("SET LOCAL client_min_messages = warning"),
        Statement("SET LOCAL standard_conforming_strings = on"),
        Statement(f"SET LOCAL lock_timeout = {quote_text(LOCK_TIMEOUT)}"),
        make_block([f"PERFORM pg_advisory_xact_lock({LOCK});"]),
        make_block(_check_server(schema)),
        make_block(_create_migration(schema)),
        make_block(_check_format(schema)),
        make_block(_migrate(schema, body, digest), _VARIABLES),
    ]


def _check_server(schema: str) -> Iterator[str]:
    yield "IF current_setting('server_encoding') <> 'UTF8' THEN"
    yield raise_refusal(
        "HSQ03",
        "数据库的编码是 %，不能存放中文",
        "另建一个 UTF8 编码的数据库",
        "current_setting('server_encoding')",
    )
    yield "END IF;"
    # Both need rights even where there is nothing to do, so they are not asked then.
    yield "IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'postgis') THEN CREATE EXTENSION postgis; END IF;"
    yield f"IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = {quote_text(schema)}) THEN"
    yield f"CREATE SCHEMA {quote_name(schema)};"
    yield "END IF;"
    yield f"IF NOT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = {SRID}) THEN"
    yield raise_refusal(
        "HSQ03", f"数据库的 spatial_ref_sys 没有 EPSG:{SRID}", "请数据库管理员补全 PostGIS 的坐标系表"
    )
    yield "END IF;"


def _create_migration(schema: str) -> Iterator[str]:
    # Those who may write rows but make no tables can publish once the schema is there.
    yield f"IF to_regclass({quote_text(quote_name(schema, 'migration'))}) IS NULL THEN"
    columns = ",\n".join(f"  {name} {kind}" for name, kind, _ in _MIGRATION)
    yield f"CREATE TABLE {quote_name(schema, 'migration')} (\n{columns}\n);"
    yield "END IF;"


def _check_format(schema: str) -> Iterator[str]:
    migration = quote_name(schema, "migration")
    yield f"IF (SELECT max(format) FROM {migration}) > {FORMAT} THEN"
    yield raise_refusal("HSQ03", "数据库由更新版本的程序建立，本版程序不能写入", "升级 haoshequ 后再发布")
    yield "END IF;"


_VARIABLES = (
    "  r_row record;",
    "  r_now record;",
    "  r_before text[];",
    "  r_after text[];",
    "  r_cleared boolean := false;",
)


def _migrate(schema: str, body: Sequence[str], digest: str) -> Iterator[str]:
    migration = quote_name(schema, "migration")
    columns = (
        "SELECT array_agg(table_name || '.' || column_name ORDER BY table_name, ordinal_position) "
        f"FROM information_schema.columns WHERE table_schema = {quote_text(schema)}"
    )
    yield f"IF EXISTS (SELECT FROM {migration} WHERE declarations = {quote_text(digest)}) THEN RETURN; END IF;"
    yield f"r_before := ({columns});"
    yield from body
    yield f"r_after := ({columns});"
    # Numbers are counted, not drawn from a sequence: those do not go back when all else does.
    yield f"INSERT INTO {migration} (version, format, declarations, changes)"
    yield f"VALUES ((SELECT coalesce(max(version), 0) + 1 FROM {migration}), {FORMAT}, {quote_text(digest)},"
    yield "  ARRAY(SELECT name FROM unnest(r_after) WITH ORDINALITY AS a(name, rank)"
    yield "        WHERE name <> ALL (r_before) ORDER BY rank));"


def _list_changes(schema: str, tables: Sequence[Table]) -> Iterator[str]:
    yield from _comment_table(schema, "migration", "库结构升级记录", [(n, c) for n, _, c in _MIGRATION])
    for name, (title, columns) in _SYSTEM.items():
        lines = [f"  {column} {kind}" for column, kind, _ in columns]
        lines += [f"  {_KEYS[name]}"] if name in _KEYS else []
        yield f"CREATE TABLE IF NOT EXISTS {quote_name(schema, name)} (\n" + ",\n".join(lines) + "\n);"
        yield from _comment_table(schema, name, title, [(n, c) for n, _, c in columns])
    yield _reference_plan(schema, "bsm")
    for codes in list_codes(tables):
        yield from _create_list(schema, codes)
    for table in tables:
        yield from _create_table(schema, table)
    yield from grow_columns(schema, tables)
    yield from _fill_fields(schema, tables)
    for table in tables:
        told = [(column.name, column.comment) for column in table.columns]
        told += [(GEOM, f"几何，EPSG:{SRID}")] if table.kind else []
        yield from _comment_table(schema, table.name, table.title, [(PLAN_ID, "方案标识"), *told])
    for view in make_views(schema, tables):
        yield from _create_view(schema, view)


def _reference_plan(schema: str, table: str) -> str:
    """Return the statement that ties a table's rows to their plan, with the index that deleting a plan needs."""
    name = f"{table}_plan_fkey"
    return (
        f"CREATE INDEX IF NOT EXISTS {quote_name(f'{table}_plan')} ON {quote_name(schema, table)} ({PLAN_ID});\n"
        f"IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = {quote_text(name)} "
        f"AND connamespace = {quote_text(schema)}::regnamespace) THEN\n"
        f"ALTER TABLE {quote_name(schema, table)} ADD CONSTRAINT {quote_name(name)} FOREIGN KEY ({PLAN_ID}) "
        f"REFERENCES {quote_name(schema, 'plan')} ON DELETE CASCADE;\nEND IF;"
    )


def _create_list(schema: str, codes: CodeList) -> Iterator[str]:
    table = name_list(codes)
    yield (
        f"CREATE TABLE IF NOT EXISTS {quote_name(schema, table)} "
        "(value varchar(100) PRIMARY KEY, position integer NOT NULL);"
    )
    rows = ", ".join(f"({quote_text(value)}, {n})" for n, value in enumerate(codes.values, 1))
    # A value that is no longer in the list stays: plans published before may have it.
    yield (
        f"INSERT INTO {quote_name(schema, table)} VALUES {rows} "
        "ON CONFLICT (value) DO UPDATE SET position = excluded.position;"
    )
    kind = "取值限于此表" if codes.closed else "建议取值"
    yield from _comment_table(
        schema, table, f"代码表：{codes.name}（{kind}）", [("value", "值"), ("position", "次序")]
    )


def _create_table(schema: str, table: Table) -> Iterator[str]:
    key = table.columns[0]
    lines = [f"  {PLAN_ID} text NOT NULL"]
    lines += [f"  {_define(schema, column)}" for column in table.columns]
    if table.kind:
        lines.append(f"  {GEOM} geometry({GEOMETRY[table.kind]},{SRID}) NOT NULL")
    # Identity codes are unique over all plans, ids of projects within one.
    lines.append(f"  PRIMARY KEY ({key.name})" if table.kind else f"  PRIMARY KEY ({PLAN_ID}, {key.name})")
    yield f"CREATE TABLE IF NOT EXISTS {quote_name(schema, table.name)} (\n" + ",\n".join(lines) + "\n);"
    yield _reference_plan(schema, table.name)
    if table.kind:
        index = quote_name(f"{table.name}_{GEOM}")
        yield f"CREATE INDEX IF NOT EXISTS {index} ON {quote_name(schema, table.name)} USING gist ({GEOM});"


def _define(schema: str, column: TableColumn) -> str:
    must = " NOT NULL" if column.required else ""
    return f"{quote_name(column.name)} {column.type}{must}{reference_list(schema, column)}"


def _fill_fields(schema: str, tables: Sequence[Table]) -> Iterator[str]:
    rows = [
        "  ("
        + ", ".join(
            quote_text(value)
            for value in (
                t.code, c.name.upper(), n, t.title, c.spec.alias, c.type, c.spec.width, c.spec.decimals, c.spec.unit,
                c.required, c.spec.codes.name if c.spec.codes else None, c.spec.private,
            )
        )
        + ")"
        for t in tables
        for n, c in enumerate(t.columns, 1)
    ]  # fmt: skip
    field = quote_name(schema, "field")
    names = list_columns("field")
    others = ", ".join(f"{name} = excluded.{name}" for name in names if name not in ("layer", "field"))
    yield f"INSERT INTO {field} ({', '.join(names)}) VALUES\n" + ",\n".join(rows)
    yield f"ON CONFLICT (layer, field) DO UPDATE SET {others};"


def _create_view(schema: str, view: View) -> Iterator[str]:
    yield f"CREATE OR REPLACE VIEW {quote_name(schema, view.name)} AS\n{view.query};"
    yield f"COMMENT ON VIEW {quote_name(schema, view.name)} IS {quote_text(view.title)};"
    for name, text in view.comments:
        yield f"COMMENT ON COLUMN {quote_name(schema, view.name, name)} IS {quote_text(text)};"


def _comment_table(schema: str, table: str, title: str, columns: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield f"COMMENT ON TABLE {quote_name(schema, table)} IS {quote_text(title)};"
    for name, text in columns:
        yield f"COMMENT ON COLUMN {quote_name(schema, table, name)} IS {quote_text(text)};"
