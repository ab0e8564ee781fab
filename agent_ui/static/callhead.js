// The head of the desk: who calls, the largest thing while it rings; beside it the other calls.
import { html, classes } from "./ui.js";
import { Badge, Do, Name } from "./bits.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { isLate, keep, keepable, owed } from "./owing.js";
import { dial } from "./phone.js";
import { caller, calls, current, customerOf, dismiss, look, lookAway, missed, release } from "./pops.js";
import { alike, useDesk } from "./store.js";
import { t, titled, tn } from "./texts.js";
import { Lasting, Moment, away, isPast, roughly } from "./time.js";
import { numberKind, promiseWord } from "./words.js";

const flat = (state) => calls(state).flat();

/** One tab a call, in a place that is always there. */
export function Strips() {
  const all = useDesk(flat, alike);
  const viewed = useDesk((state) => (state.view.kind === "pop" ? state.view.key : null));
  const pairs = all.filter((_, at) => at % 2 === 0).map((key, at) => [key, all[at * 2 + 1]]);
  return html`<div class="strips"><div class="strips" role=${pairs.length ? "tablist" : undefined} aria-label=${pairs.length ? t("My calls") : undefined}>
    ${pairs.map(([key, pop], at) => html`<button key=${key} type="button" role="tab" aria-selected=${key === viewed ? "true" : "false"}
        class=${classes("strip", "state-" + stateName(pop))} onClick=${() => look(key)} aria-keyshortcuts=${`Alt+${at + 1}`}>
      <${Icon} name=${stateName(pop)} /> <strong class="cut"><bdi>${title(pop)}</bdi></strong>
      <span class="quiet">${strip(pop)}</span><kbd aria-hidden="true">Alt ${at + 1}</kbd></button>`)}</div>
    <${Today} /></div>`;
}

/** What waits besides: always there, a way back to the lists. */
function Today() {
  const n = useDesk((state) => missed(state).length);
  const late = useDesk((state) => owed(state).filter(isLate).length);
  const here = useDesk((state) => state.view.kind === "empty");
  return html`<p><button type="button" class=${classes("bare", (n || late) && "wrong")} onClick=${lookAway} disabled=${here}>
    ${t("Missed {missed} · late {late}", { missed: n, late })}</button></p>`;
}

export const stateName = (pop) => {
  if (pop.state === "missed") return "missed";
  if (pop.over) return "wrap_up";
  return pop.state === "answered" ? "talking" : "ringing";
};

const strip = (pop) => (pop.over ? t("record open") : pop.state === "answered" ? t("talks") : t("rings"));
const title = (pop) => only(pop)?.name || pop.name || pop.number?.shown || numberKind("withheld");
const only = (pop) => (pop.caller?.customers?.length === 1 ? pop.caller.customers[0].customer : null);

