// Help for an agent or with a call: menus of the wall, their dialogs. What is said is what the switch did.
import { html, classes, useEffect, useRef, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Dialog } from "./dialog.js";
import { MODES, MessageDialog, help, listen, mayHelp, takeOver } from "./floor-line.js";
import { Icon } from "./icons.js";
import { readable } from "./bits.js";
import { seat } from "./pops.js";
import { ask, say, unask, unaskLater, useDesk } from "./store.js";
import { reasons as REASONS, t } from "./texts.js";
import { when } from "./time.js";
import { reasonWord } from "./shift.js";
import { stateWord } from "./words.js";

const FRONT = 10; // a priority: others have 0
const TALKS = new Set(["talking", "held"]);
const choosable = Object.entries(REASONS).filter(([, one]) => one.chosen);

/** What opens the help for an agent of the wall. `id`: its key in the stream's `agents`. */
export const AgentMenu = ({ id, agent }) => mayHelp() && html`<button type="button" class="bare" data-help=${id}
  aria-label=${t("Help for {name}", { name: agent.name || agent.interface })} title=${t("Help for {name}", { name: agent.name || agent.interface })}
  aria-haspopup="dialog" onClick=${() => ask("help-agent", { id })}><${Icon} name="more" /></button>`;

/** The same for a call. */
export const CallMenu = ({ id, call }) => mayHelp() && html`<button type="button" class="bare" data-help=${id}
  aria-label=${t("Help with the call of {name}", { name: nameOf(call) })} title=${t("Help with the call of {name}", { name: nameOf(call) })}
  aria-haspopup="dialog" onClick=${() => ask("help-call", { id })}><${Icon} name="more" /></button>`;

const nameOf = (call) => call.name || readable(call.number) || t("Number withheld");

/** Keys of a dialog: a letter presses the button that shows it. */
function press(event) {
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.altKey || event.ctrlKey || event.metaKey) return;
  const button = event.currentTarget.querySelector(`button[data-key="${CSS.escape(event.key.toLowerCase())}"]:not(:disabled)`);
  if (!button) return;
  event.preventDefault();
  button.click();
}

const Key = ({ of, icon, kind, disabled, title, onClick, children }) => html`<button type="button" class=${kind} data-key=${of} disabled=${disabled} title=${title}
  aria-keyshortcuts=${of} onClick=${onClick}>${icon && html`<${Icon} name=${icon} size=${15} />`} ${children} <kbd aria-hidden="true">${of.toUpperCase()}</kbd></button>`;

/** A second press does it. */
function Sure({ of, icon, children, sure, disabled, onClick }) {
  const [asked, setAsked] = useState(false);
  return html`<${Key} of=${of} icon=${icon} kind="danger" disabled=${disabled} onClick=${() => (asked ? onClick() : setAsked(true))}>${asked ? sure : children}<//>`;
}

// --- a call ---

