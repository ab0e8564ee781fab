// From nothing to the first answered call: what is done, what is to be done next, and what happens meanwhile. It follows
// the stream, so that whoever mends something on the switch sees it here at once; it ends with the first answered call.
import { html, classes } from "./ui.js";
import { Refused, api } from "./api.js";
import { Badge } from "./bits.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { Admin, beginAdmin, told } from "./page-admin-frame.js";
import { desk, put, putIn, reading, useDesk, watch } from "./store.js";
import { start as startStream } from "./stream.js";
import { t, tn } from "./texts.js";
import { now, when } from "./time.js";
import { stateWord } from "./words.js";

const SOON_MS = 1_000;
put({ first: null, checks: {}, startedAt: null });

/** Everything that no stream tells. */
const read = reading(async () => {
  const [{ switches }, { queues }, { users }, { teams }, { seats }, { calls }] = await Promise.all([
    api.get("/switches"), api.get("/queue-settings"), api.get("/users"), api.get("/teams"), api.get("/seats"),
    api.get("/calls", { outcome: "answered", direction: "inbound", limit: 1 }),
  ]);
  return { first: { switches, queues, users, teams, seats, answered: calls[0] ?? null } };
});

/** Raises Refused. */
async function load() {
  const { switches } = (await read()).first;
  for (const one of switches) if (one.link === "up" && !desk.checks[one.pbx]) check(one.pbx);
}

/** Look a switch over; takes some seconds. */
async function check(pbx) {
  putIn("checks", pbx, { busy: true, findings: desk.checks[pbx]?.findings ?? [] });
  try {
    const { findings } = await api.post(`/switches/${encodeURIComponent(pbx)}/check`, {}, { patience: 60_000 });
    putIn("checks", pbx, { busy: false, findings });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    putIn("checks", pbx, { busy: false, findings: [], wrong: error.words });
  }
}
const checkAll = () => desk.first?.switches.forEach((one) => check(one.pbx));

// --- the steps ---

const bad = (one) => one.severity === "error";
const listed = (names) => names.join(", ");

