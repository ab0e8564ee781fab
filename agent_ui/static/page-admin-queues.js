// Queues: what people call them, how fast calls are to be answered, when the wall warns. What is set here goes before the
// settings file, at once and until it is taken back.
import { html, useState } from "./ui.js";
import { Refused, api } from "./api.js";
import { Badge, Do } from "./bits.js";
import { Dialog } from "./dialog.js";
import { confirm } from "./page-admin-dialogs.js";
import { Editor, forget, isDraft, saidSaved, withKept } from "./page-admin-edit.js";
import { Count, Line, Proposed, numberOf } from "./page-admin-fields.js";
import { Admin, beginAdmin } from "./page-admin-frame.js";
import { NEW, NothingPicked, PickList, pick, pickMade, usePicked } from "./page-admin-list.js";
import { ask, desk, put, reading, say, unask, useDesk } from "./store.js";
import { t, titled } from "./texts.js";

put({ queueSettings: null, ticketKinds: [], teamsOfQueues: [] });
const PATH = "/queue-settings";
const of = (queue) => `${PATH}/${encodeURIComponent(queue)}`;

const load = reading(async () => {
  const [{ queues }, { kinds }, { teams }] = await Promise.all([api.get(PATH), api.get("/kinds"), api.get("/teams")]);
  return { queueSettings: queues, ticketKinds: kinds.filter((one) => !one.retired), teamsOfQueues: teams };
});

const WORDS = {
  queue: t("Name on the switch"), title: t("What people call it"), kind: t("What it is for"), target_s: t("Answer within, seconds"),
  short_s: t("Short calls, up to seconds"), warn_wait_s: t("Warn when somebody waits, seconds"), warn_waiting: t("Warn when so many wait"), formerly: t("Former names"),
};
const text = (value) => (value === null || value === undefined ? "" : String(value));
const toForm = (one) => ({
  ...(one ? {} : { queue: "" }), title: one?.title ?? "", kind: one?.kind ?? "service", target_s: text(one?.target_s), short_s: text(one?.short_s ?? 5),
  warn_wait_s: text(one?.warn_wait_s), warn_waiting: text(one?.warn_waiting), formerly: (one?.formerly ?? []).join(", "),
});

function toBody(form, complain) {
  const number = (name, { whole = false, empty = null } = {}) => {
    if (!form[name].trim()) return empty;
    const value = numberOf(form[name]);
    if (value === null || value < 0 || (whole && !Number.isInteger(value))) complain(name, whole ? t("a whole number, or nothing") : t("seconds, or nothing"));
    return value;
  };
  if (form.queue !== undefined && !form.queue.trim()) complain("queue", t("Say what the switch calls it."));
  return {
    title: form.title.trim() || null, kind: form.kind.trim() || "service", target_s: number("target_s"), short_s: number("short_s", { empty: 5 }),
    warn_wait_s: number("warn_wait_s"), warn_waiting: number("warn_waiting", { whole: true }), formerly: form.formerly.split(/[,，]/).map((one) => one.trim()).filter(Boolean),
  };
}

const gone = (one) => one.seen && !one.switches.length;
const badge = (one) => (gone(one) ? { kind: "bad", icon: "warning", text: t("not on the switch") } : one.here ? { icon: "gear", text: t("set here") } : null);

function Queues() {
  const queues = useDesk((state) => state.queueSettings);
  const drafts = useDesk((state) => state.drafts);
  const picked = usePicked();
  const one = (queues ?? []).find((other) => other.queue === picked);
  const items = queues?.map((queue) => ({
    id: queue.queue, name: queue.title ?? queue.queue, note: [queue.queue, queue.switches.join(", "), queue.target_s && t("within {n} s", { n: queue.target_s })].filter(Boolean).join(" · "),
    also: queue.kind, badge: badge(queue), unsaved: isDraft({ drafts }, `queue:${queue.queue}`),
  })) ?? null;
  return html`<${Admin} title=${t("Queues")} dialogs=${{ "rename-queue": RenameDialog }}>
    <${PickList} title=${t("Queues")} items=${items} add=${t("Name a queue")} />
    ${picked === NEW ? html`<${One} key=${NEW} one=${null} />` : one ? html`<${One} key=${one.queue} one=${one} />`
      : html`<${NothingPicked}>${t("Choose a queue. Queues themselves are made on the switch; here is said what they are called and how they are counted.")}<//>`}
  <//>`;
}

