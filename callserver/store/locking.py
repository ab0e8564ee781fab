"""Things of the same name one after the other, even on two nodes.

In: a connection inside a transaction, a name. Out: nothing; others with this name wait until the transaction ends.
Must not know: what is named.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, func, select

from callserver.store.text import storable


def one_after_another(connection: Connection, name: str) -> None:
    """SQLite has one writer anyway; PostgreSQL has advisory locks, whose names are 64 bits."""
    if connection.dialect.name == "postgresql":
        digest = hashlib.sha256(storable(name).encode()).digest()[:8]
        number = int.from_bytes(digest, "big", signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(number)))
