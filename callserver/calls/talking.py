"""Who hears whom: bridges -> talks.

In: channels entering and leaving bridges. Out: TalkStarted / TalkEnded whenever the set of people who hear each other
changes. The two halves of a Local channel carry sound between their bridges and are nobody themselves. Must not know:
queues.
"""

from __future__ import annotations

from callserver import facts
from callserver.calls.scene import Chan, LiveCall, Scene
from callserver.facts import Instant, LegId


def enter(scene: Scene, chan: Chan, bridge: str, swapped: Chan | None, at: Instant | None) -> None:
    """A channel entered a mixing bridge, taking `swapped`'s place where that is not None."""
    if swapped is not None and swapped.bridge == bridge:
        scene.put_in(swapped, None)
    scene.put_in(chan, bridge)
    refresh(scene, chan.call, at)


def leave(scene: Scene, chan: Chan, bridge: str | None, at: Instant | None) -> None:
    """A channel left `bridge`; None: whichever it was in."""
    if chan.bridge is None or (bridge is not None and chan.bridge != bridge):
        return
    scene.put_in(chan, None)
    refresh(scene, chan.call, at)


def refresh(scene: Scene, call: LiveCall, at: Instant | None) -> None:
    """Tell what changed between the talks we knew and those that the bridges show now."""
    now = _hearing(scene, call)
    if not now and not call.talks:
        return
    for ended in sorted(call.talks - now, key=sorted):
        scene.tell(facts.TalkEnded(pbx=scene.pbx, at=at, call=call.id, legs=_order(call, ended)))
    for begun in sorted(now - call.talks, key=sorted):
        scene.tell(facts.TalkStarted(pbx=scene.pbx, at=at, call=call.id, legs=_order(call, begun)))
    was, call.talks = call.talks, now
    if now and call.state != "talking":
        scene.move_call(call, "talk")
    elif was and not now and call.state == "talking":
        scene.move_call(call, "silence")


def _order(call: LiveCall, legs: frozenset[LegId]) -> tuple[LegId, ...]:
    """The caller's side first, then in the order in which they came."""
    known = list(call.record.legs)
    return tuple(sorted(legs, key=lambda leg: known.index(leg) if leg in call.record.legs else len(known)))


def _hearing(scene: Scene, call: LiveCall) -> set[frozenset[LegId]]:
    bridged = [chan for chan in call.chans.values() if chan.bridge is not None]
    if len(bridged) < 2:  # every second event of a bridge: the first to come, the last to stay
        return set()
    group: dict[str, str] = {}

    def root(bridge: str) -> str:
        while group.setdefault(bridge, bridge) != bridge:
            bridge = group[bridge]
        return bridge

    people: dict[str, set[LegId]] = {}
    for chan in bridged:
        half = scene.by_name.get(chan.other_half or "")
        if half is not None and half.bridge is not None and chan.bridge is not None:
            group[root(chan.bridge)] = root(half.bridge)
    for chan in bridged:
        if chan.bridge is not None and not chan.local:
            people.setdefault(root(chan.bridge), set()).add(chan.leg)
    return {frozenset(legs) for legs in people.values() if len(legs) > 1}
