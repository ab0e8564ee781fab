// The ticket beside the call: what it is about, what is written, what is owed, how the call ended.
import { html, classes, useEffect, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Badge, Do, Empty } from "./bits.js";
import { Dialog } from "./dialog.js";
import { dossier } from "./dossier.js";
import { Field, Product, isoOf, localOf } from "./fields.js";
import { edit, formOf, savedOf } from "./form.js";
import { Icon } from "./icons.js";
import { act, action, keysOf } from "./keys.js";
import { onMessage } from "./stream.js";
import { current } from "./pops.js";
import { canSave, save } from "./record.js";
import { alike, ask, desk, put, putIn, say, unask, useDesk } from "./store.js";
import { t, titled, tn } from "./texts.js";
import { Moment, away, isPast, now, when } from "./time.js";
import { promiseWord, statusWord } from "./words.js";

const PRESETS = {
  "30m": { kind: "watch", label: t("30 min"), keys: "Alt+7" },
  "72h": { kind: "return_visit", label: t("72 h"), keys: "Alt+8" },
};

/** The subject of what is written: the call's, else the ticket's that is shown; null: nothing to write on. */
export function subjectOf(state) {
  const [, pop] = current(state) ?? [];
  if (pop && pop.state !== "missed") return `call:${pop.call}`;
  return state.ticket ? `ticket:${state.ticket}` : null;
}

/** The ticket on the right: the one that was picked, else the call's; null: a new one. */
export function ticketOf(state) {
  const [, pop] = current(state) ?? [];
  const subject = subjectOf(state);
  if (subject && formOf(state, subject).fresh) return null;
  return state.ticket ?? pop?.ticket?.id ?? null;
}

/** The ticket as the server has it. `quietly`: nobody asked for it, and it is asked for again. */
export async function fetchTicket(id, quietly = false) {
  try {
    const found = await api.get(`/tickets/${id}`);
    if (!(desk.tickets[id]?.version > found.version)) putIn("tickets", id, found);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (!quietly) say(error.words, "warning");
  }
}

let filesAsked = 0;

/** The files of a ticket; those of the one that was asked for last, since answers overtake one another. */
export async function fetchFiles(id) {
  const mine = ++filesAsked;
  const found = await api.get(`/tickets/${id}/attachments`).catch(() => null); // the next entry asks again
  if (found && mine === filesAsked) putIn("files", id, found);
}

onMessage((message) => {
  if (message.type === "ticket" && message.id === desk.shownTicket && message.version === null) fetchFiles(message.id);
  if (message.type === "ticket" && desk.tickets[message.id] && desk.tickets[message.id].version !== message.version) {
    fetchTicket(message.id);
  }
});

/** The ticket with what is being written laid over it: what the fields show. */
export function shown(base, form, kinds) {
  const kind = form.kind ?? base?.kind ?? firstKind(kinds);
  return {
    kind,
    subject: form.subject ?? base?.subject ?? "",
    product: form.product !== undefined ? form.product : base?.product ?? null,
    fields: { ...base?.fields, ...form.fields },
    definition: kinds[kind],
  };
}

/** Whether something is written here that can be about a product. */
export const mayChoose = (state) => subjectOf(state) !== null && state.tickets[ticketOf(state)]?.open !== false;
export const chooseProduct = (product) => edit(subjectOf(desk), { product });

/** The product that the ticket is about, as far as it is written. */
export function productOf(state) {
  const subject = subjectOf(state);
  return shown(state.tickets[ticketOf(state)], subject ? formOf(state, subject) : formOf(state, ""), state.kinds).product;
}

const firstKind = (kinds) => ("repair" in kinds ? "repair" : Object.keys(kinds)[0] ?? null);

export function Ticket() {
  const subject = useDesk(subjectOf);
  const id = useDesk(ticketOf);
  const base = useDesk((state) => (id ? state.tickets[id] : null));
  useEffect(() => {
    put({ shownTicket: id });
    if (id && !desk.tickets[id]) fetchTicket(id);
    if (id) fetchFiles(id);
  }, [id]);
  if (!subject) return html`<section class="ticket idle" aria-label=${t("Ticket")}><${Empty}>${t("The ticket of the call, or one that you choose, is written here.")}<//></section>`;
  return html`<${Form} key=${subject} subject=${subject} id=${id} base=${id ? base : null} waits=${Boolean(id && !base)} />`;
}

