// The customer beside the call: choose one of several, put down a new one, see what they own and what is open.
import { html, classes, useEffect, useRef, useState } from "./ui.js";
import { Refused, api, onceKey } from "./api.js";
import { Badge, Do, Empty, Name, Panel, count } from "./bits.js";
import { address, shownNumber } from "./callhead.js";
import { dossier, fetchDossier } from "./dossier.js";
import { Icon } from "./icons.js";
import { caller, choose, current, customerOf, lookUpAgain } from "./pops.js";
import { action } from "./keys.js";
import { askProduct, may } from "./later.js";
import { alike, desk, put, useDesk } from "./store.js";
import { t, titled } from "./texts.js";
import { Moment, away, isPast, onDay } from "./time.js";
import { attempt } from "./shift.js";
import { chooseProduct, mayChoose, productOf } from "./ticket.js";
import { categoryWord, numberKind, priorityWord, promiseWord, statusWord, warrantyWord } from "./words.js";

/** Who is it? Several customers: choose. None: two fields make one. Withheld: search. */
export function Who() {
  const [key, pop] = useDesk((state) => current(state) ?? [], alike);
  const found = useDesk((state) => (key ? caller(state, key, pop) : null));
  const id = useDesk((state) => (key ? customerOf(state, key, pop) : null));
  useEffect(() => { fetchDossierOf(id, found); }, [id, found]);
  if (!pop || id) return null;
  const several = found?.customers ?? [];
  if (several.length && id !== 0) return html`<${Several} id=${key} several=${several} />`;
  return html`<${Unknown} key=${key} id=${key} pop=${pop} />`;
}

function fetchDossierOf(id, found) {
  if (id && !(found?.customers ?? []).some((one) => one.customer.id === id)) fetchDossier(id);
}

function Several({ id, several }) {
  return html`<section class="who-is" aria-label=${t("Who is it?")}>
    <h2>${t("Who is it?")}</h2>
    <div class="chooser">${several.map(({ customer, dealings }, at) => html`
      <button type="button" key=${customer.id} aria-keyshortcuts=${at < 9 ? String(at + 1) : undefined} onClick=${() => choose(id, customer.id)}>
        ${at < 9 && html`<kbd>${at + 1}</kbd>`}<strong class="cut"><bdi>${customer.name || customer.numbers[0]?.received}</bdi></strong>
        <span class="cut quiet"><bdi>${customer.addresses[0] ? address(customer.addresses[0]) : ""}</bdi></span>
        ${customer.vip && html`<${Badge} kind="gold" icon="star">VIP<//>`}
        ${customer.caution && html`<${Badge} kind="bad" icon="warning">${t("Caution")}<//>`}
        ${dealings.tickets.length > 0 && html`<${Badge} icon="ticket">${dealings.tickets.length}<//>`}
      </button>`)}
      <button type="button" onClick=${() => choose(id, 0)}><kbd>0</kbd><${Icon} name="person" /> ${t("Somebody else")}</button>
    </div>
  </section>`;
}

/** The customers of the number, where one of several is to be chosen; [key, ids]. */
function choices() {
  const [key, pop] = current() ?? [];
  const found = pop ? caller(desk, key, pop)?.customers ?? [] : [];
  return [key, pop && customerOf(desk, key, pop) === null ? found.map((one) => one.customer.id) : []];
}

export function startCustomer() {
  for (let at = 0; at <= 9; at += 1) {
    action(`pick${at}`, String(at), at ? t("Choose customer {n}", { n: at }) : t("None of these customers"), () => {
      const [key, ids] = choices();
      choose(key, at ? ids[at - 1] : 0);
    }, () => choices()[1].length >= Math.max(1, at));
  }
  action("who", "Alt+A", t("Put down a new customer"), () => document.querySelector("[data-focus=customer]")?.select());
}

function Unknown({ id, pop }) {
  const [name, setName] = useState(pop.name ?? "");
  const [line, setLine] = useState("");
  const [wrong, setWrong] = useState({});
  const [busy, setBusy] = useState(false);
  const wish = useRef({}); // the same words are the same wish, also where the answer was lost
  const withheld = ["withheld", "rubbish"].includes(pop.number?.kind);
  const save = async (event) => {
    event.preventDefault();
    setBusy(true);
    const words = JSON.stringify([name.trim(), line.trim()]);
    if (wish.current.words !== words) wish.current = { words, key: onceKey() };
    try {
      await putDown(id, pop, name.trim(), line.trim(), wish.current.key);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setWrong({ "": error.words, ...error.fields });
    }
    setBusy(false);
  };
  return html`<section class="who-is" aria-label=${t("A new customer")}>
    <h2>${withheld ? t("The number is withheld: search, or put down who it is") : t("Nobody is known by {number}", { number: shownNumber(pop) })}</h2>
    <form class="fields two" onSubmit=${save}>
      <label>${t("Name")}<input value=${name} maxlength="200" required autocomplete="off" data-focus="customer"
        aria-invalid=${wrong.name ? "true" : undefined} onInput=${(event) => setName(event.target.value)} /></label>
      <label>${t("Address")}<input value=${line} maxlength="500" autocomplete="off"
        onInput=${(event) => setLine(event.target.value)} /></label>
      <button type="submit" class="main" disabled=${busy || !name.trim()}>${t("Put down as a new customer")}</button>
      <button type="button" onClick=${() => document.getElementById("search").focus()}><${Icon} name="search" /> ${t("Search")}</button>
    </form>
    ${wrong[""] && html`<p class="wrong" role="alert">${wrong[""]}</p>`}
  </section>`;
}

