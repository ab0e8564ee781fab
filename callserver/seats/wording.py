"""Texts that go into the switch as a member's name or as a reason, and the reasons there are.

In: whatever people typed. Out: text that fits into one field of app_queue and one column of queue_log. Must not know:
screens. A name or a reason is one line, without the `|` that separates queue_log's columns, and at most 79 bytes:
Asterisk keeps both in `char[80]` and cuts in the middle of a letter (apps/app_queue.c, struct member).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_BYTES: Final = 79

WRAP_UP: Final = "wrap-up"
ABSENT: Final = "absent"
LEAVING: Final = "signing out"
SIGNED_IN: Final = "signed in"
SIGNED_OUT: Final = "signed out"
PROMISED: Final = "promise"
OURS: Final = frozenset({WRAP_UP, ABSENT, LEAVING, SIGNED_IN, SIGNED_OUT, PROMISED})
"""Reasons that only callserver gives: a pause with one of them may be lifted by callserver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason for a pause as it is shown; `code` is what the switch and its reports have."""

    code: str
    en: str
    zh: str
    chosen: bool = True  # False: given by callserver, nobody can choose it


REASONS: Final = (
    Reason(code="break", en="Break", zh="小休"),
    Reason(code="lunch", en="Meal", zh="用餐"),
    Reason(code="training", en="Training", zh="培训"),
    Reason(code="paperwork", en="Paperwork", zh="处理文档"),
    Reason(code="meeting", en="Meeting", zh="会议"),
    Reason(code=WRAP_UP, en="Wrap-up", zh="话后处理", chosen=False),
    Reason(code=ABSENT, en="Away from the screen", zh="离开屏幕", chosen=False),
    Reason(code=PROMISED, en="A promised call is made", zh="正在拨打承诺的回电", chosen=False),
    Reason(code=LEAVING, en="Signing out after this call", zh="本次通话后签出", chosen=False),
    Reason(code=SIGNED_IN, en="Just signed in", zh="刚刚签入", chosen=False),
    Reason(code=SIGNED_OUT, en="Signed out", zh="已签出", chosen=False),
)


def fitting(text: str) -> str:
    """What of a text the switch can keep: printable, one line, no `|`, cut at whole letters to 79 bytes."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text.replace("|", "/"))
    line = " ".join(shown.split())
    return line.encode("utf-8", "ignore")[:MOST_BYTES].decode("utf-8", "ignore").strip()
