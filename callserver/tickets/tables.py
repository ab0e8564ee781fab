"""The statuses of a ticket, and which step leads where.

In: a status, a wish, what is still owed. Out: the step, or a refusal that says what would be possible. Must not know:
the store, time, who asks. docs/states.md is drawn from here.

Theory. A ticket is one matter of one customer from the first call to the end, and its status answers one question: what
has to happen next?

* OPEN and REOPENED: somebody here has to do something. A reopened one was thought to be over, or the customer said on
  the return visit that it is not solved;
* WATCHING: we helped by phone and call again to hear how the product does; the step into it owes that call;
* DISPATCHED: an outlet has it and agrees a time; APPOINTED: the customer has a time; IN_SERVICE: somebody is there;
* SERVICED: the work is done, says whoever did it. That is not the end: only the customer can say so. Where the kind has
  a return visit the machine takes the next step itself and the ticket is
* OWED_VISIT: we have to ask the customer, between 24 and 72 hours later. A good answer closes it, a bad one reopens it;
* CLOSED and CANCELLED: over. Notes may still be added, nothing else, until it is reopened.

The closed loop. NOTHING THAT WAS SERVICED CLOSES WITHOUT ITS RETURN VISIT OR A RECORDED REASON. The table alone cannot
promise that, because a ticket may go back (reopened, watching) and close from there. So whoever closes brings what is
still `Owed`: promises that wait, and whether the last return visit that this ticket was ever to have was kept. Where
anything is owed, and out of SERVICED in any case, closing needs a reason and the right to waive; the reason goes to
the ticket, its timeline and every promise that is withdrawn by it. CANCELLED always needs a reason, and out of
SERVICED and OWED_VISIT no step leads there: what was done cannot be called off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from callserver.errors import BadValue, Conflict, Forbidden
from callserver.tickets.promise import PromiseKind
from callserver.tickets.record import OVER, Status

Right = Literal["waive", "call_off"]
"""waive: close without what is owed. call_off: cancel while somebody is at the customer's, or take back an end."""
EVERY_RIGHT: frozenset[Right] = frozenset(get_args(Right))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One way out of a status. `owes`: the call that taking it promises; `reason`: it needs one; `right`: and this."""

    name: str
    to: Status
    reason: bool = False
    right: Right | None = None
    owes: PromiseKind | None = None


class RightNeeded(Forbidden):
    """A step needs a right that whoever wants it has not."""

    def __init__(self, wanted: Step, status: Status, right: Right) -> None:
        needs = f"the right to {right.replace('_', ' ')}"
        super().__init__(f"to {wanted.name} a ticket that is {status} needs {needs}")
        self.right: Right = right


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What a ticket owes. `promises`: how many calls wait; `visit`: its last return visit was not kept (yet)."""

    promises: int = 0
    visit: bool = False


_WATCH = Step(name="watch", to="watching", owes="watch")
_DISPATCH = Step(name="dispatch", to="dispatched")
_APPOINT = Step(name="appoint", to="appointed")
_BEGIN = Step(name="begin", to="in_service")
_SERVE = Step(name="serve", to="serviced")
_CLOSE = Step(name="close", to="closed")
_WAIVE = Step(name="close", to="closed", reason=True, right="waive")
_CANCEL = Step(name="cancel", to="cancelled", reason=True)
_CALL_OFF = Step(name="cancel", to="cancelled", reason=True, right="call_off")
_GIVE_BACK = Step(name="give back", to="open", reason=True)
_REOPEN = Step(name="reopen", to="reopened", reason=True)

STEPS: Final[Mapping[Status, tuple[Step, ...]]] = {
    "open": (_WATCH, _DISPATCH, _APPOINT, _BEGIN, _SERVE, _CLOSE, _CANCEL),
    "watching": (
        _WATCH,
        Step(name="take up", to="open", reason=True),
        _DISPATCH,
        _APPOINT,
        _BEGIN,
        _SERVE,
        _CLOSE,
        _CANCEL,
    ),
    "dispatched": (
        Step(name="dispatch", to="dispatched", reason=True),
        _APPOINT,
        _BEGIN,
        _SERVE,
        _GIVE_BACK,
        _CANCEL,
    ),
    "appointed": (
        Step(name="appoint", to="appointed", reason=True),
        Step(name="dispatch", to="dispatched", reason=True),
        _BEGIN,
        _SERVE,
        _GIVE_BACK,
        _CANCEL,
    ),
    "in_service": (
        Step(name="appoint", to="appointed", reason=True),
        Step(name="dispatch", to="dispatched", reason=True),
        _SERVE,
        _GIVE_BACK,
        _CALL_OFF,
    ),
    "serviced": (Step(name="owe", to="owed_visit", owes="return_visit"), _WAIVE),
    "owed_visit": (_CLOSE, _REOPEN),
    "closed": (_REOPEN,),
    "reopened": (_WATCH, _DISPATCH, _APPOINT, _BEGIN, _SERVE, _CLOSE, _CANCEL),
    "cancelled": (_REOPEN,),
}


def step(status: Status, to: str) -> Step | None:
    """The step between two statuses, None where the table has none."""
    return next((one for one in STEPS[status] if one.to == to), None)


def checked(
    status: Status, to: str, why: str, owed: Owed = Owed(), rights: frozenset[Right] = EVERY_RIGHT
) -> Step:
    """The step that is taken. Raises Conflict where the table has none, BadValue without a reason that is needed,
    Forbidden without a right that is."""
    found = step(status, to)
    if found is None:
        possible = ", ".join(one.to for one in STEPS[status])
        raise Conflict(f"a ticket that is {status} cannot become {to}; it can become {possible}")
    if found is _CLOSE and (owed.promises or owed.visit):
        found = _WAIVE
    if found.reason and not why.strip():
        raise BadValue("why", _what_for(found, owed))
    if found.right is not None and found.right not in rights:
        raise RightNeeded(found, status, found.right)
    return found


def _what_for(needed: Step, owed: Owed) -> str:
    if needed.to == "closed" and owed.visit:
        return "was serviced and its return visit was not kept: closing it needs a reason"
    if needed.to == "closed" and owed.promises:
        return "calls are still owed: closing it needs a reason"
    return f"to {needed.name} needs a reason"


def let_go(status: Status, taken: Step) -> frozenset[PromiseKind] | None:
    """The calls that are not owed any more once this step was taken; None: all of them, because the ticket is over.

    The call that getting into a status promised goes with the status: a ticket that is dispatched after all is not
    watched, one that is watched anew is called once, and who reopens it will be asked after the next service.
    """
    if taken.to in OVER:
        return None
    return frozenset(one.owes for steps in STEPS.values() for one in steps if one.to == status and one.owes)


def diagram() -> str:
    """The table as a Mermaid state diagram; what needs a reason or owes a call is said on the arrow."""
    lines = ["stateDiagram-v2", "    [*] --> open"]
    lines += [f"    {status} --> {one.to}: {_arrow(one)}" for status, steps in STEPS.items() for one in steps]
    return "\n".join([*lines, "    closed --> [*]", "    cancelled --> [*]"])


def _arrow(drawn: Step) -> str:
    needs = ["reason"] * drawn.reason + [f"right to {drawn.right}".replace("_", " ")] * (
        drawn.right is not None
    )
    owes = f", owes {drawn.owes}".replace("_", " ") if drawn.owes else ""
    return drawn.name + owes + (f" ({', '.join(needs)})" if needs else "")
