"""After blindness: what the switch shows now, against what we believed.

In: a snapshot, and a floor with beliefs. Out: facts for every difference. Must not know: why we were blind. Start-up is
the same road: beliefs are then the open records of the store, or none.

A snapshot is read while events go on: who came meanwhile (`fresh`) may be missing in a list and is not missed here; a
channel that was listed and whose Hangup has come is remembered as gone and not believed; a caller listed as waiting
who has left since is known by the join time that the listing implies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callserver import facts
from callserver.ami.events import LiveChannel, Snapshot
from callserver.calls import talking
from callserver.calls.record import Record, Visit
from callserver.calls.scene import Chan, LiveCall, LiveVisit, Scene
from callserver.facts import Instant, LegId

if TYPE_CHECKING:
    from callserver.calls.floor import Floor

_BOOT_SLACK_MS = 1_500  # the switch tells its start in whole seconds


def resync(floor: Floor, snapshot: Snapshot) -> None:
    """Bring the floor to what the snapshot shows and tell the difference."""
    blind = floor.sight.blind
    at = snapshot.at if snapshot.at is not None else floor.sight.latest
    restarted = _restarted(floor, snapshot)
    floor.agents.resync(snapshot.members, at)
    live = {LegId(known.channel.uniqueid): known for known in snapshot.channels}
    for leg in [leg for leg in floor.scene.chans if leg not in live and leg not in snapshot.fresh]:
        chan = floor.scene.chans.get(leg)
        if chan is not None:
            _left_unseen(floor, chan, live, at)
            floor.channels.gone(chan, None, at, unseen=True)
    for known in sorted(snapshot.channels, key=_oldest_first):
        _appear(floor, known, snapshot, at, gap=blind)
    _bridges(floor, snapshot, at)
    _queues(floor, snapshot, live, at)
    for call in list(floor.scene.calls.values()):
        if not call.chans:
            floor.channels.over(call, at, unseen=True)
    if blind:
        floor.scene.tell(
            facts.LinkRestored(pbx=floor.pbx, at=at, lost_at=floor.sight.lost_at, restarted=restarted)
        )
    floor.sight.blind, floor.sight.ever, floor.sight.lost_at = False, True, None
    floor.scene.stopping = False
    floor.sight.booted_at = snapshot.booted_at or floor.sight.booted_at


def _restarted(floor: Floor, snapshot: Snapshot) -> bool:
    """Whether the switch itself began anew while we were blind."""
    booted, lost = snapshot.booted_at, floor.sight.lost_at
    if booted is None or lost is None:
        return False
    return booted > lost + _BOOT_SLACK_MS


def _oldest_first(known: LiveChannel) -> tuple[int, float, int]:
    epoch, _, serial = known.channel.uniqueid.rpartition("-")[2].partition(".")
    return (
        -(known.age_s or 0),
        float(epoch) if epoch.isdigit() else 0.0,
        int(serial) if serial.isdigit() else 0,
    )


def _left_unseen(floor: Floor, chan: Chan, live: dict[LegId, LiveChannel], at: Instant | None) -> None:
    """A ringing leg that is gone while the caller now talks to nobody simply stopped ringing."""
    visit = floor.queues.offered(chan)
    if visit is not None and visit.visit.leg in live:
        floor.queues.leg_gone(chan, None, at)


def _appear(floor: Floor, known: LiveChannel, snapshot: Snapshot, at: Instant | None, *, gap: bool) -> None:
    began = at - known.age_s * 1000 if at is not None and known.age_s is not None else None
    leg = LegId(known.channel.uniqueid)
    if not leg or leg in floor.scene.gone:
        return
    chan = floor.scene.chans.get(leg)
    if chan is None:
        chan = floor.channels.appear(known.channel, began, gap=gap)
    else:
        floor.channels.state(chan, known.channel.state, at)
    chan.exten = known.channel.exten or chan.exten


def _bridges(floor: Floor, snapshot: Snapshot, at: Instant | None) -> None:
    scene = floor.scene
    for known in snapshot.channels:
        chan = scene.chans.get(LegId(known.channel.uniqueid))
        if chan is None:
            continue
        bridge = known.bridge if known.bridge not in snapshot.holding_bridges else None
        for other in list(scene.bridges.get(bridge or "", {}).values()):
            floor.channels.same_call(chan, other, at)
        if chan.bridge != bridge:
            scene.put_in(chan, bridge)
    for call in list(scene.calls.values()):
        talking.refresh(scene, call, at)


def _queues(floor: Floor, snapshot: Snapshot, live: dict[LegId, LiveChannel], at: Instant | None) -> None:
    listed = {(LegId(entry.uniqueid), entry.queue): entry for entry in snapshot.waiting}
    for call, visit in floor.scene.visits():
        chan = floor.scene.chans.get(visit.visit.leg) if visit.visit.leg else None
        if chan is None or chan.leg in snapshot.fresh or visit.state not in ("waiting", "offered", "leaving"):
            continue
        if (chan.leg, visit.visit.queue) not in listed:
            _left(floor, call, visit, chan, at)
    for (leg, queue), entry in listed.items():
        chan = floor.scene.chans.get(leg)
        if chan is None:
            continue
        entered = at - entry.wait_s * 1000 if at is not None and entry.wait_s is not None else None
        if not _left_since(chan, queue, entered):
            floor.queues.join(chan, queue, entry.position, entered)
    for known in snapshot.channels:
        chan = floor.scene.chans.get(LegId(known.channel.uniqueid))
        if chan is not None and known.application == "Queue":
            _visit_unseen(
                floor, chan, known, (chan.leg, known.application_data.partition(",")[0]) in listed, at
            )


def _left_since(chan: Chan, queue: str, entered: Instant | None) -> bool:
    """Whether we saw this very stay end: the listing is older than that event."""
    for known in chan.call.visits:
        if (
            known.visit.leg != chan.leg
            or known.visit.queue != queue
            or known.state not in ("ended", "talking", "leaving")
        ):
            continue
        joined = known.visit.entered_at
        if joined is None or entered is None or abs(joined - entered) <= 2_000:
            return True
    return False


def _partner(floor: Floor, chan: Chan) -> Chan | None:
    """Whom the caller talks with now, if anybody."""
    for legs in chan.call.talks:
        if chan.leg in legs:
            others = [
                floor.scene.chans[leg] for leg in sorted(legs) if leg != chan.leg and leg in floor.scene.chans
            ]
            return others[0] if others else None
    return None


def _left(floor: Floor, call: LiveCall, visit: LiveVisit, chan: Chan, at: Instant | None) -> None:
    """The caller is here and waits in that queue no longer: an agent has them, or nobody knows."""
    partner = _partner(floor, chan)
    if partner is not None:
        _answered(floor, chan, visit.visit.queue, partner, at)
    elif visit.state == "leaving" and visit.taken_by is None:
        floor.queues.settle(chan, at)
    elif visit.taken_by is None:
        visit.left_at = None
        floor.queues.end(call, visit, "unknown", at)


def _answered(floor: Floor, chan: Chan, queue: str, partner: Chan, at: Instant | None) -> None:
    offer = next(
        (
            (leg, interface)
            for known in chan.call.visits
            for leg, interface in known.offers.items()
            if leg == partner.leg or _reaches(floor, leg, partner)
        ),
        None,
    )
    leg, interface = offer or (
        partner.leg,
        floor.agents.owner_of(partner.interface, queue) or partner.interface,
    )
    floor.queues.connect(chan, queue, interface, floor.agents.name_of(interface), leg, None, None, at)


def _reaches(floor: Floor, leg: LegId, partner: Chan) -> bool:
    """Whether a Local member's leg leads to that phone: same call, and the leg is a Local half."""
    offered = floor.scene.chans.get(leg)
    return offered is not None and offered.local and not partner.local and partner.call is offered.call


