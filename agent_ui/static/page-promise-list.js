// The list: what is owed, in the order somebody wants, page by page; filters are in the address, so that a list can be
// sent to somebody.
import { html, classes, useEffect, useRef } from "./ui.js";
import { api } from "./api.js";
import { Badge, Empty, Typed, readable, spoken } from "./bits.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { may } from "./page-frame.js";
import { attempt } from "./shift.js";
import { alike, desk, put, useDesk } from "./store.js";
import { t } from "./texts.js";
import { Due, Moment, isPast } from "./time.js";
import { fateIcon, promiseFate, promiseWord, promiseKinds } from "./words.js";
import { paging, step } from "./page-steps.js";

const PAGE = 50;
const NAMES = ["show", "kind", "owner", "team", "due_from", "due_to", "sort", "ticket"];

/** What each view asks for. */
const VIEWS = {
  owed: { label: t("All owed"), asks: { open: true } },
  late: { label: t("Late"), asks: { late: true } },
  broken: { label: t("Broken"), asks: { open: true, broken: true } },
  unknown: { label: t("To decide"), asks: { status: "unknown" } },
  now: { label: t("Being called"), asks: { status: "reserved,dialling,in_call" } },
  settled: { label: t("Settled"), asks: { open: false, sort: "settled" } },
};

const asked = () => {
  const said = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.map((name) => [name, said.get(name) ?? ""]));
};

put({ wanted: { ...asked() }, list: null, places: [], chosen: null });

const viewOf = (wanted) => (wanted.show in VIEWS ? wanted.show : "owed");

function query() {
  const { show, ...wanted } = desk.wanted;
  const view = VIEWS[viewOf({ show })].asks;
  const mine = may("promises:manage") ? {} : { mine: true };
  return { ...wanted, ...view, ...(view.sort || !wanted.sort ? {} : { sort: wanted.sort }), ...mine, limit: PAGE, cursor: desk.places.at(-1) };
}

let newest = 0;

/** The page as it is now. Raises Refused. */
export async function load() {
  newest += 1;
  const mine = newest;
  const found = await api.get("/promises", query());
  if (mine === newest) put({ list: found });
}

export const reload = () => attempt(load);

/** Look for something else, from its first page on. */
export function want(part) {
  const wanted = { ...desk.wanted, ...part };
  put({ wanted, places: [] });
  const said = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
  history.replaceState(null, "", said.size ? `?${said}` : location.pathname);
  reload();
}

const pages = paging(reload);

export const choose = (id) => put({ chosen: id });

const go = (by) => step(desk.list?.promises ?? [], by, choose, "promise");

export function startList() {
  action("down", "ArrowDown", t("The next promise of the list"), () => go(1));
  action("up", "ArrowUp", t("The promise before it"), () => go(-1));
  pages.start();
  action("filter", "/", t("Filter"), () => document.querySelector(".filter select")?.focus());
}

