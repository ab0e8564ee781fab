"""Transfers: who handed the call to whom.

In: BlindTransfer, AttendedTransfer. Out: CallTransferred; an attended transfer also says that two calls are one. Must
not know: queues.
"""

from __future__ import annotations

from callserver import facts
from callserver.ami import events
from callserver.calls.channels import Channels
from callserver.calls.scene import Chan, Scene
from callserver.facts import LegId


class Transfers:
    """The transfers of one scene."""

    def __init__(self, scene: Scene, channels: Channels) -> None:
        self._scene = scene
        self._channels = channels

    def blind(self, event: events.BlindTransfer) -> None:
        by = self._channels.chan(event.transferer, event.at)
        if by is not None and event.result in ("", "Success"):
            self._scene.tell(
                facts.CallTransferred(
                    pbx=self._scene.pbx,
                    at=event.at,
                    call=by.call.id,
                    transfer="blind",
                    by=by.interface,
                    to=event.exten,
                )
            )

    def attended(self, event: events.AttendedTransfer) -> None:
        by = self._channels.chan(event.original, event.at)
        second = self._channels.chan(event.second, event.at)
        if by is None or event.result not in ("", "Success"):
            return
        parties = [
            self._channels.chan(channel, event.at) for channel in (event.transferee, event.target) if channel
        ]
        for other in [second, *parties]:
            if other is not None:
                self._channels.same_call(by, other, event.at)
        if event.dest_type == "Threeway":
            return
        self._scene.tell(
            facts.CallTransferred(
                pbx=self._scene.pbx,
                at=event.at,
                call=by.call.id,
                transfer="attended",
                by=by.interface,
                to=self._target(event, second),
            )
        )

    def _target(self, event: events.AttendedTransfer, second: Chan | None) -> str:
        """Whom it went to: the target's device, also behind a Local channel; else what was dialed."""
        target = event.target
        if target is not None and not target.name.startswith("Local/"):
            return target.interface
        if target is not None:
            return self._behind(target.name) or target.name.partition("/")[2].partition("@")[0]
        partner = self._partner(event)
        if partner is not None:
            return partner
        return event.second.exten or (second.exten if second else "") or event.second.connected_number or ""

    def _partner(self, event: events.AttendedTransfer) -> str | None:
        """Whom the transferee hears now: the event need not name the target (trace atxfer-finished-unfiltered)."""
        transferee = self._scene.chans.get(LegId(event.transferee.uniqueid)) if event.transferee else None
        if transferee is None:
            return None
        mine = {transferee.leg, event.original.uniqueid, event.second.uniqueid}
        heard = [
            leg for talk in transferee.call.talks if transferee.leg in talk for leg in sorted(talk - mine)
        ]
        return self._scene.chans[heard[0]].interface if heard and heard[0] in self._scene.chans else None

    def _behind(self, local: str) -> str | None:
        """The device that a Local channel's other half is joined with."""
        half = self._scene.by_name.get(local)
        other = self._scene.by_name.get(half.other_half or "") if half is not None else None
        if other is None or other.bridge is None:
            return None
        inside = self._scene.bridges.get(other.bridge, {}).values()
        return next((chan.interface for chan in inside if not chan.local), None)
