// The queues of the wall: who waits and how long, who could answer, how well it goes today.
import { html, classes } from "./ui.js";
import { Icon } from "./icons.js";
import { Empty, Name, Panel, count } from "./bits.js";
import { useDesk } from "./store.js";
import { t } from "./texts.js";
import { stateWord } from "./words.js";
import { crews, fits, levelOf, limitsOf, oldest } from "./page-wall-data.js";
import { Since, useFrame } from "./page-wall-live.js";
import { Judged, Table } from "./page-wall-table.js";

/** Where agents are, short: the columns of a queue. */
const PLACES = ["talking", "ready", "ringing", "wrap_up", "paused", "gone"];

export const share = (value) => (value === null || value === undefined ? "–" : `${Math.round(value * 100)} %`);

export function QueueTable() {
  const [queues, agents, tallies] = [useFrame((s) => s.screen.queues), useFrame((s) => s.screen.agents), useFrame((s) => s.screen.tallies)];
  const switches = useFrame((state) => state.screen.switches);
  const { filter, group } = useDesk((state) => state.wall);
  const settings = useDesk((state) => state.limits);
  const teams = useDesk((state) => state.teamsOf);
  const crew = crews(agents);
  const rows = Object.entries(queues).filter(([, one]) => fits(filter, one.title, one.name, one.pbx)).map(([key, queue]) => {
    const many = Object.fromEntries(PLACES.map((state) => [state, inState(crew[key], state)]));
    return {
      key, queue, many, tally: tallies[`queue|${key}`], pbx: queue.pbx,
      of: [queue, PLACES.map((state) => many[state]).join(), tallies[`queue|${key}`], switches[queue.pbx]?.link === "down", limitsOf(queue, settings)],
    };
  });
  rows.forEach((row) => { row.of[4] = remembered(row.key, row.of[4]); });
  const groupsOf = { team: (row) => teams?.[row.queue.name] ?? [t("In no team")], site: (row) => [row.pbx] }[group];
  return html`<${Panel} title=${t("Queues")} kind="wall-queues" note=${count(rows.length)}>
    ${rows.length ? html`<${Table} name="queues-table" label=${t("Queues")} columns=${COLUMNS} rows=${rows} draw=${draw} groupsOf=${groupsOf}
      nameOf=${(row) => row.queue.title || row.queue.name} first=${{ by: "longest", down: true }} />` : html`<${Empty}>${t("No queue is here")}<//>`}
  <//>`;
}

const inState = (crew, state) => (crew?.[state] ?? 0) + (state === "talking" ? crew?.held ?? 0 : state === "paused" ? crew?.listening ?? 0 : state === "gone" ? crew?.unreachable ?? 0 : 0);

/** The same limits are the same object, so that no row is drawn again for them. */
const limits = new Map();
function remembered(key, now) {
  const before = limits.get(key);
  if (before && JSON.stringify(before) === JSON.stringify(now)) return before;
  limits.set(key, now);
  return now;
}

const since = (row) => (oldest(row.queue) ? -Date.parse(oldest(row.queue)) : null);
const COLUMNS = [
  { id: "name", title: t("Queue"), of: (row) => row.queue.title || row.queue.name, kind: "wide" },
  { id: "waiting", title: t("Waiting"), short: t("waits"), of: (row) => row.queue.waiting.length, down: true, kind: "right" },
  { id: "longest", title: t("Longest wait now"), short: t("longest"), of: since, down: true, kind: "right" },
  ...PLACES.map((state) => ({ id: state, title: stateWord(state), short: html`<${Icon} name=${state} size=${14} /><span class="unseen">${stateWord(state)}</span>`, of: (row) => row.many[state], down: true, kind: "right narrow" })),
  { id: "sl", title: t("Service level today: of all offered, and of all answered"), short: t("SL today"), of: (row) => row.tally?.sl_offered, kind: "right" },
  { id: "sl_30", title: t("Service level in the last 30 minutes: of all offered, and of all answered"), short: t("SL 30 min"), of: (row) => row.tally?.sl_offered_30m, kind: "right" },
  { id: "abandoned", title: t("Abandoned today"), short: t("gave up"), of: (row) => row.tally?.abandoned, down: true, kind: "right" },
  { id: "spark", title: t("Calls offered today, by quarter hours"), short: t("today"), kind: "spark" },
];

function draw(queue, many, numbers, blind, limits) {
  const n = queue.waiting.length;
  const counts = many.split(",");
  const first = oldest(queue);
  return html`<tr data-queue=${`${queue.pbx}/${queue.name}`} class=${classes(blind && "blind", n > 0 && counts[1] === "0" && "alone")}>
    <th scope="row"><span class="named">${blind && html`<${Icon} name="offline" size=${13} />`}<${Name}>${queue.title || queue.name}<//>${numbers?.touched && html`<${Touched} />`}</span></th>
    <td class="number right" data-n="waiting"><${Judged} level=${levelOf("waiting", n, limits)}>${n}<//></td>
    <td class="number right">${first ? html`<${Since} at=${first} warn=${limits.warn_wait_s} />` : html`<span class="quiet">–</span>`}</td>
    ${PLACES.map((state, at) => html`<td key=${state} class=${classes("number right", counts[at] === "0" && "zero")} data-n=${state}>${counts[at]}</td>`)}
    <${Level} name="sl" numbers=${numbers} limits=${limits} /><${Level} name="sl" last="_30m" numbers=${numbers} limits=${limits} />
    <td class="number right" data-n="abandoned"><${Judged} level=${levelOf("abandon_rate", numbers?.abandon_rate, limits)} title=${share(numbers?.abandon_rate)}>${numbers?.abandoned ?? "–"}<//></td>
    <td class="spark"><${Spark} of=${numbers?.spark} /></td>
  </tr>`;
}

/** Both denominators: of all that were offered large, of all that were answered beside it. */
const Level = ({ name, last = "", numbers, limits }) => {
  const [offered, answered] = [numbers?.[`${name}_offered${last}`], numbers?.[`${name}_answered${last}`]];
  return html`<td class="number right level" data-n=${`${name}${last}`}><${Judged} level=${levelOf("sl_offered", offered, limits)}>${share(offered)}<//>
    <small class="quiet">${share(answered)}</small></td>`;
};

export const Touched = () => html`<span class="touched" title=${t("The server could not see the switch for a while: these numbers may lack calls")}><${Icon} name="why" size=${12} /><span class="unseen">${t("touches a gap")}</span></span>`;

/** A bar a quarter of an hour, as far as the day has come. */
export function Spark({ of, height = 18 }) {
  if (!of?.length) return null;
  const most = Math.max(1, ...of);
  const path = of.map((n, at) => (n ? `M${at * 2 + 0.75} ${height}V${(height - Math.max(1, (n / most) * (height - 1))).toFixed(1)}` : "")).join("");
  return html`<svg class="bars" viewBox=${`0 0 ${Math.max(96, of.length) * 2} ${height}`} preserveAspectRatio="none" height=${height} role="img"
    aria-label=${t("Most in a quarter of an hour: {n}", { n: Math.max(...of) })}><path d=${path} /></svg>`;
}
