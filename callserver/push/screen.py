"""The picture of all floors, as collections of values; every change is a delta.

In: facts of one or several switches, what the store remembers of each, who sits where, what others know of a call. Out:
`Delta`s, and whole snapshots. Must not know: clients, JSON text, clocks (`now` is an argument).

`apply(snapshot, message)` brings a client's picture forward: the same function for the first second and after every
loss. tests/push/test_screen.py proves over every recorded trace that a picture brought forward equals a fresh one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal, TypeAlias, get_args

from callserver import facts
from callserver.facts import CallId, Fact, Instant, PbxId, instant, iso
from callserver.push import pops
from callserver.push.agents import Agent, Member, Membership, Sitter
from callserver.push.calling import LiveCall, follow
from callserver.push.pops import Part
from callserver.push.views import Audience, Everyone, Parties, Queues, seat_key

Kind: TypeAlias = Literal["agent", "queue", "call", "pop", "shift", "promise", "notice", "switch"]
Type: TypeAlias = Literal[Kind, "pop.update", "pop.closed"]
Value: TypeAlias = dict[str, Any]

COLLECTIONS: Final[Mapping[str, str]] = {
    "agent": "agents",
    "queue": "queues",
    "call": "calls",
    "pop": "pops",
    "shift": "shift",
    "promise": "promises",
    "notice": "notices",
    "switch": "switches",
}
"""Type of message -> the collection that it changes."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

