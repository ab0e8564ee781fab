"""The one tree of errors; the branch says whose fault it is and so who can mend it.

CallserverError
+-- SettingsError        the operator's: a setting is missing or wrong; the service does not start
+-- SwitchError          the switch's or the line's to it; retried, the gap is recorded
|   +-- LoginRefused     wrong AMI user, secret or address list; said loudly, retried slowly
|   +-- LinkDown         not connected now; nothing was sent
|   +-- OutcomeUnknown   something was sent and the answer was never seen: look, do not send again
|   +-- ActionRefused    the switch answered "Error"; its own words are in the message
+-- UnsafeValue          a value with CR, LF or NUL was about to be sent to the switch; nothing was sent
+-- StoreError           the database's
|   +-- SchemaTooNew     written by a newer callserver; refuse to start, touch nothing
|   +-- SchemaTooOld     migrations are due: `callserver db upgrade`
|   +-- StoreFull        no space or read-only; nothing already written is lost
|   +-- LeaseLost        another node owns this switch now; stop writing
|   +-- StoreBusy, StoreGone (store.faults)  locked or out of reach for now; waited for
+-- JournalUnreadable    queue_log or CEL cannot be read; reconciliation is not possible
+-- Refusal              the asker's: what was asked for cannot be done; nothing was changed
    +-- BadValue         a value is wrong: which field, and why
    |   +-- BadValues    several are
    +-- NotFound         there is no such thing (or it is gone)
    +-- Conflict         it is not as the asker thought: closed, merged, taken
    |   +-- Outdated     somebody changed it meanwhile: the given version is not the present one
    +-- Forbidden        the asker may not
"""

from collections.abc import Iterable


class CallserverError(Exception):
    """Root of everything this program raises on purpose."""


class SettingsError(CallserverError):
    """A setting is missing or wrong."""


class SwitchError(CallserverError):
    """The switch or the line to it."""


class LoginRefused(SwitchError):
    """The switch refused the AMI login."""


class LinkDown(SwitchError):
    """There is no link now; nothing was sent."""


class OutcomeUnknown(SwitchError):
    """An action left here and no answer was seen."""


class ActionRefused(SwitchError):
    """The switch answered with an error."""


class UnsafeValue(CallserverError):
    """A value that would have injected a line into the AMI stream."""


class StoreError(CallserverError):
    """The database."""


class SchemaTooNew(StoreError):
    """The database was written by a newer version."""


class SchemaTooOld(StoreError):
    """Migrations are due."""


class StoreFull(StoreError):
    """The disk is full or the database cannot be written."""


class LeaseLost(StoreError):
    """Another node is the writer for this switch now."""


class JournalUnreadable(CallserverError):
    """One of Asterisk's own journals cannot be read."""


class Refusal(CallserverError):
    """What was asked for cannot be done as asked; nothing was changed."""


class BadValue(Refusal):
    """A value is wrong. `field` is a path such as `numbers[1].received`; `why` is for people and quotes no secret."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}" if field else why)
        self.field = field
        self.why = why


class BadValues(BadValue):
    """Several values are wrong, or one: `problems` has a path and a reason for each; `field`, `why` are the first's."""

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__(*self.problems[0])
        self.args = ("; ".join(f"{field}: {why}" if field else why for field, why in self.problems),)


class NotFound(Refusal):
    """There is no such thing."""


class Conflict(Refusal):
    """The thing is not as the asker thought it was."""


class Outdated(Conflict):
    """The version that a change was made on is not the present one."""


class Forbidden(Refusal):
    """The asker may not do this."""
