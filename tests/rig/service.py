"""`callserver serve` as its operator runs it: a process of its own, on a settings file and a SQLite file in a folder.

Flows in: a running switch. Flows out: the service's HTTP answers, its database read from outside, its exit code. Must
not know: what the service is made of.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rig.asterisk import FILTERED, LOOPBACK, SECRET, Asterisk, free_port, until

TOKEN = "rig-token"
SETTINGS = """\
[[asterisk]]
id = "main"
host = "{host}"
port = {port}
user = "{user}"
secret_file = "ami.secret"
queue_log = "{queue_log}"
cel = "{cel}"
heartbeat_s = 1
deadline_s = 3

[database]
url = "{database}"

[web]
host = "127.0.0.1"
port = {web}
token_file = "token"

[site]
country = "cn"
timezone = "Asia/Shanghai"

[log]
json = true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one GET gave."""

    status: int
    text: str

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
        database: str | None = None,
    ) -> None:
        """`manager_port`: where the AMI is reached, when something stands in between."""
        self.home = home or switch.home / "callserver"
        self.home.mkdir(exist_ok=True)
        self.web = free_port(socket.SOCK_STREAM)
        self.database = self.home / "callserver.db"
        self.settings = self.home / "callserver.toml"
        self.settings.write_text(
            SETTINGS.format(
                host=LOOPBACK,
                port=manager_port or switch.ports.manager,
                user=user,
                queue_log=switch.queue_log,
                cel=switch.cel,
                database=database or f"sqlite:///{self.database}",
                web=self.web,
            ),
            encoding="utf-8",
        )
        for name, text in (("ami.secret", SECRET), ("token", TOKEN)):
            (self.home / name).write_text(text + "\n", encoding="utf-8")
            (self.home / name).chmod(0o600)
        self._process: asyncio.subprocess.Process | None = None

    # --- running -----------------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, within_s: float = 40) -> None:
        """Run it until it says that it is ready: the switch is seen, the database takes writes."""
        with (self.home / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "callserver",
                "serve",
                "-c",
                str(self.settings),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        await self.until(lambda: self.ready or not self.running, within_s, "the service to be ready")
        if not self.running:
            raise RuntimeError(f"callserver did not start:\n{self.log[-3000:]}")

    async def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def stop(self, within_s: float = 30) -> int:
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

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Another command of the program on the same settings: its exit code and what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "callserver",
            *arguments,
            "-c",
            str(self.settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode(errors="replace")

    @property
    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    async def until(self, condition: Callable[[], bool], within_s: float, what: str) -> None:
        """Wait for what the service does; the end of its log says why where it does not."""
        try:
            await until(condition, within_s, what)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; its log ends:\n{self.log[-3000:]}") from error

    # --- asking ------------------------------------------------------------------------------------------------------

    def get(self, path: str, *, token: str | None = None) -> Answer:
        """One GET; status 0 where nobody listens."""
        request = urllib.request.Request(f"http://{LOOPBACK}:{self.web}{path}")
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return Answer(status=answer.status, text=answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(status=error.code, text=error.read().decode())
        except OSError:
            return Answer(status=0, text="")

    @property
    def ready(self) -> bool:
        return self.get("/readyz").status == 200

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the database, read from outside; none before there is one."""
        if not self.database.exists():
            return []
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError:
            return []  # no tables yet
        finally:
            connection.close()

    def calls(self) -> list[dict[str, Any]]:
        """Every call on record, oldest first."""
        rows = self.rows("select record from calls order by started_at, call_id")
        return [json.loads(row[0]) for row in rows]

    def open_calls(self) -> int:
        return int(self.rows("select count(*) from calls where open")[0][0])

    def legs(self) -> set[str]:
        """Every channel on record."""
        return {str(row[0]) for row in self.rows("select leg from legs")}

    def repairs_waiting(self) -> int:
        """Reconciliations after gaps that are not done yet."""
        waiting = "done_at is null and dead_at is null and key not like '%:day:%'"
        return int(self.rows(f"select count(*) from jobs where {waiting}")[0][0])
