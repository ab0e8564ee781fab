// Who works together on which queues. A team's people are put into it here or at the user; either way the user is changed.
import { html } from "./ui.js";
import { api } from "./api.js";
import { Do } from "./bits.js";
import { confirm } from "./page-admin-dialogs.js";
import { Editor, forget, isDraft, patchOf, saidSaved, withKept } from "./page-admin-edit.js";
import { Line, Several } from "./page-admin-fields.js";
import { Admin, beginAdmin } from "./page-admin-frame.js";
import { NEW, NothingPicked, PickList, pick, pickMade, usePicked } from "./page-admin-list.js";
import { queueNames } from "./page-admin-profile.js";
import { roleWord } from "./page-admin-words.js";
import { attempt } from "./shift.js";
import { desk, put, reading, say, useDesk } from "./store.js";
import { t, tn } from "./texts.js";

const WORDS = { name: t("Its name"), queues: t("Queues"), members: t("People") };

put({ teams: null, users: [], queueNames: [] });

const load = reading(async () => {
  const [{ teams }, { users }, queues] = await Promise.all([api.get("/teams"), api.get("/users"), queueNames()]);
  return { teams, users, queueNames: queues };
});
const reload = () => attempt(load);

const toForm = (team) => ({ name: team?.name ?? "", queues: team?.queues ?? [], members: (team?.members ?? []).map(String) });

/** The team first, then everybody who comes or goes, each on the version that this page has seen. Raises Refused. */
async function keep(team, said, version) {
  const { members, ...own } = said;
  let kept = team;
  if (!team) kept = await api.post("/teams", own);
  else if (Object.keys(own).length) kept = await api.patch(`/teams/${team.id}`, own, { version });
  if (members) {
    for (const user of desk.users) {
      const wanted = members.includes(String(user.id));
      const others = user.teams.filter((name) => name !== kept.name && name !== team?.name);
      if (wanted !== kept.members.includes(user.id)) await api.patch(`/users/${user.id}`, { teams: wanted ? [...others, kept.name] : others }, { version: user.version });
    }
    kept = await api.get(`/teams/${kept.id}`);
  }
  return kept;
}

function toBody(form, complain, base, isNew) {
  if (!form.name.trim()) complain("name", t("is needed"));
  if (isNew) return { name: form.name, queues: form.queues, members: form.members };
  return patchOf(form, base);
}

const people = (ids) => ids.map((id) => desk.users.find((one) => String(one.id) === id)?.name ?? id).join(", ") || "–";
const shown = (name, value) => (name === "members" ? people(value) : (Array.isArray(value) ? value.join(", ") : value) || "–");

function Teams() {
  const teams = useDesk((state) => state.teams);
  const drafts = useDesk((state) => state.drafts);
  const picked = usePicked();
  const items = teams?.map((one) => ({ id: one.id, name: one.name, note: [tn("{n} person", "{n} people", one.members.length), ...one.queues].join(" · "), unsaved: isDraft({ drafts }, `team:${one.id}`) }));
  const team = teams?.find((one) => String(one.id) === picked);
  return html`<${Admin} title=${t("Teams")}>
    <${PickList} title=${t("Teams")} items=${items} add=${t("New team")} />
    ${picked === NEW ? html`<${One} key="new" team=${null} />` : team ? html`<${One} key=${team.id} team=${team} />` : html`<${NothingPicked}>${t("Choose a team, or make a new one.")}<//>`}
  <//>`;
}

function One({ team }) {
  const users = useDesk((state) => state.users);
  const queues = useDesk((state) => state.queueNames);
  const known = [...queues, ...(team?.queues ?? []).filter((name) => !queues.some(([one]) => one === name)).map((name) => [name, name])];
  const saved = async (kept, base) => {
    put({ teams: withKept(desk.teams, kept) });
    await reload();
    pickMade(kept.id);
    const back = patchOf(base, toForm(kept));
    saidSaved(kept.name, team && (() => attempt(async () => { await keep(kept, back, kept.version); await load(); })));
  };
  const again = async () => {
    const { teams } = await load();
    return teams.find((one) => one.id === team.id);
  };
  const save = async (body, version) => {
    try {
      return await keep(team, body, version);
    } catch (error) {
      await load();
      throw error;
    }
  };
  const remove = () => confirm({
    title: t("Remove the team {name}", { name: team.name }), label: t("Remove it"),
    says: [t("It can be removed once nobody is in it, it has no queue, and nothing open is with it."), t("What was counted for it stays in the reports. It can be made again under the same name.")],
    run: async () => {
      await api.remove(`/teams/${team.id}`, { version: team.version });
      forget(`team:${team.id}`);
      pick(null);
      await load();
      say(t("{name} is removed", { name: team.name }), "info", { label: t("Undo"), run: () => attempt(async () => { const made = await api.post("/teams", { name: team.name }); await load(); pick(made.id); }) });
    },
  });
  return html`<${Editor} name=${`team:${team?.id ?? NEW}`} title=${team?.name ?? t("New team")} thing=${team} form=${toForm} body=${(form, complain, base) => toBody(form, complain, base, !team)}
      save=${save} saved=${saved} again=${team && again} words=${WORDS} shown=${shown}
      doing=${team && html`<span class="left"><a href=${`/admin/audit?subject=team:${team.id}`}>${t("What was changed of this team")}</a> <${Do} id="remove" icon="close" kind="danger" onClick=${remove}>${t("Remove")}<//></span>`}>
    ${(field) => html`<div class="grid">
      ${field("name", Line, { needed: true, maxlength: 100 })}
      ${field("queues", Several, { wide: true, options: known, empty: t("The switch has no queue."), help: t("Its agents answer these, unless they have a list of their own; its supervisors see, help and answer for these.") })}
      ${field("members", Several, { wide: true, options: users.filter((one) => !one.disabled_at || team?.members.includes(one.id)).map((one) => [String(one.id), one.name, [roleWord(one.role), one.disabled_at && t("disabled")].filter(Boolean).join(" · ")]),
    help: t("Whoever comes or goes has the queues of their teams within two seconds.") })}
    </div>`}
  <//>`;
}

beginAdmin(Teams, load);
