"""Plays about one caller and the queue: answered, given up, rung out, refused, overflown, full, empty.

Flows in: a `Stage`. Flows out: entries of `SCENARIOS`. Must not know: how they are recorded.
"""

from __future__ import annotations

import asyncio

from asterisk_conf import contract
from asterisk_conf.plan import Key, Member
from tests.rig.phones import Customer
from tests.rig.scenarios import LI, WANG, ZHANG, Stage, hotline, repair, scenario, stage_plan

EVERYBODY = (Member(phone=ZHANG), Member(phone=LI), Member(phone=WANG))
NOBODY_THERE = "unavailable,invalid,unknown"


@scenario("answered-caller-ends")
async def answered_caller_ends(stage: Stage) -> None:
    """Zhang rings 2 s and answers; the caller hangs up 3 s later."""
    await stage.phones.answers(ZHANG, ring_ms=2000)
    await stage.call(Customer(stay_ms=5200))
    await stage.over()


@scenario("answered-agent-ends")
async def answered_agent_ends(stage: Stage) -> None:
    """Zhang rings 1 s, answers, and hangs up after 3 s."""
    await stage.phones.answers(ZHANG, ring_ms=1000, stay_ms=3000)
    await stage.call(Customer())
    await stage.over()


@scenario("abandoned-waiting", registered=())
async def abandoned_waiting(stage: Stage) -> None:
    """No phone is there; the caller waits 3 s and hangs up."""
    await stage.call(Customer(stay_ms=3100))
    await stage.over()


@scenario(
    "rna-then-next-agent", stage_plan(hotline(ring_s=3, members=(Member(phone=ZHANG), Member(phone=LI))))
)
async def rna_then_next_agent(stage: Stage) -> None:
    """Zhang does not answer for 3 s; Li answers after 1 s and the caller hangs up 2 s later."""
    await stage.phones.never_answers(ZHANG)
    await stage.phones.answers(LI, ring_ms=1000)
    await stage.call(Customer(stay_ms=7500))
    await stage.over()


@scenario("abandoned-ringing")
async def abandoned_ringing(stage: Stage) -> None:
    """Zhang's phone rings; the caller hangs up after 3 s."""
    await stage.phones.never_answers(ZHANG)
    await stage.call(Customer(stay_ms=3600))
    await stage.over()


@scenario("agent-rejects", stage_plan(hotline(members=(Member(phone=ZHANG), Member(phone=LI)))))
async def agent_rejects(stage: Stage) -> None:
    """Zhang presses 'busy' after 1 s; Li rings 1 s and answers; the caller hangs up 2 s later."""
    await stage.phones.rejects(ZHANG, ring_ms=1000, code=486)
    await stage.phones.answers(LI, ring_ms=1000)
    await stage.call(Customer(stay_ms=6000))
    await stage.over()


@scenario("ringall-losers", stage_plan(hotline(strategy="ringall", members=EVERYBODY)))
async def ringall_losers(stage: Stage) -> None:
    """Three phones ring at once; Li answers after 2 s, the others stop; the caller hangs up 2 s later."""
    await stage.phones.never_answers(ZHANG)
    await stage.phones.answers(LI, ring_ms=2000)
    await stage.phones.never_answers(WANG)
    await stage.call(Customer(stay_ms=4600))
    await stage.over()


@scenario("timeout-overflow", stage_plan(hotline(max_wait_s=3, overflow_to="repair"), repair()))
async def timeout_overflow(stage: Stage) -> None:
    """Zhang never answers; after 3 s the call goes on to the repair queue, where Li answers after 1 s."""
    await stage.phones.never_answers(ZHANG)
    await stage.phones.answers(LI, ring_ms=1000)
    await stage.call(Customer(stay_ms=7000))
    await stage.over()


@scenario("timeout-hangup", stage_plan(hotline(max_wait_s=3)), registered=())
async def timeout_hangup(stage: Stage) -> None:
    """Nobody is there; after 3 s the queue gives up and the switch ends the call."""
    await stage.call(Customer())
    await stage.over()


