"""The API of campaigns: reminders after a purchase or before a season, surveys of a list of customers.

In: what an administrator wants. Out: campaigns, and how far each one is. Must not know: how they are carried out, which
values are right (promises.campaign).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from callserver.promises.campaign import (
    LONGEST_TITLE,
    MOST_CUSTOMERS,
    Plan,
    Source,
    State,
    from_json,
    to_json,
)
from callserver.store import campaigns
from callserver.store.campaigns import Campaign
from callserver.store.engine import Connection
from callserver.tickets.promise import Mode
from callserver.web.api import showing
from callserver.web.api.kinds import KindName
from callserver.web.api.operation import Asked, Done, Id, Operations
from callserver.web.api.shapes import Day, Moment, moment

api = Operations("campaigns", "Lists of customers who are called: reminders, surveys.")

Kind = Literal["reminder", "survey", "sale"]
Days = Annotated[int, Meta(ge=0, le=3660)]
Text = Annotated[str, Meta(max_length=500)]


class CampaignGiven(Struct, frozen=True, kw_only=True):
    """A campaign. `source`: `purchase` calls each owner `days` after the purchase, within `window_days`; `season`
    everybody who has such a product, from `begin_on` to `end_on`; `list` the `customers`, by their ids, in those days.

    `mode`: null: as the policy of the kind says. Each call gets a ticket of the kind `ticket_kind`.
    """

    kind: Kind
    title: Annotated[str, Meta(min_length=1, max_length=LONGEST_TITLE)]
    source: Source
    category: Annotated[str, Meta(max_length=100, description="Of the product; null: any.")] | None = None
    days: Days = 0
    window_days: Annotated[int, Meta(ge=1, le=366)] = 14
    begin_on: Day | None = None
    end_on: Day | None = None
    customers: Annotated[list[Id], Meta(max_length=MOST_CUSTOMERS)] = []
    mode: Mode | None = None
    ticket_kind: KindName = "information"
    why: Text = ""


class CampaignShown(Struct, frozen=True, kw_only=True):
    """A campaign. `named`: customers on its list; `made`: promises so far, listed by `GET /promises?campaign=`;
    `looked_at`: when its last pass over all customers began.
    """

    id: int
    version: int
    state: State
    kind: str
    title: str
    source: Source
    category: str | None
    days: int
    window_days: int
    begin_on: str | None
    end_on: str | None
    named: int
    mode: Mode | None
    ticket_kind: str
    why: str
    made: int
    looked_at: Moment | None
    created_at: Moment
    updated_at: Moment


class Campaigns(Struct, frozen=True, kw_only=True):
    """All campaigns, the newest first."""

    campaigns: list[CampaignShown]


class CampaignTurn(Struct, frozen=True, kw_only=True):
    """Begin or go on (`running`), `paused`, or `over` for good."""

    to: Literal["running", "paused", "over"]


@api("GET", "/campaigns", scope="tickets:read")
def list_campaigns(connection: Connection, asked: Asked) -> Done[Campaigns]:
    """All campaigns, also those that are over."""
    return Done(Campaigns(campaigns=[shown(one) for one in campaigns.every(connection)]))


@api("GET", "/campaigns/{id}", scope="tickets:read", versioned=True)
def read_campaign(connection: Connection, asked: Asked, id: Id) -> Done[CampaignShown]:
    """One campaign, and how far it is."""
    return _done(campaigns.get(connection, id))


@api("POST", "/campaigns", scope="policies:manage", status=201, versioned=True)
def create_campaign(connection: Connection, asked: Asked, body: CampaignGiven) -> Done[CampaignShown]:
    """Make a campaign. It is a draft, and calls nobody, until it is started."""
    made = campaigns.add(connection, _plan(body), asked.actor, asked.now)
    return _done(made, location=f"/campaigns/{made.id}")


@api("PUT", "/campaigns/{id}", scope="policies:manage", versioned=True, errors=(409,))
def change_campaign(connection: Connection, asked: Asked, id: Id, body: CampaignGiven) -> Done[CampaignShown]:
    """Change a campaign, for what is not owed yet."""
    expected = _expected(asked, campaigns.get(connection, id))
    return _done(campaigns.change(connection, id, _plan(body), expected, asked.actor, asked.now))


@api("PUT", "/campaigns/{id}/state", scope="policies:manage", versioned=True, errors=(409,))
def turn_campaign(connection: Connection, asked: Asked, id: Id, body: CampaignTurn) -> Done[CampaignShown]:
    """Start a campaign, pause it, let it go on, end it. What it owes already stays owed."""
    expected = _expected(asked, campaigns.get(connection, id))
    return _done(campaigns.turn(connection, id, body.to, expected, asked.actor, asked.now))


def shown(one: Campaign) -> CampaignShown:
    """As the API tells it; a list of 100,000 customers is told as how many they are."""
    told: dict[str, Any] = {**to_json(one.plan), "named": len(one.plan.customers)}
    told |= {"id": one.id, "version": one.version, "state": one.state, "made": one.made}
    told |= {"looked_at": moment(one.looked_at), "created_at": moment(one.created_at)}
    return msgspec.convert({**told, "updated_at": moment(one.updated_at)}, CampaignShown)


def _plan(body: CampaignGiven) -> Plan:
    return from_json(showing.values(body))


def _expected(asked: Asked, before: Campaign) -> int:
    return before.version if asked.expected is None else asked.expected


def _done(one: Campaign, location: str | None = None) -> Done[CampaignShown]:
    return Done(shown(one), version=one.version, location=location)
