"""The API of prompts: what called customers hear, recorded by somebody.

In: a sound file. Out: what there is, and the recording as a telephone plays it. Must not know: sound (`recordings`),
how a switch gets its files.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from msgspec import Meta, Struct

from callserver.recordings import MOST_BYTES, converted, shipped, shipped_wav
from callserver.store import prompts
from callserver.store.engine import Connection
from callserver.store.prompts import NAME, Prompt
from callserver.web.api.operation import Asked, Done, Download, Operations, Upload
from callserver.web.api.shapes import Moment, moment

api = Operations("prompts", "Recordings that called customers hear, in the place of the shipped ones.")

Name = Annotated[str, Meta(pattern=NAME, description="As a policy names it.", examples=["return_visit"])]
Language = Annotated[str, Meta(pattern="^(en|zh)$", examples=["zh"])]


class PromptShown(Struct, frozen=True, kw_only=True):
    """A recording. `seconds`: how long it is."""

    language: str
    name: str
    version: int
    seconds: float
    actor: str
    at: Moment


class PromptShipped(Struct, frozen=True, kw_only=True):
    """A recording that comes with this program."""

    language: str
    name: str
    seconds: float


class Prompts(Struct, frozen=True, kw_only=True):
    """All recordings that replace or join the shipped ones, and those."""

    prompts: list[PromptShown]
    shipped: list[PromptShipped]


@api("GET", "/prompts", scope="tickets:read")
def list_prompts(connection: Connection, asked: Asked) -> Done[Prompts]:
    """What was recorded. A name and language that are not here have the shipped recording."""
    known = [
        PromptShipped(language=language, name=name, seconds=seconds)
        for (language, name), seconds in shipped().items()
    ]
    return Done(Prompts(prompts=[_shown(one) for one in prompts.every(connection)], shipped=known))


@api("GET", "/prompts/{language}/{name}", scope="tickets:read")
def download_prompt(connection: Connection, asked: Asked, language: Language, name: Name) -> Done[Download]:
    """The recording as a telephone plays it: WAV, 8 kHz, one channel, 16 bits."""
    content = prompts.content(connection, language, name)
    return Done(Download(content=content, type="audio/wav", name=f"{language}-{name}.wav"))


@api("GET", "/prompts/{language}/{name}/shipped", scope="tickets:read")
async def download_shipped_prompt(asked: Asked, language: Language, name: Name) -> Done[Download]:
    """The recording that comes with this program, whatever is played now."""
    content = await asyncio.to_thread(shipped_wav, language, name)
    return Done(Download(content=content, type="audio/wav", name=f"{language}-{name}.wav"))


@api("PUT", "/prompts/{language}/{name}", scope="policies:manage", guarded=False, most_bytes=MOST_BYTES)
async def put_prompt(asked: Asked, language: Language, name: Name, body: Upload) -> Done[PromptShown]:
    """Record a prompt anew: a WAV file of 8 to 48 kHz, one or two channels, a minute at most; it is converted.

    What is no sound, is silent, damaged or packed is refused with the reason. The switch plays it once its file is
    there: `callserver promises prompts DIR` writes all of them.
    """
    sound = await asyncio.to_thread(converted, body.content)
    ms = round(sound.seconds * 1000)
    made = await asked.site.store.write(
        lambda c: prompts.put(c, language, name, sound.wav, ms, asked.actor, asked.now)
    )
    return Done(_shown(made))


@api("DELETE", "/prompts/{language}/{name}", scope="policies:manage", status=204, guarded=False)
def delete_prompt(connection: Connection, asked: Asked, language: Language, name: Name) -> Done[None]:
    """Go back to the shipped recording."""
    prompts.remove(connection, language, name, asked.actor, asked.now)
    return Done(None)


def _shown(one: Prompt) -> PromptShown:
    return PromptShown(
        language=one.language,
        name=one.name,
        version=one.version,
        seconds=one.ms / 1000,
        actor=one.actor,
        at=moment(one.at) or "",
    )
