"""Whole files into the archive, out of it and in again; killed at any moment."""

import asyncio
import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from callserver.customers import checking
from callserver.errors import BadValue, Conflict
from callserver.facts import Actor
from callserver.numbers import Plan
from callserver.sheets.reading import read
from callserver.store import customers, importing, products
from callserver.store.desk import customer_numbers, imports
from callserver.store.desk import customers as customers_table
from callserver.store.desk import products as products_table
from callserver.store.engine import Store
from callserver.store.exporting import Where
from callserver.store.importing import Counts
from callserver.work.exporting import Shape, send_out
from callserver.work.importing import Summary, bring_in, look_at
from callserver.work.reader import Asked
from tests.rig import customer_list
from tests.rig.asterisk import die_with_parent
from tests.store.conftest import prepared_file, shared_postgres, store, url

__all__ = ["prepared_file", "shared_postgres", "store", "url"]
ROOT = Path(__file__).parents[2]
ANNA = Actor(name="anna", through="import")
PLAN = Plan(area_code="0532")
ROWS = 8_000  # in the file whose import is killed
KILLS = 3


async def into(store: Store, file: Path, change="all", **said) -> Summary:
    asked = Asked(path=file, **said)
    return await bring_in(store, asked, PLAN, change, ANNA, rejects_of(file), clock=lambda: 1_000)


def rejects_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.rejects.csv")


def rejected_lines(file: Path) -> list[int]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        csv.field_size_limit(10_000_000)
        return [int(row[0]) for row in list(csv.reader(lines))[1:]]


async def content(store: Store) -> dict[str, Any]:
    """Every customer by name, without what differs from one archive to another."""

    def look(connection):
        records = connection.execute(select(customers_table.c.record)).scalars()
        everybody = [customers._customer(record) for record in records]
        owned: dict[int, list[Any]] = {one.id: [] for one in everybody}
        for one in products.of_customers(connection, [one.id for one in everybody]):
            owned[one.customer].append({name: getattr(one, name) for name in checking.PRODUCT_FIELDS})
        return {
            f"{one.name} {one.external_id}": {"is": checking.draft_of(one), "owns": owned[one.id]}
            for one in everybody
        }

    return await store.report(look)


async def totals(store: Store) -> tuple[int, ...]:
    tables = (customers_table, customer_numbers, products_table)
    counted = select(*(select(func.count()).select_from(table).scalar_subquery() for table in tables))
    return tuple(await store.read(lambda connection: connection.execute(counted).one()))


async def test_a_list_is_imported_and_once_more_changes_nothing(store: Store, tmp_path: Path) -> None:
    file = customer_list.write(tmp_path / "list.csv", 2_500)
    first = await into(store, file)
    assert first.counts == Counts(new=2_475, rejected=25)
    rejects = rejects_of(file).read_bytes()
    before = await content(store)
    again = await into(store, file)
    assert again.counts == Counts(same=2_475, rejected=25)
    assert await content(store) == before
    assert rejects_of(file).read_bytes() == rejects


async def test_rejected_rows_are_in_a_file_that_can_be_corrected_and_imported(
    store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        "姓名,电话,购买日期,产品\n王伟,13800138000,2024-02-30,冰箱\n=cmd(),13900139000,2023-02-30,冰箱\n",
        "utf-8",
    )
    assert (await into(store, file)).counts == Counts(rejected=2)
    written = rejects_of(file)
    assert "'=cmd()" in written.read_text("utf-8-sig")
    assert read(written).headings[:3] == ("rejected_line", "rejected_field", "rejected_reason")
    mended = tmp_path / "mended.csv"
    mended.write_text(written.read_text("utf-8-sig").replace("-02-30", "-02-28"), "utf-8")
    assert (await into(store, mended)).counts == Counts(new=2)
    assert "=cmd() None" in await content(store)


async def test_a_file_that_is_no_reject_file_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    file = customer_list.write(tmp_path / "list.csv", 10)
    rejects_of(file).write_text("my diary")
    with pytest.raises(BadValue, match="no file of rejected rows"):
        await into(store, file)
    assert rejects_of(file).read_text() == "my diary"


async def test_a_dry_run_says_what_would_happen_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    file = customer_list.write(tmp_path / "list.csv", 1_200)
    looked = await look_at(store, Asked(path=file), PLAN, "all")
    assert looked.counts == Counts(new=1_188, rejected=12)
    assert (looked.rejected[0].line, looked.rejected[0].field) == (101, "购买日期")
    assert await totals(store) == (0, 0, 0)
    assert not rejects_of(file).exists()


async def test_what_cannot_be_read_is_refused_before_anything_is_written(
    store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"name,dog\nx,y\n")
    with pytest.raises(BadValue, match="dog"):
        await into(store, file)
    with pytest.raises(FileNotFoundError):
        await into(store, tmp_path / "nothing.csv")
    assert await store.read(lambda c: c.execute(select(imports)).all()) == []


