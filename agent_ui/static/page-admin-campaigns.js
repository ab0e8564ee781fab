// Campaigns: lists of customers who are called: so long after a purchase, before a season, or named one by one.
import { html } from "./ui.js";
import { Refused, api } from "./api.js";
import { Do } from "./bits.js";
import { confirm } from "./page-admin-dialogs.js";
import { Editor, forget, isDraft, saidSaved, withKept } from "./page-admin-edit.js";
import { Choose, Count, Line, Long, numberOf } from "./page-admin-fields.js";
import { Admin, beginAdmin } from "./page-admin-frame.js";
import { NEW, NothingPicked, PickList, pickMade, usePicked } from "./page-admin-list.js";
import { attempt } from "./shift.js";
import { desk, put, reading, say, useDesk } from "./store.js";
import { number, t, titled, tn } from "./texts.js";
import { away, onDay, when } from "./time.js";
import { categoriesOf, categoryWord, modeWord, promiseWord } from "./words.js";

put({ campaigns: null, campaignKinds: [] });

const load = reading(async () => {
  const [{ campaigns }, { kinds }, { categories }] = await Promise.all([api.get("/campaigns"), api.get("/kinds"), api.get("/categories")]);
  return { campaigns, campaignKinds: kinds.filter((one) => !one.retired), categories: categoriesOf(categories) };
});

const SOURCES = [["purchase", t("owners, so long after the purchase")], ["season", t("everybody who has such a product, in a season")], ["list", t("customers who are named")]];
const KINDS = ["reminder", "survey", "sale"];
const STATES = { draft: t("draft: nobody is called"), running: t("running"), paused: t("paused"), over: t("over") };
const ICONS = { draft: "wrap_up", running: "talking", paused: "held", over: "ready" };
const WORDS = {
  title: t("What it is called"), kind: t("Kind of call"), source: t("Who is called"), category: t("Product"), days: t("Days after the purchase"), window_days: t("Within so many days"),
  begin_on: t("First day"), end_on: t("Last day"), customers: t("Customers, by their numbers"), mode: t("How it is dialled"), ticket_kind: t("Tickets of the kind"), why: t("Why"),
};

const toForm = (one) => ({
  title: one?.title ?? "", kind: one?.kind ?? "reminder", source: one?.source ?? "purchase", category: one?.category ?? "", days: String(one?.days ?? 330), window_days: String(one?.window_days ?? 14),
  begin_on: one?.begin_on ?? "", end_on: one?.end_on ?? "", customers: "", mode: one?.mode ?? "", ticket_kind: one?.ticket_kind ?? "information", why: one?.why ?? "",
});

function toBody(form, complain) {
  const whole = (name) => {
    const value = numberOf(form[name]);
    if (!Number.isInteger(value)) complain(name, t("a whole number"));
    return Number.isInteger(value) ? value : 0;
  };
  const typed = form.customers.split(/[\s,;，；、]+/).filter(Boolean);
  const odd = typed.find((one) => !/^[1-9]\d{0,17}$/.test(one));
  if (!form.title.trim()) complain("title", t("is needed"));
  if (form.source === "list" && odd) complain("customers", t("{text} is no number of a customer", { text: odd }));
  if (form.source === "list" && !typed.length) complain("customers", t("Name at least one."));
  if (form.source !== "purchase") for (const name of ["begin_on", "end_on"]) if (!form[name]) complain(name, t("Say which day."));
  const bought = form.source === "purchase";
  return {
    title: form.title.trim(), kind: form.kind, source: form.source, category: form.source === "list" ? null : form.category || null, days: bought ? whole("days") : 0, window_days: bought ? whole("window_days") : 14,
    begin_on: bought ? null : form.begin_on || null, end_on: bought ? null : form.end_on || null, customers: form.source === "list" ? [...new Set(typed)].map(Number) : [], mode: form.mode || null, ticket_kind: form.ticket_kind, why: form.why.trim(),
  };
}

function Campaigns() {
  const campaigns = useDesk((state) => state.campaigns);
  const drafts = useDesk((state) => state.drafts);
  const picked = usePicked();
  const one = (campaigns ?? []).find((other) => String(other.id) === picked);
  const items = campaigns?.map((each) => ({
    id: each.id, name: each.title, note: [promiseWord(each.kind), tn("{n} call owed", "{n} calls owed", each.made)].join(" · "), dim: each.state === "over",
    badge: { icon: ICONS[each.state], kind: each.state === "running" ? "good" : each.state === "paused" ? "late" : "", text: each.state === "draft" ? t("draft") : STATES[each.state] }, unsaved: isDraft({ drafts }, `campaign:${each.id}`),
  })) ?? null;
  return html`<${Admin} title=${t("Campaigns")}>
    <${PickList} title=${t("Campaigns")} items=${items} add=${t("New campaign")} />
    ${picked === NEW ? html`<${One} key=${NEW} one=${null} />` : one ? html`<${One} key=${one.id} one=${one} />` : html`<${NothingPicked}>${t("Choose a campaign, or make a new one. A new one is a draft: nobody is called until you start it.")}<//>`}
  <//>`;
}

const Day = ({ value, onChange, ...more }) => html`<input type="date" min="2000-01-01" max="2200-12-31" value=${value} onInput=${(event) => onChange(event.target.value)} ...${more} />`;

