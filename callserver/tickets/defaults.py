"""The kinds of ticket that are shipped. In: nothing. Out: `DEFAULTS`. Must not know: who changes them, or where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from callserver.tickets.kinds import Kind

_KINDS = (
    Kind(name="information", title={"en": "Information", "zh": "信息咨询"}, return_visit=False),
    Kind(
        name="repair",
        title={"en": "Repair", "zh": "维修"},
        statuses=("dispatched", "appointed", "in_service", "serviced", "owed_visit", "watching"),
    ),
    Kind(name="missed_call", title={"en": "Missed call", "zh": "未接来电"}, return_visit=False),
)
DEFAULTS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _KINDS}
