"""The rule table of landing calls, row by row: a situation in words, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.customers.record import CustomerId
from callserver.tickets import landing
from callserver.tickets.landing import DIALLED, LOST, MOVED, ROWS, WITHHELD, decide, kind_of
from callserver.tickets.record import PromiseId, TicketId
from callserver.tickets.situation import (
    FRESH_MS,
    MISSED,
    Candidate,
    Decision,
    Join,
    Later,
    Nothing,
    Open,
    Owed,
    Situation,
    Stay,
)

NOW = 1_795_289_156_000
WANG, LI = CustomerId(7), CustomerId(8)
DOCS = Path(__file__).parents[2] / "docs" / "landing.md"


def ticket(number: int, *, days: float = 1, owes: tuple[Owed, ...] = (), **more: Any) -> Candidate:
    """An open ticket that was touched so many days ago."""
    values = {"kind": "repair", "customer": WANG, **more}
    return Candidate(id=TicketId(number), touched_at=NOW - round(days * 86_400_000), owes=owes, **values)


def owed(number: int, kind: str = "callback", *, on: int = 17, due: int = NOW) -> Owed:
    return Owed(id=PromiseId(number), kind=kind, ticket=TicketId(on), due_at=due)


def missed(number: int, *owes: Owed, days: float = 0, customer: CustomerId | None = None) -> Candidate:
    return ticket(number, kind=MISSED, owes=owes, days=days, customer=customer)


def call(**more: Any) -> Situation:
    """An inbound call of a stranger, over, abandoned."""
    return Situation(**{"now": NOW, **more})


def answered(**more: Any) -> Situation:
    """An inbound call of a stranger whom an agent has just answered."""
    return call(**{"moment": "answered", "talked": True, "over": False, "outcome": "answered", **more})


def outbound(**more: Any) -> Situation:
    """A call of ours that somebody outside has just answered."""
    return answered(**{"direction": "outbound", **more})


def unreached(**more: Any) -> Situation:
    """A call of ours that nobody answered."""
    return call(**{"direction": "outbound", "outcome": "no_answer", **more})


T16, T17, T18 = TicketId(16), TicketId(17), TicketId(18)
ONE = (WANG,)
BOTH = (WANG, LI)
OLD = FRESH_MS / 86_400_000 + 0.01

CASES: list[tuple[str, Situation, Decision]] = [
    # nowhere
    ("an agent's line of a shift lands nowhere", call(shift=True), Nothing(row="shift")),
    ("a shift that was answered lands nowhere", answered(shift=True), Nothing(row="shift")),
    ("an internal call lands nowhere", answered(direction="internal"), Nothing(row="internal")),
    # on a ticket already
    (
        "a transferred call stays",
        answered(on=ticket(17), on_rule="in: customer"),
        Stay(row="stays", ticket=T17),
    ),
    (
        "a call that is over stays",
        call(talked=True, outcome="answered", on=ticket(17), on_rule="in: stale"),
        Stay(row="stays", ticket=T17),
    ),
    (
        "a call that became internal stays",
        answered(direction="internal", on=ticket(17), on_rule="in: customer"),
        Stay(row="stays", ticket=T17),
    ),
    (
        "a call that an agent moved stays there",
        answered(on=ticket(18), on_rule=MOVED),
        Stay(row=MOVED, ticket=T18),
    ),
    (
        "a moved call stays even when the journals know better",
        answered(on=missed(18, owed(1)), on_rule=MOVED, moment="corrected", over=True),
        Stay(row=MOVED, ticket=T18),
    ),
    (
        "a call begun for a promise stays on its ticket, whatever became of it",
        call(direction="outbound", outcome="busy", on=ticket(17, owes=(owed(4),)), on_rule=DIALLED),
        Stay(row=DIALLED, ticket=T17),
    ),
    (
        "a lost call that was answered after all withdraws its callback",
        answered(on=missed(17, owed(4)), on_rule="lost: stranger", moment="corrected", over=True),
        Stay(row="answered after all", ticket=T17, withdraw=(PromiseId(4),)),
    ),
    (
        "a lost call that stays lost stays",
        call(on=missed(17, owed(4)), on_rule="lost: stranger", moment="corrected"),
        Stay(row="stays", ticket=T17),
    ),
    (
        "an answered call that was lost after all owes a callback",
        call(on=ticket(17), on_rule="in: stranger", moment="corrected"),
        Stay(row="lost: after all", ticket=T17, owe=True),
    ),
    # merged
    (
        "two calls that are one: the ticket comes along",
        answered(absorbed_on=ticket(17), moment="merged"),
        Join(row="carried over", ticket=T17),
    ),
    (
        "two calls that are one, each with a ticket: the older call's counts",
        answered(absorbed_on=ticket(17), on=ticket(16), on_rule="in: continues", moment="merged"),
        Stay(row="stays", ticket=T16),
    ),
    # not yet
    (
        "a call that waits in a queue has no ticket yet",
        call(over=False, moment="merged"),
        Nothing(row="ringing"),
    ),
    # a call of ours
    (
        "a callback that is answered keeps the promise",
        outbound(dialed_for=(owed(4, on=17),)),
        Join(row="promise kept", ticket=T17, keep=PromiseId(4)),
    ),
    (
        "of several promises to a number the one due first is kept",
        outbound(dialed_for=(owed(5, on=18, due=NOW + 9), owed(4, on=17, due=NOW + 1))),
        Join(row="promise kept", ticket=T17, keep=PromiseId(4)),
    ),
    (
        "a return visit that is answered keeps the promise",
        outbound(dialed_for=(owed(4, "return_visit", on=17),)),
        Join(row="promise kept", ticket=T17, keep=PromiseId(4)),
    ),
    (
        "a callback that nobody answers is a try",
        unreached(dialed_for=(owed(4, on=17),)),
        Join(row="promise tried", ticket=T17),
    ),
    (
        "a call to an extension lands nowhere",
        outbound(identified=False),
        Nothing(row="out: no customer's number"),
    ),
    (
        "a call to a stranger with an open ticket joins it",
        outbound(tickets=(ticket(17, customer=None),)),
        Join(row="out: stranger with a ticket", ticket=T17),
    ),
    ("a call to a stranger lands nowhere", outbound(), Nothing(row="out: stranger")),
    (
        "a call to a customer joins their newest ticket, however old",
        outbound(customers=ONE, tickets=(ticket(16, days=90), ticket(17, days=30))),
        Join(row="out: their ticket", ticket=T17),
    ),
    (
        "a try to reach a customer joins their ticket, too",
        unreached(customers=ONE, tickets=(ticket(17),)),
        Join(row="out: their ticket", ticket=T17),
    ),
    (
        "a call to a household of which one has a ticket joins it",
        outbound(customers=BOTH, tickets=(ticket(17, customer=LI),)),
        Join(row="out: one of a household", ticket=T17),
    ),
    (
        "a call to a household of which both have tickets opens one for the agent to give",
        outbound(customers=BOTH, tickets=(ticket(17), ticket(18, customer=LI))),
        Open(row="out: household", kind="information"),
    ),
    (
        "a call to a customer without a ticket opens one",
        outbound(customers=ONE),
        Open(row="out: customer", kind="information", customer=WANG),
    ),
    (
        "a customer without a ticket who was not reached lands nowhere",
        unreached(customers=ONE),
        Nothing(row="out: not reached"),
    ),
    (
        "a household that was not reached lands nowhere",
        unreached(customers=BOTH),
        Nothing(row="out: not reached"),
    ),
    # in, answered
    (
        "a withheld number that is answered opens a ticket",
        answered(identified=False, kind="repair"),
        Open(row="in: withheld", kind="repair"),
    ),
    (
        "whom we owe a callback and who calls in first continues the missed-call ticket",
        answered(tickets=(missed(17, owed(4)),)),
        Join(row="in: called first", ticket=T17, withdraw=(PromiseId(4),)),
    ),
    (
        "a missed-call ticket does not lapse",
        answered(tickets=(missed(17, owed(4), days=30),)),
        Join(row="in: called first", ticket=T17, withdraw=(PromiseId(4),)),
    ),
    (
        "a missed-call ticket comes before a newer one",
        answered(customers=ONE, tickets=(ticket(18), missed(17, customer=WANG, days=3))),
        Join(row="in: called first", ticket=T17),
    ),
    (
        "several missed-call tickets: the newest",
        answered(tickets=(missed(16, owed(3), days=2), missed(17, owed(4), days=1))),
        Join(row="in: called first", ticket=T17, withdraw=(PromiseId(4),)),
    ),
    (
        "whom we promised to call about the product and who calls first is still owed its questions",
        answered(customers=ONE, tickets=(ticket(18), ticket(17, days=2, owes=(owed(4, "watch"),)))),
        Join(row="in: promised", ticket=T17),
    ),
    (
        "whose ticket owes a callback and a call about the product withdraws the callback alone",
        answered(customers=ONE, tickets=(ticket(17, owes=(owed(4), owed(5, "watch"))),)),
        Join(row="in: owed a call", ticket=T17, withdraw=(PromiseId(4),)),
    ),
    (
        "a survey is not what somebody calls about",
        answered(customers=ONE, tickets=(ticket(17, days=9, owes=(owed(4, "survey"),)),)),
        Open(row="in: stale", kind="information", customer=WANG),
    ),
    (
        "of several owed calls the first due counts",
        answered(
            customers=ONE,
            tickets=(ticket(16, owes=(owed(3, due=NOW + 9),)), ticket(17, owes=(owed(4, due=NOW + 1),))),
        ),
        Join(row="in: owed a call", ticket=T17, withdraw=(PromiseId(4),)),
    ),
    (
        "who is owed a return visit joins that ticket, and is still owed it",
        answered(customers=ONE, tickets=(ticket(18), ticket(17, owes=(owed(4, "return_visit"),)))),
        Join(row="in: promised", ticket=T17),
    ),
    (
        "a household of which one has a ticket joins it",
        answered(customers=BOTH, tickets=(ticket(17, customer=LI),)),
        Join(row="in: one of a household", ticket=T17),
    ),
    (
        "a household of which one has an old ticket only opens one for the agent to give",
        answered(customers=BOTH, tickets=(ticket(17, days=OLD),)),
        Open(row="in: household", kind="information"),
    ),
    (
        "a household of which both have tickets opens one for the agent to give",
        answered(customers=BOTH, tickets=(ticket(17), ticket(18, customer=LI))),
        Open(row="in: household", kind="information"),
    ),
    (
        "a household of whom both are owed a call opens one for the agent to give",
        answered(
            customers=BOTH, tickets=(ticket(17, owes=(owed(1),)), ticket(18, customer=LI, owes=(owed(2),)))
        ),
        Open(row="in: household", kind="information"),
    ),
    (
        "a household without a ticket opens one for the agent to give",
        answered(customers=BOTH),
        Open(row="in: household", kind="information"),
    ),
    (
        "a caller with one open ticket continues it",
        answered(customers=ONE, tickets=(ticket(17),)),
        Join(row="in: continues", ticket=T17),
    ),
    (
        "touched exactly seven days ago still continues",
        answered(customers=ONE, tickets=(ticket(17, days=7),)),
        Join(row="in: continues", ticket=T17),
    ),
    (
        "an old ticket beside a new one does not matter",
        answered(customers=ONE, tickets=(ticket(16, days=OLD), ticket(17))),
        Join(row="in: continues", ticket=T17),
    ),
    (
        "a stranger with an open ticket continues it",
        answered(tickets=(ticket(17, customer=None),)),
        Join(row="in: continues", ticket=T17),
    ),
    (
        "a caller with several open tickets continues the one touched last",
        answered(customers=ONE, tickets=(ticket(16, days=2), ticket(17, days=1), ticket(18, days=3))),
        Join(row="in: continues the newest", ticket=T17),
    ),
    (
        "a caller whose ticket rests for more than seven days opens a new one",
        answered(customers=ONE, tickets=(ticket(17, days=OLD),)),
        Open(row="in: stale", kind="information", customer=WANG),
    ),
    (
        "a stranger whose ticket rests for more than seven days opens a new one",
        answered(tickets=(ticket(17, days=OLD, customer=None),)),
        Open(row="in: stranger, stale", kind="information"),
    ),
    (
        "a customer without a ticket opens one",
        answered(customers=ONE, kind="complaint"),
        Open(row="in: customer", kind="complaint", customer=WANG),
    ),
    ("a stranger opens one", answered(), Open(row="in: stranger", kind="information")),
    (
        "an answered call that was seen only when it was over opens one all the same",
        answered(moment="ended", over=True),
        Open(row="in: stranger", kind="information"),
    ),
    # in, not answered
    ("an end that nobody saw waits for the journals", call(outcome="unknown"), Later(row="unseen")),
    (
        "an end that not even the journals know counts as lost",
        call(outcome="unknown", moment="unsettled"),
        Open(row="lost: stranger", kind=MISSED, owe=True),
    ),
    (
        "a withheld number that gave up is a ticket closed at once",
        call(identified=False),
        Open(row="lost: withheld", kind=MISSED, close=WITHHELD),
    ),
    (
        "who was answered since owes nothing",
        call(served_on=T17),
        Join(row="lost: answered since", ticket=T17),
    ),
    (
        "the second abandoned call joins the first",
        call(tickets=(missed(17, owed(4)),)),
        Join(row="lost: again", ticket=T17),
    ),
    (
        "whom we owe a callback and who then gives their place for a call keeps the place",
        call(tickets=(missed(17, owed(4)),), holds=True, outcome="callback"),
        Join(row="lost: place kept", ticket=T17, withdraw=(PromiseId(4),), owe=True),
    ),
    (
        "who gives their place for a call is owed it",
        call(customers=ONE, holds=True, outcome="callback"),
        Open(row="lost: customer", kind=MISSED, customer=WANG, owe=True),
    ),
    (
        "an abandoned call after the callback owes another",
        call(tickets=(missed(17),)),
        Join(row="lost: again, settled", ticket=T17, owe=True),
    ),
    (
        "an abandoned call of a customer with an open matter is a missed call all the same",
        call(customers=ONE, tickets=(ticket(17),)),
        Open(row="lost: customer", kind=MISSED, customer=WANG, owe=True),
    ),
    (
        "an abandoned call of a customer opens theirs",
        call(customers=ONE),
        Open(row="lost: customer", kind=MISSED, customer=WANG, owe=True),
    ),
    (
        "an abandoned call of a household opens one of nobody yet",
        call(customers=BOTH),
        Open(row="lost: household", kind=MISSED, owe=True),
    ),
    (
        "an abandoned call of a stranger owes a callback",
        call(),
        Open(row="lost: stranger", kind=MISSED, owe=True),
    ),
    *[
        (
            f"a caller who was not answered ({outcome}) is owed a callback",
            call(outcome=outcome),
            Open(row="lost: stranger", kind=MISSED, owe=True),
        )
        for outcome in (
            "timed_out",
            "queue_full",
            "queue_empty",
            "left_by_key",
            "withdrawn",
            "no_answer",
            "busy",
            "failed",
        )
    ],
]


@pytest.mark.parametrize(
    ("situation", "decision"), [pytest.param(case[1], case[2], id=case[0]) for case in CASES]
)
def test_row_by_row(situation: Situation, decision: Decision) -> None:
    assert decide(situation) == decision


def test_every_row_has_its_case_and_the_last_one_never_comes() -> None:
    shown = {decision.row for _, _, decision in CASES}
    assert [row.name for row in ROWS if row.name not in shown] == ["otherwise"]
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_who_is_lost_is_known_by_the_name_of_the_row() -> None:
    """A correction must know whether a call landed as unanswered; the row's name is what is kept of it."""
    lost = {decision.row for _, one, decision in CASES if one.lost and not isinstance(decision, Nothing)}
    assert {name for name in lost if not name.startswith(LOST)} == {"stays", MOVED} & lost
    assert {name for name in (row.name for row in ROWS) if name.startswith(LOST)} <= lost


