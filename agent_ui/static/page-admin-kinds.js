// Kinds of ticket and their fields: what tickets are about, and what is asked for each kind. A kind that is changed never
// breaks a ticket of before.
import { html } from "./ui.js";
import { api } from "./api.js";
import { Do } from "./bits.js";
import { confirm } from "./page-admin-dialogs.js";
import { Editor, forget, isDraft, saidSaved, withKept } from "./page-admin-edit.js";
import { Choose, Count, Line, Proposed, Several, YesNo } from "./page-admin-fields.js";
import { Admin, beginAdmin } from "./page-admin-frame.js";
import { FieldList, fieldsOf, fieldsToSend, fieldWrongs } from "./page-admin-kind-fields.js";
import { NEW, NothingPicked, PickList, pick, pickMade, usePicked } from "./page-admin-list.js";
import { attempt } from "./shift.js";
import { desk, put, reading, say, useDesk } from "./store.js";
import { t, titled, tn } from "./texts.js";
import { priorityWord, statusWord } from "./words.js";

put({ kindList: null, teamNames: [] });

const load = reading(async () => {
  const [{ kinds }, { teams }] = await Promise.all([api.get("/kinds"), api.get("/teams").catch(() => ({ teams: [] }))]);
  return { kindList: kinds, kinds: Object.fromEntries(kinds.map((one) => [one.name, one])), teamNames: teams.map((one) => one.name) };
});

const WORDS = {
  name: t("Short name"), title_zh: t("Name in Chinese"), title_en: t("Name in English"), priority: t("Priority"), team: t("Team"), due: t("Deadline, hours after opening"),
  statuses: t("Statuses that it uses"), return_visit: t("Return visit"), retired: t("New tickets"), fields: t("Fields"),
};
const PRIORITIES = ["low", "normal", "high", "urgent"];
const USED = ["watching", "dispatched", "appointed", "in_service", "serviced", "owed_visit"]; // the others every kind has
const HOUR_S = 3600;

const toForm = (kind) => ({
  ...(kind ? {} : { name: "" }), title_zh: kind?.title.zh ?? "", title_en: kind?.title.en ?? "", others: kind?.title ?? {}, priority: kind?.priority ?? "normal", team: kind?.team ?? "",
  due: kind?.due_in_s ? String(Math.round((kind.due_in_s / HOUR_S) * 100) / 100) : "", statuses: USED.filter((one) => kind?.statuses.includes(one)), return_visit: kind?.return_visit ?? true,
  retired: kind?.retired ?? false, fields: fieldsOf(kind?.fields ?? []),
});

const titles = (form) => {
  const { zh: _zh, en: _en, ...rest } = form.others;
  return { ...rest, ...(form.title_zh.trim() && { zh: form.title_zh.trim() }), ...(form.title_en.trim() && { en: form.title_en.trim() }) };
};

function toBody(form, complain, name) {
  const hours = form.due.trim() ? Number(form.due) : null;
  if (form.due.trim() && !(hours > 0)) complain("due", t("hours, or nothing"));
  if (!form.title_zh.trim() && !form.title_en.trim()) complain("title_zh", t("A name is needed in one language at least."));
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(name)) complain("name", t("small letters, digits and _, at most 40"));
  return {
    name, title: titles(form), priority: form.priority, team: form.team.trim() || null, due_in_s: hours === null ? null : Math.round(hours * HOUR_S),
    statuses: ["open", ...form.statuses], return_visit: form.return_visit, retired: form.retired, fields: fieldsToSend(form.fields),
  };
}

/** What is wrong with a title, a deadline or a field is said where it is typed. */
function placed(form) {
  return (error) => {
    const fields = fieldWrongs(error.fields ?? {}, form.fields);
    error.fields = Object.fromEntries(Object.entries(fields).map(([path, why]) => [path.replace(/^title\.en$/, "title_en").replace(/^title.*$/, "title_zh").replace("due_in_s", "due"), why]));
    throw error;
  };
}

function shown(name, value) {
  if (name === "fields") return value.map((one) => one.title_zh || one.title_en || one.name).join(", ") || t("none");
  if (name === "statuses") return value.map(statusWord).join(", ") || t("none");
  if (name === "priority") return priorityWord(value);
  if (name === "retired") return value ? t("none any more") : t("can be opened");
  return typeof value === "boolean" ? (value ? t("Yes") : t("No")) : String(value || "–");
}

const isShipped = (kind) => kind.version === 0;
const badge = (kind) => (kind.retired ? { icon: "close", text: t("retired") } : isShipped(kind) ? null : { icon: "wrap_up", text: t("version {n}", { n: kind.version }) });

