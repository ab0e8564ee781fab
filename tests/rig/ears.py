"""Phones with ears: each plays a tone of its own, and what it hears is measured in the sound that reaches it.

Flows in: SIPp phones, whose sound is handled here instead of there. Flows out: how loud a tone is in what a phone has
heard lately. Must not know: callserver. SIPp writes down the messages that it gets; where the switch wants its sound is
read there. Sound is A-law, 20 ms a packet.
"""

from __future__ import annotations

import asyncio
import math
import re
import struct
import time
from pathlib import Path
from typing import Final, cast

from tests.rig.asterisk import LOOPBACK, Asterisk, until
from tests.rig.phones import Phones, Sipp, _media_port

RATE: Final = 8000
PACKET: Final = 160
HEARD: Final = 500.0
"""The amplitude from which a tone is heard: what is played has 8,000, a switch that mixes halves it at most."""
WINDOW_S: Final = 0.5
_WANTED = re.compile(rb"m=audio (\d+) RTP")
_SEGMENTS: Final = (0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF)


def encoded(sample: int) -> int:
    """One sample of 16 bits as A-law (ITU-T G.711)."""
    value, mask = (sample >> 3, 0xD5) if sample >= 0 else ((-sample - 1) >> 3, 0x55)
    segment = next((at for at, end in enumerate(_SEGMENTS) if value <= end), len(_SEGMENTS))
    if segment >= len(_SEGMENTS):
        return 0x7F ^ mask
    return (segment << 4 | (value >> (1 if segment < 2 else segment)) & 0x0F) ^ mask


def _decoded(byte: int) -> int:
    byte ^= 0x55
    value, segment = (byte & 0x0F) << 4, (byte & 0x70) >> 4
    value = value + 8 if segment == 0 else (value + 0x108) << (segment - 1)
    return value if byte & 0x80 else -value


_DECODE: Final = [_decoded(byte) for byte in range(256)]


def tone(hz: int, amplitude: int = 8000) -> bytes:
    """A second of it, which can follow itself."""
    return bytes(encoded(round(amplitude * math.sin(2 * math.pi * hz * at / RATE))) for at in range(RATE))


def loudness(sound: bytes, hz: int) -> float:
    """The amplitude of this frequency in A-law sound, by Goertzel."""
    samples = [_DECODE[byte] for byte in sound]
    factor = 2 * math.cos(2 * math.pi * hz / RATE)
    one = two = 0.0
    for sample in samples:
        one, two = sample + factor * one - two, one
    power = one * one + two * two - factor * one * two
    return 2 * math.sqrt(max(power, 0.0)) / max(len(samples), 1)


def _ports(messages: Path) -> list[int]:
    """Where sound is wanted, by the messages so far."""
    return [int(one) for one in _WANTED.findall(messages.read_bytes() if messages.exists() else b"")]


class Ear(asyncio.DatagramProtocol):
    """One phone's sound: `hz` is played as soon as the switch says where to, what comes is kept."""

    def __init__(self, hz: int) -> None:
        self.heard = bytearray()
        self._sound = tone(hz)
        self._transport: asyncio.DatagramTransport | None = None
        self._playing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard += data[12:]
        del self.heard[: -4 * RATE]

    def plays_to(self, messages: Path, own_port: int) -> None:
        """Begin as soon as SIPp has been told where."""
        self._playing = asyncio.create_task(self._play(messages, own_port), name=f"tone of {own_port}")

    async def _play(self, messages: Path, own_port: int) -> None:
        """To where the newest call wants it."""
        began, sent = time.monotonic(), 0
        while True:
            ports = [one for one in _ports(messages) if one != own_port]
            while sent * PACKET < (time.monotonic() - began) * RATE:
                if ports and self._transport is not None:
                    self._transport.sendto(self._packet(sent, own_port), (LOOPBACK, ports[-1]))
                sent += 1
            await asyncio.sleep(0.02)

    def _packet(self, number: int, source: int) -> bytes:
        at = number * PACKET % RATE
        head = struct.pack("!BBHII", 0x80, 8, number & 0xFFFF, number * PACKET & 0xFFFFFFFF, source)
        return head + self._sound[at : at + PACKET]

    def hears(self, *hz: int) -> set[int]:
        """Which of these tones are in the last half second, as far as there is one."""
        lately = bytes(self.heard[-int(WINDOW_S * RATE) :])
        if len(lately) < WINDOW_S * RATE:
            return set()
        return {one for one in hz if loudness(lately, one) > HEARD}

    async def until_hears(self, wanted: set[int], among: tuple[int, ...], within_s: float = 60) -> None:
        """Wait until exactly these of the tones are heard, in half a second that began after now."""
        self.heard.clear()

        def so() -> bool:
            return len(self.heard) >= WINDOW_S * RATE and self.hears(*among) == wanted

        try:
            await until(so, within_s, f"{wanted} to be heard")
        except TimeoutError:
            lately = bytes(self.heard[-int(WINDOW_S * RATE) :])
            loud = {one: round(loudness(lately, one)) for one in among}
            raise AssertionError(f"of {among} {wanted} should be heard, and it is {loud}") from None

    def close(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
        if self._transport is not None:
            self._transport.abort()


class HearingPhones(Phones):
    """Every call of these phones has the sound of `tones`: by the endpoint's number; a customer's under "caller"."""

    def __init__(self, switch: Asterisk, tones: dict[str, int]) -> None:
        super().__init__(switch, sound=False)
        self._tones = tones
        self.ears: dict[str, Ear] = {}

    async def __aenter__(self) -> HearingPhones:
        return self

    async def __aexit__(self, *_: object) -> None:
        for ear in self.ears.values():
            ear.close()
        await super().__aexit__()

    async def _run(self, xml: str, name: str, host: str, port: int | None, *options: str) -> Sipp:
        who = name.removeprefix("phone-")
        if who not in self._tones:
            return await super()._run(xml, name, host, port, *options)
        ear, own = Ear(self._tones[who]), _media_port(host)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: ear, local_addr=(host, own))
        if who in self.ears:
            self.ears[who].close()
        self.ears[who] = ear
        messages = self._folder / f"{who}-{own}.messages"
        ear.plays_to(messages, own)
        said = ("-trace_msg", "-message_file", str(messages))
        xml = xml.replace("[rtpstream_audio_port]", str(own))
        return await super()._run(xml, name, host, port, *options, *said)
