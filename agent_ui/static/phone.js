// The telephone: call, hang up, pass on. What is shown is what the switch did.
import { html, classes, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Do, Empty, dialable } from "./bits.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { calls, current, me, seat, shift } from "./pops.js";
import { alike, ask, desk, put, say, unask, unaskLater, useDesk } from "./store.js";
import { onMessage } from "./stream.js";
import { t, tn } from "./texts.js";
import { Lasting } from "./time.js";
import { stateWord } from "./words.js";
import { ticketOf } from "./ticket.js";

/** The call on the line: the one that is looked at, if it goes on, else the one that does. */
export function onLine(state = desk) {
  const going = (pair) => pair && !pair[1].over && ["answered", "calling"].includes(pair[1].state);
  const viewed = current(state);
  return going(viewed) ? viewed : calls(state).find(going) ?? null;
}

const PATIENCE_MS = 100_000; // as long as a phone may ring

export const REFUSALS = {
  busy: t("busy"), no_answer: t("no answer"), unreachable: t("cannot be reached"), in_hand: t("Your phone is busy with what you asked before"),
  no_connection: t("callserver has no connection to the switch"), do_not_call: t("This customer wants no calls"),
  service_number: t("Service numbers are not called from here"), abroad: t("Numbers abroad are not called from here"),
  refused_number: t("This number is not called from here"), not_a_number: t("That is no telephone number"),
  declined: t("refused"), rejected: t("refused"), failed: t("failed"), ended: t("stopped ringing before it was answered"),
  in_a_call: t("Your phone rings or is in a call: end that first"), over: t("The call is over, or your phone is not part of it any more"),
  alone: t("There is nobody on the line to pass on"), consulting: t("You are asking somebody already: join them, or go back"),
  not_consulting: t("Nobody is being asked"), not_answered: t("The colleague has not answered yet"),
  not_begun: t("Asterisk did not begin to ask them: try again"), no_extension: t("The switch has no way there"),
  no_queue: t("The switch has no such queue"), expired: t("It was too late"), lost: t("callserver was restarted before it was done"),
};

/** Refused because that phone is not free; a blind transfer may go there all the same. */
const NOT_FREE = new Set(["busy", "unreachable"]);

/** It was done, and what came of it is not what was meant. */
const OTHERWISE = {
  not_taken: t("They did not take the call: the caller comes back to you, or waits in front."),
  lost: t("The call ended on the way."),
};

/** Ask the switch and say what it did. Gives the answer; null where it did not do it, or did not say. `then`: what is to
    be done once it was, also if it was only for a reason. */
async function tell(path, body, done, refused = () => {}, then = () => {}) {
  try {
    const answer = await api.post(path, body, { patience: PATIENCE_MS });
    if (answer.outcome === "done") {
      if (OTHERWISE[answer.code]) say(OTHERWISE[answer.code], "warning");
      else if (done) say(done);
      then();
      return answer;
    }
    const said = REFUSALS[answer.code] ?? answer.said ?? answer.code;
    say(answer.outcome === "unknown" ? t("The switch did not say whether it did it. Look before you ask again.")
      : t("The switch did not do it: {said}", { said }), "warning");
    if (answer.code === "do_not_call") ask("override", { ticket: body.ticket, go: (override) => tell(path, { ...body, override }, done, refused, then) });
    refused(answer.code);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.words, "warning");
  }
  return null;
}

/** Somebody who wants no calls is called only for a reason, which stays on the ticket. */
export function OverrideDialog({ ticket, go }) {
  const [why, setWhy] = useState("");
  const insist = () => {
    unask();
    go(why.trim());
  };
  return html`<${Dialog} title=${t("This customer wants no calls")} onSubmit=${() => why.trim() && ticket && insist()}>
    ${ticket ? html`<label>${t("Why do you call all the same? It stays on the ticket.")}<input autofocus value=${why} maxlength="500"
      onInput=${(event) => setWhy(event.target.value)} /></label>` : html`<p>${t("Choose the ticket first on which the reason is to stand.")}</p>`}
    <footer><button type="submit" class="main" disabled=${!why.trim() || !ticket}>${t("Call all the same")}</button></footer>
  <//>`;
}

export const dial = (number, ticket) => tell("/phone/calls", { number: dialable(number), ...(ticket ? { ticket } : {}) });
export const hangUp = () => onLine() && tell("/phone/hangup", { call: onLine()[1].call });

