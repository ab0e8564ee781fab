// Two customers who are one: the other becomes part of the one on the desk, and can be taken back for a day.
import { html, classes, useEffect, useState } from "./ui.js";
import { api, onceKey } from "./api.js";
import { Empty } from "./bits.js";
import { address } from "./callhead.js";
import { Dialog } from "./dialog.js";
import { dossier, refresh } from "./dossier.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { caller, current } from "./pops.js";
import { attempt } from "./shift.js";
import { ask, desk, say, unaskLater, useDesk } from "./store.js";
import { t } from "./texts.js";

const WAIT_MS = 200;

/** The other customers of the caller's number: who they may be one with. */
function neighbours(state, id) {
  const [key, pop] = current(state) ?? [];
  const known = pop ? caller(state, key, pop)?.customers ?? [] : [];
  return known.map((one) => one.customer).filter((one) => one.id !== id);
}

export function MergeDialog() {
  const mine = useDesk((state) => dossier(state)?.customer);
  const near = neighbours(desk, mine?.id);
  const [words, setWords] = useState("");
  const [found, setFound] = useState(null);
  const [busy, setBusy] = useState(false);
  const [vain, setVain] = useState(0); // what was found may have changed, so it is looked for again
  useEffect(() => {
    if (!words.trim()) {
      setFound(null);
      return undefined;
    }
    let gone = false;
    const timer = setTimeout(() => attempt(async () => {
      const { hits } = await api.get("/search", { q: words.trim(), limit: 10 });
      if (gone) return; // something else is searched for by now
      const all = hits.map((one) => one.customer).filter((one) => one && one.id !== mine?.id);
      setFound([...new Map(all.map((one) => [one.id, one])).values()]);
    }), WAIT_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [words, vain]);
  const merge = async (other) => {
    const close = unaskLater();
    setBusy(true);
    if (await attempt(() => join(mine, other))) close();
    else setVain(vain + 1);
    setBusy(false);
  };
  const rows = found ?? near;
  return html`<${Dialog} wide title=${t("Who is the same person as {name}?", { name: mine?.name ?? "" })}>
    <label>${t("Search")}<input autofocus value=${words} autocomplete="off" onInput=${(event) => setWords(event.target.value)} /></label>
    <div class="list">${rows.map((one) => html`<button key=${one.id} type="button" class=${classes("cut")} disabled=${busy} onClick=${() => merge(one)}>
      <${Icon} name="person" /><strong class="cut"><bdi>${one.name || one.numbers[0]?.received}</bdi></strong>
      <span class="quiet cut"><bdi>${[one.numbers[0]?.received, one.addresses[0] && address(one.addresses[0])].filter(Boolean).join(" · ")}</bdi></span></button>`)}
      ${!rows.length && html`<${Empty}>${found ? t("Nothing is found") : t("Search for the other one")}<//>`}</div>
    <p class="quiet">${t("The other's products, tickets and contacts come to this one. It can be taken back for a day.")}</p>
  <//>`;
}

async function join(mine, other) {
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

export function startMerging() {
  action("merge", "Alt+M", t("Two customers who are one"), () => ask("merge"), () => Boolean(dossier()?.customer));
}
