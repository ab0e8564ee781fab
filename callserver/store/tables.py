"""All tables together, for whoever needs the whole: migrations and tests. In: the parts. Out: `metadata`."""

from __future__ import annotations

from sqlalchemy import MetaData

from callserver.store import at_work, beside, desk, people, promising, schema

assert {part.metadata for part in (at_work, beside, desk, people, promising)} == {schema.metadata}

metadata: MetaData = schema.metadata
