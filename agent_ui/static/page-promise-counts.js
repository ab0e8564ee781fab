// How it stands: owed, late, broken and kept by kind and team; and the load of the next days, hour by hour, against
// what the house can take. A number is a way to the promises that it counts; of those that are no team's there is no list.
import { html, classes, useRef } from "./ui.js";
import { api } from "./api.js";
import { Empty } from "./bits.js";
import { want } from "./page-promise-list.js";
import { put, reading, useDesk } from "./store.js";
import { language, number, t, tn } from "./texts.js";
import { now } from "./time.js";
import { promiseWord } from "./words.js";

const HOUR_MS = 3_600_000;
const DAYS = 7;

/** From midnight here, seven days. */
function span() {
  const begin = new Date(now());
  begin.setHours(0, 0, 0, 0);
  const end = new Date(begin);
  end.setDate(end.getDate() + DAYS);
  return { from: begin.toISOString(), to: end.toISOString() };
}

/** Raises Refused. */
export const lookAtCounts = reading(async () => {
  const days = span();
  const [counts, calendar] = await Promise.all([api.get("/promises/counts"), api.get("/promises/calendar", days)]);
  return { counts, calendar: { ...calendar, from: days.from } };
});

const COLUMNS = [
  ["due", () => t("owed"), { show: "owed" }],
  ["late", () => t("late"), { show: "late" }],
  ["broken", () => t("broken"), { show: "broken" }],
  ["unknown", () => t("to decide"), { show: "unknown" }],
  ["kept", () => t("kept today"), { show: "settled" }],
];

const summed = (rows, of) => {
  const found = new Map();
  for (const row of rows) {
    const key = row[of] ?? "";
    const sum = found.get(key) ?? Object.fromEntries(COLUMNS.map(([name]) => [name, 0]));
    for (const [name] of COLUMNS) sum[name] += row[name] ?? 0;
    found.set(key, sum);
  }
  return [...found];
};

export function Counts() {
  const rows = useDesk((state) => state.counts?.rows);
  const by = useDesk((state) => state.countBy ?? "kind");
  const all = rows ? summed(rows, by) : [];
  const label = (key) => (by === "kind" ? promiseWord(key) : key || t("no team"));
  const sum = summed(rows ?? [], "nothing")[0]?.[1];
  return html`<section class="panel counts" aria-label=${t("How it stands")} aria-busy=${rows ? undefined : "true"}>
    <header><h2>${t("How it stands")}</h2><span class="filters" role="group" aria-label=${t("counted by")}>${[["kind", t("by kind")], ["team", t("by team")]].map(([name, words]) => html`
      <button key=${name} type="button" class="bare" aria-pressed=${by === name ? "true" : "false"} onClick=${() => put({ countBy: name })}>${words}</button>`)}</span></header>
    <div class="inside" tabindex="0"><table><thead><tr><th scope="col"><span class="unseen">${by === "kind" ? t("Kind") : t("Team")}</span></th>
      ${COLUMNS.map(([name, words]) => html`<th key=${name} scope="col">${words()}</th>`)}</tr></thead>
      <tbody>${all.map(([key, found]) => html`<tr key=${key}><th scope="row" class="cut">${label(key)}</th>
        ${COLUMNS.map(([name, , show]) => html`<td key=${name} class=${classes("number", bad(name) && found[name] > 0 && "wrong")}>
          ${by === "team" && !key ? number(found[name]) : html`<button type="button" class="bare number" onClick=${() => want({ ...show, kind: "", team: "", [by]: key })}>${number(found[name])}</button>`}</td>`)}</tr>`)}</tbody>
      ${sum && html`<tfoot><tr><th scope="row">${t("all")}</th>${COLUMNS.map(([name, , show]) => html`<td key=${name} class="number">
        <button type="button" class="bare number" onClick=${() => want({ ...show, kind: "", team: "" })}>${number(sum[name])}</button></td>`)}</tr></tfoot>`}</table>
      ${rows && !rows.length && html`<${Empty}>${t("No call is owed.")}<//>`}</div>
  </section>`;
}

const bad = (name) => ["late", "broken", "unknown"].includes(name);

// --- the calendar ---

const day = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric" });
const whole = new Intl.DateTimeFormat(language, { weekday: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** {[hour's begin, ms]: {owed, capacity}}. */
const byHour = (calendar) => new Map((calendar?.hours ?? []).map((one) => [Date.parse(one.at), one]));

export function Calendar() {
  const calendar = useDesk((state) => state.calendar);
  const wanted = useDesk((state) => state.wanted.due_from);
  const table = useRef(null);
  const hours = byHour(calendar);
  const first = Date.parse(calendar?.from ?? span().from);
  const step = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -24, ArrowDown: 24 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const cells = [...table.current.querySelectorAll("td button")];
    cells[cells.indexOf(document.activeElement) + by]?.focus();
  };
  return html`<section class="panel calendar" aria-label=${t("Calendar")} aria-busy=${calendar ? undefined : "true"}>
    <header><h2>${t("Due in the next seven days, against what can be dialled")}</h2></header>
    <div class="inside"><table ref=${table} onKeyDown=${step}>
      <thead><tr><th scope="col"><span class="unseen">${t("Day")}</span></th>${Array.from({ length: 24 }, (_, hour) => html`<th key=${hour} scope="col">${hour}</th>`)}</tr></thead>
      <tbody>${Array.from({ length: DAYS }, (_, at) => html`<${Day} key=${at} first=${first} at=${at} hours=${hours} wanted=${wanted} />`)}</tbody></table></div>
  </section>`;
}

function Day({ first, at, hours, wanted }) {
  const midnight = new Date(first);
  midnight.setDate(midnight.getDate() + at);
  return html`<tr><th scope="row">${day.format(midnight)}</th>${Array.from({ length: 24 }, (_, hour) => {
    const begin = new Date(midnight);
    begin.setHours(hour);
    return html`<${Hour} key=${hour} begin=${begin} found=${hours.get(begin.getTime())} tab=${at === 0 && hour === 0} here=${wanted === begin.toISOString()} />`;
  })}</tr>`;
}

function Hour({ begin, found, tab, here }) {
  const n = found?.owed ?? 0;
  const room = found?.capacity ?? null;
  const work = n - (found?.automatic ?? 0); // a call that a prompt makes takes nobody's time
  const full = room === null ? 0 : room === 0 ? (work ? 2 : 0) : work / room;
  const label = `${whole.format(begin)}: ${tn("{n} call", "{n} calls", n)}${n > work ? `, ${tn("{n} of them automatic", "{n} of them automatic", n - work)}` : ""}${room === null ? "" : `, ${t("room for {n}", { n: number(room) })}`}${full > 1 ? `, ${t("too many")}` : ""}`;
  return html`<td><button type="button" tabindex=${tab ? 0 : -1} class=${classes("hour", n > 0 && "some", full > 0.5 && "much", full > 1 && "over", room === 0 && "none")} aria-pressed=${here ? "true" : "false"}
    aria-label=${label} title=${label} onClick=${() => want({ show: "owed", due_from: begin.toISOString(), due_to: new Date(begin.getTime() + HOUR_MS).toISOString() })}>${n ? (n > 999 ? "999+" : n) : ""}</button></td>`;
}