export function Head() {
  const [key, pop] = useDesk((state) => current(state) ?? [], alike);
  const found = useDesk((state) => (key ? caller(state, key, pop) : null));
  const id = useDesk((state) => (key ? customerOf(state, key, pop) : null));
  const beside = useDesk((state) => (id ? state.dossiers[id] : null)); // who was searched for: in no look-up of a withheld number
  if (!pop) return html`<${NoCall} />`;
  const known = found?.customers?.find((one) => one.customer.id === id) ?? beside;
  const customer = known?.customer;
  const name = customer?.name || (found?.customers?.length > 1 ? tn("{n} customer has this number", "{n} customers have this number", found.customers.length) : pop.name);
  const state = stateName(pop);
  return html`<section class=${classes("head", "state-" + state)} aria-label=${t("The call")}>
    <div class="phase"><${Icon} name=${state} size=${30} /><span>${phase(pop)}</span></div>
    <div class="who">
      <h1 class="cut"><bdi title=${name}>${name || shownNumber(pop)}</bdi></h1>
      <p class="cut line">
        ${name && html`<bdi class="number big">${shownNumber(pop)}</bdi>`}
        ${pop.number?.place && html`<span>${titled(pop.number.place)}</span>`}
        <span class="quiet">${numberKind(pop.number?.kind ?? "other")}</span>
        ${customer?.addresses?.[0] && html`<${Name}>${address(customer.addresses[0])}<//>`}
      </p>
      <p class="badges">
        ${customer?.vip && html`<${Badge} kind="gold" icon="star">VIP<//>`}
        ${customer?.caution && html`<${Badge} kind="bad" icon="warning" title=${customer.caution}>${t("Caution: {why}", { why: customer.caution })}<//>`}
        ${customer?.do_not_call && html`<${Badge} kind="bad">${t("Wants no calls")}<//>`}
        ${pop.repeat > 0 && html`<${Badge} kind="ring" icon="clock">${tn("called {n} time in the last 7 days", "called {n} times in the last 7 days", pop.repeat)}<//>`}
      </p>
    </div>
    <div class="whence">${whence(pop)}
      ${pop.over && html`<button type="button" class="bare" title=${t("Nothing is written about this call")} onClick=${() => release(key)}>${t("Put away")}</button>`}
      ${pop.state === "missed" && html`<button type="button" class="bare" onClick=${() => dismiss(key)}>${t("Seen")}</button>`}
    </div>
    <${Owing} known=${known} />
  </section>`;
}

function phase(pop) {
  if (pop.state === "missed") return t("Missed");
  if (pop.over) return t("Record");
  if (pop.state === "answered") return html`<${Lasting} since=${pop.answered_at} />`;
  if (pop.state === "calling") return t("is called");
  return html`<${Lasting} since=${pop.offered_at} />`;
}

export const shownNumber = (pop) =>
  ["withheld", "rubbish"].includes(pop.number?.kind) || !pop.number?.shown ? numberKind(pop.number?.kind ?? "withheld") : pop.number.shown;

export const address = (one) => [one.city, one.area, one.line].filter(Boolean).join(" ");

/** What is owed comes before anything else that is known; one key says that this call keeps it. */
function Owing({ known }) {
  const here = useDesk(keepable);
  const [first, ...more] = known?.dealings.promises ?? [];
  if (!first) return null;
  const late = isPast(first.due_at);
  const text = late
    ? t("You owe: {what}, since {when}", { what: promiseWord(first.kind), when: away(first.due_at) })
    : t("Owed: {what}, due {when}", { what: promiseWord(first.kind), when: away(first.due_at) });
  return html`<p class=${classes("owing", late && "late")} title=${first.why}><${Icon} name="clock" /> <strong class="cut">${text}</strong>
    <span class="cut"><bdi>${first.why}</bdi></span>${more.length > 0 && html` <span>+${more.length}</span>`}
    ${here && html`<${Do} id="keep" onClick=${() => keep(here)}>${t("Kept by this call")}<//>`}</p>`;
}

function whence(pop) {
  const visits = pop.visits ?? [];
  const waited = pop.waited_s ?? visits.reduce((sum, one) => sum + (one.waited_s ?? 0), 0);
  return html`
    ${pop.queue && html`<p class="cut"><${Icon} name="queue" /> <${Name}>${pop.queue_title || pop.queue}<//></p>`}
    ${pop.queue && waited > 0 && html`<p><${Icon} name="clock" /> ${t("waited {time}", { time: roughly(waited) })}</p>`}
    ${visits.length > 1 && html`<p class="quiet cut">${visits.slice(0, -1).map((one) => one.queue).join(" → ")}</p>`}
    ${pop.transfer && html`<p class="passed"><${Icon} name="transfer" /> <span>${t("from {name}", { name: pop.transfer.by_name || pop.transfer.by || "–" })}${pop.transfer.note ? ": " : ""}<bdi>${pop.transfer.note}</bdi></span></p>`}
    ${pop.direction === "outbound" && html`<p class="quiet">${t("Your call")}</p>`}
    ${pop.state === "missed" && html`<p><${Moment} at=${pop.offered_at} /></p>`}`;
}

function NoCall() {
  const view = useDesk((state) => state.view.kind);
  const customer = useDesk((state) => (state.view.kind === "customer" ? state.dossiers?.[state.view.id]?.customer : null));
  if (view === "customer") return html`<section class="head" aria-label=${t("Customer")}>
    <div class="phase"><${Icon} name="person" size=${30} /></div>
    <div class="who"><h1 class="cut"><bdi title=${customer?.name}>${customer?.name || customer?.numbers?.[0]?.received || "…"}</bdi></h1>
      <p class="cut line">${customer?.numbers?.[0] && html`<bdi class="number big">${customer.numbers[0].received}</bdi>`}
        ${customer?.addresses?.[0] && html`<${Name}>${address(customer.addresses[0])}<//>`}</p>
      <p class="badges">${customer?.vip && html`<${Badge} kind="gold" icon="star">VIP<//>`}
        ${customer?.caution && html`<${Badge} kind="bad" icon="warning">${t("Caution: {why}", { why: customer.caution })}<//>`}
        ${customer?.do_not_call && html`<${Badge} kind="bad">${t("Wants no calls")}<//>`}</p></div>
    <div class="whence"><${Do} id="away" onClick=${lookAway}>${t("Close")}<//>
      ${(customer?.numbers ?? []).filter((one) => one.e164).slice(0, 3).map((one) => html`<${Do} key=${one.e164} id="" icon="talking" onClick=${() => dial(one.e164)}>${t("Dial")} ${one.received}<//>`)}</div>
  </section>`;
  return html`<section class="head idle" aria-label=${t("The call")}>
    <div class="phase"><${Icon} name="talking" size=${30} /></div>
    <div class="who"><h1>${t("Nobody on the line")}</h1><p class="quiet">${t("The next call appears here before you answer.")}</p></div>
  </section>`;
}

export function startHead() {
  for (let at = 1; at <= 4; at += 1) {
    action(`call${at}`, `Alt+${at}`, t("Look at call {n}", { n: at }), () => look(calls()[at - 1][0]), () => calls().length >= at);
  }
}