function Form({ subject, id, base, waits }) {
  const form = useDesk((state) => formOf(state, subject));
  const kinds = useDesk((state) => state.kinds);
  const [wrong, setWrong] = useState({});
  const [busy, setBusy] = useState(false);
  const said = shown(base, form, kinds);
  const change = (part) => edit(subject, part);
  const go = async () => {
    if (busy || !canSave(form, base)) return;
    setBusy(true);
    setWrong({});
    try {
      await save(subject, id, base, said.kind);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setWrong({ "": error.words, ...fieldsOf(error) });
      if (id && [409, 412].includes(error.status)) fetchTicket(id);
    }
    setBusy(false);
  };
  saving.go = go;
  const over = base && !base.open;
  return html`<section class="ticket" aria-label=${t("Ticket")}>
    <header><${Which} subject=${subject} id=${id} base=${base} form=${form} /></header>
    <div class="inside" tabindex="-1">
      ${base?.outside && html`<${Outside} id=${base.id} outside=${base.outside} />`}
      <div class="fields two">
        <div class="field"><label for="kind">${t("Kind")}</label>
          <select id="kind" disabled=${over} onChange=${(event) => change({ kind: event.target.value })}>
            ${Object.values(kinds).filter((one) => !one.retired || one.name === said.kind).map((one) => html`
              <option key=${one.name} value=${one.name} selected=${one.name === said.kind}>${titled(one.title, one.name)}</option>`)}
          </select></div>
        <div class="field"><label for="product">${t("Product")}</label>
          <${Product} id="product" disabled=${over} value=${said.product} onChange=${(value) => change({ product: value })} /></div>
        <div class="field wide"><label for="subject">${t("In one line")}</label>
          <input id="subject" value=${said.subject} maxlength="200" autocomplete="off" disabled=${over}
            aria-invalid=${wrong.subject ? "true" : undefined} onInput=${(event) => change({ subject: event.target.value })} /></div>
        ${!over && (said.definition?.fields ?? []).map((field) => html`<${Field} key=${`${said.kind}.${field.name}`} field=${field}
          value=${said.fields[field.name]} wrong=${wrong[field.name]} needed=${form.to && (field.required_when ?? []).includes(form.to)}
          onChange=${(value) => change({ fields: { ...formOf(desk, subject).fields, [field.name]: value } })} />`)}
      </div>
    </div>
    <div class="note">
      <label for="note">${t("Note")} <${Saved} subject=${subject} /></label>
      <textarea id="note" value=${form.note} maxlength="20000" aria-busy=${waits ? "true" : undefined}
        onInput=${(event) => change({ note: event.target.value })} />
    </div>
    <${Promises} form=${form} base=${base} change=${change} />
    <${End} subject=${subject} base=${base} form=${form} said=${said} change=${change} busy=${busy} go=${go} wrong=${wrong} />
  </section>`;
}