/** Listen, whisper, barge in, take over: needs a phone of one's own. */
function Ears({ call, id, agent, why }) {
  const sits = useDesk((state) => seat(state) !== null);
  const own = useDesk((state) => seat(state));
  if (!sits) return html`<p class="quiet"><${Icon} name="ear" /> ${t("To listen you sit at a phone:")} <a href="/desk">${t("begin work at the desk")}</a></p>`;
  const mine = agent && own === `${call.pbx}/${agent}`;
  return html`<div class="buttons" role="group" aria-label=${t("Your line into the call")}>
    ${MODES.map(([mode, word, icon, title], at) => html`<${Key} key=${mode} of=${"lwb"[at]} icon=${icon} title=${title} disabled=${mine}
      onClick=${() => { unask(); listen(id, mode, agent); }}>${word}<//>`)}
    <${Key} of="v" icon="transfer" disabled=${mine} onClick=${() => { unask(); takeOver(id, agent, why); }}>${t("Take over")}<//>
  </div>`;
}

function Waiting({ call, id, why }) {
  const queues = useDesk((state) => state.screen.queues);
  const others = Object.entries(queues).filter(([key]) => key.startsWith(`${call.pbx}/`) && key !== `${call.pbx}/${call.queue}`);
  const [queue, setQueue] = useState("");
  const [front, setFront] = useState(true);
  const path = `/floor/calls/${encodeURIComponent(id)}`;
  const first = (priority) => {
    unask();
    const undo = priority ? { label: t("Undo"), run: () => help(`${path}/priority`, { priority: 0 }, t("As before")) } : null;
    help(`${path}/priority`, { priority, why }, priority ? t("They are first now") : t("They wait with the usual priority"), undo);
  };
  const move = () => {
    unask();
    const back = { label: t("Undo"), run: () => help(`${path}/queue`, { queue: call.queue, in_front: true }, t("They wait where they were, in front")) };
    help(`${path}/queue`, { queue, in_front: front, why }, t("They wait in {queue} now", { queue: queues[`${call.pbx}/${queue}`]?.title || queue }), back);
  };
  return html`<div class="buttons"><${Key} of="f" icon="up" onClick=${() => first(FRONT)}>${t("To the front")}<//>
      <${Key} of="u" icon="down" onClick=${() => first(0)}>${t("Usual priority")}<//></div>
    ${others.length ? html`<div class="line"><label>${t("Another queue")}<select id="help-queue" value=${queue} onChange=${(event) => setQueue(event.target.value)}>
        <option value=""></option>${others.map(([key, one]) => html`<option key=${key} value=${key.slice(call.pbx.length + 1)}>${one.title || key}</option>`)}</select></label>
      <label class="line"><input type="checkbox" checked=${front} onChange=${(event) => setFront(event.target.checked)} /> ${t("in front")}</label>
      <button type="button" disabled=${!queue} onClick=${move}><${Icon} name="move" /> ${t("Move")}</button></div>` : null}`;
}

const Reason = ({ why, set }) => html`<label>${t("Why (for the audit, and for whom it concerns)")}<input id="help-why" maxlength="200" value=${why} onInput=${(event) => set(event.target.value)} /></label>`;

export function CallHelpDialog({ id }) {
  const call = useDesk((state) => state.screen.calls[id]);
  const agents = useDesk((state) => state.screen.agents);
  const [why, setWhy] = useState("");
  if (!call) return html`<${Dialog} title=${t("Help with a call")}><p>${t("The call is over.")}</p><//>`;
  const withWhom = (call.with ?? []).map((one) => agents[`${call.pbx}/${one}`]?.name || one);
  const end = () => { unask(); help(`/floor/calls/${encodeURIComponent(id)}/hang_up`, { why }, t("The call was ended")); };
  return html`<${Dialog} wide title=${t("Help with the call of {name}", { name: nameOf(call) })} onKey=${press}>
    <p class="quiet">${[call.queue, ...withWhom].filter(Boolean).join(" · ")}</p>
    ${TALKS.has(call.state) && (call.with ?? []).map((agent) => html`<div key=${agent}>${withWhom.length > 1 && html`<h3><bdi>${agents[`${call.pbx}/${agent}`]?.name || agent}</bdi></h3>`}
      <${Ears} call=${call} id=${id} agent=${agent} why=${why} /></div>`)}
    ${["queued", "ringing"].includes(call.state) && call.queue && html`<${Waiting} call=${call} id=${id} why=${why} />`}
    <${Reason} why=${why} set=${setWhy} />
    <footer><${Sure} of="h" icon="hangup" sure=${t("End it, really")} onClick=${end}>${t("End the call")}<//></footer>
  <//>`;
}

// --- an agent ---

export function AgentHelpDialog({ id }) {
  const agent = useDesk((state) => state.screen.agents[id]);
  const call = useDesk((state) => (agent?.call ? state.screen.calls[agent.call] : undefined));
  const [why, setWhy] = useState("");
  const [about, setAbout] = useState(null);
  const user = agent?.user;
  const newest = useRef(0);
  const look = async () => {
    if (!user) return;
    newest.current += 1;
    const mine = newest.current;
    const found = await api.get(`/floor/agents/${user}/why`);
    if (mine === newest.current) setAbout(found);
  };
  useEffect(() => { look().catch((error) => { if (!(error instanceof Refused)) throw error; }); }, [user, agent?.state]);
  if (!agent) return html`<${Dialog} title=${t("Help for an agent")}><p>${t("They are not here any more.")}</p><//>`;
  const name = agent.name || agent.interface;
  const doing = doer({ user, why, about, look, name });
  return html`<${Dialog} wide title=${t("Help for {name}", { name })} onKey=${press}>
    <p class=${`state-${agent.state}`}><${Icon} name=${agent.state} /> <strong>${agent.state === "paused" && agent.reason ? reasonWord(agent.reason) : stateWord(agent.state)}</strong>${" "}
      <span class="quiet">${[agent.interface, agent.pbx].join(" · ")}</span></p>
    ${call && TALKS.has(call.state) && html`<${Ears} call=${call} id=${agent.call} agent=${agent.interface} why=${why} />`}
    ${user ? html`<${Choices} agent=${agent} doing=${doing} />` : html`<p class="quiet">${t("Nobody is signed in at this phone.")}</p>`}
    ${about && html`<${About} about=${about} doing=${doing} />`}
    ${user && html`<${Reason} why=${why} set=${setWhy} />`}
    ${user && html`<footer><${Key} of="m" icon="message" onClick=${() => ask("message", { user, whom: name })}>${t("Write to them")}<//>
      <${Sure} of="o" icon="gone" sure=${t("Sign out, really")} onClick=${() => doing("sign_out", {}, t("{name} is signed out, in a call when it is over", { name }))}>${t("Sign out")}<//></footer>`}
  <//>`;
}

