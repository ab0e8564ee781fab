// Whom the desk is about: the customer with products, open tickets, contacts and promises. From the call's own look-up
// where it is there; else asked for. What somebody else changes comes by the stream and is asked for again.
import { Refused, api } from "./api.js";
import { onMessage } from "./stream.js";
import { now } from "./time.js";
import { caller, current, customerOf, lookUpAgain } from "./pops.js";
import { desk, putIn, say } from "./store.js";

/** {customer, products, dealings}; null: nobody known; undefined: on its way. */
export function dossier(state = desk) {
  if (["customer", "promise"].includes(state.view.kind)) return state.view.id ? state.dossiers[state.view.id] : null;
  const [key, pop] = current(state) ?? [];
  if (!pop) return null;
  const id = customerOf(state, key, pop);
  const found = caller(state, key, pop);
  if (id === null && found?.customers?.length) return null; // one of several: not chosen yet
  if (!id) return found?.stranger ? strangers(found.stranger) : null;
  return found?.customers?.find((one) => one.customer.id === id) ?? state.dossiers[id];
}

const made = new WeakMap();

/** The same stranger is the same value each time. */
function strangers(dealings) {
  if (!made.has(dealings)) made.set(dealings, { customer: null, products: [], dealings });
  return made.get(dealings);
}

const asked = new Map(); // id -> whether it has changed since it was asked for

/** Ask for a customer who is in no look-up; `again`: also if we have them. */
export async function fetchDossier(id, again = false) {
  if (!id || (desk.dossiers[id] && !again)) return;
  if (asked.has(id)) {
    asked.set(id, asked.get(id) || again);
    return;
  }
  asked.set(id, false);
  try {
    putIn("dossiers", id, await read(id));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.words, "warning");
  } finally {
    const changed = asked.get(id);
    asked.delete(id);
    if (changed) fetchDossier(id, true);
  }
}

async function read(id) {
  const [customer, { products }, { tickets }, { entries }] = await Promise.all([
    api.get(`/customers/${id}`),
    api.get(`/customers/${id}/products`),
    api.get("/tickets", { customer: id, open: true, limit: 20 }),
    api.get(`/customers/${id}/timeline`, { limit: 20 }),
  ]);
  const promises = (await Promise.all(tickets.slice(0, 5).map((one) => api.get(`/tickets/${one.id}/promises`))))
    .flatMap((one) => one.promises).filter((one) => !["kept", "withdrawn"].includes(one.status))
    .sort((a, b) => a.due_at.localeCompare(b.due_at));
  const today = new Date(now()).toLocaleDateString("sv"); // 2026-11-22, by the days of where this machine stands
  return {
    customer,
    products: products.map((product) => ({ product, warranty: warranty(product, today) })),
    dealings: { tickets, contacts: entries, promises },
  };
}

const warranty = ({ warranty_until: until }, today) => (until === null ? "unknown" : until >= today ? "in" : "out");

/** What is shown of them is not how it is any more. */
export function refresh() {
  const [key, pop] = current() ?? [];
  const id = ["customer", "promise"].includes(desk.view.kind) ? desk.view.id : pop && customerOf(desk, key, pop);
  if (pop?.number?.received) lookUpAgain(key, pop.number.received);
  if (id && (desk.dossiers[id] || asked.has(id))) fetchDossier(id, true);
}

let soon = null;

/** Several changes of one moment are one question. */
onMessage((message) => {
  if (message.type !== "ticket" || !concerns(message)) return;
  clearTimeout(soon);
  soon = setTimeout(refresh, 300);
});

function concerns({ id, call }) {
  const shown = dossier();
  const [, pop] = current() ?? [];
  return shown === undefined || (pop && call === pop.call) || pop?.ticket?.id === id || (shown?.dealings.tickets ?? []).some((one) => one.id === id);
}
