// The switch that stops dialling: all of it, or one kind. It says whether it is on in words, who turned it, why and when.
import { html, classes, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { ask, desk, reading, say, unaskLater, useDesk } from "./store.js";
import { t } from "./texts.js";
import { Moment } from "./time.js";
import { promiseKinds, promiseWord } from "./words.js";

const ALL = "all";
const scopeWord = (scope) => (scope === ALL ? t("All dialling") : promiseWord(scope));

/** How it stands. Raises Refused. */
export const lookAtDialling = reading(async () => {
  const { switches } = await api.get("/dialling");
  return { dialling: Object.fromEntries(switches.map((one) => [one.scope, one])) };
});

async function turn(scope, paused, why) {
  try {
    await api.put(`/dialling/${scope}`, { paused, why });
    say(paused ? t("{what}: stopped", { what: scopeWord(scope) }) : t("{what}: goes on", { what: scopeWord(scope) }), paused ? "warning" : "info");
    await lookAtDialling();
    return null;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error.words;
  }
}

/** On at once; off with the reason. */
async function press(scope) {
  if (!desk.dialling?.[scope]?.paused) return ask("stop", { scope });
  const wrong = await turn(scope, false, "");
  return wrong && say(wrong, "warning");
}

export function Dialling() {
  const state = useDesk((state) => state.dialling);
  const all = state?.[ALL];
  return html`<section class=${classes("panel dialling", all?.paused && "stopped")} aria-label=${t("Dialling")} aria-busy=${state ? undefined : "true"}>
    <button type="button" role="switch" class="big-switch" data-action="dialling" aria-checked=${all?.paused ? "false" : "true"} disabled=${!state} onClick=${() => press(ALL)}
        title=${all?.paused ? t("press to let it go on") : undefined}>
      <${Icon} name=${all?.paused ? "stop" : "talking"} size=${26} /><span><strong>${all?.paused ? t("All dialling is stopped") : t("Dialling goes on")}</strong>
      ${all?.paused ? html`<small class="cut" title=${all.why}><bdi>${all.by}</bdi>, <${Moment} at=${all.at} />: <bdi>${all.why}</bdi></small>`
        : html`<small>${t("press to stop all of it")}</small>`}</span></button>
    <div class="inside" tabindex="0"><ul class="kinds">${promiseKinds.map((kind) => html`<${Kind} key=${kind} kind=${kind} one=${state?.[kind]} known=${Boolean(state)} />`)}</ul></div>
  </section>`;
}

const Kind = ({ kind, one, known }) => html`<li class=${one?.paused ? "stopped" : ""} title=${one?.paused ? `${one.by}: ${one.why}` : undefined}>
  <button type="button" role="switch" class="small-switch" aria-checked=${one?.paused ? "false" : "true"} disabled=${!known} onClick=${() => press(kind)} data-kind=${kind}>
    <span class="cut">${promiseWord(kind)}</span><span class="knob"><${Icon} name=${one?.paused ? "stop" : "ready"} size=${12} /> ${one?.paused ? t("stopped") : t("on")}</span></button></li>`;

export function StopDialog({ scope }) {
  const [why, setWhy] = useState("");
  const [wrong, setWrong] = useState("");
  const go = async () => {
    if (!why.trim()) return;
    const close = unaskLater();
    const said = await turn(scope, true, why.trim());
    said ? setWrong(said) : close();
  };
  return html`<${Dialog} title=${t("Stop: {what}", { what: scopeWord(scope) })} onSubmit=${go}>
    <p>${t("Nothing new is dialled from now on. Calls that go on are not ended. What is due stays owed, and is dialled in order of its deadline once you let it go on.")}</p>
    <label>${t("Why?")}<input autofocus value=${why} maxlength="200" required onInput=${(event) => setWhy(event.target.value)} /></label>
    ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
    <footer><button type="submit" class="danger" disabled=${!why.trim()}>${t("Stop")}</button></footer>
  <//>`;
}
