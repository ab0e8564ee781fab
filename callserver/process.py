"""The process: its name, its signals, its loop.

In: settings, what is to run. Out: it runs until a signal; a second one ends it at once. Must not know: what runs.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from typing import Protocol

import structlog

from callserver.event_loop import fast_loop
from callserver.node import Myself
from callserver.settings import Settings

log = structlog.get_logger(__name__)

SWITCH_S = 0.0005
"""How long a thread that computes (a database's) may keep the loop waiting. Python's own is 5 ms, and a pop passes from
thread to thread several times."""
PARTS_OF_A_STOP = (
    3  # a duty hangs up, writes the rest, closes its journal: together they get one stage's deadline
)


class Service(Protocol):
    """What runs."""

    async def start(self) -> None:
        """Begin; raises what keeps it from that."""

    async def wait(self) -> None:
        """Until somebody has asked it to stop."""

    async def stop(self) -> None:
        """End in good order."""

    def ask_to_stop(self) -> bool:
        """Stop soon. Whether nobody had asked before."""


def identity(settings: Settings) -> Myself:
    """Who this process is: a name that outlives it, and one that no other run ever has."""
    node = settings.node.name or socket.gethostname() or "callserver"
    return Myself(
        node=node,
        holder=f"{node}/{os.getpid()}/{secrets.token_hex(6)}",
        lease_s=settings.node.lease_s,
        stop_s=settings.node.stop_s / PARTS_OF_A_STOP,
    )


async def serve(service: Service) -> None:
    """Run until SIGTERM or SIGINT. Raises what keeps it from starting."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _signalled, service, number)
    await service.start()
    try:
        await service.wait()
    finally:
        await service.stop()


def _signalled(service: Service, number: signal.Signals) -> None:
    if service.ask_to_stop():
        log.info("stopping", signal=number.name, again="a second signal stops at once")
        return
    log.warning("stopping at once", signal=number.name)
    sys.stderr.flush()
    os._exit(128 + number)


def run(service: Service) -> None:
    """`serve` in an event loop of its own, the fast one where it is installed."""
    sys.setswitchinterval(SWITCH_S)
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(serve(service))
