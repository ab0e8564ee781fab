"""Dialing: who rings whom outside of queues, and why nobody answered.

In: DialBegin, DialEnd, OriginateResponse. Out: CallDescribed (direction, dialed number), DialFailed. Must not know:
bridges.
"""

from __future__ import annotations

from callserver import facts
from callserver.ami import events
from callserver.calls.channels import Channels, dialed
from callserver.calls.queueing import Queueing
from callserver.calls.scene import Chan, LiveCall, Scene
from callserver.facts import DialResult, Instant, LegId

_REFUSED: dict[int | None, DialResult] = {17: "busy", 21: "failed"}  # Q.850: user busy, call rejected
_ORIGINATED: dict[int | None, DialResult] = {3: "no_answer", 5: "busy"}
_RESULTS: dict[str, DialResult] = {
    "NOANSWER": "no_answer",
    "CANCEL": "no_answer",
    "BUSY": "busy",
    "CONGESTION": "failed",
    "CHANUNAVAIL": "failed",
}


class Dialing:
    """The dials of one scene."""

    def __init__(self, scene: Scene, channels: Channels, queues: Queueing) -> None:
        self._scene = scene
        self._channels = channels
        self._queues = queues

    def begin(self, event: events.DialBegin) -> None:
        dest = self._channels.chan(event.dest, event.at)
        if dest is None:
            return
        source = self._channels.chan(event.source, event.at) if event.source is not None else None
        if source is None:
            self._originated(dest, event)
            return
        self._channels.same_call(source, dest, event.at)
        if dest.leg not in _rung(source.call):
            self._learn_dialed(source, dest, event)

    def _originated(self, dest: Chan, event: events.DialBegin) -> None:
        """Nobody dials: an Originate. To a phone of ours it is agent first, otherwise the customer is called."""
        call = dest.call
        if len(call.record.legs) > 1 or self._channels.is_phone(dest.interface, _user(event.dial_string)):
            return
        self._scene.tell(
            facts.CallDescribed(
                pbx=self._scene.pbx,
                at=event.at,
                call=call.id,
                direction="outbound",
                dialed=_user(event.dial_string),
            )
        )

    def _learn_dialed(self, source: Chan, dest: Chan, event: events.DialBegin) -> None:
        call = source.call
        user = _user(event.dial_string)
        if not dest.local and not call.record.answered:  # a later transfer does not change who was called
            call.direct = (dest.interface, user)
        if not call.record.dialed:
            number = dialed(event.source.exten if event.source is not None else "") or user
            if number:
                self._scene.tell(
                    facts.CallDescribed(pbx=self._scene.pbx, at=event.at, call=call.id, dialed=number)
                )
        self._channels.revise_direction(call, event.at)

    def end(self, event: events.DialEnd) -> None:
        dest = self._scene.chans.get(LegId(event.dest.uniqueid))
        if dest is None:
            return
        if self._queues.ring_status(dest, event.status, event.at) or dest.local:
            return
        result = _RESULTS.get(event.status)
        if result is not None:
            self._dial_failed(dest, _REFUSED.get(dest.cause, result), event.at)

    def _dial_failed(self, dest: Chan, result: DialResult, at: Instant | None) -> None:
        self._scene.tell(
            facts.DialFailed(pbx=self._scene.pbx, at=at, call=dest.call.id, leg=dest.leg, result=result)
        )

    def originate_response(self, event: events.OriginateResponse) -> None:
        """The first leg did not come up: no DialEnd tells of a ring timeout (trace originate-*-noanswer)."""
        dest = self._scene.chans.get(LegId(event.uniqueid or ""))
        if dest is None:
            return
        if self._channels.is_phone(dest.interface) and not dest.call.record.dialed and dialed(event.exten):
            self._scene.tell(
                facts.CallDescribed(pbx=self._scene.pbx, at=event.at, call=dest.call.id, dialed=event.exten)
            )
        if not event.success:
            result = _ORIGINATED.get(event.reason, "failed")
            self._dial_failed(dest, _REFUSED.get(dest.cause, result), event.at)


def _rung(call: LiveCall) -> set[LegId]:
    return {ring.leg for visit in call.visits for ring in visit.visit.rings if ring.leg}


def _user(dial_string: str) -> str | None:
    """The number in a dial string: `13800138000@trunk`, `trunk/sip:138@host` -> the number; else None."""
    rest = dial_string.rpartition("/")[2].partition("@")[0].removeprefix("sip:")
    return rest or None
