// A supervisor's line into a call, and what supervisors write: on every page, at its lower edge.
import { html, useEffect, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { name as nameValues } from "./refusals.js";
import { alike, ask, desk, say, unaskLater, useDesk } from "./store.js";
import { reasons as REASONS, t, tn } from "./texts.js";
import { when } from "./time.js";

const PATIENCE_MS = 100_000; // as long as a phone may ring
const MOST = 500;

export const mayHelp = (state = desk) => (state.me?.scopes ?? []).includes("floor:help");

export const SAID = {
  busy: t("busy"), no_answer: t("no answer"), declined: t("refused"), unreachable: t("cannot be reached"),
  in_a_call: t("Your phone rings or is in a call: end that first"), in_hand: t("It is being done already: look again"),
  over: t("The call is over, or they are not part of it any more"), not_talking: t("Nobody talks with them at this moment"),
  not_waiting: t("They do not wait in a queue any more"), not_moved: t("This switch is too old to move who waits already"), ended: t("Your own phone hung up"),
  no_context: t("The switch's dialplan is not made for it"), no_connection: t("callserver has no connection to the switch"),
  no_extension: t("The switch has no way there"), expired: t("It was too late"),
};

/** How the server says what somebody did a moment ago. */
nameValues({ done: (word) => ({
  paused: t("paused"), "made ready": t("made ready"), "signed out": t("signed out"), "given other queues": t("given other queues"),
  "relieved of a call": t("relieved of a call") }[word] ?? word) });

/** Ask for it and say what the switch did; `undo`: {label, run}. Gives the answer, null where it was not done. */
export async function help(path, body, done, undo = null) {
  try {
    const answer = await api.post(path, body, { patience: PATIENCE_MS });
    if (!answer.outcome || answer.outcome === "done") {
      if (done) say(done, "info", undo);
      return answer;
    }
    say(answer.outcome === "unknown" ? t("The switch did not say whether it did it. Look before you ask again.")
      : t("The switch did not do it: {said}", { said: SAID[answer.code] ?? answer.said ?? answer.code }), "warning");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.words, "warning");
  }
  return null;
}

/** What this person hears now: {call, leg, mode, line}; null: nothing. */
export const line = (state = desk) => Object.values(state.screen.notices).find((one) => one.code === "listening")?.args ?? null;

export const MODES = [
  ["listen", t("Listen"), "ear", t("Nobody hears you")],
  ["whisper", t("Whisper"), "message", t("The agent alone hears you")],
  ["barge", t("Barge in"), "people", t("Both hear you")],
];
const DONE = { listen: t("You listen: nobody hears you"), whisper: t("You whisper: the agent alone hears you"), barge: t("Both hear you") };

/** Rings the own phone, or changes what it does already. */
export const listen = (call, mode, agent) => help(`/floor/calls/${encodeURIComponent(call)}/listen`, { mode, ...(agent ? { agent } : {}) }, DONE[mode]);
export const takeOver = (call, agent, why = "") =>
  help(`/floor/calls/${encodeURIComponent(call)}/take_over`, { why, ...(agent ? { agent } : {}) }, t("The customer is with you now"));
const stop = (hears) => help("/phone/hangup", { call: hears.line }, t("You hear nothing any more"));

/** The phone of the agent who is heard. */
const agentOf = (hears, calls) => Object.entries(calls[hears.call]?.legs ?? {}).find(([, leg]) => leg === hears.leg)?.[0];

export function Line() {
  const hears = useDesk((state) => line(state), alike);
  const calls = useDesk((state) => state.screen.calls);
  const agents = useDesk((state) => state.screen.agents);
  const [busy, setBusy] = useState(false);
  if (!hears) return null;
  const phone = agentOf(hears, calls);
  const name = agents[`${calls[hears.call]?.pbx}/${phone}`]?.name ?? phone ?? "";
  const go = async (doing) => {
    setBusy(true);
    await doing();
    setBusy(false);
  };
  return html`<div class="notice line-in" role="group" aria-label=${t("Your line into a call")} data-mode=${hears.mode}>
    <${Icon} name="ear" /><span>${t("You hear {name}", { name })}: <strong>${MODES.find(([mode]) => mode === hears.mode)?.[3]}</strong></span>
    ${MODES.map(([mode, word, icon, title]) => html`<button type="button" key=${mode} aria-pressed=${hears.mode === mode} title=${title} disabled=${busy}
      onClick=${() => hears.mode !== mode && go(() => listen(hears.call, mode, phone))}><${Icon} name=${icon} size=${14} /> ${word}</button>`)}
    <button type="button" disabled=${busy} onClick=${() => go(() => takeOver(hears.call, phone))}>${t("Take over")}</button>
    <button type="button" disabled=${busy} onClick=${() => go(() => stop(hears))}>${t("Stop")}</button>
  </div>`;
}

