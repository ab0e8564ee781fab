// The list of calls: what is asked for stands in the address, so that a list can be sent to somebody, and so that a number
// of a report leads to the calls that it counts (`metric=...`: those are asked of the reports).
import { html, classes, useEffect, useRef } from "./ui.js";
import { api } from "./api.js";
import { Badge, Empty, Typed, readable, spoken } from "./bits.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { may } from "./page-frame.js";
import { attempt } from "./shift.js";
import { alike, desk, put, useDesk } from "./store.js";
import { number, t, titled } from "./texts.js";
import { Moment, dateOf, lasting, now } from "./time.js";
import { agents, directionWord, directions, endOf, ends, nameOf, outsider, talked, waited } from "./page-call-words.js";
import { Counted, counted } from "./page-call-counted.js";
import { paging, step } from "./page-steps.js";

const PAGE = 50;
const EMPTY_PAGES = 8; // a page may be empty, and not the last one: so many are asked for before somebody is asked
const DAY = /^\d{4}-\d\d-\d\d$/;

const address = () => Object.fromEntries(new URLSearchParams(location.search));
put({ wanted: address(), list: null, places: [], chosen: address().call ?? null });

// --- what is asked for ---

const day = (more = 0) => dateOf(now(), more);

const PERIODS = {
  today: { label: () => t("today"), days: () => [day(), day()] },
  yesterday: { label: () => t("yesterday"), days: () => [day(-1), day(-1)] },
  week: { label: () => t("last 7 days"), days: () => [day(-6), day()] },
  month: { label: () => t("last 30 days"), days: () => [day(-29), day()] },
  ever: { label: () => t("at any time"), days: () => ["", ""] },
};
const periodOf = (wanted) => (wanted.from || wanted.to ? "own" : wanted.period in PERIODS ? wanted.period : "ever");

/** Days count whole, by the site's calendar; instants as they are: the second one does not count. */
function span(wanted) {
  const [from, to] = periodOf(wanted) === "own" ? [wanted.from, wanted.to] : PERIODS[periodOf(wanted)].days();
  const as = (name, said) => (said ? { [DAY.test(said) ? `${name}_day` : name]: said } : {});
  return { ...as("from", from), ...as("to", to) };
}

const PLAIN = ["queue", "kind", "outcome", "direction", "number", "agent", "waited_s", "talked_s", "gap", "pbx", "sort"];

function question() {
  const wanted = desk.wanted;
  if (counted(wanted)) return ["/reports/calls", counted(wanted)];
  return ["/calls", { ...Object.fromEntries(PLAIN.map((name) => [name, wanted[name]])), ...span(wanted) }];
}

let newest = 0;

/** The page as it is now. Raises Refused. */
export async function load() {
  newest += 1;
  const mine = newest;
  const [path, asked] = question();
  let cursor = desk.places.at(-1);
  let found;
  for (let left = EMPTY_PAGES; left > 0; left -= 1) {
    found = await api.get(path, { ...asked, limit: PAGE, cursor });
    if (found.calls.length || !found.cursor || mine !== newest) break;
    cursor = found.cursor;
  }
  if (mine === newest) put({ list: found, wrong: null });
}

const reload = async () => {
  put({ list: null });
  const done = await attempt(load);
  if (!done && !desk.list) put({ list: { calls: [], about: {}, cursor: null } });
};

/** Only what may still change is asked for again and again: the first page of a list that has no end in the past. */
export async function refresh() {
  if (!desk.list) return load();
  const { to, to_day: last } = span(desk.wanted);
  const open = last ? last >= day() : !to || Date.parse(to) > now();
  return open && !desk.places.length && !counted(desk.wanted) && desk.wanted.sort !== "oldest" ? load() : undefined;
}

function remember() {
  const said = new URLSearchParams(Object.entries({ ...desk.wanted, call: desk.chosen }).filter(([, value]) => value));
  history.replaceState(null, "", said.size ? `?${said}` : location.pathname);
}

/** Look for something else, from its first page on. */
export function want(part) {
  put({ wanted: { ...desk.wanted, ...part }, places: [] });
  remember();
  reload();
}

const pages = paging(reload);

export function choose(id) {
  put({ chosen: id });
  remember();
}

const go = (by) => step(desk.list?.calls ?? [], by, choose, "call");

export function startList() {
  action("down", "ArrowDown", t("The next call of the list"), () => go(1));
  action("up", "ArrowUp", t("The call before it"), () => go(-1));
  pages.start();
  action("filter", "/", t("Search a number"), () => document.getElementById("call-number")?.focus());
  action("closeOne", "Escape", t("Close what is shown"), () => choose(null), () => desk.chosen !== null);
}

