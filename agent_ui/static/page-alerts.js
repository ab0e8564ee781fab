// Alerts: what is wrong and what was, the newest first; one of them with all that is known: who took it, who was told.
import { html, classes } from "./ui.js";
import { Refused, api } from "./api.js";
import { SnoozeDialog, acknowledge, alertTitle, isLoud, learnMetrics, limitWord, metricTitle, ordered, placeWord, reset, severityIcon, severityWord, sleeps, valueWord } from "./page-alert-strip.js";
import { Badge, Do, Empty } from "./bits.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { Frame, begin, keepLooking, may } from "./page-frame.js";
import { ask, desk, put, say, useDesk } from "./store.js";
import { t } from "./texts.js";
import { Moment, lasting, when } from "./time.js";

const LIMIT = 100;
const said = () => new URLSearchParams(location.search);
put({ alertPage: null, alertMore: null, alertShown: null, alertPicked: Number(said().get("id")) || null, alertFilter: { open: said().get("open") ?? "", severity: said().get("severity") ?? "" } });

const filterOf = (state) => ({ open: state.alertFilter.open, severity: state.alertFilter.severity, limit: LIMIT });

let newest = 0; //  answers overtake one another: that of the newest question counts
let picking = 0;
let pages = 1; // as many as somebody asked for are looked at again: what is shown stays

/** Raises Refused. */
async function look() {
  newest += 1;
  const mine = newest;
  const alerts = [];
  let cursor;
  for (let page = 0; page < pages && (cursor || !page); page += 1) {
    const found = await api.get("/alerts", { ...filterOf(desk), cursor });
    if (mine !== newest) return;
    alerts.push(...found.alerts);
    cursor = found.cursor;
  }
  put({ alertPage: alerts, alertMore: cursor });
  if (desk.alertPicked) await pick(desk.alertPicked, true);
  else if (alerts.length) await pick((alerts.filter((one) => !one.cleared_at && isLoud(one))[0] ?? alerts[0]).id, true);
}

/** What people call the queues: asked for once. */
async function learnQueues() {
  const { queues } = await api.get("/queues");
  put({ screen: { ...desk.screen, queues: Object.fromEntries(queues.map((one) => [`${one.pbx}/${one.queue}`, one])) } });
}

function more() {
  pages += 1;
  again();
}

async function pick(id, quietly = false) {
  if (!quietly) history.replaceState(null, "", `?${new URLSearchParams({ ...Object.fromEntries(said()), id })}`);
  put({ alertPicked: id });
  picking += 1;
  const mine = picking;
  try {
    const shown = await api.get(`/alerts/${id}`);
    if (mine === picking) put({ alertShown: shown });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (mine !== picking) return;
    put({ alertShown: null, alertPicked: null });
    if (!quietly) say(error.words, "warning");
  }
}

function filter(part) {
  const alertFilter = { ...desk.alertFilter, ...part };
  picking += 1;
  pages = 1;
  put({ alertFilter, alertPicked: null, alertShown: null });
  const words = Object.entries(alertFilter).filter(([, value]) => value !== "");
  history.replaceState(null, "", words.length ? `?${new URLSearchParams(words)}` : location.pathname);
  again();
}
const again = () => look().catch((error) => { if (!(error instanceof Refused)) throw error; say(error.words, "warning"); });

const STATES = () => [["", t("now and before")], ["true", t("only what goes on")], ["false", t("only what is over")]];
const SEVERITIES = () => [["", t("all severities")], ["critical", t("critical")], ["warning", t("warning")]];

function Alerts() {
  useDesk((state) => state.alertMetrics);
  const { open, severity } = useDesk((state) => state.alertFilter);
  const choice = (name, value, options, label) => html`<label><span class="unseen">${label}</span><select id=${`alerts-${name}`} onChange=${(event) => filter({ [name]: event.target.value })}>
    ${options.map(([code, words]) => html`<option key=${code} value=${code} selected=${code === value}>${words}</option>`)}</select></label>`;
  return html`<${Frame} title=${t("Alerts")} dialogs=${{ "snooze-alert": SnoozeDialog }}>
    <main class="alerts-page">
      <section class="panel alert-list" aria-label=${t("Alerts")}>
        <header class="filter">${choice("open", open, STATES(), t("State"))}${choice("severity", severity, SEVERITIES(), t("Severity"))}
          ${may("alerts:manage") && html`<a class="button" href="/admin/alerts"><${Icon} name="gear" /> ${t("What is watched")}</a>`}</header>
        <${List} />
      </section>
      <${One} />
    </main>
  <//>`;
}

