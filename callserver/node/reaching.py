"""What is dialled for an agent, a queue or a number on one switch, and whether that phone is free at this moment.

In: names, the link. Out: extensions; `Came` for what cannot be reached. Must not know: calls, who asks. The switch is
asked each time except for its dialplan, which is read again when it is `DIRECTORY_S` old.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from callserver.ami import commands as ami
from callserver.ami.commands import Action
from callserver.ami.wire import Reply
from callserver.errors import ActionRefused
from callserver.node.directory import Directory, Headers, by_trunk, dial_string, included, own_number
from callserver.node.judging import Came
from callserver.seats.asking import Way

CONTEXTS = 30  # so many are read at most
DIRECTORY_S = 30.0  # how long a read dialplan is good

# What DEVICE_STATE() and EXTENSION_STATE() say of a phone that would not ring: a code and words. UNKNOWN is no reason:
# a number without a hint has no other state.
_NOT_FREE: Final[Mapping[str, tuple[str, str]]] = {
    "UNAVAILABLE": ("unreachable", "is not registered"),
    "INVALID": ("unreachable", "is not known to Asterisk"),
    "INUSE": ("busy", "is in a call"),
    "ONHOLD": ("busy", "is in a call"),
    "BUSY": ("busy", "is busy"),
    "RINGING": ("busy", "rings with another call"),
    "RINGINUSE": ("busy", "is in a call"),
}


class Sends(Protocol):
    """The link, as far as it is needed here."""

    async def send(self, action: Action, *, timeout: float | None = None) -> Reply:
        """Send one action, once. Raises as `ami.link.Link.send`."""


class Reach:
    """What leads where. `context`: where phones dial from."""

    def __init__(self, line: Sends, context: str) -> None:
        self._line = line
        self._context = context
        self._directory: Directory | None = None
        self._read_at = 0.0

    async def extension(self, way: Way, to: str) -> str | Came:
        """What is dialled for it, or why nothing can be."""
        known = await self._known(way, to)
        exten = known or (to if way == "number" else own_number(to) if way == "agent" else to)
        if known is not None or await self._exists(exten):
            return exten
        return Came("refused", "no_extension", f"Asterisk's dialplan has no way from the phones to {to}")

    async def has(self, context: str) -> bool:
        """Whether the dialplan has this context. A switch that will not say is believed to have it."""
        return await self._shows(ami.ShowDialPlan(context=context))

    async def outside(self, number: str, trunks: tuple[str, ...]) -> str | Came:
        """The dial string for a number of the public network: as the phones' own dialplan dials it, else by the first
        of `trunks`.
        """
        try:
            reply = await self._line.send(ami.ShowDialPlan(context=self._context, exten=number))
        except ActionRefused:
            steps: Iterable[Headers] = ()
        else:
            steps = reply.items
        found = dial_string(steps, number) or (by_trunk(trunks[0], number) if trunks else None)
        no_way = f"it is not clear by which trunk {number} is called: name it in the settings as `trunks`"
        return found or Came("refused", "no_trunk", no_way)

    async def _known(self, way: Way, to: str) -> str | None:
        if way == "number":
            return None
        now = asyncio.get_running_loop().time()
        if self._directory is None or now - self._read_at > DIRECTORY_S:
            self._directory, self._read_at = Directory.of(await self._steps()), now
        return (self._directory.queues if way == "queue" else self._directory.phones).get(to)

    async def _steps(self) -> list[Headers]:
        """All that the phones' context does. For a whole context the switch names what it includes, and no more."""
        found: list[Headers] = []
        contexts = [self._context]
        for context in contexts:
            try:
                reply = await self._line.send(ami.ShowDialPlan(context=context))
            except ActionRefused:
                continue
            found += reply.items
            inside = included(reply.items)
            contexts += [one for one in inside if one not in contexts and len(contexts) < CONTEXTS]
        return found

    async def _exists(self, exten: str) -> bool:
        """Whether the phones can dial it. A switch that will not say is believed to know it."""
        return bool(exten) and await self._shows(ami.ShowDialPlan(context=self._context, exten=exten))

    async def _shows(self, question: ami.ShowDialPlan) -> bool:
        try:
            await self._line.send(question)
        except ActionRefused as error:
            return "did not find" not in str(error).lower()
        return True

    async def not_free(self, way: Way, to: str, exten: str) -> Came | None:
        """Why a caller is not sent to this phone, as the switch says at this moment; None where it may ring."""
        if way == "queue":
            return None
        told_by_device = way == "agent" and not to.startswith(
            "Local/"
        )  # a Local channel has no state of its own
        variable = f"DEVICE_STATE({to})" if told_by_device else f"EXTENSION_STATE({exten}@{self._context})"
        try:
            reply = await self._line.send(ami.Getvar(variable=variable))
        except ActionRefused:
            return None  # the function is not loaded: it is tried
        found = _NOT_FREE.get(reply.headers.get("Value", ""))
        return Came("refused", found[0], f"{to} {found[1]}: the caller is still with you") if found else None
