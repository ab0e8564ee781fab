"""A ticket's id -> the number that people say on the phone, and what somebody said or typed -> the id.

In: ids, text of strangers. Out: six digits or more and a check digit, and back. Must not know: the store.
The check digit is Damm's: it finds every single wrong digit and every swap of two neighbours, which are the mistakes
of people who read a number aloud. Numbers begin at 100001, so none has a leading zero that a spreadsheet drops.
"""

from __future__ import annotations

import re
import unicodedata

from stdnum import damm

from callserver.tickets.record import TicketId

_BEFORE_FIRST = 100_000
_LONGEST = 12  # digits: a hundred billion tickets, and never two numbers pasted together
_LABEL = re.compile(
    r"^(?:ticket|工单编号|工单号|工单|编号|单号|no\.?|nr\.?|№|号码|号)?[\s:.,]*#?", re.IGNORECASE
)
_BETWEEN = re.compile(r"[\s.,/_\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060-\u2069\u2212\ufeff-]+")
# 两 and 幺 are how 2 and 1 are said on the phone; 零 and 〇 are both written.
_CHINESE = str.maketrans("〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖两幺", "0012345678912345678921")


def said(ticket: TicketId) -> str:
    """The number of a ticket: digits only, the last one checks the others. Raises ValueError for an id below 1."""
    if ticket < 1:
        raise ValueError(f"no ticket has the id {ticket}")
    digits = str(_BEFORE_FIRST + ticket)
    return digits + str(damm.calc_check_digit(digits))


def spoken(number: str) -> str:
    """A number in groups of three as it is read aloud: `104 583 6`."""
    return " ".join(number[start : start + 3] for start in range(0, len(number), 3))


def heard(text: str) -> TicketId | None:
    """The id whose number this is; None for anything that is no number of a ticket, and for a wrong check digit.

    Takes spaces, dashes, full-width and Chinese digits, and what people write in front: `#`, `No.`, `工单`.
    """
    if len(text) > 100:
        return None
    plain = unicodedata.normalize("NFKC", text).translate(_CHINESE).strip()
    digits = _digits(_BETWEEN.sub("", _LABEL.sub("", plain, count=1)))
    if digits is None or not damm.is_valid(digits):
        return None
    ticket = int(digits[:-1]) - _BEFORE_FIRST
    return TicketId(ticket) if ticket >= 1 else None


def _digits(text: str) -> str | None:
    """Decimal digits of any script as ASCII; None where there is anything else, too little or too much."""
    if not 7 <= len(text) <= _LONGEST or not text.isdecimal():
        return None
    return "".join(str(unicodedata.decimal(one)) for one in text)
