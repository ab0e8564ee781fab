"""What supervisors wrote stands on the right screens, also what was written elsewhere or before a restart."""

from __future__ import annotations

from typing import Any

from callserver.people import UserId
from callserver.push.views import Audience, User
from callserver.store import floor_messages
from callserver.store.floor_messages import Message
from callserver.web.messaging import Messaging
from tests.push.described import fits
from tests.web.conftest import NOW, Site
from tests.web.people import user


class Shown:
    """The hub, as far as it is needed."""

    def __init__(self) -> None:
        self.notices: dict[str, Any] = {}

    def put(self, kind: str, key: str, value: Any, audience: Audience) -> None:
        assert (kind, audience) == ("notice", User(int(key.rpartition(":")[2])))
        if value is None:
            self.notices.pop(key, None)
        else:
            self.notices[key] = value


async def written(site: Site, *to: UserId) -> Message:
    return await site.store.write(
        lambda c: floor_messages.write(c, to, by=None, by_name="Wang", now=NOW, words="Tea", urgent=True)
    )


async def test_what_was_written_before_is_shown_until_it_is_read(site: Site) -> None:
    li = (await user(site)).person.id
    message = await written(site, li)
    shown = Shown()
    messaging = Messaging(site.store, shown)
    await messaging.look()
    (key,) = shown.notices
    fits("notice", shown.notices[key])
    assert shown.notices[key]["args"] == {"id": message.id, "name": "Wang", "text": "Tea", "to": None}
    assert (shown.notices[key]["level"], shown.notices[key]["keep"]) == ("warning", True)
    await site.store.write(lambda c: floor_messages.read(c, message.id, li, NOW))  # at another node
    await messaging.look()
    assert shown.notices == {}


async def test_what_this_process_writes_is_there_at_once(site: Site) -> None:
    li = (await user(site)).person.id
    shown = Shown()
    messaging = Messaging(site.store, shown)
    quiet = site.store.on_told(messaging.told)
    message = await written(site, li)
    assert list(shown.notices) == [f"message:{message.id}:{li}"]
    await site.store.write(lambda c: floor_messages.read(c, message.id, li, NOW))
    assert shown.notices == {}
    quiet()
