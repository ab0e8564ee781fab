// A product of the customer: put down, corrected, taken back. How long its warranty runs is the server's to say.
import { html, useEffect, useRef, useState } from "./ui.js";
import { Refused, api, onceKey } from "./api.js";
import { Badge } from "./bits.js";
import { Dialog } from "./dialog.js";
import { refresh } from "./dossier.js";
import { desk, put, say, unaskLater, useDesk } from "./store.js";
import { t, titled, tn } from "./texts.js";
import { chooseProduct, mayChoose, productOf } from "./ticket.js";
import { dateOf, now, onDay } from "./time.js";
import { categoriesOf, categoryWord, warrantyWord } from "./words.js";

const FIELDS = ["category", "model", "serial", "bought_on", "seller", "warranty_until", "notes"];
let categories = []; // the site's, as they were when a dialog was opened

/** The category is shown in the reader's words; the server knows those of both languages. */
const shownOf = (product, name) => (name === "category" ? product?.category && categoryWord(product.category, product.category) : product?.[name]) ?? "";
const titleOf = (product) => [shownOf(product, "category"), product.model].filter(Boolean).join(" ");

/** The rule of what somebody calls so; undefined: nobody knows it. */
function ruleOf(words) {
  const wanted = words.trim().toLowerCase();
  return categories.find((one) => [one.category, ...Object.values(one.title), ...one.also].some((name) => name.toLowerCase() === wanted));
}

/** Who calls about a product that nobody knew calls about that one; a correction changes no ticket by itself. */
const chosenFor = (product) => !product || productOf(desk) === product.id;

