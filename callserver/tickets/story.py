"""What a ticket's timeline tells of a call: how it came and ended, who waited how long where, who spoke with whom.

In: a call's record, as the switch's facts add up to it. Out: the body of its entry. Must not know: SQL, the ticket.
Instants are ISO 8601 UTC, durations seconds. Numbers and names of callers are left out: the call's own record has them
for as long as they may be kept, and timelines never change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from callserver.facts import instant, seconds

Record = Mapping[str, Any]
_PLAIN = ("direction", "outcome", "started_at", "answered_at", "ended_at")


def story(record: Record) -> dict[str, Any]:
    """The whole call in short."""
    visits = [_visit(visit) for visit in record.get("queue_visits", ())]
    return {
        **{name: record.get(name) for name in _PLAIN},
        "waited_s": _sum(visit["waited_s"] for visit in visits),
        "talked_s": _talked(record, visits),
        "held_s": record.get("held_s") or 0,
        "queues": visits,
        "agents": _agents(visits),
        "transfers": [dict(transfer) for transfer in record.get("transfers", ())],
        "gap": bool(record.get("gap")),
    }


def _visit(visit: Record) -> dict[str, Any]:
    return {
        "queue": visit.get("queue"),
        "entered_at": visit.get("entered_at"),
        "waited_s": visit.get("wait_s"),
        "talked_s": visit.get("talk_s"),
        "end": visit.get("end"),
        "agent": _agent(visit.get("agent")),
    }


def _agent(agent: Record | None) -> str | None:
    """Whoever answered: the name, or the telephone where it has none."""
    return None if agent is None else agent.get("name") or agent.get("interface")


def _agents(visits: list[dict[str, Any]]) -> list[str]:
    """Everybody who answered, each once, in their order."""
    return list(dict.fromkeys(visit["agent"] for visit in visits if visit["agent"]))


def _talked(record: Record, visits: list[dict[str, Any]]) -> float:
    """As the queues measured it; for a call without a queue the time from the answer to the end."""
    measured = [visit["talked_s"] for visit in visits if visit["talked_s"] is not None]
    if measured:
        return _sum(measured)
    answered = instant(record.get("answered_at"))
    return seconds(answered, instant(record.get("ended_at"))) or 0.0 if answered is not None else 0.0


def _sum(times: Iterable[float | None]) -> float:
    return round(sum(one for one in times if one is not None), 3)
