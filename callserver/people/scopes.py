"""Every right that there is, by name. In: nothing. Out: the list. Must not know: who has which."""

from __future__ import annotations

from typing import Final, Literal

Scope = Literal[
    "calls:read",
    "customers:read",
    "customers:write",
    "tickets:read",
    "tickets:write",
    "tickets:waive",
    "tickets:call_off",
    "promises:dial",
    "promises:manage",
    "policies:manage",
    "phone:use",
    "floor:read",
    "floor:help",
    "reports:read",
    "alerts:read",
    "alerts:manage",
    "queues:manage",
    "kinds:manage",
    "webhooks:manage",
    "audit:read",
    "privacy:manage",
    "personal:read",
    "users:manage",
    "tokens:manage",
]
SCOPES: Final[dict[Scope, str]] = {
    "calls:read": "calls and queues",
    "customers:read": "customers, their products, search and look-up",
    "customers:write": "create, change, merge and split customers and their products",
    "tickets:read": "tickets, their timelines and attachments",
    "tickets:write": "open and change tickets, write on their timelines, move calls",
    "tickets:waive": "close a ticket without the calls that it owes",
    "tickets:call_off": "cancel a ticket while somebody is at the customer's",
    "promises:dial": "start calls that are owed, say that they were kept",
    "promises:manage": "move, hand on and judge calls that are owed, stop and start dialling",
    "policies:manage": "when and how calls that are owed are made, lists, prompts",
    "phone:use": "sit at a phone, be ready or pause, call, hang up, transfer",
    "floor:read": "see agents, calls and waiting callers of others",
    "floor:help": "listen, take over, move callers and agents, sign agents out, write to screens",
    "reports:read": "reports: of the queues that one answers for",
    "alerts:read": "hear of what is wrong, acknowledge it",
    "alerts:manage": "what is watched, and who hears of it",
    "queues:manage": "queues, seats, holidays: their settings",
    "kinds:manage": "change the kinds of ticket",
    "webhooks:manage": "who hears of what happens",
    "audit:read": "who read or changed what",
    "privacy:manage": "export and erase a customer's data",
    "personal:read": "see numbers, addresses and notes in full; without it they come masked",
    "users:manage": "users, their roles, teams and passwords",
    "tokens:manage": "give and revoke tokens",
}
"""What a token can be given for, and what a role has."""
