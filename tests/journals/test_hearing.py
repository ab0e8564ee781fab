"""Who hears whom."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from callserver.facts import LegId
from callserver.journals.hearing import Hearing
from callserver.journals.kin import Kin

A, B, C = LegId("a"), LegId("b"), LegId("c")
ONE, TWO = LegId("l1"), LegId("l2")
NAMES = {A: "PJSIP/a-1", B: "PJSIP/b-2", C: "PJSIP/c-3", ONE: "Local/7@x-1;1", TWO: "Local/7@x-1;2"}


def hearing(*steps: tuple[int, LegId, str | None]) -> list[tuple[str, int, int | None]]:
    """Steps `(ms, leg, bridge or None for leaving)` -> talks `(legs, begun, ended)`."""
    known = Hearing()
    for leg in (A, B, C):
        known.meet(leg)
    for at, leg, bridge in steps:
        if bridge is None:
            known.leave(leg, at)
        else:
            known.enter(leg, NAMES[leg], bridge, at)
    return [("".join(talk.legs), talk.begun, talk.ended) for talk in known.talks()]


def test_one_alone_talks_with_nobody() -> None:
    assert hearing((0, A, "x"), (100, A, None), (200, B, "x")) == []


def test_two_in_a_bridge_talk_until_one_leaves() -> None:
    assert hearing((0, B, "x"), (1, A, "x"), (5000, B, None)) == [("ab", 1, 5000)]


def test_a_third_one_makes_another_talk_of_it() -> None:
    assert hearing((0, A, "x"), (0, B, "x"), (3000, C, "x"), (6000, A, None), (9000, C, None)) == [
        ("ab", 0, 3000),
        ("abc", 3000, 6000),
        ("bc", 6000, 9000),
    ]


def test_a_local_channel_carries_sound_and_is_nobody() -> None:
    assert hearing((0, A, "x"), (0, ONE, "x"), (0, TWO, "y"), (100, B, "y"), (5000, B, None)) == [
        ("ab", 100, 5000)
    ]


def test_the_same_people_in_another_bridge_go_on_talking() -> None:
    moved = hearing(
        (0, A, "x"), (0, B, "x"), (2000, A, None), (2001, B, None), (2500, A, "y"), (2501, B, "y")
    )
    assert moved == [("ab", 0, None)]


def test_the_same_people_much_later_talk_again() -> None:
    assert hearing((0, A, "x"), (0, B, "x"), (2000, A, None), (9000, A, "x")) == [
        ("ab", 0, 2000),
        ("ab", 9000, None),
    ]


def test_a_moment_between_two_events_of_one_step_is_no_talk() -> None:
    assert hearing((0, A, "x"), (0, B, "x"), (10, C, "x"), (5000, A, None)) == [
        ("abc", 10, 5000),
        ("bc", 5000, None),
    ]


moves = st.tuples(st.sampled_from(sorted(NAMES)), st.sampled_from(["x", "y", None]))


@given(st.lists(moves, max_size=40))
def test_nobody_talks_alone_twice_at_once_or_backwards(steps: list[tuple[LegId, str | None]]) -> None:
    talks = hearing(*((at * 100, leg, bridge) for at, (leg, bridge) in enumerate(steps)))
    for index, (legs, begun, ended) in enumerate(talks):
        assert len(legs) > 1
        assert ended is None or begun < ended
        again = [other for other in talks[index + 1 :] if other[0] == legs]
        assert all(ended is not None and other[1] - ended > 1000 for other in again)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_kin_are_who_is_joined_directly_or_by_others(pairs: list[tuple[int, int]]) -> None:
    kin = Kin()
    together = {one: {one} for one in range(10)}
    for one, other in pairs:
        kin.join(str(one), str(other))
        merged = together[one] | together[other]
        together.update(dict.fromkeys(merged, merged))
    for one in range(10):
        for other in range(10):
            assert (kin.head(str(one)) == kin.head(str(other))) == (other in together[one])