/** Each step: `done`, what is true now, what to do next; null: it is not known yet. */
function stepsOf({ first, checks, screen, startedAt }) {
  const { switches, queues, users, teams, seats, answered } = first;
  const up = switches.filter((one) => one.link === "up" || one.link === "elsewhere");
  const checked = up.map((one) => checks[one.pbx]).filter(Boolean);
  const looked = checked.length > 0 && checked.every((one) => !one.busy);
  const errors = checked.flatMap((one) => one.findings).filter(bad);
  const there = queues.filter((one) => one.switches.length);
  const served = there.filter((one) => teams.some((team) => team.queues.includes(one.queue)));
  const people = users.filter((one) => !one.disabled_at && one.has_password && ["agent", "supervisor"].includes(one.role));
  const inTeam = people.filter((one) => one.queues?.length || one.teams.length);
  const sitting = seats.filter((one) => one.taken_by);
  const states = Object.values(screen.agents ?? {});
  const ready = states.filter((one) => one.state === "ready" && one.user);
  const now = Object.values(screen.calls ?? {}).filter((one) => one.direction === "inbound");
  return [
    {
      id: "link", title: t("Connected with the switch"), icon: "transfer", done: up.length > 0,
      is: switches.length ? listed(switches.map((one) => `${one.pbx} (${one.address}): ${one.link === "up" ? t("connected, manager interface {version}", { version: one.version }) : one.problem || one.link}`)) : t("The settings name no switch."),
      next: t("On the switch: a manager account as this prints it, then `manager reload`. Here: its address, user and secret in the settings file."), command: "callserver asterisk render ./etc",
    },
    {
      id: "check", title: t("The switch says what we need to hear"), icon: "search", done: looked && !errors.length && checked.some((one) => one.findings.length), waits: up.length === 0,
      is: looked ? checked.find((one) => one.wrong)?.wrong ?? (errors.length ? tn("{n} thing is wrong", "{n} things are wrong", errors.length) : t("Modules, rights, events and clock are as they should be.")) : up.length ? t("It is being looked over …") : t("Once it is connected."),
      findings: checked.flatMap((one) => one.findings).filter((one) => one.severity !== "ok" && one.severity !== "note"), again: up.length > 0, next: looked || !up.length ? t("Mend what is listed, then look again.") : "",
    },
    {
      id: "phones", title: t("Phones"), icon: "talking", done: seats.length > 0, waits: up.length === 0,
      is: seats.length ? tn("{n} phone is known: {names}", "{n} phones are known: {names}", seats.length, { names: listed(seats.slice(0, 6).map((one) => one.interface)) }) : t("No phone is known yet."),
      next: t("Register a telephone at the switch (pjsip.conf), and name it under `phones` in the settings file or as a member in queues.conf."), command: 'callserver asterisk render ./etc --phone "1001=Li Na"',
    },
    {
      id: "queue", title: t("A queue that somebody answers"), icon: "queue", done: served.length > 0, waits: up.length === 0,
      is: !there.length ? t("The switch has no queue.") : served.length ? t("Queues with a team: {names}", { names: listed(served.map((one) => one.title ?? one.queue)) }) : t("Queues of the switch: {names}; no team answers one.", { names: listed(there.map((one) => one.queue)) }),
      next: there.length ? t("Give a team this queue.") : t("Make one in queues.conf, then `queue reload all`; connect again to see it here."), way: there.length ? ["/admin/teams?id=new", t("Teams")] : ["/admin/queues", t("Queues")],
    },
    {
      id: "people", title: t("Somebody who answers"), icon: "person", done: inTeam.length > 0,
      is: inTeam.length ? t("May sign in and have queues: {names}", { names: listed(inTeam.slice(0, 6).map((one) => one.name)) }) : people.length ? t("{names} have no queue yet.", { names: listed(people.map((one) => one.name)) }) : t("There is no agent with a password."),
      next: t("Make a user with the role agent, put them into the team, and give them the link for their password."), way: ["/admin/users?id=new", t("Users")],
    },
    {
      id: "seat", title: t("Seated and ready"), icon: "ready", done: sitting.length > 0 && ready.length > 0, waits: !inTeam.length,
      is: sitting.length ? listed(sitting.map((one) => t("{name} at {phone}: {state}", { name: one.taken_by.name, phone: one.interface, state: stateWord(states.find((state) => state.pbx === one.pbx && state.interface === one.interface)?.state ?? "offline") }))) : t("Nobody sits at a phone."),
      next: t("The agent signs in at {address}, chooses the phone, and presses Ready.", { address: `${location.origin}/desk` }), way: sitting.length ? ["/admin/seats", t("Seats")] : null,
    },
    {
      id: "call", title: t("A call is answered"), icon: "ringing", done: Boolean(answered), waits: !ready.length && !answered,
      is: now.length ? now.map((one) => liveWords(one)).join("; ") : answered ? t("{number} at {time}, in {queue}", { number: answered.caller_number || t("hidden number"), time: when(answered.started_at), queue: answered.queue_visits?.[0]?.queue ?? "–" }) : t("None yet."),
      next: t("Call the number of the hotline with any telephone, or the queue's extension from another desk phone; the agent's screen pops, the phone rings."),
      fresh: answered && answered.started_at > startedAt,
    },
  ];
}

const STATES = { arriving: t("arrives"), queued: t("waits in {queue}"), ringing: t("rings at {phone}"), talking: t("is talked to at {phone}"), held: t("is on hold at {phone}") };
function liveWords(call) {
  const words = STATES[call.state];
  return `${call.number ?? t("hidden number")} ${words ? words.replace("{queue}", call.queue ?? "–").replace("{phone}", call.with?.join(", ") || "–") : ""}`.trim();
}

