"""`callserver serve`: the service.

In: settings. Out: a running service until a signal, log lines on standard error. Must not know: what it
consists of.
"""

from __future__ import annotations

from callserver import logs
from callserver.cli.common import Config, settings


def serve(config: Config = None) -> None:
    """Follow every Asterisk of the settings until stopped (Ctrl-C, SIGTERM); a second signal stops at once.

    An empty database is filled with tables; an old one is upgraded only by `callserver db upgrade`.

    Example: `callserver serve -c /etc/callserver/callserver.toml`
    """
    from callserver import app, process

    found = settings(config)
    logs.set_up(found.log.level, found.log.json)
    process.run(app.App(found))
