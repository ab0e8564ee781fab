"""Rules as JSON, and JSON as rules.

In: a rule; or JSON that has the right types (who checks those is the API). Out: JSON; a rule, not checked yet. Must not
know: HTTP, the store. A field that is missing is as by default, so that what an older version kept can be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from callserver.alerts.rule import Quiet, Rule, RuleId


def to_json(rule: Rule) -> dict[str, Any]:
    """Every field by its name."""
    return asdict(rule) | {"title": dict(rule.title)}


def from_json(body: Mapping[str, Any]) -> Rule:
    """The inverse; unknown fields are ignored."""
    given = {one.name: body[one.name] for one in fields(Rule) if one.name in body}
    given["id"] = RuleId(given["id"])
    for name in ("queues", "switches", "mail"):
        if name in given:
            given[name] = tuple(dict.fromkeys(given[name]))
    if "quiet" in given:
        given["quiet"] = tuple(_quiet(one) for one in given["quiet"])
    return Rule(**given)


def _quiet(body: Mapping[str, Any]) -> Quiet:
    return Quiet(days=tuple(sorted(set(body["days"]))), begin=body["begin"], end=body["end"])
