// The files of a ticket: what there is, and more of them. A file is only ever saved, never shown in place.
import { html, classes, useEffect, useRef, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Empty, Name, spoken } from "./bits.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { desk, putIn, say, useDesk } from "./store.js";
import { language, t } from "./texts.js";
import { fetchFiles } from "./ticket.js";
import { Moment } from "./time.js";

const SENDING_MS = 10 * 60_000; // ten megabytes by a slow line
const LONGEST_NAME = 500;

/** "3.4 MB": as computers count them, 1,024 to the next. */
function sized(bytes) {
  const mega = bytes >= 1024 ** 2;
  const shape = { style: "unit", unit: mega ? "megabyte" : "kilobyte", maximumFractionDigits: mega ? 1 : 0 };
  return new Intl.NumberFormat(language, shape).format(mega ? bytes / 1024 ** 2 : Math.ceil(bytes / 1024));
}

/** `files`: what was dropped on the ticket, to be put there at once. */
export function Shown({ ticket, files }) {
  const known = useDesk((state) => state.files[ticket]);
  const base = useDesk((state) => state.tickets[ticket]);
  const [waiting, setWaiting] = useState([]); // [{id, file, why}]: those that are sent, and those that were not taken
  const [over, setOver] = useState(false);
  const chooser = useRef(null);
  const there = useRef(true);
  const first = useRef(files);
  useEffect(() => {
    fetchFiles(ticket);
    return () => { there.current = false; };
  }, []);
  useEffect(() => {
    if (known && first.current.length) add(first.current.splice(0));
  }, [known]);
  const add = async (them) => {
    const fresh = [...them].map((file) => ({ id: Symbol(file.name), file, why: unfit(file, desk.files[ticket]?.takes) }));
    setWaiting((before) => [...before, ...fresh]);
    for (const one of fresh.filter(({ why }) => !why)) await send(one);
  };
  const send = async (one) => {
    const why = await attach(ticket, one.file);
    setWaiting((before) => before.flatMap((each) => (each.id !== one.id ? [each] : why ? [{ ...each, why }] : [])));
    if (why && !there.current) say(`${one.file.name}: ${why}`, "warning"); // the dialog is closed, sending went on
  };
  const take = (event, them) => {
    if (!them?.length) return;
    event.preventDefault();
    setOver(false);
    add(them);
  };
  const list = known?.attachments ?? [];
  return html`<${Dialog} wide title=${t("Files of ticket {number}", { number: spoken(base?.number) })}>
    <div class="files" onPaste=${(event) => take(event, event.clipboardData?.files)} onDrop=${(event) => take(event, event.dataTransfer?.files)}
        onDragOver=${(event) => { event.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)}>
      <ul class="tall" aria-label=${t("Files")} aria-busy=${known ? "false" : "true"}>
        ${list.map((one) => html`<${File} key=${one.id} one=${one} />`)}
        ${waiting.map((one) => html`<li key=${one.id} class=${one.why ? "wrong-one" : "quiet"}><${Icon} name=${one.why ? "warning" : "clip"} />
          <${Name}>${one.file.name}<//><span class="number">${sized(one.file.size)}</span>
          <span class=${one.why ? "bad" : ""} role=${one.why ? "alert" : "status"}>${one.why ?? t("is sent …")}</span>
          ${one.why && html`<button type="button" class="bare" aria-label=${t("Close")} onClick=${() => setWaiting((before) => before.filter((each) => each.id !== one.id))}><${Icon} name="close" size=${14} /></button>`}</li>`)}
      </ul>
      ${known && !list.length && !waiting.length && html`<${Empty}>${t("There is no file yet. A picture of the fault or of the receipt helps whoever goes there.")}<//>`}
      <div class=${classes("drop", over && "over")}>
        <button type="button" class="main" autofocus onClick=${() => chooser.current.click()}><${Icon} name="clip" />${t("Add files")}</button>
        <input ref=${chooser} type="file" multiple hidden accept=${known?.takes.types.join(",")} onChange=${(event) => { add([...event.target.files]); event.target.value = ""; }} />
        <p>${t("or drop them here, or paste a picture.")}</p>
        <p class="quiet">${known && t("Pictures, sound, films, PDF, office documents, plain text: at most {one} each, {all} on a ticket.", { one: sized(known.takes.largest), all: sized(known.takes.together) })}</p>
      </div>
    </div>
    <p class="quiet">${t("A file on a ticket stays there; a click saves it on this computer. Open only what you expect.")}</p>
  <//>`;
}

/** Where the session may see what nobody can mask; else its name alone. */
const File = ({ one }) => html`<li><${Icon} name="clip" />
  ${desk.me.scopes.includes("personal:read") ? html`<a class="cut" href=${`/api/v1/attachments/${one.id}/content`} download title=${one.name}><bdi>${one.name}</bdi></a>` : html`<${Name}>${one.name}<//>`}
  <span class="number">${sized(one.size)}</span><span class="quiet cut"><bdi>${one.actor}</bdi></span><span class="quiet"><${Moment} at=${one.at} /></span></li>`;

/** What can be said before anything is sent; the server looks at all of it again. */
function unfit(file, takes) {
  if (!file.size) return t("is empty");
  return takes && file.size > takes.largest ? t("is larger than {size}", { size: sized(takes.largest) }) : null;
}

/** Gives why it was not taken, in words; null: it is on the ticket. */
async function attach(ticket, file) {
  try {
    const name = encodeURIComponent(file.name.slice(-LONGEST_NAME) || "file");
    const kept = await api.post(`/tickets/${ticket}/attachments?name=${name}`, file, { patience: SENDING_MS });
    const known = desk.files[ticket];
    if (known?.attachments.some((one) => one.id === kept.id)) say(t("{name} is there already", { name: file.name }));
    else if (known) putIn("files", ticket, { ...known, attachments: [...known.attachments, kept] });
    await fetchFiles(ticket); // what was asked for before, and comes later, does not have it
    return null;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error.fields.content ?? error.words;
  }
}
