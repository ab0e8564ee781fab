// What is watched, and who hears of it: rules, each with its number, its limits and its ways; tried by a button.
import { html } from "./ui.js";
import { Refused, api } from "./api.js";
import { doing as asking, severityIcon, severityWord } from "./page-alert-strip.js";
import { Do } from "./bits.js";
import { confirm } from "./page-admin-dialogs.js";
import { Editor, forget, isDraft, saidSaved, withKept } from "./page-admin-edit.js";
import { Choose, Count, Line, Several, YesNo, numberOf } from "./page-admin-fields.js";
import { Admin, beginAdmin } from "./page-admin-frame.js";
import { NEW, NothingPicked, PickList, pick, pickMade, usePicked } from "./page-admin-list.js";
import { desk, put, reading, say, useDesk } from "./store.js";
import { t, titled } from "./texts.js";

put({ alertRules: null, alertMetrics: {}, alertWays: { mail: true, call: true }, watchedQueues: [], watchedSwitches: [] });
const PATH = "/alert-rules";

const load = reading(async () => {
  const [{ rules }, { metrics, mail, call }, { queues }] = await Promise.all([api.get(PATH), api.get("/alert-metrics"), api.get("/queues")]);
  return {
    alertRules: rules,
    alertMetrics: Object.fromEntries(metrics.map((one) => [one.key, one])),
    alertWays: { mail, call },
    watchedQueues: [...new Map(queues.map((one) => [one.queue, one.title || one.queue]))],
    watchedSwitches: [...new Set(queues.map((one) => one.pbx))],
  };
});

const WORDS = {
  metric: t("What is watched"), title_zh: t("Name in Chinese"), title_en: t("Name in English"), side: t("It is an alert"), threshold: t("this number"), for_s: t("for so many seconds"),
  clear: t("It is over at"), clear_for_s: t("for so many seconds"), severity: t("Severity"), queues: t("Queues"), switches: t("Switches"), screens: t("On screens"),
  mail: t("E-mail to"), webhook: t("To webhooks"), call: t("By telephone"), quiet: t("Quiet hours"), repeat: t("Told again every so many minutes"), enabled: t("It is watched"),
};
const UNITS = () => ({ seconds: t("seconds"), ratio: t("percent"), ppm: t("per million"), count: t("count"), score: t("score") });
const DAYS = [t("Mon"), t("Tue"), t("Wed"), t("Thu"), t("Fri"), t("Sat"), t("Sun")];
const factor = (metrics, key) => (metrics[key]?.unit === "ratio" ? 100 : 1);
const tidy = (value) => String(Math.round(value * 1e6) / 1e6);
const two = (n) => String(n).padStart(2, "0");
const hour = (minute) => `${two(Math.floor(minute / 60) % 24)}:${two(minute % 60)}`;

/** "Mon-Fri 22:00-06:00; Sat 00:00-24:00" as it is typed. */
const quietText = (spans) => spans.map(({ days, begin, end }) => `${days.map((day) => DAYS[day]).join(",")} ${hour(begin)}-${end === 1440 ? "24:00" : hour(end)}`).join("; ");

function quietOf(text, complain) {
  return text.split(/[;；\n]+/).map((one) => one.trim()).filter(Boolean).map((one) => {
    const found = /^(.*?)\s*(\d{1,2})[:：](\d\d)\s*[-–~至]\s*(\d{1,2})[:：](\d\d)$/.exec(one);
    const days = found && daysOf(found[1]);
    if (!found || !days) {
      complain("quiet", t("{text} is nothing such as Mon-Fri 22:00-06:00", { text: one }));
      return { days: [0], begin: 0, end: 1 };
    }
    const [begin, end] = [Number(found[2]) * 60 + Number(found[3]), Number(found[4]) * 60 + Number(found[5])];
    return { days, begin, end: end <= begin ? end + 1440 : end };
  });
}

function daysOf(text) {
  if (!text.trim()) return [0, 1, 2, 3, 4, 5, 6];
  const found = new Set();
  for (const part of text.split(/[,，、\s]+/).filter(Boolean)) {
    const [from, to] = part.split(/[-–~至]/).map((word) => DAYS.findIndex((day) => day.toLowerCase() === word.trim().toLowerCase()));
    if (from < 0 || to < 0) return null;
    for (let day = from; ; day = (day + 1) % 7) {
      found.add(day);
      if (day === (to ?? from)) break;
    }
  }
  return [...found].sort();
}

