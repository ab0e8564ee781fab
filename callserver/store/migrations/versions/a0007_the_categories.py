"""Categories of products as administrators set them; and who is erased is found without reading every call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table, and two indexes of the few rows in which somebody's number stands elsewhere than calling."""
    op.create_table(
        "product_categories",
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("category", name="pk_product_categories"),
    )
    _partial("ix_calls_elsewhere", "calls", ["pbx", "call_id"], _elsewhere())
    nobodys = sa.and_(sa.column("customer_id").is_(None), sa.column("tail").is_not(None))
    _partial("ix_tickets_nobodys", "tickets", ["tail"], nobodys)


def _elsewhere() -> sa.ColumnElement[bool]:
    direction: sa.ColumnClause[str] = sa.column("direction")
    record: sa.ColumnClause[str] = sa.column("record")
    return sa.or_(
        direction.is_(None),
        direction != sa.literal_column("'inbound'"),
        record.like(sa.literal_column("""'%"transfers":[{%'""")),
        record.like(sa.literal_column("""'%"callback":{%'""")),
    )


def _partial(name: str, table: str, columns: list[str], condition: sa.ColumnElement[bool]) -> None:
    op.create_index(name, table, columns, unique=False, sqlite_where=condition, postgresql_where=condition)
