"""The log of a switch, read: its facts in order, its gaps, and what we know of the switch itself.

In: a switch. Out: numbered facts. Must not know: who reads them. Streams read page by page, so that a slow
reader holds no transaction open (an old one makes claiming jobs slow on PostgreSQL and lets SQLite's WAL
grow).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from callserver.facts import CallId, Fact, Instant, PbxId, from_json
from callserver.store import text
from callserver.store.engine import Store
from callserver.store.schema import facts as table
from callserver.store.schema import gaps as gap_table
from callserver.store.schema import switches

_PAGE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """Fact number `seq` of its switch, written in `epoch` of the switch's lease. `body` is the fact's JSON."""

    seq: int
    epoch: int
    body: dict[str, Any]

    @property
    def fact(self) -> Fact:
        """The fact itself. Raises ValueError for a kind that this version does not know."""
        return from_json(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A span in which we did not see the switch; `restored_at` is None while it is `open`, or where unknown."""

    seq: int
    lost_at: Instant | None
    restored_at: Instant | None
    open: bool
    restarted: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """What the last batches said of a switch."""

    last_seq: int
    seen_at: Instant | None
    booted_at: Instant | None
    version: str | None


async def switch(store: Store, pbx: PbxId) -> Switch | None:
    """What we know of this switch, None before its first batch."""
    wanted = select(switches).where(switches.c.pbx == text.key(pbx))
    row = await store.read(lambda connection: connection.execute(wanted).one_or_none())
    if row is None:
        return None
    return Switch(last_seq=row.last_seq, seen_at=row.seen_at, booted_at=row.booted_at, version=row.version)


async def last_seq(store: Store, pbx: PbxId) -> int:
    """The number of the switch's last fact, 0 before the first."""
    known = await switch(store, pbx)
    return 0 if known is None else known.last_seq


async def seen_at(store: Store, pbx: PbxId) -> Instant | None:
    """The last moment at which we surely saw the switch."""
    known = await switch(store, pbx)
    return None if known is None else known.seen_at


async def facts(store: Store, pbx: PbxId, after: int = 0, limit: int = _PAGE) -> list[Numbered]:
    """At most `limit` facts with numbers above `after`, in order."""
    wanted = select(table).where(table.c.pbx == text.key(pbx), table.c.seq > after).order_by(table.c.seq)
    found = await store.report(lambda connection: connection.execute(wanted.limit(limit)).all())
    return [Numbered(seq=row.seq, epoch=row.epoch, body=text.load(row.body)) for row in found]


async def every_fact(store: Store, pbx: PbxId, after: int = 0) -> AsyncIterator[Numbered]:
    """All facts with numbers above `after` that there are now, in order; for building records anew."""
    while page := await facts(store, pbx, after, _PAGE):
        for numbered in page:
            yield numbered
        after = page[-1].seq


async def facts_of_call(store: Store, pbx: PbxId, call: CallId) -> list[Numbered]:
    """All facts of a call and of the calls that it absorbed, in order."""
    found: dict[int, Numbered] = {}
    wanted, done = [text.key(call)], set[str]()
    while wanted:
        done.add(name := wanted.pop())
        for numbered in await _facts_named(store, pbx, name):
            found[numbered.seq] = numbered
            absorbed = numbered.body.get("absorbed")
            if absorbed is not None and text.key(absorbed) not in done:
                wanted.append(text.key(absorbed))
    return [found[seq] for seq in sorted(found)]


async def _facts_named(store: Store, pbx: PbxId, name: str) -> list[Numbered]:
    wanted = select(table).where(table.c.pbx == text.key(pbx), table.c.call_id == name).order_by(table.c.seq)
    found = await store.report(lambda connection: connection.execute(wanted).all())
    return [Numbered(seq=row.seq, epoch=row.epoch, body=text.load(row.body)) for row in found]


async def gaps(
    store: Store, pbx: PbxId, *, begin: Instant | None = None, end: Instant | None = None
) -> list[Gap]:
    """The switch's gaps in order, with `begin` and `end` those that touch the time from `begin` to before `end`."""
    wanted = select(gap_table).where(gap_table.c.pbx == text.key(pbx)).order_by(gap_table.c.seq)
    if begin is not None:
        wanted = wanted.where((gap_table.c.restored_at >= begin) | gap_table.c.restored_at.is_(None))
    if end is not None:
        wanted = wanted.where((gap_table.c.lost_at < end) | gap_table.c.lost_at.is_(None))
    found = await store.read(lambda connection: connection.execute(wanted).all())
    return [Gap(**{name: value for name, value in row._mapping.items() if name != "pbx"}) for row in found]
