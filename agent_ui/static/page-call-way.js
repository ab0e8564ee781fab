// The way that a call took through queues and people: as steps to be read, and as a picture of who had it when.
import { html, classes } from "./ui.js";
import { readable } from "./bits.js";
import { Icon } from "./icons.js";
import { t } from "./texts.js";
import { lasting, toTheSecond, wholly } from "./time.js";
import { endOf, lasted, names, ringWord } from "./page-call-words.js";

const CALLER = "";
const seconds = (from, to) => (Date.parse(to) - Date.parse(from)) / 1000;

/** [{at, icon, text, detail, kind}], the first one first. `titles`: queues' titles by name. */
export function steps(call, titles = {}) {
  const called = names(call);
  const name = (phone) => called[phone] ?? phone ?? "–";
  const found = [begun(call, name), ...(call.queue_visits ?? []).flatMap((one) => ofVisit(one, titles[one.queue] ?? one.queue, name))];
  const visited = new Set((call.queue_visits ?? []).map((one) => one.agent_leg).filter(Boolean));
  found.push(...(call.talks ?? []).filter((one) => !parties(one).some(({ leg }) => visited.has(leg))).map((one) => ofTalk(one, call, name)));
  found.push(...(call.transfers ?? []).map((one) => ofTransfer(one, name)));
  found.push(...(call.keys ?? []).map((one) => ({ at: one.at, icon: "keys", text: t("pressed {keys}", { keys: one.key ?? "" }) })));
  if (call.callback) found.push({ at: call.callback.at, icon: "again", text: t("asked for a callback to {number}", { number: readable(call.callback.number) }), kind: "wrap" });
  if (call.ended_at) found.push({ at: call.ended_at, icon: "hangup", text: t("Over after {time}", { time: lasting(lasted(call)) }), detail: hungUp(call) });
  return found.filter((one) => one.at).sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

const parties = (talk) => [talk.who, ...(talk.with ?? [])].filter(Boolean);

function begun(call, name) {
  const from = (call.legs ?? []).find((one) => one.caller)?.interface;
  const text = call.direction === "inbound" ? t("Called {number}", { number: readable(call.dialed) || "–" })
    : t("{name} called {number}", { name: name(from), number: readable(call.dialed) || "–" });
  return { at: call.started_at, icon: "talking", text };
}

function ofVisit(visit, queue, name) {
  const end = endOf(visit.end, !visit.left_at);
  const position = visit.position ? t("place {n}", { n: visit.position }) : "";
  const rings = (visit.rings ?? []).filter((one) => one.result !== "answered").map((one) => ({
    at: one.at, icon: "ringing", text: t("{name}: {what}", { name: one.name ?? name(one.interface), what: ringWord(one.result) || t("is rung") }),
    detail: one.ring_s ? t("rang {time}", { time: lasting(one.ring_s) }) : "", kind: one.result === "no_answer" ? "warn" : "",
  }));
  const left = visit.end === "answered"
    ? { text: t("{name} answered", { name: visit.agent?.name ?? name(visit.agent?.interface) }),
      detail: [waitedFor(visit), visit.talk_s ? t("talked {time}", { time: lasting(visit.talk_s) }) : ""].filter(Boolean).join(" · ") }
    : { text: t("{queue}: {what}", { queue, what: end.word }), detail: waitedFor(visit) };
  return [
    { at: visit.entered_at, icon: "queue", text: t("Queue {name}", { name: queue }), detail: position, kind: "ring" },
    ...rings,
    ...(visit.left_at ? [{ at: visit.left_at, icon: end.icon, kind: end.kind, ...left }] : []),
  ];
}

const waitedFor = ({ wait_s: wait }) => (wait === null || wait === undefined ? "" : t("waited {time}", { time: lasting(wait) }));

function ofTalk(talk, call, name) {
  const inside = parties(talk).filter(({ leg }) => !(call.legs ?? []).some((one) => one.leg === leg && one.caller && call.direction === "inbound"));
  const whom = inside.map((one) => name(one.interface)).join(", ");
  return { at: talk.from, icon: "talking", kind: "talk", text: t("Talk: {names}", { names: whom }), detail: talk.to ? lasting(seconds(talk.from, talk.to)) : t("goes on") };
}

function ofTransfer(transfer, name) {
  const ways = { blind: t("at once"), attended: t("after asking") };
  return { at: transfer.at, icon: "transfer", kind: "wrap", text: t("{name} passed it on to {to}", { name: name(transfer.by), to: transfer.to ?? "–" }), detail: ways[transfer.kind] ?? "" };
}

function hungUp(call) {
  const by = call.queue_visits?.at(-1)?.completed_by;
  return { caller: t("the caller hung up"), agent: t("the agent hung up") }[by] ?? "";
}

export const Way = ({ call, titles }) => html`<ol class="way">${steps(call, titles).map((one, at) => html`<li key=${at} class=${one.kind ?? ""}>
  <time class="number" datetime=${one.at} title=${wholly(one.at)}>${toTheSecond(one.at)}</time><${Icon} name=${one.icon} size=${15} />
  <span class="what"><bdi>${one.text}</bdi>${one.detail && html` <span class="quiet">${one.detail}</span>`}</span></li>`)}</ol>`;

// --- the picture: a lane for the caller's waiting, one for everybody who was rung or talked ---

/** [{name, spans: [{from, to, kind}]}], instants as shares of the call, 0 to 1. Kinds: wait, ring, talk. */
export function lanes(call, titles = {}) {
  const [first, last] = [Date.parse(call.started_at), Date.parse(call.ended_at)];
  if (!(last > first)) return [];
  const called = names(call);
  const found = new Map();
  const add = (lane, kind, from, to) => {
    const [begin, end] = [Date.parse(from), Date.parse(to)].map((at) => Math.max(0, Math.min(1, (at - first) / (last - first))));
    if (end >= begin) found.set(lane, [...(found.get(lane) ?? []), { from: begin, to: end, kind }]);
  };
  for (const visit of call.queue_visits ?? []) {
    add(titles[visit.queue] ?? visit.queue, "wait", visit.entered_at, visit.left_at);
    for (const ring of visit.rings ?? []) if (ring.at && ring.ring_s) add(ring.name ?? ring.interface, "ring", ring.at, new Date(Date.parse(ring.at) + ring.ring_s * 1000).toISOString());
  }
  const outside = new Set((call.legs ?? []).filter((one) => one.caller && call.direction === "inbound").map((one) => one.leg));
  for (const talk of call.talks ?? [])
    for (const one of parties(talk).filter(({ leg }) => !outside.has(leg))) add(called[one.interface] ?? one.interface ?? CALLER, "talk", talk.from, talk.to ?? call.ended_at);
  return [...found].map(([name, spans]) => ({ name, spans }));
}

const [WIDTH, LANE, LABEL] = [360, 22, 104];
const KINDS = { wait: () => t("waits"), ring: () => t("rings"), talk: () => t("talks") };

/** The steps tell the same; this is for the eye, so nothing is read aloud. Waiting is a line, ringing hollow, talking full. */
export function Picture({ call, titles }) {
  const found = lanes(call, titles).slice(0, 8);
  if (found.length < 1) return null;
  const x = (share) => LABEL + share * (WIDTH - LABEL - 2);
  return html`<figure class="picture" aria-hidden="true"><svg viewBox=${`0 0 ${WIDTH} ${found.length * LANE}`} width="100%" height=${found.length * LANE}>
    ${found.map(({ name, spans }, at) => html`<g key=${name} transform=${`translate(0 ${at * LANE})`}>
      <line x1=${LABEL} x2=${WIDTH} y1=${LANE - 0.5} y2=${LANE - 0.5} class="rule" />
      <text x="0" y="15"><title>${name}</title>${name.length > 14 ? `${name.slice(0, 13)}…` : name}</text>
      ${spans.map((one, n) => html`<rect key=${n} class=${classes("span", one.kind)} x=${x(one.from)} y=${one.kind === "wait" ? 9 : 4} rx="2"
        width=${Math.max(2, x(one.to) - x(one.from))} height=${one.kind === "wait" ? 4 : 14} />`)}</g>`)}</svg>
    <figcaption class="quiet">${Object.entries(KINDS).map(([kind, word]) => html`<span key=${kind} class=${`mark ${kind}`}>${word()}</span>`)}</figcaption></figure>`;
}
