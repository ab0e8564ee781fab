// The fields of a policy: durations with their unit, hours as people write them ("09:00-12:00, 14:00-20:00"), retries by
// outcome. Between what is typed and what the API has: `toForm` and `toPolicy`, one the inverse of the other.
import { html, classes } from "./ui.js";
import { t } from "./texts.js";
import { attemptWord, modeWord } from "./words.js";

const UNITS = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const UNIT_WORDS = { s: t("seconds"), min: t("minutes"), h: t("hours"), d: t("days") };
const DAYS = [t("Monday"), t("Tuesday"), t("Wednesday"), t("Thursday"), t("Friday"), t("Saturday"), t("Sunday")];
const OUTCOMES = ["busy", "no_answer", "rejected", "failed", "machine", "silent", "no_agent", "agent_no_answer", "not_sent"];
const MOMENTS = ["due_ms", "earliest_ms", "deadline_ms", "pass_on_ms"];
const WORDS = ["mode", "first", "offer", "caller_id", "queue", "prompt"];
const FLAGS = ["hard", "after_broken"];
const LIMITS = ["most_tries", "at_once", "per_trunk"];

const FIELDS = {
  due_ms: t("Due after"), earliest_ms: t("Not before"), deadline_ms: t("At the latest after"), hard: t("No try after the deadline while one before it is possible"),
  evening: t("The evening before, at"), mode: t("How it is dialled"), first: t("Who is asked first"), pass_on_ms: t("Its owner has it alone for"),
  offer: t("When it is time"), caller_id: t("Number that the customer sees"), queue: t("Queue"), prompt: t("Prompt"), holidays: t("On holidays"),
  country: t("Holidays of"), closed: t("Closed on these days too"), working: t("Worked on these days"), most_tries: t("Tries altogether"),
  at_once: t("Calls at once"), per_trunk: t("Calls at once on one trunk"), after_broken: t("Go on dialling after the deadline"),
  script_en: t("What to say, in English"), script_zh: t("What to say, in Chinese"), weekly: t("Allowed hours"), retries: t("Try again"),
};
export const fieldWord = (name) => FIELDS[name] ?? (/^weekly\d$/.test(name) ? DAYS[Number(name.at(-1))] : attemptWord(name.replace(/^retry_/, "")));
export const unitWord = (unit) => UNIT_WORDS[unit] ?? "";

const CHOICES = {
  mode: ["agent_first", "customer_first", "automatic"].map((one) => [one, modeWord(one)]),
  first: [["owner", t("whoever promised it")], ["team", t("anybody of the team")]],
  offer: [["ring", t("the phone rings")], ["show", t("the screen shows it; a key starts it")]],
  holidays: [["as_usual", t("as on other days")], ["as_sunday", t("as on Sundays")], ["closed", t("no hour")]],
};
export const choiceWord = (name, value) => CHOICES[name]?.find(([code]) => code === value)?.[1] ?? String(value ?? "");

// --- what is typed, and what the API has ---

const split = (ms) => {
  if (ms === null || ms === undefined) return { n: "", unit: "min" };
  const unit = ["d", "h", "min", "s"].find((one) => ms % UNITS[one] === 0 && (ms !== 0 || one === "min")) ?? "s";
  return { n: String(ms / UNITS[unit]), unit };
};
const joined = ({ n, unit }) => (/^-?\d{1,9}(\.\d+)?$/.test(n.trim()) ? Math.round(Number(n) * UNITS[unit]) : null);