async def test_two_imports_of_one_file_at_once_do_not_double_it(store: Store, tmp_path: Path) -> None:
    file = customer_list.write(tmp_path / "list.csv", 3_000)
    ends = await asyncio.gather(into(store, file), into(store, file), return_exceptions=True)
    assert all(isinstance(end, Summary | Conflict) for end in ends), ends
    if not any(isinstance(end, Summary) for end in ends):
        await into(store, file)
    assert (await totals(store))[0] == 2_970


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx"])
async def test_what_was_exported_is_imported_unchanged(store: Store, tmp_path: Path, kind: str) -> None:
    drafts: list[dict[str, Any]] = [
        {"name": "=cmd()", "numbers": [{"received": "+49 30 123456", "kind": "work", "note": "'x"}, "013800138000"],
         "addresses": [{"line": "-1 Road", "postcode": "01067"}, {"line": "b", "city": "青岛"}], "vip": True,
         "notes": "two\nlines, \"quoted\"", "external_id": "000000000000017", "language": "de",
         "zone": "Europe/Berlin"},
        {"name": "שלום 😀", "numbers": ["0532-88888888转801"], "do_not_call": True, "caution": "@home"},
        {"name": "nobody", "addresses": ["香港中路1号"], "external_id": "7"},
    ]  # fmt: skip
    owned = [
        {"category": "冰箱", "serial": "0012", "bought_on": "2024-02-29"},
        {"category": "Toaster", "model": "1E5"},
    ]

    def put(connection):
        for values in drafts:
            customer = customers.create(connection, checking.customer(values, PLAN), ANNA, 5)
            for one in owned if customer.external_id != "7" else ():
                products.create(connection, customer.id, checking.product(one), ANNA, 5)

    await store.write(put)
    before = await content(store)
    file = tmp_path / f"all.{kind}"
    assert await send_out(store, file, Where()) == 3
    assert (await into(store, file)).counts == Counts(same=3)
    assert await content(store) == before

    def empty(connection):
        for table in ("products", "customer_numbers", "customers"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("DELETE FROM customer_words")

    await store.write(empty)
    assert (await into(store, file)).counts == Counts(new=3)
    assert await content(store) == before


async def test_who_grew_while_the_export_ran_goes_on_in_a_second_row(store: Store, tmp_path: Path) -> None:
    draft = {"name": "王伟", "numbers": ["13800138000", "13900139000", "13700137000"], "external_id": "1"}
    made = await store.write(lambda c: customers.create(c, checking.customer(draft, PLAN), ANNA, 5))
    rows = list(Shape().rows(made, []))
    assert len(rows) == 3
    assert [row[Shape().headings().index("phone")] for row in rows] == [
        "13800138000",
        "13900139000",
        "13700137000",
    ]


async def test_an_export_can_be_of_some(store: Store, tmp_path: Path) -> None:
    await into(store, customer_list.write(tmp_path / "list.csv", 99))
    everybody = await content(store)
    there = sum(any(one.area == "市南区" for one in it["is"].addresses) for it in everybody.values())
    file = tmp_path / "some.jsonl"
    assert await send_out(store, file, Where(area="市南区")) == there > 0
    assert len(file.read_text("utf-8").splitlines()) == there
    assert await send_out(store, file, Where(category="refrigerator")) > 0
    assert await send_out(store, file, Where(updated_since=2_000)) == 0


async def test_an_export_that_fails_leaves_what_was_there(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text("yesterday's")

    def breaks(_seen: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await send_out(store, file, Where(), progress=breaks)
    assert file.read_text() == "yesterday's"
    assert not (tmp_path / ".all.csv.part").exists()
    with pytest.raises(BadValue, match="should end in"):
        await send_out(store, tmp_path / "all.doc", Where())


@pytest.mark.timeout(600)  # five processes read the file, and others may have the cores
async def test_an_import_that_is_killed_again_and_again_ends_as_if_it_had_not_been(
    url: str, store: Store, tmp_path: Path
) -> None:
    file = customer_list.write(tmp_path / "list.csv", ROWS)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.work.importer", url, str(file), str(rejects_of(file)), str(KILLS), "17",
        cwd=ROOT, stdout=subprocess.PIPE, preexec_fn=die_with_parent,
    )  # fmt: skip
    told, _ = await process.communicate()
    *heard, last = told.decode().splitlines()
    assert process.returncode == 0, told
    assert int(last.removeprefix("resumed\t")) >= max(map(int, heard)) > 0
    good = ROWS - customer_list.bad(ROWS)
    assert await totals(store) == (good, good, good)
    position = await store.read(lambda c: c.execute(select(imports.c.digest)).scalars().all())
    at = await store.read(lambda c: importing.position(c, position[0]))
    assert (at.done, at.rows, at.counts) == (True, ROWS, Counts(new=good, rejected=ROWS - good))
    assert rejected_lines(rejects_of(file)) == list(range(customer_list.BAD + 1, ROWS + 2, customer_list.BAD))
