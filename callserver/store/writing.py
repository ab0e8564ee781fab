"""One transaction of the journal: the fence, then the rows.

In: rows that are ready. Out: the number of the last fact. Must not know: groups, waiters, retries. All
statements are built once and are the same for both databases but for the name of their INSERT.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import Delete, Update

from callserver.errors import LeaseLost
from callserver.facts import PbxId
from callserver.store import text
from callserver.store.engine import Insert, Store
from callserver.store.faults import StoreGone
from callserver.store.jobs import new_jobs
from callserver.store.leases import lease_of
from callserver.store.rows import Rows, Step, StepName
from callserver.store.schema import (
    agents,
    calls,
    facts,
    gap_open,
    gaps,
    journal_positions,
    leases,
    legs,
    switches,
)

Change: TypeAlias = Insert | Update | Delete


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """By what right a process writes a switch's facts."""

    pbx: PbxId
    holder: str
    epoch: int


class Writing:
    """Writes one transaction after another for one owner of one switch."""

    def __init__(self, store: Store, owner: Ownership) -> None:
        self._store = store
        self._owner = owner
        self._pbx = text.key(owner.pbx)
        self._lease = lease_of(owner.pbx)
        self._fence = _fence(owner)
        self._statements = _statements(store)
        self._steps = _steps(store)
        self.hoped: int | None = None
        """The last number of a commit of which nobody knows whether it happened."""

    @property
    def in_doubt(self) -> bool:
        """True: the last rows may or may not be written; only writing them again can tell."""
        return self.hoped is not None

    async def write(self, together: Rows) -> int:
        """All rows or none. Raises LeaseLost, StoreFull, StoreBusy, StoreError; nothing was written then.

        After StoreGone, call again with the same rows: it finds out whether they are there already.
        """
        doubted = self.hoped
        try:
            last = await self._store.write(partial(self._write, together))
        except StoreGone:
            raise
        except Exception:
            self.hoped = doubted
            raise
        self.hoped = None
        return last

    def _write(self, together: Rows, connection: Connection) -> int:
        before = self._last(connection)
        if together.facts and before == self.hoped:
            return before  # the commit whose answer we never saw did happen
        self.hoped = together.number(before, self._owner.epoch)
        self._change(connection, together, self.hoped)
        return self.hoped

    def _last(self, connection: Connection) -> int:
        found = connection.execute(self._fence).one_or_none()
        if found is None:
            raise LeaseLost(f"{self._lease} is not held by {self._owner.holder} in epoch {self._owner.epoch}")
        return int(found.last_seq or 0)

    def _change(self, connection: Connection, together: Rows, last: int) -> None:
        do = self._statements
        if together.facts:
            connection.execute(do["facts"], together.facts)
        if together.removed:
            gone = [{"_pbx": self._pbx, "_call": call} for call in together.removed]
            connection.execute(do["removed"], gone)
        if together.calls:
            connection.execute(do["calls"], list(together.calls.values()))
        if together.legs:
            members = [{"pbx": self._pbx, "leg": leg, "call_id": call} for leg, call in together.legs.items()]
            connection.execute(do["legs"], members)
        for name, steps in groupby(together.steps, key=lambda step: step.name):
            self._step(connection, name, list(steps))
        if together.jobs:
            connection.execute(do["jobs"], together.jobs)
        if together.positions:
            connection.execute(do["positions"], list(together.positions.values()))
        news = {"seen_at": None, "booted_at": None, "version": None, **together.switch}
        connection.execute(do["switch"], {"pbx": self._pbx, "last_seq": last, **news})

    def _step(self, connection: Connection, name: StepName, steps: list[Step]) -> None:
        given = [
            {f"_{column}": value for column, value in step.row.items()}
            | {"_pbx": self._pbx, "_seq": step.fact["seq"], "_at": step.fact["at"]}
            for step in steps
        ]
        connection.execute(self._steps[name], given)


def _fence(owner: Ownership) -> Select[Any]:
    """The switch's last number, if the lease is ours; its row stays locked (PostgreSQL; SQLite locks everything)."""
    return (
        select(switches.c.last_seq)
        .select_from(leases.outerjoin(switches, switches.c.pbx == text.key(owner.pbx)))
        .where(
            leases.c.name == lease_of(owner.pbx),
            leases.c.holder == text.key(owner.holder),
            leases.c.epoch == owner.epoch,
            leases.c.expires_at
            > 0,  # released; one that merely expired is still ours until somebody takes it
        )
        .with_for_update(read=True, of=leases)
    )


