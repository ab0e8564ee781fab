"""One promise looked at right before it is dialled: everything that a decision needs, as it is at this moment.

In: the promise, the floor, the settings. Out: a `Case`: its policy, customer, number, who could take it, and the `Look`
for the rules (promises.holding). Must not know: what is done with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from callserver.customers.record import Customer
from callserver.facts import Instant, PbxId
from callserver.numbers import Plan
from callserver.numbers.dialling import Dial, Rules, dial
from callserver.people import UserId
from callserver.promises import holding, trying
from callserver.promises.holding import CustomerState, Look
from callserver.promises.outcomes import AttemptOutcome
from callserver.promises.policy import Policy
from callserver.promises.trying import Tried
from callserver.store import attempts, dialling, owners, policies, teams, tickets
from callserver.store.attempts import Attempt
from callserver.store.engine import Connection
from callserver.tickets.promise import Promise
from callserver.work.dialling_floor import Floorview, FreeAgent
from callserver.work.dialling_numbers import customer_of, numbers_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the settings say about calls to the outside. `ring_s`: how long a phone rings."""

    plan: Plan = field(default_factory=Plan)
    rules: Rules = field(default_factory=Rules)
    zone: tzinfo = UTC
    ring_s: int = 30
    language: str = "zh"


@dataclass(slots=True, kw_only=True)
class Scene:
    """The floor during one look. `paused`: what is not dialled now; `kinds`: attempts under way, by switch and kind;
    `busy`: agents who have a promise in their hands."""

    now: Instant
    floor: Floorview
    paused: frozenset[str] = frozenset()
    kinds: dict[tuple[PbxId, str], int] = field(default_factory=dict)
    busy: set[UserId] = field(default_factory=set)

    def at_once(self, kind: str, pbx: PbxId | None = None) -> int:
        """How many calls of this kind are under way."""
        return sum(n for (where, what), n in self.kinds.items() if what == kind and pbx in (None, where))

    def anybody(self) -> bool:
        """Whether there is an agent at all who could take a call."""
        return any(one.user not in self.busy for pbx in self.floor.switches() for one in self.floor.free(pbx))

    def count(self, pbx: PbxId, kind: str) -> None:
        """One more is."""
        self.kinds[pbx, kind] = self.kinds.get((pbx, kind), 0) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything about one promise that a decision needs."""

    promise: Promise
    policy: Policy
    customer: Customer | None
    dial: Dial | None
    look: Look
    pbx: PbxId | None
    agents: tuple[FreeAgent, ...]
    owner: UserId | None
    unanswered: Mapping[UserId, int]  # how often whose phone rang for this promise in vain

    @property
    def queue(self) -> str:
        """Whose agents it is for; empty: anybody's."""
        return self.promise.queue or self.policy.queue


def case_of(connection: Connection, promise: Promise, scene: Scene, site: Site) -> Case:
    """Everything about one promise, now."""
    policy = policies.get(connection, promise.kind)
    customer = customer_of(connection, promise)
    every = numbers_of(promise, customer)
    made = attempts.of_promise(connection, promise.id)
    number = trying.choose(policy, tried(made), every)
    wanted = None if number is None else dial(site.plan, site.rules, number)
    owner = owners.owner(connection, promise.id)
    unanswered = Counter(one.user for one in made if one.user and one.outcome == "agent_no_answer")
    pbx, agents = _whom(connection, promise, policy, owner, unanswered, scene)
    paused = dialling.paused(connection)  # now, not when the look began
    look = Look(
        now=scene.now,
        promise=promise,
        policy=policy,
        zone=zone_of(customer, site.zone),
        do_not_call=not every and bool(promise.number or (customer and customer.numbers)),
        number_ok=isinstance(wanted, Dial) or (number is None and bool(every)),
        dialling_paused=dialling.ALL in paused,
        kind_paused=promise.kind in paused,
        switch_seen=pbx is not None,
        trunk_busy=pbx is not None and _full(policy, pbx, scene),
        at_once=scene.at_once(promise.kind),
        waiting_past_target=0 if pbx is None else _before(promise, policy, pbx, scene),
        free_agents=len(agents),
        owner_state=None if owner is None else _owner_state(owner, scene),
        ticket_open=tickets.get(connection, promise.ticket).open,
        customer_state=_state(customer),
        used_up=number is None and bool(every),
    )
    return Case(
        promise=promise,
        policy=policy,
        customer=customer,
        dial=wanted if isinstance(wanted, Dial) else None,
        look=look,
        pbx=pbx,
        agents=agents,
        owner=owner,
        unanswered=unanswered,
    )


