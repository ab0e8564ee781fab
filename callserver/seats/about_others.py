"""Why an agent gets no calls, said to somebody else about them.

In: problems as `explaining` finds them. Out: words about {name}. Must not know: how problems are found. The table has
a line for each code of explaining's; a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from callserver.seats.explaining import Problem

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "not_signed_in": ("{name} is not signed in to a seat.", "{name} 没有签入座席。"),
    "not_followed": (
        "Another callserver looks after Asterisk {pbx}; this one cannot see why.",
        "另一台 callserver 负责 Asterisk {pbx}，本机无法判断原因。",
    ),
    "link_down": (
        "callserver has no connection to Asterisk {pbx} since {since}: all below is how it was then.",
        "callserver 自 {since} 起与 Asterisk {pbx} 失去连接：以下为当时的情况。",
    ),
    "leaving": (
        "{name} has signed out: it happens when this call is over.",
        "{name} 已选择签出：本次通话结束后生效。",
    ),
    "no_queues": ("{name} answers no queue.", "{name} 没有负责任何队列。"),
    "queue_refused": (
        "Asterisk would not take {name} into queue {queue}: {said}",
        "Asterisk 拒绝将 {name} 加入队列 {queue}：{said}",
    ),
    "left_queue": (
        "Somebody took the phone of {name} out of queue {queue}; making them ready puts it back.",
        "{name} 的话机被人移出了队列 {queue}；置为“就绪”即可重新加入。",
    ),
    "joining": ("{name} is not in queue {queue} yet.", "{name} 尚未加入队列 {queue}。"),
    "no_state_interface": (
        "Queue {queue} cannot see whether {interface} is busy: it has no state interface.",
        "队列 {queue} 无法得知 {interface} 是否占线：没有设置状态接口。",
    ),
    "phone_unregistered": (
        "The phone {phone} is not registered: calls cannot reach {name}.",
        "话机 {phone} 未注册：来电无法接通 {name}。",
    ),
    "device_unknown": (
        "Asterisk does not know the state of the phone {phone} ({state_interface}): it rings also during a call.",
        "Asterisk 不知道话机 {phone}（{state_interface}）的状态：通话中也会振铃。",
    ),
    "paused": (
        "{name} is on a pause ({reason}) since {since}.",
        "{name} 自 {since} 起处于小休（{reason}）。",
    ),
    "absent": (
        "No screen of {name} was open, so they were paused at {since}.",
        "{name} 的屏幕未打开，已于 {since} 自动置为暂停。",
    ),
    "wrap_up": ("{name} finishes the record of a call until {until}.", "{name} 话后处理中，直到 {until}。"),
    "promised": (
        "The phone of {name} rings for a promised call, or is about to.",
        "{name} 的话机正在或即将为承诺的回电振铃。",
    ),
    "paused_elsewhere": (
        "{name} is paused in queue {queue} on the switch ({reason}), not from here; making them ready ends it.",
        "{name} 在队列 {queue} 中被交换机暂停（{reason}），并非由本系统设置；置为“就绪”可解除。",
    ),
    "unpaused_elsewhere": (
        "Somebody ended the pause of {name} ({reason}) in queue {queue} on the switch: calls can come.",
        "{name} 在队列 {queue} 中的暂停（{reason}）在交换机上被人解除：可能会有来电。",
    ),
    "still_paused": (
        "Asterisk still has {name} paused in queue {queue} ({reason}).",
        "Asterisk 中 {name} 在队列 {queue} 仍处于暂停（{reason}）。",
    ),
    "on_queue_call": (
        "{name} is on a call from the queue ({number}) since {since}.",
        "{name} 自 {since} 起正在接听队列来电（{number}）。",
    ),
    "on_other_call": (
        "The phone of {name} is on a call outside the queues ({number}) since {since}.",
        "{name} 的话机自 {since} 起正在进行队列以外的通话（{number}）。",
    ),
    "phone_in_use": (
        "The phone {phone} is in use ({device}) in a way that callserver cannot see; a queue with ringinuse=no does "
        "not ring it.",
        "话机 {phone} 正在使用（{device}），但 callserver 看不到该通话；ringinuse=no 的队列不会振铃。",
    ),
    "no_screen": ("No screen of {name} is open since {since}.", "自 {since} 起 {name} 没有打开任何屏幕。"),
    "nobody_waits": (
        "Nobody waits in the queues of {name} ({queues}).",
        "{name} 的队列（{queues}）中没有人等待。",
    ),
    "others_first": (
        "In queue {queue} {count} ready colleagues with a lower penalty ({penalty}) are rung before {name}.",
        "队列 {queue} 中有 {count} 位优先级更高（惩罚值低于 {penalty}）的同事先于 {name} 振铃。",
    ),
    "one_of_several": (
        "In queue {queue} {waiting} wait and {count} colleagues are as ready as {name}: the queue's strategy chooses.",
        "队列 {queue} 有 {waiting} 人等待，另有 {count} 位同事与 {name} 同样就绪：由队列策略决定。",
    ),
}


def said_of(problem: Problem, name: str, language: str) -> str:
    """A problem of `name`'s in words; `language`: `zh-CN` or anything else for English."""
    en, zh = WORDS[problem.code]
    return (zh if language.startswith("zh") else en).format_map({**problem.args, "name": name})
