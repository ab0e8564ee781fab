// Which calls are mine, which one is looked at, and whom it is about. A second call never takes the screen away from
// the first; a call that the switch is done with stays until its record is.
import { api } from "./api.js";
import { onMessage, send } from "./stream.js";
import { desk, put, putIn, say } from "./store.js";
import { closedWord } from "./words.js";
import { t } from "./texts.js";
import { now } from "./time.js";
import { announce, retell } from "./ringing.js";

const KEEP_MISSED_MS = 30 * 60_000;

/** Where I sit: "pbx/interface"; null: at no phone. */
export function seat(state = desk) {
  const seat = state.me && state.screen.shift[String(state.me.id)]?.seat;
  return seat ? `${seat.pbx}/${seat.interface}` : null;
}

export const shift = (state = desk) => (state.me && state.screen.shift[String(state.me.id)]) || null;

export const me = (state = desk) => (seat(state) && state.screen.agents[seat(state)]) || null;

/** My calls: [key, pop], those that talk first, then those that ring, then those whose record is not done. */
export function calls(state = desk) {
  const found = Object.entries({ ...state.kept, ...plain(state), ...running(state) });
  return found.sort(([, a], [, b]) => rank(a) - rank(b) || String(a.offered_at).localeCompare(String(b.offered_at)));
}

/** At my phone: a supervisor may see those of others too. */
const at = (state, pop) => `${pop.pbx}/${pop.interface}` === seat(state);
const running = (state) =>
  Object.fromEntries(Object.entries(state.screen.pops).filter(([, pop]) => pop.state !== "missed" && at(state, pop)));
const rank = (pop) => (pop.over ? 2 : pop.state === "answered" ? 0 : 1);

/** Calls of mine that rang at nobody's phone: those that I make. */
function plain(state) {
  const mine = state.screen.shift[String(state.me?.id)]?.seat;
  if (!mine) return {};
  const found = {};
  for (const call of Object.values(state.screen.calls)) {
    const key = `${mine.pbx}/${mine.interface}|${call.id}`;
    if (call.pbx !== mine.pbx || call.state === "ended" || key in state.screen.pops) continue;
    if ((call.with ?? []).includes(mine.interface)) found[key] = made(call, mine, state.callers[key]);
  }
  return found;
}

const remembered = new WeakMap();

/** The same call and caller give the same value, so that nothing is drawn for nothing. */
function made(call, { pbx, interface: at }, caller) {
  const before = remembered.get(call);
  if (before && before.caller === (caller ?? null)) return before;
  const pop = {
    pbx, interface: at, call: call.id, own: true, state: call.direction === "outbound" && !call.answered_at ? "calling" : "answered",
    queue: call.queue, queue_title: null, offered_at: call.started_at, answered_at: call.answered_at, visits: [],
    number: { received: call.number, e164: caller?.number?.e164 ?? null, shown: call.number, kind: caller?.number?.kind ?? "other", place: null }, name: call.name,
    transfer: null, caller: caller ?? null, repeat: 0, ticket: call.ticket ? { id: call.ticket } : null,
    direction: call.direction,
  };
  remembered.set(call, pop);
  return pop;
}

export const missed = (state = desk) =>
  Object.entries(state.screen.pops).filter(
    ([key, pop]) => pop.state === "missed" && at(state, pop) && !state.dismissed[key] && now() - Date.parse(pop.offered_at) < KEEP_MISSED_MS,
  );

/** The call that is looked at, [key, pop]; null: none. */
export function current(state = desk) {
  if (state.view.kind !== "pop") return null;
  const pop = running(state)[state.view.key] ?? plain(state)[state.view.key] ?? state.kept[state.view.key] ?? missedOne(state);
  return pop ? [state.view.key, pop] : null;
}

const missedOne = (state) => state.screen.pops[state.view.key] ?? null;

/** What is known of the caller: our own newer look-up before the one that came with the call. */
export const caller = (state, key, pop) => state.callers[key] ?? pop?.caller ?? null;

/** The customer that a call is about: chosen, or the only one. null: nobody (yet). */
export function customerOf(state, key, pop) {
  if (key in state.chosen) return state.chosen[key];
  const promised = Object.values(state.screen.promises).find((one) => one.call && one.call === pop?.call);
  if (promised?.customer) return promised.customer;
  const known = caller(state, key, pop)?.customers ?? [];
  return known.length === 1 ? known[0].customer.id : null;
}

export const look = (key) => put({ view: { kind: "pop", key }, ticket: null });
export const lookAtCustomer = (id, ticket = null) => put({ view: { kind: "customer", id }, ticket });
export const lookAway = () => put({ view: { kind: "empty" }, ticket: null });
export const choose = (key, customer) => putIn("chosen", key, customer);

/** The record of a call is done, or nobody wants it: it leaves the desk. */
export function release(key) {
  putIn("kept", key, undefined);
  putIn("chosen", key, undefined);
  putIn("callers", key, undefined);
  lookingUp.delete(key);
  if (desk.view.kind === "pop" && desk.view.key === key) next();
}

/** What to look at once this is done: another call, else nothing. */
function next() {
  const [first] = calls().filter(([key]) => key !== desk.view.key);
  first ? look(first[0]) : lookAway();
}

export function dismiss(key) {
  putIn("dismissed", key, true);
  send({ type: "dismiss", key });
  if (desk.view.key === key) lookAway();
}

const lookingUp = new Map(); // key -> the newest look-up that is on its way: the answer of an older one comes too late

