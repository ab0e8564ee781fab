"""What the screens say, in the language of whoever reads it: messages, plurals, dates and numbers.

In: the catalogs in `agent_ui/locale` (gettext, read with Babel, no compiled files), a language. Out: words. Must not
know: pages. The English words are the keys; `{name}` in a message is filled in. The same catalogs go to the browser as
JSON, since most of the desk is written there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from babel import Locale, dates, negotiate_locale, numbers
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from callserver.facts import Instant
from callserver.seats.explaining import BY_CODE
from callserver.seats.wording import REASONS

LANGUAGES: Final[Mapping[str, str]] = MappingProxyType({"en": "English", "zh-CN": "简体中文"})
"""What there is, by the tag that users have; each called as its own readers call it."""
SOURCE: Final = "en"
_PLACE = re.compile(r"\{(\w+)\}")
_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_LONGEST_WISH = 500
_PLURALS = ("zero", "one", "two", "few", "many", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """One language. `messages`: by the English words; several forms, by CLDR's names for plurals, where it counts.
    `refusals`: what the API refuses in English, by those words.
    """

    language: str
    messages: Mapping[str, str | Mapping[str, str]]
    refusals: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)

    @property
    def locale(self) -> Locale:
        """Babel's name for it."""
        return Locale.parse(self.language, sep="-")

    def text(self, message: str, **values: Any) -> str:
        """The message in this language; one that nobody translated stays English."""
        found = self.messages.get(message, message)
        return filled(found if isinstance(found, str) else found["other"], values)

    def count(self, one: str, many: str, n: int, **values: Any) -> str:
        """The form that fits `n`, which is filled in too."""
        forms = self.messages.get(one)
        shape = self.locale.plural_form(n)
        if isinstance(forms, str) or forms is None:
            found = one if shape == "one" else many
        else:
            found = forms.get(shape, forms["other"])
        return filled(found, {"n": self.number(n), **values})

    def number(self, value: float) -> str:
        """With the separators of the language."""
        return numbers.format_decimal(value, locale=self.locale)

    def moment(self, at: Instant, zone: tzinfo = UTC) -> str:
        """A day and a time, as short as both are clear."""
        return dates.format_datetime(
            datetime.fromtimestamp(at / 1000, UTC), "medium", tzinfo=zone, locale=self.locale
        )

    def json(self, among: Container[str] | None = None) -> bytes:
        """For the browser, with the codes that the server gives, in words that are written down beside them. among: of
        the messages only these, and no refusals: the first one that comes has the time to ask for the words.
        """
        chinese = self.language.startswith("zh")
        body = {
            "language": self.language,
            "messages": {one: said for one, said in self.messages.items() if among is None or one in among},
            "refusals": dict(self.refusals) if among is None else {},
            "problems": {code: rule.zh if chinese else rule.en for code, rule in BY_CODE.items()},
            "reasons": {
                one.code: {"title": one.zh if chinese else one.en, "chosen": one.chosen} for one in REASONS
            },
        }
        return json.dumps(body, ensure_ascii=False).encode()


def literals(sources: Iterable[str]) -> frozenset[str]:
    """Every text in quotation marks in these scripts: among them the messages that they say."""
    return frozenset(one.replace('\\"', '"') for source in sources for one in _LITERAL.findall(source))


def filled(text: str, values: Mapping[str, Any]) -> str:
    """`{name}` replaced by its value; a name without a value stays, so that a mistake is seen."""
    return _PLACE.sub(lambda found: str(values.get(found[1], found[0])), text)


@lru_cache(maxsize=1)
def every() -> Mapping[str, Texts]:
    """All languages, by their tags."""
    return {tag: Texts(language=tag, messages={}) if tag == SOURCE else _read(tag) for tag in LANGUAGES}


def _read(tag: str) -> Texts:
    return Texts(
        language=tag, messages=_messages(tag, catalog(tag)), refusals=_messages(tag, catalog(tag, "refusals"))
    )


def catalog(tag: str, *of: str) -> Catalog:
    """The catalog of a language, as translators keep it. of: "refusals" for what the server refuses."""
    name = tag.replace("-", "_")
    with resources.files("agent_ui").joinpath("locale", *of, f"{name}.po").open("rb") as file:
        return read_po(file, locale=name)


def _messages(tag: str, kept: Catalog) -> dict[str, str | Mapping[str, str]]:
    shapes = _shapes(kept, Locale.parse(tag, sep="-"))
    found: dict[str, str | Mapping[str, str]] = {}
    for one in kept:
        if not one.id or one.fuzzy or not one.string:
            continue
        if isinstance(one.id, str):
            found[one.id] = str(one.string)
        else:
            found[one.id[0]] = {shape: one.string[at] for shape, at in shapes.items()}
    return found


def _shapes(kept: Catalog, locale: Locale) -> dict[str, int]:
    """CLDR's plural shapes of a language, each with its place among gettext's forms, which stand in CLDR's order."""
    shapes = [one for one in _PLURALS if one in {*locale.plural_form.tags, "other"}]
    return {shape: min(place, kept.num_plurals - 1) for place, shape in enumerate(shapes)}


def chosen(said: str | None, accepted: str | None) -> str:
    """The language for somebody: what was said, if we have it, else what the browser accepts, else English.

    `accepted`: an Accept-Language header, in any state.
    """
    wishes = [said or "", *_wishes((accepted or "")[:_LONGEST_WISH])]
    ours = [tag.replace("-", "_") for tag in LANGUAGES]
    for wish in wishes:
        near = "zh_CN" if wish.lower().split("-")[0] == "zh" else wish.replace("-", "_")
        if near and (found := negotiate_locale([near], ours)):
            return found.replace("_", "-")
    return SOURCE


def _wishes(accepted: str) -> list[str]:
    """Languages, the most wished for first; what cannot be read is left out."""
    rated = []
    for place, one in enumerate(accepted.split(",")):
        tag, _, quality = one.strip().partition(";")
        rating = _quality(quality)
        if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag) and rating > 0:
            rated.append((-rating, place, tag))
    return [tag for _, _, tag in sorted(rated)]


def _quality(said: str) -> float:
    found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", said)
    return float(found[1]) if found else 1.0 if not said.strip() else 0.0