def _visit_unseen(floor: Floor, chan: Chan, known: LiveChannel, waits: bool, at: Instant | None) -> None:
    """The channel runs Queue() and talks: it entered and was answered before we saw anything."""
    queue = known.application_data.partition(",")[0]
    known_visit = any(
        visit.visit.leg == chan.leg and visit.visit.queue == queue for visit in chan.call.visits
    )
    if waits or not queue or known_visit:
        return  # after an attended transfer the caller's channel still runs Queue() (trace atxfer-finished)
    partner = _partner(floor, chan)
    if partner is None:
        return
    floor.queues.join(chan, queue, None, None)
    _answered(floor, chan, queue, partner, at)


# --- after a restart of this program ---------------------------------------------------------------------------------


def restore(scene: Scene, record: Record) -> None:
    """Put an open record of the store back on the floor: its legs as channels, its visits where they stood."""
    scene.book.records[record.id] = record
    call = LiveCall(record)
    first = record.id.partition(":")[2]
    scene.add_call(call, first)
    for leg in record.legs.values():
        if leg.over:
            scene.call_of[leg.leg] = call
            scene.remember_gone(leg.leg)
            continue
        chan = Chan(
            leg.leg, leg.channel, leg.interface, call, state="up" if leg.up else "ringing", number=leg.number
        )
        scene.add_chan(chan)
    call.visits = [_restored_visit(visit) for visit in record.visits]
    call.talks = {frozenset(talk.legs) for talk in record.talks if not talk.over}
    call.state = "talking" if call.talks else "arriving"
    if any(visit.state in ("waiting", "offered") for visit in call.visits):
        call.state = "waiting"


def _restored_visit(visit: Visit) -> LiveVisit:
    if visit.end == "answered":
        state = "ended" if visit.completed_by else "talking"
    else:
        state = "ended" if visit.end else "waiting"
    live = LiveVisit(visit, state)
    if state == "waiting":
        live.offers = {ring.leg: ring.interface for ring in visit.rings if ring.leg and ring.result is None}
        live.state = "offered" if live.offers else "waiting"
    return live
