// What the pages beside the desk have in common: the bar with the ways to the others, dialogs, and how they begin.
import { html, render } from "./ui.js";
import { api, onEnd } from "./api.js";
import { Badge } from "./bits.js";
import { KeysDialog, Notices, SettingsDialog, startHeader } from "./header.js";
import { Icon } from "./icons.js";
import { startKeys } from "./keys.js";
import { ask, desk, put, useDesk } from "./store.js";
import { setClock } from "./time.js";
import { t } from "./texts.js";
import { keepUp } from "./version.js";

const LOOK_MS = 10_000;

export const may = (scope, state = desk) => (state.me?.scopes ?? []).includes(scope);

const WAYS = () => [
  ["/desk", t("Desk"), true],
  ["/wall", t("Wall"), may("floor:read")],
  ["/alerts", t("Alerts"), may("alerts:read")],
  ["/reports", t("Reports"), may("reports:read")],
  ["/calls", t("Calls"), may("calls:read")],
  ["/promises", t("Promises"), true],
  ["/admin", t("Administration"), SETTINGS.some((scope) => may(scope))],
];
/** Whoever has one of these rights has something to set. */
const SETTINGS = ["users:manage", "queues:manage", "kinds:manage", "policies:manage", "alerts:manage", "audit:read", "tokens:manage", "webhooks:manage"];
const isHere = (path) => path === location.pathname || (path === "/admin" && /^\/(admin\/|promises\/policies$)/.test(location.pathname));

/** `dialogs`: components by name; `title` is the page's h1. */
export function Frame({ title, dialogs, children }) {
  const me = useDesk((state) => state.me);
  const dialog = useDesk((state) => state.dialog);
  const unseen = useDesk((state) => state.unseen);
  const Shown = dialog && { keys: KeysDialog, settings: SettingsDialog, ...dialogs }[dialog.name];
  return html`<header class="bar">
      <h1>${title}</h1>
      <nav class="ways" aria-label=${t("Pages")}>${WAYS().filter(([, , open]) => open).map(([path, name]) => html`
        <a key=${path} href=${path} aria-current=${isHere(path) ? "page" : undefined}>${name}</a>`)}</nav>
      ${unseen && html`<${Badge} kind="bad" icon="offline">${t("Not connected: this picture is old")}<//>`}
      <nav aria-label=${t("This screen")}>
        <button type="button" class="bare" onClick=${() => ask("keys")} aria-keyshortcuts="?" aria-label=${t("Keys")}><${Icon} name="keys" /> <span>${t("Keys")}</span> <kbd aria-hidden="true">?</kbd></button>
        <button type="button" class="bare" onClick=${() => ask("settings")} aria-label=${me?.name ?? t("This screen")}><${Icon} name="gear" /> <span class="cut"><bdi>${me?.name ?? ""}</bdi></span></button>
      </nav>
    </header>
    ${children}
    <${Notices} />
    ${Shown && html`<${Shown} key=${dialog.name} ...${dialog} />`}`;
}

/** Who is signed in, then the page. */
export async function begin(Page, start) {
  onEnd(() => location.assign(`/sign-in?next=${location.pathname}`));
  const place = document.getElementById("desk");
  try {
    const [me] = await Promise.all([api.get("/me"), takeTime()]);
    put({ me: { ...me.user, scopes: me.scopes }, zone: me.zone });
    startHeader();
    start?.();
    startKeys();
    keepUp(location.pathname === "/wall" ? () => true : null); // nobody sits before a screen that hangs there
    render(html`<${Page} />`, place);
  } catch (error) {
    place.textContent = error.words ?? t("The page could not begin; reload it.");
  }
}

/** No stream says here what time it is: every answer does, to the second. */
async function takeTime() {
  const answer = await fetch("/static/version", { cache: "no-store" }).catch(() => null);
  setClock(answer?.headers.get("Date"));
}

/** Ask again and again, as long as somebody looks. A server that is not there leaves the last picture, marked. */
export function keepLooking(look) {
  const again = async () => {
    if (document.visibilityState === "hidden") return;
    try {
      await look();
      if (desk.unseen) put({ unseen: false });
    } catch (error) {
      if (error.status === undefined) throw error;
      if (error.status === 0) put({ unseen: true });
    }
  };
  document.addEventListener("visibilitychange", again);
  setInterval(again, LOOK_MS);
  return again();
}
