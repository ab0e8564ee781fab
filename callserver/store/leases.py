"""Who may do what only one process may do, and since when: one conditional UPSERT.

In: a name, and a holder, which is one run of one process (never reused). Out: the lease with its epoch,
which grows with every change of holder, so that whatever a former holder still writes can be told from the
present one's. Must not know: what the names stand for.

Time is the database's own clock: it is the one clock that all nodes share, so their clocks may differ as
they like. (On SQLite all holders are on one machine.) A holder judges for itself how long it may act by its
own monotonic clock, from before it asked: `ttl_s` after that it must have renewed or stop. `now` is an
argument for tests only.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, literal, or_, select, update

from callserver.errors import LeaseLost
from callserver.facts import Instant, PbxId
from callserver.store import text
from callserver.store.engine import Store
from callserver.store.schema import clock
from callserver.store.schema import leases as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Held by `holder` until `expires_at` (the database's clock) unless renewed."""

    name: str
    holder: str
    epoch: int
    expires_at: Instant


def lease_of(pbx: PbxId) -> str:
    """The name of the lease that makes its holder the only writer of a switch's facts."""
    return text.key(f"pbx:{pbx}")


async def acquire(
    store: Store,
    name: str,
    holder: str,
    ttl_s: float,
    *,
    node: str | None = None,
    take_over: bool = False,
    now: Instant | None = None,
) -> Lease | None:
    """The lease if it is free, expired, or ours already (then the epoch stays); None where somebody else holds it.

    `node` is the name that outlives the process. With `take_over`, what an earlier run of the same node
    still holds is taken at once, with a new epoch: after a crash nobody waits for the lease to expire. Only
    in the first try after start-up; two processes that were wrongly given one name would otherwise take it
    from each other for ever.
    """
    moment = clock(now)
    ours = table.c.holder == text.key(holder)
    new = store.insert(table).values(
        name=text.key(name),
        holder=text.key(holder),
        node=text.optional_key(node),
        epoch=1,
        expires_at=moment + round(ttl_s * 1000),
    )
    taken = new.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "holder": new.excluded.holder,
            "node": new.excluded.node,
            "epoch": case((ours, table.c.epoch), else_=table.c.epoch + 1),
            "expires_at": new.excluded.expires_at,
        },
        where=or_(
            ours, table.c.expires_at <= moment, and_(literal(take_over), table.c.node == new.excluded.node)
        ),
    ).returning(table.c.epoch, table.c.expires_at)
    row = await store.write(lambda connection: connection.execute(taken).one_or_none())
    return (
        None if row is None else Lease(name=name, holder=holder, epoch=row.epoch, expires_at=row.expires_at)
    )


async def renew(store: Store, lease: Lease, ttl_s: float, *, now: Instant | None = None) -> Lease:
    """The same lease for `ttl_s` from now; also after it expired, if nobody took it. Raises LeaseLost."""
    renewed = (
        update(table)
        .where(*_held(lease))
        .values(expires_at=clock(now) + round(ttl_s * 1000))
        .returning(table.c.expires_at)
    )
    row = await store.write(lambda connection: connection.execute(renewed).one_or_none())
    if row is None:
        raise LeaseLost(f"{lease.name} is not held by {lease.holder} in epoch {lease.epoch} any more")
    return Lease(name=lease.name, holder=lease.holder, epoch=lease.epoch, expires_at=row.expires_at)


async def release(store: Store, lease: Lease) -> None:
    """Let others have it at once; does nothing where it is not ours any more. The epoch is kept.

    Close the journals first: a released lease is no right to write.
    """
    await store.write(
        lambda connection: connection.execute(update(table).where(*_held(lease)).values(expires_at=0))
    )


async def held(store: Store, *, now: Instant | None = None) -> list[Lease]:
    """All leases that somebody holds now, by name."""
    wanted = select(table).where(table.c.expires_at > clock(now)).order_by(table.c.name)
    found = await store.read(lambda connection: connection.execute(wanted).all())
    return [
        Lease(name=row.name, holder=row.holder, epoch=row.epoch, expires_at=row.expires_at) for row in found
    ]


def _held(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.name == text.key(lease.name),
        table.c.holder == text.key(lease.holder),
        table.c.epoch == lease.epoch,
    )
