"""Which agents a call is offered to now, and why an offer is gone.

In: a call, and whose phone is whose. Out: the pops that it makes on agents' screens, and words for their end. Must not
know: screens, clients, what is known of the customer.

A pop belongs to one agent's interface and one call. It is derived from the call as it is, never remembered beside it:
so a retry cannot double it, and a screen begun from stored calls has the same pops. Asterisk says that a phone stopped
ringing before it says why (trace abandoned-ringing: RingEnded canceled, then CallLeftQueue abandoned), so an offer that
was canceled stays until the next news of that call, or until `lapse`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from callserver.facts import Instant, iso, seconds
from callserver.push.calling import IDLE, LiveCall, Offer, Party, Stay

Owner: TypeAlias = Callable[[str], str | None]
"""Whose phone it is: the interface by which queues and seats know the agent, None for a phone of nobody here."""
Ending: TypeAlias = Literal["answered_elsewhere", "abandoned", "ended", "not_answered", "dismissed", "merged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One agent's part in a call: `offered` or `answered`; by a queue (`stay`) or directly (`party`)."""

    interface: str
    state: Literal["offered", "answered"]
    offered_at: Instant | None
    answered_at: Instant | None = None
    stay: int | None = None
    leg: str | None = None


def parts(call: LiveCall, owner: Owner) -> dict[str, Part]:
    """Every agent to whom this call is offered or who has it, by interface."""
    found: dict[str, Part] = {}
    if call.shift or not call.open:
        return found
    for number, stay in enumerate(call.stays):
        for offer in stay.offers:
            if _rings(call, stay, offer):
                found[offer.interface] = Part(
                    interface=offer.interface,
                    state="offered",
                    offered_at=offer.at,
                    stay=number,
                    leg=offer.leg,
                )
        answered = _taken(call, number, stay, owner)
        if answered is not None:
            found[answered.interface] = answered
    for party in call.parties.values():
        interface = None if _not_direct(party) else owner(party.interface)
        if interface is None or interface in found:
            continue
        direct = _direct(call, party, interface)
        if direct is not None:
            found[interface] = direct
    return found


def _rings(call: LiveCall, stay: Stay, offer: Offer) -> bool:
    if not stay.waits:
        return False
    if offer.result is None:
        return True
    leg = call.parties.get(offer.leg) if offer.leg is not None else None
    if offer.result == "answered":  # up, and the queue has not joined them yet
        return leg is None or not leg.over
    return offer.result == "canceled" and not (
        offer.idle >= IDLE or _somebody_took(stay) or _moved_on(stay, offer)
    )


def _moved_on(stay: Stay, offer: Offer) -> bool:
    """The queue has rung somebody since."""
    ended = offer.ended_at
    return ended is not None and any(other.at is not None and other.at > ended for other in stay.offers)


def _somebody_took(stay: Stay) -> bool:
    return any(offer.result == "answered" for offer in stay.offers)


def _taken(call: LiveCall, number: int, stay: Stay, owner: Owner) -> Part | None:
    """The agent who has this stay's caller and is still with them."""
    if stay.end != "answered" or stay.interface is None:
        return None
    interface = _taker(call, stay, owner)
    if not _still_there(call, stay, interface, owner):
        return None
    rang = [offer.at for offer in stay.offers if offer.interface == interface]
    return Part(
        interface=interface,
        state="answered",
        offered_at=rang[-1] if rang else stay.left_at,
        answered_at=stay.left_at,
        stay=number,
        leg=stay.agent_leg,
    )


def _taker(call: LiveCall, stay: Stay, owner: Owner) -> str:
    """Whoever picked the call up from another's phone has it, though the queue names the other (trace
    queue-call-picked-up).
    """
    member = stay.interface or ""
    party = call.parties.get(stay.agent_leg) if stay.agent_leg is not None else None
    if party is None or party.local or any(offer.leg == party.leg for offer in stay.offers):
        return member
    return owner(party.interface) or party.interface


def _still_there(call: LiveCall, stay: Stay, interface: str, owner: Owner) -> bool:
    party = call.parties.get(stay.agent_leg) if stay.agent_leg is not None else None
    if party is None or (party.local and party.over):  # a Local channel may be optimised away in mid-talk
        here = any(
            other.live and other.up and owner(other.interface) == interface for other in call.parties.values()
        )
        return here or not stay.done
    return not party.over


def _not_direct(party: Party) -> bool:
    return party.caller or party.local or party.first or party.queued


