"""What facts mean for a request of the telephone: recorded calls and single facts, judged."""

from __future__ import annotations

import pytest

from callserver import facts
from callserver.ami.events import OriginateResponse
from callserver.calls.floor import Floor
from callserver.facts import CallId, Fact, LegId
from callserver.node.judging import (
    Called,
    Came,
    CameBack,
    Consulted,
    Finished,
    Handed,
    Judge,
    Rung,
    TurnedDown,
)
from tests.node.fakes import PBX, events

CALL, LEG = CallId("main:1.0"), LegId("1.1")
OTHER = LegId("1.0")


def told(scenario: str) -> list[Fact]:
    floor = Floor(PBX)
    return [fact for event in events(scenario) for fact in floor.feed(event)]


def verdict(judge: Judge, news: list[Fact]) -> Came:
    return next(came for one in news if (came := judge(one)) is not None)


def in_recording(scenario: str) -> tuple[list[Fact], CallId, LegId, frozenset[LegId]]:
    """The facts, the call, the agent's leg, and whom the agent talked with first."""
    news = told(scenario)
    answered = next(fact for fact in news if isinstance(fact, facts.AgentAnswered))
    assert answered.leg is not None
    talk = next(fact for fact in news if isinstance(fact, facts.TalkStarted) and answered.leg in fact.legs)
    later = news[news.index(talk) + 1 :]
    return later, answered.call, answered.leg, frozenset(talk.legs) - {answered.leg}


def test_a_recorded_consultation_was_answered_and_finished() -> None:
    news, call, leg, partners = in_recording("atxfer-finished")
    consulted = Consulted(call=call, leg=leg, to="1003", partners=partners)
    assert verdict(consulted, news) == Came("done", "consulting", detail={"with": ["PJSIP/1003"]})
    assert verdict(Finished(call=call, leg=leg), news).code == "transferred"


def test_a_recorded_consultation_was_given_up() -> None:
    news, call, leg, partners = in_recording("atxfer-given-up")
    assert verdict(Consulted(call=call, leg=leg, to="1003", partners=partners), news).code == "consulting"
    assert verdict(CameBack(leg=leg, partners=partners), news) == Came("done", "back")


def test_a_recorded_colleague_refused() -> None:
    news, call, leg, partners = in_recording("atxfer-unanswered")
    came = verdict(Consulted(call=call, leg=leg, to="1003", partners=partners), news)
    assert (came.state, came.code, came.said) == ("refused", "busy", "1003 is busy")


@pytest.mark.parametrize(
    ("scenario", "code"),
    [("blind-to-queue", "queued"), ("blind-to-agent", "ringing"), ("blind-to-outside", "ringing")],
)
def test_a_recorded_caller_arrived_where_they_were_sent(scenario: str, code: str) -> None:
    news, call, leg, _ = in_recording(scenario)
    begin = next(n for n, fact in enumerate(news) if isinstance(fact, facts.CallTransferred))
    assert verdict(Handed(call=call, leg=leg, to="601"), news[begin:]).code == code


def test_a_recorded_colleague_would_not_have_the_caller() -> None:
    news, call, _, _ = in_recording("blind-to-agent-unanswered")
    came = verdict(TurnedDown(call=call, to="PJSIP/1002"), news)
    assert (came.state, came.code) == ("done", "not_taken")
    assert came.said.startswith("PJSIP/1002 is busy")


@pytest.mark.parametrize(
    ("cause", "code"),
    [(17, "busy"), (19, "no_answer"), (21, "declined"), (20, "unreachable"), (16, "ended")],
)
def test_a_phone_that_stopped_ringing_says_why(cause: int, code: str) -> None:
    rung = Rung(channel=LEG, who="PJSIP/1001")
    begun = facts.LegStarted(
        pbx=PBX, at=1, call=CALL, leg=LEG, channel="PJSIP/1001-1", interface="PJSIP/1001"
    )
    assert rung(begun) is None
    assert rung(OriginateResponse(at=2, uniqueid=LEG, channel="", success=False, reason=0)) is None
    assert rung(facts.LegEnded(pbx=PBX, at=3, call=CALL, leg=OTHER, cause=17)) is None
    came = rung(facts.LegEnded(pbx=PBX, at=3, call=CALL, leg=LEG, cause=cause))
    assert came is not None
    assert (came.state, came.code) == ("refused", code)


def test_a_phone_that_never_rang_cannot_be_reached_and_one_of_others_is_not_ours() -> None:
    rung = Rung(channel=LEG, who="PJSIP/1001")
    assert rung(OriginateResponse(at=2, uniqueid="another", channel="", success=False, reason=0)) is None
    came = rung(OriginateResponse(at=2, uniqueid=LEG, channel="", success=False, reason=0))
    assert came is not None
    assert came.said == "PJSIP/1001 cannot be reached: perhaps it is not registered"


def test_a_phone_that_was_answered_names_its_call() -> None:
    came = Rung(channel=LEG, who="x")(facts.LegAnswered(pbx=PBX, at=1, call=CALL, leg=LEG))
    assert came == Came("done", "answered", detail={"call": CALL})


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("originate-customer-first-answered", "answered"),
        ("originate-customer-first-busy", "busy"),
        ("originate-customer-first-noanswer", "no_answer"),
        ("originate-customer-first-rejected", "rejected"),
    ],
)
def test_a_recorded_customer_took_our_call_or_did_not(scenario: str, code: str) -> None:
    floor = Floor(PBX)
    heard = [one for event in events(scenario) for one in (*floor.feed(event), event)]
    news = [one for one in heard if isinstance(one, OriginateResponse | facts.OfCall)]
    begun = next(one for one in news if isinstance(one, facts.LegStarted))
    judge = Called(channel=begun.leg, who="02012345678")
    assert next(came for one in news if (came := judge(one)) is not None).code == code


def test_a_customer_whom_the_network_would_not_ring_is_told_from_one_who_is_busy() -> None:
    for reason, code in ((0, "failed"), (8, "failed"), (5, "busy"), (3, "no_answer"), (None, "failed")):
        called = Called(channel=LEG, who="138")
        came = called(OriginateResponse(at=2, uniqueid=LEG, channel="", success=False, reason=reason))
        assert came is not None
        assert (came.state, came.code) == ("refused", code)


def test_a_number_that_there_is_not_did_not_just_ring_in_vain() -> None:
    """Now and then Originate says "no answer" before the channel's end says why (SIP 404: cause 1)."""
    called = Called(channel=LEG, who="138")
    assert called(facts.DialFailed(pbx=PBX, at=1, call=CALL, leg=LEG, result="no_answer")) is None
    came = called(facts.LegEnded(pbx=PBX, at=2, call=CALL, leg=LEG, cause=1))
    assert came is not None
    assert (came.state, came.code) == ("refused", "failed")


@pytest.mark.parametrize("judge", [Rung, Called])
def test_a_phone_that_was_gone_when_we_could_see_again_may_have_been_answered(judge: type[Rung]) -> None:
    """A customer who talked meanwhile must not be called again, so nobody is told that they were not reached."""
    gone = facts.LegEnded(pbx=PBX, at=1, call=CALL, leg=LEG, cause=None)
    came = verdict(judge(channel=LEG, who="PJSIP/1001", seen=True), [gone])
    assert (came.state, came.code) == ("unknown", "unknown")
