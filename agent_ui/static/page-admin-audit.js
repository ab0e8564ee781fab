// Who read or changed what, newest first; of settings with what they were before and after. Filters are in the address.
import { html, classes, useState } from "./ui.js";
import { api } from "./api.js";
import { Badge, Empty, Typed } from "./bits.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { Admin, beginAdmin, told } from "./page-admin-frame.js";
import { actionWord, pathWord, subjectWord, throughWord } from "./page-admin-audit-words.js";
import { may } from "./page-frame.js";
import { paging } from "./page-steps.js";
import { attempt } from "./shift.js";
import { alike, desk, put, useDesk } from "./store.js";
import { t, tn } from "./texts.js";
import { Moment, wholly } from "./time.js";

const PAGE = 50;
const NAMES = ["actor", "subject", "action", "through", "since", "until"];
const GROUPS = [
  ["", t("everything")], ["user.*", t("users")], ["session.*", t("signing in and out")], ["team.*", t("teams")], ["seat.*", t("seats")], ["token.*", t("tokens")], ["webhook.*", t("webhooks")],
  ["queue.*", t("queues")], ["kind.*", t("kinds of ticket")], ["policy.*", t("policies")], ["campaign.*", t("campaigns")], ["prompt.*", t("prompts")], ["dialling.*", t("dialling")], ["alert.*", t("alerts")],
  ["customer.*", t("customers")], ["ticket.*", t("tickets")], ["promise.*", t("promises")], ["call.*", t("calls")], ["phone.*", t("phones")], ["floor.*", t("help on the floor")], ["audit.*", t("the audit itself")],
];

const said = () => Object.fromEntries(NAMES.map((name) => [name, new URLSearchParams(location.search).get(name) ?? ""]));
put({ wanted: said(), lines: null, places: [], opened: null, names: {} });

/** A day as it is typed, here: its beginning; with `days` that of a later one. */
const instant = (day, days = 0) => {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined;
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + days);
  return at.toISOString();
};

let newest = 0;

async function load() {
  newest += 1;
  const mine = newest;
  const { since, until, ...wanted } = desk.wanted;
  const found = await api.get("/audit", { ...wanted, since: instant(since), until: instant(until, 1), limit: PAGE, cursor: desk.places.at(-1) });
  if (mine === newest) put({ lines: found });
}
const reload = () => attempt(load);

function want(part) {
  const wanted = { ...desk.wanted, ...part };
  const address = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
  history.replaceState(null, "", address.size ? `?${address}` : location.pathname);
  put({ wanted, places: [], lines: null, opened: null });
  reload();
}
const pages = paging(
  () => {
    put({ lines: null, opened: null });
    reload();
  },
  () => desk.lines,
);

function Audit() {
  const lines = useDesk((state) => state.lines);
  const page = useDesk((state) => state.places.length);
  pages.start();
  action("find", "/", t("Filter"), () => document.querySelector(".filter input")?.focus());
  return html`<${Admin} title=${t("Audit")}>
    <section class="panel table-of audit" aria-label=${t("Audit")} aria-busy=${lines ? undefined : "true"}>
      <${Filters} />
      <div class="inside" tabindex="0"><table><thead><tr><th scope="col">${t("When")}</th><th scope="col">${t("By whom")}</th><th scope="col">${t("Action")}</th><th scope="col">${t("Of what")}</th><th scope="col">${t("Before and after")}</th></tr></thead>
        <tbody>${(lines?.lines ?? []).map((one) => html`<${Row} key=${one.seq} one=${one} />`)}</tbody></table>
        ${lines && !lines.lines.length && html`<${Empty}>${lines.cursor ? t("Nothing like that among these lines; older ones are on the next page.") : t("Nothing is like that.")}<//>`}</div>
      <footer class="pages"><${Chain} />
        <button type="button" data-action="back" disabled=${!page} onClick=${pages.back}>${t("Page before")}</button><span class="quiet">${t("Page {n}", { n: page + 1 })}</span>
        <button type="button" data-action="forth" disabled=${!lines?.cursor} onClick=${pages.forth}>${t("Next page")}</button></footer>
    </section>
  <//>`;
}

