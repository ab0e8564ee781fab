// Holidays: the house's own days, beside the calendar of its country. A closed day is a holiday for every policy that asks
// the calendar, a worked one has the hours of a Monday.
import { html, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Badge, Do, Empty } from "./bits.js";
import { Icon } from "./icons.js";
import { Choose, Field, Line } from "./page-admin-fields.js";
import { Admin, beginAdmin, told } from "./page-admin-frame.js";
import { desk, put, reading, say, useDesk } from "./store.js";
import { t, tn } from "./texts.js";
import { onDay } from "./time.js";

const KINDS = [["closed", t("closed: a holiday")], ["working", t("worked: like a Monday")]];
const kindWord = (kind) => (kind === "closed" ? t("closed") : t("worked"));
put({ siteDays: null, year: null });

const load = reading(async () => ({ siteDays: await api.get("/site-days", { year: desk.year }) }));
const look = () => load().catch(told);

function turnTo(year) {
  put({ year });
  look();
}

const weekday = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "short" });
const named = (day) => `${onDay(day)} ${weekday.format(new Date(`${day}T12:00:00`))}`;

async function back(one) {
  try {
    await api.remove(`/site-days/${one.day}`);
    await load();
    say(t("{day} is as the calendar says.", { day: named(one.day) }), "info", { label: t("Undo"), run: () => write(one.day, one.day, one.kind, one.title) });
  } catch (error) {
    told(error);
  }
}

async function write(begin, end, kind, title) {
  const { days } = await api.post("/site-days", { begin_on: begin, end_on: end, kind, title });
  await load();
  return days;
}

function Holidays() {
  const found = useDesk((state) => state.siteDays);
  const year = found?.year;
  const mine = (found?.days ?? []).filter((one) => one.day.startsWith(`${year}-`) || one.day > `${year}-12-31`);
  const own = new Map((found?.days ?? []).map((one) => [one.day, one]));
  return html`<${Admin} title=${t("Holidays")}><div class="holidays">
    <section class="panel" aria-label=${t("The house's own days")} aria-busy=${found ? undefined : "true"}>
      <header><h2>${t("The house's own days")}</h2></header>
      <${Add} />
      <div class="inside" tabindex="0">${found && !mine.length && html`<${Empty}>${t("None: the calendar alone counts.")}<//>`}
        ${mine.length > 0 && html`<table class="days"><thead><tr><th scope="col">${t("Day")}</th><th scope="col">${t("It is")}</th><th scope="col">${t("Why")}</th><th scope="col">${t("Said by")}</th><th scope="col"><span class="unseen">${t("Take it back")}</span></th></tr></thead>
          <tbody>${mine.map((one) => html`<tr key=${one.day} data-day=${one.day}><th scope="row">${named(one.day)}</th><td><${Badge} kind=${one.kind === "closed" ? "bad" : "good"} icon=${one.kind === "closed" ? "stop" : "ready"}>${kindWord(one.kind)}<//></td>
            <td class="cut"><bdi>${one.title}</bdi></td><td class="cut"><bdi>${one.actor}</bdi></td><td><button type="button" class="bare" aria-label=${t("Take it back: {day}", { day: named(one.day) })} title=${t("Take it back")} onClick=${() => back(one)}><${Icon} name="close" /></button></td></tr>`)}</tbody></table>`}
      </div></section>
    <section class="panel calendar" aria-label=${t("Calendar of the country")}>
      <header><h2>${found ? t("Calendar of {country}, {year}", { country: found.country, year: String(year) }) : t("Calendar of the country")}</h2>
        <${Do} id="year-before" disabled=${!found || year <= 2000} onClick=${() => turnTo(year - 1)}>${t("Year before")}<//><${Do} id="year-after" disabled=${!found || year >= 2100} onClick=${() => turnTo(year + 1)}>${t("Year after")}<//></header>
      <div class="inside" tabindex="0">${found && !found.calendar.length && html`<${Empty}>${t("The holidays of this country are not known.")}<//>`}
        <ul class="known-days">${(found?.calendar ?? []).map((one) => html`<li key=${one.day} class=${own.has(one.day) ? "quiet" : ""}><span>${named(one.day)}</span> <span class="cut"><bdi>${one.title}</bdi></span>
          <${Badge} kind=${one.sort === "holiday" ? "" : "late"}>${own.has(one.day) ? t("the house says: {what}", { what: kindWord(own.get(one.day).kind) }) : one.sort === "holiday" ? t("holiday") : t("moved working day")}<//></li>`)}</ul>
        <p class="quiet">${t("What a holiday means for the calls of a kind is said by its policy: hours as usual, none, or those of a Sunday.")} <a href="/promises/policies">${t("Policies")}</a></p></div></section>
  </div><//>`;
}

const EMPTY = { begin: "", end: "", kind: "closed", title: "" };

function Add() {
  const [form, setForm] = useState(EMPTY);
  const [wrong, setWrong] = useState({});
  const [busy, setBusy] = useState(false);
  const change = (part) => setForm({ ...form, ...part });
  const go = async (event) => {
    event.preventDefault();
    if (busy) return;
    if (!form.begin) return setWrong({ begin_on: t("Say which day.") });
    setBusy(true);
    try {
      const days = await write(form.begin, form.end || form.begin, form.kind, form.title);
      setForm((now) => (now === form ? EMPTY : now)); // what was typed meanwhile stays
      setWrong({});
      say(tn("{n} day: {what}", "{n} days: {what}", days.length, { what: kindWord(form.kind) }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setWrong(Object.keys(error.fields).length ? error.fields : { "": error.words });
    }
    setBusy(false);
  };
  const field = (name, label, value, set, Input, more = {}) => html`<${Field} name=${name} label=${label} wrong=${wrong[name]} needed=${name === "begin_on"}>${(given) => html`<${Input} ...${given} ...${more} value=${value} onChange=${set} />`}<//>`;
  return html`<form class="add-days" data-edit="days" onSubmit=${go}>
    ${field("begin_on", t("First day"), form.begin, (begin) => change({ begin }), Day)}
    ${field("end_on", t("Last day"), form.end, (end) => change({ end }), Day, { min: form.begin })}
    ${field("kind", t("It is"), form.kind, (kind) => change({ kind }), Choose, { options: KINDS })}
    ${field("title", t("Why"), form.title, (title) => change({ title }), Line, { maxlength: 60, placeholder: t("stock-taking, typhoon, promotion") })}
    <button type="submit" class="main" disabled=${busy} data-action="add">${t("Set these days")}</button>
    ${wrong[""] && html`<p class="wrong" role="alert">${wrong[""]}</p>`}</form>`;
}

const Day = ({ value, onChange, ...more }) => html`<input type="date" min="2000-01-01" max="2100-12-31" value=${value} onInput=${(event) => onChange(event.target.value)} ...${more} />`;

beginAdmin(Holidays, load);