function One({ one }) {
  const kinds = useDesk((state) => state.campaignKinds);
  const path = `/campaigns/${one?.id}`;
  const save = (body, version) => (one ? api.put(path, body, { version }) : api.post("/campaigns", body));
  const saved = async (kept) => {
    put({ campaigns: withKept(desk.campaigns, kept) });
    await attempt(load);
    pickMade(kept.id);
    saidSaved(kept.title);
  };
  const again = async () => {
    const theirs = await api.get(path);
    await load();
    return theirs;
  };
  const over = one?.state === "over";
  return html`<${Editor} name=${`campaign:${one?.id ?? NEW}`} title=${one?.title ?? t("New campaign")} note=${one && STATES[one.state]} thing=${one} form=${toForm} body=${toBody} save=${save} saved=${saved} again=${again}
      words=${WORDS} fixed=${over || (one?.source === "list")} doing=${one && html`<${Turns} one=${one} />`}>
    ${(field, form) => html`
      ${one && html`<${Progress} one=${one} />`}
      <div class="grid">
        ${field("title", Line, { needed: true, maxlength: 200, wide: true })}
        ${field("kind", Choose, { options: KINDS.map((kind) => [kind, promiseWord(kind)]), help: t("Its policy says at which hours and how often it is tried.") })}
        ${field("source", Choose, { options: SOURCES })}
        ${form.source !== "list" && field("category", Choose, { options: [["", t("any")], ...[...Object.keys(desk.categories), form.category].filter((code, at, all) => code && all.indexOf(code) === at).map((code) => [code, categoryWord(code)])] })}
        ${form.source === "purchase" && field("days", Count, { help: t("From that day on they are called.") })}
        ${form.source === "purchase" && field("window_days", Count, { help: t("Later is too late.") })}
        ${form.source !== "purchase" && field("begin_on", Day, { needed: true })}
        ${form.source !== "purchase" && field("end_on", Day, { needed: true })}
        ${form.source === "list" && !one && field("customers", Long, { wide: true, needed: true, maxlength: 1_000_000, help: t("Numbers of customers as their pages show them, with blanks, commas or line ends between; at most 100,000.") })}
        ${field("mode", Choose, { options: [["", t("as the policy says")], ...["agent_first", "customer_first", "automatic"].map((mode) => [mode, modeWord(mode)])] })}
        ${field("ticket_kind", Choose, { options: kinds.map((kind) => [kind.name, titled(kind.title, kind.name)]), help: t("Each call has a ticket of its own; it is closed when the call is done.") })}
        ${field("why", Line, { wide: true, maxlength: 500, help: t("On every ticket, for the agent who makes the call.") })}
      </div>`}
  <//>`;
}

/** How far it is. */
const Progress = ({ one }) => html`<dl class="facts progress" aria-label=${t("How far it is")}>
  <dt>${t("Calls owed so far")}</dt><dd><a href=${`/promises?campaign=${one.id}`}>${number(one.made)}</a>${one.named ? ` / ${number(one.named)}` : ""} ${one.named > 0 && html`<progress max=${one.named} value=${Math.min(one.made, one.named)} aria-label=${t("Calls owed so far")}></progress>`}</dd>
  <dt>${t("Last looked for customers")}</dt><dd>${one.looked_at ? `${when(one.looked_at)} (${away(one.looked_at)})` : t("not yet; once a day, and soon after it is started")}</dd>
  ${one.begin_on && html`<dt>${t("Days")}</dt><dd>${onDay(one.begin_on)} – ${onDay(one.end_on)}</dd>`}</dl>`;

function Turns({ one }) {
  const turn = async (to) => {
    await api.put(`/campaigns/${one.id}/state`, { to }, { version: one.version });
    forget(`campaign:${one.id}`);
    await load();
    say(t("{what}: {state}", { what: one.title, state: STATES[to] }));
  };
  const start = () => confirm({
    title: t("Start: {what}", { what: one.title }), label: t("Start it"), danger: false,
    says: [t("From now on customers are looked for once a day, and each gets one call and one ticket, at the hours of the policy."), one.named ? tn("{n} customer is on the list.", "{n} customers are on the list.", one.named) : t("How many they are shows after the first look."), t("Whoever does not want to be called is left out.")],
    run: () => turn("running"),
  });
  const end = () => confirm({
    title: t("End: {what}", { what: one.title }), label: t("End it for good"),
    says: [t("No more customers are looked for, and it cannot be started again."), tn("{n} call that is owed already stays owed.", "{n} calls that are owed already stay owed.", one.made)], run: () => turn("over"),
  });
  const pause = async () => {
    try {
      await turn(one.state === "paused" ? "running" : "paused");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(error.words, "warning");
    }
  };
  return html`<span class="left">
    ${one.state === "draft" && html`<${Do} id="start" icon="talking" kind="main" onClick=${start}>${t("Start it")}<//>`}
    ${one.state === "running" && html`<${Do} id="pause" icon="held" onClick=${pause}>${t("Pause")}<//>`}
    ${one.state === "paused" && html`<${Do} id="pause" icon="talking" onClick=${pause}>${t("Let it go on")}<//>`}
    ${one.state !== "over" && html`<${Do} id="end" icon="stop" onClick=${end}>${t("End it")}<//>`}</span>`;
}

beginAdmin(Campaigns, load);
