"""A number backwards: what an index on last digits holds.

In: E.164 numbers, digits somebody typed. Out: digits only. Must not know: countries.
"""

from __future__ import annotations

from callserver.numbers.dressing import ascii_digits

LONGEST = 32  # E.164 has at most 15 digits; more of them find nothing anyway


def tail(e164: str) -> str:
    """The digits of an E.164 number from the last to the first: "+8613800138000" -> "0008310083168"."""
    return e164.removeprefix("+")[::-1]


def tail_of_digits(text: str) -> str:
    """The digits in what somebody typed, from the last to the first; "" where there are none, LONGEST at most."""
    return "".join(letter for letter in ascii_digits(text) if "0" <= letter <= "9")[::-1][:LONGEST]