/** Look the caller up again: somebody was put down, changed or merged. */
export async function lookUpAgain(key, received) {
  if (!received) return;
  const mine = {};
  lookingUp.set(key, mine);
  try {
    const found = await api.get("/lookup", { number: received });
    if (lookingUp.get(key) === mine) putIn("callers", key, found);
  } catch {
    // What the pop brought along stays; the next change tries again.
  }
}

// --- what messages do to it ---

onMessage((message, before) => REACTIONS[message.type]?.(message, before));

const REACTIONS = { pop, "pop.update": updated, "pop.closed": closed, snapshot, call, shift: wrapped };

function pop({ key, value }, before) {
  if (!value || value.state === "missed" || !at(desk, value)) return;
  const known = before.pops[key];
  if (!known || known.state !== value.state) announce(ringing());
  if (value.state === "answered" && known?.state !== "answered") return answered(key);
  if (!known) offered(key);
}

function updated({ key, value }, before) {
  if (value.caller) {
    putIn("callers", key, undefined);
    retell(ringing());
  }
  if (value.state === "answered" && before.pops[key]?.state !== "answered") {
    announce(ringing());
    if (before.pops[key]) answered(key);
  }
}

/** A ringing call is looked at, unless another one is being worked on. */
function offered(key) {
  const [, shown] = current() ?? [];
  if (!shown || shown.state === "missed") look(key);
}

const answered = (key) => look(key);

function closed({ key, why }, before) {
  const pop = before.pops[key];
  if (!pop || !at(desk, pop) || pop.state === "missed") return;
  announce(ringing());
  if (why === "ended" && pop.state === "answered") return keep(key, pop);
  if (why !== "ended" || pop.state !== "answered") say(closedWord(why));
  if (desk.view.key === key && why !== "abandoned") next();
  else if (desk.view.key === key && calls().length) next();
}

/** Another call that rings. */
const ringing = () => calls().map(([, pop]) => pop).find((pop) => pop.state === "offered" && !pop.over) ?? null;

function keep(key, pop) {
  putIn("kept", key, { ...pop, over: new Date(now()).toISOString() });
}

/** A call of one's own that is over waits for its record too. */
function call({ key, value }, before) {
  const was = before.calls[key];
  const mine = shift()?.seat;
  if (!was || !mine || (value && value.state !== "ended")) return started(value);
  const pop = `${mine.pbx}/${mine.interface}|${was.id}`;
  if ((was.with ?? []).includes(mine.interface) && !(pop in before.pops) && !desk.kept[pop] && was.answered_at) {
    keep(pop, made(was, mine, desk.callers[pop]));
  } else if (desk.view.key === pop && !desk.kept[pop] && !(pop in desk.screen.pops)) next();
}

const begun = new Set();

/** A call that I make: looked at once, and its customer looked up as soon as its number is known. */
function started(value) {
  const mine = shift()?.seat;
  if (!value || !mine || !(value.with ?? []).includes(mine.interface)) return;
  const key = `${mine.pbx}/${mine.interface}|${value.id}`;
  if (key in desk.screen.pops || value.direction !== "outbound") return;
  if (value.number && !(key in desk.callers)) {
    desk.callers[key] = null;
    lookUpAgain(key, value.number);
  }
  if (begun.has(key)) return;
  begun.add(key);
  offered(key);
}

/** After a break or a reload: look at the call that goes on, and bring back the one whose record waits. */
function snapshot() {
  const gone = Object.keys(desk.screen.pops).filter((key) => desk.kept[key]);
  gone.forEach((key) => putIn("kept", key, undefined));
  wrapped({ value: shift() }, null);
  const [first] = calls();
  if (!current() && first) look(first[0]);
  announce(ringing());
}

/** In wrap-up the call of the record is looked at, also by a page that was opened after it ended. */
async function wrapped({ value }, before) {
  const was = before && before.shift[String(desk.me?.id)]?.wrap_up?.call;
  if (was && value?.wrap_up?.call !== was) letGo(was);
  const call = value?.wrap_up?.call;
  if (!call || calls().some(([, pop]) => pop.call === call)) return;
  const { pbx, interface: at } = value.seat;
  const key = `${pbx}/${at}|${call}`;
  if (key in desk.kept) return;
  try {
    const pop = await remember(call, pbx, at);
    if (shift()?.wrap_up?.call !== call) return; // its record was done meanwhile
    keep(key, pop);
    if (desk.view.kind === "empty") look(key);
  } catch {
    say(t("The call of this wrap-up cannot be read now"), "warning");
  }
}

/** The wrap-up is over: a record in which nothing was written goes, one that was begun stays until it is saved. */
function letGo(call) {
  for (const [key, pop] of Object.entries(desk.kept)) if (pop.call === call && !desk.forms[`call:${call}`]) release(key);
}

async function remember(id, pbx, at) {
  const { call, ticket } = await wholeCall(id);
  const received = call.direction === "outbound" ? call.dialed : call.caller_number;
  const found = received ? await api.get("/lookup", { number: received }).catch(() => null) : null;
  return {
    pbx, interface: at, call: id, state: "answered", queue: call.queue_visits?.[0]?.queue ?? null, queue_title: null,
    offered_at: call.started_at, answered_at: call.answered_at, waited_s: null, visits: [],
    number: { received, e164: found?.number.e164 ?? null, shown: received, kind: found?.number.kind ?? "withheld", place: null },
    name: call.caller_name, transfer: null, caller: found, repeat: 0, direction: call.direction,
    ticket: ticket ? { id: ticket.id ?? ticket, number: ticket.number } : null,
  };
}

async function wholeCall(id) {
  const body = await api.get(`/calls/${encodeURIComponent(id)}`);
  return { call: body.call ?? body, ticket: body.ticket ?? null };
}
