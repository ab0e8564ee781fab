// What I owe today: the next call largest, one key to start it; and the promise that is mine to keep now, with the
// words to say, before any phone rings.
import { html, classes, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Do, Empty, Panel, count, readable, spoken } from "./bits.js";
import { Dialog } from "./dialog.js";
import { fetchDossier } from "./dossier.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { REFUSALS } from "./phone.js";
import { calls, current, customerOf, seat } from "./pops.js";
import { sound } from "./ringing.js";
import { attempt } from "./shift.js";
import { alike, ask, desk, put, say, unask, useDesk } from "./store.js";
import { onMessage } from "./stream.js";
import { t, titled } from "./texts.js";
import { Due, Moment, isPast, onToday, useClock, when } from "./time.js";
import { fateIcon, promiseFate, promiseWord } from "./words.js";

const PATIENCE_MS = 100_000; // as long as two phones may ring

/** It lies in my hands now: on this screen before any phone rings, until what comes of it is known. */
export const isNow = (one) => Boolean(one?.reserved);
/** Whoever dials it, it is being dialled. */
const isDialled = (one) => ["dialling", "in_call"].includes(one?.status);
export const isLate = (one) => Boolean(one.late) || isPast(one.due_at);

/** What I owe, the most urgent first; what is being dialled for me before all. */
export const owed = (state = desk) => Object.values(state.screen.promises).filter((one) => one.due_at)
  .sort((a, b) => Number(isNow(b)) - Number(isNow(a)) || a.due_at.localeCompare(b.due_at) || a.id - b.id);

/** The promise that what is shown is about: the one looked at, else the one that is being kept by this call. */
export function promiseOf(state = desk) {
  if (state.view.kind === "promise") return state.screen.promises[state.view.promise] ?? null;
  const [, pop] = current(state) ?? [];
  if (!pop || pop.state === "missed") return null;
  return owed(state).find((one) => isNow(one) && (one.call ? one.call === pop.call : one.ticket === pop.ticket?.id)) ?? null;
}

/** Show a promise: who it is about and what happened before. */
export function lookAtPromise(one) {
  if (one.customer) fetchDossier(one.customer, true);
  put({ view: { kind: "promise", promise: String(one.id), id: one.customer }, ticket: one.ticket });
}

const name = (one) => one.customer_name || readable(one.number) || t("Ticket without a customer");

// --- to start one, to keep one ---

/** What a person may answer for, with a reason that stays on the ticket. */
const INSIST = { do_not_call: t("This customer wants no calls"), outside_hours: t("It is no hour at which this customer is called") };
const HELD = { ...INSIST, paused: t("A supervisor has stopped this dialling"), no_number: t("there is no number to call") };

/** Ring my phone, and then theirs. Whoever is called is on the screen before. */
export async function start(one, more = {}) {
  if (!current() || desk.view.kind === "promise") lookAtPromise(one);
  try {
    const answer = await api.post(`/promises/${one.id}/start`, more, { patience: PATIENCE_MS });
    if (answer.outcome === "done") return;
    const insist = () => ask("insist", { one, code: answer.code });
    if (answer.code in INSIST && desk.dialog) say(INSIST[answer.code], "warning", { label: t("Show"), run: insist }); // in the place of no other
    else if (answer.code in INSIST) insist();
    else if (answer.outcome === "unknown") say(t("The switch did not say whether it did it. Look before you ask again."), "warning");
    else say(t("The switch did not do it: {said}", { said: HELD[answer.code] ?? REFUSALS[answer.code] ?? answer.said ?? answer.code }), "warning");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.words, "warning");
  }
}

export function InsistDialog({ one, code }) {
  const [why, setWhy] = useState("");
  const go = () => {
    if (!why.trim()) return;
    unask();
    start(one, { override: why.trim() });
  };
  return html`<${Dialog} title=${INSIST[code]} onSubmit=${go}>
    <label>${t("Why do you call all the same? It stays on the ticket.")}<input autofocus value=${why} maxlength="500" onInput=${(event) => setWhy(event.target.value)} /></label>
    <footer><button type="submit" class="main" disabled=${!why.trim()}>${t("Call all the same")}</button></footer>
  <//>`;
}

/** The customer was told in this call what they were to be called for: the call is not owed any more. */
export async function keep(one) {
  const [, pop] = current() ?? [];
  if (!pop) return;
  const kept = await attempt(() => api.post(`/promises/${one.id}/keep`, { call: pop.call }));
  if (kept) say(t("Kept: {what}", { what: promiseWord(one.kind) }));
}

/** What can be kept in the call that is shown: what is owed to this customer, the most urgent first. */
export function keepable(state = desk) {
  const [key, pop] = current(state) ?? [];
  if (!pop || !["answered"].includes(pop.state)) return null;
  const known = (state.callers[key] ?? pop.caller)?.customers ?? [];
  const id = customerOf(state, key, pop);
  const dealings = (known.find((one) => one.customer.id === id) ?? state.dossiers[id])?.dealings;
  return (dealings?.promises ?? [])[0] ?? null;
}

const next = (state = desk) => owed(state).find((one) => !isDialled(one)) ?? null;
const startable = () => seat() !== null && desk.connection.state === "live" && !calls().some(([, pop]) => !pop.over);

/** The one that is looked at, else the next that is due. */
const meant = () => (desk.view.kind === "promise" ? promiseOf() : null) ?? next();

export function startOwing() {
  action("promise", "p", t("Start the call that is owed next"), () => start(meant()), () => startable() && meant() !== null && !isDialled(meant()));
  action("keep", "Alt+O", t("The call that is owed is kept by this one"), () => keep(keepable()), () => keepable() !== null);
}

