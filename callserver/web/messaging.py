"""What supervisors wrote, on the screens of those who are to read it, until they have.

In: what transactions of this process say after their commit; the store, for what was written at another node or before
a restart. Out: values of the stream's collection `notice`. Must not know: who may write to whom.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final, Protocol

import structlog

from callserver.errors import StoreError
from callserver.facts import iso
from callserver.people import UserId
from callserver.push.screen import Kind
from callserver.push.views import Audience, User
from callserver.store import floor_messages
from callserver.store.engine import Store
from callserver.store.floor_messages import Message, Read, Written

log = structlog.get_logger(__name__)

LOOK_S: Final = 2.0
"""How soon what was written or read at another node is seen here."""


class Screens(Protocol):
    """The hub, as far as it is needed here."""

    def put(self, kind: Kind, key: str, value: Any, audience: Audience) -> None: ...


class Messaging:
    """`run` until `stop`."""

    def __init__(self, store: Store, screens: Screens, *, look_s: float = LOOK_S) -> None:
        self._store = store
        self._screens = screens
        self._look_s = look_s
        self._shown: set[tuple[int, UserId]] = set()
        self._mark: tuple[int, int] | None = None
        self._woken = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Show what is to be read, until stopped."""
        quiet = self._store.on_told(self.told)
        try:
            while not self._stopping:
                await self.look()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._look_s):
                        await self._woken.wait()
                self._woken.clear()
        finally:
            quiet()

    def stop(self) -> None:
        """`run` returns soon."""
        self._stopping = True
        self._woken.set()

    def told(self, said: Sequence[Any]) -> None:
        """A transaction of this process was committed."""
        for one in said:
            match one:
                case Written(message, to):
                    for user in to:
                        self._show(message, user)
                case Read(message, user):
                    self._clear(message, user)

    async def look(self) -> None:
        """What the store has, where it is not what is shown."""
        try:
            mark = await self._store.read(floor_messages.mark)
            if mark == self._mark:
                return
            found = await self._store.read(floor_messages.unread)
        except StoreError as error:
            log.warning("messages cannot be read", why=str(error))
            return
        here = {(message.id, user) for user, message in found}
        for user, message in found:
            if (message.id, user) not in self._shown:
                self._show(message, user)
        for gone in [one for one in self._shown - here if one[0] <= mark[0]]:
            self._clear(*gone)
        self._mark = mark

    def _show(self, message: Message, user: UserId) -> None:
        self._shown.add((message.id, user))
        self._screens.put("notice", _key(message.id, user), notice(message), User(user))

    def _clear(self, message: int, user: UserId) -> None:
        self._shown.discard((message, user))
        self._screens.put("notice", _key(message, user), None, User(user))


def notice(message: Message) -> dict[str, Any]:
    """A message as the stream has it."""
    args = {**message.args, "id": message.id, "name": message.by, "text": message.text, "to": message.to}
    return {
        "level": "warning" if message.urgent else "info",
        "code": message.code,
        "args": args,
        "at": iso(message.at),
        "from": message.by,
        "keep": True,
    }


def _key(message: int, user: UserId) -> str:
    return f"message:{message}:{user}"
