// Numbers in words: by their units, against the period before, and the spans that they are of, on the site's clock.
import { html } from "./ui.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { ask, desk, useDesk } from "./store.js";
import { language, t, titled } from "./texts.js";
import { lasting } from "./time.js";
import { promiseWord } from "./words.js";
import { endOf } from "./page-call-words.js";

const percent = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const tenth = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const signed = new Intl.NumberFormat(language, { maximumFractionDigits: 1, signDisplay: "exceptZero" });
const signedPercent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });
const TWO_DAYS_S = 172_800;
export const NOTHING = "–";

export const definition = (key) => desk.definitions[key];
export const titleOf = (key) => titled(definition(key)?.title, key);
const unitOf = (key) => definition(key)?.unit ?? "count";

/** null: there is nothing to count it of, which is no nought. */
export function told(key, value) {
  if (value === null || value === undefined) return NOTHING;
  switch (unitOf(key)) {
    case "ratio": return percent.format(value);
    case "seconds": return value >= TWO_DAYS_S ? t("{n} days", { n: tenth.format(value / 86_400) }) : value < 60 ? t("{n} s", { n: tenth.format(value) }) : lasting(Math.round(value));
    case "ppm": return t("{n} ppm", { n: tenth.format(value) });
    default: return tenth.format(value);
  }
}

/** {text, word, shape, kind}: how it differs from the period before, as far as it is shown; null: it cannot be compared. */
export function change(key, value, before) {
  if ([value, before].some((one) => one === null || one === undefined)) return null;
  const by = Math.round((value - before) * FINEST[unitOf(key)]) / FINEST[unitOf(key)];
  if (by === 0) return { text: "", word: t("as before"), shape: "=", kind: "" };
  const good = unitOf(key) === "count" ? undefined : { up: by > 0, down: by < 0 }[definition(key)?.better]; // more callers, more of all
  const word = good === undefined ? (by > 0 ? t("more") : t("less")) : good ? t("better") : t("worse");
  return { text: difference(key, by, before), word, shape: by > 0 ? "▲" : "▼", kind: good === undefined ? "" : good ? "good" : "bad" };
}

const FINEST = { ratio: 1000, seconds: 10, ppm: 10, score: 10, count: 1 };

function difference(key, by, before) {
  if (unitOf(key) === "ratio") return t("{n} points", { n: signed.format(by * 100) });
  if (unitOf(key) === "seconds") return `${by > 0 ? "+" : "−"}${told(key, Math.abs(by))}`;
  if (unitOf(key) === "count" && before > 0) return signedPercent.format(by / before);
  return signed.format(by);
}

// --- spans ---

/** As the site's wall shows it: read as if it were UTC, so that no computer moves it. */
const wall = (iso) => Date.parse(`${iso.slice(0, 19)}Z`);
const shape = (options) => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
const SHORT = {
  interval: shape({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  hour: shape({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  day: shape({ month: "short", day: "numeric" }),
  week: shape({ month: "short", day: "numeric" }),
  month: shape({ year: "numeric", month: "short" }),
};
const DAY = shape({ weekday: "short", month: "short", day: "numeric" });
const DATE = shape({ dateStyle: "medium" });
const WHOLE = shape({ weekday: "short", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** For an axis. */
export const brief = (row, by) => SHORT[by].format(wall(row.at));
export const onlyDay = (row) => SHORT.day.format(wall(row.at));
/** For a table and for what is said. Where clocks are put back, an hour is there twice: the offset tells them apart. */
export function spanOf(row, by) {
  if (by === "month") return SHORT.month.format(wall(row.at));
  if (by === "day") return DAY.format(wall(row.at));
  if (by === "week") return DATE.formatRange(wall(row.at), wall(row.until) - 1);
  return `${WHOLE.format(wall(row.at))}${row.at.slice(19) === row.until.slice(19) ? "" : ` ${row.at.slice(19)}`}`;
}
export const period = (from, to) => DATE.formatRange(Date.parse(`${from}T12:00Z`), Date.parse(`${to}T12:00Z`));

export const CUTS = { interval: () => t("by quarter hour"), hour: () => t("by hour"), day: () => t("by day"), week: () => t("by week"), month: () => t("by month") };
export const SPLITS = {
  queue: () => t("per queue"), agent: () => t("per agent"), team: () => t("per team"), kind: () => t("per kind"),
  site: () => t("per switch"), outcome: () => t("per outcome"), promise: () => t("per promise"),
};

const NONE = { team: () => t("no team"), kind: () => t("on no ticket"), outcome: () => t("goes on"), site: () => NOTHING };

/** What a row of a split is called. The server names queues and agents; codes are words of the screens. */
export function keyWord(split, { key, title }) {
  if (!key) return (NONE[split] ?? (() => t("nobody")))();
  if (split === "outcome") return endOf(key).word;
  if (split === "promise") return promiseWord(key);
  if (split === "kind") return titled(desk.kinds?.[key]?.title, key);
  return title || key;
}

const NAMED = { agent: (key) => desk.agentNames[key], kind: (key) => titled(desk.kinds?.[key]?.title, key), outcome: (key) => endOf(key).word };

/** [[filter, words]]: of whom only, beside queue and team. */
export const chosen = (wanted) => ["kind", "agent", "site", "outcome"].filter((name) => wanted[name])
  .map((name) => [name, wanted[name].split(",").map((key) => NAMED[name]?.(key) ?? key).join(", ")]);

/** Columns of the table, by what they are about. */
export const TABLES = {
  service: { label: () => t("Service"), keys: ["offered", "answered", "sl_offered", "sl_answered", "abandon_rate", "asa", "wait_median", "wait_p95", "wait_max"] },
  ends: { label: () => t("Ends"), keys: ["offered", "answered", "answered_in_target", "abandoned", "short", "timed_out", "left_by_key", "queue_empty", "withdrawn", "callback_taken", "unknown", "wait_abandoned"] },
  handling: { label: () => t("Handling"), keys: ["handled", "aht", "talk_mean", "hold_mean", "wrap_mean", "transfers", "transfer_rate", "occupancy"] },
  customers: { label: () => t("Customers"), keys: ["calls", "fcr", "ratings", "csat", "dissatisfied_ppm", "first_visit_fix", "repeat_repair", "ticket_age_median", "ticket_age_p95", "omission_ppm"] },
  promises: { label: () => t("Promises"), keys: ["promises_due", "promises_kept", "promise_kept", "promise_lateness_median", "promise_lateness_p95", "promise_lateness_max"] },
};

/** What a number means; beside it, or all of them. `metric`: that one. */
export function DefinitionsDialog({ metric }) {
  const definitions = useDesk((state) => state.definitions);
  const all = Object.values(definitions).filter((one) => (metric ? one.key === metric : one.reported));
  return html`<${Dialog} wide title=${metric ? titleOf(metric) : t("What the numbers mean")}>
    <dl class="meanings" tabindex="0">${all.map((one) => html`<div key=${one.key}>${!metric && html`<dt>${titled(one.title)}</dt>`}
      <dd>${titled(one.meaning)}</dd><dd class="quiet formula"><${Icon} name="why" size=${13} /> ${titled(one.formula)} <code>${one.key}</code></dd></div>`)}</dl>
    ${metric && html`<footer><button type="button" onClick=${() => ask("definitions")}>${t("All numbers")}</button></footer>`}
  <//>`;
}
export const explain = (metric) => ask("definitions", { metric });
export const hint = (key) => [titled(definition(key)?.meaning), titled(definition(key)?.formula)].filter(Boolean).join("\n");
