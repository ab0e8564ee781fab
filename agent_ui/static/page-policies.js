// Policies: when and how the calls of each kind are made. What is wrong is said at its field; of two administrators the
// second one sees what the first one changed before anything is overwritten.
import { html, classes, useEffect, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Do, yesNo } from "./bits.js";
import { action } from "./keys.js";
import { confirm } from "./page-admin-dialogs.js";
import { patchOf } from "./page-admin-edit.js";
import { Admin } from "./page-admin-frame.js";
import { conflict as openConflict } from "./page-conflict.js";
import { begin, may } from "./page-frame.js";
import { Fields, choiceWord, fieldWord, toForm, toPolicy, unitWord } from "./page-policy-fields.js";
import { attempt } from "./shift.js";
import { desk, put, say, useDesk } from "./store.js";
import { t } from "./texts.js";
import { modeWord, promiseKinds, promiseWord } from "./words.js";

put({ policies: {}, policy: promiseKinds[0], policyForms: {}, policyWrong: {} });

/** Raises Refused. */
async function load() {
  const { policies } = await api.get("/policies");
  put({ policies: Object.fromEntries(policies.map((one) => [one.kind, one])) });
}

const wanted = () => new URLSearchParams(location.search).get("kind");

function choose(kind) {
  put({ policy: kind, policyWrong: {} });
  history.replaceState(null, "", `?kind=${kind}`);
}

/** What is being changed of this kind; null: nothing. */
const formOf = (state, kind) => state.policyForms[kind] ?? null;
const writeForm = (kind, form) => put({ policyForms: { ...desk.policyForms, [kind]: form } });

const saver = { go: null };
const changed = () => formOf(desk, desk.policy) !== null;

function Policies() {
  return html`<${Admin} title=${t("Policies")}><div class="policies-page"><${Kinds} /><${Editor} /></div><//>`;
}

function Kinds() {
  const policies = useDesk((state) => state.policies);
  const here = useDesk((state) => state.policy);
  const forms = useDesk((state) => state.policyForms);
  return html`<nav class="panel kinds-nav" aria-label=${t("Kinds of promise")}><div class="inside">${promiseKinds.map((kind) => html`
    <button key=${kind} type="button" class="row" aria-current=${kind === here ? "true" : undefined} data-kind=${kind} onClick=${() => choose(kind)}>
      <span class="cut"><strong>${promiseWord(kind)}</strong>${forms[kind] ? html` <span class="unsaved">${t("not saved")}</span>` : ""}</span>
      <small class="quiet">${policies[kind] && `${modeWord(policies[kind].mode)} · ${policies[kind].version ? t("version {n}", { n: policies[kind].version }) : t("as shipped")}`}</small></button>`)}</div></nav>`;
}

