// What a report is asked for: days, how they are cut, whose numbers; and taking it away: CSV, Excel, paper.
import { html } from "./ui.js";
import { Typed } from "./bits.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { alike, ask, useDesk } from "./store.js";
import { t, titled } from "./texts.js";
import { CUTS, SPLITS, chosen } from "./page-report-words.js";
import { PERIODS, between, cutOf, daysOf, exportAddress, moved, periodOf, want } from "./page-report-data.js";

/** The same number of days, before or behind. */
function shift(wanted, by) {
  const [from, to] = daysOf(wanted);
  const days = between(from, to) * by;
  want({ period: "", from: moved(from, days), to: moved(to, days) });
}

export function startFilters(wanted) {
  action("earlier", "[", t("As many days earlier"), () => shift(wanted(), -1));
  action("later", "]", t("As many days later"), () => shift(wanted(), 1));
  action("csv", "c", t("Take it away as CSV"), () => document.querySelector("[data-action=csv]").click());
  action("xlsx", "x", t("Take it away for Excel"), () => document.querySelector("[data-action=xlsx]").click());
  action("print", "p", t("Print"), () => print());
  action("definitions", "d", t("What the numbers mean"), () => ask("definitions"));
}

export function Filters() {
  const wanted = useDesk((state) => state.wanted, alike);
  const asking = useDesk((state) => state.asking);
  return html`<section class="panel asking" aria-label=${t("What is asked for")} aria-busy=${asking ? "true" : undefined}>
    <div class="line"><${Days} wanted=${wanted} /><${Only} wanted=${wanted} /></div>
    <div class="line"><${Whose} wanted=${wanted} /><${Away} /></div></section>`;
}

function Days({ wanted }) {
  const [from, to] = daysOf(wanted);
  const now = periodOf(wanted);
  const own = (part) => want({ period: "", from, to, ...part });
  return html`<div class="views" role="group" aria-label=${t("Period")}>${Object.entries(PERIODS).map(([name, one]) => html`
      <button key=${name} type="button" class="bare" data-period=${name} aria-pressed=${now === name ? "true" : "false"} onClick=${() => want({ period: name, from: "", to: "" })}>${one.label()}</button>`)}</div>
    <button type="button" class="bare" data-action="earlier" aria-label=${t("As many days earlier")} title=${t("As many days earlier")} onClick=${() => shift(wanted, -1)}>◀</button>
    <label><span class="unseen">${t("From day")}</span><${Typed} id="report-from" type="date" value=${from} max=${to} required onChange=${(event) => event.target.value && own({ from: event.target.value })} /></label>
    <span aria-hidden="true">–</span>
    <label><span class="unseen">${t("To day")}</span><${Typed} id="report-to" type="date" value=${to} min=${from} required onChange=${(event) => event.target.value && own({ to: event.target.value })} /></label>
    <button type="button" class="bare" data-action="later" aria-label=${t("As many days later")} title=${t("As many days later")} onClick=${() => shift(wanted, 1)}>▶</button>`;
}

const Pick = ({ name, label, value, options }) => html`<label><span class="unseen">${label}</span><select data-filter=${name} onChange=${(event) => want({ [name]: event.target.value })}>
  ${options.map(([key, words]) => html`<option key=${key} value=${key} selected=${value === key}>${words}</option>`)}</select></label>`;

function Whose({ wanted }) {
  const titles = useDesk((state) => state.titles ?? {}, alike);
  const teams = useDesk((state) => state.teams ?? [], alike);
  const kinds = useDesk((state) => state.kinds ?? {}, alike);
  const queues = Object.entries({ ...Object.fromEntries(wanted.queue.split(",").filter(Boolean).map((one) => [one, one])), ...titles });
  const named = (table) => Object.entries(table).map(([key, words]) => [key, words()]);
  return html`
    <${Pick} name="by" label=${t("How the time is cut")} value=${cutOf(wanted)} options=${named(CUTS)} />
    <${Pick} name="split" label=${t("A row for each")} value=${wanted.split} options=${[["", t("all together")], ...named(SPLITS)]} />
    <${Pick} name="queue" label=${t("Queue")} value=${wanted.queue} options=${[["", t("every queue")], ...queues]} />
    <${Pick} name="team" label=${t("Team")} value=${wanted.team} options=${[["", t("every team")], ...teams.map((one) => [one, one])]} />
    <${Pick} name="kind" label=${t("Kind of ticket")} value=${wanted.kind} options=${[["", t("every kind")], ...Object.values({ ...(wanted.kind && !kinds[wanted.kind] ? { [wanted.kind]: { name: wanted.kind } } : {}), ...kinds }).map((one) => [one.name, titled(one.title, one.name)])]} />`;
}

/** What was chosen in the table: of whom only. Each is taken back by itself. */
function Only({ wanted }) {
  useDesk((state) => state.agentNames, alike);
  return html`<span class="only">${chosen(wanted).filter(([name]) => name !== "kind").map(([name, words]) => html`
    <button key=${name} type="button" data-only=${name} aria-label=${t("No longer only: {what}", { what: words })} onClick=${() => want({ [name]: "" })}><span class="cut">${t("only {what}", { what: words })}</span> <${Icon} name="close" size=${12} /></button>`)}</span>`;
}

const Away = () => html`<span class="away">
  <a class="button" data-action="csv" href=${exportAddress("csv")} download aria-keyshortcuts="c"><${Icon} name="out" size=${14} /> CSV</a>
  <a class="button" data-action="xlsx" href=${exportAddress("xlsx")} download aria-keyshortcuts="x"><${Icon} name="out" size=${14} /> Excel</a>
  <button type="button" data-action="print" aria-keyshortcuts="p" onClick=${() => print()}><${Icon} name="note" size=${14} /> ${t("Print")}</button>
  <button type="button" class="bare" data-action="definitions" aria-keyshortcuts="d" onClick=${() => ask("definitions")}><${Icon} name="why" size=${14} /> ${t("What the numbers mean")}</button></span>`;
