"""How following a switch begins: with what the store remembers of it.

In: a store, one switch's settings. Out: an `Understanding` whose floor believes what was written last,
blind since the last moment that we surely saw. Must not know: the link. A first start and a restart are one
road.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from callserver.calls.agents import Membership
from callserver.calls.channels import Names
from callserver.calls.floor import Floor
from callserver.facts import Instant, PbxId
from callserver.node.understanding import Understanding
from callserver.node.watching import Nobody, Watcher
from callserver.settings import AsteriskSettings
from callserver.store import agents, calls
from callserver.store import log as facts_log
from callserver.store.agents import Member
from callserver.store.engine import Store
from callserver.store.log import Gap

NOT_RUNNING = "callserver was not running"


async def begin(
    store: Store,
    settings: AsteriskSettings,
    *,
    clock: Callable[[], Instant],
    zone: tzinfo,
    watcher: Watcher | None = None,
) -> Understanding:
    """What we know of the switch; `watcher` is shown it too. Raises StoreError."""
    watcher = watcher or Nobody()
    pbx = PbxId(settings.id)
    names = Names(
        phones=frozenset(settings.phones), trunks=settings.trunks, queue_status=settings.queue_status
    )
    known = await facts_log.switch(store, pbx)
    if known is None or known.seen_at is None:
        watcher.begin(pbx)
        return Understanding(Floor(pbx, names=names), clock=clock, zone=zone, watcher=watcher)
    gap = await _open_gap(store, pbx, known.seen_at)
    lost_at = known.seen_at if gap is None or gap.lost_at is None else gap.lost_at
    records, members = await calls.open_records(store, pbx), await agents.members(store, pbx)
    watcher.begin(pbx, records, members, blind_since=lost_at)
    floor = Floor.restore(
        pbx,
        records,
        [_membership(member) for member in members],
        lost_at=lost_at,
        booted_at=known.booted_at,
        told=gap is not None,
        names=names,
    )
    understanding = Understanding(floor, clock=clock, zone=zone, seen_at=known.seen_at, watcher=watcher)
    if gap is None:  # a crash: nobody has told yet that we are blind
        understanding.lost(known.seen_at, NOT_RUNNING)
    return understanding


async def _open_gap(store: Store, pbx: PbxId, seen_at: Instant) -> Gap | None:
    return next((gap for gap in await facts_log.gaps(store, pbx, begin=seen_at) if gap.open), None)


def _membership(member: Member) -> tuple[str, str, Membership]:
    known = Membership(
        member.agent,
        member.state_interface,
        member.penalty,
        member.dynamic,
        pause="paused" if member.paused else "working",
        reason=member.pause_reason,
    )
    return member.queue, member.interface, known
