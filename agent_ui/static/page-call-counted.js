// Which number of a report a list of calls stands behind: what was asked there, in words, and the way back.
import { html } from "./ui.js";
import { Icon } from "./icons.js";
import { desk, useDesk } from "./store.js";
import { language, t, titled } from "./texts.js";

const OURS = ["call", "period", "sort"];

/** What the reports are asked for; null: this list stands behind no number. */
export function counted(wanted = desk.wanted) {
  if (!wanted.metric) return null;
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value && !OURS.includes(name)));
}

export function Counted({ wanted }) {
  const definitions = useDesk((state) => state.definitions);
  const found = definitions?.[wanted.metric];
  const { metric, at, until, ...asked } = counted(wanted);
  const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const span = at ? moment.formatRange(Date.parse(at), Date.parse(until ?? at)) : day.formatRange(new Date(`${wanted.from}T12:00`), new Date(`${wanted.to}T12:00`));
  return html`<header class="filter counted"><p><${Icon} name="queue" size=${15} /> ${t("Calls counted in")} <strong>${titled(found?.title, metric)}</strong> · ${span}
      ${wanted.key ? html` · <strong><bdi>${wanted.title ?? wanted.key}</bdi></strong>` : ""}</p>
    <a class="button" href=${`/reports?${new URLSearchParams(Object.entries(asked).filter(([name]) => !["key", "title"].includes(name)))}`} data-action="report"><${Icon} name="move" size=${14} /> ${t("Back to the report")}</a>
    <a class="button" href="/calls">${t("All calls")}</a></header>`;
}
