"""All duties of this process, begun and ended together.

In: settings of every Asterisk, the store. Out: running duties. Must not know: HTTP, jobs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from callserver.errors import CallserverError
from callserver.facts import PbxId
from callserver.node.duty import Duty

log = structlog.get_logger(__name__)


class Node:
    """The duties, one a switch; a mistake in one does not end the others."""

    def __init__(self, duties: Iterable[Duty], *, again_s: float = 5.0) -> None:
        self.duties = {duty.pbx: duty for duty in duties}
        self._again_s = again_s
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    def start(self) -> None:
        """Begin all duties; returns at once."""
        self._tasks = [
            asyncio.create_task(self._go_on(duty), name=f"duty {duty.pbx}") for duty in self.duties.values()
        ]

    def owned(self) -> list[Duty]:
        """The duties for which this process is the writer now."""
        return [duty for duty in self.duties.values() if duty.owned]

    def wake(self, pbx: str) -> None:
        """A request to this switch was put down in this process."""
        if pbx in self.duties:
            self.duties[PbxId(pbx)].wake()

    async def stop(self) -> None:
        """End all duties in good order; takes no longer than a duty's own deadlines.

        Cancel it to end them at once.
        """
        self._stopping = True
        for duty in self.duties.values():
            duty.stop()
        if not self._tasks:
            return
        try:
            await asyncio.wait(self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    async def _go_on(self, duty: Duty) -> None:
        while not self._stopping:
            try:
                await duty.run()
            except CallserverError as error:
                duty.vitals.change("down", str(error))
                log.error("duty failed", pbx=duty.pbx, why=str(error))
            except Exception as error:
                duty.vitals.change("down", f"a mistake in callserver: {error!r}")
                log.exception("duty failed", pbx=duty.pbx)
            else:
                return
            if not self._stopping:
                await asyncio.sleep(self._again_s)
