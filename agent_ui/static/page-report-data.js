// What is asked of the reports: a period, how it is cut and split, whose queues. It stands in the address, so that a
// report can be sent to somebody; days are the site's, not this computer's.
import { api } from "./api.js";
import { attempt } from "./shift.js";
import { desk, put } from "./store.js";
import { dateOf, now } from "./time.js";
import { t } from "./texts.js";

const NAMES = ["period", "from", "to", "by", "split", "queue", "team", "kind", "agent", "site", "outcome", "metric", "table"];
const PATIENCE_MS = 60_000; // ten years take a while

const address = () => {
  const said = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.map((name) => [name, said.get(name) ?? ""]));
};
put({ wanted: address(), report: null, definitions: {}, asking: false, cursor: null, agentNames: {} });

// --- days of the site ---

/** The date at the site, moved by so many days: "2026-11-22". */
export const today = (more = 0) => dateOf(now(), more);

/** Days are counted at noon UTC, where no clock is ever put forward. */
export function moved(day, days, months = 0) {
  const at = new Date(`${day}T12:00Z`);
  at.setUTCMonth(at.getUTCMonth() + months);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}
export const between = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;
const firstOf = (day) => `${day.slice(0, 8)}01`;
const weekday = (day) => (new Date(`${day}T12:00Z`).getUTCDay() + 6) % 7;

export const PERIODS = {
  today: { label: () => t("today"), days: () => [today(), today()] },
  yesterday: { label: () => t("yesterday"), days: () => [today(-1), today(-1)] },
  week: { label: () => t("this week"), days: () => [today(-weekday(today())), today()] },
  last_week: { label: () => t("last week"), days: () => [today(-weekday(today()) - 7), today(-weekday(today()) - 1)] },
  month: { label: () => t("this month"), days: () => [firstOf(today()), today()] },
  last_month: { label: () => t("last month"), days: () => [moved(firstOf(today()), 0, -1), moved(firstOf(today()), -1)] },
};
export const periodOf = (wanted) => (wanted.from && wanted.to ? "own" : wanted.period in PERIODS ? wanted.period : "today");
export const daysOf = (wanted) => (periodOf(wanted) === "own" ? [wanted.from, wanted.to] : PERIODS[periodOf(wanted)].days());

/** How it is cut where nobody says: so that a chart of it can be read. */
export function cutOf(wanted) {
  if (wanted.by) return wanted.by;
  const days = between(...daysOf(wanted));
  return days <= 2 ? "hour" : days <= 62 ? "day" : days <= 400 ? "week" : "month";
}

/** What the server is asked. */
export function question(wanted = desk.wanted) {
  const [from, to] = daysOf(wanted);
  return { from, to, by: cutOf(wanted), split: wanted.split, queue: wanted.queue, team: wanted.team, kind: wanted.kind, agent: wanted.agent, site: wanted.site, outcome: wanted.outcome, compare: true };
}
export const asQuery = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "" && value !== undefined && value !== null)).toString();
export const exportAddress = (format) => `/api/v1/reports/export?${asQuery({ ...question(), format })}`;

// --- asking ---

let newest = 0;

/** Raises Refused. */
export async function load() {
  newest += 1;
  const mine = newest;
  const asked = question();
  const found = await api.get("/reports", asked, { patience: PATIENCE_MS });
  if (mine !== newest) return;
  if (found.asked.split === "agent") put({ agentNames: { ...desk.agentNames, ...Object.fromEntries(found.totals.by_key.map((one) => [one.key, one.title])) } });
  put({ report: found, cursor: null });
}

export async function reload() {
  put({ asking: true });
  await attempt(load);
  put({ asking: false });
}

/** Today's numbers still grow; those of other days do not. */
export const refresh = () => (daysOf(desk.wanted)[1] >= today() ? load() : undefined);

/** Look at something else. `metric` and `table` need no new question. */
export function want(part) {
  put({ wanted: { ...desk.wanted, ...part } });
  const said = new URLSearchParams(Object.entries(desk.wanted).filter(([, value]) => value));
  history.replaceState(null, "", said.size ? `?${said}` : location.pathname);
  if (Object.keys(part).some((name) => !["metric", "table"].includes(name))) reload();
}

/** What keys, titles and formulas of numbers are. Raises Refused. */
export async function lookAtDefinitions() {
  const { definitions } = await api.get("/reports/definitions");
  put({ definitions: Object.fromEntries(definitions.map((one) => [one.key, one])) });
}

export async function lookAtQueues() {
  const { queues } = await api.get("/queues");
  put({ titles: Object.fromEntries(queues.map((one) => [one.queue, one.title])) });
}

/** Who may be chosen, and what they are called. */
export async function lookAtTakers() {
  const { people, teams } = await api.get("/promises/takers");
  put({ teams, agentNames: { ...Object.fromEntries(people.map((one) => [String(one.id), one.name])), ...desk.agentNames } });
}

export async function lookAtKinds() {
  const { kinds } = await api.get("/kinds");
  put({ kinds: Object.fromEntries(kinds.map((one) => [one.name, one])) });
}
