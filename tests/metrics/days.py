"""Days of a hotline, made by hand: records of calls as the floor makes them, as far as they are counted."""

from __future__ import annotations

from typing import Any

from callserver.facts import Instant, iso
from callserver.store.rows import Batch

SECOND = 1000
Record = dict[str, Any]


def visit(
    at: Instant,
    wait_s: float | None = 0.0,
    *,
    queue: str = "repair",
    end: str | None = "answered",
    talk_s: float | None = None,
    phone: str = "PJSIP/1001",
    **more: Any,
) -> Record:
    """One stay in a queue; who is answered talks at `phone`."""
    left = None if wait_s is None else iso(at + round(wait_s * SECOND))
    agent = {"interface": phone, "name": None} if end == "answered" else None
    said = {"queue": queue, "entered_at": iso(at), "left_at": left, "wait_s": wait_s, "talk_s": talk_s}
    return {**said, "end": end, "agent": agent, "rings": [], **more}


def call(number: int, *visits: Record, at: Instant | None = None, pbx: str = "main", **more: Any) -> Record:
    """One call, over unless it is said to go on."""
    began = visits[0]["entered_at"] if at is None else iso(at)
    ends = [one["end"] for one in visits if one["end"]]
    last = visits[-1]["left_at"] if visits else began
    record = {
        "id": f"{pbx}:1795289156.{number}",
        "pbx": pbx,
        "direction": "inbound",
        "caller_number": "13900001234",
        "dialed": "800",
        "started_at": began,
        "ended_at": last,
        "outcome": "answered" if "answered" in ends else (ends or ["unknown"])[-1],
        "queue_visits": list(visits),
        "talks": [],
        "transfers": [],
        "legs": [],
        "held_s": 0.0,
        "gap": False,
        "open": False,
    }
    return {**record, **more}


def batch(*records: Record) -> Batch:
    """These calls with a fact each that they are over: what the journal is given."""
    from callserver.facts import CallEnded, CallId, PbxId

    over = [
        CallEnded(pbx=PbxId(one["pbx"]), at=None, call=CallId(one["id"]), outcome=one["outcome"])
        for one in records
    ]
    return Batch(facts=over, records=list(records))