def test_the_documentation_shows_the_table_as_it_is() -> None:
    assert landing.markdown() in DOCS.read_text("utf-8")


def test_every_row_says_why() -> None:
    assert all(landing.why(row.name) == row.why != "" for row in ROWS)
    assert landing.why("a row of another version") == ""


@pytest.mark.parametrize(
    ("queue", "kind"),
    [
        ("service", "information"),
        ("sales", "order"),
        ("complaints", "complaint"),
        ("complaint", "complaint"),
        ("repair", "repair"),
        (None, "information"),
        ("something else", "information"),
    ],
)
def test_a_queue_opens_its_kind(queue: str | None, kind: str) -> None:
    assert kind_of(queue, frozenset({"information", "repair", "complaint", "order"})) == kind


tickets = st.builds(
    ticket,
    st.integers(1, 4),
    days=st.sampled_from([0, 1, 7, OLD, 400]),
    kind=st.sampled_from(["repair", MISSED]),
    customer=st.sampled_from([None, WANG, LI]),
    owes=st.lists(st.builds(owed, st.integers(1, 9), st.sampled_from(["callback", "return_visit"]))).map(
        tuple
    ),
)
situations = st.builds(
    Situation,
    moment=st.sampled_from(["answered", "ended", "corrected", "merged", "unsettled"]),
    direction=st.sampled_from(["inbound", "outbound", "internal"]),
    shift=st.booleans(),
    talked=st.booleans(),
    over=st.booleans(),
    outcome=st.sampled_from(["unknown", "abandoned", "timed_out", "busy"]),
    identified=st.just(True),
    on=st.none() | tickets,
    on_rule=st.sampled_from([row.name for row in ROWS]),
    absorbed_on=st.none() | tickets,
    customers=st.sampled_from([(), ONE, BOTH]),
    tickets=st.lists(tickets, max_size=4).map(tuple),
    dialed_for=st.lists(st.builds(owed, st.integers(1, 9)), max_size=2).map(tuple),
    served_on=st.none() | st.just(TicketId(5)),
    now=st.just(NOW),
)


@given(situations)
def test_every_situation_has_a_row_and_no_call_of_a_customer_is_forgotten(situation: Situation) -> None:
    situation = replace(situation, outcome="answered") if situation.talked else situation
    decision = decide(situation)
    assert decision.row != "otherwise"
    customer_was_there = situation.direction == "inbound" and (situation.talked or situation.lost)
    if customer_was_there and not situation.shift:
        assert isinstance(decision, Stay | Join | Open)
    if isinstance(decision, Open):
        assert situation.on is None
    if situation.on is not None:
        assert isinstance(decision, Stay)
        assert decision.ticket == situation.on.id


@given(situations.map(lambda one: replace(one, identified=False, customers=(), tickets=(), on=None)))
def test_a_number_that_says_nothing_never_finds_anybody(situation: Situation) -> None:
    """What the store finds for such a number is nothing; a later call of "the same" caller is none either."""
    decision = decide(replace(situation, dialed_for=(), absorbed_on=None, served_on=None))
    assert not isinstance(decision, Join | Stay)
    assert not (isinstance(decision, Open) and (decision.customer or decision.owe))
