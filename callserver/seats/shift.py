"""A shift: one person at one phone, from signing in to signing out.

In: nothing. Out: values. Must not know: where they are kept, what the switch makes of them.

Four facts come from the switch: membership, pause, device, and (by way of the pause) wrap-up. The wish is a fifth: what
the person wants to be. They may contradict each other; `explaining` says so in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from callserver.errors import BadValue
from callserver.facts import CallId, Instant, PbxId
from callserver.people import Profile, UserId
from callserver.seats import wording

Wish = Literal["ready", "pause"]
LONGEST_INTERFACE: Final = 79
_INTERFACE: Final = re.compile(r"[A-Za-z0-9_]+/[^\s,|&;<>\"']+")
_STATE: Final = re.compile(r"(hint|Custom):[^\s,|&;<>\"']+|[A-Za-z0-9_]+/[^\s,|&;<>\"']+")
_HINT: Final = re.compile(r"hint:(?P<exten>[^@]+)(@.*)?")
_LOCAL: Final = re.compile(r"Local/(?P<exten>[^@/]+)@(?P<context>[^/]+)(/.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A phone: any interface that a queue can ring. `state_interface`: whose state tells whether it is busy."""

    pbx: PbxId
    interface: str
    state_interface: str

    def is_phone(self, interface: str) -> bool:
        """Whether a channel of this interface, or a queue's member of this name, is this seat.

        A hint's device is known to the dialplan alone; by custom it has the extension's name.
        """
        if interface in (self.interface, self.state_interface):
            return True
        exten = self._hinted
        return exten is not None and interface.partition("/")[2] == exten

    def is_among(self, phones: Phones) -> bool:
        """Whether one of them is this seat; asked of hundreds of seats at once."""
        if self.interface in phones.interfaces or self.state_interface in phones.interfaces:
            return True
        return self._hinted is not None and self._hinted in phones.extensions

    def shares_phone(self, other: Seat) -> bool:
        """Whether a phone is both this seat and the other one, under whatever names: what is done at one would be done
        at the other. `Custom:` is no phone: one such state may be anybody's.
        """
        return self.pbx == other.pbx and (
            any(map(self.is_phone, other._names))
            or any(map(other.is_phone, self._names))
            or (self._hinted is not None and self._hinted == other._hinted)
        )

    @property
    def _names(self) -> tuple[str, ...]:
        named = (self.interface, self.state_interface)
        return tuple(one for one in named if not one.startswith("Custom:"))

    @property
    def _hinted(self) -> str | None:
        return _hinted(self.state_interface)


@lru_cache(maxsize=4096)
def _hinted(state_interface: str) -> str | None:
    hint = _HINT.fullmatch(state_interface)
    return None if hint is None else hint["exten"]


class Phones:
    """Interfaces of channels, for `Seat.is_among`."""

    def __init__(self, interfaces: Iterable[str]) -> None:
        self.interfaces = frozenset(interfaces)
        self.extensions = frozenset(one.partition("/")[2] for one in self.interfaces)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUp:
    """The time after a call in which its record is finished; it ends at `until` by itself."""

    call: CallId
    since: Instant
    until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One person at work.

    `wished_at` is when the wish was last said; `carried`: the switch was told of it. `leaving`: signed out, as soon as
    the call under way is over. `absent_since`: no screen has been open since then. `version` grows with each change.
    `promised`: their phone rings for a call that we owe, or is about to; it is no part of the version.
    """

    user: UserId
    login: str
    name: str
    seat: Seat
    queues: tuple[Profile, ...]
    since: Instant
    wish: Wish
    reason: str | None
    wished_at: Instant
    carried: bool = False
    wrap_up: WrapUp | None = None
    absent_since: Instant | None = None
    leaving: bool = False
    promised: bool = False
    version: int = 1

    @property
    def serves(self) -> frozenset[str]:
        """The names of the profile's queues."""
        return frozenset(one.queue for one in self.queues)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacated:
    """A seat that somebody left: its phone has still to be taken out of these queues."""

    pbx: PbxId
    interface: str
    queues: frozenset[str]
    since: Instant


def seat(pbx: str, interface: str, state_interface: str | None = None) -> Seat:
    """A seat as somebody named it. Raises BadValue for what no queue could ring.

    A `Local/` interface has no state of its own: a queue takes it for free while the phone talks. Without a word its
    state is that of the hint of the same extension.
    """
    if (
        len(interface) > LONGEST_INTERFACE
        or not _INTERFACE.fullmatch(interface)
        or not interface.isprintable()
    ):
        raise BadValue("interface", "an interface is a technology and a name, such as PJSIP/1001")
    state = state_interface or _state_of(interface)
    if len(state) > LONGEST_INTERFACE or not _STATE.fullmatch(state) or not state.isprintable():
        raise BadValue("state_interface", "such as PJSIP/1001 or hint:1001@phones")
    return Seat(pbx=PbxId(pbx), interface=interface, state_interface=state)


def _state_of(interface: str) -> str:
    local = _LOCAL.fullmatch(interface)
    return f"hint:{local['exten']}@{local['context']}" if local else interface


def reason(wish: Wish, said: str | None) -> str | None:
    """The reason of a pause as the switch will have it. Raises BadValue where there is none, or only ours."""
    if wish == "ready":
        return None
    fits = wording.fitting(said or "")
    if not fits:
        raise BadValue("reason", "say why: " + ", ".join(one.code for one in wording.REASONS if one.chosen))
    if fits in wording.OURS:
        raise BadValue("reason", f"{fits!r} is said by callserver alone")
    return fits
