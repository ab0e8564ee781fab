"""Which keys a file had before."""

from contextlib import closing

from callserver.work.seen import Seen


def test_a_key_that_comes_again_is_told_with_the_line_of_the_first():
    with closing(Seen()) as seen:
        assert seen.before([("a", 2), ("b", 3)]) == {}
        assert seen.before([("c", 4), ("a", 5), ("c", 6), ("a", 7)]) == {5: 2, 6: 4, 7: 2}
        assert seen.before([]) == {}


def test_a_hundred_thousand_keys_are_not_mistaken_for_each_other():
    with closing(Seen()) as seen:
        assert seen.before([(f"key {number}", number) for number in range(100_000)]) == {}
