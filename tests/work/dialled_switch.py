"""A switch that calls customers as a real one did: recorded calls, told again for every Originate, CEL beside them.

Flows in: Originates over AMI. Flows out: the events and the journal of a recorded call with their ids and times
changed. A line in `placed` for each Originate, one in `rung` for each INVITE that a customer saw, with our own id of
the call, both written before anything is said of it, by AMI or by CEL: a switch that is killed may have rung and not
told.
Must not know: callserver. It is a process of its own, and is killed as others are.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asterisk_conf import contract
from tests.ami.fake_switch import FakeSwitch, Headers, message
from tests.rig.asterisk import die_with_parent

TRACES: Final = Path(__file__).parents[1] / "traces" / "22"
_NOT_REACHED: Final = ("customer-first-busy", "customer-first-noanswer", "customer-first-rejected")
HOW: Final = {
    contract.PROMISE_QUEUE: ("customer-first-answered", *_NOT_REACHED),
    contract.PROMISE_AUTO: ("automatic-rated", *_NOT_REACHED),
    contract.PHONES: (
        "agent-first-answered",
        "agent-first-busy",
        "agent-first-noanswer",
        "agent-first-rejected",
    ),
}
"""What comes of calls into each context: every other one of them is answered, as the first recording tells."""
PACE_S: Final = 0.002  # between two messages of a call
TALK_S: Final = 0.2  # or of ringing, before somebody hangs up
_CHANNEL: Final = "callserver-dial-1-a"
_TIME: Final = re.compile(rb"^Timestamp: .*$", re.MULTILINE)
_CEL_TIME: Final = re.compile(r'^("[A-Z_]+",)"[0-9.]+"')
_BRIDGE: Final = re.compile(rb"\b[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b")
_CEL_BRIDGE: Final = re.compile(_BRIDGE.pattern.decode())
_OTHERS: Final = re.compile(rb"\b1795\d{6}\.(\d)\b(?!\d{3})")
_PHONE: Final = "PJSIP/1001"  # the agent's of the recordings


class Recorded:
    """One recorded call: its AMI messages from the first channel on, its CEL lines."""

    def __init__(self, how: str) -> None:
        raw = (TRACES / f"originate-{how}.ami").read_bytes()
        messages = [part + b"\r\n\r\n" for part in raw.split(b"\r\n\r\n") if part]
        first = next(n for n, one in enumerate(messages) if one.startswith(b"Event: Newchannel"))
        self.messages = messages[first:]
        self.cel = (TRACES / f"originate-{how}.cel.csv").read_text().splitlines()


@dataclass(frozen=True, slots=True)
class Call:
    """One call that is told again: the `number`th, under our own id, by a channel that leads to `rung_first`."""

    number: int
    channel: str
    rung_first: str
    recorded: Recorded

    @property
    def agent_first(self) -> bool:
        """Whether the customer is rung only after somebody else has answered."""
        return "@" not in self.rung_first

    def told(self, recorded: bytes) -> bytes:
        """A message of the recording as one of this call, now."""
        phone = self.rung_first.encode() if self.agent_first else _PHONE.encode()
        own = re.sub(rb"-0000000([0-9])\r", rb"-%04d000\1\r" % self.number, recorded)
        others = _OTHERS.sub(rb"1795%06d.\1" % self.number, own)
        bridged = _BRIDGE.sub(rb"%08d\1" % self.number, others)
        timed = _TIME.sub(b"Timestamp: %.6f\r" % time.time(), bridged)
        return timed.replace(_PHONE.encode(), phone).replace(_CHANNEL.encode(), self.channel.encode())

    def journalled(self, line: str) -> str:
        """A line of its CEL, the same way."""
        timed = _CEL_TIME.sub(rf'\g<1>"{time.time():.6f}"', line)
        own = re.sub(r"-0000000([0-9])\b", rf"-{self.number:04d}000\1", timed)
        others = re.sub(r'"1795\d{6}\.(\d)"', rf'"1795{self.number:06d}.\1"', own)
        bridged = _CEL_BRIDGE.sub(rf"{self.number:08d}\1", others)  # calls in one bridge would be one call
        phone = self.rung_first if self.agent_first else _PHONE
        return bridged.replace(_PHONE, phone).replace(_CHANNEL, self.channel)


class Dialled(FakeSwitch):
    """See the module. `home`: where `placed`, `rung`, `cel.csv` are; they only grow, over all lives of the switch."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home = home
        self._recorded = {how: Recorded(how) for several in HOW.values() for how in several}
        self._born = int(time.time())
        if not (home / "cel.csv").exists():
            self._append("cel.csv", self._long_ago())
        self._placed = len(self._read("placed"))
        self._calls: set[asyncio.Task[None]] = set()
        self._live: dict[str, Headers] = {}

    def _read(self, name: str) -> list[str]:
        file = self._home / name
        return file.read_text().splitlines() if file.exists() else []

    def _long_ago(self) -> str:
        """What a switch that has worked for a while has in its journal already: a call that ended an hour ago."""
        last = next(iter(self._recorded.values())).cel[-1]
        return _CEL_TIME.sub(rf'\g<1>"{time.time() - 3600:.6f}"', last)

    def _append(self, name: str, line: str) -> None:
        with (self._home / name).open("a") as file:
            file.write(line + "\n")

    def _answer(self, action: Headers) -> bytes:
        this = f"ActionID: {action.get('ActionID', '')}"
        match action.get("Action"):
            case "Originate":
                self._place(action)
            case "ShowDialPlan":
                step = ("ListDialplan", "Application: Dial", "AppData: PJSIP/${EXTEN}@trunk")
                return self._steps(this, step)
            case "CoreStatus":
                born = time.gmtime(self._born)
                day, hour = time.strftime("%Y-%m-%d", born), time.strftime("%H:%M:%S", born)
                said = (f"CoreStartupDate: {day}", f"CoreStartupTime: {hour}")
                return message("Response: Success", this, *said)
            case "CoreShowChannels":
                items = [self._shown(headers) for headers in self._live.values()]
                return self._several(this, "CoreShowChannels", "CoreShowChannel", items)
        answer = super()._answer(action)
        return answer.replace(b"Uptime: 3600", b"Uptime: %d" % (int(time.time()) - self._born))

    def _steps(self, this: str, step: tuple[str, ...]) -> bytes:
        return self._several(this, "ShowDialPlan", step[0], [step[1:]])

    @staticmethod
    def _several(this: str, name: str, event: str, items: list[tuple[str, ...]]) -> bytes:
        parts = [message("Response: Success", this, "EventList: start", "Message: will follow")]
        parts += [message(f"Event: {event}", this, *lines) for lines in items]
        end = message(f"Event: {name}Complete", this, "EventList: Complete", f"ListItems: {len(items)}")
        return b"".join([*parts, end])

    @staticmethod
    def _shown(headers: Headers) -> tuple[str, ...]:
        kept = (f"{name}: {value}" for name, value in headers.items() if name not in ("Event", "Privilege"))
        return (*kept, "Duration: 00:00:01", "BridgeId: ")

    # --- a call ------------------------------------------------------------------------------------------------------

    def _place(self, action: Headers) -> None:
        number, self._placed = self._placed, self._placed + 1
        call = Call(number, action["ChannelId"], action["Channel"], self._comes(action["Context"], number))
        self._append("placed", f"{call.channel} {call.rung_first}")
        if not call.agent_first:
            self._append("rung", call.channel)
        task = asyncio.get_running_loop().create_task(self._play(call, action.get("ActionID", "")))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    def _comes(self, context: str, number: int) -> Recorded:
        answered, *others = HOW[context]
        return self._recorded[others[number // 2 % len(others)] if number % 2 else answered]

    async def _play(self, call: Call, action_id: str) -> None:
        """As it was recorded, with the times of now. Its CEL lines are written as far as the call has come."""
        recorded = call.recorded
        written = 0
        for place, raw in enumerate(recorded.messages, 1):
            await asyncio.sleep(TALK_S if raw.startswith(b"Event: HangupRequest") else PACE_S)
            if call.agent_first and raw.startswith(b"Event: Newchannel") and b"PJSIP/trunk-" in raw:
                self._append("rung", call.channel)
                await asyncio.sleep(PACE_S)
            upto = max(len(recorded.cel) * place // len(recorded.messages), 1)
            for line in recorded.cel[written:upto]:
                self._append("cel.csv", call.journalled(line))
            written = max(written, upto)
            said = call.told(raw)
            self._remember(said)
            self.say(said.replace(b"ActionID: callserver-dial-1\r", f"ActionID: {action_id}\r".encode()))

    def _remember(self, said: bytes) -> None:
        """The channels that there are, as a snapshot shows them."""
        headers = dict(
            line.split(": ", 1) for line in said.decode("utf-8", "replace").split("\r\n") if ": " in line
        )
        if headers.get("Event") in ("Newchannel", "Newstate"):
            self._live[headers["Uniqueid"]] = headers
        elif headers.get("Event") == "Hangup":
            self._live.pop(headers["Uniqueid"], None)


async def serve(home: Path, port: int) -> None:
    """Until killed; SIGUSR1 cuts every connection."""
    switch = Dialled(home)
    await switch.start(port)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, switch.cut)
    (home / "port").write_text(str(switch.port))
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()


def spawn(home: Path, port: int) -> int:
    """A switch in a child process; its process id. `port` 0: a free one, written into `home`/port."""
    (home / "port").unlink(missing_ok=True)
    child = os.fork()
    if not child:
        die_with_parent()
        try:
            asyncio.run(serve(home, port))
        except BaseException as error:
            sys.stdout.write(f"failed\tswitch {error!r}\n")
            sys.stdout.flush()
        os._exit(0)
    while not (home / "port").exists() or not (home / "port").read_text():
        time.sleep(0.005)
    return child
