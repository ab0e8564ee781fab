// One promise: why it was not dialled yet, what was tried, and what a person can do with it. Everything that takes a
// call away from somebody asks for the reason, which stays on the ticket.
import { html, classes, useEffect, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Do, Empty, readable, spoken } from "./bits.js";
import { Dialog } from "./dialog.js";
import { isoOf, localOf } from "./fields.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { may } from "./page-frame.js";
import { Fate, reload } from "./page-promise-list.js";
import { attempt } from "./shift.js";
import { ask, desk, put, say, unaskLater, useDesk } from "./store.js";
import { t, tn } from "./texts.js";
import { Due, Moment, away, isPast, when } from "./time.js";
import { attemptWord, modeWord, promiseWord } from "./words.js";

const RUNNING = ["dialling", "in_call"];

/** The promise that is looked at; as its list has it, or as it was read. */
const chosen = (state) => (state.list?.promises ?? []).find((one) => one.id === state.chosen) ?? (state.one?.id === state.chosen ? state.one : null);
const open = () => chosen(desk)?.open ?? false;
const steerable = () => may("promises:manage") && open() && !RUNNING.includes(chosen(desk).status);

export function startOne() {
  action("withdraw", "w", t("Withdraw it, with the reason"), () => ask("withdraw"), () => may("tickets:write") && open());
  action("move", "m", t("Move it to another time"), () => ask("move"), steerable);
  action("reassign", "r", t("Give it to somebody else"), () => ask("reassign"), steerable);
  action("decide", "d", t("Decide what came of it"), () => ask("decide"), () => may("promises:manage") && chosen(desk)?.status === "unknown");
  action("closeOne", "Escape", t("Close what is shown"), () => put({ chosen: null }), () => desk.chosen !== null);
}

export function One() {
  const one = useDesk(chosen);
  if (!one) return html`<section class="panel one empty-place" aria-label=${t("The promise")}><${Empty}>${t("Choose a promise to see why it was not dialled yet.")}<//></section>`;
  return html`<${Shown} key=${one.id} one=${one} />`;
}

