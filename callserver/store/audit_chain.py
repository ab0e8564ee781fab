"""Whether the audit is whole: the chain followed from its kept beginning to its end, and the marks beside it.

In: an opened store, anchors that somebody wrote down. Out: the first number that is not as it was; a shortened
chain whose kept part can still be followed. Must not know: who is noted for what.

A chain by itself shows a line that was changed, taken out or put elsewhere. It does not show that its end was cut off:
anchors do, each the last number and hash at some moment, kept in the same database once a day and told to the log,
which is somewhere else. Whoever may write the database can make a whole new chain: only the log's anchor shows that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from callserver.facts import MACHINE, Instant
from callserver.store import audit
from callserver.store.audit import START, Line, sealed
from callserver.store.desk import audit as table
from callserver.store.desk import audit_marks as marks
from callserver.store.engine import Store
from callserver.store.text import load

TRIMMED = (
    "audit.trimmed"  # the action of the line that says how much of the beginning went, and why that is right
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Line `seq` of the chain had this hash."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first line that is not as it was, and how that shows."""

    seq: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """How many lines were followed; `end`: the last of them, None: there is none; `broken`: None where all is well."""

    lines: int
    end: Anchor | None
    broken: Broken | None


async def verify(store: Store, anchors: Sequence[Anchor] = ()) -> Verified:
    """Follow the whole chain, page by page. `anchors` are those that somebody kept elsewhere (out of the log)."""
    kept = await store.report(_anchors)
    begin = await store.report(_beginning)
    following = _Following(begin, [*kept, *anchors])
    async for line in audit.lines(store, begin.seq if begin else 0):
        if following.follow(line) is not None:
            break
    return following.ended()


class _Following:
    """Where we are in the chain."""

    def __init__(self, begin: Anchor | None, anchors: Sequence[Anchor]) -> None:
        self._begin = begin
        self._seq, self._hash = (begin.seq, begin.hash) if begin else (0, START)
        self._anchors: dict[int, set[str]] = {}
        for anchor in anchors:
            self._anchors.setdefault(anchor.seq, set()).add(anchor.hash)
        self._lines = 0
        self._confirmed = begin is None
        self._broken: Broken | None = None

    def follow(self, line: Line) -> Broken | None:
        """The next line; what is wrong with it."""
        why = self._wrong(line)
        if why is not None:
            self._broken = Broken(seq=self._seq + 1, why=why)
            return self._broken
        self._seq, self._hash = line.seq, line.hash
        self._lines += 1
        self._confirmed = self._confirmed or self._confirms(line)
        return None

    def _wrong(self, line: Line) -> str | None:
        if line.seq != self._seq + 1:
            return f"missing: the next line there is has number {line.seq}"
        row = {
            name: getattr(line, name)
            for name in ("seq", "at", "actor", "through", "action", "subject", "detail")
        }
        if sealed(self._hash, row) != line.hash:
            return "changed: its hash does not follow from what it says and from the line before"
        if self._anchors.get(line.seq, {line.hash}) != {line.hash}:
            return "replaced: an anchor says that this line had another hash"
        return None

    def _confirms(self, line: Line) -> bool:
        if self._begin is None or line.action != TRIMMED:
            return False
        said = load(line.detail)
        return (said.get("seq"), said.get("hash")) == (self._begin.seq, self._begin.hash)

    def ended(self) -> Verified:
        """There is no other line, or one was broken."""
        end = Anchor(seq=self._seq, hash=self._hash) if self._seq else None
        return Verified(lines=self._lines, end=end, broken=self._broken or self._end_missing())

    def _end_missing(self) -> Broken | None:
        if any(seq > self._seq for seq in self._anchors):
            return Broken(seq=self._seq + 1, why=f"cut off: there was a line {max(self._anchors)} once")
        if not self._confirmed:
            return Broken(seq=self._seq + 1, why="the beginning was taken away and no line says so")
        return None


def _anchors(connection: Connection) -> list[Anchor]:
    return [_anchor(row) for row in connection.execute(select(marks).where(marks.c.kind == "anchor"))]


def _beginning(connection: Connection) -> Anchor | None:
    """The line before the first that is kept, None while the chain is whole."""
    wanted = select(marks).where(marks.c.kind == "trimmed").order_by(marks.c.seq.desc()).limit(1)
    row = connection.execute(wanted).first()
    return None if row is None else _anchor(row)


def _anchor(row: Row[Any]) -> Anchor:
    return Anchor(seq=row.seq, hash=row.hash)


# --- written ---------------------------------------------------------------------------------------------------------


def anchor(connection: Connection, now: Instant) -> Anchor | None:
    """Keep the chain's end as it is now, and give it, to be written down elsewhere; None while the audit is empty."""
    row = connection.execute(select(table).order_by(table.c.seq.desc()).limit(1)).first()
    if row is None:
        return None
    _mark(connection, "anchor", row, now)
    return _anchor(row)


def trim(connection: Connection, before: Instant, now: Instant) -> Anchor | None:
    """Allow the lines before the first that is from `before` or later to be deleted (`delete_trimmed`); None: no such.

    The chain goes on from a mark with the last hash of what goes, and a new line of the chain says so: the mark
    cannot be another one later without showing.
    """
    row = _last_of_old(connection, before)
    begin = _beginning(connection)
    if row is None or (begin is not None and row.seq <= begin.seq):
        return None
    found = _anchor(row)
    _mark(connection, "trimmed", row, now)
    audit.note(connection, MACHINE, TRIMMED, "audit", {"seq": found.seq, "hash": found.hash}, now)
    return found


def delete_trimmed(connection: Connection, limit: int) -> int:
    """Delete some of the lines that a trim allowed to go; how many."""
    begin = _beginning(connection)
    if begin is None:
        return 0
    old = select(table.c.seq).where(table.c.seq <= begin.seq).order_by(table.c.seq).limit(limit)
    return connection.execute(delete(table).where(table.c.seq.in_(old))).rowcount


def count_before(connection: Connection, before: Instant) -> int:
    """How many lines `trim` would let go, or let go and `delete_trimmed` has not deleted yet."""
    row = _last_of_old(connection, before)
    if row is None:
        return 0
    return int(connection.execute(select(func.count()).where(table.c.seq <= row.seq)).scalar_one())


def _last_of_old(connection: Connection, before: Instant) -> Row[Any] | None:
    """The line before the first one from `before` or later: clocks may disagree a little, numbers do not."""
    in_order = select(table).order_by(table.c.seq).limit(1)
    first_kept = connection.execute(in_order.where(table.c.at >= before)).first()
    old = select(table).order_by(table.c.seq.desc()).limit(1)
    return connection.execute(old if first_kept is None else old.where(table.c.seq < first_kept.seq)).first()


def _mark(connection: Connection, kind: str, row: Row[Any], now: Instant) -> None:
    name = f"{kind}:{row.seq}"
    if connection.execute(select(marks.c.mark).where(marks.c.mark == name)).first() is None:
        connection.execute(insert(marks).values(mark=name, kind=kind, seq=row.seq, at=now, hash=row.hash))
