"""All tables together, for whoever needs the whole: migrations and tests. In: the parts. Out: `metadata`."""

from __future__ import annotations

from sqlalchemy import MetaData

from callserver.store import (
    administered,
    alarms,
    at_work,
    beside,
    counted,
    desk,
    helped,
    people,
    promising,
    schema,
    spans,
)

_PARTS = (administered, alarms, at_work, beside, counted, desk, helped, people, promising, spans)
assert {part.metadata for part in _PARTS} == {schema.metadata}

metadata: MetaData = schema.metadata