const clock = (minute) => `${String(Math.floor(minute / 60) % 24).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
const spanText = ({ begin, end }) => `${clock(begin)}-${end === 1440 ? "24:00" : clock(end)}`;
const daysText = (days) => (days ?? []).join(", ");

/** A policy as it is typed. Weekdays are fields of their own, so that two who change different days do not collide. */
export function toForm(policy) {
  const form = { version: policy.version, evening: policy.evening === null || policy.evening === undefined ? "" : clock(policy.evening) };
  for (const name of MOMENTS) form[name] = split(policy[name]);
  for (const name of WORDS) form[name] = policy[name] ?? "";
  for (const name of FLAGS) form[name] = Boolean(policy[name]);
  for (const name of LIMITS) form[name] = policy[name] === null || policy[name] === undefined ? "" : String(policy[name]);
  DAYS.forEach((_, at) => { form[`weekly${at}`] = (policy.hours.weekly[at] ?? []).map(spanText).join(", "); });
  Object.assign(form, { holidays: policy.hours.holidays, country: policy.hours.country, closed: daysText(policy.hours.closed), working: daysText(policy.hours.working) });
  for (const one of OUTCOMES) {
    const retry = policy.retries?.[one];
    form[`retry_${one}`] = retry ? { again: true, ...split(retry.delay_ms), times: retry.times === null ? "" : String(retry.times) } : { again: false, n: "5", unit: "min", times: "1" };
  }
  return { ...form, script_en: policy.script?.en ?? "", script_zh: policy.script?.zh ?? "" };
}

/** The policy as the API wants it, and what cannot be read, by field. */
export function toPolicy(form) {
  const wrong = {};
  const must = (name, value) => {
    if (value === null) wrong[name] = t("is no number");
    return value ?? 0;
  };
  const policy = { script: {}, retries: {} };
  for (const name of MOMENTS) policy[name] = must(name, joined(form[name]));
  for (const name of WORDS) policy[name] = form[name].trim?.() ?? form[name];
  for (const name of FLAGS) policy[name] = form[name];
  for (const name of LIMITS) policy[name] = form[name].trim() === "" ? (name === "most_tries" ? must(name, null) : null) : must(name, whole(form[name]));
  policy.evening = form.evening ? minutes(form.evening) : null;
  policy.hours = {
    weekly: DAYS.map((_, at) => spans(form[`weekly${at}`], (why) => { wrong[`hours.weekly[${at}]`] = why; })),
    holidays: form.holidays, country: form.country.trim().toUpperCase(), closed: days(form.closed), working: days(form.working),
  };
  for (const one of OUTCOMES) {
    const retry = form[`retry_${one}`];
    if (!retry.again) continue;
    policy.retries[one] = { delay_ms: must(`retries.${one}.delay_ms`, joined(retry)), times: retry.times.trim() === "" ? null : must(`retries.${one}.times`, whole(retry.times)) };
  }
  for (const name of ["en", "zh"]) if (form[`script_${name}`].trim()) policy.script[name] = form[`script_${name}`].trim();
  return { policy, wrong };
}

const whole = (text) => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : null);
const days = (text) => text.split(/[\s,;，；、]+/).filter(Boolean);
const minutes = (text) => {
  const [, hour, minute] = /^(\d{1,2})[:：](\d\d)$/.exec(text.trim()) ?? [];
  return hour !== undefined && Number(hour) <= 24 && Number(minute) < 60 ? Number(hour) * 60 + Number(minute) : null;
};

/** "22:00-02:00" goes on into the next day. */
function spans(text, complain) {
  return text.split(/[\s,;，；、]+/).filter(Boolean).map((one) => {
    const [begin, end] = one.split(/[-–~至]/).map(minutes);
    if (begin === null || end === null || begin === undefined || end === undefined) complain(t("{text} is no span such as 09:00-20:00", { text: one }));
    return { begin: begin ?? 0, end: (end ?? 0) <= (begin ?? 0) ? (end ?? 0) + 1440 : end };
  });
}

// --- the fields ---

export function Fields({ kind, form, change, wrong, fixed }) {
  const field = (name, Input, more = {}) => html`<${Field} key=${name} name=${name} wrong=${wrong[more.path ?? name]} path=${more.path ?? name} wide=${more.wide}>
    ${(given) => html`<${Input} ...${given} ...${more} disabled=${fixed} value=${form[name]} onChange=${(value) => change({ [name]: value })} />`}<//>`;
  return html`<div class="policy-fields">
    <fieldset><legend>${t("When")}</legend><div class="grid">
      ${field("due_ms", Duration)}${field("earliest_ms", Duration)}${field("deadline_ms", Duration)}
      ${kind === "appointment" && field("evening", Time)}
      ${field("hard", Flag)}${field("after_broken", Flag)}</div></fieldset>
    <fieldset><legend>${t("Who, and how")}</legend><div class="grid">
      ${field("mode", Select, { options: CHOICES.mode })}
      ${field("first", Select, { options: CHOICES.first })}
      ${field("pass_on_ms", Duration)}
      ${field("offer", Select, { options: CHOICES.offer })}
      ${field("queue", Line)}${field("caller_id", Line)}${field("prompt", Line)}</div></fieldset>
    <fieldset class="hours"><legend>${t("Allowed hours, by the customer's clock")}</legend><div class="grid">
      ${DAYS.map((_, at) => field(`weekly${at}`, Line, { path: `hours.weekly[${at}]`, placeholder: t("no hour") }))}
      ${field("holidays", Select, { path: "hours.holidays", options: CHOICES.holidays })}
      ${field("country", Line, { path: "hours.country", placeholder: "CN" })}
      ${field("closed", Line, { path: "hours.closed", wide: true, placeholder: "2026-12-31, 2027-01-01" })}
      ${field("working", Line, { path: "hours.working", wide: true, placeholder: "2027-02-14" })}</div>
      ${wrong["hours.weekly"] && html`<p class="wrong" role="alert" data-field="hours.weekly">${wrong["hours.weekly"]}</p>`}</fieldset>
    <fieldset><legend>${t("Try again")}</legend><table class="retries"><thead><tr><th scope="col">${t("after")}</th><th scope="col">${t("again in")}</th><th scope="col">${t("times")}</th></tr></thead>
      <tbody>${OUTCOMES.map((one) => html`<${Retry} key=${one} outcome=${one} value=${form[`retry_${one}`]} wrong=${wrong} fixed=${fixed} onChange=${(value) => change({ [`retry_${one}`]: value })} />`)}</tbody></table></fieldset>
    <fieldset><legend>${t("How many")}</legend><div class="grid">${field("most_tries", Count)}${field("at_once", Count, { placeholder: t("no limit") })}${field("per_trunk", Count, { placeholder: t("no limit") })}</div></fieldset>
    <fieldset><legend>${t("What to say")}</legend><div class="grid">${field("script_zh", Long, { path: "script.zh", wide: true })}${field("script_en", Long, { path: "script.en", wide: true })}</div></fieldset>
  </div>`;
}

