"""One snapshot in the making: which answers are still missing, and what came so far.

In: replies and events in wire order. Out: the snapshot, at the moment its last answer came. Must not know:
sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from callserver.ami import commands
from callserver.ami.commands import Action
from callserver.ami.events import Snapshot
from callserver.ami.snapshot import Assembly, Uptime
from callserver.ami.wire import Reply
from callserver.errors import ActionRefused, SwitchError
from callserver.facts import Instant

log = structlog.get_logger(__name__)

ASKED: tuple[Action, ...] = (
    commands.CoreStatus(),
    commands.QueueStatus(),
    commands.BridgeList(),
    # The channels last, because everything else hangs on them: who is in a list before is in this one or has hung up.
    commands.CoreShowChannels(),
    # Tells the switch's own time, whatever timestampevents says.
    commands.Ping(),
)
# Without these a snapshot is only poorer: no boot time, no parking lots.
_DISPENSABLE = frozenset({commands.CoreStatus.name, commands.BridgeList.name})


class Look:
    """A question in several actions; `open` holds those without an answer, by ActionID."""

    def __init__(self, then: Callable[[Snapshot], None]) -> None:
        self.done: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
        self.open: dict[str, Action] = {commands.new_action_id(): action for action in ASKED}
        self.assembly = Assembly()
        self._then = then

    def answered(self, reply: Reply) -> bool:
        """Take one answer or one item of a list; True when nothing is missing any more."""
        action = self.open[reply.action_id]
        if not reply.ok and not _can_do_without(action, reply):
            self.fail(ActionRefused(f"{action.name}: {reply.message}"))
            self.open.clear()
            return False
        self.assembly.reply(reply.headers)
        if reply.event.endswith("Complete") or not (reply.event or (action.listed and reply.ok)):
            del self.open[reply.action_id]
        return not self.open

    def finish(self, *, at: Instant, uptime: Uptime | None) -> None:
        """Everything has come."""
        snapshot = self.assembly.finish(at=at, uptime=uptime)
        if not self.done.done():
            self.done.set_result(snapshot)
            self._then(snapshot)

    def fail(self, error: SwitchError) -> None:
        """There will be no snapshot."""
        if not self.done.done():
            self.done.set_exception(error)


def _can_do_without(action: Action, reply: Reply) -> bool:
    # A switch that does not know QueueStatus has no queues: app_queue is not loaded.
    no_queues = action.name == commands.QueueStatus.name and "unknown command" in reply.message.lower()
    if action.name not in _DISPENSABLE and not no_queues:
        return False
    log.warning("snapshot is poorer", action=action.name, answer=reply.message)
    return True
