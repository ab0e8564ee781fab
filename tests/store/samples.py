"""Facts and records to put into a database."""

from __future__ import annotations

from typing import Any

from callserver.facts import CallEnded, CallId, CallQueued, CallStarted, Instant, LegId, PbxId, iso

PBX = PbxId("main")
MORNING: Instant = 1_795_289_156_000
DAY = 86_400_000


def call_id(number: int) -> CallId:
    return CallId(f"{PBX}:1795289156.{number}")


def started(number: int, at: Instant = MORNING, caller: str | None = "13900001234") -> CallStarted:
    return CallStarted(
        pbx=PBX, at=at, call=call_id(number), direction="inbound", caller_number=caller, dialed="800"
    )


def queued(number: int, at: Instant = MORNING + 1) -> CallQueued:
    return CallQueued(pbx=PBX, at=at, call=call_id(number), visit=0, queue="repair", leg=LegId("1.0"))


def ended(number: int, at: Instant = MORNING + 9_000) -> CallEnded:
    return CallEnded(pbx=PBX, at=at, call=call_id(number), outcome="answered")


def record(number: int, *, at: Instant | None = MORNING, open: bool = True, **more: Any) -> dict[str, Any]:
    """A call's record as the floor makes it, as far as the store looks into it."""
    return {
        "id": call_id(number),
        "pbx": PBX,
        "direction": "inbound",
        "caller_number": "13900001234",
        "caller_name": "王芳",
        "dialed": "800",
        "started_at": iso(at),
        "answered_at": None,
        "ended_at": None if open or at is None else iso(at + 9_000),
        "outcome": None if open else "answered",
        "queue_visits": [{"queue": "repair", "rings": []}],
        "gap": False,
        "open": open,
        "legs": [{"leg": f"1795289156.{number}"}],
        **more,
    }
