// The house in one line: who waits, who could answer, how well it goes today; and where the server is blind.
import { html, classes } from "./ui.js";
import { Icon } from "./icons.js";
import { t } from "./texts.js";
import { when } from "./time.js";
import { LIMITS, levelOf, oldest, summed } from "./page-wall-data.js";
import { Since, useFrame } from "./page-wall-live.js";
import { Spark, Touched, share } from "./page-wall-queues.js";

export function Totals() {
  const queues = useFrame((state) => state.screen.queues);
  const agents = useFrame((state) => state.screen.agents);
  const tallies = useFrame((state) => state.screen.tallies);
  // Who sees all queues has what is owed in no queue's name, too; everybody else what is owed in theirs.
  const whole = tallies["site|"];
  const mine = summed(Object.entries(tallies).filter(([key]) => key.startsWith("queue|")).map(([, one]) => one));
  const site = { ...mine, promises_owed: whole?.promises_owed ?? mine.promises_owed, promises_late: whole?.promises_late ?? mine.promises_late };
  const waiting = Object.values(queues).reduce((sum, one) => sum + one.waiting.length, 0);
  const longest = Object.values(queues).map(oldest).filter(Boolean).sort()[0];
  const many = (...states) => Object.values(agents).filter((one) => states.includes(one.state)).length;
  return html`<dl class="totals" aria-label=${t("All queues")}>
    <${Total} name="waiting" title=${t("waiting")} level=${levelOf("waiting", waiting, LIMITS)}>${waiting}<//>
    <${Total} name="longest" title=${t("longest wait")}>${longest ? html`<${Since} at=${longest} warn=${LIMITS.warn_wait_s} />` : "–"}<//>
    <${Total} name="talking" title=${t("in talk")}>${many("talking", "held")}<//>
    <${Total} name="ready" title=${t("ready")} level=${waiting && !many("ready") ? "bad" : ""}>${many("ready")}<//>
    <${Total} name="offered" title=${t("offered today")}>${site.offered ?? "–"}<//>
    <${Total} name="sl" title=${t("SL today")} level=${levelOf("sl_offered", site.sl_offered, LIMITS)}>${share(site.sl_offered)} <small title=${t("of all answered")}>${share(site.sl_answered)}</small><//>
    <${Total} name="sl_30" title=${t("SL 30 min")} level=${levelOf("sl_offered", site.sl_offered_30m, LIMITS)}>${share(site.sl_offered_30m)} <small title=${t("of all answered")}>${share(site.sl_answered_30m)}</small><//>
    <${Total} name="abandoned" title=${t("gave up")} level=${levelOf("abandon_rate", site.abandon_rate, LIMITS)}>${site.abandoned ?? "–"}<//>
    <${Total} name="promises" title=${t("promises due")} level=${site.promises_late ? "bad" : ""}>${site.promises_owed ?? "–"}${site.promises_late ? html` <small>${t("{n} late", { n: site.promises_late })}</small>` : null}<//>
    <div class="total spark"><dt>${t("today")}${site.touched && html` <${Touched} />`}</dt><dd><${Spark} of=${site.spark} height=${26} /></dd></div>
  </dl>`;
}

const Total = ({ name, title, level, children }) => html`<div class=${classes("total", level)} data-total=${name}>
  <dt>${level === "bad" ? html`<${Icon} name="warning" size=${12} />` : level === "warn" ? html`<${Icon} name="watch" size=${12} />` : null}${title}</dt><dd class="number">${children}</dd></div>`;

/** A switch that is not seen: everything of it is how it was then. */
export function Blind() {
  const switches = useFrame((state) => state.screen.switches);
  const blind = Object.entries(switches).filter(([, one]) => one.link === "down");
  return blind.map(([pbx, one]) => html`<p key=${pbx} class="blind-strip" role="status"><${Icon} name="offline" /> <strong>${t("No view of the switch {pbx}", { pbx })}</strong>
    ${one.blind_since ? t("since {time}", { time: when(one.blind_since) }) : ""} ${t("What is shown of it is how it was then.")}</p>`);
}
