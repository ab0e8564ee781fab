"""Asks a switch and its files what `callserver asterisk check` wants to know, with the least rights that
there are.

In: where the switch and its files are. Out: `Answers`; `findings` judges them. Must not know: how findings
are shown. Nothing is changed on the switch: every action here only reads.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from asterisk_conf import contract
from callserver.ami import commands, conf, configured
from callserver.ami.answers import Answers, Finding, Journal, Places
from callserver.ami.clock import SwitchClock, wall_clock
from callserver.ami.commands import Action
from callserver.ami.events import Headers, whole
from callserver.ami.findings import findings
from callserver.ami.session import LinkSettings, Session
from callserver.ami.snapshot import assemble
from callserver.ami.splitter import Splitter
from callserver.errors import LoginRefused, OutcomeUnknown, SwitchError
from callserver.facts import Instant

__all__ = ["Answers", "Finding", "Places", "ask", "findings"]

_LAST_BYTES = 16_384  # enough for the last line of a journal
_READING: tuple[Action, ...] = (
    commands.CoreSettings(),
    commands.CoreStatus(),
    commands.QueueStatus(),
    commands.BridgeList(),
    commands.CoreShowChannels(),
)


class _Listener:
    """Counts every event by name, wanted or not, and sees whether they carry their time."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()
        self.timed: bool | None = None
        self._splitter = Splitter()

    def begin(self) -> None:
        """A new connection."""

    def received(self, data: bytes) -> None:
        """Bytes as they came."""
        for message in self._splitter.feed(data):
            # What answers us, and FullyBooted behind a login, come without a class or without a time.
            if message.startswith(b"Event: ") and b"\r\nPrivilege: " in message:
                name = message[7:].partition(b"\r\n")[0].decode("utf-8", "replace")
                if name != "FullyBooted":
                    self.heard[name] += 1
                    self.timed = b"\r\nTimestamp: " in message


async def ask(
    settings: LinkSettings,
    places: Places | None = None,
    *,
    listen_s: float = 3.0,
    clock: Callable[[], Instant] = wall_clock,
) -> Answers:
    """Everything that can be learned without changing anything; listens for `listen_s` seconds. Does not
    raise SwitchError.
    """
    places = places or Places()
    told = await _of_switch(settings, listen_s, clock)
    local = await asyncio.to_thread(_of_files, places)
    return Answers(user=settings.user, address=f"{settings.host}:{settings.port}", **told, **local)


async def _of_switch(settings: LinkSettings, listen_s: float, clock: Callable[[], Instant]) -> dict[str, Any]:
    listener = _Listener()
    session = Session(settings, recorder=listener, clock=SwitchClock(ours=clock))
    try:
        await session.open()
        told = await _told(session)
        await asyncio.wait({session.ended}, timeout=listen_s)
    except LoginRefused as error:
        return {"login": str(error)}
    except SwitchError as error:
        return {"unreachable": str(error)}
    finally:
        await session.leave()
    return told | {
        "clock_ahead_s": session.clock.ahead_ms / 1000,
        "timestamps": listener.timed,
        "listened_s": listen_s,
        "heard": dict(listener.heard),
    }


async def _told(session: Session) -> dict[str, Any]:
    """Each question by itself, so that one that is refused spoils no other."""
    replies: list[Headers] = []
    refused: dict[str, str] = {}
    for action in _READING:
        try:
            reply = await session.send(action)
            replies += [reply.headers, *reply.items]
        except OutcomeUnknown:
            raise
        except SwitchError as error:
            refused[action.name] = str(error)
    said: Mapping[str, str] = {
        name: value for headers in reversed(replies) for name, value in headers.items()
    }
    return {
        "version": said.get("AsteriskVersion", ""),
        "calls_processed": whole(said.get("CoreProcessedCalls")),
        "allowed": await _allowed(session),
        "no_contexts": tuple([one for one in contract.LOOKED_FOR if await _lacks(session, one)]),
        "refused": refused,
        "snapshot": assemble(replies, at=session.clock.now(), uptime=session.uptime()),
    }


async def _lacks(session: Session, context: str) -> bool:
    """Whether the dialplan surely has no such context."""
    try:
        await session.send(commands.ShowDialPlan(context=context))
    except OutcomeUnknown:
        raise
    except SwitchError as error:
        return "did not find" in str(error).lower()
    return False


async def _allowed(session: Session) -> frozenset[str] | None:
    """ListCommands names what this account may do, and any account may ask it."""
    try:
        return frozenset((await session.send(commands.ListCommands())).headers)
    except OutcomeUnknown:
        raise
    except SwitchError:
        return None


def _of_files(places: Places) -> dict[str, Any]:
    kinds: tuple[tuple[Literal["queue_log", "cel"], Path | None], ...]
    kinds = (("queue_log", places.queue_log), ("cel", places.cel))
    folder = places.config
    return {
        "journals": tuple(_journal(kind, path) for kind, path in kinds if path is not None),
        "journal_settings": frozenset(kind for kind, path in kinds if path is not None),
        "cel_columns": places.cel_columns or len(contract.CEL_FIELDS),
        "config_dir": folder,
        "config": {} if folder is None else {name: conf.read(folder, name) for name in configured.FILES},
    }


def _journal(kind: Literal["queue_log", "cel"], path: Path) -> Journal:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _LAST_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
        modified_at = path.stat().st_mtime_ns // 1_000_000
    except OSError as error:
        missing = isinstance(error, FileNotFoundError) and path.parent.is_dir()
        return Journal(kind=kind, path=path, trouble=error.strerror or str(error), missing=missing)
    return Journal(kind=kind, path=path, modified_at=modified_at, last_line=lines[-1] if lines else "")
