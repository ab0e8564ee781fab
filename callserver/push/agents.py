"""An agent as a screen shows them: what the switch says of their phone and queues, and what their calls say.

In: memberships, pauses, devices, the person in the seat, the calls they have part in. Out: one state and a value. Must
not know: where facts come from, who looks.

| state | when (the first that fits) |
|---|---|
| talking, held, ringing | a call says so |
| listening | a supervisor hears, or is about to hear, a call of others: neither ready nor in a call |
| unreachable | the switch cannot reach the phone |
| talking, held, ringing | the phone says so and no call is known |
| gone | member of no queue |
| wrap_up | paused in every queue, with the reason `wrap-up` |
| paused | paused in every queue |
| ready | otherwise |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from callserver.facts import Device, Instant, iso

WRAP_UP: Final = "wrap-up"
LISTENS: Final = "listening"
_BY_DEVICE: Final = {"ringing": "ringing", "talking": "talking", "busy": "talking", "held": "held"}


class Member(Protocol):
    """One interface in one queue, as the store remembers it."""

    @property
    def queue(self) -> str: ...
    @property
    def interface(self) -> str: ...
    @property
    def agent(self) -> str | None: ...
    @property
    def state_interface(self) -> str | None: ...
    @property
    def penalty(self) -> int: ...
    @property
    def dynamic(self) -> bool: ...
    @property
    def paused(self) -> bool: ...
    @property
    def pause_reason(self) -> str | None: ...
    @property
    def device(self) -> Device: ...
    @property
    def since(self) -> Instant | None: ...


@dataclass(slots=True)
class Membership:
    """One agent in one queue."""

    name: str | None
    state_interface: str | None
    penalty: int
    dynamic: bool
    paused: bool = False
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "paused": self.paused,
            "reason": self.reason,
            "penalty": self.penalty,
            "dynamic": self.dynamic,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitter:
    """The person in a seat."""

    user: int
    login: str | None = None
    name: str | None = None


@dataclass(slots=True)
class Agent:
    """One interface. `busy`: what the calls say, (state, call), None where none says anything."""

    pbx: str
    interface: str
    queues: dict[str, Membership] = field(default_factory=dict)
    device: Device = "unknown"
    sitter: Sitter | None = None
    phone: str | None = None  # the state interface that the seat names
    busy: tuple[str, str] | None = None
    state: str = "gone"
    since: Instant | None = None

    @property
    def name(self) -> str | None:
        if self.sitter is not None and self.sitter.name:
            return self.sitter.name
        return next((known.name for known in self.queues.values() if known.name), None)

    @property
    def phones(self) -> set[str]:
        """Every interface that is this agent's telephone."""
        named = {known.state_interface for known in self.queues.values()} | {self.phone}
        return {self.interface} | {phone for phone in named if phone}

    @property
    def shown(self) -> bool:
        """Whether anybody would look for this agent."""
        return bool(self.queues) or self.sitter is not None

    def settle(self, at: Instant | None) -> None:
        """The state anew; `since` moves with it."""
        now = self._state()
        if now != self.state:
            self.state, self.since = now, at if at is not None else self.since

    def _state(self) -> str:
        if self.busy is not None:
            return self.busy[0]
        if self.device == "unavailable":
            return "unreachable"
        if self.device in _BY_DEVICE:
            return _BY_DEVICE[self.device]
        if not self.queues:
            return "gone"
        if all(known.paused for known in self.queues.values()):
            wrapping = all(known.reason == WRAP_UP for known in self.queues.values())
            return "wrap_up" if wrapping else "paused"
        return "ready"

    def to_json(self) -> dict[str, Any]:
        reasons = [known.reason for known in self.queues.values() if known.paused and known.reason]
        return {
            "pbx": self.pbx,
            "interface": self.interface,
            "name": self.name,
            "user": self.sitter.user if self.sitter is not None else None,
            "login": self.sitter.login if self.sitter is not None else None,
            "queues": {queue: self.queues[queue].to_json() for queue in sorted(self.queues)},
            "device": self.device,
            "state": self.state,
            "reason": reasons[0] if reasons and self.state in ("paused", "wrap_up") else None,
            "since": iso(self.since),
            "call": self.busy[1] if self.busy is not None and self.busy[0] != LISTENS else None,
        }
