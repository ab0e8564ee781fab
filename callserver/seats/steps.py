"""What one look at all shifts comes to: changes of them, orders to switches.

In: nothing. Out: values. Must not know: why, and how they are carried out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from callserver.facts import CallId, Instant, PbxId
from callserver.people import UserId
from callserver.seats.picture import Order
from callserver.seats.shift import Shift, Vacated, WrapUp


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpBegun:
    user: UserId
    wrap_up: WrapUp


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpOver:
    """Its time has passed."""

    user: UserId
    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class WentAway:
    """No screen has been open since `before` or earlier."""

    user: UserId
    before: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftOver:
    user: UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class WishCarried:
    """The switch has, or was told, all that this shift wishes."""

    shift: Shift


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatCleared:
    seat: Vacated


Change: TypeAlias = WrapUpBegun | WrapUpOver | WentAway | ShiftOver | WishCarried | SeatCleared
Whose: TypeAlias = UserId | tuple[PbxId, str]
"""Orders of one person, or for one left seat, are given together; meanwhile there are no others for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`changes` and `orders` belong into one transaction; `shown`: whose screens have something new."""

    changes: tuple[Change, ...]
    orders: tuple[tuple[Whose, PbxId, tuple[Order, ...]], ...]
    shown: frozenset[UserId]
