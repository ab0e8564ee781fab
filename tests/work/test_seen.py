"""Which keys a file had before."""

from contextlib import closing

from callserver.work.seen import Seen


def test_a_key_that_comes_again_is_told_with_the_line_of_the_first():
    for at_hand in (1, 3, 1_000):
        with closing(Seen(at_hand)) as seen:
            assert seen.before(["a", "b"], [2, 3]) == {}
            assert seen.before(["a", "c", "c", "a"], [7, 6, 4, 5]) == {5: 2, 6: 4, 7: 2}
            assert seen.before(["d", "b"], [8, 9]) == {9: 3}
            assert seen.before(["c", "d"], [10, 11]) == {10: 4, 11: 8}
            assert seen.before([], []) == {}


def test_a_hundred_thousand_keys_are_not_mistaken_for_each_other():
    with closing(Seen()) as seen:
        assert seen.before([f"key {number}" for number in range(100_000)], range(100_000)) == {}