function Editor() {
  const kind = useDesk((state) => state.policy);
  const policy = useDesk((state) => state.policies[kind]);
  const written = useDesk((state) => formOf(state, kind));
  const wrong = useDesk((state) => state.policyWrong);
  const [busy, setBusy] = useState(false);
  useEffect(() => { document.querySelector(".policy > .inside")?.scrollTo(0, 0); }, [kind]);
  if (!policy) return html`<section class="panel policy" aria-label=${t("Policies")} aria-busy="true"><p class="empty quiet">…</p></section>`;
  const form = written ?? toForm(policy);
  const readOnly = !may("policies:manage");
  const change = (part) => writeForm(kind, { ...form, ...part });
  const go = async () => {
    if (busy || !changed() || readOnly) return;
    setBusy(true);
    await save(kind, form, policy);
    setBusy(false);
  };
  saver.go = go;
  const lost = Object.entries(wrong).filter(([name]) => name && !document.querySelector(`[data-field="${CSS.escape(top(name))}"]`));
  return html`<form class="panel policy" aria-label=${promiseWord(kind)} onSubmit=${(event) => { event.preventDefault(); go(); }}>
    <header><h2>${promiseWord(kind)}</h2><span class="quiet">${policy.version ? t("version {n}", { n: policy.version }) : t("as shipped")}</span></header>
    <div class="inside" tabindex="-1"><${Fields} key=${kind} kind=${kind} form=${form} change=${change} wrong=${wrong} fixed=${readOnly} /></div>
    <footer class="doing">
      ${wrong[""] && html`<p class="wrong" role="alert">${wrong[""]}</p>`}
      ${lost.map(([name, why]) => html`<p key=${name} class="wrong" role="alert">${name}: ${why}</p>`)}
      ${policy.version > 0 && !readOnly && html`<span class="left"><${Do} id="reset" icon="again" disabled=${busy} onClick=${() => reset(policy)}>${t("As shipped")}<//></span>`}
      <span class=${classes("saved", written && "unsaved")}>${written ? t("not saved") : ""}</span>
      <${Do} id="undo" disabled=${!written || busy} onClick=${() => { writeForm(kind, null); put({ policyWrong: {} }); }}>${t("As it was")}<//>
      <${Do} id="save" icon="ready" kind="main" busy=${busy} disabled=${!written || readOnly} onClick=${go}>${t("Save")}<//>
    </footer>
  </form>`;
}

/** "hours.weekly[0][1].begin" is shown at "hours.weekly[0]". */
const top = (name) => name.replace(/^policy\./, "").replace(/^(hours\.weekly\[\d\]).*$/, "$1").replace(/^(hours\.(?:closed|working)).*$/, "$1");

async function save(kind, form, base) {
  const { policy, wrong } = toPolicy(form);
  if (Object.keys(wrong).length) return put({ policyWrong: { ...wrong, "": t("Look at the fields that are marked.") } });
  try {
    const kept = await api.put(`/policies/${kind}`, policy, { version: form.version ?? base.version });
    const later = formOf(desk, kind); // what was typed while it was saved is not saved yet
    put({ policies: { ...desk.policies, [kind]: kept }, policyWrong: {} });
    writeForm(kind, later && later !== form ? { ...toForm(kept), ...patchOf(later, form), version: kept.version } : null);
    return say(t("Saved: {what}. It holds for what is promised and dialled from now on.", { what: promiseWord(kind) }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 412) return conflict(kind, form, base);
    const fields = Object.fromEntries(Object.entries(error.fields).map(([name, why]) => [top(name), why]));
    return put({ policyWrong: { ...fields, "": Object.keys(fields).length ? t("Look at the fields that are marked.") : error.words } });
  }
}

/** Back to how the program ships it; what it was stays in the audit, and can be written again for a moment. */
const reset = (policy) => confirm({
  title: t("As shipped: {what}", { what: promiseWord(policy.kind) }), label: t("As shipped"),
  says: [t("Times, hours, retries and texts of this kind are those of the program again, for what is promised and dialled from now on."), t("What is owed already keeps its due time and deadline.")],
  run: async () => {
    const kept = await api.remove(`/policies/${policy.kind}`, { version: policy.version });
    put({ policies: { ...desk.policies, [policy.kind]: kept }, policyWrong: {} });
    writeForm(policy.kind, null);
    const { kind: _kind, version: _version, ...before } = policy;
    say(t("{what} is as shipped.", { what: promiseWord(policy.kind) }), "info", { label: t("Undo"), run: () => attempt(async () => {
      const again = await api.put(`/policies/${policy.kind}`, before, { version: kept.version });
      put({ policies: { ...desk.policies, [policy.kind]: again } });
    }) });
  },
});

/** Somebody else was quicker: what they changed, what we change, and what both did. */
async function conflict(kind, form, base) {
  try {
    const theirs = await api.get(`/policies/${kind}`);
    const take = (mine) => {
      put({ policies: { ...desk.policies, [kind]: theirs }, policyWrong: {} });
      writeForm(kind, mine && { ...mine, version: theirs.version });
    };
    openConflict({ title: t("Somebody else changed this policy meanwhile"), base: toForm(base), mine: form, theirs: toForm(theirs), word: fieldWord, shown: shownValue, take });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    put({ policyWrong: { "": error.words } });
  }
}

/** What is typed, in a line. */
function shownValue(name, value) {
  if (typeof value === "boolean") return yesNo(value);
  if (value && typeof value === "object") return value.again === false ? t("No") : [value.n, unitWord(value.unit), value.times && `× ${value.times}`].filter(Boolean).join(" ");
  return choiceWord(name, value) || "–";
}

begin(Policies, () => {
  action("save", "Ctrl+Enter", t("Save"), () => saver.go?.(), changed);
  if (promiseKinds.includes(wanted())) put({ policy: wanted() });
  addEventListener("beforeunload", (event) => { if (Object.values(desk.policyForms).some(Boolean)) event.preventDefault(); });
  load().catch((error) => {
    if (!(error instanceof Refused)) throw error;
    put({ policyWrong: { "": error.words } });
    say(error.words, "warning");
  });
});
