// The fields of administrators' forms: each with its name, what it is for, and what is wrong with it.
import { html, classes } from "./ui.js";
import { t } from "./texts.js";

/** What is typed into a line of text, a number, a long text; `value` is always what stands there, `onChange` gets it. */
export const Line = ({ value, onChange, ...more }) => html`<input type="text" maxlength="400" autocomplete="off" spellcheck="false" value=${value} onInput=${(event) => onChange(event.target.value)} ...${more} />`;
export const Count = ({ value, onChange, ...more }) => html`<input type="text" inputmode="decimal" maxlength="9" autocomplete="off" value=${value} onInput=${(event) => onChange(event.target.value)} ...${more} />`;
export const Long = ({ value, onChange, ...more }) => html`<textarea rows="3" maxlength="2000" value=${value} onInput=${(event) => onChange(event.target.value)} ...${more} />`;
export const Choose = ({ value, onChange, options, ...more }) => html`<select onChange=${(event) => onChange(event.target.value)} ...${more}>
  ${options.map(([code, words]) => html`<option key=${code} value=${code} selected=${code === value}>${words}</option>`)}</select>`;
/** A line with proposals: [[value, words]]. */
export const Proposed = ({ value, onChange, options, id, ...more }) => html`<input id=${id} type="text" list=${`${id}-list`} maxlength="200" autocomplete="off" spellcheck="false" value=${value} onInput=${(event) => onChange(event.target.value)} ...${more} />
  <datalist id=${`${id}-list`}>${options.map(([code, words]) => html`<option key=${code} value=${code}>${words}</option>`)}</datalist>`;
export const YesNo = ({ value, onChange, yes = t("Yes"), no = t("No"), ...more }) => html`<select onChange=${(event) => onChange(event.target.value === "yes")} ...${more}>
  <option value="yes" selected=${value}>${yes}</option><option value="no" selected=${!value}>${no}</option></select>`;

/** Several of a list: `value` is the list of what is chosen, in the order of `options`: [[code, words, more]]. */
export function Several({ value, onChange, options, disabled, id, empty = t("There are none."), ...more }) {
  const turn = (code, on) => onChange(options.map(([one]) => one).filter((one) => (one === code ? on : value.includes(one))));
  return html`<div class="several" id=${id} ...${more}>${options.map(([code, words, note]) => html`
    <label key=${code}><input type="checkbox" value=${code} checked=${value.includes(code)} disabled=${disabled} onChange=${(event) => turn(code, event.target.checked)} />
      <span><bdi>${words}</bdi>${note && html` <small class="quiet">${note}</small>`}</span></label>`)}
    ${!options.length && html`<p class="quiet">${empty}</p>`}</div>`;
}
Several.group = true;

/** One field. `children(given)` draws the input; `group`: it is several inputs under one title. */
export function Field({ name, label, help, wrong, wide = false, needed = false, group = false, children }) {
  const id = `field-${name}`;
  const told = [wrong && `${id}-wrong`, help && `${id}-help`].filter(Boolean).join(" ") || undefined;
  const given = { id, "aria-invalid": wrong && !group ? "true" : undefined, "aria-describedby": group ? undefined : told };
  const rest = html`${help && html`<small class="quiet" id=${`${id}-help`}>${help}</small>`}${wrong && html`<span class="wrong" id=${`${id}-wrong`} role="alert">${wrong}</span>`}`;
  const title = html`${label}${needed && html` <span class="needed" aria-hidden="true">*</span>`}`;
  return group
    ? html`<fieldset class=${classes("field", wide && "wide")} data-field=${name} aria-describedby=${told}><legend>${title}</legend>${children(given)}${rest}</fieldset>`
    : html`<div class=${classes("field", wide && "wide")} data-field=${name}><label for=${id}>${title}</label>${children(given)}${rest}</div>`;
}

/** A number as it was typed; null: it is none. Nothing typed is `empty`. */
export function numberOf(text, empty = null) {
  const typed = String(text ?? "").trim();
  if (typed === "") return empty;
  return /^-?\d{1,9}(\.\d{1,6})?$/.test(typed) ? Number(typed) : null;
}
