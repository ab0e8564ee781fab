// Small pieces that many parts of the desk show alike.
import { html, classes, useState } from "./ui.js";
import { Icon } from "./icons.js";
import { t } from "./texts.js";
import { keyCaps, keysOf } from "./keys.js";

/** Names and numbers of strangers: isolated, so that no writing direction leaks; cut, with the whole in the title. */
export const Name = ({ children, title }) => html`<bdi class="cut" title=${title ?? children}>${children}</bdi>`;

export const Keys = ({ of }) => {
  const keys = keysOf(of);
  return keys ? html`<kbd aria-hidden="true">${keyCaps(keys).join(" ")}</kbd>` : null;
};

export const Badge = ({ kind, icon, children, title }) =>
  html`<span class=${classes("badge", kind)} title=${title}>${icon && html`<${Icon} name=${icon} size=${13} />`}${children}</span>`;

/** A button that says its key, and says that it is busy. */
export function Do({ id, icon, kind, busy, disabled, onClick, children, ...more }) {
  const keys = keysOf(id);
  return html`<button type="button" data-action=${id} class=${kind} disabled=${disabled || busy} aria-busy=${busy ? "true" : undefined}
      aria-keyshortcuts=${keys ? keys.replace("Ctrl", "Control") : undefined} onClick=${onClick} ...${more}>
    ${icon && html`<${Icon} name=${icon} />`}<span class="cut">${children}</span>${keys && html`<${Keys} of=${id} />`}
  </button>`;
}

/** A field that counts once it is left or Enter is pressed: what is being typed outlives what is drawn anew meanwhile. */
export function Typed({ value, onChange, ...more }) {
  const [draft, setDraft] = useState(null);
  return html`<input ...${more} value=${draft ?? value} onInput=${(event) => setDraft(event.target.value)}
    onChange=${(event) => { setDraft(null); onChange(event); }} onBlur=${() => setDraft(null)} />`;
}

export const Empty = ({ children }) => html`<p class="empty quiet">${children}</p>`;

/** A titled area of fixed place; what is inside scrolls, the page does not. */
export const Panel = ({ title, note, kind, children, ...more }) => html`
  <section class=${classes("panel", kind)} aria-label=${title} ...${more}>
    <header><h2>${title}</h2>${note}</header>
    <div class="inside" tabindex="-1">${children}</div>
  </section>`;

export const count = (n) => html`<span class="count number">${n}</span>`;
export const dialable = (number) => (number ?? "").replace(/[^\d+*#]/g, "");
/** A number as people here read it, a ticket's number as they say it. */
export const readable = (number) => (number ?? "").replace(/^\+86(1\d\d)(\d{4})(\d{4})$/, "$1 $2 $3");
export const spoken = (ticket) => String(ticket ?? "").replace(/^(\d{3})(\d{3})(\d+)$/, "$1 $2 $3");
export const yesNo = (value) => (value === true ? t("Yes") : value === false ? t("No") : "");
