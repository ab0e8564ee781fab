// Prompts: what called customers and callers hear. Listened to here, replaced by a recording, and back to the shipped one.
import { html, useEffect, useRef, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Badge, Do } from "./bits.js";
import { Icon } from "./icons.js";
import { confirm } from "./page-admin-dialogs.js";
import { Field, Line } from "./page-admin-fields.js";
import { Admin, beginAdmin } from "./page-admin-frame.js";
import { NEW, NothingPicked, PickList, pickMade, usePicked } from "./page-admin-list.js";
import { put, reading, say, useDesk } from "./store.js";
import { number, t } from "./texts.js";
import { Moment } from "./time.js";
import { promiseWord } from "./words.js";

const LANGUAGES = [["zh", "中文"], ["en", "English"]];
const MOST_BYTES = 12_000_000;
const NAME = /^[a-z][a-z0-9_-]{0,39}$/;
put({ prompts: null, promptPolicies: [] });

const load = reading(async () => {
  const [found, { policies }] = await Promise.all([api.get("/prompts"), api.get("/policies")]);
  return { prompts: found, promptPolicies: policies };
});

const alarm = (part) => [t("Alert: {part}", { part }), t("For who is on duty: a part of what is said in a call about an alert.")];
const PURPOSES = {
  return_visit: [t("Return visit"), t("After a service: asks for a rating, keys 1 to 5; 0 for an agent, * again.")],
  survey: [t("Survey"), t("Asks how satisfied a customer is, keys 1 to 5; 0 for an agent, * again.")],
  appointment: [t("Appointment"), t("Reminds of the engineer's visit; 0 for an agent, * again.")],
  reminder: [t("Reminder"), t("An appliance is due for its care; 0 for an agent, * again.")],
  thanks: [t("Thanks"), t("After a rating.")],
  goodbye: [t("Goodbye"), t("Before the machine hangs up.")],
  "wrong-key": [t("Wrong key"), t("After a key that means nothing there.")],
  "to-an-agent": [t("To an agent"), t("While a customer who pressed 0 is put through.")],
  "callback-offer": [t("Offer of a callback"), t("To somebody who waits: 1 keeps the place and is called back.")],
  "callback-number": [t("Callback: the number"), t("Before the digits of the caller's number are read out.")],
  "callback-confirm": [t("Callback: is it right?"), t("1 yes, 2 another number, * go on waiting.")],
  "callback-enter": [t("Callback: another number"), t("Asks for a number that ends with #.")],
  "callback-thanks": [t("Callback: confirmed"), t("The place is kept; goodbye.")],
  "alert-critical": alarm(t("critical")), "alert-warning": alarm(t("warning")), "alert-test": alarm(t("a test")),
  "alert-links": alarm(t("a switch")), "alert-queues": alarm(t("queues")), "alert-trunks": alarm(t("a trunk")), "alert-promises": alarm(t("promises")),
  "alert-records": alarm(t("records of calls")), "alert-disk": alarm(t("the disk")), "alert-work": alarm(t("work in the background")),
  "alert-several": alarm(t("there are more")), "alert-press": alarm(t("press 1")),
};
const purpose = (name) => PURPOSES[name] ?? (/^digit-\d$/.test(name) ? [t("Digit {digit}", { digit: name.slice(6) }), t("For reading numbers out.")] : [name, t("A recording of your own; a policy names it.")]);

const namesOf = ({ prompts, shipped }) => [...new Set([...Object.keys(PURPOSES), ...prompts.map((one) => one.name), ...shipped.map((one) => one.name)])];

function Prompts() {
  const found = useDesk((state) => state.prompts);
  const picked = usePicked();
  const items = found && namesOf(found).map((name) => {
    const own = found.prompts.filter((one) => one.name === name);
    return {
      id: name, name: purpose(name)[0], note: name, also: purpose(name)[1],
      badge: own.length ? { icon: "person", text: t("own: {languages}", { languages: own.map((one) => one.language).join(", ") }) } : null,
    };
  });
  const name = picked === NEW ? "" : found && namesOf(found).includes(picked) ? picked : null;
  return html`<${Admin} title=${t("Prompts")}>
    <${PickList} title=${t("Prompts")} items=${items} add=${t("Another prompt")} />
    ${name === null || !found ? html`<${NothingPicked}>${t("Choose a prompt to hear it, or to put a recording in its place.")}<//>` : html`<${One} key=${name} name=${name} found=${found} />`}
  <//>`;
}

