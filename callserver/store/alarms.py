"""What is watched, and what was wrong when.

In: nothing. Out: tables, in the same metadata as all others. Must not know: connections. Instants are whole
milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from sqlalchemy import Table

from callserver.store.schema import metadata

__all__ = ["metadata"]

TABLES: tuple[Table, ...] = ()
