"""A call's record -> who handled it and for how long.

In: a call's JSON. Out: one handling for each agent's part: of a stay in a queue, or of a talk that no queue gave.
Must not know: wrap-up (a state of the agent, not of the call), who sat at a phone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from callserver.facts import Instant, instant
from callserver.metrics.visits import Visit, of_record

DIRECT: Final = 1_000
"""Handlings that no queue gave are counted from here, so that they are never taken for a visit's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """An agent's part in a call. `n`: of the visit, or from DIRECT on; then `queue` is ''. `ended_at`: of the talk.

    A direct one is a guess: a phone that talked. It counts only where somebody who works here sat at it.
    """

    n: int
    queue: str
    interface: str
    talked_from: Instant
    ended_at: Instant
    talk_ms: int
    hold_ms: int
    transferred: bool
    gap: bool

    @property
    def direct(self) -> bool:
        return self.n >= DIRECT


def handlings(record: Mapping[str, Any]) -> tuple[Handling, ...]:
    """All parts whose talk is over, in the order of visits, then of talks. Of calls among colleagues: none."""
    if record.get("shift"):
        return ()
    visits = [one for one in of_record(record) if one.interface]
    found = list(_of_queues(record, visits))
    if record.get("direction") != "internal" and not record.get("open"):
        found += _direct(record, {one.interface for one in visits})
    return tuple(found)


def _of_queues(record: Mapping[str, Any], visits: list[Visit]) -> Iterator[Handling]:
    for visit in visits:
        raw = record["queue_visits"][visit.n]
        answered = instant(raw.get("left_at"))
        if answered is None or visit.interface is None or raw.get("talk_s") is None:
            continue
        yield Handling(
            n=visit.n,
            queue=visit.queue,
            interface=visit.interface,
            talked_from=answered,
            ended_at=answered + visit.talk_ms + visit.hold_ms,
            talk_ms=visit.talk_ms,
            hold_ms=visit.hold_ms,
            transferred=visit.transferred,
            gap=visit.gap,
        )


def _direct(record: Mapping[str, Any], known: set[str | None]) -> Iterator[Handling]:
    by = {one.get("by") for one in record.get("transfers") or ()}
    held = round((record.get("held_s") or 0) * 1000) if not known else 0
    for place, (interface, spans) in enumerate(_talked(record, known).items()):
        talk_ms = sum(end - begin for begin, end in spans)
        hold_ms = min(held, talk_ms) if place == 0 else 0
        yield Handling(
            n=DIRECT + place,
            queue="",
            interface=interface,
            talked_from=min(begin for begin, _ in spans),
            ended_at=max(end for _, end in spans),
            talk_ms=talk_ms - hold_ms,
            hold_ms=hold_ms,
            transferred=interface in by,
            gap=bool(record.get("gap")),
        )


def _talked(record: Mapping[str, Any], known: set[str | None]) -> dict[str, list[tuple[Instant, Instant]]]:
    """Phones that talked without a queue's giving, and when; the customer's line is among them."""
    found: dict[str, list[tuple[Instant, Instant]]] = {}
    for talk in record.get("talks") or ():
        begin, end = instant(talk.get("from")), instant(talk.get("to"))
        if begin is None or end is None:
            continue
        for party in (talk.get("who") or {}, *(talk.get("with") or ())):
            interface = party.get("interface")
            if interface and interface not in known:
                found.setdefault(interface, []).append((begin, max(begin, end)))
    return found
