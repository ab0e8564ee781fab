"""`callserver privacy` and `callserver audit`, as their user sees them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from callserver.customers import checking
from callserver.customers.record import CustomerId
from callserver.facts import iso
from callserver.numbers import Plan
from callserver.store import audit, customers, engine, migrations
from callserver.store.audit_chain import anchor
from tests.cli.conftest import Command
from tests.store.a_person import MEI
from tests.store.samples import MORNING

NAME, NUMBER = "欧阳秋水", "13912345678"


@pytest.fixture
def database(settings: Path) -> Path:
    """The settings' database, with one customer in it."""
    file = settings.parent / "callserver.db"
    asyncio.run(_filled(f"sqlite:///{file}"))
    return file


async def _filled(url: str) -> None:
    await migrations.upgrade(url)
    store = await engine.open(url)
    draft = checking.customer({"name": NAME, "numbers": [{"received": NUMBER}]}, Plan())
    made = await store.write(lambda connection: customers.create(connection, draft, MEI, MORNING))
    assert made.id == CustomerId(1)
    await store.write(lambda c: audit.note(c, MEI, "customer.read", "customer:1", {}, MORNING))
    await store.close()


def test_a_customer_is_shown_handed_out_and_erased(callserver: Command, database: Path) -> None:
    assert "numbers: 1\n" in callserver("privacy", "show", "1").out
    made = callserver("privacy", "export", "1", "one.zip")
    assert (made.code, made.err) == (0, "")
    zipped = Path("one.zip")
    assert zipped.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(zipped) as archive:
        assert archive.testzip() is None
        assert NAME in archive.read("index.html").decode()
        assert json.loads(archive.read("customer.json"))[0]["numbers"][0]["e164"] == "+86" + NUMBER
    again = callserver("privacy", "export", "1", "one.zip")
    assert again.code == 7, "a file that is there is not overwritten"
    asked = [sys.executable, "-m", "callserver", "privacy", "erase", "1"]
    assert subprocess.run(asked, input=b"n\n", capture_output=True, check=False).returncode == 1
    assert "numbers: 1\n" in callserver("privacy", "show", "1").out, "whoever says no is heard"
    done = callserver("privacy", "erase", "1", "--yes", "--wipe", "--json")
    assert done.code == 0
    assert json.loads(done.out.splitlines()[0])["finished"] is True
    content = b"".join(one.read_bytes() for one in database.parent.glob("callserver.db*"))
    assert NUMBER.encode() not in content
    assert NAME.encode() not in content
    assert "was erased" in callserver("privacy", "erase", "1", "--yes").err


def test_whom_there_is_not_is_said_so(callserver: Command, database: Path) -> None:
    for arguments in (("show", "9"), ("export", "9", "nine.zip"), ("erase", "9", "--yes")):
        said = callserver("privacy", *arguments)
        assert said.code == 2
        assert "there is no customer 9" in said.err
    assert not Path("nine.zip").exists()


def test_what_is_old_goes_when_told(callserver: Command, settings: Path, database: Path) -> None:
    before = callserver("privacy", "retention", "--dry-run", "--json")
    assert before.json == [dict.fromkeys(before.json[0], 0)]
    settings.write_text(settings.read_text() + "[retention]\naudit_days = 0\n")
    with sqlite3.connect(database) as rows:
        rows.execute("INSERT INTO idempotency VALUES ('a', 'b', 'c', 1, 200, '{}')")
    assert "answers: 1 would go" in callserver("privacy", "retention", "--dry-run").out
    assert callserver("privacy", "retention").out == "answers: 1 gone\n"
    assert callserver("privacy", "retention").out == "nothing is old enough\n"
    settings.write_text(settings.read_text().replace("audit_days = 0", "audit_days = -1"))
    assert callserver("privacy", "retention").code == 3


def test_the_audit_is_verified_and_listed(callserver: Command, database: Path) -> None:
    whole = callserver("audit", "verify")
    assert (whole.code, whole.out[:36]) == (0, "2 lines, all as they were written; t")
    (newest,) = callserver("audit", "list", "--last", "1", "--json").json
    assert (newest["action"], newest["subject"], newest["at"]) == (
        "customer.read",
        "customer:1",
        iso(MORNING),
    )
    assert len(callserver("audit", "list", "--actor", "mei").out.splitlines()) == 2
    assert callserver("audit", "list", "--subject", "customer:2").out == ""
    assert [line["seq"] for line in callserver("audit", "export").json] == [1, 2]


def test_a_line_that_was_removed_is_a_finding(callserver: Command, database: Path) -> None:
    asyncio.run(_anchored(f"sqlite:///{database}"))
    told = callserver("audit", "export").json[-1]
    with sqlite3.connect(database) as rows:
        rows.execute("DROP TRIGGER audit_undeleted")
        rows.execute("DROP TRIGGER audit_marks_undeleted")
        rows.execute("DELETE FROM audit WHERE seq = 2")
    assert callserver("audit", "verify").out == "line 2: cut off: there was a line 2 once\n"
    with sqlite3.connect(database) as rows:
        rows.execute("DELETE FROM audit_marks")
    assert callserver("audit", "verify").code == 0
    found = callserver("audit", "verify", "--json", "--anchor", f"2:{told['hash']}")
    assert found.code == 1
    assert found.json[0]["broken"]["seq"] == 2
    assert callserver("audit", "verify", "--anchor", "2:xyz").code == 2


async def _anchored(url: str) -> None:
    store = await engine.open(url)
    await store.write(lambda connection: anchor(connection, MORNING))
    await store.close()
