// What the desk knows, in one place: components look at parts of it, and are drawn anew when their part changes.
import { useEffect, useRef, useState } from "./ui.js";
import { nothing } from "./screen.js";

const watchers = new Set();

export const desk = {
  connection: { state: "connecting", since: Date.now() },
  screen: nothing(),
  me: null, //            who is signed in
  kinds: {}, //           kinds of ticket by name
  categories: {}, //      what the site calls its products, by code
  dispositions: [],
  view: { kind: "empty" }, // what is in the middle: {kind: "pop", key} | {kind: "customer", id} | {kind: "promise", promise, id}
  ticket: null, //        id of the ticket on the right; null: that of the call, or a new one
  kept: {}, //            pops that the switch is done with, and we are not
  chosen: {}, //          which customer a pop is about, by key
  callers: {}, //         look-ups that are newer than a pop's own, by key
  dismissed: {}, //       missed calls that were seen
  hidden: {}, //          notices that were read
  dossiers: {}, //        customers that were opened, with all that is known, by id
  forms: {}, //           what is being written, by subject
  tickets: {}, //         tickets as the server has them, by id
  files: {}, //           files of tickets and what else they take, by ticket
  shownTicket: null, //   the ticket on the right, whatever made it be there
  consult: null, //       a colleague who is asked before the call is passed on
  dialog: null, //        {name, ...}
  toasts: [],
};

/** Change some of it; whoever looks at that is drawn anew. */
export function put(part) {
  Object.assign(desk, part);
  watchers.forEach((look) => look());
}

/** One entry of a part that is a table; undefined takes it out. */
export function putIn(name, key, value) {
  const { [key]: before, ...rest } = desk[name];
  put({ [name]: value === undefined ? rest : { ...rest, [key]: value } });
}

/** Whatever `select` finds, again whenever it is something else. `hear`: when that is looked at; gives what ends it. */
export function useDesk(select, same = Object.is, hear = watch) {
  const [, again] = useState(0);
  const look = useRef(select);
  look.current = select;
  const value = select(desk);
  const shown = useRef(value);
  shown.current = value;
  useEffect(() => {
    const check = () => {
      if (!same(look.current(desk), shown.current)) again((n) => n + 1);
    };
    check();
    return hear(check);
  }, []);
  return value;
}

/** For `useDesk`: lists and tables whose entries are the same are the same. */
export function alike(a, b) {
  if (Object.is(a, b)) return true;
  if (!a || !b || typeof a !== "object" || typeof b !== "object") return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.is(a[name], b[name]));
}

/** Call `tell` after every change. */
export function watch(tell) {
  watchers.add(tell);
  return () => watchers.delete(tell);
}

let count = 0;

/** A short word at the lower edge; warnings stay until they are read. `more`: {label, run}, what can be done about it. */
export function say(text, level = "info", more = null) {
  count += 1;
  const id = count;
  put({ toasts: [...desk.toasts.slice(-3), { id, text, level, more }] });
  document.getElementById("said").textContent = text;
  if (level === "info") setTimeout(() => unsay(id), more ? 15_000 : 5000);
}

export const unsay = (id) => put({ toasts: desk.toasts.filter((one) => one.id !== id) });

export const ask = (name, more = {}) => put({ dialog: { name, ...more } });
export const unask = () => put({ dialog: null });
/** Closes the dialog that is open now, whenever it is called: not another one that was opened meanwhile. */
export function unaskLater() {
  const mine = desk.dialog;
  return () => { if (desk.dialog === mine) unask(); };
}

/** A reading of which only the newest counts, since answers overtake one another. `ask` gives a part of the desk. */
export function reading(ask) {
  let newest = 0;
  return async (...asked) => {
    newest += 1;
    const mine = newest;
    const part = await ask(...asked);
    if (mine === newest) put(part);
    return part;
  };
}
