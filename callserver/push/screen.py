"""The picture of all floors; every change of it is a delta.

In: facts of one or several switches, what the store remembers of each, who sits where, what others know of a call. Out:
`Delta`s, and whole snapshots. Must not know: clients, JSON text, clocks (`now` is an argument).

A fact changes a call, an agent or a queue here; what that makes of the values is settled afterwards: calls, then
agents, then queues. tests/push/test_screen.py proves over every recorded trace that a picture brought forward by the
deltas equals a fresh one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any, Final

from callserver import facts
from callserver.facts import LISTENING, CallId, Fact, Instant, PbxId, iso
from callserver.push import pops
from callserver.push.agents import LISTENS, Agent, Member, Membership, Sitter
from callserver.push.applying import COLLECTIONS, KINDS, Delta, Kind, Value, apply, empty
from callserver.push.calling import LiveCall, follow
from callserver.push.crews import Crews
from callserver.push.pops import Part
from callserver.push.values import Values
from callserver.push.views import Audience, Everyone, Parties, Queues, seat_key

__all__ = ["COLLECTIONS", "KINDS", "Delta", "Kind", "Screen", "Value", "apply", "empty"]

_PRIORITY: Final = {"talking": 3, "held": 2, "ringing": 1, LISTENS: 0}


class Screen:
    """Everything that can be seen."""

    def __init__(self, titles: Mapping[str, str] | None = None) -> None:
        self._values = Values()
        self._crews = Crews({} if titles is None else titles)
        self._calls: dict[CallId, LiveCall] = {}
        self._agents: dict[str, Agent] = {}
        self._phones: dict[str, dict[str, None]] = {}  # seat key of a phone -> keys of the agents who have it
        self._parts: dict[CallId, dict[str, Part]] = {}
        self._busy: dict[str, dict[CallId, str]] = {}  # agent's key -> calls and what they make of the agent
        self._on_phone: dict[str, dict[CallId, None]] = {}  # phone's key -> calls with a channel of it
        self._touched_calls: dict[CallId, None] = {}
        self._touched_agents: dict[str, None] = {}

    # --- in ----------------------------------------------------------------------------------------------------------

    def begin(
        self,
        pbx: PbxId,
        records: Iterable[dict[str, Any]] = (),
        members: Iterable[Member] = (),
        *,
        blind_since: Instant | None = None,
    ) -> list[Delta]:
        """What the store remembers of a switch: open calls and memberships. Facts go on from there."""
        self._clear(pbx)
        for record in records:
            call = LiveCall.of(record)
            self._calls[call.id] = call
            self._touched_calls[call.id] = None
        for member in members:
            agent = self._agent(pbx, member.interface)
            self._join(
                agent, member.queue, member.agent, member.state_interface, member.penalty, member.dynamic
            )
            known = agent.queues[member.queue]
            known.paused, known.reason = member.paused, member.pause_reason
            agent.device, agent.since = member.device, member.since
        self._set_switch(pbx, "down", blind_since)
        return self._changes(None)

    def feed(self, pbx: PbxId, told: Iterable[Fact]) -> list[Delta]:
        """What happened on a switch, in order; told together, so shown together."""
        at = None
        for fact in told:
            at = fact.at if fact.at is not None else at
            step = _FACTS.get(type(fact))
            if step is not None:
                step(self, pbx, fact)
            elif isinstance(fact, facts.OfCall):
                self._call_fact(fact)
        return self._changes(at)

    def tick(self, now: Instant) -> list[Delta]:
        """A second has passed; `now` is this machine's."""
        for call in [call for call in self._calls.values() if pops.lapse(call)]:
            self._touched_calls[call.id] = None
        self._values.tick(now)
        return self._changes(None)

    def sit(
        self, pbx: PbxId, interface: str, sitter: Sitter | None, *, state_interface: str | None = None
    ) -> list[Delta]:
        """Somebody took this seat; None: nobody sits there."""
        agent = self._agent(pbx, interface)
        if agent.sitter is not None and sitter is not None and agent.sitter.user != sitter.user:
            self._values.dismiss_all(seat_key(pbx, interface))
        self._forget_phones(agent)
        agent.sitter, agent.phone = sitter, state_interface if sitter is not None else None
        self._learn_phones(agent)
        return self._changes(None)

    def retitled(self, queues: Collection[str]) -> list[Delta]:
        """The titles of these queues are others now."""
        self._crews.retitled(queues)
        return self._changes(None)

    def has_queues(self, pbx: PbxId, queues: Collection[str]) -> list[Delta]:
        """A look at the switch has shown these queues: new ones appear, those that are no more and empty go."""
        for place in self._crews.exist(pbx, queues):
            self._values.put("queue", "/".join(place), None, Queues(frozenset({place[1]})))
        return self._changes(None)

    def put(self, kind: Kind, key: str, value: Value | None, audience: Audience) -> list[Delta]:
        """A value that is not made from facts: shift, promise, notice."""
        self._values.put(kind, key, value, audience)
        return self._values.taken()

    def learn(self, call: CallId, changed: Mapping[str, Any]) -> list[Delta]:
        """Members of a call's pops that others know: caller, number, name, repeat, ticket, transfer (with its note).
        They stay with the call, for the agents to whom it is offered later.
        """
        known = self._calls.get(call)
        if known is not None:
            known.learned = {**known.learned, **changed}
            self._touched_calls[call] = None
            return self._changes(None)
        self._values.learn_missed(call, dict(changed))
        return self._values.taken()

    def dismiss(self, key: str) -> list[Delta]:
        """The agent has seen that this call was missed. Pops of calls that go on stay."""
        self._values.dismiss(key)
        return self._values.taken()

    def forget(self, concerns: Callable[[Value], bool]) -> list[Delta]:
        """Missed calls whose pop `concerns` somebody who is erased go at once."""
        self._values.forget(concerns)
        return self._values.taken()

    # --- out ---------------------------------------------------------------------------------------------------------

    def snapshot(
        self, sees: Callable[[Audience, str], bool] | None = None, kinds: Iterable[Kind] | None = None
    ) -> dict[str, dict[str, Value]]:
        """All values, or those whose audience `sees` (audience, type) lets through; of these kinds only."""
        return self._values.snapshot(sees, kinds)

    def value(self, kind: Kind, key: str) -> Value | None:
        """One value as it is now."""
        return self._values.value(kind, key)

    def audience(self, kind: Kind, key: str) -> Audience | None:
        """Whose matter that value is."""
        return self._values.audience(kind, key)

    def calls(self) -> Iterable[LiveCall]:
        """All calls that go on."""
        return self._calls.values()

    def title(self, queue: str) -> str:
        """What people call a queue."""
        return self._crews.title(queue)

    def call(self, call: CallId) -> LiveCall | None:
        return self._calls.get(call)

    # --- facts -------------------------------------------------------------------------------------------------------

    def _call_fact(self, fact: facts.OfCall) -> None:
        call = self._calls.get(fact.call)
        if call is None:
            if not isinstance(fact, facts.CallStarted):
                return  # late words of a call that is over
            call = self._calls[fact.call] = LiveCall(fact.call, fact.pbx)
        follow(call, fact)  # type: ignore[arg-type]
        self._touched_calls[call.id] = None

    def _merged(self, _pbx: PbxId, fact: facts.CallsMerged) -> None:
        keep, absorbed = self._calls.get(fact.call), self._calls.get(fact.absorbed)
        if keep is None or absorbed is None:
            return
        keep.absorb(absorbed)
        self._touched_calls[keep.id] = None
        self._touch_call(keep, fact.at)
        self._settle(fact.at)  # the pops stand under the new name before the old ones go
        absorbed.open = False
        self._gone(absorbed, fact.at, why="merged")

    def _replaced(self, _pbx: PbxId, fact: facts.CallCorrected | facts.CallRecovered) -> None:
        known = self._calls.get(fact.call)
        if known is None:
            return  # it is over, and what is over is not on the screen
        anew = LiveCall.of(fact.record)
        anew.learned = known.learned
        self._calls[fact.call] = anew
        self._touched_calls[fact.call] = None

    def _joined(self, pbx: PbxId, fact: facts.AgentJoinedQueue) -> None:
        agent = self._agent(pbx, fact.interface)
        self._join(agent, fact.queue, fact.agent, fact.state_interface, fact.penalty, fact.dynamic)

    def _left(self, pbx: PbxId, fact: facts.AgentLeftQueue) -> None:
        agent = self._agent(pbx, fact.interface)
        self._forget_phones(agent)
        agent.queues.pop(fact.queue, None)
        self._crews.leave(agent, fact.queue)
        self._learn_phones(agent)

    def _paused(self, pbx: PbxId, fact: facts.AgentPaused) -> None:
        known = self._agent(pbx, fact.interface).queues.get(fact.queue)
        if known is not None:
            known.paused, known.reason = fact.paused, fact.reason

    def _device(self, pbx: PbxId, fact: facts.DeviceChanged) -> None:
        self._agent(pbx, fact.interface).device = fact.device

    def _lost(self, pbx: PbxId, fact: facts.LinkLost) -> None:
        self._set_switch(pbx, "down", fact.at)

    def _restored(self, pbx: PbxId, _fact: facts.LinkRestored) -> None:
        self._set_switch(pbx, "up", None)

    # --- agents and their phones -------------------------------------------------------------------------------------

    def _agent(self, pbx: str, interface: str) -> Agent:
        key = seat_key(pbx, interface)
        agent = self._agents.get(key)
        if agent is None:
            agent = self._agents[key] = Agent(pbx, interface)
        self._touched_agents[key] = None
        return agent

    def _join(
        self, agent: Agent, queue: str, name: str | None, phone: str | None, penalty: int, dynamic: bool
    ) -> None:
        self._forget_phones(agent)
        known = agent.queues.get(queue)
        agent.queues[queue] = Membership(
            name, phone, penalty, dynamic, known.paused if known else False, known.reason if known else None
        )
        self._crews.join(agent, queue)
        self._learn_phones(agent)

    def _forget_phones(self, agent: Agent) -> None:
        for phone in agent.phones:
            owners = self._phones.get(seat_key(agent.pbx, phone), {})
            owners.pop(seat_key(agent.pbx, agent.interface), None)

    def _learn_phones(self, agent: Agent) -> None:
        """Whose phone it is decides on whose screen a call pops: calls that it takes part in are looked at anew."""
        if not agent.shown:
            return
        for phone in agent.phones:
            key = seat_key(agent.pbx, phone)
            self._phones.setdefault(key, {})[seat_key(agent.pbx, agent.interface)] = None
            self._touched_calls |= self._on_phone.get(key, {})

    def _owner(self, pbx: str, phone: str) -> str | None:
        """The agent who has this phone, by interface; the one who is named like it first."""
        key = seat_key(pbx, phone)
        owners = self._phones.get(key)
        if not owners:
            return None
        return phone if key in owners else self._agents[min(owners)].interface

    def _name_of(self, pbx: str, interface: str) -> str | None:
        owner = self._owner(pbx, interface)
        return self._agents[seat_key(pbx, owner)].name if owner is not None else None

    # --- changes -----------------------------------------------------------------------------------------------------

    def _changes(self, at: Instant | None) -> list[Delta]:
        self._settle(at)
        return self._values.taken()

    def _settle(self, at: Instant | None) -> None:
        """Bring all values to what is touched, calls before agents before queues."""
        while self._touched_calls or self._touched_agents or self._crews.touched:
            calls, self._touched_calls = self._touched_calls, {}
            for id in calls:
                if (call := self._calls.get(id)) is not None:
                    self._touch_call(call, at)
                    if not call.open:
                        self._gone(call, at)
            agents, self._touched_agents = self._touched_agents, {}
            for key in agents:
                self._settle_agent(self._agents[key], at)
            queues, self._crews.touched = self._crews.touched, {}
            for place in queues:
                of_queue = Queues(frozenset({place[1]}))
                self._values.put("queue", "/".join(place), self._crews.value(place), of_queue)

    def _touch_call(self, call: LiveCall, at: Instant | None) -> None:
        """One call's part in everything."""
        owner = partial(self._owner, call.pbx)
        parts, before = pops.parts(call, owner), self._parts.get(call.id, {})
        states = _listening(call, owner) if call.shift else _states(call, parts, owner) if call.open else {}
        self._index(call, states)
        self._crews.wait(call)
        audience = self._parties(call, states)
        if not call.shift:
            self._values.put("call", call.id, _call_value(call, states), audience)
        for part in parts.values():
            self._offer(call, part, audience)
        for interface in before.keys() - parts.keys():
            self._values.close(_pop_key(call, interface), pops.why_gone(call, before[interface]), at)
        self._parts[call.id] = parts

    def _index(self, call: LiveCall, states: Mapping[str, str]) -> None:
        for party in call.parties.values():
            on = self._on_phone.setdefault(seat_key(call.pbx, party.interface), {})
            on.pop(call.id, None) if party.over or not call.open else on.setdefault(call.id)
            if not on:
                del self._on_phone[seat_key(call.pbx, party.interface)]
        was = {key for key in self._agents_of(call) if call.id in self._busy.get(key, {})}
        now = {seat_key(call.pbx, interface): state for interface, state in states.items()}
        for key in was - now.keys():
            del self._busy[key][call.id]
            self._touched_agents[key] = None
        for key, state in now.items():
            busy = self._busy.setdefault(key, {})
            if key in self._agents and busy.get(call.id) != state:
                busy[call.id] = state
                self._touched_agents[key] = None

    def _agents_of(self, call: LiveCall) -> set[str]:
        """Keys of everybody who may have been busy with it."""
        phones = {seat_key(call.pbx, party.interface) for party in call.parties.values()}
        owners = {owner for phone in phones for owner in self._phones.get(phone, {})}
        rung = {seat_key(call.pbx, offer.interface) for stay in call.stays for offer in stay.offers}
        return phones | owners | rung | {seat_key(call.pbx, one) for one in self._parts.get(call.id, {})}

    def _parties(self, call: LiveCall, states: Mapping[str, str]) -> Parties:
        seats = {seat_key(call.pbx, interface) for interface in states}
        queues = {stay.queue for stay in call.stays}
        for key in seats:
            if key in self._agents:
                queues.update(self._agents[key].queues)
        return Parties(seats=frozenset(seats), queues=frozenset(queues))

    def _gone(self, call: LiveCall, at: Instant | None, why: pops.Ending | None = None) -> None:
        """The call is over, or part of another one now."""
        for interface, part in self._parts.pop(call.id, {}).items():
            self._values.close(_pop_key(call, interface), why or pops.why_gone(call, part), at)
        self._index(call, {})
        self._crews.wait(call)
        audience = self._values.audience("call", call.id)
        if audience is not None:
            self._values.put("call", call.id, None, audience)
        del self._calls[call.id]

    def _settle_agent(self, agent: Agent, at: Instant | None) -> None:
        key = seat_key(agent.pbx, agent.interface)
        busy = self._busy.get(key, {})
        best = max(busy, key=lambda call: (_PRIORITY[busy[call]], call), default=None)
        agent.busy = (busy[best], best) if best is not None else None
        agent.settle(at)
        audience = Parties(seats=frozenset({key}), queues=frozenset(agent.queues))
        value = agent.to_json() if agent.shown else None
        if (value is not None or self._values.audience("agent", key)) and self._values.put(
            "agent", key, value, audience
        ):
            self._crews.count(agent)
        if not agent.shown and agent.busy is None and agent.device == "unknown":
            del self._agents[key]

    def _offer(self, call: LiveCall, part: Part, audience: Parties) -> None:
        value = pops.value(call, part, title=self._crews.title, name_of=partial(self._name_of, call.pbx))
        seats = frozenset({seat_key(call.pbx, part.interface)})
        whose = Parties(seats=seats, queues=audience.queues)
        self._values.offer(_pop_key(call, part.interface), value, whose)

    def _set_switch(self, pbx: PbxId, link: str, blind_since: Instant | None) -> None:
        self._values.put("switch", pbx, {"link": link, "blind_since": iso(blind_since)}, Everyone())

    def _clear(self, pbx: PbxId) -> None:
        """What was believed of a switch before is not believed any more; it is told of where it does not come back."""
        for call in [call for call in self._calls.values() if call.pbx == pbx]:
            call.open = False
            self._gone(call, None, why="ended")
        for agent in [agent for agent in self._agents.values() if agent.pbx == pbx]:
            self._forget_phones(agent)
            for queue in list(agent.queues):
                self._crews.leave(agent, queue)
            agent.queues.clear()
            self._learn_phones(agent)
            self._touched_agents[seat_key(pbx, agent.interface)] = None