const toForm = (metrics) => (one) => ({
  metric: one?.metric ?? "longest_wait", title_zh: one?.title.zh ?? "", title_en: one?.title.en ?? "", side: one?.side ?? "above",
  threshold: one ? tidy(one.threshold * factor(metrics, one.metric)) : "", for_s: tidy(one?.for_s ?? 30), clear: one ? tidy(one.clear * factor(metrics, one.metric)) : "", clear_for_s: tidy(one?.clear_for_s ?? 10),
  severity: one?.severity ?? "warning", queues: one?.queues ?? [], switches: one?.switches ?? [], screens: one?.screens ?? true, mail: (one?.mail ?? []).join(", "),
  webhook: one?.webhook ?? true, call: one?.call ?? false, quiet: quietText(one?.quiet ?? []), repeat: one?.repeat_s ? tidy(one.repeat_s / 60) : "", enabled: one?.enabled ?? true,
});

const toBody = (metrics) => (form, complain) => {
  const number = (name, empty = null) => {
    const value = numberOf(form[name], empty);
    if (value === null) complain(name, t("Say a number."));
    return value;
  };
  const about = metrics[form.metric]?.about;
  const per = factor(metrics, form.metric);
  const title = Object.fromEntries([["zh", form.title_zh.trim()], ["en", form.title_en.trim()]].filter(([, words]) => words));
  if (!Object.keys(title).length) complain("title_zh", t("Say what it is called, in one language at least."));
  return {
    metric: form.metric, title, side: form.side, threshold: number("threshold") / per, clear: number("clear", numberOf(form.threshold)) / per, for_s: number("for_s", 0), clear_for_s: number("clear_for_s", 0),
    severity: form.severity, queues: about === "queue" ? form.queues : [], switches: about === "site" ? [] : form.switches, screens: form.screens,
    mail: form.mail.split(/[,，;；\s]+/).filter(Boolean), webhook: form.webhook, call: form.call, quiet: quietOf(form.quiet, complain), repeat_s: number("repeat", 0) * 60, enabled: form.enabled,
  };
};

function Rules() {
  const rules = useDesk((state) => state.alertRules);
  const metrics = useDesk((state) => state.alertMetrics);
  const drafts = useDesk((state) => state.drafts);
  const picked = usePicked();
  const one = (rules ?? []).find((other) => other.id === picked);
  const items = rules?.map((rule) => ({
    id: rule.id, name: titled(rule.title, rule.id), note: [titled(metrics[rule.metric]?.title, rule.metric), places(rule), ways(rule)].filter(Boolean).join(" · "), dim: !rule.enabled,
    badge: rule.enabled ? { kind: rule.severity === "critical" ? "bad" : "ring", icon: severityIcon(rule.severity), text: severityWord(rule.severity) } : { icon: "close", text: t("off") },
    also: rule.metric, unsaved: isDraft({ drafts }, `rule:${rule.id}`),
  })) ?? null;
  return html`<${Admin} title=${t("Alerts")}>
    <${PickList} title=${t("What is watched")} items=${items} add=${t("Watch something")} />
    ${!rules ? null : picked === NEW ? html`<${One} key=${NEW} one=${null} />` : one ? html`<${One} key=${one.id} one=${one} />`
      : html`<${NothingPicked}>${t("Choose a rule. Each watches one number and says who hears of it when it is bad.")}<//>`}
  <//>`;
}

const places = (rule) => (rule.queues.length ? rule.queues.join(", ") : rule.switches.join(", "));
const ways = (rule) => [rule.mail.length && t("e-mail"), rule.call && t("telephone"), rule.quiet.length && t("quiet hours")].filter(Boolean).join(", ");

