// A customer who is two: what goes to the other one is ticked, and said in words before it is done.
import { html, useEffect, useState } from "./ui.js";
import { Refused, api, onceKey } from "./api.js";
import { Icon } from "./icons.js";
import { address } from "./callhead.js";
import { Dialog } from "./dialog.js";
import { refresh } from "./dossier.js";
import { FindCustomer } from "./later-finding.js";
import { join } from "./later-merging.js";
import { current } from "./pops.js";
import { attempt } from "./shift.js";
import { desk, say, unaskLater, useDesk } from "./store.js";
import { t, titled, tn } from "./texts.js";
import { Moment } from "./time.js";
import { categoryWord, statusWord } from "./words.js";

const PAGE = 100;
const MOST_TICKETS = 1000; // as many as one request moves
const NOTHING = { numbers: [], addresses: [], products: [], tickets: [] };

/** All that a customer has now, the newest tickets first: [customer, products, tickets]. */
async function allOf(id) {
  const [customer, { products }] = await Promise.all([api.get(`/customers/${id}`), api.get(`/customers/${id}/products`)]);
  const tickets = [];
  let cursor;
  do {
    const page = await api.get("/tickets", { customer: id, limit: PAGE, cursor });
    tickets.push(...page.tickets);
    cursor = page.cursor;
  } while (cursor && tickets.length < MOST_TICKETS);
  return { customer, products, tickets };
}

const productWord = (one) => [categoryWord(one.category, one.category), one.model].filter(Boolean).join(" ");
const addressWord = (one) => address(one) || one.note || "–";

/** `customer`: who was on the desk when it was asked for. */
export function Shown({ customer: asked }) {
  const [all, setAll] = useState(null);
  const [going, setGoing] = useState(NOTHING);
  const [name, setName] = useState("");
  const [known, setKnown] = useState(false); // whether it goes to somebody who is there
  const [other, setOther] = useState(null);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const read = () => attempt(async () => { setAll(await allOf(asked.id)); setGoing(NOTHING); });
  useEffect(() => { read(); }, []);
  const here = useDesk((state) => current(state)?.[1].ticket?.id);
  const toggle = (kind, what) => setGoing({ ...going, [kind]: going[kind].includes(what) ? going[kind].filter((one) => one !== what) : [...going[kind], what] });
  const group = (kind, title, rows) => html`<${Group} kind=${kind} title=${title} rows=${rows} going=${going[kind]} toggle=${toggle}
    all=${(yes) => setGoing({ ...going, [kind]: yes ? rows.map(([what]) => what) : [] })} />`;
  const numbers = (all?.customer.numbers ?? []).map((one, at) => [at, html`<bdi class="number">${one.received}</bdi>`, one.received]);
  const addresses = (all?.customer.addresses ?? []).map((one, at) => [at, html`<bdi>${addressWord(one)}</bdi>`, addressWord(one)]);
  const products = (all?.products ?? []).map((one) => [one.id, html`<bdi>${[productWord(one), one.serial].filter(Boolean).join(" · ")}</bdi>`, productWord(one)]);
  const tickets = (all?.tickets ?? []).map((one) => [one.id, html`<span class="number">${one.spoken}</span> ${titled(desk.kinds[one.kind]?.title, one.kind)} · ${statusWord(one.status)} · <bdi class="quiet">${one.subject}</bdi> <span class="quiet"><${Moment} at=${one.opened_at} /></span>${one.id === here && html` <strong>${t("this call's")}</strong>`}`, null]);
  const something = Object.values(going).some((one) => one.length);
  const left = all && (all.customer.name || going.numbers.length < numbers.length);
  const whose = known ? Boolean(other) : Boolean(name.trim() || going.numbers.length);
  const told = (goes) => [
    ...[["numbers", numbers], ["addresses", addresses], ["products", products]].flatMap(([kind, rows]) => rows.filter(([what]) => going[kind].includes(what) === goes).map((one) => one[2])),
    tn("{n} ticket", "{n} tickets", tickets.filter(([what]) => going.tickets.includes(what) === goes).length),
  ].join(", ");
  const split = async () => {
    if (busy || !something || !whose || !left) return;
    const close = unaskLater();
    setBusy(true);
    setWrong("");
    try {
      await part(all.customer, known ? { ...going, customer: other.id } : { ...going, name: name.trim() }, known);
      close();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setWrong(error.words);
      if (error.status === 412) await read(); // what is ticked may not be there any more
    }
    setBusy(false);
  };
  const mine = asked.name || asked.numbers[0]?.received || "";
  const theirs = known ? other?.name || other?.numbers[0]?.received || "…" : name.trim() || t("the new customer");
  return html`<${Dialog} wide title=${t("Who is with {name} and is somebody else?", { name: mine })} onSubmit=${split}>
    <fieldset class="options"><legend>${t("To whom it goes")}</legend>
      <label><input type="radio" name="whom" checked=${!known} onChange=${() => setKnown(false)} /> ${t("a new customer")}</label>
      <label><input type="radio" name="whom" checked=${known} onChange=${() => setKnown(true)} /> ${t("somebody who is there already")}</label></fieldset>
    ${known ? html`<${FindCustomer} not=${asked.id} picked=${other} onPick=${setOther} />`
      : html`<label>${t("Name")}<input autofocus value=${name} maxlength="200" autocomplete="off" onInput=${(event) => setName(event.target.value)} /></label>`}
    <div class="going" aria-busy=${all ? "false" : "true"}>
      ${group("numbers", t("Numbers"), numbers)}${group("addresses", t("Addresses"), addresses)}
      ${group("products", t("Products"), products)}${group("tickets", t("Tickets, with their contacts and the calls that are owed on them"), tickets)}
    </div>
    ${all && html`<div class="parted" aria-live="polite">
      <p><strong class="cut"><${Icon} name="person" /> <bdi>${mine}</bdi></strong> ${t("keeps: {what}", { what: told(false) })}</p>
      <p class=${something ? "" : "quiet"}><strong class="cut"><${Icon} name="person" /> <bdi>${theirs}</bdi></strong> ${something ? t("gets: {what}", { what: told(true) }) : t("Tick above what is theirs.")}</p>
    </div>`}
    ${all && !left && html`<p class="wrong">${t("Whoever has no name must keep a number.")}</p>`}
    ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
    <footer><button type="submit" class="main" disabled=${busy || !something || !whose || !left} aria-busy=${busy ? "true" : undefined}>${known ? t("Give it to them") : t("Make them two")}</button></footer>
  <//>`;
}

