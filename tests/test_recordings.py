"""What becomes a recording of the telephone, and what is no sound."""

from __future__ import annotations

import io
import math
import re
import wave
from array import array
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

from callserver.errors import BadValue
from callserver.recordings import MOST_BYTES, converted
from callserver.seats.asking import AboutWhat

ROOT = Path(__file__).parents[1]
PROMPTS = ROOT / "asterisk_conf" / "prompts"


def tone(hz: float, *, rate: int = 44_100, seconds: float = 0.5, channels: int = 1, width: int = 2) -> bytes:
    """A WAV file of one tone of whole hertz, half as loud as can be; 8 bits are unsigned."""
    many = int(rate * seconds)
    second = [math.sin(2 * math.pi * hz * n / rate) / 2 for n in range(min(many, rate))]
    samples = (second * (many // rate + 1))[:many]
    if width == 1:
        frames = bytes(round(128 + 127 * one) for one in samples for _ in range(channels))
    else:
        top = 2 ** (8 * width - 1) - 1
        frames = b"".join(
            round(one * top).to_bytes(width, "little", signed=True) * channels for one in samples
        )
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(frames)
    return file.getvalue()


def heard(wav: bytes) -> array[int]:
    with wave.open(io.BytesIO(wav)) as file:
        assert file.getparams()[:3] == (1, 2, 8000)
        return array("h", file.readframes(file.getnframes()))


def loudness(samples: array[int]) -> float:
    middle = samples[400:-400]
    return math.sqrt(sum(one * one for one in middle) / len(middle))


@pytest.mark.parametrize(
    ("rate", "channels", "width"),
    [(8000, 1, 2), (11_025, 1, 1), (16_000, 1, 3), (22_050, 2, 2), (44_100, 1, 2), (48_000, 2, 4)],
)
def test_a_tone_stays_as_long_as_loud_and_as_high(rate: int, channels: int, width: int) -> None:
    sound = converted(tone(440, rate=rate, channels=channels, width=width))
    samples = heard(sound.wav)
    assert sound.seconds == pytest.approx(0.5, abs=0.01)
    assert len(samples) == pytest.approx(4000, abs=2)
    assert loudness(samples) == pytest.approx(16383 / math.sqrt(2), rel=0.02)
    crossings = sum(one < 0 <= two for one, two in pairwise(samples))
    assert crossings == pytest.approx(220, abs=3)


def test_what_the_telephone_cannot_carry_does_not_come_back_as_a_whistle() -> None:
    assert loudness(heard(converted(tone(6000)).wav)) < 16383 * 0.02


def test_nothing_of_the_file_but_its_sound_is_kept() -> None:
    body = tone(440)
    secret = b"LIST" + (8).to_bytes(4, "little") + b"secret!!"
    sized = body[:4] + (len(body) + len(secret) - 8).to_bytes(4, "little") + body[8:] + secret
    assert b"secret" not in converted(sized).wav


def test_a_file_that_was_written_into_a_pipe_does_not_know_its_size() -> None:
    body = bytearray(tone(440))
    body[4:8] = body[40:44] = b"\xff\xff\xff\x7f"
    assert converted(bytes(body)).seconds == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not a WAV file"),
        (b"ID3\x04" + b"\0" * 500, "not a WAV file"),
        (b"<script>alert(1)</script>", "not a WAV file"),
        (b"RIFF\x24\0\0\0WAVE", "damaged"),
        (tone(440)[:30], "damaged"),
        (tone(440)[:20] + b"\x55\0" + tone(440)[22:], "packed"),
        (tone(440, seconds=0.05), "0.1 s long"),
        (tone(440, rate=8000, seconds=61), "61.0 s long"),
        (tone(440, rate=4000), "8 to 48 kHz"),
        (tone(0), "nothing to hear"),
        (b"RIFF" + b"\0" * MOST_BYTES, "more than 12 MB"),
    ],
)
def test_what_is_no_sound_is_refused_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(BadValue, match=re.escape(why)) as refused:
        converted(body)
    assert refused.value.field == "sound"


def test_every_recording_that_the_dialplan_plays_is_there_in_both_languages() -> None:
    dialplan = (ROOT / "asterisk_conf" / "templates" / "promises.j2").read_text(encoding="utf-8")
    played = {"callback-offer"} | {
        name for name in re.findall(r"CALLSERVER_PROMPTS}/([a-z-]+)", dialplan) if not name.endswith("-")
    }
    alerts = {"critical", "warning", "test", "several", *get_args(AboutWhat)}
    named = (
        played
        | {f"alert-{one}" for one in alerts}
        | {f"digit-{digit}" for digit in range(10)}
        | {"return_visit", "survey", "appointment", "reminder"}
    )
    for language in ("en", "zh"):
        assert {file.stem for file in (PROMPTS / language).glob("*.wav")} == named


def test_a_recording_of_ours_is_what_every_asterisk_plays() -> None:
    for file in PROMPTS.glob("*/*.wav"):
        body = file.read_bytes()
        assert converted(body).wav == body, file
