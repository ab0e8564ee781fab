// The agents of the wall: what each does, since when, with whom; how their day went.
import { html, classes } from "./ui.js";
import { Icon } from "./icons.js";
import { Empty, Name, Panel, count, readable } from "./bits.js";
import { desk, put, useDesk } from "./store.js";
import { reasonWord } from "./shift.js";
import { t } from "./texts.js";
import { lasting } from "./time.js";
import { stateWord } from "./words.js";
import { STATES, fits } from "./page-wall-data.js";
import { Since, useFrame } from "./page-wall-live.js";
import { AgentMenu } from "./page-wall-places.js";
import { share } from "./page-wall-queues.js";
import { Table } from "./page-wall-table.js";

export function AgentTable() {
  const [agents, calls, tallies] = [useFrame((s) => s.screen.agents), useFrame((s) => s.screen.calls), useFrame((s) => s.screen.tallies)];
  const { filter, group, states } = useDesk((state) => state.wall);
  const teams = useDesk((state) => state.teamsOf);
  const all = Object.entries(agents).filter(([, one]) => fits(filter, one.name, one.interface, one.login, one.pbx, ...Object.keys(one.queues)));
  const rows = all.filter(([, one]) => !states.length || states.includes(one.state)).map(([key, agent]) => {
    const call = agent.call ? calls[agent.call] : undefined;
    const numbers = tallies[`agent|${agent.user}`];
    return { key, agent, numbers, of: [key, agent, call, numbers] };
  });
  const groupsOf = { team: (row) => teamsOf(row.agent, teams), site: (row) => [row.agent.pbx] }[group];
  return html`<${Panel} title=${t("Agents")} kind="wall-agents" note=${html`${count(rows.length)}<${Filter} all=${all} states=${states} />`}>
    ${rows.length ? html`<${Table} name="agents-table" label=${t("Agents")} columns=${COLUMNS} rows=${rows} draw=${draw} groupsOf=${groupsOf}
      nameOf=${(row) => row.agent.name || row.agent.interface} first=${{ by: "state", down: false }} />` : html`<${Empty}>${t("Nobody is here")}<//>`}
  <//>`;
}

function teamsOf(agent, teams) {
  const found = [...new Set(Object.keys(agent.queues).flatMap((queue) => teams?.[queue] ?? []))];
  return found.length ? found : [t("In no team")];
}

/** How many are in each state; a click shows those alone. */
function Filter({ all, states }) {
  const many = {};
  all.forEach(([, one]) => { many[one.state] = (many[one.state] ?? 0) + 1; });
  const turn = (state) => put({ wall: { ...desk.wall, states: states.includes(state) ? states.filter((one) => one !== state) : [...states, state] } });
  return html`<span class="chips" role="group" aria-label=${t("Show only")}>${STATES.filter((state) => many[state] || states.includes(state)).map((state) => html`
    <button type="button" key=${state} class=${`chip state-${state}`} aria-pressed=${states.includes(state)} title=${stateWord(state)} onClick=${() => turn(state)}>
      <${Icon} name=${state} size=${13} /><span class="unseen">${stateWord(state)}</span> <span class="number">${many[state] ?? 0}</span></button>`)}</span>`;
}

const COLUMNS = [
  { id: "name", title: t("Agent"), of: (row) => row.agent.name || row.agent.interface, kind: "wide" },
  { id: "state", title: t("State"), of: (row) => STATES.indexOf(row.agent.state) },
  { id: "since", title: t("Time in this state"), short: t("for"), of: (row) => (row.agent.since ? -Date.parse(row.agent.since) : null), down: true, kind: "right" },
  { id: "with", title: t("Caller and ticket"), kind: "wide" },
  { id: "calls", title: t("Calls handled today"), short: t("calls"), of: (row) => row.numbers?.handled, down: true, kind: "right" },
  { id: "aht", title: t("Mean handling time today: talk, hold and wrap-up"), short: t("AHT"), of: (row) => row.numbers?.aht, down: true, kind: "right" },
  { id: "occupancy", title: t("Occupancy today: handling, of handling and ready time"), short: t("occ."), of: (row) => row.numbers?.occupancy, down: true, kind: "right" },
  { id: "menu", title: t("Help"), short: html`<span class="unseen">${t("Help")}</span>`, kind: "menu" },
];

function draw(key, agent, call, numbers) {
  return html`<tr data-agent=${key} data-state=${agent.state} class=${`state-${agent.state}`}>
    <th scope="row"><span class="named"><${Name} title=${[agent.name, agent.interface, agent.pbx].filter(Boolean).join(" · ")}>${agent.name || agent.interface}<//></span></th>
    <td class="state-cell"><span class="cut"><${Icon} name=${agent.state} size=${14} /> ${agent.state === "paused" && agent.reason ? reasonWord(agent.reason) : stateWord(agent.state)}</span></td>
    <td class="right"><${Since} at=${agent.since} /></td>
    <td><${With} agent=${agent} call=${call} /></td>
    <td class="number right" data-n="handled">${numbers?.handled ?? "–"}</td>
    <td class="number right">${lasting(numbers?.aht ?? NaN)}</td>
    <td class="number right">${share(numbers?.occupancy)}</td>
    <td class="menu"><${AgentMenu} id=${key} agent=${agent} /></td>
  </tr>`;
}

const With = ({ agent, call }) => (call ? html`<span class=${classes("cut", "with")}><bdi>${call.name || readable(call.number) || t("Number withheld")}</bdi>
  ${call.ticket ? html` <a href=${`/desk#ticket=${call.ticket}`} title=${t("Ticket")}><${Icon} name="ticket" size=${13} /><span class="unseen">${t("Ticket")}</span></a>` : null}</span>`
  : html`<span class="quiet">${agent.call ? t("a call") : ""}</span>`);