// --- the promise that is mine now ---

onMessage((message, before) => {
  if (message.type !== "promise" || !message.value || !isNow(message.value)) return;
  if (isNow(before.promises[message.key])) return;
  comes(message.value);
});

/** Before my phone rings: on the screen, unless another call is worked on; told in any case. */
function comes(one) {
  const [, pop] = current() ?? [];
  const words = t("You call {name}: {what}", { name: name(one), what: promiseWord(one.kind) });
  document.getElementById("called").textContent = words;
  if (pop && pop.state !== "missed") return say(words, "info", { label: t("Show"), run: () => lookAtPromise(one) });
  sound();
  return lookAtPromise(one);
}

/** Who is to be called and what for, in the place of the caller. */
export function PromiseHead() {
  const one = useDesk(promiseOf);
  const may = useDesk(startable);
  if (!one) return html`<section class="head idle" aria-label=${t("The promise")}><div class="phase"><${Icon} name="ready" size=${30} /></div>
    <div class="who"><h1>${t("This call is not owed by you any more")}</h1></div></section>`;
  const now = isNow(one);
  return html`<section class=${classes("head", now ? "state-ringing" : isLate(one) && "state-missed")} aria-label=${t("The promise")}>
    <div class="phase"><${Icon} name=${now ? "talking" : "clock"} size=${30} /><span>${now ? promiseFate(one.status) : html`<${Due} at=${one.due_at} />`}</span></div>
    <div class="who">
      <h1 class="cut"><bdi title=${name(one)}>${name(one)}</bdi></h1>
      <p class="cut line"><strong class="big">${promiseWord(one.kind)}</strong>${one.number && html`<bdi class="number big">${readable(one.number)}</bdi>`}
        <span class="number quiet">${spoken(one.ticket_number)}</span></p>
      <p class="cut"><bdi>${one.why}</bdi></p>
    </div>
    <div class="whence">
      <p>${t("due {when}", { when: when(one.due_at) })}</p><p class="quiet">${one.deadline_at && t("at the latest {when}", { when: when(one.deadline_at) })}</p>
      ${!isDialled(one) && html`<${Do} id="promise" icon="talking" kind="main" disabled=${!may} onClick=${() => start(one)}>${t("Call now")}<//>`}
    </div>
  </section>`;
}

/** What to say: beside the customer's story, as long as the promise or its call is on the screen. */
export function Script() {
  const one = useDesk(promiseOf);
  const words = one && (typeof one.script === "string" ? one.script : titled(one.script));
  return words ? html`<p class="script"><${Icon} name="message" /><span><strong>${t("To say")}</strong> <bdi>${words}</bdi></span></p>` : null;
}

// --- the list ---

export function Owed() {
  const rows = useDesk(owed, alike);
  const may = useDesk(startable);
  useClock(); // what becomes late does so while nobody does anything
  const [first, ...others] = rows;
  const late = rows.filter(isLate).length;
  return html`<${Panel} title=${t("Owed by you")} kind="owed-list" note=${html`${count(rows.length)}
      ${late > 0 && html`<span class="wrong">${t("{n} late", { n: late })}</span>`}<a class="more" href="/promises">${t("All promises")}</a>`}>
    ${first ? html`<${Next} one=${first} may=${may} />` : html`<${Empty}>${t("You owe no call today.")}<//>`}
    ${others.length > 0 && html`<ul class="rows">${others.map((one) => html`<${Row} key=${one.id} one=${one} may=${may} />`)}</ul>`}
  <//>`;
}

/** The next one: large, with what it is for, and its key. */
const Next = ({ one, may }) => html`<section class=${classes("next", isLate(one) && "late", isNow(one) && "now")} aria-label=${t("The next call that you owe")}>
  <p class="line"><${Icon} name=${isLate(one) ? "warning" : "clock"} size=${22} /><strong class="cut">${promiseWord(one.kind)}</strong>
    <span class="due">${isNow(one) ? promiseFate(one.status) : html`<${Due} at=${one.due_at} />`}</span></p>
  <button type="button" class="row" onClick=${() => lookAtPromise(one)} title=${t("Show who it is")}>
    <span class="cut big"><bdi>${name(one)}</bdi> ${one.customer_name && html`<bdi class="number quiet">${readable(one.number)}</bdi>`}</span><span class="number quiet">${spoken(one.ticket_number)}</span>
    <span class="cut"><bdi>${one.why}</bdi></span></button>
  <p class="line"><${Do} id="promise" icon="talking" kind="main" disabled=${!may || isDialled(one)} onClick=${() => start(one)}>${t("Call now")}<//>
    <small class="quiet">${one.deadline_at ? t("at the latest {when}", { when: when(one.deadline_at) }) : ""}</small></p>
</section>`;

const Row = ({ one, may }) => html`<li class=${isLate(one) ? "late" : ""}>
  <button type="button" class="row" onClick=${() => lookAtPromise(one)}><${Icon} name=${isLate(one) ? "warning" : fateIcon(one.status)} />
    <span class="cut"><strong>${promiseWord(one.kind)}</strong> <bdi>${one.customer_name ?? ""}</bdi></span>
    <${Due} at=${one.due_at} /><small class="quiet cut">${!onToday(one.due_at) && html`<${Moment} at=${one.due_at} /> · `}<bdi>${one.why ?? ""}</bdi></small></button>
  <button type="button" disabled=${!may || isDialled(one)} onClick=${() => start(one)}><${Icon} name="talking" />${t("Dial")}<span class="unseen"> ${name(one)}</span></button>
</li>`;