function One({ name, found }) {
  const [typed, setTyped] = useState("");
  const [title, what] = name ? purpose(name) : [t("Another prompt"), t("Give it a name; an automatic policy may then play it.")];
  const policies = useDesk((state) => state.promptPolicies).filter((one) => one.prompt === (name || typed));
  const right = name || (NAME.test(typed) ? typed : "");
  return html`<section class="panel policy editor prompt" aria-label=${title}>
    <header><h2 class="cut">${title}</h2><span class="quiet cut">${name}</span></header>
    <div class="inside" tabindex="0"><p>${what}</p>
      ${!name && html`<div class="grid"><${Field} name="name" label=${t("Name")} needed help=${t("Small letters, digits, - and _; as a policy names it.")} wrong=${typed && !right ? t("small letters, digits, - and _ only") : ""}>
        ${(given) => html`<${Line} ...${given} maxlength="40" value=${typed} onChange=${setTyped} />`}<//></div>`}
      <div class="recordings">${LANGUAGES.map(([language, word]) => html`<${Recording} key=${language} language=${language} word=${word} name=${right}
        own=${found.prompts.find((one) => one.name === right && one.language === language)} shipped=${found.shipped.find((one) => one.name === right && one.language === language)} />`)}</div>
      <dl class="facts"><dt>${t("Policies that play it")}</dt><dd>${policies.length ? policies.map((one) => html`<a key=${one.kind} href=${`/promises/policies?kind=${one.kind}`}>${promiseWord(one.kind)}</a> `) : t("none")}</dd></dl>
      <p class="quiet"><${Icon} name="warning" size=${13} /> ${t("The switch plays files of its own: after a change the operator copies them there, with the command below.")} <code>callserver promises prompts DIR</code></p>
    </div></section>`;
}

const at = (language, name, more = "") => `/prompts/${language}/${name}${more}`;

function Recording({ language, word, name, own, shipped }) {
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const chosen = useRef(null);
  useEffect(() => setWrong(""), [name]);
  const seconds = (one) => t("{n} s", { n: number(Math.round(one.seconds * 10) / 10) });
  const upload = async (file) => {
    if (!file) return;
    if (file.size > MOST_BYTES) return setWrong(t("more than {n} MB", { n: MOST_BYTES / 1_000_000 }));
    setBusy(true);
    try {
      await api.put(at(language, name), new Blob([await file.arrayBuffer()], { type: "audio/wav" }), { patience: 60_000 });
      await load();
      setWrong("");
      pickMade(name);
      say(t("The recording is kept. Hear it once before it is copied to the switch."));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setWrong(error.words);
    }
    chosen.current.value = "";
    setBusy(false);
  };
  const back = () => confirm({
    title: shipped ? t("Back to the shipped recording ({language})", { language: word }) : t("Remove the recording ({language})", { language: word }), label: shipped ? t("Back to the shipped one") : t("Remove it"),
    says: [t("Your recording is deleted here; download it before if you want to keep it."), shipped ? t("The shipped one is played once the files are copied to the switch again.") : t("A policy that names it has nothing to play then.")],
    run: async () => {
      await api.remove(at(language, name));
      await load();
    },
  });
  return html`<fieldset class="recording" disabled=${!name} data-language=${language}><legend>${word}</legend>
    ${own ? html`<p><${Badge} icon="person">${t("own recording")}<//> ${seconds(own)} · <bdi>${own.actor}</bdi>, <${Moment} at=${own.at} /></p><${Heard} key=${`own-${own.version}`} path=${`${at(language, name)}?v=${own.version}`} label=${t("Own recording, {language}", { language: word })} />`
      : shipped ? html`<p><${Badge}>${t("as shipped")}<//> ${seconds(shipped)}</p>` : html`<p><${Badge} kind="late" icon="warning">${t("no recording")}<//></p>`}
    ${shipped && html`${own && html`<p class="quiet">${t("The shipped one:")}</p>`}<${Heard} path=${at(language, name, "/shipped")} label=${t("Shipped recording, {language}", { language: word })} />`}
    <p><label class="upload">${own || shipped ? t("Put a recording in its place") : t("Add a recording")} <input ref=${chosen} type="file" accept=".wav,audio/wav,audio/x-wav" disabled=${busy || !name} aria-invalid=${wrong ? "true" : undefined}
      aria-describedby=${`${language}-help`} onChange=${(event) => upload(event.target.files[0])} /></label><small class="quiet" id=${`${language}-help`}>${t("WAV, 8 to 48 kHz, one or two channels, a minute at most; it is made fit for the telephone.")}</small>
      ${wrong && html`<span class="wrong" role="alert">${wrong}</span>`}</p>
    ${own && html`<p><${Do} id=${`back-${language}`} icon="again" onClick=${back}>${shipped ? t("Back to the shipped one") : t("Remove it")}<//> <a href=${`/api/v1${at(language, name)}`} download>${t("Download")}</a></p>`}
  </fieldset>`;
}

const Heard = ({ path, label }) => html`<audio controls preload="none" src=${`/api/v1${path}`} aria-label=${label}></audio>`;

beginAdmin(Prompts, load);
