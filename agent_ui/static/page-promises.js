// The promises of the house: what is late and broken, when the load comes, each one with its reason; and the switch that
// stops all dialling. Agents see theirs.
import { html } from "./ui.js";
import { api } from "./api.js";
import { Counts, Calendar, lookAtCounts } from "./page-promise-counts.js";
import { Dialling, StopDialog, lookAtDialling } from "./page-dialling.js";
import { Frame, begin, may } from "./page-frame.js";
import { keepHearing } from "./page-hearing.js";
import { List, load, startList } from "./page-promise-list.js";
import { DecideDialog, MoveDialog, One, ReassignDialog, WithdrawDialog, startOne } from "./page-promise-one.js";
import { attempt } from "./shift.js";
import { put } from "./store.js";
import { t } from "./texts.js";

const DIALOGS = { stop: StopDialog, withdraw: WithdrawDialog, move: MoveDialog, reassign: ReassignDialog, decide: DecideDialog };

function Promises() {
  const all = may("promises:manage");
  return html`<${Frame} title=${t("Promises")} dialogs=${DIALOGS}>
    <main class="promises-page">
      ${all && html`<div class="overview"><${Dialling} /><${Counts} /><${Calendar} /></div>`}
      <div class="detail"><${List} /><${One} /></div>
    </main>
  <//>`;
}

begin(Promises, () => {
  startList();
  startOne();
  if (may("promises:manage")) attempt(async () => put(await api.get("/promises/takers")));
  const looks = may("promises:manage") ? [lookAtDialling, lookAtCounts, load] : [load];
  keepHearing(["owed"], () => Promise.all(looks.map((look) => look())));
});
