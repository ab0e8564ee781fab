"""Names and addresses as searches see them: the key, the initials, and the words.

In: any text, also hostile. Out: texts to compare with. Must not know: SQL, who asks. What is stored and what is asked
for go through the same functions, so they need to agree with each other and with nobody else.

Initials of Chinese names are those of the pinyin of each character, with the readings that surnames have (单 is Shan,
not Dan); of other names those of the words. 40,000 characters have a reading and names use few of them, so each
character is looked up once in a process: an import asks 20,000 times a second.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from operator import add

from callserver.pinyin import readings

KEY_LENGTH = 150  # an index row of PostgreSQL has 2,704 bytes at most
INITIALS_LENGTH = 40
WORD_LENGTH = 40
MOST_WORDS = 500

# Written without spaces between words: Han, kana, hangul.
_SCRIPTS = (
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_SCRIPT = re.compile(f"[{_SCRIPTS}]")
_FIRST_HAN, _LAST_HAN = "\u4e00", "\u9fff"
_HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PLAIN_HAN = re.compile("[\u4e00-\u9fff]+")
_PLAIN = re.compile("[ -~\u4e00-\u9fff]*")  # what NFKC leaves as it is, and where folding is only lower case
# Controls, lone surrogates, and characters that are not seen: zero width, directions, soft hyphens.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd\ud800-\udfff]"
)
_GAP = re.compile(f"(?<=[{_SCRIPTS}]) (?=[{_SCRIPTS}])")
_PIECE = re.compile(f"[{_SCRIPTS}]+|[^\\W_{_SCRIPTS}]+")
# Of plain text: Chinese characters with what stands behind them up to the next ones (人民路343), and line ends.
_STRETCH = re.compile("[\u4e00-\u9fff]+[^\u4e00-\u9fff\n]*|[^\u4e00-\u9fff\n]+|\n")
_PERSON = 4  # a Chinese name of more characters is a company's

# Letters of surnames whose characters are mostly read otherwise. Two characters first.
_SURNAMES = {
    "万俟": "mq", "尉迟": "yc", "单于": "cy", "长孙": "zs", "澹台": "tt",
    "单": "s", "曾": "z", "仇": "q", "解": "x", "查": "z", "区": "o", "朴": "p", "盖": "g", "翟": "z", "缪": "m",
    "员": "y", "乐": "y", "冼": "x", "秘": "b", "覃": "q", "繁": "p", "折": "s", "种": "c", "召": "s", "句": "g",
    "贾": "j", "祭": "z",
}  # fmt: skip
_letters: dict[str, str] = {}  # a character -> its letter; every process reads the same into it


def key(name: str) -> str:
    """A name to compare with: NFKC, case folded, one space between words, none between Chinese characters.

    At most KEY_LENGTH characters; storable whatever comes in.
    """
    if _PLAIN_HAN.fullmatch(name):
        return name[:KEY_LENGTH]
    if not name.isascii():
        name = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    text = " ".join(_UNSEEN.sub("", name.lower()).split())
    return (text if text.isascii() else _GAP.sub("", text))[:KEY_LENGTH].rstrip()


def initials(name: str) -> str:
    """First letters: `zs` for 张三, `oyx` for 欧阳修, `js` for John Smith; "" where there are no letters."""
    return initials_of_key(key(name))


def initials_of_key(name_key: str) -> str:
    """`initials` for whoever has the key already."""
    if _PLAIN_HAN.fullmatch(name_key):
        return _of_han(name_key)[:INITIALS_LENGTH]
    pieces = _PIECE.findall(name_key)
    return "".join(_of_han(one) if _HAN.match(one) else _of_word(one) for one in pieces)[:INITIALS_LENGTH]


def words(name: str, others: Iterable[str] = ()) -> tuple[str, ...]:
    """What full-text search is made of, each word once: those of a name, and of addresses.

    Words and numbers as they are, without accents; what is written without spaces as pairs of characters, of a name
    each character too. A word has neither spaces nor ASCII signs. At most MOST_WORDS.
    """
    found = [word for piece in _PIECE.findall(key(name)) for word in _cut(piece, singles=True)]
    for text in others:
        found += words_of(text)
    return tuple(dict.fromkeys(found))[:MOST_WORDS]


def asked(text: str) -> tuple[str, ...]:
    """The words that somebody looks for: `words` has them where it has this text, as whole words or two characters."""
    return tuple(dict.fromkeys(words_of(text)))


def together(text: str, there: Iterable[str]) -> bool:
    """Whether what somebody looks for is there in one piece, not only pair by pair: 香港中路, not 香港 and 中路."""
    runs = [piece for piece in _PIECE.findall(_long_key(text)) if len(piece) > 2 and _SCRIPT.match(piece)]
    if not runs:
        return True
    known = [_long_key(one) for one in there]
    return all(any(run in one for one in known) for run in runs)


def serial(text: str) -> str:
    """A serial number to compare with: letters and digits alone, as people leave out dashes and mix cases."""
    if text.isascii() and text.isalnum():
        return text.lower()[:KEY_LENGTH]
    return "".join(one for one in key(text) if one.isalnum())


def serials(texts: Sequence[str]) -> list[str]:
    """`serial` of each, for texts without line ends; most are letters and digits, so that is asked of all at once."""
    together = "".join(texts)
    if together.isascii() and together.isalnum() and max(map(len, texts)) <= KEY_LENGTH:
        return "\n".join(texts).lower().split("\n")
    return list(map(serial, texts))


def is_han(text: str) -> bool:
    """Whether there is a Chinese character in it."""
    return _HAN.search(text) is not None


def words_of(text: str) -> list[str]:
    """Those of one text of an address, as often as they come."""
    return list(chain.from_iterable(map(_cut_once, _PIECE.findall(_long_key(text)))))


def words_of_each(texts: Sequence[str]) -> list[str]:
    """`words_of` for texts without line ends, a space behind each word, also what comes twice; most texts are plain, so
    all of them are cut at once."""
    if not _PLAIN.fullmatch("".join(texts)):
        return [spaced(words_of(text)) for text in texts]
    stretches = _STRETCH.findall("\n".join(texts).lower())
    return "".join(map(_STRETCHES.__getitem__, stretches)).split("\n")


def named(name: str) -> tuple[str, str, str]:
    """The key of a name, its initials, and its words with a space behind each."""
    if len(name) <= _PERSON and _PLAIN_HAN.fullmatch(name):
        return name, _of_han(name), spaced(dict.fromkeys((*name, *map(add, name, name[1:]))))
    name_key = key(name)
    return name_key, initials_of_key(name_key), spaced(words(name))


def spaced(words: Iterable[str]) -> str:
    """A space behind each word."""
    return "".join([f"{word} " for word in words])


class _Stretches(dict[str, str]):
    """What each stretch of plain text is cut into: roads, numbers of houses and of floors come again and again."""

    def __missing__(self, stretch: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        words = "\n" if stretch == "\n" else spaced(words_of(stretch))
        self[stretch] = words
        return words


_REMEMBERED = 1 << 16
_STRETCHES = _Stretches()


def _long_key(text: str) -> str:
    """`key` without its end."""
    if _PLAIN.fullmatch(text):
        return text.lower()
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))


def _cut(piece: str, *, singles: bool = False) -> Iterable[str]:
    if not (_FIRST_HAN <= piece[0] <= _LAST_HAN or _SCRIPT.match(piece)):
        return (piece[:WORD_LENGTH] if piece.isascii() else _plain(piece)[:WORD_LENGTH],)
    pairs = list(map(add, piece, piece[1:]))
    return [*piece, *pairs] if singles else pairs or [piece]


@lru_cache(maxsize=1 << 16)  # cities, areas, roads and what houses are counted with come again and again
def _cut_once(piece: str) -> tuple[str, ...]:
    return tuple(_cut(piece))


def _plain(word: str) -> str:
    """Without accents: who types Muller wants to find Müller."""
    if word.isascii():
        return word
    letters = unicodedata.normalize("NFD", word)
    return "".join(one for one in letters if not unicodedata.combining(one)) or word


def _of_word(word: str) -> str:
    return _plain(word[0])[:1]


def _of_han(run: str) -> str:
    begin = ""
    if 2 <= len(run) <= _PERSON:
        begin = _SURNAMES.get(run[:2]) or _SURNAMES.get(run[0], "")
    try:
        return begin + "".join([_letters[one] for one in run[len(begin) :]])
    except KeyError:
        return begin + "".join([_letters.get(one) or _letter(one) for one in run[len(begin) :]])


def _letter(character: str) -> str:
    """The letter of its commonest reading; the character itself where nobody wrote one down."""
    reading = readings().get(ord(character), character)
    letter = _letters[character] = unicodedata.normalize("NFD", reading)[0]
    return letter
