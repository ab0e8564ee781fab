"""Promises that are kept: when each is looked at, attempts, policies, what is paused, campaigns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callserver.store import promising
from callserver.store.desk import promises
from callserver.store.tables import metadata

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NEW = (
    "version mode earliest_at next_at turn team queue tries broken_at held held_at reserved_by place_at about_at "
    "campaign_id key"
).split()


def upgrade() -> None:
    """The screen's tables -> those of promises beside them. A broken promise is owed until somebody closes it."""
    assert promising.metadata is metadata
    for gone in ("ix_promises_due", "ix_promises_tail", "ix_promises_customer"):
        op.drop_index(gone, "promises")
    for name in _NEW:
        op.add_column("promises", promises.c[name]._copy())
    op.execute("UPDATE promises SET broken_at = settled_at, settled_at = NULL WHERE status = 'broken'")
    op.execute("UPDATE promises SET next_at = due_at WHERE status = 'planned'")
    for index in sorted(promises.indexes, key=lambda one: str(one.name)):
        if index.name != "ix_promises_ticket":
            index.create(op.get_bind())
    metadata.create_all(op.get_bind(), checkfirst=True)
    assert sa.inspect(op.get_bind()).has_table("promise_attempts")