// --- what is seen ---

export function List() {
  const list = useDesk((state) => state.list);
  const page = useDesk((state) => state.places.length);
  const chosen = useDesk((state) => state.chosen);
  const titles = useDesk((state) => state.titles ?? {}, alike);
  const rows = list?.calls ?? [];
  const top = useRef(null);
  useEffect(() => { top.current?.scrollTo(0, 0); }, [page]);
  return html`<section class="panel list" aria-label=${t("Calls")} aria-busy=${list ? undefined : "true"}>
    <${Filters} />
    <div class="inside" tabindex="0" ref=${top}><table class="call-table">
      <thead><tr><${Heads} /></tr></thead>
      <tbody>${rows.map((one) => html`<${Row} key=${`${one.id} ${one.counted?.n ?? ""}`} call=${one} about=${list.about?.[one.id]} titles=${titles} chosen=${one.id === chosen} />`)}</tbody></table>
      ${list && !rows.length && html`<${Empty}>${list.cursor ? t("None so far: there are more pages to look through.") : t("No call is like that.")}<//>`}</div>
    <footer class="pages">
      ${list?.count !== undefined && html`<span class="quiet total">${t("{n} in all", { n: number(list.count) })}</span>`}
      <button type="button" data-action="back" disabled=${!page} onClick=${pages.back}>${t("Page before")}</button>
      <span class="quiet">${t("Page {n}", { n: page + 1 })}</span>
      <button type="button" data-action="forth" disabled=${!list?.cursor} onClick=${pages.forth}>${t("Next page")}</button>
      <span class="quiet zone">${t("Days and times of {zone}", { zone: desk.zone })}</span></footer>
  </section>`;
}

function Filters() {
  const wanted = useDesk((state) => state.wanted, alike);
  if (counted(wanted)) return html`<${Counted} wanted=${wanted} />`;
  return html`<header class="filter"><${Periods} wanted=${wanted} /><${Choices} wanted=${wanted} /></header>`;
}

const typed = (name) => (event) => want({ [name]: event.target.value.trim() });

function Periods({ wanted }) {
  const period = periodOf(wanted);
  const ownDays = period === "own" ? [wanted.from, wanted.to].map((one) => (DAY.test(one) || !one ? one ?? "" : dateOf(Date.parse(one)))) : PERIODS[period].days();
  const own = (part) => want({ period: "", from: ownDays[0], to: ownDays[1], ...part });
  return html`<div class="views" role="group" aria-label=${t("When they began")}>${Object.entries(PERIODS).map(([name, one]) => html`
      <button key=${name} type="button" class="bare" data-period=${name} aria-pressed=${period === name ? "true" : "false"} onClick=${() => want({ period: name, from: "", to: "" })}>${one.label()}</button>`)}
      <label><span class="unseen">${t("From day")}</span><${Typed} type="date" value=${ownDays[0]} max=${ownDays[1] || undefined} onChange=${(event) => own({ from: event.target.value })} /></label>
      <span aria-hidden="true">–</span>
      <label><span class="unseen">${t("To day")}</span><${Typed} type="date" value=${ownDays[1]} min=${ownDays[0] || undefined} onChange=${(event) => own({ to: event.target.value })} /></label>
      <label class="check"><input type="checkbox" checked=${wanted.gap === "true"} onChange=${(event) => want({ gap: event.target.checked ? "true" : "" })} /> ${t("touch a gap")}</label></div>`;
}

function Choices({ wanted }) {
  const titles = useDesk((state) => state.titles ?? {}, alike);
  const known = useDesk((state) => state.kinds ?? {}, alike);
  const queues = Object.entries({ ...(wanted.queue ? { [wanted.queue]: wanted.queue } : {}), ...titles });
  const kinds = Object.entries({ ...(wanted.kind ? { [wanted.kind]: {} } : {}), ...known }).map(([name, one]) => [name, titled(one.title, name)]);
  return html`<div class="views">
    <label class="search-number"><span class="unseen">${t("Number")}</span><${Icon} name="search" size=${14} /><${Typed} id="call-number" type="search" inputmode="tel" value=${wanted.number ?? ""} maxlength="50" placeholder=${t("Number")} onChange=${typed("number")} /></label>
    <${Choice} name="queue" label=${t("Queue")} every=${t("every queue")} wanted=${wanted} options=${queues} />
    <${Choice} name="outcome" label=${t("How it ended")} every=${t("every end")} wanted=${wanted} options=${ends.map((one) => [one, endOf(one).word])} />
    ${may("tickets:read") && html`<${Choice} name="kind" label=${t("Kind of ticket")} every=${t("every kind")} wanted=${wanted} options=${kinds} />`}
    <${Choice} name="direction" label=${t("Direction")} every=${t("both directions")} wanted=${wanted} options=${directions.map((one) => [one, directionWord(one)])} />
    <${Choice} name="waited_s" label=${t("Waited at least")} every=${t("any wait")} wanted=${wanted} options=${[20, 60, 180, 600].map((one) => [String(one), t("waited {time} or more", { time: lasting(one) })])} />
    <label><span class="unseen">${t("Phone or agent")}</span><${Typed} class="agent" list="phones" value=${wanted.agent ?? ""} maxlength="100" placeholder=${t("every agent")} onChange=${typed("agent")} />
      <datalist id="phones">${Object.entries(desk.phones ?? {}).map(([phone, name]) => html`<option key=${phone} value=${phone}>${name}</option>`)}</datalist></label></div>`;
}

const Choice = ({ name, label, every, wanted, options }) => html`<label><span class="unseen">${label}</span><select data-filter=${name} onChange=${typed(name)}>
  <option value="" selected=${!wanted[name]}>${every}</option>
  ${options.map(([value, words]) => html`<option key=${value} value=${value} selected=${wanted[name] === value}>${words}</option>`)}</select></label>`;

function Heads() {
  const wanted = useDesk((state) => state.wanted, alike);
  const oldest = wanted.sort === "oldest";
  const fixed = Boolean(counted(wanted));
  return html`<th scope="col" aria-sort=${fixed ? undefined : oldest ? "ascending" : "descending"}>${fixed ? t("Began")
    : html`<button type="button" class="bare" data-action="sort" onClick=${() => want({ sort: oldest ? "" : "oldest" })}>${t("Began")} <span aria-hidden="true">${oldest ? "↑" : "↓"}</span></button>`}</th>
    <th scope="col">${t("Who")}</th><th scope="col">${t("Number")}</th><th scope="col">${t("Queue")}</th><th scope="col" class="right">${t("Waited")}</th><th scope="col" class="right">${t("Talked")}</th>
    <th scope="col">${t("With")}</th><th scope="col">${t("How it ended")}</th><th scope="col">${t("Ticket")}</th>`;
}

const time = (value) => (value === null ? "–" : lasting(value));

/** `call.counted`: as what a number counts it; of a call that was in two queues that is one of them. */
function Row({ call, about, titles, chosen }) {
  const { counted: as } = call;
  const end = endOf(as?.outcome ?? call.outcome ?? "unknown", call.open);
  const queues = as?.queue ? titles[as.queue] ?? as.queue : [...new Set((call.queue_visits ?? []).map((one) => titles[one.queue] ?? one.queue))].join(" → ");
  const name = nameOf(call, about);
  const with_ = agents(call).join(", ");
  const began = call.started_at ?? as?.at;
  return html`<tr id=${`call-${call.id}`} class=${classes(chosen && "chosen")} aria-selected=${chosen ? "true" : "false"} onClick=${() => choose(call.id)}>
    <td class="number">${began ? html`<${Moment} at=${began} />` : "–"}</td>
    <td><button type="button" class="bare cut" onClick=${() => choose(call.id)}>${name ? html`<bdi title=${name}>${name}</bdi>` : html`<span class="quiet">${t("Nobody is known")}</span>`}</button></td>
    <td class="number cut"><bdi>${readable(outsider(call)) || "–"}</bdi></td>
    <td class="cut">${call.direction === "outbound" ? html`<${Icon} name="out" size=${13} /><span class="unseen">${directionWord(call.direction)}</span> ` : ""}<bdi title=${queues}>${queues || "–"}</bdi></td>
    <td class="number right">${time(as?.wait_s ?? waited(call))}</td><td class="number right">${time(as?.talk_s ?? talked(call))}</td>
    <td class="cut"><bdi title=${with_}>${with_ || "–"}</bdi></td>
    <td><${Badge} kind=${end.kind} icon=${end.icon}>${end.word}<//>${(as?.gap ?? call.gap) && html` <span class="gap" title=${t("A part of it was not seen and comes from the switch's journals.")}><${Icon} name="offline" size=${13} /><span class="unseen">${t("touches a gap")}</span></span>`}</td>
    <td class="number">${about ? html`<a href=${`/desk#ticket=${about.ticket}`} onClick=${(event) => event.stopPropagation()}>${spoken(about.number)}</a>` : "–"}</td></tr>`;
}
