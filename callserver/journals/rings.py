"""Which phones rang for a visit, and how each ring ended.

In: a visit in the making, the channels that rang for it, and whom a member's name means. Out: rings. Must
not know: other visits, files.

queue_log writes a ring that failed but not one that lost against another phone (trace ringall-losers), and
RINGNOANSWER for a phone that refused as well (trace agent-rejects): the rest is read from the legs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from callserver.facts import RingResult, seconds
from callserver.journals import queue_log
from callserver.journals.channels import Channel
from callserver.journals.drafts import SECOND, VisitDraft, near
from callserver.journals.story import Agent, Ring

_REFUSAL_CAUSES: Final = frozenset({17, 21})  # Q.850: user busy, call rejected


@dataclass(frozen=True, slots=True)
class Members:
    """Which interface a member's name means; a name that looks like an interface means itself."""

    interfaces: Mapping[str, str]

    def agent(self, member: str | None, channel: Channel | None) -> Agent:
        """The agent behind a member's name, a leg, or both; interface '' where nothing tells it."""
        if member is not None and channel is not None and channel.came_in:
            channel = None  # somebody else took the call (trace queue-call-picked-up)
        seen = channel.interface if channel is not None else ""
        if member is None:
            named = next((name for name, device in self.interfaces.items() if _is_device(device, seen)), None)
            return Agent(
                interface=self.interfaces.get(named or "", seen),
                name=named or (channel.caller_name if channel else None),
            )
        known = self.interfaces.get(member, member if "/" in member else "")
        return Agent(interface=known if not seen or _is_device(known, seen) else seen, name=member)


def _is_device(member: str, seen: str) -> bool:
    """A member `Local/1001@agents/n` has channels `Local/1001@agents-...`."""
    return bool(seen) and (
        member == seen or (seen.startswith("Local/") and member.rpartition("/")[0] == seen)
    )


@dataclass(frozen=True, slots=True)
class Rings:
    """Puts rings together."""

    members: Members

    def of(self, visit: VisitDraft, legs: list[Channel]) -> tuple[Ring, ...]:
        """The rings of a visit, in order; `legs`: the channels that rang for it."""
        legs = list(legs)
        rings = [self._written(entry, legs) for entry in visit.rings]
        if visit.end == "answered" and not any(leg.leg == visit.agent_leg and leg.came_in for leg in legs):
            rings.append(self._answered(visit, legs))
        rings += [self._seen(channel, visit) for channel in legs if not channel.came_in]
        return tuple(sorted(rings, key=lambda ring: ring.at or 0))

    def _written(self, entry: queue_log.RingEnded, legs: list[Channel]) -> Ring:
        """A ring that queue_log wrote; takes its leg out of `legs`."""
        channel = self._leg_of(entry, legs)
        ring_s = None if entry.ring_ms is None else entry.ring_ms / 1000
        result: RingResult = entry.result
        if channel is None:
            at = entry.at - (entry.ring_ms or 0)
            return Ring(agent=self.members.agent(entry.member, None), result=result, at=at, ring_s=ring_s)
        legs.remove(channel)
        if result == "no_answer" and channel.cause in _REFUSAL_CAUSES:
            result = "rejected"
        measured = seconds(channel.started, channel.ended)
        return Ring(
            agent=self.members.agent(entry.member, channel),
            result=result,
            leg=channel.leg,
            at=channel.started,
            ring_s=ring_s if measured is None else measured,
        )

    def _leg_of(self, entry: queue_log.RingEnded, legs: list[Channel]) -> Channel | None:
        device = self.members.interfaces.get(entry.member or "", entry.member)

        def strangeness(channel: Channel) -> tuple[bool, int]:
            its_own = device == channel.interface or entry.member == channel.caller_name
            return not its_own, abs((channel.ended or 0) - entry.at)

        fitting = [leg for leg in legs if leg.answered is None and near(leg.ended, entry.at)]
        return min(fitting, key=strangeness, default=None)

    def _answered(self, visit: VisitDraft, legs: list[Channel]) -> Ring:
        channel = next((leg for leg in legs if leg.leg == visit.agent_leg), None)
        if channel is not None:
            legs.remove(channel)
        measured = seconds(channel.started, channel.answered) if channel is not None else None
        rung = visit.ring_s if measured is None else measured
        begun = channel.started if channel is not None else None
        if begun is None and visit.left is not None:
            begun = visit.left - round((rung or 0) * SECOND)
        return Ring(
            agent=self.members.agent(visit.member, channel),
            result="answered",
            leg=visit.agent_leg,
            at=begun,
            ring_s=rung,
        )

    def _seen(self, channel: Channel, visit: VisitDraft) -> Ring:
        """A phone that rang and of which queue_log says nothing: it lost, or queue_log was not there."""
        result: RingResult = "canceled"
        if channel.cause in _REFUSAL_CAUSES:
            result = "rejected"
        elif channel.ended is None:
            result = "unknown"
        elif visit.left is None or visit.end == "timed_out" or channel.ended < visit.left - SECOND:
            result = "no_answer"
        return Ring(
            agent=self.members.agent(None, channel),
            result=result,
            leg=channel.leg,
            at=channel.started,
            ring_s=seconds(channel.started, channel.ended),
        )
