// What all pages of the administration have in common: where one can go, by one's rights, and how a page begins.
import { html } from "./ui.js";
import { Refused } from "./api.js";
import { Icon } from "./icons.js";
import { ConflictDialog } from "./page-conflict.js";
import { ConfirmDialog, OnceDialog } from "./page-admin-dialogs.js";
import { Frame, begin, keepLooking, may } from "./page-frame.js";
import { desk, put, say, useDesk } from "./store.js";
import { t } from "./texts.js";

/** Groups of pages: [title, [[address, name, right, icon, what it is for]]]. */
export const PLACES = [
  [t("People"), [
    ["/admin/users", t("Users"), "users:manage", "person", t("Who may sign in, as what, on which queues; passwords; signing out everywhere.")],
    ["/admin/teams", t("Teams"), "users:manage", "queue", t("Who works together on which queues; a supervisor answers for the queues of their teams.")],
    ["/admin/seats", t("Seats"), "queues:manage", "talking", t("Which phones there are, who sits there now, and freeing a seat.")],
  ]],
  [t("Hotline"), [
    ["/admin/queues", t("Queues"), "queues:manage", "ringing", t("Names of queues, how fast calls are to be answered, when the wall warns.")],
    ["/admin/kinds", t("Kinds and fields"), "kinds:manage", "ticket", t("What tickets are about, and what is asked for each kind.")],
    ["/admin/categories", t("Categories and warranty"), "kinds:manage", "box", t("What products there are, how people call them, how long their warranty lasts.")],
    ["/admin/prompts", t("Prompts"), "policies:manage", "message", t("What callers hear: listen, replace, back to the shipped one.")],
    ["/admin/holidays", t("Holidays"), "queues:manage", "clock", t("Days on which the house is closed or works although others do not.")],
  ]],
  [t("Promises"), [
    ["/promises/policies", t("Policies"), "policies:manage", "bell", t("When and how each kind of promised call is made.")],
    ["/admin/campaigns", t("Campaigns"), "policies:manage", "out", t("Lists of customers who are called: reminders, surveys.")],
  ]],
  [t("Oversight"), [
    ["/admin/alerts", t("Alerts"), "alerts:manage", "warning", t("What is watched, and who hears of it.")],
    ["/admin/audit", t("Audit"), "audit:read", "note", t("Who read or changed what, with what it was before and after.")],
  ]],
  [t("Connections"), [
    ["/admin/tokens", t("Tokens"), "tokens:manage", "keys", t("Which programs may use the API, for what and how long.")],
    ["/admin/webhooks", t("Webhooks"), "webhooks:manage", "transfer", t("Which servers hear of what happens; what could not be delivered.")],
  ]],
];

/** The groups with what this person may open; groups without anything are left out. */
export const open = () => PLACES.map(([title, pages]) => [title, pages.filter(([, , right]) => may(right))]).filter(([, pages]) => pages.length);

/** A page of the administration. `dialogs`: components by name, besides confirm, once and conflict. */
export function Admin({ title, dialogs, children }) {
  useDesk((state) => state.me);
  const refused = useDesk((state) => state.refused); // nothing of the page may be seen by its reader
  const here = location.pathname;
  return html`<${Frame} title=${title} dialogs=${{ confirm: ConfirmDialog, once: OnceDialog, conflict: ConflictDialog, ...dialogs }}>
    <main class="admin">
      <nav class="panel ways-in" aria-label=${t("Administration")}><div class="inside" tabindex="0">
        <a href="/admin" class="way" aria-current=${here === "/admin" ? "page" : undefined}><${Icon} name="gear" /> ${t("Overview")}</a>
        ${open().map(([group, pages]) => html`<div key=${group} role="group" aria-label=${group}><p class="quiet" aria-hidden="true">${group}</p>
          ${pages.map(([path, name, , icon]) => html`<a key=${path} href=${path} class="way" aria-current=${path === here ? "page" : undefined}><${Icon} name=${icon} /> ${name}</a>`)}</div>`)}
      </div></nav>
      <div class="admin-here">${refused ? html`<section class="panel empty-place" aria-label=${title}><p class="wrong" role="alert">${refused}</p></section>` : children}</div>
    </main>
  <//>`;
}

/** Begin a page. `load`: reads what it shows, again every ten seconds; what is refused is said. */
export function beginAdmin(Page, load = null, start = null) {
  return begin(Page, () => {
    start?.();
    addEventListener("beforeunload", (event) => { if (Object.values(desk.drafts ?? {}).some(Boolean)) event.preventDefault(); });
    if (load) keepLooking(() => load().catch(refuse));
  });
}

/** Who may not see the page reads so in its place; everything else is for `keepLooking`, which asks again. */
function refuse(error) {
  if (error.status === 403) return put({ refused: error.words });
  if (error.status > 0 && !desk.toasts.some((one) => one.text === error.words)) told(error);
  throw error;
}

/** A refusal, said where all notices are; anything else is a mistake of ours. */
export function told(error) {
  if (!(error instanceof Refused)) throw error;
  say(error.words, "warning");
}
