"""How long somebody has to wait who gives wrong passwords: delays that nobody can put on somebody else.

In: tries, by whom and when. Out: seconds to wait. Must not know: HTTP, clocks (`now` is seconds of a clock that only
goes forward), whether a login exists: those that do not are counted alike.

A login alone is never counted: whoever knows a colleague's login could keep them out. Counted are

* a login at an address: who guesses at one login from one place soon waits minutes;
* an address: who tries one password on many logins waits too, though never long, since a whole office may have one
  address;
* in place of both, a login in a browser in which its owner has signed in before: what strangers do, at whatever
  address, does not touch that one.

A try counts from its beginning and is taken back when it was right, so that a thousand at once are a thousand. Bounded:
of more than `MOST` the ones that were longest silent are forgotten.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

MOST = 50_000
_IPV6_BITS = 64  # what one household has


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """`free` wrong tries cost nothing; the next costs `first_s` of waiting, each one more twice that, up to `most_s`.
    All is forgotten after `forget_s` without a try."""

    free: int
    first_s: float
    most_s: float
    forget_s: float

    def wait_s(self, tries: int) -> float:
        """How long after so many wrong tries."""
        over = tries - self.free
        if over < 0:
            return 0.0
        return min(self.most_s, self.first_s * 2.0 ** min(over, 64))


Kind = Literal["login at address", "address", "login in browser"]
PATIENCE: Final[dict[Kind, Patience]] = {
    "login at address": Patience(free=5, first_s=2, most_s=900, forget_s=3600),
    "address": Patience(free=100, first_s=1, most_s=60, forget_s=3600),
    "login in browser": Patience(free=10, first_s=1, most_s=300, forget_s=3600),
}
Counted = tuple[Kind, str, str]
"""Who is counted: what kind, and the login, address or browser."""


def counted(login: str, address: str, browser: str | None) -> tuple[Counted, ...]:
    """What a try is counted under. `browser`: where its owner has signed in before; None: a stranger's."""
    if browser is not None:
        return (("login in browser", login, browser),)
    place = neighbourhood(address)
    return (("login at address", login, place), ("address", place, ""))


def neighbourhood(address: str) -> str:
    """Addresses that are one and the same for counting: of IPv6 the first 64 bits, IPv4 in IPv6 as IPv4."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found) >> _IPV6_BITS << _IPV6_BITS, _IPV6_BITS)))
    return str(found)


class Failures:
    """Wrong tries of the last while."""

    def __init__(self) -> None:
        self._tries: OrderedDict[Counted, tuple[int, float]] = OrderedDict()

    def begin(self, who: Sequence[Counted], now: float) -> float:
        """Seconds to wait before a try; 0: it may be made now, and counts as wrong until it `was_right`."""
        wait = max(self._wait(one, now) for one in who)
        if wait > 0:
            return wait
        for one in who:
            self._put(one, self._count(one, now) + 1, now)
        return 0.0

    def was_right(self, who: Sequence[Counted], now: float) -> None:
        """The try that began was right: nothing is left of what this login tried before, one is taken off the rest."""
        for one in who:
            count = self._count(one, now)
            if one[0] == "address" and count > 1:
                self._put(one, count - 1, self._tries[one][1])
            else:
                self._tries.pop(one, None)

    def not_made(self, who: Sequence[Counted], now: float) -> None:
        """The try that began was not looked at: it does not count, and neither makes what was before it undone."""
        for one in who:
            if (count := self._count(one, now)) > 1:
                self._put(one, count - 1, self._tries[one][1])
            else:
                self._tries.pop(one, None)

    def _wait(self, who: Counted, now: float) -> float:
        count, then = self._tries.get(who, (0, now))
        return max(0.0, then + PATIENCE[who[0]].wait_s(self._count(who, now)) - now) if count else 0.0

    def _count(self, who: Counted, now: float) -> int:
        count, then = self._tries.get(who, (0, now))
        return count if now - then < PATIENCE[who[0]].forget_s else 0

    def _put(self, who: Counted, count: int, now: float) -> None:
        self._tries[who] = (count, now)
        self._tries.move_to_end(who)
        if len(self._tries) > MOST:
            self._tries.popitem(last=False)
