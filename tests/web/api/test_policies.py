"""Policies over HTTP: read, written by administrators on the version they saw, every wrong field named."""

from __future__ import annotations

from typing import Any

import pytest

from callserver.tickets.promise import PROMISE_KINDS
from tests.web.conftest import BOTH, Site

HOUR = 3_600_000


async def put(site: Site, body: dict[str, Any], kind: str = "watch", version: str = '"0"') -> Any:
    return await site.ask("PUT", f"policies/{kind}", body, If_Match=version)


async def test_every_kind_has_a_policy_from_the_first_day(site: Site) -> None:
    found = (await site.api("policies"))["policies"]
    assert [one["kind"] for one in found] == list(PROMISE_KINDS)
    assert {one["version"] for one in found} == {0}
    watch = await site.api("policies/watch")
    assert (watch["due_ms"], watch["deadline_ms"], watch["first"]) == (HOUR // 2, HOUR, "owner")


@BOTH
async def test_a_policy_goes_in_as_it_comes_out(site: Site) -> None:
    for one in (await site.api("policies"))["policies"]:
        same = {name: value for name, value in one.items() if name not in ("kind", "version")}
        said = await put(site, same, one["kind"])
        assert (said.status, said.body) == (200, {**one, "version": 1})
        assert said.headers["ETag"] == '"1"'


@BOTH
async def test_of_two_administrators_the_second_hears_of_the_first(site: Site) -> None:
    assert (await put(site, {"deadline_ms": 2 * HOUR})).body["deadline_ms"] == 2 * HOUR
    assert (await put(site, {"deadline_ms": 3 * HOUR})).status == 412
    assert (await site.api("policies/watch"))["deadline_ms"] == 2 * HOUR
    assert (await site.ask("PUT", "policies/watch", {})).status == 428
    reset = await site.ask("DELETE", "policies/watch", If_Match='"1"')
    assert (reset.body["version"], reset.body["deadline_ms"]) == (0, HOUR)


SPAN = {"begin": 540, "end": 1080}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"deadline_ms": HOUR // 4}, "deadline_ms"),
        ({"hours": {"weekly": [[]] * 7}}, "hours.weekly"),
        ({"hours": {"weekly": [[SPAN]] * 6}}, "hours.weekly"),
        ({"hours": {"weekly": [[{"begin": 600, "end": 540}]] + [[]] * 6}}, "hours.weekly[0][0]"),
        ({"hours": {"weekly": [[SPAN]] * 7, "closed": ["2027-02-30"]}}, "hours.closed[0]"),
        ({"retries": {"talked": {"delay_ms": 1000, "times": 1}}}, "retries"),
        ({"retries": {"busy": {"delay_ms": 1, "times": 1}}}, "retries.busy.delay_ms"),
        ({"mode": "automatic"}, "prompt"),
        ({"mode": "automatic", "prompt": "never_recorded"}, "prompt"),
        ({"mode": "loud"}, "mode"),
        ({"script": {"fr": "Allô"}}, "script.fr"),
        ({"due_ms": 10**17}, "due_ms"),
        ({"most_tries": 0}, "most_tries"),
    ],
)
async def test_what_is_wrong_is_named(site: Site, wrong: dict[str, Any], field: str) -> None:
    said = await put(site, wrong)
    assert (said.status, said.fields) == (422, [field]), said.body
    assert (await site.api("policies/watch"))["version"] == 0


async def test_there_is_no_policy_of_what_is_no_kind(site: Site) -> None:
    assert (await site.get("/api/v1/policies/nothing", "tok3n")).status == 404
    assert (await put(site, {}, "nothing")).status == 404
