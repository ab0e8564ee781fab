"""What news mean for a request of the telephone: pure judgements, one kind of request each.

In: a request's leg, facts one after the other. Out: `Came` as soon as it is decided, None before. Must not know: the
link, time. What a judgement needs to remember it keeps in itself, so each is used once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, TypeAlias

from callserver import facts
from callserver.ami.events import OriginateResponse
from callserver.facts import CallId, LegId, ListenMode
from callserver.node.ears import News
from callserver.seats.asking import CommandState


@dataclass(frozen=True, slots=True)
class Came:
    """What became of a request; see `seats.asking.Outcome`."""

    state: CommandState
    code: str = ""
    said: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


DONE: Final = Came("done", "done")
Judge: TypeAlias = Callable[[News], Came | None]

# Q.850 causes of a leg that ended before it was answered.
_CAUSES: Final = {17: "busy", 18: "no_answer", 19: "no_answer", 20: "unreachable", 21: "declined"}
_REASONS: Final = {1: "declined", 3: "no_answer", 5: "busy", 8: "unreachable", 0: "unreachable"}
_DIALS: Final = {"no_answer": "no_answer", "busy": "busy", "failed": "unreachable"}
_WHY: Final = {
    "busy": "is busy",
    "no_answer": "did not answer",
    "declined": "declined the call",
    "unreachable": "cannot be reached: perhaps it is not registered",
    "ended": "stopped ringing before it was answered",
}


def failed(code: str, who: str) -> Came:
    """A phone that did not take the call, in words."""
    return Came("refused", code, f"{who} {_WHY[code]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the ways in which a call is not taken are called. `over`: ended, and nobody said why; `unheard`: refused,
    and nobody said why; `said`: the sentence of each.
    """

    causes: Mapping[int, str]
    dials: Mapping[str, str]
    reasons: Mapping[int, str]
    over: str
    unheard: str
    said: Mapping[str, str]


_PHONE: Final = Words(
    causes=_CAUSES, dials=_DIALS, reasons=_REASONS, over="ended", unheard="unreachable", said=_WHY
)
_CUSTOMER: Final = Words(
    causes=dict.fromkeys(facts.UNREACHED, "failed")
    | {17: "busy", 18: "no_answer", 19: "no_answer", 21: "rejected"},
    dials={"no_answer": "no_answer", "busy": "busy", "failed": "failed"},
    reasons={3: "no_answer", 5: "busy"},
    over="failed",
    unheard="failed",
    said={
        "busy": "is busy",
        "no_answer": "did not answer",
        "rejected": "rejected the call",
        "failed": "could not be reached: the network refused the call",
    },
)


@dataclass(slots=True, kw_only=True)
class Rung:
    """An Originate: whether the phone was answered, and else how it ended for it."""

    words: ClassVar[Words] = _PHONE
    channel: LegId
    who: str
    seen: bool = False
    tried: str = ""  # what DialFailed said, which knows more than the cause of the end

    def __call__(self, news: News) -> Came | None:
        match news:
            case facts.LegStarted(leg=self.channel):
                self.seen = True
            case facts.LegAnswered(leg=self.channel, call=call):
                return answered(call)
            case facts.DialFailed(leg=self.channel, result=result):
                self.tried = self.words.dials[result]
            case facts.LegEnded(leg=self.channel, cause=None) if not self.tried:
                return Came("unknown", "unknown", f"nobody saw how it ended for {self.who}")
            case facts.LegEnded(leg=self.channel, cause=cause):
                return self.ended(cause)
            case OriginateResponse(uniqueid=self.channel, success=False, reason=reason) if not self.seen:
                return self._refused(self.words.reasons.get(reason or 0, self.words.unheard))
        return None

    def ended(self, cause: int | None) -> Came:
        """Over before it was answered. A ringing time-out has no cause of its own: there what Originate said counts."""
        return self._refused(self.words.causes.get(cause or 0) or self.tried or self.words.over)

    def _refused(self, code: str) -> Came:
        return Came("refused", code, f"{self.who} {self.words.said[code]}")


@dataclass(slots=True, kw_only=True)
class Called(Rung):
    """A DialCustomer: whether the customer answered, and else how it ended for them."""

    words: ClassVar[Words] = _CUSTOMER


def answered(call: CallId) -> Came:
    """The phone was answered; the call goes on from there."""
    return Came("done", "answered", detail={"call": call})


@dataclass(slots=True, kw_only=True)
class Listens:
    """A Listen: whether the phone hears this leg, in this mode. `rung`: of one that had to ring first."""

    by_leg: LegId
    leg: LegId
    mode: ListenMode
    rung: Rung | None = None

    def __call__(self, news: News) -> Came | None:
        match news:
            case facts.ListenStarted(by_leg=self.by_leg, leg=self.leg, mode=self.mode, call=call):
                return Came("done", "listening", detail={"call": call})
            case facts.LegEnded(leg=self.leg):
                return Came("refused", "over", "the agent's part in the call is over")
        return _not_answered(self.by_leg, self.rung, news)


@dataclass(slots=True, kw_only=True)
class TakenOver:
    """A TakeOver: whether the customer and the supervisor's phone hear each other."""

    by_leg: LegId
    leg: LegId
    rung: Rung | None = None

    def __call__(self, news: News) -> Came | None:
        match news:
            case facts.TalkStarted(legs=legs, call=call) if self.leg in legs and self.by_leg in legs:
                return Came("done", "taken", detail={"call": call})
            case facts.LegEnded(leg=self.leg):
                return Came("refused", "over", "the customer has hung up")
        return _not_answered(self.by_leg, self.rung, news)


