"""All tables together, for whoever needs the whole: migrations and tests. In: the two halves. Out: `metadata`."""

from __future__ import annotations

from sqlalchemy import MetaData

from callserver.store import desk, schema

assert desk.customers.metadata is schema.metadata

metadata: MetaData = schema.metadata
