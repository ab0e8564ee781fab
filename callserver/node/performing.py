"""One request -> what the switch must be told, and what it answered.

In: requests, the link, the floor. Out: actions; `Came`, what became of each. Must not know: the store, who asked. What
the switch says of queue members is final: "Already there" and "Not there" are what was wanted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, assert_never

from asterisk_conf import contract
from callserver.ami import commands as ami
from callserver.calls.floor import Floor
from callserver.errors import ActionRefused
from callserver.facts import Instant
from callserver.node.calling_out import CallingOut, Look, nothing_known
from callserver.node.ears import Ears
from callserver.node.helping import Helping
from callserver.node.judging import DONE, Came
from callserver.node.reaching import Reach, Sends
from callserver.node.telephone import Telephone
from callserver.seats import asking
from callserver.seats.asking import Request

LOOK_S = 0.1
_THERE = "already there"
_NOT_THERE = "not there"
_NO_QUEUE = "no such queue"


class Line(Sends, Protocol):
    """The link, as far as it is needed here."""

    @property
    def state(self) -> str:
        """up: the switch is seen."""


class Performer:
    """Does requests on one switch."""

    def __init__(
        self,
        pbx: str,
        line: Line,
        floor: Floor,
        *,
        context: str = contract.PHONES,
        trunks: tuple[str, ...] = (),
        evidence: Look = nothing_known,
        seen_at: Callable[[], str] = lambda: "",
    ) -> None:
        """`context`: where phones dial from. `trunks`: channels that lead outside. `evidence`: what the journals show
        of a call of ours. `seen_at`: when the switch was last seen, by the clock on the wall."""
        self.ears = Ears()
        self._pbx = pbx
        self._line = line
        self._floor = floor
        reach = Reach(line, context)
        self._telephone = Telephone(line, floor, self.ears, reach, context=context, evidence=evidence)
        self._helping = Helping(line, floor, self.ears, reach, context=context)
        self._calling = CallingOut(line, floor, self.ears, reach, trunks=trunks, evidence=evidence)
        self._seen_at = seen_at

    async def perform(self, request: Request, marked: float) -> Came:
        """Do it; `marked`: when it was marked as sent, by the loop's clock.

        Raises LinkDown, ActionRefused, UnsafeValue (it was not done), OutcomeUnknown.
        """
        match request:
            case asking.QueueAdd():
                return await self._add(request)
            case asking.QueueRemove():
                return await self._remove(request)
            case asking.QueuePause():
                return await self._pause(request)
            case asking.Originate():
                return await self._telephone.originate(request, marked)
            case asking.DialCustomer():
                return await self._calling.dial(request, marked)
            case asking.Warn():
                return await self._calling.warn(request, marked)
            case asking.Hangup():
                return await self._telephone.hang_up(request)
            case asking.BlindTransfer():
                return await self._telephone.blind(request)
            case asking.AttendedTransfer():
                return await self._telephone.attended(request)
            case asking.Redirect():
                return await self._telephone.redirect(request)
            case asking.Listen():
                return await self._helping.listen(request, marked)
            case asking.TakeOver():
                return await self._helping.take_over(request, marked)
            case asking.CallerPriority():
                return await self._helping.priority(request)
            case asking.CallerToQueue():
                return await self._helping.to_queue(request)
            case _:
                assert_never(request)

    def why_blind(self) -> str:
        """Why nothing can be sent, for people."""
        since = self._seen_at()
        return f"callserver has no connection to Asterisk {self._pbx}" + (f" since {since}" if since else "")

    async def sees(self) -> None:
        """Until the switch is seen as it is."""
        while self._line.state != "up":  # noqa: ASYNC110 (a link tells its state to nobody)
            await asyncio.sleep(LOOK_S)

    async def recall(self, request: Request, sent_at: Instant) -> Came:
        """What became of a request that somebody sent, or was about to send, at `sent_at`: as far as the switch shows
        it now, and for a customer's call its journals.
        """
        match request:
            case asking.QueueAdd(queue=queue, interface=interface):
                return DONE if self._member(queue, interface) else _lost(f"{interface} is not in {queue}")
            case asking.QueueRemove(queue=queue, interface=interface):
                return _lost(f"{interface} is still in {queue}") if self._member(queue, interface) else DONE
            case asking.QueuePause():
                return self._recall_pause(request)
            case asking.Originate():
                return await self._telephone.found(request, sent_at)
            case asking.DialCustomer() | asking.Warn():
                return await self._calling.found(request, sent_at)
            case asking.Listen() | asking.TakeOver() | asking.CallerToQueue():
                return self._helping.found(request)
            case _:
                return Came("unknown", "unknown", "callserver was restarted while it was on its way")

    # --- queues ------------------------------------------------------------------------------------------------------

    async def _add(self, request: asking.QueueAdd) -> Came:
        action = ami.QueueAdd(
            queue=request.queue,
            interface=request.interface,
            member=request.member,
            state_interface=request.state_interface,
            penalty=request.penalty,
            paused=request.paused,
        )
        came = await self._of_queue(action, _THERE)
        if came.state == "done" and request.paused and request.reason:
            await self._line.send(
                ami.QueuePause(
                    interface=request.interface, paused=True, queue=request.queue, reason=request.reason
                )
            )
        return came

    async def _remove(self, request: asking.QueueRemove) -> Came:
        return await self._of_queue(
            ami.QueueRemove(queue=request.queue, interface=request.interface), _NOT_THERE
        )

    async def _pause(self, request: asking.QueuePause) -> Came:
        action = ami.QueuePause(
            interface=request.interface, paused=request.paused, queue=request.queue, reason=request.reason
        )
        try:
            await self._line.send(action)
        except ActionRefused as error:
            if "interface not found" not in str(error).lower():
                raise
            where = f"queue {request.queue}" if request.queue is not None else "any queue"
            return Came("refused", "not_member", f"{request.interface} is not in {where}")
        return DONE

    async def _of_queue(self, action: ami.QueueAdd | ami.QueueRemove, settled: str) -> Came:
        """`settled`: the refusal that means that it is so already."""
        try:
            await self._line.send(action)
        except ActionRefused as error:
            said = str(error).lower()
            if settled in said:
                return Came("done", "already")
            if _NO_QUEUE in said:
                return Came("refused", "no_queue", f"Asterisk {self._pbx} has no queue {action.queue}")
            raise
        return DONE

    def _member(self, queue: str, interface: str) -> bool:
        agent = self._floor.agents.by_interface.get(interface)
        return agent is not None and queue in agent.queues

    def _recall_pause(self, request: asking.QueuePause) -> Came:
        agent = self._floor.agents.by_interface.get(request.interface)
        here = [
            known.pause == "paused"
            for queue, known in (agent.queues if agent else {}).items()
            if request.queue in (None, queue)
        ]
        if here and all(paused == request.paused for paused in here):
            return DONE
        return _lost(f"{request.interface} is {'not ' if request.paused else 'still '}paused")


def _lost(how: str) -> Came:
    return Came("refused", "lost", f"callserver was restarted before this was done: {how}")
