"""The commands that stand on the database: make it, look into it, put it right."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from callserver.cli.tail import moment, readable
from callserver.store import engine, jobs
from tests.cli.conftest import Command
from tests.node.test_duty import times

DAY = (
    __import__("datetime")
    .datetime.fromtimestamp(times()[0] / 1000, __import__("datetime").UTC)
    .date()
    .isoformat()
)


def test_without_tables_the_database_is_refused_with_the_command_that_helps(
    callserver: Command, settings: Path
) -> None:
    said = callserver("db", "check")
    assert said.code == 5
    assert "callserver db upgrade" in said.err


def test_upgrade_makes_the_tables_once(callserver: Command, settings: Path) -> None:
    assert callserver("db", "upgrade").out.endswith(": upgraded\n")
    assert callserver("db", "upgrade").out.endswith(": nothing to do\n")
    (found,) = callserver("db", "check", "--json").json
    assert found["asterisk"] == [{"id": "main", "facts": 0, "seen_at": None, "open_calls": 0}]
    assert callserver("db", "check").code == 0


def test_a_job_that_was_given_up_is_shown_with_its_reason_and_tried_again(
    callserver: Command, settings: Path
) -> None:
    callserver("db", "upgrade")
    assert (callserver("db", "dead").code, callserver("db", "dead").out) == (0, "no job was given up\n")
    asyncio.run(_given_up(settings.with_name("callserver.db"), "land:main:1.1:ended", "no such kind: call"))
    said = callserver("db", "dead")
    assert said.code == 1
    assert "land:main:1.1:ended  no such kind: call" in said.out
    (found,) = callserver("db", "dead", "--json").json
    assert (found["dead"][0]["key"], found["dead"][0]["kind"]) == ("land:main:1.1:ended", "land")
    assert "jobs given up: 1 (why: `callserver db dead`)" in callserver("db", "check").out
    assert callserver("db", "again").code == callserver("db", "again", "land:of:nobody").code == 2
    assert callserver("db", "again", "land:main:1.1:ended").out == "1 will be tried again\n"
    (held,) = callserver("db", "check", "--json").json
    assert (held["waiting_jobs"], held["dead_jobs"]) == ({"land": 1}, 0)
    assert callserver("db", "again", "--all").out == "0 will be tried again\n"


async def _given_up(database: Path, key: str, why: str) -> None:
    store = await engine.open(f"sqlite:///{database}")
    await jobs.enqueue(store, [jobs.NewJob(kind="land", key=key)])
    (claimed,) = await jobs.claim(store, "worker")
    assert await jobs.bury(store, claimed, why)
    await store.close()


def test_what_was_omitted_is_found_repaired_and_then_gone(callserver: Command, settings: Path) -> None:
    callserver("db", "upgrade")
    span = ("--from", DAY, "--to", DAY)
    found = callserver("reconcile", *span)
    assert found.code == 1
    assert "1 calls on the switch, 0 here, 1 omitted (1e+06 ppm), 0 repaired" in found.out
    assert "omitted  main:" in found.out
    (repaired,) = callserver("reconcile", *span, "--apply", "--json").json
    assert (repaired["omitted"], repaired["repaired"], repaired["day"]) == (1, 1, DAY)
    again = callserver("reconcile", *span)
    assert again.code == 0
    assert "1 calls on the switch, 1 here, 0 omitted (0 ppm)" in again.out
    told = callserver("tail", "--no-follow")
    assert "CallRecovered" in told.out
    (fact,) = callserver("tail", "--no-follow", "--json").json
    assert (fact["seq"], fact["fact"], fact["record"]["outcome"]) == (1, "CallRecovered", "answered")
    assert callserver("tail", "--no-follow", "--since", "0s").out == ""
    assert "CallRecovered" in callserver("tail", "--no-follow", "--since", f"{DAY}T00:00:00Z").out


def test_a_switch_that_is_not_in_the_settings_is_named(callserver: Command, settings: Path) -> None:
    for command in ("tail", "reconcile"):
        said = callserver(command, "--pbx", "east")
        assert said.code == 3
        assert "no Asterisk is called 'east'; known: main" in said.err


@pytest.mark.parametrize(
    "arguments", [("--from", "yesterday"), ("--from", "2026-01-02", "--to", "2026-01-01")]
)
def test_days_that_are_none_are_refused(
    callserver: Command, settings: Path, arguments: tuple[str, ...]
) -> None:
    assert callserver("reconcile", *arguments).code == 2


def test_journals_that_are_not_there_end_with_6(callserver: Command, settings: Path) -> None:
    callserver("db", "upgrade")
    said = callserver(
        "reconcile",
        CALLSERVER_ASTERISK_MAIN_QUEUE_LOG="/none/queue_log",
        CALLSERVER_ASTERISK_MAIN_CEL="/none/cel",
    )
    assert said.code == 6
    assert "/none/queue_log" in said.err


def test_a_moment_is_so_long_ago_or_an_instant() -> None:
    assert moment("10m", 1_000_000) == 400_000
    assert moment("1970-01-01T00:00:01Z", 0) == 1000


def test_a_fact_is_one_readable_line_whatever_the_caller_is_called() -> None:
    line = readable(
        {
            "fact": "CallStarted",
            "v": 1,
            "pbx": "main",
            "call": "main:1.0",
            "at": 1000,
            "caller_name": "a\n\x1b[31mb",
        }
    )
    assert "\n" not in line
    assert "\x1b" not in line
    assert line.startswith("1970-01-01 00:00:01.000  main:1.0")
    assert r"caller_name=a\n\x1b[31mb" in line
    assert readable({"fact": "LinkLost", "pbx": "main", "at": None}).startswith("(no time)")


def test_every_instant_of_a_fact_is_readable() -> None:
    line = readable({"fact": "LinkRestored", "pbx": "main", "at": 2000, "lost_at": 1000, "restarted": True})
    assert line.startswith("1970-01-01 00:00:02.000  main ")
    assert line.endswith("lost_at=1970-01-01T00:00:01.000Z  restarted=True")
