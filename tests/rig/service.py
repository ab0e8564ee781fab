"""`callserver serve` as its operator runs it: a process of its own, on a settings file and a SQLite file in a folder.

Flows in: a running switch. Flows out: the service's HTTP answers, its database read from outside, its exit code. Must
not know: what the service is made of.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sqlite3
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.rig.asterisk import FILTERED, LOOPBACK, Asterisk, die_with_parent, free_port

PROGRAM = (sys.executable, "-m", "callserver")
POLL_S = 0.1
SETTINGS = """\
[[asterisk]]
id = "main"
host = "{host}"
port = {port}
user = "{user}"
secret_file = "ami.secret"
{journals}
heartbeat_s = {heartbeat_s}
deadline_s = {deadline_s}

[database]
url = "{database}"

[web]
host = "127.0.0.1"
port = {web}
token_file = "token"

[site]
country = "cn"
timezone = "{timezone}"

[log]
json = true
"""
TIMEZONE = "Asia/Shanghai"
HEARTBEAT_S = 1
DEADLINE_S = 10
"""How soon the service of a test notices a silent switch, in seconds. On a busy machine all are silent at times."""
WITHIN_S = 60
"""So long what is asked may take, for the same reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one GET gave."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Service:
    """One callserver beside one switch. Use as an async context: started, and gone at the end."""

    def __init__(
        self,
        switch: Asterisk,
        *,
        home: Path | None = None,
        manager_port: int | None = None,
        user: str = FILTERED.user,
        journals: tuple[str, ...] = ("queue_log", "cel"),
    ) -> None:
        """`manager_port`: where the AMI is reached, when something stands in between; `journals`: those it may read."""
        self.home = home or switch.home / "callserver"
        self.home.mkdir(exist_ok=True)
        self.web = free_port(socket.SOCK_STREAM)
        self.token = secrets.token_urlsafe(18)
        self.database = self.home / "callserver.db"
        self.settings = self.home / "callserver.toml"
        paths = {"queue_log": switch.queue_log, "cel": switch.cel}
        self.settings.write_text(
            SETTINGS.format(
                host=LOOPBACK,
                port=manager_port or switch.ports.manager,
                user=user,
                journals="\n".join(f'{name} = "{paths[name]}"' for name in journals),
                heartbeat_s=HEARTBEAT_S,
                deadline_s=DEADLINE_S,
                database=f"sqlite:///{self.database}",
                web=self.web,
                timezone=TIMEZONE,
            ),
            encoding="utf-8",
        )
        secret = next(manager.secret for manager in switch.plan.managers if manager.user == user)
        for name, text in (("ami.secret", secret), ("token", self.token)):
            (self.home / name).touch(mode=0o600)
            (self.home / name).write_text(text + "\n", encoding="utf-8")
        self._process: asyncio.subprocess.Process | None = None

    # --- running -----------------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, within_s: float = 120) -> None:
        """Run it until it says that it is ready: the switch is seen, the database takes writes."""
        with (self.home / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *PROGRAM,
                "serve",
                "-c",
                str(self.settings),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        try:
            await self.until(lambda: self.ready or not self.running, within_s, "the service to be ready")
        except BaseException:
            await self.kill()
            raise
        if not self.running:
            raise RuntimeError(f"callserver did not start:\n{self.log[-3000:]}")

    async def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def stop(self, within_s: float = WITHIN_S) -> int:
        """SIGTERM, and its exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), within_s)

    async def __aenter__(self) -> Service:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def run(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        """Another command of the program on the same settings: its exit code and what it printed.

        typed: what is written into it, such as a password.
        """
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            *arguments,
            "-c",
            str(self.settings),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            preexec_fn=die_with_parent,
        )
        out, _ = await process.communicate(typed.encode())
        return process.returncode or 0, out.decode(errors="replace")

    async def must(self, *arguments: str, typed: str = "") -> str:
        """The same, and it has to succeed; what it printed. Raises RuntimeError."""
        code, said = await self.run(*arguments, typed=typed)
        if code:
            raise RuntimeError(f"callserver {' '.join(arguments)}: {said}")
        return said

    @property
    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    async def until(self, condition: Callable[[], bool], within_s: float, what: str) -> None:
        """Wait for what the service does; the end of its log says why where it does not. Raises TimeoutError.

        Looks less often than the rig does: every look asks the service or reads its whole database.
        """
        deadline = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {within_s} s for {what}; its log ends:\n{self.log[-3000:]}")
            await asyncio.sleep(POLL_S)

    # --- asking ------------------------------------------------------------------------------------------------------

    def get(self, path: str, *, token: str | None = None) -> Answer:
        """One GET; status 0 where nobody listens."""
        request = urllib.request.Request(f"http://{LOOPBACK}:{self.web}{path}")
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=WITHIN_S) as answer:
                return Answer(status=answer.status, text=answer.read().decode(), headers=dict(answer.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(status=error.code, text=error.read().decode())
        except OSError:
            return Answer(status=0, text="")

    @property
    def ready(self) -> bool:
        return self.get("/readyz").status == 200

    def ask(self, path: str) -> Any:
        """What the API answers, as whoever knows the token."""
        answer = self.get(f"/api/v1/{path}", token=self.token)
        assert answer.status == 200, answer
        return answer.json

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the database, read from outside; none before there is one."""
        if not self.database.exists():
            return []
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=WITHIN_S)
        try:
            return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            connection.close()

    def calls(self, where: str = "true") -> list[dict[str, Any]]:
        """The calls on record, oldest first; `where` is SQL."""
        rows = self.rows(f"select record from calls where {where} order by started_at, call_id")
        return [json.loads(row[0]) for row in rows]

    def count(self) -> int:
        """How many calls are on record."""
        return self.number("select count(*) from calls")

    def open_calls(self) -> int:
        return self.number("select count(*) from calls where open")

    def number(self, sql: str) -> int:
        """A count in the database."""
        return sum(int(row[0]) for row in self.rows(sql))

    def legs(self) -> set[str]:
        """Every channel on record."""
        return {str(row[0]) for row in self.rows("select leg from legs")}

    async def settled(self) -> None:
        """Every call is over on record, and every repair after a gap has been made."""
        await self.until(lambda: self.open_calls() == 0, 60, "every call to be over on record")
        await self.until(lambda: self.repairs_waiting() == 0, 90, "the reconciliations to be done")

    def repairs_waiting(self) -> int:
        """Reconciliations after gaps that are not done yet."""
        return self.number(f"select count(*) from jobs where {_REPAIRS} and dead_at is null")

    def landings_waiting(self) -> int:
        """Calls that are looking for their ticket; those that wait for the switch's journals are not counted."""
        waiting = "kind = 'land' and done_at is null and key not like '%:unsettled'"
        return self.number(f"select count(*) from jobs where {waiting}")

    def repairs_failed(self) -> list[str]:
        """Why reconciliations after gaps were given up."""
        return [
            str(row[0])
            for row in self.rows(f"select error from jobs where {_REPAIRS} and dead_at is not null")
        ]


_REPAIRS = "done_at is null and kind like 'reconcile:%' and key not like '%:day:%'"
