// One box for everything: a name, initials, a number or its last digits, an address, a serial or a ticket number.
import { html, classes, useEffect, useRef, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Badge, Empty } from "./bits.js";
import { address } from "./callhead.js";
import { become } from "./customer.js";
import { fetchDossier } from "./dossier.js";
import { Icon } from "./icons.js";
import { action, keysOf } from "./keys.js";
import { current, customerOf, lookAtCustomer } from "./pops.js";
import { desk, put } from "./store.js";
import { t } from "./texts.js";

const WAIT_MS = 180;
const BY = {
  name: t("name"), initials: t("initials"), number: t("number"), digits: t("last digits"), words: t("words"),
  address: t("address"), serial: t("serial number"), external: t("external id"), external_id: t("external id"), ticket: t("ticket"),
};

export function Search() {
  const [words, setWords] = useState("");
  const [hits, setHits] = useState(null);
  const [picked, setPicked] = useState(0);
  const [wrong, setWrong] = useState("");
  const asked = useRef(0);
  useEffect(() => {
    const mine = ++asked.current;
    if (!words.trim()) {
      setHits(null);
      return undefined;
    }
    const timer = setTimeout(async () => {
      try {
        const found = await api.get("/search", { q: words.trim(), limit: 12 });
        if (mine === asked.current) { setHits(found.hits); setPicked(0); setWrong(""); }
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (mine === asked.current) { setHits([]); setWrong(error.words); }
      }
    }, WAIT_MS);
    return () => clearTimeout(timer);
  }, [words]);
  const close = () => { setWords(""); setHits(null); };
  const open = async (hit) => {
    if (!hit) return;
    close();
    document.activeElement?.blur();
    await show(hit);
  };
  const press = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); open(hits?.[picked]); }
    else if (step && hits) { event.preventDefault(); setPicked(Math.max(0, Math.min(hits.length - 1, picked + step))); }
  };
  return html`<div class="search" role="search" onFocusOut=${(event) => event.currentTarget.contains(event.relatedTarget) || setHits(null)}>
    <${Icon} name="search" />
    <input id="search" type="search" value=${words} placeholder=${t("Search: name, number, address, serial, ticket")} autocomplete="off" maxlength="200"
      role="combobox" aria-expanded=${hits ? "true" : "false"} aria-controls="hits" aria-label=${t("Search everything")}
      aria-activedescendant=${hits?.length ? `hit-${picked}` : undefined} aria-keyshortcuts="/"
      onInput=${(event) => setWords(event.target.value)} onKeyDown=${press} />
    <kbd aria-hidden="true">${keysOf("search")}</kbd>
    ${hits && html`<ul id="hits" role="listbox" aria-label=${t("Found")}>
      ${hits.map((hit, at) => html`<li key=${at} id=${`hit-${at}`} role="option" aria-selected=${at === picked ? "true" : "false"}
          class=${classes(at === picked && "chosen")} onMouseDown=${(event) => { event.preventDefault(); open(hit); }}>
        <${Icon} name=${hit.customer ? "person" : "ticket"} />
        <strong class="cut"><bdi>${hit.customer ? hit.customer.name || hit.customer.numbers[0]?.received : t("Ticket without a customer")}</bdi></strong>
        <span class="cut quiet"><bdi>${hit.customer ? [hit.customer.numbers[0]?.received, hit.customer.addresses[0] && address(hit.customer.addresses[0])].filter(Boolean).join(" · ") : ""}</bdi></span>
        ${hit.customer?.vip && html`<${Badge} kind="gold" icon="star">VIP<//>`}
        <small class="quiet">${BY[hit.by] ?? hit.by}</small></li>`)}
      ${!hits.length && html`<li class="none" role="option" aria-selected="false" aria-disabled="true"><${Empty}>${wrong || t("Nothing is found")}<//></li>`}
    </ul>`}
  </div>`;
}

/** In a call whose caller nobody knows, what is found is who calls; else it is looked at. */
async function show(hit) {
  const [key, pop] = current() ?? [];
  if (pop && pop.state !== "missed" && hit.customer && !customerOf(desk, key, pop)) {
    fetchDossier(hit.customer.id);
    return become(key, pop, hit.customer.id);
  }
  if (pop && pop.state !== "missed" && hit.ticket) return put({ ticket: hit.ticket });
  if (hit.customer) {
    fetchDossier(hit.customer.id, true);
    return lookAtCustomer(hit.customer.id, hit.ticket);
  }
  return hit.ticket && put({ view: { kind: "empty" }, ticket: hit.ticket });
}

export function startSearch() {
  const focus = () => document.getElementById("search")?.focus();
  action("search", "/", t("Search everything"), focus);
  action("search2", "Ctrl+K", t("Search everything, also while you type"), focus);
}
