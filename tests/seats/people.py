"""A shift, a picture and facts for the tests of this room."""

from __future__ import annotations

from typing import Any

from callserver import facts
from callserver.facts import CallId, Instant, LegId, PbxId
from callserver.people import Profile, UserId
from callserver.seats.picture import Picture
from callserver.seats.shift import Seat, Shift, WrapUp

PBX = PbxId("main")
NOW: Instant = 1_795_000_000_000
CALL = CallId("main:1.0")
PHONE = "PJSIP/1001"
SEAT = Seat(pbx=PBX, interface=PHONE, state_interface=PHONE)
WRAP = WrapUp(call=CALL, since=NOW, until=NOW + 60_000)


def shift(**values: Any) -> Shift:
    """Zhang Wei at 1001, ready, in the queues `hotline` and `repair`."""
    given: dict[str, Any] = {
        "user": UserId(7),
        "login": "zhang",
        "name": "Zhang Wei 张伟",
        "seat": SEAT,
        "queues": (Profile(queue="hotline"), Profile(queue="repair", penalty=2)),
        "since": NOW,
        "wish": "ready",
        "reason": None,
        "wished_at": NOW,
        "carried": True,
    }
    return Shift(**(given | values))


def joined(queue: str, interface: str = PHONE, **values: Any) -> facts.AgentJoinedQueue:
    given: dict[str, Any] = {
        "agent": "Zhang Wei 张伟",
        "state_interface": interface,
        "penalty": 2 if queue == "repair" else 0,
        "dynamic": True,
    }
    return facts.AgentJoinedQueue(pbx=PBX, at=NOW, queue=queue, interface=interface, **(given | values))


def left(queue: str, interface: str = PHONE) -> facts.AgentLeftQueue:
    return facts.AgentLeftQueue(pbx=PBX, at=NOW, queue=queue, interface=interface)


def paused(queue: str, reason: str | None, interface: str = PHONE) -> facts.AgentPaused:
    return facts.AgentPaused(pbx=PBX, at=NOW, queue=queue, interface=interface, paused=True, reason=reason)


def unpaused(queue: str, interface: str = PHONE) -> facts.AgentPaused:
    return facts.AgentPaused(pbx=PBX, at=NOW, queue=queue, interface=interface, paused=False)


def device(state: facts.Device, interface: str = PHONE) -> facts.DeviceChanged:
    return facts.DeviceChanged(pbx=PBX, at=NOW, interface=interface, device=state)


def sees() -> facts.LinkRestored:
    return facts.LinkRestored(pbx=PBX, at=NOW)


def blind() -> facts.LinkLost:
    return facts.LinkLost(pbx=PBX, at=NOW, reason="gone")


def started(call: CallId = CALL, direction: facts.Direction = "inbound") -> facts.CallStarted:
    return facts.CallStarted(pbx=PBX, at=NOW, call=call, direction=direction, caller_number="13800138000")


def leg(name: str, interface: str, call: CallId = CALL) -> facts.LegStarted:
    return facts.LegStarted(
        pbx=PBX, at=NOW, call=call, leg=LegId(name), channel=f"{interface}-1", interface=interface
    )


def up(name: str, call: CallId = CALL) -> facts.LegAnswered:
    return facts.LegAnswered(pbx=PBX, at=NOW, call=call, leg=LegId(name))


def over(name: str, call: CallId = CALL, at: Instant = NOW) -> facts.LegEnded:
    return facts.LegEnded(pbx=PBX, at=at, call=call, leg=LegId(name))


def queued(queue: str = "hotline", call: CallId = CALL) -> facts.CallQueued:
    return facts.CallQueued(pbx=PBX, at=NOW, call=call, visit=0, queue=queue, leg=LegId("A"))


def answered(interface: str = PHONE, call: CallId = CALL) -> facts.AgentAnswered:
    return facts.AgentAnswered(
        pbx=PBX, at=NOW, call=call, visit=0, queue="hotline", interface=interface, agent=None, leg=LegId("B")
    )


def picture(*told: facts.Fact) -> Picture:
    """A switch that is seen, and what it said."""
    made = Picture(PBX)
    made.feed([sees(), *told])
    made.take()
    return made


def at_work(*told: facts.Fact) -> Picture:
    """Zhang Wei is a member of both queues, the phone is free."""
    return picture(joined("hotline"), joined("repair"), device("free"), *told)
