// The audit's codes in words. What nobody has a word for is shown as it is: a line is never left out.
import { t } from "./texts.js";

const ACTIONS = {
  "user.create": t("user made"), "user.change": t("user changed"), "user.password": t("password changed"), "user.password_link": t("link for a password given"),
  "session.begin": t("signed in"), "session.end": t("signed out"),
  "team.create": t("team made"), "team.change": t("team changed"), "team.remove": t("team removed"),
  "seat.take": t("sat down"), "seat.leave": t("left the seat"), "seat.take_over": t("seat taken over"), "floor.sign_out": t("seat freed"), "shift.end": t("work ended"),
  "token.created": t("token given"), "token.revoked": t("token revoked"),
  "webhook.create": t("webhook made"), "webhook.change": t("webhook changed"), "webhook.rotate": t("webhook got a new key"), "webhook.remove": t("webhook removed"), "webhook.off": t("webhook switched off by its other side"), "webhook.resend": t("events sent again"), "webhook.drop": t("events given up"),
  "kind.create": t("kind made"), "kind.change": t("kind changed"), "kind.remove": t("kind removed"),
  "category.change": t("category changed"), "category.reset": t("category back to the shipped one"), "holiday.put": t("holiday set"), "holiday.remove": t("holiday removed"),
  "queue.change": t("queue changed"), "queue.reset": t("queue back to default"), "floor.message": t("message to the floor"),
  "alert.ack": t("alert acknowledged"), "alert.snooze": t("alert put off"), "alert.reset": t("alert is nobody's again"),
  "alert_rule.create": t("alert rule made"), "alert_rule.change": t("alert rule changed"), "alert_rule.remove": t("alert rule removed"), "alert_rule.reset": t("alert rule back to the shipped one"), "alert_rule.test": t("alert rule tried"),
  "promise.attempt": t("an owed call tried"), "promise.dial": t("an owed call begun by hand"), "promise.pass_on": t("an owed call passed on"),
  "policy.change": t("policy changed"), "policy.reset": t("policy back to default"),
  "prompt.put": t("prompt replaced"), "prompt.remove": t("prompt back to the shipped one"),
  "campaign.create": t("campaign made"), "campaign.change": t("campaign changed"),
  "customer.read": t("customer read"), "customer.create": t("customer made"), "customer.change": t("customer changed"), "customer.merge": t("customers merged"), "customer.unmerge": t("customers parted again"), "customer.split": t("customer split"), "customer.unsplit": t("split of a customer taken back"), "customer.found": t("customer found"), "customer.export": t("customer exported"), "customers.import": t("customers imported"), "customer.erase": t("erasure of a customer begun"), "customer.erased": t("customer erased"),
  "product.create": t("product put down"), "product.change": t("product changed"), "product.remove": t("product removed"),
  "ticket.read": t("ticket read"), "ticket.open": t("ticket opened"), "ticket.move": t("status of a ticket changed"), "ticket.change": t("ticket changed"), "ticket.note": t("note on a ticket"), "ticket.call": t("call on a ticket"), "ticket.customer": t("ticket's customer changed"),
  "call.record": t("record of a call saved"), "call.record_undone": t("record of a call taken back"),
  "audit.read": t("audit read"), "calls.read": t("calls read"), retention: t("old data dropped"),
};
export const actionWord = (code) => ACTIONS[code] ?? code;

const SUBJECTS = {
  user: t("user"), team: t("team"), token: t("token"), webhook: t("webhook"), customer: t("customer"), ticket: t("ticket"), call: t("call"), queue: t("queue"),
  kind: t("kind"), policy: t("policy"), prompt: t("prompt"), campaign: t("campaign"), dialling: t("dialling"), product: t("product"), audit: t("audit"), alert: t("alert"), alert_rule: t("alert rule"), calls: t("calls"), category: t("category"), promise: t("promise"),
};
/** "user:3" as "user 3", or with the name where the reader may know it. */
export function subjectWord(subject, names = {}) {
  if (names[subject]) return `${SUBJECTS.user} ${names[subject]}`;
  const at = subject.indexOf(":");
  const word = SUBJECTS[at < 0 ? subject : subject.slice(0, at)];
  return word ? [word, at < 0 ? "" : subject.slice(at + 1)].join(" ").trim() : subject;
}

const THROUGH = { screen: t("screen"), api: t("API"), cli: t("command line"), import: t("import"), call: t("call"), machine: t("by itself") };
export const throughWord = (code) => THROUGH[code] ?? code;

const PATHS = {
  login: t("Login"), name: t("Its name"), role: t("Role"), language: t("Language"), teams: t("Teams"), queues: t("Queues"), seat: t("Usual phone"), disabled: t("disabled"), title: t("Title"),
  scopes: t("Rights"), expires_at: t("Good until"), url: t("Address"), events: t("Events"), state: t("State"), headers: t("Headers"), timeout_s: t("Seconds for an answer"), why: t("Why"), reason: t("Why"),
  version: t("version"), until: t("until"), interface: t("Phone"), pbx: t("Switch"), operation: t("by"), before: t("before"), after: t("afterwards"), to: t("to"), fields: t("fields"), alert: t("alert"), customer: t("customer"), minutes: t("minutes"),
};
/** The first word of a path, where it has one: "queues.repair" as "Queues repair". */
export const pathWord = (path) => path.replace(/^\w+/, (first) => PATHS[first] ?? first).replaceAll(".", " ");
