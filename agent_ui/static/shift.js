// Being at work: the seat, ready or a pause, wrap-up, and why no calls come.
import { html, classes, useEffect, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Badge, Do, Empty, Name, Panel } from "./bits.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { me, seat, shift } from "./pops.js";
import { alike, ask, desk, put, say, unask, useDesk } from "./store.js";
import { problems as PROBLEMS, reasons as REASONS, t } from "./texts.js";
import { Lasting, Left, when } from "./time.js";
import { stateWord } from "./words.js";

/** Do something of this kind; what was refused is said, and false given. */
export async function attempt(doing) {
  try {
    await doing();
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.words, "warning");
    return false;
  }
}

export const ready = () => attempt(() => api.put("/me/state", { state: "ready" }));
export const pause = (reason) => attempt(() => api.put("/me/state", { state: "pause", reason }));

/** The word for a reason of a pause: one of the list, or what somebody typed. */
export const reasonWord = (reason) => REASONS[reason]?.title ?? reason ?? "";

const choosable = Object.entries(REASONS).filter(([, one]) => one.chosen);

/** What stands between the agent and their calls. Values are names, counts and moments. */
function problemText({ code, args = {} }) {
  const text = PROBLEMS[code] ?? `${code}: ${Object.keys(args).map((name) => `{${name}}`).join(", ")}`;
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in args ? valueWord(name, args[name]) : all));
}

function valueWord(name, value) {
  if (Array.isArray(value)) return value.join(", ");
  if (name === "reason") return reasonWord(value) || t("no reason");
  if (name === "device") return deviceWord(value);
  return /^\d{4}-\d\d-\d\dT/.test(value) ? when(value) : String(value ?? "–");
}

/** The one state that an agent is in, as the switch has it; offline: nobody knows now. */
export function stateOf(state) {
  if (state.connection.state !== "live") return { name: "offline", since: null };
  const mine = shift(state);
  const agent = me(state);
  if (!mine) return { name: "gone", since: null };
  if (!agent) return { name: mine.wrap_up ? "wrap_up" : "gone", since: mine.since, reason: null };
  return { name: agent.state, since: agent.since, reason: agent.reason ?? mine.reason };
}

export function Me() {
  const state = useDesk(stateOf, alike);
  const mine = useDesk(shift);
  if (!mine && state.name !== "offline") return html`<${Seats} />`;
  return html`<section class=${classes("me", "state-" + state.name)} aria-label=${t("My state")}>
    <p class="state" aria-live="polite">
      <${Icon} name=${state.name} size=${26} /><strong class="cut">${stateWord(state.name)}</strong>
      ${state.since && html`<${Lasting} since=${state.since} />`}
    </p>
    <p class="detail cut">${detail(state, mine)}</p>
    <${Problems} />
    <${Choices} state=${state} mine=${mine} />
  </section>`;
}

function detail(state, mine) {
  if (state.name === "offline") return t("What is here may be old");
  if (state.name === "wrap_up" && mine?.wrap_up) return html`${t("ready in")} <${Left} until=${mine.wrap_up.until} />`;
  if (state.name === "paused") return reasonWord(state.reason);
  if (mine?.wish === "pause" && state.name !== "ready") return t("Pause after this: {reason}", { reason: reasonWord(mine.reason) });
  return mine ? t("Phone {phone}", { phone: mine.seat.interface }) : "";
}

/** What is between the agent and their calls: always in the same place, with words. */
function Problems() {
  const problems = useDesk((state) => shift(state)?.problems);
  return html`<ul class="problems" aria-live="polite">
    ${(problems ?? []).map((one) => html`<li key=${one.code}><${Icon} name="warning" /> <span>${problemText(one)}</span></li>`)}
  </ul>`;
}

function Choices({ state, mine }) {
  const [busy, setBusy] = useState(false);
  const offline = state.name === "offline";
  const go = async () => {
    setBusy(true);
    await ready();
    setBusy(false);
  };
  return html`<div class="choices">
    <${Do} id="ready" kind=${mine?.wish === "ready" && !["wrap_up", "paused"].includes(state.name) ? "" : "main"} busy=${busy}
      disabled=${offline} onClick=${go}>${t("Ready")}<//>
    <${Do} id="pause" disabled=${offline} onClick=${() => ask("pause")}>${t("Pause")}<//>
    <${Do} id="why" kind="wide" disabled=${offline} onClick=${() => ask("why")}>${t("Why do I get no calls?")}<//>
  </div>`;
}

