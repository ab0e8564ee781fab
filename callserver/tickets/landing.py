"""Which ticket a call belongs to: a table of rows, the first that fits decides.

In: a situation. Out: a decision, with the name of the row that made it. Must not know: how the situation was found out,
how a decision is carried out, clocks. The table is data: `docs/landing.md` is made from it and `explain` quotes it.

The theory: a call belongs to the matter it is about, and a machine cannot hear what that is. So it looks for what was
said before the call: a person moved it; it is a call that we owe; we owe the caller one; a matter of the caller that is
going on. Where nothing was said, a conversation begins a new ticket, and a caller whom nobody answered begins one that
owes them a call. A wrong guess costs an agent one key press (both timelines tell it); a call on no ticket is a customer
who was forgotten. So every call of a customer lands, and only calls that no customer is part of do not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from callserver.tickets.record import PromiseId
from callserver.tickets.situation import (
    MISSED,
    Candidate,
    Decision,
    Join,
    Later,
    Nothing,
    Open,
    Situation,
    Stay,
    newest,
    of_one,
)

WITHHELD = "the caller withheld their number: nobody can be called back"
MOVED = "moved"
DIALLED = "promise dialled"
"""By which a call that was begun for a promise is on its ticket, before it is a call."""
NOBODY = "lost: withheld"
LOST = "lost:"
"""What the names of rows begin with by which a call lands that nobody answered."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is so or not."""

    says: str
    holds: Callable[[Situation], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a row does."""

    says: str
    of: Callable[[str, Situation], Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """If all of `when` hold: `then`. `why` is said to whoever asks why a call is where it is."""

    name: str
    when: tuple[Condition, ...]
    then: Outcome
    why: str


# --- what may be so --------------------------------------------------------------------------------------------------

_If: TypeAlias = Condition

_shift = _If("an agent's line of a whole shift", lambda s: s.shift)
_internal = _If("internal", lambda s: s.direction == "internal")
_inbound = _If("inbound", lambda s: s.direction == "inbound")
_outbound = _If("outbound", lambda s: s.direction == "outbound")
_free = _If("on no ticket yet", lambda s: s.on is None)
_placed = _If("on a ticket", lambda s: s.on is not None)
_moved = _If("an agent moved it there", lambda s: s.on_rule == MOVED)
_dialled = _If("it was begun for a promise of that ticket", lambda s: s.on_rule == DIALLED)
_landed_lost = _If("landed as unanswered", lambda s: s.on_rule.startswith(LOST))
_landed_answered = _If("landed as answered", lambda s: s.on_rule != MOVED and not s.on_rule.startswith(LOST))
_absorbed = _If("a call that became part of it is on a ticket", lambda s: s.absorbed_on is not None)
_running = _If("nobody has answered yet", lambda s: not s.over and not s.talked)
_talked = _If("answered", lambda s: s.talked)
_unanswered = _If("over without an answer", lambda s: s.over and not s.talked)
_lost = _If("over, nobody answered", lambda s: s.lost)
_unseen = _If(
    "over, nobody saw how",
    lambda s: s.over and not s.talked and s.outcome == "unknown" and s.moment != "unsettled",
)
_nameless = _If("number withheld or of no use", lambda s: not s.identified)
_stranger = _If("number of no customer", lambda s: not s.customers)
_known = _If("number of one customer", lambda s: len(s.customers) == 1)
_household = _If("number of several customers", lambda s: len(s.customers) > 1)
_promised = _If("a call is owed to the number that was dialed", lambda s: bool(s.dialed_for))
_any_open = _If("they have an open ticket", lambda s: bool(s.tickets))
_one_has_open = _If("only one of them has open tickets", lambda s: of_one(s.tickets))
_missed = _If("an open missed-call ticket", lambda s: s.missed is not None)
_missed_owes = _If("it owes a callback", lambda s: s.missed is not None and bool(s.missed.callbacks))
_owed_call = _If("one of their tickets owes them a call", lambda s: of_one(s.owing))
_owed_talk = _If(
    "one of their tickets owes a watch, a return visit, a call at a time that they named, or has an appointment",
    lambda s: of_one(s.promised),
)
_one_fresh = _If("one open ticket touched in the last 7 days", lambda s: len(s.fresh) == 1)
_fresh = _If("open tickets touched in the last 7 days", lambda s: bool(s.fresh))
_one_has_fresh = _If(
    "only one of them has open tickets touched in the last 7 days", lambda s: of_one(s.fresh)
)
_stale = _If("open tickets, none touched in the last 7 days", lambda s: bool(s.tickets) and not s.fresh)
_holds = _If("they gave their place in the queue for a call", lambda s: s.holds)
_served = _If("the caller called again and was answered", lambda s: s.served_on is not None)


# --- what may come of it ---------------------------------------------------------------------------------------------


def _ids(ticket: Candidate | None) -> tuple[PromiseId, ...]:
    return tuple(owed.id for owed in ticket.callbacks) if ticket is not None else ()


def _sure(ticket: Candidate | None) -> Candidate:
    assert ticket is not None, "a row names a ticket only where its conditions found one"
    return ticket


def _join_and_withdraw(row: str, ticket: Candidate) -> Join:
    return Join(row=row, ticket=ticket.id, withdraw=_ids(ticket))


def _keep(row: str, s: Situation, *, kept: bool) -> Join:
    first = min(s.dialed_for, key=lambda owed: (owed.due_at, owed.id))
    return Join(row=row, ticket=first.ticket, keep=first.id if kept else None)


def _joins_served(row: str, s: Situation) -> Decision:
    assert s.served_on is not None, "the row's condition found it"
    return Join(row=row, ticket=s.served_on)


_nothing = Outcome("nowhere", lambda row, s: Nothing(row=row))
_later = Outcome("wait for the switch's journals", lambda row, s: Later(row=row))
_stay = Outcome("stays there", lambda row, s: Stay(row=row, ticket=_sure(s.on).id))
_stay_settled = Outcome(
    "stays there; the callback is withdrawn",
    lambda row, s: Stay(row=row, ticket=_sure(s.on).id, withdraw=_ids(s.on)),
)
_stay_owing = Outcome(
    "stays there; a callback is owed", lambda row, s: Stay(row=row, ticket=_sure(s.on).id, owe=True)
)
_carry = Outcome("to that ticket", lambda row, s: Join(row=row, ticket=_sure(s.absorbed_on).id))
_keeps = Outcome("to the promise's ticket; it is kept", lambda row, s: _keep(row, s, kept=True))
_tries = Outcome("to the promise's ticket; still owed", lambda row, s: _keep(row, s, kept=False))
_to_missed = Outcome(
    "to it; the callback is withdrawn", lambda row, s: _join_and_withdraw(row, _sure(s.missed))
)
_to_owing = Outcome("to it; that call is withdrawn", lambda row, s: _join_and_withdraw(row, s.owing[0]))
_to_promised = Outcome("to it; still owed", lambda row, s: Join(row=row, ticket=s.promised[0].id))
_to_fresh = Outcome("to it", lambda row, s: Join(row=row, ticket=s.fresh[0].id))
_to_newest = Outcome("to the one touched last", lambda row, s: Join(row=row, ticket=s.fresh[0].id))
_to_any = Outcome("to the one touched last", lambda row, s: Join(row=row, ticket=newest(s.tickets)[0].id))
_to_served = Outcome("to that call's ticket; no callback", _joins_served)
_once_more = Outcome("to it; one callback for all", lambda row, s: Join(row=row, ticket=_sure(s.missed).id))
_place_kept = Outcome(
    "to it; the call for the place is owed, the other withdrawn",
    lambda row, s: Join(row=row, ticket=_sure(s.missed).id, withdraw=_ids(s.missed), owe=True),
)
_owed_again = Outcome(
    "to it; a callback is owed", lambda row, s: Join(row=row, ticket=_sure(s.missed).id, owe=True)
)
_begin = Outcome("new ticket of the queue's kind", lambda row, s: Open(row=row, kind=s.kind))
_begin_theirs = Outcome(
    "new ticket of theirs, of the queue's kind",
    lambda row, s: Open(row=row, kind=s.kind, customer=s.customer),
)
_begin_missed = Outcome(
    "new missed-call ticket; a callback is owed", lambda row, s: Open(row=row, kind=MISSED, owe=True)
)
_begin_their_missed = Outcome(
    "new missed-call ticket of theirs; a callback is owed",
    lambda row, s: Open(row=row, kind=MISSED, customer=s.customer, owe=True),
)
_begin_closed = Outcome(
    "new missed-call ticket, closed at once with the reason",
    lambda row, s: Open(row=row, kind=MISSED, close=WITHHELD),
)


# --- the table -------------------------------------------------------------------------------------------------------


def _row(name: str, *when: Condition, then: Outcome, why: str) -> Row:
    return Row(name=name, when=when, then=then, why=why)


ROWS: tuple[Row, ...] = (
    _row("shift", _shift, _free, then=_nothing,
         why="the line meets every caller of the shift and belongs to none"),
    _row("internal", _internal, _free, then=_nothing,
         why="no customer is part of it"),
    _row("moved", _placed, _moved, then=_stay,
         why="a person has decided; no rule knows better"),
    _row(DIALLED, _placed, _dialled, then=_stay,
         why="we called for a promise of this ticket; whoever dialled says what became of that"),
    _row("answered after all", _placed, _landed_lost, _talked, then=_stay_settled,
         why="the switch's journals show that the caller was spoken with"),
    _row("lost: after all", _placed, _landed_answered, _inbound, _lost, then=_stay_owing,
         why="the switch's journals show that nobody spoke with the caller"),
    _row("stays", _placed, then=_stay,
         why="transfers, further queues and corrections do not change what a call is about"),
    _row("carried over", _free, _absorbed, then=_carry,
         why="two calls turned out to be one; the ticket comes along"),
    _row("ringing", _running, then=_nothing,
         why="until somebody answers or the caller is gone there is nothing to tell"),
    # a call of ours
    _row("promise kept", _outbound, _promised, _talked, then=_keeps,
         why="this is the call that we owed"),
    _row("promise tried", _outbound, _promised, _unanswered, then=_tries,
         why="a try at the call that we owe; whoever was called has not answered"),
    _row("out: no customer's number", _outbound, _nameless, then=_nothing,
         why="an extension, a short code, nothing that could be a customer's"),
    _row("out: stranger with a ticket", _outbound, _stranger, _any_open, then=_to_any,
         why="the number has an open ticket, though no customer is known"),
    _row("out: stranger", _outbound, _stranger, then=_nothing,
         why="nobody whom we know was called, and nothing of theirs is open"),
    _row("out: their ticket", _outbound, _known, _any_open, then=_to_any,
         why="whoever calls a customer with an open matter calls about it, however old it is"),
    _row("out: one of a household", _outbound, _household, _one_has_open, then=_to_any,
         why="only one of those who share the number has an open matter"),
    _row("out: household", _outbound, _household, _talked, then=_begin,
         why="several share the number: the agent says whom they spoke with"),
    _row("out: customer", _outbound, _known, _talked, then=_begin_theirs,
         why="a conversation with a customer is written down, and nothing of theirs is open"),
    _row("out: not reached", _outbound, _unanswered, then=_nothing,
         why="nobody answered, nothing was owed, and there is no matter that it belongs to"),
    # a customer calls and is answered
    _row("in: withheld", _inbound, _nameless, _talked, then=_begin,
         why="the number does not say who it is; the agent asks"),
    _row("in: called first", _inbound, _talked, _missed, then=_to_missed,
         why="we owed them a call; they called in first"),
    _row("in: owed a call", _inbound, _talked, _owed_call, then=_to_owing,
         why="we had promised to call about this; they called in first"),
    _row("in: promised", _inbound, _talked, _owed_talk, then=_to_promised,
         why="we owe them a call about this; what it was to ask is still to be asked, and one key keeps it"),
    _row("in: one of a household", _inbound, _talked, _household, _one_has_fresh, then=_to_newest,
         why="only one of those who share the number has a matter that is going on"),
    _row("in: household", _inbound, _talked, _household, then=_begin,
         why="several share the number: the agent says who called"),
    _row("in: continues", _inbound, _talked, _one_fresh, then=_to_fresh,
         why="they have one matter that is going on"),
    _row("in: continues the newest", _inbound, _talked, _fresh, then=_to_newest,
         why="they have several matters going on; the one touched last is the likeliest, and a call is moved with "
             "one key, while one more ticket would have to be closed by hand"),
    _row("in: stale", _inbound, _talked, _known, _stale, then=_begin_theirs,
         why="what they have open has rested for more than 7 days: a new matter until the agent says otherwise"),
    _row("in: stranger, stale", _inbound, _talked, _stranger, _stale, then=_begin,
         why="what the number has open has rested for more than 7 days"),
    _row("in: customer", _inbound, _talked, _known, then=_begin_theirs,
         why="a known customer without an open matter"),
    _row("in: stranger", _inbound, _talked, _stranger, then=_begin,
         why="an unknown number without an open matter"),
    # a customer calls and nobody answers
    _row("unseen", _inbound, _unseen, then=_later,
         why="it ended while we could not see the switch; its journals will say how"),
    _row("lost: withheld", _lost, _nameless, then=_begin_closed,
         why="nobody can be called back, but the call is counted and can be looked at"),
    _row("lost: answered since", _lost, _served, then=_to_served,
         why="they have been spoken with since; a callback would only bother them"),
    _row("lost: place kept", _lost, _holds, _missed, _missed_owes, then=_place_kept,
         why="we owe this caller a call already; now they hold a place for it"),
    _row("lost: again", _lost, _missed, _missed_owes, then=_once_more,
         why="we owe this caller a call already; several tries are one matter"),
    _row("lost: again, settled", _lost, _missed, then=_owed_again,
         why="their missed-call ticket is still open, but the callback was over: they are owed another"),
    _row("lost: customer", _lost, _known, then=_begin_their_missed,
         why="a customer called and nobody answered"),
    _row("lost: household", _lost, _household, then=_begin_missed,
         why="nobody answered; which of those who share the number it was, the callback will tell"),
    _row("lost: stranger", _lost, then=_begin_missed,
         why="somebody called and nobody answered"),
    _row("otherwise", then=_nothing,
         why="no row fits: please tell us, this is a mistake"),
)  # fmt: skip
BY_NAME: dict[str, Row] = {row.name: row for row in ROWS}


def decide(situation: Situation) -> Decision:
    """The first row that fits."""
    for row in ROWS:
        if all(condition.holds(situation) for condition in row.when):
            return row.then.of(row.name, situation)
    raise AssertionError("the last row fits everything")


def why(rule: str) -> str:
    """What to say to whoever asks why a call is on its ticket; "" for a rule of another version."""
    row = BY_NAME.get(rule)
    return row.why if row is not None else ""


def markdown() -> str:
    """The table for the documentation."""
    lines = ["| | row | when | then | why |", "|---|---|---|---|---|"]
    lines += [f"| {number} | {_cells(row)} |" for number, row in enumerate(ROWS, 1)]
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> str:
    when = "; ".join(one.says for one in row.when) or "always"
    return " | ".join((row.name, when, row.then.says, row.why))


_KINDS = {"service": "information", "sales": "order", "complaints": "complaint"}


def kind_of(queue_kind: str | None, known: frozenset[str]) -> str:
    """What a ticket of a queue's call begins as; the agent changes it when the matter is known.

    A queue whose kind (in the settings) is itself a kind of ticket opens those.
    """
    if queue_kind is not None and queue_kind in known:
        return queue_kind
    return _KINDS.get(queue_kind or "", "information")
