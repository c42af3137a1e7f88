"""Publish a hand-in on a server, and say what that changed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from pipeline.publish.handin import HandIn
from pipeline.publish.load import DEFAULT_SCHEMA, make_statements
from pipeline.publish.server import open_server, run_statements
from pipeline.publish.sql import quote_name, quote_text
from pipeline.publish.tables import PLAN_ID, Table

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True)
class Published:
    """What a publication changed.

    Attributes
    ----------
    replaced : 编制日期 of the version that was there; None where there was none, or it had been withdrawn.
    grown : columns the schema gained; those of a new database included.
    plans : plans the database holds now.
    """

    replaced: date | None
    grown: int
    plans: int


def publish_handin(
    handin: HandIn, address: str, *, schema: str = DEFAULT_SCHEMA, tables: Sequence[Table] | None = None
) -> Published:
    """Load a hand-in into the database at ``address``, in one transaction.

    Raises
    ------
    PlanFaults
        HSQ-P01, P03, P04, P05 or a row's fault; the database is then as it was.
    """
    statements = make_statements(handin, schema, tables)
    plan, migration = quote_name(schema, "plan"), quote_name(schema, "migration")
    with open_server(address) as connection:
        before = None
        if _ask(connection, f"SELECT to_regclass({quote_text(plan)})::text"):
            before = _ask(
                connection, f"SELECT compiled FROM {plan} WHERE {PLAN_ID} = {quote_text(handin.facts.id)}"
            )
        run_statements(connection, statements)
        # Asked in the same transaction: now() is when it began.
        grown = _ask(
            connection, f"SELECT sum(cardinality(changes))::int FROM {migration} WHERE applied_at = now()"
        )
        plans = _ask(connection, f"SELECT count(*) FROM {plan}")
    return Published(before, grown or 0, plans)


def _ask(connection: psycopg.Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None
