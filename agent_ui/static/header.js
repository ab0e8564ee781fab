// The bar above: search, whether we are connected, keys, settings, who is signed in.
import { html, classes, useState } from "./ui.js";
import { api } from "./api.js";
import { Dialog } from "./dialog.js";
import { Line, MESSAGES, markRead, startLine } from "./floor-line.js";
import { Icon } from "./icons.js";
import { action, allActions, keyCaps } from "./keys.js";
import { mayNotify, sound, tones, wantsNotices, wishNotices } from "./ringing.js";
import { attempt, leave } from "./shift.js";
import { sendAll } from "./form.js";
import { Search } from "./search.js";
import { alike, ask, put, say, unaskLater, unsay, useDesk } from "./store.js";
import { language, t, tn } from "./texts.js";
import { Lasting, clockIsWrongBy, roughly, when } from "./time.js";

const WRONG_CLOCK_MS = 90_000;

export function Header() {
  const me = useDesk((state) => state.me);
  return html`<header class="bar">
    <${Search} />
    <${Connection} />
    <nav aria-label=${t("This screen")}>
      <button type="button" class="bare" onClick=${() => ask("keys")} aria-keyshortcuts="?" aria-label=${t("Keys")}><${Icon} name="keys" /> <span>${t("Keys")}</span> <kbd aria-hidden="true">?</kbd></button>
      <button type="button" class="bare" onClick=${() => ask("settings")} aria-label=${me?.name ?? t("This screen")}><${Icon} name="gear" /> <span class="cut"><bdi>${me?.name ?? ""}</bdi></span></button>
    </nav>
  </header>`;
}

/** Whether what is shown is how it is: our connection, and each switch's. */
function Connection() {
  const connection = useDesk((state) => state.connection);
  const blind = useDesk((state) => Object.entries(state.screen.switches).filter(([, one]) => one.link === "down").flat(), alike);
  const off = connection.state !== "live";
  const [pbx, one] = blind;
  return html`<p class=${classes("connection", (off || pbx) && "bad")} role="status">
    ${off ? html`<${Icon} name="offline" /> <strong>${connection.state === "lost" ? t("Not connected: this picture is old") : t("Connecting")}</strong>
      ${connection.state === "lost" && html`<${Lasting} since=${new Date(connection.since + clockIsWrongBy()).toISOString()} />`}`
      : pbx ? html`<${Icon} name="warning" /> <strong>${t("No view of the switch {pbx}", { pbx })}</strong> ${one.blind_since ? t("since {time}", { time: when(one.blind_since) }) : ""}`
      : html`<span class="quiet"><${Icon} name="ready" size=${14} /> ${t("connected")}</span>`}
  </p>`;
}

// --- what the server and the desk have to say ---

export function Notices() {
  const toasts = useDesk((state) => state.toasts);
  const notices = useDesk((state) => Object.entries(state.screen.notices).filter(([key, one]) => !state.hidden[key] && one.code !== "listening").flat(), alike);
  const shown = notices.filter((_, at) => at % 2 === 0).map((key, at) => [key, notices[at * 2 + 1]]).slice(-3);
  const hide = (key) => put({ hidden: { ...hiddenNow(), [key]: true } });
  const hiddenNow = () => Object.fromEntries(shown.map(([key]) => [key, false]));
  const close = (key, one) => { hide(key); if (one.keep) markRead(one.args.id); };
  return html`<div class="notices" role="region" aria-label=${t("Notices")}>
    <${Line} />
    ${shown.map(([key, one]) => html`<p key=${key} class=${`notice ${one.level}`} role=${one.level === "info" ? "status" : "alert"}>
      <${Icon} name=${one.level === "info" ? "message" : "warning"} /><span>${noticeText(one)}</span>
      <button type="button" class="bare" onClick=${() => close(key, one)} aria-label=${one.keep ? t("I have read it") : t("Close")} title=${one.keep ? t("I have read it") : t("Close")}><${Icon} name="close" size=${14} /></button></p>`)}
    ${toasts.map((one) => html`<p key=${one.id} class=${`notice ${one.level}`} role=${one.level === "info" ? undefined : "alert"}>
      <${Icon} name=${one.level === "info" ? "ready" : "warning"} /><span>${one.text}</span>
      ${one.more && html`<button type="button" class="bare" onClick=${() => { unsay(one.id); one.more.run(); }}><u>${one.more.label}</u></button>`}
      <button type="button" class="bare" onClick=${() => unsay(one.id)} aria-label=${t("Close")}><${Icon} name="close" size=${14} /></button></p>`)}
  </div>`;
}

const NOTICES = {
  seat_taken: (args) => t("{name} has taken your seat {seat} over: you are not at work any more", args),
  seat_moved: (args) => t("You are at another phone now: {to}", args),
  ...MESSAGES,
  seat_ended: (args) => t("Your work at {seat} was ended", args),
};

