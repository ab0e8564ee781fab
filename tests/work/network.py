"""A switch and a public network by the book, behind the store: takes requests as a node does, and tells what came.

Flows in: requests in the store, how each number behaves. Flows out: outcomes, and records of calls as the journal
writes them. Must not know: the dialler.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from callserver.facts import CallId, Instant, LegId, PbxId, iso
from callserver.people import UserId
from callserver.seats.asking import CommandState, DialCustomer, Originate, Outcome
from callserver.seats.shift import Seat
from callserver.store import commands, leases
from callserver.store.commands import Owner, Taken
from callserver.store.engine import Store
from callserver.store.journal import Journal
from callserver.store.rows import Batch
from callserver.work.dialling_floor import FreeAgent, OwnerState
from tests.store.samples import PBX

HOLDER = "network/1"


@dataclass
class Floor:
    """Who is there, as a test says it."""

    agents: dict[UserId, FreeAgent] = field(default_factory=dict)
    states: dict[UserId, OwnerState] = field(default_factory=dict)
    queues: dict[str, list[Instant]] = field(default_factory=dict)  # since when callers wait
    target_ms: int = 20_000
    sees: bool = True

    def comes(self, user: int, queue: str = "hotline", since: Instant = 0) -> UserId:
        """Somebody is ready at their phone."""
        interface = f"PJSIP/{1000 + user}"
        seat = Seat(pbx=PBX, interface=interface, state_interface=interface)
        self.agents[UserId(user)] = FreeAgent(
            user=UserId(user), name=f"agent {user}", seat=seat, queues=frozenset({queue}), since=since
        )
        self.states[UserId(user)] = "free"
        return UserId(user)

    def switches(self) -> tuple[PbxId, ...]:
        return (PBX,) if self.sees else ()

    def free(self, pbx: PbxId) -> tuple[FreeAgent, ...]:
        here = (one for user, one in self.agents.items() if self.owner(user) == "free")
        return tuple(sorted(here, key=lambda one: (one.since, one.user)))

    def owner(self, user: UserId) -> OwnerState:
        return self.states.get(user, "gone")

    def agent(self, user: UserId) -> FreeAgent | None:
        return self.agents[user] if self.owner(user) == "free" else None

    def waiting(self, pbx: PbxId, queue: str) -> tuple[Instant, ...]:
        return tuple(sorted(self.queues.get(queue, ())))

    def past_target(self, pbx: PbxId, queue: str, now: Instant) -> int:
        return sum(1 for joined in self.waiting(pbx, queue) if joined <= now - self.target_ms)


class Network:
    """The other end. `rung`: every customer's phone that rang, in order, by what was dialled."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rung: list[str] = []
        self.agents_rung: list[str] = []
        self.taken: dict[str, Taken] = {}  # by channel
        self._owner: Owner | None = None
        self._journal: Any = None

    async def owner(self) -> Owner:
        if self._owner is None:
            lease = await leases.acquire(self.store, leases.lease_of(PBX), HOLDER, 600)
            assert lease is not None
            self._owner = Owner(pbx=PBX, holder=HOLDER, epoch=lease.epoch)
            self._journal = Journal(self.store, PBX, holder=HOLDER, epoch=lease.epoch)
        return self._owner

    async def takes(self) -> list[Taken]:
        """What is asked for; from here on each may be on its way."""
        found = await commands.take(self.store, await self.owner(), now=0)
        for one in found:
            assert isinstance(one.request, Originate | DialCustomer)
            self.taken[one.request.channel] = one
            if isinstance(one.request, DialCustomer):
                self.rung.append(one.request.number)
            else:
                self.agents_rung.append(one.request.interface)
        return found

    async def settles(self, one: Taken, state: CommandState, code: str, **detail: Any) -> None:
        """What the node would say."""
        await commands.settle(self.store, Outcome(id=one.id, state=state, code=code, detail=detail))

    async def refuses(self, code: str) -> None:
        """Everything that is asked for comes to this."""
        for one in await self.takes():
            await self.settles(one, "refused", code)

    async def answers(self, at: Instant, **values: Any) -> list[CallId]:
        """Whoever is rung first answers, and the call goes on."""
        begun = []
        for one in await self.takes():
            await self.settles(one, "done", "answered")
            begun.append(await self.record(one, at, open=True, **values))
        return begun

    async def talks(self, at: Instant, **values: Any) -> list[CallId]:
        """They answer, talk with somebody, and hang up."""
        calls = []
        for one in await self.takes():
            await self.settles(one, "done", "answered")
            calls.append(await self.record(one, at, open=False, talked=True, **values))
        return calls

    async def record(
        self, one: Taken, at: Instant, *, open: bool, talked: bool = False, answered: bool = True, **more: Any
    ) -> CallId:
        """The record of the call that a request began, as the journal writes it."""
        await self.owner()
        assert isinstance(one.request, Originate | DialCustomer)
        channel = one.request.channel
        number = one.request.number if isinstance(one.request, DialCustomer) else one.request.to
        leg = {"leg": channel, "interface": "PJSIP/x", "answered_at": iso(at) if answered else None}
        who = {"leg": channel, "interface": "PJSIP/x", "number": None}
        other = {"leg": f"{channel}-other", "interface": "PJSIP/y", "number": None}
        talks = [{"who": who, "with": [other], "from": iso(at), "to": iso(at + 5_000), "over": not open}]
        body: dict[str, Any] = {
            "id": f"{PBX}:{channel}",
            "pbx": PBX,
            "direction": "outbound",
            "caller_number": "1001",
            "dialed": number,
            "started_at": iso(at),
            "answered_at": iso(at) if talked else None,
            "ended_at": None if open else iso(at + 9_000),
            "answered": talked,
            "outcome": None if open else "answered" if answered else "no_answer",
            "queue_visits": [],
            "talks": talks if talked else [],
            "legs": [leg, other],
            "gap": False,
            "open": open,
            "sources": ["ami"],
            **more,
        }
        await self._journal.append(Batch(records=[body]))
        return CallId(body["id"])


def channel_of(call: CallId) -> LegId:
    return LegId(call.partition(":")[2])
