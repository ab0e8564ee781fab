"""The agent's screen: people, who is at work where, commands to the switch, drafts and dispositions."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column

from callserver.store import at_work, beside, people
from callserver.store.tables import metadata

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The desk's tables -> the screen's beside them."""
    assert {people.metadata, at_work.metadata, beside.metadata} == {metadata}
    metadata.create_all(op.get_bind(), checkfirst=True)
    op.add_column("tokens", Column("user_id", BigInteger))
