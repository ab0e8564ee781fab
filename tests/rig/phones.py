"""SIPp as customers and as agents' phones.

Flows in: what each shall do (ring so long, answer, hang up, refuse). Flows out: SIPp processes on loopback, each in a
process group of its own, none left behind. Must not know: AMI, traces.

Agents live on 127.0.0.1; customers and the outside world on 127.0.0.2, the trunk's address: so the switch tells them
apart by address, whatever number a caller claims. A SIPp scenario cannot wait and listen in one step, so waiting is a
`recv` with a timeout; a killed SIPp leaves its call up in the switch.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from asterisk_conf.plan import Phone, Trunk
from tests.rig import provision
from tests.rig.asterisk import LOOPBACK, SOUND_PORTS, Asterisk, die_with_parent, free_port, until

OUTSIDE: Final = "127.0.0.2"
FOR_EVER_MS: Final = 600_000
LISTENS_MS: Final = 100
"""How often a phone that waits to be told looks whether it was."""
A_SECOND_OF_SILENCE: Final = b"\xd5" * 8000
"""A-law at 8 kHz. Sound must flow: a Local channel is optimised away only when it does."""
A_SECOND_OF_TALK: Final = bytes((n * 37 + n // 7) % 64 + 0x80 for n in range(8000))
"""Noise as loud as a voice."""
_PLAY: Final = '  <nop><action><exec rtp_stream="{file},{times},8"/></action></nop>'
_PLAY_SILENCE: Final = _PLAY.format(file="silence.alaw", times=-1)
VOICES: Final = {
    "machine": _PLAY.format(file="talk.alaw", times=-1),
    "person": _PLAY.format(file="word.alaw", times=-1),
}
"""Who is heard at once after the answer: a machine talks on; a person says a word and listens."""
_SCENARIOS = Path(__file__).parent / "sipp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who calls, which number, and how long they stay after the answer. `display` is the name in the From line."""

    number: str = "13800138000"
    dialed: str = "4008"
    display: str | None = None
    stay_ms: int = FOR_EVER_MS
    from_line: str | None = None
    headers: tuple[str, ...] = ()
    keys: tuple[tuple[int, str], ...] = ()
    """Keys pressed after the answer: (milliseconds to wait, digit); `stay_ms` counts from the last one."""

    @property
    def from_header(self) -> str:
        if self.from_line is not None:
            return self.from_line
        uri = f"<sip:{self.number}@{OUTSIDE}>"
        return f'"{self.display}" {uri}' if self.display is not None else uri


@dataclass(frozen=True, slots=True, kw_only=True)
class Consultation:
    """An agent's call to a colleague while the customer is on hold, before the two are put together."""

    endpoint: str
    dialed: str
    call_id: str
    file: Path

    @property
    def remember(self) -> str:
        """SIPp actions that write both tags of the dialog, as a Replaces header in a URI wants them, into `file`."""
        keep = f"printf %s to-tag%3D[$tag]%3Bfrom-tag%3D[$mine] > {self.file}"
        return (
            '<ereg regexp="tag=([^;]*)" search_in="hdr" header="To:" assign_to="all,tag"/>'
            '<ereg regexp="tag=([^;]*)" search_in="hdr" header="From:" assign_to="all,mine"/>'
            f'<exec command="{keep}"/>'
        )

    @property
    def refer_to(self) -> str:
        """The target of a REFER that puts the customer and the colleague together."""
        return f"{self.dialed}?Replaces={self.call_id}%3B[file name={self.file}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Calls of one SIPp: all that it placed (or took), and how they went by its own scenario."""

    placed: int
    succeeded: int
    failed: int
    running: int


