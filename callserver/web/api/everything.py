"""All operations of the API: the one list of subjects, in the order of the documentation.

In: each subject's module. Out: what is served and described. Must not know: how.
"""

from __future__ import annotations

from callserver.web.api import (
    attachments,
    audit,
    calls,
    campaigns,
    customers,
    dead_letters,
    dialling,
    dispositions,
    drafts,
    finding,
    keeping,
    kinds,
    loads,
    looking_up,
    me,
    merging,
    phone,
    policies,
    privacy,
    products,
    promises,
    prompts,
    queue_settings,
    queues,
    records,
    reports,
    seats,
    session,
    site_days,
    takers,
    teams,
    tickets,
    timeline,
    tokens,
    tries,
    users,
    webhooks,
)
from callserver.web.api.operation import Operation

SUBJECTS = (
    looking_up.api,
    finding.api,
    customers.api,
    products.api,
    merging.api,
    tickets.api,
    timeline.api,
    attachments.api,
    promises.api,
    keeping.api,
    dialling.api,
    tries.api,
    loads.api,
    takers.api,
    policies.api,
    campaigns.api,
    prompts.api,
    kinds.api,
    dispositions.api,
    calls.api,
    records.api,
    drafts.api,
    queues.api,
    reports.api,
    queue_settings.api,
    site_days.api,
    phone.api,
    privacy.api,
    audit.api,
    webhooks.api,
    dead_letters.api,
    tokens.api,
    users.api,
    teams.api,
    session.api,
    me.api,
    seats.api,
)


def operations() -> list[Operation]:
    """Every operation of every subject."""
    return [one for subject in SUBJECTS for one in subject.all]
