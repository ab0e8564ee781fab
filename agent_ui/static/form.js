// What is being written: kept in this browser with every key, on the server within a second, until the record is done.
import { Refused, api, insist, onceKey } from "./api.js";
import { onMessage } from "./stream.js";
import { desk, putIn, say } from "./store.js";
import { t } from "./texts.js";

const SOON_MS = 600;
const LATEST_MS = 1000;
const AGAIN_MS = 3000;
const TAB = onceKey().slice(0, 36); // which window saves: the others of the same person are told
const EMPTY = {
  note: "", kind: null, subject: null, product: undefined, fields: {}, to: "", why: "", disposition: "", promises: [], fresh: false,
};

/** What is being written about a call ("call:ID") or on a ticket ("ticket:ID"). */
export const formOf = (state, subject) => state.forms[subject]?.form ?? EMPTY;
export const savedOf = (state, subject) => state.forms[subject]?.saved ?? null;
export const counterOf = (subject) => desk.forms[subject]?.counter ?? null;
export const isEmpty = (form) => JSON.stringify(form) === JSON.stringify(EMPTY);

const place = (subject) => `callserver.draft.${desk.me?.id}.${subject}`;
const address = (subject) => `/me/drafts/${encodeURIComponent(subject)}`;
const timers = new Map();
const underway = new Set(); // subjects of which words are on their way: two such requests may overtake one another
let recovered = false; //      before, the server may have words of a draft that this page does not know yet

/** Change some of it. `saved` becomes null until the server has it. */
export function edit(subject, part) {
  const form = { ...formOf(desk, subject), ...part };
  putIn("forms", subject, { ...desk.forms[subject], form, saved: null });
  remember(subject, form);
  later(subject);
}

function remember(subject, form) {
  try {
    localStorage.setItem(place(subject), JSON.stringify({ form, at: Date.now(), blind: !recovered }));
  } catch {
    // A full or forbidden storage: the server has it within a second all the same.
  }
}

/** Soon after the last key, and within a second of the first that the server does not have. */
function later(subject) {
  const known = timers.get(subject);
  const first = known?.first ?? Date.now();
  clearTimeout(known?.timer);
  const wait = Math.max(0, Math.min(SOON_MS, first + LATEST_MS - Date.now()));
  timers.set(subject, { first, timer: setTimeout(() => send(subject), wait) });
}

async function send(subject, keepalive = false) {
  timers.delete(subject);
  const { form, saved } = desk.forms[subject] ?? {};
  if (!form || saved) return;
  if (!recovered) return; // it is kept in this browser meanwhile
  if (underway.has(subject) && !keepalive) {
    later(subject);
    return;
  }
  const { note: text, ...fields } = form;
  underway.add(subject);
  try {
    const kept = await api.put(address(subject), { text, fields, tab: TAB }, { keepalive });
    await took(subject, form, kept);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    failed(subject, form, error);
  } finally {
    underway.delete(subject);
  }
}

async function took(subject, form, kept) {
  const known = desk.forms[subject];
  if (!known) { // the record was done meanwhile, and is no draft any more
    await api.remove(`${address(subject)}?tab=${TAB}`).catch(() => {});
    return;
  }
  const same = known.form === form;
  putIn("forms", subject, { ...known, counter: kept.counter, failed: null, saved: same ? kept.at : null });
  if (same) localStorage.removeItem(place(subject));
}

function failed(subject, form, error) {
  if (desk.forms[subject]) putIn("forms", subject, { ...desk.forms[subject], failed: error.words });
  if (error.status === 0 || error.status >= 429) {
    timers.set(subject, { first: Date.now(), timer: setTimeout(() => send(subject), AGAIN_MS) });
  }
}

/** A page that goes away sends what it has. */
export function sendAll() {
  for (const [subject, { timer }] of [...timers]) {
    clearTimeout(timer);
    send(subject, true);
  }
}

/** The record is done as it was when it was sent; what was typed after that is still being written. Whether there is some. */
export async function settle(subject, sent, onServer) {
  const rest = since(sent, formOf(desk, subject));
  const gone = forget(subject, onServer && !rest);
  if (rest) edit(subject, rest);
  await gone;
  return Boolean(rest);
}

function since(sent, form) {
  const rest = Object.fromEntries(Object.entries(form).filter(([name, value]) => value !== sent[name]));
  if (rest.note?.startsWith(sent.note)) rest.note = rest.note.slice(sent.note.length).trimStart();
  if (rest.promises) rest.promises = rest.promises.filter((one) => !sent.promises.includes(one));
  return isEmpty({ ...EMPTY, ...rest }) ? null : rest;
}

/** The record is done, or is not wanted: nothing is being written any more. */
export async function forget(subject, onServer = true) {
  const counter = counterOf(subject);
  clearTimeout(timers.get(subject)?.timer);
  timers.delete(subject);
  localStorage.removeItem(place(subject));
  putIn("forms", subject, undefined);
  if (onServer && counter) await api.remove(`${address(subject)}?tab=${TAB}`).catch(() => {});
}

/** What was being written when this page was not there: what the server did not get any more, at once, and what it has.
 *  Until that is known nothing is sent: words that are typed meanwhile come behind those of the draft. */
export async function recover() {
  const newer = new Set(recoverHere());
  try {
    const { drafts } = await insist(() => api.get("/me/drafts"));
    for (const one of drafts) if (!newer.has(one.subject)) join(one);
  } finally {
    recovered = true;
    for (const [subject, { saved }] of Object.entries(desk.forms)) if (!saved) later(subject);
  }
}

/** A draft of the server; what was typed here before it was known comes behind. */
function join(one) {
  const typed = desk.forms[one.subject];
  if (typed?.saved) return;
  keep(one);
  if (typed) edit(one.subject, behind(one.text, typed.form));
}

/** The subjects of which this browser has newer words than the server. */
function recoverHere() {
  const prefix = place("");
  return Object.keys(localStorage).filter((one) => one.startsWith(prefix)).map((name) => {
    const subject = name.slice(prefix.length);
    const { form, blind } = parsed(localStorage.getItem(name));
    if (form) putIn("forms", subject, { form, saved: null });
    else localStorage.removeItem(name);
    return form && !blind && subject; // blind: typed before that page knew the server's
  }).filter(Boolean);
}

function behind(text, form) {
  const typed = Object.fromEntries(Object.entries(form).filter(([name, value]) => value !== EMPTY[name]));
  return form.note ? { ...typed, note: [text, form.note].filter(Boolean).join("\n") } : typed;
}

function parsed(text) {
  try {
    const { form, blind } = JSON.parse(text);
    return { form: { ...EMPTY, ...form }, blind };
  } catch {
    return {};
  }
}

const keep = (one) =>
  putIn("forms", one.subject, { form: { ...EMPTY, ...one.fields, note: one.text }, saved: one.at, counter: one.counter });

/** Another window of the same person has saved. What was typed here and is not saved is not taken away. */
onMessage(async (message) => {
  if (message.type !== "draft" || message.tab === TAB) return;
  const mine = desk.forms[message.subject];
  if (message.counter === 0) {
    if (mine?.saved) forget(message.subject, false);
    return;
  }
  if (mine && !mine.saved) {
    say(t("This record is being written in another window too"), "warning");
    return;
  }
  if ((mine?.counter ?? 0) >= message.counter) return;
  const { drafts } = await api.get("/me/drafts").catch(() => ({ drafts: [] }));
  drafts.filter((one) => one.subject === message.subject).forEach(keep);
});
