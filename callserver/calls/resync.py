"""After blindness: what the switch shows now, against what we believed.

In: a snapshot, and a floor with beliefs. Out: facts for every difference. Must not know: why we were blind. Start-up is
the same road: beliefs are then the open records of the store, or none.

A snapshot is read while events go on: who came meanwhile (`fresh`) may be missing in a list and is not missed here; a
channel that was listed and whose Hangup has come is remembered as gone and not believed; a caller listed as waiting
who has left since is known by the join time that the listing implies.
"""

from __future__ import annotations

from callserver import facts
from callserver.ami.events import LiveChannel, Snapshot
from callserver.calls import talking
from callserver.calls.agents import Agents
from callserver.calls.channels import Channels
from callserver.calls.listening import SPIES
from callserver.calls.queueing import Queueing
from callserver.calls.record import Record, Visit
from callserver.calls.scene import Chan, LiveCall, LiveVisit, Scene
from callserver.facts import Instant, LegId

_BOOT_SLACK_MS = 1_500  # the switch tells its start in whole seconds


class Resync:
    """Brings a scene to what a snapshot shows."""

    def __init__(self, scene: Scene, channels: Channels, queues: Queueing, agents: Agents) -> None:
        self._scene = scene
        self._channels = channels
        self._queues = queues
        self._agents = agents

    def run(self, snapshot: Snapshot) -> None:
        """Bring the floor to what the snapshot shows and tell the difference."""
        blind = self._scene.sight.blind
        at = snapshot.at if snapshot.at is not None else self._scene.sight.latest
        restarted = self._restarted(snapshot)
        self._agents.resync(snapshot.members, at)
        live = {LegId(known.channel.uniqueid): known for known in snapshot.channels}
        for leg in [leg for leg in self._scene.chans if leg not in live and leg not in snapshot.fresh]:
            chan = self._scene.chans.get(leg)
            if chan is not None:
                self._left_unseen(chan, live, at)
                self._channels.gone(chan, None, at, unseen=True)
        for known in sorted(snapshot.channels, key=_oldest_first):
            self._appear(known, snapshot, at, gap=blind)
        self._bridges(snapshot, at)
        self._listening(snapshot, at, blind=blind)
        self._waiting(snapshot, live, at)
        for call in list(self._scene.calls.values()):
            if not call.chans:
                self._channels.over(call, at, unseen=True)
        if blind:
            self._scene.tell(
                facts.LinkRestored(
                    pbx=self._scene.pbx, at=at, lost_at=self._scene.sight.lost_at, restarted=restarted
                )
            )
        self._scene.sight.blind, self._scene.sight.lost_at = False, None
        self._scene.stopping = False
        self._scene.sight.booted_at = snapshot.booted_at or self._scene.sight.booted_at

    def _restarted(self, snapshot: Snapshot) -> bool:
        """Whether the switch itself began anew while we were blind."""
        booted, before, lost = snapshot.booted_at, self._scene.sight.booted_at, self._scene.sight.lost_at
        if booted is None:
            return False
        if before is not None:
            return booted > before + _BOOT_SLACK_MS
        return lost is not None and booted > lost

    def _left_unseen(self, chan: Chan, live: dict[LegId, LiveChannel], at: Instant | None) -> None:
        """A ringing leg that is gone while the caller now talks to nobody simply stopped ringing."""
        visit = self._queues.offered(chan)
        if visit is not None and visit.visit.leg in live:
            self._queues.leg_gone(chan, None, at)

    def _appear(self, known: LiveChannel, snapshot: Snapshot, at: Instant | None, *, gap: bool) -> None:
        began = at - known.age_s * 1000 if at is not None and known.age_s is not None else None
        leg = LegId(known.channel.uniqueid)
        if not leg or leg in self._scene.gone:
            return
        chan = self._scene.chans.get(leg)
        if chan is None:
            chan = self._channels.appear(known.channel, began, gap=gap)
        else:
            self._channels.state(chan, known.channel.state, at)
        chan.exten = known.channel.exten or chan.exten

    def _bridges(self, snapshot: Snapshot, at: Instant | None) -> None:
        scene = self._scene
        for known in snapshot.channels:
            chan = scene.chans.get(LegId(known.channel.uniqueid))
            if chan is None:
                continue
            bridge = known.bridge if known.bridge not in snapshot.holding_bridges else None
            for other in list(scene.bridges.get(bridge or "", {}).values()):
                self._channels.same_call(chan, other, at)
            if chan.bridge != bridge:
                scene.put_in(chan, bridge)
        for call in list(scene.calls.values()):
            talking.refresh(scene, call, at)

    def _listening(self, snapshot: Snapshot, at: Instant | None, *, blind: bool) -> None:
        """Who hears whom now. Of a line of which we heard ourselves, and were not blind, we know better."""
        listening = self._channels.listening
        for known in snapshot.channels:
            chan = self._scene.chans.get(LegId(known.channel.uniqueid))
            if chan is None or (chan.leg in listening.heard and not blind):
                continue
            if known.application == SPIES:
                listening.shown(chan, known.application_data, at)
            elif known.bridge:
                listening.end(chan.leg, at)

    def _waiting(self, snapshot: Snapshot, live: dict[LegId, LiveChannel], at: Instant | None) -> None:
        listed = {(LegId(entry.uniqueid), entry.queue): entry for entry in snapshot.waiting}
        for call, visit in self._scene.visits():
            chan = self._scene.chans.get(visit.visit.leg) if visit.visit.leg else None
            if (
                chan is None
                or chan.leg in snapshot.fresh
                or visit.state not in ("waiting", "offered", "leaving")
            ):
                continue
            if (chan.leg, visit.visit.queue) not in listed:
                self._left(call, visit, chan, at)
        for (leg, queue), entry in listed.items():
            chan = self._scene.chans.get(leg)
            if chan is None:
                continue
            entered = at - entry.wait_s * 1000 if at is not None and entry.wait_s is not None else None
            if not _left_since(chan, queue, entered):
                self._queues.join(chan, queue, entry.position, entered)
        for known in snapshot.channels:
            chan = self._scene.chans.get(LegId(known.channel.uniqueid))
            if chan is not None and known.application == "Queue":
                self._visit_unseen(
                    chan, known, (chan.leg, known.application_data.partition(",")[0]) in listed, at
                )

    def _partner(self, chan: Chan) -> Chan | None:
        """Whom the caller talks with now, if anybody."""
        for legs in chan.call.talks:
            if chan.leg in legs:
                others = [
                    self._scene.chans[leg]
                    for leg in sorted(legs)
                    if leg != chan.leg and leg in self._scene.chans
                ]
                return others[0] if others else None
        return None

    def _left(self, call: LiveCall, visit: LiveVisit, chan: Chan, at: Instant | None) -> None:
        """The caller is here and waits in that queue no longer: an agent has them, or nobody knows."""
        partner = self._partner(chan)
        if partner is not None:
            self._answered(chan, visit.visit.queue, partner, at)
        elif visit.state == "leaving" and visit.taken_by is None:
            self._queues.settle(chan, at)
        elif visit.taken_by is None:
            visit.left_at = None
            self._queues.end(call, visit, "unknown", at)

    def _answered(self, chan: Chan, queue: str, partner: Chan, at: Instant | None) -> None:
        offer = next(
            (
                (leg, interface)
                for known in chan.call.visits
                for leg, interface in known.offers.items()
                if leg == partner.leg or self._reaches(leg, partner)
            ),
            None,
        )
        leg, interface = offer or (
            partner.leg,
            self._agents.owner_of(partner.interface, queue) or partner.interface,
        )
        self._queues.connect(chan, queue, interface, self._agents.name_of(interface), leg, None, None, at)

    def _reaches(self, leg: LegId, partner: Chan) -> bool:
        """Whether a Local member's leg leads to that phone: same call, and the leg is a Local half."""
        offered = self._scene.chans.get(leg)
        return offered is not None and offered.local and not partner.local and partner.call is offered.call

    def _visit_unseen(self, chan: Chan, known: LiveChannel, waits: bool, at: Instant | None) -> None:
        """The channel runs Queue() and talks: it entered and was answered before we saw anything."""
        queue = known.application_data.partition(",")[0]
        known_visit = any(
            visit.visit.leg == chan.leg and visit.visit.queue == queue for visit in chan.call.visits
        )
        if waits or not queue or known_visit:
            return  # after an attended transfer the caller's channel still runs Queue() (trace atxfer-finished)
        partner = self._partner(chan)
        if partner is None:
            return
        self._queues.join(chan, queue, None, None)
        self._answered(chan, queue, partner, at)


def _oldest_first(known: LiveChannel) -> tuple[int, float, int]:
    epoch, _, serial = known.channel.uniqueid.rpartition("-")[2].partition(".")
    return (
        -(known.age_s or 0),
        float(epoch) if epoch.isdigit() else 0.0,
        int(serial) if serial.isdigit() else 0,
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
    rebind(call, record)
    call.talks = {frozenset(talk.legs) for talk in record.talks if not talk.over}
    call.state = "talking" if call.talks else "arriving"
    if any(visit.state in ("waiting", "offered") for visit in call.visits):
        call.state = "waiting"


def rebind(call: LiveCall, record: Record) -> None:
    """From now on this record is the call's: it was read back, or the journals corrected it."""
    call.record = record
    call.visits = [_restored_visit(visit) for visit in record.visits]


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
