"""Who is at work where, and what the switch is asked to do.

In: nothing. Out: tables, in the same metadata as all others. Must not know: connections.
"""

from __future__ import annotations

from callserver.store.schema import metadata

__all__ = ["metadata"]
