"""What holds a call that is owed, what was tried, and what a person has to say of it."""

from __future__ import annotations

import pytest

from callserver.facts import iso
from callserver.promises.outcomes import AttemptOutcome
from callserver.store import attempts, promises, turns
from callserver.store.attempts import Next
from callserver.tickets.promise import PromiseStatus
from callserver.tickets.record import PromiseId
from tests.web.api.test_dialling import start
from tests.web.api.test_keeping import owed
from tests.web.api.test_phone import NUMBER, agent, node
from tests.web.conftest import BOTH, NOW, Site

MINUTE = 60_000


async def ended(site: Site, outcome: AttemptOutcome, then: PromiseStatus) -> None:
    """What the dialler learns of the first attempt."""
    await site.store.write(
        lambda c: attempts.ended(c, 1, outcome, {"record": "seen"}, site.now, Next(status=then))
    )


async def holding(site: Site, path: str) -> list[str]:
    """The rules that hold it, in their order."""
    return [one["code"] for one in (await site.api(f"{path}/explain"))["lines"] if one["holds"]]


@BOTH
async def test_why_a_call_was_not_made_yet_is_answered_by_rules_in_words(site: Site) -> None:
    _, path = await owed(site)
    told = await site.api(f"{path}/explain")
    first = next(one for one in told["lines"] if one["holds"])
    assert (first["code"], first["args"]) == ("not_due", {"at": iso(NOW + 5 * MINUTE)})
    assert iso(NOW + 5 * MINUTE) in first["text"]
    assert told["floor"] is False  # no switch is followed here: nobody says that nobody is free
    assert "nobody_free" not in [one["code"] for one in told["lines"]]
    site.now = NOW + 6 * MINUTE
    assert await holding(site, path) == []
    await site.ask("PUT", "dialling/all", {"paused": True, "why": "storm"})
    assert await holding(site, path) == ["dialling_paused"]


async def test_it_is_answered_in_the_language_of_whoever_asks(site: Site) -> None:
    li = await agent(site)
    _, path = await owed(site)
    assert (await li.ask("PATCH", "me", {"language": "zh-CN"})).status in (200, 204)
    (first, *_) = [one for one in (await li.ask("GET", f"{path}/explain")).body["lines"] if one["holds"]]
    assert first["text"].endswith("拨打。")


async def test_what_held_it_when_it_was_looked_at_last_is_told_too(site: Site) -> None:
    _, path = await owed(site)
    await site.store.write(lambda c: turns.hold(c, PromiseId(1), "nobody_free", NOW + 5_000, NOW))
    told = await site.api(f"{path}/explain")
    assert (told["held"], told["held_at"]) == ("nobody_free", iso(NOW))


async def test_what_is_over_has_one_answer(site: Site) -> None:
    _, path = await owed(site)
    await site.ask("POST", f"{path}/withdraw", {"why": "rang again"})
    (only,) = (await site.api(f"{path}/explain"))["lines"]
    assert (only["code"], only["args"]) == ("settled", {"status": "withdrawn"})


@BOTH
@pytest.mark.parametrize(("outcome", "status"), [("talked", "kept"), ("no_answer", "to_retry")])
async def test_a_person_says_what_nobody_saw(site: Site, outcome: str, status: str) -> None:
    li = await agent(site)
    _, path = await owed(site)
    early = await site.ask("POST", f"{path}/resolve", {"outcome": outcome, "why": "asked her"})
    assert early.status == 409
    async with node(site):
        await start(li, path)
    await ended(site, "unknown", "unknown")
    assert (await li.ask("POST", f"{path}/start", {})).status == 409  # until somebody knows
    assert (await site.ask("POST", f"{path}/resolve", {"outcome": outcome, "why": " "})).fields == ["why"]
    assert (await site.ask("POST", f"{path}/resolve", {"outcome": "unknown", "why": "x"})).fields == [
        "outcome"
    ]
    said = await site.ask("POST", f"{path}/resolve", {"outcome": outcome, "why": "asked her"})
    assert (said.status, said.body["status"]) == (200, status)
    (tried,) = (await site.api(f"{path}/attempts"))["attempts"]
    assert (tried["outcome"], tried["evidence"]["why"]) == (outcome, "asked her")


async def test_numbers_of_tries_are_masked_without_the_right_to_them(site: Site) -> None:
    li = await agent(site)
    _, path = await owed(site)
    async with node(site):
        await start(li, path)
    token = await site.token("tickets:read")
    (tried,) = (await site.ask("GET", f"{path}/attempts", token=token)).body["attempts"]
    assert tried["number"] == "138****8000"
    assert (await site.store.read(lambda c: promises.get(c, PromiseId(1)))).number == "+86" + NUMBER
    assert site.now == NOW
