"""The API of categories: what products there are, how people call them, and how long their warranty lasts.

In: rules. Out: categories. Must not know: what may be said of one (customers.categories), how they are kept.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from callserver.customers.categories import LONGEST, MOST_MONTHS, MOST_NAMES
from callserver.customers.warranty import Rule
from callserver.errors import BadValue
from callserver.store import categories
from callserver.store.categories import Kept
from callserver.store.engine import Connection
from callserver.web.api.operation import Asked, Done, Operations

api = Operations(
    "categories", "What products there are, how people call them, how long their warranty lasts."
)

Category = Annotated[
    str,
    Meta(
        pattern="^[a-z][a-z0-9_]{0,39}$", description="Small letters, digits and _.", examples=["range_hood"]
    ),
]
Name = Annotated[str, Meta(max_length=LONGEST)]


class TitleGiven(Struct, frozen=True, kw_only=True):
    """By language; both have to be there."""

    en: Name
    zh: Name


class CategoryGiven(Struct, frozen=True, kw_only=True):
    """A category of products.

    `months`: from the purchase, the same day of the month, its last day counting; null: nobody knows. `also`: other
    names of it, in lists that are imported.
    """

    category: Category
    title: TitleGiven
    months: Annotated[int, Meta(ge=1, le=MOST_MONTHS)] | None
    also: Annotated[list[Name], Meta(max_length=MOST_NAMES)] = []


class CategoryShown(CategoryGiven, frozen=True, kw_only=True):
    """A category. `changed`: it is not as it is shipped, or it was added; `version` 0: never touched."""

    version: int
    changed: bool


class Categories(Struct, frozen=True, kw_only=True):
    """All categories, the shipped ones first."""

    categories: list[CategoryShown]


@api("GET", "/categories", scope="customers:read")
def list_categories(connection: Connection, asked: Asked) -> Done[Categories]:
    """All categories of products."""
    return Done(Categories(categories=[_shown(one) for one in categories.every(connection)]))


@api("POST", "/categories", scope="kinds:manage", status=201, versioned=True, errors=(409,))
def create_category(connection: Connection, asked: Asked, body: CategoryGiven) -> Done[CategoryShown]:
    """Add a category."""
    made = categories.add(connection, _rule(body), asked.actor, asked.now)
    return Done(_shown(made), version=made.version, location=f"/categories/{body.category}")


@api("GET", "/categories/{category}", scope="customers:read", versioned=True)
def read_category(connection: Connection, asked: Asked, category: Category) -> Done[CategoryShown]:
    """One category of products."""
    return _done(categories.get(connection, category))


@api("PUT", "/categories/{category}", scope="kinds:manage", versioned=True)
def replace_category(
    connection: Connection, asked: Asked, category: Category, body: CategoryGiven
) -> Done[CategoryShown]:
    """Make a category what you say.

    Every product of it whose end of the warranty nobody said is shown with the new rule's at once.
    """
    if body.category != category:
        raise BadValue("category", "is another category's; products keep the one that they have")
    return _done(categories.put(connection, _rule(body), asked.expected, asked.actor, asked.now))


@api("DELETE", "/categories/{category}", scope="kinds:manage", status=204)
def remove_category(connection: Connection, asked: Asked, category: Category) -> Done[None]:
    """Make a changed category as it was shipped, or forget one that was added: its products keep its name."""
    categories.reset(connection, category, asked.expected, asked.actor, asked.now)
    return Done(None)


def _done(kept: Kept) -> Done[CategoryShown]:
    return Done(_shown(kept), version=kept.version)


def _shown(kept: Kept) -> CategoryShown:
    rule = kept.rule
    return CategoryShown(
        category=rule.category,
        title=TitleGiven(en=rule.en, zh=rule.zh),
        months=rule.months,
        also=list(rule.also),
        version=kept.version,
        changed=kept.changed,
    )


def _rule(body: CategoryGiven) -> Rule:
    return Rule(
        category=body.category,
        en=body.title.en.strip(),
        zh=body.title.zh.strip(),
        months=body.months,
        also=tuple(one.strip() for one in body.also if one.strip()),
    )
