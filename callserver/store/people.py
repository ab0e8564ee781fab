"""Who may sign in: users, their teams and passwords, their sessions.

In: nothing. Out: tables, in the same metadata as all others. Must not know: connections.
"""

from __future__ import annotations

from callserver.store.schema import metadata

__all__ = ["metadata"]
