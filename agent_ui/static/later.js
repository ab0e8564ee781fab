// Dialogs of the desk that are loaded when they are first opened, with their words: its first screen stays small.
import { dossier } from "./dossier.js";
import { action } from "./keys.js";
import { ask, desk, say } from "./store.js";
import { learnAllWords, t } from "./texts.js";
import { ticketOf } from "./ticket.js";

/** Each gives its dialog as `Shown`. */
const DIALOGS = {
  files: () => import("./later-files.js"),
  merge: () => import("./later-merging.js"),
  product: () => import("./later-product.js"),
  split: () => import("./later-splitting.js"),
};

let asked = 0;

/** Open one of them; not over something that was opened while it came. */
export async function askLater(name, more = {}) {
  const mine = ++asked;
  const before = desk.dialog;
  try {
    const [{ Shown }] = await Promise.all([learnAllWords().then(DIALOGS[name]), styled()]);
    if (mine === asked && desk.dialog === before) ask(name, { ...more, Shown });
  } catch {
    say(t("This part of the page did not load. Try again; if that does not help, reload the page."), "warning");
  }
}

let style = null;

/** What they look like comes once, before the first of them is drawn. */
function styled() {
  style ??= new Promise((done, failed) => {
    const link = document.createElement("link");
    document.head.append(Object.assign(link, { rel: "stylesheet", href: new URL("later.css", import.meta.url).href, onload: done, onerror: failed }));
  }).catch((error) => {
    style = null;
    throw error;
  });
  return style;
}

export const may = (scope, state = desk) => Boolean(state.me?.scopes.includes(scope));

const askFiles = (files = []) => {
  const ticket = ticketOf(desk);
  if (ticket) askLater("files", { ticket, files });
};

/** A new product, or one that is to be corrected. */
export const askProduct = (product = null) => askLater("product", { ...dossier(), product });

const holdsFiles = (event) => Boolean(event.dataTransfer?.types.includes("Files"));
const onTicket = (event) => !desk.dialog && ticketOf(desk) !== null && event.target.closest?.(".ticket");

/** A file that is dropped beside its place must not take the desk away: a browser would show it instead. */
function catchFiles() {
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event) || event.defaultPrevented) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = onTicket(event) ? "copy" : "none";
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event) || event.defaultPrevented) return;
    event.preventDefault();
    if (onTicket(event)) askFiles([...event.dataTransfer.files]);
  });
}

export function startLater() {
  const changes = () => may("customers:write") && Boolean(dossier()?.customer);
  action("product", "Alt+Y", t("A product of the customer: a new one, or one that is wrong"), () => askProduct(), changes);
  action("files", "Alt+J", t("Files of the ticket"), () => askFiles(), () => ticketOf(desk) !== null);
  action("merge", "Alt+M", t("Two customers who are one"), () => askLater("merge"), changes);
  action("split", "Alt+Z", t("A customer who is two"), () => askLater("split", { customer: dossier().customer }), changes);
  catchFiles();
}
