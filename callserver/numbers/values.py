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
    "withheld",
    "international",
    "short_code",
    "extension",
    "local",
    "national",
    "trunk",
    "bare",
    "unplaced",
    "none",
]
# In the order in which they are tried; the sentences stand in docs/numbers.md, too.
RULES: dict[Rule, str] = {
    "withheld": "a word or sign for no number, or nothing at all",
    "international": "+ or 00, then country code and number",
    "short_code": "an emergency or service number of the site's country",
    "extension": "as many digits as the site's own telephones have",
    "local": "at most 8 digits: the site's area code is put in front",
    "national": "as dialled within the site's country, with its country code or without",
    "trunk": "a trunk prefix, then a number by one of the rules above",
    "bare": "country code and number without +, at least 11 digits",
    "unplaced": "a local number, and the site names no area code",
    "none": "no rule makes a number of it",
}


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