function Field({ name, path, wrong, wide, children }) {
  const id = `policy-${name}`;
  const given = { id, "aria-invalid": wrong ? "true" : undefined, "aria-describedby": wrong ? `${id}-wrong` : undefined };
  return html`<div class=${classes("field", wide && "wide")} data-field=${path}><label for=${id}>${fieldWord(name)}</label>${children(given)}
    ${wrong && html`<span class="wrong" id=${`${id}-wrong`} role="alert">${wrong}</span>`}</div>`;
}

const Line = ({ value, onChange, options, path, wide, ...more }) => html`<input type="text" value=${value} maxlength="400" autocomplete="off" spellcheck="false" onInput=${(event) => onChange(event.target.value)} ...${more} />`;
const Count = ({ value, onChange, path, ...more }) => html`<input type="text" inputmode="numeric" value=${value} maxlength="9" autocomplete="off" onInput=${(event) => onChange(event.target.value)} ...${more} />`;
const Time = ({ value, onChange, ...more }) => html`<input type="time" value=${value} onInput=${(event) => onChange(event.target.value)} ...${more} />`;
const Long = ({ value, onChange, path, wide, ...more }) => html`<textarea rows="3" maxlength="2000" value=${value} onInput=${(event) => onChange(event.target.value)} ...${more} />`;
const Flag = ({ value, onChange, ...more }) => html`<select onChange=${(event) => onChange(event.target.value === "yes")} ...${more}>
  <option value="yes" selected=${value}>${t("Yes")}</option><option value="no" selected=${!value}>${t("No")}</option></select>`;
const Select = ({ value, onChange, options, path, ...more }) => html`<select onChange=${(event) => onChange(event.target.value)} ...${more}>
  ${options.map(([code, words]) => html`<option key=${code} value=${code} selected=${code === value}>${words}</option>`)}</select>`;

const Duration = ({ id, value, onChange, label, ...more }) => html`<span class="duration"><input id=${id} type="text" inputmode="decimal" value=${value.n} maxlength="10" autocomplete="off" aria-label=${label} ...${more}
    onInput=${(event) => onChange({ ...value, n: event.target.value })} />
  <select aria-label=${t("unit")} disabled=${more.disabled} onChange=${(event) => onChange({ ...value, unit: event.target.value })}>
    ${Object.keys(UNITS).map((unit) => html`<option key=${unit} value=${unit} selected=${unit === value.unit}>${UNIT_WORDS[unit]}</option>`)}</select></span>`;

function Retry({ outcome, value, wrong, fixed, onChange }) {
  const said = wrong[`retries.${outcome}`] ?? wrong[`retries.${outcome}.delay_ms`] ?? wrong[`retries.${outcome}.times`];
  return html`<tr data-field=${`retries.${outcome}`}><th scope="row"><label><input type="checkbox" checked=${value.again} disabled=${fixed} onChange=${(event) => onChange({ ...value, again: event.target.checked })} /> ${attemptWord(outcome)}</label>
      ${said && html`<span class="wrong" role="alert">${said}</span>`}</th>
    <td><${Duration} value=${value} disabled=${fixed || !value.again} label=${t("again in")} onChange=${(next) => onChange({ ...value, ...next })} /></td>
    <td><input type="text" inputmode="numeric" class="short" value=${value.times} maxlength="3" placeholder=${t("no limit")} aria-label=${t("times")} disabled=${fixed || !value.again}
      aria-invalid=${said ? "true" : undefined} onInput=${(event) => onChange({ ...value, times: event.target.value })} /></td></tr>`;
}
