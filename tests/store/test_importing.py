"""Entries of a list are put into the archive, batch by batch, on both databases."""

import orjson
import pytest

from callserver.customers import checking
from callserver.customers.listed import Entry
from callserver.errors import Conflict
from callserver.facts import Actor
from callserver.numbers import Plan
from callserver.sheets.table import Row
from callserver.store import customers, history, importing, merging, products
from callserver.store.importing import Counts, Position
from callserver.work.columns import columns
from callserver.work.entries import Clerk

LIST = Actor(name="anna", through="import")
AGENT = Actor(name="bert", through="screen")
PLAN = Plan(area_code="0532")
HEADINGS = ("external_id", "name", "phone", "phone_2", "address", "city", "vip", "do_not_call", "notes",
            "category", "model", "serial", "bought_on", "warranty_until")  # fmt: skip
CLERK = Clerk(columns(HEADINGS), PLAN)


def entry(line=2, before=0, **said) -> Entry:
    made = CLERK.entry(Row(line, [said.get(heading, "") for heading in HEADINGS]))
    assert isinstance(made, Entry), made
    return made._replace(before=before)


async def land(store, *entries, change="all", now=1_000) -> importing.Landed:
    landed: importing.Landed = await store.write(
        lambda connection: importing.land(connection, entries, change, LIST, now)
    )
    return landed


async def of_id(store, external_id):
    def look(connection):
        customer = customers.by_external_id(connection, external_id)
        assert customer is not None
        return customer, products.of_customers(connection, [customer.id])

    return await store.read(look)


WANG = {"external_id": "C1", "name": "王伟", "phone": "13800138000", "address": "香港中路1号", "city": "青岛",
        "category": "洗衣机", "model": "XQG-100", "serial": "SN-1", "bought_on": "2024-03-05"}  # fmt: skip


async def test_a_new_customer_is_written_as_others_write_it(store):
    """Row by row the same as customers.put and products.put would make it."""
    await land(store, entry(**WANG))

    def beside(connection):
        cells = [WANG.get(heading, "") for heading in HEADINGS]
        draft = checking.customer({**CLERK._columns.customer(cells), "external_id": "C2"}, PLAN)
        customer = customers.drafted(draft, customers.reserve(connection, 1)[0], LIST, 1_000)
        customers.put(connection, [customer])
        drafted = checking.product(CLERK._columns.owned(cells)[0])
        products.put(
            connection, [products.drafted(drafted, products.reserve(connection, 1)[0], customer.id, 1_000)]
        )

    await store.write(beside)

    def rows(connection, table, key, words=""):
        found = connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY {key}").mappings().all()
        return [
            {k: v for k, v in row.items() if k not in ("id", "customer_id", "external_id")} for row in found
        ]

    for table, key in (("customers", "id"), ("customer_numbers", "customer_id"), ("products", "id")):
        ours, theirs = await store.read(lambda connection, table=table, key=key: rows(connection, table, key))
        if "record" in ours:
            one, other = orjson.loads(ours.pop("record")), orjson.loads(theirs.pop("record"))
            assert list(one) == list(other)
            differ = {name for name in one if one[name] != other[name]}
            assert differ == ({"id", "external_id"} if table == "customers" else {"id", "customer"})
        assert ours == theirs
    if store.dialect == "postgresql":
        words = await store.read(
            lambda c: c.exec_driver_sql("SELECT words FROM customer_words").scalars().all()
        )
        assert len(words) == 2 and words[0] == words[1]


async def test_new_customers_are_found_by_words(store):
    from callserver.store import words

    await land(store, entry(**WANG), entry(line=3, external_id="C2", name="李娜"))
    found = await store.read(lambda connection: words.with_all(connection, ["王伟"], limit=9))
    assert found.ids == [(await of_id(store, "C1"))[0].id]


async def test_the_same_list_again_changes_nothing(store):
    batch = [entry(**WANG), entry(line=3, name="李娜", phone="13900139000", category="冰箱")]
    assert (await land(store, *batch)).counts == Counts(new=2)
    before = await of_id(store, "C1")
    assert (await land(store, *batch, now=2_000)).counts == Counts(same=2)
    assert await of_id(store, "C1") == before
    assert await store.read(customers.count) == 2


