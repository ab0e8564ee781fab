"""Somebody outside called by callserver: what the switch is told, and what the network made of it.

In: `DialCustomer`, `Warn`, the link, the floor, the facts that follow. Out: one Originate; `Came`. Must not know: the
store, who asked, what the promise is about. Their own channel is dialled, without a Local channel in between: so its
answer is theirs, and its id is the one that we gave it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias, get_args

from asterisk_conf import contract
from callserver.ami import commands as ami
from callserver.ami.commands import speakable
from callserver.calls.floor import Floor
from callserver.errors import OutcomeUnknown
from callserver.facts import CallId, Instant, LegId
from callserver.journals.evidence import UNKNOWN, Evidence
from callserver.node.ears import Ears
from callserver.node.judging import Called, Came, answered
from callserver.node.reaching import Reach, Sends
from callserver.seats.asking import AboutWhat, DialCustomer, Then, Warn

GRACE_S = 5.0  # from the end of the ringing to the last word about it
MOST_RING_S = 300
SEND_S = 3.0
"""How long after it was marked as sent a call may still begin: a process that was stopped for a while must not dial
what another one has looked for meanwhile and found missing."""
LOOK_S = 2 * SEND_S
"""How long after that the journals are believed that it never began."""

CONTEXTS: Final[Mapping[Then, str]] = {
    "queue": contract.PROMISE_QUEUE,
    "agent": contract.PROMISE_AGENT,
    "automatic": contract.PROMISE_AUTO,
}
_NUMBER: Final = re.compile(r"\+?[0-9*#]{2,32}")
_INTERFACE: Final = re.compile(r"[A-Za-z0-9]+/[A-Za-z0-9_.@/-]{1,80}")
_PROMPT: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEYS: Final = re.compile(r"[1-9]{0,9}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2}(_[A-Za-z]{2})?|")

Look: TypeAlias = Callable[[LegId, Instant], Awaitable[Evidence]]
"""What the switch's journals show of a channel, and when it was sent."""


ABOUT: Final[frozenset[str]] = frozenset(get_args(AboutWhat))
NO_REQUEST: Final = Came("refused", "bad_request", "a value of it does not fit into the dialplan")
TOO_LATE: Final = Came("refused", "expired", "it was not sent in time")


def too_late(marked: float) -> bool:
    """Whether a call that was marked as sent then, by the loop's clock, must not begin any more."""
    return asyncio.get_running_loop().time() > marked + SEND_S


async def nothing_known(channel: LegId, sent_at: Instant) -> Evidence:
    """For a switch without journals."""
    return UNKNOWN


