// Which servers hear of what happens: made, changed, tried out, given new keys; and what they did not get.
import { html, useState } from "./ui.js";
import { api } from "./api.js";
import { Do } from "./bits.js";
import { Icon } from "./icons.js";
import { confirm, once } from "./page-admin-dialogs.js";
import { Editor, forget, isDraft, patchOf, saidSaved, withKept } from "./page-admin-edit.js";
import { Choose, Count, Line, Long, Several, numberOf } from "./page-admin-fields.js";
import { Admin, beginAdmin } from "./page-admin-frame.js";
import { NEW, NothingPicked, PickList, pick, pickMade, usePicked } from "./page-admin-list.js";
import { Letters, lookAtLetters } from "./page-admin-letters.js";
import { attempt } from "./shift.js";
import { desk, put, reading, say, useDesk } from "./store.js";
import { t, tn } from "./texts.js";
import { Moment, when } from "./time.js";

const WORDS = { name: t("Its name"), url: t("Address"), state: t("State"), events: t("Events"), headers: t("Headers"), timeout_s: t("Seconds for an answer") };
const STATES = [["on", t("on: events are sent")], ["paused", t("paused: events wait")], ["off", t("off: no events are put down")]];
const OWN = "callserver.";

put({ webhooks: null, types: [], backlogs: {} });

const load = reading(async () => {
  const [{ webhooks, types }, { backlogs }] = await Promise.all([api.get("/webhooks"), api.get("/webhook-backlogs")]);
  return { webhooks, types, backlogs: Object.fromEntries(backlogs.map((one) => [one.webhook, one])) };
});
/** Letters are not read again and again: each reading of a customer's words is noted. */
const reload = () => attempt(() => Promise.all([load(), desk.picked && desk.picked !== NEW ? lookAtLetters(desk.picked) : null]));

// --- between what is typed and what the API has ---

const toForm = (one) => ({
  name: one?.name ?? "", url: one?.url ?? "", state: one?.state ?? "on", events: one?.events ?? ["*"],
  headers: Object.entries(one?.headers ?? {}).map(([name, value]) => `${name}: ${value}`).join("\n"), timeout_s: String(one?.timeout_s ?? 10),
});

