// Roles and rights in words.
import { t } from "./texts.js";

const ROLES = {
  agent: [t("Agent"), t("Answers calls, writes tickets, makes promised calls.")],
  supervisor: [t("Supervisor"), t("An agent who also sees and helps the people and queues of their teams, and reads reports of them.")],
  administrator: [t("Administrator"), t("May do everything.")],
  integrator: [t("Integrator"), t("Connects other systems: kinds, webhooks, tokens. No phone.")],
  auditor: [t("Auditor"), t("Sees that all goes as it should, of nobody in person; changes nothing.")],
};
export const roles = Object.keys(ROLES);
export const roleWord = (role) => ROLES[role]?.[0] ?? role;
export const roleText = (role) => ROLES[role]?.[1] ?? "";

const RIGHTS = {
  "calls:read": t("read calls and queues"),
  "customers:read": t("read customers and their products, search, look up"),
  "customers:write": t("create, change, merge and split customers"),
  "tickets:read": t("read tickets with their timelines and attachments"),
  "tickets:write": t("open and change tickets, write on their timelines"),
  "tickets:waive": t("close a ticket without the calls that it owes"),
  "tickets:call_off": t("cancel a ticket while somebody is at the customer's"),
  "promises:dial": t("start promised calls, say that they were kept"),
  "promises:manage": t("move, hand on and judge promised calls, stop dialling"),
  "policies:manage": t("set when promised calls are made; lists, prompts"),
  "phone:use": t("sit at a phone, pause, call, transfer"),
  "floor:read": t("see agents, calls and waiting callers of others"),
  "floor:help": t("listen, take over, move callers and agents, write to screens"),
  "reports:read": t("read reports"),
  "alerts:read": t("hear of what is wrong, acknowledge it"),
  "alerts:manage": t("set what is watched, and who hears of it"),
  "queues:manage": t("set queues, seats, holidays"),
  "kinds:manage": t("change the kinds of ticket"),
  "webhooks:manage": t("set which servers hear of what happens"),
  "audit:read": t("read the audit"),
  "privacy:manage": t("export and erase a customer's data"),
  "personal:read": t("see numbers, addresses and notes in full; without it they come masked"),
  "users:manage": t("set users, their roles, teams and passwords"),
  "tokens:manage": t("give and revoke tokens"),
};
/** In the order in which they are told. */
export const rights = Object.keys(RIGHTS);
export const rightWord = (scope) => RIGHTS[scope] ?? scope;
