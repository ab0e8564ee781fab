"""The supervisor's floor: what calls add up to, who was in which state, alarms, what administrators set."""

from __future__ import annotations

from alembic import op

from callserver.store import administered, alarms, counted, helped, spans
from callserver.store.tables import metadata

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The tables of promises -> those of the supervisor beside them."""
    new = [table for part in (counted, spans, alarms, administered, helped) for table in part.TABLES]
    metadata.create_all(op.get_bind(), tables=new, checkfirst=True)
