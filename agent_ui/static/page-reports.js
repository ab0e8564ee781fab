// Reports: how good were we, and where does a number come from. Every number says what it means and leads to its calls.
import { html } from "./ui.js";
import { Refused } from "./api.js";
import { Badge } from "./bits.js";
import { Frame, begin, keepLooking, may } from "./page-frame.js";
import { attempt } from "./shift.js";
import { desk, put, say, useDesk } from "./store.js";
import { t } from "./texts.js";
import { Moment, tellTimesOf, when } from "./time.js";
import { Cards } from "./page-report-cards.js";
import { Chart } from "./page-report-chart.js";
import { load, lookAtDefinitions, lookAtKinds, lookAtQueues, lookAtTakers, refresh } from "./page-report-data.js";
import { Filters, startFilters } from "./page-report-filters.js";
import { Numbers } from "./page-report-table.js";
import { CUTS, DefinitionsDialog, SPLITS, chosen, period } from "./page-report-words.js";

const DIALOGS = { definitions: DefinitionsDialog };

const Reports = () => html`<${Frame} title=${t("Reports")} dialogs=${DIALOGS}>
  <main class="reports-page"><${OnPaper} /><${Filters} /><${Cards} /><${Chart} /><${Numbers} /><${Marks} /></main>
<//>`;

/** What the bar and the filters say, for who has only the paper. */
function OnPaper() {
  const asked = useDesk((state) => state.report?.asked);
  if (!asked) return null;
  const whose = [asked.queue && t("Queue {name}", { name: asked.queue }), asked.team && t("Team {name}", { name: asked.team }), ...chosen(asked).map(([, words]) => words), asked.split && SPLITS[asked.split]()].filter(Boolean);
  return html`<h2 class="on-paper">${t("After-sales hotline")} · ${t("Reports")} · ${period(asked.from, asked.to)} · ${CUTS[asked.by]()}${whose.map((one) => ` · ${one}`)} · ${asked.zone}</h2>`;
}

/** How far the numbers can be trusted: when they were made, and what was not seen. */
function Marks() {
  const report = useDesk((state) => state.report);
  if (!report) return html`<footer class="marks" />`;
  const blind = report.blind.map((one) => t("{pbx} from {begin} to {end}", { pbx: one.pbx, begin: when(one.from), end: one.to ? when(one.to) : t("now") }));
  return html`<footer class="marks">
    <span class="quiet">${report.recomputed_at ? html`${t("Recomputed from the calls' records")}: <${Moment} at=${report.recomputed_at} />` : t("Counted from the calls' records just now")}</span>
    ${blind.length > 0 && html`<${Badge} kind="bad" icon="offline" title=${blind.join("\n")}>${t("A switch was not seen: {spans}", { spans: blind.slice(0, 2).join("; ") })}${blind.length > 2 ? ` +${blind.length - 2}` : ""}<//>`}
    ${report.totals.gap && html`<span class="quiet">◇ ${t("touches a gap")}</span>`}
    <span class="quiet zone">${t("Days of {zone}", { zone: report.asked.zone })}</span></footer>`;
}

begin(Reports, () => {
  tellTimesOf(desk.zone);
  startFilters(() => desk.wanted);
  attempt(lookAtDefinitions);
  attempt(lookAtQueues);
  if (may("tickets:read")) attempt(lookAtKinds);
  if (may("promises:manage")) attempt(lookAtTakers);
  const look = () => (desk.report ? refresh() : load());
  keepLooking(look).catch((error) => {
    if (!(error instanceof Refused)) throw error;
    say(error.words, "warning");
  });
});
