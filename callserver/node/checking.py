"""Looks a switch over: with its settings, for whoever wants to know what is wrong there.

In: one switch's settings. Out: what it says and what its files say; `ami.check.findings` judges. Must not know: who
asks, how findings are shown. Nothing is changed on the switch.
"""

from __future__ import annotations

from callserver.ami import check
from callserver.ami.check import Answers, Places
from callserver.node.line import link_settings
from callserver.settings import AsteriskSettings


async def look_over(one: AsteriskSettings, listen_s: float) -> Answers:
    """What can be learned while listening for so many seconds. Does not raise SwitchError."""
    places = Places(
        queue_log=one.queue_log, cel=one.cel, cel_columns=len(one.cel_fields) or None, config=one.config_dir
    )
    return await check.ask(link_settings(one), places, listen_s=listen_s)
