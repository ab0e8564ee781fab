"""A number as it came -> its bare digits: without SIP and AMI dressing, labels, punctuation, spreadsheet leftovers.

In: any text. Out: `Bare`, or why there is none: `Nothing` (somebody said there is no number), None (no number at all).
Must not know: countries, which digits make a real number.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 256  # characters of a SIP address with its display name; whatever is longer is no number
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

# What switches, operators, spreadsheets and people write where there is no number. Compared in small letters, without
# the signs around them.
WITHHELD = frozenset(
    [
        *"anonymous unknown restricted private unavailable withheld blocked anonym unbekannt unterdrückt".split(),
        *"asterisk s o p none null nil nan n/a na invalid nonumber anonyme inconnu privat".split(),
        *"未知 未知号码 未知来电 无 无号码 无主叫 匿名 匿名来电 隐藏 隐藏号码 私人号码 保密 保密号码 不详 没有".split(),
        *[
            "no number",
            "not available",
            "out of area",
            "private number",
            "unknown number",
            "caller id unavailable",
        ],
        *["number withheld", "no caller id", "keine nummer", "anonymous.invalid"],
    ]
)
# The same words spelled on a keypad, as some operators send them: ANONYMOUS, BLOCKED, RESTRICTED, UNAVAILABLE, UNKNOWN.
SPELLED = frozenset(["+266696687", "+2562533", "+7378742833", "+86282452253", "+8656696"])

_AROUND = " \t\r\n\"'`<>[]()-_.=*?/\\:：（）－—–"
_BRACKETED = re.compile(r"<([^<>]*)>[^<>]*$")
_SCHEME = re.compile(r"(?:sips?|tel|callto):", re.IGNORECASE)
_PARAMETER = re.compile(r";ext=(\d{1,6})(?![^;])", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:tel(?:efon|ephone)?|phone|mobile|mobil|handy|cell|fon|fax|home|work|联系电话|电话|电話|手机|手機|座机|固话|传真|单位|家庭)"
    r"[ .:：]*(?=[+＋(（0-9])",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"(.*\d[)\s]*)[ ,;(-]*(?:extension|ext|durchwahl|app|x|转分机|轉分機|转|轉|分机|分機|内线|#)[ .:：]*(\d{1,6})[ )]*",
    re.IGNORECASE,
)
_DASHED = re.compile(r"(.*\d)[ ]?[-,;][ ]?(\d{1,6})")
_SPREADSHEET = re.compile(r"(\d{5,})\.0+")  # a number that a spreadsheet took for a quantity
_ALREADY_BARE = re.compile(r"(\+?)([0-9](?:[0-9 -]*[0-9])?)")
_BARE = re.compile(r"([*#]*)(\+?)((?:[ \t().,/~·-]*\d)+)[ \t().,/~·#-]*")
_PUNCTUATION = {ord(sign): None for sign in " \t().,/~·-"}
_PLAIN_SIGNS = str.maketrans("＋－—–‐‑−―（）．，／＃＊：；\u00a0\u3000＜＞＠", "+-------().,/#*:;  <>@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """The digits of a number. `keys`: the * and # before them. `plus`: a + before them.

    `extension`: digits that were named as one. `dashed`: the same number taken apart at its last dash, where the
    piece behind it may be an extension: ("053288888888", "801").
    """

    digits: str
    plus: bool = False
    keys: str = ""
    extension: str | None = None
    dashed: tuple[str, str] | None = None


class Nothing:
    """There is no number, and somebody said so."""


NOTHING = Nothing()


def storable(text: str) -> str:
    """The text without what a database cannot keep (the same as the store does, which is not known here)."""
    return _UNSTORABLE.sub("\ufffd", text)


def ascii_digits(text: str) -> str:
    """Decimal digits of any script as 0-9, everything else untouched."""
    if text.isascii():
        return text
    return "".join(_digit(letter) for letter in text)


def _digit(letter: str) -> str:
    value = unicodedata.decimal(letter, -1)
    return letter if value < 0 else str(value)


def undressed(text: str) -> Bare | Nothing | None:
    """The digits of a storable text of at most LONGEST characters (longer ones take long)."""
    bare = _ALREADY_BARE.fullmatch(text)
    if bare and (digits := bare[2].replace(" ", "").replace("-", "")).strip("0") and text not in SPELLED:
        return Bare(digits=digits, plus=bool(bare[1]), dashed=_dashed(text) if "-" in text else None)
    plain = _plain(text)
    if _says_nothing(plain):
        return NOTHING
    inside, extension = _without_address(plain)
    if _says_nothing(inside):
        return NOTHING
    return _bare(_LABEL.sub("", inside, count=1) if _LABEL.match(inside) else inside, extension)


def _plain(text: str) -> str:
    """Digits of any script and full-width signs as ASCII; the invisible marks of copied contacts are dropped."""
    if not text.isascii():
        visible = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
        text = ascii_digits(visible.translate(_PLAIN_SIGNS))
    return text.strip()


def _says_nothing(plain: str) -> bool:
    word = plain.strip(_AROUND).lower()
    return word in WITHHELD or not word.strip("0+ ") or plain in SPELLED


def _without_address(plain: str) -> tuple[str, str | None]:
    """Out of `"name" <sip:number@host;user=phone>` the number, and the extension where a parameter names one."""
    bracketed = _BRACKETED.search(plain)
    inside = bracketed[1] if bracketed else plain
    scheme = _SCHEME.match(inside)
    if not (scheme or "@" in inside):
        return inside.strip(" \t\"'`="), None
    address = inside[scheme.end() :] if scheme else inside
    parameter = _PARAMETER.search(address)
    return re.split("[@;]", address, maxsplit=1)[0].strip(), parameter[1] if parameter else None


def _bare(inside: str, extension: str | None) -> Bare | None:
    named = None if extension else _EXTENSION.fullmatch(inside)
    if named:
        inside, extension = named[1], named[2]
    quantity = _SPREADSHEET.fullmatch(inside)
    match = _BARE.fullmatch(quantity[1] if quantity else inside)
    if match is None:
        return None
    dashed = None if extension else _dashed(inside)
    digits = match[3].translate(_PUNCTUATION)
    return Bare(digits=digits, plus=bool(match[2]), keys=match[1], extension=extension, dashed=dashed)


def _dashed(inside: str) -> tuple[str, str] | None:
    match = _DASHED.fullmatch(inside)
    if match is None:
        return None
    front = "".join(letter for letter in match[1] if letter.isdigit())
    return (front, match[2]) if len(front) >= 7 else None
