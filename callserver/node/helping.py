"""A supervisor helps: listens to an agent, takes a customer over, moves callers who wait.

In: requests, the link, the floor, the facts that follow. Out: actions; `Came`. Must not know: the store, who asked, who
may. Listening is Asterisk's ChanSpy, begun by our own context of the dialplan (`contract.SPY`); what the switch says of
it, and who is bridged with whom, decides, not its "queued".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from asterisk_conf import contract
from callserver.ami import commands as ami
from callserver.ami.commands import Action
from callserver.calls.floor import Floor
from callserver.calls.scene import Chan
from callserver.errors import ActionRefused, OutcomeUnknown
from callserver.facts import LISTENING, LegId
from callserver.node.calling_out import TOO_LATE, too_late
from callserver.node.directory import Headers
from callserver.node.ears import Ears
from callserver.node.judging import Came, Judge, Listens, Requeued, Rung, TakenOver
from callserver.node.reaching import Reach, Sends
from callserver.node.telephone import AT_ONCE_S, IN_A_CALL
from callserver.seats import asking

OVER: Final = Came("refused", "over", "the call is over, or they are not part of it any more")
NOT_TALKING: Final = Came("refused", "not_talking", "nobody talks with them at this moment")
NOT_WAITING: Final = Came("refused", "not_waiting", "they do not wait in a queue any more")
NOT_MOVED: Final = Came(
    "refused",
    "not_moved",
    "this Asterisk notes the priority and moves nobody who waits already: it is too old",
)
RINGS: Final = Came("refused", "in_hand", "your phone rings for this already: answer it")
NO_CONTEXT: Final = Came(
    "refused", "no_context", f"Asterisk's dialplan has no context {contract.SPY}: see docs/telephone.md"
)
RESTARTED: Final = Came("unknown", "unknown", "callserver was restarted while it was on its way")


def still_behind(mine: Headers, entries: Iterable[Headers]) -> bool:
    """Whether somebody of less priority is still in front (ran: 16.28 knows no `Immediate`, and says Success)."""
    place, priority = _whole(mine, "Position"), _whole(mine, "Priority")
    others = (one for one in entries if one.get("Event") == "QueueEntry")
    return any(_whole(one, "Position") < place and _whole(one, "Priority") < priority for one in others)


def _whole(entry: Headers, name: str) -> int:
    found = entry.get(name, "0")
    return int(found) if found.isdigit() else 0


class Helping:
    """What supervisors can do on one switch. `context`: where its phones dial from."""

    def __init__(self, line: Sends, floor: Floor, ears: Ears, reach: Reach, *, context: str) -> None:
        self._line = line
        self._floor = floor
        self._ears = ears
        self._reach = reach
        self._context = context

    # --- in the ear of an agent --------------------------------------------------------------------------------------

    async def listen(self, request: asking.Listen, marked: float) -> Came:
        """Hear an agent's leg; done when the switch says so. `marked`: when it was marked as sent (loop's clock)."""
        heard = self._chan(request.leg)
        if heard is None or heard.state != "up":
            return OVER
        variables: dict[str, str] = {contract.SPIED_VARIABLE: heard.leg}
        own = self._listener(request.interface)
        if own is not None:
            judge = Listens(by_leg=own.leg, leg=heard.leg, mode=request.mode)
            return await self._moved(own, request.mode, variables, judge)
        rung = Rung(channel=request.channel, who=request.interface)
        judge = Listens(by_leg=request.channel, leg=heard.leg, mode=request.mode, rung=rung)
        return await self._rung(request, request.mode, variables, judge, marked)

    async def take_over(self, request: asking.TakeOver, marked: float) -> Came:
        """The customer and the supervisor's phone talk, and the agent is out of it."""
        customer = self._chan(request.leg)
        if customer is None:
            return OVER
        if customer.bridge is None:
            return NOT_TALKING
        variables = {contract.TAKEN_VARIABLE: customer.name}
        own = self._listener(request.interface)
        if own is not None:
            judge = TakenOver(by_leg=own.leg, leg=customer.leg)
            return await self._moved(own, contract.SPY_TAKE, variables, judge)
        rung = Rung(channel=request.channel, who=request.interface)
        judge = TakenOver(by_leg=request.channel, leg=customer.leg, rung=rung)
        return await self._rung(request, contract.SPY_TAKE, variables, judge, marked)

    async def _rung(
        self,
        request: asking.Listen | asking.TakeOver,
        exten: str,
        variables: dict[str, str],
        judge: Judge,
        marked: float,
    ) -> Came:
        """Ring the supervisor's phone; what follows when it is answered is the dialplan's."""
        if any(chan.interface == request.interface for chan in self._floor.scene.chans.values()):
            return IN_A_CALL
        if not await self._reach.has(contract.SPY):
            return NO_CONTEXT
        local = request.interface.startswith("Local/")
        action = ami.Originate(
            channel=request.interface,
            context=contract.SPY,
            exten=exten,
            channel_id=request.channel,
            other_channel_id=f"{request.channel}-2" if local else None,
            timeout_ms=request.ring_s * 1000,
            variables=variables,
        )
        return TOO_LATE if too_late(marked) else await self._done([action], judge, request.ring_s + AT_ONCE_S)

    async def _moved(self, own: Chan, exten: str, variables: dict[str, str], judge: Judge) -> Came:
        """The phone listens already: it goes to something else, without a sound."""
        if own.state != "up":
            return RINGS
        actions: list[Action] = [
            ami.Setvar(channel=own.name, variable=name, value=value) for name, value in variables.items()
        ]
        actions.append(ami.Redirect(channel=own.name, context=contract.SPY, exten=exten))
        return await self._done(actions, judge, AT_ONCE_S)

    def _listener(self, interface: str) -> Chan | None:
        """The channel by which this phone listens now, or rings to listen; one that took over talks, and is none."""
        mine = (chan for chan in self._floor.scene.chans.values() if chan.interface == interface)
        return next((chan for chan in mine if chan.leg.startswith(LISTENING) and chan.bridge is None), None)

    # --- who waits ---------------------------------------------------------------------------------------------------

    async def priority(self, request: asking.CallerPriority) -> Came:
        """Another place in the queue; done when the switch's list shows the priority."""
        chan = self._waiting(request.leg, request.queue)
        if chan is None:
            return NOT_WAITING
        change = ami.QueueChangePriorityCaller(
            queue=request.queue, caller=chan.name, priority=request.priority
        )
        try:
            await self._line.send(change)
        except ActionRefused as error:
            if "no such caller" in str(error).lower() or "not in" in str(error).lower():
                return NOT_WAITING
            raise
        entries = (await self._line.send(ami.QueueStatus(queue=request.queue))).items
        mine = next((one for one in entries if one.get("Uniqueid") == request.leg), None)
        if mine is None:
            return NOT_WAITING
        if mine.get("Priority", str(request.priority)) != str(request.priority):
            raise OutcomeUnknown("Asterisk took it, and shows another priority")
        if still_behind(mine, entries):
            return NOT_MOVED
        return Came("done", "moved", detail={"position": int(mine.get("Position", "0"))})

    async def to_queue(self, request: asking.CallerToQueue) -> Came:
        """The caller waits in another queue; done when the switch says so."""
        chan = self._waiting(request.leg, None)
        if chan is None:
            return NOT_WAITING
        exten = await self._reach.extension("queue", request.queue)
        if isinstance(exten, Came):
            return exten
        actions: list[Action] = []
        if request.in_front:
            priority = str(contract.WAITED_PRIORITY)
            actions.append(ami.Setvar(channel=chan.name, variable="QUEUE_PRIO", value=priority))
        if await self._reach.has(contract.MOVED):
            moved = ami.Setvar(channel=chan.name, variable=contract.MOVED_VARIABLE, value=exten)
            actions += [moved, ami.QueueWithdrawCaller(queue=self._queue_of(chan), caller=chan.name)]
        else:  # a dialplan of their own: the switch, and so the numbers, will call it an abandoned call
            actions.append(ami.Redirect(channel=chan.name, context=self._context, exten=exten))
        return await self._done(actions, Requeued(call=chan.call.id, queue=request.queue), AT_ONCE_S)

    @staticmethod
    def _queue_of(chan: Chan) -> str:
        return next(one.visit.queue for one in chan.call.visits if one.state in ("waiting", "offered"))

    def _waiting(self, leg: LegId, queue: str | None) -> Chan | None:
        """The caller's channel, while it waits there (None: in any queue)."""
        chan = self._chan(leg)
        if chan is None:
            return None
        waits = [one.visit.queue for one in chan.call.visits if one.state in ("waiting", "offered")]
        return chan if any(queue in (None, one) for one in waits) else None

    # --- after a restart ---------------------------------------------------------------------------------------------

    def found(self, request: asking.Listen | asking.TakeOver | asking.CallerToQueue) -> Came:
        """What became of a request of an earlier owner, as far as the switch shows it now."""
        match request:
            case asking.CallerToQueue():
                return Came("done", "queued") if self._waiting(request.leg, request.queue) else RESTARTED
            case asking.Listen():
                own, modes = self._listener(request.interface), self._floor.listening.modes
                hears = own is not None and own.leg in self._floor.listening.heard
                done = hears and own is not None and modes.get(own.leg, request.mode) == request.mode
                return Came("done", "listening") if done else RESTARTED
            case asking.TakeOver():
                talks = [talk for call in self._floor.scene.calls.values() for talk in call.talks]
                with_us = {leg for talk in talks if request.leg in talk for leg in talk}
                mine = any(self._floor.scene.chans[leg].interface == request.interface for leg in with_us)
                return Came("done", "taken") if mine else RESTARTED

    # --- sending -----------------------------------------------------------------------------------------------------

    def _chan(self, leg: LegId) -> Chan | None:
        return self._floor.scene.chans.get(leg)

    async def _done(self, actions: list[Action], judge: Judge, within_s: float) -> Came:
        with self._ears.open(judge) as ear:
            for action in actions:
                await self._line.send(action)
            came = await ear.verdict(within_s)
        if came is None:
            raise OutcomeUnknown(
                f"Asterisk took {actions[-1].name}, and within {within_s:g} s nothing came of it"
            )
        return came
