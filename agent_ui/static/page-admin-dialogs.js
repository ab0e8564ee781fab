// Two dialogs of the administration: one that says what will happen before it does, and one that shows a secret once.
import { html, useState } from "./ui.js";
import { Refused } from "./api.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { ask, desk, say, unask } from "./store.js";
import { t } from "./texts.js";

/** Ask before something is done. `says`: what will happen, line by line; `why`: whether a reason is needed;
 *  `run(why)` does it: what it refuses stands in the dialog. */
export const confirm = ({ title, says = [], label, danger = true, why = false, run }) => ask("confirm", { title, says, label, danger, why, run });

export function ConfirmDialog({ title, says, label, danger, why: needsWhy, run }) {
  const [why, setWhy] = useState("");
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const missing = needsWhy && !why.trim();
  const go = async () => {
    if (busy || missing) return;
    const mine = desk.dialog;
    setBusy(true);
    try {
      await run(why.trim());
      if (desk.dialog === mine) unask(); // it may have asked something else
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setWrong(error.words);
    }
    setBusy(false);
  };
  return html`<${Dialog} title=${title} onSubmit=${go}>
    ${says.map((line) => html`<p key=${line}>${line}</p>`)}
    ${needsWhy && html`<label>${t("Why? It stays in the audit.")}<input autofocus value=${why} maxlength="200" required onInput=${(event) => setWhy(event.target.value)} /></label>`}
    ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
    <footer><button type="button" autofocus=${!needsWhy} onClick=${unask}>${t("Leave it as it is")}</button>
      <button type="submit" class=${danger ? "danger" : "main"} disabled=${busy || missing} data-action="confirm">${label}</button></footer>
  <//>`;
}

/** Show a text that nobody can be told again. */
export const once = ({ title, says, label, text }) => ask("once", { title, says, label, text });

export function OnceDialog({ title, says, label, text }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      document.getElementById("once")?.select(); // not allowed here: it is chosen, so Ctrl+C does it
      say(t("Press Ctrl+C to copy it."));
    }
  };
  return html`<${Dialog} wide title=${title} onSubmit=${copy}>
    ${says.map((line) => html`<p key=${line}>${line}</p>`)}
    <label>${label}<input id="once" class="secret" readonly spellcheck="false" value=${text} onFocus=${(event) => event.target.select()} /></label>
    <footer><span class="quiet" role="status">${copied ? html`<${Icon} name="ready" size=${13} /> ${t("copied")}` : ""}</span>
      <button type="submit" class="main" autofocus data-action="copy">${t("Copy")}</button>
      <button type="button" onClick=${unask}>${t("I have kept it")}</button></footer>
  <//>`;
}