/** `customer`: whose; `products`: what else they own; `product`: the one that is wrong, null for a new one. */
export function Shown({ customer, products, product }) {
  const [base, setBase] = useState(product);
  const [typed, setTyped] = useState({}); // what differs from what there is
  const [wrong, setWrong] = useState({});
  const [busy, setBusy] = useState(false);
  const [sure, setSure] = useState(false);
  const [, setKnown] = useState(categories);
  useEffect(() => {
    api.get("/categories").then((found) => { categories = found.categories; put({ categories: categoriesOf(categories) }); setKnown(categories); }, () => {}); // any word will do
  }, []);
  const wish = useRef({}); // the same words are the same wish, however often they are sent
  const onTicket = useDesk(mayChoose);
  const [choosing, setChoosing] = useState(chosenFor(product));
  const value = (name) => typed[name] ?? shownOf(base, name);
  const change = (name) => (event) => setTyped({ ...typed, [name]: event.target.value });
  const given = Object.fromEntries(FIELDS.filter((name) => value(name) !== shownOf(base, name)).map((name) => [name, value(name).trim() || null]));
  const byRule = !("warranty_until" in typed) && ("bought_on" in given || "category" in given);
  const pick = (id) => {
    const next = products.find((one) => one.product.id === id)?.product ?? null;
    setBase(next);
    setChoosing(chosenFor(next));
    setTyped({});
    setWrong({});
    setSure(false);
  };
  const attempt = async (doing) => {
    if (busy) return;
    const close = unaskLater();
    setBusy(true);
    setWrong({});
    try {
      await doing();
      close();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setWrong({ "": error.words, ...error.fields });
      if (error.status === 412) setBase(await api.get(`/products/${base.id}`).catch(() => base)); // what was typed stays
    }
    setBusy(false);
  };
  const save = () => attempt(async () => {
    const saved = !base ? await api.post(`/customers/${customer.id}/products`, given, { key: keyFor(wish, given) })
      : Object.keys(given).length ? await api.patch(`/products/${base.id}`, given, { version: base.version }) : base;
    refresh();
    if (onTicket && choosing) chooseProduct(saved.id);
    say([titleOf(saved), saved.warranty_until ? t("warranty until {day}", { day: onDay(saved.warranty_until) }) : warrantyWord("unknown")].join(" · "));
  });
  const takeBack = () => (sure ? attempt(async () => {
    await api.remove(`/products/${base.id}`, { version: base.version });
    refresh();
    say(t("{product} is not theirs any more", { product: titleOf(base) }));
  }) : setSure(true));
  const line = (name, label, more = {}) => html`<div class="field"><label for=${`product-${name}`}>${label}</label>
    <input id=${`product-${name}`} value=${value(name)} autocomplete="off" onInput=${change(name)} ...${more}
      aria-invalid=${wrong[name] ? "true" : undefined} aria-describedby=${wrong[name] ? `product-${name}-wrong` : undefined} />
    ${wrong[name] && html`<span class="wrong" id=${`product-${name}-wrong`}>${wrong[name]}</span>`}</div>`;
  return html`<${Dialog} wide title=${t("Products of {name}", { name: customer.name || customer.numbers[0]?.received || "" })} onSubmit=${save}>
    ${products.length > 0 && html`<label>${t("Which one")}<select onChange=${(event) => pick(Number(event.target.value))}>
      <option value="0" selected=${!base}>${t("A new product")}</option>
      ${products.map(({ product: one }) => html`<option key=${one.id} value=${one.id} selected=${base?.id === one.id}>${[titleOf(one), one.serial].filter(Boolean).join(" · ")}</option>`)}</select></label>`}
    <div class="fields two">
      ${line("category", t("What it is"), { autofocus: true, required: true, list: "categories", maxlength: 80 })}
      <datalist id="categories">${categories.map((one) => html`<option key=${one.category} value=${titled(one.title, one.category)} />`)}</datalist>
      ${line("model", t("Model"), { maxlength: 150, spellcheck: "false" })}
      ${line("serial", t("Serial number"), { maxlength: 100, spellcheck: "false" })}
      ${line("seller", t("Bought from"), { maxlength: 200 })}
      ${line("bought_on", t("Bought on"), { type: "date", max: dateOf(now()) })}
      ${line("warranty_until", t("Warranty until"), { type: "date", value: byRule ? "" : value("warranty_until"), "aria-describedby": "by-rule" })}
      <p class="quiet wide" id="by-rule"><${Warranty} base=${base} byRule=${byRule} rule=${ruleOf(value("category"))} /></p>
      <label class="wide">${t("Notes")}<textarea rows="2" value=${value("notes")} maxlength="10000" onInput=${change("notes")} /></label>
    </div>
    ${wrong[""] && html`<p class="wrong" role="alert">${wrong[""]}</p>`}
    <footer>
      ${onTicket && html`<label class="line"><input type="checkbox" checked=${choosing} onChange=${(event) => setChoosing(event.target.checked)} /> ${t("The ticket is about this product")}</label>`}
      ${base && html`<button type="button" class="danger" disabled=${busy} onClick=${takeBack}>${sure ? t("Really take it away") : t("Was never theirs")}</button>`}
      <button type="submit" class="main" disabled=${busy || !value("category").trim()} aria-busy=${busy ? "true" : undefined}>${base ? t("Save") : t("Put down")}</button>
    </footer>
  <//>`;
}

function keyFor(wish, body) {
  const text = JSON.stringify(body);
  if (wish.current.text !== text) wish.current = { text, key: onceKey() };
  return wish.current.key;
}

/** What there is, by the server's rule or somebody's word; while that may change, the rule. */
function Warranty({ base, byRule, rule }) {
  const until = base?.warranty_until;
  if ((!base || byRule) && rule?.months) return tn("Left empty: {n} month from the day it was bought, by the rule for it.", "Left empty: {n} months from the day it was bought, by the rule for it.", rule.months);
  if (!base || byRule) return t("Left empty, it follows from what it is and when it was bought: you see it once it is saved.");
  const state = until ? (until >= dateOf(now()) ? "in" : "out") : "unknown";
  return html`<${Badge} kind=${{ in: "talk", out: "bad" }[state]}>${warrantyWord(state)}<//> ${until ? t("until {day}", { day: onDay(until) }) : t("Nobody knows when it was bought, or there is no rule for it.")}`;
}