function Filters() {
  const wanted = useDesk((state) => state.wanted, alike);
  const typed = (name) => (event) => want({ [name]: event.target.value.trim() });
  return html`<header class="filter">
    <label><span>${t("By whom")}</span><${Typed} value=${wanted.actor} maxlength="300" placeholder=${t("a name, whole")} onChange=${typed("actor")} /></label>
    <label><span>${t("Action")}</span><select onChange=${typed("action")}>${GROUPS.map(([code, words]) => html`<option key=${code} value=${code} selected=${wanted.action === code}>${words}</option>`)}
      ${wanted.action && !GROUPS.some(([code]) => code === wanted.action) && html`<option value=${wanted.action} selected>${wanted.action}</option>`}</select></label>
    <label><span>${t("Of what")}</span><${Typed} value=${wanted.subject} maxlength="300" placeholder="user:3" onChange=${typed("subject")} /></label>
    <label><span>${t("From")}</span><${Typed} type="date" value=${wanted.since} onChange=${typed("since")} /></label>
    <label><span>${t("To")}</span><${Typed} type="date" value=${wanted.until} onChange=${typed("until")} /></label>
    <button type="button" class="bare" data-action="again" onClick=${() => pages.turn([])}><${Icon} name="again" size=${14} /> ${t("Look again")}</button>
    ${NAMES.some((name) => wanted[name]) && html`<button type="button" class="bare" onClick=${() => want(Object.fromEntries(NAMES.map((name) => [name, ""])))}><${Icon} name="close" size=${12} /> ${t("Everything again")}</button>`}
  </header>`;
}

function Row({ one }) {
  const { changed, ...rest } = one.detail ?? {};
  const changes = Object.entries(changed ?? {});
  const names = useDesk((state) => state.names);
  const opened = useDesk((state) => state.opened === one.seq);
  const others = Object.entries(rest).filter(([, value]) => value !== null && value !== "");
  const long = changes.length > 3;
  return html`<tr data-action-of=${one.action} class=${classes(opened && "opened")}>
    <td class="number" title=${`#${one.seq}`}><${Moment} at=${one.at} /></td>
    <td><button type="button" class="bare cut" title=${t("Only what {name} did", { name: one.actor })} onClick=${() => want({ actor: one.actor })}><bdi>${one.actor}</bdi></button> <small class="quiet">${throughWord(one.through)}</small></td>
    <td title=${one.action}>${actionWord(one.action)}</td>
    <td><button type="button" class="bare cut" title=${t("Only what was done with it")} onClick=${() => want({ subject: one.subject })}><bdi>${subjectWord(one.subject, names)}</bdi></button></td>
    <td>${changes.length > 0 && html`<dl class="changes">${(opened ? changes : changes.slice(0, 3)).map(([path, [was, is]]) => html`<div key=${path}><dt title=${path}>${pathWord(path)}</dt><dd><${Value} value=${was} kind="was" /> <span aria-hidden="true">→</span><span class="unseen">${t("then")}</span> <${Value} value=${is} kind="is" /></dd></div>`)}</dl>`}
      ${long && html`<button type="button" class="bare" aria-expanded=${opened ? "true" : "false"} onClick=${() => put({ opened: opened ? null : one.seq })}>${opened ? t("less") : tn("{n} more", "{n} more", changes.length - 3)}</button>`}
      ${others.length > 0 && html`<span class="quiet details">${others.map(([name, value]) => html`<span key=${name}>${pathWord(name)}: <bdi>${text(value)}</bdi></span>`)}</span>`}</td></tr>`;
}

const ISO = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const text = (value) => (ISO.test(value) ? wholly(value) : value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));
const Value = ({ value, kind }) => (value === null || value === undefined ? html`<span class=${classes(kind, "quiet")}>${t("nothing")}</span>`
  : html`<bdi class=${kind}>${Array.isArray(value) && value.every((one) => typeof one !== "object") ? value.join(", ") || t("nothing") : text(value)}</bdi>`);

/** Whether the list is whole: every line is sealed with the one before. */
function Chain() {
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState(null);
  const follow = async () => {
    setBusy(true);
    await attempt(async () => setFound(await api.get("/audit/chain")));
    setBusy(false);
  };
  return html`<span class="chain"><button type="button" data-action="chain" disabled=${busy} aria-busy=${busy ? "true" : undefined} onClick=${follow}>${t("Is the list whole?")}</button>
    ${found && html`<${Badge} kind=${found.whole ? "talk" : "bad"} icon=${found.whole ? "ready" : "warning"} title=${found.end ?? ""}>${found.whole ? tn("whole: {n} line", "whole: {n} lines", found.lines) : t("broken at line {n}: {why}", { n: found.broken_at, why: found.why })}<//>`}</span>`;
}

beginAdmin(Audit, null, () => {
  load().catch((error) => (error.status === 403 ? put({ refused: error.words }) : told(error)));
  if (may("users:manage")) attempt(async () => put({ names: Object.fromEntries((await api.get("/users")).users.map((one) => [`user:${one.id}`, one.name])) }));
}); // once: every look is noted in it
