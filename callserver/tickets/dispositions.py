"""Verdicts on calls, as data: what each is called, which kinds of ticket it fits, whether it needs a note.

In: definitions. Out: frozen values; BadValues that say what is wrong with one. Must not know: SQL, who may change them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from callserver.errors import BadValues
from callserver.tickets.presets import PRESETS, Preset

LANGUAGES: Final = ("en", "zh")
LONGEST_TITLE: Final = 60
MOST_KINDS: Final = 50
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """One verdict. `kinds`: of the tickets that it fits, empty: all. `note`: it needs a note.

    `preset`: the promise that usually goes with it. `retired`: calls keep it, but no new one gets it. `version` 0: as
    it is shipped.
    """

    name: str
    title: Mapping[str, str]
    kinds: tuple[str, ...] = ()
    note: bool = False
    preset: Preset | None = None
    retired: bool = False
    version: int = 0

    def fits(self, kind: str) -> bool:
        """Whether it can be the verdict on a call about a ticket of this kind."""
        return not self.kinds or kind in self.kinds


def _shipped(name: str, en: str, zh: str, *kinds: str, **more: Any) -> Disposition:
    return Disposition(name=name, title={"en": en, "zh": zh}, kinds=kinds, **more)


DEFAULTS: Final[Mapping[str, Disposition]] = {
    one.name: one
    for one in (
        _shipped("solved", "Solved", "已解决"),
        _shipped("informed", "Question answered", "已答复", "information", "guidance", "complaint"),
        _shipped(
            "watching", "Guided, watch it", "已指导，待观察", "guidance", "debug", "repair", preset="30m"
        ),
        _shipped(
            *("registered", "Service registered", "已登记服务"),
            *("design", "install", "debug", "repair", "maintenance"),
        ),
        _shipped("ordered", "Ordered", "已订购", "order", "sale"),
        _shipped("interested", "Interested, call again", "有意向，再联系", "order", "sale", preset="at"),
        _shipped("not_interested", "Not interested", "无意向", "order", "sale"),
        _shipped("complaint_taken", "Complaint taken", "投诉已受理", "complaint", note=True),
        _shipped("passed_on", "Passed on to a colleague", "已转交", note=True),
        _shipped("call_back", "Call back as agreed", "约定回拨", preset="at"),
        _shipped(
            "satisfied", "Satisfied", "满意", "return_visit", "install", "debug", "repair", "maintenance"
        ),
        _shipped(
            *("dissatisfied", "Not satisfied", "不满意"),
            *("return_visit", "install", "debug", "repair", "maintenance"),
            note=True,
        ),
        _shipped("surveyed", "Survey answered", "已完成调查", "survey"),
        _shipped("reminded", "Reminded", "已提醒", "reminder"),
        _shipped("not_reached", "Not reached", "未联系上"),
        _shipped("wrong_number", "Wrong number", "号码错误"),
        _shipped("nobody_spoke", "Nobody spoke", "无人应答"),
        _shipped("nuisance", "Nuisance call", "骚扰电话"),
        _shipped("other", "Something else", "其他", note=True),
    )
}


def defined(
    name: str,
    title: Mapping[str, str],
    *,
    kinds: Sequence[str] = (),
    known: frozenset[str],
    note: bool = False,
    preset: str | None = None,
    retired: bool = False,
) -> Disposition:
    """A definition that was checked; `known`: kinds of ticket that there are.

    Raises BadValues with all that is wrong.
    """
    wrong = [*_wrong_title(title), *_wrong_kinds(kinds, known)]
    if not _NAME.fullmatch(name):
        wrong.append(("name", "small letters, digits and _, a letter first, at most 40"))
    if preset is not None and preset not in PRESETS:
        wrong.append(("preset", f"is none of {', '.join(PRESETS)}"))
    if wrong:
        raise BadValues(wrong)
    return from_json(
        {
            "name": name,
            "title": {language: text.strip() for language, text in title.items()},
            "kinds": list(dict.fromkeys(kinds)),
            "note": note,
            "preset": preset,
            "retired": retired,
        }
    )


def _wrong_title(title: Mapping[str, str]) -> list[tuple[str, str]]:
    wrong = [(f"title.{one}", "must not be empty") for one in LANGUAGES if not title.get(one, "").strip()]
    long = f"at most {LONGEST_TITLE} printable characters"
    for language, text in title.items():
        if len(text) > LONGEST_TITLE or not text.isprintable():
            wrong.append((f"title.{language[:20]}", long))
    return wrong


def _wrong_kinds(kinds: Sequence[str], known: frozenset[str]) -> list[tuple[str, str]]:
    if len(kinds) > MOST_KINDS:
        return [("kinds", f"at most {MOST_KINDS}")]
    return [(f"kinds[{at}]", "is no kind of ticket") for at, one in enumerate(kinds) if one not in known]


def to_json(disposition: Disposition) -> dict[str, Any]:
    """Every field by its name."""
    return asdict(disposition)


_FIELDS = tuple(Disposition.__dataclass_fields__)


def from_json(body: Mapping[str, Any]) -> Disposition:
    """The inverse; fields of other versions of this program are ignored."""
    known = {name: body[name] for name in _FIELDS if name in body}
    return Disposition(**{**known, "kinds": tuple(known.get("kinds", ()))})
