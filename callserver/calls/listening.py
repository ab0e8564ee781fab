"""Supervisors who listen: ChanSpy, seen from the call that is heard.

In: ChanSpyStart, ChanSpyStop, what our dialplan says of the mode, what a snapshot shows. Out: ListenStarted,
ListenEnded, of the call that is heard. Must not know: who may listen. A listener is in no bridge, so in no talk
(traces supervisor-*).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from callserver import facts
from callserver.ami import events
from callserver.calls.scene import Chan, LiveCall, Scene
from callserver.facts import CallId, Instant, LegId, ListenMode

SPIES: Final = "ChanSpy"
_OPTIONS: Final = "uqESX"  # asterisk_conf/templates/extensions.conf.j2
_MODES: Final[Mapping[str, ListenMode]] = {"w": "whisper", "B": "barge"}


@dataclass(slots=True)
class Listening:
    """The listeners of one scene. `modes`: how a channel is about to listen; `heard`: listener's leg -> the call."""

    scene: Scene
    modes: dict[LegId, ListenMode] = field(default_factory=dict)
    heard: dict[LegId, CallId] = field(default_factory=dict)

    def mode(self, event: events.ListenTold) -> None:
        """The dialplan says what comes next."""
        if event.mode in facts.LISTEN_MODES:
            self.modes[LegId(event.channel.uniqueid)] = cast("ListenMode", event.mode)

    def spied(self, event: events.Spied) -> None:
        """Somebody hears, or does no longer."""
        by, leg = LegId(event.spyer), LegId(event.spyee)
        if not event.begins:
            self.end(by, event.at)
            return
        chan, listener = self.scene.chans.get(leg), self.scene.chans.get(by)
        if chan is not None and listener is not None:
            self._begin(chan, listener, event.at)

    def _begin(self, chan: Chan, listener: Chan, at: Instant | None) -> None:
        self.end(listener.leg, at)
        self.heard[listener.leg] = chan.call.id
        self.scene.tell(
            facts.ListenStarted(
                pbx=self.scene.pbx,
                at=at,
                call=chan.call.id,
                leg=chan.leg,
                by=listener.interface,
                by_leg=listener.leg,
                mode=self.modes.get(listener.leg, "listen"),
            )
        )

    def end(self, by: LegId, at: Instant | None) -> None:
        """This leg hears nothing more, if it heard anything."""
        known = self.heard.pop(by, None)
        call = None if known is None else self._call(known)
        if call is not None:
            self.scene.tell(facts.ListenEnded(pbx=self.scene.pbx, at=at, call=call.id, by_leg=by))

    def shown(self, listener: Chan, arguments: str, at: Instant | None) -> None:
        """A snapshot shows it in ChanSpy, with the arguments of our dialplan: the leg that is heard, options."""
        leg, _, options = arguments.partition(",")
        heard = self.scene.chans.get(LegId(leg))
        if heard is None:
            return
        mode = _MODES.get(options.removeprefix(_OPTIONS), "listen")
        known = (self.heard.get(listener.leg), self.modes.get(listener.leg, "listen"))
        if known != (heard.call.id, mode):
            self.modes[listener.leg] = mode
            self._begin(heard, listener, at)

    def restore(self) -> None:
        """Who listened when the records were written down."""
        for call in self.scene.calls.values():
            for one in call.record.listeners:
                if not one["over"]:
                    self.heard[LegId(one["leg"])] = call.id
                    self.modes[LegId(one["leg"])] = one["mode"]

    def gone(self, by: LegId, at: Instant | None) -> None:
        """The channel is no more."""
        self.end(by, at)
        self.modes.pop(by, None)

    def _call(self, id: CallId) -> LiveCall | None:
        return self.scene.calls.get(id) or self.scene.over.get(id)
