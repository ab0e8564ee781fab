"""What is said of each batch that was written: one line a call at its end, with all its times.

In: written batches. Out: log lines, totals in vitals. Must not know: why it happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from callserver.facts import CallEnded, CallRecovered, LinkRestored, iso
from callserver.store.rows import Batch
from callserver.vitals import SwitchVitals

log = structlog.get_logger(__name__)


def say(batch: Batch, vitals: SwitchVitals) -> None:
    """Count and tell what this batch says."""
    vitals.facts += len(batch.facts)
    records = {record["id"]: record for record in batch.records}
    for fact in batch.facts:
        if isinstance(fact, CallEnded | CallRecovered):
            vitals.calls_ended += 1
            record = records.get(fact.call)
            if record is not None:
                log.info("call ended" if isinstance(fact, CallEnded) else "call recovered", **line(record))
        elif isinstance(fact, LinkRestored) and fact.lost_at is not None:
            vitals.gaps += 1
            begin, end = iso(fact.lost_at), iso(fact.at)
            log.warning("gap", pbx=fact.pbx, begin=begin, end=end, switch_restarted=fact.restarted)


def line(record: Mapping[str, Any]) -> dict[str, Any]:
    """A call on one line; what is not there is left out."""
    visits = record.get("queue_visits", ())
    agents = [visit["agent"] for visit in visits if visit.get("agent")]
    said = {
        "call": record["id"],
        "direction": record.get("direction"),
        "caller": record.get("caller_number"),
        "dialed": record.get("dialed"),
        "outcome": record.get("outcome"),
        "started_at": record.get("started_at"),
        "answered_at": record.get("answered_at"),
        "ended_at": record.get("ended_at"),
        "queues": [visit["queue"] for visit in visits],
        "agents": [agent.get("name") or agent.get("interface") for agent in agents],
        "wait_s": _sum(visit.get("wait_s") for visit in visits),
        "talk_s": _sum(visit.get("talk_s") for visit in visits),
        "rings": sum(len(visit.get("rings", ())) for visit in visits),
        "transfers": len(record.get("transfers", ())),
        "held_s": record.get("held_s"),
        "gap": record.get("gap") or None,
    }
    return {key: value for key, value in said.items() if value not in (None, [], 0)}


def _sum(numbers: Any) -> float | None:
    known = [number for number in numbers if number is not None]
    return round(sum(known), 3) if known else None