/** One deed: with the number of the last one that was seen, so that two supervisors do not act against each other. */
function doer({ user, why, about, look, name }) {
  return async (what, body, done, undo) => {
    const seen = about ? { seen: about.deed?.number ?? 0 } : {};
    const path = `/floor/agents/${user}`;
    const close = unaskLater();
    const after = { label: t("Undo"), run: () => undo && help(`${path}/${undo[0]}`, { ...undo[1] }, t("As before")) };
    const answer = await help(`${path}/${what}`, { ...body, why, ...seen }, null);
    if (!answer) return look().catch(() => {});
    const failed = (answer.phones ?? []).filter((one) => one.outcome !== "done");
    if (failed.length) say(t("{name}: not done at {phones}", { name, phones: failed.map((one) => `${one.pbx}/${one.interface}`).join(", ") }), "warning");
    say(done, "info", undo ? after : null);
    return close();
  };
}

function Choices({ agent, doing }) {
  const name = agent.name || agent.interface;
  const before = agent.state === "paused" ? ["pause", { reason: agent.reason || "break" }] : ["ready", {}];
  return html`<div class="buttons" role="group" aria-label=${t("State")}>
    <${Key} of="r" icon="ready" onClick=${() => doing("ready", {}, t("{name} is ready", { name }), agent.state === "paused" ? before : null)}>${t("Make ready")}<//>
    ${choosable.map(([code, one], at) => html`<${Key} key=${code} of=${String(at + 1)} icon="paused"
      onClick=${() => doing("pause", { reason: code }, t("{name} is paused: {reason}", { name, reason: one.title }), before)}>${one.title}<//>`)}
  </div>`;
}

/** Moments and reasons as people read them. */
const readableText = ({ text, args }) => text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (moment) => when(moment))
  .replace(args.reason ? `(${args.reason})` : "\u0000", `(${reasonWord(args.reason)})`).replace(args.reason ? `（${args.reason}）` : "\u0000", `（${reasonWord(args.reason)}）`);

/** Why they get no calls, who did something last, which queues they answer. */
function About({ about, doing }) {
  const { problems, deed } = about;
  return html`<section class="about-agent" aria-label=${t("Why do they get no calls?")}>
    ${problems.length ? html`<ul class="problems tall">${problems.map((one) => html`<li key=${one.code}><${Icon} name=${one.code === "nobody_waits" ? "why" : "warning"} /><span>${readableText(one)}</span></li>`)}</ul>`
      : html`<p><${Icon} name="ready" /> ${t("Nothing keeps calls from them.")}</p>`}
    ${deed && html`<p class="quiet">${t("{by} did this last: {what}, {time}", { by: deed.by, what: DEEDS[deed.action] ?? deed.action, time: when(deed.at) })} ${deed.why && html`(<bdi>${reasonWord(deed.why)}</bdi>)`}</p>`}
    <${TheirQueues} about=${about} doing=${doing} />
  </section>`;
}

const DEEDS = { pause: t("paused"), ready: t("made ready"), sign_out: t("signed out"), queues: t("changed queues"), take_over: t("took a call over") };

function TheirQueues({ about, doing }) {
  const queues = useDesk((state) => state.screen.queues);
  const limits = useDesk((state) => state.limits);
  const names = [...new Set([...Object.keys(queues), ...Object.keys(limits ?? {})].map((key) => key.slice(key.indexOf("/") + 1)))].sort();
  const has = new Set(about.queues.map((one) => one.queue));
  const turn = (name) => {
    const away = has.has(name);
    const [one, other] = [{ [away ? "remove" : "add"]: [name] }, { [away ? "add" : "remove"]: [name] }];
    doing("queues", one, away ? t("{name} does not answer {queue} any more", { name: about.name, queue: name }) : t("{name} answers {queue} now", { name: about.name, queue: name }), ["queues", other]);
  };
  if (!names.length) return null;
  return html`<fieldset class="queues-of"><legend>${t("Answers")}</legend><div class="chips">
    ${names.map((name) => html`<button type="button" key=${name} class=${classes("chip", has.has(name) && "on")} aria-pressed=${has.has(name)} onClick=${() => turn(name)}>
      <${Icon} name=${has.has(name) ? "ready" : "close"} size=${12} /> <bdi>${titleOf(queues, name)}</bdi></button>`)}</div></fieldset>`;
}

const titleOf = (queues, name) => Object.entries(queues).find(([key]) => key.endsWith(`/${name}`))?.[1].title || name;

/** For a page's frame. */
export const floorDialogs = { "help-call": CallHelpDialog, "help-agent": AgentHelpDialog, message: MessageDialog };