export function List() {
  const list = useDesk((state) => state.list);
  const page = useDesk((state) => state.places.length);
  const chosen = useDesk((state) => state.chosen);
  const rows = list?.promises ?? [];
  const top = useRef(null);
  useEffect(() => { top.current?.scrollTo(0, 0); }, [page]);
  return html`<section class="panel list" aria-label=${may("promises:manage") ? t("Promises") : t("Your promises")} aria-busy=${list ? undefined : "true"}>
    <${Filters} />
    <div class="inside" tabindex="0" ref=${top}><table class="promise-table">
      <thead><tr><${Heads} /></tr></thead>
      <tbody>${rows.map((one) => html`<${Row} key=${one.id} one=${one} chosen=${one.id === chosen} />`)}</tbody></table>
      ${list && !rows.length && html`<${Empty}>${t("No promise is like that.")}<//>`}</div>
    <footer class="pages">
      <button type="button" data-action="back" disabled=${!page} onClick=${pages.back}>${t("Page before")}</button>
      <span class="quiet">${t("Page {n}", { n: page + 1 })}</span>
      <button type="button" data-action="forth" disabled=${!list?.cursor} onClick=${pages.forth}>${t("Next page")}</button></footer>
  </section>`;
}

function Filters() {
  const wanted = useDesk((state) => state.wanted, alike);
  const teams = useDesk((state) => state.teams ?? []);
  const people = useDesk((state) => state.people ?? []);
  const view = viewOf(wanted);
  const pick = (name) => (event) => want({ [name]: event.target.value });
  return html`<header class="filter">
    <div class="views" role="group" aria-label=${t("Show only")}>${Object.entries(VIEWS).map(([name, one]) => html`
      <button key=${name} type="button" class="bare" aria-pressed=${view === name ? "true" : "false"} data-view=${name} onClick=${() => want({ show: name })}>${one.label}</button>`)}</div>
    <label><span class="unseen">${t("Kind")}</span><select onChange=${pick("kind")}>
      <option value="" selected=${!wanted.kind}>${t("every kind")}</option>
      ${promiseKinds.map((kind) => html`<option key=${kind} value=${kind} selected=${wanted.kind === kind}>${promiseWord(kind)}</option>`)}</select></label>
    ${may("promises:manage") && html`
    <label><span class="unseen">${t("Team")}</span><select onChange=${pick("team")}>
      <option value="" selected=${!wanted.team}>${t("every team")}</option>
      ${teams.map((one) => html`<option key=${one} value=${one} selected=${wanted.team === one}>${one}</option>`)}</select></label>
    <label><span class="unseen">${t("Whose")}</span><${Typed} list="people" placeholder=${t("everybody's")} value=${wanted.owner} maxlength="64" onChange=${pick("owner")} />
      <datalist id="people">${people.map((one) => html`<option key=${one.login} value=${one.login}>${one.name}</option>`)}</datalist></label>`}
    ${wanted.due_from && html`<button type="button" class="bare" onClick=${() => want({ due_from: "", due_to: "" })}
      title=${t("Show those of every hour")}><${Icon} name="clock" size=${14} /> <${Moment} at=${wanted.due_from} /> <${Icon} name="close" size=${12} /></button>`}
  </header>`;
}

/** Column heads; those by which the list can be ordered are buttons. */
function Heads() {
  const wanted = useDesk((state) => state.wanted, alike);
  const fixed = VIEWS[viewOf(wanted)].asks.sort;
  const sort = fixed ?? (wanted.sort || "due");
  const by = (name, label, direction) => html`<th scope="col" aria-sort=${sort === name ? direction : undefined}>
    ${fixed ? label : html`<button type="button" class="bare" data-sort=${name} onClick=${() => want({ sort: name })}>${label}${sort === name ? (direction === "ascending" ? " ↑" : " ↓") : ""}</button>`}</th>`;
  return html`<th scope="col">${t("State")}</th>${by("due", t("Due"), "ascending")}${by("deadline", t("At the latest"), "ascending")}
    <th scope="col">${t("What")}</th><th scope="col">${t("Whom")}</th><th scope="col">${t("Ticket")}</th><th scope="col">${t("Whose")}</th>
    <th scope="col" title=${t("How often it was tried")}>${t("Tries")}</th>${by("newest", t("Promised"), "descending")}`;
}

export const Fate = ({ one }) => html`<${Badge} icon=${one.broken_at && one.open ? "warning" : fateIcon(one.status)}
  kind=${classes(fateKind(one))}>${promiseFate(one.status)}<//>`;

function fateKind(one) {
  if (one.status === "kept") return "talk";
  if (!one.open) return "";
  if (one.broken_at || one.status === "unknown") return "bad";
  return one.late ? "ring" : ["reserved", "dialling", "in_call"].includes(one.status) ? "wrap" : "";
}

const Row = ({ one, chosen }) => html`<tr id=${`promise-${one.id}`} class=${classes(chosen && "chosen", one.open && one.late && "late")} aria-selected=${chosen ? "true" : "false"} onClick=${() => choose(one.id)}>
  <td><${Fate} one=${one} /></td>
  <td class=${classes("number", one.open && one.late && "wrong")}><${Moment} at=${one.due_at} /> <small>${one.open && html`<${Due} at=${one.due_at} />`}</small></td>
  <td class=${classes("number", one.open && isPast(one.deadline_at) && "wrong")}><${Moment} at=${one.deadline_at} /></td>
  <td><button type="button" class="bare cut" onClick=${() => choose(one.id)}>${promiseWord(one.kind)}</button></td>
  <td class="cut"><bdi title=${one.customer_name ?? ""}>${one.customer_name || readable(one.number)}</bdi></td>
  <td class="number">${spoken(one.ticket_number)}</td>
  <td class="cut"><bdi>${one.owner?.name ?? one.team ?? "–"}</bdi></td>
  <td class="number">${one.tries}</td>
  <td class="number quiet"><${Moment} at=${one.created_at} /></td></tr>`;