export function Phone() {
  const pair = useDesk((state) => onLine(state) ?? [], alike);
  const call = useDesk((state) => (pair[1] ? state.screen.calls[pair[1].call] : null));
  const may = useDesk((state) => seat(state) !== null && state.connection.state === "live");
  const consult = useDesk(consulting, alike);
  const [number, setNumber] = useState("");
  const [busy, setBusy] = useState(false);
  const go = async (doing) => {
    setBusy(true);
    await doing();
    setBusy(false);
  };
  const start = (event) => {
    event.preventDefault();
    if (!dialable(number)) return;
    document.activeElement?.blur();
    go(async () => { if (await dial(number, ticketOf(desk))) setNumber(""); });
  };
  return html`<section class="phone" aria-label=${t("Telephone")}>
    <form class="line" onSubmit=${start}>
      <input id="dial" type="tel" value=${number} placeholder=${t("Number")} aria-label=${t("Number to call")} maxlength="40"
        autocomplete="off" disabled=${!may} onInput=${(event) => setNumber(event.target.value)} />
      <button type="submit" disabled=${!may || busy || !dialable(number)}><${Icon} name="talking" />${t("Dial")}</button>
    </form>
    <p class="quiet line-state">${call?.held ? html`<${Icon} name="held" size=${14} /> ${t("On hold")}` : pair[1] ? t("On the line") : t("Free")}</p>
    ${consult ? html`<${Consulting} consult=${consult} go=${go} busy=${busy} />` : html`<div class="line">
      <${Do} id="hangup" kind="danger grow" disabled=${!pair[1] || busy || !may} onClick=${() => go(hangUp)}>${t("Hang up")}<//>
      <${Do} id="transfer" kind="grow" disabled=${!pair[1] || busy || !may} onClick=${() => ask("transfer")}>${t("Pass on")}<//>
    </div>`}
  </section>`;
}

// --- a colleague who is asked first ---

/** Who is asked while the customer waits on hold: {call, name, rings}. A page that was loaded anew, or another window, knows
    it from the call: it is held, and somebody else's phone is part of it. */
function consulting(state) {
  const [, pop] = onLine(state) ?? [];
  if (!pop) return null;
  if (state.consult?.call === pop.call) return state.consult;
  const call = state.screen.calls[pop.call];
  const [other] = call?.held ? (call.with ?? []).filter((one) => one !== pop.interface) : [];
  return other ? { call: pop.call, name: state.screen.agents[`${pop.pbx}/${other}`]?.name || other, rings: false } : null;
}

/** The customer is not on hold any more, or the call is over: nobody is asked. */
onMessage((_, before) => {
  const call = desk.consult?.call;
  if (call && before.calls[call]?.held && !desk.screen.calls[call]?.held) put({ consult: null });
});

const endConsult = async (how) => {
  const { call } = consulting(desk) ?? {};
  if (call && await tell(`/phone/transfers/${how}`, { call })) put({ consult: null });
};

function Consulting({ consult, go, busy }) {
  const { name, rings } = consult;
  return html`<div class="consult"><p class="cut"><${Icon} name="transfer" /> ${rings ? t("You ask {name}: it rings", { name }) : t("You ask {name}", { name })}</p><div class="line">
    <${Do} id="join" kind="main grow" disabled=${busy || rings} onClick=${() => go(() => endConsult("finish"))}>${t("Join them")}<//>
    <${Do} id="unask" kind="grow" disabled=${busy} onClick=${() => go(() => endConsult("cancel"))}>${t("Back to the customer")}<//></div></div>`;
}

// --- who is free ---

const RANK = { ready: 0, wrap_up: 1, ringing: 2, talking: 3, held: 3, listening: 3, paused: 4, unreachable: 5, gone: 6 };

function targets(state, words) {
  const mine = seat(state);
  const agents = Object.entries(state.screen.agents).filter(([key]) => key !== mine).map(([key, one]) => ({
    key, to: { agent: one.interface }, name: one.name || one.interface, state: one.state, since: one.since, rank: RANK[one.state] ?? 7,
    more: Object.keys(one.queues ?? {}).join(", "),
  }));
  const queues = Object.entries(state.screen.queues).map(([key, one]) => ({
    key, to: { queue: one.name }, name: one.title || one.name, state: null, rank: 2.5,
    more: tn("{n} ready", "{n} ready", one.ready ?? 0), ready: one.ready,
  }));
  const wanted = words.trim().toLowerCase();
  const found = [...agents, ...queues].filter((one) => `${one.name} ${one.more}`.toLowerCase().includes(wanted));
  const begins = (one) => (one.name.toLowerCase().startsWith(wanted) ? 0 : 1); // "li" is Li Na, however busy, before the hotline
  return found.sort((a, b) => begins(a) - begins(b) || a.rank - b.rank || a.name.localeCompare(b.name)).slice(0, 50);
}

