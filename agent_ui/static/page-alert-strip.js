// Alerts: what is wrong now, from the stream; told by shape, word and colour, by a sound once, and taken by a key.
import { html, classes, useEffect } from "./ui.js";
import { Refused, api } from "./api.js";
import { Do, Keys } from "./bits.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { sound } from "./ringing.js";
import { alike, ask, desk, put, say, unask, useDesk, watch } from "./store.js";
import { t, tn, titled } from "./texts.js";
import { Lasting, isPast, when } from "./time.js";

const SILENT = "callserver-alerts-silent"; // a choice of this browser: where it stands, others may sit beside it
const TONES = { critical: "bell", warning: "low" };
const MOST = 3; // in the strip; all of them are on their page
put({ alertMetrics: {} });

export const severityWord = (severity) => (severity === "critical" ? t("critical") : t("warning"));
export const severityIcon = (severity) => (severity === "critical" ? "warning" : "watch");
export const alertTitle = (one) => (one.test ? t("Test: {what}", { what: titled(one.title, one.rule) }) : titled(one.title, one.rule));
export const metricTitle = (key) => titled(desk.alertMetrics[key]?.title, key);

/** A span of seconds, whole: "75 s", "5 min 5 s", "2 h 10 min"; so that what is just above a limit shows it. */
function span(value) {
  const seconds = Math.round(value);
  if (Math.abs(seconds) < 90) return t("{n} s", { n: seconds });
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return [hours && t("{n} h", { n: hours }), minutes && t("{n} min", { n: minutes }), !hours && rest && t("{n} s", { n: rest })].filter(Boolean).join(" ");
}
const tenths = (value) => Math.round(value * 10) / 10;

/** A number with its unit, as mails say it (callserver/alerts/wording.py): counts and seconds whole, the rest with one decimal at most. */
export function valueWord(metric, value) {
  if (value === null || value === undefined) return "–";
  if (!desk.alertMetrics[metric]) return "…"; // its unit is not known yet
  const { unit } = desk.alertMetrics[metric];
  if (unit === "seconds") return span(value);
  if (unit === "ratio") return `${tenths(value * 100)} %`;
  if (unit === "ppm") return t("{n} per million", { n: tenths(value) });
  return String(unit === "count" ? Math.round(value) : tenths(value));
}

/** Where it is: a queue by its name for people, a switch, or the site. */
export function placeWord(one) {
  if (one.queue) return desk.screen.queues[`${one.pbx}/${one.queue}`]?.title ?? one.queue;
  return one.pbx ? t("switch {pbx}", { pbx: one.pbx }) : t("the whole site");
}

export const limitWord = (one) => (one.side === "below" ? t("below {limit}", { limit: valueWord(one.metric, one.threshold) }) : t("above {limit}", { limit: valueWord(one.metric, one.threshold) }));
export const sleeps = (one) => Boolean(one.snoozed_until) && !isPast(one.snoozed_until);
/** Nobody has taken it, and it was not put off. */
export const isLoud = (one) => !one.acked_at && !sleeps(one);
const gravity = (one) => [isLoud(one) ? 0 : 1, one.severity === "critical" ? 0 : 1, -Date.parse(one.raised_at)];

/** What is wrong, the loudest and gravest first. */
export const ordered = (alerts) => Object.values(alerts).sort((a, b) => {
  const [x, y] = [gravity(a), gravity(b)];
  const at = x.findIndex((value, place) => value !== y[place]);
  return at < 0 ? b.id - a.id : x[at] - y[at];
});

/** What is asked of the server; a refusal is said. The stream shows what came of it. */
export async function doing(work, done) {
  try {
    const found = await work();
    say(done);
    return found;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.words, "warning");
    return null;
  }
}

export const acknowledge = (one) => doing(() => api.post(`/alerts/${one.id}/ack`, {}), t("You take care of it: {what}", { what: alertTitle(one) }));
export const reset = (one) => doing(() => api.post(`/alerts/${one.id}/reset`, {}), t("Nobody takes care of it now: {what}", { what: alertTitle(one) }));

/** `tv`: nobody is there to press anything. `short`: the gravest alone, in one line, where other work goes on below. */
export function AlertStrip({ tv = false, short = false }) {
  const most = short ? 1 : MOST;
  const alerts = ordered(useDesk((state) => state.screen.alerts, alike));
  const silent = useDesk((state) => state.alertsSilent ?? localStorage.getItem(SILENT) === "1");
  useDesk((state) => state.alertMetrics);
  useEffect(() => { learnMetrics(); }, []);
  if (!alerts.length) return null;
  const loud = alerts.filter(isLoud).length;
  return html`<section class=${classes("alerts-strip", short && "short")} aria-label=${t("Alerts")}>
    ${alerts.slice(0, most).map((one) => html`<${Line} key=${one.id} one=${one} tv=${tv} first=${one.id === alerts.find(isLoud)?.id} />`)}
    ${!tv && html`<p class="rest"><a href="/alerts">${alerts.length > most ? tn("and one more alert", "and {n} more alerts", alerts.length - most) : t("All alerts")}</a>
      <button type="button" class="bare" aria-pressed=${silent ? "true" : "false"} onClick=${() => silence(!silent)}><${Icon} name=${silent ? "close" : "bell"} size=${14} /> ${silent ? t("Sound is off") : t("Sound is on")}</button></p>`}
    ${tv && alerts.length > most && html`<p class="rest">${tn("and one more alert", "and {n} more alerts", alerts.length - most)}</p>`}
    ${loud === 0 && html`<span class="unseen">${t("Somebody takes care of all of them.")}</span>`}
  </section>`;
}