@scenario(
    "exit-by-key",
    stage_plan(hotline(keys=(Key(digit="1", extension="601"),)), repair()),
    registered=(LI,),
)
async def exit_by_key(stage: Stage) -> None:
    """The caller waits 3 s in the hotline, presses 1, and is answered by Li in the repair queue."""
    await stage.phones.answers(LI, ring_ms=1000)
    await stage.call(Customer(keys=((3500, "1"),), stay_ms=3500))
    await stage.over()


@scenario("queue-empty-join", stage_plan(hotline(join_empty=NOBODY_THERE)), registered=())
async def queue_empty_join(stage: Stage) -> None:
    """No phone is there and the queue takes no caller then: the call ends at once."""
    await stage.call(Customer())
    await stage.over()


@scenario("queue-empty-leave", stage_plan(hotline(leave_when_empty=NOBODY_THERE)))
async def queue_empty_leave(stage: Stage) -> None:
    """Zhang is paused, the caller waits; after 3 s Zhang's phone goes away and the queue sends the caller off."""
    await stage.main.ask("QueuePause", Interface=f"PJSIP/{ZHANG}", Paused="true", Reason="tea")
    await stage.call(Customer())
    await stage.main.event("QueueCallerJoin")
    await asyncio.sleep(3)
    stage.say("Zhang's phone unregisters")
    await stage.phones.register(ZHANG, expires_s=0)
    await stage.over()


@scenario("queue-full", stage_plan(hotline(max_waiting=1)), registered=())
async def queue_full(stage: Stage) -> None:
    """One caller waits 4 s; a second one finds the queue full."""
    await stage.call(Customer(stay_ms=4600))
    await stage.main.event("QueueCallerJoin")
    await asyncio.sleep(1)
    await stage.call(Customer(number="13900139000"))
    await stage.over(2)


@scenario("two-calls-one-number", stage_plan(hotline(members=(Member(phone=ZHANG), Member(phone=LI)))))
async def two_calls_one_number(stage: Stage) -> None:
    """The same number calls twice at once (two lines of one company); Zhang and Li answer one each."""
    await stage.phones.answers(ZHANG, ring_ms=1000)
    await stage.phones.answers(LI, ring_ms=1500)
    await stage.call(Customer(stay_ms=4000))
    await stage.call(Customer(stay_ms=5000))
    await stage.over(2)


@scenario("same-second-burst", stage_plan(hotline(strategy="rrmemory", members=EVERYBODY)))
async def same_second_burst(stage: Stage) -> None:
    """Eight customers call in one second; three agents answer after 0.5 s and talk 1 s each."""
    for agent in (ZHANG, LI, WANG):
        await stage.phones.answers(agent, ring_ms=500, stay_ms=1000)
    await stage.call(Customer(number="1380013800[call_number]"), calls=8, rate_per_s=20)
    await stage.over(8, within_s=60)


@scenario("local-member", stage_plan(hotline(members=(Member(phone=ZHANG, through_local=True),))))
async def local_member(stage: Stage) -> None:
    """Zhang is a member as Local/1001@...: rings 1 s, answers; the caller hangs up 2 s later."""
    await stage.phones.answers(ZHANG, ring_ms=1000)
    await stage.call(Customer(stay_ms=3600))
    await stage.over()


@scenario(
    "local-member-rna-then-next",
    stage_plan(
        hotline(
            ring_s=3, members=(Member(phone=ZHANG, through_local=True), Member(phone=LI, through_local=True))
        )
    ),
)
async def local_member_rna_then_next(stage: Stage) -> None:
    """Both members are Local: Zhang rings 3 s in vain, Li answers after 1 s; Li hangs up 2 s later."""
    await stage.phones.never_answers(ZHANG)
    await stage.phones.answers(LI, ring_ms=1000, stay_ms=2000)
    await stage.call(Customer())
    await stage.over()


