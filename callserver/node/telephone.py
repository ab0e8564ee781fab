"""Calls begun, ended and handed on, at the word of a person: what the switch is told, and what it really did.

In: requests, the link, the floor, the facts that follow. Out: actions; `Came`. Must not know: the store, who asked. The
switch's "queued" or "succeeded" is no outcome: each request listens before it is sent, and what is heard decides.
"""

from __future__ import annotations

import asyncio
from typing import assert_never

from asterisk_conf import contract
from callserver.ami import commands as ami
from callserver.ami.commands import Action, speakable
from callserver.calls.floor import Floor
from callserver.calls.scene import Chan
from callserver.errors import ActionRefused, OutcomeUnknown
from callserver.facts import CallId, Instant, LegId
from callserver.node.calling_out import LOOK_S, TOO_LATE, Look, too_late
from callserver.node.ears import Ears
from callserver.node.judging import (
    DONE,
    Begun,
    Came,
    CameBack,
    Consulted,
    Ended,
    Finished,
    Handed,
    Judge,
    Rung,
    TurnedDown,
    answered,
)
from callserver.node.reaching import Reach, Sends
from callserver.seats import asking

AT_ONCE_S = 5.0  # what the switch does without waiting for people
CONSULT_S = 45.0  # digits, and 15 s of ringing by features.conf
SETTLE_S = 1.0
ELSEWHERE_S = 3.0  # where a caller is after a blind transfer
TURNED_DOWN_S = 0.5  # how soon a phone that rejects everything has rejected

IN_A_CALL = Came("refused", "in_a_call", "your phone rings or is in a call: end that first")
GONE = Came("refused", "over", "the call is over, or your phone is not part of it any more")
ALONE = Came("refused", "alone", "there is nobody on the line to transfer")
IN_IT = Came("refused", "consulting", "a consultation is under way: finish or cancel it")
NONE_SUCH = Came("refused", "not_consulting", "there is no consultation")
NOT_YET = Came("refused", "not_answered", "the colleague has not answered: wait, or cancel")
NOT_BEGUN = Came("refused", "not_begun", "Asterisk did not begin the consultation: try again")


