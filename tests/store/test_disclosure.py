"""Somebody gets everything that is held about them, and nothing of others."""

import json

import pytest

from callserver.customers.record import CustomerId
from callserver.errors import NotFound
from callserver.store import audit, disclosure, tickets
from callserver.store.engine import Store
from callserver.store.journal import Journal
from tests.store.a_person import FORMER, FORMER_NUMBER, HOUSE, HOUSEHOLD, MEI, NAME, PLAN, People, everywhere
from tests.store.samples import MORNING, call_id


@pytest.fixture
async def people(store: Store, journal: Journal) -> People:
    return await everywhere(store, journal)


async def disclosed(store: Store, customer: CustomerId) -> dict[str, bytes]:
    """The folder. Pieces of a name come behind each other."""
    found: dict[str, bytes] = {}
    last = ""
    async for piece in disclosure.everything(store, customer, PLAN):
        assert piece.name == last or piece.name not in found
        found[last := piece.name] = found.get(piece.name, b"") + piece.content
    return found


async def test_all_of_it_is_there(store: Store, people: People) -> None:
    await store.write(lambda c: audit.note(c, MEI, "customer.read", f"customer:{people.person}", {}, MORNING))
    found = await disclosed(store, people.person)
    number = (await store.read(lambda connection: tickets.get(connection, people.ticket))).number
    assert set(found) == {
        "customer.json",
        "products.json",
        "earlier.json",
        f"tickets/{number}/ticket.json",
        f"tickets/{number}/ticket.html",
        f"tickets/{number}/files/1-passport.pdf",
        "calls.jsonl",
        "who-saw-it.jsonl",
        "index.html",
    }
    assert found[f"tickets/{number}/files/1-passport.pdf"] == b"%PDF PDFBYTES"
    them = json.loads(found["customer.json"])
    assert [(one["id"], one["name"]) for one in them] == [(people.person, NAME), (people.double, NAME)]
    assert FORMER in found["earlier.json"].decode()
    assert FORMER_NUMBER in found["earlier.json"].decode()
    ticket = json.loads(found[f"tickets/{number}/ticket.json"])
    assert [one["id"] for one in ticket["calls"]] == [call_id(0), call_id(2), call_id(3)]
    assert [entry["seq"] for entry in ticket["timeline"]] == list(range(1, len(ticket["timeline"]) + 1))
    others = [json.loads(line)["id"] for line in found["calls.jsonl"].splitlines()]
    assert others == [call_id(1), call_id(7)], "of her own number, wherever they landed"
    seen = [json.loads(line) for line in found["who-saw-it.jsonl"].splitlines()]
    assert {"customer.read", "product.create", "ticket.open"} <= {one["action"] for one in seen}
    assert seen[0]["at"].endswith("Z")


async def test_nothing_of_the_neighbour_is_there(store: Store, people: People) -> None:
    whole = b"".join((await disclosed(store, people.person)).values()).decode()
    assert "李雷" not in whole
    assert "all is well" not in whole
    assert call_id(4) not in whole, "a call of the telephone that both have, on the neighbour's ticket"
    neighbours = b"".join((await disclosed(store, people.neighbour)).values()).decode()
    assert HOUSEHOLD in neighbours
    assert NAME not in neighbours


async def test_pages_can_be_read_and_run_nothing(store: Store, people: People) -> None:
    await store.write(
        lambda c: tickets.timeline.note(c, people.ticket, "<script>alert(1)</script>", MEI, MORNING)  # type: ignore[attr-defined]
    )
    found = await disclosed(store, people.person)
    pages = {name: content.decode() for name, content in found.items() if name.endswith(".html")}
    assert HOUSE in pages["index.html"]
    assert all("<script" not in page for page in pages.values())
    (page,) = (page for name, page in pages.items() if name != "index.html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "default-src 'none'" in page


async def test_how_much_there_is_can_be_asked(store: Store, people: People) -> None:
    held = await store.read(lambda connection: disclosure.held(connection, people.person))
    assert held["customers"] == 2
    assert (held["tickets"], held["files"], held["promises"], held["calls"], held["products"]) == (
        1,
        1,
        1,
        4,
        1,
    )
    with pytest.raises(NotFound):
        await store.read(lambda connection: disclosure.held(connection, CustomerId(999)))
    with pytest.raises(NotFound):
        await disclosed(store, CustomerId(999))
