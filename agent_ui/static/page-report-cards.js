// The headlines: the numbers of the whole period, each against the period before: by a shape, a word and how much.
import { html, classes } from "./ui.js";
import { Icon } from "./icons.js";
import { alike, useDesk } from "./store.js";
import { t } from "./texts.js";
import { want } from "./page-report-data.js";
import { Value } from "./page-report-link.js";
import { change, explain, hint, period, titleOf, told } from "./page-report-words.js";

const CARDS = ["sl_offered", "offered", "answered", "abandon_rate", "asa", "wait_p95", "aht", "occupancy", "fcr", "promise_kept", "csat", "omission_ppm"];
const SHOWN = 8;
const COUNTS = ["offered", "calls", "handled", "promises_due"]; // where there was none of all these, nothing can be compared

/** The first ones that this report has and that have a value; what nobody counted here comes last. */
function cards(report) {
  const there = CARDS.filter((key) => report.columns.includes(key));
  const filled = there.filter((key) => report.totals.values[key] !== null);
  return [...filled, ...there.filter((key) => !filled.includes(key))].slice(0, SHOWN);
}

export const chosenMetric = (state) => {
  const columns = state.report?.columns ?? [];
  if (columns.includes(state.wanted.metric)) return state.wanted.metric;
  return columns.includes("offered") ? "offered" : columns[0];
};

export function Cards() {
  const report = useDesk((state) => state.report);
  const chosen = useDesk(chosenMetric);
  useDesk((state) => state.definitions, alike);
  if (!report) return html`<section class="cards" aria-label=${t("The whole period")} aria-busy="true" />`;
  return html`<section class="cards" aria-label=${t("The whole period")}>${cards(report).map((key) => html`
    <${Card} key=${key} metric=${key} report=${report} chosen=${key === chosen} />`)}</section>`;
}

function Card({ metric, report, chosen }) {
  const value = report.totals.values[metric];
  const found = report.before && COUNTS.some((one) => report.before.values[one]) && change(metric, value, report.before.values[metric]);
  const before = report.before && t("{when}: {number}", { when: period(report.before.from, report.before.to), number: told(metric, report.before.values[metric]) });
  return html`<article class=${classes("card", chosen && "chosen")} data-metric=${metric}>
    <header><button type="button" class="bare cut" aria-pressed=${chosen ? "true" : "false"} title=${`${titleOf(metric)}\n${hint(metric)}`} onClick=${() => want({ metric })}>${titleOf(metric)}</button>
      <button type="button" class="bare mean" onClick=${() => explain(metric)} aria-label=${t("What is {name}?", { name: titleOf(metric) })}><${Icon} name="why" size=${13} /></button></header>
    <p class="large"><${Value} metric=${metric} value=${value} gap=${report.totals.gap} /></p>
    <p class=${classes("change", found?.kind)} title=${before}>${found ? html`<span aria-hidden="true">${found.shape}</span> ${[found.text, found.word].filter(Boolean).join(" ")}<span class="unseen">, ${before}</span>` : html`<span class="quiet">${t("nothing to compare")}</span>`}</p>
  </article>`;
}
