"""A telephone number as somebody or something wrote it: what it is, its E.164 form, whether it may name somebody.

In: text from switches, files and people, so anything at all; the site's plan. Out: `Read` values, index tails, words
for people. Must not know: settings, customers, SQL, clocks. Rule by rule: `reading.py`, docs/numbers.md.
"""

from callserver.numbers.reading import Plan
from callserver.numbers.tail import tail, tail_of_digits
from callserver.numbers.values import KINDS, RULES, Kind, Read, Rule
from callserver.numbers.world import place, shown

__all__ = ["KINDS", "RULES", "Kind", "Plan", "Read", "Rule", "place", "shown", "tail", "tail_of_digits"]
