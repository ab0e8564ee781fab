// The fields of a kind as an administrator writes them: a list in their order, one of them open at a time.
import { html, classes, useState } from "./ui.js";
import { Badge } from "./bits.js";
import { Icon } from "./icons.js";
import { Choose, Count, Field, Line, Several, numberOf } from "./page-admin-fields.js";
import { t, titled, tn } from "./texts.js";
import { statusWord } from "./words.js";

const TYPES = {
  text: t("one line"), long: t("lines of text"), choice: t("one of a list"), choices: t("several of a list"), number: t("a number"), date: t("a day"), moment: t("a day and time"),
  window: t("from when to when"), boolean: t("yes or no"), person: t("a person with a number"), address: t("an address"), product: t("one of the customer's products"),
};
const CHOOSING = ["choice", "choices"];
const WRITTEN = ["text", "long"];

const without = (titles, ...names) => Object.fromEntries(Object.entries(titles ?? {}).filter(([name]) => !names.includes(name)));
const both = (rest, zh, en) => ({ ...rest, ...(zh.trim() && { zh: zh.trim() }), ...(en.trim() && { en: en.trim() }) });
const split = (titles) => ({ title_zh: titles?.zh ?? "", title_en: titles?.en ?? "", rest: without(titles, "zh", "en") });

/** As they are typed. */
export const fieldsOf = (fields) => fields.map((one) => ({
  name: one.name, ...split(one.title), type: one.type, required_when: one.required_when, max_length: one.max_length ? String(one.max_length) : "",
  help_zh: one.help.zh ?? "", help_en: one.help.en ?? "", helpRest: without(one.help, "zh", "en"), choices: one.choices.map((choice) => ({ value: choice.value, ...split(choice.title), retired: choice.retired })),
}));

/** As the API takes them. */
export const fieldsToSend = (fields) => fields.map((one) => ({
  name: one.name.trim(), title: both(one.rest, one.title_zh, one.title_en), type: one.type, required_when: one.required_when, max_length: WRITTEN.includes(one.type) ? numberOf(one.max_length) : null,
  help: both(one.helpRest, one.help_zh, one.help_en), choices: CHOOSING.includes(one.type) ? one.choices.map((choice) => ({ value: choice.value.trim(), title: both(choice.rest, choice.title_zh, choice.title_en), retired: choice.retired })) : [],
}));

const wordOf = (one) => one?.title_zh || one?.title_en || one?.name || t("a field without a name");
const PART = { name: t("short name"), title: t("name"), type: t("type"), choices: t("choices"), value: t("short name"), max_length: t("longest"), help: t("help"), required_when: t("needed for") };

/** What the server found wrong, gathered where the list is: which field, which part of it, why. */
export function fieldWrongs(wrong, fields) {
  const found = Object.entries(wrong).map(([path, why]) => {
    const [, at, rest] = /^fields\[(\d+)\](.*)$/.exec(path) ?? [];
    if (at === undefined) return [path, why];
    const [, choice] = /choices\[(\d+)\]/.exec(rest) ?? [];
    const part = rest.match(/[a-z_]+/g)?.filter((word) => PART[word]).at(-1);
    const where = [wordOf(fields[Number(at)]), choice !== undefined && t("choice {n}", { n: Number(choice) + 1 }), part && PART[part]].filter(Boolean).join(" › ");
    return ["fields", `${where}: ${why}`];
  });
  const told = {};
  for (const [path, why] of found) told[path] = told[path] ? `${told[path]}; ${why}` : why;
  return told;
}

const FRESH = { name: "", title_zh: "", title_en: "", rest: {}, type: "text", required_when: [], max_length: "", help_zh: "", help_en: "", helpRest: {}, choices: [] };