export function TransferDialog() {
  const [words, setWords] = useState("");
  const [how, setHow] = useState("blind");
  const [note, setNote] = useState("");
  const [picked, setPicked] = useState(0);
  const [busy, setBusy] = useState(false);
  const [taken, setTaken] = useState(null); // whose phone was not free when it was asked
  const found = useDesk((state) => targets(state, words), (a, b) => JSON.stringify(a) === JSON.stringify(b));
  const number = dialable(words).length >= 3 ? [{ key: "number", to: { number: dialable(words) }, name: dialable(words), state: null, more: t("call this number") }] : [];
  const all = [...number, ...found];
  const pick = Math.min(picked, Math.max(0, all.length - 1));
  const insists = how === "blind" && taken !== null && taken === all[pick]?.key;
  const go = async (target, anyway = false) => {
    const [, pop] = onLine() ?? [];
    if (!target || !pop || busy) return;
    const close = unaskLater();
    const asked = { call: pop.call, name: target.name };
    setBusy(true);
    if (how === "attended") put({ consult: { ...asked, rings: true } });
    const answer = await tell("/phone/transfers", { call: pop.call, how, to: target.to, note: note.trim(), anyway, ...(ticketOf(desk) ? { ticket: ticketOf(desk) } : {}) },
      how === "blind" ? t("Passed on to {name}", { name: target.name }) : null,
      (code) => setTaken(how === "blind" && NOT_FREE.has(code) ? target.key : null),
      () => how === "attended" && put({ consult: { ...asked, rings: false } }));
    if (!answer && how === "attended") put({ consult: null });
    setBusy(false);
    if (answer) close();
  };
  const move = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    setPicked(Math.max(0, Math.min(all.length - 1, pick + step)));
  };
  return html`<${Dialog} wide title=${t("Pass the call on")} onSubmit=${() => go(all[pick], insists)}>
    <div class="fields two">
      <label class="wide">${t("To whom: a name, a queue or a number")}<input autofocus value=${words} autocomplete="off" onKeyDown=${move}
        role="combobox" aria-expanded="true" aria-controls="targets" aria-activedescendant=${all[pick] ? `target-${pick}` : undefined}
        onInput=${(event) => { setWords(event.target.value); setPicked(0); }} /></label>
      <label class="wide">${t("What the colleague should know")}<input value=${note} maxlength="500" onInput=${(event) => setNote(event.target.value)} /></label>
    </div>
    <ul id="targets" class="targets" role="listbox" aria-label=${t("Who is free")}>
      ${all.map((one, at) => html`<li key=${one.key} id=${`target-${at}`} role="option" aria-selected=${at === pick ? "true" : "false"}
          class=${classes(at === pick && "chosen", one.state && "state-" + one.state)} onClick=${() => { setPicked(at); go(one); }}>
        <${Icon} name=${one.state ?? (one.to.queue ? "queue" : "talking")} />
        <strong class="cut"><bdi>${one.name}</bdi></strong>
        <span>${one.state ? stateWord(one.state) : ""} ${one.state && one.since && html`<${Lasting} since=${one.since} />`}</span>
        <span class="quiet cut"><bdi>${one.more}</bdi></span></li>`)}
      ${!all.length && html`<li role="option" aria-selected="false" aria-disabled="true"><${Empty}>${t("Nobody is called so")}<//></li>`}
    </ul>
    <footer>
      <label class="line"><input type="checkbox" checked=${how === "attended"} onChange=${(event) => setHow(event.target.checked ? "attended" : "blind")} />
        ${t("speak with them first")}</label>
      <button type="submit" class="main" disabled=${!all.length || busy} aria-busy=${busy ? "true" : undefined}>${how === "attended" ? t("Call them") : insists ? t("Pass on all the same") : t("Pass on")}</button>
    </footer>
  <//>`;
}

export function startPhone() {
  const talks = () => onLine() !== null && shift() !== null;
  const place = () => document.getElementById("dial"); // what was not done is still there: typing takes its place
  action("dial", "Alt+C", t("Call a number"), () => { place()?.focus(); place()?.select(); }, () => me() !== null);
  action("hangup", "Alt+H", t("Hang up"), hangUp, talks);
  action("transfer", "Alt+T", t("Pass the call on"), () => ask("transfer"), talks);
  action("join", "Alt+5", t("Join the colleague who is asked with the customer"), () => endConsult("finish"), () => consulting(desk)?.rings === false);
  action("unask", "Alt+6", t("Back to the customer; the colleague goes"), () => endConsult("cancel"), () => consulting(desk) !== null);
}