function Shown({ one }) {
  const [told, setTold] = useState(null); // {lines, attempts}
  useEffect(() => {
    let gone = false;
    attempt(async () => {
      const [why, { attempts }] = await Promise.all([one.open ? api.get(`/promises/${one.id}/explain`) : null, api.get(`/promises/${one.id}/attempts`)]);
      if (!gone) setTold({ why, attempts });
    });
    return () => { gone = true; };
  }, [one.id, one.version, one.held, one.held_at, one.status]);
  return html`<section class="panel one" aria-label=${t("The promise")}>
    <header><h2 class="cut">${promiseWord(one.kind)} <span class="number quiet">#${one.id}</span></h2><${Fate} one=${one} />
      <button type="button" class="bare" onClick=${() => put({ chosen: null })} aria-label=${t("Close")}><${Icon} name="close" size=${14} /></button></header>
    <div class="inside" tabindex="0">
      <p class="whom"><strong><bdi>${one.customer_name || t("Nobody is known")}</bdi></strong> <bdi class="number">${readable(one.number)}</bdi>
        <a class="number" href=${`/desk#ticket=${one.ticket}`}>${t("Ticket {number}", { number: spoken(one.ticket_number) })}</a></p>
      ${one.why && html`<p class="remark"><bdi>${one.why}</bdi></p>`}
      <dl class="facts">
        <${Fact} name=${t("Due")}><${Moment} at=${one.due_at} /> ${one.open && html`<span class=${isPast(one.due_at) ? "wrong" : "quiet"}><${Due} at=${one.due_at} /></span>`}<//>
        <${Fact} name=${t("At the latest")}><${Moment} at=${one.deadline_at} />${one.broken_at && html` <span class="wrong">${t("broken {when}", { when: away(one.broken_at) })}</span>`}<//>
        <${Fact} name=${t("How")}>${modeWord(one.mode)}<//>
        <${Fact} name=${t("Whose")}><bdi>${[one.owner?.name, one.team].filter(Boolean).join(" · ") || t("everybody's")}</bdi>${one.reserved && html` · ${t("on the screen of {name}", { name: one.reserved.name })}`}<//>
        ${one.place_at && html`<${Fact} name=${t("Place in the queue")}>${one.queue} · ${t("since {time}", { time: when(one.place_at) })}<//>`}
        ${one.next_at && one.open && html`<${Fact} name=${t("Looked at next")}><${Moment} at=${one.next_at} /><//>`}
      </dl>
      ${one.open && html`<h3>${t("Why has it not been dialled yet?")}</h3><${Why} why=${told?.why} />`}
      <h3>${t("What was tried")}</h3><${Attempts} attempts=${told?.attempts} />
    </div>
    <${Doing} one=${one} />
  </section>`;
}

const Fact = ({ name, children }) => html`<div><dt>${name}</dt><dd>${children}</dd></div>`;

/** Every rule, in the order in which they are asked: the first that holds is the answer. */
function Why({ why }) {
  if (!why) return html`<p class="quiet" aria-busy="true">…</p>`;
  const lines = why.lines ?? [];
  const first = lines.find((one) => one.holds);
  const unknown = !first && !why.floor;
  const answer = unknown ? t("No rule of its own holds it; who is free is not known here.") : first?.text ?? t("Nothing holds it: it is dialled now.");
  return html`<p class=${first ? "held" : unknown ? "quiet" : "free"}><${Icon} name=${first ? "stop" : unknown ? "why" : "ready"} /> <strong>${answer}</strong></p>
    <details><summary>${tn("{n} rule was asked", "{n} rules were asked", lines.length)}</summary>
      <ul class="rules">${lines.map((one) => html`<li key=${one.code} class=${one.holds ? "holds" : "quiet"}><${Icon} name=${one.holds ? "stop" : "ready"} size=${13} />
        <span>${one.holds && html`<span class="unseen">${t("holds it")}: </span>`}${one.text}</span></li>`)}</ul></details>`;
}

function Attempts({ attempts }) {
  if (!attempts) return html`<p class="quiet" aria-busy="true">…</p>`;
  if (!attempts.length) return html`<${Empty}>${t("It was not dialled yet.")}<//>`;
  return html`<ol class="attempts">${attempts.map((one) => html`<li key=${one.n}>
    <${Icon} name=${["talked", "played"].includes(one.outcome) ? "ready" : one.outcome ? "missed" : "talking"} size=${14} />
    <${Moment} at=${one.sent_at} /><span class="number"><bdi>${readable(one.number)}</bdi></span>
    <strong>${one.outcome ? attemptWord(one.outcome) : t("goes on")}</strong>
    ${one.keys && html`<span class="quiet">${t("pressed {keys}", { keys: one.keys })}</span>`}</li>`)}</ol>`;
}

function Doing({ one }) {
  const manage = may("promises:manage");
  const runs = RUNNING.includes(one.status);
  const write = may("tickets:write");
  if (!one.open || !(manage || write)) return null;
  return html`<footer class="doing">
    ${one.status === "unknown" && manage && html`<${Do} id="decide" kind="main" onClick=${() => ask("decide")}>${t("Decide")}<//>`}
    ${manage && html`<${Do} id="reassign" disabled=${runs} onClick=${() => ask("reassign")}>${t("Reassign")}<//>
    <${Do} id="move" disabled=${runs} onClick=${() => ask("move")}>${t("Move")}<//>`}
    ${write && html`<${Do} id="withdraw" kind="danger" onClick=${() => ask("withdraw")}>${t("Withdraw")}<//>`}
    ${runs && html`<p class="quiet">${t("It is being dialled: wait for what comes of it.")}</p>`}
  </footer>`;
}

// --- what a person does with it ---

/** A dialog about the chosen promise: its fields, the reason, and what is wrong with either. */
function About({ title, label, path, body, ready = true, danger = false, needsWhy = true, children }) {
  const one = chosen(desk);
  const [why, setWhy] = useState("");
  const [wrong, setWrong] = useState({});
  const [busy, setBusy] = useState(false);
  if (!one) return null;
  const go = async () => {
    if (!ready || (needsWhy && !why.trim())) return;
    const close = unaskLater();
    setBusy(true);
    try {
      const changed = await api.post(`/promises/${one.id}/${path}`, { ...body, why: why.trim() });
      if (changed?.id) put({ one: changed, list: desk.list && { ...desk.list, promises: desk.list.promises.map((each) => (each.id === changed.id ? changed : each)) } });
      close();
      say(t("Done: {what}", { what: title }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setWrong({ "": error.words, ...error.fields });
    }
    setBusy(false);
    reload();
  };
  const first = !children;
  return html`<${Dialog} title=${title} onSubmit=${go}>
    <p><strong>${promiseWord(one.kind)}</strong> <bdi>${one.customer_name ?? readable(one.number)}</bdi> · ${when(one.due_at)}</p>
    ${children}
    <label>${needsWhy ? t("Why? It stays on the ticket.") : t("Why")}<input autofocus=${first} value=${why} maxlength="500" required=${needsWhy} aria-invalid=${wrong.why ? "true" : undefined}
      onInput=${(event) => setWhy(event.target.value)} /></label>
    ${wrong[""] && html`<p class="wrong" role="alert">${wrong[""]}</p>`}
    <footer><button type="submit" class=${danger ? "danger" : "main"} disabled=${busy || !ready || (needsWhy && !why.trim())}>${label}</button></footer>
  <//>`;
}

