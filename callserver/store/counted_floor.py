"""Since when the sums can be made again: what they were made of before that was kept long enough, and is gone.

In: the instant before which something went. Out: the latest such instant. Must not know: terms. Sums of quarter hours
and days that begin before it stay as they were made.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, case, select

from callserver.facts import Instant
from callserver.store.counted import count_places
from callserver.store.upsert import insert

_SOURCE: Final = "floor"


def of(connection: Connection) -> Instant:
    """0: everything is there."""
    wanted = select(count_places.c.place).where(count_places.c.source == _SOURCE)
    return connection.execute(wanted).scalar() or 0


def rise(connection: Connection, to: Instant) -> None:
    """Something of before this instant goes; it never sinks again."""
    new = insert(connection, count_places).values(source=_SOURCE, place=to, detail="")
    here = count_places.c.place
    higher = case((here < to, to), else_=here)
    connection.execute(new.on_conflict_do_update(index_elements=["source"], set_={"place": higher}))
