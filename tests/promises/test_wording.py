"""The rules in words: every one of them, in both languages, whatever its values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callserver.promises.defaults import DEFAULTS
from callserver.promises.holding import RULES, Look, explain, held
from callserver.promises.hours import Hours, Span, every_day
from callserver.promises.wording import TEXTS, said
from tests.promises.samples import HOUR, MONDAY, look, promise

CALLBACK = DEFAULTS["callback"]
NEVER = Hours(weekly=every_day())
NIGHT = Hours(weekly=every_day(Span(begin=22 * 60, end=26 * 60)))

# One look a rule, at which it is the first that holds.
LOOKS: dict[str, Look] = {
    "settled": look(promise=promise(status="kept")),
    "in_hands": look(promise=promise(status="dialling")),
    "outcome_unknown": look(promise=promise(status="unknown")),
    "dialling_paused": look(dialling_paused=True),
    "kind_paused": look(kind_paused=True),
    "ticket_over": look(ticket_open=False),
    "customer_gone": look(customer_state="erased"),
    "do_not_call": look(do_not_call=True),
    "no_number": look(number_ok=False),
    "past_deadline": look(now=MONDAY + 3 * HOUR, policy=replace(CALLBACK, after_broken=False)),
    "used_up": look(used_up=True),
    "too_early": look(promise=promise(earliest_at=MONDAY + HOUR)),
    "not_due": look(promise=promise(due_at=MONDAY + HOUR)),
    "retry_later": look(retry_at=MONDAY + HOUR),
    "outside_hours": look(policy=replace(CALLBACK, hours=NIGHT)),
    "shown": look(policy=replace(CALLBACK, offer="show")),
    "owner_first": look(promise=promise(kind="watch"), owner_state="paused"),
    "kind_full": look(policy=replace(CALLBACK, at_once=2), at_once=2),
    "no_switch": look(switch_seen=False),
    "trunk_busy": look(trunk_busy=True),
    "callers_first": look(waiting_past_target=3),
    "nobody_free": look(free_agents=0),
}


def test_every_rule_has_a_look_and_words():
    assert [rule.code for rule in RULES] == list(LOOKS) == list(TEXTS)


@pytest.mark.parametrize("rule", LOOKS)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_rule_says_why_it_holds_and_why_it_does_not(rule, language):
    found = held(LOOKS[rule])
    assert found is not None
    assert found.code == rule
    held_back = said(found, language)
    assert "{" not in held_back
    assert (held_back != held_back.encode("ascii", "ignore").decode()) == (language == "zh-CN")
    for line in explain(look()):
        assert "{" not in said(line, language)


def test_values_are_said_in_words():
    watched = held(LOOKS["owner_first"])
    assert watched is not None
    assert said(watched, "en").startswith(
        "Whoever promised it is on a pause; it waits for them until 2026-11-23T06:05"
    )
    assert "小休中" in said(watched, "zh-CN")


def test_hours_that_never_come_are_said_too():
    never = held(look(policy=replace(CALLBACK, hours=NEVER)))
    assert never is not None
    assert never.again_at is None
    assert said(never, "en").endswith("the next ones: never.")
