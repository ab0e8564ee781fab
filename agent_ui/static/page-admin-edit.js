// One thing that is being changed: a form whose draft stays while its writer looks at something else, saved with the
// version that it began with; what is wrong is said at its field, and what somebody else changed is shown first.
import { html, classes, useEffect, useRef, useState } from "./ui.js";
import { Refused } from "./api.js";
import { Do, yesNo } from "./bits.js";
import { action } from "./keys.js";
import { Field } from "./page-admin-fields.js";
import { conflict, differing } from "./page-conflict.js";
import { desk, put, putIn, say, useDesk } from "./store.js";
import { t } from "./texts.js";

const FIRST = 412; // somebody else was first
const NONE = {};
put({ drafts: {}, bases: {}, wrong: {} }); // by name of what is edited: what is typed, what it began with, what is wrong

/** Forget what was typed. */
export function forget(name) {
  for (const part of ["drafts", "bases", "wrong"]) putIn(part, name, undefined);
}
/** Whether something is being changed; for marks in lists. */
export const isDraft = (state, name) => Boolean(state.drafts[name]);

/** A list with this one as it was kept: nobody is to see the old one while the list is read anew, and to save over it. */
export const withKept = (things, kept, id = "id") => (things ?? []).map((one) => (one[id] === kept[id] ? { ...one, ...kept } : one));

const shownPlainly = (_, value) => (typeof value === "boolean" ? yesNo(value) : Array.isArray(value) ? value.map(String).join(", ") : value && typeof value === "object" ? JSON.stringify(value) : String(value ?? "")) || "–";

/** The longest beginning of a path that is a field: `queues[0].queue` is shown at `queues`. */
function nearest(path, names) {
  for (let at = path; at; at = at.slice(0, Math.max(at.lastIndexOf("."), at.lastIndexOf("["), 0))) if (names.includes(at)) return at;
  return "";
}

/** `name`: what is edited, such as "user:3". `thing`: as the server has it, null: it is new. `form(thing)` gives what is
 *  typed by field, `body(form, complain, base)` what is sent, where `base` is the form that it began with; `save(body,
 *  version)` sends it and gives the thing that was kept, `saved(thing, base)` hears of it. `again()` reads it anew after somebody else was first. `words`: names of fields;
 *  `shown(field, value)`: a value in words. `children(field, form, change)` draws the fields, where `field(name, Input,
 *  more)` is one of them; `doing`: more buttons. `title`, `note`, `fixed`: what stands above; nothing may be changed. */
export function Editor({ name, title, note, thing, form: toForm, body: toBody, save, saved = () => {}, again = null, words, shown = shownPlainly, fixed = false, doing, children }) {
  const draft = useDesk((state) => state.drafts[name] ?? null);
  const wrong = useDesk((state) => state.wrong[name] ?? NONE);
  const [busy, setBusy] = useState(false);
  const place = useRef(null);
  const form = draft ?? toForm(thing);
  const dirty = draft !== null;
  const change = (part) => {
    if (!dirty) putIn("bases", name, form);
    putIn("drafts", name, { version: thing?.version ?? null, ...form, ...part });
  };
  const complain = (fields) => {
    putIn("wrong", name, fields);
    setTimeout(() => place.current?.querySelector("[aria-invalid=true]")?.focus());
  };
  const go = async () => {
    if (busy || fixed || !dirty) return;
    const found = {};
    const base = desk.bases[name] ?? toForm(thing);
    const { version, ...typed } = form;
    const body = toBody(typed, (field, why) => { found[field] ??= why; }, base);
    if (Object.keys(found).length) return complain(found);
    const sent = desk.drafts[name];
    setBusy(true);
    try {
      const kept = await save(body, version);
      const later = desk.drafts[name];
      forget(name);
      saved(kept, base);
      if (thing && later && later !== sent) goOn(kept, patchOf(later, sent));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await refused(error);
    }
    setBusy(false);
  };
  /** What was typed while it was saved is not saved yet. */
  const goOn = (kept, typed) => {
    putIn("bases", name, toForm(kept));
    putIn("drafts", name, { ...toForm(kept), ...typed, version: kept.version });
  };
  const refused = async (error) => {
    if (error.status === FIRST && again) return overtaken().catch((second) => {
      if (!(second instanceof Refused)) throw second;
      complain({ "": second.words });
    });
    const fields = {};
    for (const [path, why] of Object.entries(error.fields)) fields[nearest(path, Object.keys(form)) || path] ??= why;
    complain(Object.keys(fields).length ? fields : { "": error.words });
  };
  const overtaken = async () => {
    const theirs = await again();
    const take = (mine) => {
      forget(name);
      if (!mine) return;
      putIn("bases", name, toForm(theirs));
      putIn("drafts", name, { ...mine, version: theirs.version });
    };
    conflict({ base: desk.bases[name] ?? toForm(thing), mine: form, theirs: toForm(theirs), word: (one) => words[one] ?? one, shown, take });
  };
  action("save", "Ctrl+Enter", t("Save"), go, () => dirty && !fixed);
  useEffect(() => { place.current?.querySelector(".inside")?.scrollTo(0, 0); }, [name]);
  const field = (one, Input, { label, help, wide, needed, path = one, ...more } = {}) => html`<${Field} key=${one} name=${one} label=${label ?? words[one]} help=${help} wide=${wide} needed=${needed} group=${Input.group} wrong=${wrong[path]}>
    ${(given) => html`<${Input} ...${given} ...${more} disabled=${fixed || more.disabled} value=${form[one]} onChange=${(value) => change({ [one]: value })} />`}<//>`;
  const lost = Object.entries(wrong).filter(([one]) => !place.current?.querySelector(`[data-field="${CSS.escape(one)}"]`));
  return html`<form class="panel policy editor" ref=${place} aria-label=${title} data-edit=${name} onSubmit=${(event) => { event.preventDefault(); go(); }}>
    <header><h2 class="cut"><bdi>${title}</bdi></h2>${note && html`<span class="quiet cut">${note}</span>`}</header>
    <div class="inside" tabindex="-1">${children(field, form, change, wrong)}</div>
    <footer class="doing">${doing}
      ${lost.map(([one, why]) => html`<p key=${one} class="wrong" role="alert">${one && `${words[one] ?? one}: `}${why}</p>`)}
      <span class=${classes("saved", dirty && "unsaved")}>${dirty ? t("not saved") : ""}</span>
      ${!fixed && html`<${Do} id="undo" disabled=${!dirty || busy} onClick=${() => forget(name)}>${thing ? t("As it was") : t("Clear")}<//>
      <${Do} id="save" icon="ready" kind="main" busy=${busy} disabled=${!dirty} onClick=${go}>${thing ? t("Save") : t("Make it")}<//>`}
    </footer>
  </form>`;
}

/** Say that it was saved, with a way back where there is one: `undo()` is what was before, sent again. */
export const saidSaved = (what, undo = null) => say(t("Saved: {what}", { what }), "info", undo && { label: t("Undo"), run: undo });

/** Of `form` what differs from `base`: what a PATCH says. */
export const patchOf = (form, base) => Object.fromEntries(differing(base, form).map((name) => [name, form[name]]));