async def test_what_the_list_does_not_say_is_left_alone(store):
    await land(store, entry(**WANG))
    customer, _ = await of_id(store, "C1")
    filled = {
        "notes": "rings at night",
        "vip": True,
        "do_not_call": True,
        "numbers": ["13800138000", "13900139000"],
    }
    draft = checking.changed(customer, filled, PLAN)
    await store.write(lambda connection: customers.change(connection, customer.id, 1, draft, AGENT, 1_500))
    assert (await land(store, entry(external_id="C1", name="王伟", do_not_call="no"))).counts == Counts(
        same=1
    )
    after, owned = await of_id(store, "C1")
    assert (after.notes, after.vip, after.do_not_call, len(after.numbers)) == (
        "rings at night",
        True,
        True,
        2,
    )
    assert len(owned) == 1


async def test_what_the_list_says_otherwise_is_changed_and_kept_in_the_history(store):
    await land(store, entry(**WANG))
    said = {
        **WANG,
        "name": "王大伟",
        "phone": "13900139000",
        "address": "山东路2号",
        "bought_on": "2024-04-05",
    }
    assert (await land(store, entry(**said), now=2_000)).counts == Counts(changed=1)
    after, [product] = await of_id(store, "C1")
    assert (after.name, after.version, after.updated_at) == ("王大伟", 2, 2_000)
    assert [one.e164 for one in after.numbers] == ["+8613800138000", "+8613900139000"]
    assert [one.line for one in after.addresses] == ["香港中路1号", "山东路2号"]
    assert (product.bought_on, product.warranty_until, product.version) == ("2024-04-05", "2027-04-05", 2)
    [before] = await store.read(lambda connection: history.page(connection, "customer", after.id))
    assert (before.record["name"], before.actor, before.through) == ("王伟", "anna", "import")


async def test_only_gaps_are_filled_where_that_is_asked(store):
    await land(store, entry(external_id="C1", name="王伟", phone="13800138000"))
    said = {**WANG, "name": "somebody else", "notes": "new"}
    assert (await land(store, entry(**said), change="missing")).counts == Counts(changed=1)
    after, owned = await of_id(store, "C1")
    assert (after.name, after.notes, len(after.addresses), len(owned)) == ("王伟", "new", 1, 1)
    assert (await land(store, entry(**said), change="missing")).counts == Counts(same=1)


async def test_nothing_is_changed_where_that_is_asked(store):
    await land(store, entry(**WANG))
    said = {**WANG, "name": "somebody else", "serial": "SN-2"}
    assert (await land(store, entry(**said), change="never")).counts == Counts(same=1)
    customer, owned = await of_id(store, "C1")
    assert (customer.name, len(owned)) == ("王伟", 1)


async def test_a_list_says_that_somebody_is_no_vip_any_more(store):
    await land(store, entry(**WANG, vip="yes"))
    assert (await of_id(store, "C1"))[0].vip
    await land(store, entry(**WANG, vip="no"))
    assert not (await of_id(store, "C1"))[0].vip


async def test_one_row_a_product_is_one_customer(store):
    second = {**WANG, "category": "冰箱", "model": "BCD", "serial": "SN-2"}
    batch = [entry(**WANG), entry(line=3, before=2, **second), entry(line=4, before=2, **WANG)]
    assert (await land(store, *batch)).counts == Counts(new=1, changed=1, same=1)
    assert [one.serial for one in (await of_id(store, "C1"))[1]] == ["SN-1", "SN-2"]
    assert (await land(store, *batch)).counts == Counts(same=3)


async def test_two_rows_that_contradict_each_other_are_one_customer_and_a_refusal(store):
    other = entry(line=3, before=2, **{**WANG, "name": "李娜"})
    for counts in (Counts(new=1, rejected=1), Counts(same=1, rejected=1)):
        landed = await land(store, entry(**WANG), other)
        assert landed.counts == counts
        [(refused, field, why)] = landed.refused
        assert (refused.line, field, why) == (3, "name", "line 2 has the same external_id, and another name")
    assert (await of_id(store, "C1"))[0].version == 1


async def test_products_without_serials_are_not_doubled(store):
    two = {"external_id": "C1", "name": "王伟", "category": "空调", "model": "KFR"}
    assert (await land(store, entry(**two))).counts == Counts(new=1)
    assert (await land(store, entry(**two))).counts == Counts(same=1)
    assert (await land(store, entry(**two, serial="S9"))).counts == Counts(changed=1)
    assert [one.serial for one in (await of_id(store, "C1"))[1]] == ["S9"]