function List() {
  const alerts = useDesk((state) => state.alertPage);
  const picked = useDesk((state) => state.alertPicked);
  const cursor = useDesk((state) => state.alertMore);
  const goingOn = ordered(Object.fromEntries((alerts ?? []).filter((one) => !one.cleared_at).map((one) => [one.id, one])));
  const rows = [...goingOn, ...(alerts ?? []).filter((one) => one.cleared_at)];
  const step = (by) => {
    const at = rows.findIndex((one) => one.id === desk.alertPicked);
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (next) pick(next.id);
  };
  action("down", "ArrowDown", t("The next one of the list"), () => step(1));
  action("up", "ArrowUp", t("The one before it"), () => step(-1));
  return html`<div class="inside" tabindex="0" aria-busy=${alerts ? undefined : "true"}>
    <ul>${rows.map((one) => html`<li key=${one.id}><button type="button" class=${classes("row", "alert-row", one.severity, one.cleared_at ? "over" : !isLoud(one) && "taken")} data-alert=${one.id} aria-current=${one.id === picked ? "true" : undefined} onClick=${() => pick(one.id)}>
        <span class="cut"><${Icon} name=${one.cleared_at ? "ready" : severityIcon(one.severity)} /> <strong><bdi>${alertTitle(one)}</bdi></strong></span>
        <span class="number">${when(one.raised_at)}</span>
        <small class="cut"><bdi>${placeWord(one)}</bdi> · ${stateWord(one)}</small><small class="number">${valueWord(one.metric, one.worst ?? one.value)}</small></button></li>`)}</ul>
    ${cursor && html`<p class="more"><button type="button" onClick=${more}>${t("Show more")}</button></p>`}
    ${alerts && !rows.length && html`<${Empty}>${desk.alertFilter.open || desk.alertFilter.severity ? t("Nothing is like that.") : t("Nothing was wrong yet.")}<//>`}
  </div>`;
}

const lasted = (one) => lasting((Date.parse(one.cleared_at) - Date.parse(one.raised_at)) / 1000);
const stateWord = (one) => (one.cleared_at ? t("over after {time}", { time: lasted(one) }) : one.acked_by ? t("{name} takes care", { name: one.acked_by }) : sleeps(one) ? t("put off until {time}", { time: when(one.snoozed_until) }) : t("goes on"));
const ENDS = () => ({ good: t("the number is good again"), gone: t("nobody measures it any more"), rule: t("the rule was changed"), test: t("it was a test") });

function One() {
  const one = useDesk((state) => state.alertShown);
  if (!one) return html`<section class="panel empty-place" aria-label=${t("Nothing is chosen")}><${Empty}>${t("Choose an alert.")}<//></section>`;
  const then = () => again();
  return html`<section class="panel alert-one" aria-label=${alertTitle(one)}>
    <header><h2 class="cut"><bdi>${alertTitle(one)}</bdi></h2><${Badge} kind=${one.severity === "critical" ? "bad" : "ring"} icon=${severityIcon(one.severity)}>${severityWord(one.severity)}<//></header>
    <div class="inside" tabindex="0"><dl class="facts">
      <dt>${t("Where")}</dt><dd><bdi>${placeWord(one)}</bdi>${one.queue && html` <small class="quiet"><bdi>${one.pbx}</bdi></small>`}</dd>
      <dt>${metricTitle(one.metric)}</dt><dd class="number">${valueWord(one.metric, one.value)} (${limitWord(one)})${one.worst !== null && one.worst !== one.value ? `, ${t("at worst {value}", { value: valueWord(one.metric, one.worst) })}` : ""}</dd>
      <dt>${t("Since")}</dt><dd><${Moment} at=${one.raised_at} /></dd>
      ${one.cleared_at && html`<dt>${t("Over")}</dt><dd><${Moment} at=${one.cleared_at} /> <small class="quiet">${t("after {time}", { time: lasted(one) })}: ${ENDS()[one.why] ?? one.why}</small></dd>`}
      ${one.acked_at && html`<dt>${t("Taken by")}</dt><dd><bdi>${one.acked_by}</bdi>, <${Moment} at=${one.acked_at} />${one.ack_why && html` <q><bdi>${one.ack_why}</bdi></q>`}</dd>`}
      ${one.snoozed_until && html`<dt>${t("Put off")}</dt><dd><bdi>${one.snoozed_by}</bdi>, ${t("until {time}", { time: when(one.snoozed_until) })}${one.snooze_why && html` <q><bdi>${one.snooze_why}</bdi></q>`}</dd>`}
      <dt>${t("Rule")}</dt><dd>${may("alerts:manage") ? html`<a href=${`/admin/alerts?id=${one.rule}`}>${one.rule}</a>` : one.rule}</dd></dl>
      <h3>${t("Told by e-mail and telephone")}</h3>
      <${Told} told=${one.told} /></div>
    ${!one.cleared_at && html`<footer class="doing">
      ${(one.acked_at || one.snoozed_until) && html`<${Do} id="reset" onClick=${() => reset(one).then(then)}>${t("Not me")}<//>`}
      <${Do} id="snooze" icon="clock" onClick=${() => ask("snooze-alert", { one, then })}>${t("Put off")}<//>
      ${!one.acked_at && html`<${Do} id="alert-ack" kind="main" icon="ready" onClick=${() => acknowledge(one).then(then)}>${t("Acknowledge")}<//>`}</footer>`}
  </section>`;
}