// --- a seat ---

function Seats() {
  const [seats, setSeats] = useState(null);
  const [place, setPlace] = useState("");
  const [busy, setBusy] = useState(false);
  const usual = useDesk((state) => state.me?.seat);
  const look = () => attempt(async () => {
    const found = (await api.get("/seats")).seats;
    setSeats(found);
    const mine = usual && found.find((one) => one.pbx === usual.pbx && one.interface === usual.interface);
    const pick = mine ?? found.find((one) => !one.taken_by) ?? found[0];
    if (pick) setPlace((typed) => typed || `${pick.pbx}/${pick.interface}`); // who types is not interrupted by a proposal
  });
  useEffect(() => { look(); }, [usual]);
  const sit = async () => {
    const [pbx, ...rest] = place.split("/");
    setBusy(true);
    const theirs = sitter(seats, place);
    const sat = await attempt(() => api.put("/me/seat", { pbx, interface: rest.join("/"), take_over: Boolean(theirs) }));
    if (!sat) await look(); // somebody sat down there since it was looked at: now it says so, and can be taken over
    setBusy(false);
  };
  return html`<section class="me state-gone" aria-label=${t("My state")}>
    <p class="state"><${Icon} name="gone" size=${26} /><strong>${stateWord("gone")}</strong></p>
    <form class="seats" onSubmit=${(event) => { event.preventDefault(); sit(); }}>
      <label for="seat">${t("At which phone are you?")}</label>
      <input id="seat" list="phones" value=${place} required autocomplete="off" spellcheck="false"
        onInput=${(event) => setPlace(event.target.value)} />
      <datalist id="phones">${(seats ?? []).map((one) => html`
        <option value=${`${one.pbx}/${one.interface}`}>${one.name ?? ""}</option>`)}</datalist>
      <p class="quiet">${taken(seats, place)}</p>
      <button class="main" type="submit" disabled=${busy || !place}>${sitter(seats, place) ? t("Take the seat over") : t("Begin work")}</button>
    </form>
  </section>`;
}

/** Who sits there, if it is not me. */
function sitter(seats, place) {
  const found = (seats ?? []).find((one) => `${one.pbx}/${one.interface}` === place)?.taken_by;
  return found && found.user !== desk.me.id ? found : null;
}

function taken(seats, place) {
  const who = sitter(seats, place);
  return who ? t("{name} sits there; you take the seat over", { name: who.name }) : "";
}

export const leave = () => attempt(() => api.remove("/me/seat"));

// --- dialogs ---

export function PauseDialog() {
  const [own, setOwn] = useState("");
  const choose = async (reason) => {
    unask();
    await pause(reason);
  };
  const press = (event) => {
    const at = event.target.tagName === "INPUT" ? NaN : Number(event.key);
    if (at < 1 || at > choosable.length || Number.isNaN(at)) return;
    event.preventDefault();
    choose(choosable[at - 1][0]);
  };
  return html`<${Dialog} title=${t("Pause")} onKey=${press} onSubmit=${() => own.trim() && choose(own.trim())}>
    <div class="list">
      ${choosable.map(([code, one], at) => html`<button type="button" key=${code} autofocus=${at === 0} onClick=${() => choose(code)}>
        <kbd>${at + 1}</kbd> ${one.title}</button>`)}
      <label class="line">${t("Another reason")}
        <input value=${own} maxlength="60" onInput=${(event) => setOwn(event.target.value)} /></label>
    </div>
    <footer><button type="submit" class="main" disabled=${!own.trim()}>${t("Pause for this reason")}</button></footer>
  <//>`;
}

export function WhyDialog() {
  const [answer, setAnswer] = useState(null);
  useEffect(() => { attempt(async () => setAnswer(await api.get("/me/why"))); }, []);
  const problems = answer?.problems ?? [];
  return html`<${Dialog} title=${t("Why do I get no calls?")}>
    <div class="why" aria-live="polite" aria-busy=${answer ? "false" : "true"}>
      ${answer && !problems.length && html`<p><${Icon} name="ready" /> ${t("Nothing keeps calls from you. Nobody waits who could be yours.")}</p>`}
      <ul class="problems tall">${problems.map((one) => html`<li key=${one.code}><${Icon} name="warning" /><span>${problemText(one)}</span></li>`)}</ul>
      ${answer && html`<${Facts} facts=${answer.facts ?? answer} />`}
    </div>
  <//>`;
}

