"""What the outbox holds is sent by a process that is killed again and again.

`python -m tests.work.teller URL`: for each line on standard input a life begins, which sends until the next line comes;
then it is killed with SIGKILL. Says "begins" when a life has begun. Ends with its input.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import partial

from callserver.store import deliveries, engine
from callserver.work.posting import Post
from callserver.work.webhooks import Courier, sender
from tests.work.forked import ended, life, say


async def live(url: str, name: str, told: int) -> None:
    store = await engine.open(url)
    send = sender(Post(), "/teller", lambda: time.time_ns() // 1_000_000)
    await store.write(lambda c: deliveries.take_back(c, name.partition("/")[0], name))
    os.write(told, b"!")
    await Courier(store, name, send, poll_s=0.01).run()


def main(url: str) -> None:
    run = 0
    while sys.stdin.readline():
        with life(partial(live, url, f"node-a/{run}")) as (child, heard):
            os.read(heard, 1)
            say("begins")
            sys.stdin.readline()
            os.kill(child, signal.SIGKILL)
            ended(child)
            say("killed")
        run += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
