// The wall: queues, agents and calls as they are now, from the stream alone. `/wall?tv` is for a screen that hangs there.
import { html } from "./ui.js";
import { SnoozeDialog, startAlerts } from "./page-alert-strip.js";
import { api } from "./api.js";
import { floorDialogs } from "./page-floor-actions.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { Frame, begin } from "./page-frame.js";
import { AgentTable } from "./page-wall-agents.js";
import { CallTable } from "./page-wall-calls.js";
import { AlertStrip } from "./page-wall-places.js";
import { QueueTable } from "./page-wall-queues.js";
import { Blind, Totals } from "./page-wall-totals.js";
import { Television } from "./page-wall-tv.js";
import { allowSound } from "./ringing.js";
import { desk, put, useDesk, watch } from "./store.js";
import { start as startStream } from "./stream.js";
import { t } from "./texts.js";

const GROUPS = [["", t("not grouped")], ["team", t("by team")], ["site", t("by site")]];

put({ wall: { filter: "", group: "", states: [] }, limits: {}, teamsOf: null, sorts: {} });
const tv = new URLSearchParams(location.search).has("tv");
const set = (part) => put({ wall: { ...desk.wall, ...part } });

function Wall() {
  const old = useDesk((state) => state.connection.state !== "live");
  return html`<${Frame} title=${t("Wall")} dialogs=${{ ...floorDialogs, "snooze-alert": SnoozeDialog }}>
    <main class=${old ? "wall-page old" : "wall-page"}>
      <div class="wall-top"><${AlertStrip} /><${Blind} /><${Totals} /><${Tools} /></div>
      <${QueueTable} /><${AgentTable} /><${CallTable} />
    </main>
  <//>`;
}

function Tools() {
  const { filter, group } = useDesk((state) => state.wall);
  return html`<div class="tools" role="search">
    <label><span class="unseen">${t("Filter")}</span><input id="wall-filter" type="search" placeholder=${t("Filter: queue, agent, number")} value=${filter} aria-keyshortcuts="/"
      onInput=${(event) => set({ filter: event.target.value })} onKeyDown=${(event) => event.key === "Escape" && (set({ filter: "" }), event.target.blur())} /></label>
    <label><span class="unseen">${t("Groups")}</span><select id="wall-group" value=${group} onChange=${(event) => set({ group: event.target.value })}>
      ${GROUPS.map(([value, name]) => html`<option key=${value} value=${value}>${name}</option>`)}</select></label>
    <a class="button" href="/wall?tv" title=${t("For a screen on the wall (T)")} aria-keyshortcuts="T"><${Icon} name="wall" /> ${t("TV")}</a>
  </div>`;
}

function startWall() {
  startStream();
  startAlerts();
  allowSound();
  watch(() => {
    const unseen = desk.connection.state === "lost";
    if (unseen !== Boolean(desk.unseen)) put({ unseen });
  });
  if (tv) {
    action("wall-back", "Escape", t("Back to the wall"), () => location.assign("/wall"));
    return learnQueues();
  }
  action("wall-filter", "/", t("Filter queues, agents and calls"), () => document.getElementById("wall-filter")?.focus());
  action("wall-group", "g", t("Group by team, by site, or not"), () => set({ group: GROUPS[(GROUPS.findIndex(([one]) => one === desk.wall.group) + 1) % GROUPS.length][0] }));
  action("wall-tv", "t", t("The layout for a screen on the wall"), () => location.assign("/wall?tv"));
  return learnQueues();
}

/** Titles and limits are settings, no picture of now: asked for once. */
async function learnQueues() {
  const found = await api.get("/queues").catch(() => ({ queues: [] }));
  put({
    limits: Object.fromEntries(found.queues.map((one) => [`${one.pbx}/${one.queue}`, one])),
    teamsOf: Object.fromEntries(found.queues.filter((one) => one.teams.length).map((one) => [one.queue, one.teams])),
  });
}

begin(tv ? Television : Wall, startWall);