def _direct(call: LiveCall, party: Party, interface: str) -> Part | None:
    """Dialed or transferred to this phone, by no queue."""
    if party.over and (party.up or party.refused or party.idle >= IDLE or _went_on(call, party)):
        return None
    answered = party.up
    return Part(
        interface=interface,
        state="answered" if answered else "offered",
        offered_at=party.since,
        answered_at=party.up_at if answered else None,
        leg=party.leg,
    )


def _went_on(call: LiveCall, party: Party) -> bool:
    """After this phone stopped ringing the call found somebody or something else."""
    legs = list(call.parties)
    later = legs[legs.index(party.leg) + 1 :]
    return bool(call.talks) or call.waiting is not None or any(not call.parties[leg].over for leg in later)


def why_gone(call: LiveCall, part: Part) -> Ending:
    """Why this part of the call is over; `call` is how things are now."""
    if part.state == "answered":
        return "ended"
    if part.stay is None:
        return _why_direct(call, part)
    stay = call.stay(part.stay)
    if stay is None or stay.end == "abandoned":
        return "abandoned" if stay is not None and _was_ringing(stay, part) else "ended"
    if stay.end == "answered" or _somebody_took(stay):
        return "answered_elsewhere"
    return "not_answered" if stay.end in (None, "timed_out") else "ended"


def _was_ringing(stay: Stay, part: Part) -> bool:
    """A phone that had refused or rung out before the caller gave up missed nothing."""
    mine = [offer for offer in stay.offers if offer.leg == part.leg]
    return not mine or mine[-1].result in (None, "canceled", "unknown")


def _why_direct(call: LiveCall, part: Part) -> Ending:
    party = next((party for party in call.parties.values() if party.leg == part.leg), None)
    if party is not None and party.refused:
        return "not_answered"
    if call.open:
        return "answered_elsewhere" if call.talks else "not_answered"
    return "abandoned"


def lapse(call: LiveCall) -> bool:
    """A second has passed. Whether somebody who stopped ringing without a reason is not offered the call any more."""
    canceled: list[Offer | Party] = [
        offer for stay in call.stays if stay.waits for offer in stay.offers if offer.result == "canceled"
    ]
    silent = [
        party for party in call.parties.values() if party.over and not party.up and not _not_direct(party)
    ]
    found = False
    for one in [*canceled, *silent]:
        one.idle += 1
        found = found or one.idle == IDLE
    return found


def value(
    call: LiveCall, part: Part, *, title: Callable[[str], str | None], name_of: Callable[[str], str | None]
) -> dict[str, Any]:
    """The pop as the stream tells it. title: what people call a queue. name_of: who an interface is."""
    stay = call.stay(part.stay) if part.stay is not None else None
    queue = stay.queue if stay is not None else None
    return {
        "pbx": call.pbx,
        "interface": part.interface,
        "call": call.id,
        "direction": call.direction,
        "state": part.state,
        "queue": queue,
        "queue_title": title(queue) if queue is not None else None,
        "offered_at": iso(part.offered_at),
        "answered_at": iso(part.answered_at),
        "waited_s": _waited(call, stay, part),
        "visits": [known.to_json() for known in call.stays],
        "number": _number(call),
        "name": call.caller_name if call.direction != "outbound" else None,
        "transfer": _transfer(call, part, name_of),
        "caller": None,
        "repeat": 0,
        "ticket": None,
    } | {key: known for key, known in call.learned.items() if key != "transfer"}


def _waited(call: LiveCall, stay: Stay | None, part: Part) -> float | None:
    if stay is not None:
        return stay.waited_s if stay.waited_s is not None else seconds(stay.since, part.offered_at)
    return seconds(call.started_at, part.offered_at)


def _number(call: LiveCall) -> dict[str, Any]:
    """Until the look-up has read it: as it was received."""
    number = call.number
    return {
        "received": number,
        "e164": None,
        "shown": number,
        "place": None,
        "kind": None if number else "withheld",
    }


def _transfer(call: LiveCall, part: Part, name_of: Callable[[str], str | None]) -> dict[str, Any] | None:
    """By whom the call came here, with what the colleague wrote; nobody hands a call to themselves."""
    said: dict[str, Any] = call.learned.get("transfer") or {}
    last = next((known for known in reversed(call.transfers) if known["by"] != part.interface), None)
    if last is None and (not said or said.get("by") == part.interface):
        return None
    by = last["by"] if last is not None else said.get("by")
    mine = said if said.get("by") in (None, by) else {}
    at = last["at"] if last is not None else None
    return {
        "by": by,
        "by_name": mine.get("by_name") or (name_of(by) if by else None),
        "at": at or mine.get("at"),
        "note": mine.get("note"),
        **{key: known for key, known in mine.items() if key not in ("by", "by_name", "at", "note")},
    }
