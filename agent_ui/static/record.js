// Saving: the whole record of a call in one request, or the changes of a ticket. Twice the same wish is done once.
import { Refused, api, onceKey } from "./api.js";
import { counterOf, formOf, isEmpty, settle } from "./form.js";
import { current, customerOf, release } from "./pops.js";
import { desk, put, putIn, say } from "./store.js";
import { t } from "./texts.js";

const keys = new Map();

/** The key of this wish: the same for the same words, another once something was changed. */
function keyFor(subject, body) {
  const text = JSON.stringify(body);
  const known = keys.get(subject);
  if (known?.text === text) return known.key;
  const key = onceKey();
  keys.set(subject, { text, key });
  return key;
}

/** A call's record may be empty where its ticket is there: then it is only done. */
export const canSave = (form, base) => !isEmpty(form) || Boolean(base);

/** Save what is written. Raises Refused. */
export async function save(subject, id, base, kind) {
  const form = formOf(desk, subject);
  if (subject.startsWith("call:")) await saveCall(subject, id, base, form, kind);
  else await saveTicket(subject, id, base, form);
}

/** One request: all of it is done or nothing, and it ends the wrap-up. */
async function saveCall(subject, id, base, form, kind) {
  const [key, pop] = current();
  const ticket = id && !form.fresh ? base ?? (await shownLate(id)) : null;
  const body = recordOf(key, pop, id, ticket, form, kind);
  const counter = counterOf(subject);
  if (counter) body.draft = counter;
  const saved = await api.post(`/calls/${encodeURIComponent(pop.call)}/record`, body, { key: keyFor(subject, body) });
  keys.delete(subject);
  putIn("tickets", saved.ticket.id, saved.ticket);
  const more = await settle(subject, form, counterOf(subject) !== counter);
  put({ ticket: null });
  say(t("Saved on ticket {number}", { number: saved.ticket.spoken }), "info", { label: t("Take back"), run: () => undo(pop.call) });
  if (desk.kept[key] && !more) release(key);
}

/** Saved before the ticket was on the screen: who the customer is and what was changed still belong to its version. */
async function shownLate(id) {
  const ticket = await api.get(`/tickets/${id}`);
  putIn("tickets", id, ticket);
  return ticket;
}

/** What can be taken back is: the note by a correction, promises, the move, the verdict. */
async function undo(call) {
  try {
    const { ticket, stayed } = await api.post(`/calls/${encodeURIComponent(call)}/record/undo`, {});
    putIn("tickets", ticket.id, ticket);
    say([t("Taken back on ticket {number}", { number: ticket.spoken }), ...stayed].join("; "), stayed.length ? "warning" : "info");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.words, "warning");
  }
}

function recordOf(key, pop, id, base, form, kind) {
  const body = { note: form.note, promises: form.promises.map(promiseOf) };
  if (form.disposition) body.disposition = form.disposition;
  if (form.to) body.status = { to: form.to, why: form.why };
  if (pop.ticket?.id) body.was = pop.ticket.id;
  const customer = customerOf(desk, key, pop) || null;
  if (!id || form.fresh) return { ...body, new: newTicket(form, kind, customer) };
  body.ticket = id;
  const change = changesOf(form, base);
  if (Object.keys(change).length) body.change = change;
  if (customer && !base.customer) body.customer = customer;
  if (body.change || body.customer || body.status) body.version = base.version;
  return body;
}

function newTicket(form, kind, customer) {
  const made = { kind, subject: form.subject ?? "", fields: given(form.fields) };
  if (form.product) made.product = form.product;
  if (customer) made.customer = customer;
  return made;
}

const given = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

const promiseOf = ({ preset, kind, due_at: due, why }) =>
  preset ? { preset, why: why ?? "" } : { preset: "at", kind, due_at: due, why: why ?? "" };

function changesOf(form, base) {
  const changes = {};
  if (form.kind !== null && form.kind !== base?.kind) changes.kind = form.kind;
  if (form.subject !== null && form.subject !== base?.subject) changes.subject = form.subject;
  if (form.product !== undefined && form.product !== (base?.product ?? null)) changes.product = form.product;
  if (Object.keys(form.fields).length) changes.fields = form.fields;
  return changes;
}

/** Without a call there is no record, only a ticket that changes: each part by its own operation. */
async function saveTicket(subject, id, base, form) {
  let version = base.version;
  const changes = changesOf(form, base);
  if (Object.keys(changes).length) version = (await api.patch(`/tickets/${id}`, changes, { version })).version;
  if (form.note.trim()) await once(`/tickets/${id}/notes`, { text: form.note });
  for (const one of form.promises) await once(`/tickets/${id}/promises`, plainPromise(one));
  if (form.to) await api.post(`/tickets/${id}/status`, { to: form.to, why: form.why }, { version });
  for (const wish of keys.keys()) if (wish.startsWith(`/tickets/${id}/`)) keys.delete(wish); // the same words later are another note
  await settle(subject, form, true);
  const ticket = await api.get(`/tickets/${id}`);
  putIn("tickets", id, ticket);
  say(t("Saved on ticket {number}", { number: ticket.spoken }));
}

const once = (path, body) => api.post(path, body, { key: keyFor(`${path} ${JSON.stringify(body)}`, body) });
const plainPromise = ({ kind, due_at: due, why }) => ({ kind, why: why ?? "", ...(due ? { due_at: due } : {}) });
