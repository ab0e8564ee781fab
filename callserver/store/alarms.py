"""What is watched, and what was wrong when.

In: nothing. Out: tables, in the same metadata as all others. Must not know: connections. Instants are whole
milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    and_,
)

from callserver.store.schema import metadata, where

__all__ = ["metadata"]

# Rules that an administrator made or changed; the others are alerts.defaults.DEFAULTS.
alert_rules = Table(
    "alert_rules",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("record", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

# What was wrong. `subject`: alerts.rule.Subject.key; `pbx`, `queue` are copies out of it, for rights and filters.
# `told_at`: when it was told last; `snoozed_until`: nobody is told before. `test`: somebody tries a rule's ways.
alerts = Table(
    "alerts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("pbx", Text),
    Column("queue", Text),
    Column("severity", Text, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("cleared_at", BigInteger),
    Column("acked_at", BigInteger),
    Column("snoozed_until", BigInteger),
    Column("told_at", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
)
alert_open: ColumnElement[bool] = alerts.c.cleared_at.is_(None)
Index(
    "uq_alerts_open",
    alerts.c.rule,
    alerts.c.subject,
    unique=True,
    **where(and_(alert_open, alerts.c.test.is_(False))),
)
Index("ix_alerts_open", alerts.c.raised_at, alerts.c.id, **where(alert_open))
Index("ix_alerts_raised", alerts.c.raised_at, alerts.c.id)

# Who is still to be told what, by e-mail or by telephone (`way`: mail, call). `key`: the same word to the same address
# is one row, for ever; of calls `target` is who was called last. `word`: raised, cleared, reminder. `held`: put off by
# quiet hours; dropped if the alert is over by then.
alert_tellings = Table(
    "alert_tellings",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("alert_id", BigInteger, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("way", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("word", Text, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("done_at", BigInteger),
    Column("dead_at", BigInteger),
    Column("said", Text, nullable=False),
)
telling_waiting: ColumnElement[bool] = and_(
    alert_tellings.c.done_at.is_(None), alert_tellings.c.dead_at.is_(None)
)
Index("ix_alert_tellings_waiting", alert_tellings.c.due_at, alert_tellings.c.id, **where(telling_waiting))
Index("ix_alert_tellings_alert", alert_tellings.c.alert_id)

TABLES: tuple[Table, ...] = (alert_rules, alerts, alert_tellings)