function Kinds() {
  const kinds = useDesk((state) => state.kindList);
  const drafts = useDesk((state) => state.drafts);
  const picked = usePicked();
  const kind = (kinds ?? []).find((one) => one.name === picked);
  const items = kinds?.map((one) => ({
    id: one.name, name: titled(one.title, one.name), note: `${one.name} · ${tn("{n} field", "{n} fields", one.fields.length)}`, also: Object.values(one.title).join(" "),
    dim: one.retired, badge: badge(one), unsaved: isDraft({ drafts }, `kind:${one.name}`),
  })) ?? null;
  return html`<${Admin} title=${t("Kinds and fields")}>
    <${PickList} title=${t("Kinds of ticket")} items=${items} add=${t("New kind")} />
    ${picked === NEW ? html`<${One} key=${NEW} kind=${null} />` : kind ? html`<${One} key=${kind.name} kind=${kind} />` : html`<${NothingPicked}>${t("Choose a kind of ticket, or make a new one.")}<//>`}
  <//>`;
}

function One({ kind }) {
  const teams = useDesk((state) => state.teamNames);
  const name = `kind:${kind?.name ?? NEW}`;
  const path = `/kinds/${kind?.name}`;
  const save = (body, version) => (kind ? api.put(path, body, { version }) : api.post("/kinds", body)).catch(placed(desk.drafts[name] ?? toForm(kind)));
  const saved = async (kept, base) => {
    put({ kindList: withKept(desk.kindList, kept, "name") });
    await attempt(load);
    pickMade(kept.name);
    const undo = kind && (() => attempt(async () => { await api.put(path, toBody(base, () => {}, kind.name), { version: kept.version }); await load(); }));
    saidSaved(titled(kept.title, kept.name), undo);
  };
  const again = async () => {
    const theirs = await api.get(path);
    await load();
    return theirs;
  };
  return html`<${Editor} name=${name} title=${kind ? titled(kind.title, kind.name) : t("New kind")} note=${kind && `${kind.name} · ${isShipped(kind) ? t("as shipped") : t("version {n}", { n: kind.version })}`} thing=${kind}
      form=${toForm} body=${(form, complain) => toBody(form, complain, kind?.name ?? form.name.trim())} save=${save} saved=${saved} again=${again} words=${WORDS} shown=${shown} doing=${kind && !isShipped(kind) && html`<${Doing} kind=${kind} />`}>
    ${(field) => html`<div class="grid">
        ${!kind && field("name", Line, { needed: true, maxlength: 40, help: t("Small letters, digits and _; for programs, and for ever.") })}
        ${field("title_zh", Line, { needed: true, maxlength: 100 })}${field("title_en", Line, { maxlength: 100 })}
        ${field("priority", Choose, { options: PRIORITIES.map((one) => [one, priorityWord(one)]), help: t("That its tickets begin with.") })}
        ${field("team", Proposed, { options: teams.map((one) => [one, ""]), help: t("Who gets its tickets; nothing: whoever took the call.") })}
        ${field("due", Count, { placeholder: t("none"), help: t("After it a ticket is shown as late.") })}
        ${field("return_visit", YesNo, { yes: t("Yes: once serviced, the customer is asked"), no: t("No"), help: t("Nothing is closed before its return visit.") })}
        ${field("retired", YesNo, { yes: t("none any more: the kind is retired"), no: t("can be opened"), help: t("Tickets that there are stay what they are.") })}
        ${field("statuses", Several, { wide: true, options: USED.map((one) => [one, statusWord(one)]), help: t("Open, reopened, closed and cancelled every kind has.") })}
      </div>
      ${field("fields", FieldList, { wide: true, statuses: ["open", ...USED, "closed"] })}`}
  <//>`;
}

function Doing({ kind }) {
  const remove = () => confirm({
    title: t("Back: {what}", { what: titled(kind.title, kind.name) }), label: t("Back, or remove"),
    says: [t("A shipped kind becomes as it is shipped. A kind of your own is removed, as long as there is no ticket of it; else retire it."), t("Tickets keep what they have, also in fields that the kind has no more.")],
    run: async () => {
      await api.remove(`/kinds/${kind.name}`, { version: kind.version });
      forget(`kind:${kind.name}`);
      await load();
      if (!desk.kindList.some((one) => one.name === kind.name)) pick(null);
      say(t("Done: {what}", { what: titled(kind.title, kind.name) }));
    },
  });
  return html`<span class="left"><${Do} id="reset" icon="again" onClick=${remove}>${t("As shipped, or remove")}<//></span>`;
}

beginAdmin(Kinds, load);
