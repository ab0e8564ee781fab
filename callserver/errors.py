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
"""


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
