"""What brings columns of an older database to the declarations: those it lacks are added, narrow ones widened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.publish.sql import quote_name, quote_text, raise_refusal
from pipeline.publish.tables import Table, TableColumn, name_list
from pipeline.publish.views import VIEWS


def reference_list(schema: str, column: TableColumn) -> str:
    """Return the clause that holds a column to its code list; empty for none."""
    return f" REFERENCES {quote_name(schema, name_list(column.codes))}" if column.codes else ""


def grow_columns(schema: str, tables: Sequence[Table]) -> Iterator[str]:
    """Add the columns that tables made by an earlier version lack, and widen those that have become wider."""
    rows = [
        "  ("
        + ", ".join(
            quote_text(value)
            for value in (t.name, c.name, c.base, c.size, c.scale, reference_list(schema, c), c.required)
        )
        + ")"
        for t in tables
        for c in t.columns
    ]
    yield "FOR r_row IN SELECT * FROM (VALUES\n" + ",\n".join(rows)
    yield ") AS d (tbl, col, base, size, scale, ref, must) LOOP"
    yield "  SELECT * INTO r_now FROM information_schema.columns"
    yield f"    WHERE table_schema = {quote_text(schema)} AND table_name = r_row.tbl AND column_name = r_row.col;"
    yield "  IF NOT FOUND THEN"
    yield f"    EXECUTE format('ALTER TABLE %I.%I ADD COLUMN %I %s%s', {quote_text(schema)}, r_row.tbl, r_row.col,"
    yield "      r_row.base || CASE r_row.base WHEN 'varchar' THEN format('(%s)', r_row.size)"
    yield "        WHEN 'numeric' THEN format('(%s,%s)', r_row.size, r_row.scale) ELSE '' END, r_row.ref);"
    yield "    r_now.is_nullable := 'YES';"
    yield "  ELSIF (r_now.data_type = 'character varying' AND (r_row.base = 'text'"
    yield "        OR (r_row.base = 'varchar' AND r_now.character_maximum_length < r_row.size)))"
    yield "      OR (r_now.data_type = 'numeric' AND r_row.base = 'numeric' AND (r_now.numeric_scale < r_row.scale"
    yield "        OR r_now.numeric_precision - r_now.numeric_scale < r_row.size - r_row.scale))"
    yield "      OR (r_now.data_type IN ('smallint', 'integer') AND r_row.base = 'bigint')"
    yield "      OR (r_now.data_type = 'smallint' AND r_row.base = 'integer') THEN"
    # Views hold their columns' types; they are made again at the end.
    yield "    IF NOT r_cleared THEN"
    yield from (f"      DROP VIEW IF EXISTS {quote_name(schema, name)};" for name in reversed(VIEWS))
    yield "      r_cleared := true;"
    yield "    END IF;"
    yield f"    EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN %I TYPE %s', {quote_text(schema)}, r_row.tbl, r_row.col,"
    yield "      r_row.base || CASE r_row.base WHEN 'varchar' THEN format('(%s)', r_row.size)"
    yield "        WHEN 'numeric' THEN format('(%s,%s)', greatest(r_row.scale, r_now.numeric_scale)"
    yield "          + greatest(r_row.size - r_row.scale, r_now.numeric_precision - r_now.numeric_scale),"
    yield "          greatest(r_row.scale, r_now.numeric_scale)) ELSE '' END);"
    yield "  ELSIF (r_row.base = 'numeric') <> (r_now.data_type = 'numeric')"
    yield "      OR (r_row.base IN ('text', 'varchar')) <> (r_now.data_type IN ('text', 'character varying')) THEN"
    yield raise_refusal(
        "HSQ03",
        "表 %.% 的类型是 %，不能自动升级",
        "换一个 --schema 重新发布各方案",
        "r_row.tbl",
        "r_row.col",
        "r_now.data_type",
    )
    yield "  END IF;"
    # A required column added to plans published before has nothing for them: it stays open until they are replaced.
    yield "  IF r_row.must AND r_now.is_nullable = 'YES' THEN"
    yield "    DECLARE r_blank boolean; BEGIN"
    yield f"      EXECUTE format('SELECT EXISTS (SELECT FROM %I.%I WHERE %I IS NULL)', {quote_text(schema)}, r_row.tbl, r_row.col)"
    yield "        INTO r_blank;"
    yield f"      IF NOT r_blank THEN EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN %I SET NOT NULL', {quote_text(schema)}, r_row.tbl, r_row.col); END IF;"
    yield "    END;"
    yield "  ELSIF NOT r_row.must AND r_now.is_nullable = 'NO' THEN"
    yield f"    EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN %I DROP NOT NULL', {quote_text(schema)}, r_row.tbl, r_row.col);"
    yield "  END IF;"
    yield "END LOOP;"
