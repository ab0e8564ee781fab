// Nothing to do: what is owed today, and who could not be answered.
import { html } from "./ui.js";
import { Empty, Name, Panel, count } from "./bits.js";
import { shownNumber } from "./callhead.js";
import { Icon } from "./icons.js";
import { Owed } from "./owing.js";
import { dial } from "./phone.js";
import { dismiss, look, missed } from "./pops.js";
import { alike, useDesk } from "./store.js";
import { t } from "./texts.js";
import { Moment } from "./time.js";

const flatMissed = (state) => missed(state).flat();

export function Idle() {
  return html`<div class="idle-lists"><${Owed} /><${Missed} /></div>`;
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
