// A dialog: the browser's own, so that focus stays inside, Escape closes it, and the rest of the page is not there.
import { html, useLayoutEffect, useRef } from "./ui.js";
import { t } from "./texts.js";
import { unask } from "./store.js";
import { Icon } from "./icons.js";

/** `onKey`: a key pressed anywhere in it. */
export function Dialog({ title, wide = false, onSubmit, onKey, children }) {
  const box = useRef(null);
  useLayoutEffect(() => { // before the next key: it is meant for the dialog
    const before = document.activeElement;
    box.current.showModal();
    box.current.querySelector("[autofocus]")?.focus();
    return () => before?.isConnected && before.focus?.();
  }, []);
  const submit = (event) => {
    event.preventDefault();
    onSubmit?.();
  };
  return html`<dialog ref=${box} class=${wide ? "wide" : ""} aria-labelledby="dialog-title"
      onKeyDown=${onKey} onCancel=${(event) => { event.preventDefault(); unask(); }}>
    <form method="dialog" onSubmit=${submit}>
      <header>
        <h2 id="dialog-title">${title}</h2>
        <button type="button" class="bare" onClick=${unask} aria-label=${t("Close")} title=${`${t("Close")} (Esc)`}>
          <${Icon} name="close" /></button>
      </header>
      <div class="inside">${children}</div>
    </form>
  </dialog>`;
}
