"""What systemd wants to know (Type=notify): ready, stopping. Nothing happens elsewhere.

In: words of sd_notify(3). Out: a datagram on the socket that systemd named. Must not know: anything else.
"""

from __future__ import annotations

import contextlib
import os
import socket


def say(words: str) -> None:
    """Tell systemd, if it started us; never raises."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if not place.startswith(("/", "@")):
        return
    address = "\0" + place[1:] if place.startswith("@") else place
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(words.encode(), address)
