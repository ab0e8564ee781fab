"""`callserver promises`: as an operator uses it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from callserver.facts import MACHINE, iso
from callserver.store import engine, migrations, promises, prompts, tickets
from callserver.tickets.changing import Draft
from callserver.tickets.promise import NewPromise
from tests.cli.conftest import Command

NOON = 1_795_300_000_000  # 2026-11-21
HOUR = 3_600_000
TICKET = "1000015"
LATER = 4_102_444_800_000  # 2100-01-01


@pytest.fixture
def known(settings: Path, tmp_path: Path) -> None:
    """A ticket that owes a call since long, and one that comes due in 2100."""
    url = f"sqlite:///{tmp_path}/promises.db"
    settings.write_text(settings.read_text() + f'[database]\nurl = "{url}"\n')

    async def prepare() -> None:
        await migrations.prepare(url)
        store = await engine.open(url)
        complaint = Draft(kind="complaint", caller="+8613800138000")
        opened = await store.write(lambda c: tickets.open_ticket(c, complaint, MACHINE, NOON))
        late = NewPromise(
            kind="callback", ticket=opened.id, due_at=1, deadline_at=HOUR, why="gas \x1b[31m\u202e"
        )
        far = NewPromise(kind="watch", ticket=opened.id, due_at=LATER, deadline_at=LATER + HOUR)
        await store.write(lambda c: promises.owe(c, late, NOON))
        await store.write(lambda c: promises.owe(c, far, NOON))
        await store.close()

    asyncio.run(prepare())


@pytest.mark.usefixtures("known")
def test_what_is_owed_is_listed_a_line_each_the_most_urgent_first(callserver: Command) -> None:
    said = callserver("promises", "list")
    first, second = said.out.splitlines()
    assert first.startswith(
        "1  callback  planned  due 1970-01-01T00:00:00.001Z  late  ticket 100 001 5  -  +8613800138000"
    )
    assert second.startswith("2  watch  planned  due 2100-01-01T")
    assert "\x1b" not in said.out
    assert [one["id"] for one in callserver("promises", "list", "--late", "--json").json] == [1]
    assert [one["id"] for one in callserver("promises", "list", "--all", "--json").json] == [2, 1]
    assert [
        one["id"] for one in callserver("promises", "list", "-n", "1", "--kind", "watch", "--json").json
    ] == [2]
    assert callserver("promises", "list", "--owner", "anna").out == "no such promises\n"


@pytest.mark.usefixtures("known")
def test_a_call_is_promised_by_its_policy_or_at_a_moment_of_the_sites_clock(callserver: Command) -> None:
    (made,) = callserver("promises", "add", TICKET, "watch", "--json").json
    assert (made["status"], made["number"]) == ("planned", "+8613800138000")
    named = ("--at", "2100-01-02T09:00", "--why", "is home then", "--number", "0532 8888 9999")
    (named_at,) = callserver("promises", "add", TICKET, "requested", *named, "--json").json
    assert (named_at["due_at"], named_at["why"]) == ("2100-01-02T09:00:00.000Z", "is home then")
    assert named_at["number"].startswith("+86")
    (spoken,) = callserver("promises", "add", TICKET, "return_visit", "--mode", "automatic", "--json").json
    assert spoken["mode"] == "automatic"
    zoned = callserver("promises", "add", TICKET, "requested", "--at", "2100-01-02T09:00+08:00")
    assert "due 2100-01-02T01:00:00.000Z" in zoned.out


@pytest.mark.usefixtures("known")
def test_why_a_call_was_not_made_is_said_by_rules(callserver: Command) -> None:
    said = callserver("promises", "explain", "2")
    assert said.code == 0
    assert f"It is due at {iso(LATER)}." in said.out
    assert "  x not_due: " in said.out and "  - dialling_paused: " in said.out
    assert "nobody_free: " not in said.out and "known to the running server only" in said.out
    callserver("promises", "pause", "watch", "--why", "new script")
    (told,) = callserver("promises", "explain", "2", "--json").json
    assert [one["code"] for one in told["lines"] if one["holds"]] == ["kind_paused", "not_due"]


@pytest.mark.usefixtures("known")
def test_dialling_is_stopped_with_a_reason_and_goes_on(callserver: Command) -> None:
    assert callserver("promises", "pause", "--why", "storm").out == "paused: all (storm)\n"
    assert callserver("promises", "pause", "survey", "--why", "wrong list").code == 0
    assert callserver("promises", "resume").out == "goes on: all; still paused: survey\n"
    assert callserver("promises", "resume", "survey").out == "goes on: survey\n"


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--status", "lost"], "--status: has to be one of"),
        (["list", "--kind", "<script>"], "--kind: has to be one of"),
        (["add", TICKET, "nothing"], "KIND: has to be one of"),
        (["add", TICKET, "watch", "--at", "tomorrow"], "--at: is no moment"),
        (["add", TICKET, "watch", "--mode", "shouting"], "--mode: has to be one of"),
        (["add", TICKET, "watch", "--mode", "automatic"], "mode: calls of this kind have no recording"),
        (["add", TICKET, "watch", "--number", "anonymous"], "--number: is no telephone number"),
        (["add", "1000016", "watch"], "its last digit does not fit"),
        (["explain", "99"], "there is no promise with the id 99"),
        (["pause", "everything", "--why", "x"], "there is nothing called 'everything' to pause"),
        (["pause", "--why", " "], "why: say why"),
    ],
)
def test_what_is_wrong_is_said(callserver: Command, arguments: list[str], said: str) -> None:
    wrong = callserver("promises", *arguments)
    assert wrong.code == 2
    assert said in wrong.err


@pytest.mark.usefixtures("known")
def test_recordings_are_written_for_the_switch(callserver: Command, tmp_path: Path) -> None:
    target = tmp_path / "prompts"
    assert (
        callserver("promises", "prompts", str(target)).out == "no recordings: the shipped ones are played\n"
    )

    async def record() -> None:
        store = await engine.open(f"sqlite:///{tmp_path}/promises.db")
        await store.write(lambda c: prompts.put(c, "zh", "survey", b"RIFF", 500, MACHINE, NOON))
        await store.close()

    asyncio.run(record())
    assert callserver("promises", "prompts", str(target)).out == f"{target}/zh/survey.wav\n"
    assert (target / "zh" / "survey.wav").read_bytes() == b"RIFF"