export const WithdrawDialog = () => html`<${About} title=${t("Withdraw")} label=${t("It is not owed any more")} path="withdraw" danger />`;

export function MoveDialog() {
  const one = chosen(desk);
  const [at, setAt] = useState(localOf(one?.due_at));
  const due = isoOf(at);
  const gone = due !== null && isPast(due);
  return html`<${About} title=${t("Move")} label=${t("Move it")} path="move" body=${{ due_at: due, version: one?.version }} ready=${due !== null && !gone} needsWhy=${false}>
    <label>${t("Due")}<input type="datetime-local" autofocus required value=${at} onInput=${(event) => setAt(event.target.value)} /></label>
    <p class=${classes(gone ? "wrong" : "quiet")}>${gone ? t("That is over.") : due && away(due)}${due && one && !gone && Date.parse(due) > Date.parse(one.deadline_at) ? html` <span class="wrong">${t("after its deadline, {when}", { when: when(one.deadline_at) })}</span>` : ""}</p>
  <//>`;
}

export function ReassignDialog() {
  const people = useDesk((state) => state.people ?? []);
  const teams = useDesk((state) => state.teams ?? []);
  const one = chosen(desk);
  const [to, setTo] = useState("user");
  const [name, setName] = useState("");
  return html`<${About} title=${t("Reassign")} label=${t("Give it to them")} path="reassign" body=${{ [to]: name.trim(), version: one?.version }} ready=${Boolean(name.trim())} needsWhy=${false}>
    <fieldset class="options"><legend>${t("To whom")}</legend>
      <label><input type="radio" name="to" checked=${to === "user"} onChange=${() => setTo("user")} /> ${t("a person")}</label>
      <label><input type="radio" name="to" checked=${to === "team"} onChange=${() => setTo("team")} /> ${t("a team")}</label></fieldset>
    <label>${to === "user" ? t("Login") : t("Team")}<input autofocus list="whom" value=${name} required maxlength="100" autocomplete="off" onInput=${(event) => setName(event.target.value)} />
      <datalist id="whom">${to === "user" ? people.map((one) => html`<option key=${one.login} value=${one.login}>${one.name}</option>`) : teams.map((one) => html`<option key=${one} value=${one} />`)}</datalist></label>
  <//>`;
}

const DECISIONS = ["talked", "no_answer", "busy", "not_sent"];

/** Nobody saw what came of the last attempt; whoever asked the customer, or the switch's log, knows. */
export function DecideDialog() {
  const [outcome, setOutcome] = useState("");
  return html`<${About} title=${t("Decide what came of it")} label=${t("So it was")} path="resolve" body=${{ outcome }} ready=${Boolean(outcome)}>
    <p class="quiet">${t("callserver lost sight of the last attempt and found no evidence. It will not dial again before you say what happened.")}</p>
    <fieldset class="options tall"><legend>${t("What happened?")}</legend>${DECISIONS.map((one, at) => html`
      <label key=${one}><input type="radio" name="outcome" autofocus=${at === 0} checked=${outcome === one} onChange=${() => setOutcome(one)} /> ${attemptWord(one)}</label>`)}</fieldset>
  <//>`;
}