const fieldsOf = (error) =>
  Object.fromEntries(Object.entries(error.fields).map(([name, why]) => [name.replace(/^(new|change)\./, "").replace(/^fields\./, "").replace(/[.[].*$/, ""), why]));

/** For the keys: the form that is shown saves itself. */
const saving = { go: null };

function Which({ subject, id, base, form }) {
  const [, pop] = useDesk((state) => current(state) ?? [], alike);
  const onCall = subject.startsWith("call:");
  const moved = onCall && pop?.ticket?.id && id && id !== pop.ticket.id;
  return html`<${Icon} name="ticket" />
    <h2 class="cut">${form.fresh || !id ? t("A new ticket") : html`<span class="number">${base?.spoken ?? pop?.ticket?.number ?? ""}</span>`}</h2>
    ${base && html`<${Badge} kind=${base.open ? "" : "bad"}>${statusWord(base.status)}<//>`}
    ${base?.outside?.dead > 0 && html`<${Badge} kind="bad">${t("not told outside")}<//>`}
    ${moved && html`<${Badge} kind="ring" title=${t("Saving puts the call on this ticket")}>${t("call moves here")}<//>`}
    ${id && !form.fresh && html`<${Files} id=${id} />`}
    ${onCall && (id || form.fresh) && html`<button type="button" class="bare" aria-pressed=${form.fresh ? "true" : "false"}
      onClick=${() => { put({ ticket: null }); edit(subject, { fresh: !form.fresh }); }}>${form.fresh ? t("Continue the old one") : t("New ticket")}</button>`}
    ${!onCall && html`<button type="button" class="bare" onClick=${() => put({ ticket: null })} aria-label=${t("Close")}><${Icon} name="close" /></button>`}`;
}

const PATIENCE_MS = 10_000; // what was saved a moment ago is always still on its way
const LOOK_AGAIN_MS = 15_000;

/** What other systems have not heard yet; looked at again until they have, since nobody tells screens of that. */
function Outside({ id, outside: { unsent, since } }) {
  useEffect(() => {
    if (!unsent) return undefined;
    const looking = setInterval(() => fetchTicket(id, true), LOOK_AGAIN_MS);
    return () => clearInterval(looking);
  }, [id, unsent > 0]);
  if (!unsent || now() - Date.parse(since) < PATIENCE_MS) return null;
  const waits = `${tn("{n} event waits", "{n} events wait", unsent)}, ${t("the oldest since {time}", { time: when(since) })}`;
  return html`<p class="cut quiet" title=${waits}><${Badge} kind="ring">${t("saved here, not yet there")}<//> ${waits}</p>`;
}

/** How many there are; its key and a file that is dropped on the ticket open the same. */
function Files({ id }) {
  const n = useDesk((state) => state.files[id]?.attachments.length ?? 0);
  const label = tn("{n} file", "{n} files", n);
  return html`<button type="button" class="bare" data-action="files" aria-keyshortcuts=${keysOf("files")} aria-label=${label} title=${`${label} (Alt J)`}
    onClick=${() => act("files")}><${Icon} name="clip" />${n || ""}</button>`;
}

function Saved({ subject }) {
  const saved = useDesk((state) => savedOf(state, subject));
  const failed = useDesk((state) => state.forms[subject]?.failed);
  const any = useDesk((state) => Boolean(state.forms[subject]));
  const text = !any ? "" : saved ? t("kept at {time}", { time: when(saved) }) : failed ? t("kept on this computer only") : t("…");
  return html`<span class=${classes("saved", failed && !saved && "wrong")} title=${failed ?? ""}>${text}</span>`;
}

// --- promises ---

function Promises({ form, base, change }) {
  const owed = (base?.promises ?? []).filter((one) => !["kept", "withdrawn"].includes(one.status));
  const add = (one) => change({ promises: [...form.promises.filter((each) => each.kind !== one.kind || each.due_at !== one.due_at), one] });
  const toggle = (preset) => {
    const has = form.promises.some((one) => one.preset === preset);
    change({ promises: has ? form.promises.filter((one) => one.preset !== preset) : [...form.promises, { preset, kind: PRESETS[preset].kind }] });
  };
  promising.toggle = toggle;
  promising.add = add;
  return html`<fieldset class="promises"><legend>${t("We call back")}</legend>
    <div class="line">${Object.entries(PRESETS).map(([preset, one]) => html`<button key=${preset} type="button"
        aria-pressed=${form.promises.some((each) => each.preset === preset) ? "true" : "false"} aria-keyshortcuts=${one.keys}
        onClick=${() => toggle(preset)}>${one.label} <kbd>${one.keys.replace("+", " ")}</kbd></button>`)}
      <button type="button" aria-keyshortcuts="Alt+9" onClick=${() => ask("promise")}>${t("at a time")} <kbd>Alt 9</kbd></button></div>
    <p class="cut quiet">${[
      ...form.promises.filter((one) => one.due_at).map((one) => html`<button key=${one.due_at} type="button" class="bare" title=${t("Take back")}
        onClick=${() => change({ promises: form.promises.filter((each) => each !== one) })}>${when(one.due_at)} ✕</button>`),
      ...owed.map((one) => html`<span key=${one.id}>${promiseWord(one.kind)}: <${Moment} at=${one.due_at} /> </span>`),
    ]}${!owed.length && !form.promises.length ? t("No call is owed on this ticket") : ""}</p>
  </fieldset>`;
}

const promising = { toggle: null, add: null };

export function PromiseDialog() {
  const [at, setAt] = useState(localOf(new Date(Math.ceil(now() / 900_000) * 900_000 + 3_600_000).toISOString()));
  const [why, setWhy] = useState("");
  const due = isoOf(at);
  const gone = due !== null && isPast(due);
  const done = () => {
    if (!due || gone) return;
    promising.add?.({ kind: "requested", due_at: due, why });
    unask();
  };
  return html`<${Dialog} title=${t("We call back at a time")} onSubmit=${done}>
    <label>${t("When")}<input type="datetime-local" autofocus value=${at} required onInput=${(event) => setAt(event.target.value)} /></label>
    <p class=${gone ? "wrong" : "quiet"}>${gone ? t("That is over.") : due && away(due)}</p>
    <label>${t("What for")}<input value=${why} maxlength="200" onInput=${(event) => setWhy(event.target.value)} /></label>
    <footer><button type="submit" class="main" disabled=${!due || gone}>${t("Promise it")}</button></footer>
  <//>`;
}

// --- the end ---

function End({ subject, base, form, said, change, busy, go, wrong }) {
  const onCall = subject.startsWith("call:");
  const over = useDesk((state) => Boolean(current(state)?.[1].over));
  const dispositions = useDesk((state) => state.dispositions);
  const fit = dispositions.filter((one) => !one.retired && (!one.kinds?.length || one.kinds.includes(said.kind)));
  const next = base ? base.next ?? [] : (said.definition?.statuses ?? []).filter((one) => one !== "open").concat("closed");
  return html`<footer class="end">
    <div class="fields two">
      <div class="field"><label for="to">${t("What happens next")}</label>
        <select id="to" onChange=${(event) => change({ to: event.target.value })} aria-invalid=${wrong.to || wrong.status ? "true" : undefined}>
          <option value="" selected=${!form.to}>${base ? t("stays: {status}", { status: statusWord(base.status) }) : t("stays open")}</option>
          ${[...new Set(next)].map((one) => html`<option key=${one} value=${one} selected=${form.to === one}>${statusWord(one)}</option>`)}
        </select></div>
      ${onCall && html`<div class="field"><label for="disposition">${t("How the call ended")}</label>
        <select id="disposition" aria-invalid=${wrong.disposition ? "true" : undefined} onChange=${(event) => change({ disposition: event.target.value })}>
          <option value="" selected=${!form.disposition}>–</option>
          ${fit.map((one) => html`<option key=${one.name} value=${one.name} selected=${form.disposition === (one.name)}>${titled(one.title, one.name)}</option>`)}
        </select></div>`}
      ${form.to && html`<div class="field wide"><label for="why">${t("Why")}</label>
        <input id="why" value=${form.why} maxlength="500" aria-invalid=${wrong.why ? "true" : undefined} onInput=${(event) => change({ why: event.target.value })} /></div>`}
    </div>
    ${wrong[""] && html`<p class="wrong" role="alert">${wrong[""]}</p>`}
    <${Do} id="save" icon="ready" kind="main" busy=${busy} disabled=${!canSave(form, base)} onClick=${go}>${over ? t("Save; ready for the next call") : t("Save")}<//>
  </footer>`;
}

export function startTicket() {
  const writing = () => subjectOf(desk) !== null;
  const focus = (id) => () => document.getElementById(id)?.focus();
  action("save", "Ctrl+Enter", t("Save the record; after the call: ready for the next"), () => saving.go?.(), writing);
  action("note", "Alt+N", t("Write the note"), focus("note"), writing);
  action("kind", "Alt+K", t("Choose the kind of ticket"), focus("kind"), writing);
  action("next", "Alt+X", t("Choose what happens next"), focus("to"), writing);
  action("end", "Alt+G", t("Choose how the call ended"), focus("disposition"), writing);
  action("new", "Alt+U", t("A new ticket for this call"), () => { put({ ticket: null }); edit(subjectOf(desk), { fresh: true }); },
    () => subjectOf(desk)?.startsWith("call:"));
  action("in30m", "Alt+7", t("We call back in 30 minutes"), () => promising.toggle?.("30m"), writing);
  action("in72h", "Alt+8", t("We call back within 72 hours"), () => promising.toggle?.("72h"), writing);
  action("attime", "Alt+9", t("We call back at a time"), () => ask("promise"), writing);
}
