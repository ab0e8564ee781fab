"""What a received number was read as.

In: nothing. Out: the frozen value `Read` and its words. Must not know: how anything is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

# other: real, but its country does not tell mobile from landline (US, CA), or a local number that lacks its area code.
Kind = Literal["mobile", "landline", "service", "other", "extension", "withheld", "rubbish"]
KINDS: tuple[str, ...] = get_args(Kind)

Rule = Literal[
    "withheld",  # a word or sign that stands for "no number"
    "international",  # begins with + or 00
    "short_code",  # emergency and service codes: 110, 12345, 95588
    "extension",  # as many digits as the site's own telephones have
    "local",  # the site's area code put in front
    "national",  # as it is dialled within the country of the site, with its own country code or without
    "trunk",  # after what the trunk or the switch puts in front
    "bare",  # an international number whose + got lost
    "unplaced",  # looks like a local number, but which area?
    "none",  # no rule made sense of it
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One number as it was received, and what it is.

    `received` is what came, with NUL and lone surrogates replaced by U+FFFD; empty where nothing came. `e164` is
    "+8613800138000", None unless it is a real number that can be dialled. `extension`: digits to dial after it,
    or those of an internal telephone.
    """

    received: str
    kind: Kind
    e164: str | None = None
    extension: str | None = None
    rule: Rule = "none"

    @property
    def identifies(self) -> bool:
        """Whether it may match a customer: never one that is withheld, internal, a short code or rubbish."""
        return self.e164 is not None
