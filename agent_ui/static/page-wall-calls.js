// The calls of the wall: who, in what state, the way they took so far.
import { html } from "./ui.js";
import { Icon } from "./icons.js";
import { Empty, Name, Panel, count, readable } from "./bits.js";
import { useDesk } from "./store.js";
import { t } from "./texts.js";
import { outcomeWord } from "./words.js";
import { fits } from "./page-wall-data.js";
import { Since, useFrame } from "./page-wall-live.js";
import { CallMenu } from "./page-wall-places.js";
import { Table } from "./page-wall-table.js";

const STATES = ["queued", "ringing", "arriving", "held", "talking", "ended"];
const WORDS = { queued: t("Waiting"), ringing: t("Ringing"), arriving: t("Arriving"), held: t("On hold"), talking: t("Talking"), ended: t("Ended") };
const ICONS = { queued: "queue", ringing: "ringing", arriving: "out", held: "held", talking: "talking", ended: "hangup" };

export function CallTable() {
  const [calls, queues, agents] = [useFrame((s) => s.screen.calls), useFrame((s) => s.screen.queues), useFrame((s) => s.screen.agents)];
  const { filter, group } = useDesk((state) => state.wall);
  const teams = useDesk((state) => state.teamsOf);
  const rows = Object.entries(calls).map(([key, call]) => {
    const names = (call.with ?? []).map((one) => agents[`${call.pbx}/${one}`]?.name || one).join(", ");
    const title = call.queue ? queues[`${call.pbx}/${call.queue}`]?.title || call.queue : "";
    return { key, call, names, title, of: [key, call, title, names, wayOf(call, queues, agents)] };
  }).filter((row) => fits(filter, row.call.name, row.call.number, row.title, row.names, row.call.pbx));
  const groupsOf = { team: (row) => teams?.[row.call.queue] ?? [t("In no team")], site: (row) => [row.call.pbx] }[group];
  return html`<${Panel} title=${t("Calls")} kind="wall-calls" note=${count(rows.length)}>
    ${rows.length ? html`<${Table} name="calls-table" label=${t("Calls")} columns=${COLUMNS} rows=${rows} draw=${draw} groupsOf=${groupsOf}
      nameOf=${(row) => row.call.started_at ?? ""} first=${{ by: "state", down: false }} />` : html`<${Empty}>${t("No call goes on")}<//>`}
  <//>`;
}

const COLUMNS = [
  { id: "caller", title: t("Caller"), of: (row) => row.call.name || row.call.number, kind: "wide" },
  { id: "state", title: t("State"), of: (row) => STATES.indexOf(row.call.state) },
  { id: "since", title: t("How long it lasts"), short: t("for"), of: (row) => (row.call.started_at ? -Date.parse(row.call.started_at) : null), down: true, kind: "right" },
  { id: "queue", title: t("Queue"), of: (row) => row.title },
  { id: "with", title: t("With"), of: (row) => row.names },
  { id: "way", title: t("The way it took"), kind: "wide" },
  { id: "menu", title: t("Help"), short: html`<span class="unseen">${t("Help")}</span>`, kind: "menu" },
];

function draw(key, call, title, names, way) {
  return html`<tr data-call=${key} data-state=${call.state}>
    <th scope="row"><span class="named">${call.direction === "outbound" && html`<${Icon} name="out" size=${13} />`}<${Name}>${call.name || readable(call.number) || t("Number withheld")}<//>
      ${call.ticket ? html`<a href=${`/desk#ticket=${call.ticket}`} title=${t("Ticket")}><${Icon} name="ticket" size=${13} /><span class="unseen">${t("Ticket")}</span></a>` : null}</span></th>
    <td><span class="cut"><${Icon} name=${ICONS[call.state] ?? "why"} size=${13} /> ${WORDS[call.state] ?? call.state}</span></td>
    <td class="right"><${Since} at=${call.started_at} /></td>
    <td><${Name}>${title}<//></td><td><${Name}>${names}<//></td>
    <td><span class="cut way" title=${way}>${way}</span></td>
    <td class="menu"><${CallMenu} id=${key} call=${call} /></td>
  </tr>`;
}

/** "Repair → Li Na → Parts → waited in vain": its queues, who had it, to whom it was passed on. */
function wayOf(call, queues, agents) {
  return (call.way ?? []).map((step) => {
    const whom = step.to ? agents[`${call.pbx}/${step.to}`]?.name || step.to : "";
    const name = step.queue ? queues[`${call.pbx}/${step.queue}`]?.title || step.queue : "";
    const end = step.queue && step.end && step.end !== "answered" ? outcomeWord(step.end) : whom;
    return [name, end].filter(Boolean).join(" → ");
  }).join(" → ");
}
