"""The ways out of this site, as its settings give them: by telephone, by e-mail, by a call to whoever is on duty.

In: settings. Out: what the rooms that do the calling and the writing want to know. Must not know: how they do it.
"""

from __future__ import annotations

from functools import partial

from callserver.alerts.calling import OnDuty
from callserver.facts import PbxId
from callserver.numbers.dialling import Dial, Rules, dial
from callserver.settings import Settings
from callserver.work import mailing
from callserver.work.alert_calling import Manner
from callserver.work.alert_telling import SendMail
from callserver.work.dialling_choosing import Site as DialledFrom
from callserver.work.mailing import MailServer


def dialled_from(settings: Settings) -> DialledFrom:
    """What the settings say about calls to the outside."""
    telephone = settings.telephone
    return DialledFrom(
        plan=settings.number_plan,
        rules=Rules(abroad=telephone.abroad, services=telephone.services, refused=telephone.refused),
        zone=settings.zone,
        ring_s=telephone.ring_s,
    )


def mails(settings: Settings) -> SendMail | None:
    """How e-mails are sent; None: no server is named."""
    mail = settings.mail
    if mail.host is None:
        return None
    server = MailServer(
        host=mail.host,
        port=mail.port,
        sender=mail.sender,
        tls=mail.tls,
        user=mail.user,
        password=None if mail.password is None else mail.password.reveal(),
        ca_file=mail.ca_file,
    )
    return partial(mailing.send, server)


def calls_about_alerts(settings: Settings) -> Manner | None:
    """How people on duty are called; None: nobody is named. Who they are is the operator's word: abroad, too."""
    wanted = settings.alerts
    if not wanted.call_to:
        return None
    plan = settings.number_plan
    found = [(one, dial(plan, Rules(abroad=True, services=(one,)), one)) for one in wanted.call_to]
    ids = sorted((PbxId(one.id) for one in settings.asterisk), key=lambda id: id != wanted.call_by)
    return Manner(
        duty=OnDuty(
            numbers=tuple(read.digits if isinstance(read, Dial) else said for said, read in found),
            rounds=wanted.rounds,
            pause_s=wanted.pause_s,
        ),
        switches=tuple(ids),
        language=wanted.language,
        caller_id=wanted.caller_id,
        ring_s=wanted.ring_s,
    )


def alert_ways(settings: Settings) -> frozenset[str]:
    """By what else than screens and webhooks this site tells of alerts."""
    has = {"mail": settings.mail.host is not None, "call": bool(settings.alerts.call_to)}
    return frozenset(way for way, there in has.items() if there)
