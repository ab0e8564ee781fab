"""One Asterisk's settings -> what its link needs.

In: settings. Out: the link's own settings, a recorder where tracing is on. Must not know: what the link brings.
"""

from __future__ import annotations

from callserver.ami.link import Link, LinkSettings
from callserver.ami.trace import TraceRecorder
from callserver.facts import PbxId
from callserver.settings import AsteriskSettings, TraceSettings
from callserver.vitals import wall_clock


def link_settings(settings: AsteriskSettings) -> LinkSettings:
    """Where the switch is and who we are there."""
    return LinkSettings(
        pbx=PbxId(settings.id),
        host=settings.host,
        port=settings.port,
        user=settings.user,
        secret=settings.secret.reveal(),
        heartbeat_s=settings.heartbeat_s,
        deadline_s=settings.deadline_s,
    )


def link(settings: AsteriskSettings, trace: TraceSettings) -> Link:
    """A link that has not begun yet."""
    recorder = None
    if trace.on:
        size = trace.max_mb << 20
        recorder = TraceRecorder(
            trace.dir, PbxId(settings.id), max_bytes=size, keep=trace.keep, clock=wall_clock
        )
    return Link(link_settings(settings), recorder=recorder)
