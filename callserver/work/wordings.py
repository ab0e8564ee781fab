"""How people write days, yes and no, and several numbers in the cells of a list.

In: the text of a cell. Out: the value that customers.checking takes; a text that means nothing here goes on as it is,
and is refused there with the name of its field. Must not know: columns, files.
"""

from __future__ import annotations

import re

_YES = frozenset("yes y true t 1 x ja j oui si 是 有 对 √ ✓ 真".split())
_NO = frozenset("no n false f 0 nein 否 无 不 假 ×".split())
_KINDS = {
    "mobile": "mobile cell handy 手机 移动电话",
    "home": "home privat private landline 家庭 住宅 固话 座机",
    "work": "work office business 单位 办公 公司",
    "fax": "fax 传真",
    "other": "other 其他 其它",
}
_KIND = {word: kind for kind, words in _KINDS.items() for word in words.split()}

# Year first, in any writing; day first only with dots, since 3/4/2024 is April in one country and March in another.
_YEAR_FIRST = re.compile(
    r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})日?(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?", re.ASCII
)
_DAY_FIRST = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", re.ASCII)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)

_BETWEEN = re.compile(r"\s*[;；、,，/\n|]\s*")
_DIGIT = re.compile(r"\d")
_LEAST = 5  # digits of what is a number of its own and no extension


def flag(text: str) -> bool | str:
    """Yes or no."""
    word = text.strip().casefold()
    return True if word in _YES else False if word in _NO else text


def number_kind(text: str) -> str:
    """mobile, home, work, fax, other."""
    return _KIND.get(text.strip().casefold(), text)


def day(text: str) -> str:
    """A day as YYYY-MM-DD; whether there is such a day is not asked here."""
    text = text.strip()
    if found := _YEAR_FIRST.fullmatch(text) or _DIGITS.fullmatch(text):
        return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}"
    if found := _DAY_FIRST.fullmatch(text):
        return f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}"
    return text


def several_numbers(text: str) -> list[str]:
    """The numbers in a cell: more than one where each part between commas, slashes or semicolons has enough digits."""
    if text.isalnum():
        return [text]
    parts = [part for part in _BETWEEN.split(text) if part]
    if len(parts) > 1 and all(len(_DIGIT.findall(part)) >= _LEAST for part in parts):
        return parts
    return [text]
