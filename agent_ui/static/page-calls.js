// Calls, looked through: whoever may see them finds one by its number, and a number of a report is opened to its calls.
import { html } from "./ui.js";
import { Refused, api } from "./api.js";
import { Frame, begin, keepLooking, may } from "./page-frame.js";
import { List, refresh, startList } from "./page-call-list.js";
import { One, startOne } from "./page-call-one.js";
import { attempt } from "./shift.js";
import { desk, put, say } from "./store.js";
import { t } from "./texts.js";
import { tellTimesOf } from "./time.js";

const Calls = () => html`<${Frame} title=${t("Calls")}>
  <main class="calls-page"><div class="detail"><${List} /><${One} /></div></main>
<//>`;

/** What queues and phones are called. */
async function lookAtQueues() {
  const { queues } = await api.get("/queues");
  const phones = queues.flatMap((one) => one.members).filter((one) => one.name).map((one) => [one.interface, one.name]);
  put({ titles: Object.fromEntries(queues.map((one) => [one.queue, one.title])), phones: Object.fromEntries(phones) });
}

async function lookAtDefinitions() {
  const { definitions } = await api.get("/reports/definitions");
  put({ definitions: Object.fromEntries(definitions.map((one) => [one.key, one])) });
}

async function lookAtKinds() {
  const { kinds } = await api.get("/kinds");
  put({ kinds: Object.fromEntries(kinds.map((one) => [one.name, one])) });
}

begin(Calls, () => {
  tellTimesOf(desk.zone);
  startList();
  startOne();
  attempt(lookAtQueues);
  if (may("tickets:read")) attempt(lookAtKinds);
  if (desk.wanted.metric && may("reports:read")) attempt(lookAtDefinitions);
  keepLooking(refresh).catch((error) => {
    if (!(error instanceof Refused)) throw error;
    say(error.words, "warning");
    put({ list: { calls: [], about: {}, cursor: null } });
  });
});
