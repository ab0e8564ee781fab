// The fields of a kind of ticket: which there are is data, so each type has its input here.
import { html } from "./ui.js";
import { t, titled } from "./texts.js";
import { useDesk } from "./store.js";
import { dossier } from "./dossier.js";
import { categoryWord } from "./words.js";
import { when } from "./time.js";

/** One field with its label; `onChange(value)` gets what the API takes, null for nothing. */
export function Field({ field, value, wrong, needed, onChange }) {
  const Input = INPUTS[field.type] ?? Line;
  const id = `field-${field.name}`;
  const grouped = ["choices", "window", "person", "address"].includes(field.type);
  const label = html`${titled(field.title, field.name)}${needed && html`<span class="needed" title=${t("Needed for this step")}> *</span>`}`;
  const inside = html`<${Input} id=${id} field=${field} value=${value ?? null} onChange=${onChange}
    aria-invalid=${wrong ? "true" : undefined} aria-describedby=${wrong ? `${id}-wrong` : undefined} />
    ${wrong && html`<span class="wrong" id=${`${id}-wrong`}>${wrong}</span>`}`;
  const kind = `field ${["long", "choices", "window", "address"].includes(field.type) ? "wide" : ""}`;
  return grouped
    ? html`<fieldset class=${kind} title=${titled(field.help)}><legend>${label}</legend>${inside}</fieldset>`
    : html`<div class=${kind} title=${titled(field.help)}><label for=${id}>${label}</label>${inside}</div>`;
}

const filledOrNull = (text) => (text === "" ? null : text);

const Line = ({ field, value, onChange, ...more }) => html`<input type="text" value=${value ?? ""} autocomplete="off"
  maxlength=${field.max_length ?? 500} onInput=${(event) => onChange(filledOrNull(event.target.value))} ...${more} />`;

const Long = ({ field, value, onChange, ...more }) => html`<textarea rows="2" maxlength=${field.max_length ?? 4000} value=${value ?? ""}
  onInput=${(event) => onChange(filledOrNull(event.target.value))} ...${more} />`;

const Choice = ({ field, value, onChange, ...more }) => html`<select onChange=${(event) => onChange(filledOrNull(event.target.value))} ...${more}>
  <option value="" selected=${value === null}>–</option>
  ${field.choices.filter((one) => !one.retired || one.value === value).map((one) => html`
    <option key=${one.value} value=${one.value} selected=${one.value === value}>${titled(one.title, one.value)}</option>`)}
</select>`;

function Choices({ id, field, value, onChange }) {
  const chosen = value ?? [];
  const toggle = (one) => {
    const next = chosen.includes(one) ? chosen.filter((each) => each !== one) : [...chosen, one];
    onChange(next.length ? next : null);
  };
  return html`<details class="choices-of" id=${id}><summary>${chosen.length
    ? field.choices.filter((one) => chosen.includes(one.value)).map((one) => titled(one.title, one.value)).join(", ") : t("choose")}</summary>
    <div class="checks">${field.choices.filter((one) => !one.retired || chosen.includes(one.value)).map((one) => html`
    <label key=${one.value}><input type="checkbox" checked=${chosen.includes(one.value)} onChange=${() => toggle(one.value)} />
      ${titled(one.title, one.value)}</label>`)}</div></details>`;
}

const Numeric = ({ field, value, onChange, ...more }) => html`<input type="number" step="any" value=${value ?? ""}
  onInput=${(event) => onChange(event.target.value === "" ? null : event.target.valueAsNumber)} ...${more} />`;

const Day = ({ field, value, onChange, ...more }) => html`<input type="date" value=${value ?? ""}
  onInput=${(event) => onChange(filledOrNull(event.target.value))} ...${more} />`;

/** A moment in this machine's zone, as <input type=datetime-local> has it, and back. */
export const localOf = (iso) => {
  const at = Date.parse(iso ?? "");
  return Number.isFinite(at) ? new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : "";
};
export const isoOf = (local) => {
  const at = Date.parse(local);
  return Number.isFinite(at) ? new Date(at).toISOString() : null;
};

