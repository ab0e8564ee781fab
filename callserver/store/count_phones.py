"""Who sat at which phone, and how long they finished records: read once for many calls.

In: phones and the time in which their calls were. Out: answers from memory. Must not know: what they are asked for. One
question a call would cost more than all the rest of counting it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from typing import Final, TypeAlias

from sqlalchemy import Connection, select, tuple_

from callserver.facts import CallId, Instant, PbxId
from callserver.metrics.slots import Span
from callserver.people import UserId
from callserver.store import spans, text

Phone: TypeAlias = tuple[str, str]
_LONGEST_WRAP_MS: Final = 24 * 3_600_000
_WRAP: Final = "wrap_up"


class Phones:
    """Some phones in a span of time, and a day more for wrap-ups that go on."""

    def __init__(self, connection: Connection, phones: Collection[Phone], span: Span) -> None:
        self._begins: dict[Phone, list[Instant]] = {}
        self._sat: dict[Phone, list[tuple[Instant | None, int | None]]] = {}
        self._wraps: dict[tuple[str, str, str], list[tuple[Instant, Instant]]] = {}
        for some in _batches(sorted(phones)):
            self._read(connection, some, span)

    def _read(self, connection: Connection, some: list[Phone], span: Span) -> None:
        c = spans.table.c
        here = tuple_(c.pbx, c.interface).in_([(text.key(pbx), text.key(phone)) for pbx, phone in some])
        # Each condition has an index; the second one is for those who have sat there for long.
        inside = (c.from_at < span.end + _LONGEST_WRAP_MS, c.to_at.is_(None) | (c.to_at > span.begin))
        columns = (c.pbx, c.interface, c.user_id, c.state, c.call_id, c.from_at, c.to_at)
        for row in connection.execute(select(*columns).where(here, *inside).order_by(c.from_at, c.id)):
            phone = (row.pbx, row.interface)
            self._begins.setdefault(phone, []).append(row.from_at)
            self._sat.setdefault(phone, []).append((row.to_at, row.user_id))
            if row.state == _WRAP and row.call_id is not None and row.to_at is not None:
                wraps = self._wraps.setdefault((*phone, row.call_id), [])
                wraps.append((row.from_at, row.to_at))

    def who(self, pbx: PbxId, interface: str, at: Instant) -> UserId | None:
        """As `spans.who`."""
        phone = (text.key(pbx), text.key(interface))
        place = bisect_right(self._begins.get(phone, ()), at) - 1
        if place < 0:
            return None
        to, user = self._sat[phone][place]
        return None if user is None or (to is not None and to <= at) else UserId(user)

    def wrapped(self, pbx: PbxId, interface: str, call: CallId, after: Instant) -> tuple[int, Instant]:
        """How long a call's record was finished at a phone after a talk, in milliseconds, and until when: `after`
        where it was not, or still is."""
        key = (text.key(pbx), text.key(interface), text.key(call))
        over = [(begin, end) for begin, end in self._wraps.get(key, ()) if end > after]
        return sum(end - begin for begin, end in over), max((end for _, end in over), default=after)


def _batches(phones: list[Phone], most: int = 200) -> list[list[Phone]]:
    return [phones[begin : begin + most] for begin in range(0, len(phones), most)]
