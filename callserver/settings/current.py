"""What is set of queues now: the settings file, and over it what administrators have set since.

In: the blocks of the file; what administrators set, whenever it changes. Out: one Mapping that the running parts hold,
always the present one. Must not know: where changes are kept, who hears of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from callserver.settings.shape import QueueSettings

T = TypeVar("T")


class QueueBook(Mapping[str, QueueSettings]):
    """By the name that Asterisk knows the queue by. A queue that nobody named is not in it."""

    def __init__(self, file: Mapping[str, QueueSettings]) -> None:
        self.file = dict(file)
        self._now = dict(file)

    def lay(self, changed: Mapping[str, QueueSettings]) -> frozenset[str]:
        """These go before the file; whatever was laid over it before is gone. The names whose settings differ now."""
        before, self._now = self._now, {**self.file, **changed}
        names = before.keys() | self._now.keys()
        return frozenset(name for name in names if before.get(name) != self._now.get(name))

    def present(self, name: str) -> str:
        """What a queue is called now that was once known by this name."""
        if name in self._now:
            return name
        return next((now for now, one in self._now.items() if name in one.formerly), name)

    def __getitem__(self, name: str) -> QueueSettings:
        return self._now[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)


class Of(Mapping[str, T], Generic[T]):
    """One thing that is set of queues, for a part that needs no more; a queue where it is None is not in it."""

    def __init__(
        self, queues: Mapping[str, QueueSettings], pick: Callable[[QueueSettings], T | None]
    ) -> None:
        self._queues = queues
        self._pick = pick

    def __getitem__(self, name: str) -> T:
        picked = self._pick(self._queues[name])
        if picked is None:
            raise KeyError(name)
        return picked

    def __iter__(self) -> Iterator[str]:
        return (name for name, one in self._queues.items() if self._pick(one) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