class Sipp:
    """One running SIPp."""

    def __init__(
        self, process: asyncio.subprocess.Process, port: int, errors: Path, statistics: Path
    ) -> None:
        self._process, self.port, self._errors, self._statistics = process, port, errors, statistics

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    @property
    def counts(self) -> Counts:
        """Its own statistics, at most a second old; final once it has ended by itself."""
        lines = self._statistics.read_text().splitlines() if self._statistics.exists() else []
        if len(lines) < 2:
            return Counts(placed=0, succeeded=0, failed=0, running=0)
        last = dict(zip(lines[0].split(";"), lines[-1].split(";"), strict=False))
        return Counts(
            placed=int(last["TotalCallCreated"]),
            succeeded=int(last["SuccessfulCall(C)"]),
            failed=int(last["FailedCall(C)"]),
            running=int(last["CurrentCall"]),
        )

    def enough(self) -> None:
        """Place no more calls, let the running ones end, then end."""
        if self.running:
            self._process.send_signal(signal.SIGUSR1)

    @property
    def complaints(self) -> str:
        """What SIPp found wrong with its calls, timeouts that steer its scenario left out."""
        text = self._errors.read_text(errors="replace") if self._errors.exists() else ""
        return "" if text.count("receive timeout on message") >= text.count("Call-Id") else text

    async def finished(self, within_s: float = 60) -> int:
        """Its exit code, waited for: 0 when every call went as its scenario says."""
        return await asyncio.wait_for(self._process.wait(), within_s)

    async def kill(self) -> None:
        """End it at once; the switch is not told."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()


class Phones:
    """All SIPp processes around one switch. Use as an async context: none survives it."""

    def __init__(self, switch: Asterisk, *, sound: bool = True) -> None:
        """`sound`: whether anything is heard; many calls at once are cheaper in silence."""
        self._switch = switch
        self._sound = _PLAY_SILENCE if sound else ""
        self._folder = switch.home / "sipp"
        self._folder.mkdir(exist_ok=True)
        (self._folder / "silence.alaw").write_bytes(A_SECOND_OF_SILENCE)
        (self._folder / "talk.alaw").write_bytes(A_SECOND_OF_TALK)
        (self._folder / "word.alaw").write_bytes(A_SECOND_OF_TALK[:4800] + A_SECOND_OF_SILENCE * 30)
        self._started: list[Sipp] = []
        self._ports: dict[str, int] = {}
        self._argv = provision.sipp()

    async def __aenter__(self) -> Phones:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(sipp.kill() for sipp in self._started))

    @property
    def complaints(self) -> str:
        """What the SIPp processes of this switch found wrong, in the order in which they were started."""
        return "\n".join(sipp.complaints for sipp in self._started if sipp.complaints)

    def _phone(self, endpoint: str) -> Phone:
        return next(phone for phone in self._switch.plan.phones if phone.endpoint == endpoint)

    @property
    def _trunk(self) -> Trunk:
        return self._switch.plan.trunks[0]

    async def register(self, *endpoints: str, expires_s: int = 3600) -> None:
        """Tell the switch where these phones are (0 seconds: that they are gone)."""
        await asyncio.gather(*(self._register(endpoint, expires_s) for endpoint in endpoints))

    async def _register(self, endpoint: str, expires_s: int) -> None:
        port = self._ports.setdefault(endpoint, free_port(socket.SOCK_DGRAM))
        secret = self._phone(endpoint).secret
        xml = _text("register", user=endpoint, secret=secret, contact_port=str(port), expires=str(expires_s))
        sipp = await self._run(xml, f"register-{endpoint}", LOOPBACK, None, "-m", "1")
        if code := await sipp.finished():
            raise RuntimeError(f"phone {endpoint} could not register: SIPp said {code}")

    async def answers(self, endpoint: str, *, ring_ms: int = 1000, stay_ms: int = FOR_EVER_MS) -> Sipp:
        """A phone that answers after `ring_ms` and hangs up after `stay_ms`."""
        return await self._stand(endpoint, self._answering(ring_ms=ring_ms, stay_ms=stay_ms))

    async def answers_and_holds(
        self, endpoint: str, *, ring_ms: int, hold_after_ms: int, hold_ms: int
    ) -> Sipp:
        """A phone that answers, puts the caller on hold by re-INVITE, takes it back, and stays."""
        hold = _fragment("reinvite", after_ms=hold_after_ms, cseq=101, direction="sendonly")
        resume = _fragment("reinvite", after_ms=hold_ms, cseq=102, direction="sendrecv")
        return await self._stand(endpoint, self._answering(ring_ms=ring_ms, during=hold + resume))

    async def answers_and_refers(
        self, endpoint: str, *, ring_ms: int, hold_after_ms: int, refer_after_ms: int, to: str
    ) -> Sipp:
        """A phone that answers, holds, and transfers by its own key (SIP REFER) after `refer_after_ms` more.

        `to` is an extension, or `extension?Replaces=...` as `Consultation.refer_to` says it.
        """
        exten, _, replaces = to.partition("?")
        refer_to = f"<sip:{exten}@[remote_ip]:[remote_port]{'?' + replaces if replaces else ''}>"
        hold = _fragment("reinvite", after_ms=hold_after_ms, cseq=101, direction="sendonly")
        refer = _fragment("refer", after_ms=refer_after_ms, cseq=103, refer_to=refer_to)
        return await self._stand(endpoint, self._answering(ring_ms=ring_ms, during=hold + refer))

    def consultation(self, endpoint: str, dialed: str) -> Consultation:
        """A second call of the same phone, whose dialog a later REFER can name."""
        name = f"{endpoint}-{len(self._started)}"
        return Consultation(
            endpoint=endpoint, dialed=dialed, call_id=f"consult-{name}", file=self._folder / f"{name}.tag"
        )

    async def consults(self, consultation: Consultation) -> Sipp:
        """Make the second call; its tags are kept where `consultation.refer_to` finds them."""
        return await self.dial(
            consultation.endpoint,
            consultation.dialed,
            call_id=consultation.call_id,
            remember=consultation.remember,
        )

    async def dial(
        self,
        endpoint: str,
        dialed: str,
        *,
        stay_ms: int = FOR_EVER_MS,
        call_id: str = "[call_id]",
        remember: str = "",
    ) -> Sipp:
        """An agent's phone calls `dialed` and hangs up `stay_ms` after the answer."""
        xml = _text(
            "dial",
            user=endpoint,
            secret=self._phone(endpoint).secret,
            dialed=dialed,
            stay_ms=str(stay_ms),
            call_id=call_id,
            remember=remember,
            sound=self._sound,
        )
        options = ("-cid_str", call_id) if remember else ()
        return await self._run(xml, f"dial-{endpoint}", LOOPBACK, None, "-m", "1", *options)

    async def answer_together(self, *endpoints: str, ring_ms: int = 1000, stay_ms: int = FOR_EVER_MS) -> Sipp:
        """Many agents in one process: each answers after `ring_ms` and hangs up after `stay_ms`. Registers them."""
        port = free_port(socket.SOCK_DGRAM)
        self._ports.update(dict.fromkeys(endpoints, port))
        sipp = await self._stand(endpoints[0], self._answering(ring_ms=ring_ms, stay_ms=stay_ms))
        await self.register(*endpoints)
        return sipp

    async def rejects(self, endpoint: str, *, ring_ms: int = 500, code: int = 486) -> Sipp:
        """A phone whose owner presses 'no' after `ring_ms`."""
        return await self._stand(endpoint, _rejecting(ring_ms=ring_ms, code=code))

    async def never_answers(self, endpoint: str) -> Sipp:
        """A phone that rings until the switch gives up."""
        return await self._stand(endpoint, self._answering(ring_ms=FOR_EVER_MS, stay_ms=FOR_EVER_MS))

    async def answers_when_told(self, endpoint: str) -> Sipp:
        """A phone that rings until `picks_up`: until somebody has looked, however long that takes."""
        self._word(endpoint).write_text("not yet", encoding="utf-8")
        waiting = _fragment("waiting", word=str(self._word(endpoint)))
        answered = _fragment("answer", stay_ms=FOR_EVER_MS, during="", sound=self._sound)
        return await self._stand(
            endpoint, _text("phone", ring_ms=str(LISTENS_MS), verdict=waiting + answered)
        )

    def picks_up(self, endpoint: str) -> None:
        """A phone that waits to be told answers now, and whatever rings there from now on."""
        self._word(endpoint).write_text("now", encoding="utf-8")

    def _word(self, endpoint: str) -> Path:
        return self._folder / f"{endpoint}.word"

    async def _stand(self, endpoint: str, xml: str) -> Sipp:
        port = self._ports.setdefault(endpoint, free_port(socket.SOCK_DGRAM))
        sipp = await self._run(xml, f"phone-{endpoint}", LOOPBACK, port)
        await until(lambda: _udp_bound(port), 60, f"phone {endpoint} to listen")
        return sipp

    async def outside_answers(
        self,
        *,
        ring_ms: int = 1000,
        stay_ms: int = FOR_EVER_MS,
        keys: tuple[tuple[int, str], ...] = (),
        voice: str | None = None,
    ) -> Sipp:
        """The public network: every number called answers; `keys` are pressed as by `Customer`, `voice`: VOICES."""
        during = "".join(_pressing(keys, local="[$2];tag=[pid]phone[call_number]", remote="[$1]"))
        sound = self._sound if voice is None else VOICES[voice]
        return await self._stand_outside(
            self._answering(ring_ms=ring_ms, stay_ms=stay_ms, during=during, sound=sound)
        )

    async def outside_rejects(self, *, ring_ms: int = 500, code: int = 486) -> Sipp:
        """The public network: every number called refuses with this SIP code."""
        return await self._stand_outside(_rejecting(ring_ms=ring_ms, code=code))

    async def outside_mixed(
        self, *, busy: str, ring_ms: int = 500, stay_ms: int = FOR_EVER_MS, code: int = 486
    ) -> Sipp:
        """The public network: numbers that end with one of the digits in `busy` refuse, all others answer."""
        digit = f'<ereg regexp="[{busy}]@" search_in="var" variable="2" check_it="false" assign_to="5"/>'
        asked = f'<nop><action>{digit}</action></nop><nop next="refuse" test="5"/>'
        answered = _fragment("answer", stay_ms=stay_ms, during="", sound=self._sound)
        refused = f'<label id="refuse"/>{_fragment("reject", code=code)}'
        return await self._stand_outside(
            _text("phone", ring_ms=str(ring_ms), verdict=asked + answered + refused)
        )

    async def outside_never_answers(self) -> Sipp:
        """The public network: every number called rings and rings."""
        return await self._stand_outside(self._answering(ring_ms=FOR_EVER_MS, stay_ms=FOR_EVER_MS))

    async def _stand_outside(self, xml: str) -> Sipp:
        sipp = await self._run(xml, "outside", OUTSIDE, self._trunk.port)
        await until(lambda: _udp_bound(self._trunk.port), 60, "the outside to listen")
        return sipp

    async def call(self, customer: Customer, *, calls: int = 1, rate_per_s: float = 10) -> Sipp:
        """A customer (or `calls` of them, all alike, at this rate) calls now."""
        xml = self._calling(customer)
        options = ("-m", str(calls), "-r", str(int(max(1, rate_per_s))), "-l", str(calls))
        return await self._run(xml, "caller", OUTSIDE, None, *options)

    def _calling(self, customer: Customer) -> str:
        local = f"{customer.from_header};tag=[pid]call[call_number]"
        remote = f"<sip:{customer.dialed}@[remote_ip]:[remote_port]>[peer_tag_param]"
        return _text(
            "caller",
            dialed=customer.dialed,
            headers="\n".join(customer.headers) or "User-Agent: customer",
            stay_ms=str(customer.stay_ms),
            during="".join(_pressing(customer.keys, local=local, remote=remote)),
            sound=self._sound,
            **{"from": customer.from_header},
        )

    def _answering(
        self, *, ring_ms: int, stay_ms: int = FOR_EVER_MS, during: str = "", sound: str | None = None
    ) -> str:
        heard = self._sound if sound is None else sound
        verdict = _fragment("answer", stay_ms=stay_ms, during=during, sound=heard)
        return _text("phone", ring_ms=str(ring_ms), verdict=verdict)

    async def crowd(
        self,
        people: Sequence[tuple[str, str]],
        *,
        dialed: str,
        calls: int,
        rate_per_s: float,
        stay_ms: int = FOR_EVER_MS,
        at_once: int = 100,
    ) -> Sipp:
        """`calls` calls at this rate by people (number, name) chosen at random; `Sipp.counts` tells how they went.

        They stay `stay_ms` after the answer or until the other side ends the call. At most `at_once` at a time.
        """
        number = len(self._started)
        book = self._folder / f"{number}-people.csv"
        book.write_text(
            "RANDOM\n" + "".join(f"{number};{name}\n" for number, name in people), encoding="utf-8"
        )
        customer = Customer(number="[field0]", display="[field1]", dialed=dialed, stay_ms=stay_ms)
        per_ms = max(1, round(1000 / rate_per_s)) if rate_per_s < 1 else 1000
        rate = 1 if rate_per_s < 1 else round(rate_per_s)
        options = (
            "-inf",
            str(book),
            "-m",
            str(calls),
            "-r",
            str(rate),
            "-rp",
            str(per_ms),
            "-l",
            str(at_once),
        )
        return await self._run(self._calling(customer), "crowd", OUTSIDE, None, *options)

    async def _run(self, xml: str, name: str, host: str, port: int | None, *options: str) -> Sipp:
        number = len(self._started)
        path = self._folder / f"{number}-{name}.xml"
        path.write_text(xml, encoding="utf-8")
        errors = self._folder / f"{number}-{name}.errors"
        port = port or free_port(socket.SOCK_DGRAM, host)
        argv = [
            *self._argv,
            f"{LOOPBACK}:{self._switch.ports.sip}",
            "-sf",
            str(path),
            "-i",
            host,
            "-p",
            str(port),
        ]
        argv += ["-mi", host, "-mp", str(_media_port(host)), "-nostdin"]
        statistics = self._folder / f"{number}-{name}.statistics"
        argv += ["-trace_err", "-error_file", str(errors), *options]
        argv += ["-trace_stat", "-stf", str(statistics), "-fd", "1"]
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,
            cwd=self._folder,
        )
        sipp = Sipp(process, port, errors, statistics)
        self._started.append(sipp)
        return sipp