def _pop_key(call: LiveCall, interface: str) -> str:
    return f"{seat_key(call.pbx, interface)}|{call.id}"


def _states(call: LiveCall, parts: Mapping[str, Part], owner: pops.Owner) -> dict[str, str]:
    """What the call makes of each agent in it: ringing, talking, held."""
    states: dict[str, str] = {
        interface: "talking" if part.state == "answered" else "ringing" for interface, part in parts.items()
    }
    for party in call.parties.values():
        interface = owner(party.interface) if party.live else None
        if interface is None or (party.queued and not party.up and interface not in parts):
            continue
        state = "held" if party.held else "talking" if party.up or party.caller else "ringing"
        if _PRIORITY[state] > _PRIORITY.get(states.get(interface, ""), 0) or state == "held":
            states[interface] = state
    return states


def _listening(call: LiveCall, owner: pops.Owner) -> dict[str, str]:
    """Of a line that is nobody's call: who listens to another one by it."""
    legs = [one for one in call.parties.values() if call.open and one.live and one.leg.startswith(LISTENING)]
    found = (owner(party.interface) for party in legs)
    return {interface: LISTENS for interface in found if interface is not None}


def _call_value(call: LiveCall, states: Mapping[str, str]) -> Value:
    ticket = call.learned.get("ticket")
    return {
        "id": call.id,
        "pbx": call.pbx,
        "direction": call.direction,
        "number": call.number,
        "name": call.caller_name if call.direction != "outbound" else None,
        "started_at": iso(call.started_at),
        "answered_at": iso(call.answered_at),
        "state": call.state,
        "queue": call.stays[-1].queue if call.stays else None,
        "with": sorted(interface for interface, state in states.items() if state != "ringing"),
        "held": any(party.held for party in call.parties.values()),
        "outcome": call.outcome,
        "way": call.way,
        "ticket": ticket.get("id") if isinstance(ticket, dict) else ticket,
        "legs": {party.interface: party.leg for party in call.parties.values() if party.live},
    }


_FACTS: Final[dict[type, Any]] = {
    facts.CallsMerged: Screen._merged,
    facts.CallCorrected: Screen._replaced,
    facts.CallRecovered: Screen._replaced,
    facts.AgentJoinedQueue: Screen._joined,
    facts.AgentLeftQueue: Screen._left,
    facts.AgentPaused: Screen._paused,
    facts.DeviceChanged: Screen._device,
    facts.LinkLost: Screen._lost,
    facts.LinkRestored: Screen._restored,
}
