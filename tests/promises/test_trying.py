"""What follows from an attempt: when, at which number, or that a person has to look."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.promises.defaults import DAYTIME, DEFAULTS
from callserver.promises.hours import Hours, Span, allowed, every_day
from callserver.promises.outcomes import NEVER_RANG, OUTCOMES, RETRIED, AttemptOutcome
from callserver.promises.policy import Policy, Retry
from callserver.promises.trying import LEAST_MS, Next, Tried, after, choose
from tests.promises.samples import DAY, HOUR, MINUTE, MONDAY, SECOND, SHANGHAI, at, told

MOBILE, HOME, WORK = "+8613800138000", "+861050001000", "+861050002000"
POLICY = replace(
    DEFAULTS["callback"],
    retries={
        "busy": Retry(delay_ms=3 * MINUTE, times=2),
        "no_answer": Retry(delay_ms=10 * MINUTE, times=1),
        "machine": Retry(delay_ms=20 * MINUTE, times=1),
        "failed": Retry(delay_ms=2 * MINUTE, times=0),
        "no_agent": Retry(delay_ms=2 * MINUTE, times=2),
        "not_sent": Retry(delay_ms=15 * SECOND, times=None),
        "agent_no_answer": Retry(delay_ms=MINUTE, times=None),
    },
)


def tried(*outcomes: AttemptOutcome, number: str = MOBILE) -> tuple[Tried, ...]:
    return tuple(Tried(number=number, outcome=outcome) for outcome in outcomes)


def following(
    tries: tuple[Tried, ...],
    *numbers: str,
    policy: Policy = POLICY,
    now: int = MONDAY,
    deadline_at: int = MONDAY + DAY,
) -> Next:
    return after(
        policy, tries, tries[-1].outcome, numbers or (MOBILE,), now, deadline_at=deadline_at, zone=SHANGHAI
    )


@pytest.mark.parametrize("outcome", ["talked", "played"])
def test_who_was_reached_is_called_no_more(outcome):
    assert following(tried(outcome)) == Next(status="kept", why="reached")


def test_after_an_unknown_outcome_no_machine_dials():
    assert following(tried("unknown")) == Next(status="unknown", why="outcome_unknown")


def test_each_outcome_has_its_own_delay():
    assert following(tried("busy")).next_at == MONDAY + 3 * MINUTE
    assert following(tried("no_answer")).next_at == MONDAY + 10 * MINUTE
    assert following(tried("busy")) == Next(
        status="to_retry", why="again", next_at=MONDAY + 3 * MINUTE, number=MOBILE
    )


def test_each_outcome_has_its_own_count():
    assert following(tried("busy", "busy")).next_at is not None
    assert following(tried("busy", "busy", "busy")) == Next(status="to_retry", why="used_up")
    assert following(tried("busy", "no_answer")).next_at is not None
    assert following(tried("failed")).why == "used_up"


def test_an_outcome_that_the_policy_does_not_speak_of_is_tried_once_more():
    assert following(tried("silent")).next_at == MONDAY + 30 * MINUTE
    assert following(tried("silent", "silent")).why == "used_up"


@pytest.mark.parametrize("outcome", sorted(NEVER_RANG))
def test_what_never_rang_uses_nothing_up(outcome):
    again = following(tried(*[outcome] * 40))
    assert again.next_at is not None
    assert again.number == MOBILE


def test_a_promise_is_used_up_by_attempts_that_rang():
    two = replace(POLICY, most_tries=2)
    assert following(tried("not_sent", "busy"), policy=two).next_at is not None
    assert following(tried("busy", "not_sent", "busy"), policy=two).why == "used_up"


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["no_answer", "failed", "machine"])
def test_who_is_not_there_is_tried_at_the_next_number_a_minute_later(outcome):
    assert following(tried(outcome), MOBILE, HOME) == Next(
        status="to_retry", why="next_number", next_at=MONDAY + MINUTE, number=HOME
    )


@pytest.mark.parametrize("outcome", ["busy", "no_agent"])
def test_who_is_there_is_tried_at_the_same_number(outcome):
    assert following(tried(outcome), MOBILE, HOME).number == MOBILE


def test_after_the_last_number_the_first_has_its_turn_after_the_delay():
    made = (*tried("no_answer"), *tried("no_answer", number=HOME))
    assert following(made, MOBILE, HOME) == Next(
        status="to_retry", why="next_number", next_at=MONDAY + 10 * MINUTE, number=MOBILE
    )


def test_a_number_that_is_used_up_is_passed_over():
    made = (*tried("failed"), *tried("no_answer", number=HOME))
    assert following(made, MOBILE, HOME, WORK).number == WORK
    made = (*made, *tried("no_answer", number=WORK))
    assert following(made, MOBILE, HOME, WORK).number == HOME


def test_a_number_that_is_no_longer_the_customer_s_is_not_dialled():
    assert following(tried("busy"), HOME) == Next(
        status="to_retry", why="next_number", next_at=MONDAY + MINUTE, number=HOME
    )


def test_without_a_number_there_is_nothing_to_try():
    none = after(POLICY, tried("busy"), "busy", (), MONDAY, deadline_at=MONDAY + DAY, zone=SHANGHAI)
    assert none == Next(status="to_retry", why="no_number")


def test_the_first_attempt_is_at_the_first_number():
    assert choose(POLICY, (), (MOBILE, HOME)) == MOBILE
    assert choose(POLICY, (), ()) is None


# --- time ------------------------------------------------------------------------------------------------------------

OFFICE = Hours(weekly=every_day(Span(begin=9 * 60, end=20 * 60)))
VISIT = replace(DEFAULTS["return_visit"], hours=OFFICE)


def test_a_retry_waits_for_an_allowed_hour():
    evening = at("2026-11-23 19:00")
    again = following(tried("no_answer"), policy=VISIT, now=evening, deadline_at=evening + 2 * DAY)
    assert told(again.next_at) == "Tue 2026-11-24 09:00"


def test_a_hard_deadline_draws_the_last_tries_nearer():
    again = following(tried("no_answer"), policy=VISIT, deadline_at=MONDAY + HOUR)
    assert (again.why, again.next_at) == ("sooner_for_deadline", MONDAY + 30 * MINUTE)


def test_in_the_last_minutes_a_hard_promise_goes_on_after_its_deadline_if_its_policy_does():
    again = following(tried("no_answer"), policy=VISIT, deadline_at=MONDAY + MINUTE)
    assert again.next_at == MONDAY + 2 * HOUR
    stops = replace(VISIT, after_broken=False)
    assert following(tried("no_answer"), policy=stops, deadline_at=MONDAY + MINUTE) == Next(
        status="to_retry", why="no_time_left"
    )


def test_a_soft_deadline_leaves_the_delays_as_they_are():
    again = following(tried("no_answer"), deadline_at=MONDAY + 5 * MINUTE)
    assert again.next_at == MONDAY + 10 * MINUTE


def test_what_is_broken_already_stays_broken_and_is_tried_again():
    again = following(tried("busy"), deadline_at=MONDAY)
    assert (again.status, again.next_at) == ("broken", MONDAY + 3 * MINUTE)
    stops = replace(POLICY, after_broken=False)
    assert following(tried("busy"), policy=stops, deadline_at=MONDAY) == Next(
        status="broken", why="no_time_left"
    )


def test_hours_that_never_come_end_the_trying():
    never = replace(POLICY, hours=Hours(weekly=every_day()))
    assert following(tried("busy"), policy=never).why == "never_allowed"


# --- whatever happens ------------------------------------------------------------------------------------------------

_NUMBERS = st.lists(st.sampled_from([MOBILE, HOME, WORK]), min_size=1, unique=True)
_TRIES = st.lists(
    st.builds(Tried, number=st.sampled_from([MOBILE, HOME, WORK]), outcome=st.sampled_from(RETRIED)),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(
    tries=_TRIES,
    numbers=_NUMBERS,
    kind=st.sampled_from(sorted(DEFAULTS)),
    now=st.integers(MONDAY, MONDAY + 7 * DAY),
    left=st.integers(-DAY, 3 * DAY),
)
def test_a_next_attempt_is_at_a_number_of_theirs_later_and_at_an_allowed_hour(
    tries, numbers, kind, now, left
):
    policy = DEFAULTS[kind]
    told_ = after(policy, tries, tries[-1].outcome, numbers, now, deadline_at=now + left, zone=SHANGHAI)
    assert told_.status == ("broken" if left <= 0 else "to_retry")
    if told_.next_at is None:
        assert told_.number is None
        return
    assert told_.number in numbers
    assert told_.next_at >= now + min(LEAST_MS, policy.retries[tries[-1].outcome].delay_ms)
    assert allowed(policy.hours, told_.next_at, SHANGHAI)
    assert policy.after_broken or told_.next_at < now + left


@pytest.mark.parametrize("outcome", [one for one in OUTCOMES if one not in NEVER_RANG])
@pytest.mark.parametrize("kind", sorted(DEFAULTS))
def test_no_customer_is_rung_for_ever(outcome, kind):
    policy, made = replace(DEFAULTS[kind], hours=DAYTIME), tried(outcome)
    while following(made, MOBILE, HOME, policy=policy).next_at is not None:
        made += tried(outcome, number=choose(policy, made, (MOBILE, HOME)) or MOBILE)
        assert len(made) <= policy.most_tries
