"""Alerts over HTTP: listed, acknowledged, put off; rules written by administrators; not of other teams' queues."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from callserver.alerts.defaults import DEFAULTS
from callserver.alerts.judging import Cleared, Raised
from callserver.alerts.rule import RuleId, Subject
from callserver.store import alerting
from callserver.web.warning import alert_told
from tests.push.described import fits
from tests.web.conftest import BOTH, NOW, Site
from tests.web.people import Browser, team, user

RULE = DEFAULTS[RuleId("long_wait")]
GIVEN: dict[str, Any] = {
    "metric": "waiting",
    "title": {"en": "Too many", "zh": "太多"},
    "threshold": 5,
    "clear": 2,
    "mail": ["boss@example.com"],
}


async def raised(site: Site, queue: str = "repair", at: int = NOW) -> int:
    event = Raised(rule=RULE, subject=Subject("queue", "main", queue), value=75.0, at=at)
    made = await site.store.write(lambda c: alerting.raised(c, event, UTC))
    assert made is not None
    return made.id


async def cleared(site: Site, queue: str = "repair") -> None:
    where = Subject("queue", "main", queue)
    event = Cleared(rule=RULE.id, subject=where, value=3.0, worst=99.0, at=NOW + 60_000, why="good")
    await site.store.write(lambda c: alerting.cleared(c, event, RULE, UTC))


@BOTH
async def test_an_alert_is_told_with_all_that_is_known(site: Site) -> None:
    id = await raised(site)
    (told,) = await site.store.read(alerting.open_alerts)
    fits("alert", alert_told(told))
    (one,) = (await site.api("alerts?open=true"))["alerts"]
    assert (one["id"], one["queue"], one["value"], one["severity"]) == (id, "repair", 75.0, "warning")
    assert one["said"]["en"] == "Longest wait 75 s (above 60 s), queue repair (main)"
    assert one["said"]["zh"] == "最长等待 75 秒 (超过 60 秒), 队列 repair（main）"
    await cleared(site)
    (one,) = (await site.api("alerts?open=false&rule=long_wait&queue=repair"))["alerts"]
    assert (one["worst"], one["why"]) == (99.0, "good")
    assert (await site.api("alerts?open=true"))["alerts"] == []


async def test_pages_are_turned_to_the_end(site: Site) -> None:
    ids = [await raised(site, f"q{number}", NOW + number) for number in range(5)]
    seen, query = list[int](), "alerts?limit=2"
    while True:
        page = await site.api(query)
        seen += [one["id"] for one in page["alerts"]]
        if page["cursor"] is None:
            break
        query = f"alerts?limit=2&cursor={page['cursor']}"
    assert seen == ids[::-1]


@BOTH
async def test_somebody_takes_care_and_everybody_sees_who(site: Site) -> None:
    id = await raised(site)
    said = await site.ask("POST", f"alerts/{id}/ack", {"why": "on it"})
    assert (said.status, said.body["acked_by"], said.body["ack_why"]) == (200, "operator", "on it")
    assert (await site.ask("POST", f"alerts/{id}/ack", {})).status == 409
    put_off = await site.ask("POST", f"alerts/{id}/snooze", {"minutes": 30, "why": "known"})
    assert (put_off.body["acked_at"], put_off.body["snooze_why"]) == (None, "known")
    assert put_off.body["snoozed_until"] is not None
    anew = await site.ask("POST", f"alerts/{id}/reset")
    assert (anew.body["snoozed_until"], anew.body["snooze_why"]) == (None, "")
    await cleared(site)
    assert (await site.ask("POST", f"alerts/{id}/ack", {})).status == 409
    assert (await site.ask("POST", f"alerts/{id + 1}/snooze", {"minutes": 1})).status == 404
    assert (await site.ask("POST", f"alerts/{id}/snooze", {"minutes": 0})).status in (400, 422)


async def test_another_teams_alert_is_not_there(site: Site) -> None:
    mine, other = await raised(site, "repair"), await raised(site, "sales")
    await team(site, "repair")
    await user(site, "boss", "supervisor", teams=["repair"])
    boss = Browser(site)
    await boss.sign_in("boss")
    listed = (await boss.ask("GET", "alerts")).body["alerts"]
    assert [one["id"] for one in listed] == [mine]
    assert (await boss.ask("GET", "alerts?queue=sales")).body["alerts"] == []
    never = (await boss.ask("GET", f"alerts/{other + 100}")).body
    tries: dict[str, Any] = {"": None, "/ack": {}, "/snooze": {"minutes": 1}, "/reset": None}
    for path, body in tries.items():
        said = await boss.ask("POST" if path else "GET", f"alerts/{other}{path}", body)
        assert (said.status, said.body["detail"]) == (404, never["detail"])
    assert (await boss.ask("POST", f"alerts/{mine}/ack", {})).status == 200
    assert (await boss.ask("GET", "alert-rules")).status == 403


# --- rules -----------------------------------------------------------------------------------------------------------


@BOTH
async def test_a_rule_is_made_changed_and_removed(site: Site) -> None:
    made = await site.ask("POST", "alert-rules", GIVEN)
    assert (made.status, made.body["id"], made.body["version"]) == (201, "rule-1", 1)
    changed = await site.ask("PUT", "alert-rules/rule-1", {**GIVEN, "threshold": 7}, If_Match='"1"')
    assert (changed.status, changed.body["threshold"], changed.headers["ETag"]) == (200, 7, '"2"')
    assert (await site.ask("PUT", "alert-rules/rule-1", GIVEN, If_Match='"1"')).status == 412
    gone = await site.ask("DELETE", "alert-rules/rule-1", If_Match='"2"')
    assert (gone.status, gone.body) == (200, {"left": None})
    assert (await site.ask("GET", "alert-rules/rule-1")).status == 404
    assert (await site.ask("POST", "alert-rules", GIVEN)).body["id"] == "rule-2"


async def test_every_shipped_rule_goes_in_as_it_comes_out_and_can_be_had_back(site: Site) -> None:
    for one in (await site.api("alert-rules"))["rules"]:
        same = {name: value for name, value in one.items() if name not in ("id", "version", "shipped")}
        said = await site.ask("PUT", f"alert-rules/{one['id']}", same, If_Match='"0"')
        assert (said.status, said.body) == (200, {**one, "version": 1}), said.body
        back = await site.ask("DELETE", f"alert-rules/{one['id']}", If_Match='"1"')
        assert back.body == {"left": one}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"metric": "mood"}, "metric"),
        ({"clear": 6}, "clear"),
        ({"side": "below", "clear": 4}, "clear"),
        ({"title": {"en": " "}}, "title"),
        ({"mail": ["boss@example.com\r\nBcc: all@example.com"]}, "mail[0]"),
        ({"repeat_s": 5}, "repeat_s"),
        ({"queues": ["a b"]}, "queues[0]"),
        ({"quiet": [{"days": [0], "begin": 600, "end": 600}]}, "quiet[0].end"),
        ({"screens": False, "webhook": False, "mail": []}, "screens"),
        ({"metric": "disk_free_ratio", "queues": ["repair"]}, "queues"),
    ],
)
async def test_what_is_wrong_is_named(site: Site, wrong: dict[str, Any], field: str) -> None:
    said = await site.ask("POST", "alert-rules", {**GIVEN, **wrong})
    assert (said.status, said.fields) == (422, [field]), said.body


@BOTH
async def test_a_rule_is_tried(site: Site) -> None:
    await site.ask("POST", "alert-rules", GIVEN)
    said = await site.ask("POST", "alert-rules/rule-1/test")
    assert (said.status, said.body["test"], said.body["about"]) == (201, True, "site")
    (told,) = said.body["told"]
    assert (told["way"], told["target"], told["word"]) == ("mail", "boss@example.com", "raised")
    assert (await site.ask("POST", "alert-rules/rule-1/test")).status == 201  # and again at once


async def test_what_can_be_watched_is_told(site: Site) -> None:
    found = {one["key"]: one for one in (await site.api("alert-metrics"))["metrics"]}
    assert (found["longest_wait"]["unit"], found["link_down_s"]["about"]) == ("seconds", "switch")
    assert all(one["title"]["zh"] for one in found.values())
