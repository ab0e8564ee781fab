"""What a password may be.

In: what somebody typed. Out: the text that is hashed; BadValue for one that anybody would guess. Must not know: how it
is hashed, whose it was before. Length counts, not kinds of characters; nothing expires (NIST SP 800-63B says why).
"""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import Final

from callserver.errors import BadValue

FEWEST: Final = 10
MOST: Final = 1000
_REST: Final = 6  # so many characters beside what everybody knows of somebody
_DISTINCT: Final = 5
_BLOCK: Final = 5
_HOPELESS: Final = frozenset(
    "1234567890 0123456789 12345678910 1234567891 9876543210 0987654321 1q2w3e4r5t q1w2e3r4t5 1qaz2wsx3edc "
    "qwertyuiop qwertzuiop azertyuiop asdfghjkl1 zxcvbnm123 qwerty1234 qwerty12345 qwerty123456 asdf123456 "
    "abcd123456 abc1234567 a123456789 123456789a a1234567890 1234567890a aa12345678 woaini1314 woaini1314520 "
    "5201314520 1314520520 password12 password123 password1234 passw0rd123 p@ssw0rd123 p@ssword123 mypassword "
    "iloveyou12 iloveyou123 letmein123 welcome123 welcome1234 administrator admin12345 admin123456 administer "
    "callserver callserver1 callserver123 callcenter callcentre callcenter1 callcenter123 asterisk123 asterisk22 "
    "changeme12 changeme123 secret1234 secret12345 default123 football123 superman123 computer123 internet123 "
    "1qazxsw23edc qazwsxedcr qazwsxedcrfv 147258369a 1472583690 7894561230 1111122222 1122334455 "
    "correcthorsebatterystaple".split()
)


def normal(text: str) -> str:
    """The text that is hashed: the same for whoever types it, on whatever keyboard. Raises BadValue where it is longer
    than anything that could have been set."""
    if len(text) > MOST:
        raise BadValue("password", f"at most {MOST} characters")
    kept = unicodedata.normalize("NFKC", text)
    if len(kept) > MOST:
        raise BadValue("password", f"at most {MOST} characters")
    return kept


def checked(text: str, *known: str) -> str:
    """A new password, normal. `known`: what everybody knows of its owner: login, name. Raises BadValue."""
    kept = normal(text)
    if any(unicodedata.category(one) in ("Cc", "Cs", "Cn") for one in kept):
        raise BadValue("password", "holds a character that nobody can type")
    if len(kept) < FEWEST:
        raise BadValue(
            "password", f"at least {FEWEST} characters; a few words that belong to nobody else are good"
        )
    folded = kept.casefold()
    if _is_hopeless(folded):
        raise BadValue("password", "is among the first that anybody would try")
    for one in known:
        if _is_made_of(folded, unicodedata.normalize("NFKC", one).casefold()):
            raise BadValue("password", "is made of the login or the name")
    return kept


def _is_hopeless(text: str) -> bool:
    return (
        text in _HOPELESS
        or text[::-1] in _HOPELESS
        or len(set(text)) < _DISTINCT
        or _climbs(text)
        or any(_repeats(text, length) for length in range(1, _BLOCK + 1))
    )


def _climbs(text: str) -> bool:
    """One step up or down all along: `abcdefghij`."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})


def _repeats(text: str, length: int) -> bool:
    return text == (text[:length] * (len(text) // length + 1))[: len(text)]


def _is_made_of(text: str, known: str) -> bool:
    parts = {known, known.replace(" ", ""), *known.split()}
    return any(len(part) > 2 and len(text.replace(part, "")) < _REST for part in parts if part in text)
