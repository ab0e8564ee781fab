// Codes in words: what the API, the stream and the switch call things, as agents call them.
import { name } from "./refusals.js";
import { desk } from "./store.js";
import { t, titled, tn } from "./texts.js";
import { roughly, when } from "./time.js";

const said = (table) => (code, otherwise) => table[code] ?? otherwise ?? String(code ?? "").replaceAll("_", " ");

export const stateWord = said({
  gone: t("Not at work"),
  ready: t("Ready"),
  ringing: t("Ringing"),
  talking: t("Talking"),
  held: t("On hold"),
  listening: t("Listening"),
  wrap_up: t("Wrap-up"),
  paused: t("Paused"),
  unreachable: t("Not reachable"),
  offline: t("No connection"),
});

export const statusWord = said({
  open: t("Open"),
  watching: t("Watching"),
  dispatched: t("Dispatched"),
  appointed: t("Appointed"),
  in_service: t("In service"),
  serviced: t("Serviced"),
  owed_visit: t("Owed a return visit"),
  closed: t("Closed"),
  reopened: t("Reopened"),
  cancelled: t("Cancelled"),
});

export const priorityWord = said({ low: t("Low"), normal: t("Normal"), high: t("High"), urgent: t("Urgent") });

const PROMISES = {
  callback: t("Callback"),
  watch: t("Check-back call"),
  return_visit: t("Return visit"),
  requested: t("Call at the time agreed"),
  appointment: t("Appointment reminder"),
  reminder: t("Reminder"),
  survey: t("Survey"),
  sale: t("Sales call"),
};
export const promiseWord = said(PROMISES);
export const promiseKinds = Object.keys(PROMISES);

export const warrantyWord = said({ in: t("In warranty"), out: t("Out of warranty"), unknown: t("Warranty not known") });

export const outcomeWord = said({
  answered: t("answered"),
  abandoned: t("gave up"),
  completed: t("answered"),
  busy: t("busy"),
  no_answer: t("no answer"),
  not_answered: t("no answer"),
  failed: t("failed"),
  rejected: t("refused"),
  unknown: t("end not seen"),
  timed_out: t("waited in vain"),
  transferred: t("transferred"),
});

export const entryWord = said({
  opened: t("Opened"),
  call: t("Call"),
  call_corrected: t("Call corrected"),
  call_moved_here: t("Call moved here"),
  call_moved_away: t("Call moved away"),
  note: t("Note"),
  change: t("Change"),
  status: t("Status"),
  promise: t("Promise"),
  message: t("Message"),
  attachment: t("Attachment"),
  correction: t("Correction"),
  customer: t("Customer"),
});

export const promiseFate = said({
  owed: t("owed"),
  planned: t("planned"),
  due: t("due"),
  reserved: t("reserved"),
  dialling: t("is dialled"),
  in_call: t("in the call"),
  to_retry: t("to be tried again"),
  unknown: t("not known what came of it"),
  kept: t("kept"),
  withdrawn: t("withdrawn"),
  broken: t("broken"),
  attempt: t("was tried"),
  moved: t("moved"),
  reassigned: t("given to somebody else"),
  passed_on: t("passed on"),
  answer: t("answered by key"),
});

export const attemptWord = said({
  talked: t("talked"),
  played: t("heard to its end"),
  busy: t("busy"),
  no_answer: t("no answer"),
  rejected: t("refused"),
  failed: t("failed"),
  machine: t("answering machine"),
  silent: t("answered, and nobody spoke"),
  no_agent: t("answered, and no agent came"),
  agent_no_answer: t("the agent did not answer; the customer was not rung"),
  not_sent: t("was not dialled"),
  unknown: t("not known what came of it"),
});

export const modeWord = said({ agent_first: t("agent first"), customer_first: t("customer first"), automatic: t("automatic") });

const FATES = {
  due: "bell", reserved: "person", dialling: "talking", in_call: "talking", to_retry: "again", unknown: "why", kept: "ready",
  withdrawn: "close", broken: "warning",
};
export const fateIcon = (status) => FATES[status] ?? "clock";

export const numberKind = said({
  mobile: t("mobile"),
  landline: t("landline"),
  service: t("service number"),
  other: t("number"),
  extension: t("internal"),
  withheld: t("Number withheld"),
  rubbish: t("Number cannot be read"),
  home: t("home"),
  work: t("work"),
  fax: t("fax"),
});

const shipped = said({
  refrigerator: t("Refrigerator"),
  freezer: t("Freezer"),
  washing_machine: t("Washing machine"),
  dryer: t("Tumble dryer"),
  dishwasher: t("Dishwasher"),
  air_conditioner: t("Air conditioner"),
  water_heater: t("Water heater"),
  gas_stove: t("Gas stove"),
  range_hood: t("Range hood"),
  oven: t("Oven"),
  microwave: t("Microwave oven"),
  television: t("Television"),
  water_purifier: t("Water purifier"),
  small_appliance: t("Small appliance"),
});
/** As the site calls it, which may know more of them than came with this program. */
export const categoryWord = (code, otherwise) => titled(desk.categories[code], shipped(code, otherwise));
export const categoriesOf = (found) => Object.fromEntries(found.map((one) => [one.category, one.title]));

export const closedWord = said({
  answered_elsewhere: t("A colleague has answered"),
  not_answered: t("You did not answer; the caller waits on"),
  abandoned: t("The caller hung up"),
  ended: t("The call has ended"),
  merged: t("The call went on in another one"),
});

