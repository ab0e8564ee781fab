"""Whom a supervisor hears at this moment, on their own screens: so that they can whisper, take over, stop.

In: facts of the switches; who sits where. Out: a value of the stream's collection `notice`, for that supervisor alone.
Must not know: who may listen. Between two modes the switch says "ended" and "started": the notice stays until the line
is gone or talks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from callserver.facts import Fact, Instant, LegEnded, LegId, ListenStarted, PbxId, TalkStarted, instant, iso
from callserver.people import UserId
from callserver.push.screen import Kind
from callserver.push.views import Audience, User

LOOK_S: Final = 0.5
Line: TypeAlias = tuple[PbxId, LegId]
Sitter: TypeAlias = Callable[[PbxId, str], UserId | None]


class Screens(Protocol):
    """The hub, as far as it is needed here."""

    def put(self, kind: Kind, key: str, value: Any, audience: Audience) -> None: ...


class Overhearing:
    """Watches the switches as the screens do; `run` until `stop`. `sitter`: who sits at a phone."""

    def __init__(self, screens: Screens, sitter: Sitter, look_s: float = LOOK_S) -> None:
        self._screens = screens
        self._sitter = sitter
        self._look_s = look_s
        self._told: dict[Line, UserId] = {}
        self._unknown: dict[Line, ListenStarted] = {}  # nobody is known to sit there, yet
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Look now and then who sits where somebody listens: after a start that is known later than the calls are."""
        while not self._stopping.is_set():
            self.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_s):
                    await self._stopping.wait()

    def stop(self) -> None:
        """`run` returns soon."""
        self._stopping.set()

    def look(self) -> None:
        """Show it to who has been found out to listen."""
        for (pbx, _), fact in list(self._unknown.items()):
            self._hears(pbx, fact)

    def begin(
        self,
        pbx: PbxId,
        records: Iterable[dict[str, Any]] = (),
        members: Iterable[Any] = (),
        *,
        blind_since: Instant | None = None,
    ) -> None:
        """Who listened when the records were written down; what the switch shows else, it tells as facts."""
        for record in records:
            for one in record.get("listeners", ()):
                if not one["over"]:
                    self._hears(pbx, _of_record(pbx, record, one))

    def feed(self, pbx: PbxId, told: Iterable[Fact], arrived: float | None = None) -> None:
        """What was understood just now."""
        for fact in told:
            match fact:
                case ListenStarted():
                    self._hears(pbx, fact)
                case LegEnded(leg=leg):
                    self._over(pbx, leg)
                case TalkStarted(legs=legs) if self._told or self._unknown:
                    for leg in legs:
                        self._over(pbx, leg)

    def _hears(self, pbx: PbxId, fact: ListenStarted) -> None:
        user = self._sitter(pbx, fact.by)
        if user is None:
            self._unknown[pbx, fact.by_leg] = fact
            return
        self._unknown.pop((pbx, fact.by_leg), None)
        self._told[pbx, fact.by_leg] = user
        own = f"{pbx}:{fact.by_leg}"  # the call that the listener's own line is: hung up to stop
        args = {"call": fact.call, "leg": fact.leg, "mode": fact.mode, "line": own}
        value = {
            "level": "info",
            "code": "listening",
            "args": args,
            "at": iso(fact.at),
            "from": None,
            "keep": True,
        }
        self._screens.put("notice", _key(user), value, User(user))

    def _over(self, pbx: PbxId, leg: LegId) -> None:
        self._unknown.pop((pbx, leg), None)
        user = self._told.pop((pbx, leg), None)
        if user is not None:
            self._screens.put("notice", _key(user), None, User(user))


def _of_record(pbx: PbxId, record: Mapping[str, Any], one: Mapping[str, Any]) -> ListenStarted:
    return ListenStarted(
        pbx=pbx,
        at=instant(one["from"]),
        call=record["id"],
        leg=one["heard"],
        by=one["interface"],
        by_leg=one["leg"],
        mode=one["mode"],
    )


def _key(user: UserId) -> str:
    return f"listening:{user}"