MISSED_MS = 30 * 60_000
"""How long a missed call stays on the screen."""
NOTICE_MS = 15 * 60_000
_PRIORITY: Final = {"talking": 3, "held": 2, "ringing": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """One change. value: the new value (of `pop.update`: the changed members only); None: gone."""

    type: Type
    key: str
    value: Value | None = None
    why: str | None = None
    audience: Audience

    def message(self) -> Value:
        """As the stream says it, without its number."""
        body: Value = {"type": self.type, "key": self.key}
        if self.type == "pop.closed":
            return body | {"why": self.why}
        return body | {"value": self.value}


def empty() -> dict[str, dict[str, Value]]:
    """A screen with nothing on it."""
    return {name: {} for name in COLLECTIONS.values()}


def apply(screen: dict[str, dict[str, Value]], message: Mapping[str, Any]) -> dict[str, dict[str, Value]]:
    """The screen after a message; the one given is left as it was. Messages of no collection change nothing."""
    kind = message["type"]
    if kind == "snapshot":
        return {**empty(), **message["screen"]}
    if kind == "several":
        for one in message["messages"]:
            screen = apply(screen, one)
        return screen
    name = COLLECTIONS.get(kind.partition(".")[0])
    if name is None:
        return screen
    changed = dict(screen.get(name, {}))
    _STEPS.get(kind, _upsert)(changed, message)
    return {**screen, name: changed}


def _upsert(collection: dict[str, Value], message: Mapping[str, Any]) -> None:
    if message["value"] is None:
        collection.pop(message["key"], None)
    else:
        collection[message["key"]] = message["value"]


def _update(collection: dict[str, Value], message: Mapping[str, Any]) -> None:
    known = collection.get(message["key"])
    if known is not None:
        collection[message["key"]] = {**known, **message["value"]}


def _close(collection: dict[str, Value], message: Mapping[str, Any]) -> None:
    known = collection.pop(message["key"], None)
    if known is not None and message["why"] == "abandoned":
        collection[message["key"]] = {**known, "state": "missed"}


_STEPS: Final = {"pop.update": _update, "pop.closed": _close}


@dataclass(slots=True)
class _Crew:
    """Who works in a queue, counted as they change: a queue of 350 is not gone through for each of them."""

    members: set[str] = field(default_factory=set)
    ready: set[str] = field(default_factory=set)
    talking: set[str] = field(default_factory=set)

    def count(self, key: str, state: str, *, paused: bool) -> None:
        (self.ready.add if state == "ready" and not paused else self.ready.discard)(key)
        (self.talking.add if state in ("talking", "held") else self.talking.discard)(key)

    def without(self, key: str) -> None:
        for some in (self.members, self.ready, self.talking):
            some.discard(key)


class Screen:
    """Everything that can be seen."""

    def __init__(self, titles: Mapping[str, str] | None = None) -> None:
        self._titles = titles or {}
        self._values: dict[str, dict[str, Value]] = empty()
        self._audiences: dict[tuple[str, str], Audience] = {}
        self._calls: dict[CallId, LiveCall] = {}
        self._agents: dict[str, Agent] = {}
        self._phones: dict[str, dict[str, None]] = {}  # seat key of a phone -> keys of the agents who have it
        self._crews: dict[tuple[str, str], _Crew] = {}  # (pbx, queue) -> who works there
        self._waiting: dict[tuple[str, str], dict[CallId, Instant | None]] = {}
        self._parts: dict[CallId, dict[str, Part]] = {}
        self._busy: dict[str, dict[CallId, str]] = {}  # agent's key -> calls and what they make of the agent
        self._on_phone: dict[str, dict[CallId, None]] = {}  # phone's key -> calls with a channel of it
        self._missed: dict[str, Instant | None] = {}
        self._touched_calls: dict[CallId, None] = {}
        self._touched_agents: dict[str, None] = {}
        self._touched_queues: dict[tuple[str, str], None] = {}
        self._deltas: list[Delta] = []

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
        for key in [key for key, at in self._missed.items() if at is None or now - at > MISSED_MS]:
            self._dismiss(key)
        for key, notice in list(self._values["notices"].items()):
            at = instant(notice.get("at")) if isinstance(notice.get("at"), str) else None
            if at is not None and now - at > NOTICE_MS:
                self._put("notice", key, None, self._audiences["notice", key])
        return self._changes(None)

    def sit(
        self, pbx: PbxId, interface: str, sitter: Sitter | None, *, state_interface: str | None = None
    ) -> list[Delta]:
        """Somebody took this seat; None: nobody sits there."""
        agent = self._agent(pbx, interface)
        if agent.sitter is not None and sitter is not None and agent.sitter.user != sitter.user:
            self._clean(agent)
        self._forget_phones(agent)
        agent.sitter, agent.phone = sitter, state_interface if sitter is not None else None
        self._learn_phones(agent)
        return self._changes(None)

    def put(self, kind: Kind, key: str, value: Value | None, audience: Audience) -> list[Delta]:
        """A value that is not made from facts: shift, promise, notice."""
        self._put(kind, key, value, audience)
        return self._taken()

    def learn(self, call: CallId, changed: Mapping[str, Any]) -> list[Delta]:
        """Members of a call's pops that others know: caller, number, name, repeat, ticket, transfer (with its note).
        They stay with the call, for the agents to whom it is offered later.
        """
        known = self._calls.get(call)
        if known is not None:
            known.learned = {**known.learned, **changed}
            self._touched_calls[call] = None
            return self._changes(None)
        for key in [key for key in self._missed if key.endswith(f"|{call}")]:
            self._update_pop(key, {**self._values["pops"][key], **changed})
        return self._taken()

    def learn_pop(self, key: str, changed: Mapping[str, Any]) -> list[Delta]:
        """The same for one pop alone, as `learn` names it in `pop.update`: unknown keys are nobody's."""
        known = self._values["pops"].get(key)
        if known is None:
            return []
        return self.learn(CallId(known["call"]), changed)

    def dismiss(self, key: str) -> list[Delta]:
        """The agent has seen that this call was missed. Pops of calls that go on stay."""
        if key in self._missed:
            self._dismiss(key)
        return self._taken()

    # --- out ---------------------------------------------------------------------------------------------------------

    def snapshot(
        self, sees: Callable[[Audience, str], bool] | None = None, kinds: Iterable[Kind] | None = None
    ) -> dict[str, dict[str, Value]]:
        """All values, or those whose audience `sees` (audience, type) lets through; of these kinds only."""
        return {
            COLLECTIONS[kind]: {
                key: value
                for key, value in self._values[COLLECTIONS[kind]].items()
                if sees is None or sees(self._audiences[kind, key], kind)
            }
            for kind in kinds or KINDS
        }

    def value(self, kind: Kind, key: str) -> Value | None:
        """One value as it is now."""
        return self._values[COLLECTIONS[kind]].get(key)

    def audience(self, kind: Kind, key: str) -> Audience | None:
        """Whose matter that value is."""
        return self._audiences.get((kind, key))

    def calls(self) -> Iterable[LiveCall]:
        """All calls that go on."""
        return self._calls.values()

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
        self._crew(pbx, fact.queue).without(seat_key(pbx, fact.interface))
        self._touched_queues[pbx, fact.queue] = None
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
        key = seat_key(agent.pbx, agent.interface)
        self._crew(agent.pbx, queue).members.add(key)
        self._touched_queues[agent.pbx, queue] = None
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
        return self._taken()

    def _taken(self) -> list[Delta]:
        taken, self._deltas = self._deltas, []
        return taken

    def _settle(self, at: Instant | None) -> None:
        """Bring all values to what is touched, calls before agents before queues."""
        while self._touched_calls or self._touched_agents or self._touched_queues:
            calls, self._touched_calls = self._touched_calls, {}
            for id in calls:
                if (call := self._calls.get(id)) is not None:
                    self._touch_call(call, at)
                    if not call.open:
                        self._gone(call, at)
            agents, self._touched_agents = self._touched_agents, {}
            for key in agents:
                self._settle_agent(self._agents[key], at)
            queues, self._touched_queues = self._touched_queues, {}
            for pbx, queue in queues:
                self._settle_queue(pbx, queue)

    def _touch_call(self, call: LiveCall, at: Instant | None) -> None:
        """One call's part in everything."""
        owner = partial(self._owner, call.pbx)
        parts, before = pops.parts(call, owner), self._parts.get(call.id, {})
        states = _states(call, parts, owner) if call.open and not call.shift else {}
        self._index(call, states)
        self._wait(call)
        audience = self._parties(call, states)
        if not call.shift:
            self._put("call", call.id, _call_value(call, states), audience)
        for part in parts.values():
            self._offer(call, part, audience)
        for interface in before.keys() - parts.keys():
            self._close(seat_key(call.pbx, interface), call, pops.why_gone(call, before[interface]), at)
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

    def _wait(self, call: LiveCall) -> None:
        waiting = call.waiting if call.open and not call.shift else None
        for stay in call.stays:
            place = (call.pbx, stay.queue)
            there = self._waiting.setdefault(place, {})
            if stay is waiting:
                if call.id not in there:
                    there[call.id] = stay.since
                    self._touched_queues[place] = None
            elif (waiting is None or waiting.queue != stay.queue) and call.id in there:
                del there[call.id]
                self._touched_queues[place] = None

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
            self._close(seat_key(call.pbx, interface), call, why or pops.why_gone(call, part), at)
        self._index(call, {})
        self._wait(call)
        if ("call", call.id) in self._audiences:
            self._put("call", call.id, None, self._audiences["call", call.id])
        del self._calls[call.id]

    def _settle_agent(self, agent: Agent, at: Instant | None) -> None:
        key = seat_key(agent.pbx, agent.interface)
        busy = self._busy.get(key, {})
        best = max(busy, key=lambda call: (_PRIORITY[busy[call]], call), default=None)
        agent.busy = (busy[best], best) if best is not None else None
        agent.settle(at)
        audience = Parties(seats=frozenset({key}), queues=frozenset(agent.queues))
        for queue, membership in agent.queues.items():
            self._crew(agent.pbx, queue).count(key, agent.state, paused=membership.paused)
        known = ("agent", key) in self._audiences
        if (known or agent.shown) and self._put(
            "agent", key, agent.to_json() if agent.shown else None, audience
        ):
            self._touched_queues |= {(agent.pbx, queue): None for queue in agent.queues}
        if not agent.shown and agent.busy is None and agent.device == "unknown":
            del self._agents[key]

    def _settle_queue(self, pbx: str, queue: str) -> None:
        crew = self._crew(pbx, queue)
        waiting = sorted(self._waiting.get((pbx, queue), {}).items(), key=lambda one: (one[1] or 0, one[0]))
        value = {
            "pbx": pbx,
            "name": queue,
            "title": self._titles.get(queue, queue),
            "waiting": [
                {"call": call, "since": iso(since), "position": place}
                for place, (call, since) in enumerate(waiting, 1)
            ],
            "talking": len(crew.talking),
            "ready": len(crew.ready),
            "members": len(crew.members),
        }
        self._put("queue", f"{pbx}/{queue}", value, Queues(frozenset({queue})))

    def _crew(self, pbx: str, queue: str) -> _Crew:
        crew = self._crews.get((pbx, queue))
        if crew is None:
            crew = self._crews[pbx, queue] = _Crew()
        return crew

    # --- pops --------------------------------------------------------------------------------------------------------

    def _offer(self, call: LiveCall, part: Part, audience: Parties) -> None:
        key = f"{seat_key(call.pbx, part.interface)}|{call.id}"
        value = pops.value(call, part, title=self._title, name_of=partial(self._name_of, call.pbx))
        self._audiences["pop", key] = Parties(
            seats=frozenset({seat_key(call.pbx, part.interface)}), queues=audience.queues
        )
        if key in self._values["pops"] and self._missed.pop(key, self) is self:
            self._update_pop(key, value)
        else:
            self._values["pops"][key] = value
            self._tell("pop", key, value)

    def _title(self, queue: str) -> str | None:
        return self._titles.get(queue, queue)

    def _update_pop(self, key: str, value: Value) -> None:
        old = self._values["pops"][key]
        changed = {
            name: now for name, now in value.items() if old.get(name) is not now and old.get(name) != now
        }
        if changed:
            self._values["pops"][key] = value
            self._tell("pop.update", key, changed)

    def _close(self, seat: str, call: LiveCall, why: pops.Ending, at: Instant | None) -> None:
        key = f"{seat}|{call.id}"
        known = self._values["pops"].pop(key, None)
        if known is None:
            return
        self._tell("pop.closed", key, None, why=why)
        if why == "abandoned":
            self._values["pops"][key] = {**known, "state": "missed"}
            self._missed[key] = at if at is not None else instant(known["offered_at"])
        else:
            del self._audiences["pop", key]

    def _clean(self, agent: Agent) -> None:
        """What somebody missed is nothing to whoever sits there next."""
        seat = seat_key(agent.pbx, agent.interface)
        for key in [key for key in self._missed if key.startswith(f"{seat}|")]:
            self._dismiss(key)

    def _dismiss(self, key: str) -> None:
        self._tell("pop.closed", key, None, why="dismissed")
        del self._missed[key], self._values["pops"][key], self._audiences["pop", key]

    # --- values ------------------------------------------------------------------------------------------------------

    def _set_switch(self, pbx: PbxId, link: str, blind_since: Instant | None) -> None:
        self._put("switch", pbx, {"link": link, "blind_since": iso(blind_since)}, Everyone())

    def _put(self, kind: Kind, key: str, value: Value | None, audience: Audience) -> bool:
        """Tell it where it is news. Whether it was."""
        collection = self._values[COLLECTIONS[kind]]
        if collection.get(key) == value and self._audiences.get((kind, key), audience) == audience:
            return False
        if value is None:
            collection.pop(key, None)
            self._audiences.setdefault((kind, key), audience)
            self._tell(kind, key, None)
            del self._audiences[kind, key]
            return True
        collection[key] = value
        self._audiences[kind, key] = audience
        self._tell(kind, key, value)
        return True

    def _tell(self, type: Type, key: str, value: Value | None, why: str | None = None) -> None:
        audience = self._audiences["pop" if type.startswith("pop") else type, key]
        self._deltas.append(Delta(type=type, key=key, value=value, why=why, audience=audience))

    def _clear(self, pbx: PbxId) -> None:
        """What was believed of a switch before is not believed any more; it is told of where it does not come back."""
        for call in [call for call in self._calls.values() if call.pbx == pbx]:
            call.open = False
            self._gone(call, None, why="ended")
        for agent in [agent for agent in self._agents.values() if agent.pbx == pbx]:
            self._forget_phones(agent)
            for queue in list(agent.queues):
                self._crew(pbx, queue).without(seat_key(pbx, agent.interface))
                self._touched_queues[pbx, queue] = None
            agent.queues.clear()
            self._learn_phones(agent)
            self._touched_agents[seat_key(pbx, agent.interface)] = None


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
