// Saving: the whole record of a call in one request, or the changes of a ticket. Twice the same wish is done once.
import { api, onceKey } from "./api.js";
import { forget, formOf, isEmpty } from "./form.js";
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

export const canSave = (form, base) => !isEmpty(form) || Boolean(base);

/** Save what is written. `done`: and be ready for the next call. Raises Refused. */
export async function save(subject, id, base, { done }) {
  const form = formOf(desk, subject);
  if (subject.startsWith("call:")) await saveCall(subject, id, base, form, done);
  else await saveTicket(subject, id, base, form);
}

async function saveCall(subject, id, base, form, done) {
  const [key, pop] = current();
  const body = recordOf(key, pop, id, base, form, done);
  const saved = await api.post(`/calls/${encodeURIComponent(pop.call)}/record`, body, { key: keyFor(subject, body) });
  keys.delete(subject);
  const ticket = saved.ticket ?? saved;
  if (ticket?.id) putIn("tickets", ticket.id, ticket);
  await forget(subject, false);
  say(t("Saved on ticket {number}", { number: ticket?.spoken ?? ticket?.number ?? "" }));
  if (done && pop.over) release(key);
}

function recordOf(key, pop, id, base, form, done) {
  const changes = changesOf(form, base);
  const body = { note: form.note, promises: form.promises.map(promiseOf), done };
  if (form.disposition) body.disposition = form.disposition;
  if (form.to) body.status = { to: form.to, why: form.why };
  if (id && !form.fresh) return { ...body, ticket: id, version: base?.version, changes };
  const customer = customerOf(desk, key, pop);
  return { ...body, open: { kind: form.kind ?? "repair", ...changes, customer: customer || null } };
}

const promiseOf = ({ preset, kind, due_at, why }) => (preset ? { preset } : { kind, due_at, why: why ?? "" });

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
  let ticket = base;
  const changes = changesOf(form, base);
  if (Object.keys(changes).length) ticket = await api.patch(`/tickets/${id}`, changes, { version: ticket.version });
  if (form.note.trim()) {
    const body = { text: form.note };
    await api.post(`/tickets/${id}/notes`, body, { key: keyFor(`${subject}/note`, body) });
  }
  for (const one of form.promises) {
    const body = one.preset ? { kind: one.kind } : promiseOf(one);
    await api.post(`/tickets/${id}/promises`, body, { key: keyFor(`${subject}/${one.preset ?? one.due_at}`, body) });
  }
  if (form.to) await api.post(`/tickets/${id}/status`, { to: form.to, why: form.why }, { version: (await api.get(`/tickets/${id}`)).version });
  await forget(subject);
  putIn("tickets", id, await api.get(`/tickets/${id}`));
  say(t("Saved on ticket {number}", { number: ticket?.spoken ?? "" }));
  put({ ticket: id });
}