@scenario("agent-paused-unpaused-added-removed")
async def agent_paused_unpaused_added_removed(stage: Stage) -> None:
    """Zhang pauses; a caller waits 2 s; Wang is added, answers and is removed while talking; Zhang comes back."""
    await stage.phones.answers(WANG, ring_ms=1000)
    await stage.main.ask(
        "QueuePause", Queue="hotline", Interface=f"PJSIP/{ZHANG}", Paused="true", Reason="tea"
    )
    await stage.call(Customer(stay_ms=7000))
    await stage.main.event("QueueCallerJoin")
    await asyncio.sleep(2)
    wang = f"PJSIP/{WANG}"
    await stage.main.ask("QueueAdd", Queue="hotline", Interface=wang, MemberName="Wang Fang", Penalty="1")
    await stage.main.event("AgentConnect")
    await asyncio.sleep(1)
    await stage.main.ask("QueueRemove", Queue="hotline", Interface=wang)
    await stage.main.ask("QueuePause", Queue="hotline", Interface=f"PJSIP/{ZHANG}", Paused="false")
    await stage.over()


@scenario("phone-gone-and-back")
async def phone_gone_and_back(stage: Stage) -> None:
    """Zhang's phone goes away; a caller waits 2 s; the phone comes back, rings 1 s and answers."""
    await stage.phones.answers(ZHANG, ring_ms=1000)
    await stage.phones.register(ZHANG, expires_s=0)
    await stage.call(Customer(stay_ms=6000))
    await stage.main.event("QueueCallerJoin")
    await asyncio.sleep(2)
    await stage.phones.register(ZHANG)
    await stage.over()


@scenario("agent-talks-in-two-queues", stage_plan(hotline(), repair(members=(Member(phone=ZHANG),))))
async def agent_talks_in_two_queues(stage: Stage) -> None:
    """Zhang serves two queues and is on the hotline; a repair caller waits until Zhang is free, then is answered."""
    await stage.phones.answers(ZHANG, ring_ms=1000)
    await stage.call(Customer(stay_ms=4000))
    await stage.main.event("AgentConnect")
    await stage.call(Customer(number="13900139000", dialed="4009", stay_ms=6000))
    await stage.over(2)


@scenario(
    "local-member-optimized",
    stage_plan(hotline(members=(Member(phone=ZHANG, through_local=True, optimized=True),))),
)
async def local_member_optimized(stage: Stage) -> None:
    """As local-member, but Asterisk takes the Local channel away while they talk."""
    await stage.phones.answers(ZHANG, ring_ms=1000)
    await stage.call(Customer(stay_ms=4600))
    await stage.over()


@scenario("ringing-until-agent-answers", stage_plan(hotline(answer_first=False)))
async def ringing_until_agent_answers(stage: Stage) -> None:
    """The caller hears ringing, not music: the call is answered only when Zhang answers, after 2 s."""
    await stage.phones.answers(ZHANG, ring_ms=2000)
    await stage.call(Customer(stay_ms=2500))
    await stage.over()


@scenario("withdrawn", registered=(), oldest=20)
async def withdrawn(stage: Stage) -> None:
    """A waiting caller is taken out of the queue (AMI QueueWithdrawCaller)."""
    await stage.call(Customer())
    join = await stage.main.event("QueueCallerJoin")
    await asyncio.sleep(2)
    await stage.main.ask(
        "QueueWithdrawCaller", Queue="hotline", Caller=join["Channel"], WithdrawInfo="called back"
    )
    await stage.over()


@scenario("waiting-caller-redirected", stage_plan(hotline(), repair()), registered=(LI,))
async def waiting_caller_redirected(stage: Stage) -> None:
    """A supervisor moves a waiting caller to the repair queue (AMI Redirect); Li answers; the caller ends."""
    await stage.phones.answers(LI, ring_ms=1000)
    await stage.call(Customer(stay_ms=6000))
    join = await stage.main.event("QueueCallerJoin")
    await asyncio.sleep(2)
    await stage.main.ask(
        "Redirect", Channel=join["Channel"], Context=contract.PHONES, Exten="601", Priority="1"
    )
    await stage.over()


@scenario("waiting-caller-hung-up", registered=())
async def waiting_caller_hung_up(stage: Stage) -> None:
    """A supervisor ends a waiting call (AMI Hangup)."""
    await stage.call(Customer())
    join = await stage.main.event("QueueCallerJoin")
    await asyncio.sleep(2)
    await stage.main.ask("Hangup", Channel=join["Channel"])
    await stage.over()
