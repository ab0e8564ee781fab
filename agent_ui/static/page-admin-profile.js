// Which queues somebody answers: those of their teams, or a list of their own with penalties.
import { html } from "./ui.js";
import { api } from "./api.js";
import { may } from "./page-frame.js";
import { useDesk } from "./store.js";
import { t } from "./texts.js";

/** Every queue that is known, with its title: [[queue, title, what to say of it]]. Raises Refused. */
export async function queueNames() {
  if (!may("queues:manage")) return (await api.get("/queues")).queues.map((one) => [one.queue, one.title]);
  const { queues } = await api.get("/queue-settings");
  return queues.map((one) => [one.queue, one.title || one.queue, one.seen && !one.switches.length ? t("not on the switch now") : one.title && one.title !== one.queue ? one.queue : ""]);
}

const PENALTY_MOST = 100;

/** What is typed: {own, queues: [{queue, penalty as text}]}. `queues` null: those of the teams. */
export const profileOf = (queues) => ({ own: queues !== null, queues: (queues ?? []).map((one) => ({ queue: one.queue, penalty: String(one.penalty) })) });

/** The profile as the API wants it; null: that of the teams. */
export function typedOf({ own, queues }, complain) {
  if (!own) return null;
  return queues.map(({ queue, penalty }) => {
    const n = /^\d{1,3}$/.test(penalty.trim() || "0") ? Number(penalty.trim() || "0") : NaN;
    if (!(n <= PENALTY_MOST)) complain(t("{queue}: a penalty is a number from 0 to {most}", { queue, most: PENALTY_MOST }));
    return { queue, penalty: n };
  });
}

export function Penalties({ value, onChange, disabled, id }) {
  const known = useDesk((state) => state.queueNames);
  const names = [...known, ...value.queues.filter((one) => !known.some(([queue]) => queue === one.queue)).map((one) => [one.queue, one.queue])];
  const at = (queue) => value.queues.find((one) => one.queue === queue);
  const turn = (queue, on) => onChange({ ...value, queues: on ? [...value.queues, { queue, penalty: "0" }] : value.queues.filter((one) => one.queue !== queue) });
  const weigh = (queue, penalty) => onChange({ ...value, queues: value.queues.map((one) => (one.queue === queue ? { queue, penalty } : one)) });
  return html`<div id=${id} class="profile">
    <label><input type="radio" name=${id} checked=${!value.own} disabled=${disabled} onChange=${() => onChange({ ...value, own: false })} /> ${t("those of the teams")}</label>
    <label><input type="radio" name=${id} checked=${value.own} disabled=${disabled} onChange=${() => onChange({ ...value, own: true })} /> ${t("a list of their own")}</label>
    ${value.own && html`<div class="several">${names.map(([queue, title]) => html`<div key=${queue} class="line"><label><input type="checkbox" value=${queue} checked=${Boolean(at(queue))} disabled=${disabled} onChange=${(event) => turn(queue, event.target.checked)} /> <span><bdi>${title}</bdi></span></label>
        ${at(queue) && html`<label class="penalty"><span class="quiet">${t("penalty")}</span><input type="text" inputmode="numeric" maxlength="3" value=${at(queue).penalty} disabled=${disabled} onInput=${(event) => weigh(queue, event.target.value)} /></label>`}</div>`)}
      </div><small class="quiet">${t("Those with less penalty are rung first; 0 is the first.")}</small>`}
  </div>`;
}
Penalties.group = true;
