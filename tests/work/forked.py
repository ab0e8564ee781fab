"""Lives of a program that is killed again and again: children of one process that has imported everything once.

In: what a life does. Out: its process, and what it tells. Must not know: what that is. A new interpreter takes seconds
of processor time before it begins; a fork takes none. Whoever forks must have no thread and no event loop: a program of
its own, which touches no database itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeAlias

from tests.rig.asterisk import die_with_parent

Live: TypeAlias = Callable[[int], Coroutine[Any, Any, None]]
"""A life; it is given a descriptor that its parent reads from."""


@contextlib.contextmanager
def life(live: Live) -> Iterator[tuple[int, int]]:
    """A child: its id, and the descriptor where what it tells can be read."""
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        os.close(heard)
        os._exit(_lived(live, told))
    os.close(told)
    yield child, heard
    os.close(heard)


def _lived(live: Live, told: int) -> int:
    """What a child does; its exit code."""
    die_with_parent()
    try:
        asyncio.run(live(told))
    except BaseException as error:
        say("failed", repr(error))
        return 1
    return 0


def ended(child: int) -> int:
    """Its exit code, waited for."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def say(*words: object) -> None:
    """A line for the test that started all this."""
    sys.stdout.write("\t".join(map(str, words)) + "\n")
    sys.stdout.flush()
