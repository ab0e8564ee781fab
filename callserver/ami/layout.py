"""How this switch writes its events: the names of the headers and their order, learned while reading.

In: messages that are whole and nobody's forgery. Out: the headers of the next message that is written the same way,
found by one pattern at once. Must not know: what events mean.

A switch writes all events of a kind alike, in a few shapes (with or without a second channel, a swap ...). A message
that fits a known shape has no line too much or too few, so nobody has torn it (torn.py); one that fits none is looked
at in the slow way, and then its shape is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

_SHAPES = 8  # of one kind of event; what is written in still other ways is read slowly each time


class Shape:
    """Header names in order. `places`: where in the pattern each name's value stands, its first one."""

    __slots__ = ("match", "places")

    def __init__(self, names: Sequence[str]) -> None:
        pattern = "\r\n".join(f"{re.escape(name)}: ([^\r]*+)" for name in names)
        self.match = re.compile(pattern).fullmatch
        self.places = {name: place for place, name in reversed(list(enumerate(names, 1)))}


@lru_cache(512)
def _shape(*names: str) -> Shape:
    """Making one takes a millisecond; the next connection meets the same switch."""
    return Shape(names)


class ShapedHeaders(Mapping[str, str]):
    """One message's headers; the same as a dict of them."""

    __slots__ = ("_found", "_places")

    def __init__(self, found: re.Match[str], places: Mapping[str, int]) -> None:
        self._found = found
        self._places = places

    def get(self, name: str, default: Any = None) -> Any:  # typed by Mapping
        place = self._places.get(name)
        return default if place is None else self._found[place]

    def __getitem__(self, name: str) -> str:
        return self._found[self._places[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class Layouts:
    """The shapes that were seen so far, by kind of event."""

    __slots__ = ("_shapes",)

    def __init__(self) -> None:
        self._shapes: dict[bytes, list[Shape]] = {}

    def headers(self, kind: bytes, message: bytes) -> Mapping[str, str] | None:
        """The message's headers; None where its shape was not seen before."""
        shapes = self._shapes.get(kind)
        if shapes is None:
            return None
        text = message.decode("utf-8", "replace")
        for shape in shapes:
            found = shape.match(text)
            if found is not None:
                return ShapedHeaders(found, shape.places)
        return None

    def learn(self, kind: bytes, message: bytes) -> None:
        """Messages of this kind may look so. One with a line that is no header has no shape."""
        shapes = self._shapes.setdefault(kind, [])
        lines = [line.partition(": ") for line in message.decode("utf-8", "replace").split("\r\n")]
        if len(shapes) < _SHAPES and all(colon for _, colon, _ in lines):
            shapes.append(_shape(*[name for name, _, _ in lines]))
