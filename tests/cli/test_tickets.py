"""`callserver tickets`: as an operator uses it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from callserver.facts import MACHINE
from callserver.store import engine, migrations, promises, tickets
from callserver.tickets.changing import Draft
from callserver.tickets.promise import owed
from callserver.tickets.record import Ticket
from tests.cli.conftest import Command

NOON = 1_795_300_000_000


@pytest.fixture
def known(settings: Path, tmp_path: Path) -> list[Ticket]:
    """A complaint that owes a call, and a question that was answered."""
    url = f"sqlite:///{tmp_path}/tickets.db"
    settings.write_text(settings.read_text() + f'[database]\nurl = "{url}"\n')

    async def prepare() -> list[Ticket]:
        await migrations.prepare(url)
        store = await engine.open(url)
        subject = "Gas smell \x1b[31m\u202e"
        complaint = Draft(kind="complaint", subject=subject, caller="+8613800138000")
        made = [
            await store.write(lambda c: tickets.open_ticket(c, complaint, MACHINE, NOON)),
            await store.write(lambda c: tickets.open_ticket(c, Draft(kind="information"), MACHINE, NOON)),
        ]
        call = owed("callback", made[0].id, NOON)
        await store.write(lambda c: promises.owe(c, call, NOON))
        await store.write(lambda c: tickets.move(c, made[1].id, "closed", "", MACHINE, NOON))
        await store.close()
        return made

    return asyncio.run(prepare())


def test_open_tickets_are_listed_a_line_each(callserver: Command, known: list[Ticket]) -> None:
    said = callserver("tickets", "list")
    assert (said.code, said.out.count("\n")) == (0, 1)
    assert said.out.startswith("100 001 5  complaint  open  high  -  due 2026-11-22T")
    assert "\x1b" not in said.out and "\\x1b[31m" not in said.out
    assert callserver("tickets", "list", "--all").out.count("\n") == 2
    assert [one["number"] for one in callserver("tickets", "list", "--status", "closed", "--json").json] == [
        "1000028"
    ]
    assert callserver("tickets", "list", "--owner", "anna").out == "no such tickets\n"


def test_a_ticket_is_shown_with_its_story_and_what_it_owes(callserver: Command, known: list[Ticket]) -> None:
    said = callserver("tickets", "show", "No. 100 001 5")
    assert said.code == 0
    assert "owes: callback, due " in said.out
    assert [line.split("  ")[1] for line in said.out.splitlines() if line.startswith("2026")] == [
        "promise",
        "opened",
    ]
    (told,) = callserver("tickets", "show", "1000015", "--json").json
    assert told["owes"][0]["kind"] == "callback"
    assert [entry["seq"] for entry in told["timeline"]] == [2, 1]


def test_a_note_is_added_by_whoever_sits_there(callserver: Command, known: list[Ticket]) -> None:
    assert callserver("tickets", "note", "1000028", "letter came back").code == 0
    (told,) = callserver("tickets", "show", "1000028", "--json").json
    entry = told["timeline"][0]
    assert (entry["kind"], entry["body"], entry["through"]) == ("note", {"text": "letter came back"}, "cli")


def test_what_is_owed_closes_with_a_reason_only(callserver: Command, known: list[Ticket]) -> None:
    said = callserver("tickets", "close", "1000015")
    assert (said.code, said.err) == (2, "callserver: why: calls are still owed: closing it needs a reason\n")
    (told,) = callserver("tickets", "close", "1000015", "--why", "called in first", "--json").json
    assert (told["status"], told["closing"]) == ("closed", "called in first")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "1000016"], "its last digit does not fit"),
        (["show", "1000031"], "there is no ticket with this number"),
        (["note", "1000015", " "], "text: is empty"),
        (["list", "--sort", "colour"], "--sort: has to be one of"),
        (["list", "--status", "lost"], "--status: has to be one of"),
    ],
)
def test_a_mistake_is_one_line(
    callserver: Command, known: list[Ticket], arguments: list[str], said: str
) -> None:
    answer = callserver("tickets", *arguments)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert said in answer.err
