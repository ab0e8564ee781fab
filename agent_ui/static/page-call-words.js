// A call in words: how it ended, how long it took, who was in it. Records come as the API tells them.
import { readable } from "./bits.js";
import { t } from "./texts.js";
import { numberKind, outcomeWord } from "./words.js";

const ENDS = {
  answered: [() => t("answered"), "talking", "talk"],
  abandoned: [() => t("gave up"), "missed", "bad"],
  timed_out: [() => t("waited in vain"), "clock", "bad"],
  left_by_key: [() => t("left by a key"), "out", ""],
  queue_empty: [() => t("nobody was there"), "unreachable", "bad"],
  queue_full: [() => t("the queue was full"), "queue", "bad"],
  withdrawn: [() => t("was taken out"), "move", ""],
  callback: [() => t("wants a callback"), "again", "wrap"],
  no_answer: [() => t("no answer"), "missed", ""],
  busy: [() => t("busy"), "stop", ""],
  failed: [() => t("failed"), "warning", "bad"],
  unknown: [() => t("end not seen"), "why", "bad"],
};
export const ends = Object.keys(ENDS);

/** {word, icon, kind}: how a call or a visit to a queue ended; of one that goes on: that it does. */
export function endOf(code, open = false) {
  if (open) return { word: t("goes on"), icon: "talking", kind: "ring" };
  const [word, icon, kind] = ENDS[code] ?? [() => outcomeWord(code), "why", ""];
  return { word: word(), icon, kind };
}

const DIRECTIONS = { inbound: () => t("from outside"), outbound: () => t("to outside"), internal: () => t("inside the house") };
export const directions = Object.keys(DIRECTIONS);
export const directionWord = (code) => DIRECTIONS[code]?.() ?? "";

const RINGS = {
  answered: () => t("answered"),
  no_answer: () => t("did not answer"),
  rejected: () => t("refused"),
  canceled: () => t("rang no longer"),
  unknown: () => t("end not seen"),
};
export const ringWord = (code) => RINGS[code]?.() ?? "";

const seconds = (from, to) => (from && to ? (Date.parse(to) - Date.parse(from)) / 1000 : null);
const sum = (values) => values.filter((one) => one !== null && one !== undefined).reduce((all, one) => all + one, 0);

/** Seconds; null: it was in no queue. */
export const waited = ({ queue_visits: visits = [] }) => (visits.length ? sum(visits.map((one) => one.wait_s)) : null);

/** As the queues measured it; of a call in no queue from the answer to the end. Seconds; null: nobody talked. */
export function talked({ queue_visits: visits = [], answered_at: from, ended_at: to }) {
  const measured = visits.map((one) => one.talk_s).filter((one) => one !== null && one !== undefined);
  return measured.length ? sum(measured) : seconds(from, to);
}

export const lasted = ({ started_at: from, ended_at: to }) => seconds(from, to);

/** The number of whoever is outside, as people read it. */
export const outsider = (call) => readable(call.direction === "outbound" ? call.dialed : call.caller_number);
export const nameOf = (call, about) => about?.customer_name || (call.direction === "outbound" ? "" : call.caller_name) || "";
export const who = (call, about) => nameOf(call, about) || outsider(call) || numberKind("withheld");

/** What phones are called: by the queue's names for them. */
export function names(call) {
  const rings = (call.queue_visits ?? []).flatMap((one) => [...(one.rings ?? []), one.agent]);
  return Object.fromEntries(rings.filter((one) => one?.name).map((one) => [one.interface, one.name]));
}

/** Everybody who talked with the caller, in their order. */
export function agents(call) {
  const called = names(call);
  const outside = new Set((call.legs ?? []).filter((one) => one.caller && call.direction === "inbound").map((one) => one.interface));
  const answered = (call.queue_visits ?? []).map((one) => one.agent?.interface);
  const talking = (call.talks ?? []).flatMap((one) => [one.who, ...(one.with ?? [])]).map((one) => one?.interface);
  const all = call.queue_visits?.length ? answered : talking.filter((one) => !outside.has(one) && /\/\d{1,6}$/.test(one ?? ""));
  return [...new Set(all.filter(Boolean))].map((one) => called[one] ?? one.replace(/^\w+\//, ""));
}