const WAYS = () => ({ mail: t("e-mail"), call: t("telephone") });
const WORDS = () => ({ raised: t("that it began"), reminder: t("that it goes on"), cleared: t("that it is over") });
const fate = (one) => (one.done_at ? html`<${Icon} name="ready" size=${13} /> ${when(one.done_at)}` : one.dead_at ? html`<span class="wrong">${one.way === "call" ? t("nobody took it") : t("did not go out")}</span>`
  : one.way === "call" && one.attempts ? html`<${Icon} name="ringing" size=${13} /> ${t("called {n} times", { n: one.attempts })}`
  : one.attempts ? html`<span class="wrong">${t("is tried again {time}", { time: when(one.due_at) })}</span>` : html`<${Icon} name="clock" size=${13} /> ${t("waits until {time}", { time: when(one.due_at) })}`);

function Told({ told }) {
  if (!told.length) return html`<p class="quiet">${t("Nobody: the rule names no address and asks for no call.")}</p>`;
  return html`<table class="told"><thead><tr><th scope="col">${t("How")}</th><th scope="col">${t("To")}</th><th scope="col">${t("What")}</th><th scope="col">${t("Came to")}</th></tr></thead>
    <tbody>${told.map((one, at) => html`<tr key=${at}><td>${WAYS()[one.way] ?? one.way}</td><td class="cut"><bdi>${one.target || "…"}</bdi></td><td>${WORDS()[one.word] ?? one.word}</td>
      <td>${fate(one)}${one.said && html` <small class="quiet"><bdi>${one.said}</bdi></small>`}</td></tr>`)}</tbody></table>`;
}

begin(Alerts, () => {
  const shown = () => desk.alertShown?.id === desk.alertPicked && !desk.alertShown?.cleared_at;
  action("alert-ack", "a", t("Acknowledge"), () => acknowledge(desk.alertShown).then(again), () => Boolean(shown() && !desk.alertShown.acked_at));
  action("snooze", "s", t("Put off"), () => ask("snooze-alert", { one: desk.alertShown, then: again }), () => Boolean(shown()));
  learnMetrics();
  learnQueues().catch((error) => { if (!(error instanceof Refused)) throw error; });
  keepLooking(look).catch((error) => { if (!(error instanceof Refused)) throw error; say(error.words, "warning"); });
});
