"""Why is this agent not getting calls? A table of rules over what the switch says and what the person wishes.

In: a situation: the shift, the switch's picture, what was tried. Out: problems, the one that matters most first, each a
code with its values. Must not know: who asks, languages of screens. docs/at-work.md shows the table, and a test
compares; the same function answers the agent and the supervisor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from callserver.seats import looking
from callserver.seats.looking import Situation
from callserver.seats.picture import Picture
from callserver.seats.shift import Shift

Args = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason. `args` are JSON values: names, counts, instants as ISO 8601."""

    code: str
    args: Args


Look = Callable[[Shift, Picture, Situation], Iterator[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When `look` yields values, that is a problem; `en` and `zh` say it, with the values in braces.

    `alarm`: it stands on the screen by itself, without being asked for: something is not as it should be.
    """

    code: str
    en: str
    zh: str
    look: Look
    alarm: bool = False


def explain(situation: Situation, *, unasked: bool = False) -> tuple[Problem, ...]:
    """Everything that keeps calls away, the most important first; empty: the next caller may come any moment.

    unasked: only what stands on the screen by itself; whoever else could take a call is not looked for then, which
    with hundreds of agents is nearly all of the work.
    """
    if situation.shift is None:
        return (Problem(code=NOT_SIGNED_IN.code, args={}),)
    if situation.picture is None:
        return (Problem(code=NOT_FOLLOWED.code, args={"pbx": situation.shift.seat.pbx}),)
    return tuple(
        Problem(code=rule.code, args=args)
        for rule in RULES
        if rule.alarm or not unasked
        for args in rule.look(situation.shift, situation.picture, situation)
    )


def alarms(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Those that stand on the screen by themselves."""
    return tuple(one for one in problems if BY_CODE[one.code].alarm)


def said(problem: Problem, language: str) -> str:
    """A problem in words; `language`: `zh-CN` or anything else for English."""
    rule = BY_CODE[problem.code]
    return (rule.zh if language.startswith("zh") else rule.en).format_map(problem.args)


# --- the table -------------------------------------------------------------------------------------------------------


def _never(_shift: Shift, _picture: Picture, _: Situation) -> Iterator[dict[str, Any]]:
    yield from ()


NOT_SIGNED_IN: Final = Rule(
    code="not_signed_in",
    en="You are not signed in to a seat: choose your phone.",
    zh="您还没有签入座席：请选择话机。",
    look=_never,
    alarm=True,
)
NOT_FOLLOWED: Final = Rule(
    code="not_followed",
    en="Another callserver looks after Asterisk {pbx}; this one cannot see why.",
    zh="另一台 callserver 负责 Asterisk {pbx}，本机无法判断原因。",
    look=_never,
)

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        code="link_down",
        en="callserver has no connection to Asterisk {pbx} since {since}: all below is how it was then.",
        zh="callserver 自 {since} 起与 Asterisk {pbx} 失去连接：以下为当时的情况。",
        look=looking.blind,
        alarm=True,
    ),
    Rule(
        code="leaving",
        en="You have signed out: it happens when this call is over.",
        zh="您已选择签出：本次通话结束后生效。",
        look=looking.leaving,
        alarm=True,
    ),
    Rule(
        code="no_queues",
        en="You answer no queue: a supervisor or administrator gives you some.",
        zh="您没有负责任何队列：请主管或管理员分配。",
        look=looking.no_queues,
        alarm=True,
    ),
    Rule(
        code="queue_refused",
        en="Asterisk would not take you into queue {queue}: {said}",
        zh="Asterisk 拒绝将您加入队列 {queue}：{said}",
        look=looking.refused,
        alarm=True,
    ),
    Rule(
        code="left_queue",
        en="Somebody took your phone out of queue {queue}; choose ready to be put back.",
        zh="您的话机被人移出了队列 {queue}；选择“就绪”即可重新加入。",
        look=looking.left,
        alarm=True,
    ),
    Rule(
        code="joining",
        en="You are not in queue {queue} yet.",
        zh="您尚未加入队列 {queue}。",
        look=looking.joining,
    ),
    Rule(
        code="no_state_interface",
        en="Queue {queue} cannot see whether {interface} is busy: it has no state interface.",
        zh="队列 {queue} 无法得知 {interface} 是否占线：没有设置状态接口。",
        look=looking.stateless,
        alarm=True,
    ),
    Rule(
        code="phone_unregistered",
        en="Your phone {phone} is not registered: calls cannot reach you.",
        zh="您的话机 {phone} 未注册：来电无法接通。",
        look=looking.unregistered,
        alarm=True,
    ),
    Rule(
        code="device_unknown",
        en="Asterisk does not know the state of your phone {phone} ({state_interface}): it rings also while you talk.",
        zh="Asterisk 不知道您的话机 {phone}（{state_interface}）的状态：通话中也会振铃。",
        look=looking.unknown,
        alarm=True,
    ),
    Rule(
        code="paused",
        en="You are on a pause ({reason}) since {since}: choose ready.",
        zh="您自 {since} 起处于小休（{reason}）：请选择“就绪”。",
        look=looking.chosen_pause,
    ),
    Rule(
        code="absent",
        en="No screen of yours was open, so you were paused at {since}: choose ready.",
        zh="您的屏幕未打开，已于 {since} 自动置为暂停：请选择“就绪”。",
        look=looking.absent,
        alarm=True,
    ),
    Rule(
        code="wrap_up",
        en="You finish the record of a call until {until}, or until you save it or choose ready.",
        zh="话后处理中，直到 {until}，或您保存记录、选择“就绪”为止。",
        look=looking.wrap_up,
    ),
    Rule(
        code="promised",
        en="Your phone rings for a promised call, or is about to: the queues wait meanwhile.",
        zh="您的话机正在或即将为承诺的回电振铃：其间队列不会派来电。",
        look=looking.promised,
    ),
    Rule(
        code="paused_elsewhere",
        en="You are paused in queue {queue} on the switch ({reason}), not from here: choose ready to end it.",
        zh="您在队列 {queue} 中被交换机暂停（{reason}），并非由本系统设置：选择“就绪”可解除。",
        look=looking.paused_elsewhere,
        alarm=True,
    ),
    Rule(
        code="unpaused_elsewhere",
        en="Somebody ended your pause ({reason}) in queue {queue} on the switch: calls can come.",
        zh="您在队列 {queue} 中的暂停（{reason}）在交换机上被人解除：可能会有来电。",
        look=looking.unpaused_elsewhere,
        alarm=True,
    ),
    Rule(
        code="still_paused",
        en="Asterisk still has you paused in queue {queue} ({reason}).",
        zh="Asterisk 中您在队列 {queue} 仍处于暂停（{reason}）。",
        look=looking.still_paused,
    ),
    Rule(
        code="on_queue_call",
        en="You are on a call from the queue ({number}) since {since}.",
        zh="您自 {since} 起正在接听队列来电（{number}）。",
        look=looking.queue_call,
    ),
    Rule(
        code="on_other_call",
        en="Your phone is on a call outside the queues ({number}) since {since}.",
        zh="您的话机自 {since} 起正在进行队列以外的通话（{number}）。",
        look=looking.other_call,
    ),
    Rule(
        code="phone_in_use",
        en="Your phone {phone} is in use ({device}) in a way that callserver cannot see; "
        "a queue with ringinuse=no does not ring it.",
        zh="您的话机 {phone} 正在使用（{device}），但 callserver 看不到该通话；ringinuse=no 的队列不会振铃。",
        look=looking.in_use,
        alarm=True,
    ),
    Rule(
        code="no_screen",
        en="No screen of yours is open since {since}.",
        zh="自 {since} 起您没有打开任何屏幕。",
        look=looking.no_screen,
    ),
    Rule(
        code="nobody_waits",
        en="Nobody waits in your queues ({queues}).",
        zh="您的队列（{queues}）中没有人等待。",
        look=looking.nobody_waits,
    ),
    Rule(
        code="others_first",
        en="In queue {queue} {count} ready colleagues with a lower penalty than yours ({penalty}) are rung first.",
        zh="队列 {queue} 中有 {count} 位优先级更高（惩罚值低于 {penalty}）的同事先振铃。",
        look=looking.others_first,
    ),
    Rule(
        code="one_of_several",
        en="In queue {queue} {waiting} wait and {count} colleagues are as ready as you: the queue's strategy chooses.",
        zh="队列 {queue} 有 {waiting} 人等待，另有 {count} 位同事同样就绪：由队列策略决定。",
        look=looking.one_of_several,
    ),
)
BY_CODE: Final[Mapping[str, Rule]] = {rule.code: rule for rule in (NOT_SIGNED_IN, NOT_FOLLOWED, *RULES)}


def table() -> str:
    """The rules as a table for docs/at-work.md."""
    lines = ["| code | said | on the screen unasked |", "|---|---|---|"]
    return "\n".join(
        lines
        + [f"| `{rule.code}` | {rule.en} | {'yes' if rule.alarm else ''} |" for rule in BY_CODE.values()]
    )
