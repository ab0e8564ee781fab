"""Whatever a switch says can be kept: NUL, lone surrogates, and names without end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callserver.facts import AgentJoinedQueue, CallId, CallStarted, LegId
from callserver.store import agents, calls, log, text
from callserver.store.engine import Store
from callserver.store.jobs import NewJob, claim
from callserver.store.journal import Journal
from callserver.store.rows import Batch
from tests.store.samples import MORNING, PBX, record

anything = st.text(st.characters(exclude_categories=()), max_size=400)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | anything,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(anything, inner, max_size=4),
)

HOSTILE = [
    "\x00",
    "王\x00芳",
    "\ud800",
    "a\udfffb\ud83d",
    "\\u0000",
    "<script>alert(1)</script>",
    "=1+1",
    "'; DROP TABLE calls; --",
    '"\\"\r\n\t',
    "名" * 10_000,
    "\U0001f600" * 10_000,
    "",
]


@given(anything)
def test_storable_text_is_utf8_without_nul_and_stays_as_it_is(value: str) -> None:
    kept = text.storable(value)
    assert b"\x00" not in kept.encode()
    assert text.storable(kept) == kept
    assert len(kept) == len(value)


@given(anything, anything)
def test_a_key_is_short_and_different_for_different_texts(one: str, other: str) -> None:
    assert len(text.key(one)) <= text.KEY_LENGTH
    assert (text.key(one) == text.key(other)) == (text.storable(one) == text.storable(other))
    long = one + "x" * text.KEY_LENGTH
    assert (text.key(long) == text.key(long + other)) == (other == "")
    assert text.key(text.key(long)) == text.key(long)


@given(json_values)
def test_json_comes_back_as_it_was_but_for_what_cannot_be_kept(value: object) -> None:
    body = text.dump(value)
    assert "\x00" not in body
    assert "\\u0000" not in body.replace("\\\\", "")
    body.encode()
    again = text.load(body)
    assert text.dump(again) == body
    if "\ufffd" not in body:
        assert again == value


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, 2**64, {"a": object()}, {1: "a\x00"}])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        text.dump(value)


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_is_kept_alike_in_every_column(
    store: Store, journal: Journal, name: str
) -> None:
    call, leg = CallId(f"main:{name}"), LegId(name)
    fact = CallStarted(
        pbx=PBX, at=MORNING, call=call, direction="inbound", caller_number=name, caller_name=name
    )
    seat = AgentJoinedQueue(pbx=PBX, at=MORNING, queue=name, interface=name, agent=name, state_interface=name)
    told = record(0, id=call, caller_number=name, caller_name=name, dialed=name, legs=[{"leg": name}])
    job = NewJob(kind=name, key=name, body={name: name})
    await journal.append(Batch(facts=[fact, seat], records=[told], jobs=[job]))

    clean = text.storable(name)
    kept = record(
        0, id=f"main:{clean}", caller_number=clean, caller_name=clean, dialed=clean, legs=[{"leg": clean}]
    )
    assert await calls.record(store, PBX, call) == kept
    assert await calls.open_records(store, PBX) == [kept]
    assert await calls.call_of_leg(store, PBX, leg) == text.key(call)
    assert await calls.calls_of_number(store, name) == [kept]
    first, second = await log.facts(store, PBX)
    assert first.body["caller_name"] == second.body["agent"] == clean
    (member,) = await agents.members(store, PBX)
    assert (member.agent, member.queue) == (clean, text.key(name))
    assert [one.body for one in await claim(store, "a")] == [{clean: clean}]
    await journal.append(Batch(removed=[call]))
    assert await calls.open_records(store, PBX) == []
