"""Who is erased is found in events and former products without reading all of them; tokens know what made them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns, the first filled from what is there; four indexes."""
    op.add_column("history", sa.Column("customer_id", sa.BigInteger()))
    op.execute(_OWNERS[op.get_bind().dialect.name])
    _partial("ix_history_customer", "history", "customer_id", sa.column("customer_id").is_not(None))
    _partial("ix_outbox_told", "outbox", "subject", sa.column("done_at").is_not(None))
    settled = sa.and_(sa.column("settled_at").is_not(None), sa.column("tail").is_not(None))
    _partial("ix_promises_settled_tail", "promises", "tail", settled)
    body: sa.ColumnClause[str] = sa.column("body")
    told = [body.like(sa.literal_column(one)) for one in ("'%caller_n%'", "'%dialed: %'")]
    _partial("ix_jobs_numbers", "jobs", "id", sa.or_(*told))
    op.add_column("tokens", sa.Column("parent_id", sa.BigInteger()))


_OWNERS = {
    "sqlite": "UPDATE history SET customer_id = json_extract(record, '$.customer') WHERE subject = 'product'",
    "postgresql": "UPDATE history SET customer_id = CAST(CAST(record AS json) ->> 'customer' AS bigint) "
    "WHERE subject = 'product'",
}


def _partial(name: str, table: str, column: str, condition: sa.ColumnElement[bool]) -> None:
    op.create_index(name, table, [column], unique=False, sqlite_where=condition, postgresql_where=condition)
