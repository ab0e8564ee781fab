"""An archive of many customers, each with a number, an address, a product, a ticket and contacts: to look things up in.

In: how many, and an empty database with our tables. Out: the same database, full; who is in it can be computed from
their place. Must not know: what is measured.

Rows are made by the program's own names and columns, but written in bulk, with indexes made afterwards: an archive of 4
million takes minutes, so it is kept under `.local/bench` and gets new columns and indexes as any database does. Here is
who is in it, and the file on SQLite; on PostgreSQL it is put down by bench.archive_postgresql.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Table, create_engine

from callserver.customers import names
from callserver.numbers import tail
from callserver.store import desk, migrations, words
from callserver.tickets.number import said
from callserver.tickets.record import TicketId

CONTACTS = 10  # of each customer
NOW = 1_795_000_000_000
HOUR = 3_600_000
_BATCH = 20_000
_AHEAD = 4
KEPT = Path(__file__).resolve().parents[1] / ".local" / "bench"

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
)
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国志文小海大山春雨雪晨阳月星辰思佳欣怡子轩浩宇一诺"
_CITIES = (
    ("青岛市", "市南区"),
    ("济南市", "历下区"),
    ("杭州市", "西湖区"),
    ("成都市", "武侯区"),
    ("武汉市", "江汉区"),
)
_ROADS = tuple(f"{one}{two}路" for one in "香中山人民解放南京东海江西湖" for two in "港中北南东西大平安和")
TABLES = (
    desk.customers,
    desk.customer_numbers,
    desk.products,
    desk.tickets,
    desk.promises,
    desk.timeline,
)


def name_of(place: int) -> str:
    """What the customer at this place (1, 2, 3 ...) is called; names come again, as in life."""
    mixed = place * 2_654_435_761 % 2**32
    rest, surname = divmod(mixed, len(_SURNAMES))
    one, two = divmod(rest % len(_GIVEN) ** 2, len(_GIVEN))
    return _SURNAMES[surname] + _GIVEN[one] + _GIVEN[two]


def number_of(place: int) -> str:
    """The customer's E.164 number; the last digits are anybody's."""
    return f"+86138{place * 48_271 % 99_999_989:08d}"


def line_of(place: int) -> str:
    """Where the customer lives."""
    road = _ROADS[place * 7 % len(_ROADS)]
    return f"{road}{place * 31 % 400 + 1}号{place % 9 + 1}单元{place * 17 % 2_900 + 101}室"


def serial_of(place: int) -> str:
    """The serial number of the customer's product."""
    return f"HR{place:09d}"


def on_sqlite(customers: int) -> Path:
    """The file with so many customers, made where it is not there yet, with all tables that there are by now."""
    file = KEPT / f"archive-{customers}-{shape()}.db"
    if not file.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.unlink(missing_ok=True)
        _make(part, customers)
        part.rename(file)
    with ThreadPoolExecutor(1) as beside:  # whoever asks may be in a loop of its own
        beside.submit(asyncio.run, migrations.upgrade(f"sqlite:///{file}")).result()
    return file


def _fill(connection: Connection, customers: int) -> None:
    """All tables that a caller's look-up reads, from nothing; on SQLite."""
    begun = time.monotonic()
    for table in TABLES:
        for index in table.indexes:
            index.drop(connection)
    connection.exec_driver_sql("DROP TRIGGER timeline_unreplaced")  # asks for each row whether it is new
    for last, rows, their_words in ahead(customers, _batch):
        for table in TABLES:
            _insert(connection, table, rows.get(table.name, []))
        words.put(connection, their_words)
        if last % 500_000 == 0:
            say(begun, f"{last:,} customers of {customers:,}")
    connection.exec_driver_sql("CREATE TABLE bench_contacts (n INTEGER PRIMARY KEY)")
    connection.exec_driver_sql(CONTACTS_EACH)
    connection.exec_driver_sql(CONTACTS_OF_ALL)
    say(begun, f"{customers * CONTACTS:,} contacts")
    for table in TABLES:
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            index.create(connection)
            say(begun, str(index.name))


def _make(file: Path, customers: int) -> None:
    """No journal, no flushing: what breaks off is made again."""
    url = f"sqlite:///{file}"
    asyncio.run(migrations.upgrade(url))
    engine = create_engine(url)
    with engine.connect() as connection:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -2000000", "threads = 2"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
        _fill(connection, customers)
        connection.commit()
    engine.dispose()


def shape() -> str:
    """Of the rows, which are made again where they would be others; tables that change are upgraded where they are."""
    some = {table.name: rows for table, rows in rows_of(range(1, 101)).items()}
    made = [repr(some), repr([words_of(place) for place in range(1, 101)]), CONTACTS_OF_ALL, str(CONTACTS)]
    return hashlib.sha256("\n".join(made).encode()).hexdigest()[:12]


Made = TypeVar("Made")
_Batch: TypeAlias = tuple[int, dict[str, list[tuple[Any, ...]]], list[tuple[int, tuple[str, ...]]]]


