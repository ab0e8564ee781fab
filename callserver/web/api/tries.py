"""The API of what becomes of a call that is owed: what holds it back, what was tried, what nobody saw.

In: what is asked for. Out: rules with their answers, attempts. Must not know: when the machinery dials (work/dialling),
what the rules are (promises.holding), which step is legal (promises.states).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from msgspec import Meta, Struct

from callserver.promises.outcomes import AttemptOutcome
from callserver.promises.wording import said
from callserver.store import attempts, promises
from callserver.store.attempts import Attempt
from callserver.store.engine import Connection
from callserver.tickets.record import PromiseId
from callserver.web.api import showing
from callserver.web.api.keeping import Reason
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.promises import PromiseWhole, whole
from callserver.web.api.shapes import Moment, moment

api = Operations("tries", "What holds a call that is owed, what was tried, what a person has to decide.")


class RuleShown(Struct, frozen=True, kw_only=True):
    """One rule that may hold a call back, and whether it does; `text` says it in the asker's language."""

    code: Annotated[str, Meta(examples=["outside_hours"])]
    holds: bool
    args: Annotated[dict[str, Any], Meta(description="What the rule found; instants as ISO 8601.")]
    text: str


class Explained(Struct, frozen=True, kw_only=True):
    """Every rule in its order: the first that holds is the answer, and none means that it is dialled now.

    `floor`: whether the rules about free agents, waiting callers and lines were asked too; only a process that follows
    the switch can. `held`, `held_at`: what held it when the dialler looked last.
    """

    lines: list[RuleShown]
    floor: bool
    held: str | None
    held_at: Moment | None


class AttemptShown(Struct, frozen=True, kw_only=True):
    """One try. `outcome` null: it is not over, or nobody knows yet; `evidence`: what it was learned from; `keys`: what
    the customer pressed.
    """

    id: int
    n: int
    mode: str
    number: str | None
    call: str
    user: int | None
    interface: str | None
    sent_at: Moment
    answered_at: Moment | None
    ended_at: Moment | None
    outcome: AttemptOutcome | None
    evidence: dict[str, Any]
    keys: str


class Attempts(Struct, frozen=True, kw_only=True):
    """Every try, the first one first."""

    attempts: list[AttemptShown]


class Resolution(Struct, frozen=True, kw_only=True):
    """What came of the last try, and how one knows. `talked`, `played`: it is kept by it; else it is tried again."""

    outcome: AttemptOutcome
    why: Reason


@api("GET", "/promises/{id}/explain", scope="tickets:read")
def explain_promise(connection: Connection, asked: Asked, id: Id) -> Done[Explained]:
    """Why has this call not been made yet? Every rule with its answer, as it is now."""
    promise = promises.get(connection, PromiseId(id))
    lines, floor = asked.site.why(connection, promise, asked.now) if asked.site.why else ((), False)
    language = "en" if asked.person is None else asked.person.language
    shown = [
        RuleShown(code=one.code, holds=one.holds, args=dict(one.args), text=said(one, language))
        for one in lines
    ]
    told = Explained(lines=shown, floor=floor, held=promise.held, held_at=moment(promise.held_at))
    return Done(told, seen=(f"ticket:{promise.ticket}",))


@api("GET", "/promises/{id}/attempts", scope="tickets:read")
def list_attempts(connection: Connection, asked: Asked, id: Id) -> Done[Attempts]:
    """Every try at a promise, also those that never reached a telephone."""
    promise = promises.get(connection, PromiseId(id))
    found = [_attempt(one, asked) for one in attempts.of_promise(connection, promise.id)]
    return Done(Attempts(attempts=found), seen=(f"ticket:{promise.ticket}",))


@api("POST", "/promises/{id}/resolve", scope="promises:manage", versioned=True, errors=(409,))
def resolve_promise(connection: Connection, asked: Asked, id: Id, body: Resolution) -> Done[PromiseWhole]:
    """Say what came of a try whose outcome nobody saw; until then no machine dials this promise."""
    resolved = attempts.resolve(connection, PromiseId(id), body.outcome, body.why, asked.actor, asked.now)
    return whole(connection, resolved, asked)


# --- shown -----------------------------------------------------------------------------------------------------------


def _attempt(one: Attempt, asked: Asked) -> AttemptShown:
    return showing.shown(AttemptShown, "promise", asdict(one) | {"evidence": dict(one.evidence)}, asked)