// --- messages ---

/** What stands there until it was read: read by closing it. */
export async function markRead(id) {
  try {
    await api.post(`/me/messages/${id}/read`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status !== 404) say(error.words, "warning");
  }
}

/** `user`, `whom` (their name): to one person; without: to a team or everybody. */
export function MessageDialog({ user, whom }) {
  const teams = useDesk((state) => state.me?.teams ?? []);
  const [to, setTo] = useState(user ? "user" : teams[0] ? `team:${teams[0]}` : "all");
  const [text, setText] = useState("");
  const [urgent, setUrgent] = useState(false);
  const [sent, setSent] = useState(null);
  const look = async () => setSent((await api.get("/floor/messages")).messages);
  useEffect(() => { look().catch(() => setSent([])); }, []);
  const send = async () => {
    if (!text.trim()) return;
    const readers = user ? { user } : to === "all" ? { all: true } : { team: to.slice(5) };
    const close = unaskLater();
    const answer = await help("/floor/messages", { text: text.trim(), urgent, ...readers });
    if (!answer) return;
    close();
    say(tn("It stands on the screen of one person until they have read it", "It stands on the screens of {n} people until they have read it", answer.readers.length));
  };
  return html`<${Dialog} wide title=${user ? t("A message to {name}", { name: whom }) : t("A message to screens")} onSubmit=${send}>
    ${!user && html`<label>${t("To whom")}<select value=${to} onChange=${(event) => setTo(event.target.value)}>
      ${teams.map((team) => html`<option key=${team} value=${`team:${team}`}>${t("Team {name}", { name: team })}</option>`)}
      <option value="all">${t("Everybody of mine")}</option></select></label>`}
    <label>${t("Message")}<textarea autofocus rows="3" maxlength=${MOST} required value=${text} onInput=${(event) => setText(event.target.value)}></textarea></label>
    <label class="line"><input type="checkbox" checked=${urgent} onChange=${(event) => setUrgent(event.target.checked)} /> ${t("Urgent: it is shown as a warning")}</label>
    <footer><button type="submit" class="main" disabled=${!text.trim()}>${t("Send")}</button></footer>
    ${sent?.length ? html`<h3>${t("Written lately")}</h3><ul class="sent">${sent.slice(0, 8).map((one) => html`<${Sent} key=${one.id} one=${one} />`)}</ul>` : null}
  <//>`;
}

function Sent({ one }) {
  const unread = one.readers.filter((reader) => !reader.read_at);
  const read = one.readers.length - unread.length;
  return html`<li><span class="quiet">${when(one.at)} · <bdi>${one.to ?? t("everybody")}</bdi></span> <bdi>${one.text}</bdi>
    <span class="quiet">${unread.length ? t("{read} of {all} have read it; not yet: {names}", { read, all: one.readers.length, names: unread.slice(0, 5).map((reader) => reader.name).join(", ") })
      : t("all have read it")}</span></li>`;
}

/** What supervisors and callserver tell of a person's own work. */
export const MESSAGES = {
  message: ({ name, text }) => t("{name}: {text}", { name, text }),
  paused_by: (args) => told(t("{name} paused you: {reason}", { ...args, reason: REASONS[args.reason]?.title ?? args.reason }), args),
  made_ready_by: (args) => told(t("{name} made you ready", args), args),
  signed_out_by: (args) => told(t("{name} signed you out; in a call, when it is over", args), args),
  queues_by: (args) => told(t("{name} changed your queues. New: {add}. Not any more: {remove}", { ...args, add: list(args.add), remove: list(args.remove) }), args),
  rated_badly: (args) => t("Ticket {number}: the customer rated us {rating} of 5 by key; look at it", args),
  call_taken_over: (args) => told(t("{name} took your customer over", args), args),
};
const told = (text, { why }) => (why ? `${text} – ${why}` : text);
const list = (names) => names?.join(", ") || "–";

/** Keys of who may help. */
export function startLine() {
  if (!mayHelp()) return;
  const hearing = () => line() !== null;
  const change = (mode) => () => listen(line().call, mode, agentOf(line(), desk.screen.calls));
  action("message", "m", t("Write a message to screens"), () => ask("message"), () => ["/wall", "/desk"].includes(location.pathname));
  action("line-listen", "Alt+L", t("Your line into a call: listen"), change("listen"), hearing);
  action("line-whisper", "Alt+I", t("Your line into a call: whisper to the agent"), change("whisper"), hearing);
  action("line-barge", "Alt+B", t("Your line into a call: both hear you"), change("barge"), hearing);
  action("line-take", "Alt+V", t("Take the customer over"), () => takeOver(line().call, agentOf(line(), desk.screen.calls)), hearing);
  action("line-stop", "Alt+Q", t("Stop listening"), () => stop(line()), hearing);
}

