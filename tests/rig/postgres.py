"""A PostgreSQL server for the length of a test run, on loopback, with its data in a folder that goes away.

In: the server programs that tests/rig/provision.py found. Out: a URL for SQLAlchemy on asyncpg. It knows
nothing of our tables. Nothing is flushed to disk (fsync off): this server's data is never worth a power cut.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

from tests.rig.asterisk import free_port
from tests.rig.debian import Unavailable
from tests.rig.provision import Postgres, postgres

USER = "callserver"
NOBODY, NOGROUP = "nobody", "nogroup"  # Debian's names for who owns nothing
START_S = 90.0
STOP_S = 30.0
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "jit": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    # The one zone that needs no file of the system: Debian's server reads /usr/share/zoneinfo, if there is one.
    "timezone": "GMT",
    "log_timezone": "GMT",
}


@dataclass(slots=True, kw_only=True)
class Server:
    """A running server: the folder that it lives in, its port, and its process."""

    folder: Path
    process: subprocess.Popen[bytes]
    port: int
    programs: Postgres
    settings: Mapping[str, str]

    @property
    def url(self) -> str:
        """For SQLAlchemy; the database `postgres` is empty and this user may create others."""
        return f"postgresql+asyncpg://{USER}@127.0.0.1:{self.port}/postgres"

    def stop(self) -> None:
        """End it: connections are cut, what does not end in time is killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def kill(self) -> None:
        """As a crash would: no connection is told, nothing is finished."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def start_again(self) -> None:
        """On the same port, with what was committed. Raises Unavailable where it does not come back."""
        log = self.folder / "log"
        self.process = _launch(self.programs, self.folder, log, self.port, self.settings).process
        if not _answers(self, log):
            raise Unavailable(f"PostgreSQL did not come back: {log.read_text(errors='replace')[-500:]}")


@contextmanager
def running(**settings: str) -> Iterator[Server]:
    """A fresh server, gone afterwards with all that it held. `settings`: otherwise than SETTINGS.

    Raises Unavailable when there is none to run.
    """
    folder = Path(tempfile.mkdtemp(prefix="callserver-postgres-"))
    try:
        with kept(folder, **settings) as server:
            yield server
    finally:
        shutil.rmtree(folder)


@contextmanager
def kept(folder: Path, **settings: str) -> Iterator[Server]:
    """A server on the data in `folder`, which is there and stays; a fresh one where it is empty.

    Raises Unavailable, also where the server's user cannot enter that folder.
    """
    with tempfile.TemporaryDirectory(prefix="callserver-postgres-programs-") as copies:
        programs = reachable(postgres(), Path(copies))
        _give(folder)
        if not (folder / "data").exists():
            _initialise(programs, folder / "data")
        server = _start(programs, folder, SETTINGS | settings)
        try:
            yield server
        finally:
            server.stop()


def reachable(programs: Postgres, folder: Path) -> Postgres:
    """The same programs where the user who runs them can read them.

    PostgreSQL refuses to run as root, and `nobody` cannot enter a checkout in root's home: copies do.
    """
    if _run_quietly([str(programs.bin / "postgres"), "--version"], programs) or not programs.environment:
        return programs
    copied = folder / "programs"
    prefix = programs.bin.parents[4]  # PREFIX/usr/lib/postgresql/15/bin
    shutil.copytree(prefix, copied, symlinks=True)
    folder.chmod(0o755)
    environment = {
        name: value.replace(str(prefix), str(copied)) for name, value in programs.environment.items()
    }
    return replace(programs, bin=copied / programs.bin.relative_to(prefix), environment=environment)


def _run_quietly(argv: Sequence[str], programs: Postgres) -> bool:
    try:
        done = subprocess.run(
            argv, env=_environment(programs), **_as_user(), capture_output=True, check=False
        )
    except PermissionError:
        return False
    return done.returncode == 0


class _User(TypedDict, total=False):
    user: str
    group: str
    extra_groups: list[str]


def _as_user() -> _User:
    """Arguments of subprocess that give up root and its groups; none where there is nothing to give up."""
    return {"user": NOBODY, "group": NOGROUP, "extra_groups": []} if os.geteuid() == 0 else {}


def _environment(programs: Postgres) -> dict[str, str]:
    """Nothing of this process's PG* settings may reach the server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, **programs.environment, "LC_ALL": "C", "TZ": "GMT"}


def _give(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, NOBODY, NOGROUP)


def _initialise(programs: Postgres, data: Path) -> None:
    initdb = [str(programs.bin / "initdb"), f"--pgdata={data}", f"--username={USER}", "--auth=trust"]
    done = subprocess.run(
        [*initdb, "--encoding=UTF8", "--no-locale", "--no-sync"],
        env=_environment(programs),
        **_as_user(),
        cwd=data.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Unavailable(f"PostgreSQL's initdb failed: {done.stderr.strip()[-500:]}")


def _start(programs: Postgres, folder: Path, settings: Mapping[str, str]) -> Server:
    """Start it on a free port; another process may take that port first, so it is tried with a few."""
    for _ in range(5):
        log = folder / "log"
        server = _launch(programs, folder, log, free_port(socket.SOCK_STREAM), settings)
        if _answers(server, log):
            return server
        server.stop()
        if "could not bind" not in log.read_text(errors="replace"):
            break
    raise Unavailable(f"PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}")


def _launch(programs: Postgres, folder: Path, log: Path, port: int, settings: Mapping[str, str]) -> Server:
    given = [f"--{name}={value}" for name, value in settings.items()]
    with log.open("wb") as written:
        process = subprocess.Popen(
            [str(programs.bin / "postgres"), "-D", str(folder / "data"), "-p", str(port), *given],
            env=_environment(programs),
            **_as_user(),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is for the tests, which stop the server then
        )
    return Server(folder=folder, process=process, port=port, programs=programs, settings=settings)


def _answers(server: Server, log: Path) -> bool:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.process.poll() is None:
        if "ready to accept connections" in log.read_text(errors="replace"):
            return True
        time.sleep(0.02)
    return False
