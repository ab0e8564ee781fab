"""Agents as the switch has them: membership, pause and device of each interface.

In: QueueMember events and listings. Out: facts on every change, none where nothing changed. Must not know: calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from callserver import facts
from callserver.ami.events import DEVICES, QueueMember
from callserver.calls.scene import Scene
from callserver.calls.tables import DEVICE, MEMBERSHIP, PAUSE, step
from callserver.facts import Device, Instant


@dataclass(slots=True)
class Membership:
    """One interface in one queue."""

    name: str | None
    state_interface: str | None
    penalty: int
    dynamic: bool
    member: str = "member"
    pause: str = "working"
    reason: str | None = None


@dataclass(slots=True)
class Agent:
    interface: str
    device: Device = "unknown"
    queues: dict[str, Membership] = field(default_factory=dict)


class Agents:
    """All members of all queues of one switch."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.by_interface: dict[str, Agent] = {}
        self.phones: set[str] = set()

    def feed(self, event: QueueMember) -> None:
        """One event or one line of a listing."""
        if not event.queue or not event.interface:
            return
        if event.change == "removed":
            self._leave(event.queue, event.interface, event.at)
            return
        agent = self._agent(event.interface)
        self._join(agent, event)
        self._pause(agent, event)
        self._device(agent, event)

    def resync(self, members: Iterable[QueueMember], at: Instant | None) -> None:
        """What the switch lists now is the truth: who is not in it has left."""
        listed = list(members)
        present = {(member.queue, member.interface) for member in listed}
        for member in listed:
            self.feed(member)
        for agent in list(self.by_interface.values()):
            for queue in [queue for queue in agent.queues if (queue, agent.interface) not in present]:
                self._leave(queue, agent.interface, at)

    def restore(self, members: Iterable[tuple[str, str, Membership]]) -> None:
        """(queue, interface, membership) as we believed before a restart; tells nothing."""
        for queue, interface, membership in members:
            self._agent(interface).queues[queue] = membership
            self.learn(interface, membership.state_interface)

    def name_of(self, interface: str) -> str | None:
        agent = self.by_interface.get(interface)
        return next((known.name for known in agent.queues.values() if known.name), None) if agent else None

    def owner_of(self, phone: str, queue: str) -> str | None:
        """The member of `queue` whose phone this is."""
        for agent in self.by_interface.values():
            known = agent.queues.get(queue)
            if known is not None and phone in (agent.interface, known.state_interface):
                return agent.interface
        return None

    def _agent(self, interface: str) -> Agent:
        agent = self.by_interface.get(interface)
        if agent is None:
            agent = self.by_interface[interface] = Agent(interface)
        return agent

    def learn(self, *interfaces: str | None) -> list[str]:
        """Remember phones of ours; those that are news come back."""
        if self.phones.issuperset(interfaces):
            return []
        known = [it for it in interfaces if it and not it.startswith(("Local/", "hint:", "Custom:"))]
        news = [it for it in dict.fromkeys(known) if it not in self.phones]
        self.phones.update(news)
        return news

    def _join(self, agent: Agent, event: QueueMember) -> None:
        known = agent.queues.get(event.queue)
        now = (event.member, event.state_interface, event.penalty, event.dynamic)
        if known is not None and (known.name, known.state_interface, known.penalty, known.dynamic) == now:
            return
        self.learn(event.interface, event.state_interface)
        pause, reason = (known.pause, known.reason) if known else ("working", None)
        agent.queues[event.queue] = Membership(*now, pause=pause, reason=reason)
        self._scene.tell(
            facts.AgentJoinedQueue(
                pbx=self._scene.pbx,
                at=event.at,
                queue=event.queue,
                interface=event.interface,
                agent=event.member,
                state_interface=event.state_interface,
                penalty=event.penalty,
                dynamic=event.dynamic,
            )
        )

    def _leave(self, queue: str, interface: str, at: Instant | None) -> None:
        agent = self.by_interface.get(interface)
        known = agent.queues.get(queue) if agent else None
        if agent is None or known is None or step(MEMBERSHIP, known.member, "leave") is None:
            return
        del agent.queues[queue]
        if not agent.queues:
            del self.by_interface[interface]
        self._scene.tell(facts.AgentLeftQueue(pbx=self._scene.pbx, at=at, queue=queue, interface=interface))

    def _pause(self, agent: Agent, event: QueueMember) -> None:
        known = agent.queues[event.queue]
        after = step(PAUSE, known.pause, "pause" if event.paused else "work") or known.pause
        reason = event.paused_reason if event.paused else None
        if (after, reason) == (known.pause, known.reason):
            return
        known.pause, known.reason = after, reason
        self._scene.tell(
            facts.AgentPaused(
                pbx=self._scene.pbx,
                at=event.at,
                queue=event.queue,
                interface=event.interface,
                paused=event.paused,
                reason=reason,
            )
        )

    def _device(self, agent: Agent, event: QueueMember) -> None:
        device = DEVICES.get(event.status, "unknown")
        if device == agent.device or step(DEVICE, agent.device, device) is None:
            return
        agent.device = device
        self._scene.tell(
            facts.DeviceChanged(pbx=self._scene.pbx, at=event.at, interface=agent.interface, device=device)
        )
