"""Which phones there are, and which of them somebody may sit down at.

In: the asker, a seat as they named it. Out: known phones; Forbidden for what is no agent's phone. Must not know: who
sits where, how a switch rings it.

A seat decides whose calls somebody sees, ends and sends on, and where callers are put through to. So an agent sits at a
phone: not at the line by which callers come in (every call has a leg there), nor at an interface that dials a number
(`Local/...@...`, `PJSIP/...@trunk`: callers would leave the house past all rules of dialling) unless somebody has named
it: the settings, a queue's members, a user's usual seat. Who sees the floor sees those calls anyway, and may.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from callserver.errors import Forbidden
from callserver.facts import PbxId
from callserver.seats.shift import Seat
from callserver.store import agents, shifts, users
from callserver.store.agents import Member
from callserver.store.search import Wanted, search
from callserver.web.api.operation import Asked, Site

LOOKED_AT: Final = 200
"""Calls, the newest ones: by which lines callers come in."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_]+/[\w.+-]+")
Phones = dict[tuple[str, str], list[Member]]


async def known(site: Site) -> Phones:
    """Switch and interface of each phone that somebody has named, with what it is a member of."""
    found: Phones = {}
    for pbx in map(PbxId, site.vitals.switches):
        for interface in site.presence.phones.get(pbx, ()) if site.presence is not None else ():
            found.setdefault((pbx, interface), [])
        for member in await agents.members(site.store, pbx):
            found.setdefault((pbx, member.interface), []).append(member)
    usual, sitters = await site.store.read(lambda c: (users.every(c), shifts.every(c)))
    for place in (one.person.seat for one in usual if one.enabled and one.person.seat is not None):
        found.setdefault((place.pbx, place.interface), [])
    for seat in (one.seat for one in sitters):
        found.setdefault((seat.pbx, seat.interface), [])
    return found


async def must_be_phone(asked: Asked, seat: Seat) -> None:
    """Raises Forbidden for who may not sit there."""
    if asked.may("floor:read"):
        return
    if any(
        one.startswith(asked.site.trunks.get(seat.pbx, ())) for one in (seat.interface, seat.state_interface)
    ):
        raise Forbidden(
            f"{seat.interface} is a line to the outside world by the settings (`trunks`), and no phone"
        )
    phones = await known(asked.site)
    if (seat.pbx, seat.interface) not in phones and not _PLAIN.fullmatch(seat.interface):
        raise Forbidden(f"{seat.interface} may lead anywhere: a supervisor has to make it your usual seat")
    page = await search(asked.site.store, Wanted(pbx=seat.pbx), LOOKED_AT, None)
    for line in _lines(page.calls):
        if (seat.pbx, line) not in phones and seat.is_phone(line):
            raise Forbidden(
                f"callers come in by {line}: if it is a phone, it has to be in the settings (`phones`), a queue's "
                "member or somebody's usual seat"
            )


def _lines(records: Iterable[Mapping[str, Any]]) -> set[str]:
    """The interfaces of those who called from outside."""
    inbound = (one for one in records if one.get("direction") == "inbound")
    return {str(leg.get("interface")) for one in inbound for leg in one.get("legs", ()) if leg.get("caller")}