def ahead(customers: int, make: Callable[[range], Made]) -> Iterator[Made]:
    """What `make` gives for some places after others, made by another process while this one puts down what came
    before; a few ahead, not all. `make` is a function of a module.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        coming: deque[Future[Made]] = deque()
        for places in _batches(customers):
            coming.append(other.submit(make, places))
            if len(coming) > _AHEAD:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _batch(places: range) -> _Batch:
    rows = {table.name: rows for table, rows in rows_of(places).items()}
    return places[-1], rows, [(place, words_of(place)) for place in places]


def _batches(customers: int) -> Iterator[range]:
    for first in range(1, customers + 1, _BATCH):
        yield range(first, min(first + _BATCH, customers + 1))


def say(begun: float, what: str) -> None:
    print(f"  {time.monotonic() - begun:5.0f} s  {what}", file=sys.stderr, flush=True)


def _insert(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    columns = [column.name for column in table.columns][: len(rows[0])] if rows else []
    marks = ", ".join("?" for _ in columns)
    if rows:
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})", rows)


def rows_of(places: range) -> dict[Table, list[tuple[Any, ...]]]:
    """Rows with values in the order of the columns; every twentieth ticket is open, every fiftieth owes a call."""
    return {
        desk.customers: [_customer(place) for place in places],
        desk.customer_numbers: sorted((tail(number_of(place)), place) for place in places),
        desk.products: [_product(place) for place in places],
        desk.tickets: [_ticket(place) for place in places],
        desk.promises: [_promise(place) for place in places if place % 50 == 0],
    }


def _customer(place: int) -> tuple[Any, ...]:
    name, number, (city, area) = name_of(place), number_of(place), _CITIES[place % len(_CITIES)]
    record = (
        f'{{"id":{place},"version":1,"name":"{name}","numbers":[{{"received":"{number[3:]}","e164":"{number}",'
        f'"extension":null,"kind":"mobile","note":"","do_not_call":false}}],"addresses":[{{"line":"{line_of(place)}",'
        f'"area":"{area}","city":"{city}","postcode":"","country":"","note":""}}],"language":"zh-CN","zone":null,'
        f'"vip":false,"caution":"","external_id":"K{place}","notes":"","do_not_call":false,"created_at":{NOW},'
        f'"created_by":"bench","created_through":"import","updated_at":{NOW},"merged_into":null,"erased_at":null}}'
    )
    return (
        place,
        1,
        name,
        _initials(name),
        f"K{place}",
        None,
        False,
        True,
        None,
        NOW - place % 9_999_999,
        record,
    )


def words_of(place: int) -> tuple[str, ...]:
    """Those of the record, put together from parts that come again; in another order, which nobody sees."""
    street, house = line_of(place).split("路")
    numbers = re.findall(r"\d+", house)
    return (*_words_of_name(name_of(place)), *_words_of_town(place % len(_CITIES), street), *numbers)


@cache
def _words_of_name(name: str) -> tuple[str, ...]:
    return names.words(name)


@cache
def _words_of_town(city: int, street: str) -> tuple[str, ...]:
    return names.words("", [*_CITIES[city], f"{street}路1号1单元1室"])


@cache
def _initials(name: str) -> str:
    return names.initials(name)


def _product(place: int) -> tuple[Any, ...]:
    record = (
        f'{{"id":{place},"customer":{place},"version":1,"category":"washing_machine","model":"XQG100-{place % 90}",'
        f'"serial":"{serial_of(place)}","bought_on":"2024-02-29","seller":"","warranty_until":"2027-02-28","notes":"",'
        f'"created_at":{NOW},"updated_at":{NOW}}}'
    )
    return (place, 1, place, "washing_machine", f"xqg100-{place % 90}", serial_of(place).lower(), NOW, record)


def _ticket(place: int) -> tuple[Any, ...]:
    number, is_open, at = said(TicketId(place)), place % 20 == 0, NOW - place % 9_999 * HOUR
    status = "open" if is_open else "closed"
    record = (
        f'{{"id":{place},"number":"{number}","version":3,"kind":"repair","status":"{status}","subject":"不脱水",'
        f'"customer":{place},"product":{place},"caller":"{number_of(place)}","priority":"normal","owner":null,'
        f'"team":null,"fields":{{"fault":"spin"}},"opened_at":{at},"touched_at":{at},"due_at":null,'
        f'"closed_at":{"null" if is_open else at},"closing":""}}'
    )
    row = (place, number, 3, "repair", status, is_open, place, place, None, 1, None, None, at, at, None)
    return (*row, None if is_open else at, record)


def _promise(place: int) -> tuple[Any, ...]:
    number = number_of(place)
    head = (place // 50, "callback", place, place, tail(number), number, "planned")
    return (*head, NOW, NOW + 2 * HOUR, NOW, None, "asked")


CONTACTS_EACH = f"INSERT INTO bench_contacts VALUES {', '.join(f'({n})' for n in range(1, CONTACTS + 1))}"
# Every third contact is a call, as the others are notes and promises; a day between two of them. They are put down in
# the order in which they happen: what a customer said over the years lies all over the file, as in life.
CONTACTS_OF_ALL = (
    "INSERT INTO timeline (ticket_id, seq, at, kind, actor, through, contact, customer_id, pbx, call_id, body)"
    f" SELECT t.id, b.n, t.opened_at + b.n * {24 * HOUR}, "
    " CASE WHEN b.n % 3 = 0 THEN 'call' ELSE 'note' END, 'li', 'screen',"
    " t.open OR NOT t.open, t.customer_id, CASE WHEN b.n % 3 = 0 THEN 'main' END,"
    " CASE WHEN b.n % 3 = 0 THEN 'main:' || t.id || '.' || b.n END,"
    """ '{"text":"客户说洗衣机不脱水，已指导清理过滤器，三十分钟后回拨。","outcome":"answered","talk":184.2}'"""
    " FROM bench_contacts b CROSS JOIN tickets t ORDER BY b.n, t.id"
)