async function putDown(key, pop, name, line, wish) {
  const numbers = pop.number?.e164 ? [{ received: pop.number.received }] : [];
  const made = await api.post("/customers", { name, numbers, addresses: line ? [{ line }] : [] }, { key: wish });
  await become(key, pop, made.id);
}

/** The call is about this customer: also its ticket, and the next look at the number. */
export async function become(key, pop, customer) {
  choose(key, customer);
  if (pop.ticket?.id) await attempt(() => api.put(`/tickets/${pop.ticket.id}/customer`, { customer }));
  await lookUpAgain(key, pop.number?.received);
  fetchDossier(customer);
}

// --- what they own, what is open ---

export function Products() {
  const found = useDesk(dossier);
  const products = found?.products ?? [];
  useDesk((state) => state.categories);
  const chosen = useDesk(productOf);
  const choosable = useDesk(mayChoose);
  const changes = useDesk((state) => may("customers:write", state)) && found?.customer;
  return html`<${Panel} title=${t("Products")} kind="products" note=${html`${count(products.length)}${changes && html`
      <${Do} id="product" kind="bare" onClick=${() => askProduct()}>${t("Add")}<//>`}`}>
    ${products.length ? html`<ul class="rows">${products.map(({ product, warranty }) => html`
      <li key=${product.id}><button type="button" class="row" aria-pressed=${chosen === product.id ? "true" : "false"} disabled=${!choosable}
          title=${t("The ticket is about this product")} onClick=${() => chooseProduct(product.id)}>
        <${Icon} name="box" /><span class="cut"><strong>${categoryWord(product.category, product.category)}</strong> <bdi>${product.model}</bdi></span>
        <${Badge} kind=${{ in: "talk", out: "bad" }[warranty]} title=${product.warranty_until ? onDay(product.warranty_until) : ""}>${warrantyWord(warranty)}<//>
        <small class="quiet cut">${[product.bought_on && t("bought {day}", { day: onDay(product.bought_on) }), product.serial].filter(Boolean).join(" · ")}</small>
      </button>${changes && html`<button type="button" class="bare" title=${t("Correct it")} aria-label=${t("Correct it")} onClick=${() => askProduct(product)}><${Icon} name="wrap_up" size=${14} /></button>`}</li>`)}</ul>`
      : html`<${Empty}>${found === undefined ? "" : t("No product is known")}<//>`}
  <//>`;
}

export function Tickets() {
  const found = useDesk(dossier);
  const kinds = useDesk((state) => state.kinds);
  const shown = useDesk((state) => state.shownTicket);
  const tickets = found?.dealings.tickets ?? [];
  const promises = found?.dealings.promises ?? [];
  return html`<${Panel} title=${t("Open tickets")} note=${count(tickets.length)} kind="tickets">
    ${promises.length > 0 && html`<ul class="owed">${promises.map((one) => html`<li key=${one.id} class=${isPast(one.due_at) ? "late" : ""}>
      <${Icon} name="clock" /> <span class="cut"><strong>${promiseWord(one.kind)}</strong> ${away(one.due_at)} <bdi>${one.why}</bdi></span></li>`)}</ul>`}
    ${tickets.length ? html`<ul class="rows">${tickets.map((one) => html`
      <li key=${one.id}><button type="button" class=${classes("row", shown === one.id && "chosen")} onClick=${() => put({ ticket: one.id })}>
        <${Icon} name="ticket" /><span class="cut"><strong>${titled(kinds[one.kind]?.title, one.kind)}</strong> <bdi>${one.subject}</bdi></span>
        <${Badge} kind=${["high", "urgent"].includes(one.priority) ? "bad" : ""}>${["high", "urgent"].includes(one.priority) ? `${priorityWord(one.priority)} · ` : ""}${statusWord(one.status)}<//>
        <small class="quiet cut"><span class="number">${one.spoken}</span> · <${Moment} at=${one.touched_at} /></small>
      </button></li>`)}</ul>` : html`<${Empty}>${found === undefined ? "" : t("Nothing is open")}<//>`}
  <//>`;
}

export const About = ({ customer }) => html`<${Name}>${customer?.notes}<//>`;
