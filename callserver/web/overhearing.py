"""Whom a supervisor hears at this moment, on their own screens: so that they can whisper, take over, stop.

In: facts of the switches; who sits where. Out: a value of the stream's collection `notice`, for that supervisor alone.
Must not know: who may listen. Between two modes the switch says "ended" and "started": the notice stays until the line
is gone or talks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

from callserver.facts import Fact, Instant, LegEnded, LegId, ListenStarted, PbxId, TalkStarted, iso
from callserver.people import UserId
from callserver.push.screen import Kind
from callserver.push.views import Audience, User

Sitter: TypeAlias = Callable[[PbxId, str], UserId | None]


class Screens(Protocol):
    """The hub, as far as it is needed here."""

    def put(self, kind: Kind, key: str, value: Any, audience: Audience) -> None: ...


class Overhearing:
    """Watches the switches as the screens do. `sitter`: who sits at a phone."""

    def __init__(self, screens: Screens, sitter: Sitter) -> None:
        self._screens = screens
        self._sitter = sitter
        self._told: dict[tuple[PbxId, LegId], UserId] = {}

    def begin(
        self,
        pbx: PbxId,
        records: Iterable[dict[str, Any]] = (),
        members: Iterable[Any] = (),
        *,
        blind_since: Instant | None = None,
    ) -> None:
        """Who sits where is not known yet."""

    def feed(self, pbx: PbxId, told: Iterable[Fact], arrived: float | None = None) -> None:
        """What was understood just now."""
        for fact in told:
            match fact:
                case ListenStarted():
                    self._hears(pbx, fact)
                case LegEnded(leg=leg):
                    self._over(pbx, leg)
                case TalkStarted(legs=legs) if self._told:
                    for leg in legs:
                        self._over(pbx, leg)

    def _hears(self, pbx: PbxId, fact: ListenStarted) -> None:
        user = self._sitter(pbx, fact.by)
        if user is None:
            return
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
        user = self._told.pop((pbx, leg), None)
        if user is not None:
            self._screens.put("notice", _key(user), None, User(user))


def _key(user: UserId) -> str:
    return f"listening:{user}"
