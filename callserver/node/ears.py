"""What somebody waits for: the first fact, or the answer to an Originate, that decides.

In: facts as they are told, OriginateResponse as it is heard, judges. Out: what the judge made of it. Must not know:
what is waited for. While nobody waits it costs a look at an empty list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeAlias, TypeVar

from callserver.ami.events import OriginateResponse
from callserver.facts import Fact

T = TypeVar("T")
News: TypeAlias = Fact | OriginateResponse


class Ear(Generic[T]):
    """One that listens: `judge` brings a verdict, or None as long as nothing is decided."""

    def __init__(self, judge: Callable[[News], T | None]) -> None:
        self._judge = judge
        self._verdict: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def hear(self, news: News) -> None:
        """Judge it, unless that is decided."""
        if not self._verdict.done() and (verdict := self._judge(news)) is not None:
            self._verdict.set_result(verdict)

    async def verdict(self, within_s: float) -> T | None:
        """The verdict, None where there is none in time."""
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.shield(self._verdict)
        except TimeoutError:
            return None


class Ears:
    """All that listen to one switch."""

    def __init__(self) -> None:
        self._open: list[Ear[object]] = []

    def __bool__(self) -> bool:
        return bool(self._open)

    def hear(self, news: Iterable[News]) -> None:
        """What happened, in order."""
        if self._open:
            for one in news:
                for ear in self._open:
                    ear.hear(one)

    @contextmanager
    def open(self, judge: Callable[[News], T | None]) -> Iterator[Ear[T]]:
        """Listen from now on, until the block ends: open it before the action is sent."""
        ear = Ear(judge)
        self._open.append(ear)  # type: ignore[arg-type]
        try:
            yield ear
        finally:
            self._open.remove(ear)  # type: ignore[arg-type]
