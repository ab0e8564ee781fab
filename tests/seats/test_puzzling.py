"""A phone in use without a call: what lasts is said, what does not is not."""

from __future__ import annotations

from callserver.people import UserId
from callserver.seats.puzzling import PUZZLED_MS, Puzzles
from tests.seats.people import NOW

ZHANG, LI = UserId(7), UserId(8)


def test_only_what_lasts_is_said_and_it_is_taken_back():
    puzzles = Puzzles()
    assert not puzzles.look(ZHANG, True, NOW)
    assert list(puzzles.ends()) == [NOW + PUZZLED_MS]
    assert not puzzles.look(ZHANG, True, NOW + PUZZLED_MS - 1)
    assert puzzles.look(ZHANG, True, NOW + PUZZLED_MS)
    assert ZHANG in puzzles
    assert list(puzzles.ends()) == []
    assert puzzles.look(ZHANG, False, NOW + PUZZLED_MS + 1)
    assert ZHANG not in puzzles
    assert not puzzles.open


def test_a_short_moment_again_and_again_is_not_a_long_one():
    puzzles = Puzzles()
    for second in range(10):
        puzzles.look(ZHANG, True, NOW + second * 1000)
        assert not puzzles.look(ZHANG, False, NOW + second * 1000 + 500)
    assert ZHANG not in puzzles


def test_people_are_told_apart():
    puzzles = Puzzles()
    puzzles.look(ZHANG, True, NOW)
    puzzles.look(LI, True, NOW + 1000)
    puzzles.look(ZHANG, True, NOW + PUZZLED_MS)
    puzzles.look(LI, True, NOW + PUZZLED_MS)
    assert (ZHANG in puzzles, LI in puzzles) == (True, False)
