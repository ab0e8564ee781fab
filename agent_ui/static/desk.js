// The desk begins here: who is signed in, what kinds of ticket there are, then the stream; and where everything stands.
import { html, render } from "./ui.js";
import { api, insist, onEnd } from "./api.js";
import { Head, Strips, startHead } from "./callhead.js";
import { Products, Tickets, Who, startCustomer } from "./customer.js";
import { dossier, fetchDossier } from "./dossier.js";
import { recover, sendAll } from "./form.js";
import { Header, KeysDialog, Notices, SettingsDialog, startHeader } from "./header.js";
import { Idle } from "./idle.js";
import { action, startKeys } from "./keys.js";
import { MessageDialog } from "./floor-line.js";
import { InsistDialog, PromiseHead, Script, startOwing } from "./owing.js";
import { OverrideDialog, Phone, TransferDialog, startPhone } from "./phone.js";
import { startLater } from "./later.js";
import { calls, current, lookAtCustomer, lookAway } from "./pops.js";
import { allowSound } from "./ringing.js";
import { Colleagues, Me, PauseDialog, Queues, WhyDialog, startShift } from "./shift.js";
import { desk, put, say, useDesk } from "./store.js";
import { start as startStream } from "./stream.js";
import { learnAllWords, t } from "./texts.js";
import { PromiseDialog, Ticket, startTicket } from "./ticket.js";
import { startSearch } from "./search.js";
import { Timeline } from "./timeline.js";
import { keepUp } from "./version.js";
import { categoriesOf } from "./words.js";

const DIALOGS = {
  keys: KeysDialog, settings: SettingsDialog, pause: PauseDialog, why: WhyDialog, transfer: TransferDialog, promise: PromiseDialog,
  override: OverrideDialog, insist: InsistDialog, message: MessageDialog,
};

function Desk() {
  const dialog = useDesk((state) => state.dialog);
  const offline = useDesk((state) => state.connection.state !== "live");
  const begun = useDesk((state) => state.connection.state !== "connecting"); // before, nobody knows how many queues there are
  const Alerts = useDesk((state) => state.alertStrip);
  const Shown = dialog && (dialog.Shown ?? DIALOGS[dialog.name]);
  return html`
    <${Header} />
    ${Alerts && html`<${Alerts} short />`}
    <div class=${offline ? "places old" : "places"}>
      <aside aria-label=${t("Me and my phone")}><${Me} /><${Phone} />${begun && html`<${Queues} /><${Colleagues} />`}</aside>
      <main><${Middle} /></main>
      <${Ticket} />
    </div>
    <${Notices} />
    ${Shown && html`<${Shown} key=${dialog.name} ...${dialog} />`}`;
}

function Middle() {
  const anybody = useDesk((state) => Boolean(current(state)) || ["customer", "promise"].includes(state.view.kind));
  const promised = useDesk((state) => state.view.kind === "promise");
  return html`<${Strips} />${promised ? html`<${PromiseHead} />` : html`<${Head} />`}${anybody ? html`<${Story} />` : html`<${Idle} />`}`;
}

function Story() {
  const known = useDesk((state) => dossier(state) !== null);
  const notes = useDesk((state) => dossier(state)?.customer?.notes);
  return html`<${Who} /><${Script} />${notes && html`<p class="remark cut" title=${notes}><bdi>${notes}</bdi></p>`}
    ${known && html`<div class="own"><${Products} /><${Tickets} /></div><${Timeline} />`}`;
}

async function begin() {
  onEnd(() => location.assign("/sign-in"));
  const me = await api.get("/me");
  put({ me: { ...me.user, scopes: me.scopes } });
  render(html`<${Desk} />`, document.getElementById("desk"));
  startStream();
  recover().catch(complain);
  await Promise.all([
    insist(() => api.get("/kinds")).then(({ kinds }) => put({ kinds: Object.fromEntries(kinds.map((one) => [one.name, one])) }), complain),
    insist(() => api.get("/categories")).then(({ categories }) => put({ categories: categoriesOf(categories) }), complain),
    insist(() => api.get("/dispositions")).then(({ dispositions }) => put({ dispositions }), complain),
  ]);
  const [, ticket] = /^#ticket=(\d+)$/.exec(location.hash) ?? [];
  if (ticket && desk.view.kind === "empty") put({ ticket: Number(ticket) });
  const [, customer] = /^#customer=(\d+)$/.exec(location.hash) ?? [];
  if (customer && desk.view.kind === "empty") {
    fetchDossier(Number(customer));
    lookAtCustomer(Number(customer));
  }
  showAlerts().catch(complain);
}

/** What is wrong on the floor, for who may know: loaded for them alone, and once the desk stands. */
async function showAlerts() {
  if (!desk.me.scopes.includes("alerts:read")) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("alerts.css", import.meta.url).href }));
  await learnAllWords();
  const { AlertStrip, SnoozeDialog, startAlerts } = await import("./page-alert-strip.js");
  DIALOGS["snooze-alert"] = SnoozeDialog;
  startAlerts();
  put({ alertStrip: AlertStrip });
}

const complain = (error) => say(error.words ?? String(error), "warning");

allowSound();
startShift();
startPhone();
startOwing();
startTicket();
startSearch();
startHead();
startCustomer();
startLater();
startHeader();
action("away", "Escape", t("Close what is shown; calls stay"), () => { if (!calls().length || ["customer", "promise"].includes(desk.view.kind)) lookAway(); });
startKeys();
keepUp(() => desk.view.kind === "empty" && !calls().length && Object.values(desk.forms).every(({ saved }) => saved),
  t("There is a new version of this page: it comes after this call."));
addEventListener("pagehide", sendAll);
begin().catch((error) => {
  document.getElementById("desk").textContent = error.words ?? t("The desk could not begin; reload the page.");
});
