"""`callserver number`: what a number would be read as at this site, and why.

In: numbers as somebody or something wrote them, the site of the settings. Out: one line a number. Must not know: how
a number is read, customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callserver.cli.common import AsJson, Config, json_line, settings
from callserver.logs import printable
from callserver.settings.countries import COUNTRIES

if TYPE_CHECKING:
    from callserver.numbers import Plan

_LONGEST_SHOWN = 60


def number(
    texts: Annotated[
        list[str],
        typer.Argument(metavar="TEXT...", help="Numbers as they came; - reads standard input, one a line."),
    ],
    config: Config = None,
    country: Annotated[
        str | None, typer.Option(metavar="CC", help="As at a site of this country.", show_default=False)
    ] = None,
    area_code: Annotated[
        str | None, typer.Option(metavar="DIGITS", help="As at a site in this area.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a telephone number is read as here, and by which rule. Exit code 1 where any is rubbish.

    Examples: `callserver number 9013800138000 "0532-88888888转801"` · `cut -f2 customers.tsv | callserver number -`
    """
    plan = _elsewhere(settings(config).number_plan, country, area_code)
    rubbish = False
    for text in _received(texts):
        found = explained(text, plan)
        rubbish = rubbish or found["kind"] == "rubbish"
        json_line(found) if as_json else print(sentence(found))
    if rubbish:
        raise typer.Exit(1)


def _elsewhere(plan: Plan, country: str | None, area_code: str | None) -> Plan:
    if country is not None and country.lower() not in COUNTRIES:
        raise typer.BadParameter("a country is two letters (ISO 3166)", param_hint="--country")
    if area_code is not None and not (area_code.isascii() and area_code.isdigit()):
        raise typer.BadParameter("an area code is digits", param_hint="--area-code")
    country = country.lower() if country else plan.country
    return replace(plan, country=country, area_code=plan.area_code if area_code is None else area_code)


def _received(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        if text != "-":
            yield text
            continue
        with open(0, "rb", closefd=False) as lines:
            for line in lines:
                yield line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")


def explained(text: str, plan: Plan) -> dict[str, Any]:
    """One number as JSON: what it was read as, how people here write it, where it is, the rule and its meaning."""
    from callserver.numbers import RULES, place, shown

    read = plan.read(text)
    language = "zh" if plan.country == "cn" else "en"
    return {
        "received": read.received,
        "kind": read.kind,
        "e164": read.e164,
        "extension": read.extension,
        "identifies": read.identifies,
        "shown": shown(read.e164, plan.country) if read.e164 else None,
        "place": (place(read.e164, language) if read.e164 else "") or None,
        "rule": read.rule,
        "why": RULES[read.rule],
    }


def sentence(found: dict[str, Any]) -> str:
    """The same for people."""
    received = found["received"]
    if len(received) > _LONGEST_SHOWN:
        received = received[:_LONGEST_SHOWN] + "..."
    extension = f"extension {found['extension']}" if found["extension"] and found["e164"] else None
    pieces = [found["kind"], found["e164"], extension, found["shown"], found["place"]]
    said = ", ".join(piece for piece in pieces if piece)
    return f"{printable(received)}: {said} ({found['rule']}: {found['why']})"
