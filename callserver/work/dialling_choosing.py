"""One promise whose turn it is: held back by a rule, passed on, given to an agent, or dialled.

In: the promise, the floor at this moment. Out: one transaction: a hold, a reservation, or an attempt on record with its
request. Must not know: when a turn comes, what became of attempts.

The rules (promises.holding) are asked right before each attempt, for what an agent has on the screen once more: so a
switch that somebody pressed, a do-not-call flag and the hours count up to the last moment.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from callserver.customers.record import Customer
from callserver.errors import Conflict
from callserver.facts import LegId, PbxId
from callserver.numbers.dialling import Dial
from callserver.people import UserId
from callserver.promises import holding
from callserver.promises.holding import Line
from callserver.seats.asking import DialCustomer, Originate
from callserver.store import attempts, owing, owners, promises, turns
from callserver.store.attempts import Try
from callserver.store.engine import Connection
from callserver.tickets.promise import MACHINE_MAY, Promise
from callserver.tickets.record import PromiseId
from callserver.work.dialling_floor import FreeAgent
from callserver.work.dialling_looking import Case, Scene, Site, case_of
from callserver.work.dialling_rating import RATED, RATINGS

RESERVED_MS: Final = 20_000
"""How long a promise may lie on an agent's screen before it is dialled; then nobody looks after it any more."""
SHOWN_FIRST_MS: Final = 1_500
"""The screen shows it, and so much later the phone rings."""
LOOK_AGAIN_MS: Final = 3_600_000
"""What only a person can end is looked at again: the customer may have another number by then."""

__all__ = ["RESERVED_MS", "SHOWN_FIRST_MS", "Choosing", "Done", "Scene", "Site"]

Deed = Literal["held", "reserved", "dialled", "gone"]
_ENDLESS: Final = frozenset({"settled", "in_hands", "outcome_unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done with one promise. `pbx`: whose owner is to be woken after the commit; `user`: whose screen it is
    on; `rule`: what holds it."""

    deed: Deed
    pbx: PbxId | None = None
    user: UserId | None = None
    rule: str = ""


class Choosing:
    """Decides what is done with promises, each in a transaction of its own."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def take_up(self, connection: Connection, id: PromiseId, scene: Scene) -> Done:
        """A promise that was claimed: what is done with it now. Raises Refusal where somebody was quicker."""
        case = case_of(connection, promises.get(connection, id), scene, self._site)
        if (why := _deserted(case)) and owners.pass_on(connection, case.promise, why, scene.now):
            case = case_of(connection, case.promise, scene, self._site)
        if (held := self._held(connection, case, scene)) is not None:
            return held
        if not case.look.needs_agent:
            return self._dialled(connection, case, scene, None)
        if case.promise.place_at is not None and case.promise.mode == "customer_first" and case.queue:
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
        case = case_of(connection, idle, scene, self._site)
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
        look = case_of(connection, promise, scene, self._site).look
        waits = promise.tries and promise.status in MACHINE_MAY
        # What a rule holds is looked at again then; that is no next attempt.
        later = promise.next_at if waits and promise.held is None else None
        return holding.explain(replace(look, retry_at=later))

    def _held(self, connection: Connection, case: Case, scene: Scene) -> Done | None:
        hold = holding.held(case.look)
        if hold is None:
            return None
        again = hold.again_at
        if again is None and hold.code not in _ENDLESS:
            again = scene.now + LOOK_AGAIN_MS
        turns.hold(connection, case.promise.id, hold.code, again, scene.now)
        return Done(deed="held", rule=hold.code)

    # --- dialling ----------------------------------------------------------------------------------------------------

    def _dialled(self, connection: Connection, case: Case, scene: Scene, agent: FreeAgent | None) -> Done:
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

    def _request(self, case: Case, to: Dial, agent: FreeAgent | None) -> Originate | DialCustomer:
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
            queue=case.queue,
            interface="" if agent is None else agent.seat.interface,
            prompt=(case.policy.prompt or case.promise.kind) if automatic else "",
            keys=RATINGS if automatic and case.promise.kind in RATED else "",
            language=_language(case.customer, self._site.language),
            caller_id=case.policy.caller_id,
            ring_s=self._site.ring_s,
            amd=automatic,
        )


def _at_rest(promise: Promise) -> Promise:
    """As it was before somebody had it on their screen: the rules are about promises that nobody has in hand."""
    return replace(promise, status="to_retry" if promise.tries else "due", reserved_by=None)


def _deserted(case: Case) -> str:
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


_LANGUAGES: Final[Mapping[str, str]] = {"zh": "zh", "en": "en"}


def _language(customer: Customer | None, site: str) -> str:
    """Of the prompts: the customer's, where there are prompts in it."""
    spoken = (customer.language if customer is not None else None) or site
    return _LANGUAGES.get(spoken.partition("-")[0].lower(), site)
