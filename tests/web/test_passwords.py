"""Passwords, hashed beside the loop, a few at once."""

from __future__ import annotations

import asyncio

import pytest

from callserver.web.passwords import Cost, Crowded, Passwords
from tests.web.conftest import CHEAP

PASSWORD = "correct pony battery"


async def test_the_right_one_fits_and_no_other() -> None:
    passwords = Passwords(CHEAP)
    kept = await passwords.hashed(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert kept != await passwords.hashed(PASSWORD)
    assert (await passwords.fits(kept, PASSWORD)).right
    for wrong in ("", PASSWORD + " ", PASSWORD.upper(), "\ud800", "x" * 10_000):
        assert not (await passwords.fits(kept, wrong)).right
    for spoiled in (None, "", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"):
        assert not (await passwords.fits(spoiled, PASSWORD)).right
    passwords.close()


async def test_another_cost_shows() -> None:
    before, now = Passwords(CHEAP), Passwords(Cost(memory_kib=16, passes=1))
    kept = await before.hashed(PASSWORD)
    assert (await now.fits(kept, PASSWORD)).outdated
    assert not (await before.fits(kept, PASSWORD)).outdated
    assert not (await now.fits(kept, "wrong")).outdated
    before.close()
    now.close()


async def test_the_usual_cost_is_what_is_recommended_at_least() -> None:
    """OWASP's least: 46 MiB and one pass, or 19 MiB and two."""
    passwords = Passwords()
    assert "$m=47104,t=2,p=1$" in await passwords.hashed(PASSWORD)
    passwords.close()


async def test_a_crowd_of_strangers_waits_while_those_who_are_known_come_in() -> None:
    passwords = Passwords(CHEAP, strangers_wait=3)
    kept = await passwords.hashed(PASSWORD)
    strangers = [passwords.fits(kept, PASSWORD) for _ in range(10)]
    found = await asyncio.gather(
        *strangers, passwords.fits(kept, PASSWORD, known=True), return_exceptions=True
    )
    assert [isinstance(one, Crowded) for one in found] == [False] * 3 + [True] * 7 + [False]
    assert (await passwords.fits(kept, PASSWORD)).right
    passwords.close()


async def test_the_loop_goes_on_meanwhile() -> None:
    """Once in a few times: a busy machine holds everybody up at times, whatever we do."""
    dear = Cost(memory_kib=47_104, passes=1)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    Passwords(dear)._hashed(PASSWORD)
    held_up, tries = loop.time() - begun, 10
    for _ in range(tries):
        if await longest_turn(Passwords(dear)) < held_up / 2:
            return
    pytest.fail(f"hashing holds everybody up for {held_up:.3f} s")


async def longest_turn(passwords: Passwords) -> float:
    """For how many seconds nobody else got a turn while a password was hashed."""
    longest, loop = 0.0, asyncio.get_running_loop()
    hashing = asyncio.ensure_future(passwords.hashed(PASSWORD))
    while not hashing.done():
        before = loop.time()
        await asyncio.sleep(0.001)
        longest = max(longest, loop.time() - before)
    passwords.close()
    return longest


@pytest.mark.parametrize("known", [False, True])
async def test_who_left_while_waiting_leaves_their_place(known: bool) -> None:
    passwords = Passwords(CHEAP, strangers_wait=1, known_wait=1)
    leaving = asyncio.ensure_future(passwords.fits(None, PASSWORD, known=known))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    assert not (await passwords.fits(None, PASSWORD, known=known)).right
    passwords.close()