/** "Name: value" on each line. */
function headersOf(text, complain) {
  const found = {};
  for (const line of text.split("\n").filter((one) => one.trim())) {
    const at = line.indexOf(":");
    if (at < 1) complain("headers", t("{line} is no header such as X-Key: value", { line }));
    else found[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return found;
}

function toBody(form, complain, base, isNew) {
  const said = isNew ? { ...form } : patchOf(form, base);
  if (!form.name.trim()) complain("name", t("is needed"));
  if (!form.url.trim()) complain("url", t("is needed"));
  if (!form.events.length) complain("events", t("at least one"));
  if ("headers" in said) said.headers = headersOf(said.headers, complain);
  if ("timeout_s" in said && (said.timeout_s = numberOf(said.timeout_s)) === null) complain("timeout_s", t("is no number"));
  return said;
}

const shown = (name, value) => (name === "state" ? STATES.find(([code]) => code === value)?.[1] : Array.isArray(value) ? value.join(", ") : value) || "–";

/** Beginnings of types with a star, then the types themselves; what the webhook has beside them. */
function eventOptions(types, chosen) {
  const groups = [...new Set(types.map((one) => `${one.split(".").slice(0, 2).join(".")}.*`))].filter((one) => types.filter((type) => type.startsWith(one.slice(0, -1))).length > 1);
  const known = ["*", ...groups, ...types];
  return [...known, ...chosen.filter((one) => !known.includes(one))].map((one) => (one === "*" ? ["*", t("every event")] : [one, one.replace(OWN, ""), one.endsWith("*") ? t("all of these") : ""]));
}

// --- the page ---

function badge(one, backlog) {
  if (one.state === "off") return { icon: "close", text: t("off") };
  if (one.failing_since) return { icon: "warning", kind: "bad", text: t("fails") };
  if (backlog?.dead) return { icon: "missed", kind: "bad", text: tn("{n} not delivered", "{n} not delivered", backlog.dead) };
  return one.state === "paused" ? { icon: "paused", kind: "ring", text: t("paused") } : { icon: "ready", kind: "talk", text: t("on") };
}

function Webhooks() {
  const webhooks = useDesk((state) => state.webhooks);
  const backlogs = useDesk((state) => state.backlogs);
  const drafts = useDesk((state) => state.drafts);
  const picked = usePicked();
  const items = webhooks?.map((one) => ({ id: one.id, name: one.name, note: one.url, dim: one.state === "off", badge: badge(one, backlogs[one.id]), unsaved: isDraft({ drafts }, `webhook:${one.id}`) }));
  const webhook = webhooks?.find((one) => String(one.id) === picked);
  return html`<${Admin} title=${t("Webhooks")}>
    <${PickList} title=${t("Webhooks")} items=${items} add=${t("New webhook")} />
    ${picked === NEW ? html`<${One} key="new" webhook=${null} />` : webhook ? html`<${One} key=${webhook.id} webhook=${webhook} />` : html`<${NothingPicked}>${t("Choose a webhook, or make a new one.")}<//>`}
  <//>`;
}

const tellKey = (made) => once({
  title: t("Key of {name}", { name: made.name }), label: t("Key"), text: made.secret,
  says: [t("The other side checks with it that an event is ours. It is shown only now: put it where the other side reads its secrets.")],
});

function One({ webhook }) {
  const types = useDesk((state) => state.types);
  const path = `/webhooks/${webhook?.id}`;
  const save = (body, version) => (webhook ? api.patch(path, body, { version }) : api.post("/webhooks", body));
  const saved = async (kept, base) => {
    put({ webhooks: withKept(desk.webhooks, kept) });
    await reload();
    pickMade(kept.id);
    if (!webhook) return tellKey(kept);
    const { headers, ...back } = toBody(base, () => {}, toForm(kept), false); // headers cannot be put back: nobody knows them
    return saidSaved(kept.name, Object.keys(back).length ? () => attempt(async () => { await api.patch(path, back, { version: kept.version }); await load(); }) : null);
  };
  const again = async () => {
    const theirs = await api.get(path);
    await load();
    return theirs;
  };
  return html`<${Editor} name=${`webhook:${webhook?.id ?? NEW}`} title=${webhook?.name ?? t("New webhook")} note=${webhook && `${webhook.created_by} · ${when(webhook.created_at)}`} thing=${webhook} form=${toForm}
      body=${(form, complain, base) => toBody(form, complain, base, !webhook)} save=${save} saved=${saved} again=${again} words=${WORDS} shown=${shown} doing=${webhook && html`<${Doing} webhook=${webhook} />`}>
    ${(field, form) => html`${webhook && html`<${Health} webhook=${webhook} />`}
      <div class="grid">
        ${field("name", Line, { needed: true, maxlength: 100, placeholder: t("ticket system") })}
        ${field("state", Choose, { options: STATES, help: form.state === "off" ? t("What it did not get yet becomes dead letters, which can be sent again later.") : "" })}
        ${field("timeout_s", Count)}
        ${field("url", Line, { needed: true, wide: true, maxlength: 2000, inputmode: "url", help: t("Events hold names and numbers of customers in full: they go there.") })}
        ${field("headers", Long, { wide: true, rows: 2, placeholder: "Authorization: Bearer ...", help: t("One on each line: Authorization, or a name that begins with X-. What is kept is shown as ********; left so, it stays.") })}
        ${field("events", Several, { wide: true, options: eventOptions(types, form.events) })}
      </div>
      ${webhook && html`<${Letters} webhook=${webhook} changed=${reload} />`}`}
  <//>`;
}

/** How it is doing: told in words, with what happens next. */
function Health({ webhook }) {
  const backlog = useDesk((state) => state.backlogs[webhook.id]);
  const waiting = backlog?.unsent ? html` ${tn("{n} event waits", "{n} events wait", backlog.unsent)}, ${t("the oldest since {time}", { time: when(backlog.since) })}.` : "";
  if (webhook.failing_since) return html`<p class="held"><${Icon} name="warning" /> <span><strong>${t("Nothing gets through since {time}", { time: when(webhook.failing_since) })}</strong> <bdi>${webhook.notice}</bdi>
    ${webhook.retry_at && html` ${t("Next try:")} <${Moment} at=${webhook.retry_at} />.`}${waiting}</span></p>`;
  if (webhook.notice) return html`<p class="held"><${Icon} name="warning" /> <span><bdi>${webhook.notice}</bdi></span></p>`;
  if (webhook.state !== "on") return html`<p class="held"><${Icon} name="paused" /> <span>${STATES.find(([code]) => code === webhook.state)[1]}.${waiting}</span></p>`;
  return html`<p class="free"><${Icon} name="ready" /> <span>${backlog?.unsent ? waiting : t("It has everything.")}</span></p>`;
}

function Doing({ webhook }) {
  const [busy, setBusy] = useState(false);
  const path = `/webhooks/${webhook.id}`;
  const test = async () => {
    setBusy(true);
    await attempt(async () => {
      const tried = await api.post(`${path}/test`, {}, { patience: 40_000 });
      const said = { status: tried.status ?? t("no reply came"), said: tried.said, s: tried.took_s.toFixed(2) };
      say(tried.delivered ? t("The test came through: {status} in {s} s", said) : t("The test did not come through: {status}. {said}", said), tried.delivered ? "info" : "warning");
    });
    setBusy(false);
  };
  const rotate = () => confirm({
    title: t("A new key for {name}", { name: webhook.name }), label: t("Make a new key"), danger: false,
    says: [t("The present key signs beside it for another day, so that the other side has the time to change. Older ones are gone at once.")],
    run: async () => {
      tellKey(await api.post(`${path}/rotate`, {}));
      await load();
    },
  });
  const remove = () => confirm({
    title: t("Remove {name}", { name: webhook.name }), label: t("Remove"),
    says: [t("Nothing is sent there any more, and what it did not get yet is dropped. Its key is gone: made anew, it needs another one.")],
    run: async () => {
      await api.remove(path, { version: webhook.version });
      forget(`webhook:${webhook.id}`);
      pick(null);
      say(t("{name} is removed", { name: webhook.name }));
      await load();
    },
  });
  return html`<span class="left"><${Do} id="test" icon="again" busy=${busy} onClick=${test}>${t("Send a test")}<//>
    <${Do} id="rotate" icon="keys" onClick=${rotate}>${t("New key")}<//>
    <${Do} id="remove" icon="close" kind="danger" onClick=${remove}>${t("Remove")}<//></span>`;
}

beginAdmin(Webhooks, load);
