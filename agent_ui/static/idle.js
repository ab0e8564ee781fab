// Nothing to do: what is owed today, and who could not be answered.
import { html } from "./ui.js";
import { Do, Empty, Name, Panel, count } from "./bits.js";
import { shownNumber } from "./callhead.js";
import { fetchDossier } from "./dossier.js";
import { Icon } from "./icons.js";
import { dial } from "./phone.js";
import { dismiss, look, lookAtCustomer, missed } from "./pops.js";
import { alike, put, useDesk } from "./store.js";
import { t } from "./texts.js";
import { Moment, away } from "./time.js";
import { promiseWord } from "./words.js";

const flatMissed = (state) => missed(state).flat();

export function Idle() {
  return html`<div class="idle-lists"><${Owed} /><${Missed} /></div>`;
}

function Owed() {
  const promises = useDesk((state) => state.screen.promises);
  const rows = Object.entries(promises).filter(([, one]) => one.due_at).sort(([, a], [, b]) => a.due_at.localeCompare(b.due_at));
  const open = (one) => {
    if (one.customer) { fetchDossier(one.customer, true); lookAtCustomer(one.customer, one.ticket); } else put({ ticket: one.ticket });
  };
  return html`<${Panel} title=${t("Owed by you")} note=${count(rows.length)} kind="owed-list">
    ${rows.length ? html`<ul class="rows">${rows.map(([key, one]) => html`<li key=${key} class=${Date.parse(one.due_at) < Date.now() ? "late" : ""}>
      <button type="button" class="row" onClick=${() => open(one)}><${Icon} name="clock" />
        <span class="cut"><strong>${promiseWord(one.kind)}</strong> <bdi>${one.customer_name ?? one.name ?? ""}</bdi></span>
        <span>${away(one.due_at)}</span><small class="quiet cut"><bdi>${one.why ?? ""}</bdi> <${Moment} at=${one.due_at} /></small></button>
      ${one.number && html`<button type="button" onClick=${() => dial(one.number, one.ticket)}><${Icon} name="talking" />${t("Dial")}</button>`}</li>`)}</ul>`
      : html`<${Empty}>${t("You owe no call today.")}<//>`}
  <//>`;
}

function Missed() {
  const flat = useDesk(flatMissed, alike);
  const rows = flat.filter((_, at) => at % 2 === 0).map((key, at) => [key, flat[at * 2 + 1]]);
  return html`<${Panel} title=${t("Missed calls")} note=${count(rows.length)} kind="missed-list">
    ${rows.length ? html`<ul class="rows">${rows.map(([key, pop]) => html`<li key=${key}>
      <button type="button" class="row" onClick=${() => look(key)}><${Icon} name="missed" />
        <span class="cut"><strong><bdi>${pop.caller?.customers?.length === 1 ? pop.caller.customers[0].customer.name : pop.name || shownNumber(pop)}</bdi></strong></span>
        <${Moment} at=${pop.offered_at} /><small class="quiet cut"><${Name}>${pop.queue_title || pop.queue || ""}<//></small></button>
      ${pop.number?.e164 && html`<button type="button" onClick=${() => dial(pop.number.e164, pop.ticket?.id)}><${Icon} name="talking" />${t("Dial")}</button>`}
      <button type="button" class="bare" onClick=${() => dismiss(key)}>${t("Seen")}</button></li>`)}</ul>`
      : html`<${Empty}>${t("You missed no call in the last half hour.")}<//>`}
  <//>`;
}

export { Do };