const noticeText = ({ code, args = {}, from }) =>
  NOTICES[code]?.({ name: from ?? "", ...args }) ?? [String(code).replaceAll("_", " "), args.text ?? args.said ?? ""].filter(Boolean).join(": ");

// --- dialogs ---

export function KeysDialog() {
  const rows = allActions().filter((one) => one.when() || !/^(pick|call)[2-9]$/.test(one.id));
  return html`<${Dialog} wide title=${t("Keys")}>
    <dl class="keymap">${rows.map((one) => html`<div key=${one.id} class=${one.when() ? "" : "quiet"}>
      <dt>${keyCaps(one.keys).map((cap) => html`<kbd key=${cap}>${cap}</kbd> `)}</dt><dd>${one.label}</dd></div>`)}</dl>
    <p class="quiet">${t("Letters alone do something only while you do not type. Lists: arrows and Enter, or the number beside.")}</p>
  <//>`;
}

export function SettingsDialog() {
  const me = useDesk((state) => state.me);
  const change = (part) => attempt(async () => put({ me: { ...me, ...(await api.patch("/me", part)).user } }));
  const theme = async (value) => {
    document.documentElement.dataset.theme = value;
    await change({ theme: value });
  };
  const speak = async (value) => {
    sendAll();
    if (value === language || !(await change({ language: value }))) return;
    location.assign(location.pathname);
    await new Promise(() => {}); // what was clicked stays clicked until the page is another one
  };
  const ring = (part) => {
    sound(part.sound ?? me.sound, part.volume ?? me.volume);
    return change(part);
  };
  // What was clicked stays clicked while the server is asked, whatever else draws this dialog again meanwhile.
  const [asked, setAsked] = useState({});
  const pick = async (name, value, run) => {
    setAsked((before) => ({ ...before, [name]: value }));
    await run(value);
    setAsked(({ [name]: _, ...others }) => others);
  };
  const choice = (name, value, label, now, run) => html`<label><input type="radio" name=${name} checked=${(asked[name] ?? now) === value} onChange=${() => pick(name, value, run)} /> ${label}</label>`;
  return html`<${Dialog} title=${t("This screen")}>
    <p><strong><bdi>${me.name}</bdi></strong> <span class="quiet">${me.login}</span></p>
    <fieldset class="options"><legend>${t("Language")}</legend>
      ${choice("language", "en", "English", language, speak)}${choice("language", "zh-CN", "简体中文", language, speak)}</fieldset>
    <fieldset class="options"><legend>${t("Colours")}</legend>
      ${choice("theme", "auto", t("as the computer"), me.theme, theme)}${choice("theme", "light", t("light"), me.theme, theme)}${choice("theme", "dark", t("dark"), me.theme, theme)}</fieldset>
    <fieldset class="options"><legend>${t("A call rings")}</legend>
      ${tones().map((one) => choice("sound", one, { ring: t("two tones"), bell: t("bell"), low: t("low") }[one], me.sound, (value) => ring({ sound: value })))}
      <label class="volume">${t("Loudness")} <input type="range" min="0" max="100" step="10" value=${me.volume} onChange=${(event) => ring({ volume: event.target.valueAsNumber })} /></label>
      ${mayNotify() && html`<label><input type="checkbox" checked=${wantsNotices()} onChange=${(event) => notices(event.target)} /> ${t("also as a notice of the computer, when this window is behind others")}</label>`}
    </fieldset>
    ${Math.abs(clockIsWrongBy()) > WRONG_CLOCK_MS && html`<p class="wrong">${t("The clock of this computer is wrong by {time}; the times here are right.", { time: roughly(Math.abs(clockIsWrongBy()) / 1000) })}</p>`}
    <footer><button type="button" onClick=${leaveSeat}>${t("End work at this phone")}</button><button type="button" class="danger" onClick=${signOut}>${t("Sign out")}</button></footer>
  <//>`;
}

async function notices(box) {
  box.checked = await wishNotices(box.checked);
  if (!box.checked && Notification.permission === "denied") say(t("The browser does not allow notices of this page"), "warning");
}

async function leaveSeat() {
  const close = unaskLater();
  if (await leave()) close();
}

/** The drafts are sent first; the seat is left, and after a call if one goes on. */
export async function signOut() {
  sendAll();
  await attempt(() => api.remove("/me/seat"));
  await attempt(() => api.remove("/session"));
  location.assign("/sign-in");
}

export function startHeader() {
  action("keys", "?", t("Show the keys"), () => ask("keys"));
  action("settings", "Alt+S", t("This screen: language, colours, sound"), () => ask("settings"));
  startLine();
}

export { tn };
