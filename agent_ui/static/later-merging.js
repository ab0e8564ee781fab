// Two customers who are one: the other becomes part of the one on the desk, and can be taken back for a day.
import { html, useState } from "./ui.js";
import { api, onceKey } from "./api.js";
import { Dialog } from "./dialog.js";
import { dossier, refresh } from "./dossier.js";
import { FindCustomer } from "./later-finding.js";
import { attempt } from "./shift.js";
import { say, unaskLater, useDesk } from "./store.js";
import { t } from "./texts.js";

export function Shown() {
  const mine = useDesk((state) => dossier(state)?.customer);
  const [busy, setBusy] = useState(false);
  const [vain, setVain] = useState(0); // what was found may have changed, so it is looked for again
  const merge = async (other) => {
    const close = unaskLater();
    setBusy(true);
    if (await attempt(() => join(mine, other))) close();
    else setVain(vain + 1);
    setBusy(false);
  };
  return html`<${Dialog} wide title=${t("Who is the same person as {name}?", { name: mine?.name ?? "" })}>
    <${FindCustomer} autofocus not=${mine?.id} busy=${busy} again=${vain} onPick=${merge} />
    <p class="quiet">${t("The other's products, tickets and contacts come to this one. It can be taken back for a day.")}</p>
  <//>`;
}

/** `other` becomes part of `mine`, as both were seen; what was done can be taken back where it is said. */
export async function join(mine, other) {
  const body = { customer: other.id, version: other.version };
  const merged = await api.post(`/customers/${mine.id}/merge`, body, { key: onceKey(), version: mine.version }).catch(changed);
  refresh();
  say(t("{name} is part of this customer now", { name: other.name }), "info", takingBack(merged));
}

const takingBack = ({ id, into, version }) => ({ label: t("Take back"), run: () => attempt(() => takeBack(id, into, version)) });

async function takeBack(id, into, version) {
  try {
    await api.post(`/merges/${id}/undo`, {}, { version });
  } catch (error) {
    if (error.status !== 412) throw error;
    const now = await api.get(`/customers/${into}`); // shown anew; who still wants it says so again
    refresh();
    return say(error.words, "warning", takingBack({ id, into, version: now.version }));
  }
  refresh();
  return say(t("They are two again"));
}

/** Somebody was quicker: what is shown is asked for again before anybody decides anew. */
function changed(error) {
  if (error.status === 412) refresh();
  throw error;
}
