"""Rows of the usual shape, a batch at once and column by column, into what the store takes.

In: rows of a table, what its columns are. Out: `Plain` columns (customers.listed), and the rows that are not of this
shape, for `entries.Clerk` to look at one by one. Must not know: files, databases.

A list has millions of rows and Python takes its time for each step; a step for a thousand cells takes hardly longer
than one for ten. So a batch is looked at as one text: printable throughout, no quotes or backslashes (the JSON of such
a text is the text), no space where one would be taken away. What comes again and again (names, days, pieces of
addresses) is worked out once. That the result is the clerk's is for tests/work/test_usual.py to prove.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain, compress, count
from typing import Any, TypeAlias, TypeVar

import orjson

from callserver.customers import names
from callserver.customers.checking import LENGTHS, MOST
from callserver.customers.listed import Plain
from callserver.customers.warranty import DEFAULTS, Rules
from callserver.numbers import Plan, tail
from callserver.sheets.table import Lines, Row
from callserver.work.block import Block, Column, sorted_out, woven
from callserver.work.columns import Columns, Slot
from callserver.work.owned import Owned, Products
from callserver.work.wordings import several_numbers

T = TypeVar("T")

_REMEMBERED = 1 << 16  # values of a kind
# The JSON of a draft, its parts in their order: those that a list has no column for, and how others are written.
_SAYS_NOTHING = {
    "name": '""', "numbers": "[]", "addresses": "[]", "language": "null", "zone": "null", "vip": "false",
    "caution": '""', "external_id": "null", "notes": '""', "do_not_call": "false",
}  # fmt: skip
_FLAGS = ("language", "zone", "vip", "do_not_call")
_TEXTS = ("name", "caution", "notes")
_END_OF_MOBILE = '","extension":null,"kind":"%s","note":"","do_not_call":false}'
_NUMBER = '{"received":"%s","e164":%s,"extension":%s,"kind":"%s","note":"","do_not_call":false}'
_HERE = "\0"  # between what is the same in all records and the name of a part
_PLACES = ("line", "area", "city", "postcode", "country", "note")


# A number that was read: its JSON, its tail in the index, what it is recognised by, its extension.
_Number: TypeAlias = tuple[str, str, str, str | None]
_NO_NUMBER: _Number = ("", "", "", None)


class Usual:
    """Reads batches of one table.

    `value(part, text)` and `product(category, bought_on, warranty_until)` say what checking makes of values that come
    again, None for what it refuses.
    """

    def __init__(
        self,
        columns: Columns,
        plan: Plan,
        value: Callable[..., Any],
        product: Callable[..., Any],
        rules: Rules = DEFAULTS,
    ) -> None:
        self._columns, self._plan = columns, plan
        self._width = len(columns.headings)
        self._places = {part: column for part, column, _ in columns.plain}
        self._value = lru_cache(maxsize=_REMEMBERED)(partial(_value, value))
        self._owned = Owned(columns, product, rules)
        there = {
            *self._places,
            "name",
            "numbers" * bool(columns.numbers),
            "addresses" * bool(columns.addresses),
        }
        parts = (
            f'"{part}":{_written(part) if part in there else _SAYS_NOTHING[part]}' for part in _SAYS_NOTHING
        )
        self._record = f"{{{','.join(parts)}}}\n".split(_HERE)  # texts, and names of parts between them

    def plain(self, rows: Sequence[Row], lines: Sequence[Lines] = ()) -> tuple[Plain | None, list[Row]]:
        """The rows and lines of the usual shape together, and the others."""
        block, others = sorted_out(lines, rows, self._width)
        if block is None:
            return None, others
        found = self._read(block)
        if any(block.bad):
            odd = compress(zip(block.lines, block.cells, strict=True), block.bad)
            others += [Row(line, cells.split("\t")) for line, cells in odd]
        return found, others

    def _read(self, block: Block) -> Plain | None:
        """What the block says; None where all of it is bad."""
        texts = {
            part: block.texts(self._places.get(part), LENGTHS[part]) for part in ("external_id", *_TEXTS)
        }
        keys, initials, words = zip(*map(_named, texts["name"]), strict=True)
        json, tails, firsts = self._numbers(block)
        filled: dict[str, Sequence[str]] = {**texts, "numbers": json}
        filled["addresses"], address_words = self._addresses(block)
        for part in _FLAGS:
            if part in self._places:
                filled[part] = [self._value(part, text) for text in block.texts(self._places[part])]
                block.refuse(not one for one in filled[part])
        filled["external_id"] = [f'"{one}"' if one else "null" for one in texts["external_id"]]
        if "" in texts["name"]:
            block.refuse(not name and not numbers for name, numbers in zip(texts["name"], json, strict=True))
        marks = _marks(block, texts["external_id"], keys, firsts)
        products = self._owned.of(block)
        if all(block.bad):
            return None
        chosen = _chosen(block.bad)
        products = _of_chosen(products, block.bad)
        vips, not_vips = self._vips(block, filled)

        def joined(column: Sequence[str]) -> str:
            return "\n".join(chosen(column))

        return Plain(
            lines=list(chosen(block.lines)),
            external_ids=joined(texts["external_id"]),
            marks=joined(marks),
            not_vips=bytes(chosen(not_vips)),
            vips=bytes(chosen(vips)),
            name_keys=joined(keys),
            initials=joined(initials),
            tails=joined(tails),
            words=_together(list(map(chosen, (words, *address_words)))),
            records=woven(*[chosen(filled[one]) if one in filled else one for one in self._record])[:-1],
            cells=joined(block.cells),
            owners=list(products.owners),
            categories="\n".join(products.categories),
            model_keys="\n".join(products.models),
            serial_keys="\n".join(products.serials),
            owned="\n".join(products.records),
            warranties=bytes(products.warranties),
        )

    def _vips(self, block: Block, filled: Mapping[str, Sequence[str]]) -> tuple[bytes, bytes]:
        """1 for each of whom the list says that it is one, and that it is none."""
        if "vip" not in filled:
            return bytes(len(block.lines)), bytes(len(block.lines))
        said = zip(block.texts(self._places["vip"]), filled["vip"], strict=True)
        return bytes(vip == "true" for vip in filled["vip"]), bytes(
            text != "" and vip == "false" for text, vip in said
        )

    # --- parts of customers ------------------------------------------------------------------------------------------

    def _numbers(self, block: Block) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
        """Of each row the JSON of its numbers, their tails, and what its first one is recognised by."""
        slots = [self._numbers_of(block, slot) for slot in self._columns.numbers]
        if not slots:
            return block.nothing, block.nothing, block.nothing
        if len(slots) == 1:
            json, tails, firsts, _ = zip(*slots[0], strict=True)
            return json, tails, firsts
        rows = [[one for one in row if one[0]] for row in zip(*slots, strict=True)]
        block.refuse(
            len(row) > MOST or len({(name, extension) for _, _, name, extension in row}) < len(row)
            for row in rows
        )
        return (
            [",".join([json for json, _, _, _ in row]) for row in rows],
            [" ".join(sorted({tail for _, tail, _, _ in row if tail})) for row in rows],
            [row[0][2] if row else "" for row in rows],
        )

    def _numbers_of(self, block: Block, slot: Slot) -> list[_Number]:
        column = block.parts(slot, ("received",))[0]
        for part, place, _ in slot.parts:
            if part != "received":
                block.refuse(text != "" for text in block.texts(place, LENGTHS["note"]))
        end = _END_OF_MOBILE % (slot.kind or "mobile")
        found = [
            (f'{{"received":"{text}","e164":"{mobile}{end}', mobile[:0:-1], mobile, None)
            if mobile
            else self._number(text, slot.kind)
            for text, mobile in zip(column, self._plan.plain_mobiles(column), strict=True)
        ]
        if None in found:
            block.refuse(one is None for one in found)
        return [one or _NO_NUMBER for one in found]

    def _number(self, text: str, kind: str) -> _Number | None:
        if not text:
            return _NO_NUMBER
        if len(several_numbers(text)) > 1:
            return None
        read = self._plan.read(text)
        if read.kind in ("rubbish", "withheld"):
            return None
        e164, extension = (orjson.dumps(one).decode() for one in (read.e164, read.extension))
        kind = kind or ("mobile" if read.kind == "mobile" else "other")
        json = _NUMBER % (text, e164, extension, kind)
        return json, tail(read.e164 or ""), read.e164 or text, read.extension

    def _addresses(self, block: Block) -> tuple[Sequence[str], list[Column]]:
        """Of each row the JSON of its addresses; columns of the words of their parts."""
        slots: list[list[str]] = []
        words: list[Column] = []
        for slot in self._columns.addresses:
            line, area, city, postcode, country, note = columns = block.parts(slot, _PLACES)
            there = {
                part: column
                for part, column in zip(_PLACES, columns, strict=True)
                if column is not block.nothing
            }
            json = _addressed(there)
            if "" in line:
                said = list(map(any, zip(line, area, city, postcode, strict=True)))
                more = zip(said, country, note, strict=True)
                block.refuse(not is_said and bool(in_country or noted) for is_said, in_country, noted in more)
                json = [one if is_said else "" for one, is_said in zip(json, said, strict=True)]
            slots.append(json)
            words += [list(map(_words, there[part])) for part in ("city", "area") if part in there]
            words.append(names.words_of_each(line))
            words += [list(map(_words, there[part])) for part in ("postcode",) if part in there]
        if len(slots) == 1:
            return slots[0], words
        return [",".join(filter(None, row)) for row in zip(block.nothing, *slots, strict=True)], words


def _addressed(there: Mapping[str, Column]) -> list[str]:
    """The JSON of addresses that have these parts."""
    parts = [there.get(part, "") for part in _PLACES]
    said = chain.from_iterable(zip((f'","{part}":"' for part in _PLACES), parts, strict=True))
    _, *rest = said
    return woven('{"line":"', *rest, '"}\n')[:-1].split("\n")


def _marks(block: Block, external_ids: Column, keys: Sequence[str], firsts: Sequence[str]) -> Sequence[str]:
    """What those without an id are recognised by: name and first number; without a number they are bad."""
    if "" not in external_ids:
        return block.nothing
    block.refuse(not id and not first for id, first in zip(external_ids, firsts, strict=True))
    said = zip(external_ids, keys, firsts, strict=True)
    return ["" if id else mark(key, first) for id, key, first in said]


def mark(name_key: str, first: str) -> str:
    """What a customer without an id is recognised by, `first` being its first number, or an address."""
    return hashlib.blake2b(f"{name_key}\0{first}".encode(), digest_size=16).hexdigest()


def _chosen(bad: bytearray) -> Callable[[Sequence[T]], Iterable[T]]:
    """What chooses those of a column that are not bad."""
    if not any(bad):
        return lambda column: column
    good = bytes(1 - one for one in bad)
    return lambda column: compress(column, good)


def _of_chosen(products: Products, bad: bytearray) -> Products:
    """The products of those that are not bad, which stand closer together then."""
    if not any(bad):
        return products
    places = dict(zip((place for place, one in enumerate(bad) if not one), count(), strict=False))
    products = products.those(owner in places for owner in products.owners)
    return products._replace(owners=[places[owner] for owner in products.owners])


def _written(part: str) -> str:
    """How a part of a customer stands in its JSON."""
    here = f"{_HERE}{part}{_HERE}"
    if part in _TEXTS:
        return f'"{here}"'
    return f"[{here}]" if part in ("numbers", "addresses") else here


def _value(checked: Callable[[str, str], Any], part: str, text: str) -> str:
    """The JSON of a value of a customer; "" for one that is refused."""
    if not text:
        return _SAYS_NOTHING[part]
    value = checked(part, text)
    return "" if value is None else orjson.dumps(value).decode()


_named = lru_cache(maxsize=_REMEMBERED)(names.named)


@lru_cache(maxsize=4096)  # as many cities, areas and postcodes
def _words(text: str) -> str:
    return names.spaced(names.words_of(text))


def _together(columns: Sequence[Iterable[str]]) -> str:
    """Of each row its words; one may come twice, as long as they are fewer than are kept of a customer."""
    rows = woven(*columns, "\n").replace(" \n", "\n")[:-1]
    if max(map(len, rows.split("\n"))) < _LONG:
        return rows
    return "\n".join(map(_cut_off, rows.split("\n")))


def _cut_off(words: str) -> str:
    return " ".join(list(dict.fromkeys(words.split(" ")))[: names.MOST_WORDS])


_LONG = 2 * names.MOST_WORDS  # characters: the shortest that may be too many words