class Telephone:
    """What people can do with calls on one switch. `context`: where its phones dial from."""

    def __init__(
        self, line: Sends, floor: Floor, ears: Ears, reach: Reach, *, context: str, evidence: Look
    ) -> None:
        self._line = line
        self._floor = floor
        self._ears = ears
        self._context = context
        self._reach = reach
        self._evidence = evidence
        # Of legs that consult: whom they talked with before; when they came back, by the loop's clock.
        self._partners: dict[LegId, frozenset[LegId]] = {}
        self._back_at: dict[LegId, float] = {}

    # --- a call begun ------------------------------------------------------------------------------------------------

    async def originate(self, request: asking.Originate, marked: float) -> Came:
        """Ring the phone; done when it is answered. `marked`: when it was marked as sent, by the loop's clock."""
        if any(chan.interface == request.interface for chan in self._floor.scene.chans.values()):
            return IN_A_CALL
        exten = await self._reach.extension(request.way, request.to)
        if isinstance(exten, Came):
            return exten
        local = request.interface.startswith("Local/")
        action = ami.Originate(
            channel=request.interface,
            context=self._context,
            exten=exten,
            channel_id=request.channel,
            other_channel_id=f"{request.channel}-2" if local else None,
            timeout_ms=request.ring_s * 1000,
            variables=_shown(request),
        )
        if too_late(marked):
            return TOO_LATE
        rung = Rung(channel=request.channel, who=request.interface)
        return await self._done(action, rung, request.ring_s + AT_ONCE_S)

    async def found(self, request: asking.Originate, sent_at: Instant) -> Came:
        """What became of an Originate that somebody else sent, or was about to send, at `sent_at`: by our own id."""
        chan = self._floor.scene.chans.get(request.channel)
        if chan is not None and chan.state == "up":
            return answered(chan.call.id)
        if chan is None:
            return await self._remembered(request, sent_at)
        with self._ears.open(Rung(channel=request.channel, who=request.interface, seen=True)) as ear:
            came = await ear.verdict(request.ring_s + AT_ONCE_S)
        return came or Came("unknown", "unknown", f"{request.interface} still rings")

    async def _remembered(self, request: asking.Originate, sent_at: Instant) -> Came:
        call = self._floor.scene.call_of.get(request.channel)
        leg = call.record.legs.get(request.channel) if call is not None else None
        if call is not None and leg is not None and leg.answered_at is not None:
            return answered(call.id)
        if leg is not None and leg.over and leg.cause is not None:  # else we did not see how it ended
            return Came("refused", "ended", f"{request.interface} stopped ringing before it was answered")
        await asyncio.sleep(LOOK_S)
        found = await self._evidence(request.channel, sent_at)
        if found.answered:
            return answered(CallId(f"{self._floor.pbx}:{request.channel}"))
        if found.cause is not None:
            return Came("refused", "ended", f"{request.interface} stopped ringing before it was answered")
        if found.kind == "not_there":
            return Came("refused", "not_sent", f"Asterisk's journal has no such call of {request.interface}")
        return Came("unknown", "unknown", "callserver was restarted, and no such call is on the switch now")

    # --- a call ended ------------------------------------------------------------------------------------------------

    async def hang_up(self, request: asking.Hangup) -> Came:
        """End the leg; done when it is gone."""
        chan = self._chan(request.leg)
        if chan is None:
            return Came("done", "already")
        try:
            return await self._done(ami.Hangup(channel=chan.name), Ended(leg=request.leg))
        except ActionRefused as error:
            if "no such channel" in str(error).lower():
                return Came("done", "already")
            raise

    # --- a call handed on --------------------------------------------------------------------------------------------

    async def blind(self, request: asking.BlindTransfer) -> Came:
        """Send the other side elsewhere; done when it is there, or on its way."""
        chan = self._chan(request.leg)
        if chan is None:
            return GONE
        if self._consulting(chan):
            return IN_IT
        if not _partners(chan):
            return ALONE
        exten = await self._reach.extension(request.way, request.to)
        if isinstance(exten, Came):
            return exten
        if not request.anyway and (taken := await self._reach.not_free(request.way, request.to, exten)):
            return taken
        action = ami.BlindTransfer(channel=chan.name, context=self._context, exten=exten)
        handed = Handed(call=chan.call.id, leg=request.leg, to=request.to)
        turned_down = TurnedDown(call=chan.call.id, to=request.to)
        with self._ears.open(handed) as ear, self._ears.open(turned_down) as refusal:
            await self._line.send(action)
            came = await ear.verdict(ELSEWHERE_S)
            if came is not None and came.code == "ringing":
                return await refusal.verdict(TURNED_DOWN_S) or came
        return came or Came("done", "transferred")

    async def attended(self, request: asking.AttendedTransfer) -> Came:
        """One step of a transfer with a consultation."""
        chan = self._chan(request.leg)
        if chan is None:
            return GONE
        match request.step:
            case "begin":
                return await self._consult(chan, request)
            case "finish":
                return await self._finish(chan)
            case "cancel":
                return await self._cancel(chan)
            case _:
                assert_never(request.step)

    async def _consult(self, chan: Chan, request: asking.AttendedTransfer) -> Came:
        partners = _partners(chan)
        if self._consulting(chan):
            return IN_IT
        if not partners:
            return ALONE
        exten = await self._reach.extension(request.way, request.to)
        if isinstance(exten, Came):
            return exten
        await self._settled(chan.leg)
        here = self._floor.scene.chans
        self._partners = {leg: them for leg, them in self._partners.items() if leg in here}
        self._back_at = {leg: at for leg, at in self._back_at.items() if leg in here}
        self._partners[chan.leg] = partners
        action = ami.Atxfer(channel=chan.name, context=self._context, exten=exten)
        judge = Consulted(call=chan.call.id, leg=chan.leg, to=request.to, partners=partners)
        with self._ears.open(Begun(leg=chan.leg)) as beginning, self._ears.open(judge) as ear:
            await self._line.send(action)
            if not await beginning.verdict(AT_ONCE_S):
                return NOT_BEGUN
            came = await ear.verdict(CONSULT_S)
        if came is None:
            raise OutcomeUnknown(f"within {CONSULT_S:g} s nobody answered, and nothing else happened")
        if came.state == "refused":
            self._back_at[chan.leg] = asyncio.get_running_loop().time()
        return came

    async def _settled(self, leg: LegId) -> None:
        """Keys played right after a consultation that came to nothing are lost (ran: 22.10; not after 1 s)."""
        ago = asyncio.get_running_loop().time() - self._back_at.pop(leg, 0.0)
        if ago < SETTLE_S:
            await asyncio.sleep(SETTLE_S - ago)

    async def _finish(self, chan: Chan) -> Came:
        """The transferer's leaving puts the other two together."""
        if not self._consults(chan):
            return NONE_SUCH
        if not _partners(chan) - self._partners.get(chan.leg, frozenset()):
            return NOT_YET
        return await self._done(ami.Hangup(channel=chan.name), Finished(call=chan.call.id, leg=chan.leg))

    async def _cancel(self, chan: Chan) -> Came:
        if not self._consults(chan):
            return NONE_SUCH
        judge = CameBack(leg=chan.leg, partners=self._partners.get(chan.leg, frozenset()))
        came = await self._done(ami.CancelAtxfer(channel=chan.name), judge)
        self._back_at[chan.leg] = asyncio.get_running_loop().time()
        return came

    async def redirect(self, request: asking.Redirect) -> Came:
        """Send a leg to another extension."""
        chan = self._chan(request.leg)
        if chan is None:
            return GONE
        exten = await self._reach.extension(request.way, request.to)
        if isinstance(exten, Came):
            return exten
        await self._line.send(ami.Redirect(channel=chan.name, context=self._context, exten=exten))
        return DONE

    # --- what is on the switch ---------------------------------------------------------------------------------------

    def _chan(self, leg: LegId) -> Chan | None:
        return self._floor.scene.chans.get(leg)

    def _consulting(self, chan: Chan) -> bool:
        """Whether a consultation that was begun here is under way: whom they talked with before, they do not hear."""
        before = self._partners.get(chan.leg)
        return before is not None and not before & _partners(chan)

    def _consults(self, chan: Chan) -> bool:
        """The same for one that was begun at the phone or before a restart: the switch holds for whoever consults."""
        return self._consulting(chan) or (
            chan.leg not in self._partners and chan.leg in chan.call.record.held
        )

    async def _done(self, action: Action, judge: Judge, within_s: float = AT_ONCE_S) -> Came:
        """Send it and wait for what it brings. Raises as the link's `send`, OutcomeUnknown where nothing is heard."""
        with self._ears.open(judge) as ear:
            await self._line.send(action)
            came = await ear.verdict(within_s)
        if came is None:
            raise OutcomeUnknown(f"Asterisk took {action.name}, and within {within_s:g} s nothing came of it")
        return came


def _partners(chan: Chan) -> frozenset[LegId]:
    """Who hears this channel now."""
    return frozenset(leg for talk in chan.call.talks if chan.leg in talk for leg in talk) - {chan.leg}


def _shown(request: asking.Originate) -> dict[str, str]:
    """Whom the phone shows while it rings.

    Not by the action's CallerID: that would also be what the trunk shows to whoever is called (ran: 22.10).
    """
    shown = {
        "CONNECTEDLINE(name)": request.shown_name,
        "CONNECTEDLINE(num)": request.shown_number,
        contract.PROMISE_VARIABLE: "" if request.promise is None else str(request.promise),
        contract.SHOWN_VARIABLE: request.caller_id,
    }
    return {name: speakable(value) for name, value in shown.items() if value}
