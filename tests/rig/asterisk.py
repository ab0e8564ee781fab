"""One real Asterisk in a folder of its own: started, waited for, stopped, killed.

Flows in: a `Plan` without ports and folders, and an Asterisk from `provision`. Flows out: a running switch, its ports,
its journals, its command line. Must not know: SIPp, traces, scenarios, callserver.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import itertools
import os
import random
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from asterisk_conf import contract
from asterisk_conf.plan import Directories, Manager, Plan
from asterisk_conf.render import render
from tests.rig import provision

LOOPBACK = "127.0.0.1"
PROMPTS = Path(__file__).resolve().parents[2] / "asterisk_conf" / "prompts"
SECRET = "rig-secret"
FILTERED = Manager(user="callserver", secret=SECRET)
"""The account that callserver uses: least rights, filtered events."""
UNFILTERED = Manager(user="everything", secret=SECRET, unrestricted=True)
"""Every event and every right: for stage directions and for `-unfiltered` traces."""


class SwitchFailed(Exception):
    """Asterisk did not start, or did not answer in time. The message carries the end of its own log."""


_PRCTL = ctypes.CDLL(None).prctl
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """For `preexec_fn`: the kernel kills the child when this process ends, however it ends."""
    _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _own_ports(first: int = 21_000, many: int = 11_000) -> range:
    """This process's share of the ports.

    Below the range from which the kernel hands out ports by itself. Where several processes share the tests, no two
    have a port in common: one that is asked for now is bound later, or again after a restart.
    """
    shares = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    share = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % shares
    each = many // shares
    return range(first + share * each, first + (share + 1) * each)


def _in_turn(ports: range) -> Iterator[int]:
    return itertools.cycle(random.sample(ports, len(ports)))


_OWN = _own_ports()
_PORTS = _in_turn(_OWN[: len(_OWN) * 2 // 3])
SOUND_PORTS: Final = _in_turn(_OWN[len(_OWN) * 2 // 3 :: 4])
"""Whoever is given one of these binds the three behind it as well, a little later."""


def free_port(kind: socket.SocketKind, host: str = LOOPBACK, among: Iterator[int] = _PORTS) -> int:
    """A port that nobody holds at this moment, and that no other caller here will be given soon."""
    for port in among:
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return port
    raise OSError("no free port")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where one Asterisk listens, on loopback."""

    manager: int
    sip: int

    @staticmethod
    def free() -> Ports:
        return Ports(manager=free_port(socket.SOCK_STREAM), sip=free_port(socket.SOCK_DGRAM))


class Asterisk:
    """A switch in `home` (a new folder when None, removed on `close`). Ports stay the same over restarts.

    `plan` gets its folders, ports and version from here; everything else in it is kept.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        software: provision.Switch | None = None,
        home: Path | None = None,
        ports: Ports | None = None,
    ) -> None:
        self.software = software or provision.asterisk(22)
        self.ports = ports or Ports.free()
        self._owns_home = home is None
        self.home = home or Path(tempfile.mkdtemp(prefix="callserver-asterisk-"))
        self.plan = self._fitted(plan)
        self._process: asyncio.subprocess.Process | None = None
        self._lay_out()

    def _fitted(self, plan: Plan) -> Plan:
        home = self.home
        directories = Directories(
            etc=home / "etc",
            modules=self.software.modules,
            data=self.software.data,
            varlib=self.software.data,
            db=home / "db",
            spool=home / "spool",
            run=home / "run",
            log=home / "log",
        )
        return replace(
            plan,
            version=self.software.version,
            directories=directories,
            listed_modules=True,
            manager_bind=LOOPBACK,
            manager_port=self.ports.manager,
            sip_bind=LOOPBACK,
            sip_port=self.ports.sip,
            prompts=str(PROMPTS) if plan.prompts == contract.PROMPTS else plan.prompts,
            trunks=tuple(
                replace(trunk, port=free_port(socket.SOCK_DGRAM, trunk.host)) for trunk in plan.trunks
            ),
        )

    def _lay_out(self) -> None:
        for name in ("etc", "db", "spool", "run", "log/cel-custom"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        render(self.home / "etc", self.plan)

    @property
    def queue_log(self) -> Path:
        """Asterisk's own record of its queues."""
        return self.home / "log" / contract.QUEUE_LOG_FILE

    @property
    def cel(self) -> Path:
        """Asterisk's own record of all channels, as CSV with the columns of `contract.CEL_FIELDS`."""
        return self.home / "log" / contract.CEL_FILE

    @property
    def log(self) -> Path:
        """Notices, warnings and errors of this switch."""
        return self.home / "log" / "messages.log"

    @property
    def complaints(self) -> list[str]:
        """Its warnings and errors, without time and place."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return [line.partition("] ")[2] for line in lines if "ERROR[" in line or "WARNING[" in line]

    @property
    def version(self) -> tuple[int, ...]:
        return self.software.version

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    def _argv(self, *arguments: str) -> list[str]:
        return [*self.software.argv, "-C", str(self.home / "etc" / "asterisk.conf"), *arguments]

    async def start(self, within_s: float = 90) -> None:
        """Run it until it says that it is fully booted. Raises SwitchFailed."""
        with (self.home / "log" / "console").open("ab") as console:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv("-f", "-n"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        try:
            async with asyncio.timeout(within_s):
                await self._listens()
                await self.rx("core waitfullybooted")
        except (TimeoutError, SwitchFailed) as error:
            await self.kill()
            raise SwitchFailed(f"Asterisk did not boot: {error}\n{self._last_words()}") from error

    async def _listens(self) -> None:
        while True:
            self._must_run()
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(LOOPBACK, self.ports.manager)
                writer.close()
                return
            await asyncio.sleep(0.02)

    def _must_run(self) -> None:
        if self.pid is None:
            raise SwitchFailed("the process has ended")

    def _last_words(self) -> str:
        console = self.home / "log" / "console"
        return "\n".join(console.read_text(errors="replace").splitlines()[-15:]) if console.exists() else ""

    async def rx(self, command: str) -> str:
        """What the command line answers to `command`."""
        process = await asyncio.create_subprocess_exec(
            *self._argv("-rx", command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        answer, _ = await process.communicate()
        return answer.decode(errors="replace")

    async def stop(self, within_s: float = 60, *, how: str = "core stop now") -> None:
        """Ask it to stop and wait; killed when it does not."""
        if self.pid is None:
            return
        await self.rx(how)
        await self._gone(within_s)

    async def kill(self) -> None:
        """SIGKILL: what a power cut leaves behind."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def _gone(self, within_s: float) -> None:
        assert self._process is not None
        try:
            await asyncio.wait_for(self._process.wait(), within_s)
        except TimeoutError:
            await self.kill()

    async def close(self) -> None:
        """End it at once and remove what it left, unless the folder was given."""
        await self.kill()
        if self._owns_home:
            shutil.rmtree(self.home, ignore_errors=True)

    async def __aenter__(self) -> Asterisk:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def until(condition: Callable[[], bool], within_s: float, what: str) -> None:
    """Look until `condition` holds: for what other processes do. Raises TimeoutError naming `what`."""
    deadline = time.monotonic() + within_s
    while True:
        if condition():
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {within_s} s for {what}")
        await asyncio.sleep(0.02)
