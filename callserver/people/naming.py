"""Logins, names, teams: what they may look like.

In: what somebody typed. Out: the same, made comparable; BadValue for what cannot be. Must not know: who exists.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from callserver.errors import BadValue, BadValues
from callserver.people.person import Place, Profile

LOGIN_LENGTH: Final = 64
NAME_LENGTH: Final = 100
QUEUES_MOST: Final = 200
PENALTY_MOST: Final = 1000
RESERVED: Final = frozenset({"callserver", "operator", "machine"})
"""How the audit calls what is nobody's doing."""
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]*", re.ASCII)


def login(text: str) -> str:
    """A login as it is kept: small ASCII letters, digits and . _ @ -, so that no two look alike. Raises BadValue."""
    kept = folded(text)
    if not _LOGIN.fullmatch(kept) or len(kept) > LOGIN_LENGTH:
        raise BadValue(
            "login", f"1 to {LOGIN_LENGTH} of a-z, 0-9, '.', '_', '@', '-', a letter or digit first"
        )
    if kept in RESERVED:
        raise BadValue("login", "is taken by the server itself")
    return kept


def folded(text: str) -> str:
    """What somebody types as a login, as it is compared: full-width letters and capitals make no difference."""
    return unicodedata.normalize("NFKC", text[: 4 * LOGIN_LENGTH]).strip().lower()


def name(text: str, field: str = "name") -> str:
    """The name of a person or a team: one line that a screen can show. Raises BadValue."""
    kept = " ".join(unicodedata.normalize("NFC", text).split())
    if not kept:
        raise BadValue(field, "must not be empty")
    if len(kept) > NAME_LENGTH or not kept.isprintable():
        raise BadValue(field, f"at most {NAME_LENGTH} printable characters on one line")
    if same(kept) in RESERVED:
        raise BadValue(field, "is taken by the server itself")
    return kept


def same(text: str) -> str:
    """Two names of which this is equal are the same name."""
    return unicodedata.normalize("NFKC", text).casefold()


def queue(text: str, field: str = "queue") -> str:
    """A queue's name as Asterisk knows it. Raises BadValue."""
    if not text.strip() or len(text) > NAME_LENGTH or not text.isprintable() or "," in text:
        raise BadValue(field, f"1 to {NAME_LENGTH} printable characters without a comma")
    return text


def queues(texts: Iterable[str]) -> tuple[str, ...]:
    """A team's queues, each once, in the order given. Raises BadValue."""
    found = tuple(dict.fromkeys(queue(one, f"queues[{at}]") for at, one in enumerate(texts)))
    _must_be_few(found)
    return found


def profile(wanted: Sequence[Profile]) -> tuple[Profile, ...]:
    """A person's own queues. Raises BadValue for one that is there twice or a penalty that Asterisk does not know."""
    wrong: list[tuple[str, str]] = []
    for at, one in enumerate(wanted):
        queue(one.queue, f"queues[{at}].queue")
        if not 0 <= one.penalty <= PENALTY_MOST:
            wrong.append((f"queues[{at}].penalty", f"a number from 0 to {PENALTY_MOST}"))
        if any(before.queue == one.queue for before in wanted[:at]):
            wrong.append((f"queues[{at}].queue", "is there twice"))
    if wrong:
        raise BadValues(wrong)
    _must_be_few(wanted)
    return tuple(wanted)


def place(wanted: Place) -> Place:
    """A phone: a switch and an interface such as `PJSIP/1001`. Raises BadValue."""
    for field, text in (("seat.pbx", wanted.pbx), ("seat.interface", wanted.interface)):
        if not text.strip() or len(text) > NAME_LENGTH or not text.isprintable() or "," in text:
            raise BadValue(field, f"1 to {NAME_LENGTH} printable characters without a comma")
    return wanted


def _must_be_few(found: Sequence[object]) -> None:
    if len(found) > QUEUES_MOST:
        raise BadValue("queues", f"at most {QUEUES_MOST}")
