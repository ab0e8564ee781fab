"""queue_log entries of one call, sharpened by its channels -> visits to queues.

In: the call's queue_log entries in order, and what CEL showed of its channels. Out: visits, transfers,
refusals. Must not know: files, calls as a whole.

queue_log decides what happened; CEL decides when, for queue_log counts whole seconds. Without queue_log a
visit is read from CEL alone (the Queue application ran), and an end that CEL does not show is `unknown`.
Trace ringall-losers: phones that rang and lost are in CEL only. Trace queue-full: a caller whom the queue
would not take is in CEL only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final

from callserver.facts import Instant, LegId, Outcome, seconds
from callserver.journals import queue_log
from callserver.journals.channels import Channel, Channels, Stay
from callserver.journals.drafts import SECOND, VisitDraft, first_from, near, nearest
from callserver.journals.rings import Members, Rings
from callserver.journals.story import Callback, CompletedBy, Transfer, Visit

_ORDER_MS: Final = 20  # events of two channels a little out of order
_REFUSED_MS: Final = 500  # a queue that does not take the caller returns at once


class Visits:
    """The visits of one call: `told`, in order."""

    def __init__(self, entries: Iterable[queue_log.Entry], channels: Channels, members: Members) -> None:
        self.transfers: list[Transfer] = []
        self.refused: Outcome | None = None
        self.refusals: list[Stay] = []
        self.callback: Callback | None = None
        self.last_at: Instant = 0
        self._channels = channels
        self._members = members
        self._visits: list[VisitDraft] = []
        self._met = _meetings(channels)
        for entry in entries:
            self.last_at = max(self.last_at, entry.at)
            step = _STEPS.get(type(entry))
            if step is not None and entry.call is not None:
                step(self, entry)
        self._sharpen()
        self._visits.sort(key=lambda visit: visit.entered or 0)
        rang = self._rang()
        self.told = tuple(self._told(visit, rang[id(visit)]) for visit in self._visits)

    # --- queue_log
    # -------------------------------------------------------------------------------------------------

    def _entered(self, entry: queue_log.Entered) -> None:
        assert entry.call is not None
        self._visits.append(VisitDraft(entry.queue or "", entry.call, entry.at, entry.position))

    def _current(self, entry: queue_log.Line, waited_s: int | None = None) -> VisitDraft:
        """The visit that an entry speaks of; one whose beginning is not in this stretch of the file is made
        up.
        """
        assert entry.call is not None
        for visit in reversed(self._visits):
            if visit.leg == entry.call and visit.queue == entry.queue and visit.finished is None:
                return visit
        begun = None if waited_s is None else entry.at - waited_s * SECOND
        self._visits.append(VisitDraft(entry.queue or "", entry.call, begun))
        return self._visits[-1]

    def _connected(self, entry: queue_log.Connected) -> None:
        visit = self._current(entry, entry.hold_s)
        visit.end, visit.left, visit.wait_s = "answered", entry.at, entry.hold_s
        visit.member, visit.agent_leg, visit.ring_s = entry.member, entry.leg, entry.ring_s

    def _ring_ended(self, entry: queue_log.RingEnded) -> None:
        self._current(entry).rings.append(entry)

    def _left(self, entry: queue_log.Left) -> None:
        visit = self._current(entry, entry.wait_s)
        visit.end, visit.left, visit.wait_s, visit.finished = entry.end, entry.at, entry.wait_s, entry.at

    def _callback_asked(self, entry: queue_log.CallbackAsked) -> None:
        """The visit that they have just left by a key; of several, the place is that of the last."""
        here = [one for one in self._visits if one.leg == entry.call and one.queue == entry.queue]
        joined = entry.joined_at
        if here:
            here[-1].end = "callback"
            joined = here[-1].entered if joined is None else joined
        self.callback = Callback(queue=entry.queue or "", number=entry.number, joined_at=joined, at=entry.at)

    def _refused(self, entry: queue_log.Refused) -> None:
        self.refused = entry.end

    def _completed(self, entry: queue_log.Completed) -> None:
        visit = self._answered_before(entry, entry.hold_s, entry.talk_s)
        visit.by, visit.talk_s, visit.finished = entry.by, entry.talk_s, entry.at

    def _transferred(self, entry: queue_log.Transferred) -> None:
        visit = self._answered_before(entry, entry.hold_s, entry.talk_s)
        visit.by, visit.talk_s, visit.finished = "transfer", entry.talk_s, entry.at
        by = self._members.agent(visit.member, self._channels.known.get(visit.agent_leg or LegId("")))
        self.transfers.append(
            Transfer(kind=entry.transfer, by=by.interface or by.name or "", to=entry.to, at=entry.at)
        )

    def _answered_before(self, entry: queue_log.Line, hold_s: int | None, talk_s: int | None) -> VisitDraft:
        visit = self._current(entry, (hold_s or 0) + (talk_s or 0) if hold_s is not None else None)
        if visit.end is None:
            visit.end, visit.member, visit.wait_s = "answered", entry.member, hold_s
            visit.left = None if talk_s is None else entry.at - talk_s * SECOND
        return visit

    # --- CEL ----------------------------------------------------------------------------------------------
    # ---------

    def _sharpen(self) -> None:
        unmatched = _Stays(self._channels.stays)
        for visit in self._visits:
            stay = unmatched.take(visit)
            if stay is not None:
                visit.entered = stay.begin
            self._sharpen_leaving(visit, stay)
            self._sharpen_finish(visit)
        for stay in unmatched.left():
            self._read_alone(stay)

    def _sharpen_leaving(self, visit: VisitDraft, stay: Stay | None) -> None:
        if visit.left is None:
            return
        if visit.end == "answered":
            together = [at for at, other in self._met[visit.leg] if other == visit.agent_leg]
            visit.left = nearest(together, visit.left)
        elif stay is not None and stay.end is not None:
            visit.left = nearest([stay.end], visit.left)
        measured = seconds(visit.entered, visit.left)
        if stay is not None and measured is not None:
            visit.wait_s = measured

    def _sharpen_finish(self, visit: VisitDraft) -> None:
        if visit.end != "answered" or visit.finished is None:
            return
        own, agent = visit.leg, visit.agent_leg or visit.leg
        moments = sorted(self._channels.moments.get(own, []) + self._channels.moments.get(agent, []))
        if (
            visit.left is not None
        ):  # a talk that began in the second in which it ended did not end as it began
            moments = moments[bisect_right(moments, visit.left) :]
        sharp = first_from(moments, visit.finished)
        if sharp is not None and visit.left is not None:
            visit.finished = sharp
            visit.talk_s = seconds(visit.left, sharp)

    def _read_alone(self, stay: Stay) -> None:
        """A stay of which queue_log says nothing: a refusal, or queue_log was not there to say it."""
        visit = VisitDraft(stay.queue, stay.leg, stay.begin, left=stay.end, finished=stay.end)
        answer = next((met for met in self._met[stay.leg] if self._is_answer(met, stay)), None)
        if answer is not None:
            visit.end = "answered"
            visit.left, visit.agent_leg = answer
            parted = (stay.end, self._agent_left(stay.leg, self._channels.known[visit.agent_leg], visit.left))
            visit.finished = min((at for at in parted if at is not None), default=None)
            visit.talk_s = seconds(visit.left, visit.finished)
            visit.by = self._who_ended(visit)
        elif stay.end is not None:
            visit.end = self._end_without_agent(stay)
            if visit.end is None:
                self.refusals.append(stay)
                return
        visit.wait_s = seconds(visit.entered, visit.left)
        self._visits.append(visit)

    def _is_answer(self, met: tuple[Instant, LegId], stay: Stay) -> bool:
        at, other = met
        if at < stay.begin or (stay.end is not None and at > stay.end):
            return False
        return self._channels.known[other].app == "AppQueue"

    def _agent_left(self, caller: LegId, agent: Channel, since: Instant) -> Instant | None:
        """When the agent was gone; a Local channel may be optimised away while they talk
        (local-member-optimized).
        """
        if not agent.local:
            return agent.ended
        talks = (talk for talk in self._channels.talks if caller in talk.legs)
        return next((talk.ended for talk in talks if talk.ended is None or talk.ended > since), None)

    def _who_ended(self, visit: VisitDraft) -> CompletedBy | None:
        """Which side ended a talk that only CEL tells of."""
        if visit.finished is None:
            return None
        agent, caller = self._channels.known[visit.agent_leg or visit.leg], self._channels.known[visit.leg]
        if any(
            moved.by == agent.interface and abs(moved.at - visit.finished) < SECOND
            for moved in self._channels.transfers
        ):
            return "transfer"
        return "agent" if agent.by_itself else "caller" if caller.by_itself else "unknown"

    def _end_without_agent(self, stay: Stay) -> Outcome | None:
        """How the caller left, as far as CEL shows it; None: the queue did not take the caller at all."""
        assert stay.end is not None
        caller = self._channels.known[stay.leg]
        stayed = stay.end - stay.begin
        if stay.key is not None:
            return "left_by_key"
        if caller.by_itself and caller.ended is not None and caller.ended - stay.end < SECOND:
            return "abandoned"
        if stayed <= _REFUSED_MS:
            return None
        if stay.limit_s is not None and stayed >= stay.limit_s * SECOND - _REFUSED_MS:
            return "timed_out"
        return "unknown"

    # --- telling
    # ---------------------------------------------------------------------------------------------------

    def _told(self, visit: VisitDraft, rang: list[Channel]) -> Visit:
        known = self._channels.known
        answered = visit.end == "answered"
        agent_channel = known.get(visit.agent_leg) if visit.agent_leg else None
        return Visit(
            queue=visit.queue,
            leg=visit.leg,
            entered_at=visit.entered,
            position=visit.position,
            left_at=visit.left,
            wait_s=visit.wait_s,
            talk_s=visit.talk_s,
            end=visit.end,
            agent=self._members.agent(visit.member, agent_channel) if answered else None,
            agent_leg=visit.agent_leg,
            completed_by=visit.by,
            rings=Rings(self._members).of(visit, rang),
        )

    def _rang(self) -> dict[int, list[Channel]]:
        """The legs that rang for each visit: the one that took it, and members' legs begun while it was the
        last.
        """
        taken = {visit.agent_leg: visit for visit in self._visits if visit.agent_leg is not None}
        begun = [visit.entered or 0 for visit in self._visits]
        rang: dict[int, list[Channel]] = defaultdict(list)
        for channel in self._channels.known.values():
            visit = taken.get(channel.leg)
            if visit is None and channel.app == "AppQueue" and channel.started is not None:
                index = bisect_right(begun, channel.started + _ORDER_MS) - 1
                visit = self._visits[index] if index >= 0 else None
            if visit is not None:
                rang[id(visit)].append(channel)
        return rang


class _Stays:
    """Runs of the Queue application, until a visit takes them."""

    def __init__(self, stays: Iterable[Stay]) -> None:
        self._waiting: dict[tuple[LegId, str], list[Stay]] = defaultdict(list)
        for stay in stays:
            self._waiting[stay.leg, stay.queue].append(stay)

    def take(self, visit: VisitDraft) -> Stay | None:
        """The stay that this visit was."""
        waiting = self._waiting[visit.leg, visit.queue]
        fitting = [stay for stay in waiting if near(stay.begin, visit.entered)]
        nearest = min(fitting, key=lambda stay: abs(stay.begin - (visit.entered or 0)), default=None)
        if nearest is not None:
            waiting.remove(nearest)
        return nearest

    def left(self) -> list[Stay]:
        """Those that no visit took, in order."""
        rest = [stay for stays in self._waiting.values() for stay in stays]
        return sorted(rest, key=lambda stay: stay.begin)


def _meetings(channels: Channels) -> dict[LegId, list[tuple[Instant, LegId]]]:
    """For each leg, when it met which other in a bridge."""
    met: dict[LegId, list[tuple[Instant, LegId]]] = defaultdict(list)
    for meeting in channels.meetings:
        met[meeting.one].append((meeting.at, meeting.other))
        met[meeting.other].append((meeting.at, meeting.one))
    return met


_STEPS: Final[dict[type, Callable[[Visits, Any], None]]] = {
    queue_log.Entered: Visits._entered,
    queue_log.Connected: Visits._connected,
    queue_log.RingEnded: Visits._ring_ended,
    queue_log.Left: Visits._left,
    queue_log.Refused: Visits._refused,
    queue_log.CallbackAsked: Visits._callback_asked,
    queue_log.Completed: Visits._completed,
    queue_log.Transferred: Visits._transferred,
}