def _text(scenario: str, **values: str) -> str:
    return Template((_SCENARIOS / f"{scenario}.xml").read_text(encoding="utf-8")).substitute(values)


def _pressing(keys: tuple[tuple[int, str], ...], *, local: str, remote: str) -> Iterator[str]:
    for cseq, (after_ms, digit) in enumerate(keys, 2):
        yield _fragment("press", after_ms=after_ms, cseq=cseq, digit=digit, local=local, remote=remote)


def _rejecting(*, ring_ms: int, code: int) -> str:
    return _text("phone", ring_ms=str(ring_ms), verdict=_fragment("reject", code=code))


def _fragment(name: str, **values: int | str) -> str:
    return Template((_SCENARIOS / f"{name}.fragment.xml").read_text(encoding="utf-8")).substitute(values)


def _media_port(host: str) -> int:
    """A free port for sound; SIPp ends at once where the next but one, which it takes for pictures, is not free."""
    while True:
        port = free_port(socket.SOCK_DGRAM, host, SOUND_PORTS)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
            probe.bind((host, port + 2))
            return port


def _udp_bound(port: int) -> bool:
    wanted = f":{port:04X}"
    return any(
        line.split()[1].endswith(wanted) for line in Path("/proc/net/udp").read_text().splitlines()[1:]
    )
