"""The rules that hold a promise, in words: why it has not been dialled yet.

In: a rule's answer. Out: a sentence in English or Chinese. Must not know: how the rules decide. docs/promises.md has
the table, made from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from callserver.promises.holding import RULES, Args, Hold, Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a rule says when it holds, with its values in braces, and what it says when it does not."""

    en: str
    zh: str
    fine_en: str
    fine_zh: str


def said(line: Line | Hold, language: str) -> str:
    """A rule's answer in words; `language`: `zh-CN` or anything else for English."""
    text, chinese = TEXTS[line.code], language.startswith("zh")
    if isinstance(line, Line) and not line.holds:
        return text.fine_zh if chinese else text.fine_en
    return (text.zh if chinese else text.en).format_map(_args(line.args, chinese))


def _args(args: Args, chinese: bool) -> Mapping[str, Any]:
    words = {name: WORDS.get(value, (value, value)) for name, value in args.items() if isinstance(value, str)}
    told = {name: word[chinese] for name, word in words.items()}
    never = {name: ("永不" if chinese else "never") for name, value in args.items() if value is None}
    return {**args, **told, **never}


WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "kept": ("kept", "已履约"),
    "withdrawn": ("withdrawn", "已撤销"),
    "reserved": ("reserved for an agent", "已为坐席预留"),
    "dialling": ("being dialled", "正在拨打"),
    "in_call": ("in a call", "正在通话"),
    "busy": ("busy", "正忙"),
    "paused": ("on a pause", "小休中"),
    "absent": ("away from the screen", "离开屏幕"),
    "merged": ("part of another customer now", "已合并到另一客户"),
    "erased": ("erased", "已删除"),
}