function One({ one }) {
  const kinds = useDesk((state) => state.ticketKinds);
  const teams = useDesk((state) => state.teamsOfQueues).filter((team) => one && team.queues.includes(one.queue));
  const save = ({ queue, ...body }, version) => api.put(of(one?.queue ?? queue), body, { version: one ? version : 0 });
  const saved = async (kept) => {
    put({ queueSettings: withKept(desk.queueSettings, kept, "queue") });
    await load();
    pickMade(kept.queue);
    saidSaved(kept.title ?? kept.queue);
  };
  const reset = () => confirm({
    title: t("As the settings file says: {what}", { what: one.title ?? one.queue }), label: t("Take it back"),
    says: [t("What was set here is forgotten; it can still be read in the audit."), t("Targets count from now on, and what was counted already is counted anew.")],
    run: async () => {
      await api.remove(of(one.queue), { version: one.version });
      forget(`queue:${one.queue}`);
      await load();
      say(t("It is as the settings file says."));
    },
  });
  const doing = one && html`<span class="left">
    ${one.here && html`<${Do} id="reset" onClick=${reset}>${t("As the settings file says")}<//>`}
    ${gone(one) && html`<${Do} id="rename" icon="move" onClick=${() => renamed(one)}>${t("It has another name now")}<//>`}</span>`;
  return html`<${Editor} name=${`queue:${one?.queue ?? NEW}`} title=${one ? one.title ?? one.queue : t("A queue of the switch")} note=${one?.queue} thing=${one}
      form=${toForm} body=${(form, complain) => ({ ...toBody(form, complain), ...(one ? {} : { queue: form.queue.trim() }) })} save=${save} saved=${saved}
      again=${() => api.get(of(one.queue))} words=${WORDS} doing=${doing}>
    ${(field) => html`
      ${one && gone(one) && html`<p class="notice warning" role="status">${t("No switch has this queue any more. If it was renamed there, say so: its people, policies and numbers go with it.")}</p>`}
      <div class="grid">
        ${!one && field("queue", Line, { needed: true, help: t("Exactly as the switch calls it (queues.conf).") })}
        ${field("title", Line, { maxlength: 60, placeholder: one?.queue, help: t("On screens and in reports; nothing: its name on the switch.") })}
        ${field("kind", Proposed, { options: proposed(kinds), help: t("Calls open tickets of this kind: one of the kinds of ticket, or service, sales, complaint.") })}
      </div>
      <h3>${t("How it is counted")}</h3>
      <div class="grid">
        ${field("target_s", Count, { placeholder: "20", help: t("A call answered within so many seconds counts as in time.") })}
        ${field("short_s", Count, { placeholder: "5", help: t("Whoever hangs up within so many seconds is counted apart, not as lost.") })}
      </div>
      <h3>${t("When the wall warns")}</h3>
      <div class="grid">
        ${field("warn_wait_s", Count, { placeholder: one?.target_s ? String(one.target_s) : t("the target"), help: t("Nothing: as soon as the target is missed.") })}
        ${field("warn_waiting", Count, { placeholder: t("never"), help: t("Nothing: however many wait.") })}
      </div>
      <h3>${t("Names")}</h3>
      <div class="grid">${field("formerly", Line, { wide: true, placeholder: t("none"), help: t("Names that the switch had for it before, with commas; calls under them count as this queue's.") })}</div>
      ${one && html`<dl class="facts"><div><dt>${t("Switches that have it")}</dt><dd>${one.switches.length ? one.switches.join(", ") : one.seen ? t("none") : t("not every switch has been asked yet")}</dd></div>
        <div><dt>${t("Teams that answer it")}</dt><dd>${teams.length ? teams.map((team) => html`<a key=${team.id} href=${`/admin/teams?id=${team.id}`}><bdi>${team.name}</bdi></a> `) : html`<${Badge} kind="late" icon="warning">${t("no team")}<//>`}</dd></div></dl>`}`}
  <//>`;
}

const proposed = (kinds) => [["service", t("Service")], ["sales", t("Sales")], ["complaint", t("Complaint")], ...kinds.map((kind) => [kind.name, titled(kind.title, kind.name)])]
  .filter(([code], at, all) => all.findIndex(([other]) => other === code) === at);

/** What was this queue is called something else on the switch now. */
const renamed = (one) => ask("rename-queue", { one });

function RenameDialog({ one }) {
  const queues = useDesk((state) => state.queueSettings);
  const choices = queues.filter((other) => other.switches.length && other.queue !== one.queue);
  const [to, setTo] = useState(choices[0]?.queue ?? "");
  const [wrong, setWrong] = useState("");
  const go = async () => {
    try {
      const kept = await api.post(`${of(one.queue)}/rename`, { to }, { version: one.version });
      forget(`queue:${one.queue}`);
      await load();
      unask();
      pick(kept.queue);
      say(t("{old} is {now} from now on.", { old: one.queue, now: to }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setWrong(error.words);
    }
  };
  return html`<${Dialog} title=${t("What is {what} called now?", { what: one.title ?? one.queue })} onSubmit=${go}>
    <p>${t("Teams, people and policies that name the old queue name the new one. Its settings move, and reports count the calls of both as one queue.")}</p>
    ${choices.length ? html`<label>${t("Its name on the switch now")}<select autofocus onChange=${(event) => setTo(event.target.value)}>${choices.map((other) => html`<option key=${other.queue} value=${other.queue} selected=${other.queue === to}>${other.title ? `${other.title} (${other.queue})` : other.queue}</option>`)}</select></label>`
      : html`<p class="wrong">${t("No switch has a queue that could be it.")}</p>`}
    ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
    <footer><button type="button" onClick=${unask}>${t("Leave it as it is")}</button><button type="submit" class="main" disabled=${!to} data-action="confirm">${t("It is this one")}</button></footer>
  <//>`;
}

beginAdmin(Queues, load);