/** The facts that the answer was made from, beside one another. */
function Facts({ facts }) {
  const agent = useDesk(me);
  const mine = useDesk(shift);
  const rows = [
    [t("What you chose"), mine ? (mine.wish === "ready" ? t("Ready") : `${t("Pause")}: ${reasonWord(mine.reason)}`) : t("no seat")],
    [t("Phone"), mine ? `${mine.seat.interface}: ${deviceWord(agent?.device)}` : "–"],
    [t("Member of"), Object.keys(agent?.queues ?? {}).join(", ") || t("no queue")],
    [t("Paused in"), Object.entries(agent?.queues ?? {}).filter(([, one]) => one.paused).map(([name, one]) =>
      one.reason ? `${name} (${reasonWord(one.reason)})` : name).join(", ") || t("no queue")],
    [t("Wrap-up"), mine?.wrap_up ? html`<${Left} until=${mine.wrap_up.until} />` : t("none")],
  ];
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

const DEVICES = {
  unknown: t("not known"), free: t("free"), ringing: t("rings"), talking: t("in use"), busy: t("busy"), held: t("on hold"),
  unavailable: t("not registered"),
};
export const deviceWord = (device) => DEVICES[device] ?? String(device ?? t("not known"));

// --- queues ---

export function Queues() {
  const queues = useDesk((state) => state.screen.queues);
  const mine = useDesk((state) => me(state)?.queues ?? {});
  const rows = Object.entries(queues).sort(([, a], [, b]) => (a.name in mine ? 0 : 1) - (b.name in mine ? 0 : 1) || a.name.localeCompare(b.name));
  return html`<${Panel} title=${t("Queues")} kind="queues">
    <table><thead class="unseen"><tr><th scope="col">${t("Queue")}</th><th scope="col">${t("waiting")}</th><th scope="col">${t("ready")}</th></tr></thead>
    <tbody>${rows.map(([key, one]) => html`<tr key=${key} class=${one.waiting?.length ? "busy" : ""}>
      <th scope="row"><${Name}>${one.title || one.name}<//>${mine[one.name]?.paused && html`<${Icon} name="paused" size=${13} />`}</th>
      <td class="number" title=${t("waiting")}>${waitingIn(one)}</td>
      <td class="number quiet" title=${t("ready")}>${one.ready ?? 0}<${Icon} name="person" size=${13} /></td>
    </tr>`)}</tbody></table>
    ${!rows.length && html`<${Empty}>${t("No queue is yours yet")}<//>`}
  <//>`;
}

/** Colleagues of my queues: who is free, who talks, since when. */
export function Colleagues() {
  const agents = useDesk((state) => state.screen.agents);
  const mine = useDesk(seat);
  const rows = Object.entries(agents).filter(([key, one]) => key !== mine && one.state !== "gone")
    .sort(([, a], [, b]) => (FREE[a.state] ?? 5) - (FREE[b.state] ?? 5) || (a.name ?? a.interface).localeCompare(b.name ?? b.interface)).slice(0, 60);
  return html`<${Panel} title=${t("Colleagues")} kind="colleagues">
    <ul>${rows.map(([key, one]) => html`<li key=${key} class=${"state-" + one.state} title=${stateWord(one.state)}>
      <${Icon} name=${one.state} size=${14} /><${Name}>${one.name || one.interface}<//>
      <span class="quiet cut">${one.state === "paused" ? reasonWord(one.reason) : stateWord(one.state)}</span></li>`)}</ul>
    ${!rows.length && html`<${Empty}>${t("Nobody else is at work")}<//>`}
  <//>`;
}

const FREE = { ready: 0, ringing: 1, wrap_up: 2, talking: 3, held: 3, listening: 3, paused: 4 };

function waitingIn(queue) {
  const waiting = Array.isArray(queue.waiting) ? queue.waiting : [];
  const n = Array.isArray(queue.waiting) ? waiting.length : queue.waiting ?? 0;
  const oldest = waiting.map((one) => one.since).sort()[0];
  return html`${n}${oldest ? html` <small><${Lasting} since=${oldest} /></small>` : ""}`;
}

export function startShift() {
  const atWork = () => shift() !== null && desk.connection.state === "live";
  action("ready", "Alt+R", t("Ready for calls"), ready, atWork);
  action("pause", "Alt+P", t("Pause"), () => ask("pause"), atWork);
  action("why", "Alt+W", t("Why do I get no calls?"), () => ask("why"), atWork);
}
