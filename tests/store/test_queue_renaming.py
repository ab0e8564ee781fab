"""A queue that is called something else now: whoever named the old one names the new one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callserver.errors import BadValue, Outdated
from callserver.people import Profile
from callserver.promises.defaults import DEFAULTS
from callserver.store import policies, queue_renaming, queue_settings, teams, users
from callserver.store.engine import Store
from callserver.store.queue_settings import Kept, Said
from callserver.store.users import Wanted
from tests.store.of_tickets import ANNA, NOON, done

FILE = (Said(title="Repairs"), Said())


async def rename(store: Store, expected: int, to: str = "repair2") -> Kept:
    return await done(store, queue_renaming.rename, "repair", to, expected, FILE, ANNA, NOON)


async def test_everybody_who_named_the_old_one_names_the_new_one(store: Store) -> None:
    await done(store, teams.add, "Kitchen", ["sales", "repair", "repair2"], ANNA, NOON)
    own = [Profile(queue="repair", penalty=2), Profile(queue="sales")]
    await done(store, users.add, Wanted(login="li", name="Li Na", role="agent", queues=own), ANNA, NOON)
    await done(store, policies.put, replace(DEFAULTS["survey"], queue="repair"), 0, ANNA, NOON)
    await done(store, queue_settings.put, "repair", Said(title="维修", formerly=("mend",)), 0, ANNA, NOON)
    kept = await rename(store, 1)
    assert (kept.queue, kept.said) == ("repair2", Said(title="维修", formerly=("mend", "repair")))
    assert (await done(store, queue_settings.find, "repair")).said is None
    (team,) = await done(store, teams.every)
    assert team.queues == ("sales", "repair2")
    user = await done(store, users.by_login, "li")
    assert user.own_queues == (Profile(queue="repair2", penalty=2), Profile(queue="sales"))
    assert (await done(store, policies.get, "survey")).queue == "repair2"


async def test_what_is_only_in_the_file_keeps_its_former_name_too(store: Store) -> None:
    kept = await rename(store, 0)
    assert kept.said == Said(formerly=("repair",))
    back = await done(store, queue_renaming.rename, "repair2", "repair", 1, FILE[::-1], ANNA, NOON)
    assert (back.said or Said()).formerly == ("repair2",)


async def test_nothing_moves_on_a_version_that_is_not_the_present_one(store: Store) -> None:
    await done(store, queue_settings.put, "repair", Said(), 0, ANNA, NOON)
    with pytest.raises(Outdated):
        await rename(store, 0)
    with pytest.raises(BadValue):
        await rename(store, 1, "repair")
    with pytest.raises(BadValue):
        await rename(store, 1, "a,b")
