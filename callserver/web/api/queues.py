"""The API of queues: who is a member of which queue now, under the names that the settings give.

In: the store, the settings of queues. Out: every queue of every Asterisk that this process knows of. Must not know: who
asks, how membership comes about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from callserver.facts import PbxId
from callserver.settings import QueueSettings
from callserver.store import agents, teams
from callserver.store.agents import Member
from callserver.store.engine import Connection
from callserver.web.api import seeing
from callserver.web.api.operation import Asked, Done, Operations
from callserver.web.api.shapes import Moment, moment

api = Operations("queues", "Where callers wait, and who answers there.")
UNNAMED = QueueSettings()


class QueueMember(Struct, frozen=True, kw_only=True):
    """An agent's phone in a queue."""

    interface: str
    name: str | None
    paused: bool
    pause_reason: str | None
    device: str
    since: Moment | None


class Queue(Struct, frozen=True, kw_only=True):
    """One queue; `title` is its own name where nobody gave it one, `target_s` the seconds to answer within.

    `teams`: whose it is, for who sees the floor. `short_s`: who hangs up earlier is counted apart. `warn_wait_s`,
    `warn_waiting`: from when on the wall warns, null: as it thinks right.
    """

    pbx: str
    queue: str
    title: str
    target_s: float | None
    kind: str
    teams: list[str] = []
    short_s: float
    warn_wait_s: float | None
    warn_waiting: int | None
    members: list[QueueMember]


class Queues(Struct, frozen=True, kw_only=True):
    """Every queue that the switch has, or that has a name."""

    queues: list[Queue]


@api("GET", "/queues", scope="calls:read")
async def list_queues(asked: Asked) -> Done[Queues]:
    """All queues and their members, as they are now; for somebody who is signed in those that they may see."""
    site = asked.site
    pbxs = [PbxId(pbx) for pbx in site.vitals.switches]
    whose = await site.store.read(_teams) if asked.may("floor:read") else {}
    found = [
        queue
        for pbx in pbxs
        for queue in listed(
            pbx,
            await agents.members(site.store, pbx),
            site.queues,
            whose,
            site.vitals.switches[pbx].queues or (),
        )
    ]
    return Done(Queues(queues=[one for one in found if seeing.queue(asked, one.queue)]))


def _teams(connection: Connection) -> Mapping[str, Sequence[str]]:
    """The teams of each queue, by name."""
    found: dict[str, list[str]] = {}
    for team in teams.every(connection):
        for queue in team.queues:
            found.setdefault(queue, []).append(team.name)
    return found


def listed(
    pbx: PbxId,
    members: Iterable[Member],
    queues: Mapping[str, QueueSettings],
    whose: Mapping[str, Sequence[str]] = MappingProxyType({}),
    shown: Iterable[str] = (),
) -> list[Queue]:
    """Every queue that the switch shows, or that has members or a name, sorted."""
    inside: dict[str, list[QueueMember]] = {name: [] for name in (*queues, *shown)}
    for member in members:
        inside.setdefault(member.queue, []).append(_member(member))
    return [
        _queue(pbx, name, queues.get(name, UNNAMED), inside[name], whose.get(name, ()))
        for name in sorted(inside)
    ]


def _queue(
    pbx: PbxId, name: str, said: QueueSettings, members: list[QueueMember], whose: Sequence[str]
) -> Queue:
    return Queue(
        pbx=pbx,
        queue=name,
        title=said.title or name,
        target_s=said.target_s,
        kind=said.kind,
        teams=list(whose),
        short_s=said.short_s,
        warn_wait_s=said.warn_wait_s,
        warn_waiting=said.warn_waiting,
        members=members,
    )


def _member(member: Member) -> QueueMember:
    return QueueMember(
        interface=member.interface,
        name=member.agent,
        paused=member.paused,
        pause_reason=member.pause_reason,
        device=member.device,
        since=moment(member.since),
    )