function One({ one }) {
  const metrics = useDesk((state) => state.alertMetrics);
  const queues = useDesk((state) => state.watchedQueues);
  const switches = useDesk((state) => state.watchedSwitches);
  const can = useDesk((state) => state.alertWays);
  const name = `rule:${one?.id ?? NEW}`;
  const typed = useDesk((state) => state.drafts[name]?.metric) ?? one?.metric ?? "longest_wait";
  const { about, unit } = metrics[typed] ?? { about: "queue", unit: "count" };
  const save = (body, version) => (one ? api.put(`${PATH}/${one.id}`, body, { version }) : api.post(PATH, body));
  const saved = async (kept) => {
    put({ alertRules: withKept(desk.alertRules, kept) });
    await load();
    pickMade(kept.id);
    saidSaved(titled(kept.title, kept.id));
  };
  const remove = () => confirm({
    title: one.shipped ? t("As it is shipped: {what}", { what: titled(one.title, one.id) }) : t("Remove: {what}", { what: titled(one.title, one.id) }), label: one.shipped ? t("Take it back") : t("Remove"),
    says: [one.shipped ? t("What was changed is forgotten; it can still be read in the audit.") : t("Nobody watches this any more."), t("An alert of it that goes on is over at once, if it is not watched any more.")],
    run: async () => {
      await api.remove(`${PATH}/${one.id}`, { version: one.version });
      forget(name);
      await load();
      if (!one.shipped) pick(null);
      say(one.shipped ? t("It is as it is shipped.") : t("Removed: {what}", { what: titled(one.title, one.id) }));
    },
  });
  const test = () => asking(() => api.post(`${PATH}/${one.id}/test`), t("A test is on its way by all ways of this rule; see what came of it on the page of alerts."))
    .then((made) => made && say(t("Test"), "info", { label: t("Look"), run: () => location.assign(`/alerts?id=${made.id}`) }));
  const buttons = one && html`<span class="left">
    ${(!one.shipped || one.version > 0) && html`<${Do} id="remove" onClick=${remove}>${one.shipped ? t("As it is shipped") : t("Remove")}<//>`}
    <${Do} id="test" icon="bell" onClick=${test}>${t("Try it")}<//></span>`;
  const unitWord = UNITS()[unit];
  return html`<${Editor} name=${name} title=${one ? titled(one.title, one.id) : t("Something more to watch")} note=${one && (one.version ? t("version {n}", { n: one.version }) : t("as shipped"))} thing=${one}
      form=${toForm(metrics)} body=${toBody(metrics)} save=${save} saved=${saved} again=${() => api.get(`${PATH}/${one.id}`)} words=${WORDS} doing=${buttons}>
    ${(field) => html`
      <div class="grid">
        ${field("metric", Choose, { options: Object.values(metrics).map((metric) => [metric.key, `${titled(metric.title, metric.key)} (${ABOUT()[metric.about]})`]) })}
        ${field("title_zh", Line, { maxlength: 80, path: "title" })}${field("title_en", Line, { maxlength: 80 })}
        ${field("severity", Choose, { options: [["warning", t("warning")], ["critical", t("critical")]] })}
        ${field("enabled", YesNo)}
      </div>
      <h3>${t("When it is an alert")}</h3>
      <div class="grid">
        ${field("side", Choose, { options: [["above", t("above")], ["below", t("below")]] })}
        ${field("threshold", Count, { needed: true, help: unitWord })}
        ${field("for_s", Count, { help: t("0: at once. What is not seen does not count.") })}
        ${field("clear", Count, { placeholder: t("the same number"), help: t("{unit}; between the two numbers nothing changes, so that it does not come and go.", { unit: unitWord }) })}
        ${field("clear_for_s", Count)}
      </div>
      ${about !== "site" && html`<h3>${t("Where")}</h3>
        <div class="grid">${about === "queue" && field("queues", Several, { wide: true, options: withOthers(queues, one?.queues ?? []), help: t("None chosen: all of them.") })}
        ${field("switches", Several, { wide: true, options: withOthers(switches.map((pbx) => [pbx, pbx]), one?.switches ?? []), help: t("None chosen: all of them.") })}</div>`}
      <h3>${t("Who hears of it")}</h3>
      <div class="grid">
        ${field("screens", YesNo, { help: t("On the wall and on the page of alerts of everybody who may see the queue.") })}
        ${field("webhook", YesNo, { help: t("Every webhook that wants callserver.alert.*.") })}
        ${field("mail", Line, { wide: true, placeholder: "night@example.com, …", help: can.mail ? t("Addresses, with commas. The mail server stands in the settings file.") : t("No e-mail goes out: the settings file names no mail server ([mail] host).") })}
        ${field("call", YesNo, { help: can.call ? t("Who is on duty, by the settings file ([alerts] call_to), one after the other until somebody presses 1.") : t("Nobody is called: the settings file names no number ([alerts] call_to).") })}
        ${field("quiet", Line, { wide: true, placeholder: `${DAYS[0]}-${DAYS[4]} 22:00-06:00; ${DAYS[5]},${DAYS[6]} 00:00-24:00`, help: t("No e-mail and no call then, by the site's clock; what is still wrong afterwards is told then.") })}
        ${field("repeat", Count, { path: "repeat_s", placeholder: t("never"), help: t("Until somebody acknowledges it.") })}
      </div>`}
  <//>`;
}

const ABOUT = () => ({ queue: t("of each queue"), switch: t("of each switch"), site: t("of the site") });
/** What is chosen stays to be seen where the switch does not know it any more. */
const withOthers = (options, chosen) => [...options, ...chosen.filter((one) => !options.some(([code]) => code === one)).map((one) => [one, one, t("not on the switch")])];

beginAdmin(Rules, load);