def _not_answered(by_leg: LegId, rung: Rung | None, news: News) -> Came | None:
    """What became of the phone that was to help, where it is nothing good."""
    came = None if rung is None else rung(news)
    if came is not None and came.state != "done":
        return came
    ended = isinstance(news, facts.LegEnded) and news.leg == by_leg
    return Came("refused", "ended", "your own phone hung up") if ended else None


@dataclass(slots=True, kw_only=True)
class Requeued:
    """A CallerToQueue: whether they wait there now."""

    call: CallId
    queue: str

    def __call__(self, news: News) -> Came | None:
        match news:
            case facts.CallQueued(call=self.call, queue=self.queue):
                return Came("done", "queued")
            case facts.QueueRefused(call=self.call, queue=self.queue, end=end):
                why = "is full" if end == "queue_full" else "takes nobody now"
                return Came("done", end, f"{self.queue} {why}: the caller goes on as the dialplan says")
            case facts.CallEnded(call=self.call):
                return Came("done", "lost", "the caller has hung up meanwhile")
        return None


@dataclass(slots=True, kw_only=True)
class Ended:
    """A Hangup: whether the leg is gone."""

    leg: LegId

    def __call__(self, news: News) -> Came | None:
        return DONE if isinstance(news, facts.LegEnded) and news.leg == self.leg else None


@dataclass(slots=True, kw_only=True)
class Handed:
    """A blind transfer that the switch has accepted: where the caller is now, or that nobody took them."""

    call: CallId
    leg: LegId
    to: str

    def __call__(self, news: News) -> Came | None:
        if not isinstance(news, facts.OfCall) or news.call != self.call:
            return None
        match news:
            case facts.CallQueued():
                return Came("done", "queued")
            case facts.LegStarted(interface=interface) if not interface.startswith("Local/"):
                return Came("done", "ringing", detail={"to": interface})
            case facts.CallEnded():
                return Came("done", "lost", f"the caller was sent to {self.to}, and the call ended there")
        return None


@dataclass(slots=True, kw_only=True)
class TurnedDown:
    """The same, for the moment after a phone began to ring: whether it would not have the call at all."""

    call: CallId
    to: str

    def __call__(self, news: News) -> Came | None:
        match news:
            case facts.DialFailed(call=self.call, result=result):
                why = _WHY[_DIALS[result]]
                return Came("done", "not_taken", f"{self.to} {why}: the caller goes on as the dialplan says")
        return None


@dataclass(slots=True, kw_only=True)
class Begun:
    """An attended transfer that the switch has begun: the other side is put on hold before anybody is dialled."""

    leg: LegId

    def __call__(self, news: News) -> Came | None:
        held = isinstance(news, facts.LegHeld | facts.LegEnded) and news.leg == self.leg
        talks = isinstance(news, facts.TalkEnded) and self.leg in news.legs
        return DONE if held or talks else None


@dataclass(slots=True, kw_only=True)
class Consulted:
    """An attended transfer's first half: the colleague talks with us, or we are back with the customer.

    `partners`: who talked with us before.
    """

    call: CallId
    leg: LegId
    to: str
    partners: frozenset[LegId]
    interfaces: dict[LegId, str] = field(default_factory=dict)
    failure: str = "no_answer"

    def __call__(self, news: News) -> Came | None:
        match news:
            case facts.LegStarted(leg=leg, interface=interface):
                self.interfaces[leg] = interface
            case facts.TalkStarted(legs=legs) if self.leg in legs:
                return self._talks(frozenset(legs) - {self.leg})
            case facts.DialFailed(call=self.call, result=result):
                self.failure = _DIALS[result]
            case facts.CallTransferred(call=self.call, transfer="attended", to=to):
                return Came("done", "transferred", detail={"to": to})
            case facts.LegEnded(leg=self.leg):
                return Came("refused", "ended", "your own phone hung up")
        return None

    def _talks(self, others: frozenset[LegId]) -> Came:
        if others & self.partners:
            return failed(self.failure, self.to)
        who = [self.interfaces[leg] for leg in others if leg in self.interfaces]
        return Came("done", "consulting", detail={"with": who})


@dataclass(slots=True, kw_only=True)
class Finished:
    """An attended transfer's second half: the two are together, we are out."""

    call: CallId
    leg: LegId

    def __call__(self, news: News) -> Came | None:
        match news:
            case facts.CallTransferred(call=self.call, transfer="attended", to=to):
                return Came("done", "transferred", detail={"to": to})
            case facts.CallEnded(call=self.call):
                return Came("done", "lost", "the call ended before the two were put together")
        return None


@dataclass(slots=True, kw_only=True)
class CameBack:
    """A consultation that was cancelled: we talk with the customer again."""

    leg: LegId
    partners: frozenset[LegId]

    def __call__(self, news: News) -> Came | None:
        match news:
            case facts.TalkStarted(legs=legs) if self.leg in legs:
                back = not self.partners or bool(self.partners & frozenset(legs))
                return Came("done", "back") if back else None
            case facts.LegEnded(leg=leg) if leg == self.leg or leg in self.partners:
                return Came("refused", "ended", "somebody hung up meanwhile")
        return None
