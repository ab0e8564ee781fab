// Which phones there are, who sits there, whose usual phone they are; and freeing a seat that somebody left taken.
import { html, classes, useRef, useState } from "./ui.js";
import { api } from "./api.js";
import { Badge, Empty } from "./bits.js";
import { action } from "./keys.js";
import { confirm } from "./page-admin-dialogs.js";
import { Admin, beginAdmin } from "./page-admin-frame.js";
import { may } from "./page-frame.js";
import { put, reading, say, useDesk } from "./store.js";
import { t, tn } from "./texts.js";
import { Lasting, when } from "./time.js";

put({ phones: null, users: [], wanted: new URLSearchParams(location.search).get("q") ?? "", taken: "" });

const load = reading(async () => {
  const [{ seats }, { users }] = await Promise.all([api.get("/seats"), may("users:manage") ? api.get("/users") : { users: [] }]);
  return { phones: seats, users };
});

const DEVICES = {
  free: t("free"), talking: t("in a call"), busy: t("busy"), ringing: t("rings"), held: t("on hold"), unavailable: t("not registered"), unknown: t("not known"),
};
const deviceWord = (device) => DEVICES[device ?? "unknown"] ?? device;

function Seats() {
  const phones = useDesk((state) => state.phones);
  const users = useDesk((state) => state.users);
  const wanted = useDesk((state) => state.wanted);
  const taken = useDesk((state) => state.taken);
  const search = useRef(null);
  action("find", "/", t("Search in the list"), () => search.current?.focus());
  const usual = (one) => users.filter((user) => !user.disabled_at && user.seat?.pbx === one.pbx && user.seat?.interface === one.interface).map((user) => user.name);
  const words = (one) => [one.pbx, one.interface, one.name, one.taken_by?.name, ...one.queues, ...usual(one)].join(" ").toLowerCase();
  const rows = (phones ?? []).filter((one) => (!taken || (taken === "taken") === Boolean(one.taken_by)) && words(one).includes(wanted.trim().toLowerCase()));
  const sitting = (phones ?? []).filter((one) => one.taken_by).length;
  const view = (value, label) => html`<button type="button" class="bare" aria-pressed=${taken === value ? "true" : "false"} onClick=${() => put({ taken: value })}>${label}</button>`;
  return html`<${Admin} title=${t("Seats")}>
    <section class="panel table-of" aria-label=${t("Seats")} aria-busy=${phones ? undefined : "true"}>
      <header class="filter"><label class="grow"><span class="unseen">${t("Search in the list")}</span><input ref=${search} type="search" value=${wanted} maxlength="100" placeholder=${t("Phone, name or queue")} onInput=${(event) => put({ wanted: event.target.value })} /></label>
        <div class="views" role="group" aria-label=${t("Show only")}>${view("", t("All"))}${view("taken", t("Taken"))}${view("free", t("Free"))}</div>
        <span class="quiet">${phones && tn("{n} phone is taken", "{n} phones are taken", sitting)}</span></header>
      <div class="inside" tabindex="0"><table><thead><tr><th scope="col">${t("Phone")}</th><th scope="col">${t("State on the switch")}</th><th scope="col">${t("Who sits there")}</th><th scope="col">${t("Usual phone of")}</th><th scope="col">${t("Queues now")}</th><th scope="col"><span class="unseen">${t("What can be done")}</span></th></tr></thead>
        <tbody>${rows.map((one) => html`<${Row} key=${`${one.pbx} ${one.interface}`} one=${one} usual=${usual(one)} />`)}</tbody></table>
        ${phones && !rows.length && html`<${Empty}>${phones.length ? t("No phone is like that.") : t("No phone is known yet: members of queues, usual phones of users, and those that the settings name are shown here.")}<//>`}</div>
    </section>
  <//>`;
}

const Row = ({ one, usual }) => html`<tr class=${classes(one.taken_by && "taken")} data-seat=${one.interface}>
  <th scope="row"><bdi class="number">${one.interface}</bdi> <small class="quiet">${[one.pbx, one.name].filter(Boolean).join(" · ")}</small></th>
  <td><${Badge} kind=${one.device === "unavailable" ? "bad" : ""} icon=${one.device === "unavailable" ? "unreachable" : undefined}>${deviceWord(one.device)}<//></td>
  <td>${one.taken_by ? html`<strong><bdi>${one.taken_by.name}</bdi></strong> <small class="quiet" title=${when(one.taken_by.since)}><${Lasting} since=${one.taken_by.since} /></small>` : html`<span class="quiet">–</span>`}</td>
  <td><bdi>${usual.join(", ")}</bdi></td><td><bdi>${one.queues.join(", ")}</bdi></td>
  <td>${one.taken_by && may("floor:help") && html`<button type="button" data-action="free" onClick=${() => free(one)}>${t("Free it")}</button>`}</td></tr>`;

const free = (one) => confirm({
  title: t("Free {phone}", { phone: one.interface }), label: t("Free it"), why: true,
  says: [t("{name} is not at work there any more and gets no calls: at once, or when the call under way is over. Their screen says so, and they can sit down again.", { name: one.taken_by.name })],
  run: async (why) => {
    await api.post(`/floor/agents/${one.taken_by.user}/sign_out`, { why });
    say(t("{phone} is free", { phone: one.interface }));
    await load();
  },
});

beginAdmin(Seats, load);