def _statements(store: Store) -> dict[str, Change]:
    return {
        "facts": store.insert(facts),
        "removed": delete(calls).where(
            calls.c.pbx == bindparam("_pbx"), calls.c.call_id == bindparam("_call")
        ),
        "calls": _upsert(store, calls, "pbx", "call_id"),
        "legs": _belonging(store),
        "jobs": new_jobs(store),
        "positions": _upsert(store, journal_positions, "pbx", "source"),
        "switch": _switch(store),
    }


def _upsert(store: Store, table: Table, *keys: str) -> Insert:
    """Every column as given, whether the row is there or not."""
    new = store.insert(table)
    rest = {column.name: new.excluded[column.name] for column in table.c if column.name not in keys}
    return new.on_conflict_do_update(index_elements=list(keys), set_=rest)


def _belonging(store: Store) -> Insert:
    """A call's legs come with each of its records; most are there already, and are not written again."""
    new = store.insert(legs)
    return new.on_conflict_do_update(
        index_elements=["pbx", "leg"],
        set_={"call_id": new.excluded.call_id},
        where=legs.c.call_id != new.excluded.call_id,
    )


def _switch(store: Store) -> Insert:
    """The last number always; the rest only where there is news."""
    new = store.insert(switches)
    news = {
        name: func.coalesce(new.excluded[name], switches.c[name])
        for name in ("seen_at", "booted_at", "version")
    }
    return new.on_conflict_do_update(index_elements=["pbx"], set_={"last_seq": new.excluded.last_seq, **news})


def _steps(store: Store) -> dict[StepName, Change]:
    """Parameters are named after their columns with an underscore before; `_at` and `_seq` are the fact's."""
    return {
        "join": _join(store),
        "leave": delete(agents).where(_seat()),
        "pause": update(agents)
        .where(_seat())
        .values(paused=bindparam("_paused"), pause_reason=bindparam("_reason"), since=bindparam("_at")),
        "device": update(agents)
        .where(agents.c.pbx == bindparam("_pbx"), agents.c.interface == bindparam("_interface"))
        .values(device=bindparam("_device"), since=bindparam("_at")),
        "lose": _lose(store),
        "restore": _restore(),
    }


def _seat() -> ColumnElement[bool]:
    return and_(
        agents.c.pbx == bindparam("_pbx"),
        agents.c.queue == bindparam("_queue"),
        agents.c.interface == bindparam("_interface"),
    )


def _join(store: Store) -> Insert:
    """A new member is not paused; a known one only got another name or penalty. A phone is the same in all queues."""
    given = ("pbx", "queue", "interface", "agent", "state_interface", "penalty", "dynamic")
    there = agents.alias()
    phone = (
        select(there.c.device)
        .where(there.c.pbx == bindparam("_pbx"), there.c.interface == bindparam("_interface"))
        .limit(1)
        .scalar_subquery()
    )
    new = store.insert(agents).values(
        {name: bindparam(f"_{name}") for name in given}
        | {"paused": False, "device": func.coalesce(phone, "unknown"), "since": bindparam("_at")}
    )
    changed = ("agent", "state_interface", "penalty", "dynamic", "since")
    return new.on_conflict_do_update(
        index_elements=["pbx", "queue", "interface"], set_={name: new.excluded[name] for name in changed}
    )


def _lose(store: Store) -> Insert:
    """A gap opens, unless one is open (the unique index on open gaps)."""
    given = ("pbx", "seq", "lost_at", "reason")
    new = store.insert(gaps).values(
        {name: bindparam(f"_{name}") for name in given} | {"open": True, "restarted": False}
    )
    return new.on_conflict_do_nothing()


def _restore() -> Update:
    """The open gap closes; it begins at the earlier of what both facts say."""
    said = bindparam("_lost_at", type_=BigInteger)
    return (
        update(gaps)
        .where(gaps.c.pbx == bindparam("_pbx"), gap_open)
        .values(
            open=False,
            restored_at=bindparam("_at"),
            restarted=bindparam("_restarted"),
            lost_at=case((or_(gaps.c.lost_at.is_(None), gaps.c.lost_at > said), said), else_=gaps.c.lost_at),
        )
    )
