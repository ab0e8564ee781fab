"""The service as a process: it starts in order, says why it cannot, stops in good order, at once when asked twice."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from callserver.app import App
from callserver.errors import SettingsError
from callserver.process import identity
from callserver.settings import Settings, load
from callserver.stages import Running, Stage

DEADLINE_S = 60.0


@asynccontextmanager
async def silent_switch() -> AsyncIterator[int]:
    """A port that accepts connections and never says a word."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def settings_file(folder: Path, ami_port: int, more: str = "") -> Path:
    path = folder / "callserver.toml"
    path.write_text(
        f'[[asterisk]]\nid = "main"\nport = {ami_port}\nsecret = "s"\n'
        f'[database]\nurl = "sqlite:///calls.db"\n[web]\nport = 0\n[log]\njson = true\n{more}'
    )
    path.chmod(0o600)
    return path


def settings_of(folder: Path, ami_port: int = 1, more: str = "") -> Settings:
    return load(settings_file(folder, ami_port, more), {})


class Served:
    """A `callserver serve` of its own process, and what it said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, object]] = []

    async def until(self, event: str) -> dict[str, object]:
        """The first line that says so."""
        assert self.process.stderr is not None
        async with asyncio.timeout(DEADLINE_S):
            while line := await self.process.stderr.readline():
                self.lines.append(json.loads(line))
                if self.lines[-1]["event"] == event:
                    return self.lines[-1]
        raise AssertionError(f"it ended without {event!r}: {self.lines}")

    async def ended(self) -> int:
        assert self.process.stderr is not None
        async with asyncio.timeout(DEADLINE_S):
            await self.process.stderr.read()
            return await self.process.wait()


@asynccontextmanager
async def served(path: Path, **environ: str) -> AsyncIterator[Served]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "callserver",
        "serve",
        "-c",
        str(path),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environ},
    )
    try:
        yield Served(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_it_starts_answers_and_stops_when_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.setblocking(False)
        await start_ask_and_stop(tmp_path)
        assert [heard.recv(100), heard.recv(100)] == [b"READY=1", b"STOPPING=1"]
    database = sqlite3.connect(tmp_path / "calls.db")
    assert database.execute("SELECT count(*) FROM leases WHERE expires_at > 0").fetchone() == (0,)
    database.close()


async def start_ask_and_stop(folder: Path) -> None:
    notify = str(folder / "notify")
    async with (
        silent_switch() as port,
        served(settings_file(folder, port), NOTIFY_SOCKET=notify) as serve,
        ClientSession() as client,
    ):
        up = await serve.until("callserver is up")
        async with client.get(f"{up['url']}healthz") as answer:
            assert answer.status == 200
        async with client.get(f"{up['url']}readyz") as answer:
            assert answer.status == 503
            reasons = {check["name"]: check["reason"] for check in (await answer.json())["checks"]}
            assert reasons["asterisk main"].startswith("link ")
        serve.process.send_signal(signal.SIGTERM)
        await serve.until("callserver has stopped")
        assert await serve.ended() == 0


async def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    # The lease is ours and the disk is slow: held here by another writer, a stop has to wait for it.
    async with (
        silent_switch() as port,
        served(settings_file(tmp_path, port, "[node]\nstop_s = 50\n")) as serve,
    ):
        await serve.until("following")
        blocker = sqlite3.connect(tmp_path / "calls.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        serve.process.send_signal(signal.SIGINT)
        await serve.until("stopping")
        serve.process.send_signal(signal.SIGINT)
        assert await serve.ended() == 128 + signal.SIGINT
        blocker.close()


async def test_a_stage_that_does_not_stop_is_left_at_its_deadline(tmp_path: Path) -> None:
    stopped: list[str] = []
    app = App(settings_of(tmp_path, more="[node]\nstop_s = 0.05\n"))

    async def nothing() -> None:
        pass

    async def at_once() -> None:
        stopped.append("store")

    async def never() -> None:
        stopped.append("node")
        await asyncio.Event().wait()

    async def broken() -> None:
        stopped.append("web")
        raise RuntimeError("broken")

    app._stages = [
        Stage("store", nothing, at_once),
        Stage("web", nothing, broken),
        Stage("node", nothing, never),
    ]
    async with asyncio.timeout(DEADLINE_S):
        await app.stop()
    assert stopped == ["node", "web", "store"]


async def test_a_port_that_is_taken_is_an_error_of_the_settings_and_nothing_stays_open(
    tmp_path: Path,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        found = settings_of(tmp_path)
        port = taken.getsockname()[1]
        app = App(load(None, {"CALLSERVER_CONFIG": str(found.origin), "CALLSERVER_WEB_PORT": str(port)}))
        with pytest.raises(SettingsError, match=f"cannot listen on 127.0.0.1:{port}"):
            await app.start()
        assert app._stages == []


def test_without_an_asterisk_there_is_nothing_to_serve(tmp_path: Path) -> None:
    (tmp_path / "callserver.toml").write_text("")
    with pytest.raises(SettingsError, match="callserver config example"):
        App(load(tmp_path / "callserver.toml", {}))


def test_no_two_runs_have_the_same_holder(tmp_path: Path) -> None:
    found = settings_of(tmp_path, more='[node]\nname = "hotline-1"\n')
    one, other = identity(found), identity(found)
    assert one.node == other.node == "hotline-1"
    assert one.holder != other.holder
    assert re.fullmatch(r"hotline-1/\d+/[0-9a-f]{12}", one.holder)


async def test_a_loop_is_a_stage() -> None:
    class Waiting:
        def __init__(self) -> None:
            self.asked = asyncio.Event()

        async def run(self) -> None:
            await self.asked.wait()

        def stop(self) -> None:
            self.asked.set()

    running = Running(Waiting())
    await running.start()
    async with asyncio.timeout(DEADLINE_S):
        await running.stop()