export function FieldList({ value, onChange, disabled, statuses, id }) {
  const [at, setAt] = useState(null);
  const set = (place, one) => onChange(value.map((other, index) => (index === place ? { ...other, ...one } : other)));
  const move = (place, by) => {
    const next = [...value];
    [next[place], next[place + by]] = [next[place + by], next[place]];
    onChange(next);
    setAt(at === place ? place + by : at);
  };
  const remove = (place) => {
    onChange(value.filter((_, index) => index !== place));
    setAt(null);
  };
  const add = () => {
    onChange([...value, FRESH]);
    setAt(value.length);
  };
  return html`<div class="kind-fields" id=${id}>
    ${!value.length && html`<p class="quiet">${t("No field: a subject and notes are all that is asked.")}</p>`}
    <ol>${value.map((one, place) => html`<li key=${place} class=${classes("kind-field", at === place && "open")}>
      <div class="line"><button type="button" class="row" aria-expanded=${at === place ? "true" : "false"} onClick=${() => setAt(at === place ? null : place)}>
          <strong class="cut"><bdi>${wordOf(one)}</bdi></strong> <small class="quiet cut">${one.name} · ${TYPES[one.type]}${CHOOSING.includes(one.type) ? ` · ${tn("{n} choice", "{n} choices", one.choices.length)}` : ""}</small>
          ${one.required_when.length > 0 && html`<${Badge}>${t("needed for: {statuses}", { statuses: one.required_when.map((status) => statusWord(status)).join(", ") })}<//>`}</button>
        <button type="button" class="bare" disabled=${disabled || !place} aria-label=${t("Up: {what}", { what: wordOf(one) })} title=${t("Up")} onClick=${() => move(place, -1)}><${Icon} name="up" /></button>
        <button type="button" class="bare" disabled=${disabled || place === value.length - 1} aria-label=${t("Down: {what}", { what: wordOf(one) })} title=${t("Down")} onClick=${() => move(place, 1)}><${Icon} name="down" /></button>
        <button type="button" class="bare" disabled=${disabled} aria-label=${t("Remove: {what}", { what: wordOf(one) })} title=${t("Remove; tickets keep what they have in it")} onClick=${() => remove(place)}><${Icon} name="close" /></button></div>
      ${at === place && html`<${OneField} at=${place} one=${one} disabled=${disabled} statuses=${statuses} change=${(part) => set(place, part)} />`}</li>`)}</ol>
    <button type="button" data-action="add-field" disabled=${disabled} onClick=${add}>${t("Add a field")}</button></div>`;
}
FieldList.group = true;

function OneField({ at, one, disabled, statuses, change }) {
  const field = (name, label, Input, more = {}) => html`<${Field} key=${name} name=${`fields-${at}-${name}`} label=${label} help=${more.help} wide=${more.wide} group=${Input.group}>
    ${(given) => html`<${Input} ...${given} ...${more} disabled=${disabled} value=${one[name]} onChange=${(value) => change({ [name]: value })} />`}<//>`;
  return html`<div class="grid field-of-kind">
    ${field("title_zh", t("Name in Chinese"), Line, { maxlength: 100 })}${field("title_en", t("Name in English"), Line, { maxlength: 100 })}
    ${field("name", t("Short name"), Line, { maxlength: 40, help: t("Under it tickets keep their values: another name is another field.") })}
    ${field("type", t("Type"), Choose, { options: Object.entries(TYPES) })}
    ${WRITTEN.includes(one.type) && field("max_length", t("Longest, characters"), Count, { placeholder: t("no limit") })}
    ${field("help_zh", t("Help in Chinese"), Line)}${field("help_en", t("Help in English"), Line)}
    ${field("required_when", t("Needed before a ticket becomes"), Several, { wide: true, options: statuses.map((status) => [status, statusWord(status)]) })}
    ${CHOOSING.includes(one.type) && html`<${Choices} at=${at} value=${one.choices} disabled=${disabled} onChange=${(choices) => change({ choices })} />`}
  </div>`;
}

function Choices({ at, value, disabled, onChange }) {
  const set = (place, part) => onChange(value.map((one, index) => (index === place ? { ...one, ...part } : one)));
  const cell = (place, one, name, label) => html`<td><input type="text" maxlength="100" autocomplete="off" aria-label=${t("{what}, choice {n}", { what: label, n: place + 1 })} disabled=${disabled} value=${one[name]} onInput=${(event) => set(place, { [name]: event.target.value })} /></td>`;
  return html`<div class="field wide"><table class="choices-table" aria-label=${t("Choices")}><thead><tr><th scope="col">${t("Short name")}</th><th scope="col">${t("In Chinese")}</th><th scope="col">${t("In English")}</th><th scope="col">${t("Retired")}</th><th scope="col"><span class="unseen">${t("Remove")}</span></th></tr></thead>
    <tbody>${value.map((one, place) => html`<tr key=${place}>${cell(place, one, "value", t("Short name"))}${cell(place, one, "title_zh", t("In Chinese"))}${cell(place, one, "title_en", t("In English"))}
      <td><input type="checkbox" aria-label=${t("{what}, choice {n}", { what: t("Retired"), n: place + 1 })} checked=${one.retired} disabled=${disabled} onChange=${(event) => set(place, { retired: event.target.checked })} /></td>
      <td><button type="button" class="bare" disabled=${disabled} aria-label=${t("Remove: {what}", { what: titled({ zh: one.title_zh, en: one.title_en }) || one.value || place + 1 })} onClick=${() => onChange(value.filter((_, index) => index !== place))}><${Icon} name="close" /></button></td></tr>`)}</tbody></table>
    <button type="button" data-action="add-choice" id=${`add-choice-${at}`} disabled=${disabled} onClick=${() => onChange([...value, { value: "", title_zh: "", title_en: "", rest: {}, retired: false }])}>${t("Add a choice")}</button></div>`;
}
