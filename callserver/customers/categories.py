"""What may be said of a category of products: its names, and the months of its warranty.

In: a rule as an administrator says it, and the others. Out: the same rule, or every problem with its field. Must not
know: who asks, where rules are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from callserver.customers.warranty import Rule, called
from callserver.errors import BadValues

LONGEST: Final = 60  # characters of a name
MOST_NAMES: Final = 30
MOST_MONTHS: Final = 600
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def checked(rule: Rule, others: Iterable[Rule]) -> Rule:
    """The rule, if it may stand beside the others. Raises BadValues."""
    problems = list(_problems(rule)) or list(_taken(rule, others))
    if problems:
        raise BadValues(problems)
    return rule


def _problems(rule: Rule) -> Iterator[tuple[str, str]]:
    if not _CODE.fullmatch(rule.category):
        yield "category", "small letters, digits and '_', a letter first"
    if rule.months is not None and not 0 < rule.months <= MOST_MONTHS:
        yield "months", f"from 1 to {MOST_MONTHS}, or nothing where nobody knows"
    if len(rule.also) > MOST_NAMES:
        yield "also", f"at most {MOST_NAMES} names"
    for field, name in _names(rule):
        if not name.strip() or not name.isprintable() or name != name.strip():
            yield field, "must be a name on one line"
        elif len(name) > LONGEST:
            yield field, f"is longer than {LONGEST} characters"


def _names(rule: Rule) -> Iterator[tuple[str, str]]:
    yield from (("title.en", rule.en), ("title.zh", rule.zh))
    yield from ((f"also[{place}]", name) for place, name in enumerate(rule.also))


def _taken(rule: Rule, others: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    """A word in a list must not mean two things."""
    known = {name: other.category for other in others for name in called(other)}
    fields = ("category", *(field for field, _ in _names(rule)))
    for field, name in zip(fields, called(rule), strict=True):
        if name in known:
            yield field, f"is a name of the category {known[name]}, too"


def to_json(rule: Rule) -> dict[str, Any]:
    """As it is kept."""
    return asdict(rule)


def from_json(body: Mapping[str, Any]) -> Rule:
    """The inverse; what a newer version says besides is left out."""
    known = {name: body[name] for name in Rule.__dataclass_fields__ if name in body}
    return Rule(**{**known, "also": tuple(known.get("also", ()))})
