// What is being written: kept in this browser with every key, on the server within a second, until the record is done.
import { Refused, api } from "./api.js";
import { desk, putIn } from "./store.js";

const SOON_MS = 600;
const LATEST_MS = 1000;
const AGAIN_MS = 3000;
const EMPTY = {
  note: "", kind: null, subject: null, product: undefined, priority: null, fields: {}, to: "", why: "", disposition: "",
  promises: [], fresh: false, ticket: null,
};

/** What is being written about a call ("call:ID") or on a ticket ("ticket:ID"). */
export const formOf = (state, subject) => state.forms[subject]?.form ?? EMPTY;
export const savedOf = (state, subject) => state.forms[subject]?.saved ?? null;
export const isEmpty = (form) => JSON.stringify({ ...form, ticket: null }) === JSON.stringify({ ...EMPTY, ticket: null });

const place = (subject) => `callserver.draft.${desk.me?.id}.${subject}`;
const timers = new Map();

/** Change some of it. `saved` becomes null until the server has it. */
export function edit(subject, part) {
  const form = { ...formOf(desk, subject), ...part };
  putIn("forms", subject, { ...desk.forms[subject], form, saved: null });
  remember(subject, form);
  later(subject);
}

function remember(subject, form) {
  try {
    localStorage.setItem(place(subject), JSON.stringify({ form, at: Date.now() }));
  } catch {
    // A full or forbidden storage: the server has it within a second all the same.
  }
}

function later(subject, wait = SOON_MS) {
  const known = timers.get(subject) ?? { first: Date.now() };
  clearTimeout(known.timer);
  const left = Math.max(0, Math.min(wait, known.first + LATEST_MS - Date.now()));
  timers.set(subject, { first: known.first, timer: setTimeout(() => send(subject), wait > LATEST_MS ? wait : left) });
}

async function send(subject) {
  timers.delete(subject);
  const kept = desk.forms[subject];
  if (!kept || kept.saved) return;
  const { form } = kept;
  const { note: text, ...fields } = form;
  try {
    await api.put(`/me/drafts/${encodeURIComponent(subject)}`, { text, fields });
    if (desk.forms[subject]?.form === form) {
      putIn("forms", subject, { form, saved: new Date().toISOString() });
      localStorage.removeItem(place(subject));
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (desk.forms[subject]?.form === form) putIn("forms", subject, { form, saved: null, failed: error.words });
    if (error.status === 0 || error.status >= 429) later(subject, AGAIN_MS);
  }
}

/** A page that goes away sends what it has. */
export function sendAll() {
  for (const subject of timers.keys()) {
    clearTimeout(timers.get(subject).timer);
    send(subject);
  }
}

/** The record is done: nothing is being written any more. */
export async function forget(subject, onServer = true) {
  clearTimeout(timers.get(subject)?.timer);
  timers.delete(subject);
  localStorage.removeItem(place(subject));
  putIn("forms", subject, undefined);
  if (onServer) await api.remove(`/me/drafts/${encodeURIComponent(subject)}`).catch(() => {});
}

/** What was being written when this page was not there: the server's, and what it did not get any more. */
export async function recover() {
  const { drafts } = await api.get("/me/drafts").catch(() => ({ drafts: [] }));
  for (const one of drafts ?? []) {
    const form = { ...EMPTY, ...one.fields, note: one.text ?? "" };
    if (!desk.forms[one.subject]) putIn("forms", one.subject, { form, saved: one.saved_at ?? one.at ?? new Date().toISOString() });
  }
  const prefix = place("");
  for (const name of Object.keys(localStorage).filter((one) => one.startsWith(prefix))) {
    const subject = name.slice(prefix.length);
    try {
      const { form } = JSON.parse(localStorage.getItem(name));
      putIn("forms", subject, { form: { ...EMPTY, ...form }, saved: null });
      later(subject);
    } catch {
      localStorage.removeItem(name);
    }
  }
}
