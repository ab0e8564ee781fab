"""Recordings for called customers: whatever WAV somebody has, made into what every Asterisk plays.

In: the bytes of an upload; the recordings that are shipped. Out: `Sound`: 8 kHz, mono, 16 bits, with nothing of the
original file but its samples. Must not know: where recordings are kept, who sent one. Raises BadValue for what is no
sound, with the reason. Pure computing, about a second for a minute of music: run it in a thread.
"""

from __future__ import annotations

import io
import math
import wave
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from operator import mul
from typing import Final

from callserver.errors import BadValue, NotFound

RATE: Final = 8000
MOST_BYTES: Final = 12_000_000
MOST_S: Final = 60.0
LEAST_S: Final = 0.2
RATES: Final = range(8000, 48_001)
_QUIET: Final = 300  # of 32767: what stays below is a recording of nothing
_LOBES: Final = 6  # of the filter, on each side
_FIELD: Final = "sound"
_SHIPPED: Final = files("asterisk_conf").joinpath("prompts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A recording as a WAV file, and how long it is."""

    wav: bytes
    seconds: float


@lru_cache(maxsize=1)
def shipped() -> Mapping[tuple[str, str], float]:
    """The recordings that come with this program, by language and name: how many seconds each is."""
    found = {}
    for folder in sorted(_SHIPPED.iterdir(), key=lambda one: one.name):
        for file in sorted(folder.iterdir(), key=lambda one: one.name):
            with file.open("rb") as body, wave.open(body) as sound:
                found[folder.name, file.name.removesuffix(".wav")] = round(
                    sound.getnframes() / sound.getframerate(), 2
                )
    return found


def shipped_wav(language: str, name: str) -> bytes:
    """One of them, as a telephone plays it. Raises NotFound."""
    if (language, name) not in shipped():
        raise NotFound("no such recording is shipped")
    return _SHIPPED.joinpath(language, f"{name}.wav").read_bytes()


def converted(body: bytes) -> Sound:
    """The recording for the telephone. Raises BadValue."""
    if len(body) > MOST_BYTES:
        raise BadValue(_FIELD, f"more than {MOST_BYTES // 1_000_000} MB")
    rate, samples = _read(body)
    seconds = len(samples) / rate
    if not LEAST_S <= seconds <= MOST_S:
        raise BadValue(_FIELD, f"{seconds:.1f} s long: from {LEAST_S:g} to {MOST_S:g} s fit on the telephone")
    if max(map(abs, samples)) < _QUIET:
        raise BadValue(_FIELD, "there is nothing to hear in it")
    return Sound(wav=_written(_resampled(samples, rate)), seconds=round(seconds, 2))


def _read(body: bytes) -> tuple[int, Sequence[int]]:
    """Rate and samples (one channel, 16 bits) of a WAV file."""
    if body[:4] != b"RIFF" or body[8:12] != b"WAVE":
        raise BadValue(_FIELD, "not a WAV file: save it as WAV, PCM, 16 bits")
    try:
        with wave.open(io.BytesIO(_with_sizes(body))) as file:
            channels, width, rate, _, _, _ = file.getparams()
            frames = file.readframes(MOST_BYTES)
    except (wave.Error, EOFError, OverflowError, RuntimeError) as error:
        raise BadValue(
            _FIELD, f"a damaged or packed WAV file ({error}): save it as WAV, PCM, 16 bits"
        ) from None
    if channels not in (1, 2) or width not in (1, 2, 3, 4) or rate not in RATES:
        raise BadValue(_FIELD, "one or two channels of 8 to 48 kHz are wanted")
    return rate, _mono(_whole(frames, width), channels)


def _with_sizes(body: bytes) -> bytes:
    """A synthesiser that writes into a pipe does not know the sizes and writes the largest ones: they are mended."""
    data = body.find(b"data", 12)
    if data < 0:
        return body
    size = min(int.from_bytes(body[data + 4 : data + 8], "little"), len(body) - data - 8)
    head = b"RIFF" + (len(body) - 8).to_bytes(4, "little") + body[8 : data + 4]
    return head + size.to_bytes(4, "little") + body[data + 8 :]


def _whole(frames: bytes, width: int) -> Sequence[int]:
    """Samples of 8 (unsigned), 16, 24 or 32 bits as 16 bits."""
    if width == 1:
        return [(one - 128) << 8 for one in frames]
    high = bytearray(len(frames) // width * 2)
    high[0::2], high[1::2] = frames[width - 2 :: width][: len(high) // 2], frames[width - 1 :: width]
    return array("h", bytes(high))


def _mono(samples: Sequence[int], channels: int) -> Sequence[int]:
    if channels == 1:
        return samples
    return [(left + right) // 2 for left, right in zip(samples[0::2], samples[1::2], strict=False)]


def _resampled(samples: Sequence[int], rate: int) -> list[int]:
    """At 8 kHz: a windowed sinc, so that what is above 4 kHz does not come back as a whistle below it."""
    if rate == RATE:
        return list(samples)
    common = math.gcd(rate, RATE)
    phases, step = RATE // common, rate // common
    reach = math.ceil(_LOBES * rate / RATE)
    kernels = [_kernel(phase / phases, reach, rate) for phase in range(phases)]
    silence = [0] * reach
    padded = [*silence, *samples, *silence, 0]
    out = []
    for n in range(len(samples) * RATE // rate):
        at, phase = divmod(n * step, phases)
        kernel = kernels[phase]
        value = sum(map(mul, kernel, padded[at : at + len(kernel)]))
        out.append(max(-32768, min(32767, round(value))))
    return out


def _kernel(offset: float, reach: int, rate: int) -> list[float]:
    """Weights of the samples from `reach` before to `reach` after a moment that lies `offset` after a sample."""
    cutoff = RATE / rate
    weights = [_sinc((k - offset) * cutoff) * _window((k - offset) / reach) for k in range(-reach, reach + 1)]
    whole = sum(weights)
    return [one / whole for one in weights]


def _sinc(x: float) -> float:
    return 1.0 if x == 0 else math.sin(math.pi * x) / (math.pi * x)


def _window(x: float) -> float:
    """Hann's."""
    return 0.5 + 0.5 * math.cos(math.pi * x) if abs(x) < 1 else 0.0


def _written(samples: Sequence[int]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(array("h", samples).tobytes())
    return file.getvalue()