async def test_who_was_there_before_any_list_is_known_by_name_and_number(store):
    draft = checking.customer({"name": "王伟", "numbers": ["+86 138 0013 8000"]}, PLAN)
    await store.write(lambda connection: customers.create(connection, draft, AGENT, 1))
    landed = await land(
        store, entry(name="王伟", phone="13800138000"), entry(line=3, name="李娜", phone="13800138000")
    )
    assert landed.counts == Counts(new=1, same=1)


async def test_what_is_said_of_a_merged_customer_adds_to_the_one_it_became_part_of(store):
    await land(store, entry(**WANG), entry(line=3, external_id="C2", name="李娜", phone="13900139000"))
    into, _ = await of_id(store, "C1")
    other, _ = await of_id(store, "C2")
    await store.write(lambda connection: merging.merge(connection, into.id, other.id, AGENT, 2_000))
    said = entry(external_id="C2", name="李娜", phone="13700137000", notes="moved")
    assert (await land(store, said)).counts == Counts(changed=1)
    after, _ = await of_id(store, "C1")
    assert (after.name, after.external_id, after.notes) == ("王伟", "C1", "moved")
    assert "+8613700137000" in [one.e164 for one in after.numbers]
    assert (await land(store, said)).counts == Counts(same=1)


async def test_a_customer_with_too_many_numbers_is_refused(store):
    phones = [f"138001380{place:02d}" for place in range(20)]
    draft = checking.customer({"name": "王伟", "external_id": "C1", "numbers": phones}, PLAN)
    await store.write(lambda connection: customers.create(connection, draft, AGENT, 1))
    [refused] = (await land(store, entry(external_id="C1", name="王伟", phone="13900139000"))).refused
    assert (refused.field, "20 are the most" in refused.why) == ("numbers", True)


async def test_looking_says_what_landing_would_do(store):
    await land(store, entry(**WANG))
    batch = [
        entry(**WANG),
        entry(line=3, external_id="C1", name="李"),
        entry(line=4, external_id="C2", name="New"),
    ]
    looked = await store.report(lambda connection: importing.weigh(connection, batch, "all"))
    assert looked.counts == Counts(new=1, changed=1, same=1)
    assert await store.read(customers.count) == 1


# --- how far it is ---------------------------------------------------------------------------------------------------


async def test_an_import_goes_on_where_it_was_and_begins_anew_when_it_was_done(store):
    def begin(connection):
        return importing.begin(connection, "d1", "list.csv", LIST, 5)

    assert await store.write(begin) == Position()
    at = Position(rows=10, rejects=99, counts=Counts(new=9, rejected=1))
    await store.write(lambda connection: importing.advance(connection, "d1", Position(), at))
    assert await store.write(begin) == at
    await store.write(lambda connection: importing.finish(connection, "d1", at, LIST, 6))
    assert (await store.read(lambda connection: importing.position(connection, "d1"))).done
    assert await store.write(begin) == Position()


async def test_two_who_import_the_same_file_are_not_both_right(store):
    await store.write(lambda connection: importing.begin(connection, "d1", "list.csv", LIST, 5))
    first, second = Position(rows=10), Position(rows=20)
    await store.write(lambda connection: importing.advance(connection, "d1", Position(), first))
    with pytest.raises(Conflict, match="somebody else imports the same file"):
        await store.write(lambda connection: importing.advance(connection, "d1", Position(), second))


async def test_the_beginning_and_the_end_are_in_the_audit(store):
    await store.write(lambda connection: importing.begin(connection, "d1", "list.csv", LIST, 5))
    at = Position(rows=10, counts=Counts(new=10))
    await store.write(lambda connection: importing.advance(connection, "d1", Position(), at))
    await store.write(lambda connection: importing.finish(connection, "d1", at, LIST, 6))
    notes = await store.read(
        lambda connection: connection.exec_driver_sql(
            "SELECT action, subject, detail FROM audit ORDER BY seq"
        ).all()
    )
    assert [note[:2] for note in notes] == [("customers.import", "import:d1")] * 2
    assert orjson.loads(notes[1].detail) == {"rows": 10, "new": 10, "changed": 0, "same": 0, "rejected": 0}
