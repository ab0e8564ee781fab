// Which number of a report a list of calls stands behind: what was asked there, in words, and the way back.
import { html } from "./ui.js";
import { Icon } from "./icons.js";
import { desk, useDesk } from "./store.js";
import { language, t, titled } from "./texts.js";
import { endOf } from "./page-call-words.js";

const OURS = ["call", "period", "sort"];

/** What the reports are asked for; null: this list stands behind no number. */
export function counted(wanted = desk.wanted) {
  if (!wanted.metric) return null;
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value && !OURS.includes(name)));
}

const day = new Intl.DateTimeFormat(language, { timeZone: "UTC", dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(language, { timeZone: "UTC", dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
/** As the site's wall shows it: read as if it were UTC. */
const wall = (iso) => Date.parse(`${iso.slice(0, 19)}Z`);
const days = (from, to) => (from && to ? day.formatRange(Date.parse(from), Date.parse(to)) : "");

function spanned(at, until) {
  const whole = [at, until].every((one) => one.slice(11, 16) === "00:00");
  return whole ? day.formatRange(wall(at), wall(until) - 1) : moment.formatRange(wall(at), wall(until));
}

export function Counted({ wanted }) {
  const definitions = useDesk((state) => state.definitions);
  const found = definitions?.[wanted.metric];
  const { metric, at, until, key: _key, title: _title, ...asked } = counted(wanted);
  const kinds = useDesk((state) => state.kinds ?? {});
  const titles = useDesk((state) => state.titles ?? {});
  const words = { queue: (one) => titles[one] ?? one, kind: (one) => titled(kinds[one]?.title, one), outcome: (one) => endOf(one).word };
  const filters = ["queue", "team", "agent", "kind", "site", "outcome"].filter((name) => asked[name]).map((name) => asked[name].split(",").map(words[name] ?? String).join(", "));
  const span = at ? spanned(at, until ?? at) : days(wanted.from, wanted.to);
  return html`<header class="filter counted"><p><${Icon} name="queue" size=${15} /> ${t("Calls counted in")} <strong>${titled(found?.title, metric)}</strong> · ${span}
      ${filters.map((one) => html` · <bdi>${one}</bdi>`)}
      ${wanted.key ? html` · <strong><bdi>${wanted.title ?? wanted.key}</bdi></strong>` : ""}</p>
    <a class="button" href=${`/reports?${new URLSearchParams({ ...asked, metric })}`} data-action="report"><${Icon} name="move" size=${14} /> ${t("Back to the report")}</a>
    <a class="button" href="/calls">${t("All calls")}</a></header>`;
}
