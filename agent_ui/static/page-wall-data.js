// What the wall makes of the stream: rows that are filtered, grouped and sorted; how bad a number is. Pure.

/** What a queue is to be like where nobody said otherwise: seconds, callers, shares of 1. */
export const LIMITS = { target_s: 20, warn_wait_s: 60, warn_waiting: 5, warn_level: 0.8, bad_level: 0.6, warn_abandoned: 0.05, bad_abandoned: 0.1 };

export const limitsOf = (queue, settings) => ({ ...LIMITS, ...known(settings?.[`${queue.pbx}/${queue.name}`]) });

const known = (settings) => Object.fromEntries(Object.entries(settings ?? {}).filter(([, value]) => value !== null && value !== undefined));

/** "bad", "warn", "good" or "" where there is nothing to judge. */
export function levelOf(name, value, limits) {
  if (value === null || value === undefined) return "";
  if (name === "longest_s") return value >= limits.warn_wait_s ? "bad" : value >= limits.target_s ? "warn" : "";
  if (name === "waiting") return value >= limits.warn_waiting ? "bad" : value > 0 ? "warn" : "";
  if (name.startsWith("sl_")) return value < limits.bad_level ? "bad" : value < limits.warn_level ? "warn" : "good";
  if (name === "abandon_rate") return value >= limits.bad_abandoned ? "bad" : value >= limits.warn_abandoned ? "warn" : "";
  return "";
}

export const STATES = ["ready", "ringing", "talking", "held", "listening", "wrap_up", "paused", "unreachable", "gone"];

/** How many of a queue's members are in each state. A pause in this queue alone is a pause here. */
export function crews(agents) {
  const found = {};
  for (const agent of Object.values(agents)) {
    for (const [name, place] of Object.entries(agent.queues)) {
      const state = agent.state === "ready" && place.paused ? "paused" : agent.state;
      const crew = (found[`${agent.pbx}/${name}`] ??= {});
      crew[state] = (crew[state] ?? 0) + 1;
    }
  }
  return found;
}

export const oldest = (queue) => queue.waiting?.[0]?.since ?? null;

const SUMMED = ["offered", "undecided", "answered", "answered_in_target", "abandoned", "short"];
const share = (part, whole) => (whole > 0 ? part / whole : null);

/** Several queues' numbers as one: counts are added, shares made anew of the sums; never a mean of shares. */
export function summed(tallies) {
  const sum = (name) => tallies.reduce((all, one) => all + (one[name] ?? 0), 0);
  const [all, recent] = ["", "_30m"].map((last) => Object.fromEntries(SUMMED.map((name) => [name, sum(name + last)])));
  const decided = (of) => of.offered - of.undecided - of.short;
  const spark = tallies.reduce((longest, one) => (one.spark?.length > longest.length ? one.spark : longest), []).map((_, at) =>
    tallies.reduce((n, one) => n + (one.spark?.[at] ?? 0), 0));
  return {
    ...all, spark,
    sl_offered: share(all.answered_in_target, decided(all)), sl_answered: share(all.answered_in_target, all.answered),
    sl_offered_30m: share(recent.answered_in_target, decided(recent)), sl_answered_30m: share(recent.answered_in_target, recent.answered),
    abandon_rate: share(all.abandoned - all.short, decided(all)),
    promises_owed: sum("promises_owed"), promises_late: sum("promises_late"), touched: tallies.some((one) => one.touched),
  };
}

const text = (value) => String(value ?? "").toLocaleLowerCase();

/** Whether every word of the filter is in one of these texts. */
export function fits(filter, ...texts) {
  const all = texts.map(text).join(" ");
  return text(filter).split(/\s+/).every((word) => all.includes(word));
}

const nothing = (value) => value === null || value === undefined || value === "";

/** Sorted by what `of` gives; what has no value stands last, whichever way it goes; ties by name. */
export function sorted(rows, of, down, name) {
  return rows.slice().sort((a, b) => {
    const [x, y] = [of(a), of(b)];
    if (nothing(x) || nothing(y)) return (nothing(x) ? 1 : 0) - (nothing(y) ? 1 : 0) || compare(name(a), name(b));
    return (down ? -1 : 1) * compare(x, y) || compare(name(a), name(b));
  });
}

const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : words.compare(String(a), String(b)));

/** [[title, rows]]: rows of each group that they are in, groups by title; one without title where nothing is grouped. */
export function grouped(rows, groupsOf) {
  if (!groupsOf) return [["", rows]];
  const found = new Map();
  for (const row of rows) {
    for (const group of groupsOf(row)) found.set(group, [...(found.get(group) ?? []), row]);
  }
  return [...found].sort(([a], [b]) => words.compare(a, b));
}
