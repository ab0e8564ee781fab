// The list on the left of an administrators' page: looked through, filtered, walked by keys; what is chosen is in the
// address, so that a page about one thing can be sent to somebody.
import { html, classes, useRef, useState } from "./ui.js";
import { Badge, Empty } from "./bits.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { desk, put, useDesk } from "./store.js";
import { t } from "./texts.js";

export const NEW = "new";
const said = () => new URLSearchParams(location.search);
put({ picked: said().get("id") }); // as text; "new": one that is not there yet

/** Look at this one; null: at none. */
export function pick(id) {
  const address = said();
  id === null ? address.delete("id") : address.set("id", id);
  put({ picked: id === null ? null : String(id) });
  history.replaceState(null, "", address.size ? `?${address}` : location.pathname);
}
/** Something was made: it is looked at, unless somebody looks elsewhere by now. */
export const pickMade = (id) => desk.picked === NEW && pick(id);
export const usePicked = () => useDesk((state) => state.picked);

const fold = (text) => String(text ?? "").toLowerCase();

/** `items`: [{id, name, note, badge: {kind, icon, text}, dim, also: more words to search by, unsaved}], null while they are
 *  asked for. `add`: what making a new one is called, null: it cannot be. `filters`: more fields above the list. */
export function PickList({ title, items, add = null, filters = null, nothing = t("Nothing is like that.") }) {
  const picked = usePicked();
  const [wanted, setWanted] = useState("");
  const search = useRef(null);
  const rows = (items ?? []).filter((one) => !wanted.trim() || fold(`${one.name} ${one.note ?? ""} ${one.also ?? ""}`).includes(fold(wanted.trim())));
  const step = (by) => {
    const at = rows.findIndex((one) => String(one.id) === desk.picked);
    const next = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by))];
    if (!next) return;
    pick(next.id);
    document.getElementById(`pick-${next.id}`)?.scrollIntoView({ block: "nearest" });
  };
  action("down", "ArrowDown", t("The next one of the list"), () => step(1));
  action("up", "ArrowUp", t("The one before it"), () => step(-1));
  action("find", "/", t("Search in the list"), () => search.current?.focus());
  if (add) action("new", "n", add, () => pick(NEW));
  return html`<section class="panel pick-list" aria-label=${title} aria-busy=${items ? undefined : "true"}>
    <header class="filter"><label class="grow"><span class="unseen">${t("Search in the list")}</span><input ref=${search} type="search" value=${wanted} maxlength="100" placeholder=${t("Search in the list")} onInput=${(event) => setWanted(event.target.value)} /></label>
      ${add && html`<button type="button" class="main" data-action="new" aria-keyshortcuts="n" onClick=${() => pick(NEW)}><span class="cut">${add}</span> <kbd aria-hidden="true">N</kbd></button>`}
      ${filters}</header>
    <div class="inside" tabindex="0"><ul>${rows.map((one) => html`<li key=${one.id}><button type="button" id=${`pick-${one.id}`} class=${classes("row", one.dim && "quiet")} aria-current=${String(one.id) === picked ? "true" : undefined} onClick=${() => pick(one.id)}>
        <span class="cut"><strong><bdi>${one.name}</bdi></strong>${one.unsaved ? html` <span class="unsaved">${t("not saved")}</span>` : ""}</span>
        ${one.badge && html`<${Badge} kind=${one.badge.kind} icon=${one.badge.icon}>${one.badge.text}<//>`}
        <small class="quiet cut"><bdi>${one.note}</bdi></small></button></li>`)}</ul>
      ${items && !rows.length && html`<${Empty}>${items.length ? nothing : t("There is none yet.")}<//>`}</div>
  </section>`;
}

/** What stands on the right while nothing is chosen. */
export const NothingPicked = ({ children }) => html`<section class="panel empty-place" aria-label=${t("Nothing is chosen")}><${Empty}><${Icon} name="move" size=${14} /> ${children}<//></section>`;
