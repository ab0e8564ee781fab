"""One promise whose turn it is: held back by a rule, passed on, given to an agent, or dialled.

In: the promise, the floor at this moment. Out: one transaction: a hold, a reservation, or an attempt on record with its
request. Must not know: when a turn comes, what became of attempts.

The rules (promises.holding) are asked right before each attempt, for what an agent has on the screen once more: so a
switch that somebody pressed, a do-not-call flag and the hours count up to the last moment.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Final, Literal
from zoneinfo import ZoneInfo

from callserver.customers.record import Customer
from callserver.errors import Conflict
from callserver.facts import Instant, LegId, PbxId
from callserver.numbers import Plan
from callserver.numbers.dialling import Dial, Rules, dial
from callserver.people import UserId
from callserver.promises import holding, trying
from callserver.promises.holding import CustomerState, Line, Look
from callserver.promises.outcomes import AttemptOutcome
from callserver.promises.policy import Policy
from callserver.promises.trying import Tried
from callserver.seats.asking import DialCustomer, Originate
from callserver.store import attempts, dialling, owing, owners, policies, promises, teams, tickets, turns
from callserver.store.attempts import Attempt, Try
from callserver.store.engine import Connection
from callserver.tickets.promise import MACHINE_MAY, Promise
from callserver.tickets.record import PromiseId
from callserver.work.dialling_floor import Floorview, FreeAgent
from callserver.work.dialling_numbers import customer_of, numbers_of
from callserver.work.dialling_rating import RATED, RATINGS

RESERVED_MS: Final = 20_000
"""How long a promise may lie on an agent's screen before it is dialled; then nobody looks after it any more."""
SHOWN_FIRST_MS: Final = 1_500
"""The screen shows it, and so much later the phone rings."""
LOOK_AGAIN_MS: Final = 3_600_000
"""What only a person can end is looked at again: the customer may have another number by then."""

