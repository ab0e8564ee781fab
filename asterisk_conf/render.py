"""A plan becomes files that Asterisk 16 to 22 reads without a complaint.

Flows in: a checked `Plan`. Flows out: one file a template, in the target directory.
Must not know: where the switch runs and who started it.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from asterisk_conf import contract
from asterisk_conf.plan import Member, Plan, PlanError
from asterisk_conf.tones import COUNTRIES

MODULES: Final = (
    # Preconditions first: time, storage, formats.
    "res_timing_timerfd",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "res_rtp_asterisk",
    "codec_alaw",
    "codec_ulaw",
    "codec_gsm",
    "codec_a_mu",
    "codec_resample",
    "format_gsm",
    "format_pcm",
    "format_wav",
    "format_wav_gsm",
    "res_musiconhold",
    # SIP.
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_session",
    "res_pjsip_sdp_rtp",
    "res_pjsip_registrar",
    "res_pjsip_authenticator_digest",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_caller_id",
    "res_pjsip_dtmf_info",
    "res_pjsip_diversion",
    "res_pjsip_nat",
    "res_pjsip_refer",
    "res_pjsip_rfc3326",
    "res_pjsip_pubsub",
    "res_pjsip_outbound_publish",
    "res_pjsip_exten_state",
    "res_pjsip_header_funcs",
    "chan_pjsip",
    # Bridges and the dialplan.
    "bridge_builtin_features",
    "bridge_builtin_interval_features",
    "bridge_holding",
    "bridge_native_rtp",
    "bridge_simple",
    "bridge_softmix",
    "pbx_config",
    "app_amd",
    "app_dial",
    "app_exec",
    "app_playback",
    "app_queue",
    "app_read",
    "app_confbridge",
    "app_chanspy",
    "app_directed_pickup",
    "app_channelredirect",
    "app_echo",
    "app_senddtmf",
    "app_stack",
    "app_userevent",
    "app_verbose",
    "func_callerid",
    "func_channel",
    "func_cut",
    "func_devstate",
    "func_dialplan",
    "func_env",
    "func_extstate",
    "func_global",
    "func_hangupcause",
    "func_logic",
    "func_strings",
    "func_timeout",
    # What the manager tells about devices.
    "res_manager_devicestate",
    # The journals; the first of these is what newer releases split off the second.
    "res_cdrel_custom",
    "cel_custom",
)
"""What the hotline needs; `autoload=no` boots in 0.3 s with these."""

_CEL_SOURCES: Final = {
    "cid_name": "CALLERID(name)",
    "cid_num": "CALLERID(num)",
    "cid_ani": "CALLERID(ANI)",
    "cid_rdnis": "CALLERID(RDNIS)",
    "cid_dnid": "CALLERID(DNID)",
    "peer": "BRIDGEPEER",
    "eventtype": "eventtype",
    "eventtime": "eventtime",
    "userdeftype": "userdeftype",
    "eventextra": "eventextra",
}


def render(target: Path, plan: Plan) -> list[Path]:
    """Write the configuration of `plan` into `target` (created when absent) and return the files, sorted.

    Files of the same name are replaced, others stay. Raises PlanError when the plan does not fit, OSError when the
    disk does not. Every file that can hold a secret is readable by its owner only.
    """
    target.mkdir(parents=True, exist_ok=True)
    environment = _environment()
    names = sorted(name for name in environment.list_templates() if name.endswith(".conf.j2"))
    return [_write(target / name.removesuffix(".j2"), _text(environment, name, plan)) for name in names]


def prompts(target: Path) -> list[Path]:
    """Copy our own recordings into `target`, a folder a language, and return the files, sorted. Raises OSError."""
    written = []
    for source in sorted(files("asterisk_conf").joinpath("prompts").iterdir(), key=lambda one: one.name):
        folder = target / source.name
        folder.mkdir(parents=True, exist_ok=True)
        for sound in sorted(source.iterdir(), key=lambda one: one.name):
            (folder / sound.name).write_bytes(sound.read_bytes())
            written.append(folder / sound.name)
    return written


def event_filters(version: tuple[int, ...]) -> list[str]:
    """Lines of manager.conf that let through what callserver reads, and nothing else.

    The regex form sees the whole message, which begins with its `Event:` line: anchored there, a caller named
    "Event: Hangup" passes nothing and stops nothing. Line ends are control characters, which Asterisk escapes in names
    and values. It does not in numbers (trace hostile-numbers): such a caller can let VarSets of their own call pass,
    which is noise, until the dialplan has cleaned the number.
    """
    status, ours = contract.QUEUE_STATUS_VARIABLE, contract.USER_EVENTS
    if contract.has_advanced_event_filters(version):
        lines = [f"eventfilter(action(include),name({event})) =" for event in contract.EVENTS]
        return [
            *lines,
            f"eventfilter(action(include),name(VarSet),header(Variable),method(exact)) = {status}",
            f"eventfilter(action(include),name(UserEvent),header(UserEvent),method(starts_with)) = {ours}",
        ]
    families = (
        contract.CHANNEL_EVENTS,
        contract.DIAL_EVENTS + contract.BRIDGE_EVENTS,
        contract.TRANSFER_EVENTS + contract.QUEUE_EVENTS,
        contract.SWITCH_EVENTS,
    )
    lines = [f"eventfilter = ^Event: ({'|'.join(family)})[[:cntrl:]]" for family in families]
    return [
        *lines,
        f"eventfilter = ^Event: VarSet[[:cntrl:]].*[[:cntrl:]]Variable: {status}[[:cntrl:]]",
        f"eventfilter = ^Event: UserEvent[[:cntrl:]].*[[:cntrl:]]UserEvent: {ours}",
    ]


def _environment() -> Environment:
    # Autoescape is for HTML; here the plan refuses what a configuration file would misread.
    return Environment(
        loader=PackageLoader("asterisk_conf", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _text(environment: Environment, name: str, plan: Plan) -> str:
    return environment.get_template(name).render(
        plan=plan,
        contract=contract,
        tones=COUNTRIES[plan.country],
        modules=_modules(plan),
        event_filters=event_filters(plan.version),
        cel_mapping=_cel_mapping(),
        member_line=lambda member: _member_line(plan, member),
        queue_extension=lambda queue: _queue_extension(plan, queue),
    )


def _write(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _member_line(plan: Plan, member: Member) -> str:
    name = next(phone.name for phone in plan.phones if phone.endpoint == member.phone)
    device = f"PJSIP/{member.phone}"
    if not member.through_local:
        return f"{device},{member.penalty},{name}"
    interface = f"Local/{member.phone}@{contract.MEMBERS}{'' if member.optimized else '/n'}"
    return f"{interface},{member.penalty},{name},{device}"


def _queue_extension(plan: Plan, name: str) -> str:
    for queue in plan.queues:
        if queue.name == name:
            return queue.extension
    raise PlanError(f"there is no queue {name!r}")


def _modules(plan: Plan) -> list[str]:
    """The listed modules; where their folder is known, those that this release does not have are left out."""
    folder = plan.directories.modules if plan.directories else None
    if folder is None or not folder.is_dir():
        return list(MODULES)
    return [module for module in MODULES if (folder / f"{module}.so").exists()]


def _cel_mapping() -> str:
    sources = (_CEL_SOURCES.get(field, f"CHANNEL({field})") for field in contract.CEL_FIELDS)
    return ",".join(f"${{CSV_QUOTE(${{{source}}})}}" for source in sources)