const FIELDS = {
  name: t("Name"), received: t("Number"), number: t("Number"), numbers: t("Number"), line: t("Address"), addresses: t("Address"),
  note: t("Note"), text: t("Note"), why: t("Why"), reason: t("Why"), due_at: t("When"), kind: t("Kind"), product: t("Product"),
  promises: t("Promises"), status: t("Status"), customer: t("Customer"), ticket: t("Ticket"),
};

const kindWord = (kind) => titled(desk.kinds[kind]?.title, kind);

/** A field as people call it: `fields.fault_code`, `new.subject`, `numbers[0].received`. */
function fieldWord(path) {
  const last = path.replace(/\[\d+\]/g, "").split(".").pop();
  const field = Object.values(desk.kinds).flatMap((kind) => kind.fields ?? []).find((one) => one.name === last);
  return /(^|\.)fields\./.test(path) && field ? titled(field.title, last) : FIELDS[last] ?? last;
}

// In what the server refuses.
const several = (word) => (value) => value.split(", ").map((one) => word(one)).join(", ");
/** What a promise is at, and what cannot be done with it then, as promises/states.py says it in a refusal. */
const promiseIs = said({
  planned: t("planned"),
  due: t("due"),
  reserved: t("reserved"),
  "being dialled": t("is dialled"),
  "in a call": t("in the call"),
  "waiting for its next try": t("to be tried again"),
  "of unknown outcome": t("not known what came of it"),
  kept: t("kept"),
  withdrawn: t("withdrawn"),
  broken: t("broken"),
});
const promiseStep = said({
  "come due": t("come due"),
  "be reserved for an agent": t("reserve it for an agent"),
  "be let go": t("let it go"),
  "be dialled": t("dial it"),
  "be answered": t("have it answered"),
  "be kept": t("keep it"),
  "have failed": t("have it fail"),
  "be lost sight of": t("lose sight of it"),
  "be broken": t("break it"),
  "be moved to another time": t("move it to another time"),
  "be withdrawn": t("withdraw it"),
});
/** Why a promise was passed on from its owner, or kept, as the machinery writes it on the timeline. */
const promiseWhy = said({
  "did not answer the phone": t("did not answer the phone"),
  "is not at work": t("is not at work"),
  "has no screen open": t("has no screen open"),
  "is paused": t("is on a pause"),
  "the call was made": t("the call was made"),
});

name({ promise_is: promiseIs, promise_step: promiseStep, field: fieldWord, kind: kindWord, status: statusWord, to: statusWord, possible: several(statusWord) });

/** One line for an entry of a timeline: what it says. */
export function entryText(entry) {
  const body = entry.body ?? {};
  const teller = TELLERS[entry.kind];
  return teller ? teller(body) : "";
}

const verdict = (name) => {
  const found = desk.dispositions.find((one) => one.name === name);
  return found ? titled(found.title, name) : name;
};

const TELLERS = {
  note: (body) => [verdict(body.disposition), body.text].filter(Boolean).join(" · "),
  correction: (body) => body.text ?? "",
  message: (body) => `${body.way ?? ""} ${body.direction === "in" ? "←" : "→"} ${body.text ?? ""}`.trim(),
  call: callText,
  call_corrected: callText,
  call_moved_here: (body) => t("from ticket {number}", { number: body.from ?? "" }),
  call_moved_away: (body) => t("to ticket {number}", { number: body.to ?? "" }),
  promise: promiseText,
  status: (body) => [`${statusWord(body.from ?? "")} → ${statusWord(body.to ?? "")}`, body.why].filter(Boolean).join(" · "),
  change: (body) => Object.keys(body).join(", "),
  attachment: (body) => body.name ?? "",
  opened: (body) => body.rule ?? body.why ?? "",
  customer: (body) => ofTwo(body.why ?? ""),
};

/** Why a ticket is another customer's now: a code of the server, or what somebody said. */
const ofTwo = (why) => ({
  merged: t("two customers became one"), unmerged: t("they are two again"), split: t("the customer was two"), unsplit: t("it was given to somebody else for a while"),
})[why] ?? why;

/** What became of a call that is owed: who has it now, what was tried, which keys the customer pressed. */
function promiseText(body) {
  const to = body.what === "reassigned" || body.what === "passed_on" ? [body.from, body.to ?? t("the team")].filter(Boolean).join(" → ") : "";
  const parts = [
    promiseWord(body.kind ?? "callback"),
    promiseFate(body.what ?? ""),
    body.outcome ? attemptWord(body.outcome) : "",
    to,
    body.due_at ? when(body.due_at) : "",
    body.rating ? t("rated {n} of 5", { n: body.rating }) : body.keys ? t("pressed {keys}", { keys: body.keys }) : "",
    promiseWhy(body.why ?? "", body.why ?? ""),
  ];
  return parts.filter(Boolean).join(" · ");
}

function callText(body) {
  const agents = (body.agents ?? []).join(", ");
  const parts = [
    body.direction === "outbound" ? t("outgoing") : "",
    outcomeWord(body.outcome),
    body.waited_s ? t("waited {time}", { time: roughly(body.waited_s) }) : "",
    body.talked_s ? t("talked {time}", { time: roughly(body.talked_s) }) : "",
    agents ? t("with {names}", { names: agents }) : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

export const calls = (n) => tn("{n} call", "{n} calls", n);
