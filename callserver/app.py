"""The composition root: the one file that knows all rooms. Starts them in order, stops them in reverse.

In: settings. Out: a running service until it is asked to stop. Must not know: how anything is done. Each stage of a
stop has its deadline; what is not ready by then is left, because everything here survives being killed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from callserver import garbage, notify
from callserver.ami.check import Finding, findings
from callserver.back_office.front import Front
from callserver.back_office.office import Charter, Office
from callserver.back_office.post import Brief
from callserver.errors import SettingsError
from callserver.facts import CallId, PbxId
from callserver.limits import limits_of
from callserver.metrics.live import Live
from callserver.node import Duty, Node
from callserver.node.attending import Line
from callserver.node.checking import look_over
from callserver.node.evidence import evidence_of
from callserver.node.line import link
from callserver.node.reconciling import Reconciler
from callserver.node.understanding import RECONCILE, reconcile_kind
from callserver.node.watching import Several, Watcher
from callserver.people import UserId
from callserver.process import identity
from callserver.push.hub import Hub
from callserver.settings import AsteriskSettings, Of, QueueBook, Settings
from callserver.stages import Loop, Running, Stage, nothing, soon
from callserver.store import deliveries, engine, jobs, migrations, pledges
from callserver.store.engine import Store
from callserver.store.webhook import WebhookId
from callserver.vitals import Vitals, wall_clock
from callserver.ways_out import alert_ways, calls_about_alerts, dialled_from, mails
from callserver.web import entrance
from callserver.web.api.auditing import Auditing
from callserver.web.api.operation import Tried
from callserver.web.messaging import Messaging
from callserver.web.noting import Noting
from callserver.web.overhearing import Overhearing
from callserver.web.places import Places
from callserver.web.popping import Popping
from callserver.web.server import Server
from callserver.web.sitting import Sitting
from callserver.web.switchboard import Switchboard
from callserver.web.tallying import Tallying
from callserver.web.telling import Telling
from callserver.web.warning import Alerting, numbers_now
from callserver.work.alert_calling import AlertCalling
from callserver.work.alert_gauges import Gauges
from callserver.work.alert_telling import Style
from callserver.work.alert_telling import Telling as AlertTelling
from callserver.work.alerting import Watch
from callserver.work.dialling import Dialler
from callserver.work.dialling_answers import Answering
from callserver.work.dialling_choosing import Choosing
from callserver.work.dialling_floor import Hall
from callserver.work.posting import Delivered, Post
from callserver.work.presence import Presence
from callserver.work.timekeeping import Timekeeping
from callserver.work.webhooks import Courier, Send, send_test, sender
from callserver.work.worker import Worker

log = structlog.get_logger(__name__)

CHECK_S = 1.5  # a switch that is looked over is listened to for so long


class App:
    """The whole service."""

    def __init__(self, settings: Settings) -> None:
        if not settings.asterisk:
            raise SettingsError(
                f"{settings.origin or 'settings'}: no Asterisk is named; begin with `callserver config example` "
                '(example: [[asterisk]]\\nid = "main"\\nsecret_file = "ami.secret")'
            )
        self.settings = settings
        self.queues = QueueBook(settings.queues)
        self.myself = identity(settings)
        self.vitals = Vitals(self.myself.node)
        self.vitals.database_name = settings.database.url.shown()
        self._stages: list[Stage] = []  # started, in order
        self._stopping = asyncio.Event()
        self.node: Node | None = None
        self.server: Server | None = None
        self.hub: Hub | None = None
        self.tallying: Tallying | None = None

    # --- starting ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Everything in order.

        Raises what the first stage that fails raises, after stopping the ones before.
        """
        store = await self._open_store()
        try:
            await self._begin_all(store)
        except BaseException:
            await self.stop()
            raise
        garbage.settle()
        self.vitals.stage = "running"
        assert self.server is not None
        log.info("callserver is up", url=self.server.url, node=self.myself.node)
        await entrance.offer(store, self.settings.web.url or self.server.url, wall_clock())
        notify.say("READY=1")

    async def _open_store(self) -> Store:
        url = self.settings.database.url.reveal()
        await migrations.prepare(url)
        store = await engine.open(url)
        self._stages.append(Stage("store", nothing, store.close))
        return store

    async def _begin_all(self, store: Store) -> None:
        self.settings.number_plan.make_ready()
        await store.write(lambda connection: pledges.keep_zone(connection, self.settings.zone.key))
        send = await self._sending()
        switchboard = Switchboard(store)
        places = Places(self.settings.number_plan.country)
        await self._begin(Stage("places", nothing, places.close))
        hub = self.hub = await self._hub(store, places)
        presence = self._presence(store, switchboard, hub)
        hall = self._hall(presence)
        server = self.server = Server(
            self.settings.web,
            store,
            self.vitals,
            self.queues,
            self.settings.number_plan,
            self.settings.zone,
            partial(try_webhook, store, send),
            switchboard,
            hub,
            telephone=self.settings.telephone,
            trunks={one.id: one.trunks for one in self.settings.asterisk},
            presence=presence,
            why=Answering(Choosing(dialled_from(self.settings)), hall).why,
            check_switch=self._look_over,
            alert_ways=alert_ways(self.settings),
        )
        await self._keep("desk", Telling(store, hub, wall_clock))
        await self._keep("messages", Messaging(store, hub))
        await self._begin(Stage("web", server.start, server.stop))
        await self._tell_others(store, send)
        await jobs.take_back(store, self.myself.node, self.myself.holder)
        office = self._office(store)
        await self._begin(
            Stage("back office", office.start, office.stop)
        )  # stopped after the last facts are written
        noting = self._noting(store, hub, presence)
        await self._begin(Stage("noting", nothing, noting.stop))
        timekeeping = Timekeeping(store, wall_clock)
        hub.on_agents(timekeeping.changed)
        await self._keep("timekeeping", timekeeping)
        tallying = self.tallying = Tallying(
            store, hub, self.settings.zone, wall_clock, limits_of(self.queues)
        )
        await self._keep("tallies", tallying)
        overhearing = self._overhearing(hub, presence)
        await self._keep("listening", overhearing)
        watcher = Several(timekeeping, tallying, hub, presence, noting, overhearing)
        screens = Several(tallying, hub)
        node = self.node = Node(
            self._duty(one, store, office, switchboard, watcher, screens, hub.has_queues)
            for one in self.settings.asterisk
        )
        switchboard.wakes(node.wake)
        await self._keep("presence", presence)
        await self._begin(Stage("node", soon(node.start), node.stop))
        await self._keep("dialling", self._dialler(store, hall, switchboard))
        await self._keep("worker", self._worker(store, node))
        await self._alerts(store, hub, tallying.live, switchboard)

    async def _keep(self, name: str, loop: Loop) -> None:
        """It runs until it is stopped."""
        running = Running(loop)
        await self._begin(Stage(name, running.start, running.stop))

    async def _begin(self, stage: Stage) -> None:
        await stage.start()
        self._stages.append(stage)

    async def _look_over(self, pbx: str) -> Sequence[Finding]:
        """What is wrong with a switch, and what is well."""
        one = self.settings.switch(pbx)
        return [] if one is None else findings(await look_over(one, CHECK_S))

    async def _sending(self) -> Send:
        """How webhooks are told: closed after everybody who tells."""
        settings = self.settings.webhooks
        try:
            post = Post(private=settings.private, ca_file=settings.ca_file)
        except OSError as error:
            raise SettingsError(f"webhooks.ca_file: {settings.ca_file}: {error.strerror or error}") from error
        await self._begin(Stage("post", nothing, post.close))
        return sender(post, settings.source, wall_clock)

    async def _tell_others(self, store: Store, send: Send) -> None:
        """Begins before what causes events and ends after it; what is left then is sent after the next start."""
        myself = self.myself
        await store.write(lambda connection: deliveries.take_back(connection, myself.node, myself.holder))
        courier = Courier(
            store,
            myself.holder,
            send,
            give_up_s=self.settings.webhooks.give_up_days * 86_400,
            on_result=self.vitals.webhooks.tried,
            on_backlog=lambda queues: self.vitals.webhooks.waiting(
                (one.webhook, one.unsent, one.since, one.dead) for one in queues
            ),
        )
        await self._keep("webhooks", courier)

    async def _hub(self, store: Store, places: Places) -> Hub:
        """The live screens: begun and ended by the web server."""
        plan = self.settings.number_plan
        popping = Popping(store=store, plan=plan, clock=wall_clock, zone=self.settings.zone, places=places)
        await popping.make_ready()
        return Hub(
            self.myself.node,
            titles=Of(self.queues, lambda queue: queue.title),
            details=popping.details,
            gauges=self.vitals.stream,
        )

    def _overhearing(self, hub: Hub, presence: Presence) -> Overhearing:
        """Whom supervisors hear, on their own screens."""

        def sitter(pbx: PbxId, interface: str) -> UserId | None:
            shift = presence.keeper.at(pbx, interface)
            return None if shift is None else shift.user

        return Overhearing(hub, sitter)

    def _noting(self, store: Store, hub: Hub, presence: Presence) -> Noting:
        """Whose record an agent saw when they took a call."""

        def sitter(pbx: PbxId, interface: str) -> str | None:
            shift = presence.keeper.at(pbx, interface)
            return None if shift is None else shift.name

        def learned(call: CallId) -> Mapping[str, Any]:
            known = hub.screen.call(call)
            return {} if known is None else known.learned

        return Noting(Auditing(store), sitter, learned, wall_clock)

    def _presence(self, store: Store, switchboard: Switchboard, hub: Hub) -> Presence:
        """Who is at work; hears of screens from the hub, and of switches as the screens do."""
        work = self.settings.work
        presence = Presence(
            store,
            switchboard,
            Sitting(hub, wall_clock),
            node=self.myself.node,
            pbxs=[PbxId(one.id) for one in self.settings.asterisk],
            clock=wall_clock,
            wrap_up_s=work.wrap_up_s,
            absent_s=work.absent_s,
            phones={PbxId(one.id): one.phones for one in self.settings.asterisk},
        )
        hub.clients.on_presence(presence.screens_changed)
        return presence

    def _hall(self, presence: Presence) -> Hall:
        """Who could make a call that is owed, at the switches that this process follows."""
        return Hall(presence.keeper, targets_s=Of(self.queues, lambda queue: queue.target_s))

    def _dialler(self, store: Store, hall: Hall, switchboard: Switchboard) -> Dialler:
        """Dials what is owed, at the switches that this process follows."""
        return Dialler(
            store,
            hall,
            dialled_from(self.settings),
            holder=self.myself.holder,
            node=self.myself.node,
            clock=wall_clock,
            wake=switchboard.wake,
            evidence=evidence_of(self.settings.asterisk, store),
        )

    def _duty(
        self,
        settings: AsteriskSettings,
        store: Store,
        office: Office | Front,
        switchboard: Switchboard,
        watcher: Watcher,
        screens: Watcher,
        on_queues: Callable[[PbxId, frozenset[str]], None],
    ) -> Duty:
        return Duty(
            settings,
            self.myself,
            store,
            self.vitals,
            zone=self.settings.zone,
            open_line=self._line,
            on_written=lambda batch: office.wake() if batch.jobs else None,
            writer=office.writer,
            on_command_over=switchboard.over,
            watcher=watcher,
            screens=screens,
            on_queues=on_queues,
        )

    def _line(self, settings: AsteriskSettings) -> Line:
        return link(settings, self.settings.trace)

    def _office(self, store: Store) -> Office | Front:
        """Where facts are written and calls find their tickets: next door, or here."""
        found, vitals = self.settings, self.vitals
        charter = Charter.of(found, node=self.myself.node, holder=self.myself.holder)
        if not found.node.back_office:
            return Office(store, charter, self.queues, on_landed=vitals.landed, on_result=vitals.job_done)
        brief = Brief(charter, found.database.url.reveal(), found.log.level, found.log.json)
        return Front(
            store,
            brief,
            on_landed=vitals.landed,
            on_result=vitals.job_done,
            on_begun=vitals.back_office_begun,
        )

    def _worker(self, store: Store, node: Node) -> Worker:
        reconciler = Reconciler(store, node.duties)
        return Worker(
            store,
            self.myself.holder,
            {RECONCILE: reconciler.job},
            kinds=lambda: [reconcile_kind(duty.pbx) for duty in node.owned()],
            on_result=self.vitals.job_done,
        )

    async def _alerts(self, store: Store, hub: Hub, live: Live, switchboard: Switchboard) -> None:
        """What is wrong: shown by each process, watched and told by one of them."""
        settings = self.settings
        await self._keep("alerts on screens", Alerting(store, hub))
        trunks = {PbxId(one.id): one.trunks for one in settings.asterisk}
        style = Style(
            language=settings.mail.language,
            zone=settings.zone,
            url=settings.web.url,
            titles=hub.screen.title,
        )
        watch = Watch(
            store,
            partial(numbers_now, hub, live, wall_clock),
            Gauges(store, trunks, disk_of(settings), wall_clock()),
            AlertTelling(store, style, mails(settings)),
            AlertCalling(store, calls_about_alerts(settings), switchboard.wake),
            holder=self.myself.holder,
            node=self.myself.node,
            zone=settings.zone,
            clock=wall_clock,
        )
        await self._keep("alerts", watch)

    # --- stopping ----------------------------------------------------------------------------------------

    def ask_to_stop(self) -> bool:
        """Stop soon, in good order. Whether nobody had asked before."""
        first = not self._stopping.is_set()
        self._stopping.set()
        return first

    async def wait(self) -> None:
        """Until somebody asks us to stop."""
        await self._stopping.wait()

    async def stop(self) -> None:
        """Everything in reverse order, each stage with its deadline. Never raises."""
        self.vitals.stage = "stopping"
        notify.say("STOPPING=1")
        while self._stages:
            stage = self._stages.pop()
            try:
                async with asyncio.timeout(self.settings.node.stop_s):
                    await stage.stop()
            except TimeoutError:
                log.error(
                    "stage did not stop in time", stage=stage.name, deadline_s=self.settings.node.stop_s
                )
            except Exception:
                log.exception("stage did not stop in good order", stage=stage.name)
        log.info("callserver has stopped")


def disk_of(settings: Settings) -> Path:
    """The folder whose disk must not fill up: of the database, or of what we write beside it."""
    file = settings.database.url.sqlite_path
    return settings.trace.dir.absolute().parent if file is None else Path(file).absolute().parent


async def try_webhook(store: Store, send: Send, webhook: WebhookId) -> Tried:
    """Send a webhook a test event; what came back. Raises NotFound."""
    answer = await send_test(store, send, webhook, wall_clock())
    delivered = isinstance(answer, Delivered)
    return Tried(delivered=delivered, status=answer.status, said=answer.said, took_s=answer.took_s)
