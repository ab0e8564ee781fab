"""Whose each promise is counted as, so that a million of them are counted without their tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The team of its own, else its ticket's, beside each promise."""
    op.add_column("promises", sa.Column("of_team", sa.Text()))
    op.execute(
        "UPDATE promises SET of_team = "
        "coalesce(team, (SELECT tickets.team FROM tickets WHERE tickets.id = promises.ticket_id))"
    )
    open_ones = sa.column("settled_at").is_(None)
    op.create_index(
        "ix_promises_counted",
        "promises",
        ["kind", "of_team", "status", "broken_at", "settled_at"],
        unique=False,
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )
