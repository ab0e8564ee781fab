// Who may sign in, as what, on which queues: made, changed, switched off, given a link for a new password.
import { html, useEffect, useState } from "./ui.js";
import { api } from "./api.js";
import { Do } from "./bits.js";
import { Icon } from "./icons.js";
import { confirm, once } from "./page-admin-dialogs.js";
import { Editor, forget, isDraft, patchOf, saidSaved, withKept } from "./page-admin-edit.js";
import { Choose, Line, Proposed, Several } from "./page-admin-fields.js";
import { Admin, beginAdmin } from "./page-admin-frame.js";
import { NEW, NothingPicked, PickList, pickMade, usePicked } from "./page-admin-list.js";
import { Penalties, profileOf, queueNames, typedOf } from "./page-admin-profile.js";
import { roleText, roleWord, roles } from "./page-admin-words.js";
import { may } from "./page-frame.js";
import { attempt } from "./shift.js";
import { desk, put, reading, say, useDesk } from "./store.js";
import { t, tn } from "./texts.js";
import { Moment, when } from "./time.js";

const LANGUAGES = [["zh-CN", "简体中文"], ["en", "English"]];
const WORDS = {
  login: t("Login"), name: t("Name"), role: t("Role"), language: t("Language"), teams: t("Teams"), profile: t("Queues"), seat: t("Usual phone"),
};

put({ users: null, teams: [], queueNames: [], phones: [], rolePicked: "", teamPicked: "" });

/** Everything that the page shows. Raises Refused. */
const load = reading(async () => {
  const [{ users }, { teams }, queues, { seats }] = await Promise.all([
    api.get("/users"), api.get("/teams"), queueNames(), may("phone:use") ? api.get("/seats") : { seats: [] },
  ]);
  return { users, teams: teams.map((one) => one.name), queueNames: queues, phones: seats };
});
const reload = () => attempt(load);

// --- between what is typed and what the API has ---

const seatText = (seat) => (seat ? `${seat.pbx}/${seat.interface}` : "");
const seatOf = (text) => {
  const at = text.trim().indexOf("/");
  return text.trim() ? { pbx: text.trim().slice(0, Math.max(at, 0)), interface: text.trim().slice(at + 1) } : null;
};

const toForm = (user) => ({
  ...(user ? {} : { login: "" }),
  name: user?.name ?? "",
  role: user?.role ?? "agent",
  language: user?.language ?? document.documentElement.lang,
  teams: user?.teams ?? [],
  profile: profileOf(user?.own_queues ?? null),
  seat: seatText(user?.seat),
});

function toBody(form, complain, base, isNew) {
  const said = isNew ? form : patchOf(form, base);
  const body = {};
  for (const name of ["login", "name", "role", "language", "teams"]) if (name in said) body[name] = said[name];
  if (isNew && !form.login.trim()) complain("login", t("is needed"));
  if (!form.name.trim()) complain("name", t("is needed"));
  if ("profile" in said) body.queues = typedOf(form.profile, (why) => complain("profile", why));
  if ("seat" in said) {
    body.seat = seatOf(form.seat);
    if (body.seat && !(body.seat.pbx && body.seat.interface)) complain("seat", t("the switch and the phone, such as main/PJSIP/1001"));
  }
  return body;
}

function shown(name, value) {
  if (name === "role") return roleWord(value);
  if (name === "language") return LANGUAGES.find(([code]) => code === value)?.[1] ?? value;
  if (name === "profile") return value.own ? value.queues.map((one) => one.queue).join(", ") || t("none") : t("those of the teams");
  return (Array.isArray(value) ? value.join(", ") : value) || "–";
}

/** The server calls the queues `queues`. */
const renamed = (error) => {
  error.fields = Object.fromEntries(Object.entries(error.fields ?? {}).map(([path, why]) => [path.replace(/^queues/, "profile"), why]));
  throw error;
};

// --- the page ---

function Users() {
  const users = useDesk((state) => state.users);
  const drafts = useDesk((state) => state.drafts);
  const picked = usePicked();
  const role = useDesk((state) => state.rolePicked);
  const team = useDesk((state) => state.teamPicked);
  const wanted = users?.filter((one) => (!role || (role === "disabled" ? one.disabled_at : one.role === role)) && (!team || one.teams.includes(team)));
  const items = wanted?.map((one) => ({
    id: one.id, name: one.name, note: [one.login, roleWord(one.role), ...one.teams].join(" · "), also: seatText(one.seat), dim: Boolean(one.disabled_at),
    unsaved: isDraft({ drafts }, `user:${one.id}`),
    badge: one.disabled_at ? { icon: "close", text: t("disabled") } : one.has_password ? null : { icon: "keys", kind: "ring", text: t("no password yet") },
  })).sort((a, b) => Number(a.dim) - Number(b.dim));
  const user = users?.find((one) => String(one.id) === picked);
  return html`<${Admin} title=${t("Users")}>
    <${PickList} title=${t("Users")} items=${items} add=${t("New user")} filters=${html`<${Filters} />`} />
    ${picked === NEW ? html`<${One} key="new" user=${null} />` : user ? html`<${One} key=${user.id} user=${user} />`
      : html`<${NothingPicked}>${t("Choose somebody, or make a new user.")}<//>`}
  <//>`;
}

function Filters() {
  const role = useDesk((state) => state.rolePicked);
  const team = useDesk((state) => state.teamPicked);
  const teams = useDesk((state) => state.teams);
  return html`<label><span class="unseen">${t("Role")}</span><select onChange=${(event) => put({ rolePicked: event.target.value })}>
      <option value="" selected=${!role}>${t("every role")}</option>${roles.map((one) => html`<option key=${one} value=${one} selected=${role === one}>${roleWord(one)}</option>`)}
      <option value="disabled" selected=${role === "disabled"}>${t("disabled")}</option></select></label>
    <label><span class="unseen">${t("Team")}</span><select onChange=${(event) => put({ teamPicked: event.target.value })}>
      <option value="" selected=${!team}>${t("every team")}</option>${teams.map((one) => html`<option key=${one} value=${one} selected=${team === one}>${one}</option>`)}</select></label>`;
}

function One({ user }) {
  const teams = useDesk((state) => state.teams);
  const phones = useDesk((state) => state.phones);
  const name = `user:${user?.id ?? NEW}`;
  const path = `/users/${user?.id}`;
  const save = (body, version) => (user ? api.patch(path, body, { version }) : api.post("/users", body)).catch(renamed);
  const saved = async (kept, base) => {
    put({ users: withKept(desk.users, kept) });
    await reload();
    pickMade(kept.id);
    if (!user) return link(kept, true);
    const back = toBody(base, () => {}, toForm(kept), false);
    return saidSaved(kept.name, () => attempt(async () => { await api.patch(path, back, { version: kept.version }); await load(); }));
  };
  const again = async () => {
    const theirs = await api.get(path);
    await load();
    return theirs;
  };
  const me = desk.me?.id === user?.id;
  const options = phones.map((one) => [seatText(one), [one.name, one.taken_by && t("{name} sits there", { name: one.taken_by.name })].filter(Boolean).join(" · ")]);
  return html`<${Editor} name=${name} title=${user ? user.name : t("New user")} note=${user && `${user.login} · ${t("since {time}", { time: when(user.created_at) })}`} thing=${user}
      form=${toForm} body=${(form, complain, base) => toBody(form, complain, base, !user)} save=${save} saved=${saved} again=${again} words=${WORDS} shown=${shown}
      doing=${user && html`<${Doing} user=${user} me=${me} />`}>
    ${(field, form) => html`<div class="grid">
        ${!user && field("login", Line, { needed: true, help: t("What they sign in with; it stays theirs for ever."), maxlength: 64, autocapitalize: "none" })}
        ${field("name", Line, { needed: true, help: t("As colleagues and the audit see it."), maxlength: 100 })}
        ${field("role", Choose, { options: roles.map((one) => [one, roleWord(one)]), help: roleText(form.role) })}
        ${field("language", Choose, { options: LANGUAGES })}
        ${field("seat", Proposed, { options, placeholder: t("none"), help: t("Proposed when they begin to work; they may sit elsewhere.") })}
        ${field("teams", Several, { wide: true, options: teams.map((one) => [one, one]), empty: t("There is no team yet."), help: t("An agent answers the queues of their teams, a supervisor answers for them.") })}
        ${field("profile", Penalties, { wide: true })}
      </div>
      ${user && html`<${Presence} user=${user} />`}`}
  <//>`;
}

// --- what is done with somebody ---

function Doing({ user, me }) {
  const change = (body, what) => attempt(async () => {
    const kept = await api.patch(`/users/${user.id}`, body, { version: user.version });
    forget(`user:${user.id}`);
    await load();
    saidSaved(what, () => attempt(async () => { await api.patch(`/users/${user.id}`, { disabled: !body.disabled }, { version: kept.version }); await load(); }));
  });
  const disable = () => confirm({
    title: t("Disable {name}", { name: user.name }), label: t("Disable"),
    says: [t("They are signed out everywhere within two seconds, a call under way goes on. Tokens that they made open nothing."), t("Their name stays on tickets and in the audit. They can be let in again at any time.")],
    run: () => change({ disabled: true }, t("{name} is disabled", { name: user.name })),
  });
  const signOut = () => confirm({
    title: t("Sign {name} out everywhere", { name: user.name }), label: t("Sign out everywhere"),
    says: [t("Every browser in which they are signed in asks for the password again. They keep their seat until they leave it, or their absence pauses them.")],
    run: async () => {
      await api.remove(`/users/${user.id}/sessions`);
      say(t("{name} is signed out everywhere", { name: user.name }));
      put({ sessionsOf: null });
    },
  });
  return html`<span class="left">
    ${!user.disabled_at && html`<${Do} id="link" icon="keys" onClick=${() => link(user, false)}>${t("Link for a new password")}<//>`}
    ${!me && !user.disabled_at && html`<${Do} id="signOut" icon="gone" onClick=${signOut}>${t("Sign out everywhere")}<//>`}
    ${!me && (user.disabled_at ? html`<${Do} id="enable" icon="ready" onClick=${() => change({ disabled: false }, t("{name} may sign in again", { name: user.name }))}>${t("Let in again")}<//>`
      : html`<${Do} id="disable" icon="stop" kind="danger" onClick=${disable}>${t("Disable")}<//>`)}</span>`;
}

/** A link under which they choose a password of their own: nobody else ever knows it. */
function link(user, fresh) {
  const make = async () => {
    const made = await api.post(`/users/${user.id}/password-link`);
    once({
      title: t("Link for {name}", { name: user.name }), label: t("Link"), text: `${location.origin}${made.path}`,
      says: [t("Give it to {name} and to nobody else: whoever opens it first chooses the password. It opens once, until {time}, and is shown only now.", { name: user.name, time: when(made.expires_at) })],
    });
  };
  if (fresh) return attempt(make);
  return confirm({
    title: t("Link for a new password"), label: t("Make the link"), danger: false,
    says: [t("{name} chooses a new password under it. Until then the present one holds; afterwards they are signed out everywhere. A link of before opens nothing any more.", { name: user.name })],
    run: make,
  });
}

/** Where they are signed in, and where they sit. */
function Presence({ user }) {
  const [found, setFound] = useState(null);
  const sits = useDesk((state) => state.phones.find((one) => one.taken_by?.user === user.id));
  const kept = useDesk((state) => state.sessionsOf); // null: they were ended
  useEffect(() => {
    let gone = false;
    attempt(async () => {
      const { sessions } = await api.get(`/users/${user.id}/sessions`);
      if (!gone) setFound(sessions);
    });
    return () => { gone = true; };
  }, [user.id, user.version, kept]);
  return html`<section aria-label=${t("Now")}><h3>${t("Now")}</h3>
    <p>${sits ? html`<${Icon} name="talking" size=${14} /> ${t("at work at {phone}", { phone: seatText(sits) })}, ${t("since {time}", { time: when(sits.taken_by.since) })} · <a href=${`/admin/seats?q=${encodeURIComponent(sits.interface)}`}>${t("Seats")}</a>`
      : html`<${Icon} name="gone" size=${14} /> ${t("not at work")}`}</p>
    <p>${found === null ? "…" : found.length ? tn("signed in in {n} browser", "signed in in {n} browsers", found.length) : t("signed in nowhere")}</p>
    ${found?.length > 0 && html`<ul class="sessions">${found.map((one) => html`<li key=${one.id}><span class="cut" title=${one.browser}><bdi>${one.browser || "–"}</bdi></span> <bdi class="number">${one.address}</bdi>
      <span class="quiet">${t("since {time}", { time: when(one.created_at) })}, ${t("last seen")} <${Moment} at=${one.seen_at} /></span></li>`)}</ul>`}
    <p><a href=${`/admin/audit?subject=user:${user.id}`}>${t("What was changed of this user")}</a></p></section>`;
}

beginAdmin(Users, load);
