"""Delays for wrong passwords: nobody guesses for long, and nobody keeps anybody else out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callserver.people import lockout
from callserver.people.lockout import PATIENCE, Failures, counted, neighbourhood

HERE, THERE = "192.0.2.1", "198.51.100.7"


def guesses(failures: Failures, login: str, address: str, span_s: float, browser: str | None = None) -> int:
    """How many wrong passwords somebody can try who tries as soon as they may."""
    who, now, tried = counted(login, address, browser), 0.0, 0
    while now < span_s:
        wait = failures.begin(who, now)
        tried += wait == 0
        now += max(wait, 0.05)
    return tried


def test_whoever_guesses_at_a_login_soon_waits_minutes() -> None:
    assert guesses(Failures(), "li.na", HERE, 3600) < 20


def test_a_day_of_guessing_at_one_login_from_one_place_is_a_hundred_tries() -> None:
    assert guesses(Failures(), "li.na", HERE, 86_400) < 120


def test_one_password_on_many_logins_is_slow_too() -> None:
    failures, now, tried = Failures(), 0.0, 0
    while now < 3600:
        wait = failures.begin(counted(f"login{tried}", HERE, None), now)
        tried += wait == 0
        now += max(wait, 0.05)
    assert 100 < tried < 200


def test_others_at_other_addresses_do_not_wait() -> None:
    failures = Failures()
    guesses(failures, "li.na", HERE, 3600)
    assert failures.begin(counted("li.na", THERE, None), 3600) == 0


def test_the_owners_browser_does_not_wait_though_strangers_guess_beside_it() -> None:
    failures = Failures()
    for _ in range(500):
        failures.begin(counted("li.na", HERE, None), 10)
    assert failures.begin(counted("li.na", HERE, None), 10) > 0
    assert failures.begin(counted("li.na", HERE, "the owner's"), 10) == 0


def test_even_the_owners_browser_cannot_guess_on_and_on() -> None:
    assert guesses(Failures(), "li.na", HERE, 3600, "the owner's") < 40


def test_an_office_behind_one_address_waits_a_minute_at_most() -> None:
    failures = Failures()
    for one in range(1000):
        failures.begin(counted(f"login{one}", HERE, None), 0)
    assert 0 < failures.begin(counted("somebody else", HERE, None), 0) <= 60


def test_a_right_password_forgives_the_wrong_ones() -> None:
    failures, who = Failures(), counted("li.na", HERE, None)
    for _ in range(5):
        assert failures.begin(who, 0) == 0
    assert failures.begin(who, 0) > 0
    assert failures.begin(who, 60) == 0
    failures.was_right(who, 60)
    assert failures.begin(who, 60) == 0


def test_a_thousand_tries_at_once_count_before_they_are_looked_at() -> None:
    failures, who = Failures(), counted("li.na", HERE, None)
    assert sum(failures.begin(who, 0) == 0 for _ in range(1000)) == PATIENCE["login at address"].free


def test_a_whole_shift_may_sign_in_from_one_address_at_once() -> None:
    failures = Failures()
    for one in range(350):
        who = counted(f"agent{one}", HERE, None)
        assert failures.begin(who, one / 10) == 0
        failures.was_right(who, one / 10)


def test_a_refused_try_makes_nobody_wait_longer() -> None:
    failures, who = Failures(), counted("li.na", HERE, None)
    for _ in range(6):
        failures.begin(who, 0)
    first = failures.begin(who, 0)
    for _ in range(100):
        failures.begin(who, 1)
    assert failures.begin(who, 1) == first - 1


def test_all_is_forgotten_after_an_hour() -> None:
    failures, who = Failures(), counted("li.na", HERE, None)
    for _ in range(50):
        failures.begin(who, 0)
    assert all(failures.begin(who, 3601) == 0 for _ in range(5))


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "MOST", 10)
    failures = Failures()
    for one in range(1000):
        failures.begin(counted(f"login{one}", f"192.0.2.{one % 250}", None), one)
    assert len(failures._tries) == 10


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("nonsense", "nonsense"),
    ],
)
def test_a_household_is_one_address(address: str, place: str) -> None:
    assert neighbourhood(address) == place


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([HERE, THERE]), st.floats(0, 5)), max_size=60)
)
def test_what_happens_at_one_address_never_delays_a_login_at_another(
    tries: list[tuple[str, str, float]],
) -> None:
    both, alone, now = Failures(), Failures(), 0.0
    for login, address, later in tries:
        now += later
        waited = both.begin(counted(login, address, None), now)
        if address == HERE:
            assert alone.begin(counted(login, address, None), now) == waited


def test_a_crowd_at_the_door_does_not_wipe_out_what_was_tried_before() -> None:
    failures, who = Failures(), counted("li.na", HERE, None)
    tried = 0
    for at in range(60):
        if failures.begin(who, at / 10) == 0:
            tried += 1
        if failures.begin(who, at / 10) == 0:
            failures.not_made(who, at / 10)  # so many others wait that it is not even looked at
    assert tried < 8
