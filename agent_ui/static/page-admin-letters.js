// Dead letters: what a webhook refused, or could not be given for days. A person sends them again or gives them up.
import { html, useEffect } from "./ui.js";
import { api } from "./api.js";
import { Empty } from "./bits.js";
import { confirm } from "./page-admin-dialogs.js";
import { attempt } from "./shift.js";
import { desk, put, reading, say, useDesk } from "./store.js";
import { t, tn } from "./texts.js";
import { Moment } from "./time.js";

const PAGE = 20;
put({ letters: null, lettersAt: [] }); // {webhook, rows, cursor}; places of the pages before

/** The letters of this webhook, at the page that is looked at. Raises Refused. */
export const lookAtLetters = reading(async (webhook) => {
  const found = await api.get("/dead-letters", { webhook, limit: PAGE, cursor: desk.lettersAt.at(-1) });
  return { letters: { webhook: String(webhook), rows: found.letters, cursor: found.cursor } };
});

const turn = (webhook, places) => {
  put({ lettersAt: places });
  attempt(() => lookAtLetters(webhook));
};

export function Letters({ webhook, changed }) {
  const letters = useDesk((state) => state.letters);
  const places = useDesk((state) => state.lettersAt);
  const dead = useDesk((state) => state.backlogs[webhook.id]?.dead ?? 0);
  useEffect(() => turn(webhook.id, []), [webhook.id]);
  const rows = letters?.webhook === String(webhook.id) ? letters.rows : null;
  const resend = (path, body) => attempt(async () => {
    const { count } = await api.post(path, body);
    say(count ? tn("{n} event is sent again", "{n} events are sent again", count) : t("Nothing was sent: a webhook that is off gets nothing."), count ? "info" : "warning");
    await changed();
  });
  const drop = (n, path, body) => confirm({
    title: tn("Give {n} event up", "Give {n} events up", n), label: t("Give up for good"), why: true, says: [t("The other side will never hear of it from us. This cannot be undone.")],
    run: async (reason) => {
      await api.post(path, { ...body, reason });
      await changed();
    },
  });
  const all = { webhook: webhook.id };
  return html`<section aria-label=${t("Not delivered")}><h3>${t("Not delivered")} ${dead > 0 && html`<span class="count number">${dead}</span>`}
      ${dead > 0 && html` <button type="button" data-action="resendAll" onClick=${() => resend("/dead-letters/resend", all)}>${t("Send all again")}</button>
      <button type="button" class="danger" onClick=${() => drop(dead, "/dead-letters/drop", all)}>${t("Give all up")}</button>`}</h3>
    ${rows?.length ? html`<table class="letters"><thead><tr><th scope="col">${t("Event")}</th><th scope="col">${t("About")}</th><th scope="col">${t("Happened")}</th><th scope="col">${t("Tries")}</th><th scope="col">${t("Why not")}</th><th scope="col"><span class="unseen">${t("What can be done")}</span></th></tr></thead>
        <tbody>${rows.map((one) => html`<tr key=${one.id}><th scope="row">${one.type.replace("callserver.", "")}</th><td><bdi>${one.subject}</bdi></td><td class="number"><${Moment} at=${one.at} /></td><td class="number">${one.attempts}</td><td><bdi title=${one.error}>${one.error}</bdi></td>
          <td><button type="button" onClick=${() => resend(`/dead-letters/${one.id}/resend`, {})}>${t("Send again")}</button> <button type="button" class="bare" onClick=${() => drop(1, `/dead-letters/${one.id}/drop`, {})}>${t("Give up")}</button></td></tr>`)}</tbody></table>
      ${(places.length > 0 || letters.cursor) && html`<p class="pages"><button type="button" disabled=${!places.length} onClick=${() => turn(webhook.id, places.slice(0, -1))}>${t("Page before")}</button>
        <button type="button" disabled=${!letters.cursor} onClick=${() => turn(webhook.id, [...places, letters.cursor])}>${t("Next page")}</button></p>`}`
      : html`<${Empty}>${rows ? t("Everything was delivered, or still waits.") : "…"}<//>`}
  </section>`;
}