const Moment = ({ field, value, onChange, ...more }) => html`<input type="datetime-local" value=${localOf(value)}
  onInput=${(event) => onChange(isoOf(event.target.value))} ...${more} />`;

/** A time agreed: its day, from, until; one click for the usual ones. */
function Window({ id, value, onChange }) {
  const begin = localOf(value?.begin);
  const end = localOf(value?.end);
  const [day, from, until] = [begin.slice(0, 10), begin.slice(11), end.slice(11)];
  const change = (parts) => {
    const next = { day, from, until, ...parts };
    if (!next.day) return onChange(null);
    const [first, last] = [next.from || "09:00", next.until || "12:00"];
    return onChange({ begin: isoOf(`${next.day}T${first}`), end: isoOf(`${next.day}T${last > first ? last : "23:59"}`) });
  };
  return html`<div class="window" id=${id}>
    <input type="date" aria-label=${t("Day")} value=${day} onInput=${(event) => change({ day: event.target.value })} />
    <input type="time" aria-label=${t("from")} value=${from} step="900" onInput=${(event) => change({ from: event.target.value })} />
    <input type="time" aria-label=${t("until")} value=${until} step="900" onInput=${(event) => change({ until: event.target.value })} />
    ${value && html`<span class="unseen">${when(value.begin)}</span>`}
  </div>`;
}

const YesNo = ({ field, value, onChange, ...more }) => html`<select ...${more}
  onChange=${(event) => onChange({ yes: true, no: false }[event.target.value] ?? null)}>
  <option value="" selected=${value === null}>–</option>
  <option value="yes" selected=${value === true}>${t("Yes")}</option><option value="no" selected=${value === false}>${t("No")}</option>
</select>`;

const parts = (names) => ({ id, value, onChange }) => {
  const change = (name, text) => {
    const next = { ...value, [name]: text };
    const said = Object.fromEntries(Object.entries(next).filter(([, one]) => one));
    onChange(Object.keys(said).length ? said : null);
  };
  return html`<div class="parts" id=${id}>${names.map(([name, label]) => html`<input key=${name} type="text" placeholder=${label} aria-label=${label}
    value=${value?.[name] ?? ""} maxlength="500" autocomplete="off" onInput=${(event) => change(name, event.target.value)} />`)}</div>`;
};

const Person = parts([["name", t("Name")], ["number", t("Number")]]);
const PlainAddress = parts([["line", t("Street, house, door")], ["area", t("District")], ["city", t("City")]]);

/** The customer's own address is one click away. */
function Address(given) {
  const theirs = useDesk((state) => dossier(state)?.customer?.addresses?.[0]);
  const take = () => given.onChange(Object.fromEntries(Object.entries(theirs).filter(([, one]) => one)));
  return html`<${PlainAddress} ...${given} />${theirs?.line && !given.value && html`
    <button type="button" class="bare" onClick=${take}>${t("The customer's own: {address}", { address: theirs.line })}</button>`}`;
}

function Product({ field, value, onChange, ...more }) {
  const products = useDesk((state) => dossier(state)?.products) ?? [];
  useDesk((state) => state.categories);
  return html`<select ...${more} onChange=${(event) => onChange(event.target.value ? Number(event.target.value) : null)}>
    <option value="" selected=${value === null}>–</option>
    ${products.map(({ product }) => html`<option key=${product.id} value=${product.id} selected=${product.id === value}>
      ${`${categoryWord(product.category, product.category)} ${product.model}`}</option>`)}
    ${value !== null && !products.some((one) => one.product.id === value) && html`<option value=${value} selected>#${value}</option>`}
  </select>`;
}

const INPUTS = {
  text: Line, long: Long, choice: Choice, choices: Choices, number: Numeric, date: Day, moment: Moment, window: Window,
  boolean: YesNo, person: Person, address: Address, product: Product,
};
export { Choice, Product };
