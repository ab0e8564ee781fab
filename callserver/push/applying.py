"""A change of the picture, and the one way to bring a picture forward.

In: a picture and a message. Out: the picture after it. Must not know: how changes come to be. Pure: whoever reads the
stream has this same function in their own language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from callserver.push.views import Audience

Kind: TypeAlias = Literal[
    "agent", "queue", "tally", "call", "pop", "shift", "promise", "notice", "switch", "alert"
]
Type: TypeAlias = Literal[Kind, "pop.update", "pop.closed"]
Value: TypeAlias = dict[str, Any]

COLLECTIONS: Final[Mapping[str, str]] = {
    "agent": "agents",
    "queue": "queues",
    "tally": "tallies",
    "call": "calls",
    "pop": "pops",
    "shift": "shift",
    "promise": "promises",
    "notice": "notices",
    "switch": "switches",
    "alert": "alerts",
}
"""Type of message -> the collection that it changes."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """One change. value: the new value (of `pop.update`: the changed members only); None: gone."""

    type: Type
    key: str
    value: Value | None = None
    why: str | None = None
    audience: Audience

    def message(self) -> Value:
        """As the stream says it, without its number."""
        body: Value = {"type": self.type, "key": self.key}
        if self.type == "pop.closed":
            return body | {"why": self.why}
        return body | {"value": self.value}


def empty() -> dict[str, dict[str, Value]]:
    """A screen with nothing on it."""
    return {name: {} for name in COLLECTIONS.values()}


def apply(screen: dict[str, dict[str, Value]], message: Mapping[str, Any]) -> dict[str, dict[str, Value]]:
    """The screen after a message; the one given is left as it was. Messages of no collection change nothing."""
    kind = message["type"]
    if kind == "snapshot":
        return {**empty(), **message["screen"]}
    if kind == "several":
        for one in message["messages"]:
            screen = apply(screen, one)
        return screen
    name = COLLECTIONS.get(kind.partition(".")[0])
    if name is None:
        return screen
    changed = dict(screen.get(name, {}))
    _STEPS.get(kind, _upsert)(changed, message)
    return {**screen, name: changed}


def _upsert(collection: dict[str, Value], message: Mapping[str, Any]) -> None:
    if message["value"] is None:
        collection.pop(message["key"], None)
    else:
        collection[message["key"]] = message["value"]


def _update(collection: dict[str, Value], message: Mapping[str, Any]) -> None:
    known = collection.get(message["key"])
    if known is not None:
        collection[message["key"]] = {**known, **message["value"]}


def _close(collection: dict[str, Value], message: Mapping[str, Any]) -> None:
    known = collection.pop(message["key"], None)
    if known is not None and message["why"] == "abandoned":
        collection[message["key"]] = {**known, "state": "missed"}


_STEPS: Final = {"pop.update": _update, "pop.closed": _close}
