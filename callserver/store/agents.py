"""Who is a member of which queue now, as the facts so far leave it.

In: a switch. Out: its members. Must not know: states of agents beyond membership, pause and device.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from callserver.facts import Device, Instant, PbxId
from callserver.store import text
from callserver.store.engine import Store
from callserver.store.schema import agents as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One interface's membership in one queue; `since` is the time of the last change."""

    queue: str
    interface: str
    agent: str | None
    state_interface: str | None
    penalty: int
    dynamic: bool
    paused: bool
    pause_reason: str | None
    device: Device
    since: Instant | None


async def members(store: Store, pbx: PbxId) -> list[Member]:
    """All memberships on this switch, by queue and interface."""
    wanted = select(table).where(table.c.pbx == text.key(pbx)).order_by(table.c.queue, table.c.interface)
    found = await store.read(lambda connection: connection.execute(wanted).all())
    return [Member(**{name: value for name, value in row._mapping.items() if name != "pbx"}) for row in found]
