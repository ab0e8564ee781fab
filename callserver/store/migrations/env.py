"""What Alembic runs for each upgrade: our connection, our transaction (see `migrations.upgrade`)."""

from __future__ import annotations

from alembic import context

from callserver.store.migrations import VERSION_TABLE
from callserver.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
