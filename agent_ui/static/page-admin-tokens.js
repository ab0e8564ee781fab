// Which programs may use the API: given once, for some rights and some time, revoked at any moment.
import { html } from "./ui.js";
import { api } from "./api.js";
import { Badge, Do } from "./bits.js";
import { confirm, once } from "./page-admin-dialogs.js";
import { Editor } from "./page-admin-edit.js";
import { Choose, Line, Several } from "./page-admin-fields.js";
import { Admin, beginAdmin } from "./page-admin-frame.js";
import { NEW, NothingPicked, PickList, pickMade, usePicked } from "./page-admin-list.js";
import { rightWord, rights } from "./page-admin-words.js";
import { attempt } from "./shift.js";
import { desk, put, reading, say, useDesk } from "./store.js";
import { t } from "./texts.js";
import { Moment, away, isPast, now } from "./time.js";

const DAY_MS = 86_400_000;
const WORDS = { name: t("Whose it is"), ends: t("Good for"), scopes: t("Rights") };
const ENDS = [["30", t("30 days")], ["90", t("90 days")], ["365", t("a year")], ["", t("until it is revoked")]];

put({ tokens: null });

const load = reading(async () => {
  const { tokens } = await api.get("/tokens");
  return { tokens };
});

const stateOf = (one) => (one.revoked_at ? "revoked" : one.expires_at && isPast(one.expires_at) ? "over" : "good");

function Tokens() {
  const tokens = useDesk((state) => state.tokens);
  const picked = usePicked();
  const items = tokens?.map((one) => ({
    id: one.id, name: one.name, dim: stateOf(one) !== "good", also: one.scopes.join(" "),
    note: [one.created_by, one.last_used_at ? t("used {when}", { when: away(one.last_used_at) }) : t("never used")].join(" · "),
    badge: { revoked: { icon: "close", text: t("revoked") }, over: { icon: "clock", text: t("expired") } }[stateOf(one)],
  })).sort((a, b) => Number(a.dim) - Number(b.dim) || b.id - a.id);
  const token = tokens?.find((one) => String(one.id) === picked);
  return html`<${Admin} title=${t("Tokens")}>
    <${PickList} title=${t("Tokens")} items=${items} add=${t("New token")} />
    ${picked === NEW ? html`<${New} />` : token ? html`<${One} key=${token.id} token=${token} />` : html`<${NothingPicked}>${t("Choose a token, or make a new one.")}<//>`}
  <//>`;
}

function New() {
  const mine = useDesk((state) => state.me.scopes);
  const body = (form, complain) => {
    if (!form.name.trim()) complain("name", t("is needed"));
    if (!form.scopes.length) complain("scopes", t("at least one"));
    return { name: form.name, scopes: form.scopes, ...(form.ends && { expires_at: new Date(now() + Number(form.ends) * DAY_MS).toISOString() }) };
  };
  const saved = async (made) => {
    await attempt(load);
    pickMade(made.id);
    once({ title: t("Token for {name}", { name: made.name }), label: t("Token"), text: made.token, says: [t("It is shown only now and kept nowhere. Put it where its program reads its secrets; whoever has it has its rights.")] });
  };
  return html`<${Editor} name="token:new" title=${t("New token")} thing=${null} form=${() => ({ name: "", ends: "365", scopes: [] })} body=${body} save=${(given) => api.post("/tokens", given)} saved=${saved} words=${WORDS}>
    ${(field) => html`<div class="grid">
      ${field("name", Line, { needed: true, maxlength: 100, help: t("The program that will use it: one token for each."), placeholder: "crm" })}
      ${field("ends", Choose, { options: ENDS, path: "expires_at" })}
      ${field("scopes", Several, { wide: true, needed: true, options: [...rights.filter((one) => mine.includes(one)), ...mine.filter((one) => !rights.includes(one))].map((one) => [one, rightWord(one), one]), help: t("Give no more than it needs. It opens nothing while you are disabled, and never more than you may yourself.") })}
    </div>`}
  <//>`;
}

function One({ token }) {
  const state = stateOf(token);
  const revoke = () => confirm({
    title: t("Revoke {name}", { name: token.name }), label: t("Revoke"),
    says: [t("Within seconds its program is refused everywhere. This cannot be undone: the program needs a new token."), token.last_used_at ? t("It was last used {when}.", { when: away(token.last_used_at) }) : t("It was never used.")],
    run: async () => {
      await api.remove(`/tokens/${token.id}`);
      say(t("{name} is revoked", { name: token.name }));
      await load();
    },
  });
  return html`<section class="panel editor" aria-label=${token.name}>
    <header><h2 class="cut"><bdi>${token.name}</bdi></h2>${state !== "good" && html`<${Badge} icon="close">${state === "revoked" ? t("revoked") : t("expired")}<//>`}</header>
    <div class="inside" tabindex="0"><dl class="facts">
        <${Fact} name=${t("Made")}><${Moment} at=${token.created_at} /> · <bdi>${token.created_by}</bdi><//>
        <${Fact} name=${t("Last used")}>${token.last_used_at ? html`<${Moment} at=${token.last_used_at} /> <span class="quiet">${away(token.last_used_at)}</span>` : t("never")}<//>
        <${Fact} name=${t("Good until")}>${token.expires_at ? html`<${Moment} at=${token.expires_at} /> <span class="quiet">${away(token.expires_at)}</span>` : t("when it is revoked")}<//>
        ${token.revoked_at && html`<${Fact} name=${t("Revoked")}><${Moment} at=${token.revoked_at} /><//>`}
      </dl>
      <section aria-label=${t("Rights")}><h3>${t("Rights")}</h3><ul class="rights">${token.scopes.map((one) => html`<li key=${one}>${rightWord(one)} <small class="quiet">${one}</small></li>`)}</ul></section>
    </div>
    <footer class="doing"><span class="left"><a href=${`/admin/audit?subject=token:${token.id}`}>${t("In the audit")}</a></span>
      ${state === "good" && html`<${Do} id="revoke" icon="stop" kind="danger" onClick=${revoke}>${t("Revoke")}<//>`}</footer>
  </section>`;
}

const Fact = ({ name, children }) => html`<div><dt>${name}</dt><dd>${children}</dd></div>`;

beginAdmin(Tokens, load);