def tried(made: tuple[Attempt, ...], last: tuple[int, AttemptOutcome] | None = None) -> tuple[Tried, ...]:
    """The attempts that are over, and `last`, the one (by its id) that is over now."""
    outcomes = {one.id: one.outcome for one in made} | ({} if last is None else {last[0]: last[1]})
    return tuple(
        Tried(number=one.number or "", outcome=outcome)
        for one in made
        if (outcome := outcomes[one.id]) is not None
    )


def zone_of(customer: Customer | None, site: tzinfo) -> tzinfo:
    """The customer's own zone, else the site's; by the rules of today, whenever it was promised."""
    if customer is None or not customer.zone:
        return site
    try:
        return ZoneInfo(customer.zone)
    except (KeyError, ValueError, OSError):  # a name of another version of the zones
        return site


# --- who -------------------------------------------------------------------------------------------------------------


def _whom(
    connection: Connection,
    promise: Promise,
    policy: Policy,
    owner: UserId | None,
    unanswered: Mapping[UserId, int],
    scene: Scene,
) -> tuple[PbxId | None, tuple[FreeAgent, ...]]:
    """The switch by which it is dialled, and who could take it there: the owner, or wherever somebody is free.

    Whose promise it is may always keep it, whatever queues they answer. Whoever did not take it when their phone
    rang is asked after the others.
    """
    theirs = None if owner is None or owner in scene.busy else scene.floor.agent(owner)
    if theirs is not None:
        return theirs.seat.pbx, (theirs,)
    switches = scene.floor.switches()
    members = _members(connection, promise)
    for pbx in switches:
        agents = tuple(one for one in scene.floor.free(pbx) if _fits(one, promise, policy, members, scene))
        if agents:
            return pbx, tuple(sorted(agents, key=lambda one: unanswered.get(one.user, 0)))
    return (switches[0] if switches else None), ()


def _fits(
    agent: FreeAgent, promise: Promise, policy: Policy, members: frozenset[UserId] | None, scene: Scene
) -> bool:
    if agent.user in scene.busy:
        return False
    if members is not None:
        return agent.user in members
    queue = promise.queue or policy.queue
    return queue in agent.queues if queue else True


def _members(connection: Connection, promise: Promise) -> frozenset[UserId] | None:
    """Who may take it: the people of its team; None: it has none."""
    if promise.team is None:
        return None
    found = next((one for one in teams.every(connection) if one.name == promise.team), None)
    return None if found is None else frozenset(found.members)


def _owner_state(owner: UserId, scene: Scene) -> holding.OwnerState:
    return "busy" if owner in scene.busy else scene.floor.owner(owner)


# --- small things ----------------------------------------------------------------------------------------------------


def _full(policy: Policy, pbx: PbxId, scene: Scene) -> bool:
    return policy.per_trunk is not None and scene.at_once(policy.kind, pbx) >= policy.per_trunk


def _before(promise: Promise, policy: Policy, pbx: PbxId, scene: Scene) -> int:
    """Callers who come first: who has waited past the target; for a place that is kept, who came before it."""
    queue = promise.queue or policy.queue
    if not queue:
        return 0
    if promise.place_at is not None:
        return sum(1 for joined in scene.floor.waiting(pbx, queue) if joined < promise.place_at)
    return scene.floor.past_target(pbx, queue, scene.now)


def _state(customer: Customer | None) -> CustomerState | None:
    if customer is None:
        return None
    if customer.erased_at is not None:
        return "erased"
    return "merged" if customer.merged_into is not None else "known"
