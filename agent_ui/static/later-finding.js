// Another customer: those of the caller's number, or whoever is searched for.
import { html, classes, useEffect, useState } from "./ui.js";
import { api } from "./api.js";
import { Empty } from "./bits.js";
import { address } from "./callhead.js";
import { Icon } from "./icons.js";
import { caller, current } from "./pops.js";
import { attempt } from "./shift.js";
import { desk } from "./store.js";
import { t } from "./texts.js";

const WAIT_MS = 200;

/** The other customers of the caller's number. */
function neighbours(state, id) {
  const [key, pop] = current(state) ?? [];
  const known = pop ? caller(state, key, pop)?.customers ?? [] : [];
  return known.map((one) => one.customer).filter((one) => one.id !== id);
}

/** `not`: who it cannot be. `again`: another value looks for the same words anew. */
export function FindCustomer({ not, picked, busy = false, again = 0, onPick, ...more }) {
  const [words, setWords] = useState("");
  const [found, setFound] = useState(null);
  useEffect(() => {
    setFound(null);
    if (!words.trim()) return undefined;
    let wanted = true;
    const timer = setTimeout(() => attempt(async () => {
      const { hits } = await api.get("/search", { q: words.trim(), limit: 10 });
      const all = hits.map((one) => one.customer).filter((one) => one && one.id !== not);
      if (wanted) setFound([...new Map(all.map((one) => [one.id, one])).values()]);
    }), WAIT_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [words, again]);
  const rows = found ?? (words.trim() ? [] : neighbours(desk, not));
  return html`<label>${t("Search")}<input value=${words} autocomplete="off" maxlength="200" ...${more} onInput=${(event) => setWords(event.target.value)} /></label>
    <div class="list found">${rows.map((one) => html`<button key=${one.id} type="button" class="cut" disabled=${busy}
        aria-pressed=${picked === undefined ? undefined : picked?.id === one.id ? "true" : "false"} onClick=${() => onPick(one)}>
      <${Icon} name="person" /><strong class="cut"><bdi>${one.name || one.numbers[0]?.received}</bdi></strong>
      <span class="quiet cut"><bdi>${[one.numbers[0]?.received, one.addresses[0] && address(one.addresses[0])].filter(Boolean).join(" · ")}</bdi></span></button>`)}
      ${!rows.length && html`<${Empty}>${found ? t("Nothing is found") : words.trim() ? t("…") : t("Search for the other one")}<//>`}</div>`;
}
