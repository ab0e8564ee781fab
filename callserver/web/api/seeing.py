"""What of the floor an asker may see: calls and queues of their own, of their teams, or all.

In: who asks, a queue's name, a call's record. Out: yes or no. Must not know: how either is read. A token sees what its
scopes say; customers and tickets are the whole desk's, since whoever answers has to know them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callserver.people import sees_queue
from callserver.store import shifts
from callserver.store.engine import Connection
from callserver.web.api.operation import Asked

Phones = frozenset[tuple[str, str]]
"""Switches and interfaces."""


def queue(asked: Asked, name: str) -> bool:
    """Whether what goes on in this queue may be seen."""
    return asked.person is None or sees_queue(asked.person, name)


def phones(connection: Connection, asked: Asked) -> Phones:
    """The phones of whoever asks: where they sit, and where they usually do."""
    if asked.person is None:
        return frozenset()
    found = {(asked.person.seat.pbx, asked.person.seat.interface)} if asked.person.seat else set()
    shift = shifts.of(connection, asked.person.id)
    return frozenset(found | ({(shift.seat.pbx, shift.seat.interface)} if shift else set()))


def call(asked: Asked, record: Mapping[str, Any], own: Phones) -> bool:
    """Whether this call may be seen: it was in a queue that may, or at one's own phone (`own`). A call that was in no
    queue is seen by whoever sees others at all."""
    if asked.person is None:
        return True
    if any((record.get("pbx"), leg.get("interface")) in own for leg in record.get("legs", ())):
        return True
    visits = record.get("queue_visits", ())
    if not visits:
        return asked.may("floor:read")
    return any(queue(asked, str(one.get("queue"))) for one in visits)