Deed = Literal["held", "reserved", "dialled", "gone"]
_ENDLESS: Final = frozenset({"settled", "in_hands", "outcome_unknown"})


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

    def count(self, pbx: PbxId, kind: str) -> None:
        """One more is."""
        self.kinds[pbx, kind] = self.kinds.get((pbx, kind), 0) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done with one promise. `pbx`: whose owner is to be woken after the commit; `user`: whose screen it is
    on; `rule`: what holds it."""

    deed: Deed
    pbx: PbxId | None = None
    user: UserId | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
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


class Choosing:
    """Decides what is done with promises, each in a transaction of its own."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def take_up(self, connection: Connection, id: PromiseId, scene: Scene) -> Done:
        """A promise that was claimed: what is done with it now. Raises Refusal where somebody was quicker."""
        case = self._case(connection, promises.get(connection, id), scene)
        if (why := _deserted(case)) and owners.pass_on(connection, case.promise, why, scene.now):
            case = self._case(connection, case.promise, scene)
        if (held := self._held(connection, case, scene)) is not None:
            return held
        if not case.look.needs_agent:
            return self._dialled(connection, case, scene, None)
        if case.promise.place_at is not None and case.promise.mode == "customer_first" and _queue(case):
            return self._dialled(connection, case, scene, None)  # the queue itself gives them the next agent
        agent = case.agents[0]
        turns.reserve(connection, id, agent.user, scene.now + RESERVED_MS)
        owing.touched(connection, id)
        scene.busy.add(agent.user)
        return Done(deed="reserved", user=agent.user, pbx=agent.seat.pbx)

    def ring(self, connection: Connection, promise: Promise, scene: Scene) -> Done:
        """A promise that lies on an agent's screen: dialled, or let go where that is not right any more."""
        user = UserId(promise.reserved_by or 0)
        agent = scene.floor.agent(user)
        if agent is None:
            return self._let_go(connection, promise, Done(deed="gone", user=user), scene)
        scene.busy.discard(user)
        idle = _at_rest(promise)
        case = self._case(connection, idle, scene)
        if holding.held(case.look) is not None:
            let_go = self._let_go(connection, promise, Done(deed="held", user=user), scene)
            return self._held(connection, case, scene) or let_go
        scene.busy.add(user)
        return self._dialled(connection, case, scene, agent)

    @staticmethod
    def _let_go(connection: Connection, promise: Promise, done: Done, scene: Scene) -> Done:
        turns.release(connection, promise.id, scene.now)
        owing.touched(connection, promise.id)
        return done

    def explain(self, connection: Connection, promise: Promise, scene: Scene) -> tuple[Line, ...]:
        """Every rule with its answer, for whoever wants to know why a promise is not dialled."""
        look = self._case(connection, promise, scene).look
        later = promise.next_at if promise.tries and promise.status in MACHINE_MAY else None
        return holding.explain(replace(look, retry_at=later))

    # --- looking -----------------------------------------------------------------------------------------------------

    def _case(self, connection: Connection, promise: Promise, scene: Scene) -> _Case:
        policy = policies.get(connection, promise.kind)
        customer = customer_of(connection, promise)
        every = numbers_of(promise, customer)
        made = attempts.of_promise(connection, promise.id)
        number = trying.choose(policy, tried(made), every)
        wanted = None if number is None else dial(self._site.plan, self._site.rules, number)
        owner = owners.owner(connection, promise.id)
        unanswered = Counter(one.user for one in made if one.user and one.outcome == "agent_no_answer")
        pbx, agents = _whom(connection, promise, policy, owner, unanswered, scene)
        paused = dialling.paused(connection)  # now, not when the look began
        look = Look(
            now=scene.now,
            promise=promise,
            policy=policy,
            zone=zone_of(customer, self._site.zone),
            do_not_call=not every and bool(promise.number or (customer and customer.numbers)),
            number_ok=isinstance(wanted, Dial) or (number is None and bool(every)),
            dialling_paused=dialling.ALL in paused,
            kind_paused=promise.kind in paused,
            trunk_busy=pbx is not None and _full(policy, pbx, scene),
            at_once=scene.at_once(promise.kind),
            waiting_past_target=0 if pbx is None else _before(promise, policy, pbx, scene),
            free_agents=len(agents),
            owner_state=None if owner is None else _owner_state(owner, scene),
            ticket_open=tickets.get(connection, promise.ticket).open,
            customer_state=_state(customer),
            used_up=number is None and bool(every),
        )
        return _Case(
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

    def _held(self, connection: Connection, case: _Case, scene: Scene) -> Done | None:
        hold = holding.held(case.look)
        if hold is None:
            return None
        again = hold.again_at
        if again is None and hold.code not in _ENDLESS:
            again = scene.now + LOOK_AGAIN_MS
        turns.hold(connection, case.promise.id, hold.code, again, scene.now)
        return Done(deed="held", rule=hold.code)

    # --- dialling ----------------------------------------------------------------------------------------------------

    def _dialled(self, connection: Connection, case: _Case, scene: Scene, agent: FreeAgent | None) -> Done:
        pbx = agent.seat.pbx if agent is not None else case.pbx
        if pbx is None or case.dial is None:
            raise Conflict("there is no switch, or no number, to dial with")
        wanted = Try(
            promise=case.promise.id,
            mode=case.promise.mode,
            pbx=pbx,
            number=case.dial.e164,
            request=self._request(case, case.dial, agent),
            user=None if agent is None else agent.user,
            interface=None if agent is None else agent.seat.interface,
            lane=None if agent is None else f"phone:{agent.seat.interface}:{pbx}",
        )
        attempts.begin(connection, wanted, scene.now)
        owing.touched(connection, case.promise.id)
        scene.count(pbx, case.promise.kind)
        return Done(deed="dialled", pbx=pbx, user=wanted.user)

    def _request(self, case: _Case, to: Dial, agent: FreeAgent | None) -> Originate | DialCustomer:
        channel = LegId(f"callserver-{secrets.token_hex(12)}")
        if case.promise.mode == "agent_first" and agent is not None:
            return Originate(
                interface=agent.seat.interface,
                way="number",
                to=to.digits,
                channel=channel,
                ring_s=self._site.ring_s,
                shown_number=to.digits,
                shown_name=case.customer.name if case.customer is not None else "",
                promise=case.promise.id,
                caller_id=case.policy.caller_id,
            )
        automatic = case.promise.mode == "automatic"
        return DialCustomer(
            number=to.digits,
            channel=channel,
            context="automatic" if automatic else "agent" if agent is not None else "queue",
            promise=case.promise.id,
            queue=_queue(case),
            interface="" if agent is None else agent.seat.interface,
            prompt=case.policy.prompt if automatic else "",
            keys=RATINGS if automatic and case.promise.kind in RATED else "",
            language=_language(case.customer, self._site.language),
            caller_id=case.policy.caller_id,
            ring_s=self._site.ring_s,
            amd=automatic,
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


def _at_rest(promise: Promise) -> Promise:
    """As it was before somebody had it on their screen: the rules are about promises that nobody has in hand."""
    return replace(promise, status="to_retry" if promise.tries else "due", reserved_by=None)


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


def _deserted(case: _Case) -> str:
    """Why its owner does not keep it; empty: they may yet. Whoever is on a call comes back."""
    state, look = case.look.owner_state, case.look
    if not look.needs_agent or case.policy.first != "owner":
        return ""
    if state == "free" and case.owner in case.unanswered and look.now >= look.alone_until:
        return "did not answer the phone"
    if state not in ("gone", "absent", "paused"):
        return ""
    if look.now < (look.promise.due_at if state == "gone" else look.alone_until):
        return ""
    return {"gone": "is not at work", "absent": "has no screen open", "paused": "is paused"}[state]


def _owner_state(owner: UserId, scene: Scene) -> holding.OwnerState:
    return "busy" if owner in scene.busy else scene.floor.owner(owner)


# --- small things ----------------------------------------------------------------------------------------------------


def _queue(case: _Case) -> str:
    return case.promise.queue or case.policy.queue


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


_LANGUAGES: Final[Mapping[str, str]] = {"zh": "zh", "en": "en"}


def _language(customer: Customer | None, site: str) -> str:
    """Of the prompts: the customer's, where there are prompts in it."""
    spoken = (customer.language if customer is not None else None) or site
    return _LANGUAGES.get(spoken.partition("-")[0].lower(), site)