class CallingOut:
    """Calls to customers on one switch. `trunks`: channels that lead outside, by the settings."""

    def __init__(
        self,
        line: Sends,
        floor: Floor,
        ears: Ears,
        reach: Reach,
        *,
        trunks: tuple[str, ...] = (),
        evidence: Look,
    ) -> None:
        self._line = line
        self._floor = floor
        self._ears = ears
        self._reach = reach
        self._trunks = trunks
        self._evidence = evidence

    async def dial(self, request: DialCustomer, marked: float) -> Came:
        """Ring the customer; done when they answered. `marked`: when it was marked as sent, by the loop's clock.

        Raises as the link's `send`, OutcomeUnknown.
        """
        if wrong := _wrong(request):
            return wrong
        to = await self._queue(request)
        if isinstance(to, Came):
            return to
        return await self._ring(request, CONTEXTS[request.context], _variables(request, to), marked)

    async def warn(self, request: Warn, marked: float) -> Came:
        """Ring somebody on duty; done when they answered: which key they press is in the call's record. As `dial`."""
        if not _callable(request) or request.about not in ABOUT:
            return NO_REQUEST if _NUMBER.fullmatch(request.number) else _bad_number(request.number)
        return await self._ring(request, contract.WARN, _warning(request), marked)

    async def _ring(
        self, request: DialCustomer | Warn, context: str, variables: dict[str, str], marked: float
    ) -> Came:
        found = await self._reach.outside(request.number, self._trunks)
        if isinstance(found, Came):
            return found
        if not await self._reach.has(context):
            return Came("refused", "no_context", f"Asterisk's dialplan has no context {context}")
        action = ami.Originate(
            channel=found,
            context=context,
            exten="s",
            channel_id=request.channel,
            timeout_ms=request.ring_s * 1000,
            variables={name: speakable(value) for name, value in variables.items() if value},
        )
        judge = Called(channel=request.channel, who=request.number)
        with self._ears.open(judge) as ear:
            if too_late(marked):
                return TOO_LATE
            await self._line.send(action)
            came = await ear.verdict(request.ring_s + GRACE_S)
        if came is None:
            raise OutcomeUnknown(
                f"within {request.ring_s + GRACE_S:g} s nothing was heard of {request.channel}"
            )
        return came

    async def _queue(self, request: DialCustomer) -> str | Came:
        """The extension of the queue; empty where none is named."""
        if not request.queue:
            return ""
        exten = await self._reach.extension("queue", request.queue)
        if isinstance(exten, Came):
            return Came("refused", "no_queue", exten.said)
        return exten

    async def found(self, request: DialCustomer | Warn, sent_at: Instant) -> Came:
        """What became of a call that somebody else began, or was about to begin, at `sent_at`: by our own id."""
        came = await self._live(request) or self._on_record(request)
        if came is None:
            await asyncio.sleep(LOOK_S)
            came = await self._live(request) or self._on_record(request)
        return came or await self._in_the_journal(request, sent_at)

    async def _live(self, request: DialCustomer | Warn) -> Came | None:
        """It is on the switch now: what becomes of it."""
        chan = self._floor.scene.chans.get(request.channel)
        if chan is None:
            return None
        if chan.state == "up":
            return answered(chan.call.id)
        with self._ears.open(Called(channel=request.channel, who=request.number, seen=True)) as ear:
            came = await ear.verdict(request.ring_s + GRACE_S)
        return came or Came("unknown", "unknown", f"{request.number} still rings")

    def _on_record(self, request: DialCustomer | Warn) -> Came | None:
        """It was, and we saw the end of it."""
        call = self._floor.scene.call_of.get(request.channel)
        leg = call.record.legs.get(request.channel) if call is not None else None
        if call is None or leg is None:
            return None
        if leg.answered_at is not None:
            return answered(call.id)
        ended = leg.over and leg.cause is not None
        return Called(channel=request.channel, who=request.number).ended(leg.cause) if ended else None

    async def _in_the_journal(self, request: DialCustomer | Warn, sent_at: Instant) -> Came:
        """It is not, and we saw nothing of it."""
        found = await self._evidence(request.channel, sent_at)
        if found.answered:
            return answered(CallId(f"{self._floor.pbx}:{request.channel}"))
        if found.cause is not None:
            return Called(channel=request.channel, who=request.number).ended(found.cause)
        if found.kind == "not_there":
            return Came(
                "refused", "not_sent", f"Asterisk's journal has no call to {request.number}: it never began"
            )
        said = "it rang" if found.kind == "rang" else "whether it rang cannot be known"
        return Came(
            "unknown", "unknown", f"callserver was restarted, and no such call is on the switch now: {said}"
        )


def _wrong(request: DialCustomer) -> Came | None:
    """A request that no switch could do: what stands in it goes into dial strings and into the dialplan."""
    if not _NUMBER.fullmatch(request.number):
        return _bad_number(request.number)
    fits = (
        _callable(request)
        and _KEYS.fullmatch(request.keys)
        and (request.context != "agent" or _INTERFACE.fullmatch(request.interface))
        and (request.context != "automatic" or _PROMPT.fullmatch(request.prompt))
        and (request.context != "queue" or request.queue)
    )
    return None if fits else NO_REQUEST


def _callable(request: DialCustomer | Warn) -> bool:
    """What every call to the outside needs."""
    return (
        _NUMBER.fullmatch(request.number) is not None
        and _LANGUAGE.fullmatch(request.language) is not None
        and (not request.caller_id or _NUMBER.fullmatch(request.caller_id) is not None)
        and 0 < request.ring_s <= MOST_RING_S
    )


def _bad_number(number: str) -> Came:
    return Came("refused", "bad_number", f"{number!r:.60} cannot be dialled")


def _variables(request: DialCustomer, to: str) -> dict[str, str]:
    """What the dialplan reads; what is empty is not said."""
    return _of_call(request) | {
        contract.PROMISE_VARIABLE: str(request.promise),
        contract.TO_VARIABLE: to,
        contract.AGENT_VARIABLE: request.interface if request.context == "agent" else "",
        contract.PROMPT_VARIABLE: request.prompt if request.context == "automatic" else "",
        contract.KEYS_VARIABLE: request.keys,
        contract.AMD_VARIABLE: "1" if request.amd else "",
    }


def _warning(request: Warn) -> dict[str, str]:
    gravity = "test" if request.test else "critical" if request.critical else "warning"
    said = [gravity, request.about, *(["several"] if request.several else [])]
    return _of_call(request) | {contract.ALERT_VARIABLE: "-".join(said)}


def _of_call(request: DialCustomer | Warn) -> dict[str, str]:
    """The called one's own number is the caller's, so that the agent's phone and the journals show it; what the network
    shows them is the connected line's (ran: 22.10).
    """
    return {
        "CALLERID(num)": request.number,
        "CONNECTEDLINE(num)": request.caller_id,
        "CHANNEL(language)": request.language,
    }