function Line({ one, tv, first }) {
  return html`<p class=${classes("alert-line", one.severity, !isLoud(one) && "taken")} data-alert=${one.id}>
    <${Icon} name=${severityIcon(one.severity)} /><span class="word">${severityWord(one.severity)}</span>
    <strong class="cut"><bdi>${alertTitle(one)}</bdi></strong> <span class="cut"><bdi>${placeWord(one)}</bdi></span>
    <span class="number" title=${metricTitle(one.metric)}>${valueWord(one.metric, one.value)} <small>(${limitWord(one)})</small></span>
    <${Lasting} since=${one.raised_at} />
    ${one.acked_by ? html`<span class="who cut"><${Icon} name="person" size=${13} /> <bdi>${t("{name} takes care", { name: one.acked_by })}</bdi></span>`
      : sleeps(one) ? html`<span class="who cut"><${Icon} name="clock" size=${13} /> ${t("put off until {time}", { time: when(one.snoozed_until) })}</span>` : null}
    ${!tv && (one.acked_at ? html`<button type="button" class="bare" onClick=${() => reset(one)}>${t("Not me")}</button>`
      : html`<button type="button" data-action=${first ? "alert-ack" : undefined} aria-keyshortcuts=${first ? "a" : undefined} onClick=${() => acknowledge(one)}>${t("Acknowledge")}${first && html` <${Keys} of="alert-ack" />`}</button>
        <button type="button" class="bare" onClick=${() => ask("snooze-alert", { one })}>${t("Put off")}</button>`)}
  </p>`;
}

const SPANS = () => [[10, t("10 minutes")], [30, t("30 minutes")], [60, t("an hour")], [240, t("4 hours")], [720, t("12 hours")]];

/** For how long, and why. */
export function SnoozeDialog({ one, then }) {
  const go = async () => {
    const form = document.querySelector("dialog[open] form");
    const minutes = Number(form.elements.minutes.value);
    const why = form.elements.why.value.trim();
    unask();
    await doing(() => api.post(`/alerts/${one.id}/snooze`, { minutes, why }), t("Put off: {what}", { what: alertTitle(one) }));
    then?.();
  };
  return html`<${Dialog} title=${t("Put off: {what}", { what: alertTitle(one) })} onSubmit=${go}>
    <p>${t("Nobody is told of it meanwhile. If it goes on then, it is told again. Everybody sees that you put it off.")}</p>
    <p><label>${t("For")} <select name="minutes" autofocus>${SPANS().map(([minutes, words]) => html`<option key=${minutes} value=${minutes}>${words}</option>`)}</select></label></p>
    <p><label>${t("Why")} <input name="why" type="text" maxlength="300" autocomplete="off" /></label></p>
    <footer><button type="button" onClick=${unask}>${t("Cancel")}</button><button type="submit" class="main">${t("Put off")}</button></footer>
  <//>`;
}

function silence(on) {
  localStorage.setItem(SILENT, on ? "1" : "0");
  put({ alertsSilent: on });
}

let learning = null;
/** What the numbers are called, and their units: asked for once. */
export function learnMetrics() {
  learning ??= api.get("/alert-metrics").then(({ metrics }) => put({ alertMetrics: Object.fromEntries(metrics.map((one) => [one.key, one])) }))
    .catch((error) => { learning = null; if (!(error instanceof Refused)) throw error; });
  return learning;
}

const heard = new Map(); // alert -> when it was told last
/** A sound and a word for each alert that is told anew; what was there before the page is only shown. */
function listen() {
  if (desk.connection.state !== "live") return;
  const fresh = Object.values(desk.screen.alerts).filter((one) => heard.get(one.id) !== one.told_at);
  const begun = heard.has(0);
  heard.set(0, "");
  for (const one of fresh) heard.set(one.id, one.told_at);
  const loud = fresh.filter(isLoud);
  if (!begun || !loud.length) return;
  const [worst] = ordered(loud);
  document.getElementById("said").textContent = t("Alert, {severity}: {what}, {where}", { severity: severityWord(worst.severity), what: alertTitle(worst), where: placeWord(worst) });
  if (localStorage.getItem(SILENT) !== "1") sound(TONES[worst.severity] ?? "low");
}

/** Keys and sounds of a page that shows the strip. */
export function startAlerts() {
  const first = () => ordered(desk.screen.alerts).find(isLoud);
  action("alert-ack", "a", t("Acknowledge the gravest alert"), () => acknowledge(first()), () => Boolean(first()));
  watch(listen);
}