TEXTS: Final[Mapping[str, Text]] = {
    "settled": Text(
        en="It is owed no longer: {status}.",
        zh="该承诺已结束：{status}。",
        fine_en="It is still owed.",
        fine_zh="该承诺尚未完成。",
    ),
    "in_hands": Text(
        en="It is {status} at this moment: wait for what comes of it.",
        zh="此刻{status}：请等待结果。",
        fine_en="Nobody has it in hand.",
        fine_zh="目前没有人在处理。",
    ),
    "outcome_unknown": Text(
        en="What came of the last attempt could not be learned; a supervisor has to decide on its page what happened "
        "before it is dialled again.",
        zh="上一次拨打的结果无法确认：需由主管在其页面上判定结果后才能再次拨打。",
        fine_en="The outcome of every attempt is known.",
        fine_zh="每次拨打的结果均已知。",
    ),
    "dialling_paused": Text(
        en="All dialling is paused, until a supervisor lets it go on.",
        zh="全部外呼已暂停，待主管恢复后继续。",
        fine_en="Dialling is not paused.",
        fine_zh="外呼未暂停。",
    ),
    "kind_paused": Text(
        en="Calls of this kind are paused, until a supervisor lets them go on.",
        zh="此类回访已暂停，待主管恢复后继续。",
        fine_en="Calls of this kind are not paused.",
        fine_zh="此类回访未暂停。",
    ),
    "ticket_over": Text(
        en="Its ticket is closed or cancelled: reopen the ticket, or withdraw this promise.",
        zh="所属工单已关闭或取消：请重新打开工单，或撤销此承诺。",
        fine_en="Its ticket is open.",
        fine_zh="所属工单未关闭。",
    ),
    "customer_gone": Text(
        en="The customer is {state}: give the ticket the right customer, or withdraw this promise.",
        zh="客户资料{state}：请为工单选择正确的客户，或撤销此承诺。",
        fine_en="The customer's record is there.",
        fine_zh="客户资料有效。",
    ),
    "do_not_call": Text(
        en="The customer, or this number, is not to be called; whoever calls all the same has to say why.",
        zh="该客户或号码已设为勿扰，不得拨打；仍要拨打须由坐席手动发起并说明原因。",
        fine_en="The customer may be called.",
        fine_zh="该客户可以拨打。",
    ),
    "no_number": Text(
        en="There is no number that can be dialled: give the customer one.",
        zh="没有可拨打的号码：请为客户登记可拨打的号码。",
        fine_en="There is a number to dial.",
        fine_zh="有可拨打的号码。",
    ),
    "past_deadline": Text(
        en="Its deadline passed at {deadline_at}, after which calls of this kind are not dialled by themselves: "
        "start it by hand, or withdraw it.",
        zh="已于 {deadline_at} 超过期限，此类回访超期后不再自动拨打：请手动发起，或撤销。",
        fine_en="Its deadline does not forbid it.",
        fine_zh="期限允许拨打。",
    ),
    "used_up": Text(
        en="Every try that its policy allows was made; a person may start another one.",
        zh="策略允许的拨打次数已用完；可由人工再次发起。",
        fine_en="There are tries left.",
        fine_zh="尚有拨打次数。",
    ),
    "too_early": Text(
        en="It may not be dialled before {at}.",
        zh="{at} 之前不得拨打。",
        fine_en="Its earliest time has come.",
        fine_zh="已到最早可拨打时间。",
    ),
    "not_due": Text(
        en="It is due at {at}.",
        zh="应于 {at} 拨打。",
        fine_en="It is due.",
        fine_zh="已到应拨打时间。",
    ),
    "retry_later": Text(
        en="The next attempt is at {at}.",
        zh="下一次拨打时间为 {at}。",
        fine_en="No later attempt is being waited for.",
        fine_zh="没有等待中的重拨。",
    ),
    "outside_hours": Text(
        en="Where the customer is (zone {zone}) it is outside the allowed hours; the next ones: {at}.",
        zh="客户所在时区（{zone}）目前不在允许拨打的时段；下一时段：{at}。",
        fine_en="It is an allowed hour where the customer is.",
        fine_zh="客户所在地目前为允许拨打的时段。",
    ),
    "shown": Text(
        en="Calls of this kind wait on the agent's screen until somebody starts them.",
        zh="此类回访显示在坐席屏幕上，由坐席手动发起。",
        fine_en="It need not be started by hand.",
        fine_zh="无需手动发起。",
    ),
    "owner_first": Text(
        en="Whoever promised it is {state}; it waits for them until {at}, then the team gets it.",
        zh="承诺人{state}；等待其至 {at}，之后转给团队。",
        fine_en="It is not waiting for its owner.",
        fine_zh="无需等待承诺人。",
    ),
    "kind_full": Text(
        en="{count} calls of this kind are under way; {most} are allowed at a time.",
        zh="此类回访正在进行 {count} 通；同时最多 {most} 通。",
        fine_en="There is room for one more call of this kind.",
        fine_zh="此类回访尚未达到同时上限。",
    ),
    "no_switch": Text(
        en="callserver has no connection to an Asterisk that could dial it; `callserver asterisk check` says why.",
        zh="callserver 目前没有可用于拨打的 Asterisk 连接；`callserver asterisk check` 会说明原因。",
        fine_en="There is an Asterisk to dial by.",
        fine_zh="有可用于拨打的 Asterisk。",
    ),
    "trunk_busy": Text(
        en="Every line to the outside that it may use is busy.",
        zh="可用的外线均占用。",
        fine_en="There is a free line to the outside.",
        fine_zh="有空闲外线。",
    ),
    "callers_first": Text(
        en="{waiting} callers have waited longer than is meant to be: they come first.",
        zh="有 {waiting} 位来电者等待超过目标时间：来电优先。",
        fine_en="Nobody has waited too long.",
        fine_zh="没有等待超时的来电者。",
    ),
    "nobody_free": Text(
        en="No agent who could take it is free.",
        zh="没有空闲的坐席可以接手。",
        fine_en="An agent is free, or none is needed.",
        fine_zh="有空闲坐席，或无需坐席。",
    ),
}


def table() -> str:
    """The rules in their order as a table for docs/promises.md."""
    lines = ["| code | said when it holds the call back |", "|---|---|"]
    return "\n".join(lines + [f"| `{rule.code}` | {TEXTS[rule.code].en} |" for rule in RULES])
