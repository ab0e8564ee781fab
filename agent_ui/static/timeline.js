// What happened before: the last contacts at once, all of them with filters.
import { html, useEffect, useRef, useState } from "./ui.js";
import { api } from "./api.js";
import { Empty, Panel } from "./bits.js";
import { dossier } from "./dossier.js";
import { Icon } from "./icons.js";
import { put, useDesk } from "./store.js";
import { attempt } from "./shift.js";
import { t } from "./texts.js";
import { Moment } from "./time.js";
import { entryText, entryWord } from "./words.js";

const FILTERS = ["call", "note", "message", "promise"];
const ICONS = { call: "talking", note: "note", message: "message", promise: "clock", status: "move", opened: "ticket" };

export function Timeline() {
  const found = useDesk(dossier);
  const [kinds, setKinds] = useState([]);
  const [more, setMore] = useState(null); // {entries, cursor} that were asked for
  const newest = useRef(0);
  const id = found?.customer?.id;
  const forgetMore = () => {
    newest.current += 1; // what is on its way is somebody else's, or of another filter
    setMore(null);
  };
  useEffect(() => { forgetMore(); setKinds([]); }, [id]);
  useEffect(() => { if (kinds.length && id) read(null); }, [kinds, id]);
  const read = (before) => {
    newest.current += 1;
    const mine = newest.current;
    return attempt(async () => {
      const page = await askFor(id, kinds, before);
      if (mine === newest.current) setMore(page);
    });
  };
  const toggle = (kind) => {
    const chosen = kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind];
    if (!chosen.length) forgetMore();
    setKinds(chosen);
  };
  const entries = more?.entries ?? (found?.dealings.contacts ?? []).filter((one) => !kinds.length || kinds.includes(one.kind));
  return html`<${Panel} title=${t("Contacts")} kind="timeline" note=${html`
      <span class="filters" role="group" aria-label=${t("Show only")}>${FILTERS.map((kind) => html`
        <button key=${kind} type="button" class="bare" aria-pressed=${kinds.includes(kind) ? "true" : "false"} onClick=${() => toggle(kind)}>
          <${Icon} name=${ICONS[kind]} size=${14} /> ${entryWord(kind)}</button>`)}</span>`}>
    ${entries.length ? html`<ol class="entries">${entries.map((one) => html`<${Entry} key=${`${one.ticket}.${one.seq}`} entry=${one} />`)}</ol>`
      : html`<${Empty}>${found === undefined ? "" : t("No contact before this one")}<//>`}
    ${id && (more ? more.cursor : (found?.dealings.contacts ?? []).length >= 20) && html`
      <button type="button" class="bare" onClick=${() => read(more)}>${t("Earlier contacts")}</button>`}
  <//>`;
}

async function askFor(id, kinds, before) {
  const values = { kinds: kinds.join(",") || undefined, cursor: before?.cursor, limit: before ? 50 : 30 };
  const page = await api.get(`/customers/${id}/timeline`, values);
  return { entries: [...(before?.entries ?? []), ...page.entries], cursor: page.cursor };
}

const Entry = ({ entry }) => html`<li class=${`entry ${entry.kind}`}>
  <${Icon} name=${ICONS[entry.kind] ?? "note"} size=${14} />
  <${Moment} at=${entry.at} />
  <span class="what"><span class="quiet">${entryWord(entry.kind)}</span> <bdi>${entryText(entry)}</bdi></span>
  <button type="button" class="bare cut quiet" onClick=${() => put({ ticket: entry.ticket })} title=${t("Show this ticket")}>
    <bdi>${entry.actor}</bdi> <${Icon} name="ticket" size=${12} /></button>
</li>`;