function Start() {
  const first = useDesk((state) => state.first);
  const checks = useDesk((state) => state.checks);
  const screen = useDesk((state) => state.screen);
  const startedAt = useDesk((state) => state.startedAt);
  const steps = first ? stepsOf({ first, checks, screen, startedAt }) : [];
  const at = steps.find((one) => !one.done);
  const done = steps.filter((one) => one.done).length;
  const over = first && !at;
  return html`<${Admin} title=${t("First steps")}>
    <section class=${classes("panel start", over && "over")} aria-label=${t("From nothing to the first answered call")} aria-busy=${first ? undefined : "true"}>
      <header><h2>${t("From nothing to the first answered call")}</h2><span class="quiet">${first ? tn("{n} of {all} step is done", "{n} of {all} steps are done", done, { all: steps.length }) : ""}</span>
        ${first && html`<progress max=${steps.length} value=${done} aria-label=${t("Steps that are done")}></progress>`}</header>
      <div class="inside" tabindex="0">
        ${over && html`<p class="hurray" role="status"><${Icon} name="ready" size=${26} /> <span><strong>${steps.at(-1).fresh ? t("The first call was answered. The hotline works.") : t("Calls are answered here. The hotline works.")}</strong>
          <small>${t("What is next: names and targets of the queues, policies of callbacks, alerts.")} <a href="/admin/queues">${t("Queues")}</a> · <a href="/promises/policies">${t("Policies")}</a> · <a href="/wall">${t("Wall")}</a></small></span></p>`}
        <ol>${steps.map((one, place) => html`<${Step} key=${one.id} one=${one} n=${place + 1} here=${one === at} />`)}</ol>
      </div>
    </section><//>`;
}

function Step({ one, n, here }) {
  const mark = one.done ? { kind: "good", icon: "ready", text: t("done") } : here ? { kind: "ring", icon: "move", text: t("next") } : { kind: "", icon: "clock", text: one.waits ? t("later") : t("to do") };
  return html`<li class=${classes("step", one.done && "done", here && "here")} data-step=${one.id} data-done=${one.done ? "yes" : "no"} aria-current=${here ? "step" : undefined}>
    <span class="n" aria-hidden="true">${n}</span>
    <div><h3><${Icon} name=${one.icon} size=${16} /> ${one.title} <${Badge} kind=${mark.kind} icon=${mark.icon}>${mark.text}<//></h3>
      <p aria-live=${here ? "polite" : undefined}><bdi>${one.is}</bdi></p>
      ${one.findings?.length > 0 && html`<ul class="findings" lang="en">${one.findings.map((each) => html`<li key=${each.what}><${Badge} kind=${bad(each) ? "bad" : "late"} icon="warning">${bad(each) ? t("wrong") : t("better")}<//> <span><strong>${each.what}</strong> ${each.why}${each.fix && html`<code>${each.fix}</code>`}</span></li>`)}</ul>`}
      ${!one.done && one.next && html`<p class="next-step">${one.next}</p>`}
      ${!one.done && one.command && html`<p><code>${one.command}</code></p>`}
      <p class="doing">${!one.done && one.way && html`<a class="button main" href=${one.way[0]}>${one.way[1]}</a>`}${one.again && html`<button type="button" data-action="check" onClick=${checkAll}><${Icon} name="again" /> ${t("Look it over again")}</button>`}</p></div></li>`;
}

/** What the stream tells makes us look again, a moment later. */
function follow() {
  put({ startedAt: new Date(now()).toISOString() }); // by the server's clock, as the call that it is compared with
  startStream();
  action("check", "c", t("Look the switch over again"), checkAll);
  let seen = null;
  let soon = null;
  watch(() => {
    const { agents, switches, calls } = desk.screen;
    if (seen && seen.agents === agents && seen.switches === switches && seen.calls === calls) return;
    seen = { agents, switches, calls };
    soon ??= setTimeout(() => { soon = null; load().catch(told); }, SOON_MS);
  });
}

beginAdmin(Start, load, follow);