const Group = ({ kind, title, rows, going, toggle, all }) => rows.length > 0 && html`<fieldset><legend>${title}
    ${rows.length > 1 && html`<button type="button" class="bare" onClick=${() => all(going.length < rows.length)}>${going.length < rows.length ? t("tick all") : t("tick none")}</button>`}</legend>
  ${rows.map(([what, shown]) => html`<label key=${`${kind}${what}`} class="line"><input type="checkbox" checked=${going.includes(what)} onChange=${() => toggle(kind, what)} /> <span class="cut">${shown}</span></label>`)}</fieldset>`;

/** Raises Refused. A new customer can become part of the old one again; from a known one comes back what went. */
async function part(mine, body, known) {
  const { customer, new: other, was } = await api.post(`/customers/${mine.id}/split`, body, { key: onceKey(), version: mine.version });
  refresh();
  const name = other.name || other.numbers[0]?.received || "";
  const gone = { customer: other.id, was, products: body.products, tickets: body.tickets };
  if (known) say(t("{name} has it now", { name }), "info", takingBack(customer, gone));
  else say(t("{name} is a customer of their own now", { name }), "info", { label: t("Take back"), run: () => attempt(() => join(customer, other)) });
}

const takingBack = ({ id, version }, gone) => ({ label: t("Take back"), run: () => attempt(() => takeBack(id, version, gone)) });

async function takeBack(id, version, gone) {
  let stayed;
  try {
    ({ stayed } = await api.post(`/customers/${id}/split/undo`, gone, { version, key: onceKey() }));
  } catch (error) {
    if (error.status !== 412) throw error;
    const now = await api.get(`/customers/${id}`); // shown anew; who still wants it says so again
    refresh();
    return say(error.words, "warning", takingBack(now, gone));
  }
  refresh();
  return stayed.length ? say(tn("It came back, but for {n} thing that somebody changed since", "It came back, but for {n} things that somebody changed since", stayed.length), "warning") : say(t("It came back"));
}
