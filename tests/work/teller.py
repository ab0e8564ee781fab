"""A process that sends what the outbox holds until it is killed. `teller.py URL NAME`; says so when it begins."""

import asyncio
import sys
import time

from callserver.store import deliveries, engine
from callserver.work.posting import Post
from callserver.work.webhooks import Courier, sender


async def main(url: str, name: str) -> None:
    store = await engine.open(url)
    post = Post()
    send = sender(post, "/teller", lambda: time.time_ns() // 1_000_000)
    await store.write(lambda c: deliveries.take_back(c, name.partition("/")[0], name))
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    await Courier(store, name, send, poll_s=0.01).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
